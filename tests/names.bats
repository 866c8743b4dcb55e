#!/usr/bin/env bats
# Names and addresses, whoever says them: what a user writes arrives as it was written
# or is refused, and what the system says of itself is looked at as an option is.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

# send OPTION...: a message to the server that serves
send() { smtpsend -S "127.0.0.1:$port" -t bob@y.test --body text "$@"; }

@test "VRFY, EXPN and ETRN name a domain as RCPT does, in A-labels" {
  serve --no SMTPUTF8
  run smtpsend -S "127.0.0.1:$port" -vv --vrfy '<bob@bücher.test>' --vrfy $'bob@A\u0301.test' \
    --vrfy 'Zoë'
  assert_line --partial 'C: VRFY <bob@xn--bcher-kva.test>'
  assert_line --partial 'C: VRFY bob@xn--1ca.test'
  assert_line --partial 'VRFY Zoë: the server does not offer SMTPUTF8'
  run smtpsend -S "127.0.0.1:$port" -vv --expn 'liste@bücher.test'
  assert_line --partial 'C: EXPN liste@xn--bcher-kva.test'
  run smtpsend -S "127.0.0.1:$port" -vv --etrn bücher.test @bücher.test
  assert_line --partial 'C: ETRN xn--bcher-kva.test'
  assert_line --partial 'C: ETRN @xn--bcher-kva.test'
  run -64 smtpsend -S "127.0.0.1:$port" -vv --vrfy $'bob@ü\u2044x.test'
  assert_output --partial 'cannot be in a host name'
  refute_output --partial 'C: VRFY'
}

# on HOST OPTION...: smtpsend on a host of that name; MAILNAME is what its
# /etc/mailname says, with the escapes of printf
on() {
  mkdir -p etc
  cp /etc/passwd etc/
  printf '%b\n' "${MAILNAME-}" >etc/mailname
  # shellcheck disable=SC2016
  private -u bash -c 'printf %s "$2" >/proc/sys/kernel/hostname && mount --bind etc /etc &&
    exec "$1" "${@:3}"' - "$SMTPSEND_BUILD/smtpsend" "$@"
}

needs_namespaces() { needs_private 'to name a host' -u; }

@test "our name in EHLO is what the system says if that is a host name, else our address" {
  local name
  needs_namespaces
  serve
  for name in lap localhost localhost.localdomain $'a.b\r\nRSET' app_1.test 'a b.test' a..test \
    -a.test '[127.0.0.2]' lap. 10.0.0.7 'b>ücher.test' . '' "$(printf 'a%.0s' {1..64}).test"; do
    run on "$name" -S "127.0.0.1:$port" -vv --noop
    assert_success
    assert_line --regexp 'C: EHLO \[127\.0\.0\.1\]$'
    refute_line --partial RSET
  done
  for name in host.test host.test.; do
    run -0 on "$name" -S "127.0.0.1:$port" -vv --noop
    assert_line --regexp 'C: EHLO host\.test$'
  done
  run -0 on bücher.test -S "127.0.0.1:$port" -vv --noop
  assert_line --regexp 'C: EHLO xn--bcher-kva\.test$'
}

@test "--ehlo-name may be international and absolute; EHLO has neither" {
  serve
  local name
  for name in bücher.test bücher.test. BÜCHER.test xn--bcher-kva.test. bücher。test。; do
    run -0 smtpsend -S "127.0.0.1:$port" --ehlo-name "$name" -vv --noop
    assert_line --regexp '^C: EHLO xn--bcher-kva\.test$'
  done
  run -0 smtpsend -S "127.0.0.1:$port" --ehlo-name mail. -vv --noop
  assert_line 'C: EHLO mail'
  run -64 smtpsend -S "127.0.0.1:$port" --ehlo-name 'bü cher.test' --noop
  assert_output --partial "--ehlo-name: 'bü cher.test' is no host name: ' ' cannot be in a host name"
  run -64 smtpsend -S "127.0.0.1:$port" --ehlo-name mail.. --noop
  assert_output --partial 'is neither a host name nor an address literal'
}

