# p2p-ca after mishaps: commands that were cut off, backups of another time, keys that others have.
load helpers

setup() {
  new_home
  p2p-ca -q init
}

serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f; }
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
