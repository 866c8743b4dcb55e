#!/usr/bin/env bats
# The real mail servers that other tests use: are they there, and do they behave as
# tests/servers/real/servers.bash says?
# shellcheck source-path=SCRIPTDIR

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

setup_file() {
  local reason
  # shellcheck source=servers/real/servers.bash
  source "$BATS_TEST_DIRNAME/servers/real/servers.bash"
  # every test says so itself, because bats 1.8 cannot skip a whole file
  if ! reason=$(real_available); then
    echo "$reason" >"$BATS_FILE_TMPDIR/reason"
    return 0
  fi
  real_up postfix exim opensmtpd dovecot submission
  real_env "$BATS_FILE_TMPDIR/real.env"
}

teardown_file() {
  # shellcheck source=servers/real/servers.bash
  source "$BATS_TEST_DIRNAME/servers/real/servers.bash"
  real_down
}

setup() {
  if [ -e "$BATS_FILE_TMPDIR/reason" ]; then skip "$(<"$BATS_FILE_TMPDIR/reason")"; fi
  # shellcheck source=servers/real/servers.bash
  source "$BATS_TEST_DIRNAME/servers/real/servers.bash"
  # shellcheck disable=SC1091
  source "$BATS_FILE_TMPDIR/real.env"
}

talk() { "$REAL_HOME/talk" "$@"; }

# message SUBJECT: what follows DATA
message() { printf 'From: <me@client.test>\nSubject: %s\n\nHello.\n.' "$1"; }

# envelope PORT SENDER RECIPIENT: up to the recipient; prints what the server says
envelope() {
  talk "$1" 'EHLO client.test' "MAIL FROM:<$2>" "RCPT TO:<$3>" QUIT
}

# send SERVER PORT SUBJECT [USER]: delivers one message and waits until it is there
send() {
  local server=$1 port=$2 subject=$3 user=${4:-alice} hello=EHLO
  if [ "$server" = dovecot ]; then hello=LHLO; fi
  real_reset "$server"
  run -0 talk "$port" "$hello client.test" 'MAIL FROM:<me@client.test>' \
    "RCPT TO:<$user@example.test>" DATA "$(message "$subject")" QUIT
  assert_line --regexp '^250.2\.[06]\.0|^250 OK'
  real_wait "$server" "$user" 1
  run -0 real_last "$server" "$user"
  assert_line "Subject: $subject"
  assert_line 'Hello.'
}

# auth USER PASSWORD: the argument of AUTH PLAIN
auth() { printf '\0%s\0%s' "$1" "$2" | openssl base64 -A; }

@test "Every server greets with 220" {
  local port
  for port in "$POSTFIX_SMTP" "$POSTFIX_SMALL" "$POSTFIX_ESMTP0" "$POSTFIX_SUBMISSION" \
    "$EXIM_SMTP" "$OPENSMTPD_SMTP" "$DOVECOT_LMTP" "$DOVECOT_LMTP_SOCKET"; do
    run -0 talk "$port" QUIT
    assert_line --index 0 --partial '220 mail.example.test '
    assert_line --index 1 --regexp '^221'
  done
}

@test "Every server listens on ::1 as well where there is one" {
  grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6 || skip 'no ::1 here'
  local port line fd
  for port in "$POSTFIX_SMTP" "$EXIM_SMTP" "$OPENSMTPD_SMTP" "$DOVECOT_LMTP"; do
    exec {fd}<>"/dev/tcp/::1/$port"
    read -r -t 10 -u "$fd" line
    exec {fd}>&-
    assert_regex "$line" '^220 '
  done
}

@test "Postfix announces its extensions" {
  run -0 talk "$POSTFIX_SMTP" 'EHLO client.test' QUIT
  for word in PIPELINING 'SIZE 20971520' VRFY ETRN STARTTLS ENHANCEDSTATUSCODES 8BITMIME DSN SMTPUTF8 CHUNKING; do
    assert_line --regexp "^250[- ]$word\$"
  done
  refute_line --partial AUTH
}

@test "Postfix without extensions announces none" {
  run -0 talk "$POSTFIX_ESMTP0" 'EHLO client.test' QUIT
  assert_line --index 1 '250 mail.example.test'
}

@test "Exim announces its extensions, AUTH in clear among them" {
  run -0 talk "$EXIM_SMTP" 'EHLO client.test' QUIT
  for word in PIPELINING PIPECONNECT 'SIZE 20971520' VRFY EXPN STARTTLS 8BITMIME DSN SMTPUTF8 CHUNKING PRDR HELP \
    'AUTH PLAIN LOGIN'; do
    assert_line --regexp "^250[- ]$word\$"
  done
}

