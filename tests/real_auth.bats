#!/usr/bin/env bats
# Every mechanism of authentication with real servers: Dovecot's submission service,
# Postfix and Exim with Dovecot's and their own, and MIT's Kerberos.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start exim opensmtpd submission; }

# from SERVER: the options for what SERVER (a name of a port) speaks, in $at
from() {
  case $1 in
    SUBMISSION_SMTP) at=(-S "submission://localhost:${!1}") ;;
    *) at=(-S "smtps://localhost:${!1}") ;;
  esac
  at+=(--tls-ca "$REAL_CA")
}

# not_our_leaks: what the libraries of Kerberos leave behind is no matter of ours
not_our_leaks() { export ASAN_OPTIONS=detect_leaks=0; }

# signs_in SERVER MECHANISM OPTION...: a message to bob is taken from who signed in by
# it, and by nothing else
signs_in() {
  from "$1"
  rm -f log
  run -0 smtpsend "${at[@]}" "${@:3}" --transcript log bob@example.test <<<text
  assert_output ''
  assert_equal "$(sed -n 's/^~C: AUTH \([^ ]*\).*/\1/p' log | xargs) $(grep -c '^~S: 235 ' log)" "$2 1"
}

# refused SERVER MECHANISM OPTION...: 77 by it and by nothing else, and no message
refused() {
  from "$1"
  rm -f log
  run -77 smtpsend "${at[@]}" "${@:3}" --transcript log bob@example.test <<<text
  assert_equal "$(sed -n 's/^~C: AUTH \([^ ]*\).*/\1/p' log | xargs)" "$2"
  assert_equal "$(grep -cE 'S: 235|C: MAIL' log)" 0
}

# logged MECHANISM: Dovecot's submission service says that alice came in so
logged() {
  run -0 grep -c "Login: user=<alice>, method=$1, .*TLS" "$REAL_DIR/submission/log"
}

# token SECONDS: alice's, in the file token
token() { (umask 077 && real_token alice "$1" >token); }

@test "Dovecot takes each mechanism of passwords, by STARTTLS and inside TLS" {
  local server mechanism
  secret pw "$REAL_PASSWORD_ALICE"
  for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
    for server in SUBMISSION_SMTP SUBMISSION_SMTPS; do
      signs_in "$server" "$mechanism" -u alice --password-file pw --auth "$mechanism"
    done
    logged "$mechanism"
  done
  real_wait postfix bob 10
}

@test "The strongest that Dovecot, Postfix and Exim offer is SCRAM-SHA-256" {
  local server
  secret pw "$REAL_PASSWORD_ALICE"
  for server in SUBMISSION_SMTP SUBMISSION_SMTPS POSTFIX_SIGNIN EXIM_SIGNIN; do
    signs_in "$server" SCRAM-SHA-256 -u alice --password-file pw
  done
  real_wait postfix bob 3
  real_wait exim bob 1
}

@test "A password of all that ASCII has goes by each mechanism" {
  local mechanism
  secret pw "$REAL_PASSWORD_BOB"
  for mechanism in CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
    signs_in SUBMISSION_SMTPS "$mechanism" -u bob --password-file pw --auth "$mechanism"
  done
}

@test "Postfix has Dovecot's mechanisms, and says who signed in" {
  local mechanism n=0
  secret pw "$REAL_PASSWORD_ALICE"
  token 600
  for mechanism in CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
    signs_in POSTFIX_SIGNIN "$mechanism" -u alice --password-file pw --auth "$mechanism"
    real_wait postfix bob $((n += 1))
    run -0 real_last postfix bob
    assert_output --partial '(Authenticated sender: alice)'
  done
  for mechanism in XOAUTH2 OAUTHBEARER; do
    signs_in POSTFIX_SIGNIN "$mechanism" -u alice --token-file token --auth "$mechanism"
  done
  real_wait postfix bob 5
}

@test "Exim has CRAM-MD5 by itself, and Dovecot's by its socket" {
  local mechanism
  secret pw "$REAL_PASSWORD_ALICE"
  token 600
  for mechanism in CRAM-MD5 SCRAM-SHA-256; do
    signs_in EXIM_SIGNIN "$mechanism" -u alice --password-file pw --auth "$mechanism"
  done
  for mechanism in XOAUTH2 OAUTHBEARER; do
    signs_in EXIM_SIGNIN "$mechanism" -u alice --token-file token --auth "$mechanism"
  done
  real_wait exim bob 4
  run -0 grep -cE '<= me@client.test .* A=(cram_md5|scram|xoauth2|oauthbearer):alice' "$REAL_DIR/exim/log.main"
  assert_output 5
}

