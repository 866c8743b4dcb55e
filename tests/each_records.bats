#!/usr/bin/env bats
# The records of --each: what a list is, and what is wrong with one.
# Variables that bats and common.bash set: shellcheck disable=SC2154

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
  run -65 shown --each list.csv --body hi --attach '{{file}}'
  assert_line "smtpsend: list.csv: line 2, column 10: --attach: '-' can be read once, and each message needs it"
  run -65 shown --each list.jsonl --body hi
  assert_line "smtpsend: list.jsonl: line 1: --attach: '-' can be read once, and each message needs it"
  run -64 bash -c 'cat 1.eml | "$0" -n -f me@x.test -m 1.eml -m -' "$SMTPSEND_BUILD/smtpsend"
  assert_line --partial '--message: - can be read once'
}
