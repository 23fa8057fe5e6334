# p2p-logs with a fleet: what it shows, counts, exports and deletes, and how it goes on where it was.

load cluster

setup_file() {
  fleet_setup
  say_service
  fleet_of_three
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown_file() { fleet_teardown; }

# say LINE…: worker-1 logs these lines; waits until the coordinator has them.
say() {
  jq -nc '{lines: $ARGS.positional}' --args "$@" | p2p-ctl call say.lines --params - >/dev/null
  wait_until 20 stored "${!#}"
}
stored() { p2p-logs query --logger Service.say --template '{message}' 2>/dev/null | grep -qxF -- "$1"; }
messages() { p2p-logs "$@" --logger Service.say --template '{message}' 2>"$FLEET/messages.err"; }

# start NAME COMMAND…: runs it in the background, its output in $FLEET/NAME.out and .err.
start() {
  local name=$1
  shift
  "$@" >"$FLEET/$name.out" 2>"$FLEET/$name.err" 3>&- 4>&- &
  started=$!
  echo "$started" >"$FLEET/run/$name.pid"
}
# ends_with CODE: how the one that was started last ends, on its own or by a signal sent before.
ends_with() {
  local ended=0
  wait_until 20 gone "$started"
  wait "$started" || ended=$?
  [[ $ended == "$1" ]] || { echo "ended with $ended, not $1"; false; }
}
on_terminal() { TERM=xterm python3 "$BATS_TEST_DIRNAME/on_terminal.py" n "$@"; }

@test "every format shows the same records, and nothing that a terminal obeys" {
  say 'plain' $'esc \e[2J \xc2\x9b and "quotes"' 'end of formats'
  local format obeyed
  for format in text json logfmt; do
    run -0 --separate-stderr p2p-logs query --logger 'Service.*' -o "$format"
    [[ $(wc -l <<<"$output") == 3 && $output == *'[2J'* ]]
    obeyed=$(LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output") || [[ $obeyed == 0 ]]
  done
  run -0 --separate-stderr p2p-logs query --logger Service.say -o json
  [[ $(jq -rs '.[0].message' <<<"$output") == plain ]]
  run -0 --separate-stderr p2p-logs query --logger Service.say -n 1 --template '{node_id}|{logger_name}|{message}|{{}}'
  [[ $output == 'worker-1|Service.say|end of formats|{}' ]]
  run -0 --separate-stderr env TZ=Asia/Kolkata p2p-logs query --logger Service.say -n 1 --local --template '{timestamp}'
  [[ $output == *+05:30 ]]
  [[ $(date -d "$output" +%s) == "$(date -d "$(p2p-logs query --logger Service.say -n 1 --template '{timestamp}' 2>/dev/null)" +%s)" ]]
}

@test "a cursor file goes on where the last run ended, whatever the command" {
  local seen=$FLEET/seen
  say one two three
  [[ $(messages query --cursor-file "$seen" --grep one) == one && $(stat -c %a "$seen") == 600 ]]
  say four
  [[ $(messages tail --no-follow --cursor-file "$seen") == four ]]
  say five six
  [[ $(messages query --cursor-file "$seen" -n 1) == five ]]
  grep -q 'the same command again goes on' "$FLEET/messages.err"
  [[ $(p2p-logs export --cursor-file "$seen" --logger Service.say 2>/dev/null | jq -r .message) == six ]]
  [[ -z $(messages query --cursor-file "$seen") ]]
  # While it follows, the file is never far behind, and a kill leaves it whole.
  start tail p2p-logs tail --cursor-file "$seen" --logger Service.say --template '{message}'
  say seven
  wait_until 10 grep -qx seven "$FLEET/tail.out"
  local at
  at=$(p2p-logs query --logger Service.say -n 1 --template '{cursor}' 2>/dev/null)
  wait_until 10 reached "$seen" "${at#*-}"
  kill -KILL "$started"
  ends_with 137
  say eight
  [[ $(messages tail --no-follow --cursor-file "$seen") == eight ]]
}
# reached FILE NUMBER
reached() { [[ $(cut -d- -f2 "$1") -ge $2 ]]; }

@test "a file that is no cursor file is left alone; one of another store says how to go on" {
  echo precious >"$FLEET/other"
  run -9 --separate-stderr p2p-logs tail --cursor-file "$FLEET/other"
  [[ $stderr == "p2p-logs: error: $FLEET/other: is no cursor file, and is left as it is" && $(cat "$FLEET/other") == precious ]]
  run -1 --separate-stderr p2p-logs query --cursor-file "$FLEET/no/such"
  [[ $stderr == "p2p-logs: error: $FLEET/no: there is no such folder" && ! -e $FLEET/no ]]
  echo 0123456789abcdef-5 >"$FLEET/foreign"
  local command
  for command in 'tail' 'tail --no-follow' query export; do
    run -2 --separate-stderr p2p-logs $command --cursor-file "$FLEET/foreign"
    [[ -z $output && $stderr == *"cursor 0123456789abcdef-5 belongs to another log store; the oldest cursor is "*$'\n'"hint: to go on with what is stored now: rm $FLEET/foreign" ]]
  done
  [[ $(cat "$FLEET/foreign") == 0123456789abcdef-5 ]]
}

@test "tail says that the coordinator is gone and back, and has every line once" {
  start tail p2p-logs tail -n 0 --logger Service.say --template '{message}'
  # The first line may come before it listens.
  wait_until 20 heard
  node_kill coordinator-1
  wait_until 20 grep -q 'lost the connection' "$FLEET/tail.err"
  sed -i "s/^port: .*/port: $(port_of coordinator-1)/" "$FLEET/coordinator-1.yaml"
  node_run coordinator-1
  wait_until 30 grep -q 'connected again' "$FLEET/tail.err"
  wait_until 30 p2p-ctl call say.lines lines:='["after the break"]'
  wait_until 20 grep -qx 'after the break' "$FLEET/tail.out"
  kill -TERM "$started"
  ends_with 130
  [[ $(wc -l <"$FLEET/tail.err") == 2 && $(sort "$FLEET/tail.out" | uniq -d) == "" ]]
}
heard() {
  local line=heard-$EPOCHREALTIME
  p2p-ctl call say.lines lines:="[\"$line\"]" >/dev/null
  wait_until 1 grep -qx "$line" "$FLEET/tail.out"
}

@test "a reader that has seen enough ends tail and query without a word" {
  say 'for the reader'
  start tail bash -c 'p2p-logs tail --logger Service.say --template "{message}" | head -n 1'
  # Nothing more is logged: it must notice by itself.
  ends_with 0
  [[ ! -s $FLEET/tail.err && $(wc -l <"$FLEET/tail.out") == 1 ]]
  run -0 --separate-stderr bash -c 'p2p-logs query --limit 0 -o json | head -n 1'
  [[ -z $stderr ]]
}

@test "stats counts what query shows" {
  say 'for the counts'
  local stats
  stats=$(p2p-logs stats --node worker-1 --logger Service.say -o json)
  [[ $(jq .records <<<"$stats") == $(p2p-logs query --node worker-1 --logger Service.say --limit 0 -o json 2>/dev/null | wc -l) ]]
  jq -e '.records == ([.levels[]] | add) and .records == ([.histogram[].records] | add) and .node_count == 1 and
    (.nodes | map(.node_id)) == ["worker-1"] and (.loggers | map(.logger_name)) == ["Service.say"]' <<<"$stats"
  [[ $(p2p-logs stats --node worker-1 --grep 'for the counts' -o json | jq .records) == 1 ]]
  [[ $(p2p-logs stats --until 2020-01-01 -o json | jq .records) == 0 ]]
  run -0 --separate-stderr p2p-logs stats
  [[ $output == *█* && $output != *$'\e'* ]]
  [[ $(python3 -c 'import sys; print(max(map(len, sys.stdin.buffer.read().decode().splitlines())))' <<<"$output") -le 80 ]]
  # By curl and by a call, the same numbers; what there is not is refused.
  local token at=https://$P2P_COORDINATOR/api/logs
  token=$(p2p-ctl token create --sub reader --scope logs:read 2>/dev/null)
  get() { curl -s --max-time 10 --cacert "$P2P_HOME/certs/ca_cert.pem" -H "Authorization: Bearer $token" "$at$1"; }
  [[ $(get '/stats?logger_name=Service.say' | jq .records) == $(jq .records <<<"$stats") ]]
  [[ $(p2p-ctl call log_collector.get_stats logger_name=Service.say -o json | jq .records) == $(jq .records <<<"$stats") ]]
  [[ $(get '/stats?nodeid=x' | jq -r .detail) == 'there is no parameter "nodeid"; did you mean "node_id"?' ]]
  [[ $(get '?limit=0' | jq -r .status,.detail) == $'400\nlimit: must be 1 to 10000' ]]
  [[ $(get '?cursor=0123456789abcdef-1' | jq .status) == 400 ]]
  run -2 --separate-stderr p2p-ctl call log_collector.get_logs nodid=x
  [[ $stderr == *'there is no parameter "nodid"'* ]]
}

@test "export writes a file as a whole, and only over another when told" {
  local file=$FLEET/all.jsonl
  say 'for the export'
  run -0 --separate-stderr p2p-logs export --out "$file" --logger Service.say
  [[ -z $output && $stderr == "$(wc -l <"$file") records in $file" && $(stat -c %a "$file") == 600 ]]
  [[ $(jq -c .message "$file") == "$(p2p-logs query --logger Service.say --limit 0 -o json 2>/dev/null | jq -c .message)" ]]
  run -1 --separate-stderr p2p-logs export --out "$file"
  [[ $stderr == "p2p-logs: error: $file: is there already"$'\nhint: --force replaces it' ]]
  run -0 --separate-stderr p2p-logs export --out "$file" --force --node nobody
  [[ ! -s $file && $stderr == *'no node "nobody" has records'* ]]
  mkfifo "$FLEET/pipe"
  run -1 --separate-stderr p2p-logs export --out "$FLEET/pipe" --force
  [[ $stderr == *"$FLEET/pipe is not a file, and is not replaced"* && -p $FLEET/pipe ]]
  # What fails leaves nothing behind.
  run -3 --separate-stderr p2p-logs export --out "$FLEET/never.jsonl" --coordinator 127.0.0.1:1
  [[ $(find "$FLEET" -maxdepth 1 -name '*never*') == "$FLEET/never" ]]
}

@test "clear asks, needs its permission, says how many, and leaves a record of who did it" {
  say 'to be cleared'
  run -2 --separate-stderr setsid --wait p2p-logs clear --node worker-1 </dev/null
  [[ $stderr == $'p2p-logs: error: there is no terminal to ask on\nhint: --yes answers the question' ]]
  run -1 on_terminal p2p-logs clear --node worker-1
  [[ $output == *'Delete all log records of worker-1? [y/N]'* ]]
  stored 'to be cleared'
  run -5 --separate-stderr p2p-logs clear --node wroker-1 --yes
  [[ $stderr == 'p2p-logs: error: no node "wroker-1" has records or is in the fleet; did you mean "worker-1"?' ]]
  P2P_TOKEN=$(p2p-ctl token create --sub reader --scope logs:read 2>/dev/null) run -4 --separate-stderr p2p-logs clear --yes -o json
  [[ $(jq -r .error.kind <<<"$stderr") == not_permitted ]]
  run -2 --separate-stderr p2p-ctl call log_collector.clear_logs node=worker-1
  stored 'to be cleared'
  local count
  count=$(p2p-logs stats --node worker-1 -o json | jq .records)
  run -0 --separate-stderr p2p-logs clear --node worker-1 --yes -o json
  [[ $(jq .cleared <<<"$output") -ge $count ]]
  [[ -z $(messages query) ]]
  wait_until 10 sh -c "p2p-logs query --logger Audit --template '{message}' 2>/dev/null | grep -qx 'operator/operator cleared $(jq .cleared <<<"$output") log records of worker-1'"
}

@test "an expired cursor is an error that names the oldest, for every command" {
  local folder=$P2P_HOME/data/coordinator-1/logs day store
  echo "$(p2p-logs query -n 1 --template '{cursor}' 2>/dev/null | cut -d- -f1)-1" >"$FLEET/old"
  node_kill coordinator-1 TERM
  # As after retention: the store begins with a later number.
  day=$(find "$folder" -name 'logs-*.db')
  sqlite3 "$day" "DELETE FROM records WHERE number < 4; UPDATE meta SET value = 4 WHERE key = 'first_number'"
  sed -i "s/^port: .*/port: $(port_of coordinator-1)/" "$FLEET/coordinator-1.yaml"
  node_run coordinator-1
  store=$(cut -d- -f1 "$FLEET/old")
  local command
  for command in 'tail' 'tail --no-follow' query export; do
    run -5 --separate-stderr p2p-logs $command --cursor-file "$FLEET/old"
    [[ -z $output && $stderr == "p2p-logs: error: $FLEET/old: cursor $store-1 has expired; the oldest cursor is $store-3"$'\n'"hint: to go on with what is stored now: rm $FLEET/old" ]]
  done
  run -5 --separate-stderr p2p-logs query --cursor-file "$FLEET/old" -o json
  [[ $(jq -r .error.exit_code <<<"$stderr") == 5 && $(wc -l <<<"$stderr") == 1 ]]
  rm "$FLEET/old"
  [[ $(p2p-logs query --cursor-file "$FLEET/old" -n 1 --template '{cursor}' 2>/dev/null) == "$store-"* ]]
}

@test "on a terminal there are colours and a pager, unless they are not wanted" {
  say 'for the terminal'
  run -0 on_terminal p2p-logs query --logger Service.say --no-pager
  [[ $output == *$'\e[38;5;'*worker-1* ]]
  run -0 env PAGER='sed s/^/paged:/' python3 "$BATS_TEST_DIRNAME/on_terminal.py" n env TERM=xterm p2p-logs query --logger Service.say
  [[ $output == *'paged:'*'for the terminal'* ]]
  # Its reader may leave before the end.
  run -0 env PAGER='head -n 1' TERM=xterm python3 "$BATS_TEST_DIRNAME/on_terminal.py" n p2p-logs query --limit 0
  [[ $output != *error* ]]
  run -0 env NO_COLOR=1 PAGER=cat TERM=xterm python3 "$BATS_TEST_DIRNAME/on_terminal.py" n p2p-logs query --logger Service.say
  [[ $output == *'for the terminal'* && $output != *$'\e'* ]]
  run -0 --separate-stderr env PAGER='sed s/^/paged:/' p2p-logs query --logger Service.say
  [[ $output != *paged:* ]]
}

@test "completions know the loggers" {
  run -0 --separate-stderr p2p-ctl __names loggers
  grep -qx Service.say <<<"$output"
}

@test "tail shows as many as asked for, also when the coordinator sends fewer at a time" {
  local call expected
  for call in 1 2 3 4; do
    jq -nc --arg call "$call" '{lines: [range(200) | "\($call)-\(.) " + "x" * 4000]}' |
      p2p-ctl call say.lines --params - >/dev/null
  done
  wait_until 20 has_all_long
  expected=$(for call in 1 2 3 4; do seq -f "$call-%g" 0 199; done)
  run -0 --separate-stderr p2p-logs tail --no-follow -n 800 --logger Service.say --template '{message}'
  [[ $(cut -d ' ' -f 1 <<<"$output") == "$expected" ]]
}
has_all_long() { [[ $(p2p-logs query --limit 0 --logger Service.say --template '{message}' 2>/dev/null | grep -c ' xxx') == 800 ]]; }
