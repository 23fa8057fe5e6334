#!/usr/bin/env bats
# The generated completions complete; and those in completions/ are what the tools of today give.

setup() {
  house=$BATS_TEST_DIRNAME
  repo=$house/../..
}

make_sample() { "$repo/scripts/completions" "$house/sample" "$BATS_TEST_TMPDIR"; }

# complete_bash WORD…: what bash offers for the last word, one line, sorted.
complete_bash() {
  bash -c '
    . "$1"
    shift
    COMP_WORDS=(p2p-sample "$@")
    COMP_CWORD=$#
    compopt() { :; }
    _p2p_sample
    printf "%s\n" "${COMPREPLY[@]}" | sort | xargs' complete "$BATS_TEST_TMPDIR/p2p-sample.bash" "$@"
}

complete_fish() {
  fish --no-config -c "source $BATS_TEST_TMPDIR/p2p-sample.fish; complete -C 'p2p-sample $1'" | cut -f 1 | sort | xargs
}

@test "bash offers subcommands, options and values where they belong" {
  make_sample
  touch "$BATS_TEST_TMPDIR/here.pem"
  [ "$(complete_bash '')" = 'context sign verify' ]
  [ "$(complete_bash context '')" = 'add' ]
  [ "$(complete_bash sign --)" = '--days --home --output --quiet --role' ]
  [ "$(complete_bash sign '')" = '' ]
  [ "$(complete_bash context add --b)" = '--bundle' ]
  [ "$(complete_bash sign --role '')" = 'operator worker' ]
  [ "$(complete_bash verify --role '')" = 'guest' ]
  [ "$(complete_bash --quiet sign -o j)" = 'json' ]
  [ "$(complete_bash --)" = '--home --output --quiet' ]
  [ "$(complete_bash verify "$BATS_TEST_TMPDIR/he")" = "$BATS_TEST_TMPDIR/here.pem" ]
}

@test "fish offers the same" {
  command -v fish >/dev/null || skip "fish is not installed"
  make_sample
  touch "$BATS_TEST_TMPDIR/here.pem"
  [ "$(complete_fish '')" = 'context sign verify' ]
  [ "$(complete_fish 'context ')" = 'add' ]
  [ "$(complete_fish 'sign --')" = '--days --home --output --quiet --role' ]
  [ "$(complete_fish 'sign ')" = '' ]
  [ "$(complete_fish 'sign --role ')" = 'operator worker' ]
  [ "$(complete_fish 'verify --role ')" = 'guest' ]
  [ "$(complete_fish "verify $BATS_TEST_TMPDIR/he")" = "$BATS_TEST_TMPDIR/here.pem" ]
}

@test "zsh parses its file, which has each subcommand and option" {
  command -v zsh >/dev/null || skip "zsh is not installed"
  make_sample
  zsh -n "$BATS_TEST_TMPDIR/_p2p-sample"
  for word in sign context add --days --bundle --quiet; do grep -qF "'$word:" "$BATS_TEST_TMPDIR/_p2p-sample"; done
}

@test "the files in completions/ are what the tools give" {
  [ -n "${BIN:-}" ] || skip "no tools are built"
  "$repo/scripts/completions" "$BIN" "$BATS_TEST_TMPDIR"
  for file in "$BATS_TEST_TMPDIR"/*p2p-*; do
    diff -u "$repo/completions/$(basename "$file")" "$file" || {
      echo "run scripts/completions, look at the change, commit it"
      false
    }
  done
}
