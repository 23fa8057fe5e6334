# A worker with a LAN and a tunnel: which of its addresses the fleet is told, and that it follows the network while calls go on.
# The scene is in two_networks.bash.

load cluster
load two_networks

setup() {
  need_namespaces nft python3 /dev/net/tun
  fleet_setup
  scene_up
}

teardown() { scene_down; }

# Calls one after the other until the file stop is there; each one's exit status and how long it took, in ms.
begin_calls() {
  rm -f "$FLEET/stop"
  : >"$FLEET/calls"
  # shellcheck disable=SC2016
  far bash -c 'until [[ -e $FLEET/stop || ! -d $FLEET ]]; do
    begin=${EPOCHREALTIME/./} code=0
    p2p-ctl call system.ping --node worker-1 >/dev/null 2>>"$FLEET/call_errors.log" || code=$?
    echo "$code $(((${EPOCHREALTIME/./} - begin) / 1000))" >>"$FLEET/calls"
  done' 3>&- 4>&- &
  echo $! >"$FLEET/run/calls.pid"
  wait_until 20 calls_made 5
}
calls_made() { [[ $(wc -l <"$FLEET/calls") -ge $1 ]]; }
more_calls() { wait_until 30 calls_made $(($(wc -l <"$FLEET/calls") + $1)); }
# All were answered, and none waited until a link that says nothing is given up (15 s), let alone for its own time (30 s).
end_calls() {
  touch "$FLEET/stop"
  wait "$(pid_of calls)"
  rm "$FLEET/run/calls.pid"
  awk '$1 != 0 || $2 >= 15000 { bad = 1 } END { exit bad }' "$FLEET/calls" || { cat "$FLEET/calls" "$FLEET/call_errors.log"; return 1; }
}

@test "a coordinator in the tunnel is told the tunnel's address, with every other in the list, in the certificate and in the metrics" {
  # Behind the tunnel alone.
  lan nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in iifname "eth0" ip daddr 10.8.0.1 drop'
  fleet_of_two '["10.8.0.1:8001"]'
  wait_until 10 announces_first 10.8.0.5
  [[ $(announced) == "10.8.0.5:8001 192.168.1.100:8001" ]]
  grep -q 'Addresses.*announces 10.8.0.5: .*10.8.0.0/24.*(rule same-subnet)' "$FLEET/worker-1.log"
  wait_until 10 certificate_names 10.8.0.5
  wait_until 10 certificate_names 192.168.1.100
  run -0 machine curl -sf --cacert "$P2P_HOME/certs/ca_cert.pem" https://127.0.0.1:8001/metrics
  grep -q 'p2p_announced_address{address="10.8.0.5",interface="tun0",rule="same-subnet"} 1' <<<"$output"
}

certificate_names() { openssl x509 -in "$P2P_HOME/certs/worker-1_cert.pem" -noout -ext subjectAltName | grep -E "IP Address:$1(,|\$)"; }

@test "a coordinator on the LAN is told the LAN's address" {
  fleet_of_two '["192.168.1.50:8001"]'
  wait_until 10 announces_first 192.168.1.100
  [[ $(announced) == "192.168.1.100:8001 10.8.0.5:8001" ]]
}

@test "the tunnel goes down while both ways exist: it changes over, and calls go on" {
  # The LAN's router has a way to the coordinator's address in the tunnel: it is the same machine.
  fleet_of_two '["10.8.0.1:8001"]'
  wait_until 10 announces_first 10.8.0.5
  begin_calls
  ip -n "$MACHINE" link set tun0 down
  wait_until 10 announces_first 192.168.1.100
  [[ $(announced) == "192.168.1.100:8001" ]]
  grep -q 'announces 192.168.1.100 instead of 10.8.0.5: ' "$FLEET/worker-1.log"
  more_calls 10
  end_calls
  node_is worker-1 alive
}

@test "what loses its address is dialled anew, a better address is taken, and calls go on through both" {
  # Neither way leads to the other address of the coordinator.
  lan nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in iifname "eth0" ip daddr 10.8.0.1 drop'
  fleet_of_two '["192.168.1.50:8001", "10.8.0.1:8001"]'
  wait_until 10 announces_first 192.168.1.100
  wait_until 10 link_from 192.168.1.100
  begin_calls
  ip -n "$MACHINE" addr del 192.168.1.100/24 dev eth0
  wait_until 10 announces_first 10.8.0.5
  wait_until 10 link_from 10.8.0.5
  more_calls 10
  ip -n "$MACHINE" addr add 192.168.1.100/24 dev eth0
  ip -n "$MACHINE" route replace default via 192.168.1.1
  # Not before the last change is 10 s old.
  wait_until 30 announces_first 192.168.1.100
  wait_until 10 link_from 192.168.1.100
  more_calls 10
  end_calls
  [[ $(grep -c 'Addresses.* announces ' "$FLEET/worker-1.log") == 3 ]]
  run ! grep -q 'the link to coordinator-1 broke.*another link' "$FLEET/worker-1.log"
}

