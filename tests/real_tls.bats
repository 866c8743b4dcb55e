#!/usr/bin/env bats
# TLS and authentication with real servers.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start postfix exim; }

# by SERVER-NAME OPTION...: sends to alice at it, in silence
by() {
  run -0 smtpsend -S "$@" alice@example.test <<<text
  assert_output ''
}

# refused PORT OPTION...: sending fails with 77, and no message was begun
refused() {
  local port=$1
  shift
  run -77 smtpsend -S "localhost:$port" --transcript log "$@" alice@example.test <<<text
  run -1 grep 'C: MAIL' log
  run -77 smtpsend -S "localhost:$port" "$@" alice@example.test <<<text
}

# received: the Received field of what alice got from Postfix
received() {
  real_wait postfix alice 1
  real_last postfix alice | header Received
}

# pin CERTIFICATE: the digest of its key, as openssl sees it
pin() {
  openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A
}

# --- TLS ----------------------------------------------------------------------

@test "A loopback connection needs no TLS, even where it is offered" {
  by "127.0.0.1:$POSTFIX_SMTP"
  run -0 received
  refute_output --partial TLS
}

@test "STARTTLS protects the message when it is demanded" {
  by "127.0.0.1:$POSTFIX_SMTP" --tls=starttls --tls-ca "$REAL_CA"
  run -0 received
  assert_output --partial 'using TLSv1.3'
  assert_output --partial 'with ESMTPS'
  by "localhost:$EXIM_SMTP" --tls=starttls --tls-ca "$REAL_CA"
  real_wait exim alice 1
  run -0 real_last exim alice
  assert_output --partial 'esmtps  (TLS1.3)'
}

@test "After STARTTLS the session starts anew" {
  by "localhost:$POSTFIX_SMTP" --tls=starttls --tls-ca "$REAL_CA" --transcript log
  run -0 grep -E '^~?C:|TLS' log
  assert_line --index 0 --regexp '^C: EHLO '
  assert_line --index 1 --regexp '^S: 250.STARTTLS'
  assert_line --index 2 'C: STARTTLS'
  assert_line --index 3 --regexp '^S: 220 .*TLS'
  assert_line --index 4 --regexp '^-- TLS begins: TLS1\.3, [A-Z0-9-]+$'
  assert_line --index 5 --regexp '^~C: EHLO '
  assert_line --index 6 --regexp '^~C: MAIL '
  run -1 grep '^[CS]:' <(sed '1,/TLS begins/d' log)
}

@test "TLS from the first byte protects the message" {
  local way
  secret pw "$REAL_PASSWORD_ALICE"
  for way in "localhost:$POSTFIX_SMTPS --tls=implicit" "smtps://localhost:$POSTFIX_SMTPS" \
    "submissions://127.0.0.1:$POSTFIX_SMTPS"; do
    real_reset postfix
    # shellcheck disable=SC2086 # a server and perhaps an option
    by $way --tls-ca "$REAL_CA" -u alice --password-file pw
    run -0 received
    assert_output --partial 'using TLSv1.3'
    assert_output --partial '(Authenticated sender: alice)'
  done
  by "localhost:$EXIM_SMTPS" --tls=implicit --tls-ca "$REAL_CA"
  real_wait exim alice 1
}

@test "Megabytes arrive whole through TLS" {
  perl -e 'print "Zeile $_ mit Ümlaut und etwas mehr Text dahinter\n" for 1 .. 60000' >text
  secret pw "$REAL_PASSWORD_ALICE"
  run -0 smtpsend -S "smtps://alice@localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" --password-file pw alice@example.test \
    < <(cat text)
  arrived postfix | body | cmp - text
  run -0 smtpsend -S "localhost:$EXIM_SMTP" --tls=starttls --tls-ca "$REAL_CA" --without=CHUNKING --body-file text \
    alice@example.test
  arrived exim | body | cmp - text
}

