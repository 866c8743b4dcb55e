#!/usr/bin/env bats
# What is handed to it, good and bad: nothing illegal leaves, nothing is cut short.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

# try ARGUMENT...: must end with 64 or 65; collects those that do not
try() {
  local status=0
  smtpsend -S "127.0.0.1:$port" "$@" </dev/null >>said 2>&1 || status=$?
  case $status in
    64 | 65) ;;
    *) printf 'status %s: %q\n' "$status" "$*" >>wrong ;;
  esac
}

none_wrong() {
  [ ! -s wrong ] || {
    cat wrong
    return 1
  }
}

# only_legal FILE...: no NUL, no CR but before LF, no LF but behind CR
only_legal() {
  perl -0777 -ne 'print "$ARGV: illegal\n" if /\0|\r(?!\n)|(?<!\r)\n/' "$@" >illegal
  [ ! -s illegal ] || {
    cat illegal
    return 1
  }
}

# A complete message with nothing missing in its header, CRLF at every line end.
header=$'From: me@x.test\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x.test>\r\nTo: bob@y.test\r\n'

@test "a line end in any value is refused before anything is opened" {
  local bad rest=(-f me@x.test -t bob@y.test --body hi)
  play <<<$'name: x\n\nS: 220 x'
  for bad in $'\r\n' $'\n' $'\r' $'\r\nBcc: evil@y.test' $'\n.\n'; do
    try "${rest[@]}" -s "x${bad}y"
    try "${rest[@]}" -H "X-A: b${bad}c"
    try "${rest[@]}" -H "X${bad}A: b"
    try "${rest[@]}" -H "X-A: b$bad"
    try "${rest[@]}" --reply-to "a@x.test$bad"
    try "${rest[@]}" --reply-to "A$bad <a@x.test>"
    try "${rest[@]}" --envelope-from "a@x.test$bad"
    try "${rest[@]}" --charset "utf-8$bad"
    try "${rest[@]}" --ehlo-name "x.test$bad"
    try "${rest[@]}" --user "me$bad" --password-command 'echo x'
    try "${rest[@]}" --auth "PLAIN$bad" --user me --password-command 'echo x'
    try "${rest[@]}" --without "CHUNKING$bad"
    try "${rest[@]}" --server "127.0.0.1:$port$bad"
    try "${rest[@]}" -c "a@y.test$bad"
    try "${rest[@]}" -b "a@y.test$bad"
    try "${rest[@]}" -t "\"a${bad}b\"@y.test"
    try "${rest[@]}" "a@y.test$bad"
    try -t bob@y.test --body hi -f "me@x.test$bad"
    try -t bob@y.test --body hi -f "Me${bad}Myself <me@x.test>"
    try "${rest[@]}" --attach "file$bad"
    try "${rest[@]}" --attach "file,name=a${bad}b"
    try "${rest[@]}" --inline "file,cid=a${bad}b"
    try "${rest[@]}" --html "file$bad"
    try "${rest[@]}" --calendar "file$bad"
    try "${rest[@]}" --forward "file$bad"
    try "${rest[@]}" --in-reply-to "<a@x.test>$bad"
    try "${rest[@]}" --message-id "<a@x.test>$bad"
    try "${rest[@]}" --date "Sun, 22 Nov 2026 10:00:00 +0000$bad"
    try "${rest[@]}" --list-id "a.x.test$bad"
    try "${rest[@]}" --list-unsubscribe "https://x.test/u$bad"
    try "${rest[@]}" --auto-submitted "no$bad"
    try "${rest[@]}" --importance "high$bad"
    try "${rest[@]}" --save "copy$bad"
    try "${rest[@]}" --dry-run="8BITMIME$bad"
    try --vrfy "bob$bad"
    try --vrfy bob "alice$bad"
    try --expn "list$bad"
    try --server-help="MAIL$bad"
    try --help="MAIL$bad"
  done
  none_wrong
  nobody_came
}

