# p2p-ca: requests from elsewhere, certificates for other programs, CAs with constraints, invitations.
load helpers

setup() { new_home; }

# request ARGUMENTS…: a request by openssl in $csr.
request() {
  csr="$BATS_TEST_TMPDIR/request.pem"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$BATS_TEST_TMPDIR/request.key" -out "$csr" "$@" 2>/dev/null
}

names_of() { openssl x509 -in "$1" -noout -ext subjectAltName | tail -1 | tr -d ' '; }

@test "a key that never leaves its machine: csr there, sign --csr here" {
  p2p-ca -q init
  there="$BATS_TEST_TMPDIR/there"
  expect 0 p2p-ca csr worker-1 --san 10.0.0.7 --home "$there"
  stdout_is "$there/certs/worker-1_csr.pem
$there/certs/worker-1_key.pem"
  mode_is "$there/certs/worker-1_key.pem" 600
  openssl req -in "$there/certs/worker-1_csr.pem" -verify -noout
  expect 1 p2p-ca csr worker-1 --home "$there"
  expect 0 p2p-ca sign worker-1 --san 10.0.0.7 --csr "$there/certs/worker-1_csr.pem"
  stdout_is "$certs/worker-1_cert.pem"
  cp "$certs/ca_cert.pem" "$certs/worker-1_cert.pem" "$there/certs"
  expect 0 p2p-ca verify worker-1 --home "$there"
  same_text names "$(names_of "$certs/worker-1_cert.pem")" \
    "DNS:worker-1,DNS:localhost,IPAddress:127.0.0.1,IPAddress:0:0:0:0:0:0:0:1,IPAddress:10.0.0.7,URI:spiffe://p2p/worker/worker-1"
}

@test "a request gets only what the operator gives; nothing of its extensions is copied" {
  p2p-ca -q init
  request -subj /CN=worker-1 -addext subjectAltName=DNS:worker-1,DNS:bank.example
  expect 4 p2p-ca sign worker-1 --csr "$csr"
  stderr_is "p2p-ca: error: the request asks for \"bank.example\", which is not among the names given
hint: --san NAME gives it that name"
  [ ! -e "$certs/worker-1_cert.pem" ]
  expect 0 p2p-ca list -o name
  stdout_is "ca
operator"
  request -subj /CN=other
  expect 4 p2p-ca sign worker-1 --csr "$csr"
  request -subj / -addext subjectAltName=URI:spiffe://p2p/coordinator/worker-1
  expect 4 p2p-ca sign worker-1 --csr "$csr"
  stderr_has 'asks for "spiffe://p2p/coordinator/worker-1"'
  request -subj /CN=worker-1 -addext basicConstraints=critical,CA:TRUE
  expect 4 p2p-ca sign worker-1 --csr "$csr"
  stderr_has "asks for the certificate of a CA"
  request -subj /CN=worker-1 -addext keyUsage=keyCertSign -addext extendedKeyUsage=codeSigning
  expect 0 p2p-ca sign worker-1 --csr "$csr"
  run openssl x509 -in "$certs/worker-1_cert.pem" -noout -text
  [[ "$output" != *"Certificate Sign"* && "$output" != *"Code Signing"* && "$output" == *"CA:FALSE"* ]]
}

@test "what is no request is refused" {
  p2p-ca -q init
  request -subj /CN=worker-1
  head -c 200 "$csr" >"$BATS_TEST_TMPDIR/cut.pem"
  expect 9 p2p-ca sign worker-1 --csr "$BATS_TEST_TMPDIR/cut.pem"
  expect 9 p2p-ca sign worker-1 --csr "$certs/ca_cert.pem"
  expect 9 p2p-ca sign worker-1 --csr /dev/null || expect 2 p2p-ca sign worker-1 --csr /dev/null
  expect 5 p2p-ca sign worker-1 --csr "$BATS_TEST_TMPDIR/nothing"
  expect 2 p2p-ca sign a b --csr "$csr"
  head -c 40000 /dev/zero >"$BATS_TEST_TMPDIR/long"
  expect 1 p2p-ca sign worker-1 --csr "$BATS_TEST_TMPDIR/long"
  [ ! -e "$certs/worker-1_cert.pem" ]
}

@test "a certificate for another program's server has no place in the fleet" {
  p2p-ca -q init
  expect 0 p2p-ca sign www --web --san www.example.org,192.0.2.1
  same_text names "$(names_of "$certs/www_cert.pem")" "DNS:www.example.org,IPAddress:192.0.2.1"
  openssl verify -x509_strict -purpose sslserver -CAfile "$certs/ca_cert.pem" "$certs/www_cert.pem"
  run openssl verify -purpose sslclient -CAfile "$certs/ca_cert.pem" "$certs/www_cert.pem"
  [ "$status" -ne 0 ]
  expect 0 p2p-ca verify www
  expect 0 p2p-ca list -o json
  same_text role "$(jq -r '.[] | select(.name == "www") | .role' <<<"$output")" web
  expect 0 p2p-ca renew www
  same_text names "$(names_of "$certs/www_cert.pem")" "DNS:www.example.org,IPAddress:192.0.2.1"
  expect 0 p2p-ca revoke www
  expect 2 p2p-ca sign a --web --bundle "$BATS_TEST_TMPDIR/b"
}

