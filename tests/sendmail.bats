#!/usr/bin/env bats
# Under the name sendmail: what other programs call it with, and what becomes of it.
# port, server, output and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2119,SC2120

load testserver

setup() {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  box=$HOME/.local/state/smtpsend/outbox
  mkdir bin
  local name
  for name in sendmail mailq newaliases send-mail; do
    ln -s "$SMTPSEND_BUILD/smtpsend" "bin/$name"
  done
  me=$(id -un)
  configure 'local-domain = host.test' 'aliases = none' 'server = 127.0.0.1:1' 'log = none'
}

# configure LINE...: more of the user's file
configure() { printf '%s\n' "$@" >>"$XDG_CONFIG_HOME/smtpsend/config"; }
# server_is SERVER: in place of the one that is configured
server_is() {
  sed -i '/^server/d' "$XDG_CONFIG_HOME/smtpsend/config"
  configure "server = $1"
}
# relay [OPTION]...: a server, and a configuration that names it
relay() {
  serve "$@"
  server_is "127.0.0.1:$port"
}

sendmail() { bin/sendmail "$@"; }
mailq() { bin/mailq "$@"; }
newaliases() { bin/newaliases "$@"; }

# states STATE...: of all that is in the outbox, sorted
states() {
  diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) \
    <(mailq | sed '/^Mail queue is empty$/d' | awk '{ print $2 }' | sort)
}
recipients() { sed -n 's/^to: //p' "mail/${1:-1}.envelope" | tr '\n' ' '; }
reverse_path() { sed -n 's/^from: //p' "mail/${1:-1}.envelope"; }
letter() { printf 'Subject: Test\n\nhello\n'; }

# --- who calls, and with what ---------------------------------------------------------

@test "cron's message: a comma list in one operand, bare names in header and envelope" {
  relay
  printf '%s\n' 'From: root (Cron Daemon)' 'To: root' 'Subject: Cron <root@h> date' \
    'X-Cron-Env: <SHELL=/bin/sh>' '' 'Mon' |
    sendmail -i -FCronDaemon -B8BITMIME -oem root,ann@y.test >said 2>&1
  run -0 cat said
  refute_output
  assert_equal "$(recipients)" 'root@host.test ann@y.test '
  assert_equal "$(reverse_path)" "$me@host.test"
  assert_equal "$(field from)" 'root@host.test (Cron Daemon)'
  assert_equal "$(field to)" root@host.test
  assert_equal "$(field x-cron-env)" '<SHELL=/bin/sh>'
  [ -n "$(field date)" ] && [ -n "$(field message-id)" ]
}

@test "at's message: no From, no final newline, the name as operand" {
  relay
  printf 'Subject: Output from your job 7\nTo: %s\n\ndone' "$me" | sendmail -i "$me"
  assert_equal "$(recipients)" "$me@host.test "
  run -0 field from
  assert_output --partial "$me@host.test"
  run -0 message
  assert_line --index -1 "done"
}

@test "mutt's call: a reverse-path, DSN that the server has, '--' and a name" {
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 DSN
C= MAIL FROM:<ann@x.test> RET=HDRS
S: 250 ok
C= RCPT TO:<bob@y.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@y.test
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 queued as 7
C? QUIT
END
  server_is "127.0.0.1:$port"
  letter | sendmail -oem -oi -f ann@x.test -N failure,delay -R hdrs -- bob@y.test
  followed
}

@test "DSN that the server does not have keeps nothing back, now or from the outbox" {
  letter | sendmail -N success -R full -V Q7 later@y.test 2>/dev/null
  relay --no DSN
  letter | sendmail -N success -R full -V Q7 now@y.test
  run -0 sendmail -q
  messages 2
  states ''
}

@test "git's call: the author's address with -f, all recipients as operands" {
  relay
  printf '%s\n' 'From: Ann <ann@x.test>' 'To: list@y.test' 'Cc: bob@y.test' \
    'Subject: [PATCH] x' 'Message-Id: <1@x.test>' '' 'diff' |
    sendmail -f ann@x.test -i list@y.test bob@y.test carl@y.test
  assert_equal "$(recipients)" 'list@y.test bob@y.test carl@y.test '
  assert_equal "$(reverse_path)" ann@x.test
  assert_equal "$(field message-id)" '<1@x.test>'
}

