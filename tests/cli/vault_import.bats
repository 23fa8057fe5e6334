#!/usr/bin/env bats
# p2p-vault import beside somebody who changes the home meanwhile, its owner for one, who is not trusted by root.

load helpers

setup() {
  new_home
  export P2P_VAULT_PASSWORD='correct horse battery staple'
  unset P2P_VAULT_NEW_PASSWORD P2P_BACKUP_PASSWORD P2P_VAULT_FILE CREDENTIALS_DIRECTORY
  cd "$BATS_TEST_TMPDIR" || return
  p2p-vault init --quiet --iterations 100000
  mkdir "$certs"
  echo key >"$certs/a_key.pem"
}

teardown() { [ -z "${open:-}" ] || rm -r "$open"; }

# In $open, which every user can enter, as $BATS_TEST_TMPDIR is not: a copy of the tool, and the home, which is given to nobody.
give_home_to_nobody() {
  [ "$(id -u)" -eq 0 ] || skip "tries to be another user"
  open=$(mktemp -d)
  chmod 755 "$open"
  cp "$P2P_BIN_DIR/p2p-vault" "$open"
  mv "$P2P_HOME" "$open/home"
  P2P_HOME=$open/home
  certs=$P2P_HOME/certs
  chown -R 65534:65534 "$P2P_HOME"
  mkdir -m 700 "$open/of_root"
  (umask 077 && echo 'only for root' >"$open/of_root/a_key.pem")
}

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# at_question SCRIPT COMMAND…: runs the command on a terminal of its own; when it asks, runs the script, then says yes.
# Leaves $status and what was seen in $output.
at_question() {
  run timeout 60 /usr/bin/python3 - "$@" <<'PY'
import os, pty, subprocess, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    seen += chunk
    if seen.endswith(b"[y/N] "):
        subprocess.run(["sh", "-c", sys.argv[1]], check=True)
        os.write(terminal, b"y\n")
sys.stdout.write(seen.decode().replace("\r", ""))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PY
}

@test "root takes in no file that the owner of the home cannot read" {
  give_home_to_nobody
  ln "$open/of_root/a_key.pem" "$certs/hard_key.pem"
  expect 4 p2p-vault import --remove
  stderr_has "$certs/hard_key.pem: Permission denied"
  [ -e "$open/of_root/a_key.pem" ]
  rm "$certs/hard_key.pem"
  ln -s "$open/of_root/a_key.pem" "$certs/soft_key.pem"
  expect 0 p2p-vault import --remove
  expect 0 p2p-vault ls -o name
  stdout_is certs/a_key.pem
  [ ! -e "$certs/a_key.pem" ]
  [ -e "$open/of_root/a_key.pem" ]
}

@test "a file that becomes a link while root's import waits for the lock is not followed" {
  give_home_to_nobody
  exec 8>"$P2P_HOME/.p2p_secure_storage.lock"
  chown 65534:65534 "$P2P_HOME/.p2p_secure_storage.lock"
  flock 8
  p2p-vault import --remove >out 2>&1 8>&- &
  local import=$!
  # Until it has the file that it is going to lock.
  timeout 60 sh -c "until ls -l /proc/$import/fd 2>&1 | grep -q storage.lock; do :; done"
  as_nobody ln -sf "$open/of_root/a_key.pem" "$certs/a_key.pem"
  exec 8>&-
  status=0
  wait "$import" || status=$?
  [ "$status" -eq 1 ]
  grep -q '"certs/a_key.pem" changed meanwhile' out
  [ -L "$certs/a_key.pem" ]
  [ "$(cat "$open/of_root/a_key.pem")" = 'only for root' ]
  expect 0 p2p-vault get certs/a_key.pem
  stdout_is key
}

@test "import removes nothing through a folder that became a link" {
  give_home_to_nobody
  echo key >"$open/of_root/a_key.pem"
  at_question "mv $certs $certs.2; ln -s $open/of_root $certs" p2p-vault import
  [ "$status" -ne 0 ]
  [ -e "$open/of_root/a_key.pem" ]
  [ -e "$certs.2/a_key.pem" ]
}

@test "without another user neither: a folder that became a link is not followed" {
  mkdir elsewhere
  echo key >elsewhere/a_key.pem
  at_question "mv $certs $certs.2; ln -s $PWD/elsewhere $certs" p2p-vault import
  [ "$status" -ne 0 ]
  [ -e elsewhere/a_key.pem ]
}

@test "what is written while import asks stays, and is named" {
  echo other >"$certs/b_key.pem"
  at_question "echo newer >$certs/a_key.pem" p2p-vault import
  [ "$status" -eq 8 ]
  has_text output "$output" 'removed the plain files'
  has_text output "$output" 'what was written meanwhile is still there: "certs/a_key.pem"'
  [ "$(cat "$certs/a_key.pem")" = newer ]
  [ ! -e "$certs/b_key.pem" ]
  expect 0 p2p-vault import --force --remove
  expect 0 p2p-vault get certs/a_key.pem
  stdout_is newer
}

@test "where it cannot be seen whether a node runs, import is refused" {
  give_home_to_nobody
  mkdir -m 000 "$P2P_HOME/data"
  chown 65534:65534 "$P2P_HOME/data"
  expect 4 p2p-vault import
  stderr_has "$P2P_HOME/data"
  stderr_has 'hint: whether p2p-node runs in this home cannot be seen'
  expect 4 setpriv --reuid=65534 --regid=65534 --clear-groups "$open/p2p-vault" import
  chmod 700 "$P2P_HOME/data"
  expect 0 p2p-vault import
}

@test "a folder of root's that is not the home is imported by root as it is" {
  give_home_to_nobody
  expect 0 p2p-vault import "$open/of_root" --remove
  expect 0 p2p-vault get a_key.pem
  stdout_is 'only for root'
  [ ! -e "$open/of_root/a_key.pem" ]
  p2p-vault get a_key.pem --out "$open/of_root/again"
  [ "$(stat -c %u "$open/of_root/again")" = 0 ]
  expect 0 p2p-vault put "$open/of_root/again"
  # shellcheck disable=SC2016  # for the shell that is run
  expect 0 p2p-vault run --file KEY=again -- sh -c 'id -u; cat "$KEY"'
  stdout_is $'0\nonly for root'
}

@test "files that a home's vault never takes are no reason against an import" {
  mkdir -p "$P2P_HOME"/{services/x,logs}
  touch "$P2P_HOME/services/x/weird\\name" "$P2P_HOME/services/"$'latin-\xe9'
  (cd "$P2P_HOME/logs" && seq -f 'log-%.0f' 66000 | xargs touch)
  expect 0 p2p-vault import --remove
  [ ! -e "$certs/a_key.pem" ]
  touch "$certs/weird\\name"
  expect 2 p2p-vault import
  stderr_has 'is no name for an entry: it has a backslash'
}

@test "a file whose size is said to be 0 is put whole" {
  expect 0 p2p-vault put /proc/version --as version
  p2p-vault get version | cmp - /proc/version
}
