# p2p-ctl with a fleet: what it shows of services and nodes, and what it does with them.

load cluster

setup_file() {
  fleet_setup
  local services=$P2P_HOME/services
  mkdir -p "$services/worker-1" "$services/worker-2/broken"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$services/worker-1/"
  cp -r "$P2P_SOURCE_DIR/config/services/disk" "$services/worker-2/"
  cp -r "$P2P_SOURCE_DIR/config/services/checks" "$services/worker-1/"
  echo 'name: broken' >"$services/worker-2/broken/service.yaml"
  chmod -R u=rwX,go=rX "$services"
  fleet_of_three
  wait_until 20 runs worker-1 checks
}

setup() { P2P_COORDINATOR=$(cat "$FLEET/run/coordinator"); export P2P_COORDINATOR; }
teardown_file() { fleet_teardown; }

runs() { p2p-ctl services --node "$1" -o json | jq -e --arg n "$2" '.[] | select(.name == $n and .state == "running")'; }
# fails_with CODE STDERR COMMAND…
fails_with() {
  local code=$1 text=$2
  shift 2
  run "-$code" --separate-stderr "$@"
  [[ -z $output && $stderr == "$text" ]] || { printf '%s\nstdout: %s\nstderr: %s\n' "$*" "$output" "$stderr"; false; }
}

@test "services says why one is broken, and so does a call of it" {
  run -0 --separate-stderr p2p-ctl services
  grep -E '^broken +error +worker-2 +.*service.yaml:1:1: needs a command$' <<<"$output"
  fails_with 1 "p2p-ctl: error: service \"broken\" cannot run on node \"worker-2\": $P2P_HOME/services/worker-2/broken/service.yaml:1:1: needs a command
hint: p2p-ctl services describe broken --node worker-2" p2p-ctl call broken.fix
  # A method that a running service has not got is another matter.
  fails_with 5 'p2p-ctl: error: no method "checks.fixed" on node "worker-1"
hint: p2p-ctl services' p2p-ctl call checks.fixed
}

@test "describe shows where a service is, its process, and what its methods take" {
  run -0 --separate-stderr p2p-ctl services describe checks
  local pid
  pid=$(p2p-ctl services describe checks -o json | jq '.[0].pids[0]')
  [[ $(readlink "/proc/$pid/cwd") == "$P2P_HOME/services/worker-1/checks" ]]
  grep -E "^worker-1 +running +1\.0\.0 +[0-9]+ +1 +$pid$" <<<"$output"
  grep -E '^ +port +integer; required; at least 1; at most 65535$' <<<"$output"
  run -0 --separate-stderr p2p-ctl services describe disk -o name
  [[ $output == worker-1$'\n'worker-2 ]]
  fails_with 5 'p2p-ctl: error: no node has a service "dsik"; did you mean "disk"?
hint: p2p-ctl services' p2p-ctl services describe dsik
  fails_with 5 'p2p-ctl: error: no service "checks" on this node
hint: p2p-ctl services --node worker-2' p2p-ctl services describe checks --node worker-2
}

@test "a service is stopped and started on the one node that has it; where several have it, one says which" {
  run -0 --separate-stderr p2p-ctl services stop checks -o json
  jq -e '. == [{node: "worker-1", name: "checks", state: "stopped"}]' <<<"$output"
  fails_with 1 'p2p-ctl: error: service "checks" is stopped on node "worker-1"
hint: p2p-ctl services start checks --node worker-1' p2p-ctl call checks.tcp host=127.0.0.1 port:=1
  run -0 --separate-stderr p2p-ctl services start checks
  wait_until 20 runs worker-1 checks
  fails_with 2 'p2p-ctl: error: 2 nodes have the service "disk": worker-1, worker-2
hint: say which with --node ID, --role ROLE or --all' p2p-ctl services restart disk
  run -0 --separate-stderr p2p-ctl services restart disk --all -o json
  jq -e 'map(.node) == ["worker-1", "worker-2"]' <<<"$output"
  run -0 --separate-stderr p2p-ctl services restart disk --node worker-2 -o name
  [[ $output == worker-2 ]]
  fails_with 5 'p2p-ctl: error: no such node has a service "disk"
hint: p2p-ctl services' p2p-ctl services stop disk --role coordinator
  fails_with 2 'p2p-ctl: error: --node excludes --role and --all' p2p-ctl services stop disk --node worker-1 --all
}

@test "names for completions come quickly, and nothing comes where nobody answers" {
  [[ $(p2p-ctl __names nodes | xargs) == "coordinator-1 worker-1 worker-2" ]]
  p2p-ctl __names services | grep -x disk
  p2p-ctl __names methods | grep -x disk.usage
  run -0 --separate-stderr p2p-ctl __names nodes --coordinator 127.0.0.1:1
  [[ -z $output && -z $stderr ]]
  run -0 --separate-stderr env P2P_HOME="$FLEET/nowhere" p2p-ctl __names methods
  [[ -z $output && -z $stderr ]]
  # One that takes the connection and says nothing.
  coproc python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
input()'
  local port
  read -ru "${COPROC[0]}" port
  run -0 --separate-stderr timeout 20 p2p-ctl __names nodes --coordinator "127.0.0.1:$port"
  [[ -z $output && -z $stderr ]]
  echo >&"${COPROC[1]}"
}

@test "bash completes the names of nodes, services and methods" {
  eval "$(p2p-ctl completion bash)"
  compopt() { :; }
  complete_words() {
    COMP_WORDS=(p2p-ctl "$@") COMP_CWORD=$#
    _p2p_ctl
    [[ -n ${COMPREPLY[*]} ]]
  }
  complete_words call --node w && [[ ${COMPREPLY[*]} == "worker-1 worker-2" ]]
  complete_words services describe che && [[ ${COMPREPLY[*]} == checks ]]
  complete_words call disk. && [[ ${COMPREPLY[*]} == disk.usage ]]
  complete_words ping co && [[ ${COMPREPLY[*]} == coordinator-1 ]]
  complete_words completion '' && [[ ${COMPREPLY[*]} == "bash zsh fish" ]]
}
