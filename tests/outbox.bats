#!/usr/bin/env bats
# The outbox: what is queued is what would have been sent, and nothing of it is lost or
# sent twice.  port, server, output and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2119,SC2120

load testserver

setup() { box=$HOME/.local/state/smtpsend/outbox; }

# send ARGUMENT...: to the server on $port
send() { smtpsend -S "127.0.0.1:$port" -f me@x.test "$@"; }
# queue ADDRESS...: a short message, whose ID is in $id
queue() {
  send --queue -v -s Test --body hello "$@" 2>told || { cat told && return 1; }
  id=$(sed -n 's/.*: queued as \([0-9a-z]*\) for .*/\1/p' told)
  [ -n "$id" ]
}
outbox() { smtpsend --outbox"${1:+=$1}" "${@:2}"; }
flush() { timeout 30 "$SMTPSEND_BUILD/smtpsend" --flush "$@"; }

# states STATE...: of all that is in the outbox, sorted
states() {
  diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) <(outbox | awk '{ print $2 }' | sort)
}
recipients() { sed -n 's/^to: //p' "mail/${1:-1}.envelope" | tr '\n' ' '; }

# A port on which nothing listens.
dead_port() {
  serve
  kill "$server"
  wait "$server" || true
}

# --- what is queued -------------------------------------------------------------------

@test "what is queued is what --dry-run shows, and what arrives" {
  serve
  run -0 send --queue -t 'Ann <a@y.test>' -b secret@y.test -s 'Grüße' --body 'schöne' \
    --message-id '<1@x.test>' --date '2026-05-04T09:08:07Z'
  refute_output
  messages 0
  send -n -t 'Ann <a@y.test>' -b secret@y.test -s 'Grüße' --body 'schöne' \
    --message-id '<1@x.test>' --date '2026-05-04T09:08:07Z' >expected
  run -0 flush
  refute_output
  messages 1
  run -0 cmp expected mail/1.eml
  assert_equal "$(recipients)" 'a@y.test secret@y.test '
  run ! grep secret mail/1.eml
  states ''
}

@test "a Message-ID that was made when it was queued stays through what is put off" {
  serve --defer a@y.test
  queue a@y.test b@y.test
  local message_id
  message_id=$(grep -ai '^message-id' "$box/queue/$id")
  run -3 flush
  assert_equal "$(grep -ai '^message-id' mail/1.eml)" "$message_id"
  assert_equal "$(recipients)" 'b@y.test '
  kill "$server"
  serve --listen "127.0.0.1:$port"
  run -0 outbox retry "$id"
  run -0 flush
  assert_equal "$(grep -ahi '^message-id' mail/*.eml | sort -u)" "$message_id"
  messages 2
}

@test "parameters of the envelope are kept, and asked for when it is sent" {
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 DSN
C= MAIL FROM:<bounces@x.test> RET=HDRS ENVID=Q42
S: 250 ok
C= RCPT TO:<a@y.test> NOTIFY=NEVER ORCPT=rfc822;a@y.test
S: 250 ok
C= RCPT TO:<b@y.test> NOTIFY=FAILURE ORCPT=rfc822;b@y.test
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 queued as 7
C? QUIT
END
  run -0 send --queue --dsn-return hdrs --envelope-id Q42 --dsn-notify failure \
    --envelope-from bounces@x.test --body hi 'a@y.test;NOTIFY=NEVER' b@y.test
  run -0 flush
  followed
}

