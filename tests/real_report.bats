#!/usr/bin/env bats
# What real servers say, and what smtpsend makes of it: exit status, lines, JSON.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # Perl in single quotes

load real_common

setup_file() { start postfix exim opensmtpd dovecot; }

# --- some recipients ------------------------------------------------------------

@test "When some recipients are refused the others get it, and the status is 1" {
  local server port
  for server in postfix exim opensmtpd; do
    case $server in
      postfix) port=$POSTFIX_SMTP ;;
      exim) port=$EXIM_SMTP ;;
      opensmtpd) port=$OPENSMTPD_SMTP ;;
    esac
    run -1 smtpsend -S "127.0.0.1:$port" -s partly alice@example.test reject@example.test bob@example.test \
      defer@example.test nosuch@example.test <<<text
    assert_line --regexp '^smtpsend: reject@example\.test: refused: 550 5\.7\.1 .*This recipient is always refused$'
    assert_line --regexp '^smtpsend: defer@example\.test: deferred: 450 4\.2\.0 .*This recipient is always deferred$'
    assert_line --regexp '^smtpsend: nosuch@example\.test: refused: 550 '
    assert_line --index 3 --regexp "^smtpsend: accepted for 2 of 5 recipients \\(127\\.0\\.0\\.1:$port: 250 .*\\)$"
    assert_equal "${#lines[@]}" 4
    for user in alice bob; do
      assert_equal "$(arrived "$server" "$user" | header Subject)" partly
      assert_equal "$(real_count "$server" "$user")" 1
    done
  done
}

@test "With PRDR those whom Exim refuses after the message are told from the others" {
  local option
  for option in --without=CHUNKING --without=8BITMIME; do
    real_reset exim
    run -1 smtpsend -S "127.0.0.1:$EXIM_SMTP" "$option" --transcript log alice@example.test \
      prdr-reject@example.test nosuch@example.test bob@example.test prdr-defer@example.test <<<text
    assert_line --regexp '^smtpsend: prdr-reject@example\.test: refused: 550 5\.7\.1 .*refuses the content$'
    assert_line --regexp '^smtpsend: prdr-defer@example\.test: deferred: 450 4\.2\.0 .*cannot take the content now$'
    assert_line --regexp '^smtpsend: accepted for 2 of 5 recipients \(.*: 250 .*id=.* accepted for some recipients\)$'
    grep -q '^C: MAIL .* PRDR$' log
    arrived exim alice >/dev/null
    arrived exim bob >/dev/null
    assert_equal "$(real_count exim prdr-reject) $(real_count exim prdr-defer)" '0 0'
    rm log
  done
}

@test "With PRDR a last no of Exim is for those whom it had not refused" {
  run -69 smtpsend -S "127.0.0.1:$EXIM_SMTP" -s please-reject alice@example.test prdr-reject@example.test \
    bob@example.test <<<text
  assert_line --regexp '^smtpsend: alice@example\.test: refused: 550 5\.7\.1 Content refused$'
  assert_line --regexp '^smtpsend: prdr-reject@example\.test: refused: 550 5\.7\.1 .*refuses the content$'
  nothing_arrived exim
}

