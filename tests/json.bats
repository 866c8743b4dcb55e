#!/usr/bin/env bats
# What --json prints is what the schema says, whatever was asked for.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

schema=$BATS_TEST_DIRNAME/../src/report/report.schema.json

teardown() { servers_end; }

# holds STATUS KIND ARGUMENT...: a call with --json whose output is of that kind
holds() {
  run "-$1" --separate-stderr smtpsend --json "${@:3}" </dev/null
  perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" "$2" <<<"$output"
}

@test "a message, whatever becomes of it" {
  serve --reject no@y.test --defer later@y.test
  holds 0 message -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test
  holds 1 message -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test no@y.test later@y.test
  assert_output --partial '"text":["no such user"]'
  holds 67 message -S "127.0.0.1:$port" -f me@x.test --body hi no@y.test
  holds 0 message -S "127.0.0.1:$port" -f me@x.test --check bob@y.test
  holds 75 message -S "unix:$PWD/none" -S 127.0.0.1:1 -f me@x.test --body hi bob@y.test
  assert_output --partial '"verdict":"deferred"'
  assert_output --partial '"then":"next server"'
  holds 64 message -f me@x.test --body hi --frobnicate
  holds 66 message -f me@x.test -m none bob@y.test
}

@test "what is hinted at stands in the JSON as on standard error, unless -q" {
  play <<<$'name: x\n\nS: 220 mx\nC: EHLO *\nS: 550 no\nC: HELO *\nS: 550 no\nC: QUIT\nC+ end
==\nS: 220 mx\nC: EHLO *\nS: 550 no\nC: HELO *\nS: 550 no\nC: QUIT\nC+ end'
  holds 69 message -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test
  assert_output --partial '"hints":["--ehlo-name '
  holds 69 message -q -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test
  assert_output --partial '"hints":[]'
  followed
}

@test "queries, what a server says of itself, and a script" {
  serve
  holds 0 query -S "127.0.0.1:$port" --noop
  holds 0 query -S "127.0.0.1:$port" --server-help
  holds 75 query -S 127.0.0.1:1 --noop
  holds 0 server_info -S "127.0.0.1:$port" --server-info
  holds 75 server_info -S 127.0.0.1:1 --server-info
  printf 'EHLO me\nNOOP\nQUIT\n' >lines
  holds 0 reply -S "127.0.0.1:$port" --script lines
  holds 75 reply -S 127.0.0.1:1 --script lines
}

@test "a server's certificates and limits, and no member of them that nobody knows" {
  local known changed
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log
  serve --cert cert.pem --key key.pem --size 1000
  holds 0 server_info -S "127.0.0.1:$port" --server-info --tls-ca cert.pem
  known=$output
  for changed in "${known/'"verified"'/'"strange":1,"verified"'}" \
    "${known/'"subject"'/'"strange":1,"subject"'}" "${known/'"size":'/'"strange":1,"size":'}"; do
    run perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" server_info <<<"$changed"
    assert_failure
    assert_output --partial 'strange is not known'
  done
  holds 0 server_info -S "127.0.0.1:$port" --server-info
  holds 77 server_info -S "127.0.0.1:$port" --server-info --tls=starttls
}

@test "many messages: an object a line for each, and one for the sum" {
  local line all=$BATS_TEST_TMPDIR/list.csv
  serve --reject no@y.test
  printf 'email\nbob@y.test\nno@y.test\n' >"$all"
  run -1 --separate-stderr smtpsend --json -S "127.0.0.1:$port" -f me@x.test --body hi --each "$all" </dev/null
  [ "${#lines[@]}" -eq 3 ]
  for line in "${lines[@]:0:2}"; do
    perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" one_of_many <<<"$line"
  done
  perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" sum <<<"${lines[2]}"
  [[ ${lines[2]} == *'"outcome":"partial","status":1,'*'"accepted":1,'*'"refused":1,'* ]]
}

@test "each outcome and verdict stands in the manual, and none has a blank" {
  local word words
  words=$(perl -MJSON::PP -0777 -ne '$d = decode_json($_)->{q($defs)};
    print map { "$_\n" } @{$d->{outcome}{enum}}, @{$d->{recipient}{properties}{verdict}{enum}}' "$schema")
  run ! grep -q ' ' <<<"$words"
  for word in $words; do
    grep -qw -e "$word" "$BATS_TEST_DIRNAME/../man/smtpsend.1.in"
    # and the program has no other one
    grep -rqF "\"$word\"" "$BATS_TEST_DIRNAME"/../src/report "$BATS_TEST_DIRNAME"/../src/smtp/result.c
  done
  words=$(sed -n 's/^ *{EX_[A-Z]*, "\(.*\)"},$/\1/p' "$BATS_TEST_DIRNAME/../src/report/outcome.c")
  for word in $words; do grep -qF "\"$word\"" "$schema"; done
}
