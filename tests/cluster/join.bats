# Machines that join with nothing but an invitation, and certificates that follow the machine's addresses.
# The scene is in hub_and_spoke.bash.

load cluster
load hub_and_spoke

setup() {
  need_namespaces
  hub_and_spoke_up
}

teardown() { hub_and_spoke_down; }

hub() { ip netns exec "$HUB" env P2P_COORDINATOR=10.78.0.1:8001 "$@"; }
spoke() { ip netns exec "$SPOKE" env P2P_HOME="$MACHINE" "$@"; }
invite() { p2p-ca invite "$@" --coordinator 10.78.0.1:8001 2>/dev/null; }
names_of() { openssl x509 -in "$MACHINE/certs/$1_cert.pem" -noout -ext subjectAltName; }
is_alive() { hub p2p-ctl nodes -o json | jq -e --arg n "$1" 'any(.[]; .node_id == $n and .status == "alive")'; }
has_name() { names_of "$1" | grep -F "$2"; }

# Unpadded base64url (RFC 4648 section 5), as the invitation's.
content() { jq -Rrj 'split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d'; }
# forge FILTER: the invitation with something else in it.
forge() { printf 'p2p-invite-1.%s' "$(jq -cj "$1" <<<"$body" | basenc -w0 --base64url | tr -d =)"; }

@test "an invitation is all that a new machine needs; the same one again is refused" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 >"$FLEET/invitation"
  run -0 spoke p2p-node join - <"$FLEET/invitation"
  [[ $output == *"worker-2 has a certificate as worker of cluster p2p"* ]]
  openssl verify -CAfile "$P2P_HOME/certs/ca_cert.pem" "$MACHINE/certs/worker-2_cert.pem"
  [[ $(names_of worker-2) == *URI:spiffe://p2p/worker/worker-2* ]]
  [[ $(stat -c %a "$MACHINE/certs/worker-2_key.pem" "$MACHINE/data/acme_account.pem" | sort -u) == 600 ]]
  [[ ! -e $MACHINE/certs/ca_key.pem ]]

  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 is_alive worker-2
  run -0 hub p2p-ctl call system.ping --node worker-2

  MACHINE=$FLEET/another run -4 spoke p2p-node join - <"$FLEET/invitation"
  [[ $output == *"p2p-node: error: worker-2 cannot join: the invitation was used already"$'\n'"hint: p2p-ca invite worker-2 where the CA is makes another"* ]]
  # Who has not its key does not hear what became of it.
  body=$(content <"$FLEET/invitation")
  forge '.h |= (if startswith("A") then "B" else "A" end) + .[1:]' >"$FLEET/guessed"
  MACHINE=$FLEET/another run -4 spoke p2p-node join - <"$FLEET/guessed"
  [[ $output == *"worker-2 cannot join: the invitation is none of this CA, or was changed"* && $output != *used* ]]
  [[ ! -e $FLEET/another/certs/worker-2_cert.pem ]]
  p2p-ca audit
}

@test "what a stolen invitation says cannot be changed: no other role, no other name" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  body=$(invite worker-2 | content)
  # Were this one not good, the two below would fail whatever they say.
  forge . | run -0 spoke p2p-node join --force -
  MACHINE=$FLEET/boss
  body=$(invite worker-3 | content)
  forge '.r = "coordinator"' >"$FLEET/role"
  run -2 spoke p2p-node join - <"$FLEET/role"
  [[ $output == *"worker/worker-3"* ]]
  [[ ! -e $MACHINE/certs/worker-3_cert.pem ]]
  MACHINE=$FLEET/thief
  body=$(invite worker-4 | content)
  forge '.n = "worker-1"' >"$FLEET/name"
  run ! spoke p2p-node join - <"$FLEET/name"
  [[ ! -e $MACHINE/certs/worker-1_cert.pem ]]
}

@test "an expired invitation, another CA's, a coordinator that is away: each says so and leaves nothing half done" {
  invite worker-2 --ttl 1s >"$FLEET/expired"
  invite worker-2 >"$FLEET/good"
  run -3 spoke p2p-node join - <"$FLEET/good"
  [[ $output == *"10.78.0.1:8001: Connection refused"* ]]
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  P2P_HOME=$FLEET/other p2p-ca init >/dev/null 2>&1
  P2P_HOME=$FLEET/other invite worker-2 >"$FLEET/foreign"
  run -4 spoke p2p-node join - <"$FLEET/foreign"
  [[ $output == *"has the fingerprint"* ]]
  [[ ! -e $MACHINE/certs/ca_cert.pem ]]
  wait_until 5 expired
  # The one that found nobody goes on now.
  run -0 spoke p2p-node join - <"$FLEET/good"
}
expired() {
  MACHINE=$FLEET/late run -4 spoke p2p-node join - <"$FLEET/expired"
  [[ $output == *"expired at"* ]]
}

