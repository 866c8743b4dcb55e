#!/usr/bin/env bats
# Commands of the user's: --on-commit, --on-success, --on-failure.
# port and stderr come from testserver.bash and bats; scripts of other languages
# stand in single quotes:
# shellcheck disable=SC2016,SC2154

load testserver

send() { smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi "$@"; }

# ms: milliseconds since "start"
start() { began=${EPOCHREALTIME/./}; }
ms() { echo $(((${EPOCHREALTIME/./} - began) / 1000)); }

# A server that has the message delivered when its lone dot has come, says so to the
# FIFO `heard`, and has its verdict from the FIFO `verdict`.
talking_server() {
  mkfifo heard verdict
  cat >program <<'PROGRAM'
say() { printf '%s\r\n' "$1"; }
say '220 x'
while IFS= read -r line; do
  case $line in
    EHLO*) say '250 x' ;;
    DATA*)
      say '354 go'
      while [ "$line" != $'.\r' ]; do IFS= read -r line || exit; done
      echo dot >heard
      read -r reply <verdict
      say "$reply"
      ;;
    QUIT*) say '221 bye'; break ;;
    *) say '250 ok' ;;
  esac
done
PROGRAM
}

# talk [ARGUMENT]...
talk() { smtpsend -S 'exec:exec bash program' -f me@x.test -t bob@y.test --body hi "$@"; }

# --- at the commit point ------------------------------------------------------------

@test "on-commit runs before the verdict, and the message does not wait for it" {
  talking_server
  # it ends when the server has the message, and the verdict comes when it ends
  run -0 talk --on-commit 'read x <heard; echo "$x" >seen; echo "250 ok" >verdict'
  assert_output ''
  assert_equal "$(<seen)" dot
}

@test "on-commit does not run where the message does not get to its last octets" {
  serve --reject bob@y.test
  run -67 send --without CHUNKING --on-commit 'echo >>ran'
  run -75 smtpsend -S 127.0.0.1:1 -f me@x.test -t bob@y.test --body hi --on-commit 'echo >>ran'
  run -66 smtpsend -S "127.0.0.1:$port" -m missing --on-commit 'echo >>ran'
  [ ! -e ran ]
}

@test "on-commit is told what is about to go out, and for whom" {
  serve --no CHUNKING --no PIPELINING --reject no@y.test
  run -1 send --message-id '<1@x.test>' -t carl@y.test -t no@y.test \
    --on-commit 'env | grep "^MAIL_"; echo "($MAIL_RECIPIENTS)"; cat'
  assert_line MAIL_HOOK=on-commit
  assert_line MAIL_SENDER=me@x.test
  assert_line 'MAIL_MESSAGE_ID=<1@x.test>'
  assert_line "MAIL_SERVER=127.0.0.1:$port"
  assert_line MAIL_RECIPIENT_COUNT=2
  # one a line
  assert_output --partial $'(bob@y.test\ncarl@y.test)'
}

@test "on-commit runs once for each transaction of a message" {
  {
    printf '%s\n' 'name: x' '' 'S: 220 x' 'C: EHLO *' 'S: 250-x' 'S: 250 LIMITS RCPTMAX=1'
    for _ in {1..20}; do
      printf '%s\n' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 250 ok' 'C: DATA' 'S: 354 go' 'C+ data' 'S: 250 ok'
    done
    printf '%s\n' 'C: QUIT' 'S: 221 bye'
  } >many
  play <many
  printf '%s@z.test\n' {1..19} >list
  # more than run at a time: each of the first ones ends when the next one runs
  mkfifo turn
  run -0 send --to-file list --on-commit 'echo "$MAIL_RECIPIENTS" >>went; case $MAIL_RECIPIENTS in '\
'bob@*) read x <turn ;; 1@*) echo >turn ;; esac'
  assert_output ''
  followed
  assert_equal "$(sort went)" "$( (echo bob@y.test; cat list) | sort)"
}

@test "what on-commit does changes nothing but a line on standard error" {
  serve
  local hook
  for hook in 'exit 3' 'kill -KILL $$' no-such-command; do
    run -0 --separate-stderr send --on-commit "$hook"
    assert_output ''
    [[ $stderr == *'smtpsend: warning: --on-commit: '* ]] || fail "$hook: $stderr"
  done
  run -0 send -q --on-commit 'exit 3'
  assert_output ''
  run -0 send --on-commit ''
  assert_output ''
  messages 5
}

