# shellcheck shell=bash
# Made by scripts/completions from `p2p-ctl --dump-commands`; a test holds the two together.

_p2p_ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' call' | ' certs' | ' certs list' | ' certs renew' | ' certs revoke' | ' completion' | ' config' | ' config get' | ' context' | ' context add' | ' context ls' | ' context rm' | ' context use' | ' dashboard' | ' nodes' | ' nodes forget' | ' nodes remove' | ' ping' | ' services' | ' services describe' | ' services restart' | ' services start' | ' services stop' | ' status' | ' token' | ' token create' | ' token list' | ' token revoke' | ' top' | ' wait' | ' wait node' | ' wait service' | ' watch' | ' watch nodes' | ' watch services') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --context') kind='contexts' ;;
    *' --bundle' | *' --cert' | *' --key') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --node') kind='nodes' ;;
    *' --coordinator' | *' --count' | *' --interval' | *' --min-success' | *' --params' | *' --port' | *' --repeat' | *' --sub' | *' --timeout' | *' --ttl' | *' -c') kind='none' ;;
    *' --scope') kind='scopes' ;;
    *' --service') kind='services' ;;
    ' nodes remove --reason') kind=words choices='cessation-of-operation key-compromise superseded unspecified' ;;
    *' --output' | *' -o') kind=words choices='table json yaml name' ;;
    ' certs revoke --reason') kind=words choices='unspecified key-compromise affiliation-changed superseded cessation-of-operation privilege-withdrawn' ;;
    ' dashboard --role') kind=words choices='viewer operator' ;;
    ' call --role' | ' services --role' | ' services restart --role' | ' services start --role' | ' services stop --role') kind=words choices='worker coordinator' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='call certs completion config context dashboard nodes ping services status token top wait watch'
        ;;
      ' call')
        options='--all --cert --context --coordinator --help --home --interval --key --min-success --node --output --params --quiet --repeat --role --service --stream --timeout --verbose --version -h -o -q -v'
        kind='methods'
        ;;
      ' certs')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='list renew revoke'
        ;;
      ' certs list')
        options='--all --cert --context --coordinator --help --home --key --output --quiet --revoked --verbose --version -a -h -o -q -v'
        kind='none'
        ;;
      ' certs renew')
        options='--cert --context --coordinator --help --home --key --output --quiet --timeout --verbose --version -h -o -q -v'
        kind='nodes'
        ;;
      ' certs revoke')
        options='--cert --context --coordinator --help --home --key --output --quiet --reason --verbose --version --yes -h -o -q -v'
        kind='certificates'
        ;;
      ' completion')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='bash zsh fish'
        ;;
      ' config')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='get'
        ;;
      ' config get')
        options='--cert --context --coordinator --help --home --key --node --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' context')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='add ls rm use'
        ;;
      ' context add')
        options='--bundle --cert --context --coordinator --force --help --home --key --output --quiet --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' context ls')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' context rm')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version --yes -h -o -q -v'
        kind='none'
        ;;
      ' context use')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' dashboard')
        options='--cert --context --coordinator --help --home --key --no-open --output --port --print --quiet --role --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' nodes')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='forget remove'
        ;;
      ' nodes forget')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind='nodes'
        ;;
      ' nodes remove')
        options='--cert --context --coordinator --help --home --key --output --quiet --reason --timeout --verbose --version --yes -h -o -q -v'
        kind='nodes'
        ;;
      ' ping')
        options='--all --cert --context --coordinator --count --help --home --interval --key --output --quiet --timeout --verbose --version -c -h -o -q -v'
        kind='nodes'
        ;;
      ' services')
        options='--all --cert --context --coordinator --help --home --key --node --output --quiet --role --verbose --version -h -o -q -v'
        kind=words choices='describe restart start stop'
        ;;
      ' services describe')
        options='--cert --context --coordinator --help --home --key --node --output --quiet --verbose --version -h -o -q -v'
        kind='services'
        ;;
      ' services restart')
        options='--all --cert --context --coordinator --help --home --key --node --output --quiet --role --timeout --verbose --version -h -o -q -v'
        kind='programs'
        ;;
      ' services start')
        options='--all --cert --context --coordinator --help --home --key --node --output --quiet --role --timeout --verbose --version -h -o -q -v'
        kind='programs'
        ;;
      ' services stop')
        options='--all --cert --context --coordinator --help --home --key --node --output --quiet --role --timeout --verbose --version -h -o -q -v'
        kind='programs'
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
        kind='tokens'
        ;;
      ' top')
        options='--cert --context --coordinator --help --home --interval --key --once --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' wait')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='node service'
        ;;
      ' wait node')
        options='--alive --cert --context --coordinator --dead --gone --help --home --key --output --quiet --timeout --verbose --version -h -o -q -v'
        kind='nodes'
        ;;
      ' wait service')
        options='--cert --context --coordinator --help --home --key --node --output --quiet --running --timeout --verbose --version -h -o -q -v'
        kind='services'
        ;;
      ' watch')
        options='--cert --context --coordinator --help --home --key --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='nodes services'
        ;;
      ' watch nodes')
        options='--cert --context --coordinator --help --home --interval --key --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' watch services')
        options='--cert --context --coordinator --help --home --interval --key --output --quiet --verbose --version -h -o -q -v'
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
complete -F _p2p_ctl p2p-ctl
