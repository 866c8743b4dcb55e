#!/usr/bin/env bats
# The process: signals before and after the commit point, time-outs, descriptors that
# are closed or full, strange surroundings.
# port, server and stderr come from testserver.bash and bats; scripts of other
# languages stand in single quotes:
# shellcheck disable=SC2030,SC2031,SC2154,SC2016

load testserver

# A server that stops at a point, says so, and goes on when it is told.  A message is
# delivered when its lone dot has come.
program() {
  cat >program <<'EOF'
say() { printf '%s\r\n' "$1"; }
stop() { echo stopped >events; read -r _ <go; }
end() { stop; cat >rest; echo ended >events; exit; }
[ "$1" = greeting ] && end
say '220 x'
while IFS= read -r line; do
  case $line in
    EHLO*) [ "$1" = EHLO ] && end; say '250 x' ;;
    MAIL*) [ "$1" = MAIL ] && end; say '250 ok' ;;
    RCPT*) [ "$1" = RCPT ] && end; say '250 ok' ;;
    DATA*)
      [ "$1" = DATA ] && end
      say '354 go'
      IFS= read -r line
      [ "$1" = body ] && end
      while [ "$line" != $'.\r' ]; do IFS= read -r line || exit; done
      echo yes >delivered
      [ "$1" = verdict ] && stop
      say '250 2.0.0 ok'
      [ "$1" = QUIT ] && end
      ;;
    QUIT*) say '221 bye'; break ;;
  esac
done
echo ended >events
EOF
}

# begin POINT [ARGUMENT]...: starts the client and waits until the server is there, in
# a session of its own, since it is to tell what it got from a client that gave it up
begin() {
  [ -e program ] || program
  rm -f events go rest delivered
  mkfifo events go
  exec 8<>events 9<>go
  env --default-signal=INT,TERM,HUP,QUIT "$SMTPSEND_BUILD/smtpsend" -S "exec:exec setsid -f bash program $1" \
    -f me@x.test -t bob@y.test "${@:2}" >out </dev/null 2>err 3>&- 8>&- 9>&- &
  client=$!
  read -r -t 20 _ <&8
}

# end STATUS: the client has it when it goes; then the server goes on to its end
end() {
  local status=0
  wait "$client" || status=$?
  client=
  echo >&9
  read -r -t 20 _ <&8
  exec 8>&- 9>&-
  assert_equal "$status" "$1"
}

# talks TEXT [ARGUMENT]...: starts a client over TCP and waits until its transcript
# has a line that begins so; the rest of it is to be read from descriptor 8
talks() {
  local text=$1 line
  shift
  rm -f shown
  mkfifo shown
  env --default-signal=INT,TERM "$SMTPSEND_BUILD/smtpsend" -vv -S "127.0.0.1:$port" -f me@x.test \
    -t bob@y.test --body hi "$@" 2>shown 3>&- &
  client=$!
  exec 8<shown
  while read -r -t 20 line <&8; do
    [[ $line != "$text"* ]] || return 0
  done
  return 1
}

# dies STATUS
dies() {
  local status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status" "$1"
}

# ms: milliseconds since "start"
start() { began=${EPOCHREALTIME/./}; }
ms() { echo $(((${EPOCHREALTIME/./} - began) / 1000)); }

send() { smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "$@" <<<hi; }

# --- signals ---------------------------------------------------------------------

@test "a signal before the commit point cancels: nobody has it, and it died by that signal" {
  local point name number
  # more than fits between the two, so that it is still on its way
  head -c 4000000 /dev/zero | tr '\0' 'x' | fold -w 70 >large
  for point in greeting EHLO MAIL RCPT DATA body; do
    for name in INT TERM HUP; do
      number=$(kill -l "$name")
      begin "$point" --body-file large
      kill -s "$name" "$client"
      end $((128 + number))
      [ ! -e delivered ]
      run ! grep -qx $'\\.\r' rest
    done
  done
}

@test "a signal after the commit point waits for the verdict" {
  local name
  for name in INT TERM HUP; do
    begin verdict
    kill -s "$name" "$client"
    # it is still there, and takes the verdict that comes now
    kill -0 "$client"
    echo >&9
    wait "$client"
    client=
    [ -e delivered ]
  done
}

