#!/usr/bin/env bats
# sendmail -bs: SMTP on standard input and output, and what becomes of what is handed
# over there.  port, server, output and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2119,SC2120

load testserver

setup() {
  box=$HOME/.local/state/smtpsend/outbox
  export SMTPSEND_LOCAL_DOMAIN=here.test SMTPSEND_ALIASES=none
}

# bs [OPTION]...: the dialogue on standard input, for the server on $port
bs() {
  SMTPSEND_SERVER=127.0.0.1:$port timeout 60 "$SMTPSEND_BUILD/smtpsend" --sendmail -bs "$@"
}
# lines LINE...: each with CRLF
lines() { printf '%s\r\n' "$@"; }
# replies: those of $output, without the greeting and what follows EHLO
replies() {
  printf '%s\n' "$output" | tr -d '\r' | grep -v -e '^220 ' -e '^250-[^ ]*$' -e '^250 HELP$' || true
}
# mail_of FROM TO...: MAIL, RCPT and DATA
mail_of() {
  lines "MAIL FROM:<$1>"
  shift
  printf 'RCPT TO:<%s>\r\n' "$@"
  lines DATA
}
# text SUBJECT: a message and its end
text() { lines "Subject: $1" '' hello .; }

recipients() { sed -n 's/^to: //p' "mail/${1:-1}.envelope" | tr '\n' ' '; }
states() {
  diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) \
    <(smtpsend --outbox | awk '{ print $2 }' | sort)
}
dead_port() {
  serve
  kill "$server"
  wait "$server" || true
}

# The beginning of a server that is played, and a question for a recipient.
greets() { printf '%s\n' 'S: 220 x' 'C: EHLO *' 'S: 250 x'; }
asked() {
  printf '%s\n' 'C: MAIL *' 'S: 250 ok' "C: RCPT TO:<$1>*" "S: ${2:-250 ok}" 'C: RSET' 'S: 250 ok'
}
takes() {
  printf '%s\n' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 250 ok' 'C: DATA' 'S: 354 go' 'C+ data' \
    "S: ${1:-250 2.0.0 taken}"
}

@test "a dialogue of RFC 5321, and what arrives" {
  serve
  run -0 bs < <(
    lines 'EHLO me' 'MAIL FROM:<me@x.test> SIZE=300 BODY=8BITMIME' 'RCPT TO:<a@y.test>' DATA \
      'To: a@y.test' 'Bcc: secret@y.test' '' 'hello' '..' '..a' . QUIT
  )
  run tr -d '\r' <<<"$output"
  assert_line --index 0 --regexp '^220 [a-z0-9.-]+ ESMTP smtpsend$'
  assert_equal "$(sed '1s/ ESMTP smtpsend$//; 2s/^250-/220 /' <<<"$output" | uniq | sed 1d)" "250-PIPELINING
250-SIZE
250-8BITMIME
250-SMTPUTF8
250-ENHANCEDSTATUSCODES
250-DSN
250 HELP
250 2.1.0 OK
250 2.1.5 OK
354 send the message, and a line with a dot and nothing else
250 2.0.0 queued as 1
221 2.0.0 closing"
  messages 1
  assert_equal "$(envelope | head -2)" 'from: me@x.test
to: a@y.test'
  assert_equal "$(message | sed '1,/^$/d')" 'hello
.
.a'
  [ -n "$(field Date)" ] && [ -n "$(field From)" ] && [ -n "$(field Message-ID)" ]
  run ! grep secret mail/1.eml
}

@test "a recipient is refused as the server refused him, and the others get it" {
  serve --reject no@y.test
  run -0 bs < <(
    mail_of me@x.test a@y.test no@y.test b@y.test
    text x
    lines QUIT
  )
  assert_equal "$(replies)" '250 2.1.0 OK
250 2.1.5 OK
550 5.1.1 no such user
250 2.1.5 OK
354 send the message, and a line with a dot and nothing else
250 2.0.0 queued as 1
221 2.0.0 closing'
  assert_equal "$(recipients)" 'a@y.test b@y.test '
  states ''
}

