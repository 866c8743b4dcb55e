#!/usr/bin/env bats
# Several servers, and one of them without TLS: which is tried after which, and
# what is said of it.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

setup_file() {
  cd -- "$BATS_FILE_TMPDIR" || return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj /CN=mx.test -addext subjectAltName=IP:127.0.0.1,IP:0.0.0.0 \
    -keyout good.key -out good.pem 2>openssl.log
  # A kind of key that no client of today agrees to.
  openssl dsaparam -out dsa.param 1024 2>openssl.log
  openssl req -x509 -newkey dsa:dsa.param -nodes -days 30 -subj /CN=mx.test \
    -keyout broken.key -out broken.pem 2>openssl.log
}

setup() {
  export SMTPSEND_FROM=me@x.test SMTPSEND_TIMEOUT=20s
  good=(--cert "$BATS_FILE_TMPDIR/good.pem" --key "$BATS_FILE_TMPDIR/good.key")
  broken=(--cert "$BATS_FILE_TMPDIR/broken.pem" --key "$BATS_FILE_TMPDIR/broken.key")
}

# send OPTION...: a message to bob
send() { smtpsend "$@" bob@y.test <<<'hello'; }

# value PATH: what the JSON on standard output has there, as in {server}{host}
value() {
  perl -MJSON::PP -e '
    my $v = JSON::PP->new->utf8->decode($ARGV[0]);
    eval "\$v = \$v->$ARGV[1]; 1" or die;
    print ref $v ? JSON::PP->new->canonical->encode($v) : $v // "null", "\n"' \
    "$output" "$1"
}

# dialogue LINE...: a server that plays it
dialogue() { play <<<"$(printf '%s\n' "name: $BATS_TEST_NAME" '' "$@")"; }