# again NAME STATUS: signals until the client ends with that status; nothing comes
# from descriptor 8 meanwhile but what does not matter
again() {
  while kill -s "$1" "$client" 2>/dev/null; do
    read -r -t 0.2 _ <&8 || true
  done
  dies "$2"
}

@test "another signal leaves it unknown, but not in the first two seconds" {
  local name
  for name in INT TERM; do
    begin verdict
    start
    again "$name" 2
    assert [ "$(ms)" -ge 2000 ]
    [ -e delivered ]
    echo >&9
    run -0 cat err
    assert_output --partial 'bob@y.test: unknown: '
    assert_output --partial 'cancelled while the verdict was awaited'
    assert_output --partial 'unknown for 1: it may have been delivered'
  done
}

@test "who was accepted before stays so, and who is left gets nothing" {
  local line=''
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 LIMITS RCPTMAX=1
C= MAIL FROM:<me@x.test>
S: 250 ok
C= RCPT TO:<bob@y.test>
S: 250 ok
C= DATA
S: 354 go
C+ data
S: 250 2.0.0 has it
C= MAIL FROM:<me@x.test>
S: 250 ok
C= RCPT TO:<ann@y.test>
S: 250 ok
C= DATA
S: 354 go
C+ data
C+ end
EOF
  talks 'S: 250 2.0.0 has it' -t ann@y.test -t carl@y.test --json >json
  until [ "$line" = 'C: .' ]; do read -r -t 20 line <&8; done
  again INT 2
  exec 8<&-
  run -0 cat json
  assert_output --partial '"outcome":"unknown","status":2'
  assert_output --regexp '"address":"bob@y.test"[^}]*"verdict":"accepted"'
  assert_output --regexp '"address":"ann@y.test"[^}]*"verdict":"unknown"'
  assert_output --regexp '"address":"carl@y.test"[^}]*"verdict":"not-sent"'
  followed
}

@test "no signal that can be caught ends it after the commit point" {
  local name
  for name in QUIT USR1 USR2 ALRM XCPU VTALRM PROF IO PWR STKFLT ABRT RTMIN RTMAX; do
    begin verdict
    kill -s "$name" "$client"
    kill -0 "$client"
    echo >&9
    wait "$client" || fail "SIG$name: status $?"
    client=
    [ -e delivered ]
  done
}

@test "before it the signals that are sent to end a program do" {
  local name
  for name in QUIT USR1 USR2 ALRM XCPU; do
    begin RCPT
    kill -s "$name" "$client"
    end $((128 + $(kill -l "$name")))
    [ ! -e delivered ]
    run -0 cat err
    assert_output --partial cancelled
  done
}

@test "a signal while QUIT is awaited changes nothing" {
  begin QUIT -vv
  kill -s TERM "$client"
  end 0
  [ -e delivered ]
}

@test "a signal that was ignored at the start stays ignored" {
  program
  mkfifo events go
  exec 8<>events 9<>go
  env --ignore-signal=HUP "$SMTPSEND_BUILD/smtpsend" -S 'exec:exec setsid -f bash program RCPT' \
    -f me@x.test -t bob@y.test --body hi 2>err 3>&- 8>&- 9>&- &
  client=$!
  read -r -t 20 _ <&8
  kill -s HUP "$client"
  kill -s TERM "$client"
  end 143
}

@test "a signal ends it over TCP, too, and says that nothing was sent" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S! stall
EOF
  talks 'C: EHLO '
  kill -s INT "$client"
  dies 130
  run -0 cat <&8
  assert_output --partial 'cancel'
  exec 8<&-
  followed
}

@test "a signal while input is read cancels" {
  local status option
  play <<<$'name: x\n\nS: 220 x'
  mkfifo input
  exec 8<>input
  for option in --message --body-file --to-file; do
    # timeout hands the signal on
    timeout -k 1 5 env --default-signal=TERM "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" \
      -f me@x.test -t bob@y.test "$option" input 2>err 3>&- 8>&- </dev/null &
    client=$!
    # more than a FIFO holds: when all is in, some of it has been read
    head -c 70000 /dev/zero | tr '\0' '\n' >&8
    kill -s TERM "$client"
    status=0
    wait "$client" || status=$?
    client=
    assert_equal "$option $status" "$option 143"
  done
  nobody_came
}