@test "what all servers would refuse is refused without one" {
  dead_port
  run -0 bs < <(lines 'MAIL FROM:<a@@b>' 'MAIL FROM:<a@b.test>' 'RCPT TO:<a,b@c.test>' \
    'RCPT TO:<x@y@z>' DATA QUIT)
  run grep -c -e '^553 5.1.7 ' -e '^553 5.1.3 ' -e '^554 5.5.1 no valid' <<<"$(replies)"
  assert_output 4
}

@test "who is put off is taken, and waits in the outbox" {
  serve --defer later@y.test
  run -0 bs < <(
    mail_of me@x.test a@y.test later@y.test
    text x
  )
  assert_line --partial '250 2.1.5 OK, but it may wait in the outbox for some time'
  assert_line --partial '250-2.0.0 accepted for 1 of 2 recipients'
  assert_line --regexp '^250-2.0.0 queued as [0-9a-z]{16}'
  assert_equal "$(recipients)" 'a@y.test '
  states waits
  run -0 smtpsend --outbox=show "$(smtpsend --outbox | awk '{ print $1 }')"
  assert_output --partial later@y.test
  refute_output --partial a@y.test
}

@test "without a server all is taken and waits, and arrives when there is one" {
  dead_port
  run -0 bs < <(
    lines 'EHLO x'
    mail_of me@x.test a@y.test root
    text 'for later'
    lines QUIT
  )
  assert_line --regexp '^250-2.0.0 queued as [0-9a-z]{16}'
  states waits
  run -0 smtpsend --outbox=show "$(smtpsend --outbox | awk '{ print $1 }')"
  assert_line --partial "127.0.0.1:$port: Connection refused"
  serve --listen "127.0.0.1:$port"
  run -0 timeout 30 "$SMTPSEND_BUILD/smtpsend" --flush
  messages 0
  run -0 smtpsend --sendmail -q
  messages 1
  assert_equal "$(recipients)" 'a@y.test root@here.test '
  assert_equal "$(field Subject)" 'for later'
  assert_equal "$(envelope | head -1)" 'from: me@x.test'
}

@test "what MAIL and RCPT ask for goes to a server that has DSN, at once or later" {
  dead_port
  run -0 bs < <(
    lines 'MAIL FROM:<me@x.test> RET=HDRS ENVID=a+20b' \
      'RCPT TO:<a@y.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;q+2Bb@y.test' \
      'RCPT TO:<b@y.test> NOTIFY=NEVER' 'RCPT TO:<c@y.test> ORCPT=rfc822;old@y.test' DATA
    text x
  )
  play --listen "127.0.0.1:$port" <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 DSN
C: MAIL FROM:<me@x.test> RET=HDRS ENVID=a+20b
S: 250 ok
C: RCPT TO:<a@y.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;q+2Bb@y.test
S: 250 ok
C: RCPT TO:<b@y.test> NOTIFY=NEVER ORCPT=rfc822;b@y.test
S: 250 ok
C: RCPT TO:<c@y.test> ORCPT=rfc822;old@y.test
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
END
  run -0 timeout 30 "$SMTPSEND_BUILD/smtpsend" --sendmail -q
  followed
  # One that has none takes it as it is.
  serve
  run -0 bs < <(
    lines 'MAIL FROM:<me@x.test> RET=FULL' 'RCPT TO:<a@y.test> NOTIFY=FAILURE' DATA
    text x
  )
  assert_line --partial '250 2.0.0 queued as 1'
}

@test "several messages go over one connection, and what was reset goes nowhere" {
  play < <(
    printf '%s\n' 'name: x' ''
    greets
    asked a@y.test
    asked b@y.test
    takes
    asked c@y.test
    takes '250 2.0.0 this, too'
    printf '%s\n' 'C: QUIT' 'S: 221 bye'
  )
  run -0 bs < <(
    lines 'MAIL FROM:<me@x.test>' 'RCPT TO:<a@y.test>' RSET
    mail_of me@x.test b@y.test
    text 1
    mail_of '' c@y.test
    text 2
    lines QUIT
  )
  followed
  assert_equal "$(replies | grep -v '^250 2.1')" '250 2.0.0 OK
354 send the message, and a line with a dot and nothing else
250 2.0.0 taken
354 send the message, and a line with a dot and nothing else
250 2.0.0 this, too
221 2.0.0 closing'
}

