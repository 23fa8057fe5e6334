# What Prometheus and its own checker say of a node's metrics.

load cluster

setup_file() {
  fleet_setup
  node_start coordinator-1 coordinator 'rate_limit_health_requests: 1' 'rate_limit_health_burst: 1'
  node_start worker-1 worker
}
teardown_file() {
  if [[ -e $FLEET/prometheus.pid ]]; then
    kill "$(cat "$FLEET/prometheus.pid")"
    wait_until 20 gone "$(cat "$FLEET/prometheus.pid")"
  fi
  fleet_teardown
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
  cat >"$FLEET/prometheus.yaml" <<YAML
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: p2p
    scheme: https
    tls_config: { ca_file: $P2P_HOME/certs/ca_cert.pem }
    static_configs:
      - targets: ["127.0.0.1:$(port_of coordinator-1)", "127.0.0.1:$(port_of worker-1)"]
YAML
  promtool check config "$FLEET/prometheus.yaml"
  prometheus --config.file="$FLEET/prometheus.yaml" --storage.tsdb.path="$FLEET/prometheus" \
    --web.listen-address=127.0.0.1:0 >"$FLEET/prometheus.log" 2>&1 3>&- 4>&- &
  echo $! >"$FLEET/prometheus.pid"
  wait_until 30 prometheus_port
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
  [[ $output == *'7 rules found'* ]]
}
