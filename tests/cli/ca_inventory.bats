# p2p-ca: the record of all that a CA has done, and what several programs, a full disk or a meddler do to it.
load helpers

setup() { new_home; }

database() { sqlite3 "$P2P_HOME/ca/inventory.db" "$@"; }

@test "audit prints the head, and finds an earlier one later" {
  p2p-ca -q init
  expect 0 p2p-ca audit
  [[ "$output" =~ ^intact:\ 3\ events,\ 1\ certificate,\ head\ [0-9a-f]{64}$ ]]
  head=$(p2p-ca audit -o name)
  p2p-ca -q sign worker-1
  expect 0 p2p-ca audit --head "$head"
  expect 0 p2p-ca audit -o json
  same_text findings "$(jq -c '[.events, .certificates, .findings]' <<<"$output")" '[4,2,[]]'
  expect 9 p2p-ca audit --head "${head//[0-9]/0}"
  stderr_has "is not in the chain"
  expect 2 p2p-ca audit --head xyz
  expect 2 p2p-ca audit --head abcd
}

@test "audit finds what was changed by hand, and where" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  p2p-ca -q revoke worker-1 >/dev/null
  database "UPDATE certificates SET revoked_at = NULL WHERE name = 'worker-1'"
  expect 9 p2p-ca audit
  [[ "$output" == "not intact: 6 events, 2 certificates, head "* ]]
  stderr_has "p2p-ca: error: certificates: row "
  stderr_has " was changed"
  database "UPDATE journal SET who = 'nobody@nowhere' WHERE seq = 4"
  expect 9 p2p-ca audit
  stderr_has "event 4 (issued) was changed, or the one before it was"
  database "DELETE FROM journal WHERE seq = 4"
  expect 9 p2p-ca audit
  stderr_has "event 4 is missing"
}

@test "audit finds a certificate of this CA that is not in the inventory" {
  p2p-ca -q init
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=ghost -out "$BATS_TEST_TMPDIR/ghost.csr" 2>/dev/null
  printf 'authorityKeyIdentifier=keyid\n' >"$BATS_TEST_TMPDIR/ext"
  openssl x509 -req -in "$BATS_TEST_TMPDIR/ghost.csr" -CA "$certs/ca_cert.pem" -CAkey "$certs/ca_key.pem" \
    -extfile "$BATS_TEST_TMPDIR/ext" -out "$BATS_TEST_TMPDIR/ghost.pem" -days 10 2>/dev/null
  P2P_HOME="$BATS_TEST_TMPDIR/foreign" p2p-ca -q init
  expect 0 p2p-ca audit "$BATS_TEST_TMPDIR/foreign/certs/operator_cert.pem"
  expect 9 p2p-ca audit "$BATS_TEST_TMPDIR/ghost.pem"
  stderr_has "ghost.pem: signed by this CA, but not in its inventory: serial "
  cp "$BATS_TEST_TMPDIR/ghost.pem" "$certs/ghost_cert.pem"
  expect 9 p2p-ca audit
  expect 5 p2p-ca audit "$BATS_TEST_TMPDIR/nothing.pem"
}

@test "a home of the version before gets an inventory at first use" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  rm -r "$P2P_HOME/ca"
  expect 0 p2p-ca list -o name
  stdout_is "ca
operator
worker-1"
  expect 0 p2p-ca audit
  expect 0 p2p-ca revoke worker-1
  mode_is "$P2P_HOME/ca" 700
  mode_is "$P2P_HOME/ca/inventory.db" 600
}

@test "several commands at once lose nothing" {
  p2p-ca -q init
  rm -r "$P2P_HOME/ca" # the first use is at once, too
  for i in 1 2 3 4 5 6; do p2p-ca -q sign "w$i" >/dev/null & done
  wait
  for i in 1 2 3; do
    p2p-ca -q revoke "w$i" >/dev/null &
    p2p-ca -q invite "n$i" >/dev/null &
    p2p-ca -q crl >/dev/null &
  done
  wait
  expect 0 p2p-ca audit
  expect 0 p2p-ca list -o name
  stdout_is "ca
operator
w1
w2
w3
w4
w5
w6"
  same_text revoked "$(p2p-ca -q crl >/dev/null; openssl crl -in "$certs/ca_crl.pem" -noout -text | grep -c 'Serial Number')" 3
}

@test "a full disk: nothing is half issued, and all goes on when there is room again" {
  unshare -m true 2>/dev/null || skip "cannot mount here"
  cat >"$BATS_TEST_TMPDIR/script" <<'SCRIPT'
set -e
mount -t tmpfs -o size=1m none "$P2P_HOME"
p2p-ca -q init
# Names and file sizes that fit; then the disk is filled to the last byte.
p2p-ca -q sign before
dd if=/dev/zero of="$P2P_HOME/filler" bs=4k 2>/dev/null || true
status=0
p2p-ca sign after >"$OUT/stdout" 2>"$OUT/stderr" || status=$?
echo "$status" >"$OUT/status"
ls "$P2P_HOME/certs" >"$OUT/files"
rm "$P2P_HOME/filler"
p2p-ca audit >"$OUT/audit" 2>&1
p2p-ca list -o name >"$OUT/list"
p2p-ca -q sign after >"$OUT/again"
SCRIPT
  mkdir -p "$P2P_HOME" "$BATS_TEST_TMPDIR/out"
  OUT="$BATS_TEST_TMPDIR/out" unshare -m bash "$BATS_TEST_TMPDIR/script"
  cd "$BATS_TEST_TMPDIR/out"
  [ "$(cat status)" -ne 0 ]
  [ ! -s stdout ]
  grep -q 'p2p-ca: error: ' stderr
  run ! grep after files
  grep -q '^intact: 4 events, 2 certificates' audit
  same_text list "$(cat list)" "ca
before
operator"
  [ -s again ]
}

