# A fleet that lives in vaults: one in the home of each node, and no secret on any disk.

load cluster

setup() {
  export P2P_VAULT_PASSWORD="seventeen blue ladders"
  fleet_setup_in_vault
  node_start coordinator-1 coordinator
  node_kill coordinator-1 TERM
  node_config coordinator-1 coordinator
  node_run coordinator-1
  worker_start worker-1
  worker_start worker-2
}
teardown() {
  fleet_teardown
}

# As fleet_setup, but the vault comes first.
fleet_setup_in_vault() {
  fleet_setup
  rm -r "$P2P_HOME"
  p2p-vault init
  p2p-ca init
}

# A worker joins with nothing but an invitation, into a home that has a vault.
worker_start() {
  local name=$1 home=$FLEET/homes/$1
  if [[ ! -d $home ]]; then
    p2p-ca sign "$name"
    P2P_HOME=$home p2p-vault init
    for kind in cert key; do
      if [[ $kind == key ]]; then
        p2p-vault get "certs/${name}_key.pem" | P2P_HOME=$home p2p-vault put - --as "certs/${name}_key.pem"
        p2p-vault rm --yes "certs/${name}_key.pem"
      else
        mkdir -p "$home/certs"
        mv "$P2P_HOME/certs/${name}_cert.pem" "$home/certs"
      fi
    done
    cp "$P2P_HOME/certs/ca_cert.pem" "$home/certs"
    mkdir -p "$home/services/$name"
  fi
  node_config "$name" worker
  P2P_HOME=$home node_run "$name"
  wait_until 20 has_status "$name" alive
}

no_private_key_below() {
  run grep -rlE "BEGIN.*PRIVATE" "$@"
  [[ $status == 1 ]]
}

@test "a fleet runs from vaults, renews and restarts, and no private key is on the disk" {
  no_private_key_below "$P2P_HOME" "$FLEET/homes"
  p2p-ctl call system.ping --all
  p2p-vault ls -o json >"$FLEET/entries"
  jq -e 'map(.name) | contains(["certs/ca_key.pem", "certs/operator_key.pem", "certs/coordinator-1_key.pem"])' "$FLEET/entries"
  # What a node knows survives its restart, from the vault.
  node_kill worker-1 TERM
  node_kill worker-2 TERM
  p2p-vault ls -o json | jq -e 'map(.name) | index("data/coordinator-1/gossip_state.json")'
  node_kill coordinator-1 TERM
  node_config coordinator-1 coordinator
  node_run coordinator-1
  [[ $(status_of worker-1) != "" && $(status_of worker-2) != "" ]]
  worker_start worker-1
  p2p-ctl call system.ping --node worker-1
  p2p-ca rotate
  wait_until 20 has_two_roots worker-1
  no_private_key_below "$P2P_HOME" "$FLEET/homes"
}

has_two_roots() { [[ $(grep -c BEGIN "$FLEET/homes/$1/certs/ca_cert.pem") == 2 ]]; }

@test "a node without its vault's password says so, and one that is readable by others is refused" {
  node_kill worker-1 TERM
  run --separate-stderr env P2P_VAULT_PASSWORD="another password" P2P_HOME="$FLEET/homes/worker-1" p2p-node --config "$FLEET/worker-1.yaml"
  [[ $status == 4 && $stderr == *"wrong password"* ]]
  chmod 644 "$FLEET/homes/worker-1/.p2p_secure_storage"
  run --separate-stderr env P2P_HOME="$FLEET/homes/worker-1" p2p-node --config "$FLEET/worker-1.yaml"
  [[ $status == 4 && $stderr == *"chmod 600"* ]]
}

@test "a core of a running node holds no private key, no password and no master key, however it got the password" {
  command -v gcore >/dev/null || skip "gdb is not installed"
  local name key home
  # Worker 2 has it as systemd gives it, in a file.
  node_kill worker-2 TERM
  (umask 077 && mkdir "$FLEET/credentials" && printf '%s\n' "$P2P_VAULT_PASSWORD" >"$FLEET/credentials/p2p_vault_password")
  (unset P2P_VAULT_PASSWORD && CREDENTIALS_DIRECTORY=$FLEET/credentials P2P_HOME=$FLEET/homes/worker-2 node_run worker-2)
  for name in coordinator-1 worker-1 worker-2; do
    home=$(if [[ $name == coordinator-1 ]]; then echo "$P2P_HOME"; else echo "$FLEET/homes/$name"; fi)
    gcore -o "$FLEET/core" "$(pid_of "$name")" >"$FLEET/gcore.out" 2>&1
    mv "$FLEET/core.$(pid_of "$name")" "$FLEET/$name.core"
    key=$(P2P_HOME=$home p2p-vault get "certs/${name}_key.pem")
    "$BATS_TEST_DIRNAME/secrets_in_core.py" "$FLEET/$name.core" "$P2P_VAULT_PASSWORD" "$home/.p2p_secure_storage" <<<"$key"
  done
}

@test "eight processes with a hundred puts each, while a node saves: all entries are there" {
  local home=$FLEET/homes/worker-1 worker
  put_hundred() {
    for n in $(seq 100); do echo "$1-$n" | P2P_HOME=$home p2p-vault -q put - --as "config/$1-$n" || return 1; done
  }
  P2P_HOME=$home p2p-vault -q unlock --ttl 10m
  local pids=()
  for worker in 1 2 3 4 5 6 7 8; do
    put_hundred "$worker" 3>&- 4>&- &
    pids+=($!)
  done
  # The node's state changes meanwhile, and is saved.
  node_kill worker-2 TERM
  worker_start worker-2
  for worker in "${pids[@]}"; do wait "$worker"; done
  node_kill worker-1 TERM
  [[ $(P2P_HOME=$home p2p-vault ls -o name | grep -c '^config/[1-8]-') == 800 ]]
  P2P_HOME=$home p2p-vault ls -o name | grep -q '^data/worker-1/gossip_state.json$'
  P2P_HOME=$home p2p-vault lock
}

@test "a rekey under a running node: it saves nothing without the new password and goes on" {
  local home=$FLEET/homes/worker-1 before
  P2P_VAULT_NEW_PASSWORD="eighteen red ladders" P2P_HOME=$home p2p-vault -q rekey
  before=$(sha256sum "$home/.p2p_secure_storage")
  # There is news to be saved.
  p2p-ca revoke worker-2
  wait_until 20 has_trouble worker-1
  [[ $(sha256sum "$home/.p2p_secure_storage") == "$before" ]]
  p2p-ctl call system.ping --node worker-1
}

has_trouble() {
  curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of "$1")/health" | jq -e '.status == "state is not saved"'
}
