#!/usr/bin/env bats
# What is hinted at when a connection comes to nothing; each next step is tried.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load hints

teardown() { servers_end; }

@test "TLS where the port speaks in clear names what does it: the option, or another URL" {
  local url
  certificate
  serve --cert cert.pem --key key.pem
  run -77 send -S "smtps://127.0.0.1:$port"
  url=$(step 'submission://[^ ]*')
  run -0 send -S "$url" --tls-ca cert.pem
  run -77 send -S "127.0.0.1:$port" --tls=implicit
  assert_equal "$(step '--tls=[a-z]*')" --tls=starttls
  run -0 send -S "127.0.0.1:$port" --tls=starttls --tls-ca cert.pem
  messages 2
}

@test "in clear is not advised to who says what TLS is to be" {
  local option key
  certificate
  serve
  run -77 send -S "127.0.0.1:$port" --tls=starttls
  run -0 send -S "$(step 'smtp://[^ ]*')" "$(step '--tls=[a-z]*')"
  for option in --tls-server-name=x.test --tls-min-version=1.3 --tls-priority=NORMAL \
    --tls-trust-on-first-use --tls-ca=cert.pem --tls-cert=cert.pem; do
    key=()
    [[ $option != --tls-cert* ]] || key=(--tls-key=key.pem)
    run -77 send -S "127.0.0.1:$port" --tls=starttls "$option" "${key[@]}"
    assert_regex "$(hint)" 'smtps://'
    refute_output --partial '--tls=off'
  done
  messages 1
}

@test "a port that says nothing may want TLS first, and the URL for it is named" {
  local url option
  certificate
  for option in --tls=auto --tls=starttls; do
    serve --implicit-tls --cert cert.pem --key key.pem
    run -75 send -S "127.0.0.1:$port" "$option" --timeout 200ms
    assert_output --partial 'greeting: no answer in time'
    url=$(step 'smtps://[^ ]*')
    run -0 send -S "$url" --tls-ca cert.pem
    messages 1
    rm -r mail
  done
  # where TLS came first, it is not what is missing
  play <<<$'name: x\n\nS! tls\nS! stall' --cert cert.pem --key key.pem
  run -75 send -S "smtps://127.0.0.1:$port" --tls-ca cert.pem --timeout 200ms
  assert_equal "$(hint)" ''
}

@test "a name in EHLO that is refused can be another one" {
  play <<<"name: x

S: 220 mx
C: EHLO *
S: 550 5.7.1 bad helo
C: HELO *
S: 550 5.7.1 bad helo
C: QUIT
C+ end
==
S: 220 mx
C: EHLO good.test
S: 250 mx
$rest"
  run -69 send -S "127.0.0.1:$port"
  assert_equal "$(step '--ehlo-name')" --ehlo-name
  run -0 send -S "127.0.0.1:$port" --ehlo-name good.test
  followed
}

@test "a server that wants a user is told one" {
  play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN
C: MAIL *
S: 530 5.7.0 authenticate first
C: QUIT
C+ end"
  run -69 send -S "127.0.0.1:$port"
  assert_equal "$(step '--user NAME with --password-file FILE')" '--user NAME with --password-file FILE'
  followed
}

@test "a server that wants a user is told one, whatever its code" {
  local reply
  for reply in '550 5.7.1 Authentication required' '503 5.5.1 AUTH first' '554 You must authenticate'; do
    play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN
C: MAIL *
S: $reply
C: QUIT
C+ end"
    run -69 send -S "127.0.0.1:$port"
    assert_regex "$(hint)" '^--user NAME with --password-file FILE'
    followed
  done
}

@test "a server that wants another user, or TLS before one, is told that" {
  echo pw >pw
  chmod 600 pw
  certificate
  local signs_in='S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 235 ok
'
  play <<<"${greeting}${signs_in}C: MAIL *
S: 530 5.7.0 not you
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
${signs_in}$rest"
  run -69 send -S "127.0.0.1:$port" --user me --password-file pw
  assert_output --partial 'MAIL refused: 530 5.7.0 not you'
  assert_equal "$(step 'another --user')" 'another --user'
  run -0 send -S "127.0.0.1:$port" --user you --password-file pw
  followed

  play --cert cert.pem --key key.pem <<<"${greeting}S: 250-mx
S: 250-STARTTLS
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 530 5.7.0 not like that
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
S: 250-mx
S: 250 STARTTLS
C: STARTTLS
S: 220 go
S! tls
C: EHLO *
${signs_in}$rest"
  run -77 send -S "127.0.0.1:$port" --user me --password-file pw --tls=off
  assert_output --partial 'AUTH: 530 5.7.0 not like that'
  run -0 send -S "127.0.0.1:$port" --user me --password-file pw "$(step '--tls=starttls')" --tls-ca cert.pem
  followed
}

