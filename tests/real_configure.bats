#!/usr/bin/env bats
# Accounts that --configure makes at Dovecot, Postfix and Exim send mail there.
# shellcheck source-path=SCRIPTDIR

load real_common
load terminal

setup_file() { start exim submission; }

teardown() { terminal_end; }

@test "an account is made at each server, by TLS or STARTTLS as the port has it, and sends" {
  local server expected
  secret pw "$REAL_PASSWORD_ALICE"
  for server in SUBMISSION_SMTP:submission SUBMISSION_SMTPS:submissions POSTFIX_SIGNIN:submissions EXIM_SIGNIN:submissions; do
    expected=${server#*:}
    server=${server%:*}
    run -0 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure alice@example.test -A "$server" -S "alice@localhost:${!server}" \
      --tls-ca "$REAL_CA" --password-file pw
    assert_output --partial "server: $expected://localhost:${!server}, TLS verified, lets in by "
    assert_output --partial 'the server has let us in'
    run -0 smtpsend -A "$server" --body hello bob@example.test
  done
  real_wait postfix bob 3
  real_wait exim bob 1
  run -0 smtpsend --accounts
  refute_output --partial broken
}

@test "a wrong password is refused by each, and no account is made" {
  local server
  secret pw wrong
  for server in SUBMISSION_SMTP POSTFIX_SIGNIN EXIM_SIGNIN; do
    run -77 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure alice@example.test -S "alice@localhost:${!server}" \
      --tls-ca "$REAL_CA" --password-file pw
    assert_output --partial 'AUTH: 535'
  done
  [ ! -e "$XDG_CONFIG_HOME/smtpsend/config" ]
}

@test "what is typed on a terminal is tried at Dovecot and kept, and the test mail arrives" {
  unset DBUS_SESSION_BUS_ADDRESS PASSWORD_STORE_DIR
  on_terminal --configure alice@example.test -S "localhost:$SUBMISSION_SMTP" --tls-ca "$REAL_CA"
  sees 'User name [alice@example.test]: '
  types 'alice\n'
  sees 'Password for alice: '
  types "$REAL_PASSWORD_ALICE\n"
  sees 'the server has let us in'
  sees 'Number [1]: '
  types '\n'
  sees 'Send a test mail to alice@example.test? [Y/n] '
  types '\n'
  closes 0
  run ! grep -F "$REAL_PASSWORD_ALICE" rest
  real_wait postfix alice 1
}
