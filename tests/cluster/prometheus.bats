# What Prometheus and its own checker say of a node's metrics.

load cluster

setup_file() {
  fleet_setup
  P2P_BIND_ADDRESS=0.0.0.0 node_start coordinator-1 coordinator 'rate_limit_health_requests: 1' 'rate_limit_health_burst: 1'
  node_start worker-1 worker
}
teardown() { stop_prometheus; }
teardown_file() { fleet_teardown; }

# With the configuration on standard input; it scrapes every second.
start_prometheus() {
  {
    echo 'global: { scrape_interval: 1s }'
    cat
  } >"$FLEET/prometheus.yaml"
  promtool check config "$FLEET/prometheus.yaml"
  prometheus --config.file="$FLEET/prometheus.yaml" --storage.tsdb.path="$BATS_TEST_TMPDIR/prometheus" \
    --web.listen-address=127.0.0.1:0 >"$FLEET/prometheus.log" 2>&1 3>&- 4>&- &
  echo $! >"$FLEET/prometheus.pid"
  wait_until 30 prometheus_port
}
stop_prometheus() {
  [[ -e $FLEET/prometheus.pid ]] || return 0
  kill "$(cat "$FLEET/prometheus.pid")"
  wait_until 20 gone "$(cat "$FLEET/prometheus.pid")"
  rm "$FLEET/prometheus.pid"
}

@test "metrics pass promtool" {
  local name
  # With something in every family that has something at all.
  for name in 1 2 3; do p2p-ctl call system.ping --node worker-1; done
  run -0 curl -sS -o /dev/null -o /dev/null --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of coordinator-1)/health?[1-2]"
  for name in coordinator-1 worker-1; do
    run -0 curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of "$name")/metrics"
    grep -q '^p2p_nodes{status="alive"} ' <<<"$output"
    promtool check metrics <<<"$output"
  done
}

# asks PROMQL VALUE: Prometheus answers the question with this value
asks() {
  promtool query instant -o json "http://127.0.0.1:$(prometheus_port)" "$1" | tee "$FLEET/answer.json" |
    jq -e --arg v "$2" 'length == 1 and .[0].value[1] == $v'
}
prometheus_port() { sed -nE 's/.*msg="Listening on" address=127\.0\.0\.1:([0-9]+).*/\1/p' "$FLEET/prometheus.log" | grep .; }

@test "Prometheus scrapes the fleet, and its questions are answered" {
  start_prometheus <<YAML
scrape_configs:
  - job_name: p2p
    scheme: https
    tls_config: { ca_file: $P2P_HOME/certs/ca_cert.pem }
    static_configs:
      - targets: ["127.0.0.1:$(port_of coordinator-1)", "127.0.0.1:$(port_of worker-1)"]
YAML
  wait_until 30 asks 'sum(up)' 2
  wait_until 30 asks 'sum(p2p_nodes{status="alive"})' 4
  wait_until 30 asks 'sum(p2p_rpc_calls_total{service="system",method="ping",result="done"})' 3
  wait_until 30 asks 'sum(p2p_rate_limited_total{class="health"})' 1
  # The alerts of the manual are expressions that Prometheus takes.
  {
    printf 'groups: [{ name: p2p, rules: ['
    awk '/^# ALERTS/ {on = 1} on && /^```/ {code = !code; next} on && code' "$P2P_SOURCE_DIR/man/p2p-metrics.7.scd" |
      jq -R '{alert: "A", expr: .}' | jq -s -r 'to_entries | map(.value.alert = "A\(.key)" | .value | tojson) | join(", ")'
    printf ']}]\n'
  } >"$FLEET/alerts.yaml"
  run -0 promtool check rules "$FLEET/alerts.yaml"
  [[ $output == *'8 rules found'* ]]
}

@test "from another address Prometheus needs a token" {
  local here
  here=$(ip -4 -o address show scope global | awk '{sub(/\/.*/, "", $4); print $4; exit}')
  [[ $here ]] || { echo "this machine has no address but loopback" >&2 && return 1; }
  p2p-ctl token create --sub prometheus --scope metrics:read --ttl 1h >"$FLEET/prometheus.token"
  start_prometheus <<YAML
scrape_configs:
  - job_name: with
    scheme: https
    authorization: { credentials_file: $FLEET/prometheus.token }
    tls_config: { ca_file: $P2P_HOME/certs/ca_cert.pem, server_name: 127.0.0.1 }
    static_configs: [{ targets: ["$here:$(port_of coordinator-1)"] }]
  - job_name: without
    scheme: https
    tls_config: { ca_file: $P2P_HOME/certs/ca_cert.pem, server_name: 127.0.0.1 }
    static_configs: [{ targets: ["$here:$(port_of coordinator-1)"] }]
YAML
  wait_until 30 asks 'sum(up{job="with"})' 1
  wait_until 30 asks 'sum(up{job="without"})' 0
  p2p-ctl token revoke prometheus
  wait_until 30 asks 'sum(up{job="with"})' 0
}
