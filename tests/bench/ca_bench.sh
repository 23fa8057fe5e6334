#!/usr/bin/env bash
# Compares p2p-ca with the openssl commands that do the same (key, request, signature; one process each) in one run: 100
# certificates, and what one `p2p-ca sign` costs beyond making the key. Prints the ratios; exits 1 when one misses its bound.
# usage: ca_bench.sh DIRECTORY_OF_BINARIES    (of a release build)
set -euo pipefail

count=${BENCH_CERTIFICATES:-100}
runs=${BENCH_RUNS:-40}
speed_bound=5 cold_bound_ms=15

PATH=$1:$PATH
export P2P_HOME
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

now_us() { echo $(($(date +%s%N) / 1000)); }

# took COMMAND…: microseconds that it takes.
took() {
  local begin
  begin=$(now_us)
  "$@" >/dev/null 2>&1
  echo $(($(now_us) - begin))
}

by_openssl() {
  local i
  printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth,clientAuth' \
    'subjectAltName=DNS:localhost,IP:127.0.0.1' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' >"$work/ext"
  for ((i = 0; i < count; ++i)); do
    openssl ecparam -genkey -noout -name prime256v1 -out "$work/$i.key"
    openssl req -new -key "$work/$i.key" -subj "/CN=w$i" -out "$work/$i.csr"
    openssl x509 -req -in "$work/$i.csr" -CA "$P2P_HOME/certs/ca_cert.pem" -CAkey "$P2P_HOME/certs/ca_key.pem" \
      -days 365 -extfile "$work/ext" -out "$work/$i.pem"
  done
}

by_p2p_ca() {
  local names
  mapfile -t names < <(seq -f 'w%g' 0 $((count - 1)))
  p2p-ca sign "${names[@]}"
}

# fastest COMMAND…: of several runs, in microseconds, as what else the machine does only adds; %N is the number of the run.
fastest() {
  local i all=()
  for ((i = 0; i < runs; ++i)); do all+=("$(took "${@//%N/$i}")"); done
  printf '%s\n' "${all[@]}" | sort -n | head -1
}

P2P_HOME=$work/home
p2p-ca -q init >/dev/null
theirs=$(took by_openssl)
ours=$(took by_p2p_ca)
speed=$(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.1f", a / b }')
echo "$count certificates: openssl $((theirs / 1000)) ms, p2p-ca $((ours / 1000)) ms, ratio $speed (at least $speed_bound)"

# Making the key alone: an openssl process that makes one, less one that does nothing.
sign=$(fastest p2p-ca sign cold-%N)
key=$(fastest openssl ecparam -genkey -noout -name prime256v1)
start=$(fastest openssl version)
beyond=$(awk -v s="$sign" -v k="$key" -v o="$start" 'BEGIN { d = k - o; printf "%.1f", (s - (d > 0 ? d : 0)) / 1000 }')
echo "cold sign: $((sign / 1000)) ms, beyond its key $beyond ms (under $cold_bound_ms)"

awk -v s="$speed" -v sb=$speed_bound -v b="$beyond" -v bb=$cold_bound_ms 'BEGIN { exit !(s >= sb && b < bb) }'
