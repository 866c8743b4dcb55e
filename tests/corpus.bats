#!/usr/bin/env bats
# Other people's messages, sent as they are: every octet arrives.  And the witnesses
# themselves: what they would find.
# stderr and port come from bats and witness.bash:
# shellcheck disable=SC2154

load common
load witness

setup() {
  corpus=$BATS_TEST_DIRNAME/corpus
}

teardown() { witness_server_ends >/dev/null || true; }

python() { /usr/bin/python3 -B "$@"; }

# all WAY: the corpus goes out, and comes in
all() {
  [ -d "$SMTPSEND_BUILD/corpus/messages" ] || skip 'the messages are not here: run tests/corpus/fetch'
  run -0 python "$corpus/send.py" "$1" "$SMTPSEND_BUILD/smtpsend" "$SMTPSEND_BUILD/corpus/messages" mail
  assert_output --regexp "^$1: [0-9]+ messages, [0-9]+ refused, 0 differences$"
}

@test "there are more than 500 messages of other people" {
  [ -d "$SMTPSEND_BUILD/corpus/messages" ] || skip 'the messages are not here: run tests/corpus/fetch'
  messages=("$SMTPSEND_BUILD"/corpus/messages/*)
  [ "${#messages[@]}" -ge 500 ]
  assert_equal "$(sha256sum "${messages[@]}" | cut -d ' ' -f 1 | sort | uniq -d)" ''
}

@test "every message arrives by DATA, octet by octet" { all data; }
@test "every message arrives by BDAT, octet by octet" { all bdat; }
@test "every message arrives from a pipe, at a server without extensions" { all plain; }

@test "every message is what a dry run prints, octet by octet" { all dry; }

@test "messages made to be difficult arrive, octet by octet, or are refused" {
  python "$corpus/made.py" made
  for way in data bdat plain dry; do
    run -0 python "$corpus/send.py" "$way" "$SMTPSEND_BUILD/smtpsend" made "mail-$way"
    assert_output --partial ' 0 differences'
  done
}

@test "the witnesses find what is wrong" {
  need_witness
  run python "$BATS_TEST_DIRNAME/witness/selftest.py"
  assert_success
}

@test "a composed message says the same to all readers" {
  need_witness
  witness_server
  run -0 smtpsend -S "127.0.0.1:$port" -f 'Jörg "J." Müller <j@x.test>' \
    -s 'Прайс 2025: очень длинная тема письма, которая не помещается в строку' \
    -t '"Doe, John" <d@x.test>, Ännä <a@y.test>' --body $'Grüße\n.dot\ntrailing  \n'
  witness_server_ends
  run -0 witness_header mail/1.eml Subject
  assert_output 'Прайс 2025: очень длинная тема письма, которая не помещается в строку'
  run -0 witness_addresses mail/1.eml To
  assert_output $'Doe, John\td@x.test\nÄnnä\ta@y.test'
  run -0 witness_parts mail/1.eml
  assert_output '0 text/plain utf-8 - -'
  printf 'Grüße\r\n.dot\r\ntrailing  \r\n' >wanted
  witness_same mail/1.eml 0 wanted
}

@test "a message with attachments says the same to all readers" {
  need_witness
  witness_server
  head -c 100000 /dev/urandom >picture
  printf '<p>Grüße <img src="picture">\n' >page.html
  printf 'Subject: inner\nTo: x@x.test\n\n.\nFrom me\n' >inner.eml
  long=$(printf 'name %.0s' {1..40})end.bin
  cp picture "Прайс 2025.pdf"
  cp picture 'a "b"; c=d.bin'
  cp picture "$long"
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -t you@y.test --body 'Grüße' \
    --html page.html --inline picture --forward inner.eml \
    --attach 'Прайс 2025.pdf' --attach 'a "b"; c=d.bin' --attach "$long"
  witness_server_ends
  witness_check mail/1.eml
  run -0 witness_names mail/1.eml
  for name in 'Прайс 2025.pdf' 'a "b"; c=d.bin' "$long"; do
    assert_line "$name"
    witness_same mail/1.eml "$name" picture
  done
  run -0 witness_parts mail/1.eml
  assert_line --partial 'text/html utf-8'
  assert_line --partial 'message/rfc822'
  which=$(witness_parts mail/1.eml | sed -n 's/ message\/rfc822 .*//p')
  sed 's/$/\r/' inner.eml >wanted
  witness_same mail/1.eml "$which" wanted
}

@test "what is hard to compose says the same to all readers" {
  need_witness
  run python "$BATS_TEST_DIRNAME/witness/compose.py" "$SMTPSEND_BUILD/smtpsend" compose "$((150 / ${TEST_SHARE:-1}))"
  assert_success
}
