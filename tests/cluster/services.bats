# Services of protocol stdio on real nodes: supervised, calling each other through their nodes, and gone with them.

load cluster

setup() {
  fleet_setup
  node_start coordinator-1 coordinator
  node_start worker-1 worker
}
teardown() { fleet_teardown; }

# install NODE EXAMPLE: puts a service of config/services on a node
install() {
  local to=$P2P_HOME/services/$1/$2
  mkdir -p "$P2P_HOME/services/$1"
  cp -r "$P2P_SOURCE_DIR/config/services/$2" "$to"
  chmod -R u=rwX,go=rX "$to"
}
runs() { p2p-ctl services --node "$1" -o json | jq -e --arg n "$2" '.[] | select(.name == $n and .state == "running")'; }
port_is_open() { p2p-ctl call checks.tcp host=127.0.0.1 "port:=$1" --node "$2" -o json | jq -e '.open == true'; }
# The process of the service on this machine whose working folder is that of the node.
process_of() {
  local folder=$P2P_HOME/services/$1/$2 link
  for link in /proc/[0-9]*/cwd; do
    [[ $(readlink "$link" 2>/dev/null) == "$folder" ]] || continue
    link=${link#/proc/}
    echo "${link%/cwd}"
    return
  done
  return 1
}

@test "a service is killed, and serves again; its node is killed, and nothing of it is left" {
  install worker-1 checks
  wait_until 20 runs worker-1 checks
  port_is_open "$(port_of worker-1)" worker-1
  local first second
  first=$(process_of worker-1 checks)
  kill -KILL "$first"
  wait_until 20 port_is_open "$(port_of worker-1)" worker-1
  second=$(process_of worker-1 checks)
  [[ $first != "$second" ]]
  node_kill worker-1 KILL
  wait_until 10 gone "$second"
}

@test "a node that stops ends its services in order" {
  install worker-1 checks
  wait_until 20 runs worker-1 checks
  local process
  process=$(process_of worker-1 checks)
  node_kill worker-1 TERM
  gone "$process"
  run ! grep -q "Traceback" "$FLEET/worker-1.log"
}

@test "a service calls the whole fleet through its node, as itself" {
  install worker-1 checks
  install coordinator-1 checks
  wait_until 20 runs worker-1 checks
  wait_until 20 runs coordinator-1 checks
  local port
  port=$(port_of worker-1)
  for node in worker-1 coordinator-1; do
    p2p-ctl call checks.everywhere host=127.0.0.1 "port:=$port" --node "$node" -o json >"$FLEET/out.json"
    cat "$FLEET/out.json"
    jq -e 'map({node, open}) == [{node: "coordinator-1", open: true}, {node: "worker-1", open: true}]' "$FLEET/out.json"
  done
}

@test "the service of the README works as it is written there" {
  export HOME=$FLEET/someone
  sed -n '/^mkdir -p ~.*hello/,/^chmod 755 hello.sh/p' "$P2P_SOURCE_DIR/README.md" >"$FLEET/readme.sh"
  (cd "$FLEET" && bash -eu readme.sh)
  mv "$HOME/.p2p/services/hello" "$P2P_HOME/services/worker-1/"
  wait_until 20 runs worker-1 hello
  [[ $(p2p-ctl call hello.greet name=Ada -o json) == '"Hello Ada, this is worker-1"' ]]
}

# A shell service that passes a line to its node's socket and prints the answer, and one that says who calls it.
install_pair() {
  local folder=$P2P_HOME/services/$1
  mkdir -p "$folder/ask" "$folder/who"
  cat >"$folder/ask/ask.py" <<'PY'
import json, os, socket, sys
node = socket.socket(socket.AF_UNIX)
node.connect(os.environ["P2P_NODE_SOCKET"])
node.sendall(json.dumps(json.load(sys.stdin)["request"]).encode() + b"\n")
print(node.makefile().readline())
PY
  printf '%s\n' 'name: ask' 'command: [python3, ask.py]' 'methods: [{name: node}]' >"$folder/ask/service.yaml"
  printf '#!/bin/sh\necho "\\"$P2P_CALLER\\""\n' >"$folder/who/who.sh"
  chmod 755 "$folder/who/who.sh"
  printf '%s\n' 'name: who' 'command: [./who.sh]' 'methods: [{name: calls}, {name: open, public: true}]' >"$folder/who/service.yaml"
}
ask() { p2p-ctl call ask.node --node "$1" --params "{\"request\":$2}" -o json; }

@test "who calls is the service; what it may call elsewhere is what its node may" {
  install_pair worker-1
  install_pair coordinator-1
  wait_until 20 runs worker-1 ask
  wait_until 20 runs worker-1 who
  wait_until 20 runs coordinator-1 who
  ask worker-1 '{"jsonrpc":"2.0","id":7,"method":"who.calls"}' | jq -e '.result == "worker/ask" and .id == 7'
  ask worker-1 '{"jsonrpc":"2.0","id":7,"method":"who.open","target":"node:coordinator-1"}' | jq -e '.result == "worker/worker-1"'
  ask worker-1 '{"jsonrpc":"2.0","id":7,"method":"who.calls","target":"node:coordinator-1"}' | jq -e '.error.code == -32004'
  ask worker-1 '{"jsonrpc":"2.0","id":7,"method":"services.stop","params":{"name":"who"}}' | jq -e '.error.code == -32004'
  ask worker-1 '{"jsonrpc":"2.0","id":7,"method":"who.calls","target":"nowhere"}' | jq -e '.error.code == -32600'
  ask worker-1 '{"jsonrpc":"2.0","id":7,"method":"who.calls","timeout_ms":0}' | jq -e '.error.code == -32600'
  ask worker-1 '[]' | jq -e '.error.code == -32600'
  ask coordinator-1 '{"jsonrpc":"2.0","id":7,"method":"who.calls","target":"node:worker-1"}' | jq -e '.result == "coordinator/ask"'
  local token
  token=$(p2p-ctl token create --sub ci --scope rpc:call)
  [[ $(P2P_TOKEN=$token p2p-ctl call who.calls --node worker-1 -o json) == '"token/ci"' ]]
}

@test "what a program left in a session of its own is gone when it dies, while its node goes on" {
  local folder=$P2P_HOME/services/worker-1/runaway
  mkdir -p "$folder"
  cat >"$folder/runaway.py" <<'PY'
import json, os, sys, time
if os.fork() == 0:
    os.setsid()
    for stream in (0, 1, 2):
        os.close(stream)
    time.sleep(1000)
for line in sys.stdin:
    print(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": os.getpid()}), flush=True)
PY
  printf '%s\n' 'name: runaway' 'command: [python3, runaway.py]' 'protocol: stdio' 'methods: [{name: pid}]' \
    >"$folder/service.yaml"
  wait_until 20 runs worker-1 runaway
  local parent child
  parent=$(p2p-ctl call runaway.pid --node worker-1 -o json)
  child=$(pgrep -P "$parent")
  kill -KILL "$parent"
  wait_until 10 gone "$child"
  p2p-ctl call runaway.pid --node worker-1
}
