# Tokens: made by an operator, good at every node, and gone from all of them once they are revoked.

load cluster

setup_file() {
  fleet_setup
  # So that a certificate counts without ALPN, as curl has none of ours.
  fleet_of_three 'ssl_request_client_cert: all'
}
teardown_file() { fleet_teardown; }

# status_with TOKEN NODE PATH  the status with which a node answers the holder of a token
status_with() {
  curl -sS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" -H @<(echo "Authorization: Bearer $1") \
    -o "$FLEET/body" -w '%{http_code}' "https://127.0.0.1:$(port_of "$2")$3"
}
is_refused_at() { [[ $(status_with "$1" "$2" /services) == 401 ]]; }

# claims_of TOKEN  as another program reads them, which checks the signature and that the CA signed the signer
claims_of() {
  python3 - "$P2P_HOME/certs/ca_cert.pem" <<<"$1" 3<&0 <<'PYTHON'
import base64, json, os, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
def decode(text): return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
header, payload, signature = os.fdopen(3).read().strip().split(".")
signer = x509.load_der_x509_certificate(base64.b64decode(json.loads(decode(header))["x5c"][0]))
ca = x509.load_pem_x509_certificate(open(sys.argv[1], "rb").read())
ca.public_key().verify(signer.signature, signer.tbs_certificate_bytes, ec.ECDSA(signer.signature_hash_algorithm))
raw = decode(signature)
der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
signer.public_key().verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
print(decode(payload).decode())
PYTHON
}

@test "a token may what its scope says, at every node" {
  local token name
  token=$(p2p-ctl token create --sub prometheus --scope metrics:read --ttl 1h)
  for name in coordinator-1 worker-1; do
    [[ $(status_with "$token" "$name" /services) == 403 ]]
    grep -q 'rpc:call' "$FLEET/body"
    [[ $(status_with "" "$name" /services) == 401 ]]
  done
  token=$(p2p-ctl token create --sub script --scope rpc:call,cluster:read)
  for name in coordinator-1 worker-1; do
    [[ $(status_with "$token" "$name" /services) == 200 ]]
    [[ $(status_with "${token}x" "$name" /services) == 401 ]]
  done
  P2P_TOKEN=$token p2p-ctl call system.ping --node worker-2
  run -4 env P2P_TOKEN="$token" p2p-ctl certs list
  run -4 env P2P_TOKEN="$token" p2p-ctl token create --sub more --scope rpc:call
}

@test "another program finds the claims and the signature good" {
  run -0 p2p-ctl token create --sub grafana --scope metrics:read,cluster:read --ttl 2h -o json
  local token id claims
  token=$(jq -r .access_token <<<"$output")
  id=$(jq -r .jti <<<"$output")
  claims=$(claims_of "$token")
  jq -e --arg id "$id" '.jti == $id and .sub == "grafana" and .aud == "p2p" and .iss == "coordinator-1"
    and .exp - .iat == 7200 and .scope == "cluster:read metrics:read"' <<<"$claims"
}

@test "a revoked token is refused everywhere, also after a restart, and by a node that was away" {
  local token other name
  token=$(p2p-ctl token create --sub away --scope rpc:call)
  other=$(p2p-ctl token create --sub away2 --scope rpc:call)
  for name in coordinator-1 worker-1 worker-2; do [[ $(status_with "$token" "$name" /services) == 200 ]]; done
  node_kill worker-2 TERM
  run -0 p2p-ctl token revoke away -o json
  [[ $(jq length <<<"$output") == 1 ]]
  is_refused_at "$token" coordinator-1
  wait_until 5 is_refused_at "$token" worker-1
  [[ $(status_with "$other" worker-1 /services) == 200 ]]
  node_run worker-2
  wait_until 20 is_refused_at "$token" worker-2
  # Killed, not stopped: what was said to be revoked was on the disk.
  node_kill coordinator-1 KILL
  rm "$P2P_HOME/data/coordinator-1/gossip_state.json"
  node_config coordinator-1 coordinator 'ssl_request_client_cert: all'
  node_run coordinator-1
  wait_until 20 has_status worker-1 alive
  is_refused_at "$token" coordinator-1
  run -0 p2p-ctl token list -o json
  jq -e '[.[] | select(.sub == "away")] | length == 1 and .[0].revoked' <<<"$output"
  # Its text works too, and is not in argv.
  p2p-ctl token revoke - <<<"$other"
  wait_until 5 is_refused_at "$other" worker-1
  run -5 p2p-ctl token revoke nobody
}

