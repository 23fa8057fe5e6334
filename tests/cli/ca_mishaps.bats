# p2p-ca after mishaps: commands that were cut off, backups of another time, keys that others have.
load helpers

setup() {
  new_home
  p2p-ca -q init
}

teardown() { [ -z "${outside:-}" ] || rm -r "$outside"; }

# is_listed CERTIFICATE: the newest list of the CA that signs tells of it.
is_listed() { p2p-ca -q crl | openssl crl -noout -text | tr A-F a-f | grep -q "$(serial_of "$1")"; }
activate() {
  p2p-ca -q rotate --yes >/dev/null
  p2p-ca -q rotate --activate --yes --force >/dev/null
}

@test "a restore keeps revoked what was revoked since, though the CA's key was replaced in between" {
  p2p-ca -q sign worker-1 worker-2
  p2p-ca -q backup "$BATS_TEST_TMPDIR/backup" >/dev/null
  activate
  p2p-ca -q revoke worker-1 >/dev/null
  cp "$certs/worker-1_cert.pem" "$BATS_TEST_TMPDIR/worker-1.pem"
  number=$(p2p-ca -q crl -o name)
  cp "$certs/ca_crl.pem" "$BATS_TEST_TMPDIR/newest.pem"
  [ "$(grep -c BEGIN "$BATS_TEST_TMPDIR/newest.pem")" -eq 2 ]
  expect 0 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes
  [ "$(p2p-ca -q crl -o name)" -gt "$number" ]
  is_listed "$BATS_TEST_TMPDIR/worker-1.pem"
  # Likewise with the list that somebody brings to another machine.
  P2P_HOME=$BATS_TEST_TMPDIR/other certs=$BATS_TEST_TMPDIR/other/certs
  expect 0 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --crl "$BATS_TEST_TMPDIR/newest.pem"
  is_listed "$BATS_TEST_TMPDIR/worker-1.pem"
  [ "$(p2p-ca -q crl -o name)" -gt "$number" ]
}

@test "a list of another CA is refused before a restore replaces anything" {
  p2p-ca -q backup "$BATS_TEST_TMPDIR/backup" >/dev/null
  P2P_HOME=$BATS_TEST_TMPDIR/foreign p2p-ca -q init
  P2P_HOME=$BATS_TEST_TMPDIR/foreign p2p-ca -q crl >"$BATS_TEST_TMPDIR/foreign.pem"
  p2p-ca -q sign worker-1
  before=$(find "$P2P_HOME" -name '*.pem' -exec sha256sum {} + | sort)
  expect 5 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes --crl "$BATS_TEST_TMPDIR/foreign.pem"
  stderr_has "foreign.pem: only lists of another CA"
  same_text files "$(find "$P2P_HOME" -name '*.pem' -exec sha256sum {} + | sort)" "$before"
  [ ! -e "$P2P_HOME/ca/restoring" ]
  expect 0 p2p-ca list -o name
  stdout_has worker-1
}

@test "a revocation that was cut off before its list was signed is on the list once it is repeated" {
  p2p-ca -q sign worker-1 worker-2
  rm -f "$certs/ca_crl.pem"
  mkdir "$certs/ca_crl.pem" # nothing can be put there
  run p2p-ca revoke worker-1 --reason superseded
  [ "$status" -ne 0 ]
  rmdir "$certs/ca_crl.pem"
  expect 0 p2p-ca revoke worker-1 --reason key-compromise -o json
  stderr_has "1 certificate of worker-1 was revoked already"
  same_text "the first reason" "$(jq -r '.[].reason' <<<"$output")" superseded
  is_listed "$certs/worker-1_cert.pem"
  expect 0 p2p-ca revoke "$(serial_of "$certs/worker-1_cert.pem")" -o json
  stderr_has "was revoked already"
  same_text "the first reason" "$(jq -r '.[].reason' <<<"$output")" superseded
  expect 5 p2p-ca revoke worker-9
}

