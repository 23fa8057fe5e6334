#!/usr/bin/env bash
# Makes a CA and the certificates of a coordinator and of workers, by p2p-ca. What is there already stays as it is.
# usage: scripts/generate_ca_certs.sh [FOLDER [WORKER…]]     (default: the current folder, and one worker, "worker")
#
# FOLDER/certs/ca_cert.pem, ca_key.pem                     CA, 3650 days; every machine needs the certificate, none the key
# FOLDER/certs/coordinator_cert.pem, coordinator_key.pem   365 days
# FOLDER/certs/WORKER_cert.pem, WORKER_key.pem             365 days
#
# P2P_CA=FILE names another p2p-ca than that in build/ or PATH.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/common.sh"

find_p2p_ca() {
  local candidate
  for candidate in "${P2P_CA:-}" "$here"/../build/{release,dev}/bin/p2p-ca "$(command -v p2p-ca || true)"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then echo "$candidate"; return; fi
  done
  die "p2p-ca is not there" "run scripts/build"
}

# sign NAME ROLE: unless it has a certificate.
sign() {
  [ -e "$home/certs/$1_cert.pem" ] || "$p2p_ca" --home "$home" sign "$1" --role "$2" --san '*.local'
}

home=${1:-.}
shift $(($# > 0 ? 1 : 0))
[ $# -gt 0 ] || set -- worker
p2p_ca=$(find_p2p_ca)

[ -e "$home/certs/ca_cert.pem" ] || "$p2p_ca" --home "$home" init
sign coordinator coordinator
for worker; do sign "$worker" worker; done