# --- time ------------------------------------------------------------------------

# stalls STATUS DIRECTIVE... : --deadline and --timeout end it, in time
stalls() {
  local status=$1 option
  shift
  for option in --deadline=300ms --timeout=300ms; do
    { printf 'name: x\n\n'; printf '%s\n' "$@"; } >stalling
    play <stalling
    start
    run "-$status" send "$option"
    assert [ "$(ms)" -lt 1300 ]
    servers_end
  done
}

@test "a server that falls silent is waited for as long as was said" {
  local hello=('S: 220 x' 'C: EHLO *' 'S: 250 x') mail=('C: MAIL *' 'S: 250 ok')
  local rcpt=('C: RCPT *' 'S: 250 ok') data=('C: DATA' 'S: 354 go')
  stalls 75 'S! stall'
  stalls 75 'S" 220-x\r\n22"' 'S! stall'
  stalls 75 'S: 220 x' 'S! stall'
  stalls 75 "${hello[@]}" 'S! stall'
  stalls 75 "${hello[@]}" "${mail[@]}" 'S! stall'
  stalls 75 "${hello[@]}" "${mail[@]}" "${rcpt[@]}" 'S! stall'
  stalls 2 "${hello[@]}" "${mail[@]}" "${rcpt[@]}" "${data[@]}" 'C+ data' 'S! stall'
  stalls 2 "${hello[@]}" "${mail[@]}" "${rcpt[@]}" "${data[@]}" 'C+ data' 'S" 250-2.0"' 'S! stall'
}

@test "a server that reads nothing is waited for as long as was said" {
  local option
  yes 'a line that is not very long' | head -c 8000000 >large
  for option in --deadline=300ms --timeout=300ms; do
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
S! deaf
EOF
    start
    run -75 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "$option" --body-file large
    assert [ "$(ms)" -lt 1300 ]
    servers_end
  done
}

@test "input that stalls is waited for as long as was said" {
  local option call
  serve
  mkfifo input
  exec 8<>input
  for option in --deadline=300ms --timeout=300ms; do
    for call in '--body-file input' '-m input' '--to-file input --body hi' '-a input --body hi' '-n --body-file input'; do
      start
      # shellcheck disable=SC2086
      run -75 timeout -k 1 20 "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test \
        "$option" $call 8>&-
      assert_output --regexp "^smtpsend: .*input: nothing came within the (deadline|time-out)\$"
      assert [ "$(ms)" -lt 1300 ]
    done
  done
  messages 0
}

@test "a message that stalls on its way out is waited for as long as was said" {
  local option
  serve
  mkfifo input
  exec 8<>input
  for option in --deadline=1s --timeout=1s; do
    # more than is kept before it goes out
    { printf 'From: me@x.test\n\n'; yes 'a line that is not very long' | head -c 1500000; } >&8 3>&- &
    run -75 timeout -k 1 20 "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test \
      "$option" -m input 8>&-
    assert_output --regexp 'the deadline has passed|the input gives nothing in time'
    wait $!
  done
  messages 0
}

@test "a server that answers drop by drop does not outlast the deadline" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S! drip 20
S* 1000 "250-x\r\n"
S: 250 x
EOF
  start
  run -75 send --deadline=400ms
  assert [ "$(ms)" -lt 1400 ]
}