@test "PHP's call: -t -i, recipients of the header and Bcc, which does not leave" {
  relay
  printf 'To: ann@y.test\r\nSubject: x\r\nBcc: bob@y.test\r\nX-PHP-Originating-Script: 0:a\r\n\r\nhi\r\n' |
    sendmail -t -i -f www@x.test
  assert_equal "$(recipients)" 'ann@y.test bob@y.test '
  assert_equal "$(reverse_path)" www@x.test
  run ! grep -i bcc mail/1.eml
  run -0 message
  assert_line --index -1 hi
}

@test "-t with operands: who is named is added to who stands in the header" {
  relay
  printf 'To: ann@y.test\nCc: bob@y.test\n\nhi\n' | sendmail -ti carl@y.test
  run -0 bash -c 'sed -n "s/^to: //p" mail/1.envelope | sort | tr "\n" " "'
  assert_output 'ann@y.test bob@y.test carl@y.test '
}

@test "mdadm's call: -t alone, a dot in a line by itself is no end" {
  relay
  printf '%s\n' 'From: mdadm monitoring <root>' 'To: root' \
    'Subject: DegradedArray event on /dev/md0:h' '' 'one' . 'two' | sendmail -t
  assert_equal "$(recipients)" 'root@host.test '
  assert_equal "$(field from)" 'mdadm monitoring <root@host.test>'
  run -0 message
  assert_line --index -1 two
  assert_line .
}

@test "-F is the author's name in a From field that is added; -f '' is no sender at all" {
  relay
  letter | sendmail -F 'Grüße' -f '' root
  run -0 grep -c '^from: *$' mail/1.envelope
  assert_equal "$(field from)" "=?UTF-8?B?R3LDvMOfZQ==?= <$me@host.test>"
}

@test "a message without an author is by the sender that -f names" {
  relay
  letter | sendmail -f www@x.test root
  assert_equal "$(field from)" www@x.test
  letter | sendmail -F 'Web Server' -f www root
  assert_equal "$(field from 2)" 'Web Server <www@host.test>'
  configure 'from = relay@z.test'
  letter | sendmail -f www@x.test root
  assert_equal "$(reverse_path 3)" www@x.test
  assert_equal "$(field from 3)" relay@z.test
}

@test "an account for others keeps nobody's mail back" {
  relay
  configure '[account default]' 'from = *@work.test'
  letter | sendmail root
  assert_equal "$(reverse_path)" "$me@host.test"
}

@test "a relay that wants one sender gets it from the configuration; -f goes before" {
  configure 'from = web1@relay.test'
  relay
  printf 'From: ann@x.test\nTo: root\n\nhi\n' | sendmail -t
  assert_equal "$(reverse_path 1)" web1@relay.test
  assert_equal "$(field from)" ann@x.test
  letter | sendmail -f ann root
  assert_equal "$(reverse_path 2)" ann@host.test
}

