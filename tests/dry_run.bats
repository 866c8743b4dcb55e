#!/usr/bin/env bats
# --dry-run: what would go out, and nothing goes out.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

dry() { smtpsend --dry-run -S smtp.invalid -f me@x.test "$@"; }

# run_to REDIRECTION ARGUMENT...: a dry run whose standard output is redirected so
run_to() {
  run --separate-stderr bash -c "\"\$0\" \"\$@\" $1" "$SMTPSEND_BUILD/smtpsend" -n -f me@x.test \
    -t bob@y.test "${@:2}"
}

@test "a dry run prints a message that can be sent as it is" {
  printf 'hello\n.\n..two\nFrom me\nno end' |
    smtpsend -n -f me@x.test -t bob@y.test -s 'Größe' >dry.eml
  assert_equal "$(grep -c $'\r$' dry.eml)" "$(wc -l <dry.eml)"
  grep -q $'^\\.\r$' dry.eml
  grep -q $'^\\.\\.two\r$' dry.eml
  serve --no 8BITMIME --no SMTPUTF8
  run -0 smtpsend -S "127.0.0.1:$port" -m dry.eml
  cmp dry.eml mail/1.eml
}

@test "a dry run of a complete message prints what the server gets" {
  serve
  printf '%s\n' 'From: me@x.test' 'To: bob@y.test' 'Bcc: eve@z.test' \
    'Date: Tue, 1 Dec 2026 09:30:00 +0100' 'Message-ID: <1@x.test>' '' hi . >letter
  run -0 smtpsend -S "127.0.0.1:$port" -m letter
  smtpsend -n -m letter | cmp - mail/1.eml
  smtpsend -n -m - <letter | cmp - mail/1.eml
  smtpsend -n -t <letter | cmp - mail/1.eml
}

@test "the extensions that a dry run names are those that the message may use" {
  printf '%s\n' 'From: me@x.test' 'To: bob@y.test' 'Date: Tue, 1 Dec 2026 09:30:00 +0100' \
    'Message-ID: <1@x.test>' 'MIME-Version: 1.0' 'Content-Type: text/plain; charset=utf-8' \
    'Content-Transfer-Encoding: 8bit' '' größer >8bit
  run -65 dry -m 8bit
  assert_output --partial 8BITMIME
  assert_output --partial --dry-run=8BITMIME
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -m 8bit
  smtpsend --dry-run=8bitmime -m 8bit | cmp - mail/1.eml
  run -65 smtpsend --dry-run=8BITMIME --without 8BITMIME -m 8bit
  tail -n 1 8bit >body
  smtpsend --dry-run=PIPELINING,8BITMIME -f me@x.test -t bob@y.test --body-file body | grep -q größer
  run ! grep -q größer <(smtpsend --dry-run -f me@x.test -t bob@y.test --body-file body)
}

@test "a dry run that needs SMTPUTF8 says so unless it is named" {
  run -65 dry -t 'böb@y.test' --body x
  assert_output --partial SMTPUTF8
  assert_output --partial 'hint:'
  run -0 smtpsend --dry-run=SMTPUTF8,8BITMIME -f me@x.test -t 'böb@y.test' --body x
  assert_output --partial 'To: böb@y.test'
}

@test "an extension that smtpsend does not know is an error" {
  run -64 smtpsend --dry-run=8BITMIME,FOO -f me@x.test -t bob@y.test --body x
  assert_output --partial "'FOO'"
  assert_output --partial '8BITMIME and SMTPUTF8'
}

@test "a dry run connects nowhere, asks for no password, and keeps nothing" {
  play <<<$'name: x\n\nS: 220 x'
  SMTPSEND_SAVE=sent SMTPSEND_TRANSCRIPT=trace run -0 smtpsend -n -S "submission://127.0.0.1:$port" \
    -u me --password-command 'touch asked' -f me@x.test -t bob@y.test --body x </dev/null
  nobody_came
  [ ! -e asked ]
  [ ! -e sent ]
  [ ! -e trace ]
}

@test "a dry run calls nothing of the network" {
  command -v strace >/dev/null || skip 'no strace here'
  # LeakSanitizer cannot work under it
  ASAN_OPTIONS=detect_leaks=0 run -0 strace -f -qq -e trace=network -o calls "$SMTPSEND_BUILD/smtpsend" -n \
    -S smtp.example.org -f me@x.test -t bob@y.test --body x
  run ! grep -e socket -e connect calls
}

