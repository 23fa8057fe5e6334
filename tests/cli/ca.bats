# p2p-ca: what works, judged by openssl and jq.
load helpers

setup() { new_home; }

@test "init and sign need no file and no flag, and openssl accepts the results" {
  expect 0 p2p-ca init
  stdout_is "$certs/ca_cert.pem
$certs/ca_key.pem
$certs/operator_cert.pem
$certs/operator_key.pem"
  stderr_is "made the CA of cluster p2p and an operator certificate for this machine
keep ca_key.pem here; every node needs ca_cert.pem
next: p2p-ca sign NAME"
  expect 0 p2p-ca sign worker-1
  stdout_is "$certs/worker-1_cert.pem
$certs/worker-1_key.pem"
  stderr_is "signed worker-1 as worker of cluster p2p"
  for purpose in sslserver sslclient; do
    openssl verify -x509_strict -purpose $purpose -CAfile "$certs/ca_cert.pem" "$certs/worker-1_cert.pem"
  done
  openssl verify -x509_strict -purpose sslclient -CAfile "$certs/ca_cert.pem" "$certs/operator_cert.pem"
  run openssl verify -purpose sslserver -CAfile "$certs/ca_cert.pem" "$certs/operator_cert.pem"
  [ "$status" -ne 0 ]
}

@test "keys are for their owner only, whatever the umask" {
  umask 000
  expect 0 p2p-ca init
  expect 0 p2p-ca sign worker-1 --bundle "$BATS_TEST_TMPDIR/bundle.pem"
  mode_is "$P2P_HOME" 700
  mode_is "$certs" 700
  for name in ca operator worker-1; do mode_is "$certs/${name}_key.pem" 600; done
  mode_is "$certs/worker-1_cert.pem" 644
  mode_is "$BATS_TEST_TMPDIR/bundle.pem" 600
  [ "$(find "$P2P_HOME" -name '*.tmp' | wc -l)" -eq 0 ]
}

@test "several names at once, roles, additional names, key types and days" {
  p2p-ca -q init --name shop --key-type rsa-2048 --days 1000
  expect 0 p2p-ca sign --san '*.lab.local' --san 10.0.0.7,2001:db8::7 w_1 w.2 --days 30 --key-type ed25519
  openssl verify -x509_strict -CAfile "$certs/ca_cert.pem" "$certs/w_1_cert.pem" "$certs/w.2_cert.pem"
  run openssl x509 -in "$certs/w_1_cert.pem" -noout -ext subjectAltName
  [[ "$output" == *"DNS:w_1, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:*.lab.local, IP Address:10.0.0.7, IP Address:2001:DB8:0:0:0:0:0:7, URI:spiffe://shop/worker/w_1"* ]]
  openssl x509 -in "$certs/w_1_cert.pem" -noout -checkhost printer.lab.local | grep 'does match'
  openssl x509 -in "$certs/w_1_cert.pem" -noout -checkend $((29 * 86400))
  run ! openssl x509 -in "$certs/w_1_cert.pem" -noout -checkend $((31 * 86400))
  expect 0 p2p-ca sign main --role coordinator --key-type rsa-3072
  run openssl x509 -in "$certs/main_cert.pem" -noout -text
  [[ "$output" == *"URI:spiffe://shop/coordinator/main"* ]]
  [[ "$output" == *"Public-Key: (3072 bit)"* ]]
}

@test "a certificate never outlives its CA, and this is said" {
  p2p-ca -q init --days 100
  expect 0 p2p-ca sign worker-1
  stderr_has "worker-1 is valid only until "
  same_text "end" "$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -enddate)" \
    "$(openssl x509 -in "$certs/ca_cert.pem" -noout -enddate)"
}

@test "init and sign say in json what they made, in the form of list" {
  expect 0 p2p-ca init -o json
  same_text made "$(jq -c '[.[] | [.role, .file, .key_file]]' <<<"$output")" \
    "[[\"ca\",\"$certs/ca_cert.pem\",\"$certs/ca_key.pem\"],[\"operator\",\"$certs/operator_cert.pem\",\"$certs/operator_key.pem\"]]"
  expect 0 p2p-ca sign w1 w2 -o name
  stdout_is "w1
w2"
  expect 0 p2p-ca sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.pem" -o json
  same_text bundle "$(jq -r '.[0].bundle' <<<"$output")" "$BATS_TEST_TMPDIR/alice.pem"
  same_text members "$(jq -S 'map(del(.key_file, .bundle, .days_left, .seconds_left))' <<<"$output")" \
    "$(p2p-ca list -o json | jq -S 'map(select(.name == "alice") | del(.days_left, .seconds_left, .issued_at, .issued_by, .revoked_at, .reason))')"
}

@test "what was made before a failure is said" {
  p2p-ca -q init
  mkdir "$certs/w2_key.pem"
  expect 1 p2p-ca sign --force w1 w2
  stdout_is "$certs/w1_cert.pem
$certs/w1_key.pem"
  stderr_has "$certs/w2_key.pem"
}

