# p2p-logs without a fleet: usage, help, and what it says when it cannot connect. With one: tests/cluster.
load helpers

setup() {
  new_home
  nobody=127.0.0.1:1 # tcpmux, which nothing serves
}

@test "usage errors say what was meant and end with 2, before anything is dialled" {
  expect 2 p2p-logs
  stderr_has 'Usage: p2p-logs COMMAND'
  expect 2 p2p-logs tial
  stderr_is 'p2p-logs: error: unknown command "tial"; did you mean "tail"?
hint: p2p-logs --help'
  expect 2 p2p-logs tail --level LOUD
  stderr_has '"LOUD" is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL'
  expect 2 p2p-logs tail --level eror
  stderr_has '"eror" is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL; did you mean "ERROR"?'
  expect 2 p2p-logs tail --level WARN
  stderr_has '"WARN" is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL; did you mean "WARNING"?'
  expect 2 p2p-logs query --since 5m --until 10m
  stderr_is 'p2p-logs: error: --until is before --since'
  p2p-ca -q init
  expect 3 p2p-logs query --level error --since 10m --until 5m --coordinator "$nobody"
  expect 2 p2p-logs tail --lines 10001
  stderr_has '"10001" is not a number from 0 to 10000'
  expect 2 p2p-logs query --since soon
  stderr_is 'p2p-logs: error: --since: "soon" is not a time such as 10m, 3d, today, yesterday, 2026-01-02 or 2026-01-02T15:04:05Z'
  expect 2 p2p-logs query --until 10
  stderr_has '--until: "10" is not a time'
  expect 2 p2p-logs query --regex '(('
  stderr_has 'regex: '
  expect 2 p2p-logs query --regex '((a{1000}){1000}){1000}'
  stderr_has 'regex: '
  expect 2 p2p-logs query -o table
  stderr_has '"table" is not one of text, json'
  stdout_is ""
}

@test "help of every command has its options and an example, and the tool describes itself" {
  expect 0 p2p-logs --help
  stdout_has "sources"
  commands=$(p2p-logs --dump-commands | jq -r '.commands[].path')
  [ "$commands" = "tail
query
sources" ]
  while read -r command; do
    expect 0 p2p-logs "$command" --help
    stdout_has "Usage: p2p-logs $command"
    stdout_has "Example"
  done <<<"$commands"
}

@test "without an identity it says how to get one; without a coordinator that nobody answers" {
  expect 2 p2p-logs tail
  stderr_has "p2p-ca init"
  p2p-ca -q init
  for command in "tail" "tail --no-follow" "query" "sources"; do
    expect 3 p2p-logs $command --coordinator $nobody
    stdout_is ""
    stderr_is "p2p-logs: error: $nobody: Connection refused
hint: the address comes from --coordinator"
  done
}
