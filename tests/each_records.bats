#!/usr/bin/env bats
# The records of --each: what a list is, and what is wrong with one.
# Variables that bats and common.bash set, and those of a shell within:
# shellcheck disable=SC2154,SC2016

load common

setup() {
  me=(-f me@x.test)
}

# shown ARGUMENT...: the message of the record that is asked for
shown() { smtpsend --dry-run "${me[@]}" "$@" </dev/null; }

@test "what a list is, is seen from its first octets, from a file and a pipe" {
  local each mbox=$'From a@y Thu Jan  1 00:00:00 2026\nTo: bob@y.test\nSubject: 1\n\nhi\n'
  while IFS= read -r each; do
    printf '%b' "$each" >list
    run -0 smtpsend -n "${me[@]}" --each list --body '' </dev/null
    assert_line --partial 'To: bob@y.test'
    run -0 bash -c '{ head -c 1; cat; } <list | "$0" "$@"' "$SMTPSEND_BUILD/smtpsend" \
      -n "${me[@]}" --each - --body ''
    assert_line --partial 'To: bob@y.test'
  done <<'LISTS'
email\nbob@y.test\n
\0357\0273\0277email\nbob@y.test\n
{"email":"bob@y.test"}\n
 \r\n\t{"email":"bob@y.test"}\n
\0357\0273\0277{"email":"bob@y.test"}\n
LISTS
  printf %s "$mbox" >list
  run -0 shown --each list
  assert_line --partial 'Subject: 1'
  run -0 bash -c '{ head -c 3; cat; } <list | "$0" "$@"' "$SMTPSEND_BUILD/smtpsend" \
    -n "${me[@]}" --each -
  assert_line --partial 'Subject: 1'
}

@test "what each message needs comes from no pipe, which gives it to the first one only" {
  local list=$'email,file\na@y.test,-\nb@y.test,-\n' option
  printf %s "$list" >list.csv
  printf '{"email":"a@y.test","options":{"attach":"-"}}\n' >list.jsonl
  printf 'To: c@y.test\n\nhi\n' >1.eml
  mkfifo pipe
  for option in --attach=- --inline=-,name=x --bcc-file=- --forward=- --attach=pipe; do
    run -64 shown --each list.csv --body hi "$option"
    assert_line --partial 'can be read once, and each message needs it'
  done
  run -66 shown --each list.csv --body hi --attach gone.pdf,name=x.pdf
  assert_line --index 0 'smtpsend: --attach: gone.pdf: No such file or directory'
  refute_output --partial 'list.csv'
  run -65 shown --each list.csv --body hi --attach '{{file}}'
  assert_line "smtpsend: list.csv: line 2, column 10: --attach: '-' can be read once, and each message needs it"
  run -65 shown --each list.jsonl --body hi
  assert_line "smtpsend: list.jsonl: line 1, column 41: --attach: '-' can be read once, and each message needs it"
  run -64 bash -c 'cat 1.eml | "$0" -n -f me@x.test -m 1.eml -m -' "$SMTPSEND_BUILD/smtpsend"
  assert_line --partial '--message: - can be read once'
}

# refused TEMPLATE VALUE: as the recipients of a message, beside {{b}}
refused() {
  python3 -c 'import json, sys
print(json.dumps({"email": "a@y.test", "v": sys.argv[1], "b": sys.argv[2]}))' "$2" "${3:-}" >list.jsonl
  run -65 shown --each list.jsonl --body hi --to "$1"
}

@test "no cell names a recipient who is not in the template" {
  refused '{{v}}' 'a@y.test, b@y.test'
  assert_line "smtpsend: list.jsonl: line 1, column 28: --to: 'a@y.test, b@y.test': the record adds another address"
  refused '{{v}}' 'a@y.test;NOTIFY=NEVER'
  assert_line --partial 'the record adds a parameter of an address'
  refused '{{v}}' 'x: a@y.test;'
  refused '{{v}}' $'a@y.test\nBcc: b@y.test'
  assert_line --partial 'has a line break'
  refused '{{v}}, fixed@y.test, {{b}}' '"x' '" <e@y.test>, f@y.test, g@y.test'
  assert_line --partial "column 1: '\"x' has a quote or bracket that it does not close"
  refused '{{v}}, fixed@y.test, {{b}}' '(' ') e@y.test, f@y.test, g@y.test'
  refused '{{v}}, fixed@y.test, {{b}}' 'e@[' '], f@y.test, g@y.test'
  run -65 shown --each list.jsonl --body hi -H 'Cc: {{v}}, fixed@y.test, {{b}}'
  printf '{"email":["a@y.test;NOTIFY=NEVER"]}\n' >list.jsonl
  run -65 shown --each list.jsonl --body hi
  assert_line --partial 'the record adds a parameter of an address'
  printf 'email\na@y.test;NOTIFY=NEVER\n' >list.csv
  run -65 shown --each list.csv --body hi
  assert_line "smtpsend: list.csv: line 2, column 1: email: 'a@y.test;NOTIFY=NEVER': the record adds a parameter of an address"
}

