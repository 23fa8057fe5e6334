# What Prometheus' own checker says of a node's metrics.

load cluster

setup_file() {
  fleet_setup
  node_start coordinator-1 coordinator
  node_start worker-1 worker
}
teardown_file() { fleet_teardown; }

@test "metrics pass promtool" {
  local name
  for name in coordinator-1 worker-1; do
    run -0 curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of "$name")/metrics"
    grep -q '^p2p_nodes{status="alive"} ' <<<"$output"
    promtool check metrics <<<"$output"
  done
}
