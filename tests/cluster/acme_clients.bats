# certbot and lego use the coordinator as their CA, with an invitation as external account binding.

load cluster

setup() {
  fleet_setup
  # Its addresses are part of what the server says, so the port must be known beforehand: the first start picks it.
  node_start coordinator-1 coordinator
  node_kill coordinator-1 TERM
  node_config coordinator-1 coordinator
  node_run coordinator-1
  directory="https://localhost:$(port_of coordinator-1)/acme/directory"
  export REQUESTS_CA_BUNDLE="$P2P_HOME/certs/ca_cert.pem" LEGO_CA_CERTIFICATES="$P2P_HOME/certs/ca_cert.pem"
}
teardown() { fleet_teardown; }

invite() { p2p-ca invite "$1" --web --san "$1" --coordinator "localhost:$(port_of coordinator-1)" -o json >"$FLEET/invitation.json"; }
kid() { jq -r .kid "$FLEET/invitation.json"; }
hmac_key() { jq -r .hmac_key "$FLEET/invitation.json"; }

run_certbot() {
  certbot "$@" -n --config-dir "$FLEET/certbot" --work-dir "$FLEET/certbot-work" --logs-dir "$FLEET/certbot-logs" --server "$directory"
}
run_lego() {
  lego --path "$FLEET/lego" --accept-tos --email a@example.org --server "$directory" --http -d lego.test --eab --kid "$(kid)" \
    --hmac "$(hmac_key)" "$@"
}

# True once the list that the fleet gets takes back the certificate in this file, as openssl reads both.
revoked() {
  curl -fsS --cacert "$P2P_HOME/certs/ca_cert.pem" "https://localhost:$(port_of coordinator-1)/pki/crl.pem" -o "$FLEET/list.crl"
  openssl verify -crl_check -CAfile "$P2P_HOME/certs/ca_cert.pem" -CRLfile "$FLEET/list.crl" "$1" 2>&1 | grep -q 'certificate revoked'
}

@test "certbot obtains, renews and revokes a certificate" {
  local live="$FLEET/certbot/live/web.test/cert.pem" first
  invite web.test
  run_certbot certonly --standalone -d web.test --agree-tos -m a@example.org --no-eff-email --eab-kid "$(kid)" --eab-hmac-key "$(hmac_key)"
  openssl verify -x509_strict -CAfile "$P2P_HOME/certs/ca_cert.pem" "$live"
  [[ $(openssl x509 -in "$live" -noout -ext subjectAltName,extendedKeyUsage) == *"TLS Web Server Authentication"*"DNS:web.test"* ]]
  first=$(openssl x509 -in "$live" -noout -serial)
  run_certbot renew --force-renewal --no-random-sleep-on-renew
  [[ $(openssl x509 -in "$live" -noout -serial) != "$first" ]]
  openssl verify -CAfile "$P2P_HOME/certs/ca_cert.pem" "$live"
  run_certbot revoke --cert-name web.test --reason keycompromise --no-delete-after-revoke
  wait_until 10 revoked "$live"
  # The first one is still good: only what was revoked is.
  run -1 revoked "$FLEET/certbot/archive/web.test/cert1.pem"
  p2p-ca audit
}

@test "lego obtains, renews and revokes a certificate, and its invitation serves nobody else" {
  local file="$FLEET/lego/certificates/lego.test.crt" first
  invite lego.test
  run_lego run
  openssl verify -x509_strict -CAfile "$P2P_HOME/certs/ca_cert.pem" "$file"
  first=$(openssl x509 -in "$file" -noout -serial)
  run_lego renew --days 1000 --no-random-sleep
  [[ $(openssl x509 -in "$file" -noout -serial) != "$first" ]]
  cp "$file" "$FLEET/revoked.pem"  # lego moves it away
  run_lego revoke
  wait_until 10 revoked "$FLEET/revoked.pem"
  run run_certbot register --agree-tos -m b@example.org --no-eff-email --eab-kid "$(kid)" --eab-hmac-key "$(hmac_key)"
  [[ $status != 0 && $output == *"the invitation was used already"* ]]
}

@test "the command that invite --print gives is run as it is" {
  cd "$FLEET"
  unset REQUESTS_CA_BUNDLE # the command fetches its own
  certbot() { command certbot "$@" -n --config-dir "$FLEET/printed" --work-dir "$FLEET/printed-work" --logs-dir "$FLEET/printed-logs"; }
  eval "$(p2p-ca invite printed.test --web --coordinator "localhost:$(port_of coordinator-1)" --print certbot)"
  openssl verify -x509_strict -CAfile "$P2P_HOME/certs/ca_cert.pem" "$FLEET/printed/live/printed.test/cert.pem"
}
