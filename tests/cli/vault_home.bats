#!/usr/bin/env bats
# The vault of a home: how nodes and tools find it, what an import takes, whose its file is.

load helpers

setup() {
  new_home
  export P2P_VAULT_PASSWORD='correct horse battery staple'
  unset P2P_VAULT_NEW_PASSWORD P2P_BACKUP_PASSWORD P2P_VAULT_FILE CREDENTIALS_DIRECTORY
  vault=$P2P_HOME/.p2p_secure_storage
  cd "$BATS_TEST_TMPDIR" || return
  p2p-vault init --quiet --iterations 100000
}

teardown() { stop_node; }

# In order, so that the node saves its state.
end_node() {
  kill -TERM "$node"
  wait "$node"
  node=
}

use_home() { export P2P_HOME=$1; }

# A coordinator's home in which nothing secret is on the disk.
make_authority() {
  p2p-ca init --quiet
  p2p-ca sign --quiet --role coordinator coordinator-1 >/dev/null 2>&1
}

@test "a node uses the vault that its --config or --set names" {
  make_authority
  mv "$vault" "$BATS_TEST_TMPDIR/elsewhere.vault"
  printf 'coordinator_mode: true\nvault_file: %s\n' "$BATS_TEST_TMPDIR/elsewhere.vault" >node.yaml
  expect 0 p2p-node --config node.yaml --check-config
  expect 0 p2p-node --set vault_file="$BATS_TEST_TMPDIR/elsewhere.vault" --set coordinator_mode=true --check-config
  expect 0 p2p-node --config node.yaml --dump-config
  stdout_has 'node_id: "coordinator-1"'
  start_node --config node.yaml
  end_node
  P2P_HOME=/nowhere expect 0 p2p-vault ls -o name --vault elsewhere.vault
  stdout_has data/gossip_state.json
  P2P_VAULT_PASSWORD='not the password' expect 4 p2p-node --config node.yaml
  stderr_has 'elsewhere.vault: wrong password'
  expect 5 p2p-node --set vault_file=gone.vault
  stderr_has 'vault_file is set, but there is no'
}

@test "a configuration in the vault that names another vault is refused" {
  make_authority
  printf 'vault_file: other.vault\n' | p2p-vault put --quiet - --as config/node.yaml
  expect 2 p2p-node --set coordinator_mode=true
  stderr_has "vault_file is $P2P_HOME/other.vault, but the configuration is in $vault"
  stderr_has 'hint: what names the vault cannot be in it'
}

@test "the state is in the vault wherever it is in home; elsewhere the node refuses to keep it in the clear" {
  make_authority
  start_node --set coordinator_mode=true --set state_directory=state/mine
  end_node
  expect 0 p2p-vault ls -o name
  stdout_has state/mine/gossip_state.json
  [ ! -e "$P2P_HOME/state/mine/gossip_state.json" ]
  for place in "$BATS_TEST_TMPDIR/state" .; do
    expect 2 p2p-node --set coordinator_mode=true --set state_directory="$place"
    stderr_has 'is not in a folder of home, so that it cannot be kept in the vault'
    stderr_has "hint: set state_directory to a folder in $P2P_HOME"
  done
}

@test "what needs nothing of home asks for no password" {
  unset P2P_VAULT_PASSWORD
  expect 0 p2p-node --config-schema
  expect 0 p2p-node --config-manual
  expect 2 p2p-node --check-config
}

@test "sign says when the key is in the vault" {
  p2p-ca init --quiet
  expect 0 p2p-ca sign worker-1
  stderr_has "the private key is not a file but an entry of the vault $vault: p2p-vault get certs/worker-1_key.pem"
  expect 0 p2p-vault get certs/worker-1_key.pem
  stdout_has 'BEGIN PRIVATE KEY'
}

@test "import leaves public certificates on the disk as well, and a renewal changes both" {
  use_home "$BATS_TEST_TMPDIR/plain"
  p2p-ca init --quiet
  p2p-ca sign --quiet worker-1 >/dev/null 2>&1
  p2p-vault init --quiet --iterations 100000
  expect 0 p2p-vault import --remove
  stderr_has 'certificates, which are public, stay plain files as well'
  [ ! -e "$P2P_HOME/certs/worker-1_key.pem" ]
  [ ! -e "$P2P_HOME/certs/ca_key.pem" ]
  openssl verify -CAfile "$P2P_HOME/certs/ca_cert.pem" "$P2P_HOME/certs/worker-1_cert.pem"
  before=$(sha256sum <"$P2P_HOME/certs/worker-1_cert.pem")
  expect 0 p2p-ca renew worker-1
  [ "$(sha256sum <"$P2P_HOME/certs/worker-1_cert.pem")" != "$before" ]
  p2p-vault get certs/worker-1_cert.pem | cmp - "$P2P_HOME/certs/worker-1_cert.pem"
}

