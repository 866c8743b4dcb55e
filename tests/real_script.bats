#!/usr/bin/env bats
# Scripts against real servers: commands as written, whole exchanges, the stop rule.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start postfix exim opensmtpd dovecot; }

# script OPTION...: the script is on standard input
script() { smtpsend --script - "$@"; }

@test "a message composed by hand arrives as it was written" {
  local server
  for server in POSTFIX_SMTP EXIM_SMTP OPENSMTPD_SMTP; do
    run -0 --separate-stderr script -S "127.0.0.1:${!server}" <<'END'
EHLO client.test
MAIL FROM:<me@client.test>
RCPT TO:<alice@example.test>
DATA
Subject: by hand

..a line with a dot
.
QUIT
END
    assert_equal "${stderr?}" ''
    assert_line --index 0 --regexp '^220 '
    assert_line --regexp '^354 '
    assert_line --index "$((${#lines[@]} - 1))" --regexp '^221 '
    arrived "${server%%_*}" >mail 2>/dev/null || arrived "$(tr '[:upper:]' '[:lower:]' <<<"${server%%_*}")" >mail
    grep -qx 'Subject: by hand' mail
    grep -qx '\.a line with a dot' mail
  done
}

@test "a refused recipient ends the script with 69, and nothing is sent" {
  run -69 --separate-stderr script -S "127.0.0.1:$POSTFIX_SMTP" <<'END'
EHLO client.test
MAIL FROM:<me@client.test>
RCPT TO:<nosuch@example.test>
DATA
Subject: never

.
END
  assert_line --index "$((${#lines[@]} - 1))" --regexp '^550 5\.1\.1 '
  assert_regex "${stderr?}" 'standard input:3: RCPT TO:<nosuch@example.test>: 550'
  run -69 script --keep-going -S "127.0.0.1:$POSTFIX_SMTP" <<'END'
EHLO client.test
VRFY nosuch@example.test
NOOP
END
  assert_line --index "$((${#lines[@]} - 2))" '250 2.0.0 Ok'
}

@test "STARTTLS and AUTH are whole exchanges, and the message goes under both" {
  secret pw "$REAL_PASSWORD_BOB"
  run -0 script -S "submission://localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" \
    --user bob --password-file pw --transcript log <<'END'
EHLO client.test
STARTTLS
EHLO client.test
AUTH PLAIN
MAIL FROM:<bob@example.test>
RCPT TO:<alice@example.test>
DATA
Subject: signed in

.
END
  grep -q '^~S: 235 ' log
  run ! grep -q "$REAL_PASSWORD_BOB" log
  arrived postfix | grep -qx 'Subject: signed in'
  secret wrong wrong
  run -77 script -S "submission://localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" \
    --user bob --password-file wrong <<'END'
EHLO client.test
STARTTLS
EHLO client.test
AUTH
NOOP
END
  assert_line --partial '535 5.7.8'
}

@test "where TLS is demanded no mail is said before STARTTLS" {
  run -77 script -S "submission://localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" <<'END'
EHLO client.test
MAIL FROM:<bob@example.test>
END
  assert_output --partial 'MAIL FROM:<bob@example.test> would go in clear'
}

@test "BDAT of a file and a pipeline of commands" {
  printf 'Subject: chunked\n\nbody\n' >chunk
  run -0 script -S "127.0.0.1:$POSTFIX_SMTP" <<'END'
EHLO client.test
!pipeline
MAIL FROM:<me@client.test>
RCPT TO:<alice@example.test>
RCPT TO:<nosuch@example.test>
BDAT <chunk
!end
!expect 250
!expect 250
!expect 550
!expect 250
END
  arrived postfix | grep -qx 'Subject: chunked'
}

@test "LMTP answers a message once for each recipient" {
  run -0 script -S "lmtp+unix:$DOVECOT_LMTP_SOCKET" --json <<'END'
LHLO client.test
MAIL FROM:<me@client.test>
RCPT TO:<alice@example.test>
RCPT TO:<bob@example.test>
DATA
Subject: to two

.
NOOP
END
  assert_equal "$(grep '"command":"DATA"' <<<"$output" | columns code)" '[[354],[250],[250]]'
}

