# p2p-ca: the life of certificates after they were signed, judged by openssl and jq.
load helpers

setup() {
  new_home
  p2p-ca -q init
}

teardown() { stop_node; }

# accepted CERTIFICATE: openssl accepts it, the revocation list considered.
accepted() {
  openssl verify -x509_strict -crl_check -CAfile "$certs/ca_cert.pem" -CRLfile "$certs/ca_crl.pem" "$1"
}

# made_by_openssl NAME BEGIN END: a certificate of that time for worker-1's key, made by openssl with this CA's key.
made_by_openssl() {
  [ -e "$BATS_TEST_TMPDIR/index" ] || : >"$BATS_TEST_TMPDIR/index"
  openssl req -new -key "$certs/worker-1_key.pem" -subj "/CN=$1" -out "$BATS_TEST_TMPDIR/$1.csr"
  openssl ca -batch -config <(printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' \
    "$BATS_TEST_TMPDIR/index" "$BATS_TEST_TMPDIR") -notext -extfile <(echo authorityKeyIdentifier=keyid) -cert "$certs/ca_cert.pem" -keyfile "$certs/ca_key.pem" \
    -startdate "$(date -u -d "$2" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" \
    -in "$BATS_TEST_TMPDIR/$1.csr" -out "$BATS_TEST_TMPDIR/$1.pem"
}

@test "verify refuses what is revoked, and says how to go on" {
  p2p-ca -q sign worker-1
  expect 0 p2p-ca verify worker-1
  p2p-ca -q revoke worker-1
  expect 9 p2p-ca verify worker-1
  stderr_is "p2p-ca: error: worker-1: revoked
hint: if worker-1 shall be trusted again: p2p-ca sign worker-1 --force"
  expect 0 p2p-ca sign worker-1 --force
  expect 0 p2p-ca verify worker-1
}

@test "revoking a name is on the list that openssl verifies, and nothing else is" {
  p2p-ca -q sign worker-1 worker-2
  cp "$certs/worker-1_cert.pem" "$BATS_TEST_TMPDIR/first.pem"
  p2p-ca -q sign worker-1 --force
  expect 0 p2p-ca revoke worker-1 --reason key-compromise
  stderr_has "revoked 2 certificates of worker-1"
  openssl crl -in "$certs/ca_crl.pem" -CAfile "$certs/ca_cert.pem" -noout -verify
  openssl asn1parse -in "$certs/ca_crl.pem" >/dev/null
  for file in "$BATS_TEST_TMPDIR/first.pem" "$certs/worker-1_cert.pem"; do
    run accepted "$file"
    [[ "$output" == *"certificate revoked"* ]]
  done
  accepted "$certs/worker-2_cert.pem"
  accepted "$certs/operator_cert.pem"
  run openssl crl -in "$certs/ca_crl.pem" -noout -text
  [ "$(grep -c 'Key Compromise' <<<"$output")" -eq 2 ]
  expect 0 p2p-ca list --revoked -o json
  same_text revoked "$(jq -c '[.[] | [.name, .reason]]' <<<"$output")" '[["worker-1","key-compromise"],["worker-1","key-compromise"]]'
  expect 0 p2p-ca list -o json
  same_text "all that have not expired" "$(jq -c '[.[].name]' <<<"$output")" '["ca","operator","worker-1","worker-1","worker-2"]'
  expect 5 p2p-ca revoke worker-9
  stderr_is "p2p-ca: error: \"worker-9\" has no valid certificate and no open invitation
hint: p2p-ca list shows what is valid, list --all what was ever signed"
}

@test "one certificate is revoked by its serial number or the beginning of it" {
  p2p-ca -q sign worker-1
  cp "$certs/worker-1_cert.pem" "$BATS_TEST_TMPDIR/first.pem"
  p2p-ca -q sign worker-1 --force
  serial=$(serial_of "$BATS_TEST_TMPDIR/first.pem")
  expect 0 p2p-ca revoke "${serial:0:12}" -o json
  same_text serial "$(jq -r '.[0].serial' <<<"$output")" "$serial"
  run accepted "$BATS_TEST_TMPDIR/first.pem"
  [[ "$output" == *"certificate revoked"* ]]
  accepted "$certs/worker-1_cert.pem"
  expect 5 p2p-ca revoke 0123456789abcdef
  expect 2 p2p-ca revoke worker-1 --reason boredom
}

@test "crl prints the same list until something changes; its number only rises" {
  expect 0 p2p-ca crl
  first=$output
  same_text file "$first" "$(cat "$certs/ca_crl.pem")"
  expect 0 p2p-ca crl --out "$BATS_TEST_TMPDIR/crl.pem"
  stdout_is ""
  same_text unchanged "$(cat "$BATS_TEST_TMPDIR/crl.pem")" "$first"
  expect 0 p2p-ca crl -o json
  number=$(jq .number <<<"$output")
  same_text number "$(printf '%d' "0x$(openssl crl -in "$certs/ca_crl.pem" -noout -crlnumber | sed 's/.*0x//')")" "$number"
  p2p-ca -q revoke operator >/dev/null
  expect 0 p2p-ca crl -o name
  [ "$output" -gt "$number" ]
}

@test "renew keeps key, names, role and length of life; the old one can be revoked" {
  p2p-ca -q sign worker-1 --san a.example,10.0.0.7 --days 30
  before=$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -ext subjectAltName -pubkey)
  cp "$certs/worker-1_cert.pem" "$BATS_TEST_TMPDIR/first.pem"
  expect 0 p2p-ca renew worker-1
  stdout_is "$certs/worker-1_cert.pem"
  stderr_is "renewed worker-1: valid until $(date -u -d "$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -enddate | cut -d= -f2)" +%FT%TZ)"
  p2p-ca -q crl >/dev/null
  same_text "names and key" "$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -ext subjectAltName -pubkey | tr -d , | tr ' ' '\n' | sort)" \
    "$(tr -d , <<<"$before" | tr ' ' '\n' | sort)"
  [ "$(serial_of "$certs/worker-1_cert.pem")" != "$(serial_of "$BATS_TEST_TMPDIR/first.pem")" ]
  run ! openssl x509 -in "$certs/worker-1_cert.pem" -noout -checkend $((31 * 86400))
  accepted "$BATS_TEST_TMPDIR/first.pem"
  cp "$certs/worker-1_cert.pem" "$BATS_TEST_TMPDIR/second.pem"
  expect 0 p2p-ca renew worker-1 --new-key --revoke --days 90
  expect 0 p2p-ca verify worker-1
  [ "$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -pubkey)" != "$(openssl x509 -in "$BATS_TEST_TMPDIR/second.pem" -noout -pubkey)" ]
  openssl x509 -in "$certs/worker-1_cert.pem" -noout -checkend $((89 * 86400))
  run accepted "$BATS_TEST_TMPDIR/second.pem"
  [[ "$output" == *"certificate revoked"* ]]
  accepted "$certs/worker-1_cert.pem"
  rm "$certs/worker-1_key.pem" # as where it was signed from a request
  expect 0 p2p-ca renew worker-1
  expect 5 p2p-ca renew worker-9
  stderr_is "p2p-ca: error: no certificate \"worker-9\" in $certs; did you mean \"worker-1\"?
