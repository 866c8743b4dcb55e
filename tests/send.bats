#!/usr/bin/env bats
# Sending, as a user sees it: recipients, reports, servers, configuration.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver
load quiet_net

# send ARGUMENT...: a short message from standard input, to the server on $port
send() { smtpsend -S "127.0.0.1:$port" -f me@x.test "$@" <<<'hello'; }

# value PATH: what the JSON on standard output has there, as in {server}{host}
value() {
  perl -MJSON::PP -e '
    my $v = JSON::PP->new->utf8->decode($ARGV[0]);
    eval "\$v = \$v->$ARGV[1]; 1" or die;
    print ref $v ? JSON::PP->new->canonical->encode($v) : $v // "null", "\n"' \
    "$output" "$1"
}

recipients() { envelope "${1:-1}" | sed -n 's/^to: //p'; }

# A port on which nothing listens.
dead_port() {
  serve
  kill "$server"
  wait "$server"
}

# --- recipients ------------------------------------------------------------------

@test "success says nothing, and the message arrives" {
  serve
  run -0 send -s Test bob@y.test
  assert_output ''
  messages 1
  assert_equal "$(field subject)" Test
  assert_equal "$(field to)" bob@y.test
  assert_equal "$(envelope | head -n 1)" 'from: me@x.test'
  assert_equal "$(message | tail -n 1)" hello
}

@test "recipients come from flags, operands and files" {
  serve
  printf '# the board\n\ncarl@y.test\n  Dora <dora@y.test>  \r\n' >to
  echo 'emil@y.test, fred@y.test' >cc
  echo gina@y.test >bcc
  run -0 send -t ann@y.test,bob@y.test -c ina@y.test -b jo@y.test \
    --to-file to --cc-file cc --bcc-file bcc hugo@y.test
  assert_equal "$(recipients | sort | tr '\n' ' ')" \
    "$(printf '%s@y.test ' ann bob carl dora emil fred gina hugo ina jo)"
  assert_equal "$(field to)" \
    'ann@y.test, bob@y.test, carl@y.test, Dora <dora@y.test>, hugo@y.test'
  assert_equal "$(field cc)" 'ina@y.test, emil@y.test, fred@y.test'
  assert_equal "$(field bcc)" ''
  run ! grep -e jo@ -e gina@ mail/1.eml
}

@test "recipients come from standard input when the body comes from elsewhere" {
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --to-file - --body hi \
    <<<$'ann@y.test\nbob@y.test'
  assert_equal "$(recipients | tr '\n' ' ')" 'ann@y.test bob@y.test '
  run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --to-file - <<<ann@y.test
  assert_output --partial 'standard input can be read for one thing only'
  messages 1
}

@test "an address that occurs twice gets one copy" {
  serve
  run -0 send -t ann@y.test -c 'Ann <ann@Y.TEST>' ann@y.test
  assert_equal "$(recipients)" ann@y.test
}

@test "without a recipient nothing is sent" {
  play <<<$'name: x\n\nS: 220 x'
  run -64 send
  assert_output --partial 'no recipients'
  : >empty
  run -64 send --to-file empty
  assert_output --partial 'no recipients'
  run -64 smtpsend -S "127.0.0.1:$port" -m - <<<$'From: me@x.test\n\nhi'
  assert_output --partial 'no recipients in the header of standard input'
  nobody_came
}

@test "a complete message names its recipients, and Bcc does not leave" {
  serve
  cat >letter <<'EOF'
From: me@x.test
To: ann@y.test
Bcc: bob@y.test,
  carl@y.test
Cc: dora@y.test
Subject: a letter

hi
EOF
  run -0 smtpsend -S "127.0.0.1:$port" -m letter
  assert_equal "$(recipients | sort | tr '\n' ' ')" \
    'ann@y.test bob@y.test carl@y.test dora@y.test '
  run ! grep -ie bcc -e bob -e carl mail/1.eml
  assert_equal "$(field subject)" 'a letter'

  # those on the command line are the only ones; Bcc is still nobody's business
  run -0 smtpsend -S "127.0.0.1:$port" -m - emil@y.test <letter
  assert_equal "$(recipients 2)" emil@y.test
  run ! grep -ie bcc -e bob mail/2.eml

  run -0 smtpsend -S "127.0.0.1:$port" --keep-bcc -m letter emil@y.test
  assert_equal "$(field bcc 3 | tr -s ' ')" 'bob@y.test, carl@y.test'

  # the form of sendmail
  run -0 smtpsend -S "127.0.0.1:$port" -t <letter
  assert_equal "$(recipients 4 | wc -l)" 4
}

@test "a message that was resent goes to the newest block" {
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -m - <<'EOF'
Resent-From: me@x.test
Resent-To: new@y.test
Resent-Bcc: blind@y.test
Resent-Date: Sun, 22 Nov 2026 10:00:00 +0000
Resent-From: him@x.test
Resent-To: old@y.test
Resent-Date: Sat, 21 Nov 2026 10:00:00 +0000
From: her@x.test
To: ann@y.test

hi
EOF
  assert_equal "$(recipients | tr '\n' ' ')" 'new@y.test blind@y.test '
  run ! grep -i blind mail/1.eml
}

# --- header ----------------------------------------------------------------------

@test "header fields and Reply-To are added" {
  serve
  run -0 send -H 'X-One: 1' --header 'X-Two: zwei – drei' --reply-to 'R <r@x.test>' \
    --envelope-from bounce@x.test bob@y.test
  assert_equal "$(field x-one)" 1
  assert_equal "$(field x-two)" 'zwei =?UTF-8?B?4oCT?= drei'
  assert_equal "$(field reply-to)" 'R <r@x.test>'
  assert_equal "$(field from)" me@x.test
  assert_equal "$(envelope | head -n 1)" 'from: bounce@x.test'
}

@test "the null reverse-path is written in two ways" {
  serve
  run -0 send --envelope-from '<>' bob@y.test
  run -0 send --envelope-from '' bob@y.test
  assert_equal "$(envelope 1 | head -n 1)" 'from: '
  assert_equal "$(envelope 2 | head -n 1)" 'from: '
}

