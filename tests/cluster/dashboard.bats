# The dashboard's server side: signing in, what a session may and may not, the live feed, and the page on a port of this
# machine. What the page makes of it is for the browser's tests.

load cluster

setup_file() {
  fleet_setup
  say_service
  fleet_of_three
  # Where the workers look for it, also after a restart.
  sed -i "s/^port: .*/port: $(port_of coordinator-1)/" "$FLEET/coordinator-1.yaml"
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown_file() { fleet_teardown; }

say() { jq -nc '{lines: $ARGS.positional}' --args "$@" | p2p-ctl call say.lines --params - >/dev/null; }
origin() { echo "https://$P2P_COORDINATOR"; }
token() { p2p-ctl dashboard --print "$@" 2>/dev/null | sed 's/.*#t=//'; }

# web PATH ARGUMENT…: asks the coordinator as a browser does; the status is in $status, the body in $output.
web() {
  local path=$1
  shift
  : >"$FLEET/body"
  run -0 curl -sS --max-time 20 --cacert "$P2P_HOME/certs/ca_cert.pem" -o "$FLEET/body" -D "$FLEET/head" -w '%{http_code}' "$(origin)$path" "$@"
  code=$output
  output=$(tr -d '\0' <"$FLEET/body")
}
trade() { web /api/session -H "Origin: $(origin)" --json "{\"token\":\"$1\"}"; }
# sign_in ARGUMENT…: a session, in $cookie and $secret.
sign_in() {
  trade "$(token "$@")"
  [[ $code == 200 ]]
  secret=$(jq -r .secret <<<"$output")
  cookie=$(sed -nE 's/^Set-Cookie: ([^;]*).*/\1/pi' "$FLEET/head" | tr -d '\r')
}
# call METHOD PARAMS ARGUMENT…: a call as the page makes it.
call() {
  local method=$1 params=$2
  shift 2
  web /rpc -H "Cookie: $cookie" --json "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$method\",\"params\":$params}" "$@"
}
# With what a change needs; likewise.
web_change() { web "$@" -H "Cookie: $cookie" -H "Origin: $(origin)" -H "P2P-Session-Secret: $secret"; }
change() { call "$@" -H "Origin: $(origin)" -H "P2P-Session-Secret: $secret"; }

# page ARGUMENT…: a page's socket; standard input is what it sends.
page() {
  page_command
  "${page_command[@]}" "$@"
}
page_command() {
  page_command=(python3 "$BATS_TEST_DIRNAME/page_socket.py" --url "wss://$P2P_COORDINATOR/ws/dashboard"
    --ca "$P2P_HOME/certs/ca_cert.pem" --cookie "$cookie" --origin "$(origin)")
}
hello() { jq -nc --arg secret "$secret" '{type: "hello", secret: $secret}'; }
# first_update: everything that the page gets first.
first_update() { hello | page --until '"whole":true'; }
shows() { first_update | jq -se "[.[] | select(.whole)][0].data.metrics | $1"; }

@test "a token signs in once, with a cookie that no script and no other site gets" {
  local one
  one=$(token)
  trade "$one"
  [[ $code == 200 && $(jq -r .role <<<"$output") == operator ]]
  grep -qiE '^Set-Cookie: __Host-p2p_session=[A-Za-z0-9_-]{43}; .*Path=/; Secure; HttpOnly; SameSite=Strict' "$FLEET/head"
  run ! grep -qi 'Domain=' "$FLEET/head"
  grep -qi '^Cache-Control: no-store' "$FLEET/head"
  trade "$one"
  [[ $code == 401 ]]
  run ! grep -qi '^Set-Cookie' "$FLEET/head"
  trade "$(token | rev)"
  [[ $code == 401 ]]
}

@test "the address that signs in can be read by programs" {
  local ends
  p2p-ctl dashboard --print --role viewer -o json >"$FLEET/printed"
  ends=$(jq -r .expires_at "$FLEET/printed")
  [[ $(jq -r .role "$FLEET/printed") == viewer ]]
  (($(date -d "$ends" +%s) > $(date +%s)))
  trade "$(jq -r '.address | sub(".*#t="; "")' "$FLEET/printed")"
  [[ $code == 200 && $(jq -r .role <<<"$output") == viewer ]]
}

@test "an address that nobody can read is not told to be good" {
  run -1 --separate-stderr bash -c 'p2p-ctl dashboard --print >/dev/full'
  [[ $stderr == 'p2p-ctl: error: cannot write to standard output' ]]
}

@test "a token ends after a minute" {
  local ends
  ends=$(p2p-ctl call dashboard.token -o json | jq -r .expires_at)
  (($(date -d "$ends" +%s) - $(date +%s) <= 60))
}

@test "only a page of the coordinator signs in, and only an operator's certificate asks for tokens" {
  local one
  one=$(token)
  web /api/session -H 'Origin: https://evil.example' --json "{\"token\":\"$one\"}"
  [[ $code == 403 ]]
  web /api/session --json "{\"token\":\"$one\"}"
  [[ $code == 403 ]]
  trade "$one"
  [[ $code == 200 ]]
  P2P_TOKEN=$(p2p-ctl token create --sub script --scope admin,rpc:call)
  export P2P_TOKEN
  run -4 --separate-stderr p2p-ctl dashboard --print
  [[ $stderr == *'signing in is for operators, who show their certificate'* ]]
}

@test "without a session there is no data, and with one there is" {
  local path
  for path in /api/session /api/history /api/logs; do
    web "$path"
    [[ $code == 401 ]]
    web "$path" -H 'Cookie: __Host-p2p_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    [[ $code == 401 ]]
  done
  sign_in
  for path in /api/session /api/history /api/logs; do
    web "$path" -H "Cookie: $cookie"
    [[ $code == 200 ]]
    grep -qi '^Cache-Control: no-store' "$FLEET/head"
    grep -qi '^X-Content-Type-Options: nosniff' "$FLEET/head"
  done
  change system.ping '{}'
  grep -qi '^Cache-Control: no-store' "$FLEET/head"
  grep -qi '^X-Content-Type-Options: nosniff' "$FLEET/head"
  [[ $(jq -r .subject <<<"$(curl -sS --cacert "$P2P_HOME/certs/ca_cert.pem" -H "Cookie: $cookie" "$(origin)/api/session")") == operator ]]
  web /api/session -H "Cookie: $cookie"
  [[ $(jq 'has("secret")' <<<"$output") == false ]]
}

@test "the cookie alone changes nothing: it takes the secret and the page's own origin" {
  sign_in
  call system.ping '{}'
  [[ $code == 403 ]]
  call system.ping '{}' -H "Origin: $(origin)"
  [[ $code == 403 ]]
  call system.ping '{}' -H "P2P-Session-Secret: $secret"
  [[ $code == 403 ]]
  call system.ping '{}' -H "P2P-Session-Secret: $secret" -H 'Origin: https://127.0.0.1:1'
  [[ $code == 403 ]]
  call system.ping '{}' -H "P2P-Session-Secret: ${secret}x" -H "Origin: $(origin)"
  [[ $code == 403 ]]
  change system.ping '{}'
  [[ $code == 200 && $(jq -r .result.node_id <<<"$output") == coordinator-1 ]]
  web /api/session -X DELETE -H "Cookie: $cookie" -H "Origin: $(origin)"
  [[ $code == 403 ]]
  wait_until 20 audited 'session/operator (session-.*) was refused to sign out'
  audited 'session/operator (session-.*) was refused POST /rpc: a page of another origin'
  audited "session/operator (session-.*) was refused POST /rpc: the session's secret is missing"
}

@test "a viewer reads and changes nothing" {
  sign_in --role viewer
  web /api/session -H "Cookie: $cookie"
  [[ $(jq -r .role <<<"$output") == viewer ]]
  change cluster.nodes '{}'
  [[ $(jq '.result | length' <<<"$output") == 3 ]]
  change services.describe '{"name":"say"}' -H 'P2P-Target: node:worker-1'
  jq -e '.result | .state == "running" and .methods[0].name == "lines"' <<<"$output"
  change services.list '{}' -H 'P2P-Target: all'
  jq -e '.result | length == 3 and all(.[]; .result | type == "array")' <<<"$output"
  change services.stop '{"name":"say"}' -H 'P2P-Target: node:worker-1'
  [[ $(jq .error.code <<<"$output") == -32004 ]]
  change say.lines '{}' -H 'P2P-Target: node:worker-1'
  [[ $(jq .error.code <<<"$output") == -32004 ]]
  change certificate.renew '{}' -H 'P2P-Target: node:worker-1'
  [[ $(jq .error.code <<<"$output") == -32004 ]]
  web_change /services/say/stop -X POST
  [[ $code == 403 ]]
  web_change /api/logs/clear -X POST
  [[ $code == 403 ]]
}

@test "an operator's session acts on nodes, leaves a record, and makes no tokens" {
  sign_in
  change services.stop '{"name":"say"}' -H 'P2P-Target: node:worker-1'
  jq -e .result <<<"$output"
  change services.start '{"name":"say"}' -H 'P2P-Target: node:worker-1'
  jq -e .result <<<"$output"
  wait_until 20 audited 'session/operator .* calls services.stop {"name":"say"} on node:worker-1'
  audited 'operator has signed in to the dashboard from 127.0.0.1 as operator'
  web_change /auth/token --json '{"sub":"x","scope":"admin"}'
  [[ $code == 403 ]]
  wait_until 20 audited 'session/operator (session-.*) asks for POST /auth/token'
  wait_until 20 audited 'session/operator (session-.*) asked for POST /auth/token: refused or failed with status 403'
  change dashboard.token '{}'
  [[ $(jq .error.code <<<"$output") == -32004 ]]
}
audited() { p2p-logs query --logger Audit --template '{message}' --limit 0 2>/dev/null | grep -q -- "$1"; }

@test "cookies that other ports of the host have set do no harm" {
  sign_in
  web /api/session -H "Cookie: x=1; __Host-p2p_session=of-another-fleet; $cookie; y"
  [[ $code == 200 ]]
  web /api/session -H "Cookie: ${cookie/__Host-p2p_session/p2p_session}"
  [[ $code == 401 ]]
}

@test "a session ends when it is told to, also for the open page" {
  sign_in
  mkfifo "$FLEET/talk"
  page <"$FLEET/talk" >"$FLEET/open" 3>&- 4>&- &
  local reader=$!
  exec 5>"$FLEET/talk"
  hello >&5
  wait_until 20 grep -q '"whole":true' "$FLEET/open"
  web_change /api/session -X DELETE
  [[ $code == 204 ]]
  web /api/session -H "Cookie: $cookie"
  [[ $code == 401 ]]
  wait_until 20 grep -q 'close 4401' "$FLEET/open"
  exec 5>&-
  wait_until 20 gone "$reader"
  rm "$FLEET/talk"
}

@test "a socket is for the session's own page" {
  sign_in
  [[ $(echo '{"type":"hello","secret":"wrong"}' | page) == 'close 4403' ]]
  [[ $(echo ping | page) == 'close 4403' ]]
  [[ $(hello | page --origin https://evil.example) == 'status 403' ]]
  [[ $(hello | page --origin '') == 'close 4403' ]]
  cookie=x=1
  [[ $(hello | page) == 'close 4401' ]]
}

@test "the first update has everything, later ones what changed, and a ping has its pong" {
  sign_in
  { hello; echo ping; } | page --until '"base":' >"$FLEET/updates"
  grep -qx '{"type":"pong"}' "$FLEET/updates"
  jq -se 'map(select(.type == "update")) | .[0].whole and .[1].base == .[0].sequence and .[1].sequence == .[0].sequence + 1 and
    (.[1].data.history.end - .[0].data.history.end == 1) and (.[0].data.history.fleet.cpu | length) == 900' "$FLEET/updates"
  wait_until 20 shows '(.nodes | keys) == ["coordinator-1", "worker-1", "worker-2"] and .fleet.nodes.alive == 3'
  wait_until 20 shows '.nodes | all(.cpu >= 0 and .cpu <= 1 and .memory_used < .memory_total and .rss > 1000000 and
    .certificate.state == "valid" and .status == "alive")'
  shows '.nodes["worker-1"].services.say.state == "running" and .nodes["worker-1"].linked_to == ["coordinator-1"]'
  # What the tools of the system say.
  shows ".nodes[\"worker-1\"].cores == $(getconf _NPROCESSORS_ONLN) and .nodes[\"worker-1\"].memory_total == $(awk '/MemTotal/ {printf "%.0f", $2 * 1024}' /proc/meminfo)"
  shows ".nodes[\"worker-2\"].certificate.serial == \"$(openssl x509 -in "$P2P_HOME/certs/worker-2_cert.pem" -noout -serial | sed 's/.*=//; s/^0*//' | tr A-F a-f)\""
}

@test "calls are counted on the node where they ran" {
  sign_in
  # Its own clock goes on: a window of ten seconds has some of them.
  p2p-ctl call system.ping --node worker-2 --repeat 200 >/dev/null
  wait_until 8 shows '.nodes["worker-2"].calls_per_second > 5 and .nodes["worker-2"].call_p99_ms > 0 and .fleet.call_p50_ms <= .fleet.call_p99_ms'
}

@test "what is wrong with a node is said, with its last error" {
  local broken=$P2P_HOME/services/worker-2/broken
  sign_in
  wait_until 30 shows '.nodes["worker-2"].health != "failing"'
  mkdir -p "$broken"
  echo 'name: broken' >"$broken/service.yaml"
  wait_until 30 shows '.nodes["worker-2"] | .health == "failing" and .problems[0] == "broken: failed; \(.services.broken.error)" and
    .services.broken.state == "failed" and (.services.broken.error | contains("command")) and (.last_error.message | contains("broken")) and (.last_error.cursor | length > 0)'
  rm -r "$broken"
  wait_until 30 shows '.nodes["worker-2"].health != "failing"'
}

@test "a method whose calls fail is named with its last error, and what a caller does wrong is no failure" {
  local math=$P2P_HOME/services/worker-2/math
  sign_in
  mkdir "$math"
  cat >"$math/service.yaml" <<'YAML'
name: math
command: [./math]
protocol: exec
methods:
  - name: divide
    params: {type: object, required: [by], properties: {by: {type: integer}}}
  - name: root
    params: {type: object, required: [of]}
YAML
  printf '%s\n' '#!/bin/sh' '[ "$P2P_PARAM_BY" != 0 ] || { echo "division by zero" >&2; exit 3; }' 'echo 1' >"$math/math"
  chmod 755 "$math/math"
  wait_until 30 p2p-ctl call math.divide by:=1
  run -1 p2p-ctl call math.divide by:=0
  run -2 p2p-ctl call math.root of:=x
  run -2 p2p-ctl call math.root by:=1
  wait_until 20 shows '.nodes["worker-2"] | .services.math.failing[0] as $failing | .health == "warning" and
    (.problems | any(. == "math.divide: half of its calls fail, or more; last: \($failing.error)")) and
    .services.math.failing == [{method: "divide", share: 0.5, error: $failing.error}] and ($failing.error | endswith("division by zero"))'
  rm -r "$math"
  wait_until 30 shows '.nodes["worker-2"].services | has("math") | not'
}

# subscribe CURSOR: what a page sends that wants the lines of the service.
subscribe() {
  jq -nc --arg cursor "$1" '{type: "logs", id: 7, filter: {nodes: ["worker-*"], logger: "Service.say"}, last: 0} +
    if $cursor == "" then {} else {cursor: $cursor} end'
}
seen() { jq -r 'select(.type == "new_logs") | .logs[].message' "$@" 2>/dev/null; }
has_seen() { seen "$1" | grep -qx -- "$2"; }
# Until a line of its own has come: the page listens then.
hears() {
  local line=hears-$EPOCHREALTIME
  say "$line" && wait_until 1 has_seen "$1" "$line"
}
listen() {
  rm -f "$FLEET/talk"
  mkfifo "$FLEET/talk"
  # The program itself, not a shell around it: it must be gone before another one writes the same file.
  page_command
  "${page_command[@]}" --patience 100 "$@" <"$FLEET/talk" >"$FLEET/lines" 3>&- 4>&- &
  listener=$!
  exec 5>"$FLEET/talk"
  hello >&5
}
hang_up() {
  exec 5>&-
  kill "$listener" 2>/dev/null || true
  wait_until 20 gone "$listener"
  rm "$FLEET/talk"
}

@test "log lines come as they are stored, by the filter, and a bad filter is said" {
  sign_in
  listen
  jq -nc '{type: "logs", id: 3, filter: {regex: "("}}' >&5
  wait_until 20 grep -q '"type":"logs_failed"' "$FLEET/lines"
  jq -se 'map(select(.type == "logs_failed"))[0] | .id == 3 and (.reason | length > 0)' "$FLEET/lines"
  # A filter with a slip does not show everything instead.
  jq -nc '{type: "logs", id: 5, filter: {node: ["worker-1"]}}' >&5
  wait_until 20 grep -q '"id":5' "$FLEET/lines"
  jq -se 'map(select(.id == 5)) | all(.type == "logs_failed" and (.reason | contains("\"node\"")))' "$FLEET/lines"
  # That nothing fits is told as well.
  jq -nc '{type: "logs", id: 4, filter: {text: "nobody has said this"}, last: 100}' >&5
  wait_until 20 grep -q '"type":"new_logs","id":4,"logs":\[\]' "$FLEET/lines"
  subscribe '' >&5
  wait_until 20 hears "$FLEET/lines"
  say '<img src=x onerror=alert(1)>' $'\e[31mred'
  wait_until 20 has_seen "$FLEET/lines" '<img src=x onerror=alert(1)>'
  jq -se '[.[] | select(.type == "new_logs")] | all(.id == 4 or .id == 7 and (.logs | all(.logger_name == "Service.say" and .node_id == "worker-1")))' "$FLEET/lines"
  run ! grep -q $'\e' "$FLEET/lines"
  echo '{"type":"logs_stop"}' >&5
  hang_up
}

@test "an expression shows each line that it finds, once and in order, and one that is replaced shows nothing more" {
  sign_in
  listen
  jq -nc '{type: "logs", id: 8, filter: {regex: "-x+$"}}' >&5
  jq -nc '{type: "logs", id: 9, filter: {regex: "^[0-9]*5-x+$"}}' >&5
  wait_until 20 grep -q '"type":"new_logs","id":9' "$FLEET/lines"
  p2p-ctl call say.lines count:=1000 >/dev/null
  wait_until 30 found 995
  [[ $(numbers_found) == "$(seq 5 10 995)" ]]
  run ! grep -q '"id":8,"logs":\[{' "$FLEET/lines"
  hang_up
}
numbers_found() { seen "$FLEET/lines" | cut -d- -f1; }
found() { numbers_found | grep -qx "$1"; }

@test "over a restart of the coordinator the session lives on, and no line is lost or comes twice" {
  sign_in
  listen
  subscribe '' >&5
  wait_until 20 hears "$FLEET/lines"
  say before-1 before-2
  wait_until 20 has_seen "$FLEET/lines" before-2
  node_kill coordinator-1 TERM
  wait_until 20 grep -qE 'close 1001|gone' "$FLEET/lines"
  hang_up
  local cursor
  cursor=$(jq -r 'select(.type == "new_logs") | .cursor' "$FLEET/lines" 2>/dev/null | tail -n 1)
  seen "$FLEET/lines" | grep -v hears >"$FLEET/seen-before"
  run ! grep -rqF -e "$secret" -e "${cookie#*=}" "$P2P_HOME/data/coordinator-1"
  node_run coordinator-1
  wait_until 30 has_status worker-1 alive
  web /api/session -H "Cookie: $cookie"
  [[ $code == 200 ]]
  wait_until 30 say away-1
  say away-2
  wait_until 20 stored away-2
  listen
  subscribe "$cursor" >&5
  say back-1
  wait_until 20 has_seen "$FLEET/lines" back-1
  hang_up
  seen "$FLEET/lines" | cat "$FLEET/seen-before" - | grep -vE 'hears|away-1' >"$FLEET/all"
  [[ $(cat "$FLEET/all") == $'before-1\nbefore-2\naway-2\nback-1' ]]
}
stored() { p2p-logs query --logger Service.say --template '{message}' 2>/dev/null | grep -qxF -- "$1"; }

not_in() { run ! grep -q "$1" "$2"; }

@test "who signs in or out is remembered over a kill, and a damaged file costs the sessions and nothing else" {
  local file=$P2P_HOME/data/coordinator-1/dashboard_sessions.json hash
  sign_in
  hash=$(printf %s "${cookie#*=}" | sha256sum | cut -d' ' -f1)
  wait_until 10 grep -q "$hash" "$file"
  node_kill coordinator-1 KILL
  node_run coordinator-1
  web /api/session -H "Cookie: $cookie"
  [[ $code == 200 ]]
  web_change /api/session -X DELETE
  [[ $code == 204 ]]
  wait_until 10 not_in "$hash" "$file"
  node_kill coordinator-1 KILL
  node_run coordinator-1
  web /api/session -H "Cookie: $cookie"
  [[ $code == 401 ]]
  sign_in
  node_kill coordinator-1 TERM
  truncate -s 100 "$file"
  node_run coordinator-1
  grep -q 'who was signed in to the dashboard must sign in again: .*set aside as dashboard_sessions.json.damaged' "$FLEET/coordinator-1.log"
  web /api/session -H "Cookie: $cookie"
  [[ $code == 401 && -s $file.damaged ]]
  sign_in
  node_kill coordinator-1 TERM
  chmod 644 "$file"
  node_run coordinator-1
  # What it advises can be done.
  eval "$(grep -oE 'chmod 600 [^;]+' "$FLEET/coordinator-1.log")"
  [[ $(stat -c %a "$file.damaged") == 600 ]]
  sign_in
  wait_until 30 has_status worker-1 alive
}

@test "charts survive a restart; a damaged file is begun anew, and that is said" {
  sign_in
  wait_until 30 has_points
  node_kill coordinator-1 TERM
  [[ -s $P2P_HOME/data/coordinator-1/dashboard_history.bin ]]
  node_run coordinator-1
  has_points
  node_kill coordinator-1 TERM
  printf x | dd of="$P2P_HOME/data/coordinator-1/dashboard_history.bin" bs=1 seek=100 conv=notrunc status=none
  node_run coordinator-1
  grep -q 'dashboard_history.bin: the history of figures is torn; the dashboard.s charts begin anew' "$FLEET/coordinator-1.log"
  web '/api/history?node=nobody' -H "Cookie: $cookie"
  [[ $code == 404 ]]
  web '/api/history?range=1y' -H "Cookie: $cookie"
  [[ $code == 400 ]]
  wait_until 30 has_status worker-1 alive
}
has_points() {
  web /api/history -H "Cookie: $cookie"
  jq -e '.step == 1 and ([.series.cpu.mean[] | select(. != null)] | length) > 10' <<<"$output"
}

@test "a coordinator that is killed has the points of its charts that came before they were last saved" {
  local file=$P2P_HOME/data/coordinator-1/dashboard_history.bin point save
  sign_in
  # Of a coordinator that has just begun the first points are unknown.
  wait_until 20 has_point
  # What the first one writes may have been put together before; the second begins when the first has ended.
  for save in 1 2; do
    touch "$FLEET/mark"
    wait_until 40 newer "$file" "$FLEET/mark"
  done
  node_kill coordinator-1 KILL
  node_run coordinator-1
  web /api/history -H "Cookie: $cookie"
  jq -e --argjson point "$point" '.end as $last | .series.cpu.mean | .[length - 1 - ($last - $point)] | type == "number"' <<<"$output"
  wait_until 30 has_status worker-1 alive
}
has_point() {
  web /api/history -H "Cookie: $cookie"
  point=$(jq -e 'select(.series.cpu.mean[-1] | type == "number") | .end' <<<"$output")
}
newer() { [[ $1 -nt $2 ]]; }

@test "a page that does not read is told how many lines it was not sent" {
  sign_in
  local first
  wait_until 30 say first-of-many
  wait_until 20 stored first-of-many
  first=$(p2p-logs query --logger Service.say -n 1 --template '{cursor}' 2>/dev/null)
  rm -f "$FLEET/go"
  listen --hold "$FLEET/go"
  subscribe "$first" >&5
  # Far more than the sockets' buffers and the coordinator's queues together.
  p2p-ctl call say.lines count:=1000 --repeat 25 >/dev/null
  say last-of-many
  wait_until 60 stored last-of-many
  [[ $(rss_kb) -lt 150000 ]]
  touch "$FLEET/go"
  wait_until 60 whole_story
  grep -q '"type":"gap"' "$FLEET/lines"
  jq -se '[.[] | select(.type == "gap")] | all(.id == 7 and .skipped > 0 and (.after | length > 0) and (.before | length > 0))' "$FLEET/lines"
  hang_up
}
rss_kb() { awk '/VmRSS/ {print $2}' "/proc/$(pid_of coordinator-1)/status"; }
# Shown and counted is together what the store has.
whole_story() {
  local shown skipped wanted
  shown=$(seen "$FLEET/lines" | wc -l)
  skipped=$(jq 'select(.type == "gap") | .skipped' "$FLEET/lines" 2>/dev/null | jq -s 'add // 0')
  wanted=$(p2p-logs query --logger Service.say --limit 0 --template '{message}' 2>/dev/null | awk 'seen; /^first-of-many$/ {seen = 1}' | wc -l)
  echo "$shown shown, $skipped skipped, $wanted wanted"
  ((shown + skipped == wanted && wanted > 25000))
}

@test "the page on a port of this machine is guarded by its secret, host and origin" {
  open_proxy
  local address base port
  address=$(cat "$FLEET/address")
  base=${address%/dashboard}
  port=$(sed -E 's|http://127.0.0.1:([0-9]+)/.*|\1|' <<<"$address")
  local_web() { curl -sS --max-time 20 -o "$FLEET/body" -w '%{http_code}' "$@"; }
  [[ $(local_web "$base/api/session") == 200 ]]
  [[ $(jq -r .role "$FLEET/body") == operator ]]
  secret=$(jq -r .secret "$FLEET/body")
  [[ $(local_web "${base}x/api/session") == 404 ]]
  [[ $(local_web "http://127.0.0.1:$port/api/session") == 404 ]]
  [[ $(local_web -H 'Host: evil.example' "$base/api/session") == 404 ]]
  [[ $(local_web -H "Host: 127.0.0.1:1" "$base/api/session") == 404 ]]
  [[ $(local_web -H 'Host: 127.0.0.1' "$base/api/session") == 404 ]]
  [[ $(local_web -H 'Origin: http://evil.example' "$base/api/session") == 404 ]]
  [[ $(local_web "$base/auth/tokens") == 404 ]]
  local ping='{"jsonrpc":"2.0","id":1,"method":"system.ping"}'
  [[ $(local_web --json "$ping" -H "P2P-Session-Secret: $secret" "$base/rpc") == 404 ]]
  [[ $(local_web --json "$ping" -H "Origin: http://127.0.0.1:$port" "$base/rpc") == 403 ]]
  [[ $(local_web --json "$ping" -H "Origin: http://127.0.0.1:$port" -H "P2P-Session-Secret: $secret" "$base/rpc") == 200 ]]
  jq -e .result.node_id "$FLEET/body"
  socket() { python3 "$BATS_TEST_DIRNAME/page_socket.py" --url "ws${base#http}/ws/dashboard" "$@"; }
  hello | socket --origin "http://127.0.0.1:$port" --until '"base":' | jq -se 'map(select(.whole)) | length == 1'
  [[ $(hello | socket --origin "http://evil.example") == 'status 403' ]]
  [[ $(hello | socket) == 'close 1008' ]]
  [[ $(secret=wrong hello | socket --origin "http://127.0.0.1:$port") == 'close 1008' ]]
  # Its arguments have no secret, and it ends its session.
  run ! grep -qaF -e "${base##*/}" -e "$secret" "/proc/$proxy/cmdline"
  kill -INT "$proxy"
  wait_until 20 gone "$proxy"
  wait_until 20 audited 'operator has signed out'
}

@test "the page is also served on port 80, which browsers leave out" {
  need_namespaces unshare nsenter
  # A coordinator with a network of its own, where the port is free.
  p2p-ca sign alone --role coordinator
  mkdir "$P2P_HOME/services/alone"
  node_config alone coordinator
  unshare --net sh -c 'ip link set lo up && exec p2p-node --config "$1"' sh "$FLEET/alone.yaml" >"$FLEET/alone.out" 2>"$FLEET/alone.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/alone.pid"
  wait_until 20 listening alone
  local inside=(nsenter --net --target "$(pid_of alone)") base ping='{"jsonrpc":"2.0","id":1,"method":"system.ping"}'
  P2P_COORDINATOR=127.0.0.1:$(port_of alone) open_proxy "${inside[@]}" p2p-ctl dashboard --no-open --port 80
  base=$(sed 's|/dashboard$||' "$FLEET/address")
  local_web() { "${inside[@]}" curl -sS --max-time 20 -o "$FLEET/body" -w '%{http_code}' "$@"; }
  [[ $base == http://127.0.0.1:80/* && $(local_web "$base/api/session") == 200 ]]
  secret=$(jq -r .secret "$FLEET/body")
  [[ $(local_web --json "$ping" -H 'Origin: http://127.0.0.1' -H "P2P-Session-Secret: $secret" "$base/rpc") == 200 ]]
  [[ $(local_web "${base/127.0.0.1/localhost}/api/session") == 200 ]]
  [[ $(local_web -H 'Host: evil.example' "$base/api/session") == 404 ]]
  kill -INT "$proxy"
  wait_until 20 gone "$proxy"
  node_kill alone
}

@test "where its session has ended the page on a port of this machine goes on with another, until it signs out" {
  open_proxy
  local base ping='{"jsonrpc":"2.0","id":1,"method":"system.ping"}'
  base=$(sed 's|/dashboard$||' "$FLEET/address")
  local_web() { curl -sS --max-time 20 -o "$FLEET/body" -w '%{http_code}' -H "Origin: ${base%/*}" "$@"; }
  local_change() { local_web -H "P2P-Session-Secret: $secret" "$@"; }
  [[ $(local_web "$base/api/session") == 200 ]]
  secret=$(jq -r .secret "$FLEET/body")
  [[ $(local_web "$base/api/session?x") == 200 && $(jq -r .secret "$FLEET/body") == "$secret" ]]
  [[ $(local_web --json '{"token":"x"}' "$base/api/session") == 404 ]]
  [[ $(local_web --json '{"token":"x"}' "$base/api/session?x") == 404 ]]
  forget_sessions
  [[ $(local_change --json "$ping" "$base/rpc") == 200 ]]
  jq -e .result.node_id "$FLEET/body"
  [[ $(local_web "$base/api/session") == 200 && $(jq -r .secret "$FLEET/body") == "$secret" ]]
  forget_sessions
  hello | python3 "$BATS_TEST_DIRNAME/page_socket.py" --url "ws${base#http}/ws/dashboard" --origin "${base%/*}" --until '"whole":true' |
    grep -q '"whole":true'
  [[ $(local_change -X DELETE "$base/api/session?x") == 204 ]]
  [[ $(local_web "$base/api/session") == 401 ]]
  kill -INT "$proxy"
  wait_until 20 gone "$proxy"
}
@test "the page on a port of this machine is told with which code its socket was closed" {
  open_proxy
  local base
  base=$(sed 's|/dashboard$||' "$FLEET/address")
  page_command() {
    page_command=(python3 "$BATS_TEST_DIRNAME/page_socket.py" --url "ws${base#http}/ws/dashboard" --origin "${base%/*}")
  }
  secret=$(curl -sS "$base/api/session" | jq -r .secret)
  listen
  wait_until 20 grep -q '"whole":true' "$FLEET/lines"
  node_kill coordinator-1 TERM
  wait_until 20 grep -qx 'close 1001' "$FLEET/lines"
  hang_up
  [[ $(hello | page) == 'close 1001' ]]
  node_run coordinator-1
  # A socket that is open when the page signs out, and one that is opened afterwards.
  listen
  wait_until 20 grep -q '"whole":true' "$FLEET/lines"
  curl -sSf -X DELETE -H "Origin: ${base%/*}" -H "P2P-Session-Secret: $secret" "$base/api/session"
  wait_until 20 grep -qx 'close 4401' "$FLEET/lines"
  hang_up
  [[ $(hello | page) == 'close 4401' ]]
  kill -INT "$proxy"
  wait_until 20 gone "$proxy"
}

@test "the page on a port of this machine is told that the operator's certificate was revoked, and what to do" {
  p2p-ca sign olga --role operator
  open_proxy p2p-ctl --cert "$P2P_HOME/certs/olga_cert.pem" --key "$P2P_HOME/certs/olga_key.pem" dashboard --no-open
  local base
  base=$(sed 's|/dashboard$||' "$FLEET/address")
  session_is() { [[ $(curl -sS --max-time 20 -o "$FLEET/body" -w '%{http_code}' "$base/api/session") == "$1" ]]; }
  session_is 200
  p2p-ca revoke olga
  wait_until 20 session_is 403
  jq -e '.detail | startswith("the certificate of p2p-ctl dashboard was revoked. Get a new one first: p2p-ca sign ")' "$FLEET/body"
  kill -INT "$proxy"
  wait_until 20 gone "$proxy"
}

# open_proxy [COMMAND…]: p2p-ctl dashboard in the background; its process id is then in $proxy, its address in $FLEET/address.
open_proxy() {
  rm -f "$FLEET/address"
  [[ $# != 0 ]] || set -- p2p-ctl dashboard --no-open
  "$@" >"$FLEET/address" 2>"$FLEET/proxy.err" 3>&- 4>&- &
  proxy=$!
  echo "$proxy" >"$FLEET/run/proxy.pid"
  wait_until 20 test -s "$FLEET/address"
}
forget_sessions() {
  node_kill coordinator-1 TERM
  rm "$P2P_HOME/data/coordinator-1/dashboard_sessions.json"
  sed -i "s/^port: .*/port: $(port_of coordinator-1)/" "$FLEET/coordinator-1.yaml"
  node_run coordinator-1
}

@test "Ctrl-C ends the page on a port of this machine soon, also while it signs in again and nobody answers" {
  # Two connections to sign in, one for what the page asks; that by which it signs in again is held.
  python3 "$BATS_TEST_DIRNAME/holding_relay.py" "$(port_of coordinator-1)" 3 >"$FLEET/relay" 3>&- 4>&- &
  echo $! >"$FLEET/run/relay.pid"
  wait_until 20 test -s "$FLEET/relay"
  P2P_COORDINATOR=127.0.0.1:$(head -n 1 "$FLEET/relay") open_proxy
  forget_sessions
  curl -s --max-time 30 "$(sed 's|/dashboard$|/api/session|' "$FLEET/address")" >"$FLEET/body" 3>&- 4>&- &
  wait_until 20 grep -qx held "$FLEET/relay"
  kill -INT "$proxy"
  wait_until 6 gone "$proxy"
  node_kill relay
}

@test "where the port is taken or nobody can read the address, no session is left behind" {
  local before after
  before=$(grep -c 'has signed in' "$FLEET/coordinator-1.log" || true)
  run -1 --separate-stderr p2p-ctl dashboard --no-open --port "$(port_of coordinator-1)"
  [[ $stderr == *'is in use'* ]]
  after=$(grep -c 'has signed in' "$FLEET/coordinator-1.log" || true)
  [[ $before == "$after" ]]
  before=$(grep -c 'has signed out' "$FLEET/coordinator-1.log" || true)
  run -1 --separate-stderr bash -c 'p2p-ctl dashboard --no-open >/dev/full'
  [[ $stderr == 'p2p-ctl: error: cannot write to standard output'* ]]
  after=$(grep -c 'has signed out' "$FLEET/coordinator-1.log")
  ((after == before + 1))
}

@test "the page itself is open to all, with a strict policy, or the build says that it has none" {
  web /dashboard -H 'Accept-Encoding: gzip'
  if [[ $code == 404 ]]; then
    [[ $(jq -r .detail <<<"$output") == 'this p2p-node was built without the dashboard' ]]
    return
  fi
  [[ $code == 200 ]]
  local field etag asset
  for field in "Content-Security-Policy: default-src 'none'; script-src 'self'" 'X-Content-Type-Options: nosniff' 'Cache-Control: no-cache' 'Content-Encoding: gzip' 'Vary: Accept-Encoding'; do
    grep -qiF "$field" "$FLEET/head"
  done
  gunzip -t <"$FLEET/body"
  etag=$(sed -nE 's/^ETag: (.*)/\1/pi' "$FLEET/head" | tr -d '\r')
  web /dashboard -H 'Accept-Encoding: gzip' -H "If-None-Match: \"other\", W/$etag"
  [[ $code == 304 ]]
  web /dashboard -H 'Accept-Encoding: gzip' -H "If-None-Match: $etag"
  [[ $code == 304 && -z $output ]]
  web /dashboard -H "If-None-Match: $etag"
  [[ $code == 200 ]]
  # What people type.
  web / -H 'Accept: text/html,application/xhtml+xml,*/*;q=0.8'
  [[ $code == 302 ]]
  grep -qi '^Location: /dashboard' "$FLEET/head"
  web /
  [[ $code == 404 && $(jq -r .detail <<<"$output") == 'there is nothing at /' ]]
  web /dashboard
  asset=$(grep -oE 'dashboard/assets/[A-Za-z0-9_.-]+\.js' <<<"$output" | head -n 1)
  web "/$asset"
  [[ $code == 200 ]]
  grep -qiE '^Cache-Control: .*immutable' "$FLEET/head"
  grep -qi '^Content-Type: text/javascript' "$FLEET/head"
}

@test "a node that was killed says why it is dead, and when it was heard last" {
  sign_in
  wait_until 30 shows '.nodes["worker-1"].linked_to == ["coordinator-1"]'
  node_kill worker-1 KILL
  wait_until 40 shows '.nodes["worker-1"] | .status == "dead" and .health == "failing" and
    (.problems[0] | test("^dead: its link broke and nobody answers; last heard of on [0-9]+ [A-Z][a-z]{2} [0-9]{4}, [0-9:]{8} UTC$"))'
  node_run worker-1
  wait_until 30 shows '.nodes["worker-1"] | .status == "alive" and (.problems | any(startswith("dead")) | not)'
}

@test "a node whose certificate was revoked says so, until it has a new one" {
  sign_in
  wait_until 30 shows '.nodes["worker-2"].certificate.state == "valid"'
  p2p-ca revoke worker-2
  wait_until 30 shows '.nodes["worker-2"] | .status == "dead" and .health == "failing" and .certificate.state == "revoked" and
    (.certificate.revoked_at | .[:19] + "Z" | fromdateiso8601 | now - . < 300) and
    (.problems | length == 1 and (.[0] | startswith("its certificate was revoked on ")))'
  node_kill worker-2 KILL
  p2p-ca sign worker-2 --force
  node_run worker-2
  wait_until 30 shows '.nodes["worker-2"] | .status == "alive" and .certificate.state == "valid" and .health != "failing"'
}

@test "a node that was taken out of the fleet is gone from the page" {
  sign_in
  wait_until 30 shows '.nodes["worker-2"].certificate.state == "valid"'
  p2p-ctl nodes remove worker-2 --yes
  wait_until 30 shows '.nodes | keys == ["coordinator-1", "worker-1"] and all(.health != "failing")'
  # Nor does the removal make the coordinator look unwell: none of its calls has failed.
  web /metrics -H "Cookie: $cookie"
  grep -q '^p2p_rpc_calls_total{.*method="drain".*result="done".*} [1-9]' <<<"$output"
  run ! grep -E '^p2p_rpc_calls_total\{.*method="forget".*result="failed".*\} [1-9]' <<<"$output"
}
