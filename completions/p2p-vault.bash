# shellcheck shell=bash
# Made by scripts/completions from `p2p-vault --dump-commands`; a test holds the two together.

_p2p_vault() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' backup' | ' edit' | ' export' | ' get' | ' import' | ' info' | ' init' | ' lock' | ' ls' | ' mv' | ' put' | ' rekey' | ' rm' | ' run' | ' unlock' | ' verify') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --backup-password-file' | *' --new-password-file' | *' --out' | *' --password-file' | *' --vault') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --as' | *' --backup-password-fd' | *' --env' | *' --file' | *' --iterations' | *' --new-password-fd' | *' --password-fd' | *' --ttl') kind='none' ;;
    *' --output' | *' -o') kind=words choices='table json yaml name' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='backup edit export get import info init lock ls mv put rekey rm run unlock verify'
        ;;
      ' backup')
        options='--backup-password-fd --backup-password-file --help --home --iterations --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='file'
        ;;
      ' edit')
        options='--help --home --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' export')
        options='--help --home --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='folder'
        ;;
      ' get')
        options='--force --help --home --out --output --password-fd --password-file --quiet --vault --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' import')
        options='--force --help --home --output --password-fd --password-file --quiet --remove --vault --verbose --version -f -h -o -q -v'
        kind='folder'
        ;;
      ' info')
        options='--help --home --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' init')
        options='--help --home --iterations --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' lock')
        options='--help --home --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' ls')
        options='--help --home --long --output --password-fd --password-file --quiet --vault --verbose --version -h -l -o -q -v'
        kind='none'
        ;;
      ' mv')
        options='--force --help --home --output --password-fd --password-file --quiet --vault --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' put')
        options='--as --force --help --home --output --password-fd --password-file --quiet --vault --verbose --version -f -h -o -q -v'
        kind='file'
        ;;
      ' rekey')
        options='--help --home --iterations --new-password-fd --new-password-file --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' rm')
        options='--help --home --output --password-fd --password-file --quiet --vault --verbose --version --yes -h -o -q -v'
        kind='none'
        ;;
      ' run')
        options='--env --file --help --home --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' unlock')
        options='--help --home --output --password-fd --password-file --quiet --ttl --vault --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' verify')
        options='--help --home --output --password-fd --password-file --quiet --vault --verbose --version -h -o -q -v'
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
complete -F _p2p_vault p2p-vault
