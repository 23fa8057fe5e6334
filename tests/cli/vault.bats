#!/usr/bin/env bats
# p2p-vault: what it makes, prints and refuses.

load helpers

setup() {
  new_home
  vault=$P2P_HOME/.p2p_secure_storage
  reader="$BATS_TEST_DIRNAME/../vectors/vault/read_vault.py"
  export P2P_VAULT_PASSWORD='correct horse battery staple'
  unset P2P_VAULT_NEW_PASSWORD P2P_BACKUP_PASSWORD CREDENTIALS_DIRECTORY VISUAL EDITOR
  cd "$BATS_TEST_TMPDIR" || return
  printf 'one\n' >one.pem
}

# Cheap to open, with one entry.
make_vault() {
  p2p-vault init --quiet --iterations 100000
  p2p-vault put --quiet one.pem
}

# flip_bit_at FILE OFFSET
flip_bit_at() {
  /usr/bin/python3 - "$@" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 16]))
END
}

# on_terminal ANSWER COMMAND…: runs it on a terminal of its own and types the answer at each question. Prints what is seen.
on_terminal() {
  /usr/bin/python3 - "$@" <<'END'
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = asked = b""
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    seen += chunk
    asked += chunk
    if asked.endswith(b": ") and not asked.endswith(b"warning: "):
        os.write(terminal, sys.argv[1].encode() + b"\n")
        asked = b""
sys.stdout.write(seen.decode().replace("\r", ""))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
END
}

@test "init, put and get in a script with nothing but the variable" {
  p2p-vault init
  p2p-vault put one.pem
  p2p-vault get one.pem | cmp - one.pem
  mode_is "$vault" 600
}

@test "init says what comes next, and never overwrites" {
  expect 0 p2p-vault init
  stdout_is ''
  stderr_is "made $vault
without its password nobody can read it, you included
next: p2p-vault put FILE, or p2p-vault import for what is in this home"
  before=$(sha256sum <"$vault")
  expect 1 p2p-vault init
  stderr_is "p2p-vault: error: $vault: already exists
hint: a vault is never overwritten; p2p-vault rekey gives it a new password"
  [ "$(sha256sum <"$vault")" = "$before" ]
}

@test "of two inits at once one makes the vault" {
  for i in 1 2; do
    P2P_VAULT_PASSWORD="the password $i" p2p-vault init --iterations 100000 2>"err$i" && echo "$i" >>made &
  done
  wait || true
  [ "$(wc -l <made)" -eq 1 ]
  P2P_VAULT_PASSWORD="the password $(cat made)" expect 0 p2p-vault verify
}

@test "without a vault, every command says how to make one" {
  for command in 'put one.pem' 'get one.pem' ls 'rm x --yes' 'mv a b' 'edit x' rekey unlock lock verify 'export out' info 'backup b' \
    'run true'; do
    # shellcheck disable=SC2086  # words
    expect 5 p2p-vault $command
    stderr_is "p2p-vault: error: no vault at $vault
hint: p2p-vault init makes one; another is named with --vault or --home"
  done
  [ ! -e "$P2P_HOME" ]
}

@test "a program of others reads the file by the manual page" {
  make_vault
  mkdir certs
  head -c 100000 /dev/urandom >certs/random
  expect 0 p2p-vault put certs/random
  expect 0 /usr/bin/python3 "$reader" "$vault"
  stdout_is $'100000 certs/random\n4 one.pem'
  /usr/bin/python3 "$reader" "$vault" certs/random | cmp - certs/random
  P2P_VAULT_PASSWORD=wrong expect 4 /usr/bin/python3 "$reader" "$vault"
}

@test "a vault that a program of others wrote is read" {
  mkdir -p "$P2P_HOME"
  jq -r '.[2].file' "$BATS_TEST_DIRNAME/../vectors/vault/vectors.json" | /usr/bin/python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$vault"
  chmod 600 "$vault"
  P2P_VAULT_PASSWORD='пароль длиннее восьми' expect 0 p2p-vault get config/заметка.txt
  [ "$(printf %s "$output" | md5sum)" = "$(printf 'мир %.0s' {1..100} | md5sum)" ]
}

