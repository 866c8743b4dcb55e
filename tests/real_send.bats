#!/usr/bin/env bats
# Messages through real servers: what was given is what arrives.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() { start postfix exim opensmtpd dovecot; }

# to PORT OPTION...: sends, and that it succeeds in silence is part of every test
to() {
  local port=$1
  shift
  run -0 smtpsend -S "127.0.0.1:$port" "$@"
  assert_output ''
}

# same WANTED GOT: two files are equal, byte for byte
same() { cmp -- "$1" "$2" >&2 || { diff -a -- "$1" "$2" | head -n 20 >&2 && false; }; }

@test "Hooks are run at the commit point and after the verdict of each server" {
  local port
  for port in "$POSTFIX_SMTP" "$EXIM_SMTP" "$OPENSMTPD_SMTP"; do
    rm -f told
    # shellcheck disable=SC2016
    to "$port" --on-commit 'echo "$MAIL_HOOK $MAIL_RECIPIENTS" >>told' \
      --on-success '{ echo "$MAIL_HOOK"; grep -o "\"verdict\":\"[a-z]*\""; } >>told' \
      -s Hello alice@example.test <<<'How are you?'
    assert_equal "$(<told)" $'on-commit alice@example.test\non-success\n"verdict":"accepted"'
  done
}

# --- text ---------------------------------------------------------------------

@test "A text from standard input arrives with a complete header at every server" {
  local server port
  for server in postfix exim opensmtpd; do
    case $server in
      postfix) port=$POSTFIX_SMTP ;;
      exim) port=$EXIM_SMTP ;;
      opensmtpd) port=$OPENSMTPD_SMTP ;;
    esac
    to "$port" -s Hello alice@example.test <<<'How are you?'
    run -0 arrived "$server"
    assert_line --index 0 --regexp \
      '^Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} [+-][0-9]{4}$'
    assert_line --regexp '^Message-ID: <[^@ >]+@[^@ >]+>$'
    arrived "$server" | sed '/^Date: /d; /^Message-ID: /d' >got
    same - got <<'END'
From: me@client.test
To: alice@example.test
Subject: Hello
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

How are you?
END
  done
}

@test "--body and --body-file are the text, and standard input is left alone" {
  echo 'never read' >stdin
  {
    smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --body 'From the flag' alice@example.test
    smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --body-file <(echo 'From a file') bob@example.test
    cat >rest
  } <stdin
  assert_equal "$(arrived postfix | body)" 'From the flag'
  assert_equal "$(arrived postfix bob | body)" 'From a file'
  same stdin rest
}

@test "A subject in UTF-8 arrives" {
  to "$POSTFIX_SMTP" -s 'Grüße aus Köln – 日本' alice@example.test <<<text
  arrived postfix >got
  assert_equal "$(header Subject <got | words)" 'Grüße aus Köln – 日本'
  run -1 grep -P '[^\x00-\x7f]' got
}

@test "A long subject in UTF-8 is folded into lines that every program can read" {
  local subject
  subject=$(printf 'Übergrößenträger %d ' {1..30})end
  to "$POSTFIX_SMTP" -s "$subject" alice@example.test <<<text
  arrived postfix >got
  assert_equal "$(header Subject <got | words)" "$subject"
  # RFC 2047 2
  run -1 grep -E '^.{77}' got
  run -1 grep -E '=\?[^ ]{74,}\?=' got
}

@test "Names with umlauts, commas and quotes arrive" {
  to "$POSTFIX_SMTP" -f 'Jörg Müller <me@client.test>' -t '"Bäcker, Änne" <alice@example.test>' \
    -c '"O. \"Bob\" Smith, Jr." <bob@example.test>' --reply-to 'Ärger <answers@client.test>' <<<text
  arrived postfix >got
  run -1 grep -P '[^\x00-\x7f]' got
  assert_equal "$(header From <got | words)" 'Jörg Müller <me@client.test>'
  assert_equal "$(header To <got | words)" 'Bäcker, Änne <alice@example.test>'
  assert_equal "$(header Cc <got)" '"O. \"Bob\" Smith, Jr." <bob@example.test>'
  assert_equal "$(header Reply-To <got | words)" 'Ärger <answers@client.test>'
  arrived postfix bob | cmp - got
}