@test "-f chooses the account that is for the address, as --from does" {
  relay
  configure '[account work]' 'from = me@work.test' 'server = 127.0.0.1:1'
  letter | sendmail -f me@work.test root 2>said
  states waits
  run -0 grep -c '"--account=work"' "$box"/queue/*
  letter | sendmail -f me@home.test root
  messages 1
}

@test "the name decides, or --sendmail, or a word that only sendmail has" {
  relay
  letter | bin/send-mail root
  letter | smtpsend --sendmail root
  letter | smtpsend -oi root
  letter | smtpsend -ti root
  messages 4
  run -0 sendmail --version
  assert_output --regexp '^smtpsend [0-9]'
  run -0 sendmail --help
  assert_line --index 0 'Usage: sendmail [OPTION]... [RECIPIENT]...'
  run -64 sendmail -Q
  assert_output "sendmail: unknown option '-Q'"
}

@test "-C names the configuration in place of the others, later as well" {
  serve
  printf '%s\n' "server = 127.0.0.1:$port" 'local-domain = other.test' 'aliases = none' >other
  letter | sendmail -C other root
  assert_equal "$(recipients 1)" 'root@other.test '
  letter | sendmail -C other -odq ann
  cd /
  run -0 "$BATS_TEST_TMPDIR/bin/sendmail" -q
  cd "$BATS_TEST_TMPDIR"
  assert_equal "$(recipients 2)" 'ann@other.test '
}

@test "-v tells the server's answer, -X writes the dialogue, -oeq keeps quiet" {
  relay --reject no@y.test
  letter | sendmail -v -X log ann@y.test 2>said
  run -0 cat said
  assert_output --regexp '^sendmail: accepted for 1 of 1 recipient .*: 250 .*'
  run -0 grep -c '^C: MAIL FROM' log
  letter >text
  run -67 sendmail -oeq no@y.test <text
  refute_output
  run -64 sendmail -oeq -t -bv
  refute_output
}

# --- what fails -----------------------------------------------------------------------

@test "no server: it is queued, which is told in a line, and sent by -q" {
  letter | sendmail root 2>said
  run -0 cat said
  assert_output --regexp '^sendmail: 127.0.0.1:1: Connection refused; the message is queued as [0-9a-z]+$'
  states waits
  relay
  run -0 smtpsend --flush
  messages 0
  run -0 sendmail -q
  refute_output
  states ''
  assert_equal "$(recipients)" 'root@host.test '
}

@test "whatever is in the way of a message brings it into the outbox" {
  local -a ways=(
    'server = mx.nowhere.invalid|no such host'
    'user = ann|password'
    $'user = ann\npassword-file = /nowhere|nowhere'
    'fo = x|unknown setting .fo.'
    'timeout = soon|timeout'
    'tls-ca = /nowhere|nowhere'
    $'server = mx.y.test\nproxy = gopher://x|gopher'
    'from = a b c|config:[0-9]+: from: .a b c.'
    'envelope-from = a b|config:[0-9]+: envelope-from: .a b.'
    'bcc = a, b c|config:[0-9]+: bcc: .a, b c.'
    'bcc-file = /nowhere|nowhere'
    'charset = nonsense|nonsense'
  )
  local way n=0
  chmod 600 "$XDG_CONFIG_HOME/smtpsend/config"
  cp "$XDG_CONFIG_HOME/smtpsend/config" config
  for way in "${ways[@]}"; do
    cp config "$XDG_CONFIG_HOME/smtpsend/config"
    [ "${way%% *}" != server ] || sed -i '/^server/d' "$XDG_CONFIG_HOME/smtpsend/config"
    configure "${way%%|*}"
    letter | timeout 30 bin/sendmail root 2>said || { cat said && echo "$way" && return 1; }
    run -0 cat said
    assert_line --regexp "${way#*|}.*; the message is queued as"
    n=$((n + 1))
    assert_equal "$(find "$box/queue" -type f | wc -l)" "$n"
  done
}

@test "what variables say is kept where a file is broken" {
  serve
  cp "$XDG_CONFIG_HOME/smtpsend/config" config
  configure 'fo = x'
  letter | SMTPSEND_SERVER=127.0.0.1:$port sendmail -f me@x.test ann@y.test 2>said
  run -0 cat said
  assert_output --partial "unknown setting 'fo'"
  messages 0
  cp config "$XDG_CONFIG_HOME/smtpsend/config"
  run -0 sendmail -q
  messages 1
  letter | SMTPSEND_TIMEOUT=soon SMTPSEND_OUTBOX_DIR=$PWD/other sendmail ann@y.test 2>said
  run -0 cat said
  assert_output --regexp 'SMTPSEND_TIMEOUT: .*; the message is queued as'
  assert_equal "$(find other/queue -type f | wc -l)" 1
  letter | EMAIL='a b' sendmail -f me@x.test ann@y.test 2>said
  run -0 cat said
  assert_output --regexp 'EMAIL: .a b.*; the message is queued as'
}

@test "a server that says nothing until the deadline keeps no message from the outbox" {
  play <<'END'
name: x

C? QUIT
END
  server_is "127.0.0.1:$port"
  configure 'deadline = 300ms'
  letter >text
  run -0 sendmail root <text
  assert_output --partial 'the deadline has passed; the message is queued as'
  run -0 mailq
  assert_output --partial root@host.test
}

@test "a sign-in that is refused is no word on the message" {
  relay --user ann:right
  configure 'user = ann' 'password-command = echo wrong'
  letter | sendmail root 2>said
  run -0 cat said
  assert_output --partial 'the message is queued as'
  states waits
}

# answers GREETING MAIL: a server that says these, and nothing more if it is a 5yz
answers() {
  play < <(
    printf '%s\n' 'name: x' '' "S: $1"
    [ -z "${2-}" ] || printf '%s\n' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' "S: $2"
    printf '%s\n' 'C? QUIT' 'S! close'
  )
  server_is "127.0.0.1:$port"
}

@test "who may not be there or sign in first waits; a sender who is refused does not" {
  letter >text
  answers '554 5.7.1 go away'
  run -0 sendmail root <text
  assert_output --partial '554 5.7.1 go away; the message is queued as'
  answers '220 x' '530 5.7.0 Authentication required'
  run -0 sendmail root <text
  assert_output --partial 'Authentication required'
  assert_output --partial 'queued as'
  run -0 mailq
  assert_equal "${#lines[@]}" 2
  answers '220 x' '550 5.7.1 not this sender'
  run -69 sendmail root <text
  assert_output --partial '550 5.7.1 not this sender'
  run -0 mailq
  assert_equal "${#lines[@]}" 2
}

@test "what the configuration demands of servers and this one lacks keeps no mail away" {
  local line n=0
  letter >text
  relay --no DSN
  for line in 'dsn-notify = never' 'priority = 3' 'hold-for = 1h' 'deliver-by = 1h' \
    'mail-param = X-A=1' 'rcpt-param = X-A=1'; do
    configure "$line"
    run -0 sendmail root <text
    assert_output --partial 'does not offer'
    assert_output --partial 'is queued as'
    sed -i '$d' "$XDG_CONFIG_HOME/smtpsend/config"
    n=$((n + 1))
  done
  run -0 mailq
  assert_equal "$(grep -c root@host.test <<<"$output")" "$n"
  # That of a flush may say no more of it than that of the call.
  configure 'priority = 3'
  run -75 sendmail -q
  messages 0
  sed -i '$d' "$XDG_CONFIG_HOME/smtpsend/config"
  smtpsend --outbox retry all
  run -0 sendmail -q
  messages "$n"
  states ''
}

@test "what the message itself needs and the server lacks is told by the status" {
  relay --no SMTPUTF8 --size 100
  letter >text
  run -65 sendmail 'jörg@y.test' <text
  head -c 200 /dev/zero | tr '\0' x >>text
  run -69 sendmail root <text
  states ''
}

@test "what is refused for good is told by the status, and not queued" {
  relay --reject no@y.test --reject never@y.test
  letter >text
  run -67 sendmail no@y.test never@y.test <text
  assert_line --regexp '^sendmail: no@y.test: refused: 550'
  run -1 sendmail no@y.test ann@y.test <text
  assert_equal "$(recipients)" 'ann@y.test '
  states ''
}

@test "who is only put off waits, and that is as good as taken" {
  relay --defer late@y.test
  letter >text
  run -0 sendmail late@y.test ann@y.test <text
  assert_line --regexp 'late@y.test: deferred: 4'
  assert_line --regexp 'queued as'
  messages 1
  states waits
}

@test "-q tries all that waits, due or not, once; what is held stays" {
  relay --defer late@y.test
  letter >text
  sendmail -f one@x.test late@y.test <text 2>said
  sendmail -f two@x.test late@y.test <text 2>said
  sendmail -f three@x.test late@y.test <text 2>said
  states waits waits waits
  smtpsend --outbox hold "$(mailq | awk '/two@x/ { print $1 }')"
  run -75 sendmail -qSone
  assert_output --partial 'still to be sent'
  tries() { smtpsend --outbox --json | sed 's/.*"tries":\([0-9]*\).*<*"from":"\([a-z]*\)@.*/\2 \1/' | sort | tr '\n' ' '; }
  assert_equal "$(tries)" 'one 2 three 1 two 1 '
  run -75 sendmail -q
  assert_equal "$(tries)" 'one 3 three 2 two 1 '
  states held waits waits
  messages 0
  kill "$server"
  serve --listen "127.0.0.1:$port"
  run -0 smtpsend --flush
  messages 0
  run -0 sendmail -q
  messages 2
  states held
}

