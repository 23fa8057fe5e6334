#!/usr/bin/env bash
# Resident memory of idle nodes and the time of a cold `p2p-ctl call`, on loopback. Usage: footprint.sh FOLDER-OF-BINARIES
#
# Prints each figure with its goal; exits 1 when one is missed.
set -euo pipefail

P2P_BIN_DIR=$(cd "${1:?the folder of the release binaries}" && pwd)
export P2P_BIN_DIR BATS_TEST_DIRNAME
BATS_TEST_DIRNAME=$(cd "$(dirname "$0")/../cluster" && pwd)
# shellcheck source=tests/cluster/cluster.bash
source "$BATS_TEST_DIRNAME/cluster.bash"
fleet_setup
trap fleet_teardown EXIT
fleet_of_three "threads: 0"

missed=0
# report TEXT VALUE GOAL: both numbers in the same unit, smaller is better.
report() {
  local verdict=ok
  if awk -v v="$2" -v g="$3" 'BEGIN { exit !(v > g) }'; then verdict=MISSED missed=1; fi
  printf '%-44s %10s   goal %8s   %s\n' "$1" "$2" "$3" "$verdict"
}

resident_mb() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$(pid_of "$1")/status"; }

# Before the calls below: idle means that nobody asks for anything.
worker_mb=$(resident_mb worker-1)
coordinator_mb=$(resident_mb coordinator-1)

runs=41
times=()
for ((i = 0; i < runs; i++)); do
  begin=$EPOCHREALTIME
  p2p-ctl call system.ping >/dev/null
  end=$EPOCHREALTIME
  times+=($((${end/./} - ${begin/./})))
done
median_us=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$((runs / 2 + 1))p")

report "worker resident, idle (MB)" "$worker_mb" 15
report "coordinator resident, idle (MB)" "$coordinator_mb" 30
report "p2p-ctl call system.ping, cold median (ms)" "$(awk -v t="$median_us" 'BEGIN { printf "%.1f", t / 1000 }')" 20
exit "$missed"