@test "QUIT is not waited for, or for two seconds when its answer is to be shown" {
  local options
  for options in '' -vv; do
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
S: 250 2.0.0 ok
C? QUIT
S! stall
EOF
    start
    # shellcheck disable=SC2086
    run -0 send $options
    assert [ "$(ms)" -lt $((${#options} > 0 ? 2900 : 900)) ]
    servers_end
  done
}

# --- descriptors -----------------------------------------------------------------

@test "reports that cannot be written change no status" {
  serve --reject no@y.test
  local to="-S 127.0.0.1:$port -f me@x.test --body hi" n=0 redirect
  for redirect in '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-' '>/dev/full' '2>/dev/full' \
    '>/dev/full 2>/dev/full' '0>&- 1>&-'; do
    n=$((n + 1))
    run -0 sh -c "exec '$SMTPSEND_BUILD/smtpsend' $to --json -vv --timing a@y.test $redirect"
    run -1 sh -c "exec '$SMTPSEND_BUILD/smtpsend' $to --json -vv a@y.test no@y.test $redirect"
    run -67 sh -c "exec '$SMTPSEND_BUILD/smtpsend' $to --json -v no@y.test $redirect"
  done
  messages $((2 * n))
  run -0 sh -c "exec '$SMTPSEND_BUILD/smtpsend' $to --transcript /dev/full a@y.test"
  assert_output --partial 'transcript'
}

@test "readers that have gone change no status" {
  serve
  # stopped before the client starts: whatever it writes meets a broken pipe
  mkfifo pipe
  exec 8<>pipe
  exec 7>pipe
  exec 8>&-
  run -0 send --json -vv >&7 2>&7
  exec 7>&-
  messages 1
}

# full NAME: descriptor 7 leads to a pipe that holds all it can, and that nobody reads
full() {
  mkfifo "$1"
  exec 7<>"$1"
  dd if=/dev/zero of="$1" bs=4096 count=16 oflag=nonblock status=none conv=notrunc 2>/dev/null || true
}

@test "a pipe that nobody reads outlasts no deadline and changes no status" {
  serve --reject no@y.test
  full pipe
  local n=0 redirect call="exec timeout -k 1 30 '$SMTPSEND_BUILD/smtpsend'"
  local to="-S 127.0.0.1:$port -f me@x.test --body hi --deadline 1s"
  for redirect in '>&7' '2>&7' '>&7 2>&7'; do
    n=$((n + 1))
    run -0 sh -c "$call $to --json -vv --timing a@y.test $redirect"
    run -1 sh -c "$call $to --json -vv a@y.test no@y.test $redirect"
    run -67 sh -c "$call $to --json -v no@y.test $redirect"
    run -64 sh -c "$call --deadline 1s --nothing $redirect 2>&7"
  done
  messages $((2 * n))
  run -75 sh -c "$call --deadline 1s --help >&7"
  assert_output --partial 'standard output: nobody reads it within the deadline'
  # what is lost on the one is said on the other
  run -0 sh -c "$call $to --json a@y.test >&7"
  assert_output 'smtpsend: standard output: what nobody read in time is lost'
  run -0 sh -c "$call $to --transcript /dev/fd/7 a@y.test"
  assert_output --partial 'the transcript is not whole'
  run -0 sh -c "$call $to --transcript pipe a@y.test"
  assert_output --partial 'the transcript is not whole'
  exec 7>&-
}

@test "a signal ends the wait for a reader, and changes no status" {
  local name
  full pipe
  for name in INT TERM HUP; do
    program
    rm -f events go delivered
    mkfifo events go
    exec 8<>events 9<>go
    env --default-signal=INT,TERM,HUP "$SMTPSEND_BUILD/smtpsend" -S 'exec:exec bash program none' \
      -f me@x.test -t bob@y.test --body hi -vv --json >&7 2>&7 </dev/null 3>&- 8>&- 9>&- &
    client=$!
    read -r -t 20 _ <&8
    [ -e delivered ]
    kill -s "$name" "$client"
    dies 0
    exec 8>&- 9>&-
  done
  env --default-signal=TERM "$SMTPSEND_BUILD/smtpsend" --help >&7 2>&7 3>&- &
  client=$!
  kill -s TERM "$client"
  dies 143
  exec 7>&-
}

@test "a reader that is slow gets everything" {
  serve
  mkfifo pipe
  exec 7<>pipe
  head -c 65000 /dev/zero >&7
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi --json -vv >pipe 2>pipe 3>&- &
  client=$!
  exec 7<pipe
  head -c 65000 <&7 >/dev/null
  cat <&7 >got
  exec 7>&-
  dies 0
  grep -q '^S: 221' got
  grep -q '"status":0' got
}

@test "an answer that cannot be printed is an error" {
  serve
  local call="exec '$SMTPSEND_BUILD/smtpsend'"
  run -74 sh -c "$call --help >/dev/full"
  assert_output --partial 'cannot write to standard output: No space left on device'
  run -74 sh -c "$call --version >/dev/full"
  assert_output --partial 'cannot write to standard output: No space left on device'
  run -74 sh -c "$call --show-settings >/dev/full"
  assert_output --partial 'cannot write to standard output: No space left on device'
  run -74 sh -c "$call -S 127.0.0.1:$port --vrfy bob >/dev/full"
  assert_output --partial 'cannot write to standard output: No space left on device'
  run -74 sh -c "$call -S 127.0.0.1:$port --vrfy bob >&-"
  assert_output --partial 'cannot write to standard output: Bad file descriptor'
  # but a report is not the answer
  run -0 sh -c "$call -S 127.0.0.1:$port --vrfy bob --json >/dev/full"
  assert_output --partial 'the report could not be written'
}

@test "no descriptor of ours is open in a program that is the server" {
  # what is open anyway, and then what is open in the program; 3 is bats' own
  echo "ls /proc/\$\$/fd >\$1" >list
  sh list before 3>&- </dev/null >/dev/null
  run -75 smtpsend -S 'exec:exec sh list open' -f me@x.test -t bob@y.test --body hi 3>&-
  run -1 grep -vxFf before open
  assert_output ''
}

# started_with_all_ignored ARGUMENT...: by somebody who ignores and blocks signals
started_with_all_ignored() {
  timeout 20 perl -MPOSIX -e '
    $SIG{$_} = "IGNORE" for qw(PIPE XFSZ CHLD);
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1, SIGALRM, SIGPIPE));
    exec @ARGV' "$SMTPSEND_BUILD/smtpsend" "$@" -f me@x.test -t bob@y.test --body hi
}

# gone FILE: the processes whose numbers are in it run no more, or only as long as it
# takes to die; whose parent has gone may not be reaped by anybody
gone() {
  local pid
  while read -r pid; do
    if ! timeout 2 sh -c 'while grep -qs "^State:.[^Z]" "/proc/$1/status"; do :; done' - "$pid"; then
      kill -KILL "$pid"
      fail "process $pid goes on"
    fi
  done <"$1"
}

@test "a program that is the server ends when its time is up, with all that it started" {
  local option server
  for server in 'echo $$ >>pids; exec sleep 1000' 'sleep 1000 & echo $! >>pids; wait' \
    'echo 220 x; trap "" TERM; echo $$ >>pids; sleep 1000 & echo $! >>pids; wait; sleep 1000'; do
    for option in --timeout=300ms --deadline=300ms; do
      rm -f pids
      start
      smtpsend -S "exec:$server" -f me@x.test -t bob@y.test --body hi "$option" 2>err 3>&- || assert_equal "$?" 75
      assert [ "$(ms)" -lt 1700 ]
      gone pids
    done
  done
}

@test "a program that is the server ends when the message is cancelled" {
  mkfifo there
  env --default-signal=TERM "$SMTPSEND_BUILD/smtpsend" -S 'exec:echo $$ >pids; echo >there; exec sleep 1000' \
    -f me@x.test -t bob@y.test --body hi 2>err 3>&- &
  client=$!
  read -r -t 20 _ <there
  kill -s TERM "$client"
  dies 143
  gone pids
}

@test "a program that is the server may go on when it has said its verdict" {
  local options
  program
  mkfifo events go
  exec 8<>events 9<>go
  for options in '' '-vv --timeout 300ms'; do
    # shellcheck disable=SC2086
    smtpsend -S 'exec:exec bash program QUIT' -f me@x.test -t bob@y.test --body hi $options 2>err 3>&-
    read -r -t 20 _ <&8
    echo >&9
    read -r -t 20 _ <&8
    run -0 cat rest
    assert_output $'QUIT\r'
    rm rest
  done
  exec 8>&- 9>&-
}

@test "signals are as usual in every program that we start" {
  local look='grep -E "^Sig(Blk|Ign):" /proc/self/status' name
  run -75 started_with_all_ignored -S "exec:$look >server"
  run started_with_all_ignored -S 127.0.0.1:1 -u me --password-command "$look >command; echo x"
  mkdir bin
  printf '#!/bin/sh\n%s >opener\n' "$look" >bin/xdg-open
  chmod +x bin/xdg-open
  TMPDIR=$PWD PATH=$PWD/bin:$PATH run -0 started_with_all_ignored --preview=open
  for name in server command opener; do
    run -0 cat "$name"
    # two that glibc keeps for itself do not count
    assert_output --regexp $'^SigBlk:\t0{16}\nSigIgn:\t0{7}[01][08]0{7}$'
  done
}

@test "packaging tools are told of every library that is opened at run time" {
  local section
  for section in .rodata .note.dlopen; do
    objcopy -O binary --only-section="$section" "$SMTPSEND_BUILD/smtpsend" section
    grep -aoE 'lib[a-z-]+\.so\.[0-9]+' section | sort -u >"named$section"
  done
  run -0 cat named.note.dlopen
  assert_output "$(printf 'lib%s\n' curl-gnutls.so.4 curl.so.4 gnutls.so.30 gsasl.so.18 jansson.so.4)"
  run -0 diff named.rodata named.note.dlopen
  # in the form of https://systemd.io/ELF_DLOPEN_METADATA/
  run readelf --notes "$SMTPSEND_BUILD/smtpsend" # 1: it knows no name for the type
  assert_equal "$(grep -cE '^ +FDO .*0x407c0c0a' <<<"$output")" 4
}

@test "a file that grows too large in a program that is the server ends that program" {
  run -75 bash -c 'ulimit -f 0; exec "$@"' bash timeout 20 "$SMTPSEND_BUILD/smtpsend" \
    -S 'exec:{ head -c 4096 /dev/zero >big; echo "$?" >&2; }' -f me@x.test -t bob@y.test --body hi
  assert_line 153
}

@test "no secret is in the environment or the descriptors of a program that is the server" {
  (umask 077 && echo geheim17 >pw)
  SMTPSEND_SERVER=smtp://me:geheim17@x.test SMTPSERVER=me:geheim17@x.test \
    run -75 smtpsend -S 'exec:env >environment; cat /proc/$PPID/environ >ours; cat >seven <&7' \
    -u me --password-file /dev/fd/7 -f me@x.test -t bob@y.test --body hi 7<pw
  run -0 grep -c '^SMTPSE.*=.*me:[*]*@x.test$' environment
  assert_output 2
  run -1 grep -a geheim17 environment ours seven
}

@test "a command that begins with a hyphen is no option of the shell's" {
  mkdir bin
  printf '#!/bin/sh\nprintf "221 is %%s\\r\\n" "$1"\n' >bin/-x
  chmod +x bin/-x
  PATH=$PWD/bin:$PATH run smtpsend -S 'exec:-x hyphen' -f me@x.test -t bob@y.test --body hi
  assert_output --partial '221 is hyphen'
  printf '#!/bin/sh\necho called >called; exit 3\n' >bin/-x
  PATH=$PWD/bin:$PATH run smtpsend -S 127.0.0.1:1 -u me --password-command '-x 1' -f me@x.test \
    -t bob@y.test --body hi
  assert_output --partial 'it failed with status 3'
  assert [ -e called ]
}

# --- surroundings ----------------------------------------------------------------

@test "no locale changes what goes out" {
  local locale n=0
  serve
  for locale in C POSIX tr_TR.UTF-8 tr_TR de_DE.UTF-8 no-such-locale; do
    n=$((n + 1))
    LC_ALL=$locale run -0 send --without chunking --without pipelining -s 'Title INFO i'
    assert_equal "$(field subject "$n")" 'Title INFO i'
    assert_equal "$(field mime-version "$n")" 1.0
    run -0 field date "$n"
    assert_output --regexp '^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]+ (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) '
  done
}

@test "8-bit text in a locale without a charset is UTF-8 if it can be, else refused" {
  serve
  LC_ALL=C run -0 send -s Grüße
  assert_equal "$(field subject)" '=?UTF-8?B?R3LDvMOfZQ==?='
}

@test "without HOME, and without anything in the environment, it sends" {
  serve
  run -0 env -u HOME -u XDG_CONFIG_HOME "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" \
    -f me@x.test -t bob@y.test --body hi
  run -0 env -i "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -t bob@y.test --body hi
  run -0 env HOME=/nonexistent XDG_CONFIG_HOME= "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" \
    -t bob@y.test --body hi
  messages 3
}

@test "a user without a passwd entry can send" {
  local as=(setpriv --reuid=54321 --clear-groups)
  [ "$EUID" = 0 ] || skip 'only root can become such a user'
  "${as[@]}" test -x "$SMTPSEND_BUILD/smtpsend" || skip 'such a user cannot reach the program'
  serve
  cd /
  run -0 "${as[@]}" "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -t bob@y.test --body hi
  cd "$BATS_TEST_TMPDIR"
  run -0 field from
  assert_output --regexp '^uid54321@'
}

@test "too few descriptors are a reason to try again, or a system error" {
  local n status
  serve
  for n in 4 5 6 7 8 9; do
    status=0
    # shellcheck disable=SC2016
    sh -c 'ulimit -n "$1"; shift; exec "$@"' - "$n" "$SMTPSEND_BUILD/smtpsend" \
      -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi >said 2>&1 || status=$?
    case $status in
      0 | 71 | 75) ;;
      127) grep 'loading shared libraries' said ;;    # it did not even start
      *) echo "status $status with $n descriptors: $(<said)"; false ;;
    esac
  done
}

