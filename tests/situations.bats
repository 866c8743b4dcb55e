#!/usr/bin/env bats
# What people stumble over, from the first call on: each situation names what was
# tried, what came back and a next step, and the step is tried: it works, or leads
# to the next situation.  What replies of servers lead to is in hints.bats.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load hints
load quiet_net

teardown() { servers_end; }

program=$SMTPSEND_BUILD/smtpsend
mail=(-f me@x.test -t bob@y.test --body hi)

# speaks WORDS: what connects is told the words, and heard; sets $port
speaks() {
  rm -f listening
  mkfifo listening
  perl -MIO::Socket::INET -e '$| = 1;
    my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or die "$!\n";
    print $s->sockport, "\n";
    while (my $c = $s->accept) { print $c "$ARGV[0]\r\n"; readline $c }' \
    "$1" >listening 2>server.err </dev/null 3>&- &
  client=$!
  read -r -t 20 port <listening
}

@test "nothing is configured: a server can be named, or written into a file" {
  local file
  need_net
  run -75 quiet_net deny "$program" "${mail[@]}"
  assert_line --index 0 'smtpsend: localhost: [::1]:25: Connection refused, 127.0.0.1:25: Connection refused'
  assert_line 'smtpsend: hint: no server is configured and nothing answers at the default'
  assert_line 'smtpsend: hint: smtpsend --configure ADDRESS makes an account, step by step'
  assert_equal "$(step '--server HOST')" '--server HOST'
  run -0 with_server --listen 127.0.0.2:25 -- "$program" "${mail[@]}" --server 127.0.0.2

  run -75 quiet_net deny "$program" "${mail[@]}"
  file=$(step '[^ ]*home[^ ]*')
  mkdir -p "${file%/*}"
  step 'server = HOST' | sed 's/HOST/127.0.0.2/' >"$file"
  run -0 with_server --listen 127.0.0.2:25 -- "$program" "${mail[@]}"
}

@test "the host does not exist: it is spelt otherwise, or comes from a place that is named" {
  local file
  need_net
  run -68 quiet_net deny "$program" "${mail[@]}" -S mail.exmaple.test
  assert_line 'smtpsend: mail.exmaple.test: no such host'
  assert_equal "$(step '-S HOST')" '-S HOST'
  run -0 with_server --listen 127.0.0.2:25 -- "$program" "${mail[@]}" -S 127.0.0.2

  printf '\nserver = nosuch.test\n' >config
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  mv config "$XDG_CONFIG_HOME/smtpsend"
  run -68 quiet_net deny "$program" "${mail[@]}"
  file=$(hint | sed 's/.* comes from //')
  assert_equal "$file" "$XDG_CONFIG_HOME/smtpsend/config:2"
  sed -i "${file##*:}s/nosuch.test/127.0.0.2/" "${file%:*}"
  run -0 with_server --listen 127.0.0.2:25 -- "$program" "${mail[@]}"
}

@test "nothing listens at the port: the usual ones are named, and one of them is it" {
  local option
  need_net
  certificate
  run -75 quiet_net deny "$program" "${mail[@]}" -S 127.0.0.1:2525
  assert_line 'smtpsend: 127.0.0.1:2525: Connection refused'
  for option in 'submission 587' 'smtps 465 --implicit-tls' 'smtp 25'; do
    read -ra option <<<"$option"
    run -75 quiet_net deny "$program" "${mail[@]}" -S 127.0.0.1:2525
    run -0 with_server --listen "127.0.0.1:${option[1]}" --cert cert.pem --key key.pem \
      "${option[@]:2}" -- "$program" "${mail[@]}" --tls-ca cert.pem -S "$(step "${option[0]}://[^,]*")"
  done
  # one that was tried is not advised
  run -75 quiet_net deny "$program" "${mail[@]}" -S submission://127.0.0.1
  refute_output --partial submission://
}

@test "the port is another service's: its first words tell, in clear and instead of TLS" {
  local words name
  need_net
  certificate
  while IFS='|' read -r words name; do
    speaks "$words"
    run -76 send -S "127.0.0.1:$port"
    assert_output --partial "no SMTP reply: no reply code at the beginning of a line: $words"
    assert_equal "$(step 'this is .* port')" "this is $name server's port"
    run -77 send -S "smtps://127.0.0.1:$port"
    assert_output --partial "the server answers in clear, not with TLS: $words"
    assert_equal "$(step 'this is .* port')" "this is $name server's port"
    kill "$client"
  done <<'WORDS'
SSH-2.0-OpenSSH_9.2p1|an SSH
HTTP/1.1 400 Bad Request|a web
+OK POP3 ready|a POP3
* OK IMAP4rev1 ready|an IMAP
WORDS
  client=
  run -0 with_server --listen 127.0.0.1:587 --cert cert.pem --key key.pem \
    -- "$program" "${mail[@]}" --tls-ca cert.pem -S "$(step 'submission://[^,]*')"
}

