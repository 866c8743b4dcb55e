#!/usr/bin/env bats
# What an envelope asks for, at real servers: reports come back as they were asked for.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start postfix exim opensmtpd dovecot; }

# from_bob PORT OPTION...: a message whose reports go to bob
from_bob() {
  local port=$1
  shift
  run -0 smtpsend -S "127.0.0.1:$port" -f bob@example.test --body text "$@"
  assert_output ''
}

# report SERVER: the delivery report that bob got, of which there is one
report() {
  real_wait "$1" bob 1
  idle "$1"
  assert_equal "$(real_count "$1" bob)" 1
  real_last "$1" bob
}

@test "Postfix reports success as it was asked to, with our name of the envelope" {
  from_bob "$POSTFIX_SMTP" --dsn-notify success --envelope-id 'job 7+1=8' --dsn-return hdrs \
    'carol@example.test;orcpt="old+carol@client.test"' 'alice@example.test;notify=never'
  run -0 report postfix
  assert_line 'Original-Envelope-Id: job 7+1=8'
  assert_line --regexp '^Original-Recipient: rfc822; ?old\+carol@client\.test$'
  assert_line --regexp '^Final-Recipient: rfc822; ?carol@example\.test$'
  assert_line 'Action: delivered'
  refute_line --regexp '^(Original|Final)-Recipient: .*alice'
  # The header alone, as asked for
  assert_line 'Content-Type: text/rfc822-headers'
}

@test "Postfix is told an address in UTF-8, and repeats it" {
  # Whether there is such a mailbox makes no difference.
  smtpsend -S "127.0.0.1:$POSTFIX_SMTP" -f bob@example.test --body text --transcript log \
    --dsn-notify failure,delay 'jörg+1@example.test' || true
  run -0 grep '^C: RCPT' log
  assert_output "C: RCPT TO:<jörg+1@example.test> NOTIFY=FAILURE,DELAY\
 ORCPT=utf-8;j\\x{F6}rg\\x{2B}1@example.test"
  run -1 grep -E '^S: (501|555)' log
}

@test "Exim reports success to the sender" {
  from_bob "$EXIM_SMTP" --dsn-notify success,failure carol@example.test \
    'alice@example.test;notify=never'
  run -0 report exim
  assert_line --regexp '^Original-Recipient: rfc822;carol@example\.test$'
  assert_line 'Action: delivered'
  refute_line --regexp '^(Original|Final)-Recipient: .*alice'
}

@test "OpenSMTPD takes what DSN asks for" {
  from_bob "$OPENSMTPD_SMTP" --dsn-notify failure --dsn-return full --envelope-id a+b \
    'alice@example.test;orcpt="old+a@client.test"' carol@example.test
  arrived opensmtpd alice | body >got
  assert_equal "$(cat got)" text
  arrived opensmtpd carol >got
}

@test "What a server does not offer is not sent to it" {
  run -69 smtpsend -S "lmtp://127.0.0.1:$DOVECOT_LMTP" --dsn-notify never --body x alice@example.test
  assert_output --partial 'NOTIFY needs DSN, which the server does not offer'
  run -69 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --priority 1 --body x alice@example.test
  assert_output --partial 'the server does not offer MT-PRIORITY'
  run -69 smtpsend -S "127.0.0.1:$POSTFIX_ESMTP0" --envelope-id 1 --body x alice@example.test
  run -77 smtpsend -S "localhost:$POSTFIX_SMTP" --require-tls --tls-ca "$REAL_CA" --body x alice@example.test
  assert_output --partial 'the server does not offer REQUIRETLS'
  nothing_arrived postfix
  nothing_arrived dovecot
}
