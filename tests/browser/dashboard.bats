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
  - name: mount
    description: Fails, and prints why
  - name: note
    description: Takes a note
    params:
      type: object
      properties:
        colour: {type: string}
        text: {type: string}
        times: {type: integer}
      required: [text, times]
YAML
  chatter_service worker-1 4
  printf '%s\n' '#!/bin/sh' 'params=$(cat)' \
    '[ "$P2P_METHOD" != mount ] || { printf "mounting /dev/sdb\nno such device\n" >&2; exit 3; }' \
    "printf '%s' \"\$params\" | jq -r '.lines[]?' >&2" "printf '%s' \"\$params\"" >"$say/say"
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
  # What a node reads from a file comes to the page as it is there, which what services print does not.
  mkdir "$FLEET/raw"
  : >"$FLEET/raw/app.log"
  node_kill worker-1 TERM
  node_config worker-1 worker "log_files: [\"$FLEET/raw/*.log\"]"
  node_run worker-1
  wait_until 30 has_status worker-1 alive
  p2p-ca sign spare --role worker >>"$FLEET/ca.log" 2>&1
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown() {
  rm -f "$FLEET/chatter"
  proxy_stop
}
teardown_file() { fleet_teardown; }

# proxy_start ARGUMENT…  runs p2p-ctl dashboard; its address is then in P2P_BROWSER_ADDRESS.
proxy_start() {
  : >"$FLEET/proxy.out" # what the one before has printed is no address
  p2p-ctl dashboard --no-open "$@" >"$FLEET/proxy.out" 2>"$FLEET/proxy.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/proxy.pid"
  wait_until 20 grep -q '^http' "$FLEET/proxy.out"
  P2P_BROWSER_ADDRESS=$(head -n 1 "$FLEET/proxy.out")
  export P2P_BROWSER_ADDRESS
}
proxy_stop() {
  [[ ! -e $FLEET/run/proxy.pid ]] || node_kill proxy INT
}

