#!/usr/bin/env bats
# When what waits in the outbox goes out: in which order, after which call, and what is
# told of what has failed.  port, server, output and stderr come from testserver.bash and
# bats:
# shellcheck disable=SC2154,SC2119,SC2120

load testserver
load terminal

setup() { box=$HOME/.local/state/smtpsend/outbox; }
teardown() {
  terminal_end
  servers_end
}

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
states() {
  diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) <(outbox | awk '{ print $2 }' | sort)
}
# too_old ID: it was queued years ago
too_old() { sed -i '1s/"time":[0-9]*/"time":1500000000/' "$box/queue/$1"; }
due() { outbox list --json | sed -n "s/.*\"id\":\"$1\".*\"due\":\([0-9]*\).*/\1/p"; }
tries() { outbox list --json | sed -n "s/.*\"id\":\"$1\".*\"tries\":\([0-9]*\).*/\1/p"; }

dead_port() {
  serve
  kill "$server"
  wait "$server" || true
}
# Somebody listens where nobody did.
alive() { serve --listen "127.0.0.1:$port" "$@"; }

# --- what the server lacks ------------------------------------------------------------

@test "what the call demands and the server lacks has failed; of the configuration it waits" {
  serve --no DSN
  queue --dsn-notify never a@y.test
  queue 'b@y.test;NOTIFY=never'
  run ! flush
  states failed failed
  queue c@y.test
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo 'dsn-notify = never' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -75 flush
  assert_output --partial 'NOTIFY needs DSN'
  states failed failed waits
  messages 0
}

# --- beside another mail --------------------------------------------------------------

@test "what waits for a server goes with the next mail that reaches it" {
  dead_port
  run -0 send --queue-on-failure --body first a@y.test
  queue b@y.test
  run -75 flush
  states waits waits
  alive
  run -0 --separate-stderr send --json --body third c@y.test
  assert_equal "$(wc -l <<<"$output")" 1
  assert_equal "$stderr" ''
  messages 3
  states ''
}

@test "what waits for another server, or was put off by this one, stays" {
  dead_port
  queue a@y.test
  serve --defer d@y.test
  queue d@y.test
  run -75 smtpsend --flush
  run -0 send --body hi -v c@y.test
  refute_output --partial d@y.test
  messages 1
  states waits waits
  assert_equal "$(tries "$id")" 1
}

@test "what this call has put off is not tried again by it" {
  serve --defer d@y.test
  run -0 send --queue-on-failure --body hi d@y.test c@y.test
  messages 1
  states waits
  run -0 outbox list --json
  assert_equal "$(columns tries <<<"$output")" '[[1]]'
}

@test "what a call could not send for want of a server goes when another one reaches it" {
  dead_port
  run -0 send --queue-on-failure --body hi a@y.test
  run -0 outbox show "$(outbox | awk '{ print $1 }')"
  assert_line --partial "127.0.0.1:$port: Connection refused"
  states waits
  alive
  run -0 flush
  messages 0
  run -0 send --body hi b@y.test
  messages 2
  states ''
}

@test "what a server has put off stays when another call reaches it" {
  serve --defer d@y.test
  run -0 send --queue-on-failure --body hi d@y.test
  kill "$server"
  alive
  run -0 send --body hi b@y.test
  messages 1
  states waits
}

@test "the status of a call is that of its own mail" {
  serve --defer d@y.test --reject r@y.test
  queue d@y.test
  queue r@y.test
  run -0 send --body hi -v c@y.test
  assert_line --partial 'd@y.test: deferred: 450 '
  assert_line --partial 'r@y.test: refused: 550 '
  assert_line 'smtpsend: accepted 0 of 2 messages; 1 refused, 1 still to be sent'
  states failed waits
  queue a@y.test
  run -67 send --body hi r@y.test
  assert_line --index 0 'smtpsend: r@y.test: refused: 550 5.1.1 no such user'
  refute_output --partial accepted
  messages 2
}

@test "many messages take along what waits for their server" {
  serve
  queue a@y.test
  printf '%s\n' to b@y.test c@y.test >list.csv
  run -0 send --each list.csv --body hi
  refute_output
  messages 3
  states ''
}

@test "a check, a rehearsal and a question flush nothing" {
  serve
  queue a@y.test
  run -0 send --check b@y.test
  run -0 send -n --body hi b@y.test
  run -0 smtpsend -S "127.0.0.1:$port" --noop
  messages 0
  states due
}