@test "who has a token is not sent for a password" {
  refuse() {
    play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN XOAUTH2
C: AUTH XOAUTH2 *
S: $1
C: QUIT
C+ end"
    run -77 send -S "127.0.0.1:$port" --user me --token-command 'echo t0k3n'
    followed
  }
  refuse '535 5.7.3 Authentication unsuccessful [X.prod.outlook.com]'
  assert_equal "$(hint)" '--user is the person who signed in for the token, not a shared mailbox'
  refuse $'535-5.7.8 Username and Password not accepted\nS: 535 5.7.8 https://support.google.com/mail - gsmtp'
  assert_regex "$(hint)" 'the token must be a fresh one, for this --user'
  refuse '535 no'
  assert_regex "$(hint)" 'the token must be a fresh one, for this --user'
  refuse '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. [X.prod.outlook.com]'
  assert_regex "$(hint)" 'an administrator allows "Authenticated SMTP" for it'
}

@test "where passwords are switched off, the way to sign in by OAuth is named" {
  (umask 077; echo pw >pw)
  local reply
  for reply in '535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [X.prod.outlook.com]' \
    '550 5.7.30 Basic authentication is not supported for Client Submission [X.prod.outlook.com]' \
    '535 5.7.30 no passwords any more' '550 5.7.30 no passwords any more'; do
    play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: $reply
C: QUIT
C+ end"
    run -77 send -S "127.0.0.1:$port" --user me --password-file pw
    assert_regex "$(hint)" 'smtpsend --configure ADDRESS sets up signing in by OAuth'
    followed
  done
}

@test "a sign-in that a provider's rules forbid is told from a wrong password" {
  (umask 077; echo pw >pw)
  local reply step
  while IFS='|' read -r reply step; do
    play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: $reply
C: QUIT
C+ end"
    run -77 send -S "127.0.0.1:$port" --user me --password-file pw
    assert_regex "$(hint)" "$step"
    followed
  done <<'END'
535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.|administrator can allow it
535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.|administrator can allow it
534 5.7.14 Please log in via your web browser and then try again.|with a web browser once
END
}

@test "a password that is not for programs is told from a wrong one" {
  (umask 077; echo pw >pw; echo app >app)
  play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 534 5.7.9 Application-specific password required
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN $(printf '\0me\0app' | base64)
S: 235 ok
$rest"
  run -77 send -S "127.0.0.1:$port" --user me --password-file pw
  assert_regex "$(hint)" 'wants an app password'
  run -0 send -S "127.0.0.1:$port" --user me --password-file app
  followed
}

@test "what a server offers for AUTH is named where nothing fits" {
  echo pw >pw
  chmod 600 pw
  play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN XYZ
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
S: 250-mx
S: 250 AUTH PLAIN XYZ
C: AUTH PLAIN *
S: 235 ok
$rest"
  run -77 send -S "127.0.0.1:$port" --user me --password-file pw --auth LOGIN
  assert_equal "$(hint)" 'the server offers PLAIN XYZ'
  run -0 send -S "127.0.0.1:$port" --user me --password-file pw --auth PLAIN
  followed
}

@test "a mechanism that the server knows no more can be another one" {
  echo pw >pw
  chmod 600 pw
  play <<<"${greeting}S: 250-mx
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN *
S: 504 5.5.4 no
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
S: 250-mx
S: 250 AUTH PLAIN LOGIN
C: AUTH LOGIN*
S: 334 VXNlcm5hbWU6
C: *
S: 334 UGFzc3dvcmQ6
C: *
S: 235 ok
$rest"
  run -77 send -S "127.0.0.1:$port" --user me --password-file pw --auth PLAIN
  assert_equal "$(step '--auth=')" --auth=
  run -0 send -S "127.0.0.1:$port" --user me --password-file pw --auth=LOGIN
  followed
}