@test "-q tries a server that cannot be reached once, and what waits for it waits longer" {
  letter >text
  server_is 127.0.0.1:1
  sendmail -f one@x.test a@y.test <text 2>said
  sendmail -f two@x.test a@y.test <text 2>said
  run -75 sendmail -q
  assert_equal "$(grep -c refused <<<"$output")" 1
  run -0 smtpsend --outbox --json
  assert_equal "$(grep -o '"tries":[0-9]*' <<<"$output" | tr '\n' ' ')" '"tries":2 "tries":2 '
  assert_equal "$(grep -o '"due":[0-9]*' <<<"$output" | sort -u | wc -l)" 1
  # nor is it tried twice in a run that finds the server there
  relay --defer a@y.test
  run -75 sendmail -q
  run -0 smtpsend --outbox --json
  assert_equal "$(grep -o '"tries":[0-9]*' <<<"$output" | tr '\n' ' ')" '"tries":3 "tries":3 '
}

@test "a configuration that says no is heeded" {
  configure 'queue-on-failure = no'
  letter >text
  run -75 sendmail root <text
  states ''
}

@test "a bad call or message is refused, and nothing of it is queued" {
  letter >text
  printf 'Subject: x\n\nhi\n' >unaddressed
  run -64 sendmail <text
  assert_output --partial 'no recipients'
  run -64 sendmail -f '-x' root <text
  run -64 sendmail -f 'a b c' root <text
  assert_line --index 0 --regexp "^sendmail: -f: 'a b c': "
  run -64 sendmail -f $'ann\nRCPT TO:<bob>' root <text
  assert_line --index 0 --regexp '^sendmail: -f: .* line break'
  run -64 sendmail $'root\nann' <text
  run ! sendmail -t <unaddressed
  [ "$status" = 64 ] || [ "$status" = 65 ]
  assert_output --partial recipients
  printf 'Resent-From: me\nTo: ann@y.test\n\nhi\n' >unaddressed
  run -64 sendmail -t <unaddressed
  assert_output --partial 'Resent-To'
  run -64 sendmail 'ann@@y' <text
  states ''
}

