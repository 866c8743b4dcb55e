#!/usr/bin/env bats
# The system's spool: each user's outbox in it, root's flush of all of them, and messages
# that only the system's settings can send.  port, server, output and stderr come from
# testserver.bash and bats, and texts in single quotes are for other programs:
# shellcheck disable=SC2154,SC2119,SC2001,SC2016

load testserver

config=/usr/local/etc/smtpsend/config

setup() {
  [ "$(id -u)" = 0 ] || skip 'it takes root to become somebody else'
  grep -aqF "$config" "$SMTPSEND_BUILD/smtpsend" || skip "the system's file is not $config"
  needs_private 'for the configuration of the system'
  chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
  install -m 755 "$SMTPSEND_BUILD/smtpsend" program
  install -d -m 1733 spool
  install -d -m 755 etc etc/smtpsend
}

# system MODE [LINE...]: the system's configuration
system() {
  printf '%s\n' "${@:2}" >etc/smtpsend/config
  chmod "$1" etc/smtpsend/config
}

# as UID COMMAND...: without a group of root's, and with root's HOME, as daemons do it
as() { setpriv --reuid "$1" --regid "$1" --clear-groups env -u XDG_CONFIG_HOME HOME=/root "${@:2}"; }
# Where the system's configuration is what "system" has written.
within() {
  # shellcheck disable=SC2016 # for that shell
  private sh -c 'mount --bind "$0" /usr/local/etc && exec "$@"' "$PWD/etc" "$@"
}
# user UID ARGUMENT...: smtpsend of that user, in that system
user() {
  within setpriv --reuid "$1" --regid "$1" --clear-groups env -u XDG_CONFIG_HOME HOME=/root \
    "$PWD/program" --spool-dir "$PWD/spool" "${@:2}"
}
# queue UID ADDRESS...: to the server on $port
queue() {
  user "$1" -S "127.0.0.1:$port" -f me@x.test --queue -s Test --body hello "${@:2}" </dev/null
}
# root ARGUMENT...: of root, whose home is the test's
root() { within "$PWD/program" --spool-dir "$PWD/spool" "$@"; }
flush() { within timeout 60 "$PWD/program" --spool-dir "$PWD/spool" --flush "$@"; }

# is_empty UID: nothing waits there, and nothing was refused or is unknown
is_empty() {
  local found
  found=$(find "spool/$1/queue" "spool/$1/unknown" "spool/$1/failed" -type f)
  [ -z "$found" ] || {
    echo "$found"
    return 1
  }
}

# The server's port, on which nobody answers any more than the greeting.
stalling() {
  play "$@" <<'END'
name: x

S: 220 x
C: EHLO *
S! stall
END
}

# until_true COMMAND...: within a minute
until_true() {
  local end=$((SECONDS + 60))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    read -r -t 0.02 <> <(:) || true
  done
}

# connected UID: $pid is a process of that user that has a connection
connected() {
  local process
  for process in $(pgrep -U "$1" -x program); do
    # shellcheck disable=SC2010
    if ls -l "/proc/$process/fd" 2>/dev/null | grep -q socket:; then
      pid=$process
      return 0
    fi
  done
  return 1
}

# --- where it is ----------------------------------------------------------------------

@test "a user without a name or a home queues into the spool, and root's flush sends it" {
  serve
  run -0 queue 12345 a@y.test
  refute_output
  assert_equal "$(stat -c '%u %a' spool/12345)" '12345 700'
  run -0 user 12345 --outbox
  assert_output --regexp ' due .* a@y\.test$'
  run -0 flush
  refute_output
  messages 1
  is_empty 12345
}

@test "root's flush sends root's own messages and those of users with a name" {
  serve
  local nobody
  nobody=$(id -u nobody)
  run -0 queue 0 root@y.test
  run -0 queue "$nobody" nobody@y.test
  run -0 flush -v
  assert_output --partial 'accepted 2 of 2 messages'
  messages 2
  is_empty 0
  is_empty "$nobody"
}

@test "without root only one's own outbox is flushed" {
  serve
  queue 12345 a@y.test
  queue 12346 b@y.test
  run -0 user 12345 --flush
  messages 1
  run -0 user 12346 --outbox
  assert_output --partial b@y.test
}

