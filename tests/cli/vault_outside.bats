#!/usr/bin/env bats
# p2p-vault and what is outside the file: folders, the kernel's keyring, editors, other programs.

load helpers

setup() {
  new_home
  export P2P_VAULT_PASSWORD='correct horse battery staple'
  unset P2P_VAULT_NEW_PASSWORD P2P_BACKUP_PASSWORD CREDENTIALS_DIRECTORY VISUAL EDITOR
  cd "$BATS_TEST_TMPDIR" || return
  p2p-vault init --quiet --iterations 100000
}

teardown() { p2p-vault lock --quiet || true; }

put_text() { printf '%s' "$2" | p2p-vault put --quiet --force - --as "$1"; }

@test "import takes certificates, configuration and state of the home, checks them, and keeps the files unless told" {
  mkdir -p "$P2P_HOME"/{certs,config,data,ca,services}
  for file in certs/node_key.pem certs/node_cert.pem config/node.yaml data/gossip_state.json; do echo "$file" >"$P2P_HOME/$file"; done
  for file in data/lock ca/inventory.db services/x data/logs.db certs/.lock; do echo "$file" >"$P2P_HOME/$file"; done
  expect 0 p2p-vault import
  stderr_is "put 4 entries; the vault has them as they are in $P2P_HOME
the plain files are still there; p2p-vault import --remove takes them away"
  expect 0 p2p-vault ls -o name
  stdout_is $'certs/node_cert.pem\ncerts/node_key.pem\nconfig/node.yaml\ndata/gossip_state.json'
  [ -e "$P2P_HOME/certs/node_key.pem" ]
  expect 0 p2p-vault import --remove
  [ ! -e "$P2P_HOME/certs/node_key.pem" ]
  [ -e "$P2P_HOME/ca/inventory.db" ]
  expect 0 p2p-vault get certs/node_key.pem
  stdout_is certs/node_key.pem
}

@test "import replaces no entry of other content unasked, and export gives back what was imported" {
  mkdir -p in/sub
  echo a >in/a
  head -c 5000 /dev/urandom >in/sub/b
  expect 0 p2p-vault import in
  echo changed >in/a
  expect 1 p2p-vault import in
  stderr_has 'entry "a" already exists'
  expect 0 p2p-vault import in --force
  expect 0 p2p-vault export out
  stderr_has 'they are not encrypted there'
  diff -r in out
  mode_is out/sub/b 600
  mode_is out 700
}

@test "a file that is named is put into a folder that is there, and none is made" {
  put_text a one
  local command
  for command in 'get a --out missing/file' 'get a --force --out missing/file' 'backup missing/file --iterations 100000' 'export missing/out'; do
    # shellcheck disable=SC2086
    expect 5 p2p-vault $command
    stderr_is 'p2p-vault: error: missing: no such folder
hint: is it misspelt? else make it: mkdir -p missing'
    [ ! -e missing ]
  done
  expect 0 p2p-vault export out/
  same_text content "$(cat out/a)" one
}

@test "export replaces no file and follows no link out of its folder" {
  put_text a one
  put_text sub/b two
  mkdir out elsewhere
  ln -s ../elsewhere out/sub
  expect 1 p2p-vault export out
  stderr_has 'follows no link'
  [ -z "$(ls elsewhere)" ]
  [ ! -e out/a ]
  rm out/sub
  echo mine >out/a
  expect 1 p2p-vault export out
  [ "$(cat out/a)" = mine ]
  [ ! -e out/sub ]
}

@test "unlock keeps the key for the tools, lock and the end of its time take it away" {
  p2p-vault unlock --quiet || skip "no keyring here"
  put_text a one
  unset P2P_VAULT_PASSWORD
  expect 0 p2p-vault get a
  stdout_is one
  expect 0 p2p-vault info -o json
  [ "$(jq .unlocked <<<"$output")" = true ]
  expect 0 p2p-vault lock
  stderr_is locked
  expect 2 p2p-vault get a
  P2P_VAULT_PASSWORD='correct horse battery staple' expect 0 p2p-vault unlock --ttl 1s
  for _ in {1..100}; do
    p2p-vault info -o json | jq -e '.unlocked | not' >/dev/null && break
    read -rt 0.1 <> <(:) || true
  done
  expect 2 p2p-vault get a
}