@test "what is wrong with the call is an error of a dry run, too" {
  run -64 dry --tls=off -S smtps://x.test -t bob@y.test --body x
  assert_output --partial 'the URL demands TLS from the first byte'
  run -64 dry -S 'host:99999' -t bob@y.test --body x
  assert_output --partial "'99999' is neither a port from 1 to 65535 nor a service"
  run -64 dry --auth=FOO -u me -t bob@y.test --body x
  assert_output --partial -- "--auth: 'FOO' is no mechanism"
  run -66 dry --tls-ca none -t bob@y.test --body x
  assert_output --partial -- '--tls-ca: none: No such file or directory'
  run -64 dry --body x
  assert_output --partial 'no recipients'
  run -64 dry -t 'bob@' --body x
  assert_output --partial -- "--to: 'bob@': no domain"
  run -66 dry -t bob@y.test --body-file none
  assert_output --partial 'none: No such file or directory'
  run -64 dry -t bob@y.test --json --body x
  assert_output --partial -- '--json: of no use to --dry-run'
}

@test "a dry run with -v shows the envelope and the size" {
  run -0 --separate-stderr dry -v -t bob@y.test -c carl@y.test -b eve@z.test \
    --envelope-from bounce@x.test --body x
  size=$(dry -t bob@y.test -c carl@y.test --body x | wc -c)
  assert_equal "$stderr" "$(printf '%s\n' 'reverse-path: <bounce@x.test>' 'recipient: <bob@y.test>' \
    'recipient: <carl@y.test>' 'recipient: <eve@z.test>' "size: $size")"
  refute_output --partial eve
  run -0 --separate-stderr dry -t bob@y.test --body x
  assert_equal "$stderr" ''
}

@test "a dry run that cannot be written fails and says why" {
  run_to '>/dev/full' --body x
  assert_equal "$status $stderr" \
    '74 smtpsend: cannot write to standard output: No space left on device'
  run_to '>&-' --body x
  assert_equal "$status $stderr" \
    '74 smtpsend: cannot write to standard output: Bad file descriptor'
  head -c 1000000 /dev/zero | tr '\0' '\n' >body
  # shellcheck disable=SC2016
  run_to '| head -c 1 | wc -c; exit "${PIPESTATUS[0]}"' --body-file body
  assert_equal "$status $stderr" '74 smtpsend: cannot write to standard output: Broken pipe'
}

@test "a dry run waits for a pipe on either side no longer than the deadline" {
  mkfifo input output
  exec 8<>input 9<>output
  run -75 dry -t bob@y.test -m input --deadline 300ms
  # so long that it goes on from there as it comes
  { printf 'From: me@x.test\n\n' && head -c 1200000 /dev/zero | tr '\0' '\n'; } >&8 3>&- &
  run_to '>/dev/null' -m input --deadline 500ms
  assert_equal "$status $stderr" '75 smtpsend: the input: nothing came within the deadline'
  wait
  head -c 1000000 /dev/zero | tr '\0' '\n' >body
  run_to '>output' --body-file body --deadline 300ms
  assert_equal "$status $stderr" '75 smtpsend: standard output: nobody reads it within the deadline'
}

@test "a dry run that nobody reads can be cancelled" {
  head -c 1000000 /dev/zero | tr '\0' '\n' >body
  mkfifo output
  exec 9<>output
  env --default-signal=TERM "$SMTPSEND_BUILD/smtpsend" -n -f me@x.test -t bob@y.test \
    --body-file body >output 2>err 3>&- 9>&- &
  client=$!
  read -r -t 20 _ <&9
  kill -s TERM "$client"
  status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status" 143
}

@test "a dry run of a large message needs no memory for it" {
  nm "$SMTPSEND_BUILD/smtpsend" 2>/dev/null | grep -q __asan && skip 'ASan wants all addresses'
  head -c 100000000 /dev/zero | tr '\0' '\n' >body
  size=$(
    ulimit -v 60000
    { printf 'From: me@x.test\n\n' && cat body; } | smtpsend -n -m - bob@y.test | wc -c
  )
  ((size > 200000000))
}

@test "a dry run is of a message: a question is not asked" {
  play <<<$'name: x\n\nS: 220 x'
  for option in --dry-run --preview; do
    run -64 smtpsend "$option" -S "127.0.0.1:$port" --vrfy bob
    assert_output --partial "$option: of no use to --vrfy"
  done
  nobody_came
}
