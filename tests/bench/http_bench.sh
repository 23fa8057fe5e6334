#!/usr/bin/env bash
# Compares a node (p2p-node with one session loop) with nginx's `return 200` in one run: requests a second over TLS
# keep-alive (ABAB; wrk for `/health`; for `/rpc`, which needs `p2p/1`, load_client asks both) and server CPU time for a
# full handshake. Then a node with two session loops: its CPU time for a call against that of one loop. Prints the ratios;
# exits 1 when one misses its bound.
# usage: http_bench.sh DIRECTORY_OF_BINARIES    (of a release build)
set -euo pipefail

seconds=${BENCH_SECONDS:-5}
rounds=${BENCH_ROUNDS:-2}
connections=${BENCH_CONNECTIONS:-64}
handshakes=${BENCH_HANDSHAKES:-2000}
health_bound=0.85 rpc_bound=0.75 handshake_bound=1.10 loops_bound=1.15

for tool in nginx wrk curl; do
  command -v "$tool" >/dev/null || { echo "http_bench: error: $tool is not installed" >&2; exit 1; }
done
bin=$(cd "${1:?usage: http_bench.sh DIRECTORY_OF_BINARIES}" && pwd)

work=$(mktemp -d)
nginx_pid='' server_pid='' two_pid=''
# shellcheck disable=SC2317  # run by the trap
cleanup() {
  [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
  [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
  [ -z "$two_pid" ] || kill "$two_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# A fleet's home, and a certificate that nginx shows too.
make_home() {
  export P2P_HOME=$work/home
  "$bin/p2p-ca" init >/dev/null 2>&1
  "$bin/p2p-ca" sign bench --role coordinator >/dev/null 2>&1
  cp "$P2P_HOME/certs/bench_cert.pem" "$work/cert.pem"
  cp "$P2P_HOME/certs/bench_key.pem" "$work/key.pem"
}

# A coordinator that is alone, with so many session loops; limits are on, as for its users. Its process is then in
# $started, its address in $address.
start_node() {
  local log=$work/node-$1.log
  : >"$log"
  "$bin/p2p-node" --set node_id=bench --set coordinator_mode=true --set port=0 --set bind_address=127.0.0.1 \
    --set "state_directory=data/$1" --set "threads=$1" --set rate_limit_health_requests=1000000 \
    --set rate_limit_health_burst=1000000 2>"$log" &
  started=$!
  until grep -q 'listening on' "$log"; do
    kill -0 "$started" || { cat "$log" >&2; exit 1; }
    sleep 0.05
  done
  address=127.0.0.1:$(sed -nE 's/.*listening on [^ ]*:([0-9]+).*/\1/p' "$log")
}

start_nginx() {
  local port body='{"status":"ok","node_id":"bench","role":"worker","uptime":1,"version":"0.1.0"}'
  for port in $(shuf -i 20000-32000 -n 20); do
    mkdir -p "$work/nginx"
    cat >"$work/nginx/nginx.conf" <<CONF
worker_processes 1;
master_process off;
daemon off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $work/nginx/a; proxy_temp_path $work/nginx/b; fastcgi_temp_path $work/nginx/c;
  uwsgi_temp_path $work/nginx/d; scgi_temp_path $work/nginx/e;
  server {
    listen 127.0.0.1:$port ssl;
    ssl_certificate $work/cert.pem;
    ssl_certificate_key $work/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    default_type application/json;
    location / { return 200 '$body'; }
  }
}
CONF
    nginx -e "$work/nginx/error.log" -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>/dev/null &
    nginx_pid=$!
    until curl -sk -o /dev/null "https://127.0.0.1:$port/"; do kill -0 "$nginx_pid" 2>/dev/null || break; sleep 0.05; done
    if kill -0 "$nginx_pid" 2>/dev/null; then theirs=127.0.0.1:$port; return; fi
  done
  echo "http_bench: error: nginx did not start" >&2
  cat "$work/nginx/error.log" >&2
  exit 1
}

# Nanoseconds of CPU that a process has used, all threads.
cpu_time() { cat /proc/"$1"/task/*/schedstat | awk '{t+=$1} END {printf "%.0f", t}'; }

# One run of a client that prints "answers-per-second answers": the first with "microseconds of server CPU a request"
# into the named file.
load() {  # file, pid, client and its arguments
  local before after
  before=$(cpu_time "$2")
  "${@:3}" >"$work/load"
  after=$(cpu_time "$2")
  awk -v ns=$((after - before)) '{print $1, ns/1e3/$2}' "$work/load" >>"$work/$1"
}
# shellcheck disable=SC2317
ask_by_wrk() {  # url
  wrk -t1 -c"$connections" -d"${seconds}s" "https://$1" | awk '/Non-2xx/ {exit 1} /requests in/ {n=$1} /Requests\/sec/ {r=$2; print r, n}'
}
# shellcheck disable=SC2317
ask() {  # address, method, path, body
  "$bin/load_client" "${1%:*}" "${1##*:}" "$seconds" "$connections" "${@:2}"
}
# shellcheck disable=SC2317
ask_as_operator() { P2P_CERT=$P2P_HOME/certs/operator_cert.pem P2P_KEY=$P2P_HOME/certs/operator_key.pem ask "$@"; }

# Microseconds of server CPU for a full TLS 1.3 handshake and one short request.
handshake_cost() {  # file, pid, address
  local before after
  before=$(cpu_time "$2")
  "$bin/handshake_client" "$3" "$handshakes"
  after=$(cpu_time "$2")
  awk -v ns=$((after - before)) -v n="$handshakes" 'BEGIN {print ns/1e3/n}' >>"$work/$1"
}

# The median of a column of a file.
median() { awk -v c="$2" '{print $c}' "$work/$1" | sort -n | awk '{v[NR]=$1} END {print (NR%2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }

make_home
start_node 1
server_pid=$started ours=$address
start_node 2
two_pid=$started two=$address
start_nginx
echo_call='{"jsonrpc":"2.0","method":"system.echo","params":{"message":"hello","n":[1,2,3]},"id":1}'

memory() { awk '/VmRSS/ {printf "%.1f MB", $2/1024}' "/proc/$server_pid/status"; }
memory_idle=$(memory)

for _ in $(seq "$rounds"); do
  load baseline "$nginx_pid" ask_by_wrk "$theirs/"
  load health "$server_pid" ask_by_wrk "$ours/health"
  load rpc_baseline "$nginx_pid" ask "$theirs" GET /
  load rpc "$server_pid" ask_as_operator "$ours" POST /rpc "$echo_call"
  load rpc_two "$two_pid" ask_as_operator "$two" POST /rpc "$echo_call"
  handshake_cost nginx_handshake "$nginx_pid" "$theirs"
  handshake_cost our_handshake "$server_pid" "$ours"
done

failed=0
report() {  # name, ours, theirs, unit, bound, min|max, name of theirs
  awk -v n="$1" -v a="$2" -v b="$3" -v u="$4" -v bound="$5" -v kind="$6" -v other="${7-nginx}" 'BEGIN {
    r = a / b; ok = kind == "min" ? r >= bound : r <= bound
    printf "%-24s ours %10.1f  %s %10.1f %-14s ratio %.2f (%s %.2f) %s\n", n, a, other, b, u, r, kind, bound, ok ? "ok" : "MISSED"
    exit !ok }' || failed=1
}
report "/health keep-alive" "$(median health 1)" "$(median baseline 1)" "requests/s" "$health_bound" min
report "/rpc system.echo" "$(median rpc 1)" "$(median rpc_baseline 1)" "requests/s" "$rpc_bound" min
report "full handshake" "$(median our_handshake 1)" "$(median nginx_handshake 1)" "us of CPU" "$handshake_bound" max
report "/rpc with two loops" "$(median rpc_two 2)" "$(median rpc 2)" "us of CPU" "$loops_bound" max "one  "
# Where other programs take their part of the machine, the CPU time of a request is the steadier measure.
printf 'CPU time of a request: nginx %.2f us, /health %.2f us, /rpc system.echo %.2f us\n' \
  "$(median baseline 2)" "$(median health 2)" "$(median rpc 2)"
echo "resident memory: $memory_idle at start, $(memory) after the load of $connections connections"
exit "$failed"
