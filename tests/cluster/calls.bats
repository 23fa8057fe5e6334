# Calls between nodes while one of them is killed under load.

load cluster

setup() { fleet_setup; }
teardown() { fleet_teardown; }

# A service that writes down what it runs; see call_history.py.
ledger() {
  local to=$P2P_HOME/services/$1/ledger
  mkdir -p "$to"
  cat >"$to/service.yaml" <<YAML
name: ledger
command: [python3, ledger.py]
protocol: stdio
env: {EXECUTIONS: $FLEET/executions}
methods:
  - {name: once, max_inflight: 64}
  - {name: again, max_inflight: 64, idempotent: true}
YAML
  cat >"$to/ledger.py" <<'PY'
import json, os, sys
book = os.open(os.environ["EXECUTIONS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
node = os.environ["P2P_NODE_ID"]
for line in sys.stdin:
    request = json.loads(line)
    result = {}
    if request["method"] in ("once", "again"):
        params = request["params"]
        os.write(book, f"{params['id']} {request['method']} {node}\n".encode())
        if params["hold"] and node == "worker-1":
            continue
        result = params["id"]
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
PY
  chmod 755 "$to"
  chmod 644 "$to"/*
}
check() { python3 "$BATS_TEST_DIRNAME/call_history.py" check "$1"; }
announces() {
  curl -fsS --cacert "$P2P_HOME/certs/ca_cert.pem" "https://$P2P_COORDINATOR/cluster/nodes" |
    jq -e --arg n "$1" '.[] | select(.node_id == $n) | tostring | contains("ledger")'
}

@test "a node is killed under load: idempotent calls succeed, others run at most once, no error lies" {
  node_start coordinator-1 coordinator
  node_start worker-1 worker
  node_start worker-2 worker
  ledger worker-1
  ledger worker-2
  wait_until 20 announces worker-1
  wait_until 20 announces worker-2
  : >"$FLEET/executions"
  timeout 200 python3 "$BATS_TEST_DIRNAME/call_history.py" load "$P2P_COORDINATOR" "$P2P_HOME" "$FLEET" "$(pid_of worker-1)" 3>&-
  check "$FLEET"
  # The checker itself: each of these histories has something wrong.
  local wrong done_once cut
  done_once=$(jq -r 'select(.method == "once" and .answer.result) | .id' "$FLEET/calls.jsonl" | head -n 1)
  cut=$(jq -r 'select(.method == "once" and .answer.error.code == -32002) | .id' "$FLEET/calls.jsonl" | head -n 1)
  for wrong in twice unrun unanswered lie untyped; do
    mkdir "$FLEET/$wrong"
    cp "$FLEET/executions" "$FLEET/calls.jsonl" "$FLEET/$wrong/"
  done
  echo "$done_once once worker-2" >>"$FLEET/twice/executions"
  sed -i "/^$done_once /d" "$FLEET/unrun/executions"
  jq -c --arg id "$done_once" 'if .id == $id then del(.answer) else . end' "$FLEET/calls.jsonl" >"$FLEET/unanswered/calls.jsonl"
  jq -c --arg id "$cut" 'if .id == $id then .answer.error.code = -32006 else . end' "$FLEET/calls.jsonl" >"$FLEET/lie/calls.jsonl"
  jq -c --arg id "$cut" 'if .id == $id then .answer.error.code = -32603 else . end' "$FLEET/calls.jsonl" >"$FLEET/untyped/calls.jsonl"
  run -1 check "$FLEET/twice"
  [[ $output == *"ran more than once"* ]]
  run -1 check "$FLEET/unrun"
  [[ $output == *"done, they say"* ]]
  run -1 check "$FLEET/unanswered"
  [[ $output == *"never answered"* ]]
  run -1 check "$FLEET/lie"
  [[ $output == *"it did not run, they say"* ]]
  run -1 check "$FLEET/untyped"
  [[ $output == *"not of its kind"* ]]
}
