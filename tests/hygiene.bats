#!/usr/bin/env bats
# Nothing in a message can end it early, begin another one, or add a field to it.

setup() {
  load common
  load_libs
  cd "$BATS_TEST_TMPDIR" || return
  build=${SMTPSEND_BUILD:-$BATS_TEST_DIRNAME/../build}
}

@test "no way into a message brings a second one" {
  run /usr/bin/python3 -B "$BATS_TEST_DIRNAME/witness/smuggle.py" "$build/smtpsend" smuggled
  assert_success
  assert_output --regexp '^[0-9]+ sequences, [0-9]+ messages, [0-9]+ sent, 0 differences$'
}
