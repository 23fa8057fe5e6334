# p2p-probe check: every path, who answers there, and the way back.
# The scene is in hub_and_spoke.bash; some tests give the spoke 10.78.0.9 too.

load cluster
load hub_and_spoke

setup() {
  need_namespaces nft
  hub_and_spoke_up "rate_limit_default_requests: 1000000" "rate_limit_default_burst: 100000" \
    "rate_limit_health_requests: 1000000" "rate_limit_health_burst: 100000"
  # The kernel tells a moment later that there is a carrier.
  wait_until 10 is_up "$HUB"
  wait_until 10 is_up "$SPOKE"
}
is_up() { ip netns exec "$1" p2p-probe list -o json | jq -e 'any(.[]; .interface == "eth0" and .state == "up")'; }

teardown() { hub_and_spoke_down; }

hub() { ip netns exec "$HUB" "$@"; }
spoke() { ip netns exec "$SPOKE" env -u P2P_COORDINATOR P2P_HOME="$MACHINE" "$@"; }
# A machine that has joined, whose node does not run.
joined() { p2p-ca invite worker-2 --coordinator 10.78.0.1:8001 2>/dev/null | spoke p2p-node join - >/dev/null 2>&1; }
# run_in NAMESPACE NAME PROGRAM...: in the background, ended with the nodes.
run_in() {
  local ns=$1 name=$2
  shift 2
  ip netns exec "$ns" "$@" >"$FLEET/$name.log" 2>&1 3>&- 4>&- <>"$FLEET/never" &
  echo $! >"$FLEET/run/$name.pid"
}
answers() { ip netns exec "$1" bash -c "exec 3<>/dev/tcp/$2/$3"; }
# field NAME: of each path that was tried.
field() { jq -c "[.[] | .$1]" <<<"$output"; }

@test "a node sees each of its addresses used, itself as it is seen, and that it is dialled back" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  joined
  start_home "$SPOKE" worker-2 "$MACHINE"
  ip -n "$SPOKE" addr add 10.78.0.9/24 dev eth0
  run -0 --separate-stderr spoke p2p-probe check -o json
  [[ $(field source) == '["10.78.0.2","10.78.0.9"]' ]]
  [[ $(field interface) == '["eth0","eth0"]' ]]
  [[ $(field target) == '["10.78.0.1:8001","10.78.0.1:8001"]' ]]
  [[ $(field peer) == '["expected","expected"]' ]]
  [[ $(field peer_name) == '["coordinator-1","coordinator-1"]' ]]
  [[ $(field reached) == '["healthy","healthy"]' ]]
  [[ $(field seen_as) == '["10.78.0.2","10.78.0.9"]' ]]
  [[ $(field dials_back) == '[true,true]' ]]
  jq -e 'all(.[]; .round_trip_ms > 0 and .failure == null)' <<<"$output"
  run -0 --separate-stderr spoke p2p-probe check --source 10.78.0.9
  [[ ${#lines[@]} == 2 ]]
  [[ ${lines[1]} =~ ^10\.78\.0\.9\ +eth0\ +10\.78\.0\.1:8001\ +yes\ +yes\ +coordinator-1\ +[0-9.]+\ ms\ +10\.78\.0\.9\ +yes$ ]]
}

@test "that nobody can dial in is told beside a path that works" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  joined
  # Its node does not run.
  run -0 --separate-stderr spoke p2p-probe check
  [[ ${lines[1]} == *" no" ]]
  [[ ${lines[2]} == "10.78.0.2 to 10.78.0.1:8001: it cannot dial back: 10.78.0.2:8001: Connection refused" ]]
  # It runs, behind a firewall.
  start_home "$SPOKE" worker-2 "$MACHINE"
  ip netns exec "$SPOKE" nft -f - <<'RULES'
table ip filter {
  chain in { type filter hook input priority 0; iifname "eth0" ct state new drop; }
}
RULES
  run -0 --separate-stderr spoke p2p-probe check -o json
  [[ $(field reached) == '["healthy"]' ]]
  [[ $(field dials_back) == '[false]' ]]
  [[ $(field failure) == *"10.78.0.2:8001: no answer within "* ]]
}

@test "behind NAT it is seen as the router, which is dialled in its place" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  joined
  # The spoke is its own router: what goes out has another address than what it sends from.
  ip -n "$SPOKE" addr add 192.168.77.2/32 dev lo
  ip -n "$SPOKE" addr add 10.78.0.3/24 dev eth0
  ip netns exec "$SPOKE" nft -f - <<'RULES'
table ip nat {
  chain out { type nat hook postrouting priority 100; ip saddr 192.168.77.2 snat to 10.78.0.3; }
}
RULES
  run -0 --separate-stderr spoke p2p-probe check --source 192.168.77.2 -o json
  [[ $(field seen_as) == '["10.78.0.3"]' ]]
  [[ $(field dials_back) == '[false]' ]]
  [[ $(field failure) == *"10.78.0.3:8001"* ]]
}

