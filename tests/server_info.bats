#!/usr/bin/env bats
# --server-info: what a server says and shows, and whether it would do.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2120,SC2016

load testserver

info() { smtpsend -S "localhost:$port" --server-info "$@"; }

# json EXPRESSION: of the object in $output
json() {
  perl -MJSON::PP -e '
    my $j = JSON::PP->new->utf8->decode($ARGV[0]);
    my $v = eval $ARGV[1];
    die $@ if $@;
    print defined $v ? JSON::PP->new->canonical->allow_nonref->encode($v) : "null", "\n"' "$output" "$1"
}

# offers [KEYWORD]...: a server that says these, and is left
offers() {
  play < <(
    printf '%s\n' 'name: x' '' 'S: 220-mx.test' 'S: 220 no spam' 'C: EHLO *' 'S: 250-mx.test'
    printf 'S: 250-%s\n' "$@"
    printf '%s\n' 'S: 250 HELP' 'C: QUIT' 'S: 221 bye' 'S! close'
  )
}

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
}

pin() {
  openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A
}

@test "--server-info prints what the server says, and what it would cost" {
  offers PIPELINING 'SIZE 12345' 'LIMITS RCPTMAX=7 MAILMAX=3' DSN XODD
  run -0 --separate-stderr info
  assert_line --regexp '^greeting +mx\.test$'
  assert_line --regexp '^ +no spam$'
  assert_line --regexp '^in clear +mx\.test$'
  assert_line --regexp '^ +XODD$'
  assert_line --regexp '^used +PIPELINING SIZE LIMITS$'
  assert_line --regexp '^on request +DSN$'
  assert_line --regexp '^size +12345 octets at most$'
  assert_line --regexp '^recipients +7 at once at most$'
  assert_line --regexp '^messages +3 a connection at most$'
  assert_line --regexp '^cost +2 round trips for a message, after 2$'
  assert_line --regexp '^a message +could be handed in$'
  assert_equal "$stderr" ''
  followed
}

@test "--server-info heeds --without, and counts for CHUNKING" {
  offers PIPELINING CHUNKING
  run -0 info
  assert_line --regexp '^cost +1 round trip for'
  offers PIPELINING CHUNKING
  run -0 info --without PIPELINING
  assert_line --regexp '^used +CHUNKING$'
  assert_line --regexp '^cost +3 round trips for'
}

@test "--server-info shows the certificate and its pin" {
  certificate
  serve --cert cert.pem --key key.pem
  run -0 info --tls-ca cert.pem
  assert_line --regexp '^TLS +TLS1\.3, .*key exchange '
  assert_line --regexp "^pin +sha256//$(pin | sed 's/[+/]/\\&/g')\$"
  assert_line --regexp '^verified +yes$'
  assert_line --regexp '^under TLS +'
  run -0 info --tls=starttls --tls-pin "$(pin)" --json
  run -0 json '$j->{identity}{pin}'
  assert_output "\"$(pin)\""
}

@test "a certificate that fails is shown, and is 77 where TLS is demanded" {
  certificate
  serve --cert cert.pem --key key.pem
  run -77 --separate-stderr info --tls=starttls
  assert_line --regexp '^certificate +CN='
  assert_line --regexp '^verified +no: .*self-signed'
  assert_line --regexp '^under TLS +'
  assert_line --regexp '^a message +could not$'
  assert_regex "$stderr" 'self-signed.*hint: --tls-ca'
  # on loopback a message needs no TLS
  run -0 info
  assert_line --regexp '^verified +no: .*self-signed'
  assert_line --regexp '^a message +could be handed in$'
}