@test "list, as table, json, yaml and names" {
  p2p-ca -q init
  p2p-ca -q sign worker-1 --days 10
  serial=$(serial_of "$certs/worker-1_cert.pem")
  end=$(date -u -d "$(openssl x509 -in "$certs/worker-1_cert.pem" -noout -enddate | cut -d= -f2)" +%FT%TZ)
  expect 0 p2p-ca list
  same_text header "${lines[0]}" "NAME      ROLE      SERIAL        EXPIRES     TIME LEFT  HERE  ISSUED      BY"
  [[ "${lines[3]}" =~ ^worker-1\ \ worker\ \ \ \ ${serial:0:12}\ \ ${end:0:10}\ +(9|10)\ days\ \ \*\ +[0-9-]{10}\ \ $(id -un)@ ]]
  expect 0 p2p-ca list -o name
  stdout_is "ca
operator
worker-1"
  expect 0 p2p-ca list -o json
  same_text roles "$(jq -c '[.[] | .role]' <<<"$output")" '["ca","operator","worker"]'
  same_text worker "$(jq -c '.[2] | [.name, .cluster, .serial, .not_after, .dns_names, .ip_addresses, .key_type]' <<<"$output")" \
    "[\"worker-1\",\"p2p\",\"$serial\",\"$end\",[\"worker-1\",\"localhost\"],[\"127.0.0.1\",\"::1\"],\"ecdsa-p256\"]"
  expect 0 p2p-ca list -o yaml
  output=$(tr -d '"' <<<"$output") # which values need quotes is the shared printer's own test
  same_text "third entry" "$(sed -n '/name: worker-1/,/not_after/p' <<<"$output")" "- name: worker-1
  role: worker
  cluster: p2p
  serial: $serial
$(grep not_before <<<"$output" | tail -1)
  not_after: $end"
  stdout_has "  dns_names:
    - worker-1
    - localhost
  ip_addresses:"
}

@test "without a CA, list shows the files that are there, says what it cannot read, and exits with 8" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  rm "$certs/ca_key.pem"
  expect 0 p2p-ca list -o name
  stdout_is "ca
operator
worker-1"
  echo garbage >"$certs/worker-1_cert.pem"
  expect 8 p2p-ca list -o name
  stdout_is "ca
operator"
  stderr_has "p2p-ca: error: $certs/worker-1_cert.pem: no certificate can be read"
}

@test "show gives the facts that openssl gives" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  expect 0 p2p-ca show worker-1
  stdout_has "role         worker"
  stdout_has "DNS names    worker-1, localhost"
  expect 0 p2p-ca show "$certs/worker-1_cert.pem" -o json
  same_text fingerprint "$(jq -r .sha256 <<<"$output")" \
    "$(openssl x509 -in "$certs/worker-1_cert.pem" -outform der | sha256sum | cut -d' ' -f1)"
  same_text file "$(jq -r .file <<<"$output")" "$certs/worker-1_cert.pem"
  expect 0 p2p-ca show "$certs/worker-1_cert.pem" -o name
  stdout_is "worker-1"
  expect 0 p2p-ca show ca -o json
  same_text ca "$(jq -c '[.role, .cluster]' <<<"$output")" '["ca","p2p"]'
  expect 5 p2p-ca show worker-2
  stderr_is "p2p-ca: error: no certificate \"worker-2\" in $certs, and no such file
hint: p2p-ca list shows what is there"
}

@test "verify accepts what is good" {
  p2p-ca -q init
  p2p-ca -q sign worker-1 --days 2
  p2p-ca -q sign main --role coordinator --days 2
  expect 0 p2p-ca verify -o name ca operator worker-1 main "$certs/worker-1_cert.pem"
  expect 0 p2p-ca verify worker-1 -o json
  same_text verdict "$(jq -c '.[0] | [.name, .role, .valid, .problem]' <<<"$output")" '["worker-1","worker",true,null]'
  expect 0 p2p-ca verify main
  [[ "$output" =~ ^main:\ ok,\ coordinator\ of\ p2p,\ (1\ day|2\ days)\ left$ ]]
}

@test "a bundle is one file from which openssl and verify read the identity" {
  p2p-ca -q init
  bundle="$BATS_TEST_TMPDIR/alice.pem"
  expect 0 p2p-ca sign alice --role operator --bundle "$bundle"
  stderr_is "signed alice as operator of cluster p2p
$bundle holds the private key: move it as you would move a password, then delete it
next, on the other machine: p2p-ctl context add p2p --bundle alice.pem --coordinator HOST:PORT"
  same_text header "$(head -4 "$bundle")" "# p2p bundle 1
# cluster: p2p
# name: alice
# role: operator"
  same_text key "$(openssl pkey -in "$bundle" -pubout)" "$(openssl x509 -in "$bundle" -noout -pubkey)"
  same_text certificates "$(grep -c 'BEGIN CERTIFICATE' "$bundle")" 2
  expect 0 p2p-ca verify "$bundle"
  expect 1 p2p-ca sign alice --role operator --bundle "$bundle"
  expect 0 p2p-ca sign bob --role operator --bundle -
  same_text title "${lines[0]}" "# p2p bundle 1"
  openssl x509 -noout -subject <<<"$output" | grep 'CN = bob'
}