@test "a server that hung up between two messages is connected to again" {
  play --connections 2 < <(
    printf '%s\n' 'name: x' ''
    greets
    asked a@y.test
    takes
    printf '%s\n' 'S! close' '=='
    greets
    asked b@y.test
    takes '250 2.0.0 again'
    printf '%s\n' 'C: QUIT' 'S: 221 bye'
  )
  coproc SESSION { bs; }
  client=$SESSION_PID
  exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
  {
    mail_of me@x.test a@y.test
    text 1
  } >&"$to"
  until [[ $reply = '250 2.0.0 taken'* ]]; do read -r -t 20 reply <&"$from"; done
  {
    mail_of me@x.test b@y.test
    text 2
    lines QUIT
  } >&"$to"
  until [[ $reply = '250 2.0.0 again'* ]]; do read -r -t 20 reply <&"$from"; done
  wait "$client"
  client=
  followed
}

@test "a client that knows no CR is understood" {
  serve
  run -0 bs < <(printf '%s\n' 'EHLO x' 'MAIL FROM:<me@x.test>' 'RCPT TO:<a@y.test>' DATA \
    'Subject: x' '' one ..two . QUIT)
  assert_line --partial '221 2.0.0 closing'
  assert_equal "$(message | sed '1,/^$/d')" 'one
.two'
}

@test "a message in a message stays one" {
  serve
  run -0 bs < <(
    mail_of me@x.test a@y.test
    lines 'Subject: x' ''
    printf 'one\n.\nMAIL FROM:<evil@x.test>\nRCPT TO:<b@y.test>\nDATA\n\nbad\n.\n\r.\r\n'
    lines two . QUIT
  )
  assert_equal "$(replies | tail -1)" '221 2.0.0 closing'
  run ! grep -l '^from: evil' mail/*.envelope
  run ! grep -l '^to: b@y' mail/*.envelope
}

@test "a message that is too large for the server is refused when that is known" {
  serve --size 2000
  run -0 bs < <(
    lines 'MAIL FROM:<me@x.test> SIZE=3000'
    mail_of me@x.test a@y.test
    lines 'Subject: x' ''
    printf '%0300d\r\n' 0 0 0 0 0 0 0 0
    lines .
    mail_of me@x.test a@y.test
    text x
  )
  run replies
  assert_line --index 0 '552 5.3.4 the server takes no message so large'
  assert_line --index 4 --regexp '^55[24] 5\.[0-9.]+ .*2000'
  assert_line --index 8 '250 2.0.0 queued as 1'
  messages 1
  states ''
}

@test "ten megabytes arrive as they are, and a NUL is refused" {
  serve
  run -0 bs < <(
    mail_of me@x.test a@y.test
    lines 'Subject: x' ''
    head -c 7500000 /dev/zero | base64 | sed 's/$/\r/'
    lines .
    mail_of me@x.test a@y.test
    printf 'Subject: x\r\n\r\na\0b\r\n.\r\n'
  )
  run replies
  assert_line --index 3 '250 2.0.0 queued as 1'
  assert_line --index 7 --regexp '^554 5.6.0 .*NUL'
  messages 1
  assert_equal "$(message | sed '1,/^$/d' | base64 -d | tr -d '\0' | wc -c)" 0
  assert_equal "$(message | sed '1,/^$/d' | base64 -d | wc -c)" 7500000
}

@test "a message that cannot be kept while it comes is put off, and the next one is not" {
  serve
  export TMPDIR=$PWD/nowhere
  run -0 bs < <(
    mail_of me@x.test a@y.test
    head -c 3000000 /dev/zero | base64 | sed 's/$/\r/'
    lines .
    mail_of me@x.test a@y.test
    text x
    lines QUIT
  )
  run replies
  assert_line --index 3 --regexp '^452 4.3.1 cannot create a temporary file in .*/nowhere'
  assert_line --index 7 '250 2.0.0 queued as 1'
  messages 1
}