@test "errors and hints name what sendmail has, or how the configuration says it" {
  letter >text
  run -64 sendmail -N sometimes root <text
  assert_line --index 0 --regexp "^sendmail: -N 'sometimes' is "
  run -0 sendmail -X /nonexistent/log root <text
  assert_output --regexp '^sendmail: -X: /nonexistent/log: '
  configure 'queue-on-failure = no'
  run -75 sendmail root <text
  assert_output --regexp "hint: .*: 'server = submission://127.0.0.1' in /.*/config, 'server = "
  cp "$XDG_CONFIG_HOME/smtpsend/config" mine
  run -75 sendmail -C mine root <text
  assert_output --regexp "'server = submission://127.0.0.1' in mine, "
  relay --no SMTPUTF8
  printf 'Subject: J\303\266rg\n\nhello\n' >text
  run sendmail root <text
  refute_output --partial ' --'
}

@test "an alias that leads in a circle is named, and nothing is queued" {
  printf '%s\n' 'a: b' 'b: a' 'c: |/bin/cat' 'd: :include:/etc/passwd' >aliases
  letter >text
  run -78 sendmail -oAaliases a <text
  assert_output --regexp '^sendmail: aliases:[12]: '
  run -78 sendmail -oAaliases c <text
  run -78 sendmail -oAaliases d <text
  states ''
}