@test "a body beyond ASCII is labelled truly, with and without 8BITMIME" {
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test <<<'Das sind Grüße.'
  assert_equal "$(field content-type)" 'text/plain; charset=utf-8'
  assert_equal "$(field content-transfer-encoding)" 8bit
  assert_equal "$(message | tail -n 1)" 'Das sind Grüße.'
  run -0 smtpsend -S "127.0.0.1:$port" --without 8bitmime -f me@x.test bob@y.test \
    <<<'Das sind Grüße.'
  assert_equal "$(field content-transfer-encoding 2)" quoted-printable
  assert_equal "$(message 2 | tail -n 1)" 'Das sind Gr=C3=BC=C3=9Fe.'
}

# --- verdicts --------------------------------------------------------------------

@test "a refused recipient is named, the others get the message" {
  serve --reject bob@y.test --defer carl@y.test
  run -1 --separate-stderr send ann@y.test bob@y.test carl@y.test dora@y.test
  assert_output ''
  assert_equal "$stderr" "smtpsend: bob@y.test: refused: 550 5.1.1 no such user
smtpsend: carl@y.test: deferred: 450 4.2.1 mailbox busy
smtpsend: accepted for 2 of 4 recipients (127.0.0.1:$port: 250 2.0.0 queued as 1)
smtpsend: hint: check what stands before the @, and send it again to those named here alone"
  assert_equal "$(recipients | tr '\n' ' ')" 'ann@y.test dora@y.test '
}

@test "when all are refused, or one is only deferred, nothing is sent" {
  serve --reject bob@y.test --reject ann@y.test --defer carl@y.test
  run -67 send ann@y.test bob@y.test
  assert_line 'smtpsend: ann@y.test: refused: 550 5.1.1 no such user'
  assert_line 'smtpsend: bob@y.test: refused: 550 5.1.1 no such user'
  run -75 send ann@y.test carl@y.test
  assert_output --partial 'carl@y.test: deferred: 450'
  run -67 send --all-or-nothing ann@y.test dora@y.test
  assert_output --partial 'ann@y.test: refused: 550'
  run -75 send --all-or-nothing dora@y.test carl@y.test
  assert_output --partial 'carl@y.test: deferred: 450'
  messages 0
}

@test "-v shows the server's answer and its queue identifier" {
  serve
  run -0 --separate-stderr send -v bob@y.test
  assert_output ''
  assert_equal "$stderr" \
    "smtpsend: accepted for 1 of 1 recipient (127.0.0.1:$port: 250 2.0.0 queued as 1)"
}

@test "--json has all that is known" {
  serve --reject bob@y.test
  run -1 --separate-stderr send --json ann@y.test bob@y.test
  assert_equal "$(value '{version}')" 1
  assert_equal "$(value '{outcome}')" partial
  assert_equal "$(value '{status}')" 1
  assert_equal "$(value '{error}')" null
  assert_equal "$(value '{server}{address}')" 127.0.0.1
  assert_equal "$(value '{server}{port}')" "$port"
  assert_equal "$(value '{server}{tls}')" null
  assert_equal "$(value '{queue_id}')" 1
  assert_equal "$(value '{message_id}')" "$(field message-id)"
  assert_equal "$(value '{bytes}')" "$(stat -c %s mail/1.eml)"
  assert_equal "$(value '{recipients}[0]{verdict}')" accepted
  assert_equal "$(value '{recipients}[0]{phase}')" message
  assert_equal "$(value '{recipients}[1]')" \
    '{"address":"bob@y.test","code":550,"enhanced":"5.1.1","parameters":[],"phase":"RCPT","text":["no such user"],"verdict":"refused"}'
  assert [ "$(value '{round_trips}')" = 3 ]
  value '{timings_ms}{message}'
}

@test "--json prints an object when all fails before a connection, too" {
  run -64 --separate-stderr smtpsend --json -S 127.0.0.1:1 -f me@x.test <<<hi
  assert_equal "$(value '{status}')" 64
  assert_equal "$(value '{outcome}')" usage
  run -64 --separate-stderr smtpsend --json -S 127.0.0.1:1 -f me@x.test 'a@b@c' <<<hi
  assert_equal "$(value '{status}')" 64
  run -65 --separate-stderr smtpsend --json -S 127.0.0.1:1 -m - \
    < <(printf 'From: me@x.test\nTo: bob@y.test\n\n\0\n')
  assert_equal "$(value '{status}')" 65
  run -66 --separate-stderr smtpsend --json -S 127.0.0.1:1 -m nothing-here
  assert_equal "$(value '{status}')" 66
  assert [ -n "$(value '{error}')" ]
  run -64 --separate-stderr smtpsend --json --no-such-option
  assert_equal "$(value '{status}')" 64
  dead_port
  run -75 --separate-stderr send --json bob@y.test
  assert_equal "$(value '{status}')" 75
  assert_equal "$(value '{recipients}[0]{verdict}')" deferred
  assert_equal "$(value '{recipients}[0]{phase}')" connect
}

@test "text of the server reaches terminal and JSON in printable form only" {
  play --connections 2 <<'EOF'
name: x

S" 554-\x1b[2J\x07 \xc2\x9b \xff\xc3\xa9 \xe2\x80\xae\r\n554 \0 \x7f\r\n"
EOF
  run -69 --separate-stderr send bob@y.test
  # shellcheck disable=SC1003
  assert_equal "$stderr" \
    "smtpsend: 127.0.0.1:$port: greeting: 554 "'\x1B[2J\x07 \xC2\x9B \xFFé \xE2\x80\xAE; \x00 \x7F'
  run -69 --separate-stderr send --json bob@y.test
  assert_equal "$(value '{recipients}[0]{text}[1]')" '\x00 \x7F'
  followed
}

# --- servers ---------------------------------------------------------------------

@test "two messages in a row, BDAT where offered, DATA where not" {
  serve
  run -0 send -s one bob@y.test
  run -0 send -s two --without CHUNKING bob@y.test
  assert_equal "$(field subject 1) $(envelope 1 | grep via)" 'one via: BDAT'
  assert_equal "$(field subject 2) $(envelope 2 | grep via)" 'two via: DATA'
  messages 2
}

@test "LMTP has a verdict for each recipient" {
  serve --lmtp --reject bob@y.test
  run -1 --separate-stderr smtpsend -S "lmtp://127.0.0.1:$port" -f me@x.test --json \
    ann@y.test bob@y.test carl@y.test <<<hi
  assert_equal "$(value '{recipients}[0]{code}')" 250
  assert_equal "$(value '{recipients}[1]{code}')" 550
  assert_equal "$(value '{recipients}[2]{phase}')" message
  messages 1
}

