# What real nodes tell Prometheus: that p2p-metrics(7) lists it, and that it follows what happens.

load cluster

setup_file() {
  fleet_setup
  node_start coordinator-1 coordinator 'rate_limit_health_burst: 3' 'rate_limit_health_requests: 1' \
    'rate_limit_default_requests: 1000000' 'rate_limit_default_burst: 100000' 'log_forward: tcp://127.0.0.1:1'
  node_start worker-1 worker
  local folder=$P2P_HOME/services/worker-1/checks
  mkdir -p "${folder%/*}"
  cp -r "$P2P_SOURCE_DIR/config/services/checks" "$folder"
  chmod -R u=rwX,go=rX "$folder"
  wait_until 20 is_value worker-1 'p2p_services{state="running"}' 1
  wait_until 20 answers
}
teardown_file() { fleet_teardown; }

metrics_of() {
  curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of "$1")/metrics"
}
# value_of NODE SERIES; empty when there is none
value_of() { metrics_of "$1" | awk -v s="$2" 'index($0, s " ") == 1 {print substr($0, length(s) + 2)}'; }
is_value() { [[ $(value_of "$1" "$2") == "$3" ]]; }
is_above() { awk -v a="$(value_of "$1" "$2")" -v b="$3" 'BEGIN {exit !(a > b)}'; }
# is_near NUMBER NODE SERIES  within a second of it
is_near() { awk -v a="$(value_of "$2" "$3")" -v b="$1" 'BEGIN {exit !(a != "" && a - b < 1 && b - a < 1)}'; }
call() { p2p-ctl call checks.tcp host=127.0.0.1 "port:=$(port_of worker-1)" --node worker-1 "$@"; }
answers() { call; }

# The names of all metrics in the text at stdin, each with its type and its labels.
described() {
  awk '
    /^# TYPE / { name = $3; type[name] = $4; next }
    /^#/ { next }
    {
      labels = ""
      if (match($0, /\{.*\}/)) {
        rest = substr($0, RSTART + 1, RLENGTH - 2)
        while (match(rest, /[a-z_]+="/)) {
          label = substr(rest, RSTART, RLENGTH - 2)
          rest = substr(rest, RSTART + RLENGTH)
          sub(/[^"]*"/, "", rest)
          if (label != "le") labels = labels (labels == "" ? "" : ", ") label
        }
      }
      of[name] = labels
    }
    END { for (name in type) print name "|" type[name] "|" of[name] }'
}
# The same of the table in the manual page.
in_the_manual() {
  awk '/^\|  / {name = $2; field = 0; next}
    /^:/ && name != "" { ++field; sub(/^: */, ""); if (field == 1) type = $0; if (field == 2) print name "|" type "|" ($0 == "-" ? "" : $0) }
    /^# ALERTS/ {exit}' "$P2P_SOURCE_DIR/man/p2p-metrics.7.scd"
}

@test "what happens is counted" {
  local before expected
  before=$(value_of worker-1 'p2p_rpc_calls_total{service="checks",method="tcp",result="done"}')
  call
  is_value worker-1 'p2p_rpc_calls_total{service="checks",method="tcp",result="done"}' $((before + 1))
  for expected in 200 200 200 429 429; do
    run -0 curl -sS -o /dev/null -w '%{http_code}' --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of coordinator-1)/health"
    [[ $output == "$expected" ]]
  done
  is_value coordinator-1 'p2p_rate_limited_total{class="health"}' 2
  is_value coordinator-1 'p2p_http_requests_total{class="health",status="2xx"}' 3
  is_value coordinator-1 'p2p_http_requests_total{class="health",status="4xx"}' 2
  is_value coordinator-1 'p2p_http_request_duration_seconds_count{class="health"}' 5
  is_value coordinator-1 p2p_http_websockets_open 1
  is_near 0 coordinator-1 'p2p_node_clock_offset_seconds{node="worker-1"}'
  # Itself.
  is_value coordinator-1 p2p_http_requests_in_flight 1
  is_above coordinator-1 p2p_certificate_remaining_seconds $((364 * 86400))
  run ! is_above coordinator-1 p2p_certificate_remaining_seconds $((365 * 86400))
}

@test "a caller's words become no label" {
  local before
  before=$(metrics_of coordinator-1 | grep -c .)
  run p2p-ctl call made.up
  run p2p-ctl call made.up --node worker-1
  run p2p-ctl call checks.made_up --node worker-1
  run -0 metrics_of coordinator-1
  [[ $output != *made* ]]
  run -0 metrics_of worker-1
  [[ $output != *made* ]]
  [[ $(metrics_of coordinator-1 | grep -c .) == "$before" ]]
}

@test "a service's death is counted" {
  local process
  process=$(p2p-ctl services --node worker-1 -o json | jq -r '.[] | select(.name == "checks") | .pid // empty')
  [[ -n $process ]] || for process in /proc/[0-9]*/cwd; do
    [[ $(readlink "$process" 2>/dev/null) == "$P2P_HOME/services/worker-1/checks" ]] || continue
    process=${process#/proc/} process=${process%/cwd}
    break
  done
  kill -KILL "$process"
  wait_until 20 is_value worker-1 'p2p_service_restarts_total{service="checks"}' 1
}

@test "each metric is in the manual, and each of the manual exists" {
  wait_until 20 answers
  # A breaker opens when calls time out that had 5 seconds and more.
  kill -STOP "$(pid_of worker-1)"
  local i pids=()
  for i in 1 2 3 4 5; do
    call --timeout 6s >/dev/null 2>&1 3>&- 4>&- &
    pids+=($!)
  done
  wait "${pids[@]}" || true
  metrics_of coordinator-1 >"$FLEET/metrics"
  kill -CONT "$(pid_of worker-1)"
  grep -qx 'p2p_rpc_breaker_open{node="worker-1",service="checks"} 1' "$FLEET/metrics"
  metrics_of worker-1 >>"$FLEET/metrics"
  diff <(in_the_manual | sort) <(described <"$FLEET/metrics" | sort)
}

@test "without its coordinator a worker's log lags" {
  wait_until 20 is_value worker-1 p2p_log_lag_seconds 0
  node_kill coordinator-1
  wait_until 20 is_above worker-1 p2p_log_lag_seconds 1
  is_above worker-1 p2p_log_spool_bytes 0
}
