# One CA key takes the place of another while the fleet runs: nodes learn of the new root, renew, and forget the old one.

load cluster

setup() {
  fleet_setup
  node_start coordinator-1 coordinator
  # Again, with a port that it knows beforehand: it is the ACME server by which workers renew.
  node_kill coordinator-1 TERM
  node_config coordinator-1 coordinator
  node_run coordinator-1
  worker_start worker-1
  worker_start worker-2
}
teardown() { fleet_teardown; }

# A worker with a home of its own, where the CA's key is not.
worker_start() {
  local name=$1 certs=$FLEET/homes/$1/certs
  if [[ ! -d $certs ]]; then
    p2p-ca sign "$name" >>"$FLEET/ca.log" 2>&1
    mkdir -p "$certs"
    mv "$P2P_HOME/certs/${name}_cert.pem" "$P2P_HOME/certs/${name}_key.pem" "$certs"
    cp "$P2P_HOME/certs/ca_cert.pem" "$certs"
  fi
  node_config "$name" worker
  P2P_HOME=$FLEET/homes/$name node_run "$name"
  wait_until 20 has_status "$name" alive
}

roots_of() { grep -c BEGIN "$FLEET/homes/$1/certs/ca_cert.pem"; }
trusts() { [[ $(roots_of "$1") == "$2" ]]; }
# Whether the certificate that a node shows is signed by the root in that file alone.
shows_certificate_of() {
  openssl s_client -connect "127.0.0.1:$(port_of "$1")" -CAfile "$2" -verify_return_error </dev/null 2>/dev/null | grep -q 'Verify return code: 0'
}
all_ready() { [[ $(p2p-ca rotate --status -o json | jq -r "map(.$1) | all") == true ]]; }

@test "rotation: every node follows by itself, and no step is done too early" {
  local certs=$P2P_HOME/certs name alice=$FLEET/homes/alice
  p2p-ca sign alice --role operator --bundle "$FLEET/alice.p2p"
  P2P_HOME=$alice p2p-ctl context add shop --bundle "$FLEET/alice.p2p" --coordinator "$P2P_COORDINATOR"
  p2p-ca invite late --coordinator "$P2P_COORDINATOR" >"$FLEET/invitation"
  node_kill worker-2
  p2p-ca rotate
  openssl x509 -in "$certs/ca_cert.pem" -out "$FLEET/old.pem"
  wait_until 20 trusts worker-1 2
  wait_until 20 p2p-ca rotate --status
  # worker-2 cannot know yet.
  run --separate-stderr p2p-ca rotate --activate
  [[ $status == 4 && $stderr == *"worker-2"* ]]
  worker_start worker-2
  wait_until 20 trusts worker-2 2
  wait_until 20 all_ready trusts_new_root

  p2p-ca rotate --activate
  openssl x509 -in "$certs/ca_cert.pem" -out "$FLEET/new.pem"
  for name in coordinator-1 worker-1 worker-2; do wait_until 40 shows_certificate_of "$name" "$FLEET/new.pem"; done
  p2p-ctl call system.ping --all
  # Who knew the old root only: an operator elsewhere, and a machine with an invitation from before.
  run --separate-stderr env -u P2P_COORDINATOR P2P_HOME="$alice" p2p-ctl nodes -o name
  [[ $status == 0 && $output == *worker-2* && $stderr == *"a key that is trusted here vouches for it"* ]]
  run --separate-stderr env -u P2P_COORDINATOR P2P_HOME="$alice" p2p-ctl nodes -o name
  [[ $status == 0 && $stderr == "" ]]
  P2P_HOME=$FLEET/homes/late p2p-node join - <"$FLEET/invitation"
  trusts late 2
  openssl verify -CAfile "$FLEET/new.pem" "$FLEET/homes/late/certs/late_cert.pem"
  wait_until 20 all_ready has_new_certificate
  # Both operators still have one of the old root.
  run --separate-stderr p2p-ca rotate --retire
  [[ $status == 4 && $stderr == *'"alice"'* ]]
  p2p-ca renew operator
  run p2p-ca rotate --retire
  [[ $status == 4 ]]
  p2p-ca sign alice --role operator --bundle "$FLEET/alice.p2p" --force
  p2p-ca rotate --retire

  for name in worker-1 worker-2; do
    wait_until 20 trusts "$name" 1
    cmp "$FLEET/homes/$name/certs/ca_cert.pem" "$FLEET/new.pem"
  done
  p2p-ctl call system.ping --all
  # Also after a restart, from the files alone.
  node_kill worker-1
  worker_start worker-1
  p2p-ctl call system.ping --node worker-1
  run --separate-stderr p2p-ca rotate --status -o json
  [[ $status == 0 && $output == "[]" && $stderr == *"no rotation is under way"* ]]
}

