# shellcheck shell=bash
# Made by scripts/completions from `p2p-ca --dump-commands`; a test holds the two together.

_p2p_ca() {
  local word=${COMP_WORDS[COMP_CWORD]} at='' kind='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${COMP_WORDS[i]}" in
      ' audit' | ' backup' | ' check' | ' crl' | ' csr' | ' export' | ' init' | ' invite' | ' list' | ' renew' | ' restore' | ' revoke' | ' rotate' | ' show' | ' sign' | ' verify') at+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at ${COMP_WORDS[COMP_CWORD - 1]}" in
    *' --bundle' | *' --crl' | *' --csr' | *' --out' | *' --password-file') kind='file' ;;
    *' --home') kind='folder' ;;
    ' rotate --key-type' | *' --coordinator' | *' --days' | *' --expiring' | *' --head' | *' --name' | *' --permit-cidr' | *' --permit-dns' | *' --san' | *' --ttl' | *' --uses') kind='none' ;;
    ' csr --key-type' | ' init --key-type' | ' sign --key-type') kind=words choices='ecdsa-p256 ecdsa-p384 ed25519 rsa-2048 rsa-3072 rsa-4096' ;;
    *' --print') kind=words choices='lego certbot caddy' ;;
    *' --output' | *' -o') kind=words choices='table json yaml name' ;;
    *' --reason') kind=words choices='unspecified key-compromise affiliation-changed superseded cessation-of-operation privilege-withdrawn' ;;
    *' --role') kind=words choices='worker coordinator operator' ;;
  esac
  if [ -z "$kind" ]; then
    case $at in
      '')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind=words choices='audit backup check crl csr export init invite list renew restore revoke rotate show sign verify'
        ;;
      ' audit')
        options='--head --help --home --output --quiet --verbose --version -h -o -q -v'
        kind='file'
        ;;
      ' backup')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind='file'
        ;;
      ' check')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' crl')
        options='--help --home --out --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' csr')
        options='--force --help --home --key-type --out --output --quiet --san --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' export')
        options='--force --help --home --out --output --p12 --password-file --pem --quiet --verbose --version -f -h -o -q -v'
        kind='none'
        ;;
      ' init')
        options='--days --force --help --home --key-type --name --output --permit-cidr --permit-dns --quiet --verbose --version --yes -f -h -o -q -v'
        kind='none'
        ;;
      ' invite')
        options='--coordinator --force --help --home --out --output --print --quiet --role --san --ttl --uses --verbose --version --web -f -h -o -q -v'
        kind='none'
        ;;
      ' list')
        options='--all --expiring --help --home --invitations --output --quiet --revoked --verbose --version -a -h -o -q -v'
        kind='none'
        ;;
      ' renew')
        options='--all --days --help --home --new-key --output --quiet --revoke --verbose --version -a -h -o -q -v'
        kind='none'
        ;;
      ' restore')
        options='--crl --force --help --home --output --quiet --verbose --version --yes -f -h -o -q -v'
        kind='file'
        ;;
      ' revoke')
        options='--help --home --output --quiet --reason --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' rotate')
        options='--activate --days --force --help --home --key-type --output --quiet --retire --status --verbose --version --yes -f -h -o -q -v'
        kind='none'
        ;;
      ' show')
        options='--help --home --output --quiet --verbose --version -h -o -q -v'
        kind='none'
        ;;
      ' sign')
        options='--bundle --csr --days --force --help --home --key-type --output --quiet --role --san --verbose --version --web -f -h -o -q -v'
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
    nodes | services | programs | methods | contexts | loggers | scopes | tokens | certificates)
      mapfile -t COMPREPLY < <(compgen -W "$(p2p-ctl __names "$kind" </dev/null 2>/dev/null)" -- "$word")
      ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word") ;;
  esac
}
complete -F _p2p_ca p2p-ca
