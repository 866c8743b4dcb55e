#!/usr/bin/env bats
# On a terminal: script(1) makes one, and the tests type only what was asked for.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver
load terminal

setup() {
  command -v script >/dev/null || skip 'script(1) is not there'
}

teardown() {
  servers_end
  terminal_end
}

@test "the subject is asked for, a notice says how to end, ^D sends" {
  serve
  on_terminal -S "127.0.0.1:$port" -f me@x.test bob@y.test
  sees 'Subject: '
  types 'about lunch\n'
  sees 'end with ^D, cancel with ^C'
  types 'noon?\n\0004'
  closes 0
  messages 1
  assert_equal "$(field subject)" 'about lunch'
  assert_equal "$(message | sed '1,/^$/d')" 'noon?'
}

@test "with a subject none is asked for, with -q nothing is" {
  serve
  on_terminal -S "127.0.0.1:$port" -f me@x.test -s known bob@y.test
  sees 'cancel with ^C'
  types 'one\n\0004'
  closes 0
  on_terminal -q -S "127.0.0.1:$port" -f me@x.test bob@y.test
  types 'two\n\0004'
  closes 0
  run ! grep -e Subject: -e '\^C' rest
  messages 2
  assert_equal "$(field subject 1)" known
  assert_equal "$(field subject 2)" ''
}

@test "^C sends nothing, at the subject, in the text, and at the server" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S! stall
EOF
  on_terminal -S "127.0.0.1:$port" -f me@x.test bob@y.test
  sees 'Subject: '
  types '\0003'
  closes 130
  on_terminal -S "127.0.0.1:$port" -f me@x.test -s known bob@y.test
  sees 'cancel with ^C'
  types 'half a mes\0003'
  closes 130
  on_terminal -S "127.0.0.1:$port" -f me@x.test -s known bob@y.test
  sees 'cancel with ^C'
  types 'whole lines\n\0003'
  closes 130
  # until here nobody was called; now the server is silent
  on_terminal -S "127.0.0.1:$port" -vv -f me@x.test --body hi bob@y.test
  sees 'C: EHLO '
  types '\0003'
  closes 130
  followed
}

@test "^C behind the message says that it has gone out, and another one leaves it unknown" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
C+ end
EOF
  on_terminal -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test
  sees "waiting for the verdict of 127.0.0.1:$port, 2 s"
  types '\0003'
  sees "the message has gone out, waiting for the server's answer; ^C again in 2 s leaves it unknown"
  # the seconds are counted for us
  sees ', 4 s'
  sees ', 5 s'
  types '\0003'
  closes 2
  run -0 cat rest
  assert_output --partial 'bob@y.test: unknown: '
  followed
}

@test "while no greeting comes it is said what may be awaited" {
  play <<<$'name: x\n\nS! stall'
  on_terminal -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test
  sees "waiting for the greeting of 127.0.0.1:$port, 2 s"
  sees "hint: no greeting: if this port wants TLS first, -S smtps://127.0.0.1:$port"
  types '\0003'
  closes 130
  run -0 cat rest
  assert_output --partial 'cancelled, nothing was sent'
  followed
}

@test "^C says that nothing was sent while recipients are asked, too" {
  play <<<$'name: x\n\nS: 220 x\nC: EHLO *\nS: 250 x\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\nC: RCPT *\nS! stall'
  on_terminal -S "127.0.0.1:$port" -f me@x.test --body hi a@y.test b@y.test
  sees "waiting for"
  types '\0003'
  closes 130
  run -0 cat rest
  assert_output --partial 'a@y.test: refused: 550 no'
  assert_output --partial "smtpsend: 127.0.0.1:$port: cancelled, nothing was sent"
  refute_output --partial 'b@y.test'
  followed
}

@test "^C cancels while a command or a person is asked for the password" {
  local option
  serve --user me:swordfish
  # the command is in our group, and ends by the same key
  for option in --no-netrc --password-command='printf "a password" >/dev/tty; exec sleep 60'; do
    on_terminal -S "127.0.0.1:$port" -f me@x.test -u me --body hi "$option" bob@y.test
    sees assword
    types '\0003'
    closes 130
    run -0 cat rest
    assert_output --partial 'cancelled, nothing was sent'
  done
  messages 0
}