@test "nothing is flushed that another process flushes, or that is held" {
  serve
  queue a@y.test
  coproc locked {
    python3 -c 'import fcntl, sys
lock = open(sys.argv[1], "r+")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()' "$box/lock"
  }
  client=$locked_PID
  read -r -t 20 -u "${locked[0]}" _
  run -0 send --body hi -v b@y.test
  kill "$client"
  wait "$client" || true
  refute_output --partial outbox
  messages 1
  run -0 outbox hold "$id"
  run -0 send --body hi b@y.test
  messages 2
  states held
}

@test "a password that would be asked for is not, for others' mail" {
  serve --user me:secret
  run -0 send --queue --tls off --auth-in-clear --user me --body hi a@y.test
  on_terminal -S "127.0.0.1:$port" -f me@x.test --auth-in-clear --user me --body hi b@y.test
  sees 'Password for me at '
  types 'secret\n'
  closes 0
  messages 1
  states due
}

# --- in which order, and when again ---------------------------------------------------

@test "servers that have not been tried come first" {
  local dead old
  dead_port
  queue a@y.test
  old=$id
  run -75 flush
  touch -d '1 minute ago' "$box/queue/$old"
  smtpsend --queue -S 'exec:echo fresh >>order; exit 1' -f me@x.test --body hi b@y.test
  smtpsend --queue -S 'exec:echo later >>order; exit 1' -f me@x.test --body hi c@y.test
  run -75 flush -v
  dead=$(grep -n "127.0.0.1:$port" <<<"$output" | head -n 1 | cut -d : -f 1)
  assert_equal "$(cat order)" $'fresh\nlater'
  [ "$dead" -gt 1 ]
}

@test "a server that asks to wait lets others go first" {
  local first second
  cat >says <<'END'
printf '220 x\r\n'
while read -r line; do
  case $line in
    MAIL*) echo "$1" >order && printf '%s\r\n' "$2" ;;
    *) printf '250 ok\r\n' ;;
  esac
done
END
  mkfifo order
  exec {order}<>order
  for _ in 1 2; do
    smtpsend --queue -S "exec:sh $PWD/says busy '452 4.3.1 no room'" -f me@x.test --body hi a@y.test
  done
  smtpsend --queue -S "exec:sh $PWD/says other '550 no'" -f me@x.test --body hi b@y.test
  flush {order}>&- &
  read -r -t 20 first <&"$order"
  read -r -t 20 second <&"$order"
  kill %%
  wait %% || true
  assert_equal "$first $second" 'busy other'
}

@test "all that wait for a dead server are tried again at the same time" {
  local first second third
  dead_port
  queue a@y.test
  first=$id
  run -75 flush
  queue b@y.test
  second=$id
  queue c@y.test
  third=$id
  run -75 flush
  assert_equal "$(due "$second")" "$(due "$third")"
  # What would have come before goes with them, and had no try.
  [ "$(due "$first")" -ge "$(due "$second")" ] || assert_equal "$(due "$first")" "$(due "$second")"
  assert_equal "$(tries "$first") $(tries "$second")" '1 1'
}

@test "a server that is back gets what waited for it, and a name that is not found is put off" {
  local first
  dead_port
  queue a@y.test
  first=$id
  run -75 flush
  alive
  queue b@y.test
  run -0 flush
  messages 2
  states ''
  smtpsend --queue -S no-such-host.invalid -f me@x.test --body hi a@y.test
  run -75 flush
  assert_line --partial no-such-host.invalid
  states waits
}

@test "a mail to a name that is not found is queued as others are" {
  run -0 smtpsend -S no-such-host.invalid --queue-on-failure -f me@x.test --body hi a@y.test
  states waits
}

# --- what has failed ------------------------------------------------------------------

@test "the hook is told of each that has failed, and of no other" {
  serve --reject r@y.test --defer d@y.test
  queue r@y.test a@y.test
  local refused=$id
  queue d@y.test
  queue d@y.test
  local old=$id
  too_old "$old"
  queue a@y.test
  # shellcheck disable=SC2016
  run -3 flush --on-failure 'cat >"$MAIL_OUTBOX_ID.json"; env | grep ^MAIL_ | sort >"$MAIL_OUTBOX_ID.env"'
  assert_equal "$(printf '%s\n' *.env | wc -l)" 2
  run -0 cat "$refused.env"
  assert_line MAIL_HOOK=on-failure
  assert_line MAIL_OUTCOME=partial
  assert_line MAIL_STATUS=1
  assert_line MAIL_SENDER=me@x.test
  assert_line MAIL_RECIPIENT_COUNT=2
  assert_line --regexp '^MAIL_MESSAGE_ID=<.*>$'
  assert_equal "$(columns outcome status <"$refused.json")" '[["partial",1]]'
  run -0 cat "$old.env"
  assert_line MAIL_OUTCOME=expired
  assert_line MAIL_STATUS=75
  assert_equal "$(columns outcome error <"$old.json")" '[["expired",null]]'
}