@test "a key that was revoked as compromised is certified no more, whatever way it comes" {
  p2p-ca -q sign worker-1
  cp "$certs/worker-1_key.pem" "$BATS_TEST_TMPDIR/stolen.pem"
  first=$(serial_of "$certs/worker-1_cert.pem")
  p2p-ca -q renew worker-1 >/dev/null # the same key
  p2p-ca -q revoke "$first" --reason key-compromise >/dev/null
  expect 1 p2p-ca renew worker-1
  stderr_is "p2p-ca: error: the key of \"worker-1\" is revoked
hint: --new-key renews it with another key; p2p-ca sign worker-1 --force begins anew"
  openssl req -new -key "$BATS_TEST_TMPDIR/stolen.pem" -subj /CN=worker-2 -out "$BATS_TEST_TMPDIR/request.pem"
  expect 1 p2p-ca sign worker-2 --csr "$BATS_TEST_TMPDIR/request.pem"
  stderr_has "was revoked as compromised"
  [ ! -e "$certs/worker-2_cert.pem" ]
  expect 0 p2p-ca renew worker-1 --new-key
  expect 0 p2p-ca renew worker-1
}

@test "a revoked certificate is renewed only with another key" {
  p2p-ca -q sign worker-1
  p2p-ca -q revoke worker-1 >/dev/null
  before=$(sha256sum "$certs"/worker-1_*)
  expect 1 p2p-ca renew worker-1
  stderr_is "p2p-ca: error: the certificate of \"worker-1\" is revoked
hint: --new-key renews it with another key; p2p-ca sign worker-1 --force begins anew"
  same_text files "$(sha256sum "$certs"/worker-1_*)" "$before"
  expect 0 p2p-ca renew worker-1 --new-key
  expect 0 p2p-ca verify worker-1
}

@test "a new key that was cut off on its way is finished or dropped, and the old one is not lost" {
  p2p-ca -q sign worker-1 worker-2
  cp "$certs/worker-1_key.pem" "$BATS_TEST_TMPDIR/old.pem"
  # Killed after the new key was written: the old pair works on.
  cp "$certs/worker-2_key.pem" "$certs/worker-1_key.pem.new"
  expect 0 p2p-ca verify worker-1
  expect 0 p2p-ca renew worker-1
  same_text "the key" "$(cat "$certs/worker-1_key.pem")" "$(cat "$BATS_TEST_TMPDIR/old.pem")"
  [ ! -e "$certs/worker-1_key.pem.new" ]
  # Killed after the new certificate was written: its key is used, and put in place.
  p2p-ca -q renew worker-1 --new-key >/dev/null
  mv "$certs/worker-1_key.pem" "$certs/worker-1_key.pem.new"
  cp "$BATS_TEST_TMPDIR/old.pem" "$certs/worker-1_key.pem"
  new=$(cat "$certs/worker-1_key.pem.new")
  expect 0 p2p-ca verify worker-1
  expect 0 p2p-ca renew worker-1
  same_text "the key" "$(cat "$certs/worker-1_key.pem")" "$new"
  [ ! -e "$certs/worker-1_key.pem.new" ]
  mode_is "$certs/worker-1_key.pem" 600
}

@test "check and renew --all see that the CA's key was replaced" {
  p2p-ca -q sign worker-1
  p2p-ca -q rotate >/dev/null
  expect 0 p2p-ca check
  p2p-ca -q rotate --activate --force --yes >/dev/null
  expect 10 p2p-ca check -o json
  same_text states "$(jq -c '[.[] | [.name, .state]]' <<<"$output")" '[["ca","ok"],["operator","renew"],["worker-1","renew"]]'
  cp "$certs/worker-1_cert.pem" "$BATS_TEST_TMPDIR/old.pem"
  expect 0 p2p-ca renew --all
  stdout_is "$certs/operator_cert.pem
$certs/worker-1_cert.pem"
  expect 0 p2p-ca check
  p2p-ca -q rotate --retire --force --yes >/dev/null
  expect 0 p2p-ca check
  expect 11 p2p-ca check "$BATS_TEST_TMPDIR/old.pem"
  stdout_has untrusted
}

