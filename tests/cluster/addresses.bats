# p2p-probe list, select, explain and watch in network namespaces, against what iproute2 says and against golden files.
#
#   the specification's scene:   [machine] eth0 192.168.1.100 --veth-- 192.168.1.50 [lan]
#                                          tun0 10.8.0.5, held by a process; on its other end 10.8.0.1
#   beside them on the machine:  br0 (containers), br1 with a port, and a tap
#
# A veth stands for a network card: it has the only default route, so that it counts as one.

load cluster

setup() {
  need_namespaces python3 /dev/net/tun
  FLEET=$(mktemp -d "${BATS_TMPDIR:-/tmp}/p2p-addresses.XXXXXX")
  export P2P_HOME=$FLEET/home
  mkdir -p "$FLEET/run" "$P2P_HOME"
  mkfifo "$FLEET/never"
  unset P2P_COORDINATOR P2P_TOKEN
  MACHINE="machine-$$" LAN="lan-$$"
  ip netns add "$MACHINE"
  ip netns add "$LAN"
  # Without addresses that the kernel makes up itself, lists have the same lines always.
  machine sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
  ip -n "$MACHINE" link set lo up
  ip -n "$LAN" link set lo up
  ip -n "$MACHINE" link add eth0 type veth peer name eth0 netns "$LAN"
  ip -n "$MACHINE" addr add 192.168.1.100/24 dev eth0
  ip -n "$MACHINE" addr add 2001:db8:1::100/64 dev eth0 nodad
  ip -n "$LAN" addr add 192.168.1.50/24 dev eth0
  ip -n "$LAN" addr add 192.168.1.1/24 dev eth0
  ip -n "$LAN" link set eth0 up
  ip -n "$MACHINE" link set eth0 up
  wait_until 10 state_is eth0 up
  ip -n "$MACHINE" route add default via 192.168.1.1
}