@test "the socket is not there: another one is" {
  run -75 send -S "unix:$PWD/nosuch"
  assert_line "smtpsend: $PWD/nosuch: No such file or directory"
  assert_equal "$(step 'name another one with -S')" 'name another one with -S'
  serve --listen "unix:$PWD/such"
  run -0 send -S "unix:$PWD/such"
}

@test "a server that speaks LMTP, or none, is spoken to otherwise" {
  serve
  run -69 send -S "lmtp://127.0.0.1:$port"
  assert_output --partial 'LHLO: 500 '
  run -0 send -S "$(step 'smtp://[^ ]*')"
  serve --lmtp
  run -69 send -S "127.0.0.1:$port"
  assert_output --partial 'HELO: 500 '
  run -0 send -S "$(step 'lmtp://[^ ]*')"
  serve --lmtp --listen "unix:$PWD/my socket"
  run -69 send -S "unix:$PWD/my socket"
  eval "args=($(step '-S .*'))"
  # shellcheck disable=SC2154 # it was just set
  run -0 send "${args[@]}"
}

@test "the certificate is self-signed: its authority or its key can be named" {
  certificate
  serve --cert cert.pem --key key.pem
  run -77 send -S "127.0.0.1:$port" --tls=starttls
  assert_output --partial "STARTTLS: 127.0.0.1: the server's certificate is self-signed"
  assert_equal "$(step '--tls-ca FILE')" '--tls-ca FILE'
  run -0 send -S "127.0.0.1:$port" --tls=starttls --tls-ca cert.pem
  run -77 send -S "127.0.0.1:$port" --tls=starttls
  run -0 send -S "127.0.0.1:$port" --tls=starttls --tls-pin "$(step 'sha256//[^ ]*')"
  messages 2
}

@test "STARTTLS is not offered: TLS comes first elsewhere, or there is none" {
  local url
  serve
  for url in "127.0.0.1:$port --tls=starttls" "submission://127.0.0.1:$port"; do
    # shellcheck disable=SC2086 # words
    run -77 send -S $url
    assert_output --partial 'STARTTLS: the server does not offer it'
    # shellcheck disable=SC2046
    run -0 send $(step '-S smtp://[^ ]* --tls=off')
  done
  need_net
  certificate
  run -77 send -S "$url"
  run -0 with_server --listen 127.0.0.1:465 --implicit-tls --cert cert.pem --key key.pem \
    -- "$program" "${mail[@]}" --tls-ca cert.pem -S "$(step 'smtps://[^ ]*')"
}

@test "nobody can sign in: nobody needs to, or users do it elsewhere" {
  local url
  echo swordfish >right
  chmod 600 right
  serve
  run -77 send -S "127.0.0.1:$port" -u me --password-file right
  assert_output --partial 'AUTH: the server does not offer authentication'
  assert_equal "$(step 'leave the user out')" 'leave the user out'
  url=$(step 'submission://[^ ]*')
  run -0 send -S "127.0.0.1:$port"
  need_net
  certificate
  run -0 with_server --listen 127.0.0.1:587 --user me:swordfish --cert cert.pem --key key.pem \
    -- "$program" "${mail[@]}" --tls-ca cert.pem -S "$url" -u me --password-file right
}

@test "the password is wrong: a right one does it" {
  echo swordfish >right
  echo trout >wrong
  chmod 600 right wrong
  serve --user me:swordfish
  run -77 send -S "127.0.0.1:$port" --user me --password-file wrong
  assert_output --partial 'AUTH: 535 5.7.8 '
  assert_regex "$(hint)" 'check --user .* password; many providers want an app password'
  run -0 send -S "127.0.0.1:$port" --user me --password-file right
  messages 1
}

@test "one of two is refused: it alone is corrected, and sent to" {
  serve --reject bbo@y.test
  run -1 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi ann@y.test bbo@y.test
  assert_line --index 0 'smtpsend: bbo@y.test: refused: 550 5.1.1 no such user'
  assert_line --index 1 --partial 'accepted for 1 of 2 recipients'
  assert_equal "$(step 'what stands before the @')" 'what stands before the @'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi bob@y.test
  messages 2
}

@test "a file is not there: the one that was meant is, or its directory is missing" {
  local call file
  mkdir docs
  echo hi >docs/report.txt
  serve
  while read -ra call; do
    run smtpsend -S "127.0.0.1:$port" -f me@x.test "${call[@]}" docs/reprot.txt
    assert [ "$status" -ge 64 ]
    assert_output --partial 'No such file or directory'
    file=$(step "did you mean '.*'?" | cut -d "'" -f 2)
    assert_equal "$file" docs/report.txt
  done <<'CALLS'
-t bob@y.test --body hi --attach
-t bob@y.test --body-file
-t bob@y.test --body hi --html
--message
-t bob@y.test --body hi --tls-ca
-t bob@y.test --body hi --tls-crl
-t bob@y.test --body hi --user me --password-file
--body hi --to-file
--script
CALLS
  run -0 send -S "127.0.0.1:$port" --attach "$file"
  run -66 send --attach dosc/report.txt
  assert_equal "$(hint)" "there is no directory 'dosc'"
  run -66 send --attach nothing-of-the-kind
  assert_equal "$(hint)" "it was looked for in '$PWD'"
  run -73 send -S "127.0.0.1:$port" --transcript logs/today
  assert_equal "$(hint)" "there is no directory 'logs'"
  mkdir logs
  run -0 send -S "127.0.0.1:$port" --transcript logs/today
}