@test "complete messages arrive byte for byte" {
  serve
  local n head
  head=$(printf '%s\r\n' 'From: me@x.test' 'To: a@y.test' 'Message-ID: <1@x.test>' \
    'Date: Mon, 4 May 2026 09:08:07 +0000')$'\n'
  printf '%s\r\n' "$head"$'\r\n.\r\n..\r\n.x' >letter1
  {
    printf '%s' "$head"
    printf '%s\r\n' 'MIME-Version: 1.0' 'Content-Type: text/plain; charset=latin1' \
      'Content-Transfer-Encoding: 8bit' '' $'\xe9\xff'
  } >letter2
  printf '%s' "$head" $'\r\nno end' >letter3
  {
    printf '%s\r\n' "$head"
    yes $'a line of some length, so that it does not take long\r' | head -c 2097150
    printf '\r\n'
  } >letter4
  for n in 1 2 3 4; do
    run -0 send --queue -m "letter$n"
    run -0 flush
    refute_output
    [ "$n" != 3 ] || printf '\r\n' >>letter3
    run -0 cmp "letter$n" "mail/$n.eml"
  done
}

@test "with --json what is queued is reported, with its ID" {
  serve
  run -0 --separate-stderr send --queue --json --message-id '<1@x.test>' --body hi a@y.test
  local report=$output
  run -0 outbox
  assert_equal "$(columns outcome status error queued message_id <<<"$report")" \
    "[[\"accepted\",0,null,\"${output%% *}\",\"<1@x.test>\"]]"
  assert_equal "$(grep -o '"verdict":"[^"]*"' <<<"$report")" '"verdict":"not-sent"'
}

@test "a message from a pipe is queued whole, and nothing where it cannot be read" {
  serve
  run -0 send --queue -m - a@y.test < <(echo 'From: me@x.test' && printf 'Subject: hi\n\nhello\n')
  states due
  run -66 send --queue -m missing a@y.test
  run -65 send --queue -m - a@y.test <<<'no header'
  run -64 send --queue --body hi
  states due
  run -0 flush
  assert_equal "$(field subject)" hi
}

# --- what is queued because it cannot be sent -----------------------------------------

@test "without a connection the message is queued, and that is as good as sent" {
  dead_port
  run -0 send --queue-on-failure -s hi a@y.test <<<hello
  assert_line --partial 'what was put off is queued as '
  run -0 outbox
  assert_output --regexp '^[0-9a-z]{16}  waits  .*<me@x.test> a@y.test$'
  serve --listen "127.0.0.1:$port"
  run -0 outbox retry all
  run -0 flush
  assert_equal "$(message | tail -n 1)" hello
  states ''
}

@test "that it is queued can be the rule, and a call makes an exception" {
  dead_port
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo 'queue-on-failure = yes' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -75 send --queue-on-failure=no --body hi a@y.test
  states ''
  run -0 send --body hi a@y.test
  states waits
}

@test "only who was put off is queued; who was refused is not, and makes it 1" {
  serve --defer b@y.test --reject c@y.test
  run -0 --separate-stderr send --queue-on-failure --json --body hi a@y.test b@y.test
  local queued
  queued=$(columns queued outcome status <<<"$output")
  run -0 outbox
  assert_output --regexp '^[0-9a-z]+  waits .*<me@x.test> b@y.test$'
  assert_equal "$queued" "[[\"${output%% *}\",\"accepted\",0]]"
  run -1 send --queue-on-failure --body hi a@y.test b@y.test c@y.test
  assert_line 'smtpsend: c@y.test: refused: 550 5.1.1 no such user'
  run -1 send --queue-on-failure --body hi a@y.test c@y.test
  run -67 send --queue-on-failure --body hi c@y.test
  states waits waits
  run -0 outbox
  refute_output --partial c@y.test
}

@test "what a call could not send was tried: the next flush leaves it alone for a minute" {
  serve --defer a@y.test
  run -0 send --queue-on-failure --body hi a@y.test
  id=$(outbox | awk '{ print $1 }')
  states waits
  kill "$server"
  serve --listen "127.0.0.1:$port"
  run -0 flush
  messages 0
  states waits
  run -0 outbox show "$id"
  assert_line --regexp '^  20..-..-.. ..:..:..  a@y.test: 450 4.2.1 mailbox busy$'
  run -0 outbox list --json
  assert_equal "$(columns state tries <<<"$output")" '[["waits",1]]'
  columns queued due <<<"$output" | tr -d '[]' | awk -F , '{ exit !($2 - $1 > 50 && $2 - $1 < 90) }'
  outbox retry "$id"
  run -0 flush
  messages 1
}

@test "what is unknown is not queued" {
  unsure_server
  run -2 --separate-stderr send --queue-on-failure --json --body hi --timeout 5 a@y.test
  assert_equal "$(columns queued <<<"$output")" '[[null]]'
  [ -z "$stderr" ] || [[ $stderr != *queued* ]]
  followed
  states ''
}

@test "a message that came through a pipe is queued with all its octets" {
  serve --defer a@y.test
  { printf 'From: me@x.test\r\nTo: a@y.test\r\n\r\n' && yes $'.line\r' | head -n 100000; } >letter
  run -0 send --queue-on-failure -m - < <(cat letter)
  kill "$server"
  serve --listen "127.0.0.1:$port"
  run -0 outbox retry all
  run -0 flush
  run -0 diff <(tail -c 600000 letter) <(tail -c 600000 mail/1.eml)
}

@test "all or nothing is not queued: each would get it when the server lets him" {
  serve --defer b@y.test
  run -64 send --queue --all-or-nothing --body hi a@y.test b@y.test
  assert_line --partial 'not queued: --all-or-nothing: '
  run -75 send --queue-on-failure --all-or-nothing --body hi a@y.test b@y.test
  assert_line --partial 'not queued: --all-or-nothing: '
  run -75 send --queue-on-failure --all-or-nothing --body hi b@y.test
  messages 0
  states ''
}

@test "where it cannot be queued the status is that of the delivery" {
  dead_port
  ln -s . box
  run -75 send --queue-on-failure --outbox-dir box --body hi a@y.test
  assert_line --regexp '^smtpsend: not queued: .*box: is not a directory of its own'
}

# --- what a flush makes of it ---------------------------------------------------------

@test "what is put off is left alone by the next flush, until it is retried" {
  serve --defer a@y.test
  queue a@y.test
  run -75 flush
  assert_line "smtpsend: $id: a@y.test: deferred: 450 4.2.1 mailbox busy"
  states waits
  kill "$server"
  serve --listen "127.0.0.1:$port"
  run -0 flush
  messages 0
  run -0 outbox show "$id"
  assert_line --regexp '^  20..-..-.. ..:..:..  a@y.test: 450 4.2.1 mailbox busy$'
  run -0 outbox list --json
  assert_equal "$(columns version id state tries from to <<<"$output")" \
    "[[1,\"$id\",\"waits\",1,\"me@x.test\",[\"a@y.test\"]]]"
  # a minute, more or less, and what the test took
  columns queued due <<<"$output" | tr -d '[]' | awk -F , '{ exit !($2 - $1 > 50 && $2 - $1 < 90) }'
  run -0 outbox retry "$id"
  run -0 outbox show "$id"
  assert_line --regexp '^  20[-0-9]* [0-9:]*  to be tried anew \(--outbox=retry\)$'
  states due
  run -0 flush
  messages 1
}

@test "who is refused lies in failed with what was said, and nobody is sent a mail" {
  serve --reject b@y.test
  queue a@y.test b@y.test
  run -1 flush
  assert_line --partial 'b@y.test: refused: 550 5.1.1 no such user'
  states failed
  run -0 outbox show all
  assert_output --partial '<me@x.test> b@y.test'
  assert_line --regexp '  b@y.test: 550 5.1.1 no such user$'
  run -0 flush
  messages 1
}

@test "what is unknown stays so, and goes again only when somebody says so" {
  unsure_server
  queue a@y.test
  run -2 flush
  states unknown
  followed
  serve --listen "127.0.0.1:$port"
  run -0 flush
  messages 0
  run -0 outbox retry all
  states unknown
  run -0 outbox retry "$id"
  run -0 flush
  messages 1
  states ''
}

# A server that stops at a command like $1, or at the lone dot, and tells "heard".
stopping_server() {
  mkfifo heard
  cat >program <<PROGRAM
say() { printf '%s\\r\\n' "\$1"; }
stop() { case \$line in $1*) echo >heard && read -r _ || exit ;; esac; }
say '220 x'
while IFS= read -r line; do
  stop
  case \$line in
    DATA*)
      say '354 go'
      while [ "\$line" != $'.\r' ]; do IFS= read -r line || exit; done
      stop
      ;;
    *) say '250 ok' ;;
  esac