@test "OpenSMTPD announces neither PIPELINING nor TLS" {
  run -0 talk "$OPENSMTPD_SMTP" 'EHLO client.test' QUIT
  for word in 8BITMIME ENHANCEDSTATUSCODES 'SIZE 20971520' DSN HELP; do
    assert_line --regexp "^250[- ]$word\$"
  done
  refute_line --partial PIPELINING
  refute_line --partial STARTTLS
}

@test "Dovecot answers LHLO and not EHLO" {
  run -0 talk "$DOVECOT_LMTP" 'EHLO client.test' 'LHLO client.test' QUIT
  assert_line --index 1 --regexp '^5'
  for word in PIPELINING CHUNKING ENHANCEDSTATUSCODES 8BITMIME; do
    assert_line --regexp "^250[- ]$word"
  done
}

@test "A message to Postfix arrives" { send postfix "$POSTFIX_SMTP" 'to Postfix'; }
@test "A message to the bare Postfix arrives" { send postfix "$POSTFIX_ESMTP0" 'without extensions'; }
@test "A message to Exim arrives" { send exim "$EXIM_SMTP" 'to Exim' bob; }
@test "A message to OpenSMTPD arrives" { send opensmtpd "$OPENSMTPD_SMTP" 'to OpenSMTPD' carol; }
@test "A message to Dovecot by TCP arrives" { send dovecot "$DOVECOT_LMTP" 'LMTP by TCP'; }
@test "A message to Dovecot by the unix socket arrives" { send dovecot "$DOVECOT_LMTP_SOCKET" 'LMTP by socket' carol; }

@test "The list is alice, bob and carol" {
  local server port user
  for server in postfix exim opensmtpd; do
    case $server in
      postfix) port=$POSTFIX_SMTP ;;
      exim) port=$EXIM_SMTP ;;
      opensmtpd) port=$OPENSMTPD_SMTP ;;
    esac
    real_reset "$server"
    run -0 talk "$port" 'EHLO client.test' 'MAIL FROM:<me@client.test>' 'RCPT TO:<list@example.test>' \
      DATA "$(message "for all at $server")" QUIT
    for user in alice bob carol; do real_wait "$server" "$user" 1; done
  done
}

@test "Recipients and senders are refused and deferred as promised" {
  local port
  for port in "$POSTFIX_SMTP" "$EXIM_SMTP" "$OPENSMTPD_SMTP"; do
    run -0 envelope "$port" me@client.test reject@example.test
    assert_line --regexp '^550 5\.7\.1 .*This recipient is always refused'
    run -0 envelope "$port" me@client.test defer@example.test
    assert_line --regexp '^450 4\.2\.0 .*This recipient is always deferred'
    run -0 envelope "$port" me@client.test nosuch@example.test
    assert_line --regexp '^550 '
    run -0 envelope "$port" me@client.test someone@elsewhere.test
    assert_line --regexp '^55[04] '
    run -0 envelope "$port" badsender@example.test alice@example.test
    assert_line --regexp '^553 5\.1\.8 .*This sender is always refused'
  done
}

@test "Dovecot refuses a recipient it does not know" {
  run -0 talk "$DOVECOT_LMTP" 'LHLO client.test' 'MAIL FROM:<me@client.test>' 'RCPT TO:<nosuch@example.test>' QUIT
  assert_line --regexp '^550 5\.1\.1 '
}

@test "Dovecot tells after the data which mailbox is full" {
  real_reset dovecot
  run -0 talk "$DOVECOT_LMTP" 'LHLO client.test' 'MAIL FROM:<me@client.test>' 'RCPT TO:<alice@example.test>' \
    'RCPT TO:<full@example.test>' 'RCPT TO:<bob@example.test>' DATA "$(message full)" '~' '~' QUIT
  assert_line --regexp '^250 2\.0\.0 <alice@example.test>'
  assert_line --regexp '^552 5\.2\.2 <full@example.test>'
  assert_line --regexp '^250 2\.0\.0 <bob@example.test>'
  assert_equal "$(real_count dovecot alice) $(real_count dovecot full) $(real_count dovecot bob)" '1 0 1'
}

@test "Postfix refuses by size, declared and not" {
  run -0 talk "$POSTFIX_SMALL" 'EHLO client.test' 'MAIL FROM:<me@client.test> SIZE=100001' QUIT
  assert_line --regexp '^552 5\.3\.4 '
  run -0 talk "$POSTFIX_SMALL" 'EHLO client.test' 'MAIL FROM:<me@client.test>' 'RCPT TO:<alice@example.test>' \
    DATA "$(printf 'Subject: big\n\n'; printf '%01000d\n' {1..101}; printf .)" QUIT
  assert_line --regexp '^552 5\.3\.4 '
}

