# The specification's scene of a machine with two ways to its coordinator, in network namespaces. After cluster.bash.
#
#   [machine] eth0 192.168.1.100 --veth-- eth0 192.168.1.50, 192.168.1.1 [lan]
#             tun0 10.8.0.5      --tun--- tun0 10.8.0.1
#
# The coordinator is in the lan. The two ends of the tunnel are held by processes that pass packets to each other; a veth stands
# for a network card: it has the only default route, so that it counts as one.
#
#   scene_up, scene_down   after need_namespaces and fleet_setup; in place of fleet_teardown
#   coordinator_apart      puts the coordinator behind the tunnel alone
#   fleet_of_two           a coordinator and a worker that knows it by the addresses given
#   announced              what the coordinator knows of the worker's addresses

namespace_up() {
  ip netns add "$1"
  ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip -n "$1" link set lo up
}

scene_up() {
  MACHINE="machine-$$" LAN="lan-$$"
  namespace_up "$MACHINE"
  namespace_up "$LAN"
  ip -n "$MACHINE" link add eth0 type veth peer name eth0 netns "$LAN"
  ip -n "$LAN" addr add 192.168.1.50/24 dev eth0
  ip -n "$LAN" addr add 192.168.1.1/24 dev eth0
  ip -n "$LAN" link set eth0 up
  lan_comes
  tunnel_comes
}
scene_down() {
  fleet_teardown
  local ns
  for ns in "${MACHINE:-}" "${LAN:-}" "${HUB:-}"; do [[ -z $ns ]] || ip netns del "$ns" 2>/dev/null || true; done
}

machine() { ip netns exec "$MACHINE" "$@"; }
lan() { ip netns exec "$LAN" "$@"; }
# Where the coordinator is.
far() { ip netns exec "${HUB:-$LAN}" "$@"; }
is_up() { ip netns exec "$1" p2p-probe list -o json | jq -e --arg name "$2" 'any(.[]; .interface == $name and .state == "up")'; }

lan_comes() {
  ip -n "$MACHINE" addr add 192.168.1.100/24 dev eth0
  ip -n "$MACHINE" link set eth0 up
  ip -n "$MACHINE" route add default via 192.168.1.1
  wait_until 10 is_up "$MACHINE" eth0
}

tunnel_comes() {
  cat >"$FLEET/tunnel.py" <<'PY'
import fcntl, os, select, socket, struct, sys
own, other = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"tun0", 0x0001 | 0x1000))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
between = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
between.bind(own)
while True:
    for ready in select.select([tun, between], [], [])[0]:
        try:
            if ready is between: os.write(tun, between.recv(65536))
            else: between.sendto(os.read(tun, 65536), other)
        except OSError:  # an end that is down
            pass
PY
  background "$MACHINE" a python3 "$FLEET/tunnel.py" "$FLEET/a.sock" "$FLEET/b.sock"
  wait_until 10 test -S "$FLEET/a.sock"
  ip -n "$MACHINE" addr add 10.8.0.5/24 dev tun0
  ip -n "$MACHINE" link set tun0 up
  tunnel_ends_in "$LAN"
  wait_until 10 is_up "$MACHINE" tun0
}
tunnel_ends_in() {
  background "$1" b python3 "$FLEET/tunnel.py" "$FLEET/b.sock" "$FLEET/a.sock"
  wait_until 10 test -S "$FLEET/b.sock"
  ip -n "$1" addr add 10.8.0.1/24 dev tun0
  ip -n "$1" link set tun0 up
}
# The coordinator is another machine than those on the LAN.
coordinator_apart() {
  node_kill b
  rm "$FLEET/b.sock"
  HUB="hub-$$"
  namespace_up "$HUB"
  tunnel_ends_in "$HUB"
}
# background NAMESPACE NAME PROGRAM...: ended with the nodes.
background() {
  local ns=$1 name=$2
  shift 2
  ip netns exec "$ns" "$@" >"$FLEET/$name.out" 2>"$FLEET/$name.log" 3>&- 4>&- <>"$FLEET/never" &
  echo $! >"$FLEET/run/$name.pid"
}

start_in() {
  : >"$FLEET/$2.log"
  ip netns exec "$1" "$P2P_BIN_DIR/p2p-node" --config "$FLEET/$2.yaml" >"$FLEET/$2.out" 2>"$FLEET/$2.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/$2.pid"
  wait_until 20 listening "$2"
}

# fleet_of_two COORDINATOR-ADDRESSES [key: value]...: the worker knows the coordinator by these, as YAML.
fleet_of_two() {
  local name
  for name in coordinator-1 worker-1; do echo 8001 >"$FLEET/run/$name.port"; done
  p2p-ca sign coordinator-1 --role coordinator --san 10.8.0.1 --san 192.168.1.50 >"$FLEET/ca.log" 2>&1
  p2p-ca sign worker-1 >>"$FLEET/ca.log" 2>&1
  mkdir -p "$P2P_HOME/services/coordinator-1" "$P2P_HOME/services/worker-1"
  node_config coordinator-1 coordinator
  node_config worker-1 worker "${@:2}"
  sed -i "s/^bind_address: .*/bind_address: 0.0.0.0/; s/^coordinator_addresses: .*/coordinator_addresses: $1/" "$FLEET"/*-1.yaml
  start_in "${HUB:-$LAN}" coordinator-1
  start_in "$MACHINE" worker-1
  export P2P_COORDINATOR=10.8.0.1:8001
  wait_until 20 node_is worker-1 alive
}
node_is() {
  [[ $(far p2p-ctl nodes -o json | jq -r --arg n "$1" '.[] | select(.node_id == $n) | .status') == "$2" ]]
}
# What the coordinator knows of the worker.
announced() { far p2p-ctl nodes -o json | jq -r '.[] | select(.node_id == "worker-1") | .addresses | join(" ")'; }
announces_first() { [[ $(announced) == "$1:8001"* ]]; }
# The far end of the link that the worker keeps: the address that it comes from.
link_from() { machine ss -Htn state established dport = :8001 | awk -v from="$1:" 'index($3, from) == 1 { found = 1 } END { exit !found }'; }