@test "a way that swallows everything is noticed by the link and left, what waits there is tried again, and calls go on" {
  lan nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in iifname "eth0" ip daddr 10.8.0.1 drop'
  fleet_of_two '["192.168.1.50:8001", "10.8.0.1:8001"]'
  wait_until 10 announces_first 192.168.1.100
  wait_until 10 link_from 192.168.1.100
  begin_calls
  # Neither side is told: the carrier stays.
  lan nft 'add table ip dead; add chain ip dead in { type filter hook input priority -10; }; add rule ip dead in iifname "eth0" drop'
  # The silence limit of the link would take longer than this.
  wait_until 12 announces_first 10.8.0.5
  wait_until 10 link_from 10.8.0.5
  wait_until 10 not_from 192.168.1.100
  grep -q 'announces 10.8.0.5 instead of 192.168.1.100: the connection from 192.168.1.100 is dead' "$FLEET/worker-1.log"
  more_calls 10
  end_calls
  node_is worker-1 alive
}

not_from() { ! link_from "$1"; }

@test "with prefer_vpn the tunnel's address is announced first, though the LAN leads there as well" {
  fleet_of_two '["192.168.1.50:8001", "10.8.0.1:8001"]' "prefer_vpn: true"
  wait_until 10 announces_first 10.8.0.5
  grep -q 'announces 10.8.0.5: .*(rule vpn-policy)' "$FLEET/worker-1.log"
  run -0 --separate-stderr machine p2p-probe select --config "$FLEET/worker-1.yaml"
  [[ $output == 10.8.0.5 ]]
}

@test "another machine on the coordinator's address is not what the choice goes by" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=coordinator-1 \
    -addext subjectAltName=URI:spiffe://p2p/coordinator/coordinator-1 \
    -keyout "$FLEET/foreign_key.pem" -out "$FLEET/foreign.pem" 2>/dev/null
  coordinator_apart
  background "$LAN" foreign openssl s_server -accept 192.168.1.50:8001 -cert "$FLEET/foreign.pem" -key "$FLEET/foreign_key.pem" -www
  wait_until 10 machine bash -c 'exec 3<>/dev/tcp/192.168.1.50/8001'
  fleet_of_two '["192.168.1.50:8001", "10.8.0.1:8001"]'
  wait_until 10 announces_first 10.8.0.5
  [[ $(announced) == "10.8.0.5:8001" ]]
}

@test "ten thousand notices of links change nothing that is announced" {
  fleet_of_two '["10.8.0.1:8001"]'
  wait_until 10 announces_first 10.8.0.5
  local before i
  before=$(announced)
  ip -n "$MACHINE" link add v0 type veth peer name v1
  for ((i = 0; i < 2500; ++i)); do printf 'link set v0 up\nlink set v1 up\nlink set v0 down\nlink set v1 down\n'; done | ip -n "$MACHINE" -batch -
  # What comes last is seen, so all before was.
  ip -n "$MACHINE" addr add 192.168.1.101/24 dev eth0
  wait_until 10 lists 192.168.1.101:8001
  [[ $(announced) == "10.8.0.5:8001"* ]]
  [[ $(grep -c 'Addresses.* announces ' "$FLEET/worker-1.log") == 1 ]]
  run ! grep -q 'the link to .* broke' "$FLEET/worker-1.log"
}
lists() { [[ " $(announced) " == *" $1 "* ]]; }

@test "without probes the kernel's word decides, and what the operator or the bind address says holds" {
  fleet_of_two '["10.8.0.1:8001"]' "enable_address_probing: false" "log_level: DEBUG"
  wait_until 10 announces_first 10.8.0.5
  ip -n "$MACHINE" link set tun0 down
  wait_until 10 announces_first 192.168.1.100
  ip -n "$MACHINE" link set tun0 up
  wait_until 10 announces_first 10.8.0.5
  run ! grep -q "10.8.0.5 to 10.8.0.1:8001" "$FLEET/worker-1.log"
  local value
  for value in "advertise_address: 192.0.2.7:9001" "advertise_address: 192.168.0.0/16" "advertise_address: tun0"; do
    node_kill worker-1 TERM
    sed -i '/^advertise_address:/d' "$FLEET/worker-1.yaml"
    echo "$value" >>"$FLEET/worker-1.yaml"
    start_in "$MACHINE" worker-1
    case $value in
      *192.0.2.7*) wait_until 10 announces 192.0.2.7:9001 ;;
      *192.168*) wait_until 10 announces 192.168.1.100:8001 ;;
      *tun0) wait_until 10 announces 10.8.0.5:8001 ;;
    esac
  done
  node_kill worker-1 TERM
  sed -i '/^advertise_address:/d; s/^bind_address: .*/bind_address: 10.8.0.5/' "$FLEET/worker-1.yaml"
  start_in "$MACHINE" worker-1
  wait_until 10 announces 10.8.0.5:8001
}
announces() { [[ $(announced) == "$1" ]]; }