@test "a server that never stops talking does not outlast the deadline, nor a signal" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S* 400000000 "250-X\r\n"
S! stall
EOF
  start
  run -75 send --deadline 500ms
  assert [ "$(ms)" -lt 1500 ]
  servers_end
  cp dialogue again
  play <again
  talks 'C: EHLO '
  kill -s TERM "$client"
  exec 8<&-
  dies 143
}

# One that is never through, however quick the machine is.
endless() {
  { printf 'Subject: x\n\n' && yes; } | smtpsend -S "127.0.0.1:$port" -f me@x.test -m - "$@" bob@y.test
}

@test "a deadline that passes while the message goes out is 75, not unknown" {
  serve
  run -75 endless --deadline 200ms
  assert_output --partial 'the deadline has passed'
  messages 0
}

@test "a refusal after the commit point is told by its status, whatever signal came" {
  local status=0
  program
  sed -i "s/say '250 2.0.0 ok'/say '554 5.7.1 no'/" program
  begin verdict
  kill -s INT "$client"
  kill -0 "$client"
  echo >&9
  wait "$client" || status=$?
  client=
  assert_equal "$status" 69
  run -0 cat err
  assert_output --partial '554 5.7.1 no'
}

@test "a cancelled run says so in its JSON" {
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S! stall
EOF
  talks 'C: EHLO ' --json >json
  kill -s INT "$client"
  exec 8<&-
  dies 130
  run -0 cat json
  assert_output --partial '"outcome":"cancelled","status":130'
  assert_output --partial '"verdict":"not-sent"'
}

@test "a cancelled question or check says what it was that was cancelled" {
  local call line
  play <<'EOF'
name: x

S: 220 x
C: EHLO *
S! stall
==
S: 220 x
C: EHLO *
S! stall
EOF
  for call in '--vrfy bob:before the question was asked' \
    '--check -f me@x.test -t bob@y.test:before the check was done'; do
    rm -f shown
    mkfifo shown
    # shellcheck disable=SC2086 # words
    env --default-signal=INT "$SMTPSEND_BUILD/smtpsend" -vv -S "127.0.0.1:$port" ${call%:*} 2>shown 3>&- &
    client=$!
    exec 8<shown
    while read -r -t 20 line <&8 && [[ $line != 'C: EHLO '* ]]; do :; done
    kill -s INT "$client"
    assert_equal "$(tail -n 1 <&8)" "smtpsend: 127.0.0.1:$port: cancelled ${call#*:}"
    exec 8<&-
    dies 130
  done
}