@test "With PRDR nobody has it when Exim takes it for none, whatever it says last" {
  run -75 smtpsend -S "127.0.0.1:$EXIM_SMTP" --transcript log prdr-reject@example.test \
    prdr-defer@example.test <<<text
  assert_line --partial 'prdr-reject@example.test: refused: 550 5.7.1'
  assert_line --partial 'prdr-defer@example.test: deferred: 450 4.2.0'
  assert_line --partial 'accepted for 0 of 2 recipients'
  grep -q '^S: 353 ' log
  # Exim forgets to remove what it has refused so
  rm "$REAL_DIR"/exim/spool/input/*-D
  nothing_arrived exim
}

@test "Without PRDR Exim is not asked for it" {
  run -0 smtpsend -S "127.0.0.1:$EXIM_SMTP" --without=PRDR --transcript log alice@example.test \
    prdr-reject@example.test <<<text
  run -1 grep PRDR <(grep ^C: log)
  arrived exim prdr-reject >/dev/null
}

@test "When all recipients are refused nothing is sent, and the status is 67" {
  run -67 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" reject@example.test nosuch@example.test <<<text
  assert_line --index 0 --regexp '^smtpsend: reject@example\.test: refused: 550 5\.7\.1 .*always refused$'
  assert_line --index 1 --regexp '^smtpsend: nosuch@example\.test: refused: 550 5\.1\.1 .*User unknown'
  nothing_arrived postfix
  run -67 smtpsend -S "127.0.0.1:$OPENSMTPD_SMTP" --transcript log reject@example.test <<<text
  run -1 grep '^C: DATA' log
}

@test "When recipients are only deferred the status is 75" {
  run -75 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" defer@example.test <<<text
  assert_line --regexp '^smtpsend: defer@example\.test: deferred: 450 4\.2\.0 .*always deferred$'
  run -75 smtpsend -S "127.0.0.1:$EXIM_SMTP" defer@example.test <<<text
  nothing_arrived postfix
}

@test "When none is accepted and one is only deferred the status is 75" {
  run -75 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" reject@example.test defer@example.test nosuch@example.test <<<text
  assert_line --regexp '^smtpsend: reject@example\.test: refused: '
  assert_line --regexp '^smtpsend: defer@example\.test: deferred: '
  assert_line --partial 'accepted for 0 of 3 recipients'
  nothing_arrived postfix
}

@test "All or nothing means that nobody gets it when one is refused or deferred" {
  local row
  for row in reject:67 defer:75; do
    run "-${row#*:}" smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --all-or-nothing --transcript log \
      alice@example.test "${row%:*}@example.test" bob@example.test <<<text
    assert_line --regexp "^smtpsend: ${row%:*}@example\\.test: (refused|deferred): "
    run -1 grep -E '^C: (BDAT|DATA)' log
    run "-${row#*:}" smtpsend -S "127.0.0.1:$OPENSMTPD_SMTP" --all-or-nothing \
      alice@example.test "${row%:*}@example.test" <<<text
  done
  nothing_arrived postfix
  nothing_arrived opensmtpd
}

@test "All or nothing means that everybody gets it when all are accepted" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --all-or-nothing alice@example.test bob@example.test <<<text
  assert_output ''
  real_wait postfix alice 1
  real_wait postfix bob 1
}

# --- the sender, the message ------------------------------------------------------

@test "A sender that is refused at MAIL is 69" {
  run -69 smtpsend -S "127.0.0.1:$EXIM_SMTP" --envelope-from badsender@example.test \
    alice@example.test bob@example.test <<<text
  assert_output --partial '553 5.1.8 This sender is always refused'
  assert_output --partial 'MAIL'
  refute_line --index 1 --partial refused
  nothing_arrived exim
}

# Postfix says so at RCPT only, so it is the recipient that was refused.
@test "A sender that is refused at RCPT is 67" {
  run -67 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --envelope-from badsender@example.test alice@example.test <<<text
  assert_output --partial '553 5.1.8 <badsender@example.test>: Sender address rejected'
  nothing_arrived postfix
}

@test "A message that is refused after the data is 69, by BDAT and by DATA" {
  local option
  for option in --without=8BITMIME --without=CHUNKING; do
    run -69 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" "$option" -s please-reject alice@example.test bob@example.test <<<text
    assert_output "smtpsend: 127.0.0.1:$POSTFIX_SMTP: message refused: 550 5.7.1 Content refused"
    run -69 smtpsend -S "127.0.0.1:$EXIM_SMTP" "$option" -s please-reject alice@example.test <<<text
    assert_output --partial '550 5.7.1 Content refused'
  done
  nothing_arrived postfix
  nothing_arrived exim
}

@test "A message that is deferred after the data is 75" {
  run -75 smtpsend -S "127.0.0.1:$EXIM_SMTP" -s please-defer alice@example.test <<<text
  assert_output --partial '451 4.7.1 Content not accepted now'
  nothing_arrived exim
}

@test "A message that is larger than the server takes is 69 before MAIL" {
  perl -e 'print "x" x 70, "\n" for 1 .. 2000' >text
  run -69 smtpsend -S "127.0.0.1:$POSTFIX_SMALL" --transcript log alice@example.test <text
  assert_output --partial 100000
  run -1 grep '^C: MAIL' log
  run -69 smtpsend -S "127.0.0.1:$POSTFIX_SMALL" --body-file text alice@example.test
  assert_output --partial 100000
  head -n 1000 text >less
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMALL" --body-file less alice@example.test
  arrived postfix | body | cmp - less
}

@test "Without SIZE, the server says after the data that the message is too large" {
  local option
  perl -e 'print "x" x 70, "\n" for 1 .. 2000' >text
  for option in --without=8BITMIME --without=CHUNKING; do
    run -69 smtpsend -S "127.0.0.1:$POSTFIX_SMALL" --without=SIZE "$option" --transcript log alice@example.test <text
    assert_output --regexp "^smtpsend: 127\\.0\\.0\\.1:$POSTFIX_SMALL: message refused: 552 5\\.3\\.4 "
    run -0 grep '^C: MAIL FROM:<me@client.test>$' log
    rm log
  done
  nothing_arrived postfix
}

# --- capabilities -----------------------------------------------------------------

@test "One flight carries envelope and message where PIPELINING and CHUNKING are offered" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --transcript log alice@example.test bob@example.test <<<text
  sed -n '/^C: MAIL/,$s/\(^.:...\).*/\1/p' log | uniq | tr '\n' ' ' >order
  assert_equal "$(<order)" 'C: MA C: RC C: BD C: [2 C: QU S: 25 S: 22 '
}

