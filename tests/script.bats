#!/usr/bin/env bats
# Scripts: what is said, the stop rule, and what comes of it.
# shellcheck source-path=SCRIPTDIR

load testserver

# script OPTION...: the script is on standard input
script() { smtpsend -S "127.0.0.1:$port" --script - "$@"; }

@test "every line goes as it is written, and every reply is printed" {
  play <<'END'
name: a script

S: 220-mx.test
S: 220 ready
C= ehlo  me
S: 250-mx.test
S: 250 HELP
C= MAIL FROM:<a@x.test>	X
S: 250 2.1.0 ok
C= DATA
S: 354 go
C= one
C= ..two
C= .
S: 250 2.0.0 queued
C= FROBNICATE
S: 250 why not
C: QUIT
S: 221 bye
END
  run -0 --separate-stderr script <<'END'
# a comment
ehlo  me

MAIL FROM:<a@x.test>	X
DATA
one
..two
.
FROBNICATE
END
  assert_output - <<'END'
220-mx.test
220 ready
250-mx.test
250 HELP
250 2.1.0 ok
354 go
250 2.0.0 queued
250 why not
END
  assert_equal "${stderr?}" ''
  followed
}

@test "a byte order mark is no part of a script" {
  serve
  printf '\xef\xbb\xbfNOOP\r\nEHLO me\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nhi\r\n.\r\n' >commands
  run -0 script <commands
  script --keep-open < <(cat commands)
  run -0 smtpsend -S "127.0.0.1:$port" --script commands
  messages 3
  assert_equal "$(cat mail/*.eml | tr -d '\r')" $'hi\nhi\nhi'
  printf '\xef\xbb\xbfNOOP\n!nonsense\n' >commands
  run -65 smtpsend -S 127.0.0.1:1 --script commands
  assert_output --partial 'commands:2: '
}

@test "a script that is wrong anywhere connects nowhere, and the line is named" {
  play <<<$'name: nobody\n\nS: 220 mx'
  printf 'EHLO me\nQUIT\n!expect 25o\n' >bad
  run -65 --separate-stderr smtpsend -S "127.0.0.1:$port" --script bad
  assert_equal "${stderr?}" "smtpsend: bad:3: !expect: '25o' is no reply code"
  assert_output ''
  run -66 smtpsend -S "127.0.0.1:$port" --script nofile
  run -66 smtpsend -S "127.0.0.1:$port" --script .
  run -64 smtpsend -S "127.0.0.1:$port" --script bad --script bad
  run -64 smtpsend -S "127.0.0.1:$port" --script bad bob@x.test
  assert_output --partial "'bob@x.test': of no use to --script"
  run -64 smtpsend -S "127.0.0.1:$port" --keep-going -t bob@x.test </dev/null
  assert_output --partial '--keep-going is for scripts'
  run -64 script <<<AUTH
  assert_output --partial 'AUTH needs a user'
  nobody_came
}

@test "221 and 421 end a script with their status, and nothing more is said" {
  local code status
  for code in 221 421; do
    play <<END
name: the end

S: 220 mx
C= NOOP
S: $code bye
C+ end
END
    status=$((code == 221 ? 0 : 75))
    run -$status script --keep-going <<<$'NOOP\nNOOP'
    assert_line --index 1 "$code bye"
    followed
  done
}

@test "4yz and 5yz end a script, --keep-going goes on, !expect takes them" {
  local code
  for code in 450 550; do
    play <<END
name: a refusal

S: 220 mx
C= NOOP
S: $code no
C= QUIT
==
S: 220 mx
C= NOOP
S: $code no
C= NOOP
S: 250 ok
C= QUIT
==
S: 220 mx
C= NOOP
S: $code no
C= NOOP
S: 250 ok
C= QUIT
END
    run -$((code == 450 ? 75 : 69)) script <<<$'NOOP\nNOOP'
    run -$((code == 450 ? 75 : 69)) script --keep-going <<<$'NOOP\nNOOP'
    assert_line '250 ok'
    run -0 script <<<$'NOOP\n!expect 221,'$code$'\nNOOP'
    followed
  done
}

@test "a reply that is not the expected one ends a script with 76, and says so" {
  play <<<$'name: x\n\nS: 220 mx\nC= NOOP\nS: 250 ok\nC= QUIT'
  run -76 script <<<$'NOOP\n!expect 550\nNOOP'
  assert_line --partial 'standard input:1: expected 550: NOOP: 250 ok'
  followed
}