@test "without a home, and with somebody else's, it works; the error says what to do" {
  relay
  letter >text
  export SMTPSEND_SERVER=127.0.0.1:$port
  run -0 env -u HOME -u XDG_CONFIG_HOME bin/sendmail ann@y.test <text
  run -0 env -u XDG_CONFIG_HOME HOME=/nowhere bin/sendmail ann@y.test <text
  messages 2
}

@test "a daemon that passes on the environment of root sends as who it is" {
  [ "$(id -u)" = 0 ] || skip 'it needs root'
  serve
  letter | (
    cd / && exec env -u XDG_CONFIG_HOME HOME=/root SMTPSEND_SERVER="127.0.0.1:$port" \
      SMTPSEND_LOCAL_DOMAIN=host.test SMTPSEND_ALIASES=none setpriv --reuid=65534 \
      --regid=65534 --clear-groups "$SMTPSEND_BUILD/smtpsend" --sendmail root
  )
  assert_equal "$(reverse_path)" "$(id -un 65534)@host.test"
  assert_equal "$(recipients)" 'root@host.test '
}

@test "a user's name that is no word is quoted, from whatever directory it comes" {
  local name
  needs_private 'to have a list of users'
  relay
  letter >text
  for name in 'DOMAIN\bob' 'a b' '.x.'; do
    sed "s/^$me:/${name//\\/\\\\}:/" /etc/passwd >passwd
    # shellcheck disable=SC2016
    run -0 private bash -c 'mount --bind passwd /etc/passwd && exec bin/sendmail ann@y.test <text'
    refute_output
  done
  assert_equal "$(reverse_path 1)" '"DOMAIN\\bob"@host.test'
  assert_equal "$(reverse_path 2)" '"a b"@host.test'
  assert_equal "$(reverse_path 3)" '".x."@host.test'
}

@test "nobody listens on standard output and error" {
  relay --reject no@y.test
  letter >text
  sendmail ann@y.test <text >&- 2>&-
  messages 1
  run -67 bash -c 'bin/sendmail no@y.test <text >&- 2>&-'
  server_is 127.0.0.1:1
  sendmail ann@y.test <text >&- 2>&-
  states waits
}

@test "each mail has a line in the log, with the tag of -L" {
  relay --reject no@y.test
  configure "log = $PWD/log"
  letter | sendmail -f me@x.test ann@y.test
  letter >text
  run -67 sendmail no@y.test <text
  letter | sendmail -L $'my\ntag' -odq ann@y.test
  run -64 sendmail -t <text
  run -64 sendmail -L tag -f 'a b' ann@y.test <text
  run -64 sendmail -z <text
  run -64 sendmail $'ann\nbob' <text
  run -0 cat log
  assert_equal "${#lines[@]}" 7
  assert_line --index 0 --regexp ' sendmail\[[0-9]+\]: .*sent.*'
  assert_line --index 1 --partial refused
  assert_line --index 2 --regexp ' my_tag\[[0-9]+\]: .*queued.*'
  assert_line --index 3 --partial 'no recipients'
  assert_line --index 4 --regexp " tag\\[[0-9]+\\]: .*exit=64 .*-f: 'a b'"
  assert_line --index 5 --regexp " sendmail\\[[0-9]+\\]: .*exit=64 .*unknown option"
  assert_line --index 6 --regexp 'exit=64 .*line break'
}

@test "a log that cannot be written loses nothing" {
  relay
  configure 'log = /nowhere/log'
  letter >text
  run -0 sendmail ann@y.test <text
  assert_output --partial 'not logged'
  messages 1
}

# --- now or later ---------------------------------------------------------------------

@test "-odq leaves it in the outbox, -q sends it, -q30m too" {
  relay
  letter | sendmail -odq ann@y.test
  messages 0
  states due
  run -0 sendmail -q30m
  messages 1
  states ''
}