@test "Without CHUNKING the message goes by DATA" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --without=CHUNKING --transcript log alice@example.test <<<text
  run -1 grep BDAT log
  run -0 grep -x 'C: DATA' log
  run -0 grep '^S: 354 ' log
  arrived postfix | body | grep -qx text
}

@test "Without PIPELINING each command waits for its reply" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --without=PIPELINING --without=CHUNKING --transcript log \
    alice@example.test bob@example.test <<<text
  grep -E '^C: [^[]|^S: ... ' log | cut -c 1-2 | uniq -c | grep -v ' 1 ' >twice || true
  assert_equal "$(<twice)" ''
  run -0 smtpsend -S "127.0.0.1:$OPENSMTPD_SMTP" --transcript other alice@example.test <<<text
  grep -E '^C: [^[]|^S: ... ' other | cut -c 1-2 | uniq -c | grep -v ' 1 ' >twice || true
  assert_equal "$(<twice)" ''
}

@test "A server that offers nothing is sent nothing but SMTP's own commands" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_ESMTP0" --transcript log alice@example.test <<<text
  sed -n 's/^C: //p' log | grep -v '^\[' | sed 1d >said
  printf '%s\n' 'MAIL FROM:<me@client.test>' 'RCPT TO:<alice@example.test>' DATA . QUIT | diff - said
}

@test "A thousand recipients and more are accepted, in as many goes as the server wants" {
  # Postfix takes 1000 at a time; Exim relays for who logged in, too.
  secret pw "$REAL_PASSWORD_ALICE"
  perl -e 'print "user$_\@elsewhere.test\n" for 1 .. 1100' >many
  run -0 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u alice --password-file pw \
    --bcc-file many --json -t alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json 'scalar grep { $_->{verdict} eq "accepted" } @{$j->{recipients}}')" 1101
  assert_equal "$(arrived postfix | header To)" alice@example.test
  assert_equal "$(real_count postfix alice)" 1
}

