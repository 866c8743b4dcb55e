#!/usr/bin/env bats
# Files, names and values that are odd, for everything that a message is made of: it
# is said what is wrong and where, before anybody is called; or all of it arrives.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

setup() {
  to=(-S 127.0.0.1:1 -f me@x.test -t bob@y.test)
}

# All options that read a file, as what they are given goes behind them.
parts=(--attach= --html= --inline= --calendar= --forward= --in-reply-to=)
texts=(--body-file= -m)
lists=(--to-file= --cc-file= --bcc-file=)

# wrong TEXT...: notes what no test is to end with
wrong() { printf '%s\n' "$*" >>wrong; }
none_wrong() {
  [ ! -s wrong ] || {
    cat wrong
    return 1
  }
}

# ends STATUS TEXT ARGUMENT...: it must end so, and say the text about it; nobody
# listens where it would connect, so that 75 is the status of whoever tries to
ends() {
  local status=0
  timeout 10 "$SMTPSEND_BUILD/smtpsend" "${@:3}" >said 2>&1 </dev/null || status=$?
  if [ "$status" != "$1" ] || ! grep -qF -e "$2" said; then
    wrong "status $status for $1 and '$2': $(printf '%q ' "${@:3}" | head -c 300):" \
      "$(head -c 300 said)"
  fi
}

# file_ends STATUS TEXT FILE OPTION...: the same for a file, as all these options read it
file_ends() {
  local option
  for option in "${@:4}"; do
    case $option in
      --body-file= | -m | --html=) ends "$1" "$2" "${to[@]}" "$option$3" ;;
      *) ends "$1" "$2" "${to[@]}" --body hi "$option$3" ;;
    esac
  done
}

# part NUMBER [N]: the decoded bytes of a part of the N-th message, counted from 0
part() {
  /usr/bin/python3 -B -c '
import email, sys
with open(sys.argv[2], "rb") as file:
    message = email.message_from_bytes(file.read())
leaves = [part for part in message.walk() if not part.is_multipart()]
sys.stdout.buffer.write(leaves[int(sys.argv[1])].get_payload(decode=True))' \
    "$1" "mail/${2:-1}.eml"
}

# A message that needs nothing, and an invitation.
letter=$'From: me@x.test\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: <1@x.test>\n'
letter+=$'To: bob@y.test\nSubject: x\n'
invitation=$'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n'

# --- files that cannot be read ---------------------------------------------------------

@test "a file that is none is named, and nobody is called" {
  mkdir directory
  ln -s nowhere dangling
  ln -s loop loop
  perl -MSocket -e 'socket my $s, PF_UNIX, SOCK_STREAM, 0 or die;
    bind $s, sockaddr_un("socket") or die'
  echo hi >file
  local long
  long=$(printf 'n%.0s' {1..300})
  file_ends 66 'nothing-here: No such file' nothing-here "${parts[@]}" "${texts[@]}" "${lists[@]}"
  file_ends 66 'dangling: No such file' dangling "${parts[@]}" "${texts[@]}" "${lists[@]}"
  file_ends 66 'loop: Too many levels' loop "${parts[@]}" "${texts[@]}" "${lists[@]}"
  file_ends 66 'directory: Is a directory' directory "${parts[@]}" "${texts[@]}" "${lists[@]}"
  file_ends 66 'socket: ' socket "${parts[@]}" "${texts[@]}" "${lists[@]}"
  file_ends 66 'file/x: Not a directory' file/x "${parts[@]}" "${texts[@]}" "${lists[@]}"
  file_ends 66 'File name too long' "$long" "${parts[@]}" "${texts[@]}" "${lists[@]}"
  none_wrong
}

@test "an error while a file is read is one of the input" {
  [ -e /proc/self/mem ] || skip 'there is no /proc'
  file_ends 66 'cannot read /proc/self/mem: Input/output error' /proc/self/mem \
    "${parts[@]}" "${texts[@]}" "${lists[@]}"
  none_wrong
}

