# What the CA revokes is refused by the whole fleet at once, and stays so.

load cluster

setup() {
  fleet_setup
  fleet_of_three
}
teardown() { fleet_teardown; }

is_gone_at() { [[ -z $(status_of "$1" "$(port_of "$2")") ]]; }

get() { curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$(port_of "$1")$2"; }
says_that_it_is_revoked() { get "$1" /health | jq -e '.certificate.state == "revoked"'; }

# The number of the newest list that a node serves; openssl reads it and checks the CA's signature.
list_number() {
  get "$1" /pki/crl.pem >"$FLEET/$1.crl" &&
    openssl crl -in "$FLEET/$1.crl" -CAfile "$P2P_HOME/certs/ca_cert.pem" -noout -crlnumber
}
same_list_everywhere() {
  local name first
  first=$(list_number coordinator-1) || return 1
  for name in "$@"; do [[ $(list_number "$name") == "$first" ]] || return 1; done
}
lists_serial_of() {
  local serial
  serial=$(openssl x509 -in "$P2P_HOME/certs/$1_cert.pem" -noout -serial)
  list_number "$2" >/dev/null && openssl crl -in "$FLEET/$2.crl" -noout -text | grep -q "Serial Number: ${serial#serial=}"
}

@test "a revoked worker is dropped and forgotten by all nodes, also after they restart" {
  wait_until 20 same_list_everywhere worker-1 worker-2
  p2p-ca revoke worker-1 --reason key-compromise
  for name in coordinator-1 worker-2; do
    wait_until 10 is_gone_at worker-1 "$name"
    wait_until 10 lists_serial_of worker-1 "$name"
  done
  wait_until 10 says_that_it_is_revoked worker-1
  get worker-1 /metrics | grep -x 'p2p_certificate_revoked 1'
  get worker-2 /metrics | grep -x 'p2p_certificate_revoked 0'
  # The other worker is none the worse for it.
  p2p-ctl call system.ping --node worker-2
  wait_until 10 grep -q 'connections with worker "worker-1" are dropped' "$FLEET/coordinator-1.log"
  # The revoked one learns of it where it may still listen, or is refused; either way it is in no list.
  node_kill coordinator-1 TERM
  node_config coordinator-1 coordinator
  node_run coordinator-1
  wait_until 20 has_status worker-2 alive
  wait_until 10 grep -q 'was refused: .*revoked' "$FLEET/coordinator-1.log"
  is_gone_at worker-1 coordinator-1
  # openssl agrees that the list is good and the certificate is not.
  list_number coordinator-1
  run openssl verify -crl_check -CAfile "$P2P_HOME/certs/ca_cert.pem" -CRLfile "$FLEET/coordinator-1.crl" "$P2P_HOME/certs/worker-1_cert.pem"
  [[ $status != 0 && $output == *"certificate revoked"* ]]
  openssl verify -crl_check -CAfile "$P2P_HOME/certs/ca_cert.pem" -CRLfile "$FLEET/coordinator-1.crl" "$P2P_HOME/certs/worker-2_cert.pem"
}

@test "a revoked operator is refused, and one with a new certificate is not" {
  wait_until 20 same_list_everywhere worker-1
  p2p-ctl nodes
  p2p-ca sign alice --role operator
  p2p-ctl --cert "$P2P_HOME/certs/alice_cert.pem" --key "$P2P_HOME/certs/alice_key.pem" nodes
  p2p-ca revoke alice
  wait_until 10 lists_serial_of alice coordinator-1
  run p2p-ctl --cert "$P2P_HOME/certs/alice_cert.pem" --key "$P2P_HOME/certs/alice_key.pem" nodes
  [[ $status == 3 ]]
  p2p-ctl nodes
  p2p-ca sign alice --role operator --force
  p2p-ctl --cert "$P2P_HOME/certs/alice_cert.pem" --key "$P2P_HOME/certs/alice_key.pem" nodes
}
