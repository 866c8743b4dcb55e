#!/usr/bin/env bats
# Many messages in one call, as a user sees them: lists, templates, journals.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver
load terminal

teardown() {
  servers_end
  terminal_end
  if [ -n "${client:-}" ]; then kill -KILL "$client" 2>/dev/null || true; fi
}

# each LIST ARGUMENT...: to the server on $port, with standard input as it is
each() { smtpsend -S "127.0.0.1:$port" -f me@x.test --each "$@"; }

# the list of most tests
three() {
  printf '%s\n' email,name,id ann@y.test,Ann,1 'bob@y.test,"Brown, Bob",2' cyn@y.test,Cyn,3 >list.csv
}

# all recipients, in order, on a line
recipients() { cat mail/*.envelope | sed -n 's/^to: //p' | sort | paste -sd' '; }

body() { message "$1" | sed '1,/^$/d'; }

# sum PATH...: members of the last object on standard output
sum() { tail -n 1 <<<"$output" | columns "$@"; }

# --- lists -----------------------------------------------------------------------

@test "each row of CSV is a message, over one connection" {
  three
  serve
  run -0 each list.csv -s 'Hi {{name}}' --body 'Number {{id}}.' </dev/null
  assert_output ''
  messages 3
  assert_equal "$(recipients)" 'ann@y.test bob@y.test cyn@y.test'
  assert_equal "$(field subject 2)" 'Hi Brown, Bob'
  assert_equal "$(field to 2)" bob@y.test
  assert_equal "$(body 2)" 'Number 2.'
  assert_equal "$(envelope 3 | head -n 1)" 'from: me@x.test'
  # No message has the ID of another one.
  assert_equal "$(cat mail/*.eml | grep -ic '^message-id:')" 3
  assert_equal "$(cat mail/*.eml | grep -i '^message-id:' | sort -u | wc -l)" 3
}

@test "what is sent is what would have been composed, also where values are odd" {
  local i names=('Ann' 'A  B' '=?x?= C' "$(printf 'x%.0s' {1..70})" 'Zoe, D.' 'trail ' ' lead')
  echo email,name,id >list.csv
  for i in {1..10}; do echo "u$i@y.test,Plain $i,$i"; done >>list.csv
  for i in {11..31}; do echo "u$i@y.test,\"${names[i % 7]}\",$i"; done >>list.csv
  serve
  # shellcheck disable=SC2016
  local what=(-s 'Hi {{name}}' --body $'Dear {{name}},\n.{{id}}\n\n' -H 'X-Odd: From here')
  run -0 each list.csv "${what[@]}" </dev/null
  assert_output ''
  messages 31
  for i in 1 9 10 {11..31}; do
    message "$i" | sed '/^\(Date\|Message-ID\|Received\):/d' >sent
    each list.csv "${what[@]}" --dry-run --record "$i" </dev/null |
      tr -d '\r' | sed '/^\(Date\|Message-ID\):/d' >composed
    cmp sent composed
  done
}

@test "CSV may have a byte order mark, CRLF, another delimiter, and line breaks in cells" {
  printf '\357\273\277email;text\r\nann@y.test;"one\r\ntwo; ""three"""\r\n' >list.csv
  serve
  run -0 each list.csv --delimiter ';' --body '{{text}}' </dev/null
  assert_output ''
  assert_equal "$(body 1)" $'one\ntwo; "three"'
}

@test "each line of JSON is a message, and its options are its own" {
  cat >list.jsonl <<'END'
{"email":"ann@y.test","rows":[{"no":7,"sum":"12.50"},{"no":8,"sum":"1"}]}

{"email":["bob@y.test","eve@y.test"],"options":{"subject":"Yours","header":["X-A: 1","X-B: 2"]}}
{"to":"cyn@y.test","email":"nobody@y.test","rows":[]}
END
  serve
  run -0 each list.jsonl -s Ours --body '{{#rows}}{{no}}: {{sum}} {{/rows}}{{^rows}}nothing{{/rows}}' </dev/null
  assert_output ''
  messages 3
  assert_equal "$(body 1)" '7: 12.50 8: 1 '
  assert_equal "$(field to 2)" 'bob@y.test, eve@y.test'
  assert_equal "$(field subject 2)$(field x-a 2)$(field x-b 2)" Yours12
  assert_equal "$(field subject 3)$(field to 3)" Ourscyn@y.test
  assert_equal "$(body 3)" nothing
}

@test "recipients that the call names are those of all records" {
  three
  serve
  run -0 each list.csv -t '{{name}} <{{email}}>' -b boss@x.test --body x </dev/null
  assert_equal "$(field to 2)" '"Brown, Bob" <bob@y.test>'
  assert_equal "$(envelope 2 | sed -n 's/^to: //p' | paste -sd' ')" 'bob@y.test boss@x.test'
}

@test "a list comes through a pipe, and its records as they come" {
  serve
  mkfifo list
  each - --body 'Hi {{name}}' --json <list >out 2>err &
  client=$!
  exec 7>list
  printf 'email,name\nann@y.test,Ann\n' >&7
  timeout 10 sh -c 'until [ -s out ]; do sleep 0.01; done'
  messages 1
  printf 'bob@y.test,Bob\n' >&7
  exec 7>&-
  wait "$client"
  client=
  messages 2
  assert_equal "$(head -n 2 out | columns record outcome)" \
    '[[1,"accepted"],[2,"accepted"]]'
}

@test "a mailbox and a Maildir are sent as they are, to somebody else if wanted" {
  printf '%s\n' 'From MAILER Tue Dec  1 09:30:00 2026' 'From: a@x.test' 'To: bob@y.test' \
    'Date: Tue, 1 Dec 2026 09:30:00 +0100' 'Message-ID: <1@x.test>' 'Subject: one' '' '>From here' '' \
    'From MAILER Tue Dec  1 09:31:00 2026' 'From: a@x.test' 'To: cyn@y.test' \
    'Date: Tue, 1 Dec 2026 09:31:00 +0100' 'Message-ID: <2@x.test>' 'Subject: two {{name}}' '' two >box
  mkdir -p Maildir/{cur,new,tmp}
  printf '%s\n' 'From: a@x.test' 'To: bob@y.test' 'Date: Tue, 1 Dec 2026 09:30:00 +0100' \
    'Message-ID: <3@x.test>' 'Subject: three' '' three >Maildir/cur/1.x:2,S
  serve
  run -0 smtpsend -S "127.0.0.1:$port" --each box </dev/null
  assert_output ''
  messages 2
  assert_equal "$(body 1)" 'From here'
  assert_equal "$(field subject 2)" 'two {{name}}'
  assert_equal "$(field message-id 2)" '<2@x.test>'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --each Maildir --resend eve@z.test </dev/null
  messages 3
  assert_equal "$(field resent-to 3)" eve@z.test
  assert_equal "$(field subject 3)" three
}

@test "several files with -m are several messages" {
  for i in 1 2 3; do
    printf '%s\n' 'From: a@x.test' "To: $i@y.test" 'Date: Tue, 1 Dec 2026 09:30:00 +0100' \
      "Message-ID: <$i@x.test>" '' "$i" >"$i.eml"
  done
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -m 1.eml -m 2.eml -m 3.eml </dev/null
  assert_output ''
  messages 3
  assert_equal "$(recipients)" '1@y.test 2@y.test 3@y.test'
  run -1 smtpsend -S "127.0.0.1:$port" -m 1.eml -m gone.eml --skip-bad </dev/null
  assert_output --partial gone.eml
  messages 4
  run -66 smtpsend -S "127.0.0.1:$port" -m 1.eml -m gone.eml </dev/null
  messages 4
}

@test "what a list is can be said instead of seen" {
  printf '{a,email\nx,ann@y.test\n' >list
  serve
  run -65 each list --body x </dev/null
  run -0 each list --each-format csv --body x </dev/null
  assert_equal "$(recipients)" ann@y.test
}

# --- what a record makes of a message --------------------------------------------

@test "attachments and the HTML are the record's, and HTML is escaped there alone" {
  three
  mkdir cert
  for i in 1 2 3; do echo "certificate $i" >"cert/$i.txt"; done
  sed -i 's/Ann/A<n>/' list.csv
  printf '<p>Dear {{name}}</p>' >text.html
  serve
  run -0 each list.csv -s 'For {{name}}' --body 'Dear {{name}}' --html text.html \
    -a 'cert/{{id}}.txt' </dev/null
  messages 3
  assert_equal "$(field subject 1)" 'For A<n>'
  message 1 | grep -q 'Dear A<n>'
  message 1 | grep -q '<p>Dear A&lt;n&gt;</p>'
  message 3 | grep -q "$(base64 <<<'certificate 3')"
  run ! grep -q "$(base64 <<<'certificate 3')" mail/2.eml
}

@test "a body comes from a file or from standard input, and a value that is empty is none" {
  printf 'email,name,ref,file\nann@y.test,Ann,<1@z.test>,a\nbob@y.test,Bob,,b\n' >list.csv
  echo 'Dear {{name}} of a' >a
  echo 'Dear {{name}} of b' >b
  serve
  run -0 each list.csv --in-reply-to '{{ref}}' --body-file '{{file}}' </dev/null
  assert_equal "$(field in-reply-to 1)" '<1@z.test>'
  assert_equal "$(field in-reply-to 2)" ''
  assert_equal "$(body 2)" 'Dear Bob of b'
  run -0 each list.csv <a
  assert_equal "$(body 4)" 'Dear Bob of a'
}

@test "a dry run and a preview show the record that is meant, and send nothing" {
  three
  play <<<$'name: x\n\nS: 220 x'
  run -0 each list.csv --dry-run --body 'Hi {{name}}' </dev/null
  assert_output --partial 'Hi Ann'
  run -0 each list.csv --dry-run --body 'Hi {{name}}' --record 3 </dev/null
  assert_output --partial 'Hi Cyn'
  run -0 each list.csv --preview --body 'Hi {{name}}' --record BOB@y.test </dev/null
  assert_output --partial 'Hi Brown, Bob'
  run -64 each list.csv --preview --body x --record eve@y.test </dev/null
  assert_output --partial 'has none for'
  run -64 each list.csv --preview --body x --record 4 </dev/null
  run -64 each list.csv --body x --record 1 </dev/null
  assert_output --partial '--dry-run and --preview'
  nobody_came
}

# --- bad records -----------------------------------------------------------------

@test "bad records are all named with file, line and column, and nothing is sent" {
  printf '%s\n' email,name,id ann@y.test,Ann,1 'not an address,Bob,2' cyn@y.test,Cyn \
    dan@y.test,Dan,9 >list.csv
  touch 1 2
  play <<<$'name: x\n\nS: 220 x'
  run -65 each list.csv --body 'Hi {{name}}' -a '{{id}}' --results journal </dev/null
  assert_line --partial 'smtpsend: list.csv: line 3, column 1: '
  assert_line --partial 'smtpsend: list.csv: line 4'
  assert_line --partial 'smtpsend: list.csv: line 5, column 16: '
  assert_line --partial '3 of 4 records cannot be sent: nothing was sent'
  assert_line --partial 'hint: --skip-bad'
  [ ! -s journal ]
  nobody_came
}

@test "with --skip-bad the others are sent, and the status is 1" {
  printf '%s\n' email,name ann@y.test,Ann 'not an address,Bob' cyn@y.test,Cyn,x dan@y.test,Dan >list.csv
  serve
  run -1 each list.csv --body 'Hi {{name}}' --skip-bad </dev/null
  assert_line --partial 'list.csv: line 3, column 1: '
  assert_line --partial 'list.csv: line 4'
  assert_line 'smtpsend: accepted 2 of 2 messages; 2 bad records'
  assert_equal "$(recipients)" 'ann@y.test dan@y.test'
  printf 'email\nnot an address\n' >list.csv
  run -65 each list.csv --body hi --skip-bad </dev/null
}

@test "of a pipe, a bad record ends the run when it comes" {
  serve
  run -3 each - --body hi <<<$'email\nann@y.test\nnot an address\ncyn@y.test'
  assert_line --partial 'standard input: line 3'
  assert_equal "$(recipients)" ann@y.test
  run -1 each - --body hi --skip-bad <<<$'email\nann@y.test\nnot an address\ncyn@y.test'
  messages 3
}

@test "lines that are no JSON are named, and the others can be sent" {
  printf '%s\n' '{"email":"ann@y.test"}' '{"email":' '[1]' '{"email":"bob@y.test","options":{"server":"x"}}' \
    '{"email":"cyn@y.test"}' >list
  serve
  run -65 each list --body hi </dev/null
  assert_line --partial 'list: line 2'
  assert_line --partial 'list: line 3'
  assert_line --partial 'list: line 4: the record'
  messages 0
  run -1 each list --body hi --skip-bad </dev/null
  assert_equal "$(recipients)" 'ann@y.test cyn@y.test'
}

@test "a column that is not there, and a template that is none, are errors in any case" {
  three
  play <<<$'name: x\n\nS: 220 x'
  run -65 each list.csv --body 'Hi {{nane}}' --skip-bad </dev/null
  assert_output --partial "--body: line 1, column 4: list.csv has no column 'nane'"
  assert_output --partial "'name'"
  run -65 each list.csv -s '{{#name}}' --body x --skip-bad </dev/null
  assert_output --partial '--subject: line 1, column 1'
  printf 'name\nAnn\n' >none.csv
  run -65 each none.csv --body x </dev/null
  assert_output --partial "no recipients: none.csv has no column 'email'"
  : >empty
  run -65 each empty --body x </dev/null
  run -66 each gone.csv --body x </dev/null
  assert_output --partial gone.csv
  run -64 each - <<<email
  assert_output --partial 'nothing names the body'
  nobody_came
}

@test "a quote that is never closed is told with its line" {
  printf 'email,name\nann@y.test,"Ann\nbob@y.test,Bob\n' >list.csv
  play <<<$'name: x\n\nS: 220 x'
  run -65 each list.csv --body x --skip-bad </dev/null
  assert_output --partial 'list.csv: line 2'
  nobody_came
}

@test "of records that are the same one is sent, unless the key says otherwise" {
  printf '%s\n' email,id ann@y.test,1 bob@y.test,2 ann@y.test,1 ann@y.test,2 >list.csv
  serve
  run -0 each list.csv --body x </dev/null
  assert_output 'smtpsend: list.csv: line 4: skipped: another record has the same key'
  messages 3
  run -0 each list.csv --body x --key email </dev/null
  assert_line --partial 'line 4: skipped'
  assert_line --partial 'line 5: skipped'
  messages 5
  run -0 each list.csv --body x --key row </dev/null
  assert_output ''
  messages 9
  run -65 each list.csv --body x --key nr </dev/null
  assert_output "smtpsend: --key: list.csv has no column 'nr'"
}

# --- what a record may not do ----------------------------------------------------

@test "no cell adds a header field, an address or a line" {
  printf '%s\n' email,name 'ann@y.test,"Hi' 'Bcc: eve@z.test"' >list.csv
  serve
  run -65 each list.csv -s '{{name}}' --body x </dev/null
  assert_output --partial 'list.csv: line 2'
  run -65 each list.csv -H 'X-Name: {{name}}' --body x </dev/null
  run -65 each list.csv -t '{{name}} <{{email}}>' --body x </dev/null
  printf '%s\n' email,name '"ann@y.test, eve@z.test",x' >list.csv
  run -65 each list.csv -t '{{email}}' --body x </dev/null
  assert_output --partial 'the record adds another address'
  run -0 each list.csv -t '{{{email}}}' --body x </dev/null
  assert_equal "$(recipients)" 'ann@y.test eve@z.test'
  printf '%s\n' email,name 'ann@y.test,Bcc' >list.csv
  run -65 each list.csv -H '{{name}}: x@y.test' --body x </dev/null
  assert_output --partial 'the record adds the name of a header field'
  messages 1
}

@test "no cell leads out of the directory that is given" {
  mkdir dir
  echo inside >dir/a
  echo outside >b
  ln -s ../b dir/link
  serve
  for file in ../b "$PWD/b" link a/../../b; do
    printf 'email,file\nann@y.test,%s\n' "$file" >list.csv
    run -65 each list.csv --body x -a '{{file}}' --each-dir dir </dev/null
    assert_output --partial 'leads out of'
    printf '{"email":"ann@y.test","options":{"attach":"%s"}}\n' "$file" >list
    run -65 each list --body x --each-dir dir </dev/null
    assert_output --partial 'leads out of'
  done
  messages 0
  printf 'email,file\nann@y.test,a\n' >list.csv
  run -0 each list.csv --body x -a '{{file}}' -a b --each-dir dir </dev/null
  message 1 | grep -q "$(base64 <<<inside)"
  message 1 | grep -q "$(base64 <<<outside)"
}

# --- what the server says --------------------------------------------------------

@test "a refused recipient harms no other message, and --json has a line for each" {
  three
  serve --reject bob@y.test
  run --separate-stderr -1 each list.csv --body x --json --key id </dev/null
  assert_equal "$(columns record line key outcome <<<"$(head -n 3 <<<"$output")")" \
    '[[1,2,"1","accepted"],[2,3,"2","recipients-refused"],[3,4,"3","accepted"]]'
  assert_equal "$(sum sum status outcome messages accepted refused)" '[[true,1,"partial",3,2,1]]'
  assert_regex "$stderr" 'smtpsend: list.csv: line 3: bob@y.test: refused: 550 '
  assert_regex "$stderr" 'smtpsend: accepted 2 of 3 messages; 1 refused'
  messages 2
}

@test "when all are refused the status says so" {
  three
  serve --reject ann@y.test --reject bob@y.test --reject cyn@y.test
  run -67 each list.csv --body x </dev/null
  assert_line 'smtpsend: accepted 0 of 3 messages; 3 refused'
}

@test "what is put off and not tried again is still to be sent" {
  three
  serve --defer bob@y.test
  run -3 each list.csv --body x --results journal --tries 1 </dev/null
  assert_line 'smtpsend: accepted 2 of 3 messages; 1 still to be sent'
  assert_line --partial 'hint: go on with the same command and --resume journal'
  servers_end
  serve
  run -0 each list.csv --body x --resume journal </dev/null
  assert_output ''
  messages 3
  assert_equal "$(recipients)" 'ann@y.test bob@y.test cyn@y.test'
}

@test "without a server nobody has anything, and the status is that of one message" {
  three
  serve
  servers_end
  run -75 each list.csv --body x --results journal </dev/null
  assert_output --partial refused
  serve
  run -0 each list.csv --body x --resume journal </dev/null
  messages 3
}

@test "messages go over several connections when that is wanted" {
  echo email >list.csv
  for i in {1..60}; do echo "u$i@y.test" >>list.csv; done
  serve
  run -0 each list.csv --body x --connections 4 -vv </dev/null
  messages 60
  assert [ "$(grep -c '^C: EHLO\|: C: EHLO' <<<"$output")" -gt 1 ]
  run -64 each list.csv --body x --connections 0 </dev/null
}

@test "who is put off waits, also where his message was held back with others" {
  printf '%s\n' email,also ann@y.test,bob@y.test cyn@y.test, >list.csv
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<ann@y.test>
S: 250 ok
C: RCPT TO:<bob@y.test>
S: 450 4.2.0 later
C: DATA
S: 354 go
C+ data
S: 554 5.6.0 no
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<cyn@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C: QUIT
S: 221 bye
END
  run -3 each list.csv --body x -c '{{also}}' -t '{{email}}' --deadline 1s -vv </dev/null
  assert_line 'smtpsend: accepted 1 of 2 messages; 1 still to be sent'
  assert_equal "$(grep -c 'connecting to' <<<"$output")" 1
  followed
}

@test "a connection that nobody answers is not waited for when all is done" {
  three
  {
    printf '%s\n' 'name: x' '' 'S: 220 x' 'C: EHLO *' 'S: 250 x'
    for i in 1 2 3; do
      printf '%s\n' 'C: MAIL FROM:*' 'S: 250 ok' 'C: RCPT TO:*' 'S: 250 ok' 'C: DATA' 'S: 354 go' \
        'C+ data' 'S: 250 ok'
    done
    printf '%s\n' 'C: QUIT' 'S: 221 bye' == 'S! stall'
  } >dialogue.txt
  play --connections 2 <dialogue.txt
  run -0 timeout 5 "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test --each list.csv --body x \
    --connections 2 </dev/null
  assert_output ''
}

@test "a connection is given no more messages than is said" {
  three
  serve
  run -0 each list.csv --body x --per-connection 1 -vv </dev/null
  assert_equal "$(grep -c 'C: EHLO' <<<"$output")" 3
  messages 3
}

@test "what comes again is made of what a pipe gave, while that has nothing" {
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 LIMITS RCPTMAX=1
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<ann@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<bob@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C: QUIT
S: 221 bye
END
  mkfifo list
  each - -t '{{a}}' -c '{{b}}' --body 'Hi {{name}}' --json <list >out &
  client=$!
  exec 7>list
  printf 'name,a,b\nAnn,ann@y.test,bob@y.test\nBob' >&7
  timeout 10 sh -c 'until grep -c accepted out | grep -qx 2; do sleep 0.01; done'
  printf ',no address,x\n' >&7
  exec 7>&-
  status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status" 3
  followed
}

# --- the journal -----------------------------------------------------------------

@test "what is done is not done again, and a list or text that has changed is refused" {
  three
  serve
  run -0 each list.csv --key id --body x --resume journal </dev/null
  messages 3
  run -0 each list.csv --key id --body x --resume journal </dev/null
  assert_output ''
  messages 3
  run -73 each list.csv --key id --body x --results journal </dev/null
  assert_output --partial '--resume'
  run -65 each list.csv --key id --body y --resume journal </dev/null
  assert_output --partial '--resume-changed'
  echo dan@y.test,Dan,4 >>list.csv
  run -65 each list.csv --key id --body x --resume journal </dev/null
  run -0 each list.csv --key id --body y --resume journal --resume-changed </dev/null
  messages 4
  assert_equal "$(recipients)" 'ann@y.test bob@y.test cyn@y.test dan@y.test'
}

@test "a line is torn by a crash, and the journal goes on behind the last whole one" {
  three
  serve
  run -0 each list.csv --body x --results journal </dev/null
  sed -i '$d' journal
  printf '{"at":"2026-' >>journal
  # The verdict of the last one is lost.
  run -2 each list.csv --body x --resume journal </dev/null
  assert_line 'smtpsend: record 3: cyn@y.test: unknown: it may have been delivered'
  assert_line --partial '--resume journal --resend-unknown'
  messages 3
  run -2 each list.csv --body x --resume journal </dev/null
  messages 3
  run -0 each list.csv --body x --resume journal --resend-unknown </dev/null
  messages 4
  assert_equal "$(field message-id 4)" "$(field message-id 3)"
  assert_equal "$(field date 4)" "$(field date 3)"
  run -0 each list.csv --body x --resume journal </dev/null
  messages 4
}

@test "what is no journal is left as it is" {
  three
  echo 'my diary' >journal
  play <<<$'name: x\n\nS: 220 x'
  run -65 each list.csv --body x --resume journal </dev/null
  assert_output --partial journal
  run -73 each list.csv --body x --results journal </dev/null
  assert_equal "$(cat journal)" 'my diary'
  nobody_came
}

@test "a second run with the same journal does not begin" {
  three
  play <<'END'
name: x

S: 220 x
C: EHLO *
S! stall
END
  each list.csv --body x --results journal </dev/null 2>err &
  client=$!
  timeout 10 sh -c 'until [ -s journal ]; do sleep 0.01; done'
  run -75 each list.csv --body x --resume journal </dev/null
  assert_output --partial journal
}

@test "when the disk under the journal is full no further message goes out" {
  echo email >list.csv
  for i in {1..30}; do echo "u$i@y.test" >>list.csv; done
  serve
  run -3 sh -c "ulimit -f 4; exec \"\$0\" \"\$@\"" "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" \
    -f me@x.test --each list.csv --body x --results journal </dev/null
  assert_line --partial 'smtpsend: journal: '
  assert_line --partial 'still to be sent'
  # As many octets as there was room for, and whole lines of them.
  assert [ "$(stat -c %s journal)" -le 4096 ]
  assert_equal "$(tail -c 1 journal)" ''
  run smtpsend -S "127.0.0.1:$port" -f me@x.test --each list.csv --body x --resume journal --resend-unknown </dev/null
  assert [ "$status" -le 2 ]
  # Nobody is left out.
  assert_equal "$(cat mail/*.envelope | sed -n 's/^to: //p' | sort -u | wc -l)" 30
  # What came twice is what the journal did not know the end of, and is the same.
  assert_equal "$(cat mail/*.eml | grep -i '^message-id:' | sort -u | wc -l)" 30
}

@test "without room for the journal nobody has anything" {
  three
  play <<<$'name: x\n\nS: 220 x'
  run -74 sh -c "ulimit -f 0; exec \"\$0\" \"\$@\"" "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" \
    -f me@x.test --each list.csv --body x --results journal </dev/null
  assert_line --partial 'smtpsend: journal: '
  run -73 each list.csv --body x --results /dev/full </dev/null
  assert_output 'smtpsend: /dev/full: is not a regular file'
  nobody_came
}

@test "a message without a verdict is unknown, and the others are still to be sent" {
  three
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<ann@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S! close
END
  run -3 each list.csv --body x --results journal --retry-for 0 --deadline 2s </dev/null
  assert_line 'smtpsend: list.csv: line 2: ann@y.test: unknown: message: the server closed the connection'
  assert_line --partial 'record 1: ann@y.test: unknown: it may have been delivered'
  serve
  run -2 each list.csv --body x --resume journal </dev/null
  assert_line 'smtpsend: accepted 2 of 3 messages; 1 unknown'
  messages 2
}

@test "a message stays unknown when another of its recipients gets it later" {
  printf 'email,cc\nann@y.test,bob@y.test\n' >list.csv
  play --connections 2 <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 LIMITS RCPTMAX=1
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<ann@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S! close
==
S: 220 x
C: EHLO *
S: 250-x
S: 250 LIMITS RCPTMAX=1
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<bob@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C: QUIT
S: 221 bye
END
  run -2 each list.csv --body x -t '{{email}}' -c '{{cc}}' </dev/null
  assert_line 'smtpsend: accepted 0 of 1 message; 1 unknown'
  followed
}

# --- people ----------------------------------------------------------------------

@test "^C ends the run in order, and the journal knows all" {
  three
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<ann@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 queued
C? *
S! stall
END
  env --default-signal=INT "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test --each list.csv \
    --body x --results journal </dev/null 2>err 3>&- &
  client=$!
  timeout 10 sh -c 'until grep -q accepted journal; do sleep 0.01; done' 2>/dev/null
  kill -INT "$client"
  timeout 5 tail --pid="$client" -f /dev/null
  status=0
  wait "$client" || status=$?
  client=
  cat err
  assert_equal "$status" 3
  grep -q '^smtpsend: cancelled$' err
  grep -q 'accepted 1 of 3 messages; 2 still to be sent' err
  grep -q 'hint: go on with the same command and --resume journal' err
  serve
  run -0 each list.csv --body x --resume journal </dev/null
  assert_equal "$(recipients)" 'bob@y.test cyn@y.test'
}

@test "^C ends the run while it waits to connect again" {
  three
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:<ann@y.test>
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 queued
C: MAIL FROM:*
S: 421 closing
END
  env --default-signal=INT "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" -f me@x.test --each list.csv \
    --body x -vv </dev/null 2>err 3>&- &
  client=$!
  followed
  timeout 10 sh -c 'until grep -q "421 closing" err; do sleep 0.01; done'
  kill -INT "$client"
  timeout 5 tail --pid="$client" -f /dev/null
  status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status" 3
  grep -q '^smtpsend: cancelled$' err
}

@test "at a terminal more than ten messages are asked for once" {
  command -v script >/dev/null || skip 'script(1) is not there'
  echo email >list.csv
  for i in {1..11}; do echo "u$i@y.test" >>list.csv; done
  serve
  on_terminal -S "127.0.0.1:$port" -f me@x.test --each list.csv --body x --results journal
  sees 'send 11 messages? [y/N] '
  types 'n\n'
  closes 64
  messages 0
  on_terminal -S "127.0.0.1:$port" -f me@x.test --each list.csv --body x --resume journal
  sees 'send 11 messages? [y/N] '
  types 'y\n'
  closes 0
  messages 11
  on_terminal -S "127.0.0.1:$port" -f me@x.test --each list.csv --body x --yes
  closes 0
  run ! grep -q 'y/N' rest
  grep -q 'accepted 11 of 11 messages' rest
  messages 22
  sed -i '$d' list.csv
  on_terminal -S "127.0.0.1:$port" -f me@x.test --each list.csv --body x
  closes 0
  run ! grep -q 'y/N' rest
}

@test "options of many messages make no sense with one" {
  run -64 smtpsend -S smtp.invalid -f me@x.test --body x --results journal bob@y.test </dev/null
  assert_output --partial --results
  run -64 smtpsend -S smtp.invalid -f me@x.test --body x --rate 1/s bob@y.test </dev/null
  three
  run -64 smtpsend -S smtp.invalid --each list.csv --body x --results a --resume b </dev/null
  run -64 smtpsend -S smtp.invalid --each list.csv --body x --rate fast </dev/null
  assert_output --partial 'is not a rate'
}