@test "an address that the coordinator sees as another is one-way, whoever answers the dial back, and explain says so" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  joined
  # A network of containers, masqueraded as an address of the spoke, at which the same node answers.
  ip -n "$SPOKE" link add c0 type veth peer name c1
  ip -n "$SPOKE" addr add 192.168.77.2/24 dev c0
  ip -n "$SPOKE" link set c0 up
  ip -n "$SPOKE" link set c1 up
  ip -n "$SPOKE" addr add 10.78.0.3/24 dev eth0
  ip netns exec "$SPOKE" nft -f - <<'RULES'
table ip nat {
  chain out { type nat hook postrouting priority 100; ip saddr 192.168.77.2 snat to 10.78.0.3; }
}
RULES
  start_home "$SPOKE" worker-2 "$MACHINE"
  run -0 --separate-stderr spoke p2p-probe check --interface c0 -o json
  [[ $(field seen_as)$(field dials_back) == '["10.78.0.3"][true]' ]]
  run -0 --separate-stderr spoke p2p-probe explain -o json
  jq -e '.candidates[] | select(.address == "192.168.77.2") | .path == "one-way" and .seen_as == "10.78.0.3"' <<<"$output"
  jq -e '.candidates[] | select(.address == "10.78.0.2") | .path == "works" and .seen_as == null' <<<"$output"
  run -0 --separate-stderr spoke p2p-probe explain
  [[ $output == *"192.168.77.2 "*"one-way"*"; the coordinator sees it as 10.78.0.3"* ]]
}

@test "another machine on the coordinator's address is foreign, and is told nothing" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  joined
  node_kill coordinator-1 TERM
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=coordinator-1 \
    -addext subjectAltName=URI:spiffe://p2p/coordinator/coordinator-1 \
    -keyout "$FLEET/foreign_key.pem" -out "$FLEET/foreign.pem" 2>/dev/null
  run_in "$HUB" s_server openssl s_server -accept 8001 -cert "$FLEET/foreign.pem" -key "$FLEET/foreign_key.pem" -alpn p2p/1 -www
  wait_until 10 answers "$SPOKE" 10.78.0.1 8001
  run -3 --separate-stderr spoke p2p-probe check
  [[ ${lines[1]} =~ \ yes\ +no\ +foreign\  ]]
  [[ ${lines[2]} == "10.78.0.2 to 10.78.0.1:8001: something else answers there: the certificate of \"coordinator-1\" is refused: self-signed certificate" ]]
  [[ $stderr == *"no path leads to 10.78.0.1:8001"* ]]
  # Who does not care is told that TLS answers.
  run -0 --separate-stderr spoke p2p-probe check --any -o json
  [[ $(field reached) == '["tls"]' ]]
  [[ $(field peer) == '["unknown"]' ]]
}

@test "unreachable is 3, with the reason; what makes no sense is 2" {
  run -3 --separate-stderr spoke p2p-probe check 10.78.0.1:9
  [[ $output == *"10.78.0.2 to 10.78.0.1:9: nothing listens there (connection refused)"* ]]
  [[ $stderr == *"no path leads to 10.78.0.1:9"* ]]
  run -3 --separate-stderr spoke p2p-probe check --timeout 200ms 10.78.0.77:9
  run -3 --separate-stderr spoke p2p-probe check 10.99.0.1:9
  [[ $output == *"10.78.0.2 to 10.99.0.1:9: no way leads there from this address (Network is unreachable)"* ]]
  run -3 --separate-stderr spoke p2p-probe check '[2001:db8::1]:9'
  [[ $output == *"no address of this machine is of its kind"* ]]
  # One that works does not make up for one that does not.
  run_in "$HUB" listener openssl s_server -accept 7 -nocert -www
  wait_until 10 answers "$SPOKE" 10.78.0.1 7
  run -0 --separate-stderr spoke p2p-probe check 10.78.0.1:7
  run -0 --separate-stderr spoke p2p-probe check '[::ffff:10.78.0.1]:7'
  [[ $output == *'10.78.0.1:7 '* ]]
  run -3 --separate-stderr spoke p2p-probe check 10.78.0.1:7 10.78.0.1:9
  [[ $stderr == *"no path leads to 10.78.0.1:9"* ]]
  run -2 spoke p2p-probe check --source eth7 10.78.0.1:7
  [[ $output == *'this machine has no interface "eth7"'* ]]
  run -2 spoke p2p-probe check --source 10.78.0.1 10.78.0.1:7
  run -2 spoke p2p-probe check --timeout 1 10.78.0.1:7
  [[ $output == *"--timeout"*"500ms"* ]]
  for command in check select explain; do
    run -2 spoke p2p-probe "$command" --timeout 0s 10.78.0.1:7
    [[ $output == *"--timeout must be more than nothing"* ]]
  done
  run -3 --separate-stderr spoke p2p-probe check nobody.invalid:7
  # Here no name server is to be reached.
  [[ $output == *"the name nobody.invalid could not be looked up now: no name server answers"* ]]
  [[ $stderr == *"no path leads to nobody.invalid:7 (the name nobody.invalid could not be looked up now: no name server answers)"* ]]
  run -2 spoke p2p-probe check 10.78.0.1:port
  for command in check select explain; do
    run -2 spoke p2p-probe "$command" '[fe80::1%nosuch]:7'
    [[ $output == *'this machine has no interface "nosuch"'* ]]
  done
  run -2 spoke p2p-probe check --node '../x' 10.78.0.1:7
  run -2 spoke p2p-probe check --node worker-1 --any 10.78.0.1:7
  run -2 spoke p2p-probe check --config "$FLEET/nothing.yaml"
}