@test "a hook of the configuration is run, also beside another mail" {
  serve --reject r@y.test
  queue r@y.test
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo "on-failure = echo \$MAIL_OUTBOX_ID >>$PWD/failed" >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 send --body hi a@y.test
  assert_equal "$(cat failed)" "$id"
}

@test "what is too old has expired, and was not refused" {
  serve --defer d@y.test
  queue d@y.test
  too_old "$id"
  run -67 --separate-stderr flush --json
  assert_equal "$(columns outcome <<<"${lines[0]}")" '[["expired"]]'
  assert_equal "$(columns expired refused <<<"${lines[1]}")" '[[1,0]]'
  assert_equal "$stderr" "smtpsend: $id: d@y.test: deferred: 450 4.2.1 mailbox busy
smtpsend: $id: expired: it could not be sent in time
smtpsend: accepted 0 of 1 message; 1 expired"
  states failed
}

@test "without a connection it has expired, too" {
  dead_port
  queue d@y.test
  too_old "$id"
  run -67 flush --log log
  assert_line "smtpsend: $id: expired: it could not be sent in time"
  run -0 cat log
  assert_output --partial ' from=<me@x.test> to=<d@y.test> nrcpt=1 '
  assert_output --partial " server=127.0.0.1:$port status=expired exit=75 outbox=$id reply="
}

@test "a flush logs each try of each mail" {
  serve --defer d@y.test --reject r@y.test
  queue a@y.test
  queue d@y.test
  queue r@y.test
  run -3 flush --log log
  assert_equal "$(sed 's/.* to=\(<[^ ]*\) .* status=\([a-z]*\) .*/\1 \2/' log | sort)" \
    $'<a@y.test> sent\n<d@y.test> deferred\n<r@y.test> refused'
  assert_equal "$(grep -c " server=127.0.0.1:$port .* outbox=$id " log)" 1
  assert_equal "$(grep -c " message-id=<.*> server=127.0.0.1:$port " log)" 3
}

# --- what is told of it later ---------------------------------------------------------

note='note: 1 message of the outbox failed; smtpsend --outbox shows it'

@test "at a terminal the next call says once that something has failed" {
  serve --reject r@y.test
  queue r@y.test
  run -67 flush
  refute_output --partial note:
  run -0 send --body hi a@y.test
  refute_output
  on_terminal -S "127.0.0.1:$port" -f me@x.test -q --body hi a@y.test
  closes 0
  run -0 cat rest
  refute_output --partial note:
  on_terminal -S "127.0.0.1:$port" -f me@x.test --body hi a@y.test
  sees "smtpsend: $note"
  closes 0
  on_terminal --flush
  closes 0
  run -0 cat rest
  refute_output
  queue r@y.test
  run -67 flush
  on_terminal -S "127.0.0.1:$port" -f me@x.test --queue --body hi a@y.test
  sees 'smtpsend: note: 2 messages of the outbox failed; smtpsend --outbox shows them'
  closes 0
  # What goes is no news.
  run -0 outbox cancel "$id"
  on_terminal --flush
  closes 0
  run -0 cat rest
  refute_output
}

@test "what is unknown is told of, too" {
  unsure_server
  queue a@y.test
  run -2 flush
  on_terminal --flush
  sees 'smtpsend: note: 1 message of the outbox is unknown; smtpsend --outbox shows it'
  closes 0
  run -0 outbox retry all
  assert_output --partial 'note: what is unknown may have arrived'
  states unknown
  run -0 outbox retry "$id"
  refute_output
  states due
}

@test "what was said of several stands in lines of their own" {
  serve --reject r@y.test --reject q@y.test
  queue r@y.test q@y.test
  run -67 flush
  run -0 outbox show all
  assert_equal "${#lines[@]}" 3
  assert_line --index 1 --regexp '^  20..-..-.. ..:..:..  r@y.test: 550 5.1.1 no such user$'
  assert_line --index 2 '                       q@y.test: 550 5.1.1 no such user'
}

@test "one call cancels all, what is damaged included" {
  serve
  queue a@y.test
  echo 'no message' >"$box/queue/$id"
  queue b@y.test
  run -0 outbox cancel all
  refute_output
  states ''
}