@test "a Unix socket is a server, for SMTP and LMTP" {
  serve --listen "unix:$PWD/socket"
  run -0 smtpsend -S "unix:$PWD/socket" -f me@x.test bob@y.test <<<hi
  messages 1
  servers_end
  serve --lmtp --listen "unix:$PWD/socket"
  run -0 smtpsend -S "lmtp+unix:$PWD/socket" -f me@x.test bob@y.test <<<hi
  messages 2
  run -75 smtpsend -S "unix:$PWD/none" -f me@x.test bob@y.test <<<hi
  assert_output --partial "$PWD/none"
}

@test "a program is a server" {
  local program="$SMTPSEND_BUILD/testserver --stdio --message-file got"
  run -0 smtpsend -S "exec:$program --dialogue '$BATS_TEST_DIRNAME/dialogues/one-flight.dialogue'" \
    -f me@x.test alice@y.test <<<hello
  assert_equal "$(tail -n 1 got | tr -d '\r')" hello
  run -1 smtpsend -S "lmtp+exec:$program --dialogue '$BATS_TEST_DIRNAME/dialogues/lmtp.dialogue'" \
    -f me@x.test alice@y.test bob@y.test <<<hello
  run -75 smtpsend -S 'exec:exit 3' -f me@x.test bob@y.test <<<hello
  assert_output --partial 'exec:exit ...: greeting: the server closed the connection'
  run -75 smtpsend -S 'exec:/nonexistent/program' -f me@x.test bob@y.test <<<hello
  assert_output --partial 'exec:/nonexistent/program: greeting: the server closed the connection'
}

@test "an open descriptor is a server" {
  serve
  exec 7<>"/dev/tcp/127.0.0.1/$port"
  run -0 smtpsend -S fd:7 -f me@x.test bob@y.test <<<hi
  exec 7>&-
  messages 1
  run -71 smtpsend -S fd:7 -f me@x.test bob@y.test <<<hi
  assert_output --partial 'descriptor 7: Bad file descriptor'
}

@test "a port can be named by its service" {
  # 24 on an address where nobody listens; the names of mail are known to a
  # system without /etc/services, too
  run -75 smtpsend -S 127.255.13.7:lmtp -f me@x.test bob@y.test <<<hi
  assert_output --partial 127.255.13.7:24
  run -64 smtpsend -S 127.0.0.1:no-such-service -f me@x.test bob@y.test <<<hi
  assert_output --partial 'is neither a port from 1 to 65535 nor a service'
  run -64 smtpsend -S 127.0.0.1:65536 -f me@x.test bob@y.test <<<hi
  assert_output --partial "'65536' is neither a port from 1 to 65535 nor a service"
  run -64 smtpsend -S 127.0.0.1:0 -f me@x.test bob@y.test <<<hi
  assert_output --partial "'0' is neither a port from 1 to 65535 nor a service"
}

@test "a server that is not there is named with host, address and port" {
  dead_port
  run -75 smtpsend -S "localhost:$port" -4 -f me@x.test bob@y.test <<<hi
  assert_output --partial "localhost"
  assert_output --partial "127.0.0.1"
  assert_output --partial "$port"
  assert_output --partial "Connection refused"
}

@test "when the first address is dead the second one is used" {
  needs_private 'to have a file of hosts'
  [ -e /etc/hosts ] || skip 'there is no /etc/hosts to be replaced'
  serve
  printf '127.0.0.2 two.test\n127.0.0.1 two.test\n' >hosts
  # shellcheck disable=SC2016
  run -0 --separate-stderr private sh -c 'mount --bind hosts /etc/hosts && exec "$@"' - \
    "$SMTPSEND_BUILD/smtpsend" --json -S "two.test:$port" -f me@x.test -t bob@y.test --body hi
  assert_equal "$(value '{server}{address}')" 127.0.0.1
  messages 1
}

@test "a host that does not exist has a status of its own" {
  need_net
  run -68 quiet_net deny "$SMTPSEND_BUILD/smtpsend" -S nosuch.invalid:2525 -f me@x.test \
    -t bob@y.test --body hi
  assert_output --partial nosuch.invalid
}

@test "DNS that does not answer is not waited for beyond the deadline" {
  need_net
  local start=${EPOCHREALTIME/./}
  run -75 quiet_net ignore "$SMTPSEND_BUILD/smtpsend" -S nosuch.invalid:2525 -f me@x.test \
    --deadline 500ms -t bob@y.test --body hi
  assert_output --partial nosuch.invalid
  assert [ $((${EPOCHREALTIME/./} - start)) -lt 1800000 ]
}

@test "without a configuration it is localhost, and the error says what to do" {
  need_net
  run -75 quiet_net deny "$SMTPSEND_BUILD/smtpsend" -f me@x.test -t bob@y.test --body hi
  assert_output --partial 'localhost: '
  assert_output --partial '127.0.0.1:25: '
  assert_output --partial 'hint: '
  assert_output --partial '--server HOST'
  assert_output --partial "$XDG_CONFIG_HOME/smtpsend/config"
  run -75 quiet_net deny "$SMTPSEND_BUILD/smtpsend" -q -f me@x.test -t bob@y.test --body hi
  refute_output --partial 'hint: '
}

# --- where settings come from ----------------------------------------------------

@test "the server comes from the environment, the flag goes before it" {
  serve
  SMTPSEND_SERVER=127.0.0.1:$port run -0 smtpsend -f me@x.test bob@y.test <<<hi
  SMTPSERVER=127.0.0.1:$port run -0 smtpsend -f me@x.test bob@y.test <<<hi
  SMTPSERVER=127.0.0.1:1 SMTPSEND_SERVER=127.0.0.1:$port \
    run -0 smtpsend -f me@x.test bob@y.test <<<hi
  SMTPSEND_SERVER=127.0.0.1:1 run -0 send bob@y.test
  messages 4
  SMTPSEND_SEVRER=x run -78 send bob@y.test
  assert_output --partial SMTPSEND_SERVER
}

@test "EMAIL is the author when nothing else says who it is" {
  serve
  EMAIL='Me <me@env.test>' run -0 smtpsend -S "127.0.0.1:$port" bob@y.test <<<hi
  assert_equal "$(field from)" 'Me <me@env.test>'
  EMAIL=me@env.test run -0 send bob@y.test
  assert_equal "$(field from 2)" me@x.test
}