@test "what waits at home from before the spool is listed and sent, too" {
  serve
  mkdir -m 700 old
  chown 12345 old
  run -0 as 12345 env XDG_STATE_HOME="$PWD/old" ./program --spool-dir none -S "127.0.0.1:$port" -f me@x.test \
    --queue --body hello old@y.test
  run -0 as 12345 env XDG_STATE_HOME="$PWD/old" ./program --spool-dir "$PWD/spool" -S "127.0.0.1:$port" \
    -f me@x.test --queue --body hello new@y.test
  run -0 as 12345 env XDG_STATE_HOME="$PWD/old" ./program --spool-dir "$PWD/spool" --outbox
  assert_line --partial old@y.test
  assert_line --partial new@y.test
  run -0 as 12345 env XDG_STATE_HOME="$PWD/old" ./program --spool-dir "$PWD/spool" --flush
  messages 2
}

@test "a spool that is not root's, or has another mode, is refused and says how it is mended" {
  local how
  port=9
  for how in 'chown 12345' 'chmod 755' 'chmod 777' 'rm -r'; do
    install -d -o root -m 1733 spool
    chmod 1733 spool
    $how spool
    run -78 queue 12345 a@y.test
    assert_output --partial "$PWD/spool"
    assert_output --partial "root can mend it: install -d -o root -m 1733 $PWD/spool"
    [ ! -e spool/12345 ]
  done
}

@test "a place that another user has taken keeps no mail back" {
  serve
  mkdir -m 700 spool/12345 spool/12346 spool/0 elsewhere
  chown 666 spool/12345 spool/0
  ln -s "$PWD/elsewhere" spool/12347
  chown -h 666 spool/12346 spool/12347
  : >spool/12346/theirs
  local uid
  for uid in 12345 12346 12347; do
    run -0 queue "$uid" "a$uid@y.test"
    run -0 queue "$uid" "b$uid@y.test"
    run -78 user "$uid" --outbox
    assert_output --partial "$PWD/spool/$uid: it belongs to another user (uid 666)"
    assert_output --partial 'hint: root, or whoever it belongs to, can remove it: rm -r /'
  done
  run -0 queue 0 root@y.test
  run -0 root --outbox
  refute_line --partial 'spool/0:'
  assert_line --partial 'spool/12345: belongs to another user, is now 12345.'
  assert_equal "$(grep -c '@y.test' <<<"$output")" 7
  run -0 flush
  assert_output --partial 'belongs to another user, and is passed over'
  messages 7
  for uid in 0 12345 12346 12347; do
    assert_equal "$(stat -c '%F %u %a' "spool/$uid")" "directory $uid 700"
    is_empty "$uid"
    run -0 user "$uid" --outbox
  done
  # Nothing of what was there is lost, or followed.
  assert_equal "$(find spool -name theirs | wc -l)" 1
  run find elsewhere -mindepth 1
  refute_output
}

@test "what was kept beside a place is sent when its user has the place by then" {
  serve
  mkdir -m 700 spool/12345
  chown 666 spool/12345
  queue 12345 beside@y.test
  rmdir spool/12345
  queue 12345 there@y.test
  run -0 root --outbox
  assert_equal "${#lines[@]}" 2
  run -0 root --outbox=retry "$(basename spool/12345.*/queue/*)"
  run -0 flush
  refute_output
  messages 2
  is_empty 12345
  run find spool/12345.*/queue spool/12345.*/unknown -type f
  refute_output
}

@test "what is not its user's in the spool is passed over by root" {
  serve
  mkdir -m 755 spool/12347
  chown 12347 spool/12347
  : >spool/12348
  chown 12348 spool/12348
  ln -s "$PWD" spool/12346
  chown -h 12346 spool/12346
  mkdir -m 700 spool/x spool/012349 spool/99999999999999999999
  chown 12349 spool/x spool/012349 spool/99999999999999999999
  queue 12350 good@y.test
  local uid
  for uid in 12346 12347 12348; do
    run -78 queue "$uid" a@y.test
    assert_output --partial "$PWD/spool/$uid"
    assert_output --regexp 'hint: (root, or whoever it belongs to, can remove it: rm -r|chmod 700) /'
  done
  run -0 flush
  assert_line "smtpsend: $PWD/spool/12346: is not a directory of its own, and is passed over"
  assert_line "smtpsend: $PWD/spool/12347: is open to others, and is passed over"
  assert_line "smtpsend: $PWD/spool/12348: is not a directory of its own, and is passed over"
  assert_line "smtpsend: $PWD/spool/x: is no user's number, and is passed over"
  assert_line "smtpsend: $PWD/spool/012349: is no user's number, and is passed over"
  assert_line "smtpsend: $PWD/spool/99999999999999999999: is no user's number, and is passed over"
  messages 1
  run find spool/12347 spool/x -mindepth 1
  refute_output
}

