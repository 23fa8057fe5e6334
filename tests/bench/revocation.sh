#!/usr/bin/env bash
# From `p2p-ca revoke` to the last dropped connection in a fleet of 20 nodes on loopback: a worker's certificate holds a connection
# to every other node. Usage: revocation.sh FOLDER-OF-BINARIES
#
# Prints the time with its goal; exits 1 when it is missed.
set -euo pipefail

nodes=${BENCH_NODES:-20} goal_ms=2000

P2P_BIN_DIR=$(cd "${1:?the folder of the release binaries}" && pwd)
export P2P_BIN_DIR BATS_TEST_DIRNAME
BATS_TEST_DIRNAME=$(cd "$(dirname "$0")/../cluster" && pwd)
# shellcheck source=tests/cluster/cluster.bash
source "$BATS_TEST_DIRNAME/cluster.bash"
fleet_setup
held=()
# The shell would tell of each process that is ended.
trap 'exec 2>/dev/null; kill "${held[@]}"; fleet_teardown' EXIT

node_start coordinator-1 coordinator "threads: 0"
for ((i = 1; i < nodes; ++i)); do node_start "worker-$i" worker "threads: 0"; done
all_alive() { [[ $(p2p-ctl nodes -o json | jq 'map(select(.status == "alive")) | length') == "$nodes" ]]; }
wait_until 60 all_alive

p2p-ca sign thief >/dev/null 2>&1
certs=$P2P_HOME/certs
for name in coordinator-1 $(seq -f 'worker-%g' 1 $((nodes - 1))); do
  openssl s_client -connect "127.0.0.1:$(port_of "$name")" -alpn p2p/1 -CAfile "$certs/ca_cert.pem" -cert "$certs/thief_cert.pem" \
    -key "$certs/thief_key.pem" <>"$FLEET/never" >"$FLEET/held.$name" 2>/dev/null &
  held+=($!)
done
is_connected() { [[ $(grep -l 'Verify return code: 0' "$FLEET"/held.* | wc -l) == "$nodes" ]]; }
wait_until 20 is_connected
for pid in "${held[@]}"; do
  kill -0 "$pid" || { echo "a connection was closed before anything was revoked" >&2; exit 1; }
done

begin=${EPOCHREALTIME/./}
p2p-ca revoke thief >/dev/null 2>&1
signed=${EPOCHREALTIME/./}
# Each ends when its node closes the connection.
timeout 60 tail -f /dev/null "${held[@]/#/--pid=}" -s 0.01
end=${EPOCHREALTIME/./}

took_ms=$(((end - begin) / 1000))
verdict=ok
((took_ms <= goal_ms)) || verdict=MISSED
printf '%s nodes: p2p-ca revoke took %s ms; after %s ms the last connection was dropped   goal %s ms   %s\n' \
  "$nodes" $(((signed - begin) / 1000)) "$took_ms" "$goal_ms" "$verdict"
[[ $verdict == ok ]]
