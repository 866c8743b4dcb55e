#!/usr/bin/env bats
# --save: a copy of what the server accepted, and of nothing else.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

# send ARGUMENT...: a short message from standard input, to the server on $port
send() { smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "$@" <<<'hello'; }

# A server that loses the connection when it has the whole message.
play_unknown() {
  play <<'EOF'
name: the connection is lost after the dot

S: 220 mx.test ESMTP
C: EHLO *
S: 250 mx.test
C= MAIL FROM:<me@x.test>
S: 250 ok
C= RCPT TO:<bob@y.test>
S: 250 ok
C= DATA
S: 354 go ahead
C+ data
S! close
EOF
}

play_nothing() { play <<<$'name: x\n\nS: 220 x'; }

# subjects MAILBOX: as a reader finds them there
subjects() {
  python3 - "$1" <<'PYTHON'
import mailbox, os, sys
path = sys.argv[1]
box = mailbox.Maildir(path, create=False) if os.path.isdir(path) else mailbox.mbox(path, create=False)
for message in box:
    print(message['Subject'])
PYTHON
}

# entry MAILBOX N: the N-th message of a mailbox file, its quoting undone
entry() {
  perl -e '
    my ($file, $n) = @ARGV;
    open my $in, "<", $file or die "$file: $!\n";
    my ($at, $blank, @lines) = (0, 1);
    while (<$in>) {
      if ($blank && /^From /) { $at++; next }
      push @lines, $_ if $at == $n;
      $blank = $_ eq "\n";
    }
    pop @lines;
    s/^>(>*From )/$1/ for @lines;
    print @lines' "$1" "$2"
}