@test "an input that ends in a message sends nothing" {
  serve
  run -66 bs < <(
    mail_of me@x.test a@y.test
    lines 'Subject: x' '' 'a part of it'
  )
  assert_line --partial 'the input ended in the middle of a message'
  messages 0
  run -1 bs < <(
    mail_of me@x.test a@y.test
    text whole
    mail_of me@x.test a@y.test
    lines 'Subject: x' '' .a
  )
  messages 1
  states ''
  run -0 bs </dev/null
}

@test "what the server says to the message is passed on" {
  play < <(
    printf '%s\n' 'name: x' ''
    greets
    asked a@y.test
    takes $'554-5.7.1 no spam\nS: 554 5.7.1 at all'
    asked a@y.test
    takes '451 4.7.1 later'
  )
  run -0 bs < <(
    mail_of me@x.test a@y.test
    text x
    mail_of me@x.test a@y.test
    text y
  )
  followed
  run replies
  assert_line --index 3 '554-5.7.1 no spam'
  assert_line --index 4 '554 5.7.1 at all'
  assert_line --index 8 --regexp '^250-2.0.0 queued as '
  assert_line --index 9 '250 2.0.0 a@y.test: 451 4.7.1 later'
  states waits
}

@test "what nobody knows of is kept, told, and not sent again by itself" {
  play < <(
    printf '%s\n' 'name: x' ''
    greets
    asked a@y.test
    takes | sed '$d'
    echo 'S! reset'
  )
  run -0 bs < <(
    mail_of me@x.test a@y.test
    text x
  )
  followed
  run replies
  assert_line --index 3 --regexp \
    '^250-2.0.0 nobody knows whether the server took it: .* kept as [0-9a-z]{16}$'
  states unknown
  serve --listen "127.0.0.1:$port"
  run timeout 30 "$SMTPSEND_BUILD/smtpsend" --flush
  messages 0
  run -0 smtpsend --outbox=show "$(smtpsend --outbox | awk '{ print $1 }')"
  assert_output --partial a@y.test
}

@test "who is refused after all, when others have it, lies in failed/" {
  play < <(
    printf '%s\n' 'name: x' ''
    greets
    asked a@y.test
    asked b@y.test
    printf '%s\n' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 250 ok' 'C: RCPT *' 'S: 550 5.2.2 full' \
      'C: DATA' 'S: 354 go' 'C+ data' 'S: 250 ok'
  )
  run -0 bs < <(
    mail_of me@x.test a@y.test b@y.test
    text x
  )
  followed
  run replies
  assert_line --index 4 '250-2.0.0 accepted for 1 of 2 recipients'
  assert_line --index 5 --regexp '^250-2.0.0 refused, and kept as [0-9a-z]{16}$'
  assert_line --index 6 '250 2.0.0 b@y.test: 550 5.2.2 full'
  states failed
  run -0 smtpsend --outbox=show "$(smtpsend --outbox | awk '{ print $1 }')"
  assert_output --partial '5.2.2 full'
}

@test "what can neither be sent nor kept is not taken" {
  dead_port
  mkdir -p "${box%/*}"
  ln -s /nowhere "$box"
  run -0 bs < <(
    mail_of me@x.test a@y.test
    text x
    lines QUIT
  )
  run replies
  assert_line --index 3 --regexp '^451 4.3.5 not queued: .*/outbox'
  assert_line --index 4 '221 2.0.0 closing'
}

@test "what a part of its recipients has, and what cannot be kept for the others, is told" {
  serve --defer later@y.test
  mkdir -p "${box%/*}"
  ln -s /nowhere "$box"
  run -0 bs < <(
    mail_of me@x.test a@y.test later@y.test
    text x
  )
  run replies
  assert_line --index 4 --regexp '^554-5.3.0 not queued: '
  assert_line --index 5 '554-5.3.0 a@y.test: has it'
  assert_line --index 6 --regexp '^554-5.3.0 later@y.test: has it not'
}