hint: here are: operator, worker-1"
  expect 2 p2p-ca renew ca
  expect 2 p2p-ca renew
  stderr_is "p2p-ca: error: NAME is missing, or --all
hint: p2p-ca renew --help"
  expect 2 p2p-ca renew --all worker-1
}

@test "renew --all renews what is in its last third, and only that" {
  p2p-ca -q sign worker-1
  expect 0 p2p-ca renew --all
  stdout_is ""
  stderr_is "nothing to renew: all that is here has more than a third of its time left"
  made_by_openssl late "-21 days" "+9 days"
  made_by_openssl gone "-21 days" "+9 days"
  made_by_openssl foreign "-21 days" "+9 days"
  cp "$BATS_TEST_TMPDIR/late.pem" "$certs/late_cert.pem"
  cp "$BATS_TEST_TMPDIR/gone.pem" "$certs/gone_cert.pem"
  rm -r "$P2P_HOME/ca" # the next command takes in what is here
  p2p-ca -q revoke gone >/dev/null
  cp "$BATS_TEST_TMPDIR/foreign.pem" "$certs/foreign_cert.pem" # not in the inventory: not signed by p2p-ca
  before=$(sha256sum "$certs"/{worker-1,operator,gone,foreign,ca}_cert.pem)
  expect 0 p2p-ca renew --all
  stdout_is "$certs/late_cert.pem"
  [[ "$stderr" == "renewed late: valid until "* ]]
  openssl x509 -in "$certs/late_cert.pem" -noout -checkend $((25 * 86400))
  same_text others "$(sha256sum "$certs"/{worker-1,operator,gone,foreign,ca}_cert.pem)" "$before"
  expect 0 p2p-ca renew --all
  stdout_is ""
  # What cannot be renewed keeps nothing else from it.
  cp "$BATS_TEST_TMPDIR/late.pem" "$certs/late_cert.pem"
  echo garbage >"$certs/broken_cert.pem"
  expect 8 p2p-ca renew --all
  stdout_is "$certs/late_cert.pem"
  stderr_has "p2p-ca: error: $certs/broken_cert.pem: no certificate can be read"
}

