#!/usr/bin/env bats
# manual.bats - the examples of smtpsend(1), sendmail(8), mailq(1) and
# smtpsend-outbox(7), and the README's that name a server, do what is said of them, in a network where the servers that they name are test servers.
# bats and common set these:
# shellcheck disable=SC2154

load common

# section NAME [PAGE]: the commands that stand in it, each on one line
section() {
  # What is between .Bd and .Ed and behind .Dl, with lines that go on joined.
  sed -n "/^\.Sh $1\$/,/^\.Sh /p" "$BATS_TEST_DIRNAME/../man/${2:-smtpsend.1}.in" |
    perl -0777 -ne 'for (/^\.Bd -literal.*?\n(.*?)^\.Ed|^\.Dl (.*?\n)/msg) {
      next if !defined;
      s/\\&//g, s/\\e/\\/g, s/^(for .*?^done)\n/join("; ", split "\n", $1) =~ s{do; }{do }r . "\n"/mse;
      s/\\\n\s*/ /g, s/\|\n\s*/| /g;
      print }'
}

setup() {
  mkdir bin mail lmtp etc home/Maildir
  ln -s "$SMTPSEND_BUILD/smtpsend" bin/smtpsend
  printf '#!/bin/sh\necho swordfish\n' >bin/pass
  printf '#!/bin/sh\necho "create table shop;"\n' >bin/pg_dump
  printf '#!/bin/sh\ncat >/dev/null\n' >bin/curl
  # The one question that is asked of it.
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nperl -MJSON::PP -0777 -ne '\''print decode_json($_)->{identity}{chain}[0]{days}, "\\n"'\''\n' >bin/jq
  # It waits for what never comes.
  printf '#!/bin/sh\n' >bin/sleep
  chmod +x bin/*
  printf '127.0.0.1 localhost\n127.0.0.2 mail.example.org mx2.example.org\n127.0.0.3 mx1.example.org\n' >hosts
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=test -addext subjectAltName=DNS:mail.example.org -keyout key.pem -out cert.pem 2>openssl.log
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '%s\n' 'server = mail.example.org' 'from = alice@example.org' "tls-ca = $PWD/cert.pem" \
    'password-command = pass' >"$XDG_CONFIG_HOME/smtpsend/config"

  echo Hello >minutes.txt
  cp minutes.txt answer.txt
  cp minutes.txt body.txt
  (umask 077 && echo swordfish >home/.mailpass)
  echo pdf >out.pdf
  cp out.pdf slides.pdf
  printf '\211PNG\r\n\032\n' >logo.png
  echo '<p>News <img src="logo.png"></p>' >news.html
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:x METHOD:REQUEST END:VCALENDAR >lunch.ics
  printf '%s\n' 'From: alice@example.org' 'To: bob@example.org' 'Subject: Hello' \
    'Message-ID: <1@example.org>' '' hi >letter.eml
  cp letter.eml question.eml
  cp letter.eml invoice.eml
}

# all_of FILE: runs its lines, one after the other; status and command to "told".
# USER_587 is whom the server of that port knows.
all_of() {
  # shellcheck disable=SC2016 # for that shell
  private -n bash -c '
    mount --bind hosts /etc/hosts && perl -e "
      use Socket;
      socket my \$s, PF_INET, SOCK_DGRAM, 0 or die;
      my \$up = pack q(Z16 s x14), q(lo), 0x49;
      ioctl \$s, 0x8914, \$up or die" || exit
    begin() {
      exec {fd}< <("$SERVER" "$@" --limit 90 2>/dev/null)
      servers+=($!)
      read -r -t 20 _ <&"$fd"
    }
    tls="--cert cert.pem --key key.pem"
    begin --serve mail --listen 127.0.0.2:25 $tls &&
      begin --serve mail --listen 127.0.0.2:587 --user "${USER_587:-alice:swordfish}" $tls &&
      begin --serve mail --listen 127.0.0.2:465 --user alice@example.org:swordfish --implicit-tls $tls &&
      begin --serve lmtp --lmtp --listen "unix:$PWD/lmtp/socket" || exit
    export PATH=$PWD/bin:$PATH
    while IFS= read -r line; do
      status=0
      bash -c "$line" >out 2>err </dev/null || status=$?
      printf "%s %s\n" "$status" "$line"
      [ "$status" = 0 ] || sed "s/^/  # /" err
    done <"$1" >told
    kill "${servers[@]}"' - "$1"
}

@test "every example of the manual does what it says" {
  needs_private 'to have a host of that name' -n
  # what --configure asks is answered in configure.bats
  {
    section 'FIRST STEPS' && section EXAMPLES
    # The README has one more, for a user whom its server knows.
    sed -n '/^With a server that wants/,/^The manual/s/^    //p' "$BATS_TEST_DIRNAME/../README" |
      perl -0pe 's/\\\n//g; s/me@/alice@/'
    # One asks a person: tests/configure.bats.
  } | grep -v -e '--configure' | sed "s|  *| |g; s|/run/dovecot/lmtp|$PWD/lmtp/socket|" >lines
  grep -q mailpass lines
  assert [ "$(wc -l <lines)" -gt 30 ]
  SERVER=$SMTPSEND_BUILD/testserver all_of lines
  cat told

  # The test server has none of the extensions that three of them are about.
  run -0 grep -c '^  # smtpsend: mail.example.org:[0-9]*: MAIL not sent: .* does not offer' told
  assert_output 3
  run -0 grep -c '^  # smtpsend: hint: leave out what asks for that' told
  assert_output 3
  run grep -v -e '^0 ' -e '^  # ' -e '^69 smtpsend --dsn-notify ' -e '^77 smtpsend --require-tls ' \
    -e '^69 smtpsend -m letter.eml --hold-until ' told
  assert_output ''

  run -0 find home/Maildir/.Sent/cur -name '*:2,S'
  assert_equal "${#lines[@]}" 1
  run -0 cat maybe-sent
  assert_output '<1@example.org>'
  run -0 ls lmtp
  assert_line 1.eml
  run -0 grep -l '^user: alice@example.org' mail/*.envelope
  run -0 grep -l '^Content-ID: ' mail/*.eml
  run -0 grep -l '^Content-Disposition: attachment; filename=shop.sql.gz' mail/*.eml
  run -0 grep -l '^Resent-To: bob@example.org' mail/*.eml
}

# server_of FILE: the configuration, the aliases and the commands that it shows
server_of() {
  mkdir -p state
  grep ' = ' "$1" >"$XDG_CONFIG_HOME/smtpsend/config"
  assert_equal "$(wc -l <"$XDG_CONFIG_HOME/smtpsend/config")" 4
  printf '%s\n' "tls-ca = $PWD/cert.pem" "aliases = $PWD/aliases" "outbox-dir = $PWD/state/outbox" \
    "log = $PWD/log" >>"$XDG_CONFIG_HOME/smtpsend/config"
  chmod 600 "$XDG_CONFIG_HOME/smtpsend/config"
  for name in sendmail mailq newaliases; do ln -sf "$SMTPSEND_BUILD/smtpsend" "bin/$name"; done
}

@test "what sendmail(8), mailq(1) and smtpsend-outbox(7) show does what they say" {
  needs_private 'to have a host of that name' -n
  section 'FOR A SERVER TO BEGIN WITH' sendmail.8 >begin
  server_of begin
  grep '^[a-z]*: ' begin >aliases
  printf '%s\n' 'To: carl@example.org' 'Subject: Hello' '' hi >message
  {
    grep -v -e ' = ' -e '^[a-z]*: ' begin
    section EXAMPLES sendmail.8
    echo newaliases
    # There has to be one of that ID.
    # shellcheck disable=SC2016 # for that shell
    section 'FIRST STEPS' smtpsend-outbox.7 | grep '^smtpsend ' |
      sed 's/^\(smtpsend .*\)1k1e0t/smtpsend --queue --body x bob@example.org; \1$(smtpsend --outbox | cut -c 1-16 | tail -n 1)/'
    section 'WHAT BECOMES OF IT' smtpsend-outbox.7 | grep -x 'smtpsend --outbox=cancel all'
    echo 'mailq | grep -x "Mail queue is empty"'
  } >lines
  assert [ "$(wc -l <lines)" -gt 14 ]
  USER_587='web1@example.org:correct horse battery staple' SERVER=$SMTPSEND_BUILD/testserver all_of lines
  run grep -v '^0 ' told
  assert_output ''
  cat mail/*.envelope >envelopes
  for line in 'from: web1@example.org' 'from: www@example.org' 'to: ann@example.org' 'to: carl@example.org' \
    'user: web1@example.org'; do
    run -0 grep -x "$line" envelopes
  done
  run -0 grep -c ' status=sent ' log
}

@test "the README's server gets its mail out, and its aliases are some" {
  needs_private 'to have a host of that name' -n
  sed -n '/^THE MAIL OF A SERVER/,/^WHAT IT DOES/s/^    //p' "$BATS_TEST_DIRNAME/../README" >begin
  server_of begin
  grep '^printf .*aliases$' begin | sed 's,/etc/,,' >lines
  grep -e '| sendmail' -e '^mailq$' begin >>lines
  echo newaliases >>lines
  assert_equal "$(wc -l <lines)" 4
  USER_587='web1@example.org:correct horse battery staple' SERVER=$SMTPSEND_BUILD/testserver all_of lines
  run grep -v '^0 ' told
  assert_output ''
  run -0 grep -x 'to: ann@example.org' mail/1.envelope
}

@test "mailq(1) and smtpsend-outbox(7) show lines as they are" {
  ln -s "$SMTPSEND_BUILD/smtpsend" bin/mailq
  printf '%s\n' "outbox-dir = $PWD/outbox" 'server = 127.0.0.1:1' >"$XDG_CONFIG_HOME/smtpsend/config"
  alike() { sed -n 's/^[0-9a-z]\{16\}  \(due  \|waits\)  .*[0-9]  \(20..-..-..\) ..:..:..  \(.*\)/\1 \3/p'; }
  width() { grep '^[0-9a-z]\{16\}  ' | sed 's/20.*//' | tr -d '\n' | wc -c; }
  run -0 bin/smtpsend --queue -f me@x bob@y --body hi
  bin/mailq >due
  run -75 bin/smtpsend --flush
  bin/mailq >waits
  assert_equal "$(alike <waits)" 'waits <me@x> bob@y'
  assert_equal "$(section 'WHAT WAITS' mailq.1 | width)" "$(width <waits)"
  assert_equal "$(section 'WHAT WAITS' mailq.1 | alike)" "$(alike <waits)"
  assert_equal "$(section 'WHAT BECOMES OF IT' smtpsend-outbox.7 | width)" "$(width <due)"
  run -0 bin/mailq -qRnobody
  assert_output 'Mail queue is empty'
}

