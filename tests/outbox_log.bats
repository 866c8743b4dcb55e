#!/usr/bin/env bats
# The log: a line for each mail says what became of it, and nothing else depends on that.
# port, server, output and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2119,SC2120

load testserver

setup() { export SMTPSEND_LOG=$PWD/log; }

# send ARGUMENT...: to the server on $port
send() { smtpsend -S "127.0.0.1:$port" -f me@x.test "$@"; }
flush() { timeout 30 "$SMTPSEND_BUILD/smtpsend" --flush "$@"; }

# logged [WORD=VALUE]...: the log has one line, with these words; and is no more.
logged() {
  cat log
  assert_equal "$(wc -l <log)" 1
  local word
  for word; do grep -qF -- " $word" log || fail "no $word"; done
  rm log
}

dead_port() {
  serve
  kill "$server"
  wait "$server" || true
}

@test "a mail that was sent has one line, with all that is known of it" {
  serve
  run -0 --separate-stderr send -s hi --body hello --message-id '<1@x.test>' a@y.test b@y.test
  refute [ -n "$output$stderr" ]
  run -0 cat log
  assert_output --regexp '^20[0-9-]{8}T[0-9:]{8}[+-][0-9]{4} smtpsend\[[0-9]+\]: uid='"$UID "
  logged 'from=<me@x.test>' 'to=<a@y.test>,<b@y.test>' nrcpt=2 'message-id=<1@x.test>' \
    "size=$(wc -c <mail/1.eml)" "server=127.0.0.1:$port" status=sent exit=0 'reply="250 '
}

@test "each way that a mail can go has its status" {
  serve --defer d@y.test --reject r@y.test
  run -67 send --body hi r@y.test
  logged 'to=<r@y.test>' status=refused exit=67 dsn=5.1.1 'reply="550 5.1.1 no such user"'
  run -75 send --body hi d@y.test
  logged 'to=<d@y.test>' status=deferred exit=75
  run -1 send --body hi d@y.test r@y.test a@y.test
  logged nrcpt=3 status=partial exit=1 'refused=<r@y.test>' 'deferred=<d@y.test>'
  run -0 send --body hi --queue-on-failure d@y.test a@y.test
  local id
  id=$(smtpsend --outbox | cut -d ' ' -f 1)
  logged status=queued exit=0 'deferred=<d@y.test>' "outbox=$id"
  run -65 send -m - a@y.test <<<'no header'
  logged 'status=failed exit=65' 'reply="'
}

@test "without a connection the line says where there was none" {
  dead_port
  run -75 send --body hi a@y.test
  logged "server=127.0.0.1:$port" status=deferred exit=75 'reply="'
}

@test "what is queued is logged with its ID and its size" {
  dead_port
  run -0 send --queue --body hi a@y.test
  local id
  id=$(smtpsend --outbox | cut -d ' ' -f 1)
  logged 'from=<me@x.test>' 'to=<a@y.test>' status=queued exit=0 "outbox=$id" \
    "size=$(smtpsend --outbox --json | sed 's/.*"size":\([0-9]*\).*/\1/')"
}

@test "many messages have a line each" {
  serve --reject r@y.test
  printf '%s\n' to a@y.test r@y.test b@y.test >list.csv
  run -1 send --each list.csv --body hi
  assert_equal "$(sed 's/.* to=\(<[^ ]*\) .* status=\([a-z]*\) .*/\1 \2/' log | sort)" \
    $'<a@y.test> sent\n<b@y.test> sent\n<r@y.test> refused'
  assert_equal "$(grep -c "server=127.0.0.1:$port" log)" 3
}

@test "what sends nothing is not logged" {
  serve
  run -0 send --check a@y.test
  run -0 send -n --body hi a@y.test
  run -0 smtpsend -S "127.0.0.1:$port" --noop
  run -64 send --check --log log a@y.test
  refute [ -e log ]
}

@test "a log that cannot be written is a warning, and the mail arrives" {
  serve
  local -i n=0
  mkdir directory
  touch file
  ln -s file link
  for log in "$PWD/missing/log" "$PWD/directory" "$PWD/link" /dev/full; do
    run -0 send --body hi --log "$log" a@y.test
    assert_output --regexp "^smtpsend: warning: not logged: $log: [^:]+$"
    messages $((++n))
  done
  refute [ -s file ]
}

@test "of many messages it is said once that they are not logged" {
  serve
  printf '%s\n' to a@y.test b@y.test >list.csv
  run -0 send --each list.csv --body hi --log missing/log
  assert_output 'smtpsend: warning: not logged: missing/log: No such file or directory'
  messages 2
}

