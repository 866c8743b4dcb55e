#!/usr/bin/env bats
# What a code means: --explain, and the hint after a refusal.
# shellcheck disable=SC2154

load testserver

explain() { smtpsend --explain "$@"; }
send() { smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$@"; }

# --- --explain -------------------------------------------------------------------

@test "--explain says what a reply code means, and what to do" {
  run -0 --separate-stderr explain 530
  assert_line --index 0 '530: refused: the server wants authentication first (RFC 4954)'
  assert_line --index 1 '    --user NAME with --password-file FILE or --password-command COMMAND'
  assert_equal "$stderr" ''
  run -0 explain 250
  assert_output '250: done (RFC 5321)'
}

@test "--explain has the meaning of the registry, then each provider's" {
  run -0 explain 5.7.30
  assert_line --index 0 --partial '5.7.30: refused: REQUIRETLS'
  assert_line --partial '5.7.30 at Google: DKIM did not pass'
  assert_line --partial '5.7.30 at Microsoft: passwords'
  run -0 explain '550 5.7.30'
  assert_line --index 0 --partial '550: refused: '
  assert_line --index 1 --partial '5.7.30: refused: REQUIRETLS'
  assert_line --partial ' at Google: '
}

@test "--explain knows who said it by the text, or by the server that is named" {
  run -0 explain '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant'
  assert_line --partial '5.7.139 at Microsoft: the organisation has switched SMTP with a login (SMTP AUTH) off'
  assert_line --partial 'aka.ms/smtp_auth_disabled'
  run -0 explain $'550-5.7.26 Unauthenticated email from x.test is not accepted due to domain\'s\n550 5.7.26 DMARC policy. - gsmtp'
  assert_line --partial '5.7.26 at Google: the domain of From does not let others send in its name (DMARC)'
  refute_output --partial 'SPF of the sender'
  run -0 explain 5.7.30 -S smtp.office365.com
  assert_output --partial ' at Microsoft: '
  refute_output --partial ' at Google: '
}

@test "--explain takes several codes, and the words of a reply without quotes" {
  run -0 explain 550 5.7.30
  assert_line --index 0 --partial '550: '
  assert_line --index 1 --partial '5.7.30: '
  run -0 explain 421 250
  assert_line --index 0 --partial '421: deferred: '
  assert_equal "${lines[-1]}" '250: done (RFC 5321)'
  run -0 explain 554 5.7.1 '<a@x.test>:' Relay access denied
  assert_line --partial '554 5.7.1 at Postfix: '
  refute_output --partial ' at Google: '
}

@test "--explain reads the digits of a code that nobody registered, and refuses what is none" {
  run -0 explain 559
  assert_output '559: refused: not a registered code; it is about mail (RFC 5321)'
  run -0 explain 4.2.99
  assert_output '4.2.99: deferred: not a registered code; it is about a mailbox (RFC 3463)'
  local bad
  for bad in 2 55 5500 701 abc 5.7 5.7.x '' $'\e[31m550'; do
    run -64 --separate-stderr explain "$bad"
    assert_output ''
    output=$stderr
    assert_output --partial 'smtpsend: hint: a reply code (550), an enhanced status code (5.7.30)'
    refute_output --partial $'\e'
  done
  run -64 smtpsend --explain
  assert_output --partial '--explain needs a value: CODE'
}

@test "--explain asks nobody and needs no configuration" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo 'nonsense' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 explain 550
  run -74 sh -c "'$SMTPSEND_BUILD/smtpsend' --explain 550 >/dev/full"
}

# --- after a refusal -------------------------------------------------------------

# refusing REPLY...: a server that answers like this to each RCPT
refusing() {
  local reply dialogue=$'name: x\n\nS: 220 x\nC: EHLO *\nS: 250 x\nC: MAIL *\nS: 250 ok\n'
  for reply in "$@"; do dialogue+=$'C: RCPT *\nS: '$reply$'\n'; done
  play <<<"${dialogue}C? QUIT"
}

@test "a refusal has the next step where it is certain, once, and not with -q" {
  refusing '554 5.7.1 <a@y.test>: Relay access denied' '554 5.7.1 <b@y.test>: Relay access denied'
  run -67 --separate-stderr send a@y.test b@y.test
  assert_equal "$stderr" 'smtpsend: a@y.test: refused: 554 5.7.1 <a@y.test>: Relay access denied
smtpsend: b@y.test: refused: 554 5.7.1 <b@y.test>: Relay access denied
smtpsend: accepted for 0 of 2 recipients
smtpsend: hint: --user NAME with --password-file FILE, or -S with the server of your provider'
  refusing '554 5.7.1 <a@y.test>: Relay access denied'
  run -67 --separate-stderr send -q a@y.test
  assert_equal "$stderr" 'smtpsend: a@y.test: refused: 554 5.7.1 <a@y.test>: Relay access denied'
}

@test "the same code is hinted at by what its speaker means" {
  refusing '550 5.7.25 The sending IP address has no PTR record. - gsmtp'
  run -67 --separate-stderr send a@y.test
  assert_equal "${stderr_lines[-1]}" \
    'smtpsend: hint: a PTR record of the address, and an address record of that name'
  refusing '550 5.7.25 No.'
  run -67 --separate-stderr send a@y.test
  assert_equal "$stderr" 'smtpsend: a@y.test: refused: 550 5.7.25 No.'
}

@test "a refused login has the hint of its provider" {
  play <<'EOS'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [X.PROD.OUTLOOK.COM]
C? QUIT
EOS
  (umask 077 && echo swordfish >password)
  run -77 --separate-stderr send -u me --password-file password a@y.test
  assert_equal "${#stderr_lines[@]}" 2
  assert_equal "${stderr_lines[1]}" \
    'smtpsend: hint: --token-command signs in with a token (OAuth); or use a relay of your organisation'
}

@test "who signs in is not told to" {
  (umask 077 && echo secret >pw)
  play <<'DIALOGUE'
name: x

S: 220 mx.test ESMTP
C: EHLO *
S: 250-mx.test
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S: 530 Authentication required
C? QUIT
DIALOGUE
  run -77 smtpsend -S "127.0.0.1:$port" -u me --password-file pw -f me@x.test -t bob@y.test --body hi
  assert_output --partial '530 Authentication required'
  refute_output --partial -- '--user NAME'
}