@test "a constrained CA signs below its domain and in its ranges; openssl holds it to that" {
  expect 0 p2p-ca init --permit-dns shop.example --permit-cidr 10.0.0.0/8
  run openssl x509 -in "$certs/ca_cert.pem" -noout -ext nameConstraints
  [[ "$output" == *"critical"* && "$output" == *"DNS:shop.example"* && "$output" == *"IP:10.0.0.0/255.0.0.0"* ]]
  expect 0 p2p-ca sign worker-1 main.shop.example --san 10.1.2.3
  p2p-ca -q sign alice --role operator
  p2p-ca -q crl >/dev/null
  openssl verify -x509_strict -crl_check -CAfile "$certs/ca_cert.pem" -CRLfile "$certs/ca_crl.pem" \
    "$certs/worker-1_cert.pem" "$certs/main.shop.example_cert.pem" "$certs/alice_cert.pem" "$certs/operator_cert.pem"
  [[ "$(names_of "$certs/worker-1_cert.pem")" == DNS:worker-1.shop.example,* ]]
  expect 0 p2p-ca verify worker-1
  for name in www.example.org 192.0.2.1 2001:db8::1; do
    expect 2 p2p-ca sign worker-2 --san "$name"
    stderr_has "\"$name\" is outside what this CA may sign: DNS names under shop.example, localhost; addresses in 10.0.0.0/8"
  done
  expect 2 p2p-ca invite worker-2 --san www.example.org
  expect 0 p2p-ca list -o name
  stdout_is "ca
alice
main.shop.example
operator
worker-1"
  expect 2 p2p-ca init --force --yes --permit-cidr 10.0.0.1/8
  expect 2 p2p-ca init --force --yes --permit-dns '*.example'
  expect 0 p2p-ca verify worker-1
}

@test "an invitation in a file is readable by nobody else, and none is made where the file cannot be" {
  p2p-ca -q init
  local file=$BATS_TEST_TMPDIR/worker-2.invitation
  (umask 022; expect 0 p2p-ca invite worker-2 --coordinator main.example:8001 --out "$file"; stdout_is "")
  mode_is "$file" 600
  [[ "$(<"$file")" =~ ^p2p-invite-1\.[A-Za-z0-9_-]+$ ]]
  expect 1 p2p-ca invite worker-2 --coordinator main.example:8001 --out "$file"
  stderr_is "p2p-ca: error: $file: already exists
hint: --force replaces it"
  expect 5 p2p-ca invite worker-2 --coordinator main.example:8001 --out "$BATS_TEST_TMPDIR/absent/file"
  expect 2 p2p-ca invite www --web --print lego --out "$file"
  same_text "invitations" "$(p2p-ca list --invitations -o json | jq length)" 1
  expect 0 p2p-ca invite worker-2 --coordinator main.example:8001 --out "$file" --force
  stderr_has "next, with $file on the new machine: p2p-node join --invitation-file worker-2.invitation"
}

@test "an invitation is one string, and says in json what an ACME client needs" {
  p2p-ca -q init --name shop
  expect 0 p2p-ca invite worker-2 --coordinator main.example:8001 --coordinator 192.0.2.1:8001
  same_text lines "${#lines[@]}" 1
  [[ "$output" =~ ^p2p-invite-1\.[A-Za-z0-9_-]+$ ]]
  decoded=$(cut -d. -f2 <<<"$output" | tr '_-' '/+' | base64 -di 2>/dev/null || true)
  same_text invitation "$(jq -c '[.c, .n, .r, .u]' <<<"$decoded")" '[["main.example:8001","192.0.2.1:8001"],"worker-2","worker","shop"]'
  same_text fingerprint "$(jq -r .f <<<"$decoded")" "$(openssl x509 -in "$certs/ca_cert.pem" -outform der | sha256sum | cut -d' ' -f1)"
  expect 0 p2p-ca invite www --web --ttl 2h --coordinator main.example:8001 -o json
  same_text url "$(jq -r .url <<<"$output")" "https://main.example:8001/acme/directory"
  kid=$(jq -r .kid <<<"$output")
  # RFC 5869 by openssl: the key is derived from the secret and the kid.
  same_text key "$(jq -r .hmac_key <<<"$output")" "$(openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt "hexkey:$(cat "$certs/ca_eab_secret")" \
    -kdfopt "info:p2p-eab/1 $kid" -binary HKDF | base64 -w0 | tr '/+' '_-' | tr -d =)"
  end=$(date -d "$(jq -r .expires_at <<<"$output")" +%s)
  [ $((end - $(date +%s))) -le 7200 ]
  [ $((end - $(date +%s))) -gt 7000 ]
  mode_is "$certs/ca_eab_secret" 600
  P2P_COORDINATOR=env.example:1 expect 0 p2p-ca invite worker-3 -o json
  same_text url "$(jq -r .url <<<"$output")" "https://env.example:1/acme/directory"
  expect 0 p2p-ca audit
}