@test "import leaves the configuration that names the vault where it can be found" {
  mv "$vault" "$P2P_HOME/other.vault"
  mkdir -p "$P2P_HOME"/{config,certs}
  echo 'vault_file: other.vault' >"$P2P_HOME/config/node.yaml"
  echo secret >"$P2P_HOME/config/db_password"
  expect 0 p2p-vault import --remove
  stderr_has 'config/node.yaml stays a plain file: it says where the vault is'
  [ -e "$P2P_HOME/config/node.yaml" ]
  [ ! -e "$P2P_HOME/config/db_password" ]
  expect 0 p2p-vault ls -o name
  stdout_is config/db_password
}

@test "import looks for locks and state where the configuration has them" {
  mkdir -p "$P2P_HOME"/{config,state/mine}
  echo 'state_directory: state/mine' >"$P2P_HOME/config/node.yaml"
  echo '{}' >"$P2P_HOME/state/mine/gossip_state.json"
  exec 7>"$P2P_HOME/state/mine/lock"
  flock 7
  expect 1 p2p-vault import --remove
  stderr_has "p2p-node runs in this home ($P2P_HOME/state/mine/lock)"
  expect 1 p2p-vault import --remove "$P2P_HOME/config"
  exec 7>&-
  expect 0 p2p-vault import --remove
  expect 0 p2p-vault ls -o name
  stdout_is $'config/node.yaml\nstate/mine/gossip_state.json'
}

@test "import of a part of home names the entries from home" {
  mkdir -p "$P2P_HOME"/{certs/sub,services}
  echo one >"$P2P_HOME/certs/sub/a_key.pem"
  echo two >"$P2P_HOME/services/x"
  cd "$P2P_HOME/certs"
  expect 0 p2p-vault import sub
  expect 0 p2p-vault ls -o name
  stdout_is certs/sub/a_key.pem
  expect 5 p2p-vault import ../services
  stderr_has $'nothing to import\nhint: of a home, a vault takes certs, config and the node\'s state'
  expect 0 p2p-vault import "$P2P_HOME"
}

@test "root leaves the vault and its lock to their owner" {
  [ "$(id -u)" -eq 0 ] || skip "tries to be another user"
  local open
  open=$(mktemp -d)
  cp "$P2P_BIN_DIR/p2p-vault" "$open"
  chmod 755 "$open"
  mkdir "$open/home"
  chown 12345:12346 "$open/home"
  use_home "$open/home"
  p2p-vault init --quiet --iterations 100000
  echo one | p2p-vault put --quiet - --as one
  [ "$(stat -c %u:%g "$P2P_HOME/.p2p_secure_storage")" = 12345:12346 ]
  [ "$(stat -c %u:%g "$P2P_HOME/.p2p_secure_storage.lock")" = 12345:12346 ]
  cd /
  echo two | setpriv --reuid 12345 --regid 12346 --clear-groups "$open/p2p-vault" put --quiet - --as two
  p2p-ca init --quiet
  [ "$(stat -c %u:%g "$P2P_HOME/.p2p_secure_storage")" = 12345:12346 ]
  P2P_VAULT_NEW_PASSWORD='another good passphrase' p2p-vault rekey --quiet --iterations 100000
  [ "$(stat -c %u:%g "$P2P_HOME/.p2p_secure_storage")" = 12345:12346 ]
  # A file of root's that was there before is neither given away nor written to.
  rm "$P2P_HOME/.p2p_secure_storage.lock"
  touch "$open/of_root"
  ln "$open/of_root" "$P2P_HOME/.p2p_secure_storage.lock"
  P2P_VAULT_PASSWORD='another good passphrase' expect 4 p2p-vault rm --quiet --yes one
  [ "$(stat -c %u "$open/of_root")" = 0 ]
  [ ! -s "$open/of_root" ]
  rm -r "$open"
}