@test "an option is misspelt: the one that was meant is named, and so are values" {
  local option
  serve
  run -64 send -S "127.0.0.1:$port" --subjct Hello
  assert_line --index 0 --partial "unknown option '--subjct'"
  option=$(grep -o "did you mean '.*'" <<<"$output" | cut -d "'" -f 2)
  run -0 send -S "127.0.0.1:$port" "$option" Hello
  assert_equal "$(field subject)" Hello
  run -64 send -S "127.0.0.1:$port" --tls=of
  option=$(grep -o "did you mean '.*'" <<<"$output" | cut -d "'" -f 2)
  run -0 send -S "127.0.0.1:$port" --tls="$option"
  run -64 send -Z
  # shellcheck disable=SC2046 # words
  run -0 $(step "smtpsend --help=all")
  assert_output --partial '--subject'
}

@test "an address is misspelt: the one that was meant is named" {
  local address meant
  serve
  for address in bob@@y.test bob@y..test bob@y.test. .bob@y.test bob.@y.test mailto:bob@y.test; do
    run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$address"
    assert_line --index 0 --partial "recipient: '$address': "
    meant=$(step "did you mean '.*'?" | cut -d "'" -f 2)
    run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$meant"
  done
  run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi bob@
  meant=$(step ' Name <.*>')
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$meant"
  # a parameter as RCPT has it
  run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi '<bob@y.test> NOTIFY=NEVER'
  meant=$(step '[^ ]*;KEYWORD=VALUE' | sed 's/KEYWORD=VALUE/NOTIFY=NEVER/')
  run -0 smtpsend -n -v -f me@x.test --body hi "$meant"
  assert_line --partial 'recipient: <user@example.org> NOTIFY=NEVER'
  # who forgets -s has no address either
  run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi 'Hello there' bob@y.test
  meant=$(step ' Name <.*>')
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi "$meant"
}

@test "nobody is named: an operand does it, or one of three options, or the header" {
  local option
  serve
  run -64 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi
  assert_line 'smtpsend: no recipients'
  assert_line --partial 'name them as operands or with'
  for option in '' $(step '--[a-z]*'); do
    # shellcheck disable=SC2086 # none, or one
    run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi $option bob@y.test
  done
  messages 4
  run -64 smtpsend -S "127.0.0.1:$port" <<<$'From: me@x.test\nTo: bob@y.test\n\nhi'
  assert_line "smtpsend: hint: -m - sends a complete message to those in its header"
  run -0 smtpsend -S "127.0.0.1:$port" -m - <<<$'From: me@x.test\nTo: bob@y.test\n\nhi'
  messages 5
  printf 'Subject: x\n\nhi\n' >m
  run smtpsend -S "127.0.0.1:$port" -f me@x.test -m m
  assert [ "$status" -ge 64 ]
  assert_regex "$(hint)" '--to'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -m m --to bob@y.test
}

@test "a setting has a colon, or a name that is none: the line is named, and how it is written" {
  local file="$XDG_CONFIG_HOME/smtpsend/config"
  serve
  mkdir -p "${file%/*}"
  printf '# mine\nserver: 127.0.0.1:%s\n' "$port" >"$file"
  run -78 send
  assert_line --index 0 --partial "$file:2: "
  assert_line --index 0 --partial "a setting is written server = VALUE"
  sed -i '2s/: / = /' "$file"
  run -0 send
  printf 'sevrer = 127.0.0.1:%s\n' "$port" >"$file"
  run -78 send
  assert_line --index 0 --partial "$file:1: "
  sed -i "s/^sevrer/$(grep -o "did you mean '.*'" <<<"$output" | cut -d "'" -f 2)/" "$file"
  run -0 send
}

@test "what is to be pasted into a shell is one word, whatever a file is called" {
  local name
  # shellcheck disable=SC2016 # as it is
  for name in 'my pass' "it's" '$HOME' -rf; do
    echo secret >"./$name"
    chmod 644 -- "./$name"
    run -78 smtpsend -S 127.0.0.1:1 -u me --password-file "$name" --noop
    assert_output --partial 'others have access to it'
    bash -c "$(hint)"
    assert_equal "$(stat -c %a -- "$name")" 600
  done
  printf 'caf\351\n' >'a log'
  run -65 smtpsend --dry-run --charset UTF-8 -f me@x.test -t bob@y.test --body-file 'a log'
  eval "attach=($(step "--attach 'a log'"))"
  # shellcheck disable=SC2154 # it was just set
  run -0 smtpsend --dry-run -f me@x.test -t bob@y.test "${attach[@]}"
}