# --- LMTP ---------------------------------------------------------------------------

@test "LMTP gives each recipient a verdict of its own after the data" {
  local server option
  for server in "lmtp://127.0.0.1:$DOVECOT_LMTP" "lmtp+unix:$DOVECOT_LMTP_SOCKET"; do
    for option in --without=8BITMIME --without=CHUNKING --without=PIPELINING; do
      real_reset dovecot
      run -1 smtpsend -S "$server" "$option" -s lmtp --json \
        alice@example.test full@example.test bob@example.test nosuch@example.test <<<text
      assert_line --regexp '^smtpsend: full@example\.test: refused: 552 5\.2\.2 <full@example\.test> Quota exceeded'
      assert_line --regexp '^smtpsend: nosuch@example\.test: refused: 550 5\.1\.1 '
      assert_line --partial 'accepted for 2 of 4 recipients'
      grep '^{' <<<"$output" >report.json
      assert_equal "$(json '[map { "$_->{verdict} $_->{phase}" } @{$j->{recipients}}]')" \
        '["accepted message","refused message","accepted message","refused RCPT"]'
      for user in alice bob; do assert_equal "$(arrived dovecot "$user" | header Subject)" lmtp; done
      assert_equal "$(real_count dovecot full)" 0
    done
  done
}

@test "LMTP to one full mailbox is refused, to one good mailbox accepted" {
  run smtpsend -S "lmtp+unix:$DOVECOT_LMTP_SOCKET" full@example.test <<<text
  assert_output --partial '552 5.2.2 <full@example.test> Quota exceeded'
  assert_regex "$status" '^(67|69)$'
  run -0 smtpsend -S "lmtp://localhost:$DOVECOT_LMTP" alice@example.test <<<text
  assert_output ''
  arrived dovecot | body | grep -qx text
}

@test "LMTP is spoken to who is called an LMTP server, and to nobody else" {
  run -0 smtpsend -S "lmtp://127.0.0.1:$DOVECOT_LMTP" --transcript log --ehlo-name client.example.test \
    alice@example.test <<<text
  run -0 grep -x 'C: LHLO client.example.test' log
  run -1 grep -E '^C: (EHLO|HELO)' log
  run -69 smtpsend -S "127.0.0.1:$DOVECOT_LMTP" alice@example.test <<<text
  assert_output --partial '500 5.5.1 Unknown command'
}

# --- reports ------------------------------------------------------------------------

@test "Success is silent, and -v prints the server's final reply" {
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" alice@example.test <<<text
  assert_output ''
  run -0 --separate-stderr smtpsend -S "127.0.0.1:$POSTFIX_SMTP" -v alice@example.test <<<text
  assert_output ''
  assert_regex "${stderr?}" \
    "^smtpsend: accepted for 1 of 1 recipient \\(127\\.0\\.0\\.1:$POSTFIX_SMTP: 250 2\\.0\\.0 Ok: [0-9]+ bytes queued as [0-9A-F]+\\)$"
}

@test "-vv prints the dialogue, and --transcript writes the same" {
  run -0 --separate-stderr smtpsend -S "127.0.0.1:$POSTFIX_SMTP" -vv --transcript log alice@example.test <<<text
  assert_output ''
  grep -E '^(C|S|--):? ' <<<"$stderr" | diff - log
  run -0 grep -v '^--' log
  assert_line --index 0 'S: 220 mail.example.test ESMTP Postfix'
  assert_line --index 1 --regexp '^C: EHLO '
  assert_line --index 2 'S: 250-mail.example.test'
  assert_line --regexp '^C: MAIL FROM:<me@client\.test>'
  assert_line 'C: RCPT TO:<alice@example.test>'
  assert_line --regexp '^S: 250 2\.0\.0 Ok: .*queued as '
  assert_line 'S: 221 2.0.0 Bye'
  refute_line --partial "$(printf '\r')"
}