@test "the configuration that smtpsendrc(5) shows is one, and the sender chooses its account" {
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$BATS_TEST_DIRNAME/../man/smtpsendrc.5.in" |
    sed -n '/^\.Bd/,/^\.Ed/{/^\./!p}' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 bin/smtpsend --show-settings
  assert_line --regexp '^server = smtps://mail.work.example +#'
  run -0 bin/smtpsend --show-settings -f alice@home.example
  assert_line --regexp '^server = submission://smtp.home.example +#'
  assert_line --regexp '^timeout = 30s +#'
}

# The lines of what smtpsend-each(7) shows, from the one that fits.
shown() {
  sed -n '/^\.Bd/,/^\.Ed/p' "$BATS_TEST_DIRNAME/../man/smtpsend-each.7.in" |
    awk -v from="$1" 'index($0, from) == 1 { on = 1 } /^\.Ed/ { on = 0 } on' |
    sed 's/\\e/\\/g; s/\\(ha/^/g'
}

@test "the script that smtpsend-each(7) shows begins, goes on, and puts a list away" {
  mkdir -p news/done
  shown '#!/bin/sh' | sed "s,/srv/news,$PWD/news,; s,^smtpsend ,ours ," >send
  run -0 grep -c '^ours --yes --each readers.csv ' send
  cat - send >script <<'END'
ours() {
  for last; do before=$journal; done
  echo "$before $last" >>calls
  : >"$last"
  return "$(cat status)"
}
END
  run -0 sh script
  assert [ ! -e news/calls ]
  echo email >news/readers.csv
  echo 3 >news/status
  run -3 sh script
  assert [ -e news/readers.csv ]
  echo 75 >news/status
  run -75 sh script
  echo 1 >news/status
  run -1 sh script
  assert [ ! -e news/readers.csv ]
  run -0 ls news/done
  assert_output $'news.journal\nreaders.csv'
  run -0 cat news/calls
  assert_output $'--results news.journal\n--resume news.journal\n--resume news.journal'
}