@test "accounts of the configuration are chosen by name, by author, by default" {
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  cat >"$XDG_CONFIG_HOME/smtpsend/config" <<EOF
# common
server = 127.0.0.1:$port
header = X-Account: none

[account default]
from = default@x.test
header = X-Account: default

[account work]
from = Worker <work@x.test>
header = X-Account: work
EOF
  run -0 smtpsend bob@y.test <<<hi
  run -0 smtpsend -A work bob@y.test <<<hi
  run -0 smtpsend -f work@x.test bob@y.test <<<hi
  SMTPSEND_ACCOUNT=work run -0 smtpsend bob@y.test <<<hi
  run -0 smtpsend -f other@x.test -H 'X-Account: flag' bob@y.test <<<hi
  assert_equal "$(for n in 1 2 3 4 5; do field x-account "$n"; done | tr '\n' ' ')" \
    'default work work work flag '
  assert_equal "$(field from 2)" 'Worker <work@x.test>'
  run -78 smtpsend -A nowhere bob@y.test <<<hi
  assert_output --partial nowhere
}

# --- transcripts, timing, secrets ------------------------------------------------

@test "the transcript is its owner's, and knows no secret" {
  local password='correct horse'
  serve --user "me:$password"
  (umask 077 && echo "$password" >password)
  (umask 022 && send -u me --password-file password --transcript log --without CHUNKING \
    --json -vv bob@y.test >report 2>shown)
  assert_equal "$(stat -c %a log)" 600
  run -0 cat log
  assert_line --regexp '^-- connected to 127\.0\.0\.1 '
  assert_line --regexp '^S: 220 mx\.test'
  assert_line --regexp '^C: EHLO '
  assert_line --regexp '^C: AUTH PLAIN'
  assert_line --regexp '^C: MAIL FROM:<me@x\.test>'
  assert_line 'C: RCPT TO:<bob@y.test>'
  assert_line 'C: DATA'
  assert_line 'S: 250 2.0.0 queued as 1'
  assert_line 'C: QUIT'
  assert_line 'S: 221 2.0.0 bye'
  assert_equal "$(envelope | grep user)" 'user: me'
  {
    echo "$password"
    printf '%s' "$password" | base64
    printf '\0me\0%s' "$password" | base64
  } >secrets
  run ! grep -Ff secrets log shown report
  # what -vv shows is the same
  run -0 grep -Fxf log shown
  assert_equal "${#lines[@]}" "$(wc -l <log)"
}

@test "LOGIN does not show its secrets either" {
  serve --user me:swordfish
  (umask 077 && echo swordfish >password)
  run -0 send -u me --auth login --password-file password -vv bob@y.test
  refute_output --partial swordfish
  refute_output --partial "$(printf swordfish | base64)"
}

@test "a wrong password is 77, and nothing is sent" {
  serve --user me:swordfish
  (umask 077 && echo perch >password)
  run -77 send -u me --password-file password bob@y.test
  assert_output --partial '535 5.7.8 authentication failed'
  refute_output --partial perch
  messages 0
}

@test "--timing shows the phases, and puts times into the transcript" {
  serve
  run -0 --separate-stderr send --timing --transcript log bob@y.test
  assert_output ''
  output=$stderr
  assert_output --regexp 'EHLO +[0-9.]+ ms'
  assert_output --regexp 'all +[0-9.]+ ms, 3 round trips'
  run ! grep -qv '^ *[0-9]*\.[0-9]\{4\}  *+[0-9.]*\.[0-9]\{4\} \(C:\|S:\|--\) ' log
}

@test "a transcript that cannot be written is known before anything is sent" {
  play <<<$'name: x\n\nS: 220 x'
  run -73 send --transcript no/such/directory bob@y.test
  assert_output --partial -- '--transcript: no/such/directory: No such file or directory'
  nobody_came
}

# --- queries ---------------------------------------------------------------------

@test "queries print every line of the answers" {
  serve --reject nobody --defer later
  ask() { smtpsend -S "127.0.0.1:$port" "$@"; }
  run -0 --separate-stderr ask --vrfy ann bob
  assert_output $'250 2.1.5 <ann>\n250 2.1.5 <bob>'
  assert_equal "$stderr" ''
  run -69 ask --vrfy ann nobody
  assert_line '250 2.1.5 <ann>'
  assert_line '550 5.1.1 no such user'
  run -75 ask --vrfy later
  run -0 ask --expn list
  assert_output $'250-2.1.5 <alice@x.test>\n250-2.1.5 <bob@x.test>\n250 2.1.5 <carol@x.test>'
  run -0 ask --noop
  assert_output '250 2.0.0 ok'
  run -0 ask --server-help
  assert_line --index 0 --regexp '^214-'
  run -0 ask --help
  assert_line --index 0 --regexp '^214-'
  run -0 ask --help=MAIL
  assert_output '214 2.0.0 no more is known about MAIL'
  run -0 ask --server-help=RCPT
  assert_output '214 2.0.0 no more is known about RCPT'
  run -0 ask -h
  assert_output --partial 'usage: smtpsend'
  messages 0
}

@test "a server that repeats the credentials does not get them shown" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 AUTH PLAIN
C: AUTH PLAIN AG1lAHN3b3JkZmlzaA==
S: 535-5.7.8 no: AUTH PLAIN AG1lAHN3b3JkZmlzaA==
S: 535 5.7.8 nor swordfish
C? QUIT
EOF
  (umask 077 && echo swordfish >password)
  run -77 send -u me --password-file password -vv --json bob@y.test
  assert_line 'S: 535 5.7.8 nor ***'
  refute_output --partial swordfish
  refute_output --partial AG1lAHN3b3JkZmlzaA==
}

@test "what a program at the other end is told in clear may go anywhere: no credentials" {
  printf 'name: x\n\nS: 220 x\nC: EHLO *\nS: 250-x\nS: 250 AUTH PLAIN\nC? QUIT\n' >dialogue
  (umask 077 && echo swordfish >password)
  local server="exec:exec $SMTPSEND_BUILD/testserver --dialogue dialogue --stdio"
  run -77 smtpsend -S "$server" -u me --password-file password --body x bob@y.test
  assert_output --partial 'in clear'
  refute_output --partial swordfish
}

