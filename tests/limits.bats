#!/usr/bin/env bats
# Servers that say beforehand how much they take at once (LIMITS, RFC 9422).
# shellcheck disable=SC2016 # $(…) and Perl in single quotes

load common

# A server that keeps to its limits: what is beyond one is written to "broken", and
# each connection, each message and each recipient of one to "seen".
#   limited.pl 'EHLO KEYWORDS' [PERL for a RCPT: $_ is the address]
setup() {
  cat >limited.pl <<'PERL'
use strict;
use warnings;
use IO::Handle;
my ($keywords, $rcpt) = @ARGV;
my %max = map { /(\w+)=(\d+)/ ? ($1, $2) : () } split / /, $keywords;
my (%domains, @taken, $asked, $mails, $data);
open my $seen, '>>', 'seen' or die;
open my $broken, '>>', 'broken' or die;
$_->autoflush for *STDOUT, $seen, $broken;
sub check { print $broken "$_[0]=$_[1]\n" if exists $max{$_[0]} && $_[1] > $max{$_[0]} }
sub done { print $seen "message\n", map { "$_\n" } @taken; print "250 ok\r\n" }
print $seen "connection\n";
print "220 x\r\n";
while (<STDIN>) {
    if ($data) {
        next unless /^\.\r\n$/;
        $data = 0;
        done();
    }
    elsif (/^EHLO/) { print "250-x\r\n", (map { "250-$_\r\n" } split /,/, $keywords), "250 HELP\r\n" }
    elsif (/^MAIL/) { @taken = (); $asked = 0; check(MAILMAX => ++$mails); print "250 ok\r\n" }
    elsif (/^RCPT TO:<(.*)>/) {
        my $address = $1;
        check(RCPTMAX => ++$asked);
        $domains{lc $1}++ if $address =~ /@(.*)/;
        check(RCPTDOMAINMAX => scalar keys %domains);
        local $_ = $address;
        my $reply = eval($rcpt // '') // '';
        die $@ if $@;
        push @taken, $address if $reply !~ /^[45]/;
        print $reply || '250 ok', "\r\n";
    }
    elsif (/^DATA/) { $data = @taken; print @taken ? "354 go\r\n" : "503 5.5.1 nobody\r\n" }
    elsif (/^BDAT (\d+)/) { read STDIN, my ($octets), $1; @taken ? done() : print "503 5.5.1 nobody\r\n" }
    elsif (/^QUIT/) { print "221 bye\r\n"; last }
    else { print "250 ok\r\n" }
}
PERL
}

# send KEYWORDS RCPT ADDRESS...
send() {
  local keywords=$1 rcpt=$2
  rm -f seen broken
  printf '%s\n' "$keywords" >keywords
  printf '%s' "$rcpt" >rcpt
  smtpsend -S 'exec:exec perl limited.pl "$(cat keywords)" "$(cat rcpt)"' -f me@x.test --body hi "${@:3}"
}

# Each of those named has it once, and no limit was broken.
each_once() {
  assert_equal "$(<broken)" ''
  assert_equal "$(grep @ seen | sort)" "$(printf '%s\n' "$@" | sort)"
}

seen() { grep -c "^$1\$" seen; }

@test "whatever the limits are everybody gets the message once, and none is broken" {
  local limits way everybody=(a@x.test b@y.test c@X.test d@z.test e@y.test f@x.test g@z.test h@v.test)
  for way in 8BITMIME PIPELINING,CHUNKING; do
    for limits in 'RCPTMAX=3' 'MAILMAX=1' 'MAILMAX=1 RCPTMAX=1' 'MAILMAX=2 RCPTMAX=3' 'RCPTDOMAINMAX=1' \
      'RCPTDOMAINMAX=2' 'RCPTDOMAINMAX=1 RCPTMAX=2' 'RCPTDOMAINMAX=2 MAILMAX=1 RCPTMAX=2' \
      'MAILMAX=999999 RCPTMAX=999999 RCPTDOMAINMAX=999999'; do
      run -0 send "$way,LIMITS $limits" '' "${everybody[@]}"
      each_once "${everybody[@]}"
    done
  done
}

@test "limits of nothing and limits that are none are no limits" {
  local limits
  for limits in 'RCPTMAX=0 MAILMAX=0 RCPTDOMAINMAX=0' 'MAILMAX=-1 RCPTMAX=' 'MAILMAX=0001' 'RCPTMAX=1x MAILMAX'; do
    run -0 send "LIMITS $limits" '' a@x.test b@y.test
    assert_equal "$(seen connection) $(seen message)" '1 1'
  done
}

@test "MAILMAX transactions go over one connection, RCPTMAX recipients in each" {
  run -0 send 'PIPELINING,CHUNKING,LIMITS MAILMAX=2 RCPTMAX=3' '' {a,b,c,d,e,f,g,h,i,j,k,l,m}@x.test
  assert_equal "$(seen connection) $(seen message)" '3 5'
  each_once {a,b,c,d,e,f,g,h,i,j,k,l,m}@x.test
}

@test "with RCPTDOMAINMAX the recipients of a domain share a message" {
  run -0 send 'LIMITS RCPTDOMAINMAX=1' '' a@x.test b@y.test c@x.test d@y.test e@x.test
  assert_equal "$(seen connection) $(seen message)" '2 2'
  run -0 send 'LIMITS RCPTDOMAINMAX=2' '' a@x.test b@y.test c@x.test d@y.test e@x.test
  assert_equal "$(seen connection) $(seen message)" '1 1'
}

@test "a connection that takes no more transactions is left in the same flight" {
  run -0 send 'PIPELINING,CHUNKING,LIMITS MAILMAX=1 RCPTMAX=1' '' a@x.test b@x.test --transcript log
  run -0 grep -c '^C: BDAT' log
  assert_output 2
  # QUIT goes out before the first reply to the flight comes
  run -0 perl -0777 -ne 'print "together" if /C: BDAT .*\n(?:C: \[.*\n)?C: QUIT\nS: 250 ok/' log
  assert_output together
}

@test "a refusal on a full connection is no reason to end" {
  run -1 send 'LIMITS MAILMAX=1 RCPTMAX=1' '/^[ac]/ ? "550 5.1.1 no" : ""' a@x.test b@x.test c@x.test d@x.test
  each_once b@x.test d@x.test
  assert_line 'smtpsend: a@x.test: refused: 550 5.1.1 no'
  assert_line 'smtpsend: c@x.test: refused: 550 5.1.1 no'
  assert_line --partial 'accepted for 2 of 4 recipients'
}

@test "those who are one too many within the limits get it in the next round" {
  local limits
  for limits in 'RCPTMAX=4' 'MAILMAX=1' 'MAILMAX=2 RCPTMAX=3' 'RCPTDOMAINMAX=1' 'RCPTDOMAINMAX=2 MAILMAX=1'; do
    run -0 send "PIPELINING,LIMITS $limits" '@taken == 2 ? "452 4.5.3 too many recipients" : ""' \
      {a,b,c,d,e}@x.test {f,g,h}@y.test i@z.test
    each_once {a,b,c,d,e}@x.test {f,g,h}@y.test i@z.test
  done
}

@test "somebody who is always one too many is not asked for without end" {
  run -1 send 'LIMITS MAILMAX=1 RCPTMAX=1' '/^[ab]/ ? "452 4.5.3 too many" : ""' {a,b,c,d}@x.test
  each_once c@x.test d@x.test
  assert_line 'smtpsend: a@x.test: deferred: 452 4.5.3 too many'
  assert [ "$(seen connection)" -le 24 ]
  # … and nobody at all is taken
  run -75 send 'LIMITS MAILMAX=1 RCPTMAX=1' '"452 4.5.3 too many"' {a,b,c,d,e,f,g,h,i,j,k,l,m}{1,2,3}@x.test
  assert_equal "$(seen connection)" 20
  assert_line 'smtpsend: a1@x.test: deferred: 452 4.5.3 too many'
  assert_line 'smtpsend: m3@x.test: deferred: the server takes too few recipients on a connection'
}

@test "a message that each connection refuses is not sent over without end" {
  sed -i 's/@taken ? done() : .*/print "550 5.7.1 no such content\\r\\n" }/' limited.pl
  run -75 send 'CHUNKING,LIMITS MAILMAX=1 RCPTMAX=1' '' {a,b,c,d,e,f,g,h,i,j,k,l,m}{1,2,3}@x.test
  assert_equal "$(seen connection)" 20
  assert_line 'smtpsend: a1@x.test: refused: 550 5.7.1 no such content'
  assert_line 'smtpsend: m3@x.test: deferred: the server takes too few recipients on a connection'
  # … and where each had its chance it is refused
  run -69 send 'CHUNKING,LIMITS MAILMAX=1 RCPTMAX=1' '' {a,b,c,d}@x.test
  assert_equal "$(seen connection)" 4
}

@test "when the next connection fails those who were left are deferred" {
  run -1 smtpsend -S 'exec:test ! -e seen && exec perl limited.pl "LIMITS MAILMAX=1 RCPTMAX=2"' \
    -f me@x.test --body hi {a,b,c}@x.test
  each_once a@x.test b@x.test
  assert_line --regexp '^smtpsend: c@x\.test: deferred: .*closed'
  assert_line --partial 'accepted for 2 of 3 recipients'
}

@test "a message that cannot be read again goes to all at once, whatever the limits are" {
  head -c 2000000 /dev/zero | tr '\0' 'a' | fold -w 70 | { printf 'Subject: long\n\n' && cat; } >long
  run -0 smtpsend -S 'exec:exec perl limited.pl "LIMITS MAILMAX=1 RCPTMAX=1"' -m - a@x.test b@x.test < <(cat long)
  assert_equal "$(seen connection) $(seen message)" '1 1'
}

@test "all or nothing is one transaction, whatever the limits are" {
  run -0 send 'LIMITS MAILMAX=1 RCPTMAX=1' '' --all-or-nothing a@x.test b@x.test
  assert_equal "$(seen connection) $(seen message)" '1 1'
}

@test "--without=LIMITS does not heed them" {
  run -0 send 'LIMITS RCPTMAX=1' '' --without=LIMITS a@x.test b@x.test
  assert_equal "$(seen message)" 1
}

@test "a message that does not fit the server is not tried again, whatever the limits are" {
  run -65 send 'LIMITS MAILMAX=1 RCPTMAX=1' '' bob@x.test jörg@x.test
  assert_output --partial SMTPUTF8
  assert_equal "$(grep -c connection seen)" 1
}