@test "an empty file is an empty text, and never an invitation or a message" {
  : >empty
  serve
  local option n=0
  for option in --attach= --inline= --html= --body-file=; do
    local body=(--body hi)
    if [ "$option" = --body-file= ]; then body=(); fi
    n=$((n + 1))
    smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "${body[@]}" "${option}empty"
    assert_equal "$(part $((n < 4)) "$n" | tr -d '\r\n')" ''
  done
  file_ends 65 'empty: no iCalendar object' empty --calendar=
  file_ends 65 'empty: line 1 is no header field' empty --forward=
  file_ends 65 'empty: no Message-ID' empty --in-reply-to=
  file_ends 64 'no recipients' empty -m --to-file= # what is left of the call says nothing of them
  messages 4
}

@test "files without a size have bytes" {
  [ -s /proc/version ] || [ -r /proc/version ] || skip 'there is no /proc'
  serve
  cat /proc/version >version
  local option n=0
  for option in --attach= --body-file= --html=; do
    n=$((n + 1))
    local body=(--body hi)
    if [ "$option" = --body-file= ]; then body=(); fi
    smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "${body[@]}" "$option/proc/version"
    part $((n != 2)) "$n" | tr -d '\r' | cmp - version
  done
  file_ends 65 '/proc/version: line 1 is no header field' /proc/version -m --forward=
  file_ends 65 '/proc/version: no iCalendar object' /proc/version --calendar=
  none_wrong
}

# --- files that change or stall --------------------------------------------------------

# A server that does something to a file at MAIL, when all of it has been looked at.
# "got" is what came, "taken" is there if it came with its end.
meddler() {
  cat >meddler.pl <<'PERL'
$| = 1;
print "220 x\r\n";
while (<STDIN>) {
    if (/^DATA/) {
        print "354 go\r\n";
        open my $got, '>', 'got' or die;
        while (<STDIN>) {
            last if $_ eq ".\r\n";
            s/^\.//;
            print $got $_;
        }
        close $got;
        if (defined $_) { open my $taken, '>', 'taken' or die }
    } elsif (/^MAIL/) {
        system('sh', '-c', $ARGV[0]) == 0 or die;
    }
    print "250 ok\r\n";
    exit if /^QUIT/;
}
PERL
}

# meddle SHELL-COMMAND ARGUMENT...
meddle() {
  rm -f got taken
  SMTPSEND_SERVER="exec:exec perl meddler.pl '$1'" timeout 20 "$SMTPSEND_BUILD/smtpsend" \
    -f me@x.test -t bob@y.test "${@:2}" 2>said </dev/null
}

# changing OPTION COUNT: makes "changes", a file for the option with so many lines,
# and "original", a copy
changing() {
  perl -e 'print "abcdefghi jklmnopq rstuvwxyz 0123456789 ABCDEFG\r\n" x ($ARGV[0] - 1), "the end\r\n"' \
    "$2" >bytes
  case $1 in
    -m | --forward=) { printf '%s\n' "$letter"; cat bytes; } >changes ;;
    --calendar=)
      { printf '%sX-A:1\r\n' "${invitation%END*}"; cat bytes; echo END:VCALENDAR; } >changes
      ;;
    *) cat bytes >changes ;;
  esac
  cp changes original
}

@test "a file that shrinks is never cut short" {
  meddler
  local option lines status
  for option in --attach= --html= --inline= --calendar= --forward= --body-file= -m; do
    # in memory as a whole, and not
    for lines in 100 60000; do
      local body=(--body hi)
      case $option in -m | --body-file=) body=() ;; esac
      changing "$option" "$lines"
      status=0
      meddle 'truncate -s -1500 changes' "${body[@]}" "${option}changes" || status=$?
      case $status in
        0) grep -q '^the end' got || wrong "$option $lines: sent, but not all" ;;
        65)
          [ ! -e taken ] || wrong "$option $lines: taken"
          grep -q 'changes changed' said || wrong "$option $lines: $(cat said)"
          ;;
        *) wrong "$option $lines: $status $(cat said)" ;;
      esac
      if [ "$lines" = 60000 ] && [ "$status" = 0 ]; then wrong "$option: sent"; fi
    done
  done
  none_wrong
}

