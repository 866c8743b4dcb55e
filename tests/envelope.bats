#!/usr/bin/env bats
# What an envelope asks for: of MAIL, of all recipients, of one of them.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

send() { smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$@"; }

# offer KEYWORD...: a server that offers these and takes a message for $count (1)
# recipients
offer() {
  local i
  play < <(
    printf '%s\n' 'name: x' '' 'S: 220 mx.test' 'C: EHLO *' 'S: 250-mx.test'
    printf 'S: 250-%s\n' "$@"
    printf '%s\n' 'S: 250 HELP' 'C: MAIL *' 'S: 250 ok'
    for ((i = 0; i < ${count:-1}; i++)); do printf '%s\n' 'C: RCPT *' 'S: 250 ok'; done
    printf '%s\n' 'C: DATA' 'S: 354 go ahead' 'C+ data' 'S: 250 ok' 'C: QUIT' 'S: 221 bye' 'S! close'
  )
}

# said: the commands of MAIL and RCPT in the transcript
said() { grep -E '^C: (MAIL|RCPT)' log; }

@test "what is asked for stands in MAIL and RCPT where it is offered" {
  offer DSN 'DELIVERBY 60' MT-PRIORITY FUTURERELEASE RRVS AUTH XVERP
  run -0 send --transcript log --dsn-notify success,failure --dsn-return hdrs \
    --envelope-id 'a b' --deliver-by 2m,return --priority=-3 --hold-for 1h \
    --valid-since 2020-01-01T00:00:00+01:00 --mail-auth '<>' --mail-param xverp \
    --mail-param '?X-NOT=1' --rcpt-param :x=y bob+1@y.test
  run -0 said
  assert_line --index 0 "C: MAIL FROM:<me@x.test> RET=HDRS ENVID=a+20b BY=120;R\
 MT-PRIORITY=-3 HOLDFOR=3600 AUTH=<> XVERP"
  assert_line --index 1 "C: RCPT TO:<bob+1@y.test> NOTIFY=SUCCESS,FAILURE\
 RRVS=2019-12-31T23:00:00Z X=y ORCPT=rfc822;bob+2B1@y.test"
}

@test "configuration and environment ask as the command line does" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '%s\n' 'dsn-notify = never' 'mail-param = RET=FULL' 'mail-param = ENVID=1' \
    'priority = 4' >"$XDG_CONFIG_HOME/smtpsend/config"
  offer DSN MT-PRIORITY
  SMTPSEND_PRIORITY=5 run -0 send --transcript log bob@y.test
  run -0 said
  assert_line --index 0 'C: MAIL FROM:<me@x.test> MT-PRIORITY=5 RET=FULL ENVID=1'
  assert_line --index 1 'C: RCPT TO:<bob@y.test> NOTIFY=NEVER ORCPT=rfc822;bob@y.test'
  play <<<$'name: x\n\nS: 220 x'
  SMTPSEND_MAIL_PARAM=SIZE=1 run -78 send bob@y.test
  assert_output --partial 'SMTPSEND_MAIL_PARAM: SIZE: smtpsend says it by itself'
  echo 'hold-until = 2020-01-01T00:00:00Z' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -78 send bob@y.test
  assert_output --partial "config:1: hold-until: 2020-01-01T00:00:00Z is over"
  run -0 smtpsend -S "127.0.0.1:$port" --show-settings
  nobody_came
}

@test "a recipient has its own parameters, and nobody sees them in the message" {
  local name
  echo 'Carl <carl@y.test>;notify=delay,failure' >list
  for name in "-t ann@y.test;notify=never" "-c ann@y.test;notify=never" \
    "-b ann@y.test;notify=never" "ann@y.test;notify=never" "--to-file=list"; do
    offer DSN
    # shellcheck disable=SC2086
    run -0 send --transcript log -s x $name --dsn-return full
    run -0 said
    assert_line --index 1 --regexp \
      '^C: RCPT TO:<(ann|carl)@y\.test> NOTIFY=(NEVER|DELAY,FAILURE) ORCPT=rfc822;(ann|carl)@y\.test$'
  done
  serve
  run -69 send -t 'Ann <ann@y.test>;notify=never' -c 'T: bob@y.test;'
  messages 0
  run -0 smtpsend -n -f me@x.test --body x -t 'Ann <ann@y.test>;notify=never' -c 'T: bob@y.test;'
  assert_line --partial 'To: Ann <ann@y.test>'
  refute_output --partial never
}