@test "a message whose verdict does not come is unknown: 2" {
  play <<'END'
name: lost behind the dot

S: 220 mx
C= DATA
S: 354 go
C+ data
S! close
END
  run -2 script --json <<<$'DATA\nhello\n.'
  assert_line --partial '"code":null,"enhanced":null,"text":[],"error":"standard input:1: message: '
  followed
}

@test "a message that goes by !send and is not answered is unknown, too" {
  local end
  for end in '!expect 250' '!drop' ''; do
    play <<<$'name: x\n\nS: 220 mx\nC= DATA\nS: 354 go\nC= .\nS! close'
    run -2 script <<<$'!send DATA\\r\\n\n!expect 354\n!send .\\r\\n\n'"$end"
    followed
  done
}

@test "a refusal behind a message that was taken is 1, not 69: somebody has it" {
  play <<'END'
name: taken

S: 220 mx
C= DATA
S: 354 go
C+ data
S: 250 queued
C= NOOP
S: 550 no
C= QUIT
END
  run -1 script <<<$'DATA\nhello\n.\nNOOP'
  followed
}

@test "--json: an object for each reply; 600 and 621 for what is none" {
  local reply code
  for code in 600 621; do
    reply='hello'
    [ "$code" = 600 ] || reply='250-hello'
    play <<END
name: no reply

S: 220 mx
C= NOOP
S: 250-2.0.0 one
S: 250 2.0.0 two
C= RSET
S: $reply
S! close
END
    run -$((code == 600 ? 76 : 75)) --separate-stderr script --json <<<$'NOOP\nRSET'
    assert_equal "$(columns version line command code enhanced text <<<"$output")" \
      '[[1,null,null,220,null,["mx"]],[1,1,"NOOP",250,"2.0.0",["one","two"]],[1,2,"RSET",'$code',null,[]]]'
  done
}

@test "!send sends bytes as they are, !expect waits for their reply, !drop hangs up" {
  play <<'END'
name: bytes

S: 220 mx
C= EHLO me
S: 250 mx
C+ octets 3
C+ end
END
  run -0 script <<'END'
!send EH
!sleep 1ms
!send LO me\r\n
!expect 250
!send \0\xff\n
!drop
END
  assert_output $'220 mx\n250 mx'
  followed
}

@test "!pipeline sends its lines at once, offered or not" {
  play <<'END'
name: a flight

S: 220 mx
C= EHLO me
S: 250 mx
C= MAIL FROM:<>
C= BAD
C= RCPT TO:<b@x.test>
C= DATA
S: 250 ok
S: 500 bad
S: 250 ok
S: 354 go
C+ data
S: 250 queued
C= QUIT
END
  run -0 script <<'END'
EHLO me
!pipeline
MAIL FROM:<>
!send BAD\r\n
!expect 500
RCPT TO:<b@x.test>
DATA
.
!end
END
  followed
}

@test "--keep-open says each line of a pipe as it comes, and goes on after refusals" {
  play <<'END'
name: line by line

S: 220 mx
C= NOOP
S: 550 no
C= RSET
S: 250 ok
C: QUIT
END
  mkfifo lines
  "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" --script - --keep-open <lines >said &
  client=$!
  exec 4>lines
  echo NOOP >&4
  until grep -q '^550' said; do :; done
  echo RSET >&4
  until grep -q '^250' said; do :; done
  exec 4>&-
  wait "$client"
  followed
}

@test "a script that waits is ended by a signal and by the deadline" {
  play <<<$'name: x\n\nS: 220 mx\nC+ end\n==\nS: 220 mx\nC+ end'
  run -75 script --deadline 300ms <<<'!sleep 1m'
  mkfifo lines
  "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" --script - --keep-open <lines >said &
  client=$!
  exec 4>lines
  until grep -q '^220' said; do :; done
  kill -TERM "$client"
  status=0
  wait "$client" || status=$?
  assert_equal "$status" 143
  exec 4>&-
  followed
}

@test "a file that DATA names is stuffed, and BDAT says its size" {
  printf '.one\nlast' >message
  play <<'END'
name: files

S: 220 mx
C= DATA
S: 354 go
C= ..one
C= last
C= .
S: 250 ok
C= BDAT 9 LAST
C+ octets 9
S: 250 ok
C= QUIT
END
  run -0 script <<<$'DATA <message\nBDAT <message'
  followed
}

@test "what is behind AUTH in a script is in no transcript" {
  play <<<$'name: x\n\nS: 220 mx\nC= AUTH PLAIN AGJvYgBzZWNyZXQ=\nS: 235 AGJvYgBzZWNyZXQ= ok\nC= QUIT'
  run -0 script -vv --json <<<'AUTH PLAIN AGJvYgBzZWNyZXQ='
  refute_output --partial AGJv
  assert_output --partial 'AUTH PLAIN ********'
  followed
}

