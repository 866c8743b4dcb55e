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
  before=$(find mail -name '*.eml' | wc -l)
  run -0 each --resume journal --resend-unknown
  after=$(find mail -name '*.eml' | wc -l)
  # What was accepted at last, and not written, is all that comes twice.
  [ "$before" -gt 0 ] && [ "$before" -lt 300 ] &&
    [ "$after" -ge 300 ] && [ "$after" -lt $((300 + before)) ]
}
