#!/usr/bin/env bats
# Nothing in a message can end it early, begin another one, or add a field to it.

load common

@test "no way into a message brings a second one" {
  run /usr/bin/python3 -B "$BATS_TEST_DIRNAME/witness/smuggle.py" "$SMTPSEND_BUILD/smtpsend" smuggled
  assert_success
  assert_output --regexp '^[0-9]+ sequences, [0-9]+ messages, [0-9]+ sent, 0 differences$'
}