@test "a file that grows is sent as it was" {
  meddler
  mkdir mail
  local option lines
  for option in --attach= --attach=-,name=x.bin --html= --inline= --body-file= -m; do
    for lines in 100 60000; do
      local body=(--body hi)
      case $option in -m | --body-file=) body=() ;; esac
      changing "$option" "$lines"
      if [ "$option" = --attach=-,name=x.bin ]; then
        SMTPSEND_SERVER="exec:exec perl meddler.pl 'echo more >>changes'" \
          smtpsend -f me@x.test -t bob@y.test "$option" <changes || wrong "$option $lines"
      else
        meddle 'echo more >>changes' "${body[@]}" "${option}changes" ||
          wrong "$option $lines: $(cat said)"
      fi
      mv got mail/1.eml
      case $option in
        -m)
          sed '1,/^\r*$/d' original | cmp - <(sed '1,/^\r*$/d' mail/1.eml) ||
            wrong "$option $lines"
          ;;
        --body-file=) part 0 | cmp - original || wrong "$option $lines" ;;
        *) part 1 | cmp - original || wrong "$option $lines" ;;
      esac
    done
  done
  none_wrong
}

@test "a file that is removed on the way arrives" {
  meddler
  mkdir mail
  changing --attach= 60000
  meddle 'rm changes' --body hi --attach changes
  mv got mail/1.eml
  part 1 | cmp - original
}

@test "a FIFO that stalls ends at the deadline, whatever it is read for" {
  local option start=${EPOCHREALTIME/./}
  mkfifo stalls
  exec 8<>stalls
  printf 'BEGIN:VCALENDAR\n' >&8
  for option in --html --inline --calendar --forward --cc-file --bcc-file; do
    ends 75 stalls "${to[@]}" --deadline 200ms --body hi "$option" stalls
  done
  exec 8>&-
  none_wrong
  assert [ $((${EPOCHREALTIME/./} - start)) -lt 6000000 ]
}

@test "^C ends the wait for a FIFO, whatever it is read for" {
  local option status
  play <<<$'name: x\n\nS: 220 x'
  for option in "${parts[@]}" "${texts[@]}" --to-file=; do
    local body=(--body hi)
    case $option in -m | --body-file=) body=() ;; esac
    rm -f stalls
    mkfifo stalls
    env --default-signal=INT "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test \
      -t bob@y.test "${body[@]}" "${option}stalls" >/dev/null 2>&1 </dev/null 3>&- &
    client=$!
    # waits until it is open for reading, too
    exec 8>stalls
    kill -s INT "$client"
    status=0
    wait "$client" || status=$?
    [ "$status" = 130 ] || wrong "$option: $status"
    client=''
    exec 8>&-
  done
  none_wrong
  nobody_came
}