@test "entries are listed, moved, replaced and removed" {
  make_vault
  expect 0 p2p-vault ls
  stdout_is $'NAME\none.pem'
  expect 0 p2p-vault mv one.pem certs/one.pem
  expect 0 p2p-vault ls -o name
  stdout_is certs/one.pem
  printf 'two' | p2p-vault put --quiet - --as two
  expect 0 p2p-vault ls --long -o json
  [ "$(jq -r '.[] | "\(.name) \(.size_bytes)"' <<<"$output")" = $'certs/one.pem 4\ntwo 3' ]
  [[ $(jq -r '.[0].modified' <<<"$output") == 20??-??-??T??:??:??Z ]]
  expect 1 p2p-vault put one.pem --as two
  stderr_is $'p2p-vault: error: entry "two" already exists\nhint: --force replaces it'
  expect 0 p2p-vault put one.pem --as two --force
  expect 0 p2p-vault get two
  stdout_is one
  expect 1 p2p-vault mv two certs/one.pem
  expect 2 p2p-vault rm two
  stderr_has '--yes answers the question'
  expect 0 p2p-vault rm two certs/one.pem --yes
  expect 0 p2p-vault ls -o json
  stdout_is '[]'
}

@test "closed stdin is not stored as an empty entry" {
  p2p-vault init
  run -2 --separate-stderr bash -c "p2p-vault put - --as nothing <&-"
  stderr_has "standard input is closed, or cannot be read"
  expect 5 p2p-vault get nothing
  p2p-vault put --quiet - --as nothing </dev/null
  expect 0 p2p-vault get nothing
}

@test "a name that is not there is exit code 5, and tells what shows them" {
  make_vault
  for command in 'get gone' 'mv gone other' 'rm gone --yes' 'run --env A=gone -- true'; do
    # shellcheck disable=SC2086  # words
    expect 5 p2p-vault $command
    stderr_is $'p2p-vault: error: no entry "gone"\nhint: p2p-vault ls shows what there is'
  done
}

@test "a name that leads elsewhere is refused" {
  make_vault
  for name in ../../etc/passwd /etc/passwd a//b . "$(printf 'a\nb')" "$(printf 'n%.0s' {1..10000})"; do
    expect 2 p2p-vault put one.pem --as "$name"
    stderr_has 'is no name for an entry'
    [ "$(wc -c <<<"${stderr-}")" -lt 300 ]
    expect 2 p2p-vault mv one.pem "$name"
  done
}

@test "two files that would be one entry are refused, and a command gets no variable of the vault's own" {
  p2p-vault -q init
  mkdir d1 d2
  echo 1 >d1/k
  echo 2 >d2/k
  expect 2 p2p-vault put --force "$PWD/d1/k" "$PWD/d2/k"
  stderr_has 'two of the files would be the entry "k"'
  expect 0 p2p-vault ls
  [ -z "$output" ]
  p2p-vault -q put d1/k
  expect 2 p2p-vault run --env P2P_VAULT_PASSWORD=d1/k -- true
  stderr_has "the vault's own"
}

@test "names follow the files: relative ones whole, others by their last part or from home" {
  make_vault
  mkdir -p certs "$P2P_HOME/certs"
  cp one.pem certs/
  cp one.pem "$P2P_HOME/certs/node_key.pem"
  cp one.pem /tmp/"p2p-$$.pem"
  expect 0 p2p-vault put certs/one.pem "$P2P_HOME/certs/node_key.pem" "/tmp/p2p-$$.pem" ./certs/../one.pem --force
  rm "/tmp/p2p-$$.pem"
  expect 0 p2p-vault ls -o name
  stdout_is "$(printf '%s\n' certs/node_key.pem certs/one.pem one.pem "p2p-$$.pem" | LC_ALL=C sort)"
}

