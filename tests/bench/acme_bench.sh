#!/usr/bin/env bash
# Complete ACME orders a second at a coordinator, over HTTPS on loopback and with the clients in the measure, ECDSA P-256:
# handshake, order, authorization, key, finalize and download, each certificate recorded on disk. Then what 100,000
# abandoned orders leave in the store. Exits 1 when one misses its bound.
# usage: acme_bench.sh DIRECTORY_OF_BINARIES    (of a release build)
set -euo pipefail

seconds=${BENCH_SECONDS:-10}
clients=${BENCH_CLIENTS:-8}
orders_bound=200

bin=$(cd "${1:?usage: acme_bench.sh DIRECTORY_OF_BINARIES}" && pwd)
work=$(mktemp -d)
node_pid=''
# shellcheck disable=SC2317  # run by the trap
cleanup() {
  [ -z "$node_pid" ] || kill "$node_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

export P2P_HOME=$work/home
"$bin/p2p-ca" init >/dev/null 2>&1
"$bin/p2p-ca" sign bench --role coordinator >/dev/null 2>&1
# The addresses in an ACME directory need a port that is known beforehand: one that is free.
start_node() {
  for port in $(shuf -i 20000-32000 -n 20); do
    : >"$work/node.log"
    "$bin/p2p-node" --set node_id=bench --set coordinator_mode=true --set port="$port" --set bind_address=127.0.0.1 \
      --set rate_limit_enabled=false 2>"$work/node.log" &
    node_pid=$!
    until grep -q 'listening on' "$work/node.log"; do kill -0 "$node_pid" 2>/dev/null || break; sleep 0.05; done
    if kill -0 "$node_pid" 2>/dev/null; then return; fi
  done
  echo "acme_bench: error: p2p-node did not start" >&2
  cat "$work/node.log" >&2
  exit 1
}
start_node

invitation=$("$bin/p2p-ca" -q invite www --web --san www.example.org --uses 5000 -o json 2>/dev/null)
ACME_KID=$(jq -r .kid <<<"$invitation")
ACME_HMAC_KEY=$(jq -r .hmac_key <<<"$invitation")
export ACME_KID ACME_HMAC_KEY
orders=$("$bin/acme_load" "$port" "$P2P_HOME/certs/ca_cert.pem" "$seconds" "$clients" www.example.org)
echo "$orders complete orders a second ($clients clients, $(nproc) cores; at least $orders_bound)"

"$bin/acme_store_bench"
[ "$orders" -ge $orders_bound ]
