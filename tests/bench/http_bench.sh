#!/usr/bin/env bash
# Compares the network layer's bench server with nginx's `return 200` in one run: requests a second over TLS keep-alive
# (wrk, ABAB) and server CPU time for a full handshake. Prints the ratios; exits 1 when one misses its bound.
# usage: http_bench.sh DIRECTORY_OF_BINARIES    (of a release build)
# To measure a node with `threads: 1` instead: BENCH_NODE=HOST:PORT BENCH_PID=its process BENCH_CERT, BENCH_KEY=files of
# its certificate, which nginx then shows too, BENCH_TOKEN=a token that may call system.echo.
set -euo pipefail

seconds=${BENCH_SECONDS:-5}
rounds=${BENCH_ROUNDS:-2}
connections=${BENCH_CONNECTIONS:-64}
handshakes=${BENCH_HANDSHAKES:-2000}
health_bound=0.85 rpc_bound=0.60 handshake_bound=1.10

for tool in nginx wrk openssl curl; do
  command -v "$tool" >/dev/null || { echo "http_bench: error: $tool is not installed" >&2; exit 1; }
done

work=$(mktemp -d)
nginx_pid='' server_pid='' started_pid=''
# shellcheck disable=SC2317  # run by the trap
cleanup() {
  exec 9>&- || true
  [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
  [ -z "$started_pid" ] || kill "$started_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench-ca \
    -keyout "$work/ca.key" -out "$work/ca.pem" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench \
    -keyout "$work/key.pem" -out "$work/bench.csr" 2>/dev/null
  printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1,URI:spiffe://p2p/worker/bench' \
    'extendedKeyUsage=serverAuth,clientAuth' >"$work/bench.ext"
  openssl x509 -req -in "$work/bench.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 2 -CAcreateserial \
    -extfile "$work/bench.ext" -out "$work/cert.pem" 2>/dev/null
}

start_ours() {
  mkfifo "$work/stdin"
  "$1/http_bench_server" "$work/cert.pem" "$work/key.pem" "$work/ca.pem" <"$work/stdin" >"$work/port" &
  server_pid=$! started_pid=$!
  exec 9>"$work/stdin"
  until [ -s "$work/port" ]; do kill -0 "$server_pid"; sleep 0.05; done
  ours=127.0.0.1:$(cat "$work/port")
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

# One run of wrk: "requests-per-second microseconds-of-server-CPU-per-request" into the named file.
load() {  # file, pid, url, wrk options
  local before after
  before=$(cpu_time "$2")
  wrk -t1 -c"$connections" -d"${seconds}s" "${@:4}" "https://$3" >"$work/wrk"
  after=$(cpu_time "$2")
  awk -v ns=$((after - before)) '/requests in/ {n=$1} /Requests\/sec/ {r=$2} END {print r, ns/1e3/n}' "$work/wrk" >>"$work/$1"
}

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

bin=${1:?usage: http_bench.sh DIRECTORY_OF_BINARIES}
if [ -n "${BENCH_NODE:-}" ]; then
  ours=$BENCH_NODE server_pid=$BENCH_PID
  cp "$BENCH_CERT" "$work/cert.pem" && cp "$BENCH_KEY" "$work/key.pem"
else
  make_certificates
  start_ours "$bin"
fi
start_nginx

cat >"$work/echo.lua" <<'LUA'
wrk.method = "POST"
wrk.body = '{"jsonrpc":"2.0","method":"system.echo","params":{"message":"hello","n":[1,2,3]},"id":1}'
wrk.headers["Content-Type"] = "application/json"
local token = os.getenv("BENCH_TOKEN")
if token then wrk.headers["Authorization"] = "Bearer " .. token end
LUA

memory() { awk '/VmRSS/ {printf "%.1f MB", $2/1024}' "/proc/$server_pid/status"; }
memory_idle=$(memory)

for _ in $(seq "$rounds"); do
  load baseline "$nginx_pid" "$theirs/"
  load health "$server_pid" "$ours/health"
  load rpc "$server_pid" "$ours/rpc" -s "$work/echo.lua"
  handshake_cost nginx_handshake "$nginx_pid" "$theirs"
  handshake_cost our_handshake "$server_pid" "$ours"
done

failed=0
report() {  # name, ours, theirs, unit, bound, min|max
  awk -v n="$1" -v a="$2" -v b="$3" -v u="$4" -v bound="$5" -v kind="$6" 'BEGIN {
    r = a / b; ok = kind == "min" ? r >= bound : r <= bound
    printf "%-24s ours %10.1f  nginx %10.1f %-14s ratio %.2f (%s %.2f) %s\n", n, a, b, u, r, kind, bound, ok ? "ok" : "MISSED"
    exit !ok }' || failed=1
}
report "/health keep-alive" "$(median health 1)" "$(median baseline 1)" "requests/s" "$health_bound" min
report "/rpc echo" "$(median rpc 1)" "$(median baseline 1)" "requests/s" "$rpc_bound" min
report "full handshake" "$(median our_handshake 1)" "$(median nginx_handshake 1)" "us of CPU" "$handshake_bound" max
# Where other programs take their part of the machine, the CPU time of a request is the steadier measure.
printf 'CPU time of a request: nginx %.2f us, /health %.2f us, /rpc echo %.2f us\n' \
  "$(median baseline 2)" "$(median health 2)" "$(median rpc 2)"
echo "resident memory: $memory_idle at start, $(memory) after the load of $connections connections"
exit "$failed"