@test "an archive that would inflate beyond the limit is damage, found after the tag and before anything is inflated" {
  /usr/bin/python3 - "$vault" <<'END'
import hashlib, hmac, io, os, struct, sys, zipfile, zlib
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
out = io.BytesIO()
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    for name in ("a", "b"):
        with archive.open(name, "w") as entry:
            for _ in range(600):
                entry.write(bytes(1 << 20))
header = bytearray(open(sys.argv[1], "rb").read(80))
header[32:44] = os.urandom(12)
header[76:80] = struct.pack(">I", zlib.crc32(header[:76]))
master = hashlib.pbkdf2_hmac("sha256", os.environb[b"P2P_VAULT_PASSWORD"], header[16:32], 100000, 32)
key = hmac.digest(master, b"p2p-vault/1 key\x01", "sha256")
sealed = AESGCM(key).encrypt(bytes(header[32:44]), out.getvalue(), bytes(header))
open(sys.argv[1], "wb").write(bytes(header) + sealed)
END
  for command in ls verify 'get a'; do
    # shellcheck disable=SC2086  # words
    expect 9 p2p-vault $command
    stderr_has "$vault: damaged content: its entries inflate beyond 1073741824 bytes"
  done
}

# Neither is anything made in the clear, nor is it taken for granted that there is no vault.
refuses_to_make_keys() {
  expect "$1" p2p-ca init
  stderr_has "$2"
  [ ! -e "$P2P_HOME/certs/ca_key.pem" ]
}

@test "a vault that was configured and is not there is refused, whatever it is called" {
  absent=$BATS_TEST_TMPDIR/not_mounted/.p2p_secure_storage
  P2P_VAULT_FILE=$absent refuses_to_make_keys 5 "vault_file is set, but there is no $absent"
  rm "$vault"
  mkdir "$P2P_HOME/config"
  echo "vault_file: $absent" >"$P2P_HOME/config/node.yaml"
  refuses_to_make_keys 5 "vault_file is set, but there is no $absent"
  expect 5 p2p-node --check-config
  stderr_has "vault_file is set, but there is no $absent"
}

@test "a configuration that cannot be read or understood may name a vault, so that nothing is written in the clear" {
  rm "$vault"
  mkdir -p "$P2P_HOME/config/node.yaml"
  refuses_to_make_keys 2 'config/node.yaml: not a regular file'
  rmdir "$P2P_HOME/config/node.yaml"
  head -c 3000000 /dev/zero | tr '\0' '#' >"$P2P_HOME/config/node.yaml"
  refuses_to_make_keys 1 'config/node.yaml: larger than'
  printf 'port: [\nvault_file: /mnt/x\n' >"$P2P_HOME/config/node.yaml"
  refuses_to_make_keys 2 'node.yaml:'
  stderr_has 'it is not known which vault is meant'
}

@test "a vault that is a link to nothing is no missing vault" {
  for target in "$BATS_TEST_TMPDIR/gone/vault" .p2p_secure_storage; do
    ln -sf "$target" "$vault"
    refuses_to_make_keys 5 "$vault is a link to nothing"
    expect 5 p2p-vault init
    stderr_has "$vault is a link to nothing"
    expect 5 p2p-vault ls
  done
}

@test "what is named as in home is in the vault also where a folder of home is a link to elsewhere" {
  mkdir elsewhere
  ln -s "$PWD/elsewhere" "$P2P_HOME/certs"
  expect 0 p2p-ca init
  [ -z "$(find elsewhere -name '*_key.pem')" ]
  expect 0 p2p-vault get certs/ca_key.pem
  stdout_has 'PRIVATE KEY'
  expect 0 p2p-ca sign worker-1
  [ -z "$(find elsewhere -name '*_key.pem')" ]
  expect 0 p2p-ca check
}

@test "a rekey while a writer waits for the lock is said, with exit code 4" {
  cp "$vault" rekeyed
  P2P_VAULT_NEW_PASSWORD='another good passphrase' p2p-vault rekey --quiet --vault rekeyed --iterations 100000
  echo one >one
  exec 8>"$vault.lock"
  flock 8
  p2p-vault put one </dev/null >out 2>&1 8>&- &
  local put=$!
  timeout 60 sh -c "until ls -l /proc/$put/fd 2>&1 | grep -q storage.lock; do :; done"
  mv rekeyed "$vault"
  exec 8>&-
  status=0
  wait "$put" || status=$?
  [ "$status" -eq 4 ]
  grep -q 'error: .*the vault was rekeyed' out
}