# load_for SECONDS: lines and calls in waves, few of which fail, so that charts have something to show.
load_for() {
  local end=$((SECONDS + ${1:-0})) wave call
  local -a waves=(2 3 5 8 10 7 4 6 9 5 3 1)
  while ((SECONDS < end)); do
    wave=${waves[SECONDS / 6 % ${#waves[@]}]}
    echo $((15 * wave)) >"$FLEET/chatter"
    for ((call = 0; call < wave; ++call)); do
      p2p-ctl call say.add --params '{"count": 3}' >/dev/null
    done
    ((RANDOM % 20)) || p2p-ctl call say.add --params '{"count": 99}' >"$FLEET/refused" 2>&1 || true
    pause
  done
}

# measured SCENARIO: plays it and prints what it measured.
measured() {
  play_as operator "$1" >"$FLEET/figures"
  sed 's/^/# /' "$FLEET/figures" >&3
}

# gone_while NAME SIGNAL WORDS: the page is open, then that process ends, and the page says so.
gone_while() {
  rm -f "$FLEET/told"
  play tells_who_is_gone "$FLEET/told" "$3" 3>&- 4>&- &
  local player=$!
  wait_until 60 grep -q ready "$FLEET/told"
  node_kill "$1" "$2"
  wait "$player"
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

@test "a link opened in a further tab is signed in there too" {
  P2P_BROWSER_ADDRESS=$(p2p-ctl dashboard --print) play signs_in_further_tabs
}

@test "without a session the page says what to do" {
  P2P_BROWSER_ADDRESS="https://$P2P_COORDINATOR/dashboard" play without_a_session
}

@test "when the session has ended the page says what to do, through p2p-ctl dashboard" {
  play_as operator says_how_to_sign_in_again 'End p2p-ctl dashboard with Ctrl-C'
}

@test "when the session has ended the page says what to do, at the coordinator itself" {
  P2P_BROWSER_ADDRESS=$(p2p-ctl dashboard --print) play says_how_to_sign_in_again 'Run p2p-ctl dashboard --print'
}

@test "signing out ends the session" { play_as operator signs_out; }
@test "a viewer sees everything and changes nothing" { play_as viewer a_viewer_changes_nothing; }
@test "the role can be read on a phone" { play_as viewer says_the_role_on_a_phone; }
@test "two clicks lead from the overview to the failing node's last error" {
  # For a picture to show; scripts/dashboard_picture.
  load_for "${P2P_BROWSER_LOAD_SECONDS:-0}"
  load_for "${P2P_BROWSER_LOAD_SECONDS:+15}" 3>&- 4>&- &
  local load=$!
  play_as operator finds_the_failing_node
  wait "$load"
}
@test "a service that fails says why, where services are listed" { play_as operator says_why_a_service_fails; }
@test "a node's details, and the picture of all" { play_as operator shows_a_node; }
@test "filters are in the address" { play_as operator keeps_its_filters; }
@test "a service is stopped and started, after a question" { play_as operator stops_and_starts_a_service; }
@test "a service that is started anew and fails again is told to" { play_as operator tells_that_it_failed_again; }
@test "a method is called with a form made from its schema" { play_as operator calls_a_method; }
@test "a call that fails says as much as p2p-ctl does" { play_as operator says_why_a_call_fails; }
@test "a form refuses what is not filled in, and leads there" { play_as operator leads_to_what_is_missing; }
@test "the keyboard does" { play_as operator goes_by_keyboard; }
@test "what can be done is done by its name" { play_as operator does_by_name; }
@test "which methods of a service fail is said where services are" { play_as operator says_which_methods_fail; }
@test "a revoked certificate is shown as that, with the way back" { play_as operator shows_a_revoked_certificate; }
@test "the figure of failed calls leads to where they fail" { play_as operator leads_to_failed_calls; }
@test "an old error does not stand beside what is wrong now" { play_as operator tells_no_old_error; }
@test "a suspected node says so beside its name" { play_as operator says_who_is_suspected; }
@test "figures are told once, and what is not known is a dash" { play_as operator tells_figures_once; }
@test "hostile log text is text" { play_as operator shows_hostile_text; }
@test "lines are filtered by the coordinator" { play_as operator filters_lines; }
@test "lines are copied as p2p-logs shows them" { play_as operator copies_lines; }
@test "the line that is chosen stays in sight" { play_as operator keeps_the_chosen_line_in_sight; }
@test "a time without lines is told, and the nearest are shown" { play_as operator jumps_to_a_time; }
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

@test "when p2p-ctl dashboard has ended the page says so" {
  proxy_start
  gone_while proxy INT 'p2p-ctl dashboard has ended: run it again'
}

@test "when the coordinator is gone its own address says so" {
  P2P_BROWSER_ADDRESS=$(p2p-ctl dashboard --print)
  export P2P_BROWSER_ADDRESS
  gone_while coordinator-1 TERM 'The coordinator cannot be reached'
  node_start coordinator-1 coordinator
  wait_until 30 has_status worker-1 alive
  wait_until 30 has_status worker-2 alive
}

@test "a dead node leads to what it said last" {
  local last
  node_kill worker-2 KILL
  wait_until 60 has_status worker-2 dead
  last=$(p2p-logs query --node worker-2 -n 1 --template '{message}')
  play_as operator leads_to_the_last_lines_of_the_dead worker-2 "$last"
  node_start worker-2 worker
  wait_until 30 has_status worker-2 alive
}

@test "a certificate is renewed: openssl reads another serial number" { play_as operator renews_a_certificate worker-1; }
@test "a certificate is revoked, after a question that says what ends with it" { play_as operator revokes_a_certificate spare; }
@test "when the operator's certificate was revoked the page says so, through p2p-ctl dashboard" {
  p2p-ca sign olga --role operator >>"$FLEET/ca.log" 2>&1
  rm -f "$FLEET/told"
  proxy_start --cert "$P2P_HOME/certs/olga_cert.pem" --key "$P2P_HOME/certs/olga_key.pem"
  play says_that_it_is_refused "$FLEET/told" 3>&- 4>&- &
  local player=$!
  wait_until 60 grep -q ready "$FLEET/told"
  p2p-ca revoke olga >>"$FLEET/ca.log" 2>&1
  wait "$player"
}

@test "each tab in both themes and on a phone has nothing that axe finds" { play_as operator looks_right; }
@test "the page is usable within half a second" { measured is_usable_at_once; }
@test "five hundred nodes: an update is under 8 ms of script" { measured draws_five_hundred_nodes; }
@test "over 10,000 lines a second, with gaps: what is shown and what is counted in them is what was sent" { measured shows_or_counts_every_line; }
@test "a line is on the page within 100 ms of being stored" { measured shows_lines_at_once; }
@test "1,000 lines a second for a minute: no long task, and the memory stays flat" { measured stays_quick_under_load; }
@test "the log view is left and come back to while lines come" { play_as operator is_left_while_lines_come; }