@test "a semicolon makes no recipient of what is none" {
  local to
  play <<<$'name: x\n\nS: 220 x'
  for to in 'ann@y.test;' 'ann@y.test; bob@y.test' 'ann@y.test;x=bob@y.test' \
    'T: ann@y.test;notify=never' 'ann@y.test;notify=never bob@y.test' \
    'ann@y.test;notify=nver' 'ann@y.test;ret=full' '<ann@y.test;notify=never>' \
    $'ann@y.test;notify=never\r\nDATA' 'ann@y.test;x> NOTIFY=NEVER' \
    $'ann@y.test;x="a\r\nb"' 'ann@y.test;x="a b"'; do
    run -64 send "$to"
  done
  run -64 send 'ann@y.test;notify=never' -c 'ann@y.test;notify=delay'
  assert_output --partial 'ann@y.test: named twice, with different parameters'
  echo 'ann@y.test;notify=x' >list
  run -64 send --to-file list
  run -65 smtpsend -S "127.0.0.1:$port" -m - <<<$'To: ann@y.test;notify=never\n\nx'
  nobody_came
}

@test "what is demanded and not offered is named, and nothing is sent" {
  local args
  serve
  for args in '--dsn-notify=never:NOTIFY needs DSN' '--dsn-return=full:RET needs DSN' \
    '--envelope-id=1:ENVID needs DSN' '--deliver-by=1h:BY needs DELIVERBY' \
    '--priority=1:the server does not offer MT-PRIORITY' \
    '--hold-for=1:HOLDFOR needs FUTURERELEASE' \
    '--valid-since=@1:the server does not offer RRVS' \
    '--mail-auth=<>:the server does not offer AUTH' \
    '--mail-param=XVERP:the server does not offer XVERP' \
    '--rcpt-param=X-A=1:the server does not offer X-A'; do
    run -69 send --transcript log "${args%%:*}" bob@y.test
    assert_line --index 0 --partial "MAIL not sent: ${args#*:}"
    run -1 said
  done
  messages 0
  run -0 send --mail-param '?XVERP' --rcpt-param '?X-A=1' bob@y.test
  messages 1
}

@test "a value beyond the server's bounds is named, and nothing is sent" {
  offer 'FUTURERELEASE 3600 2031-01-01T00:00:00Z'
  run -69 send --transcript log --hold-until 2031-01-01T00:00:01Z bob@y.test
  assert_output --partial 'nothing after 2031-01-01T00:00:00Z is taken'
  assert_output --partial FUTURERELEASE
  run -1 said
  offer 'DELIVERBY 240'
  run -69 send --transcript log --deliver-by 3m,return bob@y.test
  assert_output --partial "BY=180;R: nothing under 240 s is taken by the server's DELIVERBY"
  run -1 said
}

# Recipients who are sent in a later transaction count, too.
@test "of several transactions none goes out when another one cannot" {
  play <<<$'name: x\n\nS: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 LIMITS RCPTMAX=1
C= QUIT\nS: 221 bye\nC+ end'
  run -69 send --json a@y.test b@y.test 'c@y.test;x-own=1'
  assert_output --partial 'the server does not offer X-OWN'
  assert_output --partial '"outcome":"refused"'
  followed
}

@test "--require-tls demands verified TLS, also on loopback, and REQUIRETLS under it" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log
  local clear='S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250-REQUIRETLS\nS: 250 '
  local secured='STARTTLS\nC= STARTTLS\nS: 220 go\nS! tls\nC: EHLO *\nS: 250-mx\nS: 250 '
  play < <(printf 'name: x\n\n%bHELP\nC= QUIT\nS: 221 bye\nC+ end\n' "$clear")
  run -77 send --require-tls bob@y.test
  assert_output --partial 'STARTTLS: the server does not offer it'
  followed
  play --cert cert.pem --key key.pem < \
    <(printf 'name: x\n\n%b%bHELP\nC= QUIT\nS: 221 bye\nC+ end\n' "$clear" "$secured")
  run -77 send --require-tls --tls-ca cert.pem bob@y.test
  assert_output --partial 'MAIL not sent: the server does not offer REQUIRETLS'
  followed
  play --cert cert.pem --key key.pem < <(printf 'name: x\n\n%b%bREQUIRETLS\n%b' "$clear" "$secured" \
    'C= MAIL FROM:<me@x.test> REQUIRETLS\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA
S: 354 go\nC+ data\nS: 250 ok\nC: QUIT\nS: 221 bye\nS! close\n')
  run -0 send --require-tls --tls-ca cert.pem bob@y.test
  followed
  play --cert cert.pem --key key.pem < \
    <(printf 'name: x\n\n%bSTARTTLS\nC: STARTTLS\nS: 220 go\nS! tls\n' "$clear")
  run -77 send --require-tls bob@y.test
  assert_output --partial "the server's certificate"
  play --cert cert.pem --key key.pem <<<$'name: x\n\nS! tls\nS: 220 mx'
  run -77 smtpsend -S "smtps://127.0.0.1:$port" -f me@x.test --body hi --require-tls bob@y.test
  assert_output --partial "the server's certificate"
}

