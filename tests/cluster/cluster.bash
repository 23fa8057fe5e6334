# A fleet of real nodes for the tests: each a process of the built p2p-node with its own folder, ended by its process id
# whatever happens. Sourced by the bats files of this folder.
#
#   fleet_setup                 a home with a CA and an operator, in a temporary folder; call it in setup_file or setup
#   node_start NAME ROLE [key: value]...   starts a node and waits until it listens; its port is then in port_of NAME
#   node_kill NAME [SIGNAL]     sends SIGNAL (default KILL) and reaps it
#   wait_until SECONDS CMD...   polls CMD until it succeeds; fails loudly when it fails although begun after SECONDS
#   chatter_service NODE INSTANCES  gives a node, before it starts, the service `chatter`: so many programs that together log
#                               as many lines a second as $FLEET/chatter says
#   need_namespaces [WHAT]...   for setup: skips the test, in CI fails it, where network namespaces, a program or a device
#                               that is named are not to be had
#   start_home NS NAME HOME     runs the node of a home inside a network namespace
#   say_service                 gives worker-1 a service that logs what it is told
#   fleet_teardown              ends all nodes and removes the folder; call it in teardown_file or teardown

bats_require_minimum_version 1.5.0 2>/dev/null || true
: "${P2P_BIN_DIR:?the folder of the built tools}"
export PATH="$P2P_BIN_DIR:$PATH"
P2P_SOURCE_DIR="${P2P_SOURCE_DIR:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
# Instrumented builds are slower; the waits are only upper bounds.
P2P_PATIENCE="${P2P_PATIENCE:-1}"
# They are of the tests; a node warns about variables of its prefix that it does not know.
export -n P2P_SOURCE_DIR P2P_PATIENCE

fleet_setup() {
  FLEET=$(mktemp -d "${BATS_TMPDIR:-/tmp}/p2p-fleet.XXXXXX")
  export FLEET P2P_HOME="$FLEET/home"
  unset P2P_COORDINATOR P2P_TOKEN
  mkdir "$FLEET/run"
  mkfifo "$FLEET/never"
  p2p-ca init >"$FLEET/ca.log" 2>&1
}

# Waits a tenth of a second: the fifo never delivers.
pause() { read -rt 0.1 _ <>"$FLEET/never" || true; }

wait_until() {
  local limit=$(($1 * P2P_PATIENCE)) begin=${EPOCHREALTIME/./} attempt
  shift
  # On a busy machine looking takes long as well: what counts is the state of things when SECONDS are over.
  until attempt=${EPOCHREALTIME/./} && "$@" >"$FLEET/wait.out" 2>&1; do
    if ((attempt - begin >= limit * 1000000)); then
      echo "not within $limit s: $*"
      cat "$FLEET/wait.out"
      fleet_logs
      return 1
    fi
    pause
  done
}

fleet_logs() {
  local log
  for log in "$FLEET"/*.log; do
    echo "--- ${log##*/}"
    tail -n 25 "$log"
  done
}

# node_config NAME ROLE [key: value]...  writes the configuration of a node
node_config() {
  local name=$1 role=$2
  shift 2
  {
    echo "node_id: $name"
    echo "bind_address: 127.0.0.1"
    echo "port: $(port_of "$name")"
    echo "state_directory: data/$name"
    echo "services_directory: services/$name"
    echo "gossip_interval_min: 1"
    echo "gossip_interval_current: 1"
    echo "gossip_interval_max: 2"
    echo "failure_timeout: 12"
    [[ "$*" == *shutdown_grace_seconds* ]] || echo "shutdown_grace_seconds: 3"
    # Tests look more often than a client may, all of them from one address.
    [[ "$*" == *rate_limit_* ]] || echo "rate_limit_default_requests: 1000000" $'\nrate_limit_default_burst: 100000'
    if [[ $role == coordinator ]]; then
      echo "coordinator_mode: true"
    else
      echo "coordinator_addresses: [\"127.0.0.1:$(port_of coordinator-1)\"]"
    fi
    printf '%s\n' "$@"
  } >"$FLEET/$name.yaml"
}

# The port of a node once it listens; 0 (any free one) before its first start.
port_of() { cat "$FLEET/run/$1.port" 2>/dev/null || echo 0; }

node_start() {
  local name=$1 role=$2
  [[ -e $P2P_HOME/certs/${name}_cert.pem ]] || p2p-ca sign "$name" --role "$role" >>"$FLEET/ca.log" 2>&1
  mkdir -p "$P2P_HOME/services/$name"
  node_config "$@"
  node_run "$name"
}