@test "-odb is done when it is on the disk, and somebody else sends it" {
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C? QUIT
END
  server_is "127.0.0.1:$port"
  # That it has ended while the pipe is held by nobody: cat comes to its end.
  letter | sendmail -odb ann@y.test 2>&1 | cat >said
  run -0 cat said
  refute_output
  followed
}

@test "-odb waits for the server where there is no outbox" {
  relay
  : >file
  letter >text
  configure "outbox-dir = $PWD/file"
  run -0 sendmail -odb bob@y.test <text
  refute_output
  messages 1
  assert_equal "$(recipients)" 'bob@y.test '
  server_is 127.0.0.1:1
  run -75 sendmail -odb bob@y.test <text
  assert_line --partial 'not queued'
}

@test "-qI, -qR and -qS send a part, and mailq shows it" {
  relay
  letter | sendmail -odq -f one@x.test ann@y.test
  letter | sendmail -odq -f two@x.test bob@y.test
  letter | sendmail -odq -f three@x.test carl@z.test
  run -0 mailq
  assert_equal "${#lines[@]}" 3
  run -0 mailq -qRY.test
  assert_equal "${#lines[@]}" 2
  run -0 mailq -qSthree@
  assert_output --partial carl@z.test
  run -0 mailq -qInothing
  assert_output 'Mail queue is empty'
  run -0 sendmail -qRcarl
  assert_equal "$(recipients)" 'carl@z.test '
  local id
  id=$(mailq -qSone@ | awk '{ print $1 }')
  run -0 sendmail "-qI${id:4}"
  assert_equal "$(recipients 2)" 'ann@y.test '
  run -0 sendmail -qStwo
  run -0 mailq
  assert_output 'Mail queue is empty'
}

@test "mailq, sendmail -bp and --json; a broken configuration hides nothing" {
  run -0 mailq
  assert_output 'Mail queue is empty'
  letter | sendmail -odq ann@y.test
  run -0 sendmail -bp
  assert_output --partial ann@y.test
  run -0 bash -c 'bin/mailq --json | python3 -c "import json, sys; print(json.load(sys.stdin)[\"to\"])"'
  assert_output "['ann@y.test']"
  configure 'fo = x'
  run -0 mailq
  assert_output --partial "unknown setting 'fo'"
  assert_output --partial ann@y.test
}

# --- names ----------------------------------------------------------------------------

@test "-bv tells for whom a name stands, and what the server says of each" {
  printf '%s\n' 'root: ann@y.test, bob' 'bob: no@y.test' >aliases
  relay --reject no@y.test
  run -1 --separate-stderr sendmail -oAaliases -bv root carl@y.test
  assert_output "root@host.test... aliased to ann@y.test, no@y.test
ann@y.test... deliverable: mailer relay, host 127.0.0.1, user ann@y.test
no@y.test... refused: 550 5.1.1 no such user
carl@y.test... deliverable: mailer relay, host 127.0.0.1, user carl@y.test"
  run -67 sendmail -oAaliases -bv bob
  run -0 sendmail -bv ann@y.test
  messages 0
}

@test "-bv without a server tells for whom a name stands, and that there is none" {
  printf '%s\n' 'root: ann@y.test' >aliases
  run -75 --separate-stderr sendmail -oAaliases -bv root
  assert_line --index 0 'root@host.test... aliased to ann@y.test'
  assert_equal "${stderr%%$'\n'*}" 'sendmail: 127.0.0.1:1: Connection refused'
  states ''
  # -S is none of sendmail's options.
  assert_regex "$stderr" 'hint: what are options of smtpsend \(-S: server\) are lines of /.*/smtpsend/config'
}

@test "-bi and newaliases count the aliases, or name what is wrong" {
  printf '%s\n' 'root: ann@y.test' 'bob: root' >aliases
  run -0 sendmail -bi -oAaliases
  assert_output '2 aliases'
  configure "aliases = $PWD/aliases"
  run -0 newaliases
  assert_output '2 aliases'
  echo 'carl: |/bin/cat' >>aliases
  run -78 newaliases
  assert_output --partial 'aliases:3: '
}
