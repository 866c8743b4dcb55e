#!/usr/bin/env bats
# --server-info and --check with real servers.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start postfix exim opensmtpd dovecot; }

info() { smtpsend --server-info -S "$@"; }
check() { smtpsend --check -S "$@" </dev/null; }

@test "Every server tells what it offers, and that a message could be handed in" {
  local server
  for server in "localhost:$POSTFIX_SMTP" "localhost:$EXIM_SMTP" "localhost:$OPENSMTPD_SMTP" \
    "localhost:$POSTFIX_ESMTP0" "lmtp://localhost:$DOVECOT_LMTP" "lmtp+unix:$DOVECOT_LMTP_SOCKET"; do
    run -0 info "$server"
    assert_line --regexp '^a message +could be handed in$'
    assert_line --regexp '^greeting +[^ ]'
    assert_line --regexp '^cost +[0-9] round trips? for a message'
  done
  run -0 info "localhost:$POSTFIX_SMTP" --tls-ca "$REAL_CA"
  assert_line --regexp '^verified +yes$'
  assert_line --regexp '^size +20971520 octets'
  assert_line --regexp '^cost +1 round trip '
  assert_line --regexp '^certificate +CN=mail\.example\.test$'
  assert_line --regexp '[0-9] more days$'
}

@test "A certificate that is not good is shown with its reason, and nobody signs in" {
  local row name words
  secret pw "$REAL_PASSWORD_ALICE"
  for row in 'WRONGHOST:other.example.test' 'EXPIRED:expired on 20' 'CNONLY:subjectAltName' \
    'CLIENTEKU:serverAuth' 'SELFSIGNED:self-signed'; do
    IFS=: read -r name words <<<"$row"
    name=POSTFIX_SMTPS_$name
    run -77 info "localhost:${!name}" --tls=implicit --tls-ca "$REAL_CA" -u alice --password-file pw --transcript log
    assert_line --regexp "^verified +no: .*$words"
    assert_line --regexp '^certificate +CN='
    assert_line --regexp '^pin +sha256//[A-Za-z0-9+/]{43}=$'
    assert_line --regexp '^mechanisms +PLAIN LOGIN$'
    run -1 grep 'C: AUTH' log
  done
}

@test "The pin that is shown is one that --tls-pin takes" {
  local pin
  run -77 info "localhost:$POSTFIX_SMTPS_SELFSIGNED" --tls=implicit --tls-ca "$REAL_CA"
  pin=$(sed -n 's/^pin  *//p' <<<"$output")
  run -0 info "localhost:$POSTFIX_SMTPS_SELFSIGNED" --tls=implicit --tls-pin "$pin"
  assert_line --regexp '^verified +yes$'
}

@test "Signing in is part of it, if there is a user" {
  secret pw "$REAL_PASSWORD_ALICE"
  secret bad wrong
  run -0 info "localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" -u alice --password-file pw
  assert_line --regexp '^signed in +yes$'
  run -77 info "localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" -u alice --password-file bad
  assert_output --partial 'AUTH: 535'
  # on loopback a send signs in in clear, whoever the certificate is from
  run -0 info "localhost:$EXIM_SMTP" -u alice --password-file pw
  assert_line --regexp '^signed in +yes$'
}

@test "--check has the verdicts of a send, and sends nothing" {
  local server
  for server in "localhost:$POSTFIX_SMTP" "localhost:$EXIM_SMTP" "lmtp://localhost:$DOVECOT_LMTP"; do
    run -1 --separate-stderr check "$server" alice@example.test nosuch@example.test
    assert_line --regexp '^alice@example\.test: accepted: 250 '
    assert_line --regexp '^nosuch@example\.test: refused: 550 '
    run -67 check "$server" nosuch@example.test
  done
  run -0 check "localhost:$OPENSMTPD_SMTP" alice@example.test bob@example.test
  run -75 check "localhost:$POSTFIX_SMTP" defer@example.test
  assert_output --regexp '^defer@example\.test: deferred: 450 4\.2\.0 '
  # Postfix refuses a sender at RCPT, Exim at MAIL
  run smtpsend -S "localhost:$EXIM_SMTP" -f badsender@example.test --check alice@example.test
  local as_check=$status
  run smtpsend -S "localhost:$EXIM_SMTP" -f badsender@example.test alice@example.test <<<text
  assert_equal "$as_check" "$status"
  for server in postfix exim opensmtpd dovecot; do nothing_arrived "$server"; done
}

@test "--check knows that a message is too large, and that nobody is let in" {
  head -c 200000 /dev/zero | tr '\0' a | fold >big
  run -69 check "localhost:$POSTFIX_SMALL" -a big alice@example.test
  assert_output --partial 'the server takes 100000'
  secret bad wrong
  run -77 check "localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" -u alice --password-file bad alice@example.test
  secret pw "$REAL_PASSWORD_ALICE"
  run -0 check "localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" -u alice --password-file pw alice@example.test
  nothing_arrived postfix
}
