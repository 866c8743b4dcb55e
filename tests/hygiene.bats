#!/usr/bin/env bats
# Nothing in a message can end it early, begin another one, or add a field to it.

load common

# none_gets_in WAY: whatever some server takes for the end of a message, by that way
none_gets_in() {
  run /usr/bin/python3 -B -S -E "$BATS_TEST_DIRNAME/witness/smuggle.py" \
    "$SMTPSEND_BUILD/smtpsend" smuggled "$1"
  assert_success
  assert_output --regexp '^[1-9][0-9]* sequences, [1-9][0-9]* messages, [0-9]+ sent, 0 differences$'
}

@test "no text of a message ends it" { none_gets_in text; }
@test "no text ends a message at an edge of a block" { none_gets_in 'edges of texts'; }
@test "no text ends a message at any place of a block" { none_gets_in 'all over texts'; }
@test "no attachment ends its message" { none_gets_in attachment; }
@test "no complete message ends early" { none_gets_in complete; }
@test "no complete message ends early at an edge of a block" { none_gets_in 'edges of messages'; }
@test "no complete message ends early at any place of a block" { none_gets_in 'all over messages'; }
@test "no message that was repaired ends early" { none_gets_in repair; }
@test "no message that is forwarded ends the one around it" { none_gets_in forward; }
@test "no message that is answered ends the answer or adds a field" { none_gets_in answer; }
@test "no value of an option adds a field or a command" { none_gets_in value; }
@test "no value from a document or an answered message adds a field" { none_gets_in document; }