@test "an IPv4 address in the form of IPv6 is an IPv4 address in EHLO" {
  needs_namespaces
  serve
  run -0 on lap -S "[::ffff:127.0.0.1]:$port" -vv --noop
  assert_line --regexp 'C: EHLO \[127\.0\.0\.1\]$'
}

@test "what is no domain in the system's names is passed over" {
  needs_namespaces
  serve
  MAILNAME=mail.test. run -0 on lap -S "127.0.0.1:$port" --body x -f ann -t bob@y.test
  assert_equal "$(field From)" ann@mail.test
  MAILNAME='bücher.test' run -0 on lap -S "127.0.0.1:$port" --body x -f ann -t bob@y.test
  assert_equal "$(field From 2)" ann@xn--bcher-kva.test
  MAILNAME='a@b' run -0 on lap. -S "127.0.0.1:$port" --body x -f ann -t bob@y.test
  assert_equal "$(field From 3)" ann@lap
  MAILNAME='a,b' run -0 on $'a\r\nb' -S "127.0.0.1:$port" --body x -f ann -t bob@y.test
  assert_equal "$(field From 4)" ann@localhost
  MAILNAME='mail\0.test' run -0 on lap -S "127.0.0.1:$port" --body x -f ann -t bob@y.test
  assert_equal "$(field From 5)" ann@lap
  MAILNAME='mail.test \0' run -0 on lap -S "127.0.0.1:$port" --body x -f ann -t bob@y.test
  assert_equal "$(field From 6)" ann@mail.test
}

@test "identifiers have the author's domain where our own name has no dot" {
  needs_namespaces
  serve
  echo '<img src="a.png">' >a.html
  echo png >a.png
  run -0 on lap -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --html a.html --inline a.png
  assert_regex "$(field Message-ID)" '@x\.test>$'
  assert_regex "$(message | grep -i '^Content-ID:')" '@x\.test>$'
  printf 'From: Ann <ann@z.test>\nTo: bob@y.test\n\ntext\n' >m.eml
  run -0 on lap -S "127.0.0.1:$port" -m m.eml
  assert_regex "$(field Message-ID 2)" '@z\.test>$'
  run -0 on lap -S "127.0.0.1:$port" -m m.eml --resend -f me@x.test -t bob@y.test
  assert_regex "$(field Resent-Message-ID 3)" '@x\.test>$'
  run -0 on host.test -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body x
  assert_regex "$(field Message-ID 4)" '@host\.test>$'
}

@test "comments in addresses are kept, or refused where they can stand nowhere" {
  serve
  run -0 send -f 'Billing (no reply) <b@x.test>' -t 'Ann  A. <a@y.test> (Büro)' -c 'bob@y.test (Bob)' \
    --reply-to '(one) c(two)@y.test' -H 'Errors-To: Eve (three) <e@y.test>'
  assert_equal "$(field From)" 'Billing (no reply) <b@x.test>'
  assert_equal "$(field To)" 'bob@y.test, "Ann  A." <a@y.test> (=?UTF-8?B?QsO8cm8=?=)'
  assert_equal "$(field Cc)" 'Bob <bob@y.test>'
  assert_equal "$(field Reply-To)" '(one) (two) <c@y.test>'
  assert_equal "$(field Errors-To)" 'Eve (three) <e@y.test>'
  run -64 send -f b@x.test -c 'Team (all): a@y.test;'
  assert_output --partial 'a comment that belongs to no address'
  run -64 send -f b@x.test --list-unsubscribe '(x) a@y.test'
  assert_output --partial 'without a name or comment'
  printf 'From: a@x.test\nTo: undisclosed (x): ;\n\ntext\n' >m.eml
  run -0 smtpsend -S "127.0.0.1:$port" -m m.eml b@y.test
  assert_equal "$(field To 2)" 'undisclosed (x): ;'
}

