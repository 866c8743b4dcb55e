#!/usr/bin/env bats
# Ways to real servers: several of them, TLS that is broken, a PROXY header.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # Perl in single quotes

load real_common

setup_file() { start postfix exim opensmtpd; }

# A path at which nobody listens, and which may not be
nowhere=unix:/nonexistent

# came SERVER: from where SERVER says that the newest message to alice came
came() { real_last "$1" alice | header Received; }

# 0.0.0.0 leads to this machine, and is no address of loopback, where TLS would not
# be needed.
@test "mail goes in clear to a server whose TLS is broken, once that was seen" {
  local server port
  for server in postfix exim opensmtpd; do
    port=${server^^}_BROKEN
    run -0 smtpsend -S "0.0.0.0:${!port}" -vv alice@example.test <<<text
    assert_equal "$(grep -c '^C: STARTTLS' <<<"$output")" 1
    assert_equal "$(grep -c '^C: MAIL' <<<"$output")" 1
    assert_line --regexp "^smtpsend: 0.0.0.0:${!port}: STARTTLS: .*; tried again without TLS$"
    real_wait "$server" alice 1
    run -0 came "$server"
    refute_output --regexp 'ESMTPS|esmtps'
  done
}

@test "mail that demands TLS does not go to a server whose TLS is broken" {
  local server port demand
  for server in postfix exim opensmtpd; do
    port=${server^^}_BROKEN
    for demand in --tls=starttls "--tls-ca=$REAL_CA"; do
      run smtpsend -S "0.0.0.0:${!port}" "$demand" -vv alice@example.test <<<text
      assert_regex "$server $demand: $status" '(75|77)$'
      refute_output --regexp 'C: MAIL|without TLS'
    done
    nothing_arrived "$server"
  done
}

@test "mail goes under TLS to a server that nobody can verify, and is said to" {
  run -0 smtpsend -S "0.0.0.0:$POSTFIX_SMTP" -v alice@example.test <<<text
  assert_line --regexp "^smtpsend: 0.0.0.0:$POSTFIX_SMTP: TLS1.3, unverified: .*unknown authority"
  real_wait postfix alice 1
  run -0 came postfix
  assert_output --partial 'with ESMTPS'
  run -0 smtpsend -S "0.0.0.0:$EXIM_SMTP" --json alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '$j->{server}{tls}{verified}')" false
  assert_regex "$(json '$j->{server}{tls}{reason}')" 'unknown authority'
  real_wait exim alice 1
  run -0 came exim
  assert_output --partial 'esmtps'
}

@test "the second of two servers takes what the first one cannot" {
  run -0 smtpsend -S "$nowhere" -S "127.0.0.1:$POSTFIX_SMTP" -S "127.0.0.1:$EXIM_SMTP" -v alice@example.test <<<text
  assert_line --partial '; tried the next server'
  assert_line --regexp "accepted for 1 of 1 recipient \(127.0.0.1:$POSTFIX_SMTP: 250 2.0.0 Ok: .*queued as"
  real_wait postfix alice 1
  nothing_arrived exim
}

@test "a server that asks for TLS first, or refuses, is not followed by another one" {
  run -69 smtpsend -S "127.0.0.1:$POSTFIX_SUBMISSION" -S "127.0.0.1:$EXIM_SMTP" alice@example.test <<<text
  run -77 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS_EXPIRED" -S "127.0.0.1:$EXIM_SMTP" --tls-ca "$REAL_CA" \
    alice@example.test <<<text
  nothing_arrived exim
}

@test "an account at another server takes over, with the TLS, the name and the user that are its own" {
  local config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "${config%/*}"
  secret bob "$REAL_PASSWORD_BOB"
  cat >"$config" <<EOF
[account default]
server = $nowhere
server = smtps://localhost:1
user = alice
password-command = echo wrong
failover = spare
[account spare]
server = submission://localhost:$POSTFIX_SUBMISSION
user = bob
password-file = $PWD/bob
tls-ca = $REAL_CA
ehlo-name = spare.client.test
EOF
  run -0 smtpsend -v alice@example.test <<<text
  assert_line --regexp '^smtpsend: localhost:?.*; tried account spare$'
  real_wait postfix alice 1
  run -0 came postfix
  assert_output --partial spare.client.test
  assert_output --partial '(Authenticated sender: bob)'
  # Its certificate is judged by its own account.
  sed -i '/^tls-ca/d' "$config"
  run -77 smtpsend alice@example.test <<<text
  assert_output --partial 'unknown authority'
}