@test "an invitation has the port with which the coordinator is dialled, also where none was given" {
  p2p-ca -q init
  local given expected
  while read -r given expected; do
    expect 0 p2p-ca invite worker-2 --coordinator "$given"
    same_text "for $given" "$(cut -d. -f2 <<<"$output" | tr '_-' '/+' | base64 -di 2>/dev/null | jq -c .c)" "[\"$expected\"]"
    P2P_COORDINATOR=$given expect 0 p2p-ca invite worker-2 -o json
    same_text "for $given" "$(jq -r .url <<<"$output")" "https://$expected/acme/directory"
  done <<<'127.0.0.1 127.0.0.1:8001
localhost localhost:8001
[::1] [::1]:8001
main.example:8443 main.example:8443'
}

@test "an invitation says what to do with it, and warns where a machine would be replaced" {
  p2p-ca -q init
  expect 0 p2p-ca invite worker-2 --coordinator main.example:8001 --ttl 1h
  [[ "$stderr" =~ ^valid\ until\ [0-9TZ:-]+\;\ it\ is\ a\ secret\ until\ it\ is\ used:\ pass\ it\ on\ as\ you\ would\ a\ password$'\n'next,\ on\ the\ new\ machine:\ p2p-node\ join\  ]]
  [[ "$stderr" != *warning* ]]
  p2p-ca -q sign worker-2
  end=$(date -u -d "$(openssl x509 -in "$certs/worker-2_cert.pem" -noout -enddate | cut -d= -f2)" +%FT%TZ)
  expect 0 p2p-ca invite worker-2 --coordinator main.example:8001
  stderr_has "warning: worker-2 has a valid certificate until $end, serial $(serial_of "$certs/worker-2_cert.pem"); the new machine would replace it"
  p2p-ca -q revoke worker-2 >/dev/null
  expect 0 p2p-ca invite worker-2 --coordinator main.example:8001
  [[ "$stderr" != *warning* ]]
  expect 0 p2p-ca invite www --web --coordinator main.example:8001
  stderr_has "--print certbot, lego or caddy"
}

@test "open invitations are listed until they are used up, expired or revoked" {
  p2p-ca -q init
  export P2P_COORDINATOR=main.example:8001
  p2p-ca -q invite worker-2 --ttl 90m >/dev/null
  p2p-ca -q invite main --role coordinator --uses 3 --ttl 36h >/dev/null
  p2p-ca -q invite www --web >/dev/null
  expect 0 p2p-ca list --invitations
  same_text header "${lines[0]}" "NAME      ROLE         MADE        EXPIRES IN  USES LEFT  ID"
  [[ "${lines[1]}" =~ ^main\ \ \ \ \ \ coordinator\ \ [0-9-]{10}\ +1\ day\ +3\ \ [A-Za-z0-9_-]{22}$ ]]
  [[ "${lines[2]}" =~ ^worker-2\ \ worker\ .*\ 1h[0-9]+m\ +1\ \  ]]
  expect 0 p2p-ca list -o name
  stderr_is ""
  expect 0 p2p-ca list
  stderr_is "3 invitations open: p2p-ca list --invitations"
  database="$P2P_HOME/ca/inventory.db"
  sqlite3 "$database" "UPDATE invitations SET used = 1 WHERE name = 'worker-2'; UPDATE invitations SET expires_at = 1 WHERE name = 'www'"
  expect 0 p2p-ca list --invitations -o json
  same_text invitations "$(jq -c '[.[] | [.name, .role, .uses, .uses_left]]' <<<"$output")" '[["main","coordinator",3,3]]'
  p2p-ca -q revoke main >/dev/null
  expect 0 p2p-ca list --invitations -o name
  stdout_is ""
  expect 2 p2p-ca list --invitations --all
}

# open_names: of the invitations that can still be used
open_names() { p2p-ca list --invitations -o name | paste -sd ' '; }

