#!/usr/bin/env bats
# scripts/deps on a machine that this test makes up: dpkg-query knows the packages of $installed, apt-get only notes that
# it was called.

setup() {
  deps=$BATS_TEST_DIRNAME/../../scripts/deps
  bin=$BATS_TEST_TMPDIR/bin installed=$BATS_TEST_TMPDIR/installed called=$BATS_TEST_TMPDIR/called
  mkdir "$bin"
  touch "$installed"
  make_program dpkg-query "grep -qxF \"\${@: -1}\" '$installed' && printf installed"
  for name in apt-get sudo; do make_program $name "echo $name \"\$@\" >>'$called'"; done
  PATH=$bin:$PATH
}

make_program() { printf '#!/bin/bash\n%s\n' "$2" >"$bin/$1" && chmod 755 "$bin/$1"; }

@test "--check names what is missing, exits 1 and installs nothing" {
  run "$deps" --check
  [ "$status" -eq 1 ]
  [[ $output == 'deps: error: missing packages: g++ cmake '*$'\n''hint: '* ]]
  [[ $output != *clang-tidy* && $output != *pebble* ]]
  run "$deps" --check --lint --peers
  [ "$status" -eq 1 ]
  [[ $output == *clang-tidy*pebble* ]]
  [ ! -e "$called" ]
}

@test "--check says nothing where all is there" {
  "$deps" --check 2>&1 | sed -n 's/.*missing packages: //p' | tr ' ' '\n' >"$installed"
  run "$deps" --check
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  run "$deps"
  [ "$status" -eq 0 ]
  [ ! -e "$called" ]
}

@test "without --check they are installed" {
  "$deps" --check 2>&1 | sed -n 's/.*missing packages: //p' | tr ' ' '\n' | grep -vx bats >"$installed"
  run "$deps"
  [ "$status" -eq 0 ]
  [[ $(cat "$called") == *'install bats' ]]
}

@test "an unknown option is refused" {
  run "$deps" --chekc
  [ "$status" -eq 2 ]
  [ "${lines[1]}" = 'hint: scripts/deps [--check] [--lint] [--peers]' ]
  [ ! -e "$called" ]
}