@test "a configuration that cannot be read keeps nothing from the outbox" {
  local setting
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  for setting in 'nonsense = 1' 'from = a b c' 'bcc = a b' 'charset = nonsense'; do
    echo "$setting" >"$XDG_CONFIG_HOME/smtpsend/config"
    run -0 --separate-stderr bs < <(
      mail_of me@x.test a@y.test
      text x
    )
    run replies
    assert_line --index 3 --regexp '^250 2.0.0 queued as [0-9a-z]{16}$'
  done
  messages 0
  rm "$XDG_CONFIG_HOME/smtpsend/config"
  states due due due due
}

@test "an alias is asked for as what it stands for" {
  serve --reject no@y.test
  printf '%s\n' 'root: ann@y.test' 'nobody: no@y.test' 'some: no@y.test, bob@y.test' >aliases
  export SMTPSEND_ALIASES=$PWD/aliases
  run -0 bs < <(
    mail_of root root nobody ann@y.test
    text x
  )
  run replies
  assert_line --index 1 '250 2.1.5 OK'
  assert_line --index 2 '550 5.1.1 no such user'
  assert_line --index 4 --partial '354'
  assert_equal "$(recipients)" 'ann@y.test '
  assert_equal "$(envelope | head -1)" 'from: root@here.test'
}

@test "a signal ends the session, and nothing that is not complete is sent" {
  serve
  coproc SESSION {
    SMTPSEND_SERVER=127.0.0.1:$port exec "$SMTPSEND_BUILD/smtpsend" --sendmail -bs
  }
  client=$SESSION_PID
  exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
  {
    mail_of me@x.test a@y.test
    lines 'Subject: x'
  } >&"$to"
  until [[ $reply = 354* ]]; do read -r -t 20 reply <&"$from"; done
  kill -TERM "$client"
  read -r -t 20 reply <&"$from"
  assert_equal "${reply%$'\r'}" '421 4.3.2 stopped by a signal'
  status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status" 143
  messages 0
}

@test "a signal while the server is awaited is no verdict on a message or a recipient" {
  local step status
  for step in 'RCPT 1' 'MAIL 2'; do
    play < <(
      printf '%s\n' 'name: x' ''
      greets
      if [ "$step" = 'MAIL 2' ]; then asked a@y.test; fi
      printf '%s\n' 'C: MAIL *'
      if [ "$step" = 'RCPT 1' ]; then printf '%s\n' 'S: 250 ok' 'C: RCPT *'; fi
      echo 'S! stall'
    )
    coproc SESSION {
      SMTPSEND_SERVER=127.0.0.1:$port exec "$SMTPSEND_BUILD/smtpsend" --sendmail -bs -X spoken
    }
    client=$SESSION_PID
    exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
    { mail_of me@x.test a@y.test && text x && lines QUIT; } >&"$to"
    until [ "$(grep -c "${step% *}" spoken)" = "${step#* }" ]; do sleep 0.05; done
    kill -TERM "$client"
    run cat <&"$from"
    status=0
    wait "$client" || status=$?
    client=
    assert_equal "$status" 143
    assert_line --index -1 --partial '421 4.3.2 stopped by a signal'
    refute_line --regexp '^[45]5'
    states ''
    servers_end
    rm spoken
  done
}

