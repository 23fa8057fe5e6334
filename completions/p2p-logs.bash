# shellcheck shell=bash
# Made by scripts/completions from `p2p-logs --dump-commands`; a test holds the two together.

_p2p_logs() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' query' | ' sources' | ' tail') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --context') kind='contexts' ;;
    *' --cert' | *' --key') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --node') kind='nodes' ;;
    *' --coordinator' | *' --grep' | *' --limit' | *' --lines' | *' --logger' | *' --regex' | *' --since' | *' --until' | *' -n') kind='none' ;;
    *' --level') kind=words choices='DEBUG INFO WARNING ERROR CRITICAL' ;;
    ' sources --output' | ' sources -o') kind=words choices='table json yaml name' ;;
    ' query --output' | ' query -o' | ' tail --output' | ' tail -o') kind=words choices='text json' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--cert --context --coordinator --help --home --key --quiet --verbose --version -h -q -v'
        kind=words choices='query sources tail'
        ;;
      ' query')
        options='--cert --context --coordinator --grep --help --home --key --level --limit --logger --node --output --quiet --regex --reverse --since --until --verbose --version -h -n -o -q -v'
        kind='none'
        ;;
      ' sources')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' tail')
        options='--cert --context --coordinator --grep --help --home --key --level --lines --logger --no-follow --node --output --quiet --regex --verbose --version -h -n -o -q -v'
        kind='none'
        ;;
    esac
    if [[ $word == -* ]]; then kind=words choices=$options; fi
  fi
  case $kind in
    file)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    folder)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    nodes | services | methods | contexts)
      mapfile -t COMPREPLY < <(compgen -W "$(p2p-ctl __names "$kind" </dev/null 2>/dev/null)" -- "$word")
      ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word") ;;
  esac
}
complete -F _p2p_logs p2p-logs
