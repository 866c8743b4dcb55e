#!/usr/bin/env bats
# Many messages: what is known of them at the end of a run, and going on.
# Variables that bats and common.bash set: shellcheck disable=SC2154

load testserver

# list COUNT: list.csv, with as many records
list() {
  local i
  echo email >list.csv
  for ((i = 1; i <= $1; i++)); do echo "u$i@y.test"; done >>list.csv
}

# each OPTION...: sends list.csv
each() {
  timeout 30 "$SMTPSEND_BUILD/smtpsend" -S "smtp://127.0.0.1:$port" -f me@x.test -s hi \
    --body hi --each list.csv "$@" </dev/null
}

# limited BLOCKS OPTION...: the same, with room for so many blocks in a file
limited() { (ulimit -f "$1" && each "${@:2}"); }

@test "a journal that cannot be written ends the run at once, and it can be gone on with" {
  local before after
  list 300
  serve
  run -3 limited 24 --results journal
  assert_line 'smtpsend: journal: File too large'
  assert_line --partial 'warning: journal lacks the last verdicts'
  before=$(find mail -name '*.eml' | wc -l)
  run -0 each --resume journal --resend-unknown
  after=$(find mail -name '*.eml' | wc -l)
  # What was accepted at last, and not written, is all that comes twice.
  [ "$before" -gt 0 ] && [ "$before" -lt 300 ] &&
    [ "$after" -ge 300 ] && [ "$after" -lt $((300 + before)) ]
}

@test "by another --key nobody is known again, and nothing is sent" {
  printf 'email,id\na@y.test,1\nb@y.test,2\n' >list.csv
  serve
  run -0 each --key id --results journal
  for other in '--key email' '--key row' ''; do
    # shellcheck disable=SC2086
    run -65 each $other --resume journal --resume-changed
    assert_line 'smtpsend: journal: it was begun with --key id'
  done
  messages 2
}

@test "the hint says who of a changed list is known again" {
  local key
  serve
  while read -r key expected; do
    printf 'email,id\na@y.test,1\n' >list.csv
    rm -f journal
    run -0 each ${key:+"--key=$key"} --results journal
    sed -i s/a@/b@/ list.csv
    run -65 each ${key:+"--key=$key"} --resume journal
    assert_line --partial "$expected"
  done <<'KEYS'
id who was sent to already is left out
row rows are left out if those of the same number were sent
KEYS
  rm journal
  run -0 each --results journal
  sed -i s/b@/c@/ list.csv
  run -65 each --resume journal
  assert_line --partial 'one that was corrected is sent'
}

@test "a journal is a file, and its name is told as it is typed" {
  list 1
  port=1
  run -64 each --results -
  assert_line "smtpsend: --results: a journal is a file, not '-'"
  [ ! -e ./- ]
  run -75 each --results 'my journal'
  assert_line --partial "--resume 'my journal' in the place"
  echo nonsense >>'my journal'
  echo '{}' >>'my journal'
  run -65 each --resume 'my journal'
  assert_line 'smtpsend: my journal: line 2 is damaged'
  assert_line --partial 'hint: a copy without that line'
}

@test "what is sent again is the same to the octet, also from another time zone" {
  local dialogue=$'name: x\n\nS: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *
S: 250 ok\nC: DATA\nS: 354 go\nC+ data\nS! close'
  list 1
  echo '<p>hi</p>' >hi.html
  play --message-file 1.eml <<<"$dialogue"
  TZ=Asia/Tokyo run -2 each --html hi.html --attach hi.html --results journal
  followed
  play --message-file 2.eml <<<"$dialogue"
  TZ=America/New_York run -2 each --html hi.html --attach hi.html --resume journal --resend-unknown
  followed
  grep '^Date: .* +0900' 1.eml
  cmp 1.eml 2.eml
}

@test "a corrected address is sent to, and the message is then accepted" {
  printf 'email,id\na@y.test,1\nwrong@y.test,2\n' >list.csv
  serve --defer wrong@y.test
  run -3 each --key id --tries 1 --results journal
  sed -i s/wrong/right/ list.csv
  run -0 each --key id --resume journal --resume-changed
  run -0 each --key id --resume journal
  messages 2
}

@test "who cancels when all of it is out has not cancelled anything" {
  list 1
  play <<'DIALOGUE'
name: x

S: 220 mx
C: EHLO *
S: 250 mx
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S! drip 150
S: 250 ok
C: QUIT
S: 221 bye
S! close
DIALOGUE
  env --default-signal=INT "$SMTPSEND_BUILD/smtpsend" -S "smtp://127.0.0.1:$port" -f me@x.test \
    -s hi --body hi --each list.csv --results journal 2>told </dev/null 3>&- &
  client=$!
  timeout 10 sh -c 'until grep -q try journal; do sleep 0.01; done' 2>/dev/null
  kill -INT "$client"
  wait "$client"
  run -0 cat told
  assert_output ''
}

@test "what of a pipe was not read is not called done" {
  serve
  mkfifo pipe
  exec {out}<>pipe
  printf 'email\na@y.test\n' >&"$out"
  timeout 20 "$SMTPSEND_BUILD/smtpsend" -S "smtp://127.0.0.1:$port" -f me@x.test -s hi --body hi \
    --each - --results journal --deadline 1s <pipe 2>told || status=$?
  exec {out}>&-
  assert_equal "$status" 3
  run -0 cat told
  assert_line 'smtpsend: accepted 1 of 1 message; the rest of the list was not read'
  assert_line 'smtpsend: hint: go on with the same command and --resume journal in the place of --results'
  messages 1
}

@test "who may have it is not counted among those who have not, when he is refused later" {
  list 1
  play <<'DIALOGUE'
name: x

S: 220 mx
C: EHLO *
S: 250 mx
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S! close
DIALOGUE
  run -2 each --results journal
  serve --reject u1@y.test
  run -1 each --resume journal --resend-unknown
  run -1 each --resume journal
}
