#!/usr/bin/env bash
# Compares a TLS server of ours with nginx's `return 200` in one run: requests a second over keep-alive (wrk, ABAB) and
# server CPU time for a full handshake. Prints the ratios; exits 1 when one misses its bound.
# usage: http_bench.sh BINARY_DIR        the bench server of this build
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
nginx_pid='' server_pid=''
# shellcheck disable=SC2317  # called by trap
cleanup() {
  exec 9>&- || true
  [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
  [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
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
  server_pid=$!
  exec 9>"$work/stdin"
  until [ -s "$work/port" ]; do kill -0 "$server_pid"; sleep 0.05; done
  ours=127.0.0.1:$(cat "$work/port")
  measured_pid=$server_pid
}

start_nginx() {
  local port body='{"status":"ok","node_id":"bench","role":"worker","uptime":1,"version":"0.1.0"}'
  for port in $(shuf -i 20000-32000 -n 20); do
    mkdir -p "$work/nginx"
    cat >"$work/nginx/nginx.conf" <<CONF
worker_processes 1;
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

# Requests a second of one run.
rate() { wrk -t1 -c"$connections" -d"${seconds}s" "${@:2}" "https://$1" | awk '/Requests\/sec/ {print $2}'; }

# The median of its lines.
median() { sort -n | awk '{v[NR]=$1} END {print (NR%2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }

# Ticks of CPU time, user and system, of a process and its children that are alive.
cpu_ticks() {
  local pid
  for pid in "$1" $(pgrep -P "$1" || true); do sed 's/.*) //' "/proc/$pid/stat"; done | awk '{t+=$12+$13} END {print t}'
}

# Microseconds of server CPU for a full TLS 1.3 handshake.
handshake_cost() {
  local before after
  before=$(cpu_ticks "$2")
  "$bin/handshake_client" "$1" "$handshakes"
  after=$(cpu_ticks "$2")
  awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="$handshakes" 'BEGIN {printf "%.1f\n", t*1e6/hz/n}'
}

bin=$1
make_certificates
start_ours "$bin"
start_nginx

cat >"$work/echo.lua" <<'LUA'
wrk.method = "POST"
wrk.body = '{"jsonrpc":"2.0","method":"system.echo","params":{"message":"hello","n":[1,2,3]},"id":1}'
wrk.headers["Content-Type"] = "application/json"
LUA

for _ in $(seq "$rounds"); do
  rate "$theirs/" >>"$work/nginx.rate"
  rate "$ours/health" >>"$work/health.rate"
  rate "$ours/rpc" -s "$work/echo.lua" >>"$work/rpc.rate"
  handshake_cost "$theirs" "$nginx_pid" >>"$work/nginx.cpu"
  handshake_cost "$ours" "$measured_pid" >>"$work/ours.cpu"
done

failed=0
report() {  # name, ours, theirs, unit, bound, min|max
  awk -v n="$1" -v a="$2" -v b="$3" -v u="$4" -v bound="$5" -v kind="$6" 'BEGIN {
    r = a / b; ok = kind == "min" ? r >= bound : r <= bound
    printf "%-24s ours %10.1f  nginx %10.1f %-14s ratio %.2f (%s %.2f) %s\n", n, a, b, u, r, kind, bound, ok ? "ok" : "MISSED"
    exit !ok }' || failed=1
}
nginx_rate=$(median <"$work/nginx.rate")
report "/health keep-alive" "$(median <"$work/health.rate")" "$nginx_rate" "requests/s" "$health_bound" min
report "/rpc echo" "$(median <"$work/rpc.rate")" "$nginx_rate" "requests/s" "$rpc_bound" min
report "full handshake" "$(median <"$work/ours.cpu")" "$(median <"$work/nginx.cpu")" "us of CPU" "$handshake_bound" max
awk '/VmRSS/ {printf "resident memory after load %.1f MB\n", $2/1024}' "/proc/$measured_pid/status"
exit "$failed"
