# A worker behind NAT: it can dial the coordinator, nobody can dial it. It must be a full member and answer calls.
#
#   [inside] 192.168.77.2 --veth-- 192.168.77.1 [router, masquerade] 10.77.0.1 --veth-- 10.77.0.2 [outside]
#
# The coordinator runs outside, the worker inside; outside has no route to 192.168.77.0/24.

load cluster

setup() {
  need_namespaces nft
  fleet_setup
  IN="in-$$" ROUTER="router-$$" OUT="out-$$"
  local ns
  for ns in "$IN" "$ROUTER" "$OUT"; do
    ip netns add "$ns"
    ip -n "$ns" link set lo up
  done
  ip -n "$ROUTER" link add inside type veth peer name eth0 netns "$IN"
  ip -n "$ROUTER" link add outside type veth peer name eth0 netns "$OUT"
  ip -n "$ROUTER" addr add 192.168.77.1/24 dev inside
  ip -n "$ROUTER" addr add 10.77.0.1/24 dev outside
  ip -n "$IN" addr add 192.168.77.2/24 dev eth0
  ip -n "$OUT" addr add 10.77.0.2/24 dev eth0
  ip -n "$ROUTER" link set inside up
  ip -n "$ROUTER" link set outside up
  ip -n "$IN" link set eth0 up
  ip -n "$OUT" link set eth0 up
  ip -n "$IN" route add default via 192.168.77.1
  ip netns exec "$ROUTER" sysctl -qw net.ipv4.ip_forward=1
  ip netns exec "$ROUTER" nft -f - <<'RULES'
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "outside" masquerade; }
}
table ip filter {
  chain forward { type filter hook forward priority 0; iifname "outside" ct state new drop; }
}
RULES
}

teardown() {
  fleet_teardown
  local ns
  for ns in "${IN:-}" "${ROUTER:-}" "${OUT:-}"; do [[ -z $ns ]] || ip netns del "$ns" 2>/dev/null || true; done
}

# start_in NAMESPACE NAME: runs a node from its configuration inside a namespace.
start_in() {
  : >"$FLEET/$2.log"
  ip netns exec "$1" "$P2P_BIN_DIR/p2p-node" --config "$FLEET/$2.yaml" >"$FLEET/$2.out" 2>"$FLEET/$2.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/$2.pid"
  wait_until 20 listening "$2"
}

outside() { ip netns exec "$OUT" "$@"; }

node_is() {
  [[ $(outside p2p-ctl nodes -o json | jq -r --arg n "$1" '.[] | select(.node_id == $n) | .status') == "$2" ]]
}

# stepped_service FOLDER: one that reports a step and waits for the file go.
stepped_service() {
  mkdir "$1"
  cat >"$1/service.yaml" <<YAML
name: stepped
command: [./run.sh]
protocol: exec
env: {FLEET: $FLEET}
methods:
  - name: work
YAML
  cat >"$1/run.sh" <<'SH'
#!/bin/bash
trap 'echo terminated >>"$FLEET/stepped.log"; exit 1' TERM
exec 9<>"$FLEET/never"
echo one >&3
until [[ -e $FLEET/go ]]; do read -rt 0.05 -u 9 _ || true; done
echo '{"two":2}' >&3
echo done
SH
  chmod 755 "$1" "$1/run.sh"
  chmod 644 "$1/service.yaml"
}

@test "a worker behind NAT is alive at the coordinator and answers calls over its link" {
  p2p-ca sign coordinator-1 --role coordinator --san 10.77.0.2 >"$FLEET/ca.log"
  p2p-ca sign worker-1 >>"$FLEET/ca.log"
  mkdir -p "$P2P_HOME/services/worker-1"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$P2P_HOME/services/worker-1/"
  stepped_service "$P2P_HOME/services/worker-1/stepped"
  echo 8001 >"$FLEET/run/coordinator-1.port"
  echo 8001 >"$FLEET/run/worker-1.port"
  node_config coordinator-1 coordinator
  node_config worker-1 worker
  sed -i 's/^bind_address: .*/bind_address: 0.0.0.0/; s/127\.0\.0\.1:8001/10.77.0.2:8001/' "$FLEET/coordinator-1.yaml" "$FLEET/worker-1.yaml"

  start_in "$OUT" coordinator-1
  start_in "$IN" worker-1
  export P2P_COORDINATOR=10.77.0.2:8001
  wait_until 20 node_is worker-1 alive

  # Nobody outside can dial it.
  run outside timeout 2 bash -c 'exec 3<>/dev/tcp/192.168.77.2/8001'
  [[ $status -ne 0 ]]

  run -0 --separate-stderr outside p2p-ctl call system.info --node worker-1 -o json
  [[ $(jq -r .node_id <<<"$output") == worker-1 ]]
  run -0 --separate-stderr outside p2p-ctl call disk.usage --node worker-1 -o json
  jq -e . <<<"$output"
  run -0 --separate-stderr outside p2p-ctl call system.ping --all -o json
  [[ $(jq 'map(select(.result)) | length' <<<"$output") == 2 ]]
  # Progress comes over the link as well, before the end; the call waits for a file.
  outside p2p-ctl call stepped.work --node worker-1 --stream -o json >"$FLEET/steps.json" 3>&- &
  local pid=$!
  wait_until 20 grep -q '"progress":"one"' "$FLEET/steps.json"
  run ! grep -q result "$FLEET/steps.json"
  touch "$FLEET/go"
  wait "$pid"
  [[ $(jq -c . "$FLEET/steps.json") == $'{"progress":"one"}\n{"progress":{"two":2}}\n{"result":"done"}' ]]
  # A client that goes away ends the call at the program.
  rm "$FLEET/go"
  : >"$FLEET/steps.json"
  ip netns exec "$OUT" env --default-signal=INT p2p-ctl call stepped.work --node worker-1 --stream -o json >"$FLEET/steps.json" 2>/dev/null 3>&- &
  pid=$!
  wait_until 20 grep -q '"progress":"one"' "$FLEET/steps.json"
  kill -INT "$pid"
  wait_until 10 grep -q terminated "$FLEET/stepped.log"
  wait_until 10 sh -c "ip netns exec $OUT p2p-logs query --node worker-1 -o json | grep -q worker-1"

  # Killed, it is suspected as soon as the dial back has failed, long before its silence would tell (6 s).
  node_kill worker-1 KILL
  wait_until 4 node_is worker-1 suspected
}