@test "who was put off is kept though a signal came while a verdict was awaited" {
  local call status
  for call in -bs '-f me@x.test later@y.test a@y.test'; do
    rm -rf spoken "$box"
    play < <(
      printf '%s\n' 'name: x' ''
      greets
      if [ "$call" = -bs ]; then
        asked later@y.test '451 4.2.0 later'
        asked a@y.test
      fi
      printf '%s\n' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 451 4.2.0 later' 'C: RCPT *' 'S: 250 ok' \
        'C: DATA' 'S: 354 go' 'C+ data' 'S! drip 100' 'S: 250 2.0.0 taken'
    )
    if [ "$call" = -bs ]; then mail_of me@x.test later@y.test a@y.test; fi >input
    text x >>input
    # shellcheck disable=SC2086
    SMTPSEND_SERVER=127.0.0.1:$port "$SMTPSEND_BUILD/smtpsend" --sendmail $call -X spoken \
      <input >replies 2>&1 3>&- &
    client=$!
    until [ -e spoken ] && grep -q 354 spoken; do sleep 0.05; done
    sleep 0.3
    kill -TERM "$client"
    status=0
    wait "$client" || status=$?
    client=
    followed
    run cat replies
    refute_output --partial cancelled
    states waits
    run -0 smtpsend --outbox=show "$(smtpsend --outbox | awk '{ print $1 }')"
    assert_output --partial later@y.test
    refute_output --partial a@y.test
  done
}

@test "-odq: no server is asked; -X: the dialogue with it is written" {
  serve --reject no@y.test
  run -0 bs -odq < <(
    mail_of me@x.test no@y.test
    text x
  )
  run replies
  assert_line --index 1 '250 2.1.5 OK, it will wait in the outbox'
  states due
  run -0 bs -X dialogue < <(
    mail_of me@x.test no@y.test a@y.test
    text x
  )
  assert_line --partial '550 5.1.1 no such user'
  grep -q 'RCPT TO:<no@y.test>' dialogue
}

@test "many recipients and many messages, whatever order answers are read in" {
  serve
  run -0 bs < <(
    lines 'MAIL FROM:<me@x.test>'
    printf 'RCPT TO:<a%d@y.test>\r\n' {1..200}
    lines DATA
    text x
    for i in {1..20}; do
      mail_of me@x.test "b$i@y.test"
      text "$i"
    done
    lines QUIT
  )
  messages 21
  assert_equal "$(recipients | wc -w)" 200
  assert_equal "$(grep -c '^250 2.1.5' <<<"$output")" 220
}

@test "a client that writes all before it reads anything is heard" {
  dead_port
  coproc SESSION { bs; }
  client=$SESSION_PID
  exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
  # 280 KB of answers: more than a pipe takes.
  printf 'NOOP\n%.0s' {1..20000} >&"$to"
  lines QUIT >&"$to"
  assert_equal "$(grep -c '^250 2.0.0 OK' <&"$from")" 20000
  wait "$client"
  client=
}

