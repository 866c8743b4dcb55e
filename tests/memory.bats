#!/usr/bin/env bats
# Memory that runs out, at each allocation in turn: the status is true all the same.
# port comes from testserver.bash: shellcheck disable=SC2154

load testserver

setup() {
  nm "$SMTPSEND_BUILD/smtpsend" 2>/dev/null | grep -q __asan && skip 'ASan has a malloc of its own'
  shim=$SMTPSEND_BUILD/failmalloc.so
}

# mails: how many the server has
mails() {
  local found=(mail/*.eml)
  [ -e "${found[0]}" ] && echo "${#found[@]}" || echo 0
}

# each STATUS... -- ARGUMENT...: every FAULT_STEP-th allocation fails, once and from
# there on; a status of 0 is one mail more, one of 64 and more none, 2 leaves it open.
# Nothing but these, and those that are named, may be said.
each() {
  local also=' ' n count status before after how failed=0
  while [ "$1" != -- ]; do also+="$1 " && shift; done
  shift
  FAIL_COUNT=count LD_PRELOAD=$shim "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" "$@" >out 2>err <input || return 1
  count=$(<count)
  [ "$count" -gt 20 ]
  for how in '' FAIL_ON=1; do
    for ((n = 1; n <= count; n += FAULT_STEP)); do
      before=$(mails) status=0
      env ${how:+"$how"} FAIL_AT="$n" LD_PRELOAD="$shim" timeout 20 \
        "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" "$@" >out 2>err <input || status=$?
      after=$(mails)
      case $status in
        0) [ "$after" = $((before + ${expected:-1})) ] && continue ;;
        2) [ "${expected:-1}" = 1 ] && continue ;;
        71 | 75) [ "$after" = "$before" ] && continue ;;
        *) [[ $also == *" $status "* ]] && [ "$after" = "$before" ] && continue ;;
      esac
      echo "allocation $n of $count $how: status $status, $((after - before)) mails: $(<err)"
      failed=1
    done
  done
  return "$failed"
}

@test "a message is sent or it is not, whichever allocation fails" {
  serve
  echo hi >input
  FAULT_STEP=${FAULT_STEP:-7}
  each 78 77 -- -f me@x.test -t bob@y.test -s Test -a "$SMTPSEND_BUILD/../README"
}

# Beside the server's own refusal there is no 0, and without one no 1.
@test "of several recipients each is counted once, whichever allocation fails" {
  local to n count status before
  serve --reject zoe@y.test
  echo hi >input
  for to in carol@y.test zoe@y.test; do
    set -- -f me@x.test bob@y.test "$to"
    FAIL_COUNT=count LD_PRELOAD=$shim "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" "$@" <input || true
    count=$(<count)
    [ "$count" -gt 20 ]
    for ((n = 1; n <= count; n++)); do
      before=$(mails) status=0
      FAIL_AT="$n" LD_PRELOAD="$shim" timeout 20 \
        "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" "$@" >out 2>err <input || status=$?
      case $to.$status.$(($(mails) - before)) in
        carol*.0.1 | zoe*.1.1 | *.2.? | *.7[0-9].0) ;;
        *) fail "$to, allocation $n of $count: status $status: $(<err)" ;;
      esac
    done
  done
}

@test "the report that memory is missing for changes no status" {
  serve
  echo hi >input
  FAULT_STEP=${FAULT_STEP:-5}
  each 78 77 -- -f me@x.test -t bob@y.test --json -vv --timing --save box
}

@test "the commands that memory is missing for change no status" {
  serve
  echo hi >input
  FAULT_STEP=${FAULT_STEP:-5}
  each 78 77 -- -f me@x.test -t bob@y.test --on-commit : --on-success : --on-failure :
}

@test "a question keeps its answer's status" {
  serve
  echo hi >input
  FAULT_STEP=${FAULT_STEP:-5}
  expected=0
  each 78 77 -- --noop --json
  each 78 77 -- --noop
}

# many STATUS... -- ARGUMENT...: the same for three messages, of which the journal
# knows what has been sent, and goes on: nobody is left out, nobody has it twice
# but those who are told to be unknown.
many() {
  local n count status how sent failed=0
  printf '%s\n' email,name ann@y.test,Ann bob@y.test,Bob cyn@y.test,Cyn >list.csv
  set -- -f me@x.test -s 'Hi {{name}}' --body 'Dear {{name}}' --each list.csv "$@"
  rm -f journal
  FAIL_COUNT=count LD_PRELOAD=$shim smtpsend -S "127.0.0.1:$port" "$@" --results journal <input || return 1
  count=$(<count)
  [ "$count" -gt 20 ]
  for how in '' FAIL_ON=1; do
    for ((n = 1; n <= count; n += FAULT_STEP)); do
      rm -rf mail journal
      mkdir mail
      status=0
      env ${how:+"$how"} FAIL_AT="$n" LD_PRELOAD="$shim" timeout 20 "$SMTPSEND_BUILD/smtpsend" \
        -S "127.0.0.1:$port" "$@" --results journal >out 2>err <input || status=$?
      sent=$(mails)
      case $status.$sent in
        0.3 | 2.[1-3] | 3.[0-3] | 7[0-9].0) ;;
        *) echo "allocation $n of $count $how: status $status, $sent mails: $(<err)" && failed=1 ;;
      esac
      status=0
      smtpsend -S "127.0.0.1:$port" "$@" --resume journal >out 2>err <input || status=$?
      sent=$(cat mail/*.envelope 2>/dev/null | sed -n 's/^to: //p' | sort | paste -sd' ')
      case $status.$sent in
        '0.ann@y.test bob@y.test cyn@y.test') ;;
        2.*) [ "$(tr ' ' '\n' <<<"$sent" | uniq -d)" = '' ] && grep -q unknown err || failed=1 ;;
        *) echo "allocation $n of $count $how: --resume: status $status, $sent: $(<err)" && failed=1 ;;
      esac
    done
  done
  return "$failed"
}

@test "of many messages none is lost and none comes twice, whichever allocation fails" {
  serve
  : >input
  echo '<p>{{name}}</p>' >page
  FAULT_STEP=${FAULT_STEP:-31}
  many
  many --json -v --html page --key name --connections 2
}
