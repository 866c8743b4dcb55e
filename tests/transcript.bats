#!/usr/bin/env bats
# What -vv and --transcript show of a connection: who said what, when, and how it went out.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

send() { smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$@"; }

# --- marks ------------------------------------------------------------------------

@test "the transcript says where the connection leads, and who closes it" {
  serve
  run -0 --separate-stderr send -vv bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --index 0 "-- connecting to 127.0.0.1 port $port"
  assert_line --index 1 "-- connected to 127.0.0.1 port $port from 127.0.0.1"
  assert_line --index 2 --regexp '^S: 220 '
  assert_line --index -3 'S: 221 2.0.0 bye'
  assert_line --index -2 '-- closed by us'
  refute_output --partial 'closed by the server'
  play <<<$'name: x\n\nS: 220 x\nC: EHLO *\nS! close'
  run -75 --separate-stderr send -vv bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line '-- closed by the server'
  refute_output --partial 'closed by us'
}

@test "a connection that cannot be made is in the transcript, and closed by nobody" {
  serve
  kill "$server"
  wait "$server"
  run -75 --separate-stderr send -vv bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --index 0 "-- connecting to 127.0.0.1 port $port"
  assert_line --index 1 "-- 127.0.0.1:$port: Connection refused"
  refute_output --partial 'closed'
}

@test "lines of the transcript that went encrypted are marked" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
  serve --cert cert.pem --key key.pem
  run -0 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  run -0 sed -n '1,/^-- TLS begins: TLS1\.[23], ./p' log
  assert_line 'C: STARTTLS'
  refute_line --regexp '^~'
  assert_line --index -1 --regexp '^-- TLS begins'
  run -0 sed '1,/^-- TLS begins/d' log
  assert_line --index 0 --regexp '^~C: EHLO '
  refute_line --regexp '^[CS]:'
  assert_line '~S: 221 2.0.0 bye'
  # it is a transcript still
  run -0 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  grep '^~' log >begun
  cp begun log
  run -0 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  serve --implicit-tls --cert cert.pem --key key.pem
  run -0 smtpsend -S "smtps://localhost:$port" --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  run -0 cat log
  assert_line --index 1 --regexp '^-- connected to '
  assert_line --index 2 --regexp '^-- TLS begins'
  refute_line --regexp '^[CS]:'
}