@test "a client that awaits each answer before it says more has each at once" {
  local what command code
  serve
  coproc SESSION { SMTPSEND_TIMEOUT=20s bs; }
  client=$SESSION_PID
  exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
  read -r -t 10 reply <&"$from"
  for what in 'EHLO me:250 HELP' NOOP:250 RSET:250 'RCPT TO:<a@y.test>:503' VRFY:501 nonsense:500 \
    'HELO me:250' 'MAIL FROM:<me@x.test>:250' 'MAIL FROM:<me@x.test>:503' \
    'RCPT TO:<a@y.test>:250' 'RCPT TO:<a@y.test:501' DATA:354 $'Subject: x\r\n.:250' QUIT:221; do
    command=${what%:*} code=${what##*:}
    lines "$command" >&"$to"
    until read -r -t 10 reply <&"$from" && [[ $reply = "$code"* ]]; do
      [[ $reply = 250-* ]] || fail "$command: $reply"
    done
  done
  wait "$client"
  client=
  messages 1
}

@test "who says QUIT and does not wait for the answer has sent all the same" {
  serve
  coproc SESSION { bs 2>told; }
  client=$SESSION_PID
  exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
  # Nobody else is to hold the ends of these pipes.
  eval "exec ${SESSION[0]}<&- ${SESSION[1]}>&-"
  { mail_of me@x.test a@y.test && text x; } >&"$to"
  until [[ $reply = '250 2.0.0 queued'* ]]; do read -r -t 20 reply <&"$from"; done
  exec {from}<&-
  lines QUIT >&"$to"
  exec {to}>&-
  status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status:$(<told)" 0:
  messages 1
}

@test "a copy of each message is kept, and commands are told of it" {
  play < <(
    printf '%s\n' 'name: x' ''
    greets
    asked a@y.test
    takes
    asked b@y.test
    takes '554 5.7.1 no'
    asked c@y.test
    takes
  )
  # shellcheck disable=SC2016 # it is for the command's own shell
  SMTPSEND_SAVE=$PWD/sent/ SMTPSEND_ON_SUCCESS='echo yes "$MAIL_RECIPIENTS" >>told' \
    SMTPSEND_ON_FAILURE='echo no "$MAIL_RECIPIENTS" >>told' run -0 bs < <(
      mail_of me@x.test a@y.test
      text 1
      mail_of me@x.test b@y.test
      text 2
      mail_of me@x.test c@y.test
      text 3
    )
  followed
  assert_equal "$(cat told)" 'yes a@y.test
no b@y.test
yes c@y.test'
  assert_equal "$(cat sent/*/* | tr -d '\r' | grep '^Subject' | sort)" 'Subject: 1
Subject: 3'
}

@test "the log has a line for each message" {
  serve --reject no@y.test --defer later@y.test
  export SMTPSEND_LOG=$PWD/log
  run -0 bs < <(
    mail_of me@x.test a@y.test no@y.test
    text 1
    mail_of me@x.test later@y.test
    text 2
    mail_of me@x.test a@y.test
    printf 'a\0b\r\n.\r\n'
  )
  run cat log
  assert_line --index 0 --partial 'from=<me@x.test> to=<a@y.test> nrcpt=1'
  assert_line --index 0 --partial 'status=sent exit=0'
  assert_line --index 1 --partial 'to=<later@y.test>'
  assert_line --index 1 --partial 'status=queued exit=0'
  assert_line --index 2 --partial 'exit=65'
  assert_equal "${#lines[@]}" 3
}

@test "what waits for the same server goes when a session has reached it" {
  dead_port
  run -0 bs < <(
    mail_of me@x.test a@y.test
    text first
  )
  states waits
  serve --listen "127.0.0.1:$port"
  run -0 bs < <(
    mail_of me@x.test b@y.test
    text second
    lines QUIT
  )
  messages 2
  states ''
}

@test "what a server wants of us, and not of the client, brings a message into the outbox" {
  play < <(
    printf '%s\n' 'name: x' ''
    greets
    printf '%s\n' 'C: MAIL *' 'S: 530 5.7.0 sign in' 'C: RSET' 'S: 250 ok' 'C: MAIL *' \
      'S: 530 5.7.0 sign in' 'C+ some'
  )
  run -0 bs < <(
    mail_of me@x.test a@y.test
    text x
  )
  run replies
  assert_line --index 1 '250 2.1.5 OK, but it may wait in the outbox for some time'
  assert_line --index 3 --regexp '^250-2.0.0 queued as '
  states waits
}

@test "MAIL chooses the account that is for its address, message by message" {
  serve
  local here=$port
  mkdir -p work "$XDG_CONFIG_HOME/smtpsend"
  cd work
  serve
  cd "$BATS_TEST_TMPDIR"
  printf '%s\n' "server = 127.0.0.1:$here" '[account work]' 'from = *@work.test' \
    "server = 127.0.0.1:$port" >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 timeout 60 "$SMTPSEND_BUILD/smtpsend" --sendmail -bs < <(
    mail_of me@home.test a@y.test
    text 1
    mail_of me@work.test b@y.test
    text 2
    mail_of boss@work.test c@y.test
    text 3
    mail_of me@home.test d@y.test
    text 4
    lines QUIT
  )
  assert_equal "$(cat mail/*.envelope | grep '^to:' | tr '\n' ' ')" 'to: a@y.test to: d@y.test '
  assert_equal "$(cat work/mail/*.envelope | grep '^to:' | tr '\n' ' ')" \
    'to: b@y.test to: c@y.test '
}