@test "Postfix and Exim refuse after the data, and Exim defers" {
  local port word
  for port in "$POSTFIX_SMTP" "$EXIM_SMTP"; do
    for word in please-reject please-defer; do
      if [ "$port $word" = "$POSTFIX_SMTP please-defer" ]; then continue; fi
      run -0 talk "$port" 'EHLO client.test' 'MAIL FROM:<me@client.test>' 'RCPT TO:<alice@example.test>' \
        DATA "$(message "$word")" QUIT
      case $word in
        please-reject) assert_line --regexp '^550 5\.7\.1 Content refused' ;;
        please-defer) assert_line --regexp '^451 4\.7\.1 Content not accepted now' ;;
      esac
    done
  done
}

@test "VRFY, EXPN, HELP and ETRN are answered" {
  run -0 talk "$POSTFIX_SMTP" 'EHLO client.test' 'VRFY alice@example.test' 'ETRN relay.test' QUIT
  assert_line --regexp '^252 2\.0\.0 alice'
  assert_line --regexp '^250 .*Queuing started'
  run -0 talk "$EXIM_SMTP" 'EHLO client.test' 'VRFY alice@example.test' 'EXPN list@example.test' HELP QUIT
  assert_line --regexp '^250 <alice@example.test>'
  assert_line --regexp '^250-<alice@example.test>'
  assert_line --regexp '^250 <carol@example.test>'
  assert_line --regexp '^214'
}

@test "Exim answers per recipient when asked for PRDR" {
  real_reset exim
  run -0 talk "$EXIM_SMTP" 'EHLO client.test' 'MAIL FROM:<me@client.test> PRDR' 'RCPT TO:<alice@example.test>' \
    'RCPT TO:<prdr-reject@example.test>' 'RCPT TO:<prdr-defer@example.test>' DATA "$(message PRDR)" '~' '~' '~' '~' QUIT
  assert_line --regexp '^353'
  assert_line --regexp '^550 .*refuses the content'
  assert_line --regexp '^450 .*cannot take the content'
  real_wait exim alice 1
}

@test "Postfix and Exim take a UTF-8 address" {
  local server port
  for server in postfix exim; do
    if [ "$server" = postfix ]; then port=$POSTFIX_SMTP; else port=$EXIM_SMTP; fi
    real_reset "$server"
    run -0 talk "$port" 'EHLO client.test' 'MAIL FROM:<mé@client.test> SMTPUTF8' 'RCPT TO:<jörg@example.test>' \
      DATA "$(message grüße)" QUIT
    real_wait "$server" jörg 1
    run -0 real_last "$server" jörg
    assert_line 'Subject: grüße'
  done
}

@test "Postfix wants TLS before it offers AUTH on the submission port" {
  run -0 talk "$POSTFIX_SUBMISSION" 'EHLO client.test' 'MAIL FROM:<me@client.test>' QUIT
  assert_line --regexp '^250[- ]STARTTLS$'
  refute_line --partial 'AUTH '
  assert_line --regexp '^530 '
  run -0 talk --starttls "$REAL_CA" "$POSTFIX_SUBMISSION" 'EHLO client.test' 'MAIL FROM:<me@client.test>' \
    'RCPT TO:<alice@example.test>' QUIT
  assert_line --regexp '^250[- ]AUTH PLAIN LOGIN$'
  assert_line --regexp '^554 '
}

@test "Exim and Postfix offer AUTH inside implicit TLS" {
  local port
  for port in "$POSTFIX_SMTPS" "$EXIM_SMTPS"; do
    run -0 talk --tls "$REAL_CA" "$port" 'EHLO client.test' QUIT
    assert_line --regexp '^220 mail\.example\.test '
    assert_line --regexp '^250[- ]AUTH PLAIN LOGIN$'
    refute_line --partial STARTTLS
  done
}

@test "Exim does STARTTLS" {
  run -0 talk --starttls "$REAL_CA" "$EXIM_SMTP" 'EHLO client.test' QUIT
  assert_line --regexp '^250[- ]AUTH PLAIN LOGIN$'
  refute_line --regexp '^250[- ]STARTTLS$'
}

@test "Accounts log in with their passwords and with no others" {
  local port
  for port in "$POSTFIX_SMTPS" "$EXIM_SMTPS"; do
    run -0 talk --tls "$REAL_CA" "$port" 'EHLO client.test' "AUTH PLAIN $(auth alice "$REAL_PASSWORD_ALICE")" QUIT
    assert_line --regexp '^235 '
    run -0 talk --tls "$REAL_CA" "$port" 'EHLO client.test' "AUTH PLAIN $(auth bob "$REAL_PASSWORD_BOB")" QUIT
    assert_line --regexp '^235 '
    run -0 talk --tls "$REAL_CA" "$port" 'EHLO client.test' "AUTH PLAIN $(auth bob wrong)" QUIT
    assert_line --regexp '^535 '
  done
  assert_equal "$REAL_PASSWORD_BOB" "p@ss w0rd!%&'\"\\"
}