@test "a node that was stopped or never started is waited for, and one that missed a step is taken back" {
  local certs=$P2P_HOME/certs
  p2p-ca sign never-started
  node_kill worker-2 TERM
  p2p-ca rotate
  wait_until 20 trusts worker-1 2
  wait_until 20 p2p-ca rotate --status
  run --separate-stderr p2p-ca rotate --activate
  [[ $status == 4 && $stderr == *"2 nodes: never-started, worker-2"* ]]
  p2p-ca revoke never-started
  # Its operator knows that it will be back.
  p2p-ca rotate --activate --force --yes
  openssl x509 -in "$certs/ca_cert.pem" -out "$FLEET/new.pem"
  wait_until 40 shows_certificate_of coordinator-1 "$FLEET/new.pem"
  worker_start worker-2
  wait_until 20 trusts worker-2 2
  wait_until 40 shows_certificate_of worker-2 "$FLEET/new.pem"
}

@test "a list of roots that somebody kept does not bring a retired root back" {
  local port alice=$FLEET/homes/alice
  p2p-ca rotate
  wait_until 20 all_ready trusts_new_root
  p2p-ca rotate --activate
  wait_until 20 all_ready has_new_certificate
  # What was served then is served by somebody else later.
  mkdir -p "$FLEET/www/pki"
  curl -fsS --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of worker-1)/pki/roots.json" -o "$FLEET/www/pki/roots.json"
  p2p-ca renew operator
  p2p-ca sign alice --role operator --bundle "$FLEET/alice.p2p"
  p2p-ca rotate --retire
  wait_until 20 trusts worker-1 1
  P2P_HOME=$alice p2p-ctl context add shop --bundle "$FLEET/alice.p2p" --coordinator "$P2P_COORDINATOR"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1 -keyout "$FLEET/evil.key" \
    -out "$FLEET/evil.pem"
  (cd "$FLEET/www" && exec openssl s_server -accept 127.0.0.1:0 -cert "$FLEET/evil.pem" -key "$FLEET/evil.key" -HTTP) >"$FLEET/evil.out" 2>&1 3>&- 4>&- &
  echo $! >"$FLEET/run/evil.pid"
  wait_until 10 grep -q ACCEPT "$FLEET/evil.out"
  port=$(sed -nE 's/^ACCEPT .*:([0-9]+) .*/\1/p;s/^ACCEPT .*:([0-9]+)$/\1/p' "$FLEET/evil.out" | head -n 1)
  for home in "$alice" "$P2P_HOME"; do
    find "$home" -name ca_cert.pem -exec sha256sum {} + >"$FLEET/before"
    run env P2P_HOME="$home" P2P_COORDINATOR="127.0.0.1:$port" p2p-ctl nodes
    [[ $status == 3 ]]
    sha256sum -c --quiet "$FLEET/before"
  done
}

# Runs a command that is killed at its Nth rename.
killed_at() {
  local renames=rename,renameat,renameat2
  # The leak checker of an instrumented build cannot work while another traces.
  ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=$renames -e "inject=$renames:signal=KILL:when=$1" "${@:2}"
}

@test "a step that was cut off at any file is mended by the next command" {
  local certs=$P2P_HOME/certs step when
  for step in rotate "rotate --activate --force --yes" "rotate --retire --force --yes"; do
    for when in 1 2 3 4 5 6 7 8; do
      # shellcheck disable=SC2086
      killed_at "$when" p2p-ca $step >"$FLEET/step.out" 2>&1 && break
      # Done up to what comes after the step itself.
      grep -q 'a rotation is under way' "$FLEET/step.out" && break
    done
    ((when < 8))
    p2p-ca audit
    [[ $(jq -r .roots "$certs/ca_roots.json") == "$(cat "$certs/ca_cert.pem")" ]]
  done
  [[ $(grep -c BEGIN "$certs/ca_cert.pem") == 1 && ! -e $certs/ca_old_key.pem && ! -e $certs/ca_next_key.pem ]]
}

