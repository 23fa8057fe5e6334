# p2p-ctl with a fleet: what it shows of services and nodes, and what it does with them.

load cluster

setup_file() {
  fleet_setup
  local services=$P2P_HOME/services
  mkdir -p "$services/worker-1" "$services/worker-2/broken"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$services/worker-1/"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$services/worker-2/"
  cp -r "$P2P_SOURCE_DIR/config/services/checks" "$services/worker-1/"
  echo 'name: broken' >"$services/worker-2/broken/service.yaml"
  chmod -R u=rwX,go=rX "$services"
  fleet_of_three
  wait_until 20 runs worker-1 checks
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown_file() { fleet_teardown; }

runs() { p2p-ctl services --node "$1" -o json | jq -e --arg n "$2" '.[] | select(.name == $n and .state == "running")'; }
# fails_with CODE STDERR COMMAND…
fails_with() {
  local code=$1 text=$2
  shift 2
  run "-$code" --separate-stderr "$@"
  [[ -z $output && $stderr == "$text" ]] || { printf '%s\nstdout: %s\nstderr: %s\n' "$*" "$output" "$stderr"; false; }
}

@test "services says why one is broken, and so does a call of it" {
  run -0 --separate-stderr p2p-ctl services
  grep -E '^broken +error +worker-2 +.*service.yaml:1:1: needs a command$' <<<"$output"
  fails_with 1 "p2p-ctl: error: service \"broken\" cannot run on node \"worker-2\": $P2P_HOME/services/worker-2/broken/service.yaml:1:1: needs a command
hint: p2p-ctl services describe broken --node worker-2" p2p-ctl call broken.fix
  # A method that a running service has not got is another matter.
  fails_with 5 'p2p-ctl: error: no method "checks.fixed" on node "worker-1"
hint: p2p-ctl services' p2p-ctl call checks.fixed
}

@test "describe shows where a service is, its process, and what its methods take" {
  run -0 --separate-stderr p2p-ctl services describe checks
  local pid
  pid=$(p2p-ctl services describe checks -o json | jq '.[0].pids[0]')
  [[ $(readlink "/proc/$pid/cwd") == "$P2P_HOME/services/worker-1/checks" ]]
  grep -E "^worker-1 +running +1\.0\.0 +[0-9]+ +1 +$pid$" <<<"$output"
  grep -E '^ +port +integer; required; at least 1; at most 65535$' <<<"$output"
  run -0 --separate-stderr p2p-ctl services describe disk -o name
  [[ $output == worker-1$'\n'worker-2 ]]
  fails_with 5 'p2p-ctl: error: no node has a service "dsik"; did you mean "disk"?
hint: p2p-ctl services' p2p-ctl services describe dsik
  fails_with 5 'p2p-ctl: error: no service "checks" on this node
hint: p2p-ctl services --node worker-2' p2p-ctl services describe checks --node worker-2
}

@test "a service is stopped and started on the one node that has it; where several have it, one says which" {
  run -0 --separate-stderr p2p-ctl services stop checks -o json
  jq -e '. == [{node: "worker-1", name: "checks", state: "stopped"}]' <<<"$output"
  fails_with 1 'p2p-ctl: error: service "checks" is stopped on node "worker-1"
hint: p2p-ctl services start checks --node worker-1' p2p-ctl call checks.tcp host=127.0.0.1 port:=1
  run -0 --separate-stderr p2p-ctl services start checks
  wait_until 20 runs worker-1 checks
  fails_with 2 'p2p-ctl: error: 2 nodes have the service "disk": worker-1, worker-2
hint: say which with --node ID, --role ROLE or --all' p2p-ctl services restart disk
  run -0 --separate-stderr p2p-ctl services restart disk --all -o json
  jq -e 'map(.node) == ["worker-1", "worker-2"]' <<<"$output"
  run -0 --separate-stderr p2p-ctl services restart disk --node worker-2 -o name
  [[ $output == worker-2 ]]
  fails_with 5 'p2p-ctl: error: no coordinator has a service "disk"
hint: p2p-ctl services' p2p-ctl services stop disk --role coordinator
  for target in "" "--node worker-1" --all; do
    # shellcheck disable=SC2086  # none, one or two words
    fails_with 2 'p2p-ctl: error: the service "system" is built in: it always runs
hint: p2p-ctl services' p2p-ctl services stop system $target
  done
  fails_with 2 'p2p-ctl: error: the service "system" is built in: it always runs
hint: p2p-ctl services' p2p-ctl services restart system
  fails_with 5 'p2p-ctl: error: no node "worker-9" in this fleet: it left or never joined; did you mean "worker-1"?
hint: p2p-ctl nodes' p2p-ctl services stop disk --node worker-9
  fails_with 5 'p2p-ctl: error: no node has a service "dsik"; did you mean "disk"?
hint: p2p-ctl services' p2p-ctl services stop dsik
  fails_with 2 'p2p-ctl: error: --node excludes --role and --all' p2p-ctl services stop disk --node worker-1 --all
}

@test "a service that is degraded wherever it is: a call says that, where and why" {
  local flaky=$P2P_HOME/services/worker-1/flaky
  mkdir "$flaky"
  printf '%s\n' 'name: flaky' 'protocol: stdio' 'command: [./flaky]' 'restart: {delay: 10ms, degraded_after: 2}' 'methods: [{name: go}]' >"$flaky/service.yaml"
  printf '%s\n' '#!/bin/sh' 'echo "no database" >&2; exit 3' >"$flaky/flaky"
  chmod 755 "$flaky/flaky"
  degraded() { p2p-ctl services -o json | jq -e 'any(.[]; .name == "flaky" and .state == "degraded")'; }
  wait_until 20 degraded
  run -1 --separate-stderr p2p-ctl call flaky.go
  [[ $stderr == 'p2p-ctl: error: service "flaky" is degraded on node "worker-1": '*': no database
hint: p2p-ctl services describe flaky --node worker-1' ]]
  run --separate-stderr p2p-ctl call flaky.go --all -o json
  [[ $(jq -c '[.[].node]' <<<"$output") == '["worker-1"]' ]]
  [[ $(jq -r .error.message <<<"$stderr") == '1 of 1 nodes failed: worker-1' ]]
  # The same verdict as the dashboard's.
  failing() { p2p-ctl status -o json | jq -e 'any(.problems[]; .node == "worker-1" and .health == "failing" and (.problem | startswith("flaky: degraded, ")))'; }
  wait_until 20 failing
  run -0 --separate-stderr p2p-ctl status
  grep -E '^worker-1 +failing +flaky: degraded, its program was restarted .*: no database$' <<<"$output"
  rm -r "$flaky"
}

@test "services, describe and status name a method whose calls fail, how many, and the last error" {
  local math=$P2P_HOME/services/worker-2/math
  mkdir "$math"
  printf '%s\n' 'name: math' 'command: [./math]' 'protocol: exec' 'methods: [{name: divide}, {name: add}]' >"$math/service.yaml"
  printf '%s\n' '#!/bin/sh' '[ "$P2P_PARAM_BY" != 0 ] || { echo "division by zero" >&2; exit 3; }' 'echo 1' >"$math/math"
  chmod 755 "$math/math"
  wait_until 20 p2p-ctl call math.divide by:=1
  run -1 p2p-ctl call math.divide by:=0
  p2p-ctl call math.add
  failing() { p2p-ctl services -o json | jq -e '.[] | select(.name == "math" and .node == "worker-2" and has("failing"))'; }
  wait_until 20 failing
  p2p-ctl services -o json | jq -e 'map(select(.name == "math") | {name, node, failing: (.failing | map({method, share}))}) ==
    [{name: "math", node: "worker-2", failing: [{method: "divide", share: 0.5}]}]'
  run -0 --separate-stderr p2p-ctl services
  grep -E '^math +- +running +worker-2 +divide: half of its calls fail, or more; last: .*division by zero$' <<<"$output"
  run -0 --separate-stderr p2p-ctl services describe math
  grep -E '^worker-2 +running +- +divide: half of its calls fail, or more; last: .*division by zero$' <<<"$output"
  # Another service of the node fails as a whole. It is the coordinator that the exit code is about.
  run -0 --separate-stderr p2p-ctl status
  grep -E '^worker-2 +failing +math.divide: half of its calls fail, or more; last: .*division by zero$' <<<"$output"
  run -0 --separate-stderr p2p-ctl status -o json
  jq -e 'any(.problems[]; .node == "worker-2" and .health == "failing" and (.problem | startswith("math.divide: half")))' <<<"$output"
  # Who may see no problems has the list all the same.
  local token
  token=$(p2p-ctl token create --sub caller --scope rpc:call)
  P2P_TOKEN=$token run -0 --separate-stderr p2p-ctl services
  grep -E '^math +- +running +worker-2$' <<<"$output"
  rm -r "$math"
}

@test "a parameter that is wrong or misspelt is named, with the way to write it" {
  wait_until 20 runs worker-1 checks
  fails_with 2 'p2p-ctl: error: Invalid params: params.port must be of type integer
hint: port:=80 gives a number or other JSON, and port= a text; p2p-ctl services describe checks' p2p-ctl call checks.tcp host=127.0.0.1 port=80
  fails_with 2 'p2p-ctl: error: Invalid params: params.port is missing; did you mean it by "prot"?
hint: p2p-ctl services describe checks --node worker-1' p2p-ctl call checks.tcp host=127.0.0.1 prot:=80 --node worker-1
}

@test "a call to all says of a node why its service does not run, and shows what is no table by lines" {
  run -1 --separate-stderr p2p-ctl call broken.fix --all -o json
  jq -e 'any(.[]; .node == "worker-2" and (.error.message | test("cannot run on node \"worker-2\": .*needs a command")))' <<<"$output"
  run -0 --separate-stderr p2p-ctl call cluster.nodes --all --role worker
  grep -E '^NODE +STATE +RESULT +TIME$' <<<"$output"
  grep -E '^worker-1 +done +\[\{.* [0-9.]+ ms$' <<<"$output"
}

@test "ping shows times below each other, and services no version where there is none" {
  run -0 --separate-stderr p2p-ctl ping --all
  [[ $(sed -E 's/[^ ]+ ms$/|/' <<<"$output" | awk '{print length}' | sort -u | wc -l) -le 2 ]]
  [[ $(awk '{print length}' <<<"$output" | sort -u | wc -l) == 1 ]]
  install_slow worker-1
  wait_until 20 runs worker-1 slow
  run -0 --separate-stderr p2p-ctl services
  grep -E '^slow +- +running +worker-1' <<<"$output"
}

@test "a method's own limit is told from --timeout, and a connection that broke from both" {
  install_slow worker-1
  printf '%s\n' 'name: slow' 'command: [./slow.sh]' 'methods: [{name: wait, timeout: 300ms}]' >"$P2P_HOME/services/worker-1/slow/service.yaml"
  limited() { p2p-ctl services describe slow -o json | jq -e '.[0].methods[0].timeout_ms == 300'; }
  wait_until 20 limited
  fails_with 6 'p2p-ctl: error: Timeout: method "slow.wait" may take 300ms and was ended; the outcome is unknown
hint: it was not --timeout that ended it; "p2p-ctl services describe slow" shows the method'"'"'s own limit' p2p-ctl call slow.wait --node worker-1
  rm -r "$P2P_HOME/services/worker-1/slow"
  install_slow worker-2
  wait_until 20 runs worker-2 slow
  rm -f "$FLEET/began"
  p2p-ctl call slow.wait --node worker-2 2>"$FLEET/slow.err" 3>&- 4>&- &
  local call=$!
  wait_until 20 test -e "$FLEET/began"
  node_kill worker-2 KILL
  ended_with "$call" 3
  grep -E '^p2p-ctl: error: Connection lost: node "worker-2": .*; the outcome is unknown$' "$FLEET/slow.err"
  run ! grep -q -- --timeout "$FLEET/slow.err"
  rm -r "$P2P_HOME/services/worker-2/slow"
  node_run worker-2
  p2p-ctl wait node worker-2 --timeout 60s
}

@test "a token's calls are refused and timed as a token's" {
  local token
  token=$(p2p-ctl token create --sub ada --scope cluster:read)
  P2P_TOKEN=$token run -4 --separate-stderr p2p-ctl call system.info --node worker-1
  [[ $stderr == *'token "ada" may not do that: it requires rpc:call'* ]]
  token=$(p2p-ctl token create --sub bob --scope rpc:call)
  # 20 at once, then one in 0.6 seconds: the waits are said once and are no latency.
  P2P_TOKEN=$token run -0 --separate-stderr p2p-ctl call system.ping --repeat 23 -o json
  jq -e '.failed == 0 and .waited_ms >= 1000 and .ms.max < .waited_ms' <<<"$output"
  [[ $(grep -c 'too many requests; trying again' <<<"$stderr") == 1 ]]
}

@test "names for completions come quickly, and nothing comes where nobody answers" {
  [[ $(p2p-ctl __names nodes | xargs) == "coordinator-1 worker-1 worker-2" ]]
  p2p-ctl __names services | grep -x disk
  p2p-ctl __names methods | grep -x disk.usage
  p2p-ctl __names services | grep -x system
  p2p-ctl __names programs | grep -x disk
  [[ $(p2p-ctl __names programs | grep -cx system) == 0 ]]
  p2p-ctl __names certificates | grep -x worker-1
  p2p-ctl __names scopes | grep -x metrics:read
  p2p-ctl -q token create --sub tabby --scope metrics:read >/dev/null
  p2p-ctl __names tokens | grep -x tabby
  p2p-ctl -q token revoke tabby
  [[ $(p2p-ctl __names tokens | grep -cx tabby) == 0 ]]
  run -0 --separate-stderr p2p-ctl __names nodes --coordinator 127.0.0.1:1
  [[ -z $output && -z $stderr ]]
  run -0 --separate-stderr env P2P_HOME="$FLEET/nowhere" p2p-ctl __names methods
  [[ -z $output && -z $stderr ]]
  # One that takes the connection and says nothing.
  coproc python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
input()'
  local port
  read -ru "${COPROC[0]}" port
  run -0 --separate-stderr timeout 20 p2p-ctl __names nodes --coordinator "127.0.0.1:$port"
  [[ -z $output && -z $stderr ]]
  echo >&"${COPROC[1]}"
}

@test "bash completes the names of nodes, services and methods" {
  eval "$(p2p-ctl completion bash)"
  compopt() { :; }
  complete_words() {
    COMP_WORDS=(p2p-ctl "$@") COMP_CWORD=$#
    _p2p_ctl
    [[ -n ${COMPREPLY[*]} ]]
  }
  complete_words call --node w
  [[ ${COMPREPLY[*]} == "worker-1 worker-2" ]]
  complete_words services describe che
  [[ ${COMPREPLY[*]} == checks ]]
  complete_words call disk.
  [[ ${COMPREPLY[*]} == "disk.folders disk.usage" ]]
  complete_words nodes --context lo
  [[ ${COMPREPLY[*]} == local ]]
  complete_words ping co
  [[ ${COMPREPLY[*]} == coordinator-1 ]]
  complete_words completion ''
  [[ ${COMPREPLY[*]} == "bash zsh fish" ]]
}

# on_terminal INPUT COMMAND…: runs it on a terminal of its own, with INPUT typed once it asks or shows something.
on_terminal() {
  local input=$1
  shift
  TERM=xterm COLUMNS=100 python3 "$BATS_TEST_DIRNAME/on_terminal.py" "$input" "$@"
}

@test "an alive node is not forgotten, a dead one is, and comes back when it starts" {
  fails_with 1 'p2p-ctl: error: node "worker-2" is alive; only one that is dead or has left can be forgotten
hint: "p2p-ctl nodes remove worker-2" takes a node out of the fleet that still runs' p2p-ctl nodes forget worker-2
  fails_with 5 'p2p-ctl: error: no node "worker-7" is listed
hint: p2p-ctl nodes' p2p-ctl nodes forget worker-7
  fails_with 2 'p2p-ctl: error: "coordinator-1" is this coordinator itself' p2p-ctl nodes forget coordinator-1
  node_kill worker-2 TERM
  p2p-ctl wait node worker-2 --gone --timeout 30s
  run -0 --separate-stderr p2p-ctl nodes forget worker-2
  [[ $stderr == "node worker-2 is forgotten; it is listed again if it comes back" ]]
  [[ $(p2p-ctl nodes -o name | xargs) == "coordinator-1 worker-1" ]]
  grep -q 'Audit.*operator/operator has forgotten node worker-2' "$FLEET/coordinator-1.log"
  node_run worker-2
  p2p-ctl wait node worker-2 --timeout 30s
}

@test "of a suspected node forget says how to wait until it is dead" {
  node_kill worker-2 KILL
  wait_until 20 has_status worker-2 suspected
  fails_with 1 'p2p-ctl: error: node "worker-2" is suspected; only one that is dead or has left can be forgotten
hint: "p2p-ctl wait node worker-2 --dead" ends when it can be; "p2p-ctl nodes remove worker-2" does not wait' p2p-ctl nodes forget worker-2
  node_run worker-2
  p2p-ctl wait node worker-2 --timeout 60s
}

@test "wait ends when it is so, or says what was seen last" {
  fails_with 6 'p2p-ctl: error: node "worker-1" was not dead within 300ms: node "worker-1" is alive
hint: wait longer with --timeout' p2p-ctl wait node worker-1 --dead --timeout 300ms
  fails_with 6 "p2p-ctl: error: service \"broken\" was not running within 300ms: service \"broken\" is in error on node \"worker-2\": $P2P_HOME/services/worker-2/broken/service.yaml:1:1: needs a command
hint: wait longer with --timeout" p2p-ctl wait service broken --timeout 300ms
  fails_with 6 'p2p-ctl: error: node "worker-1" was not alive within 300ms: 127.0.0.1:1: Connection refused
hint: the address comes from --coordinator' p2p-ctl wait node worker-1 --coordinator 127.0.0.1:1 --timeout 300ms
  fails_with 6 'p2p-ctl: error: node "wroker-1" was not alive within 300ms: node "wroker-1" is not listed; did you mean "worker-1"?
hint: wait longer with --timeout' p2p-ctl wait node wroker-1 --timeout 300ms
  fails_with 2 'p2p-ctl: error: --alive, --dead and --gone exclude each other' p2p-ctl wait node worker-1 --dead --gone
  run -0 --separate-stderr p2p-ctl wait service disk --node worker-2 -o json
  jq -e '.node == "worker-2" and .state == "running"' <<<"$output"
  # Begun before it is so.
  node_kill worker-2 KILL
  p2p-ctl wait node worker-2 --alive --timeout 60s 2>"$FLEET/wait.err" 3>&- 4>&- &
  local waiting=$!
  node_run worker-2
  wait "$waiting"
  [[ $(cat "$FLEET/wait.err") == 'node "worker-2" is alive' ]]
}

# went NODE STATUS: the watch has told that.
went() { jq -es --arg n "$1" --arg s "$2" 'any(.[]; .node == $n and .change == "status" and .to == $s)' "$FLEET/nodes.out"; }
says() { grep -qF -- "$2" "$1"; }
ended_with() { local code=0; wait "$1" || code=$?; [[ $code == "$2" ]] || { echo "ended with $code"; false; }; }

@test "watch prints a line a change, says when the coordinator is away, and ends with 130" {
  p2p-ctl watch nodes --interval 200ms -o json >"$FLEET/nodes.out" 2>"$FLEET/nodes.err" 3>&- 4>&- &
  local nodes=$!
  echo "$nodes" >"$FLEET/run/watch-nodes.pid"
  p2p-ctl watch services --interval 200ms >"$FLEET/services.out" 2>"$FLEET/services.err" 3>&- 4>&- &
  local services=$!
  echo "$services" >"$FLEET/run/watch-services.pid"
  wait_until 20 says "$FLEET/nodes.err" "watching 3 nodes of $P2P_COORDINATOR; Ctrl-C ends"
  wait_until 20 says "$FLEET/services.err" "services of $P2P_COORDINATOR; Ctrl-C ends"
  p2p-ctl services stop disk --node worker-1
  wait_until 20 says "$FLEET/services.out" "worker-1  disk  state: running -> stopped"
  p2p-ctl services start disk --node worker-1
  node_kill worker-2 TERM
  wait_until 20 went worker-2 left
  node_kill coordinator-1 KILL
  wait_until 20 says "$FLEET/nodes.err" "p2p-ctl: warning: lost the connection to $P2P_COORDINATOR; trying again"
  node_config coordinator-1 coordinator
  node_run coordinator-1
  wait_until 20 says "$FLEET/nodes.err" "connected again to $P2P_COORDINATOR"
  node_run worker-2
  wait_until 30 went worker-2 alive
  jq -es 'all(.[]; has("time") and has("change") and has("from") and has("to"))' "$FLEET/nodes.out"
  # Jobs of a script ignore SIGINT when they start; the watch does not.
  kill -INT "$nodes"
  ended_with "$nodes" 130
  kill -TERM "$services"
  ended_with "$services" 130
  wait_until 30 has_status worker-1 alive
}

@test "top prints once without a terminal, and quits on q with the terminal as it was" {
  run -0 --separate-stderr p2p-ctl top
  [[ ${lines[0]} == "$P2P_COORDINATOR: 3 nodes, 3 alive" ]]
  grep -E '^worker-1 +alive +[0-9]+% +[0-9]+% +[0-9.]+ ' <<<"$output"
  run -0 --separate-stderr p2p-ctl top --once -o json
  jq -e 'length == 3 and all(.[]; .cpu_percent <= 100 and .memory_percent > 0 and .connections > 0 and .requests_per_second > 0)' <<<"$output"
  run -0 on_terminal q p2p-ctl top --interval 1h
  [[ $output == *$'\e[?1049h'*worker-1*"q quits"*$'\e[?1049l'*"restored" ]]
  # The shell has no job to stop, and the terminal stays usable; Ctrl-C ends it.
  run -130 on_terminal $'\x1a\x03' p2p-ctl top --interval 1h
  [[ $output == *$'\e[?1049h'*$'\e[?1049l'*"restored" ]]
  fails_with 2 'p2p-ctl: error: --interval must be from 200ms to 1h' p2p-ctl top --interval 1ms
}

@test "a repeated call shows how long it took, and fails as its worst call" {
  run -0 --separate-stderr p2p-ctl call system.ping --node worker-1 --repeat 20 -o json
  jq -e '.calls == 20 and .failed == 0 and .errors == {} and .ms.min <= .ms.p50 and .ms.p50 <= .ms.p95 and .ms.p99 <= .ms.max' <<<"$output"
  run -5 --separate-stderr p2p-ctl call system.pong --node worker-1 --repeat 3
  [[ $(sed -n 's/  */ /p' <<<"$output" | head -n 2) == "calls 3"$'\n'"failed 3" ]]
  [[ $stderr == 'p2p-ctl: error: 3 of 3 calls failed: no method "system.pong" on node "worker-1"; did you mean "system.ping"?
hint: p2p-ctl services' ]]
}

@test "config get shows the effective values and where they come from" {
  run -0 --separate-stderr p2p-ctl config get failure_timeout --node worker-1
  [[ $output == 12 ]]
  run -0 --separate-stderr p2p-ctl config get failure_timeout --node worker-1 -o json
  jq -e --arg file "$FLEET/worker-1.yaml" '.source == "file" and (.where | startswith($file)) and .needs_restart == false' <<<"$output"
  run -0 --separate-stderr p2p-ctl config get
  grep -E '^jwt_expiration_hours +24 +default$' <<<"$output"
  # The same keys as the node itself dumps, comments included.
  p2p-node --config "$FLEET/worker-1.yaml" --dump-config | sed -nE 's/^(# )?([a-z0-9_]+):.*/\2/p' >"$FLEET/keys"
  p2p-ctl config get --node worker-1 -o name | diff - "$FLEET/keys"
  fails_with 5 'p2p-ctl: error: no configuration key "log_levle"; did you mean "log_level"?
hint: p2p-ctl config get lists them' p2p-ctl config get log_levle
  local token
  token=$(p2p-ctl token create --sub reader --scope rpc:call,cluster:read)
  P2P_TOKEN=$token run -4 --separate-stderr p2p-ctl config get
  [[ $stderr == *admin* ]]
}

next_on() {
  echo "next, on $1: stop p2p-node (\"systemctl disable --now p2p-node\") and delete its home; until then it tries to come back and is refused"
}

@test "a node is removed: it gets no more calls, is revoked, and is off the list" {
  node_start worker-3 worker
  p2p-ctl wait node worker-3 --timeout 30s
  fails_with 2 'p2p-ctl: error: there is no terminal to ask on
hint: --yes answers the question' setsid --wait p2p-ctl nodes remove worker-3
  fails_with 2 'p2p-ctl: error: "coordinator-1" is the coordinator: the fleet hangs on it' p2p-ctl nodes remove coordinator-1 --yes
  run -1 on_terminal n p2p-ctl nodes remove worker-3
  [[ $output == *"Take worker-3 out of the fleet for good? It gets no more calls, and its certificate is revoked. [y/N]"*"not confirmed; nothing was changed"* ]]
  p2p-ctl call system.ping --node worker-3
  run -0 --separate-stderr p2p-ctl nodes remove worker-3 --yes
  [[ $stderr == "draining worker-3"$'\n'"revoked what worker-3 had"$'\n'"node worker-3 is removed"$'\n'"$(next_on worker-3)" ]]
  [[ $(p2p-ctl nodes -o name | xargs) == "coordinator-1 worker-1 worker-2" ]]
  p2p-ctl certs list --revoked -o json | jq -e '.[] | select(.name == "worker-3" and .reason == "cessation-of-operation")'
  grep -q 'Audit.*operator/operator drains node worker-3: it gets no more calls' "$FLEET/coordinator-1.log"
  fails_with 5 'p2p-ctl: error: no node "worker-3" is listed
hint: p2p-ctl nodes; "p2p-ctl certs revoke worker-3" revokes what it has all the same' p2p-ctl nodes remove worker-3 --yes
  # It goes on trying, and that is in the log once.
  node_kill worker-3
  for _ in 1 2 3; do
    node_run worker-3
    wait_until 20 grep -qE 'no link to a coordinator|no coordinator took the join' "$FLEET/worker-3.log"
    node_kill worker-3
  done
  [[ $(grep -c 'WARNING.* was refused.*revoked' "$FLEET/coordinator-1.log") == 1 ]] || { cat "$FLEET/coordinator-1.log"; false; }
  # One that has left needs no draining.
  node_start worker-4 worker
  p2p-ctl wait node worker-4 --timeout 30s
  node_kill worker-4 TERM
  p2p-ctl wait node worker-4 --gone --timeout 30s
  run -0 --separate-stderr p2p-ctl nodes remove worker-4 --yes
  [[ $stderr == "revoked what worker-4 had"$'\n'"node worker-4 is removed"$'\n'"$(next_on worker-4)" ]]
  [[ $(p2p-ctl nodes -o name | xargs) == "coordinator-1 worker-1 worker-2" ]]
}

# error_of CODE COMMAND…: its error as `kind|message|hint|rpc_code`; on stdout nothing but what COMMAND shows.
error_of() {
  run "-$1" --separate-stderr p2p-ctl "${@:2}" -o json
  [[ $(wc -l <<<"$stderr") == 1 ]] || { echo "$stderr"; return 1; }
  jq -r '.error | [.kind, .message, .hint // "", .rpc_code // ""] | map(tostring) | join("|")' <<<"$stderr"
}

@test "errors of calls have their exit code, and say kind and code in JSON" {
  local token
  [[ $(error_of 5 call system.pong --node worker-1) == 'not_found|no method "system.pong" on node "worker-1"; did you mean "system.ping"?|p2p-ctl services|-32601' ]]
  [[ $(error_of 5 call system.ping --node wroker-1) == 'not_found|no node "wroker-1" in this fleet: it left or never joined; did you mean "worker-1"?|p2p-ctl nodes|-32001' ]]
  [[ $(error_of 2 call disk.usage path:=7 --node worker-1) == 'usage|'*'|p2p-ctl services describe disk --node worker-1|-32602' ]]
  [[ $(error_of 1 call disk.usage path=/nope --node worker-1) == 'failed|service "disk" exited with status 1: df: /nope: No such file or directory||-32000' ]]
  [[ $(error_of 8 call certs.list --all) == 'partial|'* ]]
  token=$(p2p-ctl token create --sub ci --scope cluster:read)
  export P2P_TOKEN=$token
  [[ $(error_of 4 call system.info --node worker-1) == 'not_permitted|'*'rpc:call'*'|-32004' ]]
  # The bucket of /rpc lets 20 through at once.
  [[ $(error_of 7 call system.ping --repeat 30 --timeout 50ms) == 'limited|'*' of 30 calls failed: '*': too many requests: it takes the next in '*'|come back then, or ask seldom; operators'"'"' certificates are not limited|' ]]
  unset P2P_TOKEN
  install_slow worker-1
  wait_until 20 runs worker-1 slow
  [[ $(error_of 6 call slow.wait --node worker-1 --timeout 300ms) == 'timeout|Timeout: '*' unknown|wait longer with --timeout|-32002' ]]
}

# Each command as a CI job may call it: `command|arguments|exit code`.
ci_commands() {
  cat <<TABLE
call|system.ping --node worker-1|0
nodes||0
nodes forget|nobody|5
nodes remove|nobody --yes|5
nodes remove|worker-1|2
services||0
services describe|disk|0
services start|disk --all|0
services stop|nothing|5
services restart|nothing|5
status||0
dashboard|--print|0
ping|worker-1|0
top||0
wait node|worker-1|0
wait service|disk|0
config get||0
certs list||0
certs renew|nobody|5
certs revoke|nobody --yes|5
certs revoke|worker-1|2
token create|--sub ci --scope rpc:call|0
token list||0
token revoke|nobody|5
context add|ci --bundle $FLEET/absent|5
context use|nothing|5
context rm|nothing|5
context ls||0
completion|bash|0
__names|methods|0
TABLE
}

@test "no command hangs without a terminal, with stdin closed or open for ever" {
  local command arguments code words
  exec 5<>"$FLEET/never"
  # None is forgotten; those that go on until they are told to end come last.
  diff <(p2p-ctl --dump-commands | jq -r '.commands[].path' | grep -v '^watch ' | sort) \
    <(ci_commands | cut -d '|' -f 1 | grep -v '^__' | sort -u)
  while IFS='|' read -r command arguments code; do
    read -ra words <<<"$command $arguments"
    echo "p2p-ctl ${words[*]}"
    run "-$code" --separate-stderr setsid --wait timeout 20 p2p-ctl "${words[@]}" <&-
    run "-$code" --separate-stderr setsid --wait timeout 20 p2p-ctl "${words[@]}" <&5
  done < <(ci_commands)
  for command in nodes services; do
    setsid p2p-ctl watch "$command" 2>"$FLEET/watch-$command.err" <&5 3>&- 4>&- >/dev/null &
    echo $! >"$FLEET/run/watch.pid"
    wait_until 20 grep -q 'Ctrl-C ends' "$FLEET/watch-$command.err"
    kill -TERM "$(pid_of watch)"
    ended_with "$(pid_of watch)" 130
  done
  exec 5>&-
}

# A service whose call is over when somebody writes to a pipe.
install_slow() {
  local folder=$P2P_HOME/services/$1/slow
  mkdir -p "$folder"
  [[ -p $FLEET/go ]] || mkfifo "$FLEET/go"
  printf '%s\n' '#!/bin/sh' ": >'$FLEET/began'" "read -r _ <'$FLEET/go'" "echo '\"done\"'" >"$folder/slow.sh"
  chmod 755 "$folder/slow.sh"
  printf '%s\n' 'name: slow' 'command: [./slow.sh]' 'methods: [{name: wait}]' >"$folder/service.yaml"
}

@test "a draining node ends what it has, gets nothing new, and has calls again when the removal fails" {
  install_slow worker-2
  wait_until 20 runs worker-2 slow
  rm -f "$FLEET/began"
  p2p-ctl call slow.wait --node worker-2 -o json >"$FLEET/slow.out" 3>&- 4>&- &
  local call=$!
  wait_until 20 test -e "$FLEET/began"
  run -6 --separate-stderr p2p-ctl nodes remove worker-2 --yes --timeout 2s
  [[ $stderr == 'draining worker-2
p2p-ctl: error: 1 call to node "worker-2" is still under way after 2s; nothing was revoked
hint: wait longer with --timeout' ]]
  p2p-ctl call system.ping --node worker-2
  [[ $(p2p-ctl certs list --revoked -o json | jq 'map(select(.name == "worker-2")) | length') == 0 ]]
  # Drained by hand: the call under way goes on, others go elsewhere or are refused.
  p2p-ctl call cluster.drain node=worker-2 --timeout 700ms
  run -0 --separate-stderr p2p-ctl nodes
  grep -E '^worker-2 +worker +draining ' <<<"$output"
  fails_with 3 'p2p-ctl: error: Unreachable: node "worker-2" gets no more calls: it is being taken out of the fleet' p2p-ctl call system.ping --node worker-2
  run -0 --separate-stderr p2p-ctl call disk.usage --all --role worker -o json
  jq -e 'map(.node) == ["worker-1"]' <<<"$output"
  for _ in 1 2 3 4 5 6 7 8; do p2p-ctl call disk.usage >/dev/null; done
  # Who joins in and gives up leaves it drained.
  is_drained() { p2p-ctl nodes -o json | jq -e 'any(.[]; .node_id == "worker-2" and .draining)'; }
  drains() { grep -c 'Audit.* drains node worker-2' "$FLEET/coordinator-1.log"; }
  run -6 --separate-stderr p2p-ctl nodes remove worker-2 --yes --timeout 700ms
  is_drained
  local before joined
  before=$(drains)
  p2p-ctl call cluster.drain node=worker-2 2>"$FLEET/drain.err" 3>&- 4>&- &
  joined=$!
  has_joined() { (($(drains) == before + 1)); }
  wait_until 20 has_joined
  kill -TERM "$joined"
  ended_with "$joined" 143
  given_up() {
    curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://$P2P_COORDINATOR/metrics" |
      grep -qx 'p2p_rpc_calls_total{service="cluster",method="drain",result="cancelled"} 1'
  }
  wait_until 20 given_up
  is_drained
  # Nobody can be let go that there is not, and nobody wrote that.
  run -5 p2p-ctl call cluster.drain 'node=a node that there is not' undo:=true
  run ! grep 'a node that there is not' "$FLEET/coordinator-1.log"
  echo >"$FLEET/go"
  wait "$call"
  [[ $(cat "$FLEET/slow.out") == '"done"' ]]
  run -0 --separate-stderr p2p-ctl call cluster.drain node=worker-2 undo:=true -o json
  jq -e '. == {node: "worker-2", draining: false, calls_under_way: 0}' <<<"$output"
  p2p-ctl call system.ping --node worker-2
}

@test "a node whose certificate was revoked is listed and counted as that, with the way back, until it is back" {
  # By its figures the coordinator knows this, and its certificate.
  mkdir -p "$P2P_HOME/services/worker-5/broken"
  echo 'name: broken' >"$P2P_HOME/services/worker-5/broken/service.yaml"
  node_start worker-5 worker
  told() { p2p-ctl status -o json | jq -e 'any(.problems[]; .node == "worker-5" and (.problem | startswith("broken: failed; ")))'; }
  wait_until 30 told
  p2p-ca revoke worker-5
  revoked() { p2p-ctl nodes -o json | jq -e 'any(.[]; .node_id == "worker-5" and .status == "revoked")'; }
  wait_until 20 revoked
  run -0 --separate-stderr p2p-ctl nodes
  grep -E '^worker-5 +worker +revoked +[0-9.]+ +127\.0\.0\.1:[0-9]+ +- ' <<<"$output"
  [[ $stderr == 'revoked: worker-5; to have it back: p2p-ca invite worker-5 where the CA is, then p2p-node join --force there, with the node stopped; what is gone for good is listed for ten minutes' ]]
  run -0 --separate-stderr p2p-ctl nodes -o json
  jq -e '.[] | select(.node_id == "worker-5") | .role == "worker" and .link == false and .incarnation == null and
    (.revoked_at | .[:19] + "Z" | fromdateiso8601 | now - . < 300)' <<<"$output"
  jq -e '(map(keys) | .[0] - .[-1] == []) and all(.[]; .status == "revoked" or (has("revoked_at") | not))' <<<"$output"
  run -0 --separate-stderr p2p-ctl status -o json
  jq -e '.nodes.revoked == 1 and any(.problems[]; .node == "worker-5" and (.problem | startswith("its certificate was revoked on ")))' <<<"$output"
  run -0 --separate-stderr p2p-ctl status
  grep -E '^nodes +.*1 revoked' <<<"$output"
  # It is no member, and scripts that ask for those see none.
  run -0 --separate-stderr p2p-ctl call cluster.nodes -o json
  jq -e 'all(.[]; .node_id != "worker-5")' <<<"$output"
  p2p-ctl wait node worker-5 --gone --timeout 1s
  node_kill worker-5
  p2p-ca sign worker-5 --force
  node_run worker-5
  p2p-ctl wait node worker-5 --timeout 30s
  p2p-ctl nodes -o json | jq -e 'map(select(.node_id == "worker-5").status) == ["alive"]'
  back() { p2p-ctl status -o json | jq -e '.nodes.revoked == 0 and all(.problems[]; .node != "worker-5" or (.problem | contains("revoked") | not))'; }
  wait_until 20 back
  p2p-ctl nodes remove worker-5 --yes
  run -0 --separate-stderr p2p-ctl nodes -o name
  [[ $(xargs <<<"$output") == "coordinator-1 worker-1 worker-2" ]]
  node_kill worker-5
  rm -r "$P2P_HOME/services/worker-5"
}

@test "who revokes the coordinator or himself is told what it means" {
  run -1 on_terminal n p2p-ctl certs revoke coordinator-1
  [[ $output == *"coordinator-1 is the coordinator's: every node refuses it at once"* ]]
  run -1 on_terminal n p2p-ctl certs revoke operator
  [[ $output == *"operator is what you show yourself: after this you can do nothing from here"* ]]
  run -1 on_terminal n p2p-ctl certs revoke worker-1
  [[ $output == *"Revoke what worker-1 has? It is refused by the whole fleet at once. [y/N]"* ]]
  [[ $output != *"yourself"* ]]
}

@test "a clock that is off is shown, and by how much" {
  local library
  library=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
  [[ -n $library ]] || { [[ ${CI:-} != true ]] && skip "faketime is not installed"; }
  node_kill worker-2 TERM
  LD_PRELOAD=$library FAKETIME=+90s FAKETIME_DONT_FAKE_MONOTONIC=1 node_run worker-2
  p2p-ctl wait node worker-2 --timeout 30s
  measured() { p2p-ctl nodes -o json | jq -e '.[] | select(.node_id == "worker-2") | .clock_offset_ms | . > 88000 and . < 92000'; }
  wait_until 20 measured
  run -0 --separate-stderr p2p-ctl nodes
  grep -E '^worker-2 .* 1m(29|30)s ahead$' <<<"$output"
  grep -E '^worker-1 .* ok$' <<<"$output"
}

@test "where the coordinator has not the CA's key, remove says what to run where it is, and undoes the draining" {
  mv "$P2P_HOME/certs/ca_key.pem" "$FLEET/ca_key.pem"
  node_kill coordinator-1 TERM
  node_config coordinator-1 coordinator
  node_run coordinator-1
  wait_until 30 has_status worker-1 alive
  run -1 --separate-stderr p2p-ctl nodes remove worker-1 --yes
  local said=$stderr
  fails_with 5 "p2p-ctl: error: this coordinator does not have the CA's key
hint: p2p-ca list, on the machine where that is" p2p-ctl certs list
  mv "$FLEET/ca_key.pem" "$P2P_HOME/certs/ca_key.pem"
  [[ $said == "draining worker-1
p2p-ctl: error: the coordinator has not the CA's key, so it cannot revoke; the node is in the fleet as before
hint: run \"p2p-ca revoke worker-1\" where the key is; then \"p2p-ctl nodes forget worker-1\" here" ]]
  p2p-ctl call system.ping --node worker-1
}
