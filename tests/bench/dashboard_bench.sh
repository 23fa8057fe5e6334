#!/usr/bin/env bash
# What open dashboards cost a coordinator: one page of an idle fleet, which is compared with asking each node for
# /metrics and the coordinator for the newest lines every 5 s, as who shows the same without a feed does; then 100 pages
# that show every log line, at 1,000 lines a second of a worker.
# usage: P2P_BIN_DIR=build/release/bin tests/bench/dashboard_bench.sh [PAGES] [LINES_PER_SECOND] [SECONDS]
set -euo pipefail
pages=${1:-100} rate=${2:-1000} seconds=${3:-30}
here=$(cd "$(dirname "$0")" && pwd)
BATS_TEST_DIRNAME=$here/../cluster
# shellcheck source=tests/cluster/cluster.bash
. "$here/../cluster/cluster.bash"
trap fleet_teardown EXIT
fleet_setup
chatter_service worker-1 1
fleet_of_three "log_level: INFO" >/dev/null

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
page_bytes=$(jq .bytes_per_second "$FLEET/result")

# got PATH PORT: the bytes of an answer, compressed where the node does that.
got() { curl -sS --cacert "$ca" --compressed -o /dev/null -w '%{size_download} %{size_header}\n' -H "Authorization: Bearer $bearer" "https://127.0.0.1:$2$1" | awk '{print $1 + $2}'; }
bearer=$(p2p-ctl token create --sub poller --scope metrics:read,logs:read 2>/dev/null)
polled=$(got '/api/logs?limit=100&order=desc' "$(port_of coordinator-1)")
for name in coordinator-1 worker-1 worker-2; do polled=$((polled + $(got /metrics "$(port_of "$name")"))); done
# A minute of a page: one request, which stays open.
jq -nc --argjson page "$page_bytes" --argjson polled $((polled / 5)) '{what: "a page beside asking every 5 s", requests_per_minute: [1, 48],
  bytes_per_second: [$page, $polled], fewer_requests: (1 - 1 / 48 | . * 1000 | round / 10), fewer_bytes: (1 - $page / $polled | . * 1000 | round / 10)}'

echo "$rate" >"$FLEET/chatter"
# Unharmed: as many are stored while nobody reads, and while all pages do.
stored() { p2p-logs query --logger 'Service.chatter' --limit 0 --template x 2>/dev/null | wc -l; }
for open in 0 "$pages"; do
  before=$(stored) began=$EPOCHREALTIME
  measure "$rate lines a second, pages: $open" "$open"
  after=$(stored) ended=$EPOCHREALTIME
  jq -nc --argjson pages "$open" --argjson lines $((after - before)) --argjson seconds "$(awk "BEGIN {print $ended - $began}")" '{pages: $pages, stored_per_second: ($lines / $seconds | round)}'
done
