#!/usr/bin/env bats
# Questions to real servers: every line of the answer, status by its class.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start postfix exim opensmtpd dovecot; }

# ask OPTION...: standard input has nothing to say to a question, and is left alone
ask() {
  smtpsend "$@" < <(echo 'not a message')
}

@test "VRFY of a known name is 0, and the answer is printed" {
  run -0 --separate-stderr ask -S "127.0.0.1:$POSTFIX_SMTP" --vrfy alice@example.test
  assert_output '252 2.0.0 alice@example.test'
  assert_equal "${stderr?}" ''
  run -0 --separate-stderr ask -S "127.0.0.1:$EXIM_SMTP" --vrfy alice@example.test
  assert_output '250 <alice@example.test> is deliverable'
  assert_equal "$stderr" ''
}

@test "VRFY of an unknown name is 69, and the answer is printed" {
  run -69 --separate-stderr ask -S "127.0.0.1:$POSTFIX_SMTP" --vrfy nosuch@example.test
  assert_output '550 5.1.1 <nosuch@example.test>: Recipient address rejected: User unknown in virtual mailbox table'
  assert_equal "${stderr?}" ''
  run -69 ask -S "127.0.0.1:$EXIM_SMTP" --vrfy nosuch@example.test
  assert_output --regexp '^550 .*nosuch@example.test'
}

@test "VRFY of a deferred name is 75" {
  run -75 ask -S "127.0.0.1:$POSTFIX_SMTP" --vrfy defer@example.test
  assert_output --regexp '^450 4\.2\.0 '
}

@test "VRFY asks for several names on one connection and answers in their order" {
  local names
  for names in '--vrfy alice@example.test --vrfy nosuch@example.test --vrfy bob@example.test' \
    '--vrfy alice@example.test nosuch@example.test bob@example.test'; do
    : >log
    # shellcheck disable=SC2086 # options
    run -69 ask -S "127.0.0.1:$POSTFIX_SMTP" --transcript log $names
    assert_line --index 0 --regexp '^252 .*alice@example\.test'
    assert_line --index 1 --regexp '^550 .*nosuch@example\.test'
    assert_line --index 2 --regexp '^252 .*bob@example\.test'
    assert_equal "${#lines[@]}" 3
    assert_equal "$(grep -c '^S: 220 ' log)" 1
  done
}

@test "VRFY of a name with an umlaut needs SMTPUTF8" {
  run -0 ask -S "127.0.0.1:$POSTFIX_SMTP" --vrfy jörg@example.test
  assert_output '252 2.0.0 jörg@example.test'
  run -65 ask -S "127.0.0.1:$OPENSMTPD_SMTP" --vrfy jörg@example.test
  assert_output --partial SMTPUTF8
}

@test "VRFY that the server does not know is 69" {
  run -69 ask -S "127.0.0.1:$OPENSMTPD_SMTP" --vrfy alice@example.test
  assert_output --regexp '^5[0-9]{2} '
}

@test "EXPN prints the members of a list" {
  run -0 --separate-stderr ask -S "127.0.0.1:$EXIM_SMTP" --expn list@example.test
  assert_output - <<'END'
250-<alice@example.test>
250-<bob@example.test>
250 <carol@example.test>
END
  assert_equal "${stderr?}" ''
}

@test "EXPN that the server does not do is 69" {
  run -69 ask -S "127.0.0.1:$POSTFIX_SMTP" --expn list@example.test
  assert_output --regexp '^50[02] 5\.5\.[12] '
  run -69 ask -S "127.0.0.1:$EXIM_SMTP" --expn nosuch@example.test
  assert_output --regexp '^55[03] '
}

@test "NOOP is answered by every server" {
  for port in "$POSTFIX_SMTP" "$POSTFIX_ESMTP0" "$EXIM_SMTP" "$OPENSMTPD_SMTP"; do
    run -0 --separate-stderr ask -S "127.0.0.1:$port" --noop
    assert_output --regexp '^250 [^'$'\n'']+$'
    assert_equal "${stderr?}" ''
  done
  run -0 ask -S "lmtp+unix:$DOVECOT_LMTP_SOCKET" --noop
  assert_output --regexp '^250 '
}