@test "the home is --home, else P2P_HOME, else ~/.p2p" {
  expect 0 p2p-ca init --home "$BATS_TEST_TMPDIR/flag"
  [ -f "$BATS_TEST_TMPDIR/flag/certs/ca_cert.pem" ]
  [ ! -e "$P2P_HOME" ]
  expect 0 env -u P2P_HOME HOME="$BATS_TEST_TMPDIR" p2p-ca --quiet init
  [ -f "$BATS_TEST_TMPDIR/.p2p/certs/ca_cert.pem" ]
  stderr_is ""
}

@test "nothing is overwritten unasked; --force signs anew" {
  p2p-ca -q init
  p2p-ca -q sign worker-1
  before=$(sha256sum "$certs"/*.pem)
  expect 1 p2p-ca init
  stderr_is "p2p-ca: error: $certs/ca_cert.pem: already exists
hint: this home has its CA already: p2p-ca sign NAME goes on; --force makes another, and all that this one signed is void"
  expect 1 p2p-ca sign worker-2 worker-1
  stderr_is "p2p-ca: error: $certs/worker-1_cert.pem: already exists
hint: p2p-ca renew worker-1 makes a new certificate for the same key; --force signs anew, and the old key and certificate are lost"
  expect 2 p2p-ca init --force
  stderr_is "p2p-ca: error: there is no terminal to ask on
hint: --yes answers the question"
  same_text files "$(sha256sum "$certs"/*.pem)" "$before"
  expect 0 p2p-ca sign worker-1 --force
  expect 0 p2p-ca verify worker-1
  expect 0 p2p-ca init --force --yes
  expect 9 p2p-ca verify worker-1
  stderr_is "p2p-ca: error: worker-1: not signed by this CA
hint: is this the right home (--home, \$P2P_HOME)? p2p-ca show worker-1 names the issuer"
}

@test "init --force asks on the terminal, and no is no" {
  p2p-ca -q init
  before=$(sha256sum "$certs"/*.pem)
  run script -qec "p2p-ca init --force" /dev/null <<<"n"
  [ "$status" -eq 1 ]
  [[ "$output" == *"Replace the CA in $P2P_HOME? Every certificate that it signed becomes worthless. [y/N]"* ]]
  [[ "$output" == *"not confirmed; nothing was changed"* ]]
  same_text files "$(sha256sum "$certs"/*.pem)" "$before"
  run script -qec "p2p-ca init --force" /dev/null <<<"y"
  [ "$status" -eq 0 ]
  [ "$(sha256sum "$certs"/*.pem)" != "$before" ]
}

@test "two commands at once never mix their files" {
  for i in 1 2 3 4 5 6; do p2p-ca -q init --force --yes >/dev/null & done
  wait
  expect 0 p2p-ca verify ca operator
  for i in 1 2 3 4 5 6; do p2p-ca -q sign worker-1 --force >/dev/null & done
  wait
  expect 0 p2p-ca verify worker-1
}

@test "scripts/generate_ca_certs.sh makes what the coordinator and the workers need, and leaves what is there" {
  folder="$BATS_TEST_TMPDIR/fleet"
  script="$BATS_TEST_DIRNAME/../../scripts/generate_ca_certs.sh"
  P2P_CA="$P2P_BIN_DIR/p2p-ca" expect 0 "$script" "$folder"
  cd "$folder/certs"
  for name in ca coordinator worker; do [ -f ${name}_cert.pem ] && mode_is ${name}_key.pem 600; done
  openssl verify -x509_strict -CAfile ca_cert.pem coordinator_cert.pem worker_cert.pem
  days() { echo $((($(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s) - $(date +%s) + 3600) / 86400)); }
  same_text "days of the CA" "$(days ca_cert.pem)" 3650
  same_text "days of a node" "$(days worker_cert.pem)" 365
  openssl x509 -in coordinator_cert.pem -noout -ext subjectAltName | grep 'spiffe://p2p/coordinator/coordinator'
  openssl x509 -in worker_cert.pem -noout -ext subjectAltName | grep -F 'DNS:*.local'
  before=$(sha256sum ca_*.pem coordinator_*.pem worker_c*.pem worker_k*.pem)
  P2P_CA="$P2P_BIN_DIR/p2p-ca" expect 0 "$script" "$folder" worker worker-2
  same_text files "$(sha256sum ca_*.pem coordinator_*.pem worker_c*.pem worker_k*.pem)" "$before"
  [ -f worker-2_cert.pem ]
}
