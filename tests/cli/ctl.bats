# p2p-ctl without a fleet: usage, help, contexts, and what it says when it cannot connect. With one: tests/cluster.
load helpers

setup() {
  new_home
  nobody=127.0.0.1:1 # tcpmux, which nothing serves
}

@test "usage errors say what was meant and end with 2" {
  expect 2 p2p-ctl nodez
  stdout_is ""
  stderr_is 'p2p-ctl: error: unknown command "nodez"; did you mean "nodes"?
hint: p2p-ctl --help'
  expect 2 p2p-ctl call system.ping --nod worker-1
  stderr_has 'unknown option "--nod"; did you mean "--node"?'
  expect 2 p2p-ctl nodes --nope
  stderr_is 'p2p-ctl: error: unknown option "--nope"
hint: p2p-ctl nodes --help'
  expect 2 p2p-ctl --node worker-1 call system.ping
  stderr_is 'p2p-ctl: error: --node goes after the command
hint: p2p-ctl call --help'
  expect 2 p2p-ctl --node call
  stderr_has 'error: --node goes after the command'
  expect 2 p2p-logs --level ERROR tail
  stderr_has 'error: --level goes after the command'
  expect 2 p2p-vault -f get entry
  stderr_has 'error: -f goes after the command'
  expect 2 p2p-ctl --nodez worker-1 call system.ping
  stderr_has 'unknown option "--nodez"; did you mean "--node"?'
  expect 2 p2p-ctl nodes ---
  stderr_has 'unknown option "---"'
  expect 2 p2p-ctl call
  stderr_is 'p2p-ctl: error: SERVICE.METHOD is missing
hint: p2p-ctl call --help'
  expect 2 p2p-ctl call ping
  stderr_is 'p2p-ctl: error: "ping" is not of the form SERVICE.METHOD
hint: as in system.ping; p2p-ctl services lists the services'
  expect 2 p2p-ctl call system.ping --node a --all
  stderr_has 'exclude each other'
  expect 2 p2p-ctl call system.ping --timeout 30
  stderr_has '"30" is not a duration such as 500ms, 30s, 1h30m or 7d'
  expect 2 p2p-ctl call system.ping --role operator
  stderr_has '"operator" is not one of worker, coordinator'
  expect 2 p2p-ctl ping
  stderr_has 'expects either NODE or --all'
  expect 2 p2p-ctl context
  stderr_has '"context" expects one of: add, use, rm, ls'
  expect 2 p2p-ctl
  stderr_has 'Usage: p2p-ctl COMMAND'
}

@test "parameters are checked before anything is dialled" {
  expect 2 p2p-ctl call disk.usage worker-1
  stderr_is 'p2p-ctl: error: parameter "worker-1": expects key=text, key:=json or key=@file
hint: --node worker-1 would call it on that node; see p2p-ctl call --help'
  expect 2 p2p-ctl call disk.usage '{"path": "/"}'
  stderr_has 'hint: --params JSON takes all parameters at once'
  expect 2 p2p-ctl call disk.usage '/var'
  stderr_has 'hint: p2p-ctl call --help'
  expect 2 p2p-ctl call disk.usage 'n:={'
  stderr_has 'parameter "n:={": not JSON'
  expect 5 p2p-ctl call disk.usage text=@"$BATS_TEST_TMPDIR/absent"
  stderr_has 'absent: No such file or directory'
  expect 2 p2p-ctl call disk.usage a=1 --params '{}'
  expect 2 p2p-ctl call disk.usage --params -
  stderr_has '"--params": not JSON'
}