@test "renew with another certificate's key beside it is refused" {
  p2p-ca -q sign worker-1 worker-2
  cp "$certs/worker-2_key.pem" "$certs/worker-1_key.pem"
  before=$(sha256sum "$certs"/*.pem)
  expect 9 p2p-ca renew worker-1
  stderr_has "worker-1_key.pem: the key does not belong to the certificate"
  same_text files "$(sha256sum "$certs"/*.pem)" "$before"
}

@test "check: 0 when all is well, 10 in the last third, 11 when it is over or revoked" {
  p2p-ca -q sign worker-1 worker-2 --days 30
  expect 0 p2p-ca check
  same_text header "${lines[0]}" "NAME      EXPIRES               TIME LEFT  STATE"
  expect 0 p2p-ca check worker-1 "$certs/worker-2_cert.pem"
  expect 5 p2p-ca check worker-9
  # As they are after twenty-one days and after a month.
  made_by_openssl late "-21 days" "+9 days"
  made_by_openssl over "-31 days" "-1 days"
  expect 10 p2p-ca check worker-1 "$BATS_TEST_TMPDIR/late.pem" -o json
  same_text states "$(jq -c '[.[].state]' <<<"$output")" '["ok","renew"]'
  expect 11 p2p-ca check "$BATS_TEST_TMPDIR/over.pem" "$BATS_TEST_TMPDIR/late.pem"
  stdout_has "expired"
  p2p-ca -q revoke worker-1 >/dev/null
  expect 11 p2p-ca check worker-1
  stdout_has "revoked"
}

# all_checked  the names that check judges
all_checked() { p2p-ca check -o json | jq -c '[.[].name]'; }

@test "what is on another machine is shown, verified and checked as the inventory has it" {
  p2p-ca -q sign worker-1
  local serial
  serial=$(serial_of "$certs/worker-1_cert.pem")
  # As after an invitation: this home has no file of it.
  rm "$certs"/worker-1_*
  expect 0 p2p-ca show worker-1 -o json
  same_text facts "$(jq -c '[.name, .role, .serial, .file]' <<<"$output")" "[\"worker-1\",\"worker\",\"$serial\",null]"
  expect 0 p2p-ca verify worker-1
  stdout_has "worker-1: ok, worker of p2p"
  expect 0 p2p-ca check worker-1
  same_text all "$(all_checked)" '["ca","operator","worker-1"]'
  expect 5 p2p-ca renew worker-1
  stderr_has "p2p-ca: error: worker-1 has a valid certificate until "
  stderr_has ", serial $serial, which is not here but on the machine that asked for it
hint: a node renews by itself; to have it do so now: p2p-ctl certs renew worker-1"
  p2p-ca -q sign worker-1 --days 400
  same_text "all, each once" "$(all_checked)" '["ca","operator","worker-1"]'
  rm "$certs"/worker-1_*
  p2p-ca -q revoke worker-1 >/dev/null
  expect 11 p2p-ca check worker-1
  expect 9 p2p-ca verify worker-1
  same_text "all but what is revoked" "$(all_checked)" '["ca","operator"]'
}

@test "check warns of a certificate on another machine that was not renewed in time, until it has a successor" {
  p2p-ca -q sign worker-1
  made_by_openssl late "-27 days" "+3 days"
  made_by_openssl soon "-22 days" "+8 days"
  # A new inventory takes in what is in the folder.
  for name in late soon; do cp "$BATS_TEST_TMPDIR/$name.pem" "$certs/${name}_cert.pem"; done
  rm "$P2P_HOME"/ca/inventory.db*
  p2p-ca -q list >/dev/null
  rm "$certs/late_cert.pem" "$certs/soon_cert.pem"
  expect 10 p2p-ca -q check -o json
  same_text states "$(jq -c '[.[] | select(.file == null) | [.name, .state]]' <<<"$output")" '[["late","renew"],["soon","ok"]]'
  p2p-ca -q sign late --web
  rm "$certs"/late_*
  expect 0 p2p-ca check
}

@test "list marks which of several certificates is in place, and gives the last day in hours" {
  p2p-ca -q sign worker-1
  made_by_openssl worker-2 "-1 day" "+5 hours 30 minutes"
  end=$(date -u -d "$(openssl x509 -in "$BATS_TEST_TMPDIR/worker-2.pem" -noout -enddate | cut -d= -f2)" +%FT%TZ)
  cp "$BATS_TEST_TMPDIR/worker-2.pem" "$certs/worker-2_cert.pem"
  rm -r "$P2P_HOME/ca" # the next command takes in what is here
  p2p-ca -q renew worker-2 --days 100 >/dev/null
  expect 0 p2p-ca list
  [[ "${lines[4]}" =~ ^worker-2\ .*\ 5h[0-9]+m\ +2 ]]
  [[ "${lines[5]}" =~ ^worker-2\ .*\ (99|100)\ days\ +\*\ +2 ]]
  cp "$BATS_TEST_TMPDIR/worker-2.pem" "$certs/worker-2_cert.pem"
  expect 0 p2p-ca list
  [[ "${lines[4]}" =~ ^worker-2\ .*\ 5h[0-9]+m\ +\*\ +2 ]]
  [[ "${lines[5]}" =~ ^worker-2\ .*\ (99|100)\ days\ +2 ]]
  expect 0 p2p-ca list -o json
  same_text hours "$(jq '.[3].seconds_left / 3600 | floor' <<<"$output")" 5
  expect 0 p2p-ca show worker-2
  [[ "$output" =~ valid\ until\ +$end\ \(5h[0-9]+m\ left\) ]]
  p2p-ca -q revoke worker-2 >/dev/null
  expect 0 p2p-ca list --revoked
  [[ "${lines[1]}" =~ \ revoked\ +\*\  ]]
}

@test "list --expiring shows what must be renewed" {
  p2p-ca -q sign worker-1 --days 10
  p2p-ca -q sign worker-2 --days 10
  p2p-ca -q revoke worker-2 >/dev/null
  expect 0 p2p-ca list --expiring 30d -o name
  stdout_is "worker-1"
  expect 0 p2p-ca list --expiring 3d -o name
  stdout_is ""
}

@test "export: PEM for other programs, and PKCS#12 with a password that is never an argument" {
  p2p-ca -q sign worker-1
  file="$BATS_TEST_TMPDIR/out"
  expect 0 p2p-ca export worker-1 --out "$file.pem"
  mode_is "$file.pem" 600
  same_text key "$(openssl pkey -in "$file.pem" -pubout)" "$(openssl x509 -in "$file.pem" -noout -pubkey)"
  same_text certificates "$(grep -c 'BEGIN CERTIFICATE' "$file.pem")" 2
  expect 1 p2p-ca export worker-1 --out "$file.pem"
  stderr_has "--force replaces it"
  P2P_EXPORT_PASSWORD='a b"c' expect 0 p2p-ca export worker-1 --p12 --out "$file.p12"
  mode_is "$file.p12" 600
  openssl pkcs12 -in "$file.p12" -passin 'pass:a b"c' -nodes -out "$file.back"
  same_text key "$(openssl pkey -in "$file.back" -pubout)" "$(openssl pkey -in "$certs/worker-1_key.pem" -pubout)"
  same_text certificates "$(grep -c 'BEGIN CERTIFICATE' "$file.back")" 2
  run openssl pkcs12 -in "$file.p12" -passin pass:wrong -nodes
  [ "$status" -ne 0 ]
  run openssl pkcs12 -in "$file.p12" -passin 'pass:a b"c' -info -noout
  [[ "$output" == *"sha256"* && "$output" == *"AES-256-CBC"* ]]
  (umask 077 && echo secret >"$file.password")
  expect 0 p2p-ca export worker-1 --p12 --password-file "$file.password" --force --out "$file.p12"
  openssl pkcs12 -in "$file.p12" -passin pass:secret -nodes -out /dev/null
  expect 2 p2p-ca export worker-1 --p12 --force --out "$file.p12"
  stderr_has "there is no terminal to ask for the password on"
  expect 2 p2p-ca export worker-1
  expect 5 p2p-ca export worker-9 --out "$file.x"
  [ ! -e "$file.x" ]
}

@test "a password is asked for twice on the terminal and not shown" {
  p2p-ca -q sign worker-1
  run script -qec "p2p-ca export worker-1 --p12 --out $BATS_TEST_TMPDIR/a.p12" /dev/null <<<"hidden
hidden"
  [ "$status" -eq 0 ]
  openssl pkcs12 -in "$BATS_TEST_TMPDIR/a.p12" -passin pass:hidden -nodes -out /dev/null
  run script -qec "p2p-ca export worker-1 --p12 --out $BATS_TEST_TMPDIR/b.p12" /dev/null <<<"one
two"
  [[ "$output" == *"the two passwords differ"* ]]
  [ ! -e "$BATS_TEST_TMPDIR/b.p12" ]
}

@test "backup and restore bring the CA to another machine, and the list's number never goes back" {
  p2p-ca -q sign worker-1 worker-2
  p2p-ca -q invite worker-3 >/dev/null
  backup="$BATS_TEST_TMPDIR/backup"
  expect 0 p2p-ca backup "$backup"
  mode_is "$backup" 600
  stdout_is "$backup"
  expect 1 p2p-ca backup "$backup"
  # After the backup: one that it knows is revoked, one that it does not know is made and revoked.
  p2p-ca -q revoke worker-1 >/dev/null
  p2p-ca -q sign worker-4
  p2p-ca -q revoke worker-4 >/dev/null
  cp -r "$certs" "$BATS_TEST_TMPDIR/old"
  number=$(p2p-ca -q crl -o name)

  old=$BATS_TEST_TMPDIR/old
  P2P_HOME="$BATS_TEST_TMPDIR/other"
  certs="$P2P_HOME/certs"
  expect 0 p2p-ca restore "$backup" --crl "$old/ca_crl.pem"
  [ "$(p2p-ca -q crl -o name)" -gt "$number" ]
  for name in worker-1 worker-4; do
    run accepted "$old/${name}_cert.pem"
    [[ "$output" == *"certificate revoked"* ]]
  done
  accepted "$old/worker-2_cert.pem"
  same_text key "$(cat "$certs/ca_key.pem")" "$(cat "$old/ca_key.pem")"
  same_text secret "$(cat "$certs/ca_eab_secret")" "$(cat "$old/ca_eab_secret")"
  for file in certs/ca_key.pem certs/ca_eab_secret ca/inventory.db; do mode_is "$P2P_HOME/$file" 600; done
  expect 0 p2p-ca audit
  expect 0 p2p-ca sign worker-5
  accepted "$certs/worker-5_cert.pem"

  # Over a CA that is there: only when told so; its own list is newer and counts.
  expect 1 p2p-ca restore "$backup"
  stderr_has "--force replaces the CA"
  number=$(p2p-ca -q crl -o name)
  expect 0 p2p-ca restore "$backup" --force --yes
  [ "$(p2p-ca -q crl -o name)" -gt "$number" ]
  run accepted "$old/worker-4_cert.pem"
  [[ "$output" == *"certificate revoked"* ]]
}

@test "restore is refused while a node of this home runs, or anybody has the databases open" {
  p2p-ca -q sign coordinator-1 --role coordinator
  p2p-ca -q backup "$BATS_TEST_TMPDIR/backup" >/dev/null
  start_node --set node_id=coordinator-1
  before=$(sha256sum "$certs"/*.pem)
  expect 1 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes
  stderr_has "hint: stop p2p-node of this home first"
  same_text files "$(sha256sum "$certs"/*.pem)" "$before"
  kill -TERM "$node"
  wait "$node"

  mkfifo "$BATS_TEST_TMPDIR/statements" "$BATS_TEST_TMPDIR/rows"
  sqlite3 "$P2P_HOME/ca/inventory.db" <"$BATS_TEST_TMPDIR/statements" >"$BATS_TEST_TMPDIR/rows" 3>&- &
  node=$!
  exec 8>"$BATS_TEST_TMPDIR/statements"
  echo "SELECT 'open' FROM sqlite_master LIMIT 1;" >&8
  read -rt 60 line <"$BATS_TEST_TMPDIR/rows"
  [ "$line" = open ]
  expect 1 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes
  same_text files "$(sha256sum "$certs"/*.pem)" "$before"
  exec 8>&-
  wait "$node" || true
  node=
  expect 0 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes
  expect 0 p2p-ca audit
}

@test "a restore that was cut off leaves no CA to work with until it is done again" {
  p2p-ca -q sign worker-1
  p2p-ca -q backup "$BATS_TEST_TMPDIR/backup" >/dev/null
  p2p-ca -q revoke worker-1 >/dev/null
  cp "$certs/ca_crl.pem" "$BATS_TEST_TMPDIR/newest.pem"
  # A folder in the list's place: nothing can be put there.
  rm "$certs/ca_crl.pem"
  mkdir -p "$certs/ca_crl.pem/full"
  expect 1 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes
  expect 9 p2p-ca list
  stderr_has "a restore was cut off; run p2p-ca restore --force again"
  expect 9 p2p-ca sign worker-2
  rm -r "$certs/ca_crl.pem"
  expect 0 p2p-ca restore "$BATS_TEST_TMPDIR/backup" --force --yes --crl "$BATS_TEST_TMPDIR/newest.pem"
  run accepted "$certs/worker-1_cert.pem"
  [[ "$output" == *"certificate revoked"* ]]
  expect 0 p2p-ca audit
  [ -z "$(find "$P2P_HOME" -name '*.restored' -o -name restoring)" ]
}

@test "a backup leaves alone what is beside its file" {
  for name in backup.tmp backup.db.tmp; do echo mine >"$BATS_TEST_TMPDIR/$name"; done
  expect 0 p2p-ca backup "$BATS_TEST_TMPDIR/backup"
  expect 1 p2p-ca backup "$BATS_TEST_TMPDIR/backup"
  same_text "what is there" "$(cd "$BATS_TEST_TMPDIR" && cat backup.tmp backup.db.tmp && ls -A | grep backup)" "mine
mine
backup
backup.db.tmp
backup.tmp"
}

@test "what is no backup changes nothing" {
  echo garbage >"$BATS_TEST_TMPDIR/garbage"
  sqlite3 "$BATS_TEST_TMPDIR/other.db" 'CREATE TABLE files(name, content)'
  p2p-ca -q backup "$BATS_TEST_TMPDIR/backup" >/dev/null
  before=$(sha256sum "$certs"/*.pem)
  openssl ecparam -genkey -noout -name prime256v1 -out "$BATS_TEST_TMPDIR/key.pem"
  sqlite3 "$BATS_TEST_TMPDIR/backup" "UPDATE files SET content = readfile('$BATS_TEST_TMPDIR/key.pem') WHERE name = 'certs/ca_key.pem'"
  for file in "$BATS_TEST_TMPDIR/garbage" "$BATS_TEST_TMPDIR/other.db" /etc/passwd "$BATS_TEST_TMPDIR"; do
    expect 9 p2p-ca restore --force --yes "$file"
    stderr_is "p2p-ca: error: $file: not a backup of a CA
hint: p2p-ca backup FILE makes one"
  done
  expect 9 p2p-ca restore --force --yes "$BATS_TEST_TMPDIR/backup"
  stderr_has "the CA's key does not belong to its certificate"
  expect 5 p2p-ca restore --force --yes "$BATS_TEST_TMPDIR/nothing"
  same_text files "$(sha256sum "$certs"/*.pem)" "$before"
  expect 0 p2p-ca audit
}

@test "rotate: three steps, and the old root stays while it is needed" {
  p2p-ca -q sign worker-1 --days 30
  old=$(openssl x509 -in "$certs/ca_cert.pem" -noout -fingerprint)
  expect 0 p2p-ca rotate
  stderr_has "next, when every node trusts both (p2p-ca rotate --status): p2p-ca rotate --activate"
  same_text roots "$(grep -c BEGIN "$certs/ca_cert.pem")" 2
  same_text first "$(openssl x509 -in "$certs/ca_cert.pem" -noout -fingerprint)" "$old"
  mode_is "$certs/ca_next_key.pem" 600
  p2p-ca -q sign worker-2
  expect 1 p2p-ca rotate
  stderr_has "a rotation is under way"
  expect 5 p2p-ca rotate --retire
  # Nobody says whether worker-1 and worker-2 are ready.
  expect 5 p2p-ca rotate --activate
  stderr_has "no coordinator says which nodes are ready"
  expect 2 p2p-ca rotate --activate --force
  stderr_has "--yes answers the question"
  expect 0 p2p-ca rotate --activate --force --yes
  [ "$(openssl x509 -in "$certs/ca_cert.pem" -noout -fingerprint)" != "$old" ]
  same_text lists "$(grep -c BEGIN "$certs/ca_crl.pem")" 2
  p2p-ca -q sign worker-3
  for name in worker-1 worker-2 worker-3; do accepted "$certs/${name}_cert.pem"; done
  expect 0 p2p-ca verify worker-1 worker-2 worker-3 operator
  expect 5 p2p-ca rotate --retire
  report=$P2P_HOME/ca/fleet.json
  new=$(openssl x509 -in "$certs/ca_cert.pem" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr 'A-F' 'a-f')
  printf '{"at": "%s", "nodes": [{"node_id": "worker-3", "status": "alive", "trusts": ["%s"], "issuer": "%s"}]}' \
    "$(date -u +%FT%TZ)" "$new" "$new" >"$report"
  expect 4 p2p-ca rotate --retire
  stderr_has "3 certificates that the old root signed are in use"
  # An old report says nothing of now.
  sed -i 's/"20[0-9]*-/"2020-/' "$report"
  expect 5 p2p-ca rotate --retire
  echo "[]" >"$report"
  expect 9 p2p-ca rotate --retire
  printf '{"at": "%s", "nodes": [{"node_id": "worker-3", "status": "alive", "trusts": ["%s"], "issuer": "%s"}]}' \
    "$(date -u +%FT%TZ)" "$new" "$new" >"$report"
  p2p-ca -q renew worker-1 operator --revoke >/dev/null
  p2p-ca -q revoke worker-2 >/dev/null
  expect 0 p2p-ca rotate --retire
  same_text roots "$(grep -c BEGIN "$certs/ca_cert.pem")" 1
  [ ! -e "$certs/ca_old_key.pem" ]
  [ ! -e "$certs/ca_next_key.pem" ]
  for name in worker-1 worker-3 operator; do accepted "$certs/${name}_cert.pem"; done
  expect 0 p2p-ca audit
}

@test "rotate --status right after a step waits for the coordinator that runs here" {
  start_node --set node_id=coordinator-1 --set coordinator_mode=true
  expect 0 p2p-ca rotate
  expect 0 p2p-ca rotate --status -o json
  same_text nodes "$(jq -c '[.[] | select(.status == "alive") | .node_id]' <<<"$output")" '["coordinator-1"]'
}

@test "rotate --retire --force asks, and goes on" {
  p2p-ca -q rotate >/dev/null
  # There are no nodes yet for which to wait.
  p2p-ca -q rotate --activate >/dev/null
  expect 2 p2p-ca rotate --retire --force
  stderr_has "--yes answers the question"
  expect 0 p2p-ca rotate --retire --force --yes
  expect 9 p2p-ca verify operator
  expect 2 p2p-ca rotate --retire --activate
}

@test "certtool finds CA, leaf and list good" {
  command -v certtool >/dev/null || skip "gnutls-bin is not installed"
  p2p-ca -q sign worker-1 --san 10.0.0.7
  p2p-ca -q crl >/dev/null
  certtool --verify --load-ca-certificate "$certs/ca_cert.pem" --load-crl "$certs/ca_crl.pem" --infile "$certs/worker-1_cert.pem"
  certtool --verify-crl --load-ca-certificate "$certs/ca_cert.pem" --infile "$certs/ca_crl.pem"
  certtool -i --infile "$certs/worker-1_cert.pem" | grep 'Authority Key Identifier'
}

@test "sign says of a name that has a valid certificate which it is, until when, and how it is taken back" {
  expect 0 p2p-ca sign worker-1
  [[ $stderr != *"valid certificate"* ]]
  local first end
  first=$(serial_of "$certs/worker-1_cert.pem")
  end=$(date -u -d "$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -enddate | cut -d= -f2)" +%FT%TZ)
  expect 0 p2p-ca sign worker-1 worker-2 --force
  stderr_is "signed worker-1, worker-2 as worker of cluster p2p
worker-1 has a valid certificate until $end, serial $first; it stays good until it is revoked: p2p-ca revoke $first"
  # What it says works, and of what was revoked it says nothing more.
  expect 0 p2p-ca revoke "$first"
  expect 0 p2p-ca sign worker-1 --force --quiet
  stderr_is ''
  expect 0 p2p-ca sign worker-1 --force
  [[ $stderr == *"worker-1 has 2 valid certificates, the last until "*"; they stay good until they are revoked: p2p-ca revoke SERIAL, as p2p-ca list shows them" ]]
}
