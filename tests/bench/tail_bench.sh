#!/usr/bin/env bash
# How long a line takes from a worker's file to the terminal of `p2p-logs tail` on the coordinator, stored and synced
# before it is shown: four workers over loopback, at 20,000 lines a second and at 20 a second.
# Usage: tail_bench.sh FOLDER-OF-BINARIES   Prints each figure with its goal; exits 1 when one is missed.
set -euo pipefail

P2P_BIN_DIR=$(cd "${1:?the folder of the release binaries}" && pwd)
export P2P_BIN_DIR BATS_TEST_DIRNAME
BATS_TEST_DIRNAME=$(cd "$(dirname "$0")/../cluster" && pwd)
# shellcheck source=tests/cluster/cluster.bash
source "$BATS_TEST_DIRNAME/cluster.bash"
fleet_setup
# Nobody is told of the nodes that are ended.
trap "exec 2>/dev/null; fleet_teardown" EXIT

node_start coordinator-1 coordinator
for n in 1 2 3 4; do
  mkdir -p "$FLEET/sources/worker-$n"
  node_start "worker-$n" worker "log_files: [\"$FLEET/sources/worker-$n/app.log\"]"
done
for n in 1 2 3 4; do wait_until 20 has_status "worker-$n" alive; done

missed=0
# report TEXT VALUE GOAL: both in milliseconds, smaller is better.
report() {
  local verdict=ok
  if awk -v v="$2" -v g="$3" 'BEGIN { exit !(v > g) }'; then verdict=MISSED missed=1; fi
  printf '%-58s %8s ms   goal %4s   %s\n' "$1" "$2" "$3" "$verdict"
}

# measure RATE SECONDS: RATE lines a second from each worker; leaves `lines p50 p99 worst` in ages. The tail writes to a
# terminal of its own, whose other end log_lines reads.
measure() {
  local rate=$1 seconds=$2 n reader writers=()
  mkfifo "$FLEET/terminal"
  script -qfec "stty -echo -opost cols 400; exec p2p-logs tail --logger 'File.*' --lines 1" /dev/null \
    </dev/null >"$FLEET/terminal" 2>/dev/null &
  echo $! >"$FLEET/run/tail.pid"  # ended by its id, also when this fails
  timeout $((seconds + 60)) "$P2P_BIN_DIR/log_lines" read $((rate * seconds * 4)) \
    <"$FLEET/terminal" >"$FLEET/ages" 2>"$FLEET/reading" &
  reader=$!
  wait_until 20 test -s "$FLEET/reading"
  for n in 1 2 3 4; do
    "$P2P_BIN_DIR/log_lines" write "$rate" "$seconds" >>"$FLEET/sources/worker-$n/app.log" &
    writers+=($!)
  done
  wait "${writers[@]}"
  wait "$reader" || echo "not all lines were shown" >&2
  node_kill tail
  rm "$FLEET/terminal" "$FLEET/reading"
}

# What the tail shows first: then its stream is open.
echo "before all others" >>"$FLEET/sources/worker-1/app.log"
# shellcheck disable=SC2317  # called by wait_until
first_line_stored() { p2p-logs query --logger 'File.*' -o json | grep -q "before all others"; }
wait_until 20 first_line_stored

measure 5 20
read -r lines p50 p99 worst <"$FLEET/ages"
report "20 lines a second: median ($lines lines, worst $worst)" "$p50" 15
report "20 lines a second: p99" "$p99" 50
measure 5000 15
read -r lines p50 p99 worst <"$FLEET/ages"
report "20,000 lines a second: p99 ($lines lines, worst $worst)" "$p99" 50
echo "20,000 lines a second: median $p50 ms"
exit "$missed"