@test "an on-commit that does not end holds up the verdict's report for no longer than its time" {
  serve
  start
  run -0 send --timeout 300ms --on-commit 'trap "" TERM; sleep 1000 & sleep 1000; sleep 1000'
  assert_output 'smtpsend: warning: --on-commit: it was ended before it was done'
  assert [ "$(ms)" -lt 2000 ]
  messages 1
}

# --- at the end ---------------------------------------------------------------------

@test "on-success and on-failure get the report that --json prints" {
  serve --reject no@y.test
  run -0 --separate-stderr send --json --on-success 'cat >report' --on-failure 'echo >failed'
  assert_equal "$output" "$(<report)"
  [ ! -e failed ]
  assert_output --partial '"outcome":"accepted","status":0'
  assert_output --partial '"address":"bob@y.test","verdict":"accepted"'
  run -1 --separate-stderr send -t no@y.test --json --on-success 'echo >succeeded' --on-failure 'cat >report'
  assert_equal "$output" "$(<report)"
  [ ! -e succeeded ]
}

@test "every end but a full success is for on-failure, with its status" {
  serve --reject no@y.test --defer later@y.test
  local hook='cat >report; echo "$MAIL_STATUS $MAIL_OUTCOME" >told'
  # fails STATUS OUTCOME ARGUMENT...
  fails() {
    rm -f told
    run "-$1" smtpsend -f me@x.test --body hi --on-success 'echo >succeeded' --on-failure "$hook" "${@:3}"
    assert_equal "$(<told)" "$1 $2"
    run -0 cat report
    assert_output --partial "\"outcome\":\"$2\",\"status\":$1,"
  }
  fails 1 partial -S "127.0.0.1:$port" -t bob@y.test -t no@y.test
  fails 67 recipients-refused -S "127.0.0.1:$port" -t no@y.test
  fails 75 deferred -S "127.0.0.1:$port" -t later@y.test
  fails 75 deferred -S 127.0.0.1:1 -t bob@y.test
  fails 66 input -S "127.0.0.1:$port" -t bob@y.test -a missing
  fails 64 usage -S "127.0.0.1:$port" -t bob -t carl@y.test
  fails 78 configuration -S "smtp://me@127.0.0.1:$port" --password-file missing -t bob@y.test
  play <<'DIALOGUE'
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
S! close
DIALOGUE
  fails 2 unknown -S "127.0.0.1:$port" -t bob@y.test
  [ ! -e succeeded ]
}

@test "what on-success and on-failure do changes no status" {
  serve --reject no@y.test
  local hook
  for hook in 'exit 3' 'kill -KILL $$' no-such-command 'kill -INT $PPID; sleep 1000'; do
    run -0 send --on-success "$hook"
    assert_output --partial 'smtpsend: warning: --on-success: '
    run -67 smtpsend -S "127.0.0.1:$port" -f me@x.test -t no@y.test --body hi --on-failure "$hook"
    assert_output --partial 'smtpsend: warning: --on-failure: '
  done
  run -0 send -q --on-success 'exit 3'
  assert_output ''
}

@test "a command that does not end is ended with all that it started" {
  serve
  local option
  for option in --timeout --deadline; do
    start
    run -0 send $option 300ms --on-success 'trap "" TERM; sleep 1000 & sleep 1000; sleep 1000'
    assert_output 'smtpsend: warning: --on-success: it was ended before it was done'
    assert [ "$(ms)" -lt 2500 ]
  done
}

@test "that the deadline has passed can be told" {
  play <<<$'name: x\n\nS! stall'
  start
  run -75 send --deadline 200ms --on-failure 'cat'
  assert_output --partial '"outcome":"deferred","status":75'
  assert [ "$(ms)" -lt 1900 ]
}

@test "a report of any length that nobody reads holds nothing up" {
  serve
  printf 'someone.with.a.long.name.%s@y.test\n' {1..900} >list
  run -0 send --to-file list --on-success true
  assert_output ''
  run -0 send --to-file list --on-success 'wc -c'
  assert [ "$output" -gt 100000 ]
}

@test "the transcript and the copy are whole when the command runs" {
  serve
  run -0 send --transcript transcript --save copy.eml \
    --on-success 'grep -c "^S: 221" transcript; cmp copy.eml mail/1.eml && echo same'
  assert_output $'1\nsame'
}