@test "Umlauts in the text stay as they are where the server takes 8 bits" {
  printf 'Schöne Grüße\n' >text
  to "$POSTFIX_SMTP" alice@example.test <text
  arrived postfix >got
  assert_equal "$(header Content-Transfer-Encoding <got)" 8bit
  assert_equal "$(header Content-Type <got)" 'text/plain; charset=utf-8'
  sed '1,/^$/d' got | cmp - text
}

@test "Umlauts in the text are encoded where the server does not take 8 bits" {
  { printf 'Schöne Grüße, '; printf '%s ' {1..40}; printf '\ntrailing blank \nplain\n'; } >text
  local without
  for without in ESMTP0 SMTP; do
    if [ "$without" = ESMTP0 ]; then
      to "$POSTFIX_ESMTP0" alice@example.test <text
    else
      to "$POSTFIX_SMTP" --without=8BITMIME alice@example.test <text
    fi
    arrived postfix >got
    assert_regex "$(header Content-Transfer-Encoding <got)" '^(quoted-printable|base64)$'
    run -1 grep -P '[^\x00-\x7f]' got
    run -1 grep -E '^.{77}' got
    body <got >decoded
    same text decoded
    real_reset postfix
  done
}

@test "Text in Latin-1 is called Latin-1" {
  printf 'Gr\374\337e\n' >text
  to "$POSTFIX_SMTP" --charset=iso-8859-1 alice@example.test <text
  arrived postfix >got
  assert_regex "$(header Content-Type <got)" '^text/plain; charset="?(iso-8859-1|ISO-8859-1)"?$'
  body <got | cmp - text
}

# Whatever the way to the server: BDAT and DATA, with 8 bits and without.
@test "Difficult texts arrive as they were by every way" {
  local name way
  printf '.\n..\n.dot\n\n.\nend\n.' >dots
  echo >>dots
  printf 'From here to there\n>From there\nFrom \n' >from
  printf 'one\n\n\ntwo\n\n\n\n' >blank
  printf 'tab\there \nspace \n \n\t\n=20 =\n?=\n' >white
  { printf 'ü'; head -c 1000000 /dev/zero | tr '\0' y; echo; } >long
  { head -c 997 /dev/zero | tr '\0' a; echo; head -c 998 /dev/zero | tr '\0' b; echo; } >limit
  { head -c 999 /dev/zero | tr '\0' c; echo; echo "="; } >over
  for name in dots from blank white long limit over; do
    for way in postfix:POSTFIX_SMTP postfix:POSTFIX_SMTP:CHUNKING postfix:POSTFIX_ESMTP0 \
      opensmtpd:OPENSMTPD_SMTP exim:EXIM_SMTP; do
      IFS=: read -r server port without <<<"$way"
      real_reset "$server"
      to "${!port}" ${without:+"--without=$without"} alice@example.test <"$name"
      arrived "$server" | body >got
      same "$name" got || { echo "$name by $way" >&2; false; }
    done
  done
}

@test "A last line without an end gets one" {
  printf 'first\nlast' | smtpsend -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test
  assert_equal "$(arrived postfix | body; echo .)" $'first\nlast\n.'
}

@test "A text with CRLF line ends arrives with the line ends of the place" {
  printf 'one\r\ntwo\r\n' | smtpsend -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test
  arrived postfix | body >got
  printf 'one\ntwo\n' | same - got
}

@test "An empty text arrives as a message without a body" {
  to "$POSTFIX_SMTP" -s empty alice@example.test </dev/null
  arrived postfix >got
  assert_equal "$(header Subject <got)" empty
  body <got >text
  [ ! -s text ]
}