@test "The JSON report says everything about a message that was accepted" {
  local server port id
  for server in postfix exim opensmtpd; do
    case $server in
      postfix) port=$POSTFIX_SMTP ;;
      exim) port=$EXIM_SMTP ;;
      opensmtpd) port=$OPENSMTPD_SMTP ;;
    esac
    smtpsend -S "localhost:$port" -4 --json -v alice@example.test <<<text >report.json 2>err
    assert_equal "$(wc -l <report.json)" 1
    assert_equal "$(json '[@$j{qw(version outcome status error)}]')" '[1,"accepted",0,null]'
    assert_equal "$(json '[@{$j->{server}}{qw(name host address port tls)}]')" \
      "[\"localhost:$port\",\"localhost\",\"127.0.0.1\",$port,null]"
    assert_equal "$(json '[@{$j->{recipients}[0]}{qw(address verdict code phase)}]')" \
      '["alice@example.test","accepted",250,"message"]'
    real_wait "$server" alice 1
    # the queue's name for it is in the server's own Received field
    id=$(json '$j->{queue_id}')
    assert_regex "$id" '^[0-9A-Za-z-]{6,}$'
    grep -qF "$id" err
    run -0 real_last "$server" alice
    assert_output --regexp "id $id"
    assert_equal "$(json '$j->{message_id}')" "$(arrived "$server" | header Message-ID)"
    assert_equal "$(json '$j->{bytes}')" "$(arrived "$server" | sed 's/$/\r/' | wc -c)"
    assert_equal "$(json '$j->{round_trips} > 0 && $j->{timings_ms}{MAIL} > 0 ? "yes" : "no"')" yes
  done
}

@test "The JSON report says why of each recipient that was not accepted" {
  run -1 --separate-stderr smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --json \
    alice@example.test reject@example.test defer@example.test nosuch@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@$j{qw(outcome status error)}]')" '["partial",1,null]'
  assert_equal "$(json '[map { [@$_{qw(address verdict code enhanced phase)}] } @{$j->{recipients}}]')" \
    '[["alice@example.test","accepted",250,"2.0.0","message"],["reject@example.test","refused",550,"5.7.1","RCPT"],["defer@example.test","deferred",450,"4.2.0","RCPT"],["nosuch@example.test","refused",550,"5.1.1","RCPT"]]'
  assert_equal "$(json '$j->{recipients}[1]{text}')" \
    '["<reject@example.test>: Recipient address rejected: This recipient is always refused"]'
}

@test "The JSON report names the phase of a message that was refused as a whole" {
  run -69 --separate-stderr smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --json -s please-reject \
    alice@example.test bob@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@$j{qw(outcome status)}]')" '["refused",69]'
  assert_equal "$(json '[map { [@$_{qw(verdict code enhanced phase)}] } @{$j->{recipients}}]')" \
    '[["refused",550,"5.7.1","message"],["refused",550,"5.7.1","message"]]'
  run -69 --separate-stderr smtpsend -S "127.0.0.1:$EXIM_SMTP" --json --envelope-from badsender@example.test \
    alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@{$j->{recipients}[0]}{qw(verdict code enhanced phase)}]')" '["refused",553,"5.1.8","MAIL"]'
}

@test "The JSON report names TLS, and the step at which a session ended" {
  secret pw "$REAL_PASSWORD_ALICE"
  secret wrong wrong
  run -0 smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u alice --password-file pw --json \
    alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '$j->{server}{tls}{version}')" TLS1.3
  assert_regex "$(json '$j->{server}{tls}{cipher}')" 'AES|CHACHA20'
  run -77 --separate-stderr smtpsend -S "smtps://localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" -u alice \
    --password-file wrong --json alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@$j{qw(outcome status queue_id)}]')" '["security",77,null]'
  assert_equal "$(json '[@{$j->{recipients}[0]}{qw(verdict code enhanced phase)}]')" '["refused",535,"5.7.8","AUTH"]'
  assert_regex "$(json '$j->{recipients}[0]{text}[0]')" '^Error: authentication failed'
}