# the only file in a directory, and there must be one
only_file() {
  local found=("$1"/*)
  if [ "${#found[@]}" != 1 ] || [ ! -f "${found[0]}" ]; then
    ls -la "$1"
    return 1
  fi
  printf '%s\n' "${found[0]}"
}

empty() { assert_equal "$(ls -A "$1")" ''; }

# value NAME: what the JSON on standard output has there
value() {
  perl -MJSON::PP -e 'print JSON::PP->new->utf8->decode($ARGV[0])->{$ARGV[1]} // "null", "\n"' \
    "$output" "$1"
}

# --- mailbox files ---------------------------------------------------------------

@test "an mbox gets each message that was accepted, and readers find them all" {
  serve
  run -0 send -s One --save sent
  assert_output ''
  run -0 send -s Two --save sent
  messages 2
  run -0 subjects sent
  assert_output $'One\nTwo'
  cmp <(message 1) <(entry sent 1)
  cmp <(message 2) <(entry sent 2)
  assert_equal "$(stat -c %a sent)" 600
}

@test "an entry of an mbox says who sent it and when, in UTC" {
  serve
  before=$(date +%s)
  TZ=Asia/Tokyo run -0 send --save sent
  read -r from sender date <sent
  assert_equal "$from $sender" 'From me@x.test'
  [[ $date =~ ^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)' '[A-Z][a-z][a-z]' '[\ 0-9][0-9]' '..:..:..' '[0-9]{4}$ ]]
  at=$(date -u -d "$date" +%s)
  ((at >= before && at <= $(date +%s)))
  run -0 send --envelope-from '' --save null
  assert_equal "$(head -n 1 null | cut -d ' ' -f -2)" 'From MAILER-DAEMON'
}

@test "lines that look like the beginning of an entry are quoted in an mbox" {
  serve
  printf 'From me\n>From you\n>>From her\nFrom\n >From\nFromage\n>\n\nFrom the end' >body
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body-file body --save sent
  assert_equal "$(grep -c '^From ' sent)" 1
  grep -q '^>From me$' sent
  grep -q '^>>From you$' sent
  grep -q '^>>>From her$' sent
  grep -q '^Fromage$' sent
  cmp <(message 1) <(entry sent 1)
  assert_equal "$(tail -n 1 sent)" ''
}

@test "an mbox whose last entry has no end is continued, not spoilt" {
  serve
  for end in '' '\n' '\n\n'; do
    printf 'From a@b Thu Jan  1 00:00:00 1970\nSubject: Old\n\nold%b' "$end" >sent
    run -0 send -s New --save sent
    run -0 subjects sent
    assert_output $'Old\nNew'
  done
}

# Another program has the mailbox file "sent" until release.
locked() {
  mkfifo locked hold
  exec 8<>hold
  python3 -c '
import fcntl, sys
box = open("sent", "a")
fcntl.lockf(box, fcntl.LOCK_EX)
open("locked", "w").close()
sys.stdin.readline()' <hold 3>&- 8>&- &
  locker=$!
  read -r -t 20 _ <locked || true
}

release() {
  echo >&8
  wait "$locker"
}

@test "an mbox that another program has locked is waited for" {
  serve
  printf 'From a@b Thu Jan  1 00:00:00 1970\nSubject: Old\n\nold\n\n' >sent
  locked
  mkfifo shown
  "$SMTPSEND_BUILD/smtpsend" -vv -S "127.0.0.1:$port" -f me@x.test -t bob@y.test -s New --body hi \
    --save sent 2>shown 3>&- 8>&- &
  client=$!
  exec 9<shown
  while read -r -t 20 line <&9 && [[ $line != *QUIT ]]; do :; done
  release
  wait "$client"
  run -0 subjects sent
  assert_output $'Old\nNew'
}

@test "an mbox that stays locked is waited for until the deadline" {
  serve
  printf 'From a@b Thu Jan  1 00:00:00 1970\nSubject: Old\n\nold\n\n' >sent
  locked
  run -0 --separate-stderr send -s New --save sent --deadline 1s
  release
  assert_equal "$stderr" \
    'smtpsend: the message was sent, but no copy kept: --save: sent: another program keeps it locked'
  run -0 subjects sent
  assert_output Old
  messages 1
}

@test "a file that is no mailbox is not made one" {
  play_nothing
  echo 'a report' >report
  run -73 send --save report
  assert_output --partial 'not a mailbox file'
  assert_output --partial '.eml'
  mkfifo fifo
  run -73 send --save fifo
  assert_output --partial 'fifo: not a regular file'
  run -73 send --save /dev/null
  assert_output --partial 'not a regular file'
  nobody_came
  assert_equal "$(cat report)" 'a report'
}

@test "an mbox that cannot be written to the end is what it was before" {
  serve
  printf 'From a@b Thu Jan  1 00:00:00 1970\nSubject: Old\n\nold\n\n' >sent
  cp sent before
  head -c 100000 /dev/zero | tr '\0' '\n' >body
  # a limit stands for a disk that is full
  run -0 --separate-stderr bash -c 'ulimit -f 8; exec "$@"' - \
    "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test \
    --body-file body --save sent
  assert_equal "$stderr" \
    'smtpsend: the message was sent, but no copy kept: --save: sent: File too large'
  cmp sent before
  messages 1
}

# --- Maildirs --------------------------------------------------------------------

@test "a Maildir is created, and gets the message as one that was read" {
  serve
  run -0 send -s One --save Sent/
  run -0 send -s Two --save Sent
  for directory in Sent Sent/cur Sent/new Sent/tmp; do
    assert_equal "$(stat -c '%F %a' "$directory")" 'directory 700'
  done
  empty Sent/new
  empty Sent/tmp
  files=(Sent/cur/*)
  assert_equal "${#files[@]}" 2
  for file in "${files[@]}"; do
    [[ ${file##*/} =~ ^[0-9]+\.M[0-9]{6}P[0-9]+\.[^:/]+:2,S$ ]]
    assert_equal "$(stat -c %a "$file")" 600
  done
  run -0 bash -c "$(declare -f subjects); subjects Sent | sort"
  assert_output $'One\nTwo'
  run ! grep -c $'\r' "${files[@]}"
}