@test "a name is a name, whatever stands in it and around it" {
  local to
  printf 'email,first,last\na@y.test,"J. ""Bob""","Brown, Jr."\n' >list.csv
  for to in '{{first}} {{last}} <{{email}}>' '"{{first}} {{last}}" <{{email}}>' \
    '{{#first}}{{first}} {{last}} <{{email}}>, {{/first}}'; do
    run -0 shown --each list.csv --body hi --to "$to"
    assert_line $'To: "J. \\"Bob\\" Brown, Jr." <a@y.test>\r'
  done
  run -0 shown --each list.csv --body hi --to 'Dr. {{last}} <{{email}}>, b@y.test'
  assert_line $'To: "Dr. Brown, Jr." <a@y.test>, b@y.test\r'
  run -0 shown --each list.csv --body hi -H 'Cc: {{last}} <{{email}}>'
  assert_line $'Cc: "Brown, Jr." <a@y.test>\r'
}

@test "the variable that holds the recipients holds addresses, one or several" {
  printf '{"to":["a@y.test",null,"B <b@y.test>, c@y.test"]}\n' >list.jsonl
  run -0 shown --each list.jsonl --body hi
  assert_line $'To: a@y.test, B <b@y.test>, c@y.test\r'
  printf '{"to":["a@y.test",5]}\n' >list.jsonl
  run -65 shown --each list.jsonl --body hi
  assert_line "smtpsend: list.jsonl: line 1: 'to' is neither an address nor a list of these"
  printf '{"options":{"bcc":"b@y.test"}}\n' >list.jsonl
  run -0 smtpsend -n -v "${me[@]}" --each list.jsonl --body hi </dev/null
  assert_line 'recipient: <b@y.test>'
}

@test "the options of a record hold in the place of those of the call, and are an object" {
  printf 'another\n' >body.txt
  printf '%s\n' '{"email":"a@y.test","options":{"body":"Its own {{x}}","date":"@1763024400"}}' >list.jsonl
  run -0 shown --each list.jsonl --body hi --date @0
  assert_line $'Its own {{x}}\r'
  assert_line $'Date: Thu, 13 Nov 2025 09:00:00 +0000\r'
  run -0 shown --each list.jsonl --body-file body.txt
  assert_line $'Its own {{x}}\r'
  run -64 shown --each list.jsonl --body hi --body twice
  run -64 shown --each list.jsonl --body hi --hold-for '{{x}}'
  assert_line 'smtpsend: hint: it takes no {{name}}; "options" in a line of JSON sets it for one message'
  printf '%s\n' '{"email":"a@y.test","options":"--body x"}' >list.jsonl
  run -65 shown --each list.jsonl --body hi
  assert_line 'smtpsend: list.jsonl: line 1: "options" is no object of options and their values'
  printf 'email,options\na@y.test,--body x\n' >list.csv
  run -0 shown --each list.csv --body '{{options}}'
  assert_line $'--body x\r'
}

@test "a list that is in UTF-8 by what it is goes into no text in another charset" {
  printf '{"email":"a@y.test","name":"Andr\303\251"}\n' >list.jsonl
  printf '\357\273\277email,name\na@y.test,Andr\303\251\n' >list.csv
  for list in list.jsonl list.csv; do
    run -65 shown --each "$list" --body 'Dear {{name}}' --charset iso-8859-1
    assert_line --partial "the record is in UTF-8, and the text beside it in 'iso-8859-1'"
    run -0 shown --each "$list" --body 'Dear {{name}}' --charset utf-8
    assert_line $'Dear Andr=C3=A9\r'
  done
  printf 'email,name\na@y.test,Andr\351\n' >list.csv
  run -0 shown --each list.csv --body 'Dear {{name}}' --charset iso-8859-1
  assert_line $'Dear Andr=E9\r'
  printf '{"email":"a@y.test","name":"Andre"}\n' >list.jsonl
  run -0 shown --each list.jsonl --body $'Gr\374\337e {{name}}' --charset iso-8859-1
  assert_line $'Gr=FC=DFe Andre\r'
}