@test "a wrong password is exit code 4" {
  make_vault
  P2P_VAULT_PASSWORD='correct horse battery stapl' expect 4 p2p-vault ls
  stdout_is ''
  stderr_is "p2p-vault: error: $vault: wrong password
hint: there is no way in without the password; an old copy has the password of its time"
}

@test "damage is exit code 9, and which part is said" {
  make_vault
  cp "$vault" good
  for at in 0 8 12 16 32 44 76; do
    flip_bit_at "$vault" $at
    expect 9 p2p-vault ls
    stderr_has "$vault: damaged header: "
    expect 9 p2p-vault info
    cp good "$vault"
  done
  size=$(stat -c %s "$vault")
  for at in 80 100 $((size - 17)) $((size - 1)); do
    flip_bit_at "$vault" "$at"
    expect 9 p2p-vault verify
    stderr_has "$vault: damaged content: "
    cp good "$vault"
  done
  truncate -s 60 "$vault"
  expect 9 p2p-vault ls
  stderr_has 'damaged header: cut off after 60 bytes'
}

@test "a vault that others can read is refused with what to run" {
  make_vault
  chmod 644 "$vault"
  expect 4 p2p-vault ls
  stderr_has "$vault: readable by others (mode 0644); run: chmod 600 $vault"
}

# As another user, whom modes bind: the binary is brought where that user gets at it.
@test "a read-only folder still opens, and a put there fails without harm" {
  [ "$(id -u)" -eq 0 ] || skip "tries to be another user"
  open=$(mktemp -d)
  cp "$P2P_BIN_DIR/p2p-vault" "$open"
  chmod 755 "$open"
  P2P_HOME=$open/home
  make_vault
  chown -R 12345:12345 "$P2P_HOME"
  chmod 500 "$P2P_HOME"
  cd "$open"
  echo two >two
  as_other=(setpriv --reuid 12345 --regid 12345 --clear-groups "$open/p2p-vault")
  expect 0 "${as_other[@]}" ls -o name
  stdout_is one.pem
  expect 4 "${as_other[@]}" put two
  stderr_has 'Permission denied'
  expect 0 "${as_other[@]}" verify
  cd / && rm -r "$open"
}

@test "a full disk leaves the vault as it is" {
  [ "$(id -u)" -eq 0 ] || skip "needs to mount"
  mkdir small
  mount -t tmpfs -o size=1m tmpfs small 2>/dev/null || skip "cannot mount here"
  P2P_HOME=$BATS_TEST_TMPDIR/small/home
  P2P_HOME=$P2P_HOME make_vault
  head -c 900000 /dev/urandom >large
  P2P_HOME=$P2P_HOME run --separate-stderr p2p-vault put large
  first=$status
  head -c 2000000 /dev/urandom >large
  run --separate-stderr p2p-vault put large --force
  second=$status
  run p2p-vault verify
  verified=$status
  left=$(find "$P2P_HOME" -name '*.tmp')
  umount small
  [ "$second" -eq 7 ] && [ "$verified" -eq 0 ] && [ -z "$left" ] && [ "$first" -eq 0 ]
}

@test "the password comes from a file, a descriptor, systemd or the variable, in this order" {
  make_vault
  password=$P2P_VAULT_PASSWORD
  printf '%s\n' "$password" >password
  chmod 600 password
  export P2P_VAULT_PASSWORD='not the password'
  expect 0 p2p-vault ls --password-file password
  expect 0 p2p-vault ls --password-fd 7 7<password
  unset P2P_VAULT_PASSWORD
  mkdir credentials
  cp password credentials/p2p_vault_password
  CREDENTIALS_DIRECTORY=$PWD/credentials expect 0 p2p-vault ls
  expect 2 p2p-vault ls
  stderr_has 'there is no terminal to ask for the password on'
  chmod 640 password
  expect 4 p2p-vault ls --password-file password
  stderr_has 'readable by others'
  expect 2 p2p-vault ls --password-fd 99
}