# --- for each as that user ------------------------------------------------------------

@test "a user's own configuration counts, and his commands run as him, with nothing of root's" {
  serve --user me:sesame
  local nobody home
  nobody=$(id -u nobody)
  home=$PWD/home-of-nobody
  install -d -o nobody -m 755 "$home" "$home/.config" "$home/.config/smtpsend"
  printf '%s\n' "server = 127.0.0.1:$port" 'user = me' 'auth-in-clear' \
    "password-command = (id; env; ls -l /proc/self/fd; ps -o sid=,tty= -p \$\$) > $home/seen; echo sesame" \
    >"$home/.config/smtpsend/config"
  chown nobody "$home/.config/smtpsend/config"
  sed "s|^nobody:.*|nobody:x:$nobody:$nobody:nobody:$home:/bin/sh|" /etc/passwd >passwd
  # shellcheck disable=SC2016 # for that shell
  run -0 private sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$PWD/passwd" \
    setpriv --reuid nobody --regid "$nobody" --clear-groups env -u XDG_CONFIG_HOME HOME="$home" \
    "$PWD/program" --spool-dir "$PWD/spool" -f me@x.test --queue --body hello a@y.test
  # shellcheck disable=SC2016
  SECRET=root-only run -0 private sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$PWD/passwd" \
    "$PWD/program" --spool-dir "$PWD/spool" --flush
  refute_output
  messages 1
  run cat "$home/seen"
  assert_line --regexp "^uid=$nobody\\(nobody\\) gid=$nobody\\([a-z]*\\) groups=$nobody\\([a-z]*\\)\$"
  assert_line "HOME=$home"
  assert_line 'USER=nobody'
  refute_output --partial root-only
  refute_output --regexp ' [4-9] -> .*(spool|bats)'
}

@test "what a user's programs print cannot reach root's terminal" {
  install -d -o nobody -m 755 home-of-nobody
  local nobody
  nobody=$(id -u nobody)
  serve --user me:sesame
  run -0 within setpriv --reuid nobody --regid "$nobody" --clear-groups env -u XDG_CONFIG_HOME \
    "$PWD/program" --spool-dir "$PWD/spool" -S "127.0.0.1:$port" --user me --auth-in-clear \
    --password-command 'printf "\033]0;title\007\n" >&2; echo sesame' -f me@x.test --queue --body hello a@y.test
  run -0 flush
  assert_output 'smtpsend: nobody: \x1B]0;title\x07'
  messages 1
}

@test "a user whose server stalls, or whose child dies, does not keep the others" {
  stalling
  queue 12345 slow@y.test
  serve
  queue 12346 quick@y.test
  flush --json >report 2>told </dev/null 3>&- &
  client=$!
  until_true connected 12345
  until_true messages 1 >/dev/null
  kill -KILL "$pid"
  local status=0
  wait "$client" || status=$?
  client=
  assert_equal "$status" 3
  run cat told
  assert_line 'smtpsend: uid 12345: the flush was ended by signal 9'
  run -0 user 12345 --outbox
  assert_output --partial slow@y.test
  is_empty 12346
}

@test "a child that is stopped by its user is ended, and a signal ends them in order" {
  stalling
  queue 12345 slow@y.test
  flush >told 2>&1 </dev/null 3>&- &
  client=$!
  until_true connected 12345
  as 12345 kill -STOP "$pid"
  local status=0
  wait "$client" || status=$?
  assert_equal "$status" 3
  run cat told
  assert_line 'smtpsend: uid 12345: the flush was stopped or took too long, and was ended'
  kill "$server" || true
  stalling --listen "127.0.0.1:$port"
  within "$PWD/program" --spool-dir "$PWD/spool" --flush >told 2>&1 </dev/null 3>&- &
  client=$!
  until_true connected 12345
  kill -TERM "$client" $(pgrep -P "$client" -x program)
  wait "$client" || true
  client=
  run ! pgrep -U 12345 -x program
  run -0 user 12345 --outbox
  assert_output --partial slow@y.test
}

