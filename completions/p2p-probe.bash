# shellcheck shell=bash
# Made by scripts/completions from `p2p-probe --dump-commands`; a test holds the two together.

_p2p_probe() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' check' | ' explain' | ' list' | ' select' | ' watch') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --context') kind='contexts' ;;
    *' --cert' | *' --config' | *' --key') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --node') kind='nodes' ;;
    *' --advertise' | *' --coordinator' | *' --interface' | *' --source' | *' --timeout') kind='none' ;;
    *' --output' | *' -o') kind=words choices='table json yaml name' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='check explain list select watch'
        ;;
      ' check')
        options='--any --cert --config --context --coordinator --help --home --interface --key --node --output --quiet --source --timeout --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' explain')
        options='--advertise --cert --config --context --coordinator --help --home --interface --key --no-probe --output --prefer-vpn --quiet --source --timeout --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' list')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' select')
        options='--advertise --cert --config --context --coordinator --help --home --interface --key --no-probe --output --prefer-vpn --quiet --source --timeout --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' watch')
        options='--advertise --cert --config --context --coordinator --help --home --interface --key --output --prefer-vpn --quiet --source --verbose --version -h -o -q -v'
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
complete -F _p2p_probe p2p-probe