@test "that a name server is silent is said of the lookup, not of the machine" {
  echo "nameserver 10.78.0.77" >"$FLEET/resolv.conf"
  # shellcheck disable=SC2016
  local silently=(unshare -m sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' sh "$FLEET/resolv.conf")
  run -3 --separate-stderr spoke "${silently[@]}" p2p-probe check --timeout 400ms coordinator.example:8001
  [[ $stderr == *"no path leads to coordinator.example:8001 (the lookup of coordinator.example: no answer within 200 ms)"* ]]
  run -6 --separate-stderr spoke "${silently[@]}" p2p-probe select --timeout 400ms coordinator.example:8001
  [[ $stderr == *"the lookup of coordinator.example: no answer within 400 ms"* ]]
}

@test "an address that is on two interfaces is told of each; an interface that is down has none, for check as for select" {
  ip -n "$SPOKE" link add c0 type veth peer name c1
  ip -n "$SPOKE" addr add 10.78.0.2/32 dev c0
  ip -n "$SPOKE" link set c0 up
  ip -n "$SPOKE" link set c1 up
  run_in "$HUB" listener openssl s_server -accept 7 -nocert -www
  wait_until 10 answers "$SPOKE" 10.78.0.1 7
  run -0 --separate-stderr spoke p2p-probe check 10.78.0.1:7 -o json
  [[ $(jq -c 'map([.source, .interface]) | sort' <<<"$output") == '[["10.78.0.2","c0"],["10.78.0.2","eth0"]]' ]]
  ip -n "$SPOKE" link set c0 down
  local command
  for command in check select explain; do
    run -5 --separate-stderr spoke p2p-probe "$command" --source c0 10.78.0.1:7
    [[ $stderr == *"no address of this machine can be used"* ]]
    # Who reads the explanation is not sent to it.
    [[ $command == explain ]] || [[ $stderr == *"p2p-probe explain says why"* ]]
    [[ $command != explain || $stderr != *"p2p-probe explain"* ]]
  done
}

@test "watch ends when nobody reads what it prints, or it cannot be written" {
  run -0 --separate-stderr spoke bash -c 'set -o pipefail; timeout 20 p2p-probe watch 10.78.0.1:9 | head -n 1'
  [[ $output == *'the best address is 10.78.0.2'* ]]
  run -1 --separate-stderr spoke bash -c 'timeout 20 p2p-probe watch 10.78.0.1:9 >/dev/full'
}

@test "an operator and a token are told how they are seen, and nobody dials them" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  cp -r "$P2P_HOME" "$FLEET/desk"
  rm -r "$FLEET/desk/config" "$FLEET/desk/data"
  MACHINE=$FLEET/desk
  run -0 --separate-stderr spoke p2p-probe check 10.78.0.1 -o json
  [[ $(field seen_as)$(field dials_back) == '["10.78.0.2"][null]' ]]
  hub env P2P_COORDINATOR=10.78.0.1:8001 p2p-ctl token create --sub probe --scope cluster:read 2>/dev/null >"$FLEET/token"
  P2P_TOKEN=$(cat "$FLEET/token") run -0 --separate-stderr spoke p2p-probe check 10.78.0.1 -o json
  [[ $(field peer_name)$(field seen_as)$(field dials_back) == '["coordinator-1"]["10.78.0.2"][null]' ]]
  # Asked for all the same.
  run -0 --separate-stderr spoke curl -sf --cacert "$MACHINE/certs/ca_cert.pem" --connect-to coordinator-1:8001:10.78.0.1:8001 \
    -H "Authorization: Bearer $(cat "$FLEET/token")" -d '{"port":8001}' https://coordinator-1:8001/cluster/dial-back
  [[ $(jq -c .dials_back,.failure <<<"$output") == $'null\n"only a node with its own certificate is dialled back"' ]]
  # Nobody at all.
  run -0 spoke curl -s -o /dev/null -w '%{http_code}' --cacert "$MACHINE/certs/ca_cert.pem" \
    --connect-to coordinator-1:8001:10.78.0.1:8001 -d '{"port":8001}' https://coordinator-1:8001/cluster/dial-back
  [[ $output == 401 ]]
}