@test "a user signs in, and a refusal is the status of a send" {
  certificate
  serve --cert cert.pem --key key.pem --user me:secret
  (umask 077 && echo secret >pw && echo wrong >bad)
  run -0 info --tls=starttls --tls-ca cert.pem -u me --password-file pw
  assert_line --regexp '^sign in by +PLAIN$'
  assert_line --regexp '^signed in +yes$'
  run -77 --separate-stderr info --tls=starttls --tls-ca cert.pem -u me --password-file bad
  assert_regex "$stderr" 'AUTH: 535'
  refute_line --regexp '^signed in'
  export SMTPSEND_USER=me SMTPSEND_PASSWORD_FILE=none
  run -0 smtpsend -S "localhost:$port" --server-info=anonymous --tls=starttls --tls-ca cert.pem
  refute_line --regexp '^signed in'
  assert_line --regexp '^mechanisms +.*PLAIN'
}

@test "no credentials go to a server whose certificate fails" {
  certificate
  (umask 077 && echo secret >pw)
  play --cert cert.pem --key key.pem <<'EOF'
name: x

S: 220 mx.test
C: EHLO *
S: 250-mx.test
S: 250 STARTTLS
C= STARTTLS
S: 220 go
S! tls
C: EHLO *
S: 250-mx.test
S: 250 AUTH PLAIN
C= QUIT
S: 221 bye
C+ end
EOF
  run -77 info -u me --password-file pw
  assert_line --regexp '^mechanisms +PLAIN$'
  followed
}

# distrusted LINE...: a server whose certificate fails, and what it says then
distrusted() {
  play --cert cert.pem --key key.pem < <(
    printf '%s\n' 'name: x' '' 'S: 220 mx.test' 'C: EHLO *' 'S: 250-mx.test' 'S: 250 STARTTLS' \
      'C= STARTTLS' 'S: 220 go' 'S! tls' 'C: EHLO *' "$@"
  )
}

@test "nothing that is said after a certificate that fails hides it" {
  certificate
  local said
  for said in 'S: 421 busy' 'S: 451 later' 'S: 550 no' 'S: what?' 'S! flush'; do
    distrusted "$said" 'S! close'
    run -77 --separate-stderr info --tls=starttls
    assert_regex "$stderr" 'self-signed.*hint: --tls-ca'
  done
  for said in 'S: 554 no' 'S: 421 busy' 'S: what?' 'S! flush'; do
    play --cert cert.pem --key key.pem < <(printf '%s\n' 'name: x' '' 'S! tls' "$said" 'S! close')
    run -77 --separate-stderr info --tls=implicit
    assert_regex "$stderr" 'self-signed.*hint: --tls-ca'
  done
  # nor does the next server
  distrusted 'S: 421 busy' 'S! close'
  run -77 --separate-stderr info -S localhost:1 --tls=starttls
  assert_regex "$stderr" 'self-signed.*hint: --tls-ca'
}

@test "a server that knows no EHLO is none for a user, and will do without one" {
  (umask 077 && echo secret >pw)
  knows_no_ehlo() {
    play < <(printf '%s\n' 'name: x' '' 'S: 220 mx.test' 'C: EHLO *' 'S: 502 what?' "$@")
  }
  local in_clear
  for in_clear in '' --auth-in-clear; do
    knows_no_ehlo 'C? QUIT' 'S! close'
    # shellcheck disable=SC2086
    run -77 --separate-stderr info -u me --password-file pw $in_clear
    assert_regex "$stderr" 'EHLO: 502 what\?'
    followed
  done
  knows_no_ehlo 'C: HELO *' 'S: 250 mx.test' 'C: QUIT' 'S: 221 bye' 'S! close'
  run -0 info
  followed
}

@test "--server-info tells which addresses were tried, and shows what it has when it fails" {
  run -75 --separate-stderr smtpsend -S localhost:1 -4 --server-info
  assert_line --regexp '^addresses +127\.0\.0\.1 port 1: Connection refused$'
  assert_line --regexp '^a message +could not$'
  assert_regex "$stderr" 'Connection refused'
  offers 8BITMIME
  run -77 --separate-stderr info --tls=starttls
  assert_line --regexp '^ +8BITMIME$'
  assert_regex "$stderr" 'STARTTLS: the server does not offer it'
  play <<'EOF'
name: x

S: 554 go away
C? QUIT
S! close
EOF
  run -69 --separate-stderr info
  assert_line --regexp '^greeting +go away$'
  assert_regex "$stderr" 'greeting: 554 go away'
}