done
PROGRAM
}

# killed SIGNAL: a flush, when the server has heard that much
killed() {
  "$SMTPSEND_BUILD/smtpsend" --flush >/dev/null 2>&1 </dev/null 3>&- &
  client=$!
  read -r _ <heard
  kill "-$1" "$client"
  wait "$client" || true
}

@test "a flush that is killed before the last octet leaves the message to the next one" {
  stopping_server DATA
  smtpsend --queue -S 'exec:exec bash program' -f me@x.test --body hi a@y.test
  killed KILL
  states due
  killed TERM
  run -0 outbox
  assert_output --regexp '^[0-9a-z]{16}  (due|waits) '
}

@test "a flush that is killed after it leaves the message unknown, and it goes no more" {
  stopping_server .
  smtpsend --queue -S 'exec:exec bash program' -f me@x.test --body hi a@y.test
  killed KILL
  states unknown
  run -0 flush
  refute_output
  states unknown
}

@test "what is too old has one more try, and then has failed" {
  serve --defer later@y.test
  queue later@y.test
  sed -i '1s/"time":[0-9]*/"time":1500000000/' "$box/queue/$id"
  run -67 flush
  states failed
  run -0 outbox show "$id"
  assert_line --partial 'later@y.test: 450 '
  messages 0
  queue a@y.test
  sed -i '1s/"time":[0-9]*/"time":1500000000/' "$box/queue/$id"
  run -0 flush
  messages 1
}

