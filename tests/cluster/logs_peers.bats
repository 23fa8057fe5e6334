# Logs to and from the programs that people have: rsyslogd, logrotate, and a journal that systemd's own writer made.

load cluster

setup_file() {
  fleet_setup
  mkdir -p "$FLEET/app" "$FLEET/rsyslog" "$FLEET/journal"
  local name
  for name in syslog plain tls; do free_port >"$FLEET/run/$name"; done
  make_server_certificate
  rsyslog_config plain "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"$(port plain)\")"
  rsyslog_start plain
  node_start coordinator-1 coordinator "log_forward: tcp://127.0.0.1:$(port plain)"
  node_start worker-1 worker "syslog_listen: [\"udp://127.0.0.1:$(port syslog)\", \"tcp://127.0.0.1:$(port syslog)\"]" \
    "log_files: [\"$FLEET/app/*.log\"]"
  wait_until 20 has_status worker-1 alive
  wait_until 20 grep -q 'Files: following' "$FLEET/worker-1.log"
}
teardown_file() { fleet_teardown; }

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port() { cat "$FLEET/run/$1"; }
# messages LOGGER: in the order in which they were stored.
messages() { p2p-logs query --logger "$1" --limit 0 -o json | jq -r .message; }
has_messages() { (($(messages "$1" | wc -l) >= $2)); }

# rsyslog_config NAME TEXT: what it receives goes to $FLEET/rsyslog/NAME.out, with structured data.
rsyslog_config() {
  cat >"$FLEET/rsyslog/$1.conf" <<END
global(workDirectory="$FLEET/rsyslog" maxMessageSize="128k")
module(load="imtcp" streamDriver.name="${3:-ptcp}" streamDriver.mode="${4:-0}" streamDriver.authMode="anon")
template(name="all" type="string" string="%syslogseverity-text% %hostname% %app-name% %structured-data% %msg%\n")
$2
action(type="omfile" file="$FLEET/rsyslog/$1.out" template="all")
END
}
rsyslog_start() {
  /usr/sbin/rsyslogd -n -f "$FLEET/rsyslog/$1.conf" -i "$FLEET/rsyslog/$1.rsyslog" >>"$FLEET/rsyslog-$1.log" 2>&1 3>&- 4>&- &
  echo $! >"$FLEET/run/rsyslog-$1.pid"
}
received() { grep -cF -- "$2" "$FLEET/rsyslog/$1.out" 2>/dev/null || true; }
has_received() { (($(received "$1" "$2") >= $3)); }

make_server_certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=syslog' -addext 'subjectAltName=IP:127.0.0.1' \
    -keyout "$FLEET/rsyslog/key.pem" -out "$FLEET/rsyslog/cert.pem" 2>>"$FLEET/ca.log"
}

# write FILE FIRST LAST: numbered lines, each by an open of its own, as programs do that reopen their log.
write() {
  local i
  for ((i = $2; i <= $3; ++i)); do echo "line $i" >>"$1"; done
}
# A writer may make the file again before logrotate does, which it then reports; what it has rotated stays rotated.
rotate() { /usr/sbin/logrotate -f -s "$FLEET/logrotate.state" "$FLEET/logrotate.conf" || true; }

@test "rsyslogd sends to a node, by TCP counted and not, and by UDP" {
  local mode
  for mode in 'protocol="tcp" TCP_Framing="octet-counted"' 'protocol="tcp"' 'protocol="udp" template="RSYSLOG_SyslogProtocol23Format"'; do
    cat >"$FLEET/rsyslog/sender.conf" <<END
global(workDirectory="$FLEET/rsyslog")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$FLEET/rsyslog/sock" UseSpecialParser="off")
action(type="omfwd" target="127.0.0.1" port="$(port syslog)" $mode)
END
    rm -f "$FLEET/rsyslog/sock"
    rsyslog_start sender
    wait_until 20 test -S "$FLEET/rsyslog/sock"
    logger -u "$FLEET/rsyslog/sock" -p cron.err -t job "by $mode"
    wait_until 20 has_record "by $mode"
    node_kill rsyslog-sender TERM
  done
}
has_record() {
  p2p-logs query --logger Syslog.job --grep "$1" -o json |
    jq -e 'select(.level == "ERROR" and .attrs.facility == "cron" and .attrs.hostname != null)' >/dev/null
}

@test "logrotate under load, with create: nothing is lost or repeated" {
  printf '%s {\n  rotate 50\n  create\n  nocompress\n}\n' "$FLEET/app/create.log" >"$FLEET/logrotate.conf"
  write "$FLEET/app/create.log" 1 10
  wait_until 20 has_messages File.create.log 10
  write "$FLEET/app/create.log" 11 6000 3>&- 4>&- &
  local writer=$! rotations=0
  while kill -0 "$writer" 2>/dev/null; do
    rotate
    rotations=$((rotations + 1))
    pause
  done
  wait_until 30 has_messages File.create.log 6000
  diff <(messages File.create.log) <(seq -f 'line %g' 1 6000)
  ((rotations > 2))
}

@test "logrotate under load, with copytruncate: what is in any of the files is there once" {
  printf '%s {\n  rotate 50\n  copytruncate\n  compress\n  delaycompress\n}\n' "$FLEET/app/copy.log" >"$FLEET/logrotate.conf"
  write "$FLEET/app/copy.log" 1 10
  wait_until 20 has_messages File.copy.log 10
  write "$FLEET/app/copy.log" 11 6000 3>&- 4>&- &
  local writer=$!
  while kill -0 "$writer" 2>/dev/null; do
    rotate
    pause
  done
  # What was written between copy and truncation is in no file; the node may have been quick enough to see it.
  zcat -f "$FLEET"/app/copy.log* | sort >"$FLEET/expected"
  wait_until 30 has_messages File.copy.log "$(wc -l <"$FLEET/expected")"
  wait_until 30 has_all_expected
  diff <(messages File.copy.log) <(messages File.copy.log | sort -V | uniq)
}