@test "a configuration's subject and fields are for composed messages only" {
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf 'subject = from the file\nheader = X-A: 1\n' >"$XDG_CONFIG_HOME/smtpsend/config"
  printf 'From: a@x.test\nSubject: own\n\nhi\n' |
    run -0 smtpsend -S "127.0.0.1:$port" -m - bob@y.test
  assert_equal "$(field Subject)" own
  assert_equal "$(field X-A)" ''
  run -64 smtpsend -S "127.0.0.1:$port" -s other -m /dev/null bob@y.test
  assert_output --partial 'brings its own header'
}

@test "a slip does not become an order: words without a domain" {
  serve
  try() { run -64 smtpsend -S "127.0.0.1:$port" --body hi "$@"; }
  try -f 'Doe, John <j@x.test>' -t bob@y.test
  assert_output --partial 'hint: a name with a comma needs double quotes'
  try -f 'one,two' -t bob@y.test
  try -f a@x.test -s Nightly backup log bob@x.test
  assert_line --index 0 "smtpsend: recipient 'backup': no '@' and domain, beside addresses that have them"
  assert_output --partial "hint: a subject or name of several words needs quotes: --subject 'two words'"
  assert_output --partial 'is written backup@HOST'
  try -f a@x.test -c root -t bob@y.test
  SMTPSEND_BCC=archive@x.test try -f a@x.test root
  touch one.pdf two.pdf
  try -f a@x.test -a one.pdf two.pdf
  assert_line --index 0 "smtpsend: recipient 'two.pdf': no '@' and domain, and a file has this name"
  assert_output --partial "--attach two.pdf"
  local word
  for word in 'root, bob' '"root"' 'Bob <bob>' "o'neil" 'Doe, John <j@x.test>' 'a b' 'G: bob;'; do
    try -f a@x.test "$word"
    assert_output --partial 'hint: '
  done
  try -f a@x.test -t bob@y.test --reply-to help
  assert_output --partial 'name@host'
  [ ! -e mail/1.eml ]
}

@test "a word alone is a mailbox at this host" {
  serve
  printf '%s\n' 'ops+a' 'd.b-c_1' >list
  run -0 smtpsend -S "127.0.0.1:$port" --body hi -f root -t root --to-file list bob
  assert_equal "$(sed -n 's/^to: //p' mail/*.envelope | sed 's/@.*//' | paste -sd' ')" \
    'root ops+a d.b-c_1 bob'
  assert_equal "$(grep -c '^from: root@' mail/*.envelope)" 1
}

@test "a word without a domain in the header of a complete message is no recipient" {
  printf 'From: root\nSubject: x\nTo: bob@y.test,\n root\n\nhi\n' >m.eml
  run -65 smtpsend -S 127.0.0.1:1 -m m.eml
  assert_output --partial 'm.eml: line 3: To: '
  assert_output --partial 'hint: write it as name@host, or name the recipients on the command line'
  run -64 smtpsend -S 127.0.0.1:1 -t -- bob <<<$'To: a@x.test\n'
  assert_output --partial "recipient 'bob': no '@' and domain"
}

@test "a bad recipient is named by the file and line, the operand or the option that it stands in" {
  printf '# people\r\nann@y.test\r\n\r\n  bob@@y.test\r\n' >people
  local kind
  for kind in to cc bcc; do
    run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test -t eve@y.test "--$kind-file" people
    assert_line --index 0 "smtpsend: --$kind-file: people: line 4: 'bob@@y.test': unexpected '@' at character 5"
    local -x "SMTPSEND_${kind^^}_FILE=people"
    run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test
    unset "SMTPSEND_${kind^^}_FILE"
    assert_line --index 0 --partial "--$kind-file: people: line 4: 'bob@@y.test'"
    local -x "SMTPSEND_${kind^^}=bob@@y.test"
    run -78 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test
    unset "SMTPSEND_${kind^^}"
    assert_line --index 0 --partial "smtpsend: SMTPSEND_${kind^^}: 'bob@@y.test': "
    run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test "--$kind" bob@@y.test
    assert_line --index 0 --partial "smtpsend: --$kind: 'bob@@y.test': "
  done
  SMTPSEND_BCC=bob@@y.test run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test -b eve@y.test
  assert_line --index 0 --partial "smtpsend: --bcc (configured): 'bob@@y.test': "
  run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test eve@y.test --to-file - <<<$'\nbob@@y.test'
  assert_line --index 0 --partial 'smtpsend: --to-file: standard input: line 2: '
  run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test eve@y.test bob@@y.test
  assert_line --index 0 --partial "smtpsend: recipient: 'bob@@y.test': "
  printf 'eve@y.test\nroot\n' >people
  run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test --to-file people
  assert_line --index 0 --partial "smtpsend: --to-file: people: line 2: recipient 'root': no '@' and domain, beside"
  printf 'eve@y.test\npeople\n' >people
  run -64 smtpsend -S 127.0.0.1:1 --body hi -f me@x.test --to-file people
  assert_line --index 0 --partial "smtpsend: --to-file: people: line 2: recipient 'people': no '@' and domain, and a file"
  printf 'From: a@x.test\n\nhi\n' >m.eml
  printf 'eve@y.test\nbob@@y.test\n' >people
  run -64 smtpsend -S 127.0.0.1:1 -m m.eml --cc-file people
  assert_line --index 0 --partial 'smtpsend: --cc-file: people: line 2: '
}