@test "a column that the header lacks is told once, and what divides the row" {
  printf 'email;name\na@y.test;A\nb@y.test;B\n' >list.csv
  run -65 shown --each list.csv --body hi --skip-bad
  assert_output "smtpsend: no recipients: list.csv has no column 'email'
smtpsend: hint: its first row is one column: --delimiter ';' divides it"
  run -65 shown --each list.csv --body '{{name}}' --to b@y.test
  assert_line "smtpsend: hint: its first row is one column: --delimiter ';' divides it"
  run -0 shown --each list.csv --body hi --delimiter ';'
  printf 'id,mail\n1,a@y.test\n' >list.csv
  run -65 shown --each list.csv --body hi
  assert_line "smtpsend: hint: --to '{{name}}' says where they stand"
  run -65 shown --each list.csv --body hi --to '{{mail}}' --key idd --skip-bad
  assert_output "smtpsend: --key: list.csv has no column 'idd'; did you mean 'id'?"
  run -65 shown --each list.csv --body '{{mail.host}}' --to '{{mail}}'
  assert_output 'smtpsend: --body: line 1, column 1: list.csv has no columns with parts behind a dot'
  printf 'From a@y Thu Jan  1 00:00:00 2026\nTo: bob@y.test\n\nhi\n' >mbox
  run -64 shown --each mbox --delimiter tab
  assert_output 'smtpsend: --delimiter: of no use to mbox, which is no table'
  run -64 shown --each mbox --each-dir .
  run -64 shown --each mbox --key id
  assert_output "smtpsend: --key: messages have no columns; their number is 'row'"
}

# defers COMMAND: a server that defers the first recipient, and runs COMMAND then;
# what it was told is in heard; sets $port
defers() {
  mkfifo listening
  python3 -c 'import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
later = True
while True:
    peer, _ = server.accept()
    try:
        peer.sendall(b"220 hi\r\n")
        for line in peer.makefile("rb"):
            sys.stderr.write(line.decode())
            sys.stderr.flush()
            if later and line.startswith(b"RCPT") and sys.argv[1]:
                later = subprocess.run(sys.argv[1], shell=True).returncode != 0
                peer.sendall(b"450 later\r\n")
            else:
                peer.sendall(b"354 go\r\n" if line.startswith(b"DATA") else b"250 ok\r\n")
    except OSError:  # who has said QUIT need not wait for the answer
        pass' \
    "$1" >listening 2>heard </dev/null 3>&- &
  server=$!
  read -r -t 20 port <listening
}

@test "a record that is to be tried again and has changed is not sent as another one" {
  printf 'email,n\na@y.test,1\n' >list.csv
  defers 'printf "email,n\nb@y.test,1\n" >list.csv'
  run -65 smtpsend -S "127.0.0.1:$port" "${me[@]}" --each list.csv --body hi --key n </dev/null
  kill "$server" 2>/dev/null || true # unless the client was gone first
  assert_line 'smtpsend: list.csv: it has changed while it was read: record 1 is not where it was'
  run ! grep b@y.test heard
}

@test "an error of a record is told with its line and column" {
  printf 'email,name\nbob@@y.test,e\n,no\n' >list.csv
  run -65 shown --each list.csv --body hi
  assert_line --index 0 --partial "list.csv: line 2, column 1: recipient: 'bob@@y.test'"
  assert_line "smtpsend: list.csv: line 3: no recipients: 'email' is empty"
  printf 'email,name\na@y.test,Andr\351\n' >list.csv
  run -65 shown --each list.csv --body 'Dear {{name}}'
  assert_line --index 0 --partial 'list.csv: line 2, column 10: --body: byte 10 is not UTF-8'
  printf '\n{"name":"\303\251","email":["a@y.test","bob@@y.test"]}\n' >list.jsonl
  run -65 shown --each list.jsonl --body hi
  assert_line --index 0 --partial "list.jsonl: line 2, column 33: recipient: 'bob@@y.test'"
  printf '[\n{"email":"a@y.test"}\n]\n' >list.json
  run -65 shown --each list.json --body hi
  assert_line --index 0 'smtpsend: list.json: line 1, column 1: an object is expected, from its { to its }'
  assert_line --partial "hint: jq -c . FILE writes each object on a line of its own"
}

@test "a bad record of a pipe is told once, and that nothing behind it was read" {
  defers ""
  run -3 bash -c 'printf "email\na@y.test\nbob@@\nc@y.test\n" | "$@"' - \
    "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" "${me[@]}" --each - --body hi
  kill "$server" 2>/dev/null || true # unless the client was gone first
  assert_line --index 0 --partial "standard input: line 3, column 1: recipient: 'bob@@'"
  assert_line 'smtpsend: standard input: what comes behind record 2 was not read'
  assert_line 'smtpsend: hint: --skip-bad goes on without it'
  run ! grep c@y.test heard
  run -0 grep -c 'RCPT TO:<a@y.test>' heard
}