@test "help of every command has its options and an example, and the tool describes itself" {
  expect 0 p2p-ctl --help
  stdout_has "context add"
  expect 0 p2p-ctl --version
  [[ "$output" =~ ^p2p-ctl\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
  commands=$(p2p-ctl --dump-commands | jq -r '.commands[].path')
  [ "$(wc -l <<<"$commands")" -ge 8 ]
  while read -r command; do
    expect 0 p2p-ctl $command --help
    stdout_has "Usage: p2p-ctl $command"
    stdout_has "Example"
    while read -r option; do
      stdout_has "$option"
    done < <(p2p-ctl --dump-commands | jq -r --arg c "$command" '.commands[] | select(.path == $c) | .options[].names[], .arguments[].name')
  done <<<"$commands"
}

@test "without an identity it says which commands make one" {
  expect 2 p2p-ctl nodes
  stdout_is ""
  stderr_is "p2p-ctl: error: no operator certificate here ($certs/operator_cert.pem: No such file or directory)
hint: make a fleet with \"p2p-ca init\", or join one with \"p2p-ctl context add NAME --bundle FILE\""
}

@test "where nobody answers it says so, with the address and where it comes from, and ends with 3" {
  p2p-ca -q init
  expect 3 p2p-ctl nodes --coordinator "$nobody"
  stdout_is ""
  stderr_is "p2p-ctl: error: $nobody: Connection refused
hint: the address comes from --coordinator"
  P2P_COORDINATOR=$nobody expect 3 p2p-ctl status -o json
  stdout_is ""
  stderr_has 'the address comes from $P2P_COORDINATOR'
  expect 2 p2p-ctl nodes --coordinator 'a b:1'
  stderr_has '--coordinator: '
}

@test "a key that others can read is refused" {
  p2p-ca -q init
  chmod 644 "$certs/operator_key.pem"
  expect 4 p2p-ctl nodes --coordinator "$nobody"
  stderr_has "chmod 600 $certs/operator_key.pem"
}

@test "a bundle brings an operator to another machine" {
  p2p-ca -q init --name shop
  p2p-ca -q sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  export P2P_HOME="$BATS_TEST_TMPDIR/laptop"

  expect 0 p2p-ctl context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle" --coordinator "$nobody"
  stdout_is ""
  stderr_is "context shop added and current: operator alice of shop"
  mode_is "$P2P_HOME/certs/contexts/shop/key.pem" 600
  mode_is "$P2P_HOME/certs/contexts" 700
  openssl verify -CAfile "$P2P_HOME/certs/contexts/shop/ca_cert.pem" "$P2P_HOME/certs/contexts/shop/cert.pem"

  expect 0 p2p-ctl context ls -o json
  same_text "the current one" "$(jq -r '.[] | select(.current) | [.name, .coordinator, .cluster, .operator] | join(" ")' <<<"$output")" \
    "shop $nobody shop alice"
  expect 3 p2p-ctl nodes
  stderr_has "the address comes from context shop"

  expect 0 p2p-ctl context ls -o name
  stdout_is "local
shop"
  expect 2 p2p-ctl nodes --context local
}

@test "the context local is used only where there is an operator certificate, or a token" {
  p2p-ca -q init
  p2p-ca -q sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  export P2P_HOME="$BATS_TEST_TMPDIR/laptop"
  expect 0 p2p-ctl context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle" --coordinator "$nobody"
  expect 5 p2p-ctl context use local
  stderr_is "p2p-ctl: error: the context local is this home's own operator certificate, and there is none: $P2P_HOME/certs/operator_cert.pem
hint: p2p-ctl context ls shows the others; p2p-ca init makes a fleet of its own here"
  expect 0 p2p-ctl context ls -o json
  same_text current "$(jq -r '.[] | select(.current) | .name' <<<"$output")" shop
  P2P_TOKEN=x expect 0 p2p-ctl context use local
  p2p-ca -q init
  expect 0 p2p-ctl context use shop
  expect 0 p2p-ctl context use local
}

@test "a file that is no bundle is told as that before anybody is asked to protect it" {
  p2p-ca -q init
  p2p-ca -q sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  chmod 644 "$BATS_TEST_TMPDIR/alice.bundle"
  expect 4 p2p-ctl context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  stderr_has "chmod 600 $BATS_TEST_TMPDIR/alice.bundle"
  expect 9 p2p-ctl context add shop --bundle "$certs/alice_cert.pem"
  stderr_is "p2p-ctl: error: $certs/alice_cert.pem: not a p2p bundle
hint: a bundle is the file of \"p2p-ca sign NAME --role operator --bundle FILE\", whole"
}

@test "a context is replaced only with --force, and bad bundles are told apart" {
  p2p-ca -q init
  p2p-ca -q sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  p2p-ca -q sign worker-1 --bundle "$BATS_TEST_TMPDIR/worker.bundle"
  expect 0 p2p-ctl context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  stderr_has "hint: no coordinator is set"
  expect 1 p2p-ctl context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  stderr_is 'p2p-ctl: error: context "shop" is there already
hint: --force replaces it'
  expect 0 p2p-ctl context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle" --force
  expect 2 p2p-ctl context add lab --bundle "$BATS_TEST_TMPDIR/worker.bundle"
  stderr_has "not of an operator"
  expect 2 p2p-ctl context add ../lab --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  expect 5 p2p-ctl context add lab --bundle "$BATS_TEST_TMPDIR/absent"
  (umask 077; head -c 300 "$BATS_TEST_TMPDIR/alice.bundle" >"$BATS_TEST_TMPDIR/torn.bundle")
  expect 9 p2p-ctl context add lab --bundle "$BATS_TEST_TMPDIR/torn.bundle"
  expect 5 p2p-ctl context use lab
  stderr_has 'no context "lab"; there are: local, shop'
}

@test "stdin is not read unasked, closed streams do no harm, and lost output is an error" {
  p2p-ca -q init
  run -3 --separate-stderr bash -c "p2p-ctl nodes --coordinator $nobody <&-"
  yes | head -c 100000 >"$BATS_TEST_TMPDIR/much"
  (exec 3<"$BATS_TEST_TMPDIR/much"; p2p-ctl context ls <&3 >/dev/null; [ "$(wc -c <&3)" -eq 100000 ])
  run -1 --separate-stderr bash -c "p2p-ctl context ls >/dev/full"
  stderr_is "p2p-ctl: error: cannot write to standard output"
  run -1 --separate-stderr bash -c "p2p-ctl context ls >&-"
  run -0 bash -c "p2p-ctl context ls 2>&-"
}

@test "closed stdin is not taken for an empty one" {
  p2p-ca -q init
  local said='p2p-ctl: error: standard input is closed, or cannot be read'
  for command in 'call system.echo text=@-' 'call system.echo --params -' 'token revoke -' 'context add x --bundle -'; do
    run -2 --separate-stderr bash -c "p2p-ctl $command --coordinator $nobody <&-"
    [[ ${stderr%%$'\n'*} == "$said" ]] || { echo "$command: $stderr"; false; }
  done
  # An empty one is.
  run -3 --separate-stderr bash -c "p2p-ctl call system.echo text=@- --coordinator $nobody </dev/null"
  run -2 --separate-stderr bash -c "p2p-ctl token revoke - </dev/null"
  stderr_has "standard input holds no token"
  run -2 --separate-stderr bash -c "p2p-node join - <&-"
  stderr_is "p2p-node: error: standard input is closed, or cannot be read"
  run -2 --separate-stderr setsid --wait p2p-node join
  stderr_is "p2p-node: error: there is no terminal to ask for the invitation on
hint: give it by --invitation-file FILE, on standard input with -, or in \$P2P_INVITATION"
}

@test "colour only on a terminal and without NO_COLOR" {
  expect 0 p2p-ctl context ls
  [[ "$output" != *$'\e'* ]]
  TERM=xterm run script -qec "p2p-ctl context ls" /dev/null
  [[ "$output" == *$'\e[1mNAME'* ]]
  TERM=xterm NO_COLOR=1 run script -qec "p2p-ctl context ls" /dev/null
  [[ "$output" != *$'\e['* ]]
}

# Each line: exit code, kind, command, message, hint. {home} and {tmp} stand for their folders.
golden() {
  cat <<'TABLE'
2|usage|nodez|unknown command "nodez"; did you mean "nodes"?|p2p-ctl --help
2|usage|nodes worker-1|unexpected argument "worker-1"|p2p-ctl nodes --help
2|usage|nodes remov worker-1|unexpected argument "remov"; did you mean "remove"?|p2p-ctl nodes --help
2|usage|nodes forget|NODE is missing|p2p-ctl nodes forget --help
2|usage|nodes forget ../x|"../x" is not the name of a node|
2|usage|nodes remove w --reason bored|--reason: "bored" is not one of cessation-of-operation, key-compromise, superseded, unspecified|p2p-ctl nodes remove --help
2|usage|nodes remove w --timeout 0s|--timeout must be more than nothing|p2p-ctl nodes remove --help
2|usage|services describe|SERVICE is missing|p2p-ctl services describe --help
2|usage|services describe a/b|"a/b" is not the name of a service|
2|usage|services --node w --all|--node excludes --role and --all|
2|usage|services start disk --node w --role worker|--node excludes --role and --all|
2|usage|services stop disk --node .|"." is not the name of a node|
2|usage|call ping|"ping" is not of the form SERVICE.METHOD|as in system.ping; p2p-ctl services lists the services
2|usage|call system.ping --timeout 0s|--timeout must be more than nothing|p2p-ctl call --help
2|usage|services restart disk --timeout 0s|--timeout must be more than nothing|p2p-ctl services restart --help
2|usage|certs renew --timeout 0s|--timeout must be more than nothing|p2p-ctl certs renew --help
2|usage|ping --all --timeout 0s|--timeout must be more than nothing|p2p-ctl ping --help
2|usage|call system.ping --repeat 0|--repeat: "0" is not a number from 1 to 1000000|p2p-ctl call --help
2|usage|call system.ping --interval 1s|--interval goes with --repeat|
2|usage|call system.ping --node a --all|--node, --service and --all or --role exclude each other|
2|usage|ping|expects either NODE or --all|p2p-ctl ping --help
2|usage|wait worker-1|"wait" expects one of: node, service|p2p-ctl wait node worker-1, or p2p-ctl wait service worker-1
2|usage|services list|unexpected argument "list"|p2p-ctl services lists them
2|usage|wait|"wait" expects one of: node, service|p2p-ctl wait --help
2|usage|wait node|NODE is missing|p2p-ctl wait node --help
2|usage|wait node w --alive --gone|--alive, --dead and --gone exclude each other|
2|usage|wait node w --timeout soon|--timeout: "soon" is not a duration such as 500ms, 30s, 1h30m or 7d|p2p-ctl wait node --help
2|usage|wait service disk --node a,b|"a,b" is not the name of a node|
2|usage|watch|"watch" expects one of: nodes, services|p2p-ctl watch --help
2|usage|watch nodes --interval 1ms|--interval must be 100ms or more|p2p-ctl watch nodes --help
2|usage|top --interval 1ms|--interval must be from 200ms to 1h|
2|usage|config|"config" expects one of: get|p2p-ctl config --help
2|usage|completion tcsh|SHELL: "tcsh" is not one of bash, zsh, fish|p2p-ctl completion --help
2|usage|context rm local|the context local is this home's own operator certificate, and always there|
2|usage|token create --sub ci --scope rpc:call --ttl 0s|--ttl must be 1s or more|p2p-ctl token create --help
2|usage|token create --sub ci --scope rpc:call --ttl 1ms|--ttl must be 1s or more|p2p-ctl token create --help
2|usage|token create --sub ci --scope rpc:call --ttl 99999d|--ttl: "99999d" is too long: at most 36500d|p2p-ctl token create --help
2|usage|token create --sub ci --scope rpc:call --ttl 99999999999999999999s|--ttl: "99999999999999999999s" is too long: at most 36500d|p2p-ctl token create --help
2|usage|dashboard --print --port 8443|--print excludes --port: it prints an address of the coordinator and serves nothing here|
2|usage|token create --scope rpc:call|--sub is missing|p2p-ctl token create --help
2|usage|nodes --cert x.pem|--cert and --key belong together|
2|usage|context rm shop|there is no terminal to ask on|--yes answers the question
3|unreachable|nodes|127.0.0.1:1: Connection refused|the address comes from --coordinator
3|unreachable|services restart disk|127.0.0.1:1: Connection refused|the address comes from --coordinator
3|unreachable|top --once|127.0.0.1:1: Connection refused|the address comes from --coordinator
3|unreachable|watch services|127.0.0.1:1: Connection refused|the address comes from --coordinator
3|unreachable|config get|127.0.0.1:1: Connection refused|the address comes from --coordinator
4|not_permitted|context add lab --bundle {tmp}/open.bundle|{tmp}/open.bundle: readable by others (mode 0644); run: chmod 600 {tmp}/open.bundle|
5|not_found|context use lab|no context "lab"; there are: local, shop|p2p-ctl context ls
5|not_found|context rm lab --yes|no context "lab"; there are: local, shop|p2p-ctl context ls
5|not_found|call system.echo text=@{tmp}/absent|{tmp}/absent: No such file or directory|p2p-ctl call --help
6|timeout|wait node w --timeout 200ms|node "w" was not alive within 200ms: 127.0.0.1:1: Connection refused|the address comes from --coordinator
1|failed|context add shop --bundle {tmp}/alice.bundle|context "shop" is there already|--force replaces it
9|damaged|context add lab --bundle {home}/certs/ca_cert.pem|{home}/certs/ca_cert.pem: not a p2p bundle|a bundle is the file of "p2p-ca sign NAME --role operator --bundle FILE", whole
TABLE
}

@test "each exit code has its sentence and hint, and the same as JSON; nothing is on stdout" {
  p2p-ca -q init
  p2p-ca -q sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  cp "$BATS_TEST_TMPDIR/alice.bundle" "$BATS_TEST_TMPDIR/open.bundle"
  chmod 644 "$BATS_TEST_TMPDIR/open.bundle"
  p2p-ctl -q context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  p2p-ctl -q context use local
  local code kind command message hint words
  while IFS='|' read -r code kind command message hint; do
    command=${command//'{tmp}'/$BATS_TEST_TMPDIR} message=${message//'{tmp}'/$BATS_TEST_TMPDIR} hint=${hint//'{tmp}'/$BATS_TEST_TMPDIR}
    command=${command//'{home}'/$P2P_HOME} message=${message//'{home}'/$P2P_HOME} hint=${hint//'{home}'/$P2P_HOME}
    read -ra words <<<"$command"
    echo "p2p-ctl $command"
    expect "$code" p2p-ctl "${words[@]}" --coordinator "$nobody"
    stdout_is ""
    stderr_is "p2p-ctl: error: $message${hint:+$'\n'hint: $hint}"
    expect "$code" p2p-ctl "${words[@]}" --coordinator "$nobody" -o json
    stdout_is ""
    same_text json "$(jq -c . <<<"$stderr")" "$stderr"
    same_text fields "$(jq -r '.error | [.kind, .exit_code, .message, .hint // ""] | map(tostring) | join("|")' <<<"$stderr")" "$kind|$code|$message|$hint"
  done < <(golden)
}

@test "a context is removed with its key, and local is current again" {
  p2p-ca -q init
  p2p-ca -q sign alice --role operator --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  p2p-ctl -q context add shop --bundle "$BATS_TEST_TMPDIR/alice.bundle"
  expect 0 p2p-ctl context rm shop --yes
  stderr_is "context shop removed; local is current"
  [ ! -e "$certs/contexts/shop" ]
  expect 0 p2p-ctl context ls -o json
  same_text current "$(jq -r 'map("\(.name) \(.current)") | join(",")' <<<"$output")" "local true"
}

@test "the completion is the script of its shell, as it is installed" {
  for shell in bash zsh fish; do
    expect 0 p2p-ctl completion "$shell"
    case $shell in zsh) file=_p2p-ctl ;; *) file=p2p-ctl.$shell ;; esac
    same_text "$shell" "$output" "$(cat "$BATS_TEST_DIRNAME/../../completions/$file")"
  done
}