@test "A submission URL demands STARTTLS" {
  secret pw "$REAL_PASSWORD_ALICE"
  by "submission://alice@localhost:$POSTFIX_SUBMISSION" --tls-ca "$REAL_CA" --password-file pw
  run -0 received
  assert_output --partial 'using TLSv1.3'
  assert_output --partial '(Authenticated sender: alice)'
  run -77 smtpsend -S "submission://localhost:$POSTFIX_ESMTP0" alice@example.test <<<text
  assert_output --partial STARTTLS
}

@test "Demanded STARTTLS that is not offered ends before MAIL" {
  refused "$POSTFIX_ESMTP0" --tls=starttls --tls-ca "$REAL_CA"
  assert_output --partial STARTTLS
  assert_output --partial 'does not offer'
  nothing_arrived postfix
}

@test "Demanded STARTTLS that is switched off ends before MAIL" {
  refused "$POSTFIX_SMTP" --tls=starttls --tls-ca "$REAL_CA" --without=STARTTLS
  assert_output --partial STARTTLS
}

@test "A server that demands TLS shows its own words to who uses none" {
  run smtpsend -S "localhost:$POSTFIX_SUBMISSION" --tls=off alice@example.test <<<text
  assert_equal "$status" 69
  assert_output --partial '530 5.7.0 Must issue a STARTTLS command first'
}

@test "A certificate that is not good is refused for the reason that it has" {
  local row name words
  for row in 'WRONGHOST:other.example.test' 'EXPIRED:expired on 20' 'CNONLY:subjectAltName' \
    'CLIENTEKU:serverAuth' 'SELFSIGNED:self-signed'; do
    IFS=: read -r name words <<<"$row"
    name=POSTFIX_SMTPS_$name
    refused "${!name}" --tls=implicit --tls-ca "$REAL_CA"
    assert_output --partial 'smtpsend: localhost'
    assert_output --partial "$words"
  done
}

@test "A good certificate of an authority that is not trusted is refused" {
  refused "$POSTFIX_SMTPS" --tls=implicit --tls-ca "$REAL_PKI/selfsigned.pem"
  assert_output --partial 'unknown authority'
  assert_output --partial 'Test Root'
  refused "$POSTFIX_SMTP" --tls=starttls --tls-ca "$REAL_PKI/selfsigned.pem"
  assert_output --partial 'unknown authority'
}

@test "The system does not trust the certificates of a test" {
  refused "$POSTFIX_SMTPS" --tls=implicit
  assert_output --partial 'unknown authority'
}

@test "A self-signed certificate is accepted by who trusts it" {
  secret pw "$REAL_PASSWORD_ALICE"
  by "localhost:$POSTFIX_SMTPS_SELFSIGNED" --tls=implicit --tls-ca "$REAL_PKI/selfsigned.pem" -u alice --password-file pw
  real_wait postfix alice 1
}

