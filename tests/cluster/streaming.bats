# Progress of long methods, from the program to whoever streams it: across nodes, over a link alone, for programs; and
# what becomes of a call whose client hangs up.

load cluster

setup() {
  fleet_setup
  export STEPS=$FLEET/steps
  mkdir "$STEPS"
  node_start coordinator-1 coordinator
  node_start worker-1 worker
  long_services worker-1
  wait_until 20 runs worker-1 longexec
  wait_until 20 runs worker-1 longstdio
}
teardown() { fleet_teardown; }

runs() { p2p-ctl services --node "$1" -o json | jq -e --arg n "$2" '.[] | select(.name == $n and .state == "running")'; }
no_longer_runs() { ! runs "$@"; }

# Two services whose method reports a step, waits for the file STEPS/NAME.go, reports another, and ends. They say in
# STEPS/NAME.log what became of them.
long_services() {
  local to=$P2P_HOME/services/$1
  mkdir -p "$to/longexec" "$to/longstdio"
  cat >"$to/longexec/service.yaml" <<YAML
name: longexec
command: [./run.sh]
protocol: exec
env: {STEPS: $STEPS}
methods:
  - name: work
    timeout: 60s
YAML
  cat >"$to/longexec/run.sh" <<'SH'
#!/bin/bash
trap 'echo terminated >>"$STEPS/longexec.log"; exit 1' TERM
echo "began with ${P2P_PROGRESS_FD:-nothing}" >>"$STEPS/longexec.log"
[[ -z ${P2P_PROGRESS_FD:-} ]] || echo '{"step":1}' >&3
exec 9<>"$STEPS/longexec.fifo"
until [[ -e $STEPS/longexec.go ]]; do read -rt 0.05 -u 9 _ || true; done
[[ -z ${P2P_PROGRESS_FD:-} ]] || echo 'step two' >&3
echo '"finished"'
SH
  mkfifo "$STEPS/longexec.fifo"
  cat >"$to/longstdio/service.yaml" <<YAML
name: longstdio
command: [python3, run.py]
protocol: stdio
env: {STEPS: $STEPS}
methods:
  - name: work
    timeout: 60s
    public: true
  - name: relay
    timeout: 60s
YAML
  cat >"$to/longstdio/run.py" <<'PY'
import json, os, socket, sys, threading, time
steps = os.environ["STEPS"]
def note(text):
    with open(steps + "/longstdio.log", "a") as log:
        log.write(text + "\n")
def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def progress(id, value):
    send(method="$/progress", params={"id": id, "value": value})
def work(id):
    progress(id, {"step": 1})
    while not os.path.exists(steps + "/longstdio.go"):
        time.sleep(0.02)
    progress(id, "step two")
    send(id=id, result="finished")
def relay(id):
    """Calls longexec.work through the node, and keeps what it is told."""
    request = {"jsonrpc": "2.0", "id": "r", "method": "longexec.work", "progress": True}
    with socket.socket(socket.AF_UNIX) as node:
        node.connect(os.environ["P2P_NODE_SOCKET"])
        node.sendall(json.dumps(request).encode() + b"\n")
        lines = node.makefile()
        told = []
        while True:
            line = json.loads(lines.readline())
            told.append(line)
            progress(id, line)
            if line.get("id") == "r":
                break
    send(id=id, result=told)
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] in ("work", "relay"):
        threading.Thread(target=globals()[request["method"]], args=(request["id"],), daemon=True).start()
    elif request["method"] == "$/cancel":
        note("cancelled")
    elif "id" in request:
        send(id=request["id"], result={})
