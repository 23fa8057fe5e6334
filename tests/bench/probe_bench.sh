#!/usr/bin/env bash
# How long p2p-probe takes against a coordinator that answers, and against addresses that swallow every packet, in two network
# namespaces. Usage: probe_bench.sh FOLDER-OF-BINARIES; as root.
#
# Prints the slowest of some runs with its goal; exits 1 when one is missed.
set -euo pipefail

runs=${BENCH_RUNS:-10} dead=${BENCH_DEAD:-8}

P2P_BIN_DIR=$(cd "${1:?the folder of the release binaries}" && pwd)
export P2P_BIN_DIR BATS_TEST_DIRNAME
BATS_TEST_DIRNAME=$(cd "$(dirname "$0")/../cluster" && pwd)
# shellcheck source=tests/cluster/cluster.bash
source "$BATS_TEST_DIRNAME/cluster.bash"
fleet_setup
hub="hub-$$" spoke="spoke-$$"
# The shell would tell of each process that is ended.
trap 'exec 2>/dev/null; fleet_teardown; ip netns del "$hub"; ip netns del "$spoke"' EXIT

ip netns add "$hub"
ip netns add "$spoke"
ip -n "$hub" link set lo up
ip -n "$spoke" link set lo up
ip -n "$hub" link add eth0 type veth peer name eth0 netns "$spoke"
ip -n "$hub" addr add 10.78.0.1/24 dev eth0
ip -n "$spoke" addr add 10.78.0.2/24 dev eth0
ip -n "$hub" link set eth0 up
ip -n "$spoke" link set eth0 up
targets=()
for ((i = 1; i <= dead; ++i)); do
  ip -n "$hub" addr add "10.78.0.$((10 + i))/24" dev eth0
  targets+=("10.78.0.$((10 + i)):8001")
done
ip netns exec "$hub" nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in ip daddr 10.78.0.11-10.78.0.250 drop'

p2p-ca sign coordinator-1 --role coordinator >/dev/null 2>&1
p2p-ca sign worker-1 >/dev/null 2>&1
printf 'node_id: coordinator-1\ncoordinator_mode: true\nadvertise_address: 10.78.0.1\nstate_directory: data/c\n' >"$FLEET/coordinator-1.yaml"
cat >>"$FLEET/coordinator-1.yaml" <<'YAML'
rate_limit_enabled: false
YAML
: >"$FLEET/coordinator-1.log"
ip netns exec "$hub" "$P2P_BIN_DIR/p2p-node" --config "$FLEET/coordinator-1.yaml" >/dev/null 2>"$FLEET/coordinator-1.log" &
echo $! >"$FLEET/run/coordinator-1.pid"
wait_until 20 listening coordinator-1
unset P2P_COORDINATOR
# shellcheck disable=SC2317
is_up() { ip netns exec "$spoke" p2p-probe list -o json | jq -e 'any(.[]; .interface == "eth0" and .state == "up")'; }
wait_until 10 is_up

list=$(printf '"%s",' "${targets[@]}")
printf 'node_id: worker-1\ncoordinator_addresses: ["10.78.0.1:8001"]\nprobe_timeout_seconds: 2\n' >"$FLEET/alive.yaml"
printf 'node_id: worker-1\ncoordinator_addresses: [%s]\nprobe_timeout_seconds: 2\n' "${list%,}" >"$FLEET/dead.yaml"
printf 'node_id: worker-1\ncoordinator_addresses: [%s"10.78.0.1:8001"]\nprobe_timeout_seconds: 2\n' "$list" >"$FLEET/last.yaml"

missed=0
# measure TEXT GOAL-MS RUNS EXIT-CODE COMMAND...
measure() {
  local text=$1 goal=$2 count=$3 code=$4 slowest=0 begin took status
  shift 4
  for ((run = 0; run < count; ++run)); do
    begin=${EPOCHREALTIME/./} status=0
    ip netns exec "$spoke" "$@" >"$FLEET/out" 2>&1 || status=$?
    took=$(((${EPOCHREALTIME/./} - begin) / 1000))
    [[ $status == "$code" ]] || { echo "$text: exit code $status in place of $code"; cat "$FLEET/out"; exit 1; }
    ((took <= slowest)) || slowest=$took
  done
  printf '%-62s %6d ms   (at most %d)\n' "$text" "$slowest" "$goal"
  ((slowest <= goal)) || missed=1
}
measure "select, a coordinator that answers" 150 "$runs" 0 p2p-probe select --config "$FLEET/alive.yaml"
measure "check, a coordinator that answers" 150 "$runs" 0 p2p-probe check --config "$FLEET/alive.yaml"
measure "check, $dead dead addresses" 2200 3 3 p2p-probe check --config "$FLEET/dead.yaml"
measure "select, $dead dead addresses" 2200 3 3 p2p-probe select --config "$FLEET/dead.yaml"
measure "select, $dead dead addresses before one that answers" 2200 3 0 p2p-probe select --config "$FLEET/last.yaml"
# More than a machine usually has to try: the same addresses at five ports.
many=$(for ((port = 8001; port <= 8005; ++port)); do printf '"%s",' "${targets[@]/%:8001/:$port}"; done)
printf 'node_id: worker-1\ncoordinator_addresses: [%s]\nprobe_timeout_seconds: 2\n' "${many%,}" >"$FLEET/many.yaml"
measure "check, $((dead * 5)) dead pairs" 2200 3 3 p2p-probe check --config "$FLEET/many.yaml"
measure "select, $((dead * 5)) dead pairs" 2200 3 3 p2p-probe select --config "$FLEET/many.yaml"
# A machine with a thousand addresses, and a name with two thousand of which the first answers.
for ((i = 1; i < 1000; ++i)); do echo "addr add 10.79.$((i / 250)).$((i % 250 + 1))/32 dev eth0"; done | ip -n "$spoke" -batch -
{
  echo "10.78.0.1 coordinator.example"
  for ((i = 1; i < 2000; ++i)); do echo "10.80.$((i / 250)).$((i % 250 + 1)) coordinator.example"; done
} >"$FLEET/hosts"
# shellcheck disable=SC2016
measure "select, 1,000 own addresses and 2,000 of the name" 500 3 0 unshare -m sh -c \
  'mount --bind "$1" /etc/hosts && exec p2p-probe select coordinator.example:8001' sh "$FLEET/hosts"
# A name server that swallows questions, too.
echo "nameserver 10.78.0.11" >"$FLEET/resolv.conf"
# shellcheck disable=SC2016
measure "check, a name whose server is silent" 2200 3 3 unshare -m sh -c \
  'mount --bind "$1" /etc/resolv.conf && exec p2p-probe check coordinator.example:8001' sh "$FLEET/resolv.conf"
exit $missed
