#!/usr/bin/env bash
# What open dashboards cost a coordinator: 100 pages that show every log line, at 1,000 lines a second of a worker, then
# one page of an idle fleet.
# usage: P2P_BIN_DIR=build/release/bin tests/bench/dashboard_bench.sh [PAGES] [LINES_PER_SECOND] [SECONDS]
set -euo pipefail
pages=${1:-100} rate=${2:-1000} seconds=${3:-30}
here=$(cd "$(dirname "$0")" && pwd)
BATS_TEST_DIRNAME=$here/../cluster
# shellcheck source=tests/cluster/cluster.bash
. "$here/../cluster/cluster.bash"
trap fleet_teardown EXIT
fleet_setup
service=$P2P_HOME/services/worker-1/chatter
mkdir -p "$service"
cat >"$service/service.yaml" <<'YAML'
name: chatter
version: 1.0.0
command: [./chatter]
protocol: stdio
methods:
  - name: nothing
YAML
cat >"$service/chatter" <<PYTHON
#!/usr/bin/env python3
import json, os, sys, threading, time
def answer():
    for line in sys.stdin:
        call = json.loads(line)
        if "id" in call:
            print(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": {}}), flush=True)
    os._exit(0)
threading.Thread(target=answer, daemon=True).start()
while True:
    if os.path.exists("$FLEET/chatter"):
        sys.stderr.write("".join(f"request {n} took 12 ms and was answered with 200\n" for n in range($rate // 20)))
        sys.stderr.flush()
    time.sleep(0.05)
PYTHON
chmod -R u=rwX,go=rX "$P2P_HOME/services"
chmod 755 "$service/chatter"
fleet_of_three "rate_limit_rpc_requests: 1000000" >/dev/null

# cpu: seconds that the coordinator has used.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print ($12 + $13) / hz}' "/proc/$(pid_of coordinator-1)/stat"; }
ca=$P2P_HOME/certs/ca_cert.pem origin=https://$P2P_COORDINATOR
token=$(p2p-ctl dashboard --print 2>/dev/null | sed 's/.*#t=//')
secret=$(curl -sS --cacert "$ca" -D "$FLEET/head" -H "Origin: $origin" --json "{\"token\":\"$token\"}" "$origin/api/session" | jq -r .secret)
cookie=$(sed -nE 's/^Set-Cookie: ([^;]*).*/\1/pi' "$FLEET/head" | tr -d '\r')

# measure WHAT PAGES: reads for so many seconds, and prints what it cost.
measure() {
  local before after
  before=$(cpu)
  python3 "$here/dashboard_pages.py" "$P2P_COORDINATOR" "$ca" "$cookie" "$secret" "$2" "$seconds" | tail -n 1 >"$FLEET/result"
  after=$(cpu)
  jq -c --arg what "$1" --argjson cpu "$(awk "BEGIN {print $after - $before}")" '{what: $what} + . + {cores: ($cpu / (.seconds + 3) * 1000 | round / 1000)}' "$FLEET/result"
}
measure 'idle fleet' 1
touch "$FLEET/chatter"
measure "$rate lines a second, no page" 0
measure "$rate lines a second" "$pages"