@test "A wrong password is refused by each mechanism, once" {
  local server mechanism
  secret pw wrong
  for server in SUBMISSION_SMTPS POSTFIX_SIGNIN EXIM_SIGNIN; do
    for mechanism in CRAM-MD5 SCRAM-SHA-256; do
      refused "$server" "$mechanism" -u alice --password-file pw --auth "$mechanism"
      assert_output --partial 535
    done
    refused "$server" SCRAM-SHA-256 -u alice --password-file pw
  done
  nothing_arrived postfix
  nothing_arrived exim
}

@test "Dovecot takes a token by both mechanisms, of which OAUTHBEARER is the first" {
  local mechanism
  token 600
  for mechanism in XOAUTH2 OAUTHBEARER; do
    signs_in SUBMISSION_SMTP "$mechanism" -u alice --token-file token --auth "$mechanism"
    logged "$mechanism"
  done
  signs_in SUBMISSION_SMTPS OAUTHBEARER -u alice --token-command 'cat token'
  real_wait postfix bob 3
}

@test "A token that has expired, or is another's, is refused with the server's word for it" {
  local server
  for server in SUBMISSION_SMTPS POSTFIX_SIGNIN EXIM_SIGNIN; do
    token -60
    refused "$server" XOAUTH2 -u alice --token-file token --auth XOAUTH2
    assert_output --partial 535
    assert_output --partial 'status 401'
    refused "$server" OAUTHBEARER -u alice --token-file token
    assert_output --partial 535
    assert_output --partial 'status invalid_token'
    token 600
    refused "$server" OAUTHBEARER -u bob --token-file token
  done
  nothing_arrived postfix
}

@test "A certificate signs in at Dovecot and Exim, and no password is asked for" {
  local own=(--tls-cert "$REAL_PKI/alice.pem" --tls-key alice.key)
  (umask 077 && cp "$REAL_PKI/alice.key" alice.key)
  signs_in SUBMISSION_SMTP EXTERNAL "${own[@]}" --auth EXTERNAL
  signs_in SUBMISSION_SMTPS EXTERNAL "${own[@]}" -u alice
  logged EXTERNAL
  signs_in EXIM_SIGNIN EXTERNAL "${own[@]}" -u alice
  real_wait postfix bob 2
  real_wait exim bob 1
}

@test "A certificate of another authority signs nobody in" {
  (umask 077 && cp "$REAL_PKI/selfsigned.key" own.key)
  from SUBMISSION_SMTPS
  run -77 smtpsend "${at[@]}" --tls-cert "$REAL_PKI/selfsigned.pem" --tls-key own.key -u alice --auth EXTERNAL \
    bob@example.test <<<text
  from EXIM_SIGNIN
  run -77 smtpsend "${at[@]}" --tls-cert "$REAL_PKI/selfsigned.pem" --tls-key own.key -u alice --auth EXTERNAL \
    bob@example.test <<<text
  nothing_arrived postfix
  nothing_arrived exim
}

@test "A ticket of Kerberos signs in, and no password is asked for" {
  not_our_leaks
  export KRB5CCNAME=FILE:$PWD/tickets
  real_ticket alice
  signs_in SUBMISSION_SMTP GSSAPI -u alice --auth GSSAPI
  signs_in SUBMISSION_SMTPS GSSAPI -u alice --auth gssapi
  logged GSSAPI
  signs_in POSTFIX_SIGNIN GSSAPI -u alice --auth GSSAPI
  real_wait postfix bob 3
}

@test "Without a ticket the error says what is missing, and what gets one" {
  export KRB5CCNAME=FILE:$PWD/none
  from SUBMISSION_SMTPS
  run -77 smtpsend "${at[@]}" -u alice --auth GSSAPI bob@example.test <<<text
  assert_output --partial GSSAPI
  assert_output --partial 'no ticket'
  assert_output --partial kinit
  nothing_arrived postfix
}

@test "A ticket of alice's does not make one bob" {
  not_our_leaks
  export KRB5CCNAME=FILE:$PWD/tickets
  real_ticket alice
  refused SUBMISSION_SMTPS GSSAPI -u bob --auth GSSAPI
}

