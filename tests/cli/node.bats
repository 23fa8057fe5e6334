# p2p-node: what it says before it serves.
load helpers

setup() { new_home; }
teardown() { stop_node; }

@test "an empty home: one sentence, and what to do" {
  expect 2 p2p-node
  stderr_is "p2p-node: error: node_id is not set and certs/ holds no node certificate
hint: p2p-node join makes this machine a member of a fleet; for a coordinator: p2p-ca init && p2p-node --set node_id=NAME --set coordinator_mode=true"
}

@test "what the hint says works, and a second node of this home is told what it needs" {
  p2p-ca -q init
  start_node --set node_id=main --set coordinator_mode=true
  expect 1 p2p-node --set node_id=main --set coordinator_mode=true --set port=0
  [[ $stderr == *"another process runs with this state_directory: "*"/lock: locked by process $node"* ]]
  stderr_has "hint: to run a second node on this machine: --set state_directory=data/main --set port=N"
}

@test "join asks again after an empty line, three times in all, and ends with the terminal's input" {
  on_terminal_with "
read_until('Invitation (it is not shown): ')
type('\\n')
read_until('Invitation (it is not shown): ')
type('nonsense\\n')
assert end() == 2
assert b'Invitation' not in seen and b'not a valid invitation' in seen, seen
" p2p-node join
  on_terminal_with "
for i in range(3):
    read_until('Invitation (it is not shown): ')
    type('\\n')
assert end() == 2
assert b'the invitation is empty' in seen and b'--invitation-file' in seen, seen
" p2p-node join
  on_terminal_with "
read_until('Invitation (it is not shown): ')
type('\\n')
read_until('Invitation (it is not shown): ')
type('\\x04')
code = end()
assert code > 0, code
assert b'Invitation' not in seen and b'no invitation was typed' in seen, seen
" p2p-node join
}

@test "join leaves a configuration alone that is of another role than the invitation" {
  p2p-ca -q init
  p2p-ca -q invite worker-2 --coordinator 127.0.0.1:1 --out "$BATS_TEST_TMPDIR/invitation"
  P2P_HOME="$BATS_TEST_TMPDIR/other"
  mkdir -p "$P2P_HOME/config"
  printf 'node_id: worker-2\ncoordinator_addresses: ["127.0.0.1:1"]\ncoordinator_mode: true\n' >"$P2P_HOME/config/node.yaml"
  expect 1 p2p-node join --invitation-file "$BATS_TEST_TMPDIR/invitation"
  stderr_is "p2p-node: error: $P2P_HOME/config/node.yaml: coordinator_mode is true, but the invitation is for worker worker-2 of cluster p2p
hint: correct it, or replace what is there with --force"
}