teardown() {
  local file ns
  [[ -n ${FLEET:-} && -d $FLEET ]] || return 0
  for file in "$FLEET"/run/*.pid; do
    [[ -e $file ]] && kill -KILL "$(cat "$file")" 2>/dev/null
  done
  for ns in "${MACHINE:-}" "${LAN:-}"; do [[ -z $ns ]] || ip netns del "$ns" 2>/dev/null || true; done
  rm -rf "$FLEET"
}

machine() { ip netns exec "$MACHINE" "$@"; }
state_is() {
  machine p2p-probe list -o json | jq -e --arg name "$1" --arg state "$2" 'any(.[]; .interface == $name and .state == $state)'
}
# background NAME PROGRAM...: on the machine, ended with the test.
background() {
  local name=$1
  shift
  ip netns exec "$MACHINE" "$@" >"$FLEET/$name.out" 2>"$FLEET/$name.log" 3>&- 4>&- <>"$FLEET/never" &
  echo $! >"$FLEET/run/$name.pid"
}

# A tun has a carrier as long as a process holds it; this one answers nobody.
hold_tun() {
  ip -n "$MACHINE" tuntap add tun0 mode tun
  cat >"$FLEET/hold.py" <<'PY'
import fcntl, os, struct, sys
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"tun0", 0x0001 | 0x1000))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
while os.read(tun, 65536):
    pass
PY
  background hold python3 "$FLEET/hold.py"
  ip -n "$MACHINE" addr add 10.8.0.5/24 dev tun0
  ip -n "$MACHINE" link set tun0 up
  wait_until 10 state_is tun0 up
}

containers() {
  ip -n "$MACHINE" link add br0 type bridge
  ip -n "$MACHINE" link add c0 type veth peer name c1
  ip -n "$MACHINE" link set c1 master br0
  ip -n "$MACHINE" addr add 172.17.0.1/16 dev br0
  local link
  for link in br0 c0 c1; do ip -n "$MACHINE" link set "$link" up; done
  ip -n "$MACHINE" tuntap add tap0 mode tap
  ip -n "$MACHINE" addr add 10.99.0.1/24 dev tap0
  wait_until 10 state_is br0 up
}

# golden NAME: compares $output with the file of that name.
golden() { diff -u "$BATS_TEST_DIRNAME/addresses/$1" - <<<"$output"; }

@test "list has the links and addresses that iproute2 has, and the kind of each" {
  hold_tun
  containers
  run -0 --separate-stderr machine p2p-probe list -o json
  local ours theirs
  ours=$(jq -c 'map(select(.address) | "\(.interface) \(.address)/\(.prefix_length)") | sort' <<<"$output")
  theirs=$(ip -n "$MACHINE" -j addr | jq -c '[.[] | .ifname as $name | .addr_info[] | "\($name) \(.local)/\(.prefixlen)"] | sort')
  [[ $ours == "$theirs" ]]
  ours=$(jq -c 'map({interface, kind}) | unique' <<<"$output")
  theirs=$(ip -n "$MACHINE" -d -j link | jq -c 'map({interface: .ifname, kind: (.linkinfo.info_kind // "")}) | unique')
  [[ $ours == "$theirs" ]]
  # A tun and a tap have one kind, and are two things.
  [[ $(jq -r '.[] | select(.interface == "tun0").class' <<<"$output") == vpn ]]
  [[ $(jq -r '.[] | select(.interface == "tap0").class' <<<"$output") == container ]]
  [[ $(ip -n "$MACHINE" -d -j link show tap0 | jq -r '.[0].linkinfo.info_data.type') == tap ]]
  # Names are addresses, so a link without one has none.
  run -0 --separate-stderr machine p2p-probe list -o name
  theirs=$(ip -n "$MACHINE" -j addr | jq -r '.[].addr_info[].local' | sort)
  [[ $(sort <<<"$output") == "$theirs" ]]
}

@test "list and explain print what they always printed" {
  hold_tun
  containers
  run -0 --separate-stderr machine p2p-probe list
  golden list.txt
  run -0 --separate-stderr machine p2p-probe explain 10.8.0.1:8001 192.168.1.50:8001 --no-probe
  golden explain.txt
  run -0 --separate-stderr machine p2p-probe explain --no-probe --advertise 172.17.0.0/16
  golden explain_advertised.txt
}

@test "the specification's scene: each coordinator has its address" {
  hold_tun
  containers
  run -0 --separate-stderr machine p2p-probe select 10.8.0.1:8001 --no-probe
  [[ $output == 10.8.0.5 ]]
  run -0 --separate-stderr machine p2p-probe select 192.168.1.50:8001 --no-probe
  [[ $output == 192.168.1.100 ]]
  # Both ways lead to it: the LAN does without a tunnel, until it is down.
  run -0 --separate-stderr machine p2p-probe explain 10.8.0.1:8001 192.168.1.50:8001 --no-probe -o json
  [[ $(jq -r .address <<<"$output") == 192.168.1.100 ]]
  ip -n "$MACHINE" link set eth0 down
  run -0 --separate-stderr machine p2p-probe explain 10.8.0.1:8001 192.168.1.50:8001 --no-probe -o json
  [[ $(jq -r .address <<<"$output") == 10.8.0.5 ]]
  [[ $(jq -r '.excluded[] | select(.address == "192.168.1.100").why' <<<"$output") == link-down ]]
}

@test "select finds the address from which somebody answers, and says when nobody does" {
  ip netns exec "$LAN" python3 -m http.server 8001 --bind 192.168.1.50 >"$FLEET/http.log" 2>&1 3>&- 4>&- &
  echo $! >"$FLEET/run/http.pid"
  wait_until 10 machine bash -c 'exec 3<>/dev/tcp/192.168.1.50/8001'
  ip -n "$MACHINE" addr add 10.50.0.9/24 dev eth0
  run -0 --separate-stderr machine p2p-probe select 192.168.1.50:8001 -o json
  [[ $(jq -r .address <<<"$output") == 192.168.1.100 ]]
  [[ $(jq -r .path <<<"$output") == works ]]
  run -3 --separate-stderr machine p2p-probe select 192.168.1.50:8002
  [[ -z $output ]]
  [[ $stderr == *"no path leads to 192.168.1.50:8002"* ]]
  run -3 --separate-stderr machine p2p-probe explain 192.168.1.50:8002
  [[ $output == *"192.168.1.100 to 192.168.1.50:8002: nothing listens there (connection refused)"* ]]
}

@test "another machine on the coordinator's address is not chosen, and explain says why" {
  p2p-ca init >"$FLEET/ca.log" 2>&1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=coordinator-1 \
    -keyout "$FLEET/key.pem" -out "$FLEET/cert.pem" 2>/dev/null
  ip netns exec "$LAN" openssl s_server -accept 192.168.1.50:8001 -key "$FLEET/key.pem" -cert "$FLEET/cert.pem" -www \
    >"$FLEET/other.log" 2>&1 3>&- 4>&- <>"$FLEET/never" &
  echo $! >"$FLEET/run/other.pid"
  wait_until 10 machine bash -c 'exec 3<>/dev/tcp/192.168.1.50/8001'
  run -3 --separate-stderr machine p2p-probe select 192.168.1.50:8001
  [[ -z $output ]]
  run -3 --separate-stderr machine p2p-probe explain 192.168.1.50:8001 -o json
  [[ $(jq -r '.excluded[] | select(.address == "192.168.1.100").why' <<<"$output") == foreign-peer ]]
  [[ $(jq -r '.excluded[] | select(.address == "192.168.1.100").reason' <<<"$output") == *192.168.1.50:8001* ]]
  [[ $(jq -r '.candidates | map(.address) | index("192.168.1.100")' <<<"$output") == null ]]
}

@test "one option names an interface or an own address, for check as for select and explain" {
  ip -n "$MACHINE" addr add 192.168.1.101/24 dev eth0
  local option
  for option in --source --interface; do
    run -0 --separate-stderr machine p2p-probe select --no-probe "$option" eth0
    [[ $output == 192.168.1.100 ]]
    run -0 --separate-stderr machine p2p-probe select --no-probe "$option" 192.168.1.101
    [[ $output == 192.168.1.101 ]]
    run -0 --separate-stderr machine p2p-probe explain --no-probe "$option" 192.168.1.101 -o json
    [[ $(jq -r '.excluded[] | select(.address == "192.168.1.100") | .why + ": " + .reason' <<<"$output") == "not-asked: only 192.168.1.101 is asked for" ]]
    [[ $(jq -r '.candidates[0].rule' <<<"$output") == local-private || $(jq -r '.candidates[0].rule' <<<"$output") == routed-private ]]
    run -3 --separate-stderr machine p2p-probe check "$option" 192.168.1.101 "$option" 2001:db8:1::100 192.168.1.50:9 -o json
    [[ $(jq -c 'map(.source)' <<<"$output") == '["192.168.1.101"]' ]]
    run -2 --separate-stderr machine p2p-probe select "$option" 192.168.1.77
    [[ $stderr == *'this machine has no address "192.168.1.77"'* ]]
  done
}

@test "explain says of each path that was not tried why not" {
  run -3 --separate-stderr machine p2p-probe explain 192.168.1.50:8002
  [[ $output == *"2001:db8:1::100 to 192.168.1.50:8002: not tried: one is IPv4, the other IPv6"* ]]
  run -0 --separate-stderr machine p2p-probe explain --no-probe 192.168.1.50:8002
  [[ $output == *"no path was tried: --no-probe was given"* ]]
}

@test "a link-local address is shown with its zone, and is of use with it" {
  ip -n "$MACHINE" addr add fe80::100/64 dev eth0 nodad
  ip -n "$LAN" addr add fe80::50/64 dev eth0 nodad
  ip netns exec "$LAN" python3 -m http.server 8001 --bind fe80::50%eth0 >"$FLEET/http6.log" 2>&1 3>&- 4>&- &
  echo $! >"$FLEET/run/http6.pid"
  run -0 --separate-stderr machine p2p-probe list -o json
  jq -e 'any(.[]; .address == "fe80::100%eth0")' <<<"$output"
  wait_until 10 machine p2p-probe check --any '[fe80::50%eth0]:8001'
  run -0 --separate-stderr machine p2p-probe check --any --source fe80::100%eth0 '[fe80::50%eth0]:8001' -o json
  [[ $(jq -c '.[0] | [.source, .interface, .target, .good]' <<<"$output") == '["fe80::100%eth0","eth0","[fe80::50%eth0]:8001",true]' ]]
  run -0 --separate-stderr machine p2p-probe select '[fe80::50%eth0]:8001'
  [[ $output == fe80::100%eth0 ]]
}

@test "wrong words are exit status 2, and no address is 5" {
  run -2 --separate-stderr machine p2p-probe select --interface nosuch
  [[ $stderr == *'this machine has no interface "nosuch"'* ]]
  run -2 --separate-stderr machine p2p-probe select --advertise 10.0.0.0/40
  run -2 --separate-stderr machine p2p-probe select --interface eth0 --advertise eth0
  run -2 --separate-stderr machine p2p-probe explain 'a b'
  run -0 --separate-stderr machine p2p-probe select --interface eth0
  [[ $output == 192.168.1.100 ]]
  run -5 --separate-stderr machine p2p-probe select --advertise 10.77.0.0/16
}

@test "watch shows that an address was removed and added, and what is best then" {
  ip -n "$MACHINE" addr add 192.168.1.101/24 dev eth0
  background watch p2p-probe watch -o json
  wait_until 10 grep -q '"event":"best"' "$FLEET/watch.out"
  ip -n "$MACHINE" addr del 192.168.1.100/24 dev eth0
  wait_until 10 sees '.event == "address-removed" and .address == "192.168.1.100/24" and .interface == "eth0"'
  ip -n "$MACHINE" addr add 192.168.1.102/24 dev eth0
  wait_until 10 sees '.event == "address-added" and .address == "192.168.1.102/24"'
  ip -n "$MACHINE" link set eth0 down
  wait_until 10 sees '.event == "link-down" and .interface == "eth0"'
  wait_until 10 sees '.event == "best" and .address == null'
  kill -INT "$(cat "$FLEET/run/watch.pid")"
  local code=0
  wait "$(cat "$FLEET/run/watch.pid")" || code=$?
  rm "$FLEET/run/watch.pid"
  [[ $code == 130 ]]
}

@test "watch goes on when the interface that it was asked for is removed" {
  ip -n "$MACHINE" link add v0 type veth peer name v1
  ip -n "$MACHINE" addr add 10.50.0.9/24 dev v0
  ip -n "$MACHINE" link set v0 up
  ip -n "$MACHINE" link set v1 up
  wait_until 10 state_is v0 up
  background watch p2p-probe watch --source v0 -o json
  wait_until 10 sees '.event == "best" and .address == "10.50.0.9"'
  ip -n "$MACHINE" link del v0
  wait_until 10 sees '.event == "best" and .address == null'
  kill -0 "$(cat "$FLEET/run/watch.pid")"
}

@test "watch says that an interface has another name, or belongs to a bridge" {
  ip -n "$MACHINE" link add v0 type veth peer name v1
  ip -n "$MACHINE" link add br0 type bridge
  ip -n "$MACHINE" addr add fe80::9/64 dev v0 nodad
  background watch p2p-probe watch -o json
  wait_until 10 sees '.event == "best"'
  ip -n "$MACHINE" link set v0 name wan0
  wait_until 10 sees '.event == "link-changed" and .interface == "wan0" and .message == "v0 is called wan0 now"'
  ip -n "$MACHINE" link set wan0 master br0
  wait_until 10 sees '.event == "link-changed" and .message == "wan0 is a port of br0 now"'
  ip -n "$MACHINE" link set wan0 nomaster
  wait_until 10 sees '.event == "link-changed" and .message == "wan0 is a port of nothing any more"'
  # Its addresses are the same.
  run ! sees '.event == "address-removed" or .event == "address-added"'
}
sees() { jq -es "any(.[]; $1)" "$FLEET/watch.out"; }

@test "after notices were lost everything is read anew" {
  background watch p2p-probe watch -o json
  wait_until 10 grep -q '"event":"best"' "$FLEET/watch.out"
  local pid
  pid=$(cat "$FLEET/run/watch.pid")
  kill -STOP "$pid"
  # More than fits in its socket while it does not read.
  local i
  for ((i = 0; i < 3000; ++i)); do printf 'link set eth0 down\nlink set eth0 up\n'; done | ip -n "$MACHINE" -batch -
  [[ $(machine awk 'NR > 1 { drops += $9 } END { print drops }' /proc/net/netlink) -gt 0 ]]
  ip -n "$MACHINE" addr add 192.168.2.103/24 dev eth0
  ip -n "$MACHINE" addr del 192.168.1.100/24 dev eth0
  kill -CONT "$pid"
  wait_until 10 sees '.event == "address-added" and .address == "192.168.2.103/24"'
  wait_until 10 sees '.event == "address-removed" and .address == "192.168.1.100/24"'
  wait_until 10 best_is 192.168.2.103
}
best_is() { [[ $(jq -rs 'map(select(.event == "best")) | last.address' "$FLEET/watch.out") == "$1" ]]; }

@test "a node says that the machine has more routes than it looks at" {
  p2p-ca init >"$FLEET/ca.log" 2>&1
  local i
  for ((i = 0; i < 4200; ++i)); do
    echo "route add 100.64.$((i / 250)).$((i % 250))/32 dev eth0"
  done | ip -n "$MACHINE" -batch -
  mkdir -p "$P2P_HOME/config"
  printf '%s\n' 'node_id: coordinator-1' 'coordinator_mode: true' >"$P2P_HOME/config/node.yaml"
  start_home "$MACHINE" coordinator-1 "$P2P_HOME"
  wait_until 10 grep -q 'WARNING.* this machine has more than 4096 routes' "$FLEET/coordinator-1.log"
}