@test "XCLIENT and XFORWARD go as they are written" {
  run -0 script -S "127.0.0.1:$POSTFIX_SMTP" <<'END'
EHLO client.test
XCLIENT NAME=elsewhere.test ADDR=192.0.2.7
!expect 220
EHLO elsewhere.test
XFORWARD NAME=origin.test ADDR=192.0.2.8
MAIL FROM:<me@client.test>
RCPT TO:<alice@example.test>
DATA
Subject: from elsewhere

.
END
  real_wait postfix alice 1
  real_last postfix alice | grep -q 'from elsewhere.test (elsewhere.test \[192.0.2.7\])'
}

@test "EHLO, RSET, VRFY, EXPN, HELP, NOOP, ETRN and TURN get their answers" {
  run -69 script --keep-going -S "127.0.0.1:$EXIM_SMTP" <<'END'
EHLO client.test
RSET
VRFY alice@example.test
EXPN list@example.test
HELP
NOOP
TURN
SEND FROM:<me@client.test>
END
  assert_line '250 <alice@example.test> is deliverable'
  assert_line --regexp '^250-<alice@example.test>'
  assert_line --regexp '^214'
  assert_line --regexp '^50[0-9] '
}

@test "the scripts of the manual do what it says" {
  local script count=0
  secret pw "$REAL_PASSWORD_BOB"
  printf 'Subject: from the manual\n\nHello.\n' >letter.eml
  # Each block that begins with EHLO.
  awk '/^\.Bd/ { getline; if (/^EHLO/) { n++; inside = 1 } } /^\.Ed/ { inside = 0 }
    inside { print >("script" n) }' "$BATS_TEST_DIRNAME/../man/smtpsend-script.7.in"
  for script in script?; do
    sed -i -e 's/me@example.org/bob@example.test/; s/nobody@example.org/nosuch@example.test/' \
      -e 's/@example.org/@example.test/; s/\\e/\\/g' "$script"
    count=$((count + 1))
    if grep -q AUTH "$script"; then
      run -0 smtpsend -S "submission://localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" \
        --user bob --password-file pw --script "$script"
    else
      run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --script "$script"
    fi
  done
  assert_equal "$count" 3
  arrived postfix bob | grep -qx 'Subject: from the manual'
}

@test "what swaks can be told to stop at is a line of a script" {
  local stop
  for stop in '' 'EHLO me' $'EHLO me\nMAIL FROM:<me@client.test>\n!drop' \
    $'EHLO me\nMAIL FROM:<me@client.test>\n!send RCPT TO:<alice@example.test>\\r\\n\n!drop' \
    $'HELO me\nMAIL FROM:<me@client.test>\nRCPT TO:<alice@example.test>\n!send DATA\\r\\n\n!expect 354\n!drop' \
    $'HELO me\nMAIL FROM:<me@client.test>\nRCPT TO:<alice@example.test>\n!send DATA\\r\\n\n!expect 354\n!send x: y\\r\\n\\r\\nz\\r\\n\n!drop'; do
    run -0 script -S "127.0.0.1:$EXIM_SMTP" <<<"$stop"
    assert_line --index 0 --regexp '^220'
  done
  assert_equal "$(real_count exim alice)" 0
}

@test "PRDR by hand: a verdict for each recipient" {
  run -0 script -S "127.0.0.1:$EXIM_SMTP" <<'END'
EHLO client.test
MAIL FROM:<me@client.test> PRDR
RCPT TO:<alice@example.test>
RCPT TO:<prdr-reject@example.test>
!send DATA\r\n
!expect 354
!send Subject: x\r\n\r\n.\r\n
!expect 353
!expect 250
!expect 5yz
!expect 250
END
  assert_line --regexp '^550'
}