@test "NOOP over TLS and with a password proves that both work" {
  secret pw "$REAL_PASSWORD_BOB"
  run -0 ask -S "submission://bob@localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" --password-file pw \
    --transcript log --noop
  assert_output '250 2.0.0 Ok'
  grep -q '^~S: 235 ' log
  run -77 ask -S "submission://bob@localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_PKI/selfsigned.pem" \
    --password-file pw --noop
  secret wrong wrong
  run -77 ask -S "submission://bob@localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" --password-file wrong --noop
  assert_output --partial 535
}

@test "HELP of a server that is named prints what it says" {
  run -0 --separate-stderr ask -S "127.0.0.1:$OPENSMTPD_SMTP" --help
  assert_line --index 0 '214-2.0.0 This is OpenSMTPD'
  assert_line --index 3 '214 2.0.0 End of HELP info'
  assert_equal "${stderr?}" ''
  run -0 ask --help -S "127.0.0.1:$EXIM_SMTP"
  assert_line --index 0 '214-Commands supported:'
  assert_line --index 1 --regexp '^214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA'
}

@test "HELP takes a topic" {
  for option in --help=MAIL --server-help=MAIL; do
    : >log
    run -0 ask -S "127.0.0.1:$EXIM_SMTP" --transcript log "$option"
    assert_line --index 0 --regexp '^214'
    grep -qx 'C: HELP MAIL' log
  done
}

@test "HELP without a topic is HELP alone, to the configured server, too" {
  run -0 ask -S "127.0.0.1:$OPENSMTPD_SMTP" --transcript log --server-help
  assert_line --index 0 '214-2.0.0 This is OpenSMTPD'
  grep -qx 'C: HELP' log
  SMTPSEND_SERVER=127.0.0.1:$OPENSMTPD_SMTP run -0 ask --server-help
  assert_line --index 0 '214-2.0.0 This is OpenSMTPD'
}

@test "HELP that the server does not know is 69" {
  run -69 ask -S "127.0.0.1:$POSTFIX_SMTP" --server-help
  assert_output --regexp '^50[02] '
}

@test "--help stays the usage text where no server is named on the command line" {
  SMTPSEND_SERVER=127.0.0.1:$OPENSMTPD_SMTP run -0 ask --help
  assert_line --partial 'usage: smtpsend'
  run -0 ask -h -S "127.0.0.1:$OPENSMTPD_SMTP"
  assert_line --partial 'usage: smtpsend'
  run -0 ask --help=vrfy
  assert_output --partial VRFY
}

@test "ETRN says what the server says of it, and is refused by one that has none" {
  run -75 ask -S "127.0.0.1:$POSTFIX_SMTP" --etrn example.test
  assert_output --regexp '^459 '
  run -69 ask -S "127.0.0.1:$OPENSMTPD_SMTP" --etrn example.test
  assert_output --regexp '^5[0-9][0-9] '
}

@test "A question ends with QUIT and sends no message" {
  run -0 ask -S "127.0.0.1:$POSTFIX_SMTP" --transcript log --vrfy alice@example.test
  run -0 grep '^C:' log
  assert_line --index 0 --regexp '^C: EHLO '
  assert_line --index 1 'C: VRFY alice@example.test'
  assert_line --index 2 'C: QUIT'
  assert_equal "${#lines[@]}" 3
  nothing_arrived postfix
}

@test "A question to nobody is 75 and names where nobody is" {
  local free
  free=$("$REAL_HOME/sockets" free 1)
  run -75 ask -S "127.0.0.1:$free" --noop
  assert_output --partial "127.0.0.1:$free"
}

@test "A question with a line break in it is refused before anything is opened" {
  run -64 ask -S "127.0.0.1:$POSTFIX_SMTP" --transcript log --vrfy $'alice\r\nRSET'
  run ! grep -q . log
}
