#!/usr/bin/env bats
# The check of manual pages finds what is missing, misplaced or out of date.

setup() {
  cd "$BATS_TEST_DIRNAME" || return
  page=$BATS_TEST_TMPDIR/p2p-sample.1.scd
}

# differs MESSAGE SED-SCRIPT: the sample's page, changed like this, is refused with this one line.
differs() {
  sed "$2" sample/p2p-sample.1.scd >"$page"
  run ./manual sample/p2p-sample "$page"
  echo "$output"
  [ "$status" -eq 1 ]
  [ "$output" = "$page: $1" ]
}

@test "a page that says all passes" {
  run ./manual sample/p2p-sample sample/p2p-sample.1.scd
  echo "$output"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "an option that is not described" { differs ' sign --days is not described' '/^\*--days/d'; }
@test "a common option that is not described" { differs ' --home is not described' '/^\*--home/d'; }
@test "an option under another command" {
  sed 's/^\*--bundle/*--role/' sample/p2p-sample.1.scd >"$page"
  run ./manual sample/p2p-sample "$page"
  [ "$status" -eq 1 ]
  [[ $output == *' context add --role is not an option of the tool'* ]]
  [[ $output == *' context add --bundle is not described'* ]]
}
@test "a command without a heading" { differs 'no heading for context' 's/^## context$//'; }
@test "an option that is gone from the tool" { differs ' verify --gone is not an option of the tool' 's/^## context add/*--gone*\n\n&/'; }
@test "a help without an example" {
  sed '/Example/d' sample/p2p-sample >"$BATS_TEST_TMPDIR/p2p-sample"
  chmod +x "$BATS_TEST_TMPDIR/p2p-sample"
  run ./manual "$BATS_TEST_TMPDIR/p2p-sample" sample/p2p-sample.1.scd
  [ "$status" -eq 1 ]
  [[ $output == *'p2p-sample sign --help has no example'* ]]
}