@test "a sender that may not be used can be another one" {
  play <<<"${greeting}S: 250 mx
C: MAIL FROM:<me@x.test>*
S: 553 5.1.8 who is that
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
S: 250 mx
C: MAIL FROM:<you@x.test>*
S: 250 ok
${rest#*ok?}"
  run -69 send -S "127.0.0.1:$port"
  assert_equal "$(step '--envelope-from ADDRESS')" '--envelope-from ADDRESS'
  run -0 send -S "127.0.0.1:$port" --envelope-from you@x.test
  followed
}

@test "a server that does not relay is told a user, unless it has been" {
  echo pw >pw
  chmod 600 pw
  local refuses='S: 250-mx
S: 250 AUTH PLAIN
C: MAIL *
S: 250 ok
C: RCPT *
S: 554 5.7.1 we do not Relay for you
C: QUIT
C+ end
'
  play <<<"${greeting}${refuses}==
S: 220 mx
C: EHLO *
S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 235 ok
$rest"
  run -67 send -S "127.0.0.1:$port"
  assert_equal "$(step '--user NAME')" '--user NAME'
  run -0 send -S "127.0.0.1:$port" --user me --password-file pw
  followed

  # and if it has, who that is and where
  local in='S: 250-mx
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 235 ok
'
  play <<<"${greeting}${in}C: MAIL *
S: 250 ok
C: RCPT *
S: 554 5.7.1 Relaying denied
C: QUIT
C+ end
==
S: 220 mx
C: EHLO *
${in}C: MAIL FROM:<you@x.test>*
S: 250 ok
${rest#*ok?}"
  run -67 send -S "127.0.0.1:$port" --user me --password-file pw
  assert_output --partial 'bob@y.test: refused: 554 5.7.1 Relaying denied'
  assert_equal "$(step 'the server for that user is another one (-S)')" 'the server for that user is another one (-S)'
  assert_equal "$(step '--envelope-from ADDRESS')" '--envelope-from ADDRESS'
  run -0 send -S "127.0.0.1:$port" --user me --password-file pw --envelope-from you@x.test
  followed
}

@test "a body that begins with header lines may be a message, and is sent as one with -m" {
  local text
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test <<<$'Subject: hi\n there\nX-A: b\n\nbody'
  assert_output 'smtpsend: note: the body begins with header lines; -m - sends it as a complete message'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test -m - <<<$'Subject: hi\n there\nX-A: b\n\nbody'
  assert_output ''
  messages 2
  message 2 | grep -q "^Subject: hi"
  local call=(-S "127.0.0.1:$port" -f me@x.test) composed=(-s hi -a body -c cy@y.test bob@y.test)
  printf 'Content-Type: text/html\n\nbody' >body
  run -0 smtpsend "${call[@]}" --body-file body "${composed[@]}"
  assert_output 'smtpsend: note: the body begins with header lines; -m body sends it as a complete message, without --subject, --attach'
  run -0 smtpsend "${call[@]}" -m body "${composed[@]:4}"
  messages 4
  # and these are texts
  for text in $'Subject: hi\nbody' $'Note: hi\n\nbody' $'Subject: hi' $'\nSubject: hi\n\nbody' $'Subject:hi\n\nx'; do
    run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test <<<"$text"
    assert_output ''
  done
}

@test "--repair is advised only where it is not given already, and does what it is to do" {
  local file
  printf 'Subject: x\n\na\0b\n' >nul
  { printf 'Subject: x\n\n' && head -c 1200 /dev/zero | tr '\0' x && echo; } >long
  { printf 'Subject: ' && head -c 1200 /dev/zero | tr '\0' x && printf '\n\nhi\n'; } >header
  printf 'Subject: x\nContent-Transfer-Encoding: x-own\n\na\0b\n' >encoding
  printf 'Subject: x\nContent-Type: multipart/signed; boundary=x\n\n--x\n\na\0b\n--x--\n' >signed
  for file in nul long header; do
    run -65 smtpsend -n -f me@x.test -t bob@y.test -m "$file"
    assert_equal "$(step '--repair')" --repair
    run -0 smtpsend -n -f me@x.test -t bob@y.test -m "$file" --repair
  done
  for file in nul long header encoding signed; do
    run smtpsend -n -f me@x.test -t bob@y.test -m "$file" --repair
    refute_output --partial -- '--repair'
    run smtpsend -n -f me@x.test -t bob@y.test --body hi --forward "$file"
    refute_output --partial -- '--repair'
  done
  # and this is the way on where that does not help
  run -65 smtpsend -n -f me@x.test -t bob@y.test --body hi --forward signed
  assert_equal "$(step 'type=application/octet-stream')" type=application/octet-stream
  run -0 smtpsend -n -f me@x.test -t bob@y.test --body hi --attach signed,type=application/octet-stream
}

@test "accounts that nobody chose are named when no server is" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  serve
  printf '[account work]\nserver = 127.0.0.1:%s\n' "$port" >"$XDG_CONFIG_HOME/smtpsend/config"
  if (: </dev/tcp/127.0.0.1/25) 2>/dev/null; then skip 'something listens at port 25'; fi
  run -75 send
  assert_output --partial 'hint: -A NAME (--account) chooses an account: work'
  run -0 send -A work
  messages 1
}