# says REPLY...: one that has these for its greeting, EHLO and HELO; the last one is
# all that it says
says() {
  local lines=() verb
  for verb in '' EHLO HELO; do
    [ $# -gt 0 ] || break
    [ -z "$verb" ] || lines+=("C: $verb *")
    lines+=("S: $1")
    shift
  done
  dialogue "${lines[@]}" 'C? QUIT'
}

# nobody: one that is not to be called, see nobody_came
nobody() { dialogue 'S: 220 x'; }

# --- several servers -----------------------------------------------------------

@test "the next server is tried when one cannot be reached, and the report says so" {
  serve
  run --separate-stderr -0 send -S unix:/nonexistent -S "127.0.0.1:$port"
  assert_equal "$output$stderr" ''
  run --separate-stderr -0 send -v -S unix:/nonexistent -S "127.0.0.1:$port"
  assert_regex "$stderr" '^smtpsend: /nonexistent: No such file or directory; tried the next server
smtpsend: accepted for 1 of 1 recipient \(127.0.0.1:'
  run -0 send --json -S unix:/nonexistent -S "127.0.0.1:$port"
  assert_equal "$(value '{server}{name}')" "127.0.0.1:$port"
  assert_equal "$(value '{tried}')" \
    '[{"account":null,"address":null,"error":"/nonexistent: No such file or directory","name":"unix:/nonexistent","status":75,"then":"next server"}]'
  run -0 send --json -S "127.0.0.1:$port" -S unix:/nonexistent
  assert_equal "$(value '{tried}')" '[]'
  messages 4
}

@test "the transcript shows each server that was tried" {
  says '421 busy'
  one=$port
  serve
  run -0 send -vv -S "127.0.0.1:$one" -S "127.0.0.1:$port"
  assert_line '-- greeting: 421 busy'
  assert_line '-- the next server is tried'
  assert_line --partial "-- connected to 127.0.0.1 port $port"
}

@test "a server that has no time is followed by the next one" {
  local -a replies
  for words in '421 busy' '451 later' '220 x|421 busy' '220 x|450 later'; do
    IFS='|' read -r -a replies <<<"$words"
    says "${replies[@]}"
    one=$port
    serve
    run -0 send -v -S "127.0.0.1:$one" -S "127.0.0.1:$port"
    assert_line --partial "${replies[-1]}; tried the next server"
    messages 1
    rm mail/*
  done
}

@test "a silent server has the time of a step, and all of them that of the run" {
  dialogue 'C+ end'
  one=$port
  serve
  run -0 send -v -S "127.0.0.1:$one" -S "127.0.0.1:$port" --timeout 100ms
  assert_line --partial 'no answer in time; tried the next server'
  dialogue 'C+ end'
  one=$port
  nobody
  run -75 send -S "127.0.0.1:$one" -S "127.0.0.1:$port" --deadline 100ms
  assert_line --partial 'the deadline has passed'
  refute_output --partial 'next server'
  nobody_came
}

@test "a server that refuses, or whom to trust is not certain of, is the last one" {
  local -a replies
  for words in '554 not you' '220 x|550 not you|502 nor so' 'HTTP/1.1 200'; do
    IFS='|' read -r -a replies <<<"$words"
    says "${replies[@]}"
    one=$port
    nobody
    run send -S "127.0.0.1:$one" -S "127.0.0.1:$port"
    assert_regex "$status" '^(69|76)$'
    refute_output --partial 'next server'
    nobody_came
  done
  serve "${good[@]}"
  one=$port
  nobody
  run -77 send -S "127.0.0.1:$one" -S "127.0.0.1:$port" --tls=starttls
  assert_output --partial 'self-signed'
  nobody_came
}

@test "once MAIL was said there is no other server, whatever happens" {
  local end
  for end in 'S: 451 later' 'S: 421 bye' 'S! close'; do
    dialogue 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' "$end"
    one=$port
    nobody
    run -75 send -S "127.0.0.1:$one" -S "127.0.0.1:$port"
    nobody_came
  done
}

@test "after the last byte a lost connection is unknown, and there is no other server" {
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 250 ok' \
    'C: DATA' 'S: 354 go' 'C+ data' 'S! close'
  one=$port
  nobody
  run -2 send -S "127.0.0.1:$one" -S "127.0.0.1:$port"
  nobody_came
}

@test "when all fail each one's reason is told, and the last one's is the status" {
  says '421 busy'
  one=$port
  says '554 not you'
  run --separate-stderr -69 send -S unix:/nonexistent -S "127.0.0.1:$one" -S "127.0.0.1:$port"
  assert_regex "$stderr" "^smtpsend: /nonexistent: No such file or directory; tried the next server
smtpsend: 127.0.0.1:$one: greeting: 421 busy; tried the next server
smtpsend: 127.0.0.1:$port: greeting: 554 not you"
  says '421 busy'
  run -75 send --json -S unix:/nonexistent -S "127.0.0.1:$port"
  run -75 send --json -S unix:/nonexistent -S unix:/nonesuch
  assert_output --partial '"error":"/nonesuch: No such file or directory"'
}

@test "servers are a list in a configuration, and one of an account is another list" {
  local config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "${config%/*}"
  serve
  printf '%s\n' 'server = unix:/nonexistent' "server = 127.0.0.1:$port" '[account other]' \
    'server = unix:/nonesuch' >"$config"
  run -0 send -v
  assert_line --partial '/nonexistent: No such file or directory; tried the next server'
  run -75 send -A other
  refute_output --partial nonexistent
  run -0 send -v -S "127.0.0.1:$port"
  refute_output --partial 'tried'
  run -75 send -S unix:/nonesuch
  refute_output --partial 'tried'
}

@test "a question goes the same way as a message" {
  serve
  run --separate-stderr -0 smtpsend -v -S unix:/nonexistent -S "127.0.0.1:$port" --vrfy bob
  assert_output --partial '<bob>'
  assert_equal "$stderr" \
    'smtpsend: /nonexistent: No such file or directory; tried the next server'
  run --separate-stderr -75 smtpsend -S unix:/nonexistent -S unix:/nonesuch --noop
  assert_equal "$stderr" 'smtpsend: /nonexistent: No such file or directory; tried the next server
smtpsend: /nonesuch: No such file or directory
smtpsend: hint: no server listens at this socket: start it, or name another one with -S (--server)'
}

@test "what is wrong with the second server is told before the first one is called" {
  nobody
  run -64 send -S "127.0.0.1:$port" -S b.test:99999
  assert_output --partial "server 'b.test:99999'"
  run -64 send -S "127.0.0.1:$port" -S submission://b.test --tls=off
  assert_output --partial 'the URL demands STARTTLS'
  nobody_came
}

@test "a user in a URL is that server's, and no other one hears of it" {
  (umask 077 && echo swordfish >pw)
  serve --user ann:swordfish
  run -0 send -v -S unix:/nonexistent -S "smtp://ann@127.0.0.1:$port" --password-file pw
  assert_equal "$(envelope | sed -n 's/^user: //p')" ann
  run -0 send -v -S smtp://ann@127.0.0.1:1 -S "127.0.0.1:$port" --password-file pw --transcript log
  run -1 grep -i 'AUTH' <(grep '^C:' log)
  assert_equal "$(envelope 2 | sed -n 's/^user: //p')" ''
}

@test "--user is the user of each server whose URL names none" {
  (umask 077 && echo swordfish >pw)
  serve --user ann:swordfish
  run -0 send -S smtp://127.0.0.1:1 -S "127.0.0.1:$port" -u ann --password-file pw
  assert_equal "$(envelope | sed -n 's/^user: //p')" ann
  run -0 send -S smtp://bea:x@127.0.0.1:1 -S "127.0.0.1:$port" -u ann --password-file pw
  assert_equal "$(envelope 2 | sed -n 's/^user: //p')" ann
}

@test "one password is not given to two users" {
  (umask 077 && echo swordfish >pw)
  run -64 send -S smtp://ann@127.0.0.1:1 -S smtp://bea@127.0.0.1:2 --password-file pw
  assert_line 'smtpsend: --password-file: is one password, and there are two users: ann at 127.0.0.1:1, bea at 127.0.0.1:2'
  run -64 send -S smtp://ann@127.0.0.1:1 -S 127.0.0.1:2 -u bea --password-command 'cat pw'
  assert_line --partial 'ann at 127.0.0.1:1, bea at 127.0.0.1:2'
}

@test "passwords in the URLs of several servers are shown nowhere" {
  run -0 smtpsend -S smtp://ann:swordfish@a.test -S smtp://bea:tunafish@b.test --show-settings
  assert_line 'server = smtp://ann:********@a.test  # command line'
  assert_line 'server = smtp://bea:********@b.test  # command line'
  run -75 send -vv -S smtp://ann:swordfish@127.0.0.1:1 -S smtp://bea:tunafish@127.0.0.1:1
  refute_output --regexp 'swordfish|tunafish'
}

# --- without TLS ------------------------------------------------------------------
# 0.0.0.0 leads to this machine, and is no address of loopback, where TLS would not
# be needed.

@test "where nobody demands TLS a handshake that fails is followed by one connection without" {
  serve "${broken[@]}"
  run --separate-stderr -0 send -S "0.0.0.0:$port"
  assert_equal "$output$stderr" ''
  run --separate-stderr -0 send -v -S "0.0.0.0:$port"
  assert_regex "$stderr" "^smtpsend: 0.0.0.0:$port: STARTTLS: TLS handshake with 0.0.0.0: [^
]*; tried again without TLS
smtpsend: accepted for 1 of 1 "
  run -0 send --json -S "0.0.0.0:$port"
  assert_equal "$(value '{server}{tls}')" null
  assert_equal "$(value '{tried}[0]{then}')" 'without TLS'
  assert_equal "$(value '{tried}[0]{name}')" "0.0.0.0:$port"
  run -0 send -vv -S "0.0.0.0:$port"
  assert_equal "$(grep -c '^-- connected to 0.0.0.0' <<<"$output")" 2
  assert_equal "$(grep -c '^C: STARTTLS' <<<"$output")" 1
  assert_line '-- the same one is tried without TLS'
  run -0 smtpsend -v -S "0.0.0.0:$port" --noop
  assert_line --partial 'tried again without TLS'
  messages 4
}

@test "whoever demands TLS in any way gets no connection without" {
  local demand config=$XDG_CONFIG_HOME/smtpsend/config
  (umask 077 && echo swordfish >pw)
  serve "${broken[@]}" --user ann:swordfish
  for demand in "-S 0.0.0.0:$port --tls=starttls" "-S submission://0.0.0.0:$port" \
    "-S 0.0.0.0:$port --tls-ca $BATS_FILE_TMPDIR/good.pem" \
    "-S 0.0.0.0:$port --tls-pin sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" \
    "-S 0.0.0.0:$port --user ann --password-file pw" \
    "-S smtp://ann@0.0.0.0:$port --password-file pw --auth-in-clear"; do
    # shellcheck disable=SC2086 # options
    run send -vv $demand
    assert_regex "$demand: $status" '(75|77)$'
    refute_output --partial 'without TLS'
    refute_line --regexp '^C: (MAIL|AUTH)'
  done
  mkdir -p "${config%/*}"
  echo "tls-ca = $BATS_FILE_TMPDIR/good.pem" >"$config"
  run send -S "0.0.0.0:$port"
  assert_regex "$status" '(75|77)$'
  messages 0
}

@test "bytes behind the answer to STARTTLS are no handshake that failed" {
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250-x' 'S: 250 STARTTLS' 'C: STARTTLS' 'S: 220 go' \
    'S: 250 injected' 'C+ end'
  run -77 send -S "0.0.0.0:$port"
  refute_output --partial 'without TLS'
  followed
  # The same in a segment of their own: behind our first octets of TLS.
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250-x' 'S: 250 STARTTLS' 'C: STARTTLS' 'S: 220 go' \
    'S! flush' 'C+ some' 'S: 250 injected' 'C+ some'
  run -77 send -S "0.0.0.0:$port"
  refute_output --partial 'without TLS'
}

@test "where nobody demands TLS an unknown certificate does not stop the mail, and is told" {
  serve "${good[@]}"
  run --separate-stderr -0 send -S "0.0.0.0:$port"
  assert_equal "$output$stderr" ''
  run --separate-stderr -0 send -v -S "0.0.0.0:$port"
  assert_regex "$stderr" "^smtpsend: 0.0.0.0:$port: TLS1.3, unverified: [^
]*self-signed
smtpsend: accepted"
  run -0 send --json -S "0.0.0.0:$port"
  assert_equal "$(value '{server}{tls}{verified}')" false
  assert_regex "$(value '{server}{tls}{reason}')" 'self-signed'
  run -0 send --json -S "0.0.0.0:$port" --tls-ca "$BATS_FILE_TMPDIR/good.pem"
  assert_equal "$(value '{server}{tls}{verified}') $(value '{server}{tls}{reason}')" 'true null'
  run -77 send -S "0.0.0.0:$port" --tls=starttls
  messages 4
}

@test "who says on the command line whom to trust gets TLS on loopback, too" {
  local config=$XDG_CONFIG_HOME/smtpsend/config
  serve
  run -77 send -S "127.0.0.1:$port" --tls-ca "$BATS_FILE_TMPDIR/good.pem"
  assert_output --partial 'STARTTLS: the server does not offer it'
  mkdir -p "${config%/*}"
  echo "tls-ca = $BATS_FILE_TMPDIR/good.pem" >"$config"
  run -0 send -S "127.0.0.1:$port"
  run -77 send -S "0.0.0.0:$port"
  rm "$config"
  serve "${good[@]}"
  run -0 send --json -S "127.0.0.1:$port" --tls-ca "$BATS_FILE_TMPDIR/good.pem"
  assert_equal "$(value '{server}{tls}{version}')" TLS1.3
}

# --- where from, and behind whom -----------------------------------------------------

@test "the PROXY header is the first thing that a server hears" {
  local rest=('S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: NOOP' 'S: 250 ok' 'C: QUIT' 'S: 221 x')
  dialogue 'C: PROXY TCP4 127.0.0.1 127.0.0.1 * *' "${rest[@]}"
  run -0 smtpsend -S "127.0.0.1:$port" --proxy-protocol v1 --noop
  followed
  dialogue 'C= PROXY TCP4 192.0.2.77 192.0.2.25 4711 25' "${rest[@]}"
  run -0 smtpsend -vv -S "127.0.0.1:$port" --proxy-protocol v1,source=192.0.2.77:4711,destination=192.0.2.25:25 --noop
  assert_line '-- PROXY TCP4 192.0.2.77 192.0.2.25 4711 25 (version 1)'
  followed
  dialogue 'C= PROXY UNKNOWN' "${rest[@]}"
  run -0 smtpsend -S "127.0.0.1:$port" --proxy-protocol v1,local --noop
  followed
}

@test "the PROXY header goes to each server that is tried" {
  dialogue 'C: PROXY TCP4 192.0.2.77 *' 'S: 421 busy'
  one=$port
  dialogue 'C: PROXY TCP4 192.0.2.77 *' 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: NOOP' 'S: 250 ok' 'C: QUIT'
  run -0 smtpsend -S "127.0.0.1:$one" -S "127.0.0.1:$port" --proxy-protocol v1,source=192.0.2.77:4711 --noop
  followed
}

@test "a PROXY header that cannot be is refused before anything is opened" {
  local value
  nobody
  for value in v3 v1,remote v1,source=mx.test:25 v1,source=192.0.2.1:66000 v1,local,source=192.0.2.1:25 \
    $'v1,source=192.0.2.1:25\r\nEHLO' v2,destination= ''; do
    run -64 smtpsend -S "127.0.0.1:$port" --proxy-protocol "$value" --noop
    assert_output --partial 'smtpsend: --proxy-protocol: '
  done
  run -64 smtpsend -S unix:/nonexistent --proxy-protocol v1,source=192.0.2.1:25 --noop
  assert_output --partial 'unix:/nonexistent has no addresses: name both, source and destination'
  SMTPSEND_PROXY_PROTOCOL=v3 run -78 smtpsend -S "127.0.0.1:$port" --noop
  assert_output --partial 'SMTPSEND_PROXY_PROTOCOL: '
  nobody_came
}

@test "an interface is one of this host's, by name or by address" {
  serve
  run -0 send -vv -S "127.0.0.1:$port" --interface 127.0.0.9 --ehlo-name me.test
  run -0 send -S "127.0.0.1:$port" --interface lo
  messages 2
}

@test "an interface of no use is refused before anything is opened" {
  nobody
  run -64 send -S "127.0.0.1:$port" --interface nosuch7
  assert_output "smtpsend: --interface: 'nosuch7' is neither a numeric address nor an interface of this host"
  run -64 send -S "127.0.0.1:$port" --interface 127.0.0.1 -6
  assert_output "smtpsend: --interface: '127.0.0.1' has no IPv6 address"
  run -64 send -S "127.0.0.1:$port" --interface lo --source-address 127.0.0.1
  assert_output --partial 'cannot be combined with --interface'
  run -64 send -S unix:/nonexistent --interface lo
  assert_output --partial '--interface: of no use for unix:/nonexistent, which is no host'
  run -64 send -S "127.0.0.1:$port" --interface ::1
  assert_line 'smtpsend: 127.0.0.1: not an IPv6 address'
  assert_line 'smtpsend: hint: ::1, from where it is called, has only IPv6'
  run -71 send -S "127.0.0.1:$port" --interface 192.0.2.254
  assert_output --partial 'cannot send from the address 192.0.2.254: '
  nobody_came
}
