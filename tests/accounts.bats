#!/usr/bin/env bats
# Accounts: which is chosen, and those that take over.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

schema=$BATS_TEST_DIRNAME/../src/report/report.schema.json

setup() {
  unset SMTPSEND_FROM
  config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "${config%/*}"
  : >"$config"
  chmod 600 "$config"
}

send() { smtpsend "$@" bob@y.test <<<'hello'; }

# value PATH: what the JSON on standard output has there, as in {server}{host}
value() {
  perl -MJSON::PP -e '
    my $v = JSON::PP->new->utf8->decode($ARGV[0]);
    eval "\$v = \$v->$ARGV[1]; 1" or die;
    print ref $v ? JSON::PP->new->canonical->encode($v) : $v // "null", "\n"' \
    "$output" "$1"
}

# is KIND: the JSON on standard output is what the schema says
is() { perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" "$1" <<<"$output"; }

# dialogue LINE...: a server that plays it
dialogue() { play <<<"$(printf '%s\n' "name: $BATS_TEST_NAME" '' "$@")"; }

# nobody: one that is not to be called, see nobody_came
nobody() { dialogue 'S: 220 x'; }

# two LINE...: account a, where nobody is, and b, the server at $port, with these
two() {
  printf '%s\n' '[account a]' 'server = 127.0.0.1:1' 'from = ann@x.test' 'failover = b' \
    '[account b]' "server = 127.0.0.1:$port" 'from = b@b.test' "$@" >"$config"
}

# --- patterns ------------------------------------------------------------------

@test "an account with a pattern is chosen by the author, who stays who he is" {
  serve
  cat >"$config" <<EOF
server = 127.0.0.1:1
[account x]
server = 127.0.0.1:$port
from = *@x.test
EOF
  run -0 send -f 'Ann <ann@X.Test>'
  assert_equal "$(field from)" 'Ann <ann@X.Test>'
  run -75 send -f ann@y.test
}

@test "no author is made of a pattern, and the error says who may be one" {
  serve
  printf '%s\n' '[account x]' "server = 127.0.0.1:$port" 'from = *@x.test' >"$config"
  run -64 send -A x
  assert_line "smtpsend: no From address is given, and account x is for *@x.test ($config:3)"
  assert_line 'smtpsend: hint: name it with --from ADDRESS'
  EMAIL=ann@x.test run -0 send -A x
  assert_equal "$(field from)" ann@x.test
  EMAIL=ann@y.test run -64 send -A x
  printf 'From: zoe@z.test\n\nhi\n' >m.eml
  run -0 smtpsend -A x -m m.eml bob@y.test
  messages 2
}

# --- failover ------------------------------------------------------------------

@test "another account takes over where the first cannot be reached, and the report says so" {
  serve
  two 'ehlo-name = b.example'
  run --separate-stderr -0 send -A a
  assert_equal "$output$stderr" ''
  run --separate-stderr -0 send -v -A a
  assert_regex "$stderr" '^smtpsend: 127.0.0.1[^;]*: Connection refused; tried account b
smtpsend: accepted for 1 of 1 recipient \(127.0.0.1:'
  run -0 send --json -A a
  assert_equal "$(value '{server}{account}')" b
  assert_equal "$(value '{tried}[0]{account}')" a
  assert_equal "$(value '{tried}[0]{then}')" 'next server'
  is message
  run -0 send -vv -A a
  assert_line --partial "connecting to 127.0.0.1 port $port, account b"
  assert_line --regexp 'C: EHLO b.example'
  # The message is the same, and its author who he was.
  assert_equal "$(field from)" ann@x.test
  run -0 envelope
  assert_line --partial 'ann@x.test'
  messages 4
}

@test "each account signs in with what is its own, asked for when its turn comes" {
  serve --user bob:sesame
  two 'user = bob' "password-command = echo asked >>asked; echo sesame"
  sed -i 's/^failover/user = ann\npassword-command = echo first >>first; echo other\nfailover/' "$config"
  run -0 send -A a
  assert_equal "$(cat asked first)" $'asked\nfirst'
  # Not, if there is no need.
  rm asked
  sed -i "s/^server = 127.0.0.1:1$/server = 127.0.0.1:$port/" "$config"
  run -77 send -A a
  assert_line --partial 'AUTH'
  run ! test -e asked
  messages 1
}

@test "a secret of another account that cannot be had ends it before that server is asked" {
  nobody
  two 'user = bob' 'password-command = exit 3'
  run -77 send -A a
  assert_line --partial 'account b: password command'
  assert_line --partial 'Connection refused; tried account b'
  nobody_came
}

@test "an account takes over after 4yz up to MAIL" {
  local -a replies
  for words in '421 busy' '220 x|421 later'; do
    IFS='|' read -r -a replies <<<"$words"
    dialogue "S: ${replies[0]}" ${replies[1]:+'C: EHLO *' "S: ${replies[1]}"} 'C? QUIT'
    one=$port
    serve
    two
    run -0 send -A a -S "127.0.0.1:$one" --failover b
    messages 1
    rm mail/*
  done
}

@test "nothing takes over after a refusal, nor from MAIL on" {
  dialogue 'S: 554 go away' 'C? QUIT'
  one=$port
  nobody
  two
  run -69 send -A a -S "127.0.0.1:$one" --failover b
  nobody_came
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' 'S: 451 later' 'C? QUIT' 'C+ end'
  one=$port
  nobody
  two
  run -75 send -A a -S "127.0.0.1:$one" --failover b
  nobody_came
}

@test "nothing takes over when the message is out and no verdict came" {
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 250 ok' \
    'C: DATA' 'S: 354 go' 'C+ data' 'S! close'
  one=$port
  nobody
  two
  run -2 send -A a -S "127.0.0.1:$one" --failover b
  nobody_came
}

@test "what the command line says of a server is not for that of another account" {
  serve --user bob:sesame
  two 'user = bob' 'password = sesame'
  (umask 077 && echo geheim >file)
  run -0 send -A a -u ann --password-file file --auth LOGIN --transcript log
  run -0 grep 'C: AUTH' log
  assert_output --partial 'AUTH PLAIN'
  messages 1
}

@test "TLS that the command line demands is demanded of all" {
  serve
  two
  run -77 send -A a --tls=starttls
  assert_line --partial STARTTLS
  two 'tls = off'
  run -64 send -A a --tls=starttls
  assert_line --partial 'account b: --tls demands TLS, and the account says tls = off'
  messages 0
}

@test "a mistake in an account that may take over is told before anything is opened" {
  nobody
  two 'tls-ca = /nonexistent'
  sed -i "s/:1$/:$port/" "$config"
  run send -A a
  assert_equal "$status" 66
  assert_line --partial 'account b: --tls-ca: /nonexistent: '
  nobody_came
}

@test "servers of an account are tried before those of the next one" {
  serve
  two
  printf '[account c]\nserver = unix:%s/none\n' "$PWD" >>"$config"
  run -0 send -v -A a -S 127.0.0.1:1 -S 127.0.0.1:2 --failover c,b
  assert_line --index 0 --partial 'tried the next server'
  assert_line --index 1 --partial 'tried account c'
  assert_line --index 2 --partial 'none: No such file or directory; tried account b'
  messages 1
}

@test "a server that the call names has the accounts only that the call names" {
  serve
  two
  run -75 send -A a -S 127.0.0.1:1
  SMTPSEND_SERVER=127.0.0.1:1 run -75 send -A a
  messages 0
  SMTPSEND_SERVER=127.0.0.1:1 SMTPSEND_FAILOVER=b run -0 send -A a
  SMTPSEND_SERVER=127.0.0.1:1 run -0 send -A a --failover=b
  messages 2
}

@test "a signal while another account's password is awaited ends it, and nothing is sent" {
  serve --user bob:sesame
  two 'user = bob' "password-command = echo >ready; sleep 30"
  mkfifo ready
  "$SMTPSEND_BUILD/smtpsend" -A a --body hi bob@y.test 2>said 3>&- &
  client=$!
  read -r -t 20 <ready
  kill -TERM "$client"
  status=0
  wait "$client" || status=$?
  assert_equal "$status" 143
  run -0 cat said
  assert_line --partial cancelled
  messages 0
}

@test "a question, a check and a look fail over, too" {
  serve
  two
  run -0 smtpsend -A a --noop
  run -0 smtpsend -A a --check bob@y.test
  run -0 smtpsend -A a --server-info
  assert_line --partial "127.0.0.1:$port"
}