@test "a calendar that does not say what it is, is warned of; what it says is in capitals" {
  serve
  local to=(-S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi) method
  for method in '' $'METHOD:\r\n' $'METHODS:REQUEST\r\n'; do
    printf 'BEGIN:VCALENDAR\r\n%sEND:VCALENDAR\r\n' "$method" >i.ics
    run -0 smtpsend "${to[@]}" --calendar i.ics
    assert_output 'smtpsend: warning: i.ics: no METHOD says what it is, and readers will show a file; an invitation has METHOD:REQUEST'
    run -0 smtpsend "${to[@]}" --calendar i.ics -q
    assert_output ''
  done
  rm mail/*
  for method in METHOD:REQUEST method:request 'Method;X-A=b:Request' $'METHOD:\r\n REQ\n\tUEST'; do
    printf 'BEGIN:VCALENDAR\n%s\nEND:VCALENDAR\n' "$method" >i.ics
    run -0 smtpsend "${to[@]}" --calendar i.ics
    assert_output ''
  done
  assert_equal "$(cat mail/*.eml | grep -c '^Content-Type: text/calendar; method=REQUEST; charset=utf-8')" 4
  assert_equal "$(cat mail/*.eml | grep -c '^method:request')" 1
}

@test "what stands in angle brackets counts in the header of a complete message" {
  serve
  printf 'From: a@old.test <a@x.test>\nTo: bob@old.test <bob@y.test>\n\nhi\n' >m.eml
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml
  assert_equal "$(grep -E '^(from|to): ' mail/1.envelope)" $'from: a@x.test\nto: bob@y.test'
  grep -q '^To: bob@old.test <bob@y.test>' mail/1.eml
  printf 'From: a@x.test\nTo: Bob @ Work <bob@y.test>; Carl, the 2nd <carl@y.test>\nCc: Acme Sales, Inc. <s@y.test>,\n <x..y@y.test>, Re: [x] <@z.test:eve@y.test>\n\nhi\n' >m.eml
  run -65 smtpsend -S "127.0.0.1:$port" -m m.eml
  assert_output --partial "no '@' and domain"
  assert_output --partial 'hint: a name with a comma needs double quotes: "Doe, John" <john@example.org>'
  sed -i 's/Carl, the 2nd/"Carl, the 2nd"/' m.eml
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml
  assert_equal "$(grep '^to: ' mail/2.envelope)" \
    $'to: bob@y.test\nto: carl@y.test\nto: s@y.test\nto: "x..y"@y.test\nto: eve@y.test'
  printf 'From: Doe, John <j@x.test>\nTo: bob@y.test\n\nhi\n' >m.eml
  run -65 smtpsend -S "127.0.0.1:$port" -m m.eml
  assert_output --partial "m.eml: line 1: From: 'Doe, John <j@x.test>': no '@' and domain"
  assert_output --partial 'hint: --envelope-from ADDRESS says where failures'
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml --envelope-from j@x.test
  assert_equal "$(grep -E '^from: ' mail/3.envelope)" 'from: j@x.test'
}

@test "what is configured replaces no recipient of a complete message; a bcc is added" {
  serve
  printf 'From: a@x.test\nTo: one@y.test\nCc: two@y.test\n\nhi\n' >m.eml
  export SMTPSEND_TO=to@x.test SMTPSEND_CC=cc@x.test SMTPSEND_BCC=archive@x.test
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml
  run -0 smtpsend -S "127.0.0.1:$port" -t <m.eml
  assert_equal "$(sort -u mail/*.envelope | grep '^to: ')" \
    $'to: archive@x.test\nto: one@y.test\nto: two@y.test'
  rm mail/*
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml bob@y.test
  assert_equal "$(grep -h '^to: ' mail/*.envelope)" $'to: bob@y.test\nto: archive@x.test'
  rm mail/*
  run -0 smtpsend -S "127.0.0.1:$port" --resend -m m.eml bob@y.test
  assert_equal "$(grep -h '^to: ' mail/*.envelope)" $'to: bob@y.test\nto: archive@x.test'
  rm mail/*
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml -b bob@y.test
  echo carl@y.test >list
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml --bcc-file list
  assert_equal "$(grep -h '^to: ' mail/*.envelope)" \
    $'to: bob@y.test\nto: archive@x.test\nto: carl@y.test\nto: archive@x.test'
  SMTPSEND_TO_FILE=- run -0 smtpsend -S "127.0.0.1:$port" -m - <m.eml
  run -64 smtpsend -S "127.0.0.1:$port" --resend -m m.eml
  assert_output --partial -- '--resend: name the recipients'
}

@test "a configured bcc is the recipient of no complete message on its own" {
  printf 'From: a@x.test\n\nhi\n' >m.eml
  SMTPSEND_BCC=archive@x.test run -64 smtpsend -S 127.0.0.1:1 -m m.eml
  assert_output --partial 'no recipients in the header of m.eml'
}

@test "an empty list of recipients does not bring back those of the header" {
  printf 'From: a@x.test\nTo: one@y.test\n\nhi\n' >m.eml
  run -64 smtpsend -S 127.0.0.1:1 -m m.eml --to-file /dev/null
  assert_output --partial 'no recipients'
}

@test "who is named now takes the place of who is configured" {
  serve
  export SMTPSEND_TO=to@x.test SMTPSEND_CC=cc@x.test SMTPSEND_BCC=archive@x.test
  run -0 smtpsend -S "127.0.0.1:$port" -f a@x.test --body hi bob@y.test
  assert_equal "$(grep -h '^to: ' mail/*.envelope)" \
    $'to: bob@y.test\nto: cc@x.test\nto: archive@x.test'
  rm mail/*
  echo list@y.test >list
  run -0 smtpsend -S "127.0.0.1:$port" -f a@x.test --body hi --to-file list -c c@y.test
  assert_equal "$(grep -h '^to: ' mail/*.envelope)" \
    $'to: list@y.test\nto: c@y.test\nto: archive@x.test'
  rm mail/*
  run -0 smtpsend -S "127.0.0.1:$port" -f a@x.test --body hi -b blind@y.test
  assert_equal "$(grep -h '^to: ' mail/*.envelope | tail -n 2)" \
    $'to: blind@y.test\nto: archive@x.test'
  rm mail/*
  run -0 smtpsend -S "127.0.0.1:$port" -f a@x.test --body hi
  assert_equal "$(grep -h '^to: ' mail/*.envelope)" \
    $'to: to@x.test\nto: cc@x.test\nto: archive@x.test'
}

@test "a configured from is not the reverse-path of what somebody else wrote" {
  serve
  printf 'From: a@y.test\nTo: one@y.test\n\nhi\n' >m.eml
  EMAIL=me@x.test run -0 smtpsend -S "127.0.0.1:$port" -m m.eml
  SMTPSEND_FROM=me@x.test run -0 smtpsend -S "127.0.0.1:$port" -m m.eml
  assert_equal "$(sort -u mail/*.envelope | grep '^from: ')" 'from: a@y.test'
  rm mail/*
  EMAIL=me@x.test run -0 smtpsend -S "127.0.0.1:$port" -m m.eml -f other@x.test
  assert_equal "$(grep -h '^from: ' mail/*.envelope)" 'from: other@x.test'
  rm mail/*
  EMAIL=me@x.test run -0 smtpsend -S "127.0.0.1:$port" --resend -m m.eml bob@y.test
  assert_equal "$(grep -h '^from: ' mail/*.envelope)" 'from: me@x.test'
  rm mail/*
  printf 'To: one@y.test\n\nhi\n' >m.eml
  EMAIL=me@x.test run -0 smtpsend -S "127.0.0.1:$port" -m m.eml
  assert_equal "$(grep -h '^From: ' mail/*.eml | tr -d '\r')" 'From: me@x.test'
  assert_equal "$(grep -h '^from: ' mail/*.envelope)" 'from: me@x.test'
}

@test "a transcript into a FIFO that nobody reads does not hold anything up" {
  serve
  mkfifo unread
  run -73 send --transcript unread --deadline 2s bob@y.test
  messages 0
}

# one line of a transcript, and more than is kept of an input
dialogue() { printf -- '-- connected to 192.0.2.1 port 25\n\n' && head -c 1500000 /dev/zero | tr '\0' 'x' | fold -w 70; }

@test "a transcript replaces another one, and nothing else" {
  serve
  run -0 send --transcript log bob@y.test
  run -0 send --transcript log --timing carol@y.test
  run -0 send --transcript log dave@y.test
  run -1 grep -E 'bob|carol' log
  grep -q dave log
  : >empty
  run -0 send --transcript empty bob@y.test
  grep -q '^C: EHLO' empty
  local file
  printf 'precious\n' >notes
  printf '250 S: x\n' >codes
  printf '250.000 is no time\n' >number
  printf -- '--' >short
  ln -s notes link
  ln notes hard
  for file in notes codes number short link hard; do
    cp "$file" before
    run -73 send --transcript "$file" bob@y.test
    assert_output --partial 'exists, and is not a transcript'
    cmp "$file" before
  done
  messages 4
}

@test "no output goes to what is read in the same call" {
  serve
  local file use call="exec '$SMTPSEND_BUILD/smtpsend' -S 127.0.0.1:$port -f me@x.test -t bob@y.test"
  { printf 'From: me@x.test\nTo: bob@y.test\n\n' && dialogue; } >message
  { printf 'From me@x.test Thu Jan  1 00:00:00 1970\n' && cat message; } >mbox
  dialogue >log
  cp log before
  cp message message.before
  cp mbox mbox.before
  ln -s log link
  ln log hard
  for file in log link hard ./log "$PWD/log"; do
    for use in "-a $file --body hi" "--body-file $file" "--html $file" "--html $file --body hi"; do
      run -73 sh -c "$call $use --transcript $file"
      cmp log before
    done
    run -73 sh -c "$call --transcript $file <log"
    run -73 sh -c "$call --transcript $file --body hi 7>>log"
    cmp log before
  done
  for use in "-u me --password-file log" '--tls-ca log'; do
    run -73 sh -c "$call --body hi $use --transcript log"
    assert_output --partial 'log: is read or written in this call, too'
    cmp log before
  done
  for use in '78 -u me --password-file nowhere' "77 -u me --password-command 'exit 3'" '73 --save nowhere/x'; do
    run "-${use%% *}" sh -c "$call --body hi ${use#* } --transcript log"
    assert_output --regexp 'nowhere|status 3'
    cmp log before
  done
  run -73 sh -c "$call -m message --transcript message"
  assert_output --partial 'message: is read or written in this call, too'
  cmp message message.before
  run -73 sh -c "$call -m mbox --save mbox"
  cmp mbox mbox.before
  run -73 sh -c "$call --save mbox <mbox"
  cmp mbox mbox.before
  for use in --to-file --password-file --tls-ca; do
    printf 'bob@y.test\n' >list
    run sh -c "$call --body hi $use list --transcript list"
    assert_equal "$(cat list)" bob@y.test
  done
  messages 0
}

@test "a transcript that another program is writing is left to it" {
  serve
  mkfifo begun
  "$SMTPSEND_BUILD/smtpsend" -S 'exec:echo >begun; exec cat >/dev/null' -f me@x.test -t bob@y.test \
    --transcript log --body hi 3>&- &
  read -r <begun
  run -73 send --transcript log carol@y.test
  assert_output --partial 'another program is writing to it'
  kill $!
  wait $! || true
  messages 0
}

@test "an output knows the names of descriptors" {
  serve
  local name
  for name in - /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    run -0 --separate-stderr send --transcript "$name" bob@y.test
    assert_output --partial 'C: MAIL FROM:<me@x.test>'
    assert_equal "$stderr" ''
    run -0 --separate-stderr send --save "$name" -s Copied bob@y.test
    assert_output --partial 'Subject: Copied'
    assert_equal "$stderr" ''
    run -64 send --json --transcript "$name" bob@y.test
    run -64 send --json --save "$name" bob@y.test
  done
  for name in /dev/stderr /dev/fd/2; do
    run -0 --separate-stderr send --transcript "$name" bob@y.test
    assert_equal "$output" ''
    [[ $stderr == *'C: MAIL FROM:<me@x.test>'* ]]
  done
  printf 'kept\n' >log
  send --transcript /dev/fd/7 bob@y.test 7>>log
  grep -q '^kept' log
  grep -q '^C: MAIL' log
  send --save /dev/fd/7 -s Copied bob@y.test 7>>log
  grep -q '^Subject: Copied' log
  # not open, open for reading, and open by ourselves only
  for name in /dev/fd/99 /dev/stdin /dev/fd/7; do
    run -73 send --transcript "$name" -a log bob@y.test
    run -73 send --save "$name" -a log bob@y.test
  done
  [ ! -e - ]
}

@test "a question that could not be asked is not answered with 0" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: VRFY bob
S: 250 <bob@y.test>
C? QUIT
EOF
  run -65 smtpsend -S "127.0.0.1:$port" --vrfy bob jörg
  assert_output --partial '250 <bob@y.test>'
  assert_output --partial 'SMTPUTF8'
}

@test "--etrn asks for the mail of each host, and 458 is worth another try" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 ETRN
C: ETRN x.test
S: 253 2 pending messages for node x.test started
C: ETRN @y.test
S: 458 Unable to queue messages for node y.test
C: ETRN #slow
S: 250 OK, queuing for node #slow started
C? QUIT
EOF
  run -75 --separate-stderr smtpsend -S "127.0.0.1:$port" --etrn x.test @y.test '#slow'
  assert_output '253 2 pending messages for node x.test started
458 Unable to queue messages for node y.test
250 OK, queuing for node #slow started'
  assert_equal "$stderr" ''
}

@test "what was known of a recipient stays known when the second connection fails" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 ENHANCEDSTATUSCODES
C: MAIL *
S: 250 2.1.0 ok
C: RCPT TO:<a@y.test>
S: 250 2.1.5 ok
C: RCPT TO:<b@y.test>
S: 452 4.5.3 too many recipients
C: DATA
S: 354 go
C+ data
S: 250 2.0.0 queued as 7
C? QUIT
==
S! reset
EOF
  run -1 send --json a@y.test b@y.test
  assert_output --partial 'b@y.test: deferred: 452 4.5.3 too many recipients'
  assert_output --partial '"address":"127.0.0.1"'
  followed
}

@test "recipients that are one too many get the message on the same connection" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 PIPELINING
C: MAIL *
C: RCPT TO:<a@y.test>
C: RCPT TO:<b@y.test>
C: RCPT TO:<c@y.test>
C: RCPT TO:<d@y.test>
C: DATA
S: 250 ok
S: 250 ok
S: 552 5.5.3 too many recipients
S: 552 too many recipients
S: 550 5.1.1 no such user
S: 354 go
C+ data
S: 250 queued as 7
C: MAIL *
C: RCPT TO:<b@y.test>
C: RCPT TO:<c@y.test>
C: DATA
S: 250 ok
S: 250 ok
S: 452 4.5.3 too many recipients
S: 354 go
C+ data
S: 250 queued as 8
C: MAIL *
C: RCPT TO:<c@y.test>
C: DATA
S: 250 ok
S: 250 ok
S: 354 go
C+ data
C: QUIT
S: 250 queued as 9
S: 221 bye
EOF
  run -1 send a@y.test b@y.test c@y.test d@y.test
  followed
  assert_output --partial 'd@y.test: refused: 550 5.1.1 no such user'
  assert_output --partial 'accepted for 3 of 4 recipients'
}

@test "a server that hangs up on too many recipients is asked for as many as it took" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 PIPELINING
C: MAIL *
C: RCPT TO:<a@y.test>
C: RCPT TO:<b@y.test>
C: RCPT TO:<c@y.test>
C: RCPT TO:<d@y.test>
C: DATA
S: 250 ok
S: 250 ok
S: 250 ok
S: 452 4.5.3 too many recipients
S: 421 4.7.0 too many errors
S! close
==
S: 220 x
C: EHLO *
S: 250-x
S: 250 PIPELINING
C: MAIL *
C: RCPT TO:<a@y.test>
C: RCPT TO:<b@y.test>
C: DATA
S: 250 ok
S: 250 ok
S: 250 ok
S: 354 go
C+ data
S: 250 queued as 7
C: MAIL *
C: RCPT TO:<c@y.test>
C: RCPT TO:<d@y.test>
C: DATA
S: 250 ok
S: 250 ok
S: 250 ok
S: 354 go
C+ data
C: QUIT
S: 250 queued as 8
S: 221 bye
EOF
  run -0 send a@y.test b@y.test c@y.test d@y.test
  followed
}

@test "recipients that are one too many get another connection if the server closes" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL *
S: 250 ok
C: RCPT TO:<a@y.test>
S: 250 ok
C: RCPT TO:<b@y.test>
S: 452 too many recipients
C: RCPT TO:<c@y.test>
S: 452 too many recipients
C: DATA
S: 354 go
C+ data
S: 250 queued as 7
C? QUIT
S! close
==
S: 220 x
C: EHLO *
S: 250 x
C: MAIL *
S: 250 ok
C: RCPT TO:<b@y.test>
S: 250 ok
C: RCPT TO:<c@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 queued as 8
C? QUIT
EOF
  run -0 send a@y.test b@y.test c@y.test
  followed
}

@test "a server that takes one recipient a connection is asked for a bounded number of times" {
  cat >one-each.pl <<'PERL'
use strict;
use warnings;
use IO::Handle;
$| = 1;
open my $seen, '>>', 'seen' or die;
$seen->autoflush;
my ($taken, $valid, $data) = (0, 0, 0);
print $seen "connection\n";
print "220 x\r\n";
while (<STDIN>) {
    if ($data) {
        next unless /^\.\r\n$/;
        $data = 0;
        print "250 ok\r\n";
        next;
    }
    print $seen "$1\n" if /^(MAIL)/;
    if (/^EHLO/) { print "250-x\r\n250 PIPELINING\r\n" }
    elsif (/^MAIL/) { $valid = 0; print "250 ok\r\n" }
    elsif (/^RCPT/ && $taken) { print "452 4.5.3 too many recipients\r\n" }
    elsif (/^RCPT/) { $taken = $valid = 1; print "250 ok\r\n" }
    elsif (/^DATA/) { $data = $valid; print $valid ? "354 go\r\n" : "503 5.5.1 no\r\n" }
    elsif (/^QUIT/) { print "221 bye\r\n"; last }
    else { print "250 ok\r\n" }
}
PERL
  one_each() {
    rm -f seen
    seq -f 'user%g@y.test' "$1" >everybody
    run "-$2" smtpsend -S 'exec:exec perl one-each.pl' -f me@x.test \
      --to-file everybody --body hi
  }
  one_each 15 0
  assert_equal "$(grep -c connection seen)" 15
  one_each 60 1
  assert_equal "$(grep -c connection seen)" 20
  # The window of each connection, and its first transactions.
  assert [ "$(grep -c MAIL seen)" -le $((20 * 17)) ]
  assert_equal "$(grep -c ': deferred: 452 4.5.3 too many recipients$' <<<"$output")" 40
  assert_output --partial 'accepted for 20 of 60 recipients'
}

@test "what failed is called by the command that was said" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 550 no
C: HELO *
S: 550 5.7.1 never
EOF
  run -69 --separate-stderr send --json bob@y.test
  assert_equal "$(value '{recipients}[0]{phase}')" HELO
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250 x
C= NOOP
S! close
EOF
  run -75 smtpsend -S "127.0.0.1:$port" --noop
  assert_output --partial 'NOOP: the server closed the connection'
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250 x
C= VRFY alice
S: 354 what
EOF
  run -76 smtpsend -S "127.0.0.1:$port" --vrfy alice
  assert_output --partial 'VRFY: the server broke the protocol'
}