@test "each server has its own TLS and its own user" {
  secret pw "$REAL_PASSWORD_ALICE"
  run -0 smtpsend -S "smtps://bob@localhost:1" -S "127.0.0.1:$POSTFIX_SMTP" --password-file pw --transcript log \
    alice@example.test <<<text
  run -1 grep 'C: AUTH' log
  run -0 smtpsend -S 127.0.0.1:1 -S "smtps://alice@localhost:$POSTFIX_SMTPS" --password-file pw \
    --tls-ca "$REAL_CA" alice@example.test <<<text
  real_wait postfix alice 2
  run -0 came postfix
  assert_output --partial '(Authenticated sender: alice)'
}

@test "behind a PROXY header servers take its source for the client" {
  local version
  for version in v1 v2; do
    real_reset postfix
    real_reset exim
    run -0 smtpsend -S "127.0.0.1:$POSTFIX_BEHIND" --proxy-protocol "$version,source=192.0.2.77:4711" \
      alice@example.test <<<text
    real_wait postfix alice 1
    run -0 came postfix
    assert_output --partial '[192.0.2.77]'
    run -0 smtpsend -S "127.0.0.1:$EXIM_BEHIND" \
      --proxy-protocol "$version,source=[2001:db8::77]:4711,destination=[2001:db8::25]:25" alice@example.test <<<text
    real_wait exim alice 1
    run -0 came exim
    assert_output --partial '[2001:db8::77]'
  done
}

@test "a PROXY header without a client leaves the server the one that it sees" {
  local version
  for version in v1 v2 v2,local; do
    real_reset postfix
    run -0 smtpsend -S "127.0.0.1:$POSTFIX_BEHIND" --proxy-protocol "$version" alice@example.test <<<text
    real_wait postfix alice 1
    run -0 came postfix
    assert_output --partial '[127.0.0.1]'
  done
  for version in v1,local v2,local; do
    real_reset exim
    run -0 smtpsend -S "127.0.0.1:$EXIM_BEHIND" --proxy-protocol "$version" alice@example.test <<<text
    real_wait exim alice 1
    run -0 came exim
    assert_output --partial '[127.0.0.1]'
  done
}

@test "a PROXY header goes before TLS, from the first byte or by STARTTLS" {
  secret pw "$REAL_PASSWORD_ALICE"
  run -0 smtpsend -S "smtps://alice@localhost:$POSTFIX_BEHIND_SMTPS" --tls-ca "$REAL_CA" --password-file pw \
    --proxy-protocol v2,source=192.0.2.77:4711 alice@example.test <<<text
  real_wait postfix alice 1
  run -0 came postfix
  assert_output --partial '[192.0.2.77]'
  assert_output --partial 'with ESMTPSA'
  run -0 smtpsend -S "127.0.0.1:$EXIM_BEHIND" --tls=starttls --tls-ca "$REAL_CA" \
    --proxy-protocol v1,source=192.0.2.77:4711 alice@example.test <<<text
  real_wait exim alice 1
  run -0 came exim
  assert_output --partial '[192.0.2.77]'
  assert_output --partial 'esmtps'
}

@test "a question is asked behind a PROXY header, too, and the transcript shows it" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_BEHIND" --proxy-protocol v2,source=192.0.2.77:4711 -vv --noop
  assert_line "-- PROXY TCP4 192.0.2.77 127.0.0.1 4711 $POSTFIX_BEHIND (version 2)"
  assert_line --regexp '^250 2.0.0 Ok'
}

@test "mail comes from the interface that was named" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --interface 127.0.0.5 alice@example.test <<<text
  real_wait postfix alice 1
  run -0 came postfix
  assert_output --partial '[127.0.0.5]'
  run -0 smtpsend -S "127.0.0.1:$EXIM_SMTP" --interface lo alice@example.test <<<text
  real_wait exim alice 1
}