@test "a password is asked for without an echo" {
  serve --user me:swordfish
  on_terminal -S "127.0.0.1:$port" -f me@x.test -u me --body hi -vv bob@y.test
  sees 'assword'
  sees ': '
  types 'swordfish\n'
  closes 0
  run ! grep swordfish rest
  assert_equal "$(envelope | grep user:)" 'user: me'
}

@test "a question is not asked when no recipient is there" {
  on_terminal -S 127.0.0.1:1 -f me@x.test
  closes 64
  run -0 cat rest
  assert_output --partial 'no recipients'
  refute_output --partial Subject
}

@test "a complete message can be typed, too" {
  serve
  on_terminal -S "127.0.0.1:$port" -m -
  sees 'cancel with ^C'
  types 'From: me@x.test\nTo: bob@y.test\n\nhi\n\0004'
  closes 0
  messages 1
}

@test "sendmail -t takes a message from a terminal, whose header names who gets it" {
  on_terminal --sendmail -t -odq
  sees 'type the message; end with ^D'
  types 'To: ann@y.test\n\ntext\n\004'
  closes 0
  run -0 smtpsend --outbox
  assert_line --partial ' ann@y.test'
}

@test "long work shows how far it has come, and takes the line away at the end" {
  local feeder
  serve
  mkfifo input
  on_terminal -S "127.0.0.1:$port" -f me@x.test -m input bob@y.test
  { printf 'Subject: long\n\n' && exec yes 'a line of a long message'; } >input 3>&- 8>&- 9>&- &
  feeder=$!
  sees ' MB/s'
  kill "$feeder"
  closes 0
  run -0 tail -c 4 rest
  assert_output $'\r\e[K'
}

@test "with -q, or where standard error is no terminal, no progress is shown" {
  local feeder
  serve
  mkfifo input
  { printf 'Subject: long\n\n' && yes 'a line of a long message' | head -c 30000000; } >input 3>&- &
  feeder=$!
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -m input bob@y.test
  assert_output ''
  wait "$feeder"
}

@test "with HTML nothing is asked for, and the text is made of it" {
  serve
  echo '<p>Hello <a href="https://x.test/">there</a>' >page.html
  on_terminal -S "127.0.0.1:$port" -f me@x.test --html page.html bob@y.test
  closes 0
  messages 1
  message | grep -qx 'Hello there <https://x.test/>'
}

@test "an answer is not asked for its subject, only for its text" {
  serve
  printf 'Message-ID: <1@x.test>\nSubject: lunch\n\nnoon?\n' >letter.eml
  on_terminal -S "127.0.0.1:$port" -f me@x.test --in-reply-to letter.eml bob@y.test
  sees 'cancel with ^C'
  types 'yes\n\0004'
  closes 0
  assert_equal "$(field subject)" 'Re: lunch'
  assert_equal "$(field in-reply-to)" '<1@x.test>'
}

@test "a file that is typed is asked for, and ends as a text does" {
  serve
  on_terminal -S "127.0.0.1:$port" -f me@x.test -s typed -a - bob@y.test
  sees 'type the file'
  types 'octets\n\0004'
  closes 0
  message | grep -q "^$(printf 'octets\n' | base64)"
}

@test "a script at a terminal has a prompt, and a line that is wrong does not end it" {
  play <<<$'name: x\n\nS: 220 mx\nC= NOOP\nS: 550 no\nC= DATA\nS: 354 go\nC= hi\nC= .\nS: 250 ok\nC= QUIT'
  on_terminal -S "127.0.0.1:$port" --script -
  sees 'smtpsend> '
  types 'NOOP\n'
  sees '550 no'
  sees 'smtpsend> '
  types '!sned x\n'
  sees "did you mean '!send'?"
  sees 'smtpsend> '
  types 'DATA\nhi\n.\n'
  sees '354 go'
  sees '250 ok'
  sees 'smtpsend> '
  types '\004'
  closes 0
  followed
}

@test "the password of a key is asked for, once and without an echo" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout me.key -out me.pem \
    -subj /CN=me -days 30 -passout pass:sesam 2>/dev/null
  chmod 600 me.key
  on_terminal -S 127.0.0.1:1 --noop --tls-cert me.pem --tls-key me.key
  sees 'Password for key me.key: '
  types 'MARKERpw\n'
  sees 'client key me.key: the password is wrong'
  run cat <&9
  refute_output --partial MARKERpw
}
