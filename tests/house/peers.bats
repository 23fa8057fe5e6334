#!/usr/bin/env bats
# A test that needs a peer program runs with it, is skipped without it, and fails without it in CI.

setup() { with_peers=$BATS_TEST_DIRNAME/../with_peers; }

@test "the command runs when its peers are there" {
  run "$with_peers" sh cat -- echo ran
  [ "$status" -eq 0 ]
  [ "$output" = ran ]
}

@test "a missing peer skips on a developer's machine" {
  CI='' run "$with_peers" sh p2p-no-such-peer -- echo ran
  [ "$status" -eq 77 ]
  [[ $output == *'needs p2p-no-such-peer'* ]]
}

@test "a missing peer fails in CI" {
  CI=true run "$with_peers" p2p-no-such-peer -- echo ran
  [ "$status" -eq 1 ]
}
