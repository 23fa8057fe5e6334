# The page in Chromium, against real nodes. Each test is a scenario of scenarios/; pictures are kept in $P2P_BROWSER_PICTURES, else
# in the folder of the build.

load ../cluster/cluster

setup_file() {
  (cd "$BATS_TEST_DIRNAME" && node ../../tools/p2p-node/dashboard/build/install.mjs npm)
  fleet_setup
  export P2P_BROWSER_PICTURES="${P2P_BROWSER_PICTURES:-$P2P_BIN_DIR/../browser-pictures}"
  local say=$P2P_HOME/services/worker-1/say broken=$P2P_HOME/services/worker-2/broken
  mkdir -p "$say" "$broken"
  cat >"$say/service.yaml" <<'YAML'
name: say
version: 1.0.0
description: Says what it is told.
command: [./say]
protocol: exec
methods:
  - name: lines
    description: Logs each of the lines
    timeout: 30s
  - name: add
    description: Answers what it gets
    params:
      type: object
      properties:
        count: {type: integer, minimum: 0, maximum: 9, description: how often}
        big: {type: integer}
      required: [count]
      additionalProperties: false
YAML
  printf '%s\n' '#!/bin/sh' 'params=$(cat)' "printf '%s' \"\$params\" | jq -r '.lines[]?' >&2" "printf '%s' \"\$params\"" >"$say/say"
  cat >"$broken/service.yaml" <<'YAML'
name: broken
version: 2.1.0
command: [./broken]
protocol: stdio
methods:
  - name: work
YAML
  printf '%s\n' '#!/bin/sh' 'echo "cannot read the queue: Input/output error" >&2' 'exit 1' >"$broken/broken"
  chmod -R u=rwX,go=rX "$P2P_HOME/services"
  chmod 755 "$say/say" "$broken/broken"
  fleet_of_three
  p2p-ca sign spare --role worker >>"$FLEET/ca.log" 2>&1
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown() { proxy_stop; }
teardown_file() { fleet_teardown; }

# proxy_start ARGUMENT…  runs p2p-ctl dashboard; its address is then in P2P_BROWSER_ADDRESS.
proxy_start() {
  p2p-ctl dashboard --no-open "$@" >"$FLEET/proxy.out" 2>"$FLEET/proxy.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/proxy.pid"
  wait_until 20 grep -q '^http' "$FLEET/proxy.out"
  P2P_BROWSER_ADDRESS=$(head -n 1 "$FLEET/proxy.out")
  export P2P_BROWSER_ADDRESS
}
proxy_stop() {
  [[ ! -e $FLEET/run/proxy.pid ]] || node_kill proxy INT
}

play() { node "$BATS_TEST_DIRNAME/browser.mjs" "$@"; }
play_as() {
  local role=$1
  shift
  proxy_start --role "$role"
  play "$@"
}

@test "the printed address signs in once, at the coordinator itself" {
  P2P_BROWSER_ADDRESS=$(p2p-ctl dashboard --print) play signs_in_once
}

@test "without a session the page says what to do" {
  P2P_BROWSER_ADDRESS="https://$P2P_COORDINATOR/dashboard" play without_a_session
}

@test "signing out ends the session" { play_as operator signs_out; }
@test "a viewer sees everything and changes nothing" { play_as viewer a_viewer_changes_nothing; }
@test "two clicks lead from the overview to the failing node's last error" { play_as operator finds_the_failing_node; }
@test "a node's details, and the picture of all" { play_as operator shows_a_node; }
@test "filters are in the address" { play_as operator keeps_its_filters; }
@test "a service is stopped and started, after a question" { play_as operator stops_and_starts_a_service; }
@test "a method is called with a form made from its schema" { play_as operator calls_a_method; }
@test "the keyboard does" { play_as operator goes_by_keyboard; }
@test "hostile log text is text" { play_as operator shows_hostile_text; }
@test "lines are filtered by the coordinator" { play_as operator filters_lines; }
@test "lines are copied as p2p-logs shows them" { play_as operator copies_lines; }
@test "history comes on scrolling up, without a hole or repeat" { play_as operator loads_history; }
@test "a paused view stands still, and goes on" { play_as operator pauses; }

@test "after a restart of the coordinator no line is lost or there twice" {
  proxy_start
  play goes_on_after_a_restart "$FLEET/told" 3>&- 4>&- &
  local player=$!
  wait_until 60 grep -q ready "$FLEET/told"
  node_kill coordinator-1 TERM
  node_start coordinator-1 coordinator
  wait_until 30 has_status worker-1 alive
  jq -nc '{lines: ["restart 3", "restart 4"]}' | p2p-ctl call say.lines --params - >/dev/null
  wait "$player"
}

@test "a certificate is revoked, after a question that says what ends with it" { play_as operator revokes_a_certificate spare; }
@test "each tab in both themes and on a phone has nothing that axe finds" { play_as operator looks_right; }
@test "the page is usable within half a second" { play_as operator is_usable_at_once; }
