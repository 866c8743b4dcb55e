#!/usr/bin/env bats
# What many messages make of a server to which they are too much, and of what the
# user allows: each row of smtpsend-each(7), "What is tried again" and "Pace", against
# a server that plays it.
# output and stderr come from bats: shellcheck disable=SC2154

load paceserver

# left JOURNAL ADDRESS...: these are the ones who are still to be sent, by its words
left() {
  columns_of "$1" | sort >left
  printf '%s\n' "${@:2}" | sort | diff - left
}

columns_of() {
  python3 -c 'import json, sys
last = {}
for row in map(json.loads, sys.stdin):
    if "verdict" in row:
        last[row["recipient"]] = row["verdict"]
print("\n".join(r for r, verdict in last.items() if verdict not in ("accepted", "refused", "unknown")))' <"$1"
}

# interval FROM TO: the milliseconds from one MAIL to the next, by all of them
interval() {
  local ms
  ms=$(awk -F '\t' '$3 == "mail" { n++; t = $1 - t0; if (n == 1) { t0 = $1; t = 0 }
    x += n; y += t; xx += n * n; xy += n * t }
    END { printf "%.2f", 1000 * (n * xy - x * y) / (n * xx - x * x) }' log)
  awk "BEGIN { exit !($ms >= $1 && $ms <= $2) }" || {
    echo "from one MAIL to the next: $ms ms, expected: $1 to $2"
    return 1
  }
}

# --- connections

@test "421 before the commit: the messages wait again, and go once each" {
  list 12
  pace <<<'if at == "mail" and s.count("mail") == 4: return "421 4.3.2 closing"'
  run -0 each --results journal
  refute_output
  got 1..12@y.test
  assert_equal "$(said connect)" 2
  took 700 2000
  run -0 left journal
}

@test "421 to RCPT, with several messages on their way" {
  list 12
  pace <<<'if at == "rcpt" and s.count("rcpt") == 7: return "421 4.4.2 closing"'
  run -0 each
  got 1..12@y.test
  took 700 2000
}

@test "421 to DATA, from a server that does not pipeline" {
  list 5
  pace --without PIPELINING --without CHUNKING \
    <<<'if at == "data" and s.count("data") == 3: return "421 4.4.2 closing"'
  run -0 each
  got 1..5@y.test
  assert_equal "$(said connect)" 2
}

@test "a connection that is lost before a message went out: it goes by the next one" {
  list 5
  pace --without PIPELINING --without CHUNKING \
    <<<'if at == "rcpt" and s.count("rcpt") == 3: return "drop"'
  run -0 each --results journal
  got 1..5@y.test
  took 700 2000
}

@test "a connection that is lost after a message went out: that one is unknown, not sent again" {
  list 5
  pace --without PIPELINING --without CHUNKING \
    <<<'if at == "message" and s.count("message") == 3: return "drop"'
  run -2 each --results journal
  assert_line 'smtpsend: list.csv: line 4: 3@y.test: unknown: message: the server closed the connection'
  assert_line 'smtpsend: accepted 4 of 5 messages; 1 unknown'
  got 1@y.test 2@y.test 4@y.test 5@y.test
}

@test "several connections that die at once count as one trouble: half as many go on" {
  list 40
  pace <<'END'
if at == "mail" and c.number <= 4 and c.accepted == 2:
    return "421 4.4.2 closing"
END
  run -0 each --connections 4
  assert_output --partial 'fewer connections, 2 instead of 4: 421 4.4.2 closing'
  assert_equal "${#lines[@]}" 1
  got 1..40@y.test
  [ "$(said connect)" -le 8 ]
  took 0 2500
}

@test "several connections are reset at once: nothing is lost, and nothing is sent twice" {
  list 40
  pace <<<'if at == "mail" and c.number <= 4 and c.accepted == 0 and s.count("n") > 8: return "reset"'
  run -0 each --connections 4 --results journal
  status=0
  each --connections 4 --resume journal --resend-unknown 2>err || status=$?
  assert_equal "$status" 0
  got 1..40@y.test
}

later() {
  list 5
  pace --extension 'AUTH PLAIN' <<<"if at == '$1' and c.number == 1: return '$2'"
  echo hush >secret
  chmod 600 secret
  run -0 each -u me --password-file secret
  refute_output
  got 1..5@y.test
  assert_equal "$(said connect)" 2
  took 700 2000
}

@test "421 in the greeting: another connection after a second" {
  later greeting '421 4.3.2 busy'
}

