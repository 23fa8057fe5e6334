# shellcheck shell=bash
# Made by scripts/completions from `p2p-node --dump-commands`; a test holds the two together.

_p2p_node() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' doctor' | ' join') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --config' | *' --invitation-file' | *' -c') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --set') kind='none' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--check-config --config --config-manual --config-schema --dump-config --help --home --quiet --set --verbose --version -c -h -q -v'
        kind=words choices='doctor join'
        ;;
      ' doctor')
        options='--config --help --home --quiet --set --verbose --version -c -h -q -v'
        kind='none'
        ;;
      ' join')
        options='--force --help --home --invitation-file --quiet --run --verbose --version -h -q -v'
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
complete -F _p2p_node p2p-node