@test "a new password is asked for twice on a terminal, and is not shown" {
  unset P2P_VAULT_PASSWORD
  run on_terminal 'a long enough passphrase' p2p-vault init
  [ "$status" -eq 0 ]
  [ "$output" = "New password for $vault: 
New password for $vault again: 
made $vault
without its password nobody can read it, you included
next: p2p-vault put FILE, or p2p-vault import for what is in this home" ]
  run on_terminal 'a long enough passphrase' p2p-vault put one.pem
  [ "$output" = "Password for $vault: 
put \"one.pem\"" ]
  run on_terminal 'another passphrase' p2p-vault ls
  [ "$status" -eq 4 ]
}

@test "a short password is refused, a weak one is warned of" {
  P2P_VAULT_PASSWORD=1234567 expect 2 p2p-vault init
  stderr_has 'the new password has fewer than 8 characters'
  [ ! -e "$vault" ]
  P2P_VAULT_PASSWORD=abcdefgh expect 0 p2p-vault init --iterations 100000
  stderr_has 'p2p-vault: warning: the new password is weak'
}

@test "rekey: the new password opens, the old one no longer, and old copies are spoken of" {
  make_vault
  cp "$vault" old
  P2P_VAULT_NEW_PASSWORD='another good passphrase' expect 0 p2p-vault rekey --iterations 100000
  stderr_has 'old copies stay readable with the old password'
  expect 4 p2p-vault ls
  P2P_VAULT_PASSWORD='another good passphrase' expect 0 p2p-vault get one.pem
  stdout_is one
  expect 0 p2p-vault get one.pem --vault old
}

@test "a backup is a vault under another password, and is never overwritten" {
  make_vault
  P2P_BACKUP_PASSWORD='the one of the safe' expect 0 p2p-vault backup copy --iterations 100000
  mode_is copy 600
  P2P_VAULT_PASSWORD='the one of the safe' expect 0 p2p-vault get one.pem --vault copy
  stdout_is one
  P2P_BACKUP_PASSWORD='the one of the safe' expect 1 p2p-vault backup copy
  stderr_has 'a backup is never overwritten'
}

@test "info needs no password" {
  make_vault
  unset P2P_VAULT_PASSWORD
  expect 0 p2p-vault info -o json
  [ "$(jq -c '[.version, .iterations, .cipher, .unlocked, .size_bytes]' <<<"$output")" = \
    "[1,100000,\"AES-256-GCM\",false,$(stat -c %s "$vault")]" ]
}

@test "get writes a file that only its owner can read, and replaces none unasked" {
  make_vault
  expect 0 p2p-vault get one.pem --out got
  mode_is got 600
  cmp got one.pem
  expect 1 p2p-vault get one.pem --out got
  stderr_has '--force replaces it'
  expect 0 p2p-vault get one.pem --out got --force
}

@test "eight processes, a hundred puts each, lose nothing" {
  make_vault
  p2p-vault unlock --quiet 2>/dev/null || skip "no keyring here"
  for writer in {1..8}; do
    for i in {1..100}; do printf '%s' "$i" | p2p-vault put --quiet - --as "$writer/$i" || echo failed >>failures; done &
  done
  wait
  [ ! -e failures ]
  expect 0 p2p-vault ls -o name
  [ "$(wc -l <<<"$output")" -eq 801 ]
  expect 0 p2p-vault verify
  p2p-vault lock
}

@test "import of a home is refused while a node runs there, and takes the account key of a node too" {
  make_vault
  local home=$BATS_TEST_TMPDIR/home
  mkdir -p "$home/data/worker-1"
  echo account >"$home/data/worker-1/acme_account.pem"
  exec 7>"$home/data/worker-1/lock"
  flock 7
  expect 1 p2p-vault import --remove
  stderr_has 'p2p-node runs in this home'
  flock -u 7
  exec 7>&-
  expect 0 p2p-vault import --remove
  [ ! -e "$home/data/worker-1/acme_account.pem" ]
  expect 0 p2p-vault get data/worker-1/acme_account.pem
  stdout_is account
}