@test "421 to EHLO: another connection after a second" {
  later ehlo '421 4.3.2 busy'
}

@test "432 to AUTH: another connection after a second" {
  later auth '432 4.7.12 a password transition is needed'
}

@test "454 to AUTH: another connection after a second" {
  later auth '454 4.7.0 temporary authentication failure'
}

@test "421 in the greeting of one connection: the other goes on" {
  list 20
  pace --without PIPELINING --without CHUNKING <<'END'
if at == "greeting" and c.number > 1:
    return "421 4.7.0 too many connections"
END
  run -0 each --connections 2
  assert_output --partial 'fewer connections, 1 instead of 2: 421 4.7.0 too many connections'
  got 1..20@y.test
  took 0 1000
}

@test "a server that closes without a code after five messages: five is learnt" {
  list 23
  pace --without PIPELINING --without CHUNKING <<<'if at == "mail" and c.mails > 5: return "drop"'
  run -0 each
  assert_output 'smtpsend: the server closes a connection after 5 messages: from now on each takes no more than that'
  got 1..23@y.test
  assert_equal "$(said connect)" 5
  assert_equal "$(said mail)" 25
}

@test "a server that says 421 after five messages of one connection: five is learnt" {
  list 23
  pace <<<'if at == "mail" and c.mails > 5: return "421 4.7.0 too many messages on this connection"'
  run -0 each
  assert_output 'smtpsend: the server closes a connection after 5 messages: from now on each takes no more than that'
  got 1..23@y.test
  assert_equal "$(said connect)" 5
}

@test "a server that is gone: attempts end with --retry-for, and not long after" {
  list 9
  pace --without PIPELINING --without CHUNKING <<'END'
import os
if at == "mail" and s.accepted == 3:
    os._exit(0)
END
  run -3 each --results journal --retry-for 1500ms
  assert_line --partial 'smtpsend: stopped: no connection has worked for too long: '
  assert_line 'smtpsend: accepted 3 of 9 messages; 6 still to be sent'
  took 1500 2500
}

# --- replies that speak of a rate

@test "4yz after the message that speaks of the rate: all wait, it is told once" {
  list 12
  pace <<'END'
if at == "message" and s.accepted >= 5:
    return "454 Throttling failure: Maximum sending rate exceeded."
END
  run -3 each --results journal --connections 4 --rate 100/s --deadline 400ms
  assert_line --index 0 'smtpsend: all wait for 10 s, the rate is 50/s then: 454 Throttling failure: Maximum sending rate exceeded.'
  assert_line --index 1 'smtpsend: the deadline has passed'
  assert_line --index 2 'smtpsend: accepted 5 of 12 messages; 7 still to be sent'
  got 1..5@y.test
  [ "$(said message 454)" -le 2 ]
}

@test "421 4.7.28 after the message: all wait, also those that do not pipeline" {
  list 12
  pace --without PIPELINING --without CHUNKING \
    <<<'if at == "message" and s.accepted == 5: return "421 4.7.28 unusual rate"'
  run -3 each --results journal --deadline 400ms
  assert_line --partial --index 0 'smtpsend: all wait for 10 s, the rate is '
  assert_line --index 2 'smtpsend: accepted 5 of 12 messages; 7 still to be sent'
  got 1..5@y.test
  assert_equal "$(said mail)" 6
}

@test "a wait ends with a signal, in order, and the rest goes with --resume" {
  list 12
  pace <<<'if at == "message" and s.accepted == 5: return "+421 4.7.28 unusual rate"'
  { each --results journal 2>err || echo "$?" >status; } &
  client=$!
  until grep -q 'all wait' err; do :; done 2>/dev/null
  pkill -TERM -P "$(pgrep -P "$client" timeout)" smtpsend
  wait "$client"
  assert_equal "$(cat status)" 3
  got 1..5@y.test
  pace <<<''
  run -0 each --resume journal
  got 1..12@y.test
}

@test "one that waits uses no processor" {
  list 12
  pace <<<'if at == "mail" and s.count("mail") == 4: return "421 4.4.2 closing"'
  TIMEFORMAT='%U %S'
  { time each; } 2>spent
  got 1..12@y.test
  took 700 2000
  awk '{ exit $1 + $2 > 0.3 }' spent
}

# --- recipients