@test "The pinned key is accepted whatever else there is to say" {
  local row
  secret pw "$REAL_PASSWORD_ALICE"
  for row in SMTPS:good SMTPS_WRONGHOST:wronghost SMTPS_EXPIRED:expired SMTPS_SELFSIGNED:selfsigned; do
    real_reset postfix
    name=POSTFIX_${row%:*}
    by "localhost:${!name}" --tls=implicit --tls-pin "$(pin "$REAL_PKI/${row#*:}.pem")" -u alice --password-file pw
    real_wait postfix alice 1
  done
}

@test "A pin may be one of several, in hexadecimal, and after sha256//" {
  local other good hex
  good=$(pin "$REAL_PKI/good.pem")
  other=$(pin "$REAL_PKI/expired.pem")
  hex=$(openssl base64 -d -A <<<"$good" | od -An -v -tx1 | tr -d ' \n')
  by "localhost:$EXIM_SMTPS" --tls=implicit --tls-pin "$hex"
  by "localhost:$EXIM_SMTPS" --tls=implicit --tls-pin "sha256//$other" --tls-pin "sha256//$good"
}

@test "Another key than the pinned one is refused, though its certificate is good" {
  refused "$POSTFIX_SMTPS" --tls=implicit --tls-ca "$REAL_CA" --tls-pin "$(pin "$REAL_PKI/expired.pem")"
  assert_output --partial "$(pin "$REAL_PKI/good.pem")"
  refused "$POSTFIX_SMTP" --tls=starttls --tls-ca "$REAL_CA" --tls-pin "$(pin "$REAL_PKI/expired.pem")"
}

@test "The pin that the error shows is the one that works" {
  run -77 smtpsend -S "localhost:$EXIM_SMTPS" --tls=implicit alice@example.test <<<text
  assert_output --regexp '--tls-pin (sha256//[A-Za-z0-9+/]{43}=)'
  by "localhost:$EXIM_SMTPS" --tls=implicit --tls-pin "${BASH_REMATCH[1]:-$(grep -o 'sha256//[^ ]*' <<<"$output")}"
}

@test "The name in the certificate may be said, and nothing else is for it" {
  secret pw "$REAL_PASSWORD_ALICE"
  by "localhost:$POSTFIX_SMTPS_WRONGHOST" --tls=implicit --tls-ca "$REAL_CA" --tls-server-name other.example.test \
    -u alice --password-file pw
  real_wait postfix alice 1
  refused "$POSTFIX_SMTPS" --tls=implicit --tls-ca "$REAL_CA" --tls-server-name other.example.test
  assert_output --partial 'other.example.test: the server'
  assert_output --partial 'is for mail.example.test'
}

@test "From the list that revokes its certificate on, a server is refused" {
  local server
  printf '%s\n' '[ca]' 'default_ca = c' '[c]' 'database = index' 'default_md = sha256' 'default_crl_days = 3' \
    "certificate = $REAL_PKI/ca.pem" "private_key = $REAL_PKI/ca.key" >ca.conf
  : >index
  openssl ca -config ca.conf -gencrl -out before.crl 2>openssl.log
  openssl ca -config ca.conf -revoke "$REAL_PKI/good.pem" 2>openssl.log
  openssl ca -config ca.conf -gencrl -out after.crl 2>openssl.log
  for server in "$POSTFIX_SMTP" "$EXIM_SMTP"; do
    by "localhost:$server" --tls-ca "$REAL_CA" --tls-crl before.crl
    refused "$server" --tls-ca "$REAL_CA" --tls-crl after.crl
    assert_output --partial "localhost: the server's certificate was revoked"
  done
}

@test "What TLS may agree on is what the servers see" {
  by "localhost:$POSTFIX_SMTP" --tls-ca "$REAL_CA" --tls-priority NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM
  run -0 received
  assert_output --regexp 'using TLSv1\.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384'
  by "localhost:$EXIM_SMTP" --tls-ca "$REAL_CA" --tls-min-version 1.3 --tls-priority NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305
  real_wait exim alice 1
  run -0 real_last exim alice
  assert_output --partial 'TLS1.3'
  assert_output --partial CHACHA20
}

@test "The end of a certificate that is far ahead is told to who looks as far" {
  by "localhost:$EXIM_SMTP" --tls=starttls --tls-ca "$REAL_CA" --tls-expiry-warning 900d
  run -0 smtpsend -S "localhost:$EXIM_SMTP" --tls=starttls --tls-ca "$REAL_CA" --tls-expiry-warning 1100d \
    alice@example.test <<<text
  assert_output --regexp "^smtpsend: warning: localhost:$EXIM_SMTP: the server's certificate expires in 999 days, on 20[0-9-]+T"
}

@test "TLS where the server speaks none, and none where it speaks TLS, are errors in time" {
  run smtpsend -S "localhost:$POSTFIX_SMTP" --tls=implicit --tls-ca "$REAL_CA" --deadline 10s alice@example.test <<<text
  assert_regex "$status" '^(75|76|77)$'
  assert_output --partial 'smtpsend: localhost'
  run smtpsend -S "localhost:$EXIM_SMTPS" --tls=off --timeout 1s alice@example.test <<<text
  assert_regex "$status" '^(75|76)$'
  assert_output --partial 'smtpsend: localhost'
}

@test "A file of authorities that is none is an error before anything is opened" {
  run smtpsend -S "localhost:$POSTFIX_SMTPS" --tls=implicit --tls-ca /nonexistent/ca.pem alice@example.test <<<text
  assert_failure
  assert_output --partial /nonexistent/ca.pem
  echo nothing >empty.pem
  run smtpsend -S "localhost:$POSTFIX_SMTPS" --tls=implicit --tls-ca empty.pem alice@example.test <<<text
  assert_failure
  assert_output --partial empty.pem
}

@test "A TLS session with a real server goes on in the next run" {
  local server user resumed
  for server in "localhost:$POSTFIX_SMTP" "smtps://alice@localhost:$POSTFIX_SMTPS" \
    "submission://alice@localhost:$POSTFIX_SUBMISSION"; do
    echo "$server"
    user=()
    [[ "$server" != *@* ]] || user=(--password-command "echo $REAL_PASSWORD_ALICE")
    # Postfix gives no new ticket for the old, which is used once
    for resumed in no yes no yes; do
      run -0 smtpsend -v -S "$server" --tls-ca "$REAL_CA" "${user[@]}" alice@example.test <<<text
      assert_output --partial accepted
      if [ $resumed = yes ]; then
        assert_output --regexp 'TLS1.3, resumed, as verified before'
      else
        refute_output --partial resumed
      fi
    done
  done
  # Exim keeps none, unless it is told to
  for resumed in no no; do
    run -0 smtpsend -v -S "localhost:$EXIM_SMTP" --tls=starttls --tls-ca "$REAL_CA" alice@example.test <<<text
    refute_output --partial resumed
  done
}

# --- authentication ------------------------------------------------------------

# As both accounts, by both mechanisms, at every server that asks for a password.
@test "Both accounts authenticate by PLAIN and by LOGIN, with STARTTLS, inside TLS and on loopback" {
  local mechanism server
  secret alice "$REAL_PASSWORD_ALICE"
  secret bob "$REAL_PASSWORD_BOB"
  for user in alice bob; do
    for mechanism in PLAIN LOGIN login; do
      for server in "submission://localhost:$POSTFIX_SUBMISSION" "smtps://localhost:$POSTFIX_SMTPS" \
        "localhost:$EXIM_SMTP" "smtps://localhost:$EXIM_SMTPS"; do
        : >log
        by "$server" --tls-ca "$REAL_CA" -u "$user" --password-file "$user" --auth "$mechanism" --transcript log
        assert_equal "$(grep -c "C: AUTH ${mechanism^^}" log) $(grep -c 'S: 235 ' log)" '1 1'
      done
    done
  done
  real_wait postfix alice 12
  real_wait exim alice 12
  run -0 real_last postfix alice
  assert_output --partial '(Authenticated sender: bob)'
}

@test "PLAIN takes one step, with the response in the command" {
  secret pw "$REAL_PASSWORD_ALICE"
  by "localhost:$EXIM_SMTPS" --tls=implicit --tls-ca "$REAL_CA" -u alice --password-file pw --transcript log
  run -1 grep 'S: 334' log
  run -0 grep -c '^~C: AUTH PLAIN' log
  assert_output 1
}

@test "The password comes from a file, a command, a setting or the URL" {
  local url
  secret pw "$REAL_PASSWORD_BOB"
  url=$(perl -pe 's/([^A-Za-z0-9])/sprintf "%%%02X", ord $1/ge' <<<"$REAL_PASSWORD_BOB")
  url=${url%\%0A}
  export SMTPSEND_TLS_CA=$REAL_CA
  by "smtps://localhost:$POSTFIX_SMTPS" -u bob --password-file pw
  by "smtps://localhost:$POSTFIX_SMTPS" -u bob --password-file <(cat pw)
  by "smtps://bob@localhost:$POSTFIX_SMTPS" --password-command 'cat pw'
  mkdir "$XDG_CONFIG_HOME/smtpsend"
  (umask 077 && printf 'server = smtps://localhost:%s\nuser = bob\npassword-command = cat pw\n' \
    "$POSTFIX_SMTPS" >"$XDG_CONFIG_HOME/smtpsend/config")
  run -0 smtpsend alice@example.test <<<text
  assert_output ''
  rm "$XDG_CONFIG_HOME/smtpsend/config"
  run -0 smtpsend -S "smtps://bob:$url@localhost:$POSTFIX_SMTPS" alice@example.test <<<text
  assert_output --partial 'warning: '
  refute_output --partial "$url"
  real_wait postfix alice 5
}

@test "A password file that others can read is not used" {
  echo "$REAL_PASSWORD_ALICE" >pw
  chmod 644 pw
  run -78 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u alice --password-file pw \
    alice@example.test <<<text
  assert_output --partial 'pw'
  refute_output --partial "$REAL_PASSWORD_ALICE"
}

@test "A wrong password is 77 with the server's words, once, and nothing is sent" {
  local server
  secret pw wrong
  for server in "smtps://localhost:$POSTFIX_SMTPS" "submission://localhost:$POSTFIX_SUBMISSION" \
    "localhost:$EXIM_SMTP"; do
    run -77 smtpsend -S "$server" --tls-ca "$REAL_CA" -u bob --password-file pw --transcript log \
      alice@example.test <<<text
    assert_output --regexp '535 (5\.7\.8 Error: authentication failed|Incorrect authentication data)'
    run -0 grep 'C:' log
    assert_line --regexp 'C: AUTH PLAIN'
    refute_line --regexp 'C: (MAIL|AUTH LOGIN)'
    rm log
  done
  nothing_arrived postfix
}

@test "A password command that fails or prints nothing sends nothing" {
  for command in false true 'echo oops >&2; exit 3'; do
    run smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u bob --password-command "$command" \
      alice@example.test <<<text
    assert [ "$status" -ge 64 ]
    assert_output --partial "password"
  done
  nothing_arrived postfix
}

@test "A mechanism that the server does not offer is 77" {
  secret pw "$REAL_PASSWORD_ALICE"
  run -77 smtpsend -S "localhost:$POSTFIX_SMTP" --tls-ca "$REAL_CA" -u alice --password-file pw alice@example.test <<<text
  assert_output --partial AUTH
  run -77 smtpsend -S "localhost:$EXIM_SMTP" --tls-ca "$REAL_CA" -u alice --password-file pw --without=AUTH alice@example.test <<<text
  assert_output --partial AUTH
}

@test "Who may not relay is refused, and who logged in may" {
  secret pw "$REAL_PASSWORD_ALICE"
  run -67 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" someone@elsewhere.test <<<text
  assert_output --partial someone@elsewhere.test
  run -0 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u alice --password-file pw \
    someone@elsewhere.test <<<text
}

@test "Passwords are in no report, not even in base64" {
  local secret hidden mechanism
  for user in alice bob; do
    if [ "$user" = alice ]; then secret=$REAL_PASSWORD_ALICE; else secret=$REAL_PASSWORD_BOB; fi
    secret pw "$secret"
    for mechanism in PLAIN LOGIN; do
      run -0 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u "$user" --password-file pw \
        --auth "$mechanism" -vv --hexdump --json --timing --transcript log alice@example.test <<<text
      perl -ne 'print map { chr hex } substr($_, 0, 50) =~ /[0-9a-f]{2}/g if s/^.*~[CS]> [0-9a-f]{4,}  //' log >octets
      grep -aq "AUTH $mechanism" octets
      { cat log octets; echo "$output"; } >shown
      grep -q "AUTH $mechanism" shown
      for hidden in "$secret" "$(printf %s "$secret" | base64 -w 0)" \
        "$(printf '\0%s\0%s' "$user" "$secret" | base64 -w 0)" \
        "$(printf '\0%s\0%s' "$user" "$secret" | base64 -w 0 | cut -c 9-20)"; do
        run -1 grep -aF -e "$hidden" shown
      done
    done
  done
}
