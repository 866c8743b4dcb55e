#!/usr/bin/env bats
# Parts, complete messages and copies through real servers, read by others.
# shellcheck source-path=SCRIPTDIR

load real_common
load witness

setup_file() { start postfix exim opensmtpd dovecot; }

# server NAME: the way to it, as $way
server() {
  case $1 in
    postfix) way=(-S "127.0.0.1:$POSTFIX_SMTP") ;;
    exim) way=(-S "127.0.0.1:$EXIM_SMTP") ;;
    opensmtpd) way=(-S "127.0.0.1:$OPENSMTPD_SMTP") ;;
    dovecot) way=(-S "lmtp://127.0.0.1:$DOVECOT_LMTP") ;;
  esac
}

# What a newsletter, a report and an answer have, all at once.
write_parts() {
  printf '<p>Grüße, <a href="https://x.test/a?b=1&amp;c=2">hier</a> <img src="img/logo.png">\n' >page.html
  mkdir -p img
  head -c 70000 /dev/urandom >img/logo.png
  head -c 100001 /dev/urandom >'Прайс 2025.pdf'
  printf 'a;b\n1;2\n' >data.csv
  printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n' >invite.ics
  printf 'From: a@x.test\nBcc: hidden@x.test\nSubject: inner\nMessage-ID: <1@x.test>\n\n.\nFrom me\n' >inner.eml
}

@test "A message with everything arrives whole at every server, and all readers agree" {
  need_witness
  write_parts
  sed -e '/^Bcc/d' -e 's/$/\r/' inner.eml >wanted.eml
  for name in postfix exim opensmtpd dovecot; do
    server "$name"
    run -0 smtpsend "${way[@]}" -s 'Прайс' --body $'Grüße\n.\n' --html page.html \
      --inline img/logo.png --calendar invite.ics -a 'Прайс 2025.pdf' -a data.csv,name='a "b".csv' \
      --forward inner.eml --in-reply-to inner.eml --list-unsubscribe https://x.test/u \
      --importance high alice@example.test
    assert_output ''
    arrived "$name" | sed 's/\r*$/\r/' >got.eml
    export WITNESS_ALLOW=--eight-bit
    witness_check got.eml
    witness_same got.eml 'Прайс 2025.pdf' 'Прайс 2025.pdf'
    witness_same got.eml 'a "b".csv' data.csv
    witness_same got.eml logo.png img/logo.png
    witness_same got.eml invite.ics invite.ics
    run -0 witness_header got.eml Subject
    assert_output 'Прайс'
    run -0 witness_header got.eml References
    assert_output '<1@x.test>'
    run -0 witness_parts got.eml
    part=$(sed -n 's/ message\/rfc822 .*//p' <<<"$output")
    witness_same got.eml "$part" wanted.eml
    refute grep -aiq hidden got.eml
  done
}

@test "Every byte value and every length arrives in an attachment" {
  need_witness
  server postfix
  perl -e 'print map { chr } 0 .. 255' >all
  parts=()
  for n in 0 1 2 56 57 58 113 114 115 998 999 65535 65536 65537; do
    head -c "$n" /dev/urandom >"f$n.bin"
    parts+=(-a "f$n.bin")
  done
  run -0 smtpsend "${way[@]}" --body x -a all,encoding=quoted-printable "${parts[@]}" alice@example.test
  arrived postfix | sed 's/\r*$/\r/' >got.eml
  witness_same got.eml all all
  for n in 0 1 2 56 57 58 113 114 115 998 999 65535 65536 65537; do
    witness_same got.eml "f$n.bin" "f$n.bin"
  done
}

@test "A dry run prints what the server gets" {
  write_parts
  export SOURCE_DATE_EPOCH=1763024400
  parts=(-s Прайс --body Grüße -a data.csv --html page.html --inline img/logo.png alice@example.test)
  server postfix
  smtpsend "${way[@]}" --dry-run=8BITMIME "${parts[@]}" | tr -d '\r' >wanted
  run -0 smtpsend "${way[@]}" "${parts[@]}"
  arrived postfix >got
  cmp got wanted
}

@test "A copy is kept of what was accepted, and of nothing else" {
  server postfix
  mkdir sent
  run -0 smtpsend "${way[@]}" -s kept --body x --save sent/ alice@example.test
  run -0 smtpsend "${way[@]}" -s kept --body x --save sent.mbox alice@example.test
  run smtpsend "${way[@]}" -s please-reject --body x --save sent/ alice@example.test
  assert_equal "$status" 69
  copies=(sent/cur/*)
  assert_equal "${#copies[@]}" 1
  assert_equal "$(grep -c '^From ' sent.mbox)" 1
  run -0 smtpsend "${way[@]}" -m sent.mbox bob@example.test
  arrived postfix bob | grep -q '^Subject: kept'
}

@test "A message is sent on with a Resent- block, and is otherwise what it was" {
  server exim
  printf 'From: a@x.test\nTo: b@x.test\nSubject: old\nDate: Thu, 13 Nov 2025 10:00:00 +0100\nMessage-ID: <1@x.test>\n\ntext\n' >old.eml
  run -0 smtpsend "${way[@]}" --resend -m old.eml -t alice@example.test
  arrived exim >got
  sed '/^Resent-/d' got | cmp - old.eml
  run -0 grep -c '^Resent-' got
  assert_output 4
}