@test "450, 451 and 452 to RCPT: those recipients later, the others at once" {
  list 6 z.test
  sed -i -e '2s/.*/1@a.test/' -e '4s/.*/2@b.test/' -e '6s/.*/3@c.test/' list.csv
  pace <<'END'
code = {"1@a.test": 450, "2@b.test": 451, "3@c.test": 452}.get(what)
if at == "rcpt" and code and s.count(what) == 1:
    return f"{code} 4.2.0 later"
END
  run -0 each
  refute_output
  got 1@a.test 2@z.test 2@b.test 4@z.test 3@c.test 6@z.test
  awk -F '\t' '$3 == "accepted" { print $5 }' log | head -3 | diff - <(printf '%s\n' {2,4,6}@z.test)
  took 1400 3200
}

@test "one of several recipients is put off: the message goes to him alone later" {
  printf 'email\n"1@y.test, 2@y.test, 3@y.test"\n' >list.csv
  pace <<<'if at == "rcpt" and what == "2@y.test" and s.count(2) == 1: return "450 4.2.0 later"'
  run -0 each --results journal
  got 1..3@y.test
  assert_equal "$(said accepted)" 2
  assert_equal "$(awk '$3 == "accepted" { print $4 }' log | sort -u | wc -l)" 1
}

@test "three of a domain are put off in a row: the domain waits, others do not" {
  list 8
  sed -i -e '7s/.*/a@z.test/' -e '9s/.*/b@z.test/' list.csv
  pace --without PIPELINING --without CHUNKING \
    <<<'if at == "rcpt" and what.endswith("@y.test"): return "451 4.7.1 later"'
  run -3 each --results journal --deadline 400ms
  assert_line 'smtpsend: accepted 2 of 8 messages; 6 still to be sent'
  got a@z.test b@z.test
  assert_equal "$(said rcpt 451)" 3
}

@test "--tries: after as many the message is left for --resume" {
  list 3
  pace <<<'if at == "rcpt" and what == "2@y.test": return "450 4.2.0 later"'
  run -3 each --results journal --tries 1
  assert_line 'smtpsend: list.csv: line 3: 2@y.test: deferred: 450 4.2.0 later'
  assert_line 'smtpsend: hint: go on with the same command and --resume journal in the place of --results'
  took 0 700
  run -0 left journal 2@y.test
  run -3 each --resume journal --tries 2
  assert_equal "$(said rcpt 450)" 3
  took 1400 3000
  pace <<<''
  run -0 each --resume journal
  got 1..3@y.test
}

@test "--retry-for: what would be tried after it is left for --resume" {
  list 3
  pace <<<'if at == "rcpt" and what == "2@y.test": return "450 4.2.0 later"'
  run -3 each --results journal --retry-for 1s
  took 0 700
  run -0 left journal 2@y.test
  assert_equal "$(said rcpt 450)" 1
}

# --- the end of a run

@test "the same 5yz to five messages in a row: stop, and they are to do again" {
  list 12
  pace <<<'if at == "message" and s.accepted >= 3: return "550 5.7.1 looks like spam"'
  run -3 each --results journal --json
  assert_line 'smtpsend: stopped: the same reply to 5 messages in a row: 550 5.7.1 looks like spam'
  assert_line 'smtpsend: accepted 3 of 12 messages; 9 still to be sent'
  refute_line --partial ': refused: '
  refute_line --partial '"verdict":"refused"'
  got 1..3@y.test
  run -0 left journal {4..12}@y.test
  pace <<<''
  run -0 each --resume journal
  got 1..12@y.test
}

@test "--stop-after, one by one: no more than that are tried" {
  list 12
  pace --without PIPELINING --without CHUNKING \
    <<<'if at == "mail" and s.accepted >= 3: return "550 5.7.1 not from you"'
  run -3 each --results journal --stop-after 3
  assert_line 'smtpsend: stopped: the same reply to 3 messages in a row: 550 5.7.1 not from you'
  assert_equal "$(said mail 550)" 3
}

@test "--stop-after 0, and different ones in a row: they are refused" {
  list 12
  pace <<<'if at == "message": return "550 5.7.1 spam"'
  run -67 each --stop-after 0
  assert_line 'smtpsend: accepted 0 of 12 messages; 12 refused'

  rm -f log
  pace <<<'if at == "message": return ["550 5.7.1 spam", "554 5.6.0 form"][s.count("m") % 2]'
  run -67 each
  assert_line 'smtpsend: accepted 0 of 12 messages; 12 refused'
}

