#!/usr/bin/env bats
# What -vv and --transcript show of a connection: who said what, when, and how it went out.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2016

load testserver

send() { smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$@"; }

# A certificate for localhost: cert.pem and key.pem.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
}

# --- marks ------------------------------------------------------------------------

@test "the transcript says where the connection leads, and who closes it" {
  serve
  run -0 --separate-stderr send -vv bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --index 0 "-- connecting to 127.0.0.1 port $port"
  assert_line --index 1 "-- connected to 127.0.0.1 port $port from 127.0.0.1"
  assert_line --index 2 --regexp '^S: 220 '
  assert_line --index -3 'S: 221 2.0.0 bye'
  assert_line --index -2 '-- closed by us'
  refute_output --partial 'closed by the server'
  play <<<$'name: x\n\nS: 220 x\nC: EHLO *\nS! close'
  run -75 --separate-stderr send -vv bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line '-- closed by the server'
  refute_output --partial 'closed by us'
}

@test "a connection that cannot be made is in the transcript, and closed by nobody" {
  serve
  kill "$server"
  wait "$server"
  run -75 --separate-stderr send -vv bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --index 0 "-- connecting to 127.0.0.1 port $port"
  assert_line --index 1 "-- 127.0.0.1:$port: Connection refused"
  refute_output --partial 'closed'
}

@test "lines of the transcript that went encrypted are marked" {
  certificate
  serve --cert cert.pem --key key.pem
  run -0 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  run -0 sed -n '1,/^-- TLS begins: TLS1\.[23], ./p' log
  assert_line 'C: STARTTLS'
  refute_line --regexp '^~'
  assert_line --index -1 --regexp '^-- TLS begins'
  run -0 sed '1,/^-- TLS begins/d' log
  assert_line --index 0 --regexp '^~C: EHLO '
  refute_line --regexp '^[CS]:'
  assert_line '~S: 221 2.0.0 bye'
  # it is a transcript still
  run -0 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  grep '^~' log >begun
  cp begun log
  run -0 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  serve --implicit-tls --cert cert.pem --key key.pem
  run -0 smtpsend -S "smtps://localhost:$port" --tls-ca cert.pem -f me@x.test --body hi --transcript log bob@y.test
  run -0 sed '1,/^-- connected to /d' log
  assert_line --index 0 --regexp '^-- TLS begins'
  refute_line --regexp '^[CS]:'
}

# --- times ------------------------------------------------------------------------

