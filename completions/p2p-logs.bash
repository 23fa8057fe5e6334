# shellcheck shell=bash
# Made by scripts/completions from `p2p-logs --dump-commands`; a test holds the two together.

_p2p_logs() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' clear' | ' export' | ' query' | ' sources' | ' stats' | ' tail') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --context') kind='contexts' ;;
    *' --cert' | *' --cursor-file' | *' --key' | *' --out') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --logger') kind='loggers' ;;
    *' --node') kind='nodes' ;;
    *' --coordinator' | *' --grep' | *' --limit' | *' --lines' | *' --regex' | *' --since' | *' --template' | *' --top' | *' --until' | *' -n') kind='none' ;;
    *' --level') kind=words choices='DEBUG INFO WARNING ERROR CRITICAL' ;;
    ' stats --output' | ' stats -o') kind=words choices='table json yaml' ;;
    ' sources --output' | ' sources -o') kind=words choices='table json yaml name' ;;
    ' clear --output' | ' clear -o') kind=words choices='text json' ;;
    ' query --output' | ' query -o' | ' tail --output' | ' tail -o') kind=words choices='text json logfmt template' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--cert --context --coordinator --help --home --key --quiet --verbose --version -h -q -v'
        kind=words choices='clear export query sources stats tail'
        ;;
      ' clear')
        options='--cert --context --coordinator --help --home --key --node --output --quiet --verbose --version --yes -h -o -q -v'
        kind='none'
        ;;
      ' export')
        options='--cert --context --coordinator --cursor-file --force --grep --help --home --key --level --logger --node --out --quiet --regex --since --until --verbose --version -f -h -q -v'
        kind='none'
        ;;
      ' query')
        options='--cert --context --coordinator --cursor-file --grep --help --home --key --level --limit --local --logger --no-pager --node --output --quiet --regex --reverse --since --template --until --verbose --version -h -n -o -q -v'
        kind='none'
        ;;
      ' sources')
        options='--cert --context --coordinator --help --home --key --no-pager --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' stats')
        options='--cert --context --coordinator --grep --help --home --key --level --local --logger --no-pager --node --output --quiet --regex --since --top --until --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' tail')
        options='--cert --context --coordinator --cursor-file --grep --help --home --key --level --lines --local --logger --no-follow --no-pager --node --output --quiet --regex --template --verbose --version -h -n -o -q -v'
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
    nodes | services | programs | methods | contexts | loggers | scopes | tokens | certificates)
      mapfile -t COMPREPLY < <(compgen -W "$(p2p-ctl __names "$kind" </dev/null 2>/dev/null)" -- "$word")
      ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word") ;;
  esac
}
complete -F _p2p_logs p2p-logs
