#!/usr/bin/env bats
# TLS sessions that are kept for the next run.
# stderr comes from bats; scripts stand in single quotes:
# shellcheck disable=SC2154,SC2016

load testserver

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
}

setup() {
  cp "$BATS_FILE_TMPDIR"/{cert,key}.pem .
  unset XDG_CACHE_HOME
  cache=$HOME/.cache/smtpsend/tls
}

teardown() { servers_end; }

# over OPTION...: sends a message over TLS, and says in $resumed what -v does
over() {
  run -0 --separate-stderr smtpsend -v -S "localhost:$port" --tls=starttls --tls-ca cert.pem \
    -f me@x.test --body hi "$@" bob@y.test
  resumed=no
  [[ "$stderr" = *"localhost:$port: TLS1.3, resumed, as verified before"* ]] && resumed=yes
  [[ "$stderr" = *accepted* ]]
}

# kept N: so many sessions are kept
kept() {
  local files=("$cache"/*)
  [ -e "${files[0]}" ] || files=()
  assert_equal "${#files[@]}" "$1"
}

@test "the next run goes on with the TLS session of the last one" {
  serve --cert cert.pem --key key.pem
  over
  assert_equal $resumed no
  over
  assert_equal $resumed yes
  over
  assert_equal $resumed yes
  messages 3
  run -1 grep resumed <(envelope 1)
  run -0 grep -x 'resumed: yes' <(envelope 2)
  run -0 grep -x 'resumed: yes' <(envelope 3)
  kept 1
}

@test "TLS from the first byte is resumed, too, and --json and the transcript say so" {
  serve --implicit-tls --cert cert.pem --key key.pem
  local secure=(smtpsend -S "smtps://localhost:$port" --tls-ca cert.pem -f me@x.test --body hi bob@y.test)
  run -0 --separate-stderr "${secure[@]}" --json
  assert_regex "$output" '"verified":true,"reason":null,"resumed":false'
  run -0 --separate-stderr "${secure[@]}" --json
  assert_regex "$output" '"verified":true,"reason":null,"resumed":true'
  run -0 --separate-stderr "${secure[@]}" -vv
  assert_regex "$stderr" '-- TLS begins: TLS1.3, [-A-Z0-9]*, resumed'
}

@test "a session is kept for its owner alone" {
  serve --cert cert.pem --key key.pem
  umask 000
  over
  run -0 stat -c '%a %F' "$HOME/.cache/smtpsend" "$cache" "$cache"/*
  assert_output '700 directory
700 directory
600 regular file'
}

@test "--no-cache neither keeps nor uses one" {
  serve --cert cert.pem --key key.pem
  over --no-cache
  [ ! -e "$HOME/.cache" ]
  over
  kept 1
  over --no-cache
  assert_equal $resumed no
  kept 1
  over
  assert_equal $resumed yes
  SMTPSEND_NO_CACHE=yes over
  assert_equal $resumed no
}

@test "another server, or another word on whom to trust, begins a session of its own" {
  serve --cert cert.pem --key key.pem
  local first=$port pin
  pin=$(openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A)
  over
  over --tls-pin "$pin"
  assert_equal $resumed no
  cp cert.pem other.pem
  over --tls-ca other.pem
  assert_equal $resumed no
  touch cert.pem
  over
  assert_equal $resumed no
  serve --cert cert.pem --key key.pem
  over
  assert_equal $resumed no
  port=$first
  over
  assert_equal $resumed yes
}

@test "a server that has forgotten is verified again" {
  serve --cert cert.pem --key key.pem
  over
  kill "$server"
  wait "$server" || true
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key2.pem -out cert2.pem -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
  serve --listen "127.0.0.1:$port" --cert cert2.pem --key key2.pem
  run -77 smtpsend -S "localhost:$port" --tls=starttls --tls-ca cert.pem -f me@x.test --body hi bob@y.test
  assert_output --partial 'self-signed'
}

@test "a handshake that fails over a kept session is made once more without it" {
  serve --cert cert.pem --key key.pem
  over
  kill "$server"
  wait "$server" || true
  play --listen "127.0.0.1:$port" --cert cert.pem --key key.pem <<'EOD'
name: the first connection ends inside the handshake

S: 220 mx.test ESMTP
C: EHLO *
S: 250-mx.test
S: 250 STARTTLS
C= STARTTLS
S: 220 go
C+ some
S! close
==
S: 220 mx.test ESMTP
C: EHLO *
S: 250-mx.test
S: 250 STARTTLS
C= STARTTLS
S: 220 go
S! tls
C: EHLO *
S: 250 mx.test
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C? QUIT
EOD
  run -0 --separate-stderr smtpsend -vv -S "localhost:$port" --tls=starttls --tls-ca cert.pem \
    -f me@x.test --body hi bob@y.test
  assert_regex "$stderr" 'the same one is tried with a new TLS session'
  run -0 followed
}

@test "what lies in the place of a session never stops the mail" {
  serve --cert cert.pem --key key.pem
  over
  local file=("$cache"/*)
  local name=${file[0]}
  for how in 'head -c 700 "$name" >torn; cat torn >"$name"' 'echo garbage >"$name"' ': >"$name"' \
    'chmod 644 "$name"' 'rm "$name"; ln -s /etc/passwd "$name"' 'rm "$name"; mkfifo "$name"' \
    'rm "$name"; mkdir "$name"'; do
    eval "$how"
    over
    assert_equal "$how: $resumed" "$how: no"
    over
    assert_equal "$how: $resumed" "$how: yes"
  done
  run -0 head -c 5 /etc/passwd
  assert_output root:
}

@test "a place where nothing can be kept is told by -v, and the mail goes" {
  serve --cert cert.pem --key key.pem
  mkdir -p "$cache"
  chmod 755 "$cache"
  over
  assert_regex "$stderr" 'not kept to be resumed: [^
]*/smtpsend/tls: others have access to it'
  kept 0
  chmod 700 "$cache"
}

@test "a disk that is full, or may not be written to, stops no mail" {
  # What others than root need for mounts.
  local users=()
  [ "$EUID" = 0 ] || users=(--user --map-root-user)
  needs_private 'to fill a disk' "${users[@]}"
  serve --cert cert.pem --key key.pem
  mkdir -p "$cache"
  # on OPTIONS: sends where the cache is a disk of its own with these
  on() {
    run -0 private "${users[@]}" sh -c '
      mount -n -t tmpfs -o "mode=700,$1" none "$2" && { head -c 8192 /dev/zero >"$2/filling" || true; } 2>/dev/null
      shift 2; exec "$@"' - "$1" "$cache" "$SMTPSEND_BUILD/smtpsend" -v -S "localhost:$port" --tls=starttls \
      --tls-ca cert.pem -f me@x.test --body hi bob@y.test
    assert_output --partial 'accepted for 1 of 1'
  }
  on size=4k
  assert_output --partial 'not kept to be resumed: '
  assert_output --partial 'No space left on device'
  on ro
  assert_output --partial 'Read-only file system'
}

@test "who has no home of his own keeps nothing, and says nothing of it" {
  serve --cert cert.pem --key key.pem
  local home=$HOME
  for HOME in '' /nonexistent relative; do
    over
    assert_equal "$resumed" no
    refute_regex "$stderr" 'not kept'
  done
  (unset HOME && over)
  HOME=$home XDG_CACHE_HOME=relative over
  HOME=$home
  kept 1
  XDG_CACHE_HOME=$PWD/elsewhere over
  [ -d elsewhere/smtpsend/tls ]
}

@test "what was kept shows in no report" {
  serve --cert cert.pem --key key.pem
  over
  over --json --transcript log
  run -1 grep -r "$(basename "$cache"/*)" log <(echo "$output$stderr")
}
