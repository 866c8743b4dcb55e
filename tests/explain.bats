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
    'smtpsend: hint: smtpsend --configure ADDRESS sets up signing in by OAuth; or use a relay of your organisation'
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

# --- providers --------------------------------------------------------------------

@test "--explain says what a provider has, by its id, a domain or an address there" {
  for word in gmail googlemail.com GMAIL alice@gmail.com; do
    run -0 --separate-stderr explain "$word"
    assert_line --index 0 'gmail: Gmail, Google Workspace'
    assert_line '    server     smtp.gmail.com, port 465, TLS from the first byte'
    assert_line --partial 'OAuth (browser)'
    assert_line --partial 'source     '
    assert_line --regexp 'checked    20[0-9-]{8}$'
    assert_equal "$stderr" ''
  done
  assert_line '    user = alice@gmail.com'
  assert_line --partial 'smtpsend --configure alice@gmail.com'
}

@test "the lines that --explain has for a configuration file are taken by one" {
  for id in gmail outlook webde stalwart; do
    explain "$id" | sed -n '/^ *\[account/,$s/^    //p' >config
    mkdir -p home/.config/smtpsend
    cp config home/.config/smtpsend/config
    run -0 env -u XDG_CONFIG_HOME HOME="$PWD/home" "$SMTPSEND_BUILD/smtpsend" -A "$id" --show-settings
    assert_line --partial 'server = '
  done
}

@test "--explain providers lists them, the user's own first, and a shell completes them" {
  mkdir -p home/smtpsend
  printf '# mine\nid\tserver\tdomains\nwork\tmail.work.test\twork.test,gmail.com\n' >home/smtpsend/providers.tsv
  export XDG_CONFIG_HOME=$PWD/home
  run -0 explain providers
  assert_line --index 0 'work           work'
  assert_line 'outlook        Outlook.com, Hotmail, Live'
  run -0 explain bob@gmail.com
  assert_line --index 0 'work: work'
  run -0 explain gmail
  assert_line --index 0 'gmail: Gmail, Google Workspace'
  completes() {
    # shellcheck disable=SC2016
    bash -c 'PATH=$1:$PATH; source "$1/completions/smtpsend.bash"; shift; COMP_WORDS=(smtpsend "$@");
      COMP_CWORD=$#; _smtpsend; printf "%s\n" "${COMPREPLY[@]}"' _ "$SMTPSEND_BUILD" "$@"
  }
  run -0 completes --explain wor
  assert_output 'work'
  run -0 completes --oauth gma
  assert_output 'gmail'
}

@test "a table of one's own with a fault is refused with line and column" {
  mkdir -p home/smtpsend
  export XDG_CONFIG_HOME=$PWD/home
  printf 'id\tserver\tport\nwork\tmail.work.test\t0\n' >home/smtpsend/providers.tsv
  run -78 explain gmail
  assert_output --partial "$XDG_CONFIG_HOME/smtpsend/providers.tsv:2:21: port '0': wanted: a port, 1 to 65535"
  printf 'id\tsecret\nwork\ta\033[31mb\n' >home/smtpsend/providers.tsv
  run -78 explain gmail
  assert_output --partial "2:6: secret 'a\\x1B[31mb': wanted: UTF-8 without controls"
  chmod 666 home/smtpsend/providers.tsv
  run -78 explain gmail
  assert_output --partial 'can be changed by everybody'
  assert_output --partial 'hint: chmod o-w '
}

@test "--explain of a word that is neither a code nor a provider says where they are listed" {
  run -64 explain nosuchprovider
  assert_output --partial "'nosuchprovider' is no code, and no provider that is known"
  assert_output --partial 'smtpsend --explain providers'
  run -0 explain gmail 550 outlook
  assert_line 'gmail: Gmail, Google Workspace'
  assert_line --partial '550: refused: '
  refute_line --partial 'outlook: '
}