@test "--check asks as sending would" {
  play <<<$'name: x\n\nS: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 DSN
C= MAIL FROM:<me@x.test> RET=HDRS\nS: 250 ok
C= RCPT TO:<ann@y.test> NOTIFY=NEVER ORCPT=rfc822;ann@y.test\nS: 250 ok
C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\nS! close'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --check --dsn-return hdrs 'ann@y.test;notify=never'
  followed
  serve
  run -69 smtpsend -S "127.0.0.1:$port" -f me@x.test --check --dsn-notify never ann@y.test
  assert_output --partial 'NOTIFY needs DSN, which the server does not offer'
  run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --check 'ann@y.test;notify=x'
}

@test "--require-tls contradicts what has no TLS" {
  play <<<$'name: x\n\nS: 220 x'
  run -64 send --require-tls --tls=off bob@y.test
  assert_output --partial -- '--require-tls: cannot be had with --tls=off'
  run -64 send --require-tls --tls-required=no bob@y.test
  run -64 send --mail-param REQUIRETLS bob@y.test
  assert_output --partial -- '--require-tls asks for it'
  nobody_came
}

@test "--tls-required=no is a field of the header, of composed messages alone" {
  serve
  run -0 send --tls-required=no -H 'X-A: b' bob@y.test
  assert_equal "$(field tls-required)" No
  assert_equal "$(field x-a)" b
  run -0 send --tls-required=no -H 'TLS-Required: no' bob@y.test
  assert_equal "$(field tls-required 2)" no
  run -64 send --tls-required=yes bob@y.test
  run -64 smtpsend -S "127.0.0.1:$port" --tls-required=no -m - <<<$'To: bob@y.test\n\nx'
  messages 2
}

@test "JSON and a rehearsal show what is asked for" {
  count=2 offer DSN
  run -0 send --json --dsn-return hdrs --mail-param '?X-NOT' 'bob@y.test;notify=never' ann@y.test
  assert_output --partial '"parameters":["RET=HDRS","?X-NOT"],"queue_id"'
  assert_output --regexp '"bob@y.test","verdict[^}]*"parameters":\["NOTIFY=NEVER","ORCPT=rfc822;bob@y.test"\]\}'
  assert_output --regexp '"ann@y.test","verdict[^}]*"parameters":\[\]\}'
  run -0 --separate-stderr smtpsend -n -v -f me@x.test --body x --dsn-return hdrs \
    --hold-until 2999-01-01T00:00:00Z 'bob@y.test;notify=never' ann@y.test
  assert_equal "$(head -n 3 <<<"$stderr")" \
    'reverse-path: <me@x.test> RET=HDRS HOLDUNTIL=2999-01-01T00:00:00Z
recipient: <bob@y.test> NOTIFY=NEVER ORCPT=rfc822;bob@y.test
recipient: <ann@y.test>'
  run -64 smtpsend -n -f me@x.test --body x 'bob@y.test;notify=x'
  run -64 smtpsend --preview -f me@x.test --body x --mail-param SIZE=1 bob@y.test
}

@test "values that could reach a command are refused before anybody is called" {
  local bad option
  play <<<$'name: x\n\nS: 220 x'
  for option in dsn-notify dsn-return envelope-id deliver-by priority hold-for hold-until \
    valid-since mail-auth mail-param rcpt-param tls-required; do
    for bad in '' $'1\r\nRSET' $'1\nRSET' $'1\rX' $'\x7f' 'never> X' $'\xff' \
      "$(head -c 600 /dev/zero | tr '\0' =)"; do
      # Any printable ASCII is a name.
      if [ "$option" = envelope-id ] && [ "$bad" = 'never> X' ]; then continue; fi
      run -64 send "--$option=$bad" bob@y.test
    done
  done
  nobody_came
}

@test "a question takes nothing of an envelope, and is not held up by a configured one" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '%s\n' 'require-tls = yes' 'dsn-notify = never' >"$XDG_CONFIG_HOME/smtpsend/config"
  serve
  run -0 smtpsend -S "127.0.0.1:$port" --noop
  run -64 smtpsend -S "127.0.0.1:$port" --noop --dsn-notify never
  assert_output --partial -- '--dsn-notify: of no use to --noop'
}
