#!/usr/bin/env bats
# --check: as far as RCPT and no further, as a user sees it.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

check() { smtpsend -S "127.0.0.1:$port" -f me@x.test --check "$@"; }

# says [LINE]...: a server that takes MAIL, then has these answers to RCPT
says() {
  local line
  play < <(
    printf '%s\n' 'name: x' '' 'S: 220 mx.test' 'C: EHLO *' 'S: 250-mx.test' \
      'S: 250 SIZE 100000' 'C: MAIL *' 'S: 250 ok'
    for line in "$@"; do printf '%s\n' 'C: RCPT *' "S: $line"; done
    printf '%s\n' 'C: RSET' 'S: 250 ok' 'C: QUIT' 'S: 221 bye' 'S! close'
  )
}

@test "--check prints what the server said of each, the accepted ones too" {
  says '250 2.1.5 Ok' '550 5.1.1 no such user'
  run -1 --separate-stderr check -t alice@y.test bob@y.test </dev/null
  assert_output 'alice@y.test: accepted: 250 2.1.5 Ok
bob@y.test: refused: 550 5.1.1 no such user'
  refute_regex "$stderr" 'alice|bob@'
  followed
}

@test "--check leaves standard input alone" {
  says '250 ok'
  { check -t alice@y.test && cat; } < <(echo 'still here') >out
  run -0 cat out
  assert_output 'alice@y.test: accepted: 250 ok
still here'
}

@test "--check announces the size of a message that is given, and reads no more" {
  says '250 ok'
  printf 'Subject: x\n\nhello\n' >m.eml
  run -0 check --transcript log -m m.eml alice@y.test
  run -0 grep '^C:' log
  assert_line --regexp '^C: MAIL FROM:<me@x.test> SIZE=[1-9]'
  assert_line 'C: RSET'
  refute_line --regexp 'DATA|BDAT'
  says '250 ok'
  run -0 check --transcript log alice@y.test
  run -0 grep '^C: MAIL' log
  assert_output 'C: MAIL FROM:<me@x.test>'
}

@test "--check says before MAIL that an attachment is too large" {
  play <<'EOF'
name: x

S: 220 mx.test
C: EHLO *
S: 250-mx.test
S: 250 SIZE 1000
C: QUIT
S: 221 bye
S! close
EOF
  head -c 5000 /dev/urandom >big.bin
  run -69 --separate-stderr check -a big.bin alice@y.test
  assert_output ''
  assert_regex "$stderr" 'the message has [0-9]+ octets, the server takes 1000'
  followed
}

@test "--check asks again for those who were one too many" {
  play <<'EOF'
name: x

S: 220 mx.test
C: EHLO *
S: 250-mx.test
S: 250 PIPELINING
C: MAIL *
C: RCPT TO:<a@y.test>
C: RCPT TO:<b@y.test>
C: RCPT TO:<c@y.test>
C: RSET
S: 250 ok
S: 250 one
S: 250 two
S: 452 4.5.3 too many recipients
S: 250 ok
C: MAIL *
C: RCPT TO:<c@y.test>
C: RSET
S: 250 ok
S: 250 three
S: 250 ok
C: QUIT
S: 221 bye
S! close
EOF
  run -0 --separate-stderr check a@y.test b@y.test c@y.test
  assert_output 'a@y.test: accepted: 250 one
b@y.test: accepted: 250 two
c@y.test: accepted: 250 three'
  assert_equal "$stderr" ''
  followed
}

@test "--check --json says that nothing was to be sent" {
  says '250 2.1.5 Ok' '450 4.2.1 later'
  run -1 --separate-stderr check --json alice@y.test bob@y.test
  perl -MJSON::PP -e '
    my $j = decode_json(shift);
    $j->{check} or die "check\n";
    $j->{status} == 1 && $j->{outcome} eq "partial" or die "outcome\n";
    $j->{recipients}[0]{verdict} eq "accepted" && $j->{recipients}[0]{phase} eq "RCPT" or die "alice\n";
    $j->{recipients}[1]{verdict} eq "deferred" && $j->{recipients}[1]{code} == 450 or die "bob\n";
    $j->{bytes} == 0 or die "bytes\n"' "$output"
}

@test "--check -v says what TLS was, as a send does" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=mx.test 2>/dev/null
  serve --cert cert.pem --key key.pem
  # TLS is not demanded there
  run -0 --separate-stderr smtpsend -S "0.0.0.0:$port" -f me@x.test --check -v alice@y.test
  assert_regex "$stderr" "^smtpsend: 0.0.0.0:$port: TLS1.3, unverified: [^
]* is self-signed$"
  assert_output 'alice@y.test: accepted: 250 2.1.5 ok'
}

@test "--check that cannot connect says so as a send would" {
  run -75 --separate-stderr smtpsend -S 127.0.0.1:1 -f me@x.test --check alice@y.test
  assert_output ''
  assert_regex "$stderr" '127\.0\.0\.1.*refused'
}

@test "--check without recipients, or with what only a send heeds, is 64" {
  port=1
  run -64 check
  assert_output --partial 'no recipients'
  run -64 check --save box alice@y.test
  assert_output --partial -- '--save: of no use to --check, which sends nothing'
  run -64 check --on-success true alice@y.test
  assert_output --partial -- '--on-success: of no use to --check, which sends nothing'
  run -64 check --dry-run alice@y.test
  run -64 check --noop
  run -64 check -t $'bob@y.test\r\nRSET'
  [ ! -e box ]
}

@test "--check keeps no copy and runs no command that is configured for sends" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '%s\n' "save = $PWD/box/" "on-success = touch $PWD/ran" \
    "on-failure = touch $PWD/ran" >"$XDG_CONFIG_HOME/smtpsend/config"
  says '250 ok'
  run -0 check alice@y.test
  [ ! -e box ]
  [ ! -e ran ]
}

@test "--check is 74 when nobody can read its answers" {
  says '250 ok'
  full() { check alice@y.test >/dev/full; }
  run -74 full
  assert_output --partial 'standard output'
}
