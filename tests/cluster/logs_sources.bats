# What nodes collect besides their own lines: syslog by the programs that people have, and files that logrotate rotates.

load cluster

setup_file() {
  fleet_setup
  mkdir -p "$FLEET/app"
  node_start coordinator-1 coordinator
  local port
  port=$(free_port)
  echo "$port" >"$FLEET/run/syslog"
  node_start worker-1 worker "syslog_listen: [\"udp://127.0.0.1:$port\", \"tcp://127.0.0.1:$port\", \"unix://$FLEET/run/log\"]" \
    "log_files: [\"$FLEET/app/*.log\"]" "log_files_multiline: ['$FLEET/app/java.log ^\d{4}-']"
  wait_until 20 has_status worker-1 alive
  wait_until 20 grep -q 'Files: following' "$FLEET/worker-1.log"
}
teardown_file() { fleet_teardown; }

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# The records whose message has TEXT, as JSON lines.
records() { p2p-logs query --grep "$1" --limit 0 -o json; }
is_recorded() { records "$1" | grep -q .; }
has_records() { [[ $(p2p-logs query --logger "$1" --limit 0 -o json | wc -l) -ge $2 ]]; }

# send TEXT LOGGER-OPTION...
send() {
  local text=$1
  shift
  logger -n 127.0.0.1 -P "$(cat "$FLEET/run/syslog")" -p mail.warning -t mailer --id=77 "$@" -- "$text"
}
is_proper() {
  records "$1" | jq -e 'select(.level == "WARNING" and .logger_name == "Syslog.mailer" and .node_id == "worker-1" and
    .attrs.facility == "mail" and .attrs.severity == "warning" and .attrs.procid == "77")' >/dev/null
}

@test "logger, in every way that it has, becomes a proper record" {
  send 'udp five' -d --rfc5424
  send 'udp three' -d --rfc3164
  send 'tcp five' -T --rfc5424
  send 'tcp three' -T --rfc3164
  send 'tcp counted' -T --rfc5424 --octet-count
  send 'with data' -T --rfc5424 --sd-id zoo@123 --sd-param 'tiger="hungry"' --msgid HELLO
  logger -u "$FLEET/run/log" -p mail.warning -t mailer --id=77 'unix socket'
  local text
  for text in 'udp five' 'udp three' 'tcp five' 'tcp three' 'tcp counted' 'with data' 'unix socket'; do
    wait_until 20 is_proper "$text"
  done
  run -0 jq -r '.attrs | .hostname + " " + .msgid + " " + .structured_data["zoo@123"].tiger' <(records 'with data')
  [[ $output == "$(hostname) HELLO hungry" ]]
  # Its time is the one that it says, and not far from now.
  run -0 jq -r '.timestamp' <(records 'udp three')
  (($(date -d "$output" +%s) >= $(date +%s) - 120))
}

@test "it is live in p2p-logs tail" {
  p2p-logs tail --logger 'Syslog.*' -o json >"$FLEET/tail.out" 2>/dev/null 3>&- 4>&- &
  echo $! >"$FLEET/run/tail.pid"
  wait_until 20 grep -q mailer "$FLEET/tail.out"
  send hello -d --rfc5424
  wait_until 20 grep -q '"hello"' "$FLEET/tail.out"
  kill "$(cat "$FLEET/run/tail.pid")"
  rm "$FLEET/run/tail.pid"
}

@test "a port in use stops the start, and is named" {
  node_config worker-2 worker "syslog_listen: [\"udp://127.0.0.1:$(cat "$FLEET/run/syslog")\"]"
  p2p-ca sign worker-2 >>"$FLEET/ca.log" 2>&1
  run -1 p2p-node --config "$FLEET/worker-2.yaml"
  [[ $output == *"p2p-node: error: syslog_listen: udp://127.0.0.1:$(cat "$FLEET/run/syslog") is in use"* ]]
}

@test "records of several lines are one" {
  printf '2026-01-02 ERROR broken\n  at a\n  at b\n2026-01-02 fine\n' >>"$FLEET/app/java.log"
  wait_until 20 has_records File.java.log 2
  run -0 jq -c '[.level, .message, .attrs.path]' <(p2p-logs query --logger File.java.log -o json)
  [[ ${lines[0]} == "[\"ERROR\",\"2026-01-02 ERROR broken\\n  at a\\n  at b\",\"$FLEET/app/java.log\"]" ]]
  [[ ${lines[1]} == "[\"INFO\",\"2026-01-02 fine\",\"$FLEET/app/java.log\"]" ]]
}

@test "kill -9 of the node, again and again, loses and repeats nothing of a file" {
  local i kills=0 writer
  for ((i = 1; i <= 20000; ++i)); do echo "$i"; done >"$FLEET/numbers"
  (while read -r i; do echo "$i" >>"$FLEET/app/killed.log"; done <"$FLEET/numbers") 3>&- 4>&- &
  writer=$!
  while kill -0 "$writer" 2>/dev/null; do
    node_kill worker-1
    node_run worker-1
    kills=$((kills + 1))
    pause
    # A file that is renamed is read to its end by the next life.
    ((kills % 2 == 0)) || mv "$FLEET/app/killed.log" "$FLEET/app/killed.log.$kills"
  done
  ((kills >= 3))
  wait_until 60 has_records File.killed.log 20000
  diff <(p2p-logs query --logger File.killed.log --limit 0 -o json | jq -r .message) "$FLEET/numbers"
}