@test "a log with a bad byte is sent by what the hint says" {
  local bad
  serve
  for bad in 'one\ntwo\n\xffthree\n' 'one\ntwo\nth\0ree\n'; do
    # shellcheck disable=SC2059
    printf "$bad" >log
    run -65 smtpsend -S "127.0.0.1:$port" -f me@x.test -s Alert bob@y.test <log
    assert_output --partial 'line 3'
    assert_line 'smtpsend: hint: --attach - sends it as a file, whatever is in it'
    run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -s Alert bob@y.test --attach - <log
    run -65 smtpsend -S "127.0.0.1:$port" -f me@x.test -s Alert bob@y.test --body-file log
    assert_output --partial 'line 3'
    assert_line 'smtpsend: hint: --attach log sends it as a file, whatever is in it'
    run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -s Alert bob@y.test --body '' --attach log
    assert_equal "$(cat mail/*.eml | tr -d '\r' | grep -cx "$(base64 <log)")" 2
    rm mail/*
  done
  printf '\xe4\n\xff' >log
  run -65 smtpsend -S "127.0.0.1:$port" -f me@x.test -s Alert bob@y.test --charset utf-8 <log
  assert_line 'smtpsend: hint: --charset NAME says which charset the text is in'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -s Alert bob@y.test --charset iso-8859-1 <log
}

# --- charsets --------------------------------------------------------------------------

@test "what is not in its charset is refused, with the byte where it is" {
  printf 'ab\nc\xffd\n' >bad
  printf '<p>ab\nc\xffd\n' >bad.html
  printf '<meta charset=utf-8>\xff' >meta.html
  printf 'BEGIN:VCALENDAR\nSUMMARY:\xff\nEND:VCALENDAR\n' >bad.ics
  # over the edge of a buffer, and a sequence that is cut
  { head -c 1048575 /dev/zero | tr '\0' '\n'; printf '\xc3\xa4\xc3'; } >late
  file_ends 65 'bad: byte 5 is not UTF-8' bad --body-file=
  ends 65 '--body: byte 2 is not UTF-8' "${to[@]}" --body $'a\xff'
  file_ends 65 'bad.html: byte 8 is not UTF-8' bad.html --html=
  file_ends 65 'meta.html: byte 21 is not UTF-8' meta.html --html=
  file_ends 65 'bad.ics: byte 25 is not UTF-8' bad.ics --calendar=
  file_ends 65 'bad: byte 5 is not UTF-8' bad,type=text/plain --attach= --inline=
  file_ends 65 'late: byte 1048578 is not UTF-8' late --body-file=
  file_ends 65 'late: byte 1048578 is not UTF-8' late,type=text/plain --attach=
  ends 64 '--subject: byte 2' "${to[@]}" --body hi -s $'a\xff'
  ends 64 '--header: byte 5' "${to[@]}" --body hi -H $'X: a\xff'
  none_wrong
}

@test "a text that is not in its charset is attached as bytes, never mislabelled" {
  serve
  printf 'ab\nc\xffd\n' >bad.txt
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi -a bad.txt -a bad.txt,inline
  assert_equal "$(message | grep -c '^Content-Type: application/octet-stream$')" 2
  part 1 | cmp - bad.txt
  part 2 | cmp - bad.txt
}

@test "a charset that does not exist is refused where it is given" {
  echo hi >file
  for charset in nosuch UTF-16 '' ' ' 'utf-8; x=y' "$(printf 'x%.0s' {1..1000})"; do
    ends 64 '--charset' "${to[@]}" --body hi --charset "$charset"
  done
  ends 64 "file: no charset that mail can have: 'nosuch'" "${to[@]}" --body hi \
    --attach 'file,type=text/plain; charset=nosuch'
  none_wrong
}

# --- names and values ------------------------------------------------------------------

@test "no control character comes into a header by a file's name" {
  local i name n=0
  serve
  for i in {1..31} 127; do
    printf -v name '%b' "a\\x$(printf %02x "$i")b"
    echo hi >"$name"
    ends 64 'smtpsend: --attach: ' "${to[@]}" --body hi --attach "list,name=$name"
    case $i in
      10 | 13)
        ends 64 'has a line break' "${to[@]}" --body hi --attach "$name"
        ends 64 'has a line break' "${to[@]}" --body hi --inline "$name"
        ;;
      *)
        ends 64 'invisible characters' "${to[@]}" --body hi --attach "$name"
        ends 64 'invisible characters' "${to[@]}" --body hi --inline "$name"
        smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi \
          --attach "$name,name=ab" || wrong "$i"
        n=$((n + 1))
        ;;
    esac
    ends 64 'smtpsend: ' "${to[@]}" --body hi --attach "$name,type=text/plain; x=$name"
    ends 64 'smtpsend: ' "${to[@]}" --body hi --attach "$name,cid=$name"
  done
  none_wrong
  messages "$n"
  # tabs only where lines are folded
  run ! grep -q $'[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]\|[^\r]\t' mail/*.eml
}

@test "a type that mail cannot carry is refused" {
  echo hi >file
  local type
  for type in text plain /plain text/ 'text /plain' 'text/plain;' 'text/plain; x' 'text/plain; x=' \
    'text/plain; x="a' 'text/plain; =a' 'téxt/plain' 'text/plain; x="ä"' 'text/plain; ä=a' \
    'text/plain; x=a b' 'multipart/mixed; boundary=x' "text/$(printf 'x%.0s' {1..2000})"; do
    ends 64 'smtpsend: ' "${to[@]}" --body hi --attach "file,type=$type"
  done
  none_wrong
}

@test "what is no header field is refused" {
  local field
  for field in 'Xa' ': b' ' X: b' 'X a: b' 'Xä: a' $'X\x01: a' $'X\x7f: a' '' \
    "$(printf 'x%.0s' {1..2000}): b"; do
    ends 64 '--header' "${to[@]}" --body hi -H "$field"
  done
  none_wrong
}

@test "10,000 fields can be given, and each of them arrives" {
  local fields
  mapfile -t fields < <(printf -- '-H\nX-%d: value\n' {1..10000})
  serve
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi "${fields[@]}"
  assert_equal "$(message | grep -c '^X-[0-9]*: value$')" 10000
}

@test "values as long as the system lets them be are folded" {
  local long spaces
  long=$(head -c 120000 /dev/zero | tr '\0' x)
  spaces=$(head -c 120000 /dev/zero | tr '\0' ' ')
  serve
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi -s "$long" -H "X-A: $long" \
    -H "X-B: a$spaces"
  assert_equal "$(message | grep '.\{79\}')" ''
  run -0 /usr/bin/python3 -B -c '
import email, email.policy
with open("mail/1.eml", "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.default)
print(message["subject"].count("x"), message["x-a"].count("x"))'
  assert_output '120000 120000'
  ends 64 'smtpsend: --message-id: ' "${to[@]}" --body hi --message-id "<$long@x.test>"
  ends 64 'smtpsend: --in-reply-to: ' "${to[@]}" --body hi --in-reply-to "<$long@x.test>"
  ends 64 'smtpsend: --list-id: ' "${to[@]}" --body hi --list-id "$long.x.test"
  ends 64 'smtpsend: --list-unsubscribe: ' "${to[@]}" --body hi --list-unsubscribe "https://$long"
  none_wrong
}

@test "a name of 5,000 characters arrives" {
  local name umlauts
  name=$(printf 'n%.0s' {1..5000})
  umlauts=$(printf 'ä%.0s' {1..5000})
  echo hi >file
  serve
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi -a "file,name=$name" \
    -a "file,name=$umlauts"
  run -0 /usr/bin/python3 -B -c '
import email
with open("mail/1.eml", "rb") as file:
    message = email.message_from_binary_file(file)
print([part.get_filename() for part in message.walk()][-2:])'
  assert_output "['$name', '$umlauts']"
  assert_equal "$(message | grep '.\{79\}')" ''
}

@test "a header line of 1 MB is refused, by its number, or folded in what is passed on" {
  {
    printf '%sX-A: ' "$letter"
    head -c 1000000 /dev/zero | tr '\0' y
    printf '\n\nhi\n'
  } >long
  file_ends 65 'long: line 6 ' long -m
  # and one of folded lines goes
  { printf '%sX-A:' "$letter"; printf ' %.0sx\n' {1..100000}; printf '\nhi\n'; } >folded
  serve
  smtpsend -S "127.0.0.1:$port" -m folded
  tr -d '\r' <mail/1.eml | cmp - folded
  # what is answered needs one field only
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi --in-reply-to long \
    --forward long
  assert_equal "$(field in-reply-to 2)" '<1@x.test>'
  assert_equal "$(message 2 | grep '.\{79\}')" ''
  assert [ "$(message 2 | tr -cd y | wc -c)" -ge 1000000 ]
  none_wrong
}

@test "10,000 fields of a message that is answered or passed on" {
  { printf '%s' "$letter"; printf 'X-%d: value\n' {1..10000}; printf '\nhi\n'; } >many
  serve
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi \
    --in-reply-to many --forward many
  assert_equal "$(field in-reply-to)" '<1@x.test>'
  assert_equal "$(message | grep -c '^X-[0-9]*: value$')" 10000
}

# --- numbers of things -----------------------------------------------------------------

@test "300 attachments arrive" {
  local i files
  for i in {0..299}; do echo "$i" >"file$i"; done
  mapfile -t files < <(printf -- '-a\nfile%d\n' {0..299})
  serve
  smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi "${files[@]}"
  assert_equal "$(message | grep -c '^Content-Disposition: attachment; filename=file')" 300
  part 300 | cmp - file299
}

@test "10,000 recipients get a message with attachments" {
  seq -f 'r%.0f@y.test' 10000 >list
  head -c 100000 /dev/urandom >file
  serve
  smtpsend -S "127.0.0.1:$port" -f me@x.test --bcc-file list -a file,type=image/png --body hi
  assert_equal "$(envelope | grep -c '^to: ')" 10000
  part 1 | cmp - file
  run ! grep -q 'r[0-9]*@y.test' mail/1.eml
}

# --- the table of types ----------------------------------------------------------------

@test "no table of types, however odd, stops or harms a message" {
  needs_private 'to have a table of types'
  [ -e /etc/mime.types ] || skip 'there is no /etc/mime.types to be replaced'
  local table n=0
  mkdir directory tables
  echo hi >file.odd
  : >tables/empty
  head -c 300000 /dev/urandom >tables/random
  printf 'text/x-odd\r\nEvil: yes\todd\r\n' >tables/lines
  printf 'text/x\0odd odd\n' >tables/nul
  printf 'odd\n' >tables/half
  printf '/ odd\ntext/ odd\n/x odd\n text odd\n;;; odd\n' >tables/none
  printf 'text/x-\xc3\xa4 odd\n' >tables/eight
  printf 'multipart/mixed odd\nmessage/rfc822 odd\n' >tables/composite
  printf 'text/x;charset="\ta odd\n' >tables/quote
  { printf 'text/x-long '; head -c 2000000 /dev/zero | tr '\0' x; echo ' odd'; } >tables/long
  { printf 'text/'; head -c 5000 /dev/zero | tr '\0' x; echo ' odd'; } >tables/type
  mkfifo stalls
  serve
  for table in tables/* directory stalls; do
    # a FIFO and a directory can only be seen through a link to them
    # shellcheck disable=SC2016
    case $table in
      tables/*) cover='mount --bind "$1" /etc/mime.types' ;;
      *) cover='mount -t tmpfs none "${0%/*}" 2>/dev/null; cp -a /etc etc && rm -f etc/mime.types &&
        ln -s "$PWD/$1" etc/mime.types && mount --bind etc /etc' ;;
    esac
    timeout 10 "$BATS_TEST_DIRNAME/private" bash -c "$cover"' && shift && exec "$@"' /nonexistent/x "$table" \
      "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi \
      --deadline 5s -a file.odd >said 2>&1 || wrong "$table: $? $(head -c 300 said)"
    n=$((n + 1))
  done
  none_wrong
  messages "$n"
  for ((; n > 0; n--)); do
    assert_equal "$(field evil "$n")" ''
    assert_equal "$(part 1 "$n" | tr -d '\r')" hi
    run ! grep -q $'[^ -~\r\t]' "mail/$n.eml"
  done
}
