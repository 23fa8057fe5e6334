# Nodes that die, leave, return or restart, as the others see it.

load cluster

setup() {
  fleet_setup
  fleet_of_three
}
teardown() { fleet_teardown; }

alive_everywhere() {
  local from
  for from in coordinator-1 worker-2; do has_status "$1" alive "$(port_of "$from")" || return 1; done
}

# The incarnation under which a node is known at another.
incarnation_of() {
  curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of "$2")/cluster/nodes" |
    jq -r --arg n "$1" '.[] | select(.node_id == $n) | .incarnation'
}
risen_everywhere() {
  local from
  for from in coordinator-1 worker-2; do (($(incarnation_of "$1" "$from") > $2)) || return 1; done
  alive_everywhere "$1"
}

@test "a killed worker is suspected, then dead, and alive everywhere right after its restart" {
  node_kill worker-1 KILL
  # The coordinator is refused when it dials back, so it knows at once; the others by their own clocks.
  wait_until 3 has_status worker-1 suspected
  wait_until 20 has_status worker-1 suspected "$(port_of worker-2)"
  wait_until 40 has_status worker-1 dead
  wait_until 40 has_status worker-1 dead "$(port_of worker-2)"
  run --separate-stderr p2p-ctl call system.ping --node worker-1 --timeout 5s
  [[ $status == 3 ]]
  node_run worker-1
  wait_until 2 alive_everywhere worker-1
  p2p-ctl call system.ping --node worker-1
}

@test "a worker that lost its state starts above the incarnation that the others know" {
  local before
  before=$(incarnation_of worker-1 worker-2)
  node_kill worker-1 KILL
  rm -rf "$P2P_HOME/data/worker-1"
  node_run worker-1
  wait_until 2 risen_everywhere worker-1 "$before"
}

# What the coordinator has of a node: epoch and number of each record, in the order of storing.
numbers_of() { p2p-logs query --node "$1" --limit 10000 -o json | jq -r '"\(.epoch) \(.seq)"'; }
stored_count() { p2p-logs query --node "$1" --grep "$2" -o json 2>/dev/null | grep -c .; }
are_stored() { (($(stored_count "$1" "$2") == $3)); }
# How often a text is in the files of a node's spool.
are_spooled() { (($(cat "$P2P_HOME/data/$1"/spool/*.seg | grep -ao "$2" | wc -l) == $3)); }

@test "what a worker logged without its coordinator is stored once it is back, though the worker was killed too" {
  wait_until 10 are_stored worker-1 "listening on" 1
  node_kill coordinator-1 KILL
  wait_until 10 are_spooled worker-1 "the link to coordinator-1 broke" 1
  local life
  for life in 2 3 4; do
    node_kill worker-1 KILL
    node_run worker-1
    wait_until 10 are_spooled worker-1 "listening on" "$life"
  done
  node_config coordinator-1 coordinator
  node_run coordinator-1
  wait_until 20 are_stored worker-1 "listening on" 4
  are_stored worker-1 "the link to coordinator-1 broke" 1
  numbers_of worker-1 >"$FLEET/numbers"
  # One epoch, and its numbers without a hole or a repetition, in order.
  [[ $(cut -d' ' -f1 "$FLEET/numbers" | sort -u | wc -l) == 1 ]]
  diff <(cut -d' ' -f2 "$FLEET/numbers") <(seq "$(wc -l <"$FLEET/numbers")")
}

one_is_gone() {
  local pid gone=0
  for pid in "$@"; do ! gone "$pid" || ((++gone)); done
  ((gone == 1))
}

@test "of two processes that join at once under one name, one is let in and the other refused" {
  node_kill worker-1 KILL
  local twin pids=()
  for twin in twin-1 twin-2; do
    sed -e "s/^port: .*/port: 0/" -e "s/^state_directory: .*/state_directory: data\/$twin/" "$FLEET/worker-1.yaml" >"$FLEET/$twin.yaml"
    p2p-node --config "$FLEET/$twin.yaml" >"$FLEET/$twin.out" 2>"$FLEET/$twin.log" 3>&- 4>&- &
    echo $! >"$FLEET/run/$twin.pid"
    pids+=($!)
  done
  wait_until 20 one_is_gone "${pids[@]}"
  grep -q "the name worker-1 is in use: one process answers at 127.0.0.1:" "$FLEET"/twin-?.log
  wait_until 20 has_status worker-1 alive
  p2p-ctl call system.ping --node worker-1
  one_is_gone "${pids[@]}"
}

@test "a worker that is stopped says goodbye" {
  node_kill worker-1 TERM
  wait_until 5 has_status worker-1 left
  wait_until 10 has_status worker-1 left "$(port_of worker-2)"
  # Calls to all nodes do not miss it, and a call to it says so.
  run -0 --separate-stderr p2p-ctl ping --all
  run -5 --separate-stderr p2p-ctl ping worker-1
  [[ "$stderr" == *'no node "worker-1" in this fleet: it left or never joined'* ]]
}

@test "a coordinator that restarts finds its workers and they find it" {
  node_kill coordinator-1 KILL
  node_config coordinator-1 coordinator
  node_run coordinator-1
  for name in worker-1 worker-2; do wait_until 30 has_status "$name" alive; done
  wait_until 10 p2p-ctl call system.ping --node worker-1
}

@test "a second process with the same state is refused" {
  run timeout 20 p2p-node --config "$FLEET/worker-1.yaml"
  [[ $status == 1 ]]
  [[ $output == *"locked by process $(pid_of worker-1)"* ]]
}

@test "a second live node with the same name is refused, and both addresses are named" {
  sed -e "s/^port: .*/port: 0/" -e 's/^state_directory: .*/state_directory: data\/twin/' "$FLEET/worker-1.yaml" >"$FLEET/twin.yaml"
  run timeout 30 p2p-node --config "$FLEET/twin.yaml"
  [[ $status == 1 ]]
  [[ $output == *"one process answers at 127.0.0.1:$(port_of worker-1), another asks to join from 127.0.0.1:"* ]]
  # The first one is none the worse for it.
  has_status worker-1 alive
  p2p-ctl call system.ping --node worker-1
}
