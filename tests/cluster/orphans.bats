# What programs of services leave behind does not outlive their node, however that ends.

load cluster

setup() {
  fleet_setup
  node_start coordinator-1 coordinator
  node_start worker-1 worker
  install_brood worker-1
  wait_until 20 offers worker-1
}
teardown() {
  [[ -z ${CALL:-} ]] || kill "$CALL" 2>/dev/null || true
  fleet_teardown
}

# A service whose call ignores SIGTERM, goes on for long, and has started a child and one in a session of its own.
install_brood() {
  local folder=$P2P_HOME/services/$1/brood
  mkdir "$folder"
  cat >"$folder/brood.sh" <<'SH'
#!/bin/sh
trap '' TERM
sleep 1000 &
echo $! >child
setsid sh -c 'echo $$ >session; exec sleep 1000' &
until [ -s session ]; do :; done
echo $$ >self.tmp && mv self.tmp self
wait
SH
  chmod 755 "$folder/brood.sh"
  printf '%s\n' 'name: brood' 'version: 1.0.0' 'description: leaves processes' 'command: [./brood.sh]' 'protocol: exec' \
    'methods: [{name: sit, description: waits, timeout: 100s}]' >"$folder/service.yaml"
}
offers() { p2p-ctl services --node "$1" | grep -q brood; }

# Begins a call in the background; its family is then in the variable of that name.
begin_call() {
  local folder=$P2P_HOME/services/worker-1/brood name pid
  p2p-ctl call brood.sit --node worker-1 --timeout 90s >"$FLEET/call.out" 2>&1 3>&- 4>&- &
  CALL=$!
  wait_until 20 test -e "$folder/self"
  FAMILY=()
  for name in self child session; do
    pid=$(cat "$folder/$name")
    [[ -d /proc/$pid ]]
    FAMILY+=("$pid")
  done
}
family_gone() {
  local pid
  for pid in "${FAMILY[@]}"; do gone "$pid" || { echo "$pid lives: $(tr '\0' ' ' <"/proc/$pid/cmdline")" && return 1; }; done
}

@test "a node that is killed takes with it all that a running call has started" {
  begin_call
  node_kill worker-1 KILL
  wait_until 10 family_gone
}

@test "so does one that a second SIGTERM ends at once" {
  begin_call
  kill -TERM "$(pid_of worker-1)"
  wait_until 10 grep -q stopping "$FLEET/worker-1.log"
  node_kill worker-1 TERM
  wait_until 10 family_gone
}

@test "so does one that is stopped in order, also what left the group of its call" {
  begin_call
  node_kill worker-1 TERM
  wait_until 10 family_gone
}