@test "what a variable says of the server is kept, too" {
  serve
  SMTPSEND_SERVER=127.0.0.1:$port SMTPSEND_TLS=off \
    smtpsend --queue -f me@x.test --body hi a@y.test
  run -0 flush
  messages 1
}

@test "a server that is dead puts off its own messages only" {
  local dead
  dead_port
  dead=$port
  queue a@y.test
  queue b@y.test
  serve
  queue c@y.test
  run -3 flush
  assert_line --partial "127.0.0.1:$dead: Connection refused"
  states waits waits
  assert_equal "$(recipients)" 'c@y.test '
  run -0 flush
}

@test "the report of a flush has an object for each message, and the sum" {
  serve --defer b@y.test --reject c@y.test
  queue a@y.test
  queue b@y.test
  queue a@y.test c@y.test
  run -3 --separate-stderr flush --json
  assert_equal "$(grep -v '"sum":' <<<"$output" | grep -o '"outcome":"[a-z]*"' | sort)" \
    $'"outcome":"accepted"\n"outcome":"deferred"\n"outcome":"partial"'
  assert_equal "$(tail -n 1 <<<"$output" | columns sum messages accepted partial left status)" \
    '[[true,3,1,1,1,3]]'
  assert_equal "$(grep -c "\"key\":\"$id\"" <<<"$output")" 1
}

@test "of two flushes at a time one says so, and nothing goes twice" {
  local i other=0
  serve
  for ((i = 0; i < 40; i++)); do queue "u$i@y.test"; done
  flush >first 2>&1 &
  client=$!
  run flush
  wait "$client" || other=$?
  assert [ "$status" = 0 -o "$status" = 75 ]
  assert [ "$other" = 0 -o "$other" = 75 ]
  run -0 flush
  messages 40
  states ''
}

# --- by hand --------------------------------------------------------------------------

@test "what is held is not sent until it is released, and what is cancelled is gone" {
  serve
  queue a@y.test
  run -0 outbox hold "$id"
  states held
  run -0 flush
  states held
  messages 0
  run -0 outbox release "$id"
  states due
  run -0 outbox cancel "$id"
  refute_output
  states ''
  run -0 flush
  messages 0
}