@test "a new CA forgets the roots of the one before, and what the fleet knew of them" {
  p2p-ca -q rotate >/dev/null
  echo '{}' >"$P2P_HOME/ca/fleet.json"
  [ -e "$certs/ca_roots.json" ]
  expect 0 p2p-ca init --force --yes
  [ ! -e "$certs/ca_roots.json" ] && [ ! -e "$P2P_HOME/ca/fleet.json" ]
}

@test "after a restore no list of roots is there that the CA does not know" {
  p2p-ca -q backup "$BATS_TEST_TMPDIR/before" >/dev/null
  p2p-ca -q rotate >/dev/null
  p2p-ca -q backup "$BATS_TEST_TMPDIR/during" >/dev/null
  cp "$certs/ca_roots.json" "$BATS_TEST_TMPDIR/roots.json"
  p2p-ca -q rotate --activate --force --yes >/dev/null
  expect 0 p2p-ca restore "$BATS_TEST_TMPDIR/during" --force --yes
  same_text "the list" "$(cat "$certs/ca_roots.json")" "$(cat "$BATS_TEST_TMPDIR/roots.json")"
  expect 0 p2p-ca restore "$BATS_TEST_TMPDIR/before" --force --yes
  [ ! -e "$certs/ca_roots.json" ]
  expect 0 p2p-ca sign worker-1
}

@test "what a coordinator wrote of its nodes and was torn is damaged, not a wrong usage" {
  p2p-ca -q rotate >/dev/null
  for text in '{' '{"at": "yesterday", "nodes": []}' '[]'; do
    echo "$text" >"$P2P_HOME/ca/fleet.json"
    expect 9 p2p-ca rotate --status
    stderr_has "fleet.json: not a coordinator's report"
  done
}

# owned_by_root: the files of this home that are root's.
owned_by_root() { find "$P2P_HOME" -user root; }

@test "root works in the home of the service's user as that user, and outside as root" {
  [ "$(id -u)" -eq 0 ] || skip "needs root"
  # Only root may pass through the folder of the test.
  outside=$(mktemp -d /tmp/p2p-home.XXXXXX)
  chmod 755 "$outside"
  mv "$P2P_HOME" "$outside/home"
  P2P_HOME=$outside/home certs=$outside/home/certs
  chown -R nobody: "$P2P_HOME"
  mine=$BATS_TEST_TMPDIR/mine
  mkdir -m 700 "$mine"
  (cd "$mine" && expect 0 p2p-ca sign alice --role operator --bundle alice.p2p)
  expect 0 p2p-ca sign worker-1
  expect 0 p2p-ca csr worker-2 --out "$mine/request.pem"
  expect 0 p2p-ca sign worker-2 --csr "$mine/request.pem"
  expect 0 p2p-ca invite worker-3
  expect 0 p2p-ca renew worker-1 --new-key --revoke
  expect 0 p2p-ca crl --out "$mine/crl.pem"
  expect 0 p2p-ca export worker-1 --out "$mine/worker-1.pem"
  expect 0 p2p-ca backup "$mine/backup"
  expect 0 p2p-ca rotate
  expect 0 p2p-ca audit "$certs/worker-1_cert.pem" "$mine/worker-1.pem"
  expect 0 p2p-ca restore "$mine/backup" --crl "$mine/crl.pem" --force --yes
  expect 0 p2p-ca list -o json
  has_text "who is recorded" "$(jq -r '.[] | select(.name == "worker-1") | .issued_by' <<<"$output")" "root@"
  same_text "files of root" "$(owned_by_root)" ""
  same_text "files outside" "$(find "$mine" ! -user root)" ""
  expect 0 p2p-ca init --force --yes
  same_text "files of root" "$(owned_by_root)" ""
}
