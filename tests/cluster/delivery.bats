# Nothing lost, nothing repeated, in order: nodes are killed at random while each follows a file that is written to and
# rotated. LOG_DELIVERY_SECONDS (60) and LOG_DELIVERY_SEED (of the clock) may be given.

load cluster

setup() { fleet_setup; }
teardown() { fleet_teardown; }

check() { python3 "$BATS_TEST_DIRNAME/log_delivery.py" check "$FLEET/written.json" "$1"; }

@test "random kills of workers, of the coordinator and of both lose, repeat and disorder nothing" {
  local node role seed=${LOG_DELIVERY_SEED:-${EPOCHREALTIME/./}}
  for node in coordinator-1 worker-1 worker-2; do
    mkdir -p "$FLEET/sources/$node"
    role=${node%-*}
    node_start "$node" "$role" "log_files: [\"$FLEET/sources/$node/app.log\"]"
    # From here on with the port that it has now.
    node_config "$node" "$role" "log_files: [\"$FLEET/sources/$node/app.log\"]"
  done
  wait_until 20 has_status worker-1 alive
  wait_until 20 has_status worker-2 alive
  timeout 900 python3 "$BATS_TEST_DIRNAME/log_delivery.py" run "$FLEET" "${LOG_DELIVERY_SECONDS:-60}" "$seed" \
    coordinator-1 worker-1 worker-2 3>&-
  check "$FLEET/stored.jsonl"
  # The checker itself: a line less, one twice, two changed places.
  local middle
  middle=$(($(wc -l <"$FLEET/stored.jsonl") / 2))
  sed "${middle}d" "$FLEET/stored.jsonl" >"$FLEET/wrong.jsonl"
  run -1 check "$FLEET/wrong.jsonl"
  [[ $output == *"lost 1, repeated 0, out of order 0"* ]]
  sed "${middle}p" "$FLEET/stored.jsonl" >"$FLEET/wrong.jsonl"
  run -1 check "$FLEET/wrong.jsonl"
  [[ $output == *"lost 0, repeated 1, out of order 0"* ]]
  grep '"worker-1 ' "$FLEET/stored.jsonl" | sed -n '1{h;d};2{p;x};p' >"$FLEET/wrong.jsonl"
  grep -v '"worker-1 ' "$FLEET/stored.jsonl" >>"$FLEET/wrong.jsonl"
  run -1 check "$FLEET/wrong.jsonl"
  [[ $output == *"lost 0, repeated 0, out of order 1"* ]]
}