@test "a Maildir has the text of the message without a change" {
  serve
  printf 'From me\n>From you\n.\n..\nend' |
    smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --save Sent/
  cmp <(message 1) "$(only_file Sent/cur)"
}

@test "a directory with other things in it does not become a Maildir" {
  play_nothing
  mkdir other empty
  touch other/file
  run -73 send --save other/
  assert_output --partial 'not a Maildir'
  run -73 send --save empty
  nobody_came
  empty empty
  assert_equal "$(ls other)" file
}

# --- files -----------------------------------------------------------------------

@test "a file with the message alone is what the server got, byte for byte" {
  serve
  run -0 send -s Test --save copy.eml
  cmp mail/1.eml copy.eml
  assert_equal "$(stat -c %a copy.eml)" 600
  # and it can be sent again
  run -0 smtpsend -S "127.0.0.1:$port" -m copy.eml
  cmp mail/1.eml mail/2.eml
}

@test "a file with the message alone is in the form that was sent" {
  serve
  printf 'From: me@x.test\nTo: bob@y.test\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nh\xc3\xa9\n' >8bit
  run -0 smtpsend -S "127.0.0.1:$port" -m 8bit --save eight.eml
  cmp mail/1.eml eight.eml
  run -0 send --body 'größer' --save body.eml
  cmp mail/2.eml body.eml
}

@test "a file that exists is not replaced, and nothing is sent" {
  play_nothing
  echo old >copy.eml
  ln -s nowhere link.eml
  run -73 send --save copy.eml
  assert_output 'smtpsend: --save: copy.eml: File exists'
  run -73 send --save link.eml
  nobody_came
  assert_equal "$(cat copy.eml)" old
  assert_equal "$(find . -name '*.part')" ''
}

@test "a file that somebody creates meanwhile is not replaced" {
  mkdir box
  # it is there before the verdict, and was not when the message began
  cat >program <<'EOF'
say() { printf '%s\r\n' "$1"; }
say '220 x'
while IFS= read -r line; do
  case $line in
    DATA*)
      say '354 go'
      while [ "$line" != $'.\r' ]; do IFS= read -r line || exit; done
      echo theirs >box/copy.eml
      say '250 ok'
      ;;
    QUIT*) say '221 bye'; exit ;;
    *) say '250 ok' ;;
  esac
done
EOF
  run -0 smtpsend -S 'exec:exec bash program' -f me@x.test -t bob@y.test --body hi --save box/copy.eml
  assert_output \
    'smtpsend: the message was sent, but no copy kept: --save: box/copy.eml: File exists'
  assert_equal "$(cat box/copy.eml)" theirs
  assert_equal "$(ls -A box)" copy.eml
}

# --- when there is a copy, and when not ------------------------------------------

@test "a part of the recipients is enough for a copy" {
  serve --reject carl@y.test
  run -1 send -t carl@y.test --save sent
  messages 1
  cmp <(message 1) <(entry sent 1)
}

@test "nothing is kept of a message that was refused" {
  serve --reject bob@y.test
  mkdir box
  run -67 send --save box/sent
  assert_output --partial 'bob@y.test: refused: 550'
  run -67 send --save box/copy.eml
  assert_output --partial 'bob@y.test: refused: 550'
  empty box
  run -67 send --save box/Sent/
  assert_output --partial 'bob@y.test: refused: 550'
  empty box/Sent/cur
  empty box/Sent/tmp
}

@test "nothing is kept when the outcome is unknown, and one line says so" {
  mkdir box
  for name in sent copy.eml; do
    play_unknown
    run -2 --separate-stderr send --save "box/$name"
    followed
    assert_equal "${stderr_lines[-1]}" \
      "smtpsend: --save: box/$name: no copy was kept, since nobody knows whether the message was accepted"
    empty box
  done
}

