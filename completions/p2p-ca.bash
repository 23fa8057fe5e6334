# shellcheck shell=bash
# Made by scripts/completions from `p2p-ca --dump-commands`; a test holds the two together.

_p2p_ca() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' init' | ' list' | ' show' | ' sign' | ' verify') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --bundle') kind='file' ;;
    *' --home') kind='folder' ;;
    *' --days' | *' --name' | *' --san') kind='none' ;;
    *' --key-type') kind=words choices='ecdsa-p256 ed25519 rsa-2048 rsa-3072 rsa-4096' ;;
    *' --output' | *' -o') kind=words choices='table json yaml name' ;;
    *' --role') kind=words choices='worker coordinator operator' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='init list show sign verify'
        ;;
      ' init')
        options='--days --force --help --home --key-type --name --output --quiet --verbose --version --yes -f -h -o -q -v'
        kind='none'
        ;;
      ' list')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' show')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' sign')
        options='--bundle --days --force --help --home --key-type --output --quiet --role --san --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' verify')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
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
complete -F _p2p_ca p2p-ca
