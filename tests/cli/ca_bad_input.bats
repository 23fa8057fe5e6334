# p2p-ca: every mistake gets a clear error, the right exit code, and loses nothing.
load helpers

setup() { new_home; }

# refused CODE TEXT COMMAND…: the exit code, a first line with TEXT, nothing on stdout, no file made.
refused() {
  local code=$1 text=$2
  shift 2
  local before after
  before=$(find "$P2P_HOME" -name '*.pem' 2>/dev/null | sort)
  expect "$code" "$@"
  stdout_is ""
  has_text "first line of stderr" "${stderr%%$'\n'*}" "p2p-ca: error: "
  stderr_has "$text"
  after=$(find "$P2P_HOME" -name '*.pem' 2>/dev/null | sort)
  same_text files "$after" "$before"
}

@test "usage: unknown commands and flags, missing and doubled names" {
  expect 2 p2p-ca
  stdout_is ""
  has_text usage "${stderr%%$'\n'*}" "Usage: p2p-ca COMMAND"
  refused 2 "unknown command \"sing\"; did you mean \"sign\"?" p2p-ca sing
  refused 2 "hint: p2p-ca init --help" p2p-ca init --bogus
  refused 2 "NAME is missing" p2p-ca sign
  refused 2 "unexpected argument \"b\"" p2p-ca show a b
  refused 2 "\"xml\" is not one of table, json, yaml, name" p2p-ca list -o xml
  p2p-ca -q init
  refused 2 "given twice" p2p-ca sign a b a
  refused 2 "--bundle takes one name" p2p-ca sign a b --bundle "$BATS_TEST_TMPDIR/b"
}

@test "names that could harm or confuse are refused" {
  p2p-ca -q init
  for name in '' '../x' 'a/b' '.hidden' 'a b' 'a..b' $'a\nb' $'a\e[31m' 'über' '-' "$(printf 'a%.0s' {1..64})"; do
    refused 2 "is not a valid name" p2p-ca sign -- "$name"
  done
  [[ "$stderr" != *$'\e'* ]]
  for name in ca node operator; do refused 2 "\"$name\" is a reserved name" p2p-ca sign "$name"; done
  refused 2 "\"ca\" is a reserved name" p2p-ca sign ca --role operator --force
  expect 0 p2p-ca sign operator --role operator --force
}

@test "roles, key types, clusters, days and additional names are checked before anything is made" {
  refused 2 "is not a valid name of a cluster" p2p-ca init --name 'a/b'
  refused 2 "--key-type: \"rsa-1024\" is not one of ecdsa-p256, ecdsa-p384" p2p-ca init --key-type rsa-1024
  refused 2 "--days: \"0\" is not a number from 1 to 36500" p2p-ca init --days 0
  p2p-ca -q init
  refused 2 "\"root\" is not one of worker, coordinator, operator" p2p-ca sign a --role root
  refused 2 "\"dsa\" is not one of ecdsa-p256" p2p-ca sign a --key-type dsa
  refused 2 "a coordinator signs tokens" p2p-ca sign a --role coordinator --key-type ed25519
  for days in 0 -1 36501 99999999999999999999 x 1.5; do
    refused 2 "days" p2p-ca sign a --days="$days"
  done
  for san in '' '*' '300.1.2.3' '10.0.0.0/8' 'host:8001' 'a b' 'DNS:x' '[::1]' 'w.*' $'x\ny'; do
    refused 2 "--san" p2p-ca sign a --san="$san"
  done
}

@test "without a CA the hint says how to get one" {
  refused 5 "no CA in $P2P_HOME" p2p-ca sign worker-1
  stderr_is "p2p-ca: error: no CA in $P2P_HOME
hint: is this the right home (--home, \$P2P_HOME)? for a new fleet: p2p-ca init"
  refused 5 "p2p-ca init" p2p-ca list
  refused 5 "p2p-ca init" p2p-ca verify worker-1
  [ ! -e "$P2P_HOME" ]
  p2p-ca -q init
  rm "$certs/ca_key.pem"
  refused 5 "$certs/ca_key.pem: No such file or directory
hint: sign where p2p-ca init was run: the CA's key is needed" p2p-ca sign worker-1
}

@test "a CA key that others can read is refused, with the chmod to run" {
  p2p-ca -q init
  chmod 640 "$certs/ca_key.pem"
  refused 4 "run: chmod 600 $certs/ca_key.pem" p2p-ca sign worker-1
  chmod 600 "$certs/ca_key.pem"
  expect 0 p2p-ca sign worker-1
  chmod 644 "$certs/worker-1_key.pem"
  refused 4 "run: chmod 600 $certs/worker-1_key.pem" p2p-ca verify worker-1
}