@test "unknown recipients in a row are no reason to stop" {
  list 12
  pace <<<'if at == "rcpt" and what != "12@y.test": return "550 5.1.1 no such user"'
  run -1 each --results journal
  assert_line 'smtpsend: accepted 1 of 12 messages; 11 refused'
  run -0 left journal
  run -1 each --resume journal
  got 12@y.test
}

@test "replies that speak of the account or its domain: stop at once, with a hint" {
  for reply in '550 5.4.5 Daily user sending limit exceeded' '550 5.7.26 Unauthenticated email' \
    '550 5.7.515 Access denied' \
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException'; do
    rm -f log journal
    list 5
    pace --without PIPELINING --without CHUNKING \
      <<<"if at == 'message' and s.accepted == 2: return '$reply'"
    run -3 each --results journal
    assert_line "smtpsend: stopped: $reply"
    assert_line --partial 'smtpsend: hint: '
    assert_line 'smtpsend: accepted 2 of 5 messages; 3 still to be sent'
    assert_equal "$(said mail)" 3
    pace <<<''
    run -0 each --resume journal
    got 1..5@y.test
  done
}

@test "554 5.2.0 that speaks of one mailbox is a refusal of that message" {
  list 5
  pace <<<'if at == "message" and s.accepted == 2 and s.count("m") == 1: return "554 5.2.0 STOREDRV.Deliver.Exception:StoragePermanentException"'
  run -1 each
  assert_line 'smtpsend: accepted 4 of 5 messages; 1 refused'
}

@test "535 at once: nobody has anything, and the status says why" {
  list 5
  echo hush >secret && chmod 600 secret
  pace --extension 'AUTH PLAIN' <<<'if at == "auth": return "535 5.7.8 no"'
  run -77 each -u me --password-file secret --results journal --connections 3
  assert_line --partial ': AUTH: 535 5.7.8 no'
  assert_line --partial 'smtpsend: hint: check --user'
  assert_line 'smtpsend: accepted 0 of 5 messages; 5 still to be sent'
  pace --extension 'AUTH PLAIN' <<<''
  run -0 each -u me --password-file secret --resume journal
  got 1..5@y.test
}

@test "535 later on: the run stops, whatever other connections do" {
  list 12
  echo hush >secret && chmod 600 secret
  # not before the first connection has served somebody, nor when it has all
  pace --extension 'AUTH PLAIN' <<<'if at == "auth" and c.number > 1: return "~150 535 5.7.8 no"
if at == "message": return "~100 250 2.0.0 ok"'
  run -3 each -u me --password-file secret --results journal --connections 4
  assert_line 'smtpsend: stopped: 535 5.7.8 no'
  assert_line --partial 'smtpsend: hint: check the user and the password'
  took 0 2000
}

@test "a server that takes nobody's mail: 69, with the step it said so at" {
  list 5
  pace <<<'if at == "greeting": return "554 5.7.1 not you"'
  run -69 each --results journal
  assert_line --partial ': greeting: 554 5.7.1 not you'
}

# --- what the user allows

@test "--rate: 40 messages at 20 a second, over all connections" {
  list 40
  pace <<<''
  run -0 each --rate 20/s --connections 3
  got 1..40@y.test
  interval 49.5 50.5
}

@test "--rate counts messages that are tried again" {
  list 10
  pace <<<'if at == "rcpt" and s.count("rcpt") == 4: return "421 4.4.2 closing"'
  run -0 each --rate 10/s
  got 1..10@y.test
  took 1200 3000
}

@test "--quota: what earlier runs sent counts, and a window goes by" {
  list 8
  pace <<<''
  run -3 each --results journal --quota 3/2s --deadline 300ms
  assert_line 'smtpsend: the deadline has passed'
  got 1..3@y.test
  run -3 each --resume journal --quota 3/2s --deadline 300ms
  got 1..3@y.test
  run -0 each --resume journal --quota 5/2s
  got 1..8@y.test
}

@test "--deadline: what is out has its verdict, and the rest is for --resume" {
  list 400
  pace <<<'if at == "message": return "~60 250 2.0.0 OK"'
  run -3 each --results journal --deadline 1s --rate 200/s --connections 2
  assert_line 'smtpsend: the deadline has passed'
  refute_line --partial unknown
  took 850 1200
  run -0 each --resume journal
  got 1..400@y.test
}

@test "--deadline: a server that is silent does not outlast it" {
  list 10
  pace <<<'if at == "message" and s.accepted == 4: return "silent"'
  run -2 each --results journal --deadline 500ms
  assert_line 'smtpsend: accepted 4 of 10 messages; 6 unknown'
  took 450 900
}