@test "nothing is kept when there is no connection" {
  mkdir box
  play_nothing
  kill "$server"
  wait "$server" || true
  run -75 send --save box/copy.eml
  assert_output --partial 'Connection refused'
  run -75 send --save box/sent
  assert_output --partial 'Connection refused'
  empty box
}

@test "a place that cannot be written to is an error before anything is sent" {
  play_nothing
  mkdir box
  touch file
  for path in none/sent none/copy.eml none/Sent/ file/sent file/copy.eml file/ /proc/sent \
    /proc/copy.eml /proc/Sent/ "$(printf '%300s' '' | tr ' ' x)"; do
    run -73 send --save "$path"
    assert_output --partial "--save: ${path%/}: "
  done
  run -64 send --save ''
  assert_output --partial -- "--save: '' is empty"
  nobody_came
}

@test "a directory of others is an error before anything is sent" {
  [ "$(id -u)" = 0 ] || skip 'only root can become somebody else'
  play_nothing
  mkdir -m 755 box
  mkdir -m 700 box/Sent box/Sent/{cur,new,tmp}
  chmod 755 "$BATS_TEST_TMPDIR"
  for path in box/sent box/copy.eml box/Sent box/New/; do
    run -73 setpriv --reuid 65534 --regid 65534 --clear-groups \
      "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body x --save "$path"
    assert_output --partial 'Permission denied'
  done
  nobody_came
}

@test "Bcc is not in the copy" {
  serve
  run -0 send -b eve@z.test --save sent
  run ! grep -i -e bcc -e eve@z.test sent
  printf 'From: me@x.test\nTo: bob@y.test\nBcc: eve@z.test\n\nhi\n' >letter
  run -0 smtpsend -S "127.0.0.1:$port" -m letter --save copy.eml
  assert_equal "$(envelope 2 | grep -c eve@z.test)" 1
  run ! grep -i -e bcc -e eve@z.test copy.eml
}

@test "recipients over several transactions make one copy" {
  play <<'EOF'
name: one recipient at a time

S: 220 mx.test ESMTP
C: EHLO *
S: 250-mx.test
S: 250 LIMITS RCPTMAX=1
C= MAIL FROM:<me@x.test>
S: 250 ok
C= RCPT TO:<bob@y.test>
S: 250 ok
C= DATA
S: 354 go ahead
C+ data
S: 250 ok
C= MAIL FROM:<me@x.test>
S: 250 ok
C= RCPT TO:<carl@y.test>
S: 250 ok
C= DATA
S: 354 go ahead
C+ data
S: 250 ok
C: QUIT
S: 221 bye
EOF
  run -0 send -t carl@y.test -s Once --save sent
  followed
  run -0 subjects sent
  assert_output Once
}

@test "a large message from a pipe is kept, too" {
  serve
  { printf 'From: me@x.test\nTo: bob@y.test\nSubject: Large\n\n'
    head -c 3000000 /dev/zero | tr '\0' 'x' | fold -w 70; } |
    smtpsend -S "127.0.0.1:$port" -m - --save copy.eml
  cmp mail/1.eml copy.eml
  head -c 3000000 /dev/zero | tr '\0' 'x' | fold -w 70 |
    smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --save sent
  cmp <(message 2) <(entry sent 1)
}

@test "the report names the copy" {
  serve
  run -0 send --save sent -v
  assert_line 'smtpsend: a copy is in sent'
  run -0 send --save sent --json
  assert_equal "$(value saved)" sent
  run -0 send --save Sent/ --json
  assert_equal "$(value saved)" "$(only_file Sent/cur)"
  run -0 send --json
  assert_equal "$(value saved)" null
}