@test "the certificate follows the machine's addresses, and a call in flight goes on" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 | run -0 spoke p2p-node join -
  mkdir -p "$MACHINE/services/slow"
  cat >"$MACHINE/services/slow/service.yaml" <<'YAML'
name: slow
version: "1.0"
protocol: exec
command: ["./wait"]
methods: [{name: wait, timeout: 60s}]
YAML
  # It answers once the test says so.
  printf '#!/bin/sh\nread -r _ <"%s"\necho %s\n' "$FLEET/go" '"waited"' >"$MACHINE/services/slow/wait"
  chmod 755 "$MACHINE/services/slow/wait"
  mkfifo "$FLEET/go"
  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 is_alive worker-2
  wait_until 10 has_name worker-2 "IP Address:10.78.0.2"
  hub p2p-ctl call slow.wait --node worker-2 --timeout 60s >"$FLEET/answer" 2>&1 &
  local call=$!
  ip -n "$SPOKE" addr add 10.78.0.9/24 dev eth0
  wait_until 10 has_name worker-2 "IP Address:10.78.0.9"
  ip netns exec "$SPOKE" curl -sf --cacert "$MACHINE/certs/ca_cert.pem" https://10.78.0.9:8001/health |
    jq -e '.certificate.state == "good"'
  kill -0 "$call"
  echo go >"$FLEET/go"
  wait "$call"
  [[ $(cat "$FLEET/answer") == *waited* ]]
  is_alive worker-2
}

@test "a certificate that a person signed and brought is renewed by the node itself" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  p2p-ca sign worker-5 --san db.fleet.example >/dev/null 2>&1
  mkdir -p "$MACHINE/certs" "$MACHINE/config"
  cp "$P2P_HOME"/certs/{ca_cert,worker-5_cert,worker-5_key}.pem "$MACHINE/certs"
  printf 'node_id: worker-5\ncoordinator_addresses: ["10.78.0.1:8001"]\n' >"$MACHINE/config/node.yaml"
  start_home "$SPOKE" worker-5 "$MACHINE"
  wait_until 10 has_name worker-5 "IP Address:10.78.0.2"
  has_name worker-5 DNS:db.fleet.example
  p2p-ca audit
}

@test "a node whose certificate was lost gets another one at its start" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 | run -0 spoke p2p-node join -
  rm "$MACHINE/certs/worker-2_cert.pem"
  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 is_alive worker-2
}

# What a machine is made of; a node that ran leaves its process id in its lock.
machine_files() { (cd "$1" && find certs config data/acme_account.pem -type f -exec sha256sum {} + | sort); }

@test "join --force leaves a machine that works as it is unless the join succeeds" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 | run -0 spoke p2p-node join -
  local before home_before
  before=$(machine_files "$MACHINE")
  invite worker-3 >"$FLEET/revoked"
  p2p-ca revoke worker-3 >/dev/null 2>&1
  run -4 spoke p2p-node join --force - <"$FLEET/revoked"
  [[ $output == *"worker-3 cannot join: the invitation was revoked"* ]]
  [[ $(machine_files "$MACHINE") == "$before" ]]
  p2p-ca invite worker-2 --coordinator 10.78.0.1:9 2>/dev/null >"$FLEET/nobody"
  run -3 spoke p2p-node join --force - <"$FLEET/nobody"
  [[ $(machine_files "$MACHINE") == "$before" ]]
  invite worker-2 >"$FLEET/good"
  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 has_name worker-2 "IP Address:10.78.0.2"
  before=$(machine_files "$MACHINE")
  run -1 spoke p2p-node join --force - <"$FLEET/good"
  [[ $output == *"a node of this home is running; stop it first"* ]]
  [[ $(machine_files "$MACHINE") == "$before" ]]
  node_kill worker-2 TERM
  home_before=$(cd "$P2P_HOME" && find certs config -type f -exec sha256sum {} + | sort)
  MACHINE=$P2P_HOME run -1 spoke p2p-node join --force - <"$FLEET/good"
  [[ $output == *"the CA's key is in this home"* ]]
  [[ $(cd "$P2P_HOME" && find certs config -type f -exec sha256sum {} + | sort) == "$home_before" ]]
  # Now it may.
  cp "$MACHINE/certs/worker-2_key.pem" "$FLEET/old_key.pem"
  echo '# mine' >>"$MACHINE/config/node.yaml"
  cp "$MACHINE/config/node.yaml" "$FLEET/mine.yaml"
  run -0 spoke p2p-node join --force - <"$FLEET/good"
  cmp "$MACHINE/config/node.yaml" "$FLEET/mine.yaml"
  run ! cmp -s "$MACHINE/certs/worker-2_key.pem" "$FLEET/old_key.pem"
  [[ -z $(find "$MACHINE" -name '*.joining') ]]
  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 is_alive worker-2
  node_kill worker-2 TERM
  # Another node's configuration is not lost either.
  invite worker-5 | run -0 spoke p2p-node join --force -
  grep -q '^node_id: .*worker-5' "$MACHINE/config/node.yaml"
  cmp "$MACHINE/config/node.yaml.before" "$FLEET/mine.yaml"
  cp "$MACHINE/config/node.yaml" "$FLEET/fifth.yaml"
  invite worker-6 | run -0 spoke p2p-node join --force -
  cmp "$MACHINE/config/node.yaml.before" "$FLEET/mine.yaml"
  cmp "$MACHINE/config/node.yaml.before.2" "$FLEET/fifth.yaml"
}