@test "A realm that is silent is waited for until the deadline or a signal" {
  local silent
  export KRB5CCNAME=FILE:$PWD/tickets
  real_ticket alice
  printf 'name: silent\n\nS! stall\n' >dialogue
  "$SMTPSEND_BUILD/testserver" --dialogue dialogue --connections 2 --listen 127.0.0.1:0 --port-file port --limit 30 2>server.err 3>&- &
  silent=$!
  until [ -s port ]; do kill -0 "$silent" || return 1; done
  sed "s/$KERBEROS_KDC/$(<port)/" "$KRB5_CONFIG" >krb5.conf
  export KRB5_CONFIG=$PWD/krb5.conf
  from SUBMISSION_SMTPS
  run -75 timeout 8 "$SMTPSEND_BUILD/smtpsend" "${at[@]}" --auth GSSAPI --deadline 500ms bob@example.test <<<text
  assert_output --partial 'the realm has given no ticket in time'
  run timeout --preserve-status --kill-after=8 -s TERM 1 "$SMTPSEND_BUILD/smtpsend" "${at[@]}" --auth GSSAPI \
    bob@example.test <<<text
  assert_equal "$status" 143
  wait "$silent" || true
  nothing_arrived postfix
}

@test "OpenSMTPD takes PLAIN and LOGIN, inside TLS" {
  local mechanism
  if ! printf 'EHLO me\r\nQUIT\r\n' | openssl s_client -quiet -starttls smtp -CAfile "$REAL_CA" \
    -connect "127.0.0.1:$OPENSMTPD_BROKEN" 2>/dev/null | grep -q '^250'; then
    skip "this OpenSMTPD completes no TLS handshake (it is linked with OpenSSL 3), and has AUTH inside TLS only"
  fi
  secret pw "$REAL_PASSWORD_ALICE"
  for mechanism in PLAIN LOGIN; do
    run -0 smtpsend -S "localhost:$OPENSMTPD_BROKEN" --tls=starttls --tls-ca "$REAL_CA" -u alice --password-file pw \
      --auth "$mechanism" bob@example.test <<<text
  done
  real_wait opensmtpd bob 2
}

@test "No secret is in a report, whatever the mechanism" {
  not_our_leaks
  local mechanism hidden options
  export KRB5CCNAME=FILE:$PWD/tickets
  real_ticket alice
  secret pw "$REAL_PASSWORD_ALICE"
  token 600
  from SUBMISSION_SMTPS
  for mechanism in CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER GSSAPI; do
    case $mechanism in
      *OAUTH*) options=(--token-file token) ;;
      GSSAPI) options=() ;;
      *) options=(--password-file pw) ;;
    esac
    run -0 smtpsend "${at[@]}" -u alice --auth "$mechanism" "${options[@]}" -vv --hexdump --json --timing \
      --transcript log bob@example.test <<<text
    perl -ne 'print map { chr hex } substr($_, 0, 50) =~ /[0-9a-f]{2}/g if s/^.*~C> [0-9a-f]{4,}  //' log >octets
    grep -aq "AUTH $mechanism" octets
    { cat log octets; echo "$output"; } >shown
    for hidden in "$REAL_PASSWORD_ALICE" "$(printf %s "$REAL_PASSWORD_ALICE" | base64 -w 0)" "$(<token)" \
      "$(cut -c 1-30 token)" "$(base64 -w 0 <token | cut -c 1-40)" ',p=' 'LHA9'; do
      run -1 grep -aF -e "$hidden" shown
    done
  done
}

# own NAME: the test's certificate of that name, with a key that is ours alone
own() {
  cp "$REAL_PKI/$1.pem" "$REAL_PKI/$1.key" .
  chmod 600 "$1.key"
  certificate=(--tls-cert "$1.pem" --tls-key "$1.key")
}

@test "EXTERNAL lets in whom the certificate names, and nobody as somebody else" {
  own alice
  local server
  for server in SUBMISSION_SMTP EXIM_SIGNIN; do
    signs_in $server EXTERNAL "${certificate[@]}" -u alice
    refused $server EXTERNAL "${certificate[@]}" -u bob
  done
  # whom it names is left to the server
  signs_in SUBMISSION_SMTP EXTERNAL "${certificate[@]}" --auth external
  logged EXTERNAL
  # a password is held, too: the certificate is tried first
  secret pw "$REAL_PASSWORD_ALICE"
  signs_in SUBMISSION_SMTP EXTERNAL "${certificate[@]}" -u alice --password-file pw
}