@test "an invitation is taken back by its id, and nothing else is; what was taken back is said" {
  p2p-ca -q init
  export P2P_COORDINATOR=main.example:8001
  p2p-ca -q sign worker-2
  p2p-ca -q invite worker-2 >/dev/null
  local kid
  kid=$(p2p-ca -q invite worker-2 -o json | jq -r .kid)
  expect 0 p2p-ca revoke "$kid"
  stderr_is "took back that invitation of worker-2, and nothing else"
  expect 0 p2p-ca revoke "$kid"
  stderr_is "that invitation of worker-2 was taken back already"
  expect 0 p2p-ca verify worker-2
  same_text open "$(open_names)" worker-2
  expect 0 p2p-ca revoke worker-2
  stderr_has "revoked 1 certificate of worker-2, and took back 1 invitation"
  p2p-ca -q invite worker-3 >/dev/null
  p2p-ca -q invite worker-3 >/dev/null
  expect 0 p2p-ca revoke worker-3
  stderr_is "took back 2 invitations of worker-3; it had no valid certificate"
  same_text open "$(open_names)" ""
  expect 5 p2p-ca revoke worker-3
}

@test "an invitation that could not be written is taken back" {
  p2p-ca -q init
  expect 1 bash -c 'p2p-ca invite worker-2 --coordinator main.example:8001 >/dev/full'
  stderr_has "p2p-ca: warning: the invitation could not be written and is taken back"
  same_text open "$(open_names)" ""
  mkdir "$BATS_TEST_TMPDIR/taken"
  expect 1 p2p-ca invite worker-2 --coordinator main.example:8001 --force --out "$BATS_TEST_TMPDIR/taken"
  stderr_has "p2p-ca: warning: the invitation could not be written and is taken back"
  same_text open "$(open_names)" ""
}

@test "--print gives the ready command of other clients, which gets the CA's certificate and checks it first" {
  p2p-ca -q init
  fetched="curl -fsSk https://main.example:8001/pki/ca.pem | openssl x509 -out p2p-ca.pem && {"
  fingerprint=$(openssl x509 -in "$certs/ca_cert.pem" -noout -fingerprint -sha256 | cut -d= -f2)
  expect 0 p2p-ca invite www --web --san www.example.org --coordinator main.example:8001 --print lego
  [[ "${lines[0]}" == "$fetched"*"'$fingerprint'"*" &&" ]]
  [[ "${lines[1]}" == "LEGO_CA_CERTIFICATES=./p2p-ca.pem lego --server https://main.example:8001/acme/directory --eab --kid "* ]]
  [[ "${lines[1]}" == *" --domains www.example.org run" ]]
  expect 0 p2p-ca invite www --web --san www.example.org --coordinator main.example:8001 --print caddy
  [[ "${lines[0]}" == "# first, in this folder: $fetched"*"'$fingerprint'"* ]]
  stdout_has "acme_ca_root ./p2p-ca.pem"
  expect 0 p2p-ca invite www --web --san www.example.org --coordinator main.example:8001 --print certbot
  [[ "${lines[0]}" == "$fetched"*"'$fingerprint'"*" &&" ]]
  [[ "${lines[1]}" == "REQUESTS_CA_BUNDLE=./p2p-ca.pem certbot certonly "*" -d www.example.org" ]]

  # Run as it is: the client begins with the right CA only, and with nothing that came after it.
  cd "$BATS_TEST_TMPDIR"
  mkdir -p bin
  printf '#!/bin/sh\ncat "%s/served.pem"\n' "$PWD" >bin/curl
  printf '#!/bin/sh\necho client: "$@"\n' >bin/certbot
  chmod +x bin/*
  P2P_HOME="$PWD/foreign" p2p-ca -q init
  cat "$certs/ca_cert.pem" foreign/certs/ca_cert.pem >served.pem
  PATH="$PWD/bin:$PATH" run -0 bash -c "$output"
  [[ "$output" == "client: certonly --standalone "* ]]
  cmp p2p-ca.pem "$certs/ca_cert.pem"
  expect 0 p2p-ca invite www --web --coordinator main.example:8001 --print certbot
  cat foreign/certs/ca_cert.pem "$certs/ca_cert.pem" >served.pem
  PATH="$PWD/bin:$PATH" run -1 bash -c "$output"
  same_text output "$output" "p2p-ca.pem is not the CA of this fleet"
}

@test "invitations that cannot be are refused" {
  p2p-ca -q init
  expect 2 p2p-ca invite
  expect 2 p2p-ca invite 'a b'
  expect 2 p2p-ca invite ca
  expect 2 p2p-ca invite worker-2 --uses 0
  expect 2 p2p-ca invite worker-2 --ttl 500d
  expect 2 p2p-ca invite worker-2 --san 'not a name'
  expect 2 p2p-ca invite worker-2 --print apache
  expect 5 p2p-ca invite worker-2 --home "$BATS_TEST_TMPDIR/nothing"
}