# Starts a node from its present configuration.
node_run() {
  local name=$1
  : >"$FLEET/$name.log"
  p2p-node --config "$FLEET/$name.yaml" >"$FLEET/$name.out" 2>"$FLEET/$name.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/$name.pid"
  wait_until 20 listening "$name"
}

listening() {
  local port
  port=$(sed -nE 's/.*listening on [^ ]*:([0-9]+).*/\1/p' "$FLEET/$1.log" | head -n 1)
  [[ -n $port ]] || return 1
  echo "$port" >"$FLEET/run/$1.port"
  if [[ $1 == coordinator-1 ]]; then
    export P2P_COORDINATOR="127.0.0.1:$port"
    echo "$P2P_COORDINATOR" >"$FLEET/run/coordinator"
  fi
}

pid_of() { cat "$FLEET/run/$1.pid"; }

node_kill() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill -s "${2:-KILL}" "$pid" 2>/dev/null || true
  wait_until 20 gone "$pid"
  rm -f "$FLEET/run/$1.pid"
}

# True when the process has ended; a zombie of this shell counts as ended.
gone() {
  [[ ! -e /proc/$1 ]] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"
}

fleet_teardown() {
  local file
  [[ -n ${FLEET:-} && -d $FLEET ]] || return 0
  for file in "$FLEET"/run/*.pid; do
    [[ -e $file ]] && kill -KILL "$(cat "$file")" 2>/dev/null
  done
  rm -rf "$FLEET"
}

# What the node at 127.0.0.1:PORT (default: the coordinator) thinks of node NAME.
status_of() {
  local name=$1 port=${2:-$(port_of coordinator-1)}
  curl -fsS --max-time 5 --cacert "$P2P_HOME/certs/ca_cert.pem" "https://127.0.0.1:$port/cluster/nodes" |
    jq -r --arg n "$name" '.[] | select(.node_id == $n) | .status'
}

has_status() { [[ $(status_of "$1" "${3:-}") == "$2" ]]; }

# A coordinator and two workers that know each other.
fleet_of_three() {
  node_start coordinator-1 coordinator "$@"
  node_start worker-1 worker "$@"
  node_start worker-2 worker "$@"
  local from name
  for from in coordinator-1 worker-1 worker-2; do
    for name in coordinator-1 worker-1 worker-2; do
      wait_until 20 has_status "$name" alive "$(port_of "$from")"
    done
  done
}

# say_service: the service `say` of worker-1 logs each line of `lines`, or so many as `count`, by printing them to standard error.
say_service() {
  local say=$P2P_HOME/services/worker-1/say
  mkdir -p "$say"
  cat >"$say/service.yaml" <<'YAML'
name: say
version: 1.0.0
command: [./say]
protocol: exec
methods:
  - name: lines
    timeout: 30s
YAML
  printf '%s\n' '#!/bin/sh' "jq -r '.lines[]?, (select(.count) | range(.count) | \"\\(.)-\" + \"x\" * 900)' >&2" 'echo "{}"' >"$say/say"
  chmod -R u=rwX,go=rX "$P2P_HOME/services"
  chmod 755 "$say/say"
}

chatter_service() {
  local folder=$P2P_HOME/services/$1/chatter
  install -D -m 755 "$P2P_SOURCE_DIR/tests/cluster/chatter.py" "$folder/chatter"
  cat >"$folder/service.yaml" <<YAML
name: chatter
version: 1.0.0
command: [./chatter, "$FLEET/chatter", "$2"]
protocol: stdio
instances: $2
methods: [{name: nothing}]
YAML
  chmod -R u=rwX,go=rX "$P2P_HOME/services"
}

# has_namespaces [WHAT]...  whether network namespaces and the programs and devices named are to be had
has_namespaces() {
  local what
  for what in ip "$@"; do
    [[ -e $what ]] || command -v "$what" >/dev/null || return 1
  done
  [[ $(id -u) == 0 ]] && ip netns add "probe-$$" 2>/dev/null && ip netns del "probe-$$"
}

need_namespaces() {
  has_namespaces "$@" && return
  [[ -z ${CI:-} ]] || { echo "network namespaces are not to be had here"; return 1; }
  skip "needs root, ip netns${*:+, and: $*}"
}

start_home() {
  : >"$FLEET/$2.log"
  P2P_HOME=$3 ip netns exec "$1" "$P2P_BIN_DIR/p2p-node" >"$FLEET/$2.out" 2>"$FLEET/$2.log" 3>&- 4>&- &
  echo $! >"$FLEET/run/$2.pid"
  wait_until 20 listening "$2"
}