@test "what is asked for is one word, and told from what stands behind it" {
  local bad long
  long=$(printf 'a%.0s' {1..330})
  play <<<$'name: x\n\nS: 220 x'
  for bad in 'bob> NOTIFY=NEVER' 'bob alice' 'bob>' '<bob' '<bob> x' '"a b' "$long" ' bob' 'bob '; do
    try --vrfy "$bad"
    try --expn "$bad"
    try --server-help="$bad"
    try --help="$bad"
  done
  run -64 smtpsend -S "127.0.0.1:$port" --vrfy 'Ann Lee'
  assert_output --partial "'\"Ann Lee\"'"
  none_wrong
  nobody_came
}

@test "what would break out of an address is refused before anything is opened" {
  local bad long
  long=$(printf 'a%.0s' {1..330})
  play <<<$'name: x\n\nS: 220 x'
  for bad in $'a\x7f@y.test' $'a@y\x7f.test' 'a@y.test> NOTIFY=NEVER' 'a b@y.test' '<a@y.test' \
    'a@y.test>' $'a\u0085@y.test' $'a@y\u2028.test' 'a@' '@y.test' 'a@b@y.test' \
    'a@[127.0.0.1' 'a@y..test' "$long@y.test" "a@$long.test" 'a@-y.test' $'a@y.test\x1b[2J'; do
    try --body hi -f me@x.test -t "$bad"
    try --body hi -f me@x.test "$bad"
    try --body hi -f me@x.test -t bob@y.test --envelope-from "$bad"
    try --body hi -f "$bad" -t bob@y.test
    try --body hi -f me@x.test -t bob@y.test --to-file <(printf '%s\n' "$bad")
  done
  none_wrong
  # and what is said about it can be shown
  run ! grep -q $'[\x1b\x7f]' said
  nobody_came
}

@test "percent signs in a server's URL bring no line end" {
  play <<<$'name: x\n\nS: 220 x'
  for bad in %0d%0a %0a %0d %00; do
    try --body hi -f me@x.test -t bob@y.test -S "smtp://me${bad}x@127.0.0.1:$port"
    try --body hi -f me@x.test -t bob@y.test -S "smtp://127.0.0.1${bad}:$port"
  done
  none_wrong
  nobody_came
}

@test "a NUL in a list of recipients is refused" {
  play <<<$'name: x\n\nS: 220 x'
  try --body hi -f me@x.test --to-file <(printf 'a@y.test\0\nb@y.test\n')
  none_wrong
  nobody_came
}

@test "UTF-16 is told as such wherever a text is read, with what converts it" {
  local utf16=bom
  printf 'bob@y.test\n' | iconv -f UTF-8 -t UTF-16 >bom
  printf 'bob@y.test\n' | iconv -f UTF-8 -t UTF-16LE >le
  printf 'bob@y.test\n' | iconv -f UTF-8 -t UTF-16BE >be
  local call=(smtpsend -S 127.0.0.1:1 -f me@x.test)
  for utf16 in bom le be; do
    run -64 "${call[@]}" --body hi --to-file "$utf16"
    assert_line "smtpsend: --to-file: $utf16: it is UTF-16, and UTF-8 is read"
    assert_line 'smtpsend: hint: iconv -f UTF-16 -t UTF-8 converts it'
    run -65 smtpsend -S 127.0.0.1:1 --script "$utf16"
    assert_line "smtpsend: $utf16:1: it is UTF-16, and UTF-8 is read"
    run -78 smtpsend -S 127.0.0.1:1 -u me --netrc="$utf16" --noop
    assert_line "smtpsend: netrc $utf16: it is UTF-16, and UTF-8 is read"
    run -78 smtpsend --import-msmtprc="$utf16"
    assert_line "smtpsend: $utf16: it is UTF-16, and UTF-8 is read"
    run -65 "${call[@]}" --body-file "$utf16" -t bob@y.test
    assert_line --partial 'UTF-16 has to be converted to UTF-8'
    run -65 "${call[@]}" -m "$utf16" -t bob@y.test
    assert_line --partial 'UTF-16 has to be converted to UTF-8'
  done
  printf 'bob@y.test\0\n' >nul
  run -64 "${call[@]}" --body hi --to-file nul
  assert_output 'smtpsend: --to-file: nul: there is a NUL byte in it'
}