@test "Three megabytes arrive whole, from a pipe and from a file" {
  local way
  perl -e 'print "Zeile $_ mit Ümlaut und etwas mehr Text dahinter\n" for 1 .. 60000' >text
  to "$POSTFIX_SMTP" alice@example.test < <(cat text)
  to "$POSTFIX_SMTP" --body-file text --without=CHUNKING bob@example.test
  to "$POSTFIX_ESMTP0" --body-file text carol@example.test
  for user in alice bob carol; do
    arrived postfix "$user" | body >got
    same text got
  done
}

@test "A carriage return inside of a line is encoded" {
  printf 'lone \r return\n' >text
  to "$POSTFIX_SMTP" alice@example.test <text
  arrived postfix | body >got
  same text got
}

@test "What is no text is refused, and nothing is sent" {
  run -65 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test < <(printf 'one\nt\0wo\n')
  assert_output --partial 'line 2: NUL'
  run -65 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test < <(printf 'Gr\374\337e\n')
  assert_output --partial 'not UTF-8'
  nothing_arrived postfix
}

# --- complete messages ---------------------------------------------------------

# letter [FIELD]: a message that nobody would write so, and that nobody may change
letter() {
  echo 'X-First:   spaced   out'
  if [ $# -gt 0 ]; then printf '%s\n' "$1"; fi
  cat <<END
FROM: "Me, myself" (and I) <me@client.test>
to: Alice <alice@example.test>,
	bob@example.test
Subject:
 folded
	subject =?utf-8?q?gr=C3=BC=C3=9Fe?=
Message-Id: <one@client.test>
Date: Thu, 1 Jan 2026 00:00:00 +0000 (far away)
X-Empty:
X-Long: $(printf 'word%d ' {1..90})end

.
..dots
From here
trailing blank 

Bcc: not a field
no more
END
}

@test "A complete message arrives byte for byte, from a file and from standard input" {
  letter >letter.eml
  sed 's/$/\r/' letter.eml >crlf.eml
  to "$POSTFIX_SMTP" -m letter.eml alice@example.test </dev/null
  arrived postfix >got
  same letter.eml got
  to "$POSTFIX_SMTP" --without=CHUNKING -m - bob@example.test <letter.eml
  arrived postfix bob >got
  same letter.eml got
  to "$EXIM_SMTP" -m crlf.eml alice@example.test </dev/null
  arrived exim >got
  same letter.eml got
  to "$OPENSMTPD_SMTP" -m - alice@example.test < <(cat letter.eml)
  arrived opensmtpd >got
  same letter.eml got
}

@test "The recipients of a complete message come from its header" {
  letter 'Cc: carol@example.test' >letter.eml
  to "$POSTFIX_SMTP" -m letter.eml </dev/null
  for user in alice bob carol; do
    arrived postfix "$user" >got
    same letter.eml got
  done
}

@test "Recipients named on the command line are the only ones" {
  letter 'Bcc: alice@example.test' >letter.eml
  letter >wanted
  to "$EXIM_SMTP" -m letter.eml -t carol@example.test </dev/null
  arrived exim carol >got
  same wanted got
  assert_equal "$(real_count exim alice) $(real_count exim bob)" '0 0'
}

# Postfix and OpenSMTPD would take it away themselves.
@test "Bcc is gone from a complete message however it is written, and is delivered" {
  local field
  letter >wanted
  for field in 'Bcc: carol@example.test' 'BCC:carol@example.test' $'bcc:\n carol@example.test' \
    $'Bcc: Carol\n\t<carol@example.test>,\n  alice@example.test' $'Bcc : carol@example.test' \
    $'Bcc: carol@example.test\nBcc: bob@example.test' $'Bcc: nobody:;\nbCC:\n\tcarol@example.test'; do
    real_reset exim
    letter "$field" >letter.eml
    to "$EXIM_SMTP" -m letter.eml </dev/null
    for user in alice bob carol; do
      arrived exim "$user" >got
      same wanted got || { echo "with $field" >&2; false; }
    done
  done
}

@test "Bcc is gone from what came by CRLF and from standard input, too" {
  letter >wanted
  letter $'Bcc: Carol\n\t<carol@example.test>' | sed 's/$/\r/' >letter.eml
  to "$EXIM_SMTP" -m - <letter.eml
  arrived exim carol >got
  same wanted got
}

@test "Bcc stays in a complete message when that is asked for" {
  letter 'Bcc: carol@example.test' >letter.eml
  to "$EXIM_SMTP" --keep-bcc -m letter.eml </dev/null
  for user in alice carol; do
    arrived exim "$user" >got
    same letter.eml got
  done
}

@test "A bare -t takes a complete message from standard input, as sendmail does" {
  letter 'Bcc: carol@example.test' >letter.eml
  letter >wanted
  to "$EXIM_SMTP" -t <letter.eml
  for user in alice bob carol; do
    arrived exim "$user" >got
    same wanted got
  done
}

@test "A resent message goes to those whom it was resent to" {
  {
    printf 'Resent-From: me@client.test\nResent-To: carol@example.test\nResent-Bcc: bob@example.test\n'
    printf 'Resent-Date: Fri, 2 Jan 2026 00:00:00 +0000\nResent-Message-ID: <two@client.test>\n'
    letter
  } >letter.eml
  to "$EXIM_SMTP" -m letter.eml </dev/null
  arrived exim bob >got
  sed '/^Resent-Bcc:/d' letter.eml >wanted
  same wanted got
  arrived exim carol | cmp - wanted
  assert_equal "$(real_count exim alice)" 0
}

# Postfix would add them itself.
@test "A complete message gets the Date, Message-ID and From that it lacks, and nothing else" {
  printf 'To: alice@example.test\nSubject: bare\n\ntext\n' >letter.eml
  to "$EXIM_SMTP" -m letter.eml </dev/null
  arrived exim >got
  assert_equal "$(header From <got)" me@client.test
  header Date <got
  header Message-ID <got
  sed '/^\(From\|Date\|Message-ID\): /d' got >rest
  same letter.eml rest
}

@test "A complete message with UTF-8 in its header arrives as it is, or is refused" {
  letter 'X-Grüße: 日本' | sed 's/^X-Gr.*:/X-Greeting:/' >letter.eml
  to "$POSTFIX_SMTP" -m letter.eml alice@example.test </dev/null
  arrived postfix >got
  same letter.eml got
  to "$EXIM_SMTP" -m letter.eml alice@example.test </dev/null
  arrived exim >got
  same letter.eml got
  run -65 smtpsend -S "127.0.0.1:$OPENSMTPD_SMTP" -m letter.eml alice@example.test </dev/null
  assert_output --partial SMTPUTF8
  nothing_arrived opensmtpd
}

@test "A complete message that mail cannot carry is refused, and the line is named" {
  { letter; perl -e 'print "x" x 999, "\n"'; } >long.eml
  { letter; printf 'car\rriage\n'; } >cr.eml
  { letter; printf 'nu\0l\n'; } >nul.eml
  for file in long nul cr; do
    [ "$file" = cr ] && strict=--strict || strict=
    # shellcheck disable=SC2086
    run -65 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" $strict -m "$file.eml" </dev/null
    assert_output --partial "$file.eml: line $(wc -l <"$file.eml")"
  done
  echo 'no header' >text
  run -65 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" -m text alice@example.test </dev/null
  assert_output --partial 'no header'
  nothing_arrived postfix
}

@test "A complete message that mail cannot carry is mended, and a CR alone ends a line" {
  { letter; perl -e 'print "x" x 999, "\n"'; printf 'nu\0l\n'; } >odd.eml
  { letter; printf 'car\rriage\n'; } >cr.eml
  to "$POSTFIX_SMTP" --repair -m odd.eml alice@example.test </dev/null
  arrived postfix | body >got
  sed '1,/^$/d' odd.eml >wanted
  same wanted got
  to "$EXIM_SMTP" -m cr.eml alice@example.test </dev/null
  arrived exim >got
  tr '\r' '\n' <cr.eml >wanted
  same wanted got
}

@test "A complete message in 8 bits arrives as it is, and is refused where that cannot be" {
  { letter; printf 'Grüße\n'; } |
    sed '1i MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit' >letter.eml
  to "$POSTFIX_SMTP" -m letter.eml alice@example.test </dev/null
  arrived postfix >got
  same letter.eml got
  real_reset postfix
  run -65 smtpsend -S "127.0.0.1:$POSTFIX_ESMTP0" -m letter.eml alice@example.test </dev/null
  assert_output --regexp 'line [0-9]+: .*8BITMIME'
  nothing_arrived postfix
}

# --- recipients ----------------------------------------------------------------

@test "Flags, operands and files name the recipients, and each gets one copy" {
  printf '# friends\nbob@example.test\n\n  carol@example.test  \nALICE@example.test\n' >friends
  to "$POSTFIX_SMTP" -t alice@example.test --to-file friends bob@example.test <<<text
  for user in alice bob carol; do
    arrived postfix "$user" >"got.$user"
    assert_equal "$(real_count postfix "$user")" 1
  done
  cmp got.alice got.bob
  cmp got.alice got.carol
  run -0 header To <got.alice
  assert_output --partial alice@example.test
  assert_output --partial bob@example.test
  assert_output --partial carol@example.test
}

@test "A carbon copy is in the header, a blind one is not, and both are delivered" {
  to "$EXIM_SMTP" -t alice@example.test -c bob@example.test -b 'Carol <carol@example.test>' <<<text
  for user in alice bob carol; do
    arrived exim "$user" >got
    assert_equal "$(header To <got)" alice@example.test
    assert_equal "$(header Cc <got)" bob@example.test
    run -1 grep -i -e bcc -e carol got
  done
}

@test "A message for blind recipients only names none of them" {
  printf 'carol@example.test\n' >blind
  to "$EXIM_SMTP" -b alice@example.test --bcc-file blind <<<text
  for user in alice carol; do
    arrived exim "$user" >got
    run -1 grep -i -e bcc -e alice -e carol got
    body <got | grep -qx text
  done
}

@test "A group is in the header as a group, and its members get the message" {
  to "$POSTFIX_SMTP" -t 'Friends: Alice <alice@example.test>, bob@example.test;' <<<text
  arrived postfix bob >got
  assert_equal "$(header To <got)" 'Friends: Alice <alice@example.test>, bob@example.test;'
  arrived postfix | cmp - got
}

@test "A list at the server is one recipient and reaches three" {
  for port in "$POSTFIX_SMTP" "$EXIM_SMTP" "$OPENSMTPD_SMTP"; do to "$port" list@example.test <<<text; done
  for server in postfix exim opensmtpd; do
    for user in alice bob carol; do
      arrived "$server" "$user" >got
      assert_equal "$(header To <got)" list@example.test
    done
  done
}

@test "A mailbox with an umlaut is reached where the server knows SMTPUTF8" {
  local server
  to "$POSTFIX_SMTP" -s 'für Jörg' jörg@example.test <<<text
  to "$EXIM_SMTP" -s 'für Jörg' jörg@example.test <<<text
  for server in postfix exim; do
    arrived "$server" jörg >got
    assert_equal "$(header To <got)" jörg@example.test
    assert_equal "$(header Subject <got | words)" 'für Jörg'
  done
}

@test "A mailbox with an umlaut is an error before MAIL where the server does not know SMTPUTF8" {
  run -65 smtpsend -S "127.0.0.1:$OPENSMTPD_SMTP" --transcript log jörg@example.test alice@example.test <<<text
  assert_output --partial SMTPUTF8
  run -1 grep '^C: MAIL' log
  run -65 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --without=SMTPUTF8 jörg@example.test <<<text
  assert_output --partial SMTPUTF8
}

@test "A domain with an umlaut is reached by its name in ASCII" {
  secret pw "$REAL_PASSWORD_ALICE"
  run -0 smtpsend -S "smtps://alice@localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" --password-file pw --transcript log \
    -t 'Anna <anna@bücher.test>' -c alice@example.test <<<text
  run -0 grep 'C: RCPT' log
  assert_line '~C: RCPT TO:<anna@xn--bcher-kva.test>'
  assert_equal "$(arrived postfix | header To)" 'Anna <anna@xn--bcher-kva.test>'
}

@test "A sender cancelled while the text is still coming has sent nothing" {
  local sender fd status=0
  mkfifo text
  "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test <text 3>&- &
  sender=$!
  exec {fd}>text
  # more than a pipe holds: when it is written, the sender has begun to read
  yes 'the beginning' | head -c 200000 >&"$fd"
  kill -TERM "$sender"
  wait "$sender" || status=$?
  exec {fd}>&-
  assert_equal "$status" 143
  nothing_arrived postfix
}

# --- header and envelope -------------------------------------------------------

@test "Further fields arrive as they were given" {
  to "$POSTFIX_SMTP" -H 'X-Note: one  two' -H 'Keywords: grün' alice@example.test <<<text
  arrived postfix >got
  assert_equal "$(header X-Note <got)" 'one  two'
  assert_equal "$(header Keywords <got | words)" grün
}

@test "The reverse-path is the author, unless it is given" {
  to "$POSTFIX_SMTP" -f 'Me <me@client.test>' alice@example.test <<<text
  real_wait postfix alice 1
  assert_equal "$(real_last postfix alice | header Return-Path)" '<me@client.test>'
  to "$POSTFIX_SMTP" --envelope-from bounces@client.test bob@example.test <<<text
  real_wait postfix bob 1
  assert_equal "$(real_last postfix bob | header Return-Path)" '<bounces@client.test>'
  assert_equal "$(arrived postfix bob | header From)" me@client.test
  to "$POSTFIX_SMTP" --envelope-from '<>' carol@example.test <<<text
  real_wait postfix carol 1
  assert_regex "$(real_last postfix carol | header Return-Path)" '^<(MAILER-DAEMON)?>$'
}

@test "The name that was chosen is in the server's Received field" {
  to "$POSTFIX_SMTP" --ehlo-name client.example.test alice@example.test <<<text
  real_wait postfix alice 1
  run -0 real_last postfix alice
  assert_line --partial 'Received: from client.example.test ('
}

# --- ways to a server ----------------------------------------------------------

@test "A server is found by address, by name, by literal and by URL" {
  local server
  for server in "127.0.0.1:$POSTFIX_SMTP" "localhost:$POSTFIX_SMTP" "smtp://127.0.0.1:$POSTFIX_SMTP" \
    "smtp://localhost:$POSTFIX_SMTP/"; do
    real_reset postfix
    run -0 smtpsend -S "$server" -s "by $server" alice@example.test <<<text
    assert_output ''
    assert_equal "$(arrived postfix | header Subject)" "by $server"
  done
}

@test "IPv4 and IPv6 can be chosen" {
  grep -q '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no ::1 here'
  run -0 smtpsend -6 -S "localhost:$POSTFIX_SMTP" --json alice@example.test <<<text
  assert_output --partial '"address":"::1"'
  run -0 smtpsend -4 -S "localhost:$POSTFIX_SMTP" --json bob@example.test <<<text
  assert_output --partial '"address":"127.0.0.1"'
  run -0 smtpsend -S "[::1]:$POSTFIX_SMTP" carol@example.test <<<text
  run -0 smtpsend -S "smtp://[::1]:$POSTFIX_SMTP" carol@example.test <<<text
  real_wait postfix carol 2
  run -0 real_last postfix carol
  assert_line --partial '[IPv6:::1]'
  run ! smtpsend -6 -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test <<<text
}

@test "A program can be the connection" {
  cat >relay <<'END'
use IO::Select;
use IO::Socket::INET;
my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
my $select = IO::Select->new($s, \*STDIN);
while (1) {
    for my $from ($select->can_read) {
        sysread $from, my $bytes, 65536 or exit;
        syswrite $from == $s ? \*STDOUT : $s, $bytes;
    }
}
END
  run -0 smtpsend -S "exec:perl relay $POSTFIX_SMTP" -s relayed alice@example.test <<<text
  assert_output ''
  assert_equal "$(arrived postfix | header Subject)" relayed
}
