# Rate limits of a real node, as its clients meet them.

load cluster

setup_file() {
  fleet_setup
  node_start coordinator-1 coordinator 'ssl_request_client_cert: all' \
    'rate_limit_rpc_requests: 60' 'rate_limit_rpc_burst: 5' \
    'rate_limit_health_requests: 1' 'rate_limit_health_burst: 3' \
    'rate_limit_metrics_requests: 1' 'rate_limit_metrics_burst: 3'
}
teardown_file() { fleet_teardown; }

# request PATH [ARGUMENT]...  prints the status, and leaves head and body in $FLEET/head and $FLEET/body
request() {
  local path=$1
  shift
  curl -sS --max-time 10 --cacert "$P2P_HOME/certs/ca_cert.pem" -D "$FLEET/head" -o "$FLEET/body" -w '%{http_code}\n' \
    "$@" "https://127.0.0.1:$(port_of coordinator-1)$path"
}
retry_after() { tr -d '\r' <"$FLEET/head" | sed -nE 's/^[Rr]etry-[Aa]fter: //p'; }
as() { echo --cert "$P2P_HOME/certs/$1_cert.pem" --key "$P2P_HOME/certs/$1_key.pem"; }

@test "over the limit: 429, a problem, and when to come back" {
  local i
  for i in 1 2 3; do [[ $(request /health) == 200 ]]; done
  [[ $(request /health) == 429 ]]
  [[ $(retry_after) =~ ^[0-9]+$ ]]
  # One a minute, less what has passed since.
  (($(retry_after) >= 30 && $(retry_after) <= 60))
  grep -qi '^content-type: application/problem+json' "$FLEET/head"
  [[ $(jq -r .status "$FLEET/body") == 429 ]]
  # Each class counts for itself.
  [[ $(request /pki/ca.pem) == 200 ]]
}

@test "guessing credentials is charged, and a JSON-RPC error says so" {
  local i
  for i in 1 2 3 4 5; do [[ $(request /rpc -H 'Authorization: Bearer guess' -d '{}') == 401 ]]; done
  [[ $(request /rpc -H 'Authorization: Bearer another' -d '{}') == 429 ]]
  [[ $(retry_after) == 1 ]]
  [[ $(jq -c '[.jsonrpc, .error.code, .id]' "$FLEET/body") == '["2.0",-32003,null]' ]]
  let_in() { [[ $(request /rpc -d '{}') == 401 ]]; }
  wait_until 10 let_in
}

@test "once an address has guessed too often, no unknown token of it is looked at; a known one goes on" {
  local known unknown i
  known=$(p2p-ctl token create --sub known --scope metrics:read)
  unknown=$(p2p-ctl token create --sub unknown --scope metrics:read)
  by() { request /metrics -H @<(echo "Authorization: Bearer $1"); }
  [[ $(by "$known") == 200 ]]
  # Open on loopback, so a bad token gets an answer.
  for i in 1 2 3; do [[ $(by guess) == 200 ]]; done
  [[ $(by guess) == 429 ]]
  [[ $(by "$unknown") == 429 ]]
  [[ $(by "$known") == 200 ]]
}

@test "an operator's certificate is not limited, also where its address is" {
  local i
  [[ $(request /health) == 429 ]]
  # shellcheck disable=SC2046  # words
  for i in $(seq 20); do [[ $(request /health $(as operator)) == 200 ]]; done
  for i in $(seq 10); do p2p-ctl -q call system.ping >/dev/null; done
}

@test "a node's certificate has a high limit of its own" {
  local i
  p2p-ca sign worker-9 --role worker >>"$FLEET/ca.log" 2>&1
  # shellcheck disable=SC2046
  for i in $(seq 20); do
    [[ $(request /rpc $(as worker-9) -d '{"jsonrpc":"2.0","method":"system.ping","id":1}') == 200 ]]
  done
  # shellcheck disable=SC2046
  [[ $(request /rpc $(as worker-9) -d "[$(printf '{"jsonrpc":"2.0","method":"system.ping","id":1},%.0s' {1..99}) 1]") == 200 ]]
  [[ $(jq length "$FLEET/body") == 100 ]]
}

@test "a token has a limit of its own; a batch costs as much as its calls; p2p-ctl waits within its time" {
  local token other i
  token=$(p2p-ctl token create --sub ci --scope rpc:call)
  other=$(p2p-ctl token create --sub ci --scope rpc:call)
  local ping='{"jsonrpc":"2.0","method":"system.ping","id":1}'
  by() { request /rpc -H "Authorization: Bearer $1" -d "$2"; }
  # An unknown token is looked at while its address has room in its own limit, which tests before have used up.
  is_known() { [[ $(by "$1" "$ping") == 200 ]]; }
  wait_until 20 is_known "$token"
  wait_until 20 is_known "$other"
  # Of 4 that are left, 3 for the batch.
  [[ $(by "$token" "[$ping,$ping,$ping]") == 200 ]]
  [[ $(by "$token" "[$ping,$ping,$ping]") == 429 ]]
  [[ $(jq -c '[.error.code, .id]' "$FLEET/body") == '[-32003,null]' ]]
  (($(retry_after) >= 1 && $(retry_after) <= 2))
  [[ $(by "$other" "$ping") == 200 ]]
  # A batch longer than the burst costs the burst: 5 seconds' worth.
  [[ $(by "$other" "[$ping,$ping,$ping,$ping,$ping,$ping,$ping]") == 429 ]]
  let_in() { [[ $(by "$other" "[$ping,$ping,$ping,$ping,$ping,$ping,$ping]") == 200 ]]; }
  wait_until 20 let_in
  P2P_TOKEN=$other run -7 p2p-ctl call system.ping --timeout 500ms
  [[ $output == *'too many requests'* ]]
  P2P_TOKEN=$other run -0 p2p-ctl call system.ping --timeout 10s
  [[ $output == *'trying again in'* ]]
  # Nor does it change what others may.
  p2p-ctl -q call system.ping >/dev/null
}

@test "SIGHUP takes over new limits" {
  [[ $(request /health) == 429 ]]
  sed -i 's/^rate_limit_health_requests: .*/rate_limit_health_requests: 6000/; s/^rate_limit_health_burst: .*/rate_limit_health_burst: 100/' \
    "$FLEET/coordinator-1.yaml"
  kill -HUP "$(pid_of coordinator-1)"
  wait_until 20 grep -q 'reloaded: rate_limit_health_requests, rate_limit_health_burst' "$FLEET/coordinator-1.log"
  healthy() { [[ $(request /health) == 200 ]]; }
  wait_until 20 healthy
  echo 'rate_limit_enabled: false' >>"$FLEET/coordinator-1.yaml"
  kill -HUP "$(pid_of coordinator-1)"
  wait_until 20 grep -q 'reloaded: rate_limit_enabled$' "$FLEET/coordinator-1.log"
  local i
  for i in $(seq 10); do [[ $(request /rpc -d '{}') == 401 ]]; done
}