@test "The JSON report tells a certificate that failed after STARTTLS from STARTTLS that was not offered" {
  run -77 --separate-stderr smtpsend -S "localhost:$POSTFIX_SMTP" --tls=starttls --tls-ca "$REAL_PKI/selfsigned.pem" \
    --json alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@{$j->{recipients}[0]}{qw(verdict code phase)}]')" '["not-sent",null,"STARTTLS"]'
  assert_regex "$(json '$j->{error}')" 'unknown authority'
  run -77 --separate-stderr smtpsend -S "localhost:$POSTFIX_ESMTP0" --tls=starttls --tls-ca "$REAL_CA" \
    --json alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@{$j->{recipients}[0]}{qw(verdict code phase)}]')" '["not-sent",null,"STARTTLS"]'
  assert_regex "$(json '$j->{error}')" 'does not offer'
}

@test "The JSON report leaves out, as null, what is not known" {
  local free
  free=$("$REAL_HOME/sockets" free 1)
  run -75 --separate-stderr smtpsend -S "127.0.0.1:$free" --json alice@example.test <<<text
  echo "$output" >report.json
  assert_equal "$(json '[@$j{qw(outcome status queue_id)}]')" '["deferred",75,null]'
  assert_equal "$(json '$j->{recipients}[0]{code}')" null
  assert_equal "$(json '$j->{recipients}[0]{phase}')" connect
  run -69 --separate-stderr smtpsend -S "127.0.0.1:$POSTFIX_SMALL" --json --body "$(printf '%0120000d' 1)" \
    alice@example.test
  echo "$output" >report.json
  assert_equal "$(json '[@{$j->{recipients}[0]}{qw(verdict code enhanced phase)}]')" '["refused",null,null,"MAIL"]'
}

@test "The JSON report of LMTP by a unix socket names the socket" {
  smtpsend -S "lmtp+unix:$DOVECOT_LMTP_SOCKET" --json alice@example.test <<<text >report.json
  assert_equal "$(json '[@{$j->{server}}{qw(host address port)}]')" "[null,\"$DOVECOT_LMTP_SOCKET\",null]"
}

@test "A report that cannot be written does not make a delivered message a failure" {
  [ -e /dev/full ] || skip 'no /dev/full here'
  run -0 bash -c '"$@" >/dev/full' - "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$POSTFIX_SMTP" --json alice@example.test <<<text
  run -0 bash -c '"$@" 2>/dev/full' - "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$POSTFIX_SMTP" -vv alice@example.test <<<text
  real_wait postfix alice 2
}

@test "Closed standard descriptors do not get into the mail" {
  run -1 bash -c '"$@" <&- >&- 2>&-' - "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$POSTFIX_SMTP" -vv --json --body text \
    alice@example.test reject@example.test
  assert_equal "$(arrived postfix | body)" text
}

@test "A transcript that cannot be begun is an error before anything is opened, one that breaks off is not" {
  run -73 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --transcript nowhere/log alice@example.test <<<text
  assert_output --partial nowhere/log
  nothing_arrived postfix
  [ -e /dev/full ] || skip 'no /dev/full here'
  run -0 smtpsend -S "127.0.0.1:$POSTFIX_SMTP" --transcript /dev/full alice@example.test <<<text
  assert_output --partial 'warning: '
  real_wait postfix alice 1
}

@test "Nobody at the port is 75 with host, address and port" {
  local free
  free=$("$REAL_HOME/sockets" free 1)
  run -75 smtpsend -S "localhost:$free" alice@example.test <<<text
  assert_output --partial localhost
  assert_output --partial "127.0.0.1:$free"
  assert_output --partial 'Connection refused'
}