@test "a rekey makes a kept key worthless" {
  p2p-vault unlock --quiet || skip "no keyring here"
  P2P_VAULT_NEW_PASSWORD='another good passphrase' expect 0 p2p-vault rekey --iterations 100000
  unset P2P_VAULT_PASSWORD
  expect 2 p2p-vault ls
}

@test "edit gives the editor a file that is on no disk, and saves what it leaves" {
  put_text note 'first line
'
  cat >editor <<'END'
#!/bin/sh
readlink "$1" >where
cat "$1" >seen
echo 'second line' >>"$1"
END
  chmod +x editor
  EDITOR=./editor expect 0 p2p-vault edit note
  stderr_has 'swap'
  [[ $(cat where) == /memfd:* ]]
  [ "$(cat seen)" = 'first line' ]
  expect 0 p2p-vault get note
  stdout_is $'first line\nsecond line'
  EDITOR=true expect 0 p2p-vault edit note
  stderr_has 'not changed'
  EDITOR=true expect 0 p2p-vault edit nope
  stderr_has '"nope" is new'
  expect 5 p2p-vault get nope
  EDITOR='./editor ; false' expect 1 p2p-vault edit note
  stderr_has 'failed; nothing was changed'
}

@test "an edit of what another changed meanwhile loses neither version" {
  put_text note old
  cat >editor <<'END'
#!/bin/sh
printf theirs | P2P_VAULT_PASSWORD='correct horse battery staple' p2p-vault put --quiet --force - --as note
printf mine >"$1"
END
  chmod +x editor
  EDITOR=./editor expect 8 p2p-vault edit note
  stderr_has 'your version is the entry note.edited'
  expect 0 p2p-vault get note
  stdout_is theirs
  expect 0 p2p-vault get note.edited
  stdout_is mine
  sed -i 's/theirs/theirs again/; s/mine/mine again/; s/printf \([a-z ]*\) |/printf "\1" |/; s/printf \([a-z ]*\) >/printf "\1" >/' editor
  EDITOR=./editor expect 8 p2p-vault edit note
  stderr_has 'your version is the entry note.edited-2'
  expect 0 p2p-vault get note.edited
  stdout_is mine
  expect 0 p2p-vault get note.edited-2
  stdout_is 'mine again'
}

@test "the other version of an entry whose name is as long as can be is kept too" {
  name=$(printf 'é%.0s' {1..256})
  put_text "$name" old
  cat >editor <<END
#!/bin/sh
printf theirs | P2P_VAULT_PASSWORD='$P2P_VAULT_PASSWORD' p2p-vault put --quiet --force - --as "$name"
printf mine >"\$1"
END
  chmod +x editor
  EDITOR=./editor expect 8 p2p-vault edit "$name"
  # 504 bytes, so that with the ending it has no more than 512.
  other=$(printf 'é%.0s' {1..252}).edited
  stderr_has "your version is the entry $other"
  expect 0 p2p-vault get "$other"
  stdout_is mine
}

@test "run gives a command entries as variables and files, and not the password" {
  put_text db 'pass word
'
  head -c 70000 /dev/urandom >random
  p2p-vault put --quiet random
  # shellcheck disable=SC2016  # for the inner shell
  expect 0 p2p-vault run --env DB=db --file KEY=random -- sh -c 'cmp "$KEY" random && cmp "$KEY" random && printf "%s|%s" "$DB" "${P2P_VAULT_PASSWORD-none}"'
  stdout_is 'pass word|none'
  expect 7 p2p-vault run -- sh -c 'exit 7'
  expect 5 p2p-vault run -- no-such-command
  expect 2 p2p-vault run --env 1X=db -- true
  expect 2 p2p-vault run --env R=random -- true
  stderr_has 'entry "random" is no text'
  # Nothing of it was on a disk.
  run grep -rl 'pass word' "$P2P_HOME"
  [ "$status" -eq 1 ]
}