@test "tokens die with the certificate that asked for them" {
  p2p-ca sign alice --role operator
  local token
  token=$(p2p-ctl --cert "$P2P_HOME/certs/alice_cert.pem" --key "$P2P_HOME/certs/alice_key.pem" token create --sub a --scope rpc:call)
  [[ $(status_with "$token" worker-1 /services) == 200 ]]
  p2p-ca revoke alice
  wait_until 10 is_refused_at "$token" coordinator-1
  wait_until 10 is_refused_at "$token" worker-1
}

@test "nobody gives more than it has" {
  local as=(--cert "$P2P_HOME/certs/coordinator-1_cert.pem" --key "$P2P_HOME/certs/coordinator-1_key.pem")
  run -4 p2p-ctl "${as[@]}" token create --sub x --scope admin
  [[ $output == *'rpc:call,cluster:read,metrics:read'* ]]
  p2p-ctl "${as[@]}" token create --sub x --scope rpc:call
  run -4 p2p-ctl --cert "$P2P_HOME/certs/worker-1_cert.pem" --key "$P2P_HOME/certs/worker-1_key.pem" token create --sub x --scope rpc:call
}

@test "what is asked wrongly is refused with one sentence" {
  run -2 p2p-ctl token create --scope rpc:call
  run -2 p2p-ctl token create --sub x
  run -2 p2p-ctl token create --sub x --scope rpc:cal
  [[ $output == *'"rpc:cal" is not a scope'* ]]
  run -2 p2p-ctl token create --sub 'a b' --scope rpc:call
  run -2 p2p-ctl token create --sub x --scope rpc:call --ttl 10ms
  # A worker has no desk, and nobody but an operator is served.
  local url="https://127.0.0.1:$(port_of coordinator-1)/auth/token" certs="$P2P_HOME/certs"
  [[ $(curl -sS --cacert "$certs/ca_cert.pem" -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{}' "$url") == 401 ]]
  [[ $(curl -sS --cacert "$certs/ca_cert.pem" --cert "$certs/operator_cert.pem" --key "$certs/operator_key.pem" \
    -o "$FLEET/body" -w '%{http_code}' -H 'Content-Type: application/json' \
    -d '{"sub": "x", "scope": "rpc:call", "ttl_seconds": 0}' "$url") == 400 ]]
  [[ $(status_with x worker-1 /auth/tokens) == 404 ]]
}

@test "what a form of a web page can send is refused, also with an operator's certificate" {
  local certs="$P2P_HOME/certs" body='{"sub": "x", "scope": "rpc:call"}' path type before
  # posted PATH TYPE BODY  the status
  posted() {
    curl -sS --max-time 5 --cacert "$certs/ca_cert.pem" --cert "$certs/operator_cert.pem" --key "$certs/operator_key.pem" \
      -o "$FLEET/body" -w '%{http_code}' -H "Content-Type:$2" -d "$3" "https://127.0.0.1:$(port_of coordinator-1)$1"
  }
  [[ $(posted /auth/token ' application/json' "$body") == 200 ]]
  [[ $(posted /auth/token ' Application/JSON; charset=utf-8' "$body") == 200 ]]
  before=$(p2p-ctl token list -o json | jq length)
  for path in /auth/token /auth/revoke; do
    for type in ' application/x-www-form-urlencoded' ' text/plain' ' multipart/form-data; boundary=b' ' application/jsonp' ''; do
      [[ $(posted "$path" "$type" "$body") == 415 ]]
      [[ $(jq -r .status "$FLEET/body") == 415 ]]
    done
  done
  [[ $(p2p-ctl token list -o json | jq length) == "$before" ]]
}

@test "no file and no log has the text of a token" {
  local token
  token=$(p2p-ctl token create --sub secret --scope rpc:call)
  status_with "$token" worker-1 /services
  # The store of logs too: what the request left there has come.
  p2p-ctl token revoke secret
  stored() { p2p-logs query --node coordinator-1 --grep 'has revoked the token' -o json | grep .; }
  wait_until 20 stored
  run -0 p2p-logs query --limit 1000000 -o json
  [[ $output == *"for secret: rpc:call"* && $output != *"${token##*.}"* ]]
  run ! grep -rF "${token##*.}" "$P2P_HOME" "$FLEET"
}

@test "who made and who revoked a token is in the log whatever its level is" {
  echo 'log_level: CRITICAL' >>"$FLEET/coordinator-1.yaml"
  kill -s HUP "$(pid_of coordinator-1)"
  local id
  id=$(p2p-ctl token create --sub quiet --scope rpc:call -o json | jq -r .jti)
  p2p-ctl token revoke quiet
  wait_until 10 grep -q "Audit.*operator/operator has made the token $id for quiet" "$FLEET/coordinator-1.log"
  wait_until 10 grep -q "Audit.*operator/operator has revoked the token $id" "$FLEET/coordinator-1.log"
}