@test "a signal that cancels is told, and the next one ends that" {
  play <<'DIALOGUE'
name: x

S: 220 x
C: EHLO *
S! stall
DIALOGUE
  local status=0
  mkfifo runs shown
  env --default-signal=TERM "$SMTPSEND_BUILD/smtpsend" -vv -S "127.0.0.1:$port" -f me@x.test -t bob@y.test \
    --body hi --on-failure 'cat >report; echo >runs; sleep 1000' 2>shown 3>&- &
  client=$!
  exec 8<shown
  until read -r -t 20 line <&8 && [[ $line == 'C: EHLO '* ]]; do :; done
  kill -s TERM "$client"
  read -r -t 20 _ <runs
  kill -s TERM "$client"
  wait "$client" || status=$?
  client=
  assert_equal "$status" 143
  run -0 cat <&8
  exec 8<&-
  assert_output --partial 'warning: --on-failure: it was ended before it was done'
  run -0 cat report
  assert_output --partial '"outcome":"cancelled","status":143'
}

# --- what they are --------------------------------------------------------------------

@test "their output is on standard error, and standard output is the report's alone" {
  serve
  run -0 --separate-stderr send --json --on-commit 'echo one' --on-success 'echo two'
  assert_equal "$stderr" $'one\ntwo'
  assert_output --regexp '^\{"version":1,.*\}$'
}

@test "no descriptor but the first three is open in them, and signals are as usual" {
  serve
  local hook='ls /proc/$$/fd; grep -E "^Sig(Blk|Ign):" /proc/self/status'
  run -0 timeout 20 perl -MPOSIX -e '
    $SIG{$_} = "IGNORE" for qw(PIPE XFSZ CHLD);
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1, SIGALRM, SIGPIPE));
    exec @ARGV' "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi \
    --on-commit "$hook" --on-success "$hook" 7</dev/null
  local one=$'0\n1\n2\nSigBlk:\t0{16}\nSigIgn:\t0{7}[01][08]0{7}'
  # dash opens nothing of its own for -c
  assert_output --regexp "^$one"$'\n'"$one\$"
}

@test "no secret is in their environment" {
  serve --user me:geheim17
  (umask 077 && echo geheim17 >pw)
  SMTPSEND_SERVER=smtp://me:geheim17@127.0.0.1:$port MAIL_SENDER=older@x.test \
    run -0 smtpsend --password-file pw -f me@x.test -t bob@y.test --body hi \
    --on-commit 'env >commit' --on-success 'env >success'
  run -1 grep -a geheim17 commit success
  assert_equal "$(grep -ch ^MAIL_SENDER= commit success)" $'1\n1'
  run -0 grep -h ^MAIL_SENDER= commit success
  assert_output $'MAIL_SENDER=me@x.test\nMAIL_SENDER=me@x.test'
}

@test "calls that send nothing refuse them, and leave those of a configuration alone" {
  local option
  for option in --on-commit --on-success --on-failure; do
    for call in --dry-run --preview --noop '--vrfy bob'; do
      # shellcheck disable=SC2086
      run -64 smtpsend -f me@x.test -t bob@y.test --body hi $call $option 'echo >ran'
      assert_output --partial "$option"
    done
  done
  export SMTPSEND_ON_COMMIT='echo >ran' SMTPSEND_ON_SUCCESS='echo >ran' SMTPSEND_ON_FAILURE='echo >ran'
  run -0 smtpsend -n -f me@x.test -t bob@y.test --body hi
  run -75 smtpsend --noop -S 127.0.0.1:1
  [ ! -e ran ]
}

@test "what a configuration says is not run again for mail that a hook sends" {
  serve
  export SMTPSEND_ON_FAILURE='echo >>failed; "$BUILD/smtpsend" -S 127.0.0.1:1 -f me@x.test -t admin@x.test --body broken --on-failure "echo \$MAIL_STATUS >own"'
  SMTPSEND_ON_FAILURE+='; "$BUILD/smtpsend" -S 127.0.0.1:1 -f me@x.test -t admin@x.test --body broken'
  BUILD=$SMTPSEND_BUILD run -75 smtpsend -S 127.0.0.1:1 -f me@x.test -t bob@y.test --body hi
  assert_equal "$(wc -l <failed)" 1
  assert_equal "$(<own)" 75
}

@test "a line break in a command is refused" {
  run -64 smtpsend -f me@x.test -t bob@y.test --body hi --on-success $'true\ntrue'
  assert_output --partial --on-success
}

@test "the commands are not shown with the settings, but with -v" {
  run -0 smtpsend --show-settings --on-failure 'curl -H secret'
  refute_output --partial curl
  run -0 smtpsend --show-settings -v --on-failure 'curl -H secret'
  assert_output --partial 'on-failure = curl -H secret'
}