@test "--timing says when each line was told, and what the clock says" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S! drip 20
S: 250 x
C: MAIL *
S: 550 no
C? QUIT
EOF
  local before after
  before=$(date -u +%FT%T)
  run -69 --separate-stderr send -vv --timing bob@y.test
  after=$(date -u +%FT%TZ)
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --index 0 --regexp '^ *0\.[0-9]{4} +\+0\.[0-9]{4} -- the clock says [0-9-]+T[0-9:]+\.[0-9]{3}Z$'
  [[ ! ${lines[0]##* } < $before && ! ${lines[0]##* } > $after ]]
  # seven octets, one every 20 ms
  assert_line --regexp '^ *[0-9]+\.[0-9]{4} +\+0\.[1-9][0-9]{3} S: 250 x$'
  # a sum of what each line took is when the last one was
  run -0 awk '/ (C:|S:|--) / { sum += $2; last = $1 } END { d = sum - last; print (d < 0.01 && d > -0.01) }' <<<"$stderr"
  assert_output 1
}

# phase NAME: its milliseconds in the JSON on standard output, "none" if it took no time
phase() {
  perl -MJSON::PP -e '
    my $ms = JSON::PP->new->utf8->decode($ARGV[0])->{timings_ms}{$ARGV[1]};
    print defined $ms ? int $ms : "none", "\n"' "$output" "$1"
}

@test "TLS from the first byte has its own time, and so has the way out of the message" {
  certificate
  serve --implicit-tls --cert cert.pem --key key.pem
  run -0 smtpsend -S "smtps://localhost:$port" --tls-ca cert.pem -f me@x.test --body hi --json bob@y.test
  assert [ "$(phase STARTTLS)" != none ]
  # eight octets, one every 30 ms, after the message has gone
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S! drip 30
S: 250 ok
C? QUIT
EOF
  run -0 send --json bob@y.test
  assert [ "$(phase message)" -ge 100 ]
  assert [ "$(phase DATA)" -lt 100 ]
}

# picture COLUMNS VARIABLE=VALUE...: what --timing draws on a terminal of that width
picture() {
  local columns=$1 command
  printf -v command ' %q' env "${@:2}" "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test --body hi \
    --timing bob@y.test
  script -qec "stty cols $columns;$command" /dev/null </dev/null | tr -d '\r' >drawn
}

@test "--timing draws the phases as wide as the terminal, in what it can show" {
  serve
  run -0 --separate-stderr send --timing bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --index 0 --regexp '^smtpsend: connect +[0-9.]+ ms #+$'
  assert_line --regexp '^smtpsend: envelope +[0-9.]+ ms #+$'
  assert_line --index -1 --regexp '^smtpsend: all +[0-9.]+ ms, 3 round trips$'
  assert_equal "$(wc -L <<<"$output")" 79
  command -v script >/dev/null || skip 'script(1) is not there'
  picture 50 TERM=xterm LC_ALL=C.UTF-8 NO_COLOR=1
  assert_equal "$(wc -L <drawn)" 49
  run -0 grep -c 'connect .* ms [█▉▊▋▌▍▎▏]*$' drawn
  run ! grep '#' drawn
  run ! grep $'\033' drawn
  picture 140 TERM=xterm LC_ALL=C NO_COLOR=
  assert_equal "$(sed 's/\x1b\[[0-9]*m//g' drawn | wc -L)" 139
  run -0 grep -c $'connect .* ms \033\\[3[36]m#*\033\\[0m$' drawn
  picture 60 TERM=dumb LC_ALL=C
  run -0 grep -c 'connect .* ms #*$' drawn
}

# --- octets -----------------------------------------------------------------------

# octets C|S [FILE]: what the rows of a direction hold, put together again
octets() {
  perl -ne 'next unless s/^[ 0-9.+]*~?'"$1"'> [0-9a-f]{4,}  //; print map { chr hex } substr($_, 0, 50) =~ /[0-9a-f]{2}/g' \
    "${2:-log}"
}

@test "--hexdump shows the octets that go out and come in, with those of the message" {
  serve
  printf 'From: me@x.test\r\nSubject: dots\r\n\r\n.one\r\n..two\r\nthree' >m.eml
  run -0 smtpsend -S "127.0.0.1:$port" --hexdump -m m.eml --without CHUNKING --transcript log bob@y.test
  assert_output ''
  octets C >sent
  printf '.one\r\n..two\r\n' | sed 's/^/./' >dots
  run -0 perl -0777 -ne 'print for /\r\n\r\n(.*\r\n)\.\r\n/s' sent
  assert_equal "$(od -c <<<"$output")" "$(printf '..one\r\n...two\r\nthree\r\n' | od -c)"
  # lines end as they did, in both directions
  run ! grep -qv $'\r$' sent
  octets S >heard
  sed -n 's/^S: //p' log >told
  run -0 diff told <(tr -d '\r' <heard)
  run ! grep -qv $'\r$' heard
}

@test "--hexdump alone prints the dialogue, and with a file writes it there" {
  serve
  run -0 --separate-stderr send --hexdump bob@y.test
  assert_output ''
  [[ $stderr == *'C: EHLO '*$'\nC> 0000  45 48 4c 4f 20 '*' |EHLO '* ]]
  run -0 --separate-stderr send --hexdump --transcript - bob@y.test
  assert_equal "$stderr" ''
  assert_line --regexp '^S> 0000  32 32 30 20 .*\|220 .*\|$'
  run -0 smtpsend -S "127.0.0.1:$port" --hexdump --vrfy bob
  assert_line --regexp '^C> 0000  56 52 46 59 20 62 6f 62  0d 0a +\|VRFY bob\.\.\|$'
  run -64 smtpsend -n --hexdump -t bob@y.test --body hi
  assert_output --partial -- '--hexdump: of no use to --dry-run'
}

@test "--hexdump shows line ends and octets that a reply should not have" {
  play <<'EOF'
name: x

S" 220 one\n"
C: EHLO *
S" hello\0\x80\r\nworld"
S! close
EOF
  run -76 --separate-stderr send --hexdump bob@y.test
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line 'S> 0000  32 32 30 20 6f 6e 65 0a                           |220 one.|'
  assert_line --regexp '^S> 0000  68 65 6c 6c 6f 00 80 0d  0a( 77 6f 72 6c 64)? +\|hello\.\.\.\.(world)?\|$'
}

@test "a long message is dumped as it went out, and no more of it is kept" {
  if grep -q __asan_init "$SMTPSEND_BUILD/smtpsend"; then skip 'the sanitizer takes its own'; fi
  serve
  head -c 3000000 /dev/urandom | base64 -w 76 >body
  run -0 prlimit --data=8000000 "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test \
    --hexdump --transcript log --body-file body
  octets C | perl -0777 -ne 's/BDAT \d+( LAST)?\r\n//g; print for /\r\n\r\n(.*)QUIT/s' | tr -d '\r' >sent
  run -0 cmp sent body
  # a reader that does not read costs no mail, and outlasts nothing
  mkfifo pipe
  exec 7<>pipe
  run -0 timeout -k 1 60 "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test \
    --hexdump --transcript pipe --body-file body --deadline 5s
  assert_output --partial 'the transcript is not whole'
  exec 7>&-
  messages 2
}

@test "scripts and checks are dumped and drawn like mail" {
  serve
  printf 'EHLO me.test\nNOOP\n!send NOOP x\\r\\n\n!expect 250\nQUIT\n' >script
  run -0 --separate-stderr smtpsend -S "127.0.0.1:$port" --script script --hexdump --timing
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --regexp ' C> 0000  4e 4f 4f 50 0d 0a +\|NOOP\.\.\|$'
  assert_line --regexp ' C> 0000  4e 4f 4f 50 20 78 0d 0a +\|NOOP x\.\.\|$'
  assert_line --regexp '^smtpsend: answer +[0-9.]+ ms #+$'
  run -0 --separate-stderr smtpsend -S "127.0.0.1:$port" -f me@x.test --check bob@y.test --hexdump --timing \
    --transcript log
  octets C >sent
  grep -q $'^RSET\r$' sent
  output=$stderr lines=("${stderr_lines[@]}")
  assert_line --regexp '^smtpsend: envelope +[0-9.]+ ms #+$'
}