# dial_back BODY [HEADER]...: asks as worker-2, with nothing of ours but its certificate.
request() {
  printf 'POST /cluster/dial-back HTTP/1.1\r\nHost: coordinator-1\r\nContent-Type: application/json\r\n'
  [[ $# -lt 2 ]] || printf '%s\r\n' "${@:2}"
  printf 'Content-Length: %d\r\n\r\n%s' "${#1}" "$1"
}
as_worker() {
  spoke openssl s_client -quiet -alpn p2p/1 -connect 10.78.0.1:8001 -CAfile "$MACHINE/certs/ca_cert.pem" \
    -cert "$MACHINE/certs/worker-2_cert.pem" -key "$MACHINE/certs/worker-2_key.pem" 2>/dev/null
}
dial_back() { request "$1" 'Connection: close' "${@:2}" | as_worker | tr -d '\r' | tail -n 1; }

@test "a node cannot make the coordinator connect to anyone but itself, nor keep it waiting" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  joined
  # Whatever else the coordinator's machine begins is counted.
  hub nft -f - <<'RULES'
table ip watch {
  chain out {
    type filter hook output priority 0;
    tcp flags syn / syn,ack ip daddr 10.78.0.2 accept
    tcp flags syn / syn,ack counter
  }
}
RULES
  dial_back '{"port":4444,"host":"10.78.0.1","address":"127.0.0.1","seen_as":"127.0.0.1"}' 'X-Forwarded-For: 127.0.0.1' \
    'Forwarded: for=127.0.0.1' 'P2P-Caller: worker/worker-3;' >"$FLEET/answer"
  [[ $(jq -r .seen_as "$FLEET/answer") == 10.78.0.2 ]]
  [[ $(jq -r .failure "$FLEET/answer") == "10.78.0.2:4444: Connection refused" ]]
  # Someone else's port: what is there gets no byte after the handshake, and its answer is no yes.
  p2p-ca sign worker-3 >/dev/null 2>&1
  run_in "$SPOKE" other openssl s_server -accept 4445 -alpn p2p/1 \
    -cert "$P2P_HOME/certs/worker-3_cert.pem" -key "$P2P_HOME/certs/worker-3_key.pem"
  wait_until 10 answers "$SPOKE" 10.78.0.2 4445
  dial_back '{"port":4445}' >"$FLEET/answer"
  [[ $(jq -c .dials_back "$FLEET/answer") == false ]]
  [[ $(jq -r .failure "$FLEET/answer") == *'the peer is "worker-3", not "worker-2"' ]]
  run ! grep -q "HTTP/1.1" "$FLEET/other.log"
  # One that accepts and says nothing has the time that was given to the question.
  run_in "$SPOKE" silent python3 -c 'import socket
s = socket.create_server(("10.78.0.2", 4446))
held = []
while True: held.append(s.accept())'
  wait_until 10 answers "$SPOKE" 10.78.0.2 4446
  dial_back '{"port":4446}' 'P2P-Timeout-Ms: 300' >"$FLEET/answer"
  [[ $(jq -r .failure "$FLEET/answer") == "10.78.0.2:4446: no answer within "*" ms" ]]
  dial_back '{"port":4446}' >"$FLEET/answer"
  [[ $(jq -r .failure "$FLEET/answer") == "10.78.0.2:4446: no answer within 2000 ms" ]]
  # A scan of ports ends after its first few; how it is seen it is told each time.
  for port in {5001..5040}; do request "{\"port\":$port}"; done >"$FLEET/requests"
  request '{}' 'Connection: close' >>"$FLEET/requests"
  as_worker <"$FLEET/requests" | tr -d '\r' | grep -a -o '{.*}' >"$FLEET/answers"
  [[ $(jq -s 'map(select(.seen_as == "10.78.0.2")) | length' "$FLEET/answers") == 41 ]]
  local tried
  tried=$(jq -s 'map(select(.dials_back == false)) | length' "$FLEET/answers")
  ((tried >= 1 && tried < 30))
  grep -q "dialled back too often" "$FLEET/answers"
  # Nonsense is refused.
  for body in '{"port":0}' '{"port":"22"}' '[]' 'x'; do
    request "$body" 'Connection: close' | as_worker >"$FLEET/answer"
    grep -a -q '^HTTP/1.1 400' "$FLEET/answer"
  done
  # Nothing went anywhere else, loopback included.
  hub nft list chain ip watch out >"$FLEET/counted"
  grep -q 'counter packets 0' "$FLEET/counted"
}