@test "an ID is known by its beginning or its end, if it is the only one" {
  local first
  serve
  queue a@y.test
  first=$id
  queue b@y.test
  run -64 outbox show "${first:0:4}"
  assert_output --partial 'is the beginning or the end of more than one ID'
  run -66 outbox cancel zzzz
  assert_output "smtpsend: --outbox: there is no message 'zzzz'"
  run -64 outbox cancel
  assert_line 'smtpsend: --outbox=cancel: which messages?'
  run -64 outbox sohw "$first"
  assert_output --partial 'is none of list, show, hold'
  run -0 outbox cancel "${first: -6}"
  run -0 outbox
  assert_output --partial 'b@y.test'
  run -66 outbox cancel "${id: -6}" zzzz
  states ''
}

@test "what is of no use to a flush is refused" {
  run -64 flush a@y.test
  assert_line "smtpsend: 'a@y.test': of no use to --flush, which sends what is in the outbox"
  run -64 flush --body hi
  assert_line --partial 'of no use to --flush, which sends what is in the outbox'
  run -64 outbox list --body hi
  assert_line 'smtpsend: --body: of no use to --outbox, which sends nothing'
}

@test "without an outbox there is nothing to list or flush, and none is made" {
  run -0 outbox
  refute_output
  run -0 flush
  refute_output
  run -66 outbox show abc
  [ ! -e "$box" ]
}

# --- what should not be there ---------------------------------------------------------

@test "files that are no messages are named and set aside, and the others go" {
  serve
  queue a@y.test
  local torn=0${id#?} zeros=2${id#?} foreign=3${id#?} cut=4${id#?}
  head -c 300 /dev/urandom >"$box/queue/$torn"
  head -c 300 /dev/zero >"$box/queue/$zeros"
  head -c -1 "$box/queue/$id" >"$box/queue/$cut"
  ln -s /etc/passwd "$box/queue/$foreign"
  echo hi >"$box/queue/notes.txt"
  chmod 600 "$box"/queue/{"$torn","$zeros","$cut",notes.txt}
  run flush
  messages 1
  local name
  for name in "$torn" "$zeros" "$cut" "$foreign" notes.txt; do assert_output --partial "$name"; done
  run -0 ls "$box/queue"
  refute_output
  run -0 flush
  messages 1
}

@test "an outbox that others could have laid is refused" {
  serve
  mkdir -m 700 real
  ln -s real link
  run -78 send --queue --outbox-dir link --body hi a@y.test
  assert_line --partial 'link: '
  mkdir -m 755 open
  run -78 send --queue --outbox-dir open --body hi a@y.test
  assert_line --partial 'open: '
  mkdir -m 700 theirs
  if chown 12345 theirs 2>/dev/null; then
    run -78 send --queue --outbox-dir theirs --body hi a@y.test
    assert_line --partial 'theirs: '
    run -78 flush --outbox-dir theirs
  fi
  run -78 flush --outbox-dir link
  run -78 outbox list --outbox-dir open
  [ -z "$(ls -A real)$(ls -A open)" ]
}

@test "no secret is kept, and nobody else can read what is" {
  serve --user me:swordfish
  run -64 smtpsend --queue -S "smtp://me:swordfish@127.0.0.1:$port" -f me@x.test --body hi a@y.test
  assert_line 'smtpsend: not queued: --server: a password in a URL is not kept in the outbox'
  run -64 send --queue -u me --password-fd 4 --body hi a@y.test 4<<<swordfish
  assert_line --partial -- '--password-fd: it will not be there'
  (umask 077 && echo swordfish >pw)
  (umask 0 && send --queue -u me --password-file pw --tls=off --body hi a@y.test)
  run ! grep -r swordfish "$box"
  run -0 find "$box" -perm /077
  refute_output
  cd /
  run -0 flush
  cd "$BATS_TEST_TMPDIR"
  assert_equal "$(sed -n 's/^user: //p' mail/1.envelope)" me
}
