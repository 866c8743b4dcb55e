#!/usr/bin/env bats
# Names and addresses, whoever says them: what a user writes arrives as it was written
# or is refused, and what the system says of itself is looked at as an option is.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

setup() {
  load common
  load_libs
  load testserver
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() { servers_end; }

# send OPTION...: a message to the server that serves
send() { smtpsend -S "127.0.0.1:$port" -t bob@y.test --body text "$@"; }

@test "VRFY and EXPN name a domain as RCPT does, in A-labels" {
  serve --no SMTPUTF8
  run smtpsend -S "127.0.0.1:$port" -vv --vrfy '<bob@bücher.test>' --vrfy $'bob@A\u0301.test' \
    --vrfy 'Zoë'
  assert_line --partial 'C: VRFY <bob@xn--bcher-kva.test>'
  assert_line --partial 'C: VRFY bob@xn--1ca.test'
  assert_line --partial 'VRFY Zoë: the server does not offer SMTPUTF8'
  run smtpsend -S "127.0.0.1:$port" -vv --expn 'liste@bücher.test'
  assert_line --partial 'C: EXPN liste@xn--bcher-kva.test'
  run -64 smtpsend -S "127.0.0.1:$port" -vv --vrfy $'bob@ü\u2044x.test'
  assert_output --partial 'cannot be in a host name'
  refute_output --partial 'C: VRFY'
}