@test "an address that looks like an option or a command is an address" {
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi -- -oQ/tmp@y.test '|sh@y.test'
  assert_equal "$(envelope | sed -n 's/^to: //p' | tr '\n' ' ')" '-oQ/tmp@y.test |sh@y.test '
}

@test "input that cannot be read is 66, and nobody is called" {
  play <<<$'name: x\n\nS: 220 x'
  local to=(-S "127.0.0.1:$port" -f me@x.test -t bob@y.test)
  run -66 smtpsend "${to[@]}" -m nothing-here
  assert_output --partial nothing-here
  run -66 smtpsend "${to[@]}" --body-file nothing-here
  assert_output --partial 'nothing-here: No such file or directory'
  run -66 smtpsend "${to[@]}" --to-file nothing-here --body hi
  assert_output --partial -- '--to-file: nothing-here: No such file or directory'
  mkdir directory
  run -66 smtpsend "${to[@]}" -m directory
  assert_output --partial directory
  run -66 smtpsend "${to[@]}" --body-file directory
  assert_output --partial 'cannot read directory: Is a directory'
  run -66 smtpsend "${to[@]}" --to-file directory --body hi
  assert_output --partial -- '--to-file: cannot read directory: Is a directory'
  run -66 smtpsend "${to[@]}" <directory
  assert_output --partial 'cannot read standard input: Is a directory'
  run -66 smtpsend "${to[@]}" -m - <directory
  assert_output --partial 'cannot read standard input: Is a directory'
  # closed where nothing of bats can take its number
  # shellcheck disable=SC2016
  local closed=(sh -c 'exec "$@" <&-' - "$SMTPSEND_BUILD/smtpsend" "${to[@]}")
  run -66 "${closed[@]}"
  assert_output --partial 'standard input'
  run -66 "${closed[@]}" -m -
  assert_output --partial 'cannot read standard input: Bad file descriptor'
  # shellcheck disable=SC2016
  run -66 sh -c 'exec "$@" 0>written' - "$SMTPSEND_BUILD/smtpsend" "${to[@]}"
  assert_output --partial 'cannot read standard input: Bad file descriptor'
  nobody_came
}

@test "a part that cannot be read is 66, and nobody is called" {
  local option to=(-S "127.0.0.1:1" -f me@x.test -t bob@y.test --body hi)
  mkdir directory
  for option in attach html inline calendar forward in-reply-to; do
    run -66 smtpsend "${to[@]}" "--$option=nothing-here"
    assert_output --partial "--$option: nothing-here: No such file"
    run -66 smtpsend "${to[@]}" "--$option=directory"
    assert_output --partial "--$option: directory: Is a directory"
    if [ "$EUID" != 0 ]; then
      (umask 777 && : >"locked-$option")
      run -66 smtpsend "${to[@]}" "--$option=locked-$option"
      assert_output --partial "--$option: locked-$option: Permission denied"
    fi
  done
  echo hi >file
  run -66 smtpsend "${to[@]}" -a file,tpye=text/plain
  assert_output --partial 'file,tpye=text/plain: No such file'
  assert_output --partial 'type='
  run -66 smtpsend "${to[@]}" --in-reply-to directory/a@x.test
  assert_output --partial '<LEFT@RIGHT>'
}

@test "a part that cannot be meant is named before anything is opened" {
  local value
  play <<<$'name: x\n\nS: 220 x'
  for value in ,inline nothing,type= nothing,type=text nothing,inline,inline \
    nothing,name=a,name=b nothing,encoding=uuencode 'nothing,cid=<a@b>' $'nothing,name=a\tb'; do
    try -f me@x.test -t bob@y.test --body hi --attach "$value"
    try -f me@x.test -t bob@y.test --body hi --inline "$value"
  done
  none_wrong
  assert_equal "$(grep -c '^smtpsend: --\(attach\|inline\): ' said)" 16
  run ! grep -q $'\t' said
  nobody_came
}