# tildes that no shell has seen:
# shellcheck disable=SC2088
@test "a tilde is the home in every option that names a file, and wherever it is set" {
  serve
  echo Home >"$HOME/text"
  echo bob@y.test >"$HOME/people"
  (umask 077 && echo secret >"$HOME/pw")
  printf 'From: a@x.test\nSubject: x\nMessage-ID: <1@x.test>\nTo: bob@y.test\n\nHome\n' >"$HOME/m.eml"
  printf 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n' >"$HOME/i.ics"
  echo 'NOOP' >"$HOME/script"
  run -0 smtpsend -S "127.0.0.1:$port" -f a@x.test '--to-file=~/people' '--cc-file=~/people' '--bcc-file=~/people' \
    '--body-file=~/text' '--attach=~/text,name=x' '--inline=~/text' '--html=~/text' '--forward=~/m.eml' \
    '--calendar=~/i.ics' '--in-reply-to=~/m.eml' '--transcript=~/log'
  grep -q '^In-Reply-To: <1@x.test>' mail/1.eml
  grep -q 'RCPT TO' "$HOME/log"
  run -0 smtpsend -S "127.0.0.1:$port" '-m~/m.eml'
  run -0 smtpsend -S "127.0.0.1:$port" '--script=~/script'
  run -0 smtpsend -S "127.0.0.1:$port" --script - <<<$'EHLO x\nMAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\nDATA <~/m.eml\nMAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\nBDAT <~/m.eml'
  run -0 smtpsend --show-settings -S 'unix:~/socket'
  assert_line --partial "server = unix:$HOME/socket"
  run -0 smtpsend --show-settings -S 'LMTP+unix:~/socket'
  assert_line --partial "server = LMTP+unix:$HOME/socket"
  SMTPSEND_BCC_FILE='~/people' SMTPSEND_PASSWORD_FILE='~/pw' run -0 smtpsend --show-settings
  assert_line --partial "bcc-file = $HOME/people"
  assert_line --partial "password-file = $HOME/pw"
  run -66 smtpsend -S 127.0.0.1:1 -f a@x.test --body hi -t bob@y.test -a '~/nothing'
  assert_output --partial "$HOME/nothing: No such file"
  run -64 env -u HOME "$SMTPSEND_BUILD/smtpsend" -S 127.0.0.1:1 -f a@x.test --body hi -t bob@y.test -a '~/text'
  assert_line --index 0 "smtpsend: --attach: '~/text': HOME is not set"
  SMTPSEND_SAVE='~/x' run -78 env -u HOME "$SMTPSEND_BUILD/smtpsend" -S 127.0.0.1:1 --body hi -t bob@y.test
  assert_line --index 0 "smtpsend: SMTPSEND_SAVE: '~/x': HOME is not set"
}

@test "a tilde is the home of --save, in a configuration, too" {
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo 'save = ~/Sent/' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 send -s Home
  run -0 subjects "$HOME/Sent"
  assert_output Home
  run -0 send '--save=~/mbox'
  [ -s "$HOME/mbox" ]
  [ ! -e '~' ]
}

@test "a signal that comes while the verdict is awaited does not take the copy away" {
  cat >program <<'EOF'
say() { printf '%s\r\n' "$1"; }
say '220 x'
while IFS= read -r line; do
  case $line in
    DATA*)
      say '354 go'
      while IFS= read -r line && [ "$line" != $'.\r' ]; do :; done
      echo >complete
      read -r _ <go
      say '250 ok'
      ;;
    QUIT*) say '221 bye'; break ;;
    *) say '250 ok' ;;
  esac
done
EOF
  mkfifo complete go
  exec 8<>complete 9<>go
  for name in sent copy.eml; do
    env --default-signal=TERM "$SMTPSEND_BUILD/smtpsend" -S 'exec:exec bash program' -f me@x.test \
      -t bob@y.test -s Kept --body hi --save "$name" 3>&- 8>&- 9>&- &
    client=$!
    read -r -t 20 _ <&8
    kill -s TERM "$client"
    echo >&9
    wait "$client"
    grep -q '^Subject: Kept' "$name"
  done
}
