#!/usr/bin/env bats
# Attachments that go as they are (--binary; RFC 3030, BINARYMIME).
# shellcheck disable=SC2016 # $(…) and Perl in single quotes

load common

# A server that offers KEYWORDS and keeps the commands, and each message as its
# octets came: message1, message2 …
setup() {
  cat >server.pl <<'PERL'
use strict;
use warnings;
use IO::Handle;
my ($n, $message, $data) = (0, '');
open my $commands, '>>', 'commands' or die;
$_->autoflush for *STDOUT, $commands;
binmode $_ for *STDIN, *STDOUT;
sub keep {
    open my $file, '>:raw', 'message' . ++$n or die;
    print $file $message;
    close $file or die;
    $message = '';
    print "250 ok\r\n";
}
print "220 x\r\n";
while (<STDIN>) {
    if ($data) {
        if ($_ eq ".\r\n") { $data = 0; keep(); next }
        s/^\.//;
        $message .= $_;
        next;
    }
    print $commands $_;
    if (/^EHLO/) { print "250-x\r\n", (map { "250-$_\r\n" } split /,/, $ARGV[0]), "250 HELP\r\n" }
    elsif (/^DATA/) { $data = 1; print "354 go\r\n" }
    elsif (/^BDAT (\d+)( LAST)?/) {
        read(STDIN, my ($piece), $1) == $1 or die;
        $message .= $piece;
        if ($2) { keep() } else { print "250 ok\r\n" }
    }
    elsif (/^QUIT/) { print "221 bye\r\n"; last }
    else { print "250 ok\r\n" }
}
PERL
  perl -e 'print map { chr } 0 .. 255; print "\r\n.\r\n.\n\r.\r", "\0" x 5, "x" x 2000, "\r"' >every
}

# send KEYWORDS ARGUMENT...
send() {
  printf '%s' "$1" >keywords
  smtpsend -S 'exec:exec perl server.pl "$(cat keywords)"' -f me@x.test --body hi "${@:2}"
}

# attached FILE < MESSAGE: the content of the attachment, which is FILE
attached() {
  perl -0777 -ne '
    BEGIN { $name = shift; binmode $_ for *STDIN, *STDOUT }
    my ($boundary) = /boundary="([^"]*)"/ or die "no boundary\n";
    my ($part) = grep { /^Content-Disposition:.*\Q$name\E/m } split /(?:\r\n)?--\Q$boundary\E(?:--)?\r\n/;
    $part =~ s/\A(.*?\r\n)\r\n//s or die "no header\n";
    if ($1 =~ /base64/) { require MIME::Base64; $part = MIME::Base64::decode_base64($part) }
    print $part' "$1"
}

offered=PIPELINING,CHUNKING,8BITMIME,BINARYMIME,SIZE

@test "where BINARYMIME is offered an attachment goes as it is" {
  run -0 send "$offered" --binary=auto -a every bob@y.test
  grep -q "^MAIL FROM:<me@x.test> SIZE=$(stat -c %s message1) BODY=BINARYMIME"$'\r$' commands
  [ "$(grep -ac '^Content-Transfer-Encoding: binary' message1)" = 2 ]
  attached every <message1 | cmp - every
  run -1 grep -a base64 message1
}

@test "an attachment of many chunks goes as it is, from a file or a pipe" {
  perl -0777 -pe '$_ x= 1500' every >large
  run -0 send "$offered" --binary=auto -a large bob@y.test
  attached large <message1 | cmp - large
  [ "$(grep -c '^BDAT' commands)" -gt 4 ]
  run -0 send "$offered" --binary=auto -a -,name=piped bob@y.test < <(cat large)
  attached piped <message1 | cmp - large
  [ "$(stat -c %s message1)" -lt "$(($(stat -c %s large) + 2000))" ]
}

@test "where it is not offered, or switched off, the attachment is encoded" {
  local row
  for row in PIPELINING,CHUNKING,8BITMIME BINARYMIME,8BITMIME "$offered|--without=BINARYMIME" \
    "$offered|--without=CHUNKING" "$offered|--binary=off"; do
    rm -f commands message1
    # shellcheck disable=SC2046 # a word or none
    run -0 send "${row%|*}" --binary=auto $(grep -o '|.*' <<<"$row" | tr -d '|') -a every bob@y.test
    attached every <message1 | cmp - every
    grep -aq base64 message1
    run -1 grep -a BINARYMIME commands
  done
}

@test "without --binary no server gets it so" {
  run -0 send "$offered" -a every bob@y.test
  grep -aq base64 message1
  run -1 grep BINARYMIME commands
}

@test "--binary=must sends nothing to a server that does not offer it, before MAIL" {
  local keywords
  for keywords in CHUNKING,8BITMIME BINARYMIME,8BITMIME ''; do
    rm -f commands
    run -69 send "$keywords" --binary=must -a every bob@y.test
    assert_output --partial 'the server does not offer BINARYMIME'
    run -1 grep MAIL commands
  done
  run -69 send "$offered" --without=CHUNKING --binary=must bob@y.test
  run -0 send "$offered" --binary=must -a every bob@y.test
  attached every <message1 | cmp - every
}

@test "what needs no encoding is not called binary" {
  run -0 send "$offered" --binary=must bob@y.test
  run -1 grep BODY= commands
  echo größer >text
  printf %s "$offered" >keywords
  run -0 smtpsend -S 'exec:exec perl server.pl "$(cat keywords)"' -f me@x.test --body-file text --binary=must bob@y.test
  grep -q BODY=8BITMIME commands
}

@test "each of several transactions has it whole" {
  run -0 send "$offered,LIMITS RCPTMAX=1" --binary=auto -a every bob@y.test carol@y.test
  cmp message1 message2
  attached every <message2 | cmp - every
}

# complete KEYWORDS ARGUMENT...: the message in "letter"
complete() {
  printf %s "$1" >keywords
  smtpsend -S 'exec:exec perl server.pl "$(cat keywords)"' -f me@x.test -m letter bob@y.test "${@:2}"
}

@test "a complete message that says it is binary goes byte for byte, or not at all" {
  {
    printf 'Subject: hi\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n'
    cat every
  } >letter
  run -0 complete "$offered" --binary=must
  grep -q BODY=BINARYMIME commands
  tail -c "$(stat -c %s every)" message1 | cmp - every
  rm commands
  run -65 complete CHUNKING,8BITMIME --binary=auto
  run -69 complete CHUNKING,8BITMIME --binary=must
  run -65 complete CHUNKING,8BITMIME
  run -1 grep MAIL commands
  run -64 complete "$offered" --binary=auto --save copy.eml
  assert_output --partial 'no copy can be kept'
  run -0 complete "$offered" --binary=auto --repair
  run -1 grep BINARYMIME commands
}

@test "a configured must is not demanded for a complete message that is not binary" {
  printf 'Subject: hi\n\nhello\n' >letter
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf 'binary = must\n' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 complete 8BITMIME
  run -69 send 8BITMIME bob@y.test
}

@test "a copy that is kept is encoded, since mailbox files have lines" {
  run -0 send "$offered" --binary=auto --save kept.eml -a every bob@y.test
  grep -q BODY=BINARYMIME commands
  sed 's/\r*$/\r/' kept.eml | attached every | cmp - every
}

@test "a rehearsal shows it for a server that has it" {
  smtpsend --dry-run=BINARYMIME,CHUNKING --binary=auto -f me@x.test --body hi -a every bob@y.test >out
  attached every <out | cmp - every
  smtpsend --dry-run --binary=auto -f me@x.test --body hi -a every bob@y.test >out
  grep -aq base64 out
}