@test "no other process of the user can look into it, and it leaves no core" {
  cat >editor <<'END'
#!/bin/sh
parent=$(awk '/^PPid/ { print $2 }' /proc/$$/status)
stat -c %U "/proc/$parent/environ" >owner
tr '\0' '\n' <"/proc/$parent/environ" 2>/dev/null | grep '^P2P_VAULT_PASSWORD=' >environment
exit 0
END
  chmod +x editor
  EDITOR=./editor expect 0 p2p-vault edit note
  [ "$(cat owner)" = root ]
  run ! grep -q horse environment
}

@test "Ctrl-C at a password prompt shows what is typed again, and ends the tool by that signal" {
  unset P2P_VAULT_PASSWORD
  for key in '\x03' '\x1c'; do
    on_terminal_with "
read_until('Password for ')
read_until(': ')
assert not has_echo()
type('half of it$key')
code = end()
assert code in (-2, -3), code
assert has_echo()
assert b'half' not in seen
" p2p-vault ls
  done
  # Stopped and brought back, it asks again.
  on_terminal_with "
read_until('Password for ')
read_until(': ')
type('\x1a')
read_until('it is stopped')
assert has_echo()
type('\n')
read_until('Password for ')
read_until(': ')
assert not has_echo()
type('correct horse battery staple\n')
assert end() == 0
assert has_echo()
" bash -c 'set -m; p2p-vault ls; echo it is stopped; read -r; fg >/dev/null'
}

@test "an edit that cannot be saved is said, and asks on a terminal to try again with the text" {
  put_text note old
  cat >editor <<'END'
#!/bin/sh
printf mine >>"$1"
cp "$1" seen
# The vault is of a later password from now on, then of the old one again.
if [ -e of_before ]; then mv of_before "$P2P_HOME/.p2p_secure_storage"; else
  cp -p "$P2P_HOME/.p2p_secure_storage" of_before
  chmod 644 "$P2P_HOME/.p2p_secure_storage"
fi
END
  chmod +x editor
  EDITOR=./editor expect 4 p2p-vault edit note
  stderr_has 'readable by others'
  stderr_has 'what you wrote is not in the vault, and is gone'
  rm of_before
  chmod 600 "$P2P_HOME/.p2p_secure_storage"
  EDITOR=./editor on_terminal_with "
read_until('readable by others')
read_until('Open the editor with your text again')
read_until(']')
type('y\n')
assert end() == 0
" p2p-vault edit note
  expect 0 p2p-vault get note
  stdout_is oldminemine
}

@test "what run and edit start gets no password: not by a variable, not by a descriptor, also with a kept key" {
  put_text note old
  export P2P_VAULT_NEW_PASSWORD=new-password P2P_BACKUP_PASSWORD=backup-password
  printf '%s' "$P2P_VAULT_PASSWORD" >password
  chmod 600 password
  cat >look <<'END'
#!/bin/sh
env | grep PASSWORD >>found
cat <&7 >>found 2>/dev/null
cat <&0 >>found 2>/dev/null
exit 0
END
  chmod +x look
  look_around() {
    : >found
    "$@"
    [ ! -s found ]
  }
  look_around p2p-vault run -- ./look </dev/null
  look_around p2p-vault run --password-fd 7 -- ./look 7<password </dev/null
  look_around p2p-vault run --password-fd 0 -- ./look <password
  EDITOR=./look look_around p2p-vault edit --password-fd 7 note 7<password </dev/null
  EDITOR=./look look_around p2p-vault edit note </dev/null
  p2p-vault unlock --quiet || skip "no keyring here"
  look_around p2p-vault run --password-fd 7 -- ./look 7<password </dev/null
  look_around p2p-vault run --password-fd 0 -- ./look <password
  EDITOR=./look look_around p2p-vault edit note </dev/null
}

@test "no two entries get in each other's way when they are files" {
  put_text a one
  expect 2 p2p-vault put "$BATS_TEST_DIRNAME/helpers.bash" --as a/b
  stderr_has '"a" and "a/b" cannot both be entries: the one is a folder of the other'
  expect 0 p2p-vault mv a a/b
  expect 2 p2p-vault mv a/b a/b/c/../d
  expect 2 p2p-vault put "$BATS_TEST_DIRNAME/helpers.bash" --as a
  expect 0 p2p-vault export out
  [ "$(cat out/a/b)" = one ]
}
