# shellcheck shell=bash
# Made by scripts/completions from `p2p-ctl --dump-commands`; a test holds the two together.

_p2p_ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' call' | ' certs' | ' certs list' | ' certs revoke' | ' context' | ' context add' | ' context ls' | ' context use' | ' nodes' | ' ping' | ' services' | ' status' | ' token' | ' token create' | ' token list' | ' token revoke') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --bundle' | *' --cert' | *' --key') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --node') kind='node' ;;
    *' --context' | *' --coordinator' | *' --count' | *' --interval' | *' --min-success' | *' --params' | *' --scope' | *' --service' | *' --sub' | *' --timeout' | *' --ttl' | *' -c') kind='none' ;;
    *' --output' | *' -o') kind=words choices='table json yaml name' ;;
    *' --reason') kind=words choices='unspecified key-compromise affiliation-changed superseded cessation-of-operation privilege-withdrawn' ;;
    *' --role') kind=words choices='worker coordinator' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='call certs context nodes ping services status token'
        ;;
      ' call')
        options='--all --cert --context --coordinator --help --home --key --min-success --node --output --params --quiet --role --service --stream --timeout --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' certs')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='list revoke'
        ;;
      ' certs list')
        options='--all --cert --context --coordinator --help --home --key --output --quiet --revoked --verbose --version -a -h -o -q -v'
        kind='none'
        ;;
      ' certs revoke')
        options='--cert --context --coordinator --help --home --key --output --quiet --reason --verbose --version --yes -h -o -q -v'
        kind='none'
        ;;
      ' context')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='add ls use'
        ;;
      ' context add')
        options='--bundle --cert --context --coordinator --force --help --home --key --output --quiet --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' context ls')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' context use')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' nodes')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' ping')
        options='--all --cert --context --coordinator --count --help --home --interval --key --output --quiet --timeout --verbose --version -c -h -o -q -v'
        kind='node'
        ;;
      ' services')
        options='--all --cert --context --coordinator --help --home --key --node --output --quiet --role --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' status')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' token')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='create list revoke'
        ;;
      ' token create')
        options='--cert --context --coordinator --help --home --key --output --quiet --scope --sub --ttl --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' token list')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' token revoke')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
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
    node) mapfile -t COMPREPLY < <(compgen -W "$(timeout 2 p2p-ctl nodes -o name 2>/dev/null)" -- "$word") ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word") ;;
  esac
}
complete -F _p2p_ctl p2p-ctl