@test "what answers a challenge by hand is in no transcript" {
  play <<<$'name: x\n\nS: 220 mx\nC= AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC= Ym9i\nS: 334 UGFzc3dvcmQ6\nC= c2VjcmV0cHc=\nS: 535 secretpw no\nC= QUIT'
  run -69 script -vv --hexdump --json <<<$'!send AUTH LOGIN\\r\\n\n!expect 334\nYm9i\n!send c2VjcmV0cHc=\\r\\n\n!expect 235'
  refute_output --partial c2VjcmV0
  refute_output --partial secretpw
  refute_output --partial Ym9i
  followed
}

@test "a message is lost by no report that cannot be written, nor by QUIT" {
  play <<<$'name: x\n\nS: 220 mx\nC= DATA\nS: 354 go\nC+ data\nS: 250 ok\nC= QUIT\nS! close'
  run -0 sh -c "'$SMTPSEND_BUILD/smtpsend' -S 127.0.0.1:$port --script - >/dev/full" <<<$'DATA\n.\nQUIT'
  followed
}

@test "a signal behind a message that is out ends with 2" {
  play <<<$'name: x\n\nS: 220 mx\nC= DATA\nS: 354 go\nC= .\nC+ end'
  "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" --script - -vv 2>log \
    <<<$'!send DATA\\r\\n\n!expect 354\n!send .\\r\\n\n!sleep 1m' &
  client=$!
  until grep -qF 'C: .' log; do :; done
  kill -TERM "$client"
  status=0
  wait "$client" || status=$?
  assert_equal "$status" 2
  followed
}

@test "another signal leaves the message of a script unknown" {
  local line='' rest=''
  play <<<$'name: x\n\nS: 220 mx\nC= DATA\nS: 354 go\nC+ data\nC+ end'
  mkfifo said
  exec 8<>said
  "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" --script - -vv 2>said 3>&- \
    <<<$'DATA\nhi\n.\nNOOP' &
  client=$!
  until [ "$line" = 'C: .' ]; do read -r -t 20 line <&8; done
  while kill -TERM "$client" 2>/dev/null; do
    read -r -t 0.2 line <&8 && rest+=$line
  done
  while read -r -t 0.2 line <&8; do rest+=$line; done
  exec 8<&-
  status=0
  wait "$client" || status=$?
  assert_equal "$status" 2
  assert_regex "$rest" 'cancelled while the verdict was awaited'
  followed
}

@test "where TLS is demanded neither a message nor AUTH goes before it" {
  local line
  (umask 077 && echo secretpw >pw)
  echo x >message
  for line in 'DATA <message' 'BDAT <message' AUTH; do
    play <<<$'name: x\n\nS: 220 mx\nC= EHLO me\nS: 250-mx\nS: 250 AUTH PLAIN\nC= QUIT'
    run -77 script --tls=starttls -u bob --password-file pw <<<$'EHLO me\n'"$line"$'\nAUTH'
    followed
  done
}

@test "BDAT goes in a flight with what is before it, pipelining or not" {
  echo x >message
  play <<<$'name: x\n\nS: 220 mx\nC= MAIL FROM:<>\nC= BDAT 2 LAST\nC+ octets 2\nS: 250 ok\nS: 250 ok\nC= QUIT'
  run -0 script <<<$'!pipeline\nMAIL FROM:<>\nBDAT <message\n!end'
  followed
}

@test "a 421 that is expected is as good as 2yz, and ends a script" {
  play <<<$'name: x\n\nS: 220 mx\nC= NOOP\nS: 421 bye\nC+ end'
  run -0 script -vv <<<$'NOOP\n!expect 421\nNOOP'
  assert_line -- '-- closed by us'
  followed
}

@test "verdicts that come behind a 421 are heard" {
  play <<<$'name: x\n\nS: 220 mx\nC= LHLO me\nS: 250 mx\nC= RCPT TO:<a>\nS: 250 a\nC= RCPT TO:<b>\nS: 250 b\nC= DATA\nS: 354 go\nC+ data\nS: 421 one\nS: 250 two'
  run -1 script <<<$'LHLO me\nRCPT TO:<a>\nRCPT TO:<b>\nDATA\n.'
  assert_line '250 two'
  followed
}

@test "a yes that comes before the end of a message is none" {
  head -c 8000000 /dev/zero | tr '\0' 'x' | fold >big
  play <<<$'name: x\n\nS: 220 mx\nC= DATA\nS: 354 go\nC+ octets 100000\nS: 250 odd\nS! close'
  run -76 script <<<'DATA <big'
  followed
}