@test "a join that was cut off before its files were in place goes on, though the invitation is used up" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 >"$FLEET/invitation"
  run -0 spoke p2p-node join - <"$FLEET/invitation"
  local kid suffix
  kid=$(content <"$FLEET/invitation" | jq -r .k)
  suffix=$(printf %s "$kid" | sha256sum | cut -c1-16).joining
  mv "$MACHINE/certs/worker-2_cert.pem" "$MACHINE/certs/worker-2_cert.pem.$suffix"
  mv "$MACHINE/certs/worker-2_key.pem" "$MACHINE/certs/worker-2_key.pem.$suffix"
  rm "$MACHINE/config/node.yaml"
  run -0 spoke p2p-node join --invitation-file - <"$FLEET/invitation"
  [[ -z $(find "$MACHINE" -name '*.joining') ]]
  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 is_alive worker-2
}

@test "an invitation from before the CA's key was replaced is good, also where the old root is in place already" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 >"$FLEET/invitation"
  mkdir -p "$MACHINE/certs"
  cp "$P2P_HOME/certs/ca_cert.pem" "$MACHINE/certs"
  p2p-ca rotate >/dev/null 2>&1
  p2p-ca rotate --activate --force --yes >/dev/null 2>&1
  wait_until 20 coordinator_renewed
  run -0 spoke p2p-node join -v - <"$FLEET/invitation"
  openssl verify -CAfile "$MACHINE/certs/ca_cert.pem" "$MACHINE/certs/worker-2_cert.pem"
  start_home "$SPOKE" worker-2 "$MACHINE"
  wait_until 10 is_alive worker-2
}
coordinator_renewed() {
  p2p-ca rotate --status -o json >"$FLEET/status" && jq -e 'length > 0 and all(.[]; .has_new_certificate)' "$FLEET/status"
}

@test "join --run runs the node once it has joined" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 >"$FLEET/invitation"
  : >"$FLEET/worker-2.log"
  P2P_HOME=$MACHINE ip netns exec "$SPOKE" "$P2P_BIN_DIR/p2p-node" join --run - <"$FLEET/invitation" \
    >"$FLEET/worker-2.out" 2>"$FLEET/worker-2.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/worker-2.pid"
  wait_until 20 is_alive worker-2
}

@test "a configuration that is no good is not written" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  body=$(invite worker-2 | content)
  forge '.c = ["bad:port:x"]' >"$FLEET/forged"
  run ! spoke p2p-node join - <"$FLEET/forged"
  [[ ! -e $MACHINE/config/node.yaml ]]
}

@test "doctor names what is wrong, one thing at a time" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  run -2 spoke p2p-node doctor
  [[ ! -e $MACHINE ]] # it makes nothing
  invite worker-2 | run -0 spoke p2p-node join -
  run -0 spoke p2p-node doctor
  sed -i 's/8001/8009/' "$MACHINE/config/node.yaml"
  run -1 spoke p2p-node doctor
  [[ $output == *"wrong  coordinator"*"10.78.0.1:8009: Connection refused"* ]]
  sed -i 's/8009/8001/' "$MACHINE/config/node.yaml"
  run -2 spoke p2p-node doctor --set port=x
  cp "$MACHINE/data/lock" "$FLEET/lock"
  run -1 spoke p2p-node doctor --set coordinator_mode=true
  cmp "$MACHINE/data/lock" "$FLEET/lock"
  [[ $output == *"wrong  name, role"* ]]
  p2p-ca revoke worker-2 --yes >/dev/null 2>&1 || p2p-ca revoke worker-2 >/dev/null 2>&1
  wait_until 10 doctor_says_revoked
}
doctor_says_revoked() {
  run -1 spoke p2p-node doctor
  [[ $output == *"wrong  revocation"* ]]
}

@test "doctor says that the fleet's CA may have been replaced, and how to get on" {
  start_home "$HUB" coordinator-1 "$P2P_HOME"
  invite worker-2 | run -0 spoke p2p-node join -
  p2p-ca rotate >/dev/null 2>&1
  p2p-ca rotate --activate --force --yes >/dev/null 2>&1
  wait_until 20 coordinator_renewed
  # This machine was off meanwhile.
  run -1 spoke p2p-node doctor
  [[ $output == *"wrong  TLS"*"the fleet's CA may have been replaced while this node was away"*"join --force"* ]]
}