@test "standard input is read for one thing only" {
  local uses=(--to-file=- --attach=- '--attach=-,name=x' --html=- --inline=- --calendar=- --forward=-
    --in-reply-to=- --body-file=-) one other
  play <<<$'name: x\n\nS: 220 x'
  for one in "${uses[@]}"; do
    for other in "${uses[@]}"; do
      if [ "$one" != "$other" ] || [ "$one" = --attach=- ]; then
        try -f me@x.test -t bob@y.test "$one" "$other"
      fi
    done
  done
  # recipients, but no body
  try -f me@x.test --to-file -
  none_wrong
  run ! grep -v 'standard input can be read for one thing only\|cannot be combined' said
  nobody_came
}

@test "a part from standard input leaves the body empty" {
  local option
  serve
  printf 'From: ann@y.test\nMessage-ID: <1@y.test>\n\nhi\n' >letter
  for option in attach forward in-reply-to; do
    run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "--$option=-" <letter
  done
  # and with HTML there need be no body
  echo '<p>hi</p>' >page
  echo bob@y.test | smtpsend -S "127.0.0.1:$port" -f me@x.test --to-file - --html page
  messages 4
}

@test "as many files can be attached as the system lets us open" {
  local many i
  for ((i = 0; i < 100; i++)); do many+=(-a "file"); done
  echo hi >file
  serve
  (ulimit -Sn 64 && exec "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test --body hi \
    "${many[@]}" bob@y.test)
  messages 1
  # the search for leaks needs a file of its own
  (export ASAN_OPTIONS=detect_leaks=0 && ulimit -n 64
    run -66 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "${many[@]}" bob@y.test
    assert_output --partial '--attach: file: Too many open files'
    assert_output --regexp 'of 100 files could be opened')
  messages 1
}

@test "SOURCE_DATE_EPOCH is a number of seconds, or an error" {
  local bad
  for bad in '' x -1 +1 1.5 0x10 ' 1' 1s 253402300800 99999999999999999999; do
    SOURCE_DATE_EPOCH=$bad run -64 smtpsend -S 127.0.0.1:1 -f me@x.test -t bob@y.test --body hi
    assert_output --partial SOURCE_DATE_EPOCH
  done
  serve
  SOURCE_DATE_EPOCH=1000000000 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi
  assert_equal "$(grep -i '^date:' mail/1.eml | tr -d '\r')" 'Date: Sun, 9 Sep 2001 01:46:40 +0000'
}

@test "input that stalls ends at the deadline, and nobody has anything" {
  local start=${EPOCHREALTIME/./}
  serve
  mkfifo stalls
  # open for writing as well: what is read blocks, and never ends
  exec 8<>stalls
  echo 'From: me@x.test' >&8
  local to=(-S "127.0.0.1:$port" --deadline 300ms -f me@x.test -t bob@y.test)
  late() { run -75 timeout -k 1 3 "$SMTPSEND_BUILD/smtpsend" "${to[@]}" "$@"; }
  late -m stalls
  late --body-file stalls
  late --body-file - <stalls
  late --to-file stalls --body hi
  late --attach stalls --body hi
  late --in-reply-to stalls --body hi
  exec 8>&-
  # and here nobody has it open for writing
  late -m stalls
  late --to-file stalls --body hi
  late --attach stalls --body hi
  messages 0
  assert [ $((${EPOCHREALTIME/./} - start)) -lt 6000000 ]
}

@test "no input at all is an empty body" {
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test </dev/null
  assert_equal "$(message | sed '1,/^$/d')" ''
}

@test "a body without a final line end gets one, CRLF and LF may be mixed" {
  serve
  printf 'one\r\ntwo\nthree' | smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test
  only_legal mail/1.eml
  assert_equal "$(message | tail -n 3)" $'one\ntwo\nthree'
  printf '%sX-A: b\n\none\r\ntwo\n.\nthree' "$header" |
    smtpsend -S "127.0.0.1:$port" -m - --without CHUNKING
  only_legal mail/2.eml
  assert_equal "$(message 2 | tail -n 4)" $'one\ntwo\n.\nthree'
}

@test "a header alone is a message, a blank first line ends an empty header" {
  serve
  printf '%s' "$header" | smtpsend -S "127.0.0.1:$port" -m -
  assert_equal "$(field from)" me@x.test
  only_legal mail/1.eml
  printf '%s' "$header" | tr -d '\r' | head -n 3 | smtpsend -S "127.0.0.1:$port" -m - bob@y.test
  only_legal mail/2.eml
  printf '\nFrom: body@x.test\n' | smtpsend -S "127.0.0.1:$port" -f me@x.test -m - bob@y.test
  only_legal mail/3.eml
  assert_equal "$(message 3 | sed '1,/^$/d')" 'From: body@x.test'
  assert_equal "$(field from 3)" me@x.test
}

@test "ten thousand header fields pass as they are" {
  serve
  { printf '%s' "$header"; printf 'X-Field-%d: value\r\n' {1..10000}; printf '\r\nhi\r\n'; } >letter
  run -0 smtpsend -S "127.0.0.1:$port" -m letter
  cmp letter mail/1.eml
}

@test "messages around the sizes of buffers arrive byte for byte" {
  local size kib by n=0 wrong=
  serve
  # lines that begin with dots, so that one of them is at every edge
  cat >letters.pl <<'PERL'
my $header = shift;
for my $kib (16, 64, 128, 256) {
    for my $size (map { $kib * 1024 + $_ } -5 .. 5) {
        open my $file, '>:raw', $size or die;
        my $text = "$header\r\n";
        my $left = $size - length $text;
        while ($left > 0) {
            my $n = $left > 80 ? 37 : $left > 40 ? 20 : $left;
            $text .= '.' x ($n - 2) . "\r\n";
            $left -= $n;
        }
        print $file $text;
        close $file or die;
    }
}
PERL
  perl letters.pl "$header"
  for kib in 16 64 128 256; do
    for ((size = kib * 1024 - 5; size <= kib * 1024 + 5; size++)); do
      for by in none CHUNKING; do
        [ "$by" = none ] && by=SMTPUTF8
        n=$((n + 1))
        smtpsend -S "127.0.0.1:$port" --without "$by" -m "$size" &&
          cmp "$size" "mail/$n.eml" || wrong+=" $size/$by"
      done
    done
  done
  assert_equal "$wrong" ''
  messages 88
  assert_equal "$(grep -l 'via: DATA' mail/*.envelope | wc -l)" 44
}

@test "lines of 998 octets pass, longer ones are refused or encoded" {
  local n line
  serve
  for n in 998 999 1000 100000; do
    line=$(head -c "$n" /dev/zero | tr '\0' x)
    printf '%s\r\nshort\r\n%s\r\n' "$header" "$line" >letter
    if [ "$n" = 998 ]; then
      run -0 smtpsend -S "127.0.0.1:$port" -m letter
      cmp letter mail/1.eml
    else
      run -65 smtpsend -S "127.0.0.1:$port" -m letter
      assert_output --partial 'line 7'
      run -65 smtpsend -S "127.0.0.1:$port" -m - < <(cat letter)
    fi
    echo "$line" | smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test
  done
  messages 5
  run ! grep -q $'[^\r]\\{999\\}' mail/2.eml mail/3.eml mail/4.eml mail/5.eml
  only_legal mail/*.eml
}

@test "a NUL in a complete message is refused with the number of its line" {
  play <<<$'name: x\n\nS: 220 x'
  printf '%s\r\none\r\ntwo \0 three\r\n' "$header" >letter
  run -65 smtpsend -S "127.0.0.1:$port" -m letter
  assert_output --partial 'line 7'
  printf 'From: me@x.test\nTo: bob@y.test\nX: \0\n\nhi\n' >letter
  run -65 smtpsend -S "127.0.0.1:$port" -m letter
  assert_output --partial 'line 3'
  nobody_came
}

@test "a NUL in a body is refused, too" {
  play <<<$'name: x\n\nS: 220 x'
  printf 'one\ntw\0o\n' >body
  run -65 smtpsend -S "127.0.0.1:$port" -f me@x.test --body-file body bob@y.test
  assert_output --partial 'line 2'
  run -65 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test <body
  assert_output --partial 'line 2'
  nobody_came
}

@test "nothing in a message can end it early or begin another one" {
  local n=0 sent=0 by from sequence status
  serve
  printf 'MAIL FROM:<evil@x.test>\r\nRCPT TO:<evil@y.test>\r\nDATA\r\n\r\nevil\r\n.\r\n' >evil
  for sequence in '\n.\n' '\n.\r' '\r.\r' '\r.\n' '\r\n.\r' '\r\n.\n' '\n.\r\n' '\r.\r\n' \
    '\r\n.\r\n' '\r\n.\r\r\n' '\r\r\n.\r\n' '\r\n\0.\r\n' '\r\n.\0\r\n' '\r\n.\r\0\n' '\n\n.\n' \
    '\r\n\v.\f\r\n' '\n\r.\n\r' '\r\n..\r\n' '\r\n.\302\205' '\n\r\n.\n\r\n'; do
    n=$((n + 1))
    # shellcheck disable=SC2059
    { printf "text$sequence"; cat evil; } >body
    { printf '%s\r\n' "$header"; cat body; } >letter
    # shellcheck disable=SC2059
    { printf "X-A: b$sequence"; cat evil; printf '%s\r\nhi\r\n' "$header"; } >headed
    for by in CHUNKING SMTPUTF8; do
      for from in 'body -t bob@y.test' 'letter -m -' 'headed -m -' \
        'evil -m letter' 'evil -m headed' 'evil -t bob@y.test --body-file body'; do
        status=0
        # shellcheck disable=SC2086
        smtpsend -S "127.0.0.1:$port" -f me@x.test --without "$by" ${from#* } <"${from%% *}" \
          >>said 2>&1 || status=$?
        case $status in
          0) sent=$((sent + 1)) ;;
          64 | 65) ;;    # 64: the header ended before To
          *) echo "status $status: $sequence $from" >>wrong ;;
        esac
      done
    done
  done
  none_wrong
  messages "$sent"
  assert [ "$sent" -ge 100 ]
  run ! grep -l '^from: evil\|^to: evil' mail/*.envelope
  only_legal mail/*.eml
}

@test "ten thousand recipients get exactly the verdicts that the server gives" {
  seq -f 'r%.0f@y.test' 10000 >to
  play < <(
    printf 'name: x\n\nS: 220 x\nC: EHLO *\nS: 250-x\nS: 250 PIPELINING\n'
    printf 'C: MAIL *\nS: 250 ok\n'
    awk '{ printf "C= RCPT TO:<%s>\n", $0
           print NR % 3 ? "S: 250 ok" : "S: 550 5.1.1 no " $0 }' to
    printf 'C= DATA\nS: 354 go\nC+ data\nS: 250 2.0.0 ok\nC? QUIT\n'
  )
  local status=0
  smtpsend -S "127.0.0.1:$port" -f me@x.test --to-file to --body hi --json >out 2>err || status=$?
  assert_equal "$status" 1
  followed
  {
    awk 'NR % 3 == 0 { print "smtpsend: " $0 ": refused: 550 5.1.1 no " $0 }' to
    echo "smtpsend: accepted for 6667 of 10000 recipients (127.0.0.1:$port: 250 2.0.0 ok)"
    echo 'smtpsend: hint: check what stands before the @, and send it again to those named here alone'
  } | cmp - err
  assert_equal "$(grep -o '"verdict":"accepted"' out | wc -l)" 6667
}

@test "a message of 64 MiB from a pipe needs little memory" {
  if grep -q __asan_init "$SMTPSEND_BUILD/smtpsend"; then skip 'the sanitizer takes its own'; fi
  serve
  {
    printf '%s\r\n' "$header"
    perl -e 'my $s = ("x" x 62 . "\r\n") x 1024; print $s for 1 .. 1024'
  } >letter
  # shellcheck disable=SC2002
  cat letter | (ulimit -v 40960 && "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -m -)
  cmp letter mail/1.eml
  # shellcheck disable=SC2002
  cat letter | (ulimit -v 40960 && "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" \
    --without CHUNKING --without SIZE -f me@x.test -t bob@y.test)
  messages 2
}

# with_mark: standard input behind a byte order mark, as editors write it
with_mark() {
  printf '\xef\xbb\xbf'
  cat
}

@test "a byte order mark is no part of any text that is read" {
  serve
  echo 'Hall' | with_mark >body
  printf '# people\nbob@y.test\n' | with_mark >people
  echo '<p>Hall</p>' | with_mark >page
  printf '%s\r\nin it\r\n' "$header" | with_mark >message
  printf 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n' | with_mark >invitation.ics
  local from=(-S "127.0.0.1:$port" -f me@x.test)
  run -0 smtpsend "${from[@]}" --to-file people --body-file body
  run -0 smtpsend "${from[@]}" --cc-file people <body
  run -0 smtpsend "${from[@]}" --bcc-file people --flowed <body
  run -0 smtpsend "${from[@]}" -t bob@y.test -H 'Content-Type: text/plain; charset=us-ascii' <body
  run -0 smtpsend "${from[@]}" -t bob@y.test --body "$(<body)"
  messages 5
  local i
  for i in 1 2 3 4 5; do
    grep -qx 'to: bob@y.test' "mail/$i.envelope"
    assert_equal "$(message "$i" | sed '1,/^$/d')" 'Hall'
    assert_equal "$(message "$i" | grep -ci utf-8)" 0
  done
  run -0 smtpsend "${from[@]}" -m message
  run -0 smtpsend "${from[@]}" -m - --strict <message
  (echo 'From me Sun Nov 22 10:00:00 2026' && tail -c +4 message) | with_mark >mailbox
  run -0 smtpsend "${from[@]}" -m mailbox
  for i in 6 7 8; do
    assert_equal "$(message "$i")" "$(tr -d '\r' <message | tail -c +4)"
  done
  run -0 smtpsend "${from[@]}" -t bob@y.test --body '' --forward message --calendar invitation.ics
  message 9 | grep -qx 'From: me@x.test'
  message 9 | grep -qi 'method=REQUEST'
  run -0 smtpsend "${from[@]}" -t bob@y.test --body hi --in-reply-to message
  message 10 | grep -qx 'In-Reply-To: <1@x.test>'
  run -0 smtpsend "${from[@]}" -t bob@y.test --charset iso-8859-1 --html page --body hi
  run -0 smtpsend "${from[@]}" -t bob@y.test --html page --body hi
  message 11 | grep -qx '<p>Hall</p>'
  message 12 | grep -qx '<p>Hall</p>'
  assert_equal "$(grep -l -e $'\xef\xbb\xbf' -e =EF=BB=BF mail/*.eml)" ''
}

@test "of a text in another charset, and of an attachment, no byte is left out" {
  serve
  printf '\xef\xbb\xbfHall\n' >body
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --charset iso-8859-1 -a body,encoding=base64 <body
  message | LC_ALL=C grep -aqx $'\xef\xbb\xbfHall'
  message | grep -qx "$(base64 <body)"
}

@test "where a text with a byte order mark is wrong is said as an editor counts" {
  printf '\xef\xbb\xbfHall\xff\n' >body
  run -65 smtpsend -S 127.0.0.1:1 -f me@x.test -t bob@y.test --charset utf-8 --body-file body
  assert_line --index 0 'smtpsend: body: byte 8 is not UTF-8'
  printf '\xef\xbb\xbfFrom: me@x.test\nTo: bob@@y.test\n\n' >message
  run -65 smtpsend -S 127.0.0.1:1 -m message
  assert_line --index 0 --partial 'smtpsend: message: line 2: To: '
}