@test "a file's name is sent as it is, or refused with the way round it" {
  local name bad option
  serve
  mkdir -p dir
  for name in 'ü  x;"y.txt' ' a ' '=?utf-8?q?x?=' '#1'; do echo text >"dir/$name"; done
  run -0 send -f a@x.test -a 'dir/ü  x;"y.txt' -a 'dir/ a ' -a 'dir/=?utf-8?q?x?=' -a 'dir/#1' \
    -a 'dir/#1,name= 2 '
  run -0 python3 -c 'import email, email.policy
message = email.message_from_binary_file(open("mail/1.eml", "rb"), policy=email.policy.default)
print([part.get_filename() for part in message.iter_attachments()])'
  # Python's reader takes the blanks off.
  assert_output "['ü  x;\"y.txt', 'a', '=?utf-8?q?x?=', '#1', '2']"
  assert_equal "$(message | grep -c "filename\\*=utf-8''%20[a2]%20\$")" 2
  for bad in $'caf\xe9.txt' $'a\tb' $'a\e[1m' 'a\b' ... $'a\u202etxt.exe'; do
    echo text >"dir/$bad"
    for option in --attach --inline; do
      run -64 send -f a@x.test "$option" "dir/$bad"
      assert_output --partial 'name=NAME'
      refute_output --partial $'\e'
    done
    run -0 send -f a@x.test -a "dir/$bad,name=good"
  done
  run -64 send -f a@x.test -a $'dir/caf\xe9.txt'
  assert_output --partial 'byte 4 (0xE9) is not UTF-8'
  assert_output --partial '--charset'
  run -0 send -f a@x.test -a $'dir/caf\xe9.txt' --charset ISO-8859-1
  printf 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' >$'dir/\xe9.ics'
  run -64 send -f a@x.test --calendar $'dir/\xe9.ics'
  assert_output --partial '--charset'
  run -0 send -f a@x.test --calendar - <$'dir/\xe9.ics'
  for bad in 1/2 'a\b' . .. $'a\u202eb' $'a\x7f' a/; do
    run -64 send -f a@x.test -a "dir/#1,name=$bad"
  done
  run -64 send -f a@x.test -a $'dir/#1,name=caf\xe9'
  assert_output --partial '--charset'
}

@test "what the HTML refers to is a part, by whatever option it came, or a warning" {
  local id refer
  serve
  echo one >a.png
  mkdir -p img && echo two >img/b.png
  printf 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n' >i.ics
  for refer in '-a a.png,cid=logo cid:logo' '-a a.png,inline a.png' '-a a.png a.png' \
    '-a a.png,inline cid:a.png' '--inline a.png cid:a.png' '--inline a.png,cid=logo CID:logo' \
    '--inline a.png,cid=logo@y.test cid:logo@y.test' '-a img/b.png b.png' '--calendar i.ics i.ics'; do
    rm -rf mail/*
    echo "<img src='${refer##* }'>" >a.html
    # shellcheck disable=SC2086
    run -0 send -f a@x.test --html a.html ${refer% *}
    assert_output ''
    id=$(cat mail/*.eml | tr -d '\r' | sed -n 's/^Content-ID: <\(.*\)>$/\1/p')
    cat mail/*.eml | tr -d '\r' | grep -qF "<img src='cid:$id'>"
  done
  cp a.png logo
  echo "<img src='cid:logo'>" >a.html
  run -0 send -f a@x.test --html a.html --inline logo --inline a.png,cid=logo@y.test -a img/b.png,cid=logo
  assert_output 'smtpsend: warning: the HTML does not refer to logo, and readers may not show it'
  for refer in cid:nobody img/none.png; do
    echo "<img src=a.png><img srcset='$refer 2x'>" >a.html
    run -0 send -f a@x.test --html a.html --inline a.png
    assert_output "smtpsend: warning: the HTML refers to $refer, which is no part of the message; --inline FILE adds it"
    run -0 send -q -f a@x.test --html a.html --inline a.png
    assert_output ''
  done
  echo "<img src=a.png>" >a.html
  run -0 send -f a@x.test --html a.html
  assert_output --partial 'the HTML refers to a.png'
  run -0 send -f a@x.test --html a.html --inline a.png -a a.png -a a.png
  assert_output ''
  echo hi >a.html
  run -0 send -f a@x.test --html a.html -a a.png
  run ! grep -q Content-ID "$(find mail -name '*.eml' -newer a.html)"
}
