#!/usr/bin/env bats
# How a run of --flush ends: what it says of those that it could not send, and
# when they are tried again.
# output, stderr and port come from bats and paceserver.bash: shellcheck disable=SC2154

load paceserver

# queue PORT ADDRESS...: a message to each, for the server there
queue() {
  local to
  for to in "${@:2}"; do
    smtpsend --outbox-dir box --queue -S "smtp://127.0.0.1:$1" -f me@x.test \
      --body=hello "$to" </dev/null || return
  done
}

flush() { run --separate-stderr smtpsend --outbox-dir box --flush "$@" </dev/null; }

# states WORD...: those of all in the outbox, in its order
states() {
  smtpsend --outbox-dir box --outbox | awk '{ print $2 }' | xargs | diff - <(echo "$*")
}

# silent: a server that says nothing; sets $port
silent() {
  rm -f listening
  mkfifo listening
  python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(60)' >listening 3>&- &
  pace_server=$!
  read -r -t 20 port <listening
}

@test "the deadline of a flush: all that were not sent are counted" {
  silent
  queue "$port" 1@y.test 2@y.test
  queue 9 3@y.test
  flush --deadline 1s
  [ "$status" -eq 75 ]
  [[ $stderr = *'accepted 0 of 3 messages; 3 still to be sent'* ]]
  # Who said nothing has had his try, the other server not.
  states due waits waits
}

@test "a signal: that is no try" {
  silent
  queue "$port" 1@y.test
  run --separate-stderr timeout -s INT 1 "$SMTPSEND_BUILD/smtpsend" --outbox-dir box \
    --flush </dev/null
  [[ $stderr = *'accepted 0 of 1 message; 1 still to be sent'* ]]
  states due
  [ "$(smtpsend --outbox-dir box --outbox=show all | wc -l)" -eq 1 ]
}

@test "a signal that breaks a message off: that is no try either" {
  pace --without PIPELINING <<<'if at == "mail": return "silent"'
  queue "$port" 1@y.test
  run --separate-stderr timeout -s TERM 1 "$SMTPSEND_BUILD/smtpsend" --outbox-dir box \
    --flush --log "$PWD/maillog" </dev/null
  [[ $stderr = *'1@y.test: not sent: MAIL: cancelled'*'1 still to be sent'* ]]
  states due
  [ "$(smtpsend --outbox-dir box --outbox=show all | wc -l)" -eq 1 ]
  [ ! -e maillog ]
}

@test "no message is too old before it was tried once more" {
  pace <<<''
  queue "$port" 1@y.test
  sleep 1.1
  flush --outbox-lifetime 1s
  [ "$status" -eq 0 ]
  got 1@y.test
}

@test "one that is too old and cannot be sent has failed, with both reasons" {
  queue 9 1@y.test
  sleep 1.1
  flush --outbox-lifetime 1s
  [ "$status" -eq 67 ]
  states failed
  run smtpsend --outbox-dir box --outbox=show all
  [[ $output = *'127.0.0.1:9: Connection refused'$'\n                       it could not be sent in time' ]]
}

@test "what is no message: it is set aside, and the status says so" {
  pace <<<''
  queue "$port" 1@y.test 2@y.test
  for file in box/queue/*; do break; done
  truncate -s 100 "$file"
  flush
  [ "$status" -eq 1 ]
  [[ $stderr = *'is damaged'*'it is now failed/'* ]]
  [ -e "box/failed/${file##*/}" ]
}

@test "a verdict that does not fit on the disk: it is unknown, and said so" {
  pace <<<'if at == "rcpt" and "2@" in what: return "451 4.2.1 later"'
  head -c 200000 /dev/zero | tr '\0' 'x' | fold -w 70 >large
  smtpsend --outbox-dir box --queue -S "smtp://127.0.0.1:$port" -f me@x.test \
    --body-file=large 1@y.test 2@y.test </dev/null
  # shellcheck disable=SC2016
  run -2 --separate-stderr bash -c 'ulimit -f 100; "$0" --outbox-dir box --flush' \
    "$SMTPSEND_BUILD/smtpsend" </dev/null
  [[ $stderr = *'it may stay in unknown/'*'1 unknown'* ]]
  states unknown
}

@test "a Bcc of the configuration is added when it is queued, and only then" {
  pace <<<'if at == "rcpt" and "1@" in what and s.count("rcpt1") == 1: return "451 4.2.1 later"'
  mkdir -p "${XDG_CONFIG_HOME:=$HOME/.config}/smtpsend"
  echo 'bcc = 2@y.test' >"$XDG_CONFIG_HOME/smtpsend/config"
  queue "$port" 1@y.test
  flush
  [ "$status" -eq 3 ]
  got 2@y.test
  touch -d '1 hour ago' box/queue/*
  flush
  [ "$status" -eq 0 ]
  got 1@y.test 2@y.test
}

@test "a descriptor is no server for later" {
  run --separate-stderr smtpsend --outbox-dir box --queue -S fd:3 -f me@x.test \
    --body=hello 1@y.test </dev/null
  [ "$status" -eq 64 ]
  [[ $stderr = *'not queued: --server: a descriptor'* ]]
  [ -z "$(ls box/queue)" ]
}

@test "connections that are lost: one try a run, however often it was tried" {
  pace --without CHUNKING <<<'if at == "data": return "drop" if s.count("data") < 3 else "451 4.3.0 later"'
  queue "$port" 1@y.test
  flush
  [ "$status" -eq 75 ]
  [ "$(said data)" -gt 1 ]
  [ "$(smtpsend --outbox-dir box --outbox --json | columns tries)" = '[[1]]' ]
}

# one_at_a_time CODE: of two recipients, to whose transactions it says 550 and CODE
one_at_a_time() {
  pace --extension 'LIMITS RCPTMAX=1' <<END
if at == "rcpt" and "1@" in what: return "550 5.1.1 no"
if at == "rcpt": return "$1 later"
END
  smtpsend --outbox-dir box --queue -S "smtp://127.0.0.1:$port" -f me@x.test -s x \
    1@y.test 2@y.test </dev/null
}

@test "a server that takes one at a time: what became of the first counts, too" {
  one_at_a_time 250
  flush --log "$PWD/maillog" --on-failure "echo \"\$MAIL_RECIPIENTS\" >>'$PWD/hook'"
  assert_equal "$status" 1
  [[ $stderr = *'1@y.test: refused: 550 5.1.1 no'*'1 for some of their recipients' ]]
  states failed
  assert_equal "$(cat hook)" 1@y.test
  assert_equal "$(sed 's/.* to=\([^ ]*\) .* \(status=[a-z]*\) .*/\1 \2/' maillog)" \
    $'<1@y.test> status=refused\n<2@y.test> status=sent'
}

@test "a server that takes one at a time: the second is put off for the first time" {
  one_at_a_time 450
  flush
  assert_equal "$status" 75
  states waits failed
  assert_equal "$(smtpsend --outbox-dir box --outbox --json | grep -c '"waits".*"tries":1,')" 1
}

@test "what has no name of a message is told with its path, and once by a flush" {
  pace
  queue "$port" a@y.test
  echo x >box/queue/README
  run --separate-stderr smtpsend --outbox-dir box --outbox </dev/null
  assert_equal "$stderr" 'smtpsend: box/queue/README: is no name of a message'
  flush
  assert_equal "$stderr" \
    'smtpsend: box/queue/README: is no name of a message; it is now failed/README'
  flush
  assert_equal "$stderr" ''
}