@test "Dovecot as a submission server offers its mechanisms, and hands mail to Postfix" {
  real_reset postfix
  run -0 talk --starttls "$REAL_CA" "$SUBMISSION_SMTP" 'EHLO client.test' \
    "AUTH PLAIN $(auth alice "$REAL_PASSWORD_ALICE")" 'MAIL FROM:<me@client.test>' 'RCPT TO:<bob@example.test>' \
    DATA "$(message handed)" QUIT
  assert_line --regexp '^250.AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER EXTERNAL GSSAPI$'
  assert_line --regexp '^235 '
  real_wait postfix bob 1
}

@test "Postfix and Exim offer those at one port" {
  run -0 talk --tls "$REAL_CA" "$POSTFIX_SIGNIN" 'EHLO client.test' QUIT
  assert_line --regexp '^250.AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER GSSAPI$'
  run -0 talk --tls "$REAL_CA" "$EXIM_SIGNIN" 'EHLO client.test' QUIT
  assert_line --regexp '^250.AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER$'
}

@test "A token is good until it expires" {
  local seconds answer
  for seconds in 60 -60; do
    if [ "$seconds" = 60 ]; then answer=235; else answer=334; fi
    run talk --tls "$REAL_CA" "$SUBMISSION_SMTPS" 'EHLO client.test' \
      "AUTH XOAUTH2 $(printf 'user=alice\1auth=Bearer %s\1\1' "$(real_token alice "$seconds")" | openssl base64 -A)"
    assert_line --regexp "^$answer "
  done
}

@test "The KDC gives a ticket to who knows the password" {
  export KRB5CCNAME=FILE:$BATS_TEST_TMPDIR/tickets
  real_ticket alice
  [ -s "$BATS_TEST_TMPDIR/tickets" ]
  REAL_PASSWORD_ALICE=wrong run ! real_ticket alice
}

@test "A message submitted with AUTH arrives" {
  real_reset postfix
  run -0 talk --starttls "$REAL_CA" "$POSTFIX_SUBMISSION" 'EHLO client.test' \
    "AUTH PLAIN $(auth bob "$REAL_PASSWORD_BOB")" 'MAIL FROM:<bob@example.test>' \
    'RCPT TO:<alice@example.test>' 'RCPT TO:<someone@elsewhere.test>' DATA "$(message submitted)" QUIT
  real_wait postfix alice 1
  run -0 real_last postfix alice
  assert_line --partial 'Authenticated sender: bob'
}

@test "Certificates that are not good fail for their own reasons" {
  local var
  for var in WRONGHOST:62 EXPIRED:10 CNONLY:62 CLIENTEKU:26 SELFSIGNED:18; do
    port=POSTFIX_SMTPS_${var%:*}
    run openssl s_client -brief -verify_return_error -verify_hostname mail.example.test -purpose sslserver \
      -CAfile "$REAL_CA" -connect "127.0.0.1:${!port}" </dev/null
    assert_failure
    assert_output --partial "verify error:num=${var#*:}:"
  done
}

@test "A second run beside this one disturbs nothing" {
  real_reset postfix
  (
    first=$REAL_DIR
    unset REAL_DIR
    real_up postfix exim opensmtpd dovecot submission
    [ "$REAL_DIR" != "$first" ]
    send postfix "$POSTFIX_SMTP" 'in the other run'
    real_down
    [ ! -e "$first/../${REAL_DIR:-none}" ]
  )
  assert_equal "$(real_count postfix alice)" 0
  send postfix "$POSTFIX_SMTP" 'still here'
}

@test "A run whose owner is gone is removed" {
  local dir
  # shellcheck disable=SC2016
  dir=$(env -u REAL_DIR bash -c 'source "$1/servers.bash"; real_up exim && echo "$REAL_DIR"' - "$REAL_HOME")
  [ -n "$dir" ]
  for _ in {1..100}; do
    [ -d "$dir" ] || break
    sleep 0.1
  done
  [ ! -e "$dir" ]
}

@test "The machine got no account and no mount from the servers" {
  run getent passwd mailtest
  assert_failure
  run -1 grep -F "$REAL_DIR" /proc/self/mountinfo
}

@test "real_log shows what a server did" {
  send exim "$EXIM_SMTP" 'to be logged'
  run -0 real_log exim
  assert_output --partial '=> alice'
}