PY
  chmod 755 "$to/longexec" "$to/longstdio" "$to/longexec/run.sh"
  chmod 644 "$to"/*/service.yaml "$to/longstdio/run.py"
}

# stream SERVICE TARGET: begins SERVICE.work with curl; its pid is then in STREAM, what comes is in $FLEET/events.
stream() {
  : >"$FLEET/events"
  curl -sN --max-time 50 --http1.1 --cacert "$P2P_HOME/certs/ca_cert.pem" -H "Authorization: Bearer $TOKEN" \
    -H 'Accept: text/event-stream' -H "P2P-Target: $2" -H 'Content-Type: application/json' -D "$FLEET/head" \
    -d "{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"method\":\"$1.work\"}" "https://$P2P_COORDINATOR/rpc" >"$FLEET/events" 3>&- &
  STREAM=$!
}
token() { TOKEN=$(p2p-ctl token create --sub streamer --scope rpc:call); }
came() { grep -qF -- "$1" "$FLEET/events"; }
noted() { grep -qx -- "$2" "$STEPS/$1.log"; }

@test "progress arrives before the end, across two nodes, for both protocols" {
  token
  local service
  for service in longexec longstdio; do
    stream "$service" node:worker-1
    wait_until 20 came 'data: {"step":'
    run ! came 'event: result'
    grep -qi '^content-type: text/event-stream' "$FLEET/head"
    touch "$STEPS/$service.go"
    wait "$STREAM"
    cat "$FLEET/events"
    grep '^data: ' "$FLEET/events" | sed 's/^data: //' | jq -cs . >"$FLEET/data.json"
    jq -e '. == [{"step":1}, "step two", {"jsonrpc":"2.0","result":"finished","id":"c1"}]' "$FLEET/data.json"
    [[ $(grep '^event: ' "$FLEET/events") == $'event: progress\nevent: progress\nevent: result' ]]
  done
}

@test "p2p-ctl call --stream shows progress and result as text and as JSON lines" {
  touch "$STEPS/longexec.go" "$STEPS/longstdio.go"
  run -0 --separate-stderr p2p-ctl call longexec.work --node worker-1 --stream -o table
  [[ $output == $'{"step":1}\nstep two\nfinished' ]]
  [[ -z $stderr ]]
  run -0 --separate-stderr p2p-ctl call longstdio.work --node worker-1 --stream -o json
  [[ $(jq -c . <<<"$output") == $'{"progress":{"step":1}}\n{"progress":"step two"}\n{"result":"finished"}' ]]
  # A method that reports nothing, and one that fails.
  run -0 --separate-stderr p2p-ctl call system.ping --stream -o json
  [[ $(jq -r 'keys[]' <<<"$output") == result ]]
  run -5 --separate-stderr p2p-ctl call longexec.nosuch --node worker-1 --stream -o json
  [[ -z $output && $stderr == *"no method"* ]]
  # Without it everything is as ever, and the program has no descriptor for it.
  run -0 --separate-stderr p2p-ctl call longexec.work --node worker-1 -o json
  [[ $output == '"finished"' ]]
  [[ $(tail -n 1 "$STEPS/longexec.log") == "began with nothing" ]]
  run -2 p2p-ctl call system.ping --all --stream
  run -2 p2p-ctl call system.ping --min-success 1
}

@test "a client that hangs up, and Ctrl-C, end the call at the program" {
  token
  stream longexec node:worker-1
  wait_until 20 came 'event: progress'
  kill "$STREAM"
  wait_until 10 noted longexec terminated
  stream longstdio node:worker-1
  wait_until 20 came 'event: progress'
  kill "$STREAM"
  wait_until 10 noted longstdio cancelled
  # A shell starts background jobs with SIGINT ignored, which a program inherits.
  : >"$STEPS/longexec.log"
  : >"$FLEET/events"
  env --default-signal=INT p2p-ctl call longexec.work --node worker-1 --stream -o json >"$FLEET/events" 2>"$FLEET/ctl.err" 3>&- &
  local pid=$!
  wait_until 20 came '"step"'
  kill -INT "$pid"
  local status=0
  wait "$pid" || status=$?
  [[ $status == 130 ]]
  grep -q interrupted "$FLEET/ctl.err"
  wait_until 10 noted longexec terminated
  # And a call that is not streamed.
  : >"$STEPS/longexec.log"
  curl -s --max-time 50 --cacert "$P2P_HOME/certs/ca_cert.pem" -H "Authorization: Bearer $TOKEN" -H 'P2P-Target: node:worker-1' \
    -d '{"jsonrpc":"2.0","id":1,"method":"longexec.work"}' "https://$P2P_COORDINATOR/rpc" >/dev/null 3>&- &
  pid=$!
  wait_until 20 noted longexec "began with nothing"
  kill "$pid"
  wait_until 10 noted longexec terminated
}

@test "a program has the progress of what it calls through its node" {
  touch "$STEPS/longexec.go"
  p2p-ctl call longstdio.relay --node worker-1 -o json >"$FLEET/told.json"
  cat "$FLEET/told.json"
  jq -e '[.[] | .method // "answer"] == ["$/progress", "$/progress", "answer"]
    and [.[] | .params.value // .result] == [{"step":1}, "step two", "finished"] and .[0].params.id == "r"' "$FLEET/told.json"
  # To another node, through the coordinator.
  mkdir -p "$P2P_HOME/services/worker-2"
  node_start worker-2 worker
  mv "$P2P_HOME/services/worker-1/longexec" "$P2P_HOME/services/worker-2/"
  sed -i 's/timeout: 60s/timeout: 60s\n    public: true/' "$P2P_HOME/services/worker-2/longexec/service.yaml"
  wait_until 20 runs worker-2 longexec
  wait_until 20 no_longer_runs worker-1 longexec
  p2p-ctl call longstdio.relay --node worker-1 -o json >"$FLEET/told.json"
  cat "$FLEET/told.json"
  jq -e '[.[] | .params.value // .result] == [{"step":1}, "step two", "finished"]' "$FLEET/told.json"
}

@test "with --min-success enough is enough" {
  # worker-2 is known and dead.
  node_start worker-2 worker
  wait_until 20 has_status worker-2 alive
  node_kill worker-2 KILL
  run -8 p2p-ctl call system.ping --all --timeout 5s -o json
  run -0 p2p-ctl call system.ping --all --min-success 2 --timeout 5s -o json
  run -8 --separate-stderr p2p-ctl call system.ping --all --min-success 3 --timeout 5s -o json
  [[ $stderr == *"2 of 3 nodes succeeded, not 3; failed: worker-2"* ]]
}