@test "p2p-ctl certs: lists what is valid and revokes it, and only an operator may" {
  p2p-ctl certs list -o json >"$FLEET/list"
  jq -e 'map(.name) | contains(["coordinator-1", "worker-1", "worker-2", "operator"])' "$FLEET/list"
  openssl x509 -in "$FLEET/homes/worker-1/certs/worker-1_cert.pem" -noout -serial | tr 'A-F' 'a-f' >"$FLEET/serial"
  grep -q "$(jq -r '.[] | select(.name == "worker-1") | .serial' "$FLEET/list")" "$FLEET/serial"
  local worker=$FLEET/homes/worker-1/certs/worker-1
  run --separate-stderr p2p-ctl --cert "${worker}_cert.pem" --key "${worker}_key.pem" certs revoke worker-2 --yes
  [[ $status == 4 ]]
  # Nobody is at the terminal.
  run --separate-stderr p2p-ctl certs revoke worker-2
  [[ $status == 2 && $stderr == *"--yes"* ]]
  p2p-ctl certs revoke worker-2 --yes --reason key-compromise
  wait_until 10 is_gone_here worker-2
  run p2p-ca list --revoked -o json
  [[ $(jq -r '.[0].name + " " + .[0].reason + " " + .[0].issued_by' <<<"$output") == "worker-2 key-compromise "* ]]
  p2p-ca audit
  p2p-ctl certs list -o json >"$FLEET/list"
  jq -e 'map(.name) | contains(["worker-1"]) and all(.[]; . != "worker-2")' "$FLEET/list"
  p2p-ctl certs list --all -o json >"$FLEET/list"
  jq -e 'any(.[]; .name == "worker-2")' "$FLEET/list"
  # Again: what is recorded stays.
  run --separate-stderr p2p-ctl certs revoke worker-2 --yes --reason superseded -o json
  [[ $status == 0 && $stderr == *"worker-2 was revoked already"* ]]
  [[ $(jq -r '.[0].reason' <<<"$output") == key-compromise ]]
  run --separate-stderr p2p-ctl call certs.list al:=true
  [[ $status == 2 && $stderr == *'params.al is not known; did you mean "all"?'* ]]
  run --separate-stderr p2p-ctl certs revoke nobody --yes
  [[ $status == 5 && $stderr == *'"nobody" has no valid certificate'* ]]
}

# The serial number of the certificate that a node shows, as openssl writes it.
shown_serial() {
  openssl s_client -connect "127.0.0.1:$(port_of "$1")" </dev/null 2>/dev/null | openssl x509 -noout -serial | sed 's/.*=//'
}
# Also without the colons and zeros of others.
same_number() { [[ $(tr a-f A-F <<<"$1" | sed 's/^0*//') == "$(sed 's/^0*//' <<<"$2")" ]]; }

@test "p2p-ctl certs renew: a node has a new certificate at once, for the same key, and the log says who asked" {
  local name file before key
  for name in worker-1 coordinator-1; do
    file=$FLEET/homes/worker-1/certs/worker-1_cert.pem
    [[ $name == worker-1 ]] || file=$P2P_HOME/certs/coordinator-1_cert.pem
    before=$(openssl x509 -in "$file" -noout -serial | sed 's/.*=//')
    key=$(openssl x509 -in "$file" -noout -pubkey)
    same_number "$before" "$(shown_serial "$name")"
    if [[ $name == worker-1 ]]; then
      p2p-ctl certs renew worker-1 -o json >"$FLEET/renewed"
    else
      p2p-ctl certs renew -o json >"$FLEET/renewed"
    fi
    [[ $(jq -r '.[0].name' "$FLEET/renewed") == "$name" ]]
    run ! same_number "$before" "$(openssl x509 -in "$file" -noout -serial | sed 's/.*=//')"
    same_number "$(jq -r '.[0].serial' "$FLEET/renewed")" "$(openssl x509 -in "$file" -noout -serial | sed 's/.*=//')"
    same_number "$(jq -r '.[0].serial' "$FLEET/renewed")" "$(shown_serial "$name")"
    [[ $(openssl x509 -in "$file" -noout -pubkey) == "$key" ]]
    openssl verify -CAfile "$P2P_HOME/certs/ca_cert.pem" "$file"
    # The one before is good until its end.
    run p2p-ctl certs list -o json
    [[ $(jq --arg name "$name" 'map(select(.name == $name)) | length' <<<"$output") == 2 ]]
    wait_until 20 audited "operator/operator has renewed the certificate of $name, which is $(jq -r '.[0].serial' "$FLEET/renewed") now"
  done
  p2p-ctl call system.ping --node worker-1
  local worker=$FLEET/homes/worker-1/certs/worker-1
  run -4 p2p-ctl --cert "${worker}_cert.pem" --key "${worker}_key.pem" certs renew worker-1
  run -5 p2p-ctl certs renew nobody
  # Why not is said to who asked, and the node goes on with what it has.
  before=$(shown_serial worker-2)
  chmod 644 "$FLEET/homes/worker-2/certs/worker-2_key.pem"
  run --separate-stderr p2p-ctl certs renew worker-2
  [[ $status == 1 && $stderr == *'the certificate was not renewed: '*'worker-2_key.pem'* ]]
  [[ $(shown_serial worker-2) == "$before" ]]
}
audited() { p2p-logs query --logger Audit --template '{message}' --limit 0 2>/dev/null | grep -q -- "$1"; }

is_gone_here() { [[ -z $(status_of "$1") ]]; }