@test "torn, foreign and encrypted files are damage that is named" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  cp -r "$certs" "$BATS_TEST_TMPDIR/good"
  reset() { cp -rT "$BATS_TEST_TMPDIR/good" "$certs"; }

  truncate -s 100 "$certs/ca_key.pem"
  refused 9 "$certs/ca_key.pem: no private key can be read" p2p-ca sign a
  reset
  truncate -s 300 "$certs/ca_cert.pem"
  refused 9 "$certs/ca_cert.pem: no certificate can be read" p2p-ca sign a
  refused 9 "$certs/ca_cert.pem" p2p-ca verify worker-1
  : >"$certs/ca_cert.pem"
  refused 9 "$certs/ca_cert.pem: no certificate can be read" p2p-ca sign a
  reset
  cp "$certs/worker-1_key.pem" "$certs/ca_key.pem"
  refused 9 "$certs/ca_key.pem: the key does not belong to the certificate" p2p-ca sign a
  reset
  cp "$certs/worker-1_cert.pem" "$certs/ca_cert.pem"
  cp "$certs/worker-1_key.pem" "$certs/ca_key.pem"
  refused 2 "is not a CA's" p2p-ca sign a
  reset
  openssl pkcs8 -topk8 -in "$BATS_TEST_TMPDIR/good/ca_key.pem" -passout pass:x -out "$certs/ca_key.pem"
  refused 1 "the key is encrypted" p2p-ca sign a
  reset
  head -c 1000000 /dev/zero >"$certs/ca_cert.pem"
  refused 1 "larger than" p2p-ca sign a
  reset
  cp "$certs/operator_key.pem" "$certs/worker-1_key.pem"
  refused 9 "worker-1_key.pem: the key does not belong to the certificate" p2p-ca verify worker-1
  stderr_has "hint: bring the right key here, or make both anew where the CA's key is: p2p-ca sign worker-1 --force"
  reset
  cp "$certs/operator_cert.pem" "$certs/worker-1_cert.pem"
  refused 9 "worker-1: speaks for another name: spiffe://p2p/operator/operator
hint: files are called after the name in them; p2p-ca list shows both" p2p-ca verify worker-1
}

@test "verify refuses what is expired, foreign or without a role" {
  p2p-ca -q init
  openssl req -new -newkey ed25519 -nodes -keyout /dev/null -out "$BATS_TEST_TMPDIR/x.csr" -subj /CN=old
  openssl x509 -req -in "$BATS_TEST_TMPDIR/x.csr" -CA "$certs/ca_cert.pem" -CAkey "$certs/ca_key.pem" \
    -out "$BATS_TEST_TMPDIR/plain.pem"
  expect 9 p2p-ca verify "$BATS_TEST_TMPDIR/plain.pem"
  stderr_has "has 0 identities"
  p2p-ca -q --home "$BATS_TEST_TMPDIR/other" init
  p2p-ca -q --home "$BATS_TEST_TMPDIR/other" sign worker-1
  expect 9 p2p-ca verify "$BATS_TEST_TMPDIR/other/certs/worker-1_cert.pem"
  stderr_has "not signed by this CA"
  expect 9 p2p-ca verify "$BATS_TEST_TMPDIR/other/certs/ca_cert.pem"
  stderr_has "the certificate of another CA"
  # One that expired yesterday, signed with the CA's real key.
  openssl x509 -req -in "$BATS_TEST_TMPDIR/x.csr" -CA "$certs/ca_cert.pem" -CAkey "$certs/ca_key.pem" -days -1 \
    -extfile <(echo subjectAltName=URI:spiffe://p2p/worker/old) -out "$certs/old_cert.pem"
  expect 9 p2p-ca verify operator old
  stdout_has "operator: ok"
  stderr_has "old: expired on 20"
  stderr_has "hint: p2p-ca renew old, where the CA's key is"
  expect 5 p2p-ca verify nobody
  stderr_is "p2p-ca: error: no certificate \"nobody\" in $certs, and no such file
hint: p2p-ca list shows what is there"
  expect 11 p2p-ca check old
  stdout_has "expired"
}

@test "a home that cannot be written is named" {
  echo x >"$BATS_TEST_TMPDIR/file"
  expect 2 p2p-ca init --home "$BATS_TEST_TMPDIR/file/home"
  stderr_is "p2p-ca: error: $BATS_TEST_TMPDIR/file: not a folder"
  p2p-ca -q init
  expect 2 p2p-ca sign worker-1 --bundle "$BATS_TEST_TMPDIR/file/b"
  stderr_has "$BATS_TEST_TMPDIR/file: not a folder"
  [ ! -e "$certs/worker-1_cert.pem" ]
  run -1 bash -c 'p2p-ca list >/dev/full'
}

@test "an invitation is only made for what can be joined: a coordinator's address, a role, a machine" {
  p2p-ca -q init
  for address in bad:port:x main.example.org:70000 "" "[::1"; do
    expect 2 p2p-ca invite worker-1 --coordinator main.example.org:8001 --coordinator "$address"
    stderr_has "p2p-ca: error: --coordinator: "
    stderr_has "hint: it is HOST:PORT, such as main.example.org:8001"
  done
  P2P_COORDINATOR=bad:port:x expect 2 p2p-ca invite worker-1
  stderr_has "\$P2P_COORDINATOR: "
  expect 2 p2p-ca invite alice --role operator
  stderr_is "p2p-ca: error: an invitation is for a machine, not for an operator
hint: operators get a bundle: p2p-ca sign alice --role operator --bundle FILE"
  for command in invite sign; do
    for role in worker coordinator operator; do
      expect 2 p2p-ca $command www --web --role $role
      stderr_is "p2p-ca: error: --web is for other programs, which have no role: it does not go with --role
hint: leave out one of the two"
    done
  done
  expect 0 p2p-ca list --invitations -o name
  stdout_is ""
  [ ! -e "$certs/www_cert.pem" ]
}

@test "a file that is named is put into a folder that is there, and none is made" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  missing="$BATS_TEST_TMPDIR/missing/file"
  for command in "backup $missing" "export worker-1 --out $missing" "crl --out $missing" "csr worker-2 --out $missing" \
    "sign worker-2 --bundle $missing"; do
    expect 5 p2p-ca $command
    stderr_is "p2p-ca: error: $BATS_TEST_TMPDIR/missing: no such folder
hint: is it misspelt? else make it: mkdir -p $BATS_TEST_TMPDIR/missing"
    [ ! -e "$BATS_TEST_TMPDIR/missing" ]
  done
  [ ! -e "$certs/worker-2_key.pem" ] && [ ! -e "$certs/worker-2_cert.pem" ]
}
