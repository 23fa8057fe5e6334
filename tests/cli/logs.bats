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
  stderr_is 'p2p-logs: error: --since: "soon" is not a time such as 10m, 3d, yesterday, 15:04, 2026-01-02 or 2026-01-02T15:04:05Z'
  expect 2 p2p-logs query --until 10
  stderr_has '--until: "10" is not a time'
  expect 2 p2p-logs query --regex '(('
  stderr_has 'regex: '
  expect 2 p2p-logs query --regex '((a{1000}){1000}){1000}'
  stderr_has 'regex: '
  expect 2 p2p-logs query -o table
  stderr_has '"table" is not one of text, json, logfmt, template'
  stdout_is ""
}

@test "a variable that is not set never means everything" {
  for option in --node --logger; do
    for value in '' 'a,,b' ','; do
      expect 2 p2p-logs query "$option" "$value"
      stderr_is "p2p-logs: error: $option: a pattern must not be empty"
    done
  done
  expect 2 p2p-logs query --since ''
  stderr_has '--since: "" is not a time'
  expect 2 p2p-logs export --cursor-file ''
  stderr_is 'p2p-logs: error: --cursor-file: the name must not be empty'
  expect 2 p2p-logs clear --yes --node ''
  stderr_is 'p2p-logs: error: --node: "" is not the name of one node'
  expect 2 p2p-logs clear --yes --node 'worker-*'
  stderr_is 'p2p-logs: error: --node: "worker-*" is not the name of one node'
}

@test "a template is checked before anything is dialled, and the fields are named" {
  fields='hint: the fields are timestamp, node_id, epoch, seq, level, logger_name, message, attrs, module, function, line, trace_id, received_at, cursor'
  for command in query tail; do
    expect 2 p2p-logs $command --template '{mesage}'
    stderr_is "p2p-logs: error: --template: there is no field \"mesage\"; did you mean \"message\"?
$fields"
    expect 2 p2p-logs $command -o template
    stderr_is "p2p-logs: error: -o template needs --template
$fields"
    expect 2 p2p-logs $command -o logfmt --template '{message}'
    stderr_is 'p2p-logs: error: --template goes with -o template, not with -o logfmt'
  done
}

@test "options that do not go together are refused" {
  expect 2 p2p-logs query --reverse --cursor-file "$BATS_TEST_TMPDIR/seen"
  stderr_is 'p2p-logs: error: --reverse does not go with --cursor-file, which goes on to newer records'
  [ ! -e "$BATS_TEST_TMPDIR/seen" ]
  expect 2 p2p-logs export --force
  stderr_is 'p2p-logs: error: --force goes with --out'
  expect 2 p2p-logs stats -o name
  stderr_has '"name" is not one of table, json, yaml'
  expect 2 p2p-logs stats --top 1001
  stderr_has '"1001" is not a number from 1 to 1000'
}

@test "with -o json what goes wrong is one line of JSON, whatever the command" {
  p2p-ca -q init
  for command in "tail" "tail --no-follow" "query" "stats" "sources" "clear --yes"; do
    expect 3 p2p-logs $command -o json --coordinator $nobody
    stdout_is ""
    stderr_is '{"error":{"kind":"unreachable","exit_code":3,"message":"127.0.0.1:1: Connection refused","hint":"the address comes from --coordinator"}}'
  done
  expect 2 p2p-logs query --since soon -o json
  stderr_is '{"error":{"kind":"usage","exit_code":2,"message":"--since: \"soon\" is not a time such as 10m, 3d, yesterday, 15:04, 2026-01-02 or 2026-01-02T15:04:05Z"}}'
}

@test "help of every command has its options and an example, and the tool describes itself" {
  expect 0 p2p-logs --help
  stdout_has "sources"
  commands=$(p2p-logs --dump-commands | jq -r '.commands[].path')
  [ "$commands" = "tail
query
stats
export
clear
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
  for command in "tail" "tail --no-follow" "query" "stats" "export" "clear --yes" "sources"; do
    expect 3 p2p-logs $command --coordinator $nobody
    stdout_is ""
    stderr_is "p2p-logs: error: $nobody: Connection refused
hint: the address comes from --coordinator"
  done
}