has_all_expected() { [[ -z $(comm -13 <(messages File.copy.log | sort) "$FLEET/expected") ]]; }

@test "a rsyslogd that is restarted has received every record" {
  write "$FLEET/app/forwarded.log" 1 1000
  wait_until 30 grep -q 'File.forwarded.log.* line 1000$' "$FLEET/rsyslog/plain.out"
  grep -m1 'File.forwarded.log.* line 1000$' "$FLEET/rsyslog/plain.out" | grep -E '^info worker-1 File.forwarded.log \[p2p@32473 node_id="worker-1" logger="File.forwarded.log" epoch="[0-9]+" seq="[0-9]+"\] line 1000$'
  node_kill rsyslog-plain TERM
  write "$FLEET/app/forwarded.log" 1001 2000
  wait_until 20 has_messages File.forwarded.log 2000
  [[ $(curl -fsS --cacert "$P2P_HOME/certs/ca_cert.pem" "https://$P2P_COORDINATOR/metrics" | grep -c '^p2p_log_forward_connected 0') == 1 ]]
  rsyslog_start plain
  wait_until 60 grep -q 'File.forwarded.log.* line 2000$' "$FLEET/rsyslog/plain.out"
  diff <(grep -o 'File.forwarded.log.*line [0-9]*$' "$FLEET/rsyslog/plain.out" | awk '!seen[$NF]++ {print $NF}') <(seq 1 2000)
  # What came in by syslog is not among it.
  [[ $(received plain Syslog.job) == 0 ]]
}

@test "kill -9 of the coordinator loses nothing of what is forwarded" {
  write "$FLEET/app/killed.log" 1 500 3>&- 4>&- &
  local writer=$!
  wait_until 20 has_received plain File.killed.log 100
  node_kill coordinator-1
  wait "$writer"
  node_start coordinator-1 coordinator "log_forward: tcp://127.0.0.1:$(port plain)"
  wait_until 60 has_received plain 'File.killed.log" epoch' 500
  wait_until 60 all_received
}
all_received() {
  diff <(grep -o 'File.killed.log.*line [0-9]*$' "$FLEET/rsyslog/plain.out" | awk '!seen[$NF]++ {print $NF}') <(seq 1 500)
}

@test "TLS: the server's certificate is checked" {
  rsyslog_config tls "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"$(port tls)\")" ossl 1
  sed -i "1s|.*|global(workDirectory=\"$FLEET/rsyslog\" defaultNetstreamDriverCAFile=\"$FLEET/rsyslog/cert.pem\" defaultNetstreamDriverCertFile=\"$FLEET/rsyslog/cert.pem\" defaultNetstreamDriverKeyFile=\"$FLEET/rsyslog/key.pem\")|" "$FLEET/rsyslog/tls.conf"
  rsyslog_start tls
  node_kill coordinator-1 TERM
  node_start coordinator-1 coordinator "log_forward: tls://127.0.0.1:$(port tls)"
  wait_until 20 grep -q 'Forward.*its certificate is refused' "$FLEET/coordinator-1.log"
  node_kill coordinator-1 TERM
  node_start coordinator-1 coordinator "log_forward: tls://127.0.0.1:$(port tls)" "log_forward_ca_file: $FLEET/rsyslog/cert.pem"
  write "$FLEET/app/secure.log" 1 10
  wait_until 30 has_received tls 'File.secure.log" epoch' 10
}

# entry UNIT PRIORITY TEXT: one in the export format of systemd
entry() {
  printf '__REALTIME_TIMESTAMP=%s\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=0123456789abcdef0123456789abcdef\n' "${EPOCHREALTIME/./}"
  printf 'MESSAGE=%s\nPRIORITY=%s\n_SYSTEMD_UNIT=%s\n_TRANSPORT=journal\n\n' "$3" "$2" "$1"
}
add_entries() {
  /lib/systemd/systemd-journal-remote -o "$FLEET/journal/$(cat /etc/machine-id)/system.journal" - >>"$FLEET/journal.log" 2>&1
}

@test "the journal: by unit, without the node's own, and on from where it was" {
  unshare -m true 2>/dev/null || skip 'needs a mount namespace of its own'
  mkdir -p "$FLEET/bin" "$FLEET/journal/$(cat /etc/machine-id)"
  # The node sees the journal of the test as the machine's.
  cat >"$FLEET/bin/p2p-node" <<END
#!/bin/sh
exec unshare -m sh -c 'mount -t tmpfs tmpfs /var/log && mkdir /var/log/journal && mount --bind "$FLEET/journal" /var/log/journal && exec "\$@"' - "$P2P_BIN_DIR/p2p-node" "\$@"
END
  chmod +x "$FLEET/bin/p2p-node"
  entry old.service 6 'from before' | add_entries
  PATH="$FLEET/bin:$PATH" node_start worker-2 worker 'log_journal: true'
  wait_until 20 grep -q 'Journal: following' "$FLEET/worker-2.log"
  { entry ssh.service 4 'Accepted'; entry p2p-node.service 6 'its own'; entry cron.service 3 'broken'; } | add_entries
  wait_until 20 has_messages 'Journal.cron' 1
  [[ $(messages 'Journal.*') == $'Accepted\nbroken' ]]
  run -0 jq -r '[.level, .attrs.unit, .attrs.priority] | join(" ")' <(p2p-logs query --logger 'Journal.*' -o json)
  [[ $output == $'WARNING ssh.service warning\nERROR cron.service err' ]]
}