@test "--per-connection: as many, and then another one at once" {
  list 10
  pace <<<''
  run -0 each --per-connection 3
  got 1..10@y.test
  assert_equal "$(awk -F '\t' '$3 == "accepted" { print $2 }' log | uniq -c | xargs)" '3 1 3 2 3 3 1 4'
  took 0 700
}

@test "--connections: each of them has something to do" {
  list 40
  pace --without PIPELINING --without CHUNKING <<<'if at == "message": return "~100 250 2.0.0 OK"'
  run -0 each --connections 10
  got 1..40@y.test
  assert_equal "$(said connect)" 10
  took 400 900

  rm -f log
  list 40
  pace <<<'if at == "message": return "~50 250 2.0.0 OK"'
  run -0 each --connections 10
  assert_equal "$(awk '$3 == "accepted" { print $2 }' log | sort -u | wc -l)" 10
}

@test "LIMITS MAILMAX of the server: no connection gets more" {
  list 10
  pace --extension 'LIMITS MAILMAX=4' <<<'if at == "mail" and c.mails > 4: return "421 no more"'
  run -0 each
  got 1..10@y.test
  assert_equal "$(said connect)" 3
  took 0 700
}

# 25 recipients in a message, and two of them at a time: at once, and no try is
# counted.
split() {
  { echo email && seq -f '%.0f@y.test' 25 | paste -sd, | sed 's/.*/"&"/'; } >list.csv
  pace "$@" <<<"if at == 'rcpt' and s.count(c.number, c.mails) > 2: return '$reply'"
  run -0 each --results journal --tries 1 --json
  got 1..25@y.test
  assert_equal "$(said accepted)" 13
  assert_equal "$(grep -c '"tries":1,' <<<"$output")" 13
  took 0 1500
}

@test "LIMITS RCPTMAX of the server: no message has more recipients" {
  reply='500 not even asked'
  split --extension 'LIMITS RCPTMAX=2'
}

@test "452 for too many recipients: the others at once" {
  reply='452 4.5.3 too many recipients'
  split
}

@test "552 for too many recipients: the others at once" {
  reply='552 5.5.3 too many recipients'
  split
}

@test "LIMITS RCPTDOMAINMAX of the server: no connection has more domains" {
  {
    echo email
    echo '"1@a.test, 2@a.test, 1@b.test, 2@b.test, 1@c.test, 2@c.test"'
    seq -f '1@d%.0f.test' 5
  } >list.csv
  pace --extension 'LIMITS RCPTDOMAINMAX=2' <<'END'
if at == "rcpt":
    c.domains = getattr(c, "domains", set()) | {what.split("@")[1]}
    if len(c.domains) > 2:
        return "550 5.7.1 too many domains"
END
  run -0 each --stop-after 0
  got 1..2@{a,b,c}.test 1@d{1..5}.test
  took 0 700
}

@test "one domain at a time: the others at once" {
  echo email >list.csv
  echo '"1@a.test, 2@a.test, 1@b.test, 1@c.test, 1@d.test"' >>list.csv
  pace <<'END'
if at == "rcpt" and c.recipients and c.recipients[0].split("@")[1] != what.split("@")[1]:
    return "451 4.3.0 Multiple destination domains per transaction is unsupported."
END
  run -0 each --results journal --tries 1
  got 1..2@a.test 1@{b,c,d}.test
  assert_equal "$(said accepted)" 4
  took 0 700
}

@test "RCPTMAX, and those who are asked for are put off: the others wait with them" {
  printf 'email\n"1@y.test, 2@y.test, 3@y.test"\n' >list.csv
  pace --extension 'LIMITS RCPTMAX=2' <<<'if at == "rcpt": return "450 4.2.0 later"'
  run -3 each --results journal --tries 1 -v
  assert_line 'smtpsend: list.csv: line 2: 3@y.test: not sent: the server takes fewer recipients at a time'
  assert_equal "$(said mail)" 1
}

@test "whatever the server offers, each message goes once" {
  local offer
  for offer in '' '--without PIPELINING' '--without CHUNKING' '--without PIPELINING --without CHUNKING'; do
    rm -f log
    list 50
    # shellcheck disable=SC2086
    pace $offer <<<''
    run -0 each --connections 3
    refute_output
    got 1..50@y.test
  done
}
