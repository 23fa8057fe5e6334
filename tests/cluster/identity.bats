# Certificates that must not be believed, and what a node says when its own is wrong.

load cluster

setup_file() {
  fleet_setup
  node_start coordinator-1 coordinator
  # The control: what is refused to the others is granted to it.
  node_start worker-1 worker
  wait_until 20 known worker-1
}
setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown_file() { fleet_teardown; }

# A node that must fail by itself within a bounded time; its output is in $output.
refused_node() {
  node_config "$@"
  run timeout 20 p2p-node --config "$FLEET/$1.yaml"
}

known() { [[ -n $(status_of "$1") ]]; }
# Not known, while the coordinator answers and knows who is.
unknown() { known worker-1 && ! known "$1"; }

# p2p_request CERT KEY [CA]  what the coordinator answers over p2p/1, or what openssl says of the refusal. The body is
# no gossip message, so that 400 says that the caller got as far as being read.
p2p_request() {
  printf 'POST /internal/gossip/exchange HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx' |
    timeout 10 openssl s_client -quiet -connect "127.0.0.1:$(port_of coordinator-1)" -alpn p2p/1 \
      -CAfile "${3:-$P2P_HOME/certs/ca_cert.pem}" -cert "$1" -key "$2" 2>&1
}
control_is_answered() {
  run p2p_request "$P2P_HOME/certs/worker-1_cert.pem" "$P2P_HOME/certs/worker-1_key.pem"
  [[ $output == *"HTTP/1.1 400 "* ]]
}

@test "no configuration at all: one sentence says what is missing and which command makes it" {
  local empty
  empty=$(mktemp -d "$FLEET/empty.XXXX")
  run env P2P_HOME="$empty" p2p-node
  [[ $status == 2 ]]
  [[ $output == "p2p-node: error: "* && $output == *"p2p-ca init"* ]]
  [[ $(wc -l <<<"$output") -le 3 ]]
}

@test "a misspelt key, a wrong type and a missing file are named with file, line and column" {
  printf 'node_id: x\nprot: 8001\n' >"$FLEET/bad.yaml"
  run p2p-node --config "$FLEET/bad.yaml" --check-config
  [[ $status == 2 && $output == *"bad.yaml:2:1"*prot*port* ]]
  printf 'node_id: x\nport: many\n' >"$FLEET/bad.yaml"
  run p2p-node --config "$FLEET/bad.yaml" --check-config
  [[ $status == 2 && $output == *"bad.yaml:2:7"*port* ]]
  run p2p-node --config "$FLEET/absent.yaml" --check-config
  [[ $status == 2 && $output == *absent.yaml* ]]
}

@test "a port in use is named, with a hint" {
  p2p-ca sign worker-9 >/dev/null
  node_config worker-9 worker
  sed -i "s/^port: .*/port: $(port_of coordinator-1)/" "$FLEET/worker-9.yaml"
  run timeout 20 p2p-node --config "$FLEET/worker-9.yaml"
  [[ $status == 1 ]]
  [[ $output == *"$(port_of coordinator-1)"*"in use"* && $output == *"hint: "* ]]
}

@test "a worker's certificate cannot run a coordinator" {
  p2p-ca sign worker-8 >/dev/null
  node_config worker-8 coordinator
  run timeout 20 p2p-node --config "$FLEET/worker-8.yaml"
  [[ $status == 2 && $output == *worker*coordinator* ]]
}

@test "an operator's certificate is not a node's" {
  node_config alice worker "ssl_cert_file: certs/operator_cert.pem" "ssl_key_file: certs/operator_key.pem"
  run timeout 20 p2p-node --config "$FLEET/alice.yaml"
  [[ $status == 2 && $output == *operator* ]]
}

@test "a certificate of another CA does not get in" {
  local foreign
  foreign=$(mktemp -d "$FLEET/foreign.XXXX")
  P2P_HOME="$foreign" p2p-ca init >/dev/null
  P2P_HOME="$foreign" p2p-ca sign worker-7 >/dev/null
  run -0 --separate-stderr p2p-ctl nodes
  run -3 --separate-stderr env P2P_HOME="$foreign" p2p-ctl nodes
  # The foreign client trusts the real CA, so that only the coordinator's judgement is left.
  cat "$foreign/certs/ca_cert.pem" "$P2P_HOME/certs/ca_cert.pem" >"$foreign/certs/both.pem"
  control_is_answered
  run p2p_request "$foreign/certs/worker-7_cert.pem" "$foreign/certs/worker-7_key.pem" "$foreign/certs/both.pem"
  [[ $output == *"alert unknown ca"* && $output != *HTTP/1.1* ]]
  unknown worker-7
}

@test "over http/1.1 no certificate makes a node, not even a good one" {
  run curl -sS --http1.1 --cacert "$P2P_HOME/certs/ca_cert.pem" --cert "$P2P_HOME/certs/worker-1_cert.pem" --key "$P2P_HOME/certs/worker-1_key.pem" \
    "https://127.0.0.1:$(port_of coordinator-1)/internal/gossip/exchange" -d x -o /dev/null -w '%{http_code}'
  [[ $output == 401 ]]
}

@test "an expired certificate does not get in, and its owner is told" {
  p2p-ca sign worker-6 >/dev/null
  # The same key and names, but a validity that is over.
  local san
  san=$(openssl x509 -in "$P2P_HOME/certs/worker-6_cert.pem" -noout -ext subjectAltName | tail -n +2 | sed 's/IP Address:/IP:/g; s/ //g')
  openssl req -new -key "$P2P_HOME/certs/worker-6_key.pem" -subj /CN=worker-6 -out "$FLEET/worker-6.csr"
  mkdir -p "$FLEET/demo"
  : >"$FLEET/demo/index.txt"
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=critical,digitalSignature\n' \
    "$FLEET/demo" "$FLEET/demo" "$san" >"$FLEET/demo.cnf"
  openssl ca -batch -config "$FLEET/demo.cnf" -extensions e -in "$FLEET/worker-6.csr" -cert "$P2P_HOME/certs/ca_cert.pem" \
    -keyfile "$P2P_HOME/certs/ca_key.pem" -startdate 20240101000000Z -enddate 20240201000000Z -notext -out "$FLEET/expired.pem" 2>/dev/null
  control_is_answered
  run p2p_request "$P2P_HOME/certs/worker-6_cert.pem" "$P2P_HOME/certs/worker-6_key.pem"
  [[ $output == *"HTTP/1.1 400 "* ]]
  run p2p_request "$FLEET/expired.pem" "$P2P_HOME/certs/worker-6_key.pem"
  [[ $output == *"alert certificate expired"* && $output != *HTTP/1.1* ]]
  cp "$FLEET/expired.pem" "$P2P_HOME/certs/worker-6_cert.pem"
  refused_node worker-6 worker
  [[ $status != 0 && $status != 124 && $output == *expired* ]]
  unknown worker-6
}

@test "a worker cannot join under another name" {
  p2p-ca sign worker-5 >/dev/null
  node_config worker-4 worker "ssl_cert_file: certs/worker-5_cert.pem" "ssl_key_file: certs/worker-5_key.pem"
  run timeout 20 p2p-node --config "$FLEET/worker-4.yaml"
  [[ $status == 2 && $output == *worker-5* ]]
  unknown worker-4
  # Under its own name it does get in.
  node_start worker-5 worker
  wait_until 20 known worker-5
}
