# What the command tests share. Each test gets a home of its own; the binaries come from $P2P_BIN_DIR.
bats_require_minimum_version 1.5.0

# Call first in setup(): an empty home, the tools in PATH, nothing of the caller's environment.
new_home() {
  : "${P2P_BIN_DIR:?where the binaries are}"
  PATH="$P2P_BIN_DIR:$PATH"
  P2P_HOME="$BATS_TEST_TMPDIR/home"
  certs="$P2P_HOME/certs"
  export PATH P2P_HOME
  unset P2P_COORDINATOR P2P_TOKEN NO_COLOR
}

# expect CODE COMMAND…: runs it without a terminal; fails unless it exits with CODE. Leaves $output (stdout) and $stderr.
expect() {
  local code=$1
  shift
  run --separate-stderr setsid --wait "$@" </dev/null
  if [ "$status" -ne "$code" ]; then
    printf 'command: %s\nexit code %s, expected %s\nstdout: %s\nstderr: %s\n' "$*" "$status" "$code" "$output" "$stderr"
    return 1
  fi
}

same_text() {
  [ "$2" = "$3" ] && return
  printf '%s:\n%s\nexpected:\n%s\n' "$1" "$2" "$3"
  return 1
}
has_text() {
  [[ "$2" == *"$3"* ]] && return
  printf '%s:\n%s\nexpected to contain:\n%s\n' "$1" "$2" "$3"
  return 1
}

stdout_is() { same_text stdout "$output" "$1"; }
stderr_is() { same_text stderr "$stderr" "$1"; }
stdout_has() { has_text stdout "$output" "$1"; }
stderr_has() { has_text stderr "$stderr" "$1"; }

# Of a certificate's file, in hexadecimal.
serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f; }

mode_is() { same_text "mode of $1" "$(stat -c %a "$1")" "$2"; }

# start_node OPTION…: a node of this home in $node, once it listens; teardown() calls stop_node.
start_node() {
  local line
  mkfifo "$BATS_TEST_TMPDIR/node.log"
  p2p-node --set bind_address=127.0.0.1 --set port=0 "$@" >/dev/null 2>"$BATS_TEST_TMPDIR/node.log" 3>&- &
  node=$!
  exec 7<"$BATS_TEST_TMPDIR/node.log"
  while read -rt 60 line <&7; do [[ $line != *"listening on"* ]] || return 0; done
  return 1
}

stop_node() { [ -z "${node:-}" ] || { kill -KILL "$node" && wait "$node"; } || true; }

# on_terminal_with SCRIPT COMMAND…: runs it on a terminal of its own under a Python script with `read_until(text)`,
# `type(text)`, `has_echo()` and `end()`, which gives the exit code, negative for a signal.
on_terminal_with() {
  /usr/bin/python3 - "$@" <<'END'
import os, pty, signal, sys, termios
signal.alarm(60)
child, terminal = pty.fork()
if child == 0:
    # Whoever runs the tests may ignore or block them.
    for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(each, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
def read_until(text):
    global seen
    while text.encode() not in seen:
        seen += os.read(terminal, 4096)
    before, seen = seen.split(text.encode(), 1)
    return before.decode()
def type(text):
    os.write(terminal, text.encode())
def has_echo():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
def end():
    global seen
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
exec(sys.argv[1])
END
}