@test "TLS that does not work on loopback is told, and keeps no message" {
  play <<'EOF'
name: x

S: 220 mx.test
C: EHLO *
S: 250-mx.test
S: 250 STARTTLS
C= STARTTLS
S: 454 not now
C= QUIT
S: 221 bye
S! close
EOF
  run -0 info
  assert_line --regexp '^in clear +mx\.test$'
  assert_line --regexp '^a message +could be handed in$'
}

@test "STARTTLS that breaks on loopback keeps no message, whoever comes next" {
  play --connections 2 <<'EOF'
name: x

S: 220 mx.test
C: EHLO *
S: 250-mx.test
S: 250 STARTTLS
C? STARTTLS
S! close
EOF
  run -0 smtpsend -S "127.0.0.1:$port" -S localhost:1 --server-info
  assert_line --regexp '^a message +could be handed in$'
  followed
}

@test "what is offered in clear on this machine is enough to sign in there" {
  certificate
  (umask 077 && echo secret >pw)
  local hello='S: 220 mx.test\nC: EHLO *\nS: 250-mx.test\nS: 250-STARTTLS\nS: 250 AUTH PLAIN\n'
  printf "name: x\n\n%bC= STARTTLS\nS: 220 go\nS! tls\nC: EHLO *\nS: 250 mx.test\nC? QUIT\nS! close\n" "$hello" >first
  printf "name: x\n\n%bC: AUTH PLAIN *\nS: 235 ok\nC? QUIT\nS! close\n" "$hello" >second
  cat >server <<EOF
mkdir met 2>/dev/null && exec "$SMTPSEND_BUILD/testserver" --stdio --dialogue first --cert cert.pem --key key.pem
exec "$SMTPSEND_BUILD/testserver" --stdio --dialogue second
EOF
  SMTPSEND_TLS_CA=cert.pem run -0 smtpsend -S exec:'sh server' --server-info -u me --password-file pw --auth-in-clear
  assert_line --regexp '^verified +yes$'
  assert_line --regexp '^signed in +yes$'
}

@test "--server-info --json has all of it, and what is not known is null" {
  offers 'SIZE 0' 'AUTH LOGIN  XODD '
  run -0 info --json --auth-in-clear
  assert_equal "$(json '[@$j{qw(version outcome status error)}]')" '[1,"accepted",0,null]'
  assert_equal "$(json '$j->{greeting}')" '["mx.test","no spam"]'
  assert_equal "$(json '$j->{ehlo_tls}')" null
  assert_equal "$(json '$j->{identity}')" null
  assert_equal "$(json '$j->{mechanisms}')" '["LOGIN","XODD"]'
  assert_equal "$(json '$j->{mechanism}')" '"LOGIN"'
  assert_equal "$(json '$j->{limits}')" '{"domains":null,"messages":null,"recipients":null,"size":null}'
  assert_equal "$(json '$j->{message_round_trips}')" 4
  assert_equal "$(json '$j->{addresses}[0]{connected} || $j->{addresses}[1]{connected} ? 1 : 0')" 1
  refute_regex "$output" 'recipients":\['
}

@test "--server-info reads mechanisms between tabs, and a size beyond all numbers" {
  offers $'AUTH\tPLAIN \t XODD' $'AUTH= \tLOGIN' 'SIZE 99999999999999999999'
  run -0 info --json
  assert_equal "$(json '$j->{mechanisms}')" '["PLAIN","XODD","LOGIN"]'
  # no message is so large: the size is said, and nothing is too large
  assert_equal "$(json '$j->{used}')" '["SIZE"]'
  assert_equal "$(json '$j->{limits}{size}')" null
  offers 'SIZE 18446744073709551615'
  run -0 info --json
  assert_equal "$(json '$j->{limits}{size}')" null
}

@test "--server-info is 74 when nobody can read it" {
  offers HELP
  full() { info >/dev/full; }
  run -74 full
}