@test "two flushes of root at once send each message once" {
  serve
  local i
  for i in 1 2 3 4 5; do
    queue 12345 "a$i@y.test"
    queue 12346 "b$i@y.test"
    queue 0 "c$i@y.test"
  done
  flush >/dev/null 2>&1 </dev/null 3>&- &
  client=$!
  run flush
  wait "$client" || true
  client=
  run -0 flush
  messages 15
  assert_equal "$(sed -n 's/^to: //p' mail/*.envelope | sort | uniq -d)" ''
}

@test "root's own messages, whose server stalls, do not keep those of others" {
  stalling
  queue 0 slow@y.test
  serve
  queue 12345 quick@y.test
  flush >told 2>&1 </dev/null 3>&- &
  client=$!
  until_true messages 1 >/dev/null
  kill "$client"
  wait "$client" || true
  client=
  run -0 root --outbox
  assert_output --partial slow@y.test
}

@test "what a user has not in order spoils no status of root's flush" {
  serve
  queue 12345 a@y.test
  rm -r spool/12345/queue
  ln -s /etc spool/12345/queue
  chown -h 12345 spool/12345/queue
  run -75 flush
  assert_output --partial "uid 12345: $PWD/spool/12345/queue: is not a directory of its own"
}

# --- what root sees of all ------------------------------------------------------------

@test "root lists the messages of all users, and says whose they are" {
  port=9
  queue 0 root@y.test
  queue 12345 a@y.test
  queue "$(id -u nobody)" b@y.test
  run -0 root --outbox
  assert_equal "${#lines[@]}" 3
  assert_line --regexp '> root@y\.test$'
  assert_line --regexp '> a@y\.test  \(of uid 12345\)$'
  assert_line --regexp '> b@y\.test  \(of nobody\)$'
  run -0 user 12345 --outbox
  assert_output --regexp '> a@y\.test$'
  run -0 --separate-stderr root --outbox --json
  assert_equal "$(grep -c owner <<<"$output")" 2
  assert_equal "$(grep a@y.test <<<"$output" | columns owner)" '[["uid 12345"]]'
  ln -s program mailq
  run -0 within env SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/mailq"
  assert_equal "${#lines[@]}" 3
  run -0 within env SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/mailq" -qRb@y
  assert_equal "${#lines[@]}" 1
  assert_output --partial 'b@y.test  (of nobody)'
}

