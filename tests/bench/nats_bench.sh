#!/usr/bin/env bash
# Worker to worker through the coordinator, against NATS request-reply over TLS with its C client, in one run (ABAB, the
# same number of callers): requests a second and the median time of one. Prints the ratios; exits 1 when one misses its
# bound.
# usage: nats_bench.sh DIRECTORY_OF_BINARIES    (of a release build)
set -euo pipefail

seconds=${BENCH_SECONDS:-4}
rounds=${BENCH_ROUNDS:-3}
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:?usage: nats_bench.sh DIRECTORY_OF_BINARIES}" && pwd)
for tool in nats-server cc; do
  command -v "$tool" >/dev/null || { echo "nats_bench: error: $tool is not installed" >&2; exit 1; }
done

work=$(mktemp -d)
pids=()
# shellcheck disable=SC2317  # run by the trap
cleanup() {
  ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

cc -O2 -o "$work/nats_load" "$here/nats_load.c" -lnats -lpthread

export P2P_HOME=$work/home
"$bin/p2p-ca" init >/dev/null 2>&1
for name in coordinator-1 worker-1 worker-2; do
  role=worker
  [[ $name != coordinator-1 ]] || role=coordinator
  "$bin/p2p-ca" sign "$name" --role "$role" >/dev/null 2>&1
done
certs=$P2P_HOME/certs

# wait_for FILE TEXT PID
wait_for() {
  local left=200
  until grep -q "$2" "$1" 2>/dev/null; do
    if ! kill -0 "$3" || ((left-- == 0)); then
      cat "$1" >&2
      exit 1
    fi
    sleep 0.05
  done
}

# start_node NAME SETTING...   its port is then in $port
start_node() {
  local name=$1 setting settings=()
  shift
  for setting; do settings+=(--set "$setting"); done
  "$bin/p2p-node" --set "node_id=$name" --set port=0 --set bind_address=127.0.0.1 --set "state_directory=data/$name" \
    --set "services_directory=services/$name" "${settings[@]}" 2>"$work/$name.log" &
  pids+=($!)
  wait_for "$work/$name.log" 'listening on' $!
  port=$(sed -nE 's/.*listening on [^ ]*:([0-9]+).*/\1/p' "$work/$name.log" | head -n 1)
}

start_node coordinator-1 coordinator_mode=true
coordinator=$port
export P2P_COORDINATOR=127.0.0.1:$coordinator
start_node worker-1 "coordinator_addresses=127.0.0.1:$coordinator"
start_node worker-2 "coordinator_addresses=127.0.0.1:$coordinator"
"$bin/p2p-ctl" ping worker-2 --timeout 10s >/dev/null

start_nats() {
  local candidate
  for candidate in $(shuf -i 20000-32000 -n 20); do
    nats-server -a 127.0.0.1 -p "$candidate" --tls --tlscert "$certs/coordinator-1_cert.pem" \
      --tlskey "$certs/coordinator-1_key.pem" >"$work/nats.log" 2>&1 &
    local pid=$!
    until grep -qE 'Server is ready|Error|FTL' "$work/nats.log"; do sleep 0.05; done
    if grep -q 'Server is ready' "$work/nats.log"; then
      pids+=("$pid")
      nats=nats://localhost:$candidate
      return
    fi
  done
  cat "$work/nats.log" >&2
  exit 1
}
start_nats
"$work/nats_load" "$nats" "$certs/ca_cert.pem" serve >"$work/serve.log" 2>&1 &
pids+=($!)
wait_for "$work/serve.log" serving $!

body='{"jsonrpc":"2.0","id":1,"method":"system.echo","params":{"text":"hello"}}'
ours() {
  P2P_CERT=$certs/worker-1_cert.pem P2P_KEY=$certs/worker-1_key.pem "$bin/load_client" 127.0.0.1 "$coordinator" "$seconds" "$1" \
    POST '/rpc?target=node:worker-2' "$body"
}
theirs() { "$work/nats_load" "$nats" "$certs/ca_cert.pem" "$seconds" "$1"; }

# median FILE COLUMN
median() { awk -v c="$2" '{print $c}' "$1" | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
missed=0
for callers in 1 16 64; do
  for ((round = 0; round < rounds; ++round)); do
    ours "$callers" >>"$work/ours.$callers"
    theirs "$callers" >>"$work/theirs.$callers"
  done
  awk -v n="$callers" -v a="$(median "$work/ours.$callers" 1)" -v b="$(median "$work/theirs.$callers" 1)" \
    -v x="$(median "$work/ours.$callers" 3)" -v y="$(median "$work/theirs.$callers" 3)" 'BEGIN {
      ok = a > b && x < y
      printf "%3d callers: ours %8.0f/s, nats %8.0f/s, ratio %.2f (min 1.00); median %7.1f us, nats %7.1f us, ratio %.2f (max 1.00) %s\n",
        n, a, b, a / b, x, y, x / y, ok ? "ok" : "MISSED"
      exit !ok }' || missed=1
done
exit "$missed"
