# The main job end to end: a coordinator and two workers trust each other, find each other, answer calls, log to one place.

load cluster

setup_file() {
  fleet_setup
  mkdir -p "$P2P_HOME/services/worker-1" "$P2P_HOME/services/worker-2"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$P2P_HOME/services/worker-1/"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$P2P_HOME/services/worker-2/"
  fleet_of_three
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown_file() { fleet_teardown; }

ca() { echo "$P2P_HOME/certs/ca_cert.pem"; }

@test "a method is called on a named worker" {
  run -0 --separate-stderr p2p-ctl call system.info --node worker-1 -o json
  [[ $(jq -r .node_id <<<"$output") == worker-1 ]]
  [[ $(jq -r .hostname <<<"$output") == "$(hostname)" ]]
}

@test "a call to all answers one entry a node" {
  run -0 --separate-stderr p2p-ctl call system.ping --all -o json
  [[ $(jq -r 'map(.node) | sort | join(" ")' <<<"$output") == "coordinator-1 worker-1 worker-2" ]]
  [[ $(jq 'all(.[]; has("result") and (.ms | type == "number"))' <<<"$output") == true ]]
}

@test "an external service answers where it is, and of all nodes those are asked that have it" {
  run -0 --separate-stderr p2p-ctl call disk.usage --node worker-2 -o json
  jq -e . <<<"$output"
  run -0 --separate-stderr p2p-ctl call disk.usage -o json
  run -0 --separate-stderr p2p-ctl call disk.usage --all -o json
  [[ $(jq -r 'map(select(.result) | .node) | sort | join(" ")' <<<"$output") == "worker-1 worker-2" ]]
  [[ $(jq length <<<"$output") == 2 ]]
}

@test "a drain that is undone while it waits says so, and what waited for it revokes nothing" {
  local folder=$P2P_HOME/services/worker-1/slow
  mkdir -p "$folder"
  mkfifo "$FLEET/go"
  printf '%s\n' '#!/bin/sh' ": >'$FLEET/began'" "read -r _ <'$FLEET/go'" "echo '\"done\"'" >"$folder/slow.sh"
  chmod 755 "$folder/slow.sh"
  printf '%s\n' 'name: slow' 'command: [./slow.sh]' 'methods: [{name: wait}]' >"$folder/service.yaml"
  drained() { [[ $(p2p-ctl nodes -o json | jq '.[] | select(.node_id == "worker-1") | .draining') == "$1" ]]; }
  runs_slow() { p2p-ctl services -o name --node worker-1 | grep -qx slow; }
  wait_until 20 runs_slow
  p2p-ctl call slow.wait --node worker-1 -o json >"$FLEET/slow.out" 3>&- 4>&- &
  local call=$! draining removing
  wait_until 20 test -e "$FLEET/began"
  p2p-ctl call cluster.drain node=worker-1 -o json >"$FLEET/drain.out" 3>&- 4>&- &
  draining=$!
  wait_until 20 drained true
  p2p-ctl call cluster.drain node=worker-1 undo:=true
  wait "$draining"
  jq -e '. == {node: "worker-1", draining: false, calls_under_way: 1}' "$FLEET/drain.out"
  drained false
  p2p-ctl nodes remove worker-1 --yes 2>"$FLEET/remove.err" 3>&- 4>&- &
  removing=$!
  wait_until 20 drained true
  p2p-ctl call cluster.drain node=worker-1 undo:=true
  local ended=0
  wait "$removing" || ended=$?
  ((ended == 1))
  [[ $(tail -n 1 "$FLEET/remove.err") == 'p2p-ctl: error: someone has let node "worker-1" have calls again; nothing was revoked' ]]
  echo >"$FLEET/go"
  wait "$call"
  [[ $(cat "$FLEET/slow.out") == '"done"' ]]
  p2p-ctl call system.ping --node worker-1
}

@test "numbers beyond 2^53 come back unchanged" {
  run -0 --separate-stderr p2p-ctl call system.echo n:=123456789012345678901234567890 --node worker-1 -o json
  grep -q 123456789012345678901234567890 <<<"$output"
}

@test "an unknown method, node or wrong parameters each have their exit code" {
  run --separate-stderr p2p-ctl call system.nothing --node worker-1
  [[ $status == 5 ]]
  [[ -z $output && $stderr == "p2p-ctl: error: "* ]]
  run --separate-stderr p2p-ctl call system.ping --node nobody
  [[ $status == 5 ]]
  run --separate-stderr p2p-ctl call disk.usage path:=7 --node worker-1
  [[ $status == 2 ]]
  [[ $stderr == *"hint: p2p-ctl services describe disk --node worker-1" ]]
}

@test "a misspelt method or node is answered with the one that was meant, said once" {
  run -5 --separate-stderr p2p-ctl call system.pin --node worker-1
  [[ $stderr == 'p2p-ctl: error: no method "system.pin" on node "worker-1"; did you mean "system.ping"?'$'\nhint: p2p-ctl services' ]]
  run -5 --separate-stderr p2p-ctl call system.ping --node wroker-1
  [[ $stderr == *'error: no node "wroker-1" in this fleet: it left or never joined; did you mean "worker-1"?'$'\nhint: p2p-ctl nodes' ]]
  # A service that the coordinator itself has not got.
  run -5 --separate-stderr p2p-ctl call dsik.usage
  [[ $stderr == *'error: no method "dsik.usage" in this fleet; did you mean "disk.usage"?'* ]]
}

@test "nodes are listed as one JSON array" {
  run -0 --separate-stderr p2p-ctl nodes -o json
  [[ $(jq -r 'map(select(.status == "alive").node_id) | sort | join(" ")' <<<"$output") == "coordinator-1 worker-1 worker-2" ]]
  [[ $(jq -r 'map(select(.node_id == "coordinator-1").role) | .[0]' <<<"$output") == coordinator ]]
}

@test "the log lines of every node are at the coordinator" {
  wait_until 10 sh -c "p2p-logs query --node worker-2 -o json | grep -q '\"node_id\":\"worker-2\"'"
  run -0 --separate-stderr p2p-logs sources -o json
  [[ $(jq -r '.nodes | sort | join(" ")' <<<"$output") == "coordinator-1 worker-1 worker-2" ]]
  run -0 --separate-stderr p2p-logs tail --no-follow --node worker-1 -o json
  while read -r line; do [[ $(jq -r .node_id <<<"$line") == worker-1 ]]; done <<<"$output"
  run -0 --separate-stderr p2p-logs query --level ERROR --node worker-1 -o json
}

@test "a node that nobody knows is told at once, and tail waits for it all the same" {
  p2p-logs tail --node 'worker-*,wroker-1' >"$FLEET/tail.out" 2>"$FLEET/tail.err" 3>&- 4>&- &
  local tail=$!
  echo "$tail" >"$FLEET/run/tail.pid"
  wait_until 10 grep -q 'did you mean' "$FLEET/tail.err"
  [[ $(cat "$FLEET/tail.err") == 'p2p-logs: warning: no node "wroker-1" has records or is in the fleet; did you mean "worker-1"?' ]]
  wait_until 10 grep -q worker-1 "$FLEET/tail.out"
  kill -TERM "$tail"
  # In this shell: the one of `run` may know nothing of its children.
  local ended=0
  wait "$tail" || ended=$?
  ((ended == 130))
  run -0 --separate-stderr p2p-logs query --node nobody
  [[ $stderr == "no records match"$'\n'"p2p-logs: warning: no node \"nobody\" has records or is in the fleet" ]]
  run -0 --separate-stderr p2p-logs tail --no-follow -n 1 --node worker-1
  [[ -z $stderr ]]
}

@test "health is open, rpc is not, and p2p/1 without a certificate fails" {
  local at
  at=127.0.0.1:$(port_of coordinator-1)
  run -0 curl -fsS --max-time 5 --cacert "$(ca)" "https://localhost:$(port_of coordinator-1)/health"
  [[ $(jq -r .node_id <<<"$output") == coordinator-1 ]]
  run -0 curl -s --max-time 5 --cacert "$(ca)" -o /dev/null -w '%{http_code}' -d '{"jsonrpc":"2.0","id":1,"method":"system.ping"}' "https://$at/rpc"
  [[ $output == 401 ]]
  run timeout 10 openssl s_client -connect "$at" -alpn p2p/1 -CAfile "$(ca)" -verify_return_error -ign_eof <<<"GET /health HTTP/1.1"
  [[ $output != *"HTTP/1.1 200"* ]]
  # TLS 1.3 tells the client after its own Finished, so the alert is what counts.
  grep -qE 'alert (certificate required|handshake failure)|certificate required' <<<"$output"
}

@test "an operator certificate is asked for and taken over p2p/1" {
  local at request
  at=127.0.0.1:$(port_of coordinator-1)
  request='{"jsonrpc":"2.0","id":"x","method":"system.ping"}'
  run bash -c "printf 'POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: ${#request}\r\nConnection: close\r\n\r\n%s' '$request' |
    timeout 10 openssl s_client -quiet -connect $at -alpn p2p/1 -CAfile $(ca) \
      -cert $P2P_HOME/certs/operator_cert.pem -key $P2P_HOME/certs/operator_key.pem -ign_eof 2>/dev/null"
  [[ $output == *"HTTP/1.1 200"* && $output == *'"id":"x"'* ]]
}

@test "a worker's certificate may not call what is not public" {
  run --separate-stderr p2p-ctl --cert "$P2P_HOME/certs/worker-1_cert.pem" --key "$P2P_HOME/certs/worker-1_key.pem" call services.stop name=disk --node worker-2
  [[ $status == 4 ]]
}

@test "a node that has nothing to finish stops at once, long before its grace is over" {
  node_start worker-9 worker 'shutdown_grace_seconds: 120'
  wait_until 20 has_status worker-9 alive
  kill -TERM "$(pid_of worker-9)"
  wait_until 20 gone "$(pid_of worker-9)"
  rm "$FLEET/run/worker-9.pid"
}

# What a node's built-in services tell of their methods, and the manual's table of them: a line `method|permission` each.
builtin_methods() {
  local service
  for service in $(p2p-ctl call services.list --node "$1" -o json | jq -r '.[] | select(.builtin).name'); do
    p2p-ctl call services.describe "name=$service" --node "$1" -o json |
      jq -r '.name as $name | .methods[] | "\($name).\(.name)|\(.permission)"'
  done | sort
}
listed_methods() {
  awk '
    /^## / { on = $0 == "## Built-in methods" }
    !on { next }
    /^\|  / { method = $2; field = 0; next }
    /^:  / {
      sub(/^: +/, "")
      if (++field == 1) permission = $0
      if (field == 2) print method "|" permission (/\(coordinator\)$/ ? "|coordinator" : "|all")
    }' "$P2P_SOURCE_DIR/man/p2p-protocol.7.scd" | sort
}

@test "the manual lists the methods that nodes have of themselves, with what they require" {
  diff <(listed_methods | sed 's/|[a-z]*$//') <(builtin_methods coordinator-1)
  diff <(listed_methods | sed -n 's/|all$//p') <(builtin_methods worker-1)
}