# valid_names: whose certificates are valid and not revoked.
valid_names() { p2p-ca list -o json | jq -r '.[] | select(.revoked_at == null) | .name'; }

@test "a folder that takes no files is found before anything is signed" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  local as=()
  if [ "$(id -u)" -eq 0 ]; then # whom no mode keeps out
    as=(setpriv --reuid nobody --clear-groups)
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
    chown -R nobody "$P2P_HOME"
    "${as[@]}" ls "$P2P_HOME" >/dev/null || skip "nobody cannot get at the home"
  fi
  before=$("${as[@]}" p2p-ca -q audit -o name)
  chmod 500 "$certs"
  expect 4 "${as[@]}" p2p-ca sign worker-2
  stderr_is "p2p-ca: error: $certs: Permission denied"
  expect 4 "${as[@]}" p2p-ca renew worker-1
  chmod 700 "$certs"
  mkdir -m 500 "$BATS_TEST_TMPDIR/locked"
  if [ ${#as[@]} -ne 0 ]; then chown nobody "$BATS_TEST_TMPDIR/locked"; fi
  expect 4 "${as[@]}" p2p-ca sign worker-2 --bundle "$BATS_TEST_TMPDIR/locked/bundle"
  stderr_is "p2p-ca: error: $BATS_TEST_TMPDIR/locked: Permission denied"
  same_text head "$("${as[@]}" p2p-ca -q audit -o name)" "$before"
}

@test "what is signed but cannot be written is revoked, and nothing else is" {
  p2p-ca -q init
  p2p-ca -q sign w1 w3
  mkdir "$certs/w2_key.pem"
  expect 1 p2p-ca sign --force w1 w2 w3
  stdout_is "$certs/w1_cert.pem
$certs/w1_key.pem"
  stderr_has "warning: what could not be written is void: their certificates are revoked again"
  stderr_has "hint: mend that, then run the command again for what is missing"
  same_text valid "$(valid_names)" "ca
operator
w1
w1
w3"
  same_text reasons "$(p2p-ca list --revoked -o json | jq -r '.[] | "\(.name) \(.reason)"')" "w2 cessation-of-operation
w3 cessation-of-operation"
  openssl crl -in "$certs/ca_crl.pem" -noout -text | grep -c 'Serial Number' | grep -x 2
  expect 0 p2p-ca verify w1 w3
  expect 0 p2p-ca audit

  # A request and a bundle end the same way.
  p2p-ca -q csr w4 >/dev/null
  mkdir "$certs/w4_cert.pem" "$certs/w5_key.pem"
  expect 1 p2p-ca sign w4 --force --csr "$certs/w4_csr.pem"
  expect 1 p2p-ca sign w5 --force --bundle "$BATS_TEST_TMPDIR/bundle"
  [ ! -e "$BATS_TEST_TMPDIR/bundle" ]
  same_text valid "$(valid_names)" "ca
operator
w1
w1
w3"
}

@test "a disk that is full only for certificates: what was signed or renewed is revoked, and said" {
  unshare -m true 2>/dev/null || skip "cannot mount here"
  cat >"$BATS_TEST_TMPDIR/script" <<'SCRIPT'
mkdir -m 700 "$P2P_HOME" "$P2P_HOME/certs"
mount -t tmpfs -o nr_inodes=20,mode=700 none "$P2P_HOME/certs"
p2p-ca -q init
p2p-ca -q sign before
while touch "$P2P_HOME/certs/filler-$((++i))" 2>/dev/null; do :; done
p2p-ca sign after >"$OUT/stdout" 2>"$OUT/stderr"
echo $? >"$OUT/status"
p2p-ca renew before >"$OUT/stdout2" 2>"$OUT/stderr2"
echo $? >"$OUT/status2"
rm "$P2P_HOME"/certs/filler-*
p2p-ca list --all -o json >"$OUT/list"
p2p-ca -q verify before >"$OUT/verify" 2>&1
p2p-ca -q crl | openssl crl -noout -text >"$OUT/crl"
SCRIPT
  mkdir -p "$BATS_TEST_TMPDIR/out"
  OUT="$BATS_TEST_TMPDIR/out" unshare -m bash "$BATS_TEST_TMPDIR/script"
  cd "$BATS_TEST_TMPDIR/out"
  same_text "exit codes" "$(cat status status2)" "7
7"
  [ ! -s stdout ]
  [ ! -s stdout2 ]
  for file in stderr stderr2; do
    has_text "$file" "$(cat $file)" "what could not be written is void: its certificate is revoked again"
    has_text "$file" "$(cat $file)" "No space left on device"
  done
  same_text certificates "$(jq -r '.[] | select(.role == "worker") | "\(.name) \(.reason)"' list | sort)" "after cessation-of-operation
before cessation-of-operation
before null"
  same_text "on the list" "$(grep -c 'Serial Number' crl)" 2
  grep -q '^before: ok' verify
}

@test "an inventory that is no database, or of a later version, is told and not touched" {
  p2p-ca -q init
  database "PRAGMA user_version = 99"
  expect 1 p2p-ca sign worker-1
  stderr_has "inventory.db: of version 99, this program knows 1"
  rm "$P2P_HOME"/ca/inventory.db*
  echo "not a database, but long enough to be looked at as one, with a header of a hundred bytes and more, as it must be" >"$P2P_HOME/ca/inventory.db"
  before=$(sha256sum "$P2P_HOME/ca/inventory.db")
  expect 9 p2p-ca sign worker-1
  same_text inventory "$(sha256sum "$P2P_HOME/ca/inventory.db")" "$before"
  [ ! -e "$certs/worker-1_cert.pem" ]
}