@test "root changes what becomes of a user's message, as that user" {
  local id
  port=9
  queue 12345 a@y.test
  queue 12346 b@y.test
  id=$(basename spool/12345/queue/*)
  run -0 root --outbox=hold "$id"
  run -0 user 12345 --outbox
  assert_output --partial held
  run -0 root --outbox=release all
  run -0 root --outbox=retry "$id"
  run -0 root --outbox=show "$id"
  assert_line --regexp '^[0-9a-z]+  due .* a@y\.test  \(of uid 12345\)$'
  run -0 find spool/12345 spool/12346 ! -uid 12345 ! -uid 12346
  refute_output
  run -66 user 12346 --outbox=cancel "$id"
  run -0 root --outbox=cancel "$id"
  is_empty 12345
  run -0 user 12346 --outbox
  assert_output --partial b@y.test
  # The same ID, by who knows it, is not taken for the other.
  id=$(basename spool/12346/queue/*)
  cp spool/12346/queue/"$id" spool/12345/queue/"$id"
  chown 12345 spool/12345/queue/"$id"
  run -64 root --outbox=cancel "$id"
  assert_output --partial 'more than one ID'
}

@test "what users put in the way of root's list is named, and followed nowhere" {
  port=9
  local uid
  for uid in 12345 12346 12347 12348; do queue "$uid" "u$uid@y.test"; done
  install -d -m 700 secret
  echo hidden >secret/hidden
  rm -r spool/12345/queue
  ln -s "$PWD/secret" spool/12345/queue
  chown -h 12345 spool/12345/queue
  local id
  id=$(basename spool/12346/queue/*)
  mv spool/12346/queue/"$id" spool/12346/failed/
  chown 0 spool/12346/failed/"$id"
  as 12347 touch spool/12347/queue/foreign
  run -0 --separate-stderr root --outbox
  assert_equal "${#lines[@]}" 2
  assert_line --index 0 --partial u12347@
  assert_line --index 1 --partial u12348@
  [[ "$stderr" == *"spool/12345/queue: is not a directory of its own"* ]]
  [[ "$stderr" == *"spool/12346: there are files in it that are no messages"* ]]
  [[ "$stderr" == *"spool/12347: there are files in it that are no messages"* ]]
  run -66 root --outbox=cancel "$id"
  [ -e spool/12346/failed/"$id" ]
  [ -e secret/hidden ]
}

# --- the system's settings ------------------------------------------------------------

# A relay that takes nobody without the password, which only root can read.
relay() {
  serve --user relay:geheim17x
  (umask 077 && echo geheim17x >etc/smtpsend/password)
  system "${mode:-600}" "server = 127.0.0.1:$port" 'user = relay' auth-in-clear \
    "password-file = /usr/local/etc/smtpsend/password"
}

@test "who may not read the system's configuration queues, and only root's flush sends" {
  relay
  run -0 user 12345 --queue -v -f me@x.test -s Test --body hello a@y.test
  assert_output --regexp ': queued as [0-9a-z]+ for 1 recipient, to be sent by the system.s flush$'
  run -0 --separate-stderr user 12345 --queue --json -f me@x.test --body hello b@y.test
  assert_equal "$(columns queued_for_system status <<<"$output")" '[[true,0]]'
  run -0 user 12345 --outbox
  assert_line --regexp "a@y\\.test  \\(waits for the system's flush\\)\$"
  run -0 user 12345 --flush -v
  assert_output --partial "2 that are due for the system's flush alone"
  messages 0
  run -0 flush -v
  assert_output --partial 'accepted 2 of 2 messages'
  messages 2
  is_empty 12345
}

@test "where there is no spool, who may not read the configuration is told what to do" {
  spool=/usr/local/var/spool/smtpsend
  [ ! -e "$spool" ] || skip "there is $spool"
  system 600 'server = 127.0.0.1:1'
  install -d -m 700 -o 12345 theirs
  run -0 within setpriv --reuid 12345 --regid 12345 --clear-groups env -u XDG_CONFIG_HOME -u XDG_STATE_HOME \
    HOME="$PWD/theirs" "$PWD/program" --queue -f me@x.test a@y.test --body hello
  assert_output --partial "root can make one: install -d -o root -m 1733 $spool"
  run -0 find theirs -path '*/queue/*'
  assert_equal "${#lines[@]}" 1
  # Who has a server of his own is told nothing.
  run -0 within setpriv --reuid 12345 --regid 12345 --clear-groups env -u XDG_CONFIG_HOME -u XDG_STATE_HOME \
    HOME="$PWD/theirs" "$PWD/program" -S 127.0.0.1:1 --queue -f me@x.test a@y.test --body hello
  refute_output
}

@test "who may not read the password alone queues what would have been sent" {
  mode=644 relay
  run -0 user 12345 --queue-on-failure -f me@x.test --body hello a@y.test
  messages 0
  run -0 flush
  messages 1
  run -0 user 12345 --queue -f me@x.test --body hello b@y.test
  run grep -ao '"options":{.*}' spool/12345/queue/*
  assert_output '"options":{"system":true,"words":[]}}'
}

@test "what the user says of server or signing in is refused where the system is to send" {
  relay
  local option
  for option in --user=me --tls=off --proxy=socks5://127.0.0.1:9 --ehlo-name=x.test; do
    run -78 --separate-stderr user 12345 --queue "$option" -f me@x.test --body hello a@y.test ||
      [ "$status" = 64 ]
    [[ "$stderr" == *"the system's flush is to send this"* ]]
  done
  [ ! -e spool/12345/queue ] || is_empty 12345
  # A server of his own is his own affair.
  play <<'END'
name: x

S: 220 x
END
  run -0 user 12345 --queue -S "127.0.0.1:$port" -f me@x.test --body hello a@y.test
  run ! grep -a '"system"' -r spool/12345/queue
}

@test "envelope options are kept for the system's flush" {
  play <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 DSN
C= MAIL FROM:<me@x.test> RET=HDRS ENVID=Q42
S: 250 ok
C= RCPT TO:<a@y.test> NOTIFY=NEVER ORCPT=rfc822;a@y.test
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 queued as 7
C? QUIT
END
  system 600 "server = 127.0.0.1:$port"
  run -0 user 12345 --queue --dsn-return hdrs --envelope-id Q42 --dsn-notify never -f me@x.test --body hi a@y.test
  run -0 flush
  followed
}

@test "a marked message that asks for more than an envelope's options fails, unsent" {
  relay
  run -0 user 12345 --queue -f me@x.test --body hello a@y.test
  local file word n=0
  file=$(echo spool/12345/queue/*)
  cp -p "$file" template
  for word in '--server=127.0.0.1:9' '--save=/tmp/x' '--transcript=/tmp/x' '--on-success=id' '--user=x' \
    '--password-command=id' '--proxy=socks5://127.0.0.1:9' '--tls=off' '--account=x' '--without=AUTH' \
    '--auth=PLAIN' '--hexdump' '-Sx' 'a@y.test' '--mail-param=A\r\nB' '--outbox-dir=/tmp' '--dsn-notify=never\",\"x'; do
    sed "1s|\"words\":\\[\\]|\"words\":[\"$(sed 's/[\\|&]/\\&/g' <<<"$word")\"]|" template >"$file"
    chown 12345 "$file"
    chmod 600 "$file"
    touch -d @1 "$file"
    cmp -s "$file" template && return 1
    run -67 flush
    n=$((n + 1))
    [ ! -e "$file" ]
    run find spool/12345/failed -type f
    assert_equal "${#lines[@]}" 1
    run -0 user 12345 --outbox=cancel all
  done
  messages 0
  # Nor has one without the mark anything of the secret.
  sed 's|"system":true,||' template >"$file"
  chown 12345 "$file"
  run flush
  messages 0
}

@test "under the name sendmail, too, such a user only queues" {
  local bodies=$'Subject: x\n\nhello\n'
  ln -s program sendmail
  relay
  run -0 within setpriv --reuid 12345 --regid 12345 --clear-groups env -u XDG_CONFIG_HOME HOME=/root \
    SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/sendmail" -f me@x.test -N never a@y.test <<<"$bodies"
  run -0 within setpriv --reuid 12345 --regid 12345 --clear-groups env -u XDG_CONFIG_HOME HOME=/root \
    SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/sendmail" -bp
  assert_output --partial "waits for the system's flush"
  run -75 within setpriv --reuid 12345 --regid 12345 --clear-groups env -u XDG_CONFIG_HOME HOME=/root \
    SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/sendmail" -bv a@y.test
  assert_output "a@y.test... not asked: you may not read what root's flush sends with"
  printf '%s\r\n' 'EHLO x' 'MAIL FROM:<me@x.test>' 'RCPT TO:<b@y.test>' DATA "$bodies" . QUIT >said
  chmod 644 said
  run -0 within setpriv --reuid 12345 --regid 12345 --clear-groups env -u XDG_CONFIG_HOME HOME=/root \
    SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/sendmail" -bs <said
  messages 0
  run -0 within env SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/sendmail" -q
  messages 2
  is_empty 12345
}

@test "root's flush leaves alone what a user's call has just tried, and root's sendmail -q does not" {
  ln -s program sendmail
  serve --defer a@y.test
  run -0 user 12345 -S "127.0.0.1:$port" -f me@x.test --queue-on-failure --body hello a@y.test
  run -0 user 12345 --outbox
  assert_output --regexp '^[0-9a-z]+  waits .* a@y.test$'
  kill "$server"
  serve --listen "127.0.0.1:$port"
  run -0 flush
  messages 0
  run -0 within env SMTPSEND_SPOOL_DIR="$PWD/spool" "$PWD/sendmail" -q
  messages 1
  is_empty 12345
}

# logged_flush [VARIABLE=VALUE]...: what root's flush told syslog is in $logged
logged_flush() {
  local listener
  mkdir -p dev
  rm -f dev/log listening
  mkfifo listening
  python3 -u - 3>&- <<'END' >listening &
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("dev/log")
os.chmod("dev/log", 0o666)
print("listening", flush=True)
s.settimeout(60)
with open("logged", "wb", 0) as out:
    while (line := s.recv(4096)) != b"end":
        out.write(line + b"\n")
END
  listener=$!
  read -r -t 20 <listening
  # shellcheck disable=SC2016 # for that shell
  private sh -c 'touch dev/null dev/urandom && mount --bind /dev/null dev/null &&
    mount --bind /dev/urandom dev/urandom && mount --rbind "$0/dev" /dev &&
    mount --bind "$0/etc" /usr/local/etc && exec env "$@"' \
    "$PWD" "$@" timeout 60 "$PWD/program" --spool-dir "$PWD/spool" --flush
  python3 -c 'import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"end", "dev/log")'
  wait "$listener"
  logged=$(cat logged)
}

@test "what root's flush sends for a user has its line in the log that root wants" {
  local line=' smtpsend\[[0-9]+\]: uid=12345 from=<me@x.test> to=<a@y.test> .* status=sent '
  relay
  for log in '' 'log = /usr/local/etc/log' 'log = none'; do
    system 600 "server = 127.0.0.1:$port" "$log"
    run -0 user 12345 --queue -f me@x.test --body hello a@y.test
    logged_flush SMTPSEND_LOG=syslog
    if [ "$log" = 'log = none' ]; then
      assert_equal "$logged" ''
    else
      assert_regex "$logged" "$line"
    fi
  done
  # Of what he sends by settings of his own as well.
  run -0 queue 12345 a@y.test
  logged_flush SMTPSEND_LOG=syslog
  assert_regex "$logged" "$line"
  run -0 queue 12345 a@y.test
  logged_flush
  assert_equal "$logged" ''
  is_empty 12345
}

@test "the secret is nowhere that the user can look while the system's flush is at work" {
  relay
  run -0 user 12345 --queue -f me@x.test --body hello a@y.test
  kill "$server"
  play --listen "127.0.0.1:$port" <<'END'
name: x

S: 220 x
C: EHLO *
S: 250-x
S: 250 AUTH PLAIN
C: AUTH PLAIN *
S! stall
END
  flush >told 2>&1 </dev/null 3>&- &
  client=$!
  until_true connected 12345
  local what
  # Root sees that it is there.
  run -0 python3 - "$pid" <<'END'
import re, sys
pid = sys.argv[1]
found = False
with open(f"/proc/{pid}/mem", "rb", 0) as mem:
    for line in open(f"/proc/{pid}/maps"):
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
        if m:
            begin, end = (int(x, 16) for x in m.groups())
            if end - begin > 1 << 30:
                continue  # a sanitizer's shadow
            mem.seek(begin)
            try:
                found |= b"geheim17x" in mem.read(end - begin)
            except OSError:
                pass
sys.exit(not found)
END
  for what in mem maps environ auxv stack syscall; do
    run ! as 12345 head -c 1 "/proc/$pid/$what"
  done
  run ! as 12345 ls "/proc/$pid/fd"
  assert_equal "$(awk '/^CoreDumping|^Groups/ { print $2 }' "/proc/$pid/status" | tr -d '\n')" 0
  assert_equal "$(awk '/core file/ { print $5 $6 }' "/proc/$pid/limits")" 00
  run -0 awk '/^(Uid|Gid):/ { print $2, $3, $4, $5 }' "/proc/$pid/status"
  assert_line '12345 12345 12345 12345'
  run -0 awk '/^Cap(Prm|Eff):/ { print $2 }' "/proc/$pid/status"
  refute_output --regexp '[1-9a-f]'
  kill -KILL "$pid"
  wait "$client" || true
  client=
  run ! grep -r geheim17x spool told
}

@test "system settings that cannot be used leave the message, and say why to root alone" {
  relay
  run -0 user 12345 --queue -f me@x.test --body hello a@y.test
  rm etc/smtpsend/password
  run -75 flush
  assert_output --partial '/usr/local/etc/smtpsend/password'
  run -0 user 12345 --outbox=show "$(basename spool/12345/queue/*)"
  assert_output --partial "the system's settings cannot be used: ask root"
  refute_output --partial /usr/local/etc
}
