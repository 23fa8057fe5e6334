# A coordinator with the CA, and a machine with a home of its own that reaches it alone, in network namespaces. After
# cluster.bash.
#
#   [hub] 10.78.0.1 --veth-- 10.78.0.2 [spoke]
#
#   hub_and_spoke_up [KEY: VALUE]...   with these lines in the coordinator's configuration; after need_namespaces
#   hub_and_spoke_down                 in place of fleet_teardown

hub_and_spoke_up() {
  fleet_setup
  HUB="hub-$$" SPOKE="spoke-$$"
  MACHINE=$FLEET/machine
  ip netns add "$HUB"
  ip netns add "$SPOKE"
  ip -n "$HUB" link set lo up
  ip -n "$SPOKE" link set lo up
  ip -n "$HUB" link add eth0 type veth peer name eth0 netns "$SPOKE"
  ip -n "$HUB" addr add 10.78.0.1/24 dev eth0
  ip -n "$SPOKE" addr add 10.78.0.2/24 dev eth0
  ip -n "$HUB" link set eth0 up
  ip -n "$SPOKE" link set eth0 up
  mkdir "$P2P_HOME/config"
  printf '%s\n' 'node_id: coordinator-1' 'coordinator_mode: true' 'advertise_address: 10.78.0.1' 'gossip_interval_min: 1' \
    'gossip_interval_current: 1' 'shutdown_grace_seconds: 3' "$@" >"$P2P_HOME/config/node.yaml"
}

hub_and_spoke_down() {
  fleet_teardown
  local ns
  for ns in "${HUB:-}" "${SPOKE:-}"; do [[ -z $ns ]] || ip netns del "$ns" 2>/dev/null || true; done
}
