#!/usr/bin/perl
# selftest.t - tests the scripted server, and that every dialogue can be followed
# to its end.
#
# usage: selftest.t TESTSERVER     prints TAP; perl is all that it needs
use strict;
use warnings;
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64 decode_base64);
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);

my $server = shift // '';
-x $server or die "usage: selftest.sh TESTSERVER\n";
my ($here) = $0 =~ m{^(.*)/} ? $1 : '.';
my $dir = tempdir(CLEANUP => 1);
my $count = 0;
my $bad = 0;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "out of time\n" };
$| = 1;

sub ok {
	my ($good, $name, @notes) = @_;
	$count++;
	$bad++ unless $good;
	print $good ? '' : 'not ', "ok $count - $name\n";
	if (!$good) {
		print "# $_\n" for map { split /\n/, $_ // 'undef' } @notes;
	}
	return $good;
}

sub is {
	my ($got, $expected, $name) = @_;
	return ok($got eq $expected, $name, "got:      $got",
	    "expected: $expected");
}

sub slurp {
	my ($path) = @_;
	open my $file, '<:raw', $path or return '';
	local $/;
	return <$file> // '';
}

sub spew {
	my ($path, $text) = @_;
	open my $file, '>:raw', $path or die "$path: $!\n";
	print $file $text;
	close $file;
	return $path;
}

# Starts the server; returns its process, the port it printed, its error file.
my $started = 0;
sub start {
	my (@args) = @_;
	my $errors = "$dir/err." . $started++;
	pipe my $read, my $write or die;
	my $pid = fork // die;
	if ($pid == 0) {
		open STDOUT, '>&', $write;
		open STDERR, '>', $errors;
		close $read;
		exec $server, @args or die;
	}
	close $write;
	my $port = <$read> // '';
	chomp $port;
	return { pid => $pid, port => $port, errors => $errors,
	    pipe => $read };
}

sub finish {
	my ($s) = @_;
	waitpid $s->{pid}, 0;
	return $? & 127 ? "signal " . ($? & 127) : $? >> 8;
}

sub stop {
	my ($s) = @_;
	kill 'TERM', $s->{pid};
	return finish($s);
}

sub connect_to {
	my ($s) = @_;
	if ($s->{port} =~ m{^/}) {
		return IO::Socket::UNIX->new(Peer => $s->{port});
	}
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $s->{port}, Proto => 'tcp');
}

sub say_to {
	my ($socket, $bytes) = @_;
	while (length $bytes) {
		my $n = syswrite $socket, $bytes;
		return 0 unless $n;
		substr($bytes, 0, $n) = '';
	}
	return 1;
}

sub hear {
	my ($socket, $n) = @_;
	my $got = '';
	while (length $got < $n) {
		sysread($socket, $got, $n - length $got, length $got)
		    or last;
	}
	return $got;
}

sub hear_all {
	my ($socket) = @_;
	my $got = '';
	1 while sysread $socket, $got, 65536, length $got;
	return $got;
}

# One reply, all of its lines.
sub hear_reply {
	my ($socket) = @_;
	my $got = '';
	while ($got !~ /^\d{3}(?: [^\n]*)?\r\n\z/m) {
		sysread $socket, $got, 1, length $got or last;
	}
	return $got;
}

sub ask {
	my ($socket, $line) = @_;
	say_to($socket, "$line\r\n");
	return hear_reply($socket) =~ s/\r//gr;
}

# What comes back when everything is said at once and then closed.
sub ask_all {
	my ($s, $bytes) = @_;
	my $socket = connect_to($s) or return "no connection";
	say_to($socket, $bytes);
	shutdown $socket, 1;
	return hear_all($socket) =~ s/\r//gr;
}

sub unescape {
	my ($text) = @_;
	my %named = (r => "\r", n => "\n", t => "\t", 0 => "\0",
	    '\\' => '\\', '"' => '"');
	$text =~ s/\\(?:x([0-9a-fA-F]{2})|(.))/
	    defined $1 ? chr hex $1 : $named{$2}/gex;
	return $text;
}

# Reads a dialogue, without the server's parser.
sub dialogue_read {
	my ($path) = @_;
	my %d = (body => '', connections => [[]]);
	my $header = 1;
	for (split /\n/, slurp($path)) {
		next if /^#/;
		if ($_ eq '') {
			$header = 0;
		} elsif (!$header) {
			if ($_ eq '==') {
				push @{$d{connections}}, [];
			} else {
				push @{$d{connections}[-1]}, $_;
			}
		} elsif (/^body: *(.*)/) {
			$d{body} .= unescape($1);
		} elsif (/^body-repeat: *(\d+) (.*)/) {
			$d{body} .= unescape($2) x $1;
		} elsif (/^([a-z-]+): *(.*)/) {
			push @{$d{$1}}, $2;
		}
	}
	return \%d;
}

# Follows one connection of a dialogue step by step; returns what went wrong.
sub follow {
	my ($s, $d, $steps) = @_;
	my $socket = connect_to($s) or return 'no connection';
	my $dripping = 0;
	for my $i (0 .. $#$steps) {
		local $_ = $steps->[$i];
		my $next = $steps->[$i + 1] // 'C+ end';
		my ($mark, $text) = /^(..) ?(.*)/;
		if ($mark eq 'S:') {
			my $got = hear($socket, length($text) + 2);
			return "got $got for $_" if $got ne "$text\r\n";
		} elsif ($mark eq 'S"') {
			$text = unescape($text =~ s/"\z//r);
			my $got = hear($socket, length $text);
			return "got $got for $_" if $got ne $text;
		} elsif ($mark eq 'S*') {
			my ($n, $what) = $text =~ /^(\d+) "(.*)"/;
			# Nobody has the time for all of it.
			return '' if $dripping;
			$what = unescape($what) x $n;
			return "got less than $_"
			    if hear($socket, length $what) ne $what;
		} elsif ($mark eq 'C:' || $mark eq 'C=') {
			$text =~ s/\* LAST/length($d->{body}) . ' LAST'/e
			    if $text =~ /^BDAT/;
			$text =~ s/^(BDAT) \*/"$1 " . length $d->{body}/e;
			$text =~ s/\*/xyz/g if $mark eq 'C:';
			say_to($socket, "$text\r\n");
		} elsif ($mark eq 'C?') {
			say_to($socket, "$text\r\n")
			    if $next ne 'C+ end' || $count % 2;
		} elsif ($_ eq 'C+ bdat') {
			say_to($socket, $d->{body});
		} elsif ($_ eq 'C+ data') {
			say_to($socket, ($d->{body} =~ s/^\./../mgr) .
			    ".\r\n");
		} elsif (/^C\+ octets (\d+)/) {
			say_to($socket, 'x' x $1);
		} elsif ($_ eq 'C+ some') {
			say_to($socket, 'x');
		} elsif ($_ eq 'C+ end') {
			close $socket;
		} elsif (/^S! drip/) {
			$dripping = 1;
		} elsif ($_ eq 'S! halfclose') {
			my $got = hear_all($socket);
			return "got $got after $_" if $got ne '';
		} elsif ($_ eq 'S! close' || $_ eq 'S! cut') {
			my $got = hear_all($socket);
			return "got $got after $_" if $got ne '';
		} elsif ($_ eq 'S! reset') {
			my $got = '';
			my $n = sysread $socket, $got, 1;
			return "no reset" if defined $n || !$!{ECONNRESET};
		}
	}
	close $socket;
	return '';
}

alarm 300;

# The command line.
{
	my $s = start();
	is(finish($s), 3, 'no arguments are a usage error');
	$s = start('--serve', $dir, '--dialogue', 'x');
	is(finish($s), 3, 'one thing at a time');
	$s = start('--dialogue', "$dir/none");
	is(finish($s), 3, 'a dialogue that is not there is a usage error');
	my %wrong = (
		"S: 220 x\n" => 'not a "key: value" line',
		"from: x\n\nS: 220\n" => 'it has no name',
		"name: x\n\nX: y\n" => 'unknown directive',
		"name: x\nbody: \\q\n\n" => 'unknown escape',
		"name: x\n\nS! close\nS: 220\n" => 'nothing can follow',
		"name: x\n\nS\" 220\n" => 'not in quotes',
		"name: x\nstatus: 256\n\n" => 'status needs',
		"name: x\nresult: y\n\n" => 'result needs',
	);
	for my $text (sort keys %wrong) {
		my $path = spew("$dir/wrong.dialogue", $text);
		my $s = start('--dialogue', $path);
		my $status = finish($s);
		my $said = slurp($s->{errors});
		ok($status == 3 && index($said, $wrong{$text}) >= 0,
		    "a wrong dialogue is refused: $wrong{$text}", $said);
	}
}

# The player.
sub play {
	my ($script, @args) = @_;
	my $path = spew("$dir/play.dialogue", "name: x\n\n$script");
	return start('--dialogue', $path, @args);
}

{
	my $s = play("S: 220 x\nC: EHLO *\nS: 250 x\nC: QUIT\nS: 221 x\n" .
	    "S! close\n", '--port-file', "$dir/port");
	is(slurp("$dir/port"), "$s->{port}\n", 'the port is in the port file');
	is(ask_all($s, "EHLO me\r\nQUIT\r\n"), "220 x\n250 x\n221 x\n",
	    'a dialogue is played');
	is(finish($s), 0, 'a dialogue that was followed ends with 0');
}
{
	my $s = play("S: 220 x\nC: EHLO *\nS: 250 x\nC: QUIT\n");
	ask_all($s, "EHLO me\r\nNO\x01OP\r\n");
	is(finish($s), 1, 'a wrong line ends with 1');
	is(slurp($s->{errors}), "$dir/play.dialogue:6: expected \"QUIT\", " .
	    "got \"NO\\x01OP\"\n", 'and says where, and what was expected');
}
{
	my %cases = (
		'a bare LF' => "QUIT\n",
		'a bare CR' => "QU\rIT\r\n",
		'the end of the connection' => 'QUI',
	);
	for my $case (sort keys %cases) {
		my $s = play("C: QU*\n");
		ask_all($s, $cases{$case});
		my $status = finish($s);
		my $said = slurp($s->{errors});
		ok($status == 1 && $said =~ /\Q$case\E/, "$case is no line",
		    $said);
	}
}
{
	my $s = play("S: 220 x\nC: ONE\nC! wait\nS: 250 x\nC: TWO\n");
	ask_all($s, "ONE\r\nTWO\r\n");
	is(finish($s), 1, 'C! wait notices a client that does not wait');
	$s = play("C: ONE\nC+ end\n");
	ask_all($s, "ONE\r\nTWO\r\n");
	is(finish($s), 1, 'C+ end notices a client that says more');
	$s = play("C= a*\n");
	ask_all($s, "abc\r\n");
	is(finish($s), 1, 'C= has no wildcard');
	$s = play("C? MAYBE *\nC: QUIT\n");
	ask_all($s, "QUIT\r\n");
	is(finish($s), 0, 'C? lets another line pass');
	$s = play("C? MAYBE *\nC: QUIT\n");
	ask_all($s, "MAYBE so\r\nQUIT\r\n");
	is(finish($s), 0, 'C? takes its line');
	$s = play("C? MAYBE *\nC+ end\n");
	ask_all($s, '');
	is(finish($s), 0, 'C? lets the end pass');
}
for my $case (
	[ ".\r\n", '' ],
	[ "a\r\n.\r\n", "a\r\n" ],
	[ "..\r\n...\r\n.a\r\n.\r\n", ".\r\n..\r\na\r\n" ],
	[ "a\n.\n.\r\nb\r\n.\r\n", "a\n.\n.\r\nb\r\n" ],
	[ "a\r.\r\r\n.\r\n", "a\r.\r\r\n" ],
	[ ".\ra\r\n.\r\n", "\ra\r\n" ],
	[ ".\r\r\n.\r\n", "\r\r\n" ],
) {
	my ($wire, $message) = @$case;
	my $shown = $wire =~ s/\r/\\r/gr =~ s/\n/\\n/gr;
	my $s = play("C+ data\nC: QUIT\nS: 221 x\n", '--message-file',
	    "$dir/message");
	my $socket = connect_to($s);
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	say_to($socket, $_) for split //, "${wire}QUIT\r\n";
	hear_all($socket);
	close $socket;
	is(finish($s), 0, "the lone dot is found in $shown");
	is(slurp("$dir/message"), $message, "and the others are removed");
}
{
	my $s = play("C: MAIL*\nC: BDAT*\nC+ bdat\nC: BDAT*\nC+ bdat\n" .
	    "M: \"a\\r\\nbc\"\nC: MAIL*\nC: BDAT*\nC+ bdat\nM: \"x\"\nM~ x\n");
	ask_all($s, "MAIL\r\nBDAT 3\r\na\r\nBDAT 2 LAST\r\nbc" .
	    "MAIL\r\nBDAT 1\r\nx");
	is(finish($s), 0, 'chunks are joined until a message is complete');
	$s = play("C: BDAT*\nC+ bdat\nM: \"abc\"\n");
	ask_all($s, "BDAT 3\r\nabx");
	is(finish($s), 1, 'another message is noticed');
	ok(slurp($s->{errors}) =~ /from octet 2 expected "c", got "x"/,
	    'and where it differs', slurp($s->{errors}));
}
{
	my $s = play("S: 1\nC: A\nS: 2\n==\nS: 3\nC: B\nS: 4\n", '--listen',
	    "unix:$dir/socket");
	is($s->{port}, "$dir/socket", 'the path of a Unix socket is told');
	is(ask_all($s, "A\r\n"), "1\n2\n", 'the first connection');
	is(ask_all($s, "B\r\n"), "3\n4\n", 'the second connection');
	is(finish($s), 0, 'both were followed');
	$s = play("S: 1\n==\nS: 2\n", '--limit', '1');
	ask_all($s, '');
	is(finish($s), 1, 'a connection that is missing is noticed');
}
{
	my $s = play("S: 1\nS! stall\n", '--limit', '1');
	my $socket = connect_to($s);
	is(hear($socket, 3), "1\r\n", 'before a stall there are replies');
	is(finish($s), 1, 'a client that sits out a stall is noticed');
	for my $how ('stall', 'deaf') {
		$s = play("S: 1\nS! $how\n");
		$socket = connect_to($s);
		hear($socket, 3);
		say_to($socket, "A\r\n");
		close $socket;
		is(finish($s), 0, "$how ends when the client closes");
		$s = play("S: 1\nS! $how\n");
		$socket = connect_to($s);
		hear($socket, 3);
		is(stop($s), 0, "$how ends by SIGTERM");
	}
	$s = play("S: 1\nC: A\n");
	$socket = connect_to($s);
	hear($socket, 3);
	is(stop($s), 1, 'SIGTERM within the dialogue is a failure');
	$s = play("C: A\n", '--limit', '1');
	$socket = connect_to($s);
	is(finish($s), 1, 'the watchdog ends a dialogue');
}
{
	my $s = play("S! drip 20\nS: 234567890\nC: A\n");
	my $socket = connect_to($s);
	my ($begin) = POSIX::times();
	is(hear($socket, 11), "234567890\r\n", 'dripping bytes are the same');
	ok((POSIX::times())[0] - $begin >
	    0.18 * POSIX::sysconf(POSIX::_SC_CLK_TCK()), 'but take their time');
	say_to($socket, "A\r\n");
	close $socket;
	is(finish($s), 0, 'and the dialogue goes on');
	$s = play("S: 1\nS! flush\nS: 2\n");
	$socket = connect_to($s);
	sysread $socket, my $first, 100;
	sysread $socket, my $second, 100;
	is("$first|$second", "1\r\n|2\r\n", 'S! flush splits');
	close $socket;
	finish($s);
	$s = play("S* 50000000 \"ab\"\nS: .\nS! close\n");
	$socket = connect_to($s);
	my ($n, $piece) = (0, '');
	while (my $more = sysread $socket, $piece, 1 << 20) {
		$n += $more;
	}
	is($n, 100000003, 'a line of 100 MB is sent');
	close $socket;
	is(finish($s), 0, 'to its end');
	$s = play("S* 50000000 \"ab\"\nC+ end\n");
	$socket = connect_to($s);
	hear($socket, 1000);
	close $socket;
	is(finish($s), 0, 'a client may turn away from it');
}

# Every dialogue can be followed.
for my $path (sort glob "$here/../dialogues/*.dialogue") {
	my ($name) = $path =~ m{([^/]*)\.dialogue$};
	my $d = dialogue_read($path);
	if (grep { /^S! tls/ } map { @$_ } @{$d->{connections}}) {
		$count++;
		print "ok $count - $name # SKIP needs TLS\n";
		next;
	}
	my $s = start('--dialogue', $path);
	my $wrong = '';
	for my $steps (@{$d->{connections}}) {
		$wrong ||= follow($s, $d, $steps);
	}
	kill 'TERM', $s->{pid} if $wrong ne '';
	my $status = finish($s);
	ok($wrong eq '' && $status == 0, "$name: $d->{name}[0]", $wrong,
	    "status $status", slurp($s->{errors}));
}

# The server that takes mail.
sub serve {
	my (@args) = @_;
	mkdir "$dir/mail";
	unlink glob "$dir/mail/*";
	return start('--serve', "$dir/mail", @args);
}

{
	my $s = serve('--reject', 'bob@y.test', '--defer', 'carol@y.test');
	my $got = ask_all($s, "EHLO me\r\nMAIL FROM:<me\@x.test> " .
	    "BODY=8BITMIME SIZE=10\r\nRCPT TO:<alice\@y.test>\r\n" .
	    "RCPT TO:<bob\@y.test>\r\nRCPT TO:<carol\@y.test>\r\nDATA\r\n" .
	    "..a\r\nb\r\n.\r\nQUIT\r\n");
	like_reply($got, '(?:250-.*\n)*250 SIZE\n250 2.1.0 .*\n250 2.1.5 .*\n' .
	    '550 5.1.1 .*\n450 4.2.1 .*\n354 .*\n250 2.0.0 queued as 1\n' .
	    '221 2.0.0 .*\n', 'a pipelined group with DATA');
	is(slurp("$dir/mail/1.eml"), ".a\r\nb\r\n", 'the message is stored');
	is(slurp("$dir/mail/1.envelope"), "from: me\@x.test\n" .
	    "to: alice\@y.test\ntls: none\nuser: \nauth: \nvia: DATA\n",
	    'and its envelope');
	$got = ask_all($s, "EHLO me\r\nMAIL FROM:<>\r\n" .
	    "RCPT TO:<\"a >b\"\@y.test>\r\nBDAT 3\r\na\r\nBDAT 2 LAST\r\n\r\n" .
	    "BDAT 2 LAST\r\nxxRSET\r\nNOOP\r\nQUIT\r\n");
	like_reply($got, '(?:250-.*\n)*250 SIZE\n250 2.1.0 .*\n250 2.1.5 .*\n' .
	    '250 2.0.0 .*\n250 2.0.0 queued as 2\n503 5.5.1 .*\n' .
	    '250 2.0.0 .*\n250 2.0.0 .*\n221 .*\n', 'a group with BDAT');
	is(slurp("$dir/mail/2.eml"), "a\r\n\r\n", 'the chunks are joined');
	ok(slurp("$dir/mail/2.envelope") =~
	    /\Afrom: \nto: "a >b"\@y.test\n.*via: BDAT\n\z/s,
	    'a quoted local part and the null reverse-path',
	    slurp("$dir/mail/2.envelope"));
	my $c = connect_to($s);
	hear_reply($c);
	my @talk = (
		[ 'MAIL FROM:<a@b>', '503 5.5.1' ],
		[ 'EHLO', '501 5.5.4' ],
		[ 'HELO me', '250 mx.test' ],
		[ 'RCPT TO:<a@b>', '503 5.5.1' ],
		[ 'DATA', '503 5.5.1' ],
		[ 'MAIL FROM:a@b', '501 5.5.4' ],
		[ 'MAIL FROM:<a@b> X=Y', '555 5.5.4' ],
		[ 'MAIL FROM:<a@b> SIZE=x', '501 5.5.4' ],
		[ "MAIL FROM:<\xc3\xa9\@b>", '553 5.6.7' ],
		[ "MAIL FROM:<\xc3\xa9\@b> SMTPUTF8", '250 2.1.0' ],
		[ 'MAIL FROM:<a@b>', '503 5.5.1' ],
		[ 'DATA', '503 5.5.1' ],
		[ "rcpt to:<\xc3\xa9\@b>", '250 2.1.5' ],
		[ 'RSET', '250 2.0.0' ],
		[ 'VRFY alice', '250 2.1.5' ],
		[ 'VRFY bob@y.test', '550 5.1.1' ],
		[ 'EXPN nobody', '550 5.1.1' ],
		[ 'AUTH PLAIN', '502 5.5.1' ],
		[ 'STARTTLS', '502 5.5.1' ],
		[ 'LHLO me', '500 5.5.1' ],
		[ 'XYZZY', '500 5.5.1' ],
		[ '', '500 5.5.1' ],
		[ 'HELP MAIL', '214 2.0.0' ],
	);
	for (@talk) {
		my ($line, $reply) = @$_;
		my $got = ask($c, $line);
		$line =~ s{\r\n}{\\r\\n}g;
		ok(index($got, $reply) == 0, "\"$line\" gets $reply", $got);
	}
	is(scalar(() = ask($c, 'EXPN list@x') =~ /\n/g), 3,
	    'EXPN of a list has three lines');
	# Others come and go.
	my @others = map { connect_to($s) } 1 .. 20;
	hear_reply($_) for @others;
	setsockopt $_, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) for @others;
	say_to($_, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a\@b>\r\nDATA\r\nx")
	    for @others;
	close $_ for @others;
	like_reply(ask($c, 'NOOP'), '250 .*\n', 'resets do not harm others');
	like_reply(ask_all($s, "NOOP\n"), '500 .*\n', 'a bare LF is refused');
	like_reply(ask_all($s, 'x' x 20000), '500 .*\n',
	    'an endless line is refused');
	is(join(' ', map { m{([^/]*)$} } glob "$dir/mail/* $dir/mail/.[0-9]*"),
	    '1.eml 1.envelope 2.eml 2.envelope', 'nothing else is left');
	is(stop($s), 0, 'SIGTERM ends the server');
}

sub like_reply {
	my ($got, $pattern, $name) = @_;
	$got =~ s/\A220 .*\n//;
	return ok($got =~ /\A$pattern\z/, $name, $got);
}

{
	my $s = serve('--user', 'alice:wonder:land', '--no', 'CHUNKING',
	    '--no', 'enhancedstatuscodes', '--size', '20', '--once',
	    '--listen', '[::1]:0');
	require IO::Socket::IP;
	my $c = IO::Socket::IP->new(PeerHost => '::1', PeerPort => $s->{port});
	hear_reply($c);
	my $ehlo = ask($c, 'EHLO me');
	ok($ehlo !~ /CHUNKING|ENHANCED/ && $ehlo =~ /^250-AUTH PLAIN LOGIN$/m
	    && $ehlo =~ /^250 SIZE 20$/m, 'keywords follow the options',
	    $ehlo);
	my @talk = (
		[ 'AUTH PLAIN', '334 ' ],
		[ '*', '501 cancelled' ],
		[ 'AUTH PLAIN !', '501 not base64' ],
		[ 'AUTH PLAIN AGFsaWNlAHdvbmRlcg==', '535 ' ],
		[ 'AUTH CRAM-MD5', '504 ' ],
		[ 'AUTH LOGIN', '334 VXNlcm5hbWU6' ],
		[ 'YWxpY2U=', '334 UGFzc3dvcmQ6' ],
		[ 'd29uZGVyOmxhbmQ=', '235 ' ],
		[ 'AUTH LOGIN', '503 ' ],
		[ 'MAIL FROM:<a@b> SIZE=21', '552 ' ],
		[ 'MAIL FROM:<a@b> SIZE=20', '250 ok' ],
		[ 'RCPT TO:<c@d>', '250 ok' ],
		[ 'BDAT 1', '502 ' ],
		[ 'DATA', '354 ' ],
		[ "x123456789 123456789 1\r\n.", '552 ' ],
		[ 'MAIL FROM:<a@b>', '250 ok' ],
		[ 'RCPT TO:<c@d>', '250 ok' ],
		[ 'DATA', '354 ' ],
		[ '.', '250 queued as 1' ],
	);
	for (@talk) {
		my ($line, $reply) = @$_;
		my $got = ask($c, $line);
		$line =~ s{\r\n}{\\r\\n}g;
		ok(index($got, $reply) == 0, "\"$line\" gets $reply", $got);
	}
	ok(slurp("$dir/mail/1.envelope") =~ /^user: alice$/m,
	    'the user is in the envelope');
	close $c;
	is(finish($s), 0, '--once ends with the first client');
}
{
	my $s = serve('--lmtp');
	my $got = ask_all($s, "LHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a\@b>\r\n" .
	    "RCPT TO:<c\@d>\r\nBDAT 2 LAST\r\n\r\nEHLO me\r\nQUIT\r\n");
	like_reply($got, '(?:250-.*\n)*250 SIZE\n250 .*\n250 .*\n250 .*\n' .
	    '250 2.0.0 queued as 1\n250 2.0.0 queued as 1\n500 .*\n221 .*\n',
	    'LMTP answers for each recipient');
	stop($s);
}

# What follows AUTH is written without base64 here: a response and what answers
# it, the challenge or, if it begins with a digit, the reply.
sub auth {
	my ($s, $mechanism, $initial, @talk) = @_;
	my $line = defined $initial
	    ? "AUTH $mechanism " . encode_base64($initial, '')
	    : "AUTH $mechanism";
	my $c = connect_to($s);
	hear_reply($c);
	ask($c, 'EHLO me');
	while (defined(my $answer = shift @talk)) {
		my $got = ask($c, $line);
		my $name = "$mechanism gets \"$answer\"" =~ s{\n}{\\n}gr;
		chomp $got;
		$got = decode_base64($1)
		    if $answer !~ /^\d/ && $got =~ /^334 (.*)/;
		ok(index($got, $answer) == 0, $name, $got);
		$line = encode_base64(shift(@talk) // '', '');
		$line = '*' if $line eq encode_base64('*', '');
	}
	close $c;
}

{
	# the examples of RFC 5802 5, RFC 7677 3 and RFC 2195 2
	my $none = 'fyko+d2lbbFgONRv9qkxdawL';
	my $both = $none . '3rfcNHYJY1ZVvWVs7j';
	my $proof = 'p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=';
	my $server = "r=$both,s=QSXCR+Q6sek8bf92,i=4096";
	my @scram = ('--mechanisms', 'SCRAM-SHA-1 SCRAM-SHA-1-PLUS',
	    '--user', 'user:pencil', '--scram-nonce', '3rfcNHYJY1ZVvWVs7j',
	    '--scram-salt', 'QSXCR+Q6sek8bf92');
	my $s = serve(@scram);
	auth($s, 'SCRAM-SHA-1', "n,,n=user,r=$none", $server,
	    "c=biws,r=$both,$proof", 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
	    '', '235 ');
	auth($s, 'SCRAM-SHA-1', undef, '', "n,,n=user,r=$none", $server,
	    "c=biws,r=$both,p=" . 'A' x 27 . '=', '535 ');
	auth($s, 'SCRAM-SHA-1', "n,,n=user,r=$none", $server,
	    "c=eSws,r=$both,$proof", '535 ');
	auth($s, 'SCRAM-SHA-1', "n,,n=nobody,r=$none", $server,
	    "c=biws,r=$both,$proof", '535 ');
	auth($s, 'SCRAM-SHA-1', "n,,n=us=er,r=$none", '501 ');
	auth($s, 'SCRAM-SHA-1', "p=tls-exporter,,n=user,r=$none", '501 ');
	auth($s, 'SCRAM-SHA-1-PLUS', undef, '504 ');
	stop($s);
	for (
		[ 'wrong-verifier', 'v=r2F9pqV8S7suAoZWja4dJRkFsKQ=' ],
		[ 'empty-verifier', 'v=' ], [ 'missing-verifier', 'x=' ],
		[ 'error', 'e=' ], [ 'no-verifier', '235 ' ],
		[ 'more-at-end', 'v=', '', '' ]
	    ) {
		my ($fault, @end) = @$_;
		$s = serve(@scram, '--fault', $fault);
		auth($s, 'SCRAM-SHA-1', "n,,n=user,r=$none", $server,
		    "c=biws,r=$both,$proof", @end);
		stop($s);
	}
	for (
		[ 'nonce-alone', 'r=3rfc' ], [ 'nonce-unchanged', "r=$none," ],
		[ 'extension', 'm=' ], [ 'early-yes', '235 ' ],
		[ 'not-base64', '' ], [ 'endless', '', 'x', '', '*', '' ],
		[ 'yes-to-cancel', 'r=', '*', '235 ' ]
	    ) {
		my ($fault, @end) = @$_;
		$s = serve(@scram, '--fault', $fault);
		auth($s, 'SCRAM-SHA-1', "n,,n=user,r=$none", @end);
		stop($s);
	}
	$s = serve('--mechanisms', 'SCRAM-SHA-256', '--user', 'user:pencil',
	    '--scram-nonce', '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
	    '--scram-salt', 'W22ZaJ0SNY7soEsUEjb6gQ==');
	$both = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
	auth($s, 'SCRAM-SHA-256', 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
	    "r=$both,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "c=biws,r=$both," .
	    'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
	    'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', '', '235 ');
	stop($s);
	$s = serve('--mechanisms', 'CRAM-MD5', '--user',
	    'tim:tanstaaftanstaaf');
	my $number = '<1896.697170952@postoffice.reston.mci.net>';
	auth($s, 'CRAM-MD5', undef, $number,
	    'tim b913a602c7eda7a495b4e6e7334d3890', '235 ');
	auth($s, 'CRAM-MD5', undef, $number,
	    'tim b913a602c7eda7a495b4e6e7334d3891', '535 ');
	auth($s, 'CRAM-MD5', 'tim', '501 ');
	stop($s);
}
{
	my $bearer = sub { "n,a=$_[0],\1host=h\1port=25\1auth=Bearer $_[1]\1\1" };
	my $two = sub { "user=$_[0]\1auth=Bearer $_[1]\1\1" };
	my @offer = ('--mechanisms', 'XOAUTH2 OAUTHBEARER', '--user', 'ann:pw',
	    '--token', 'T0ken');
	my $s = serve(@offer);
	auth($s, 'XOAUTH2', $two->('ann', 'T0ken'), '235 ');
	auth($s, 'XOAUTH2', $two->('ann', 'old'), '{"status":"401"', '',
	    '535 ');
	auth($s, 'XOAUTH2', $two->('bob', 'T0ken'), '{"status":"401"', '',
	    '535 ');
	auth($s, 'XOAUTH2', $two->('ann', 'old'), '{', "\1", '501 ');
	auth($s, 'XOAUTH2', "user=ann\1auth=Bearer T0ken\1", '501 ');
	auth($s, 'OAUTHBEARER', $bearer->('ann', 'T0ken'), '235 ');
	auth($s, 'OAUTHBEARER', $bearer->('ann', 'old'),
	    '{"status":"invalid_token"', "\1", '535 ');
	auth($s, 'OAUTHBEARER', $bearer->('ann', 'old'), '{', '', '501 ');
	auth($s, 'OAUTHBEARER', "n,a=ann,\1auth=Bearer T0ken\1", '501 ');
	auth($s, 'EXTERNAL', '', '504 ');
	stop($s);
	$s = serve(@offer, '--fault', 'other-status', '--fault',
	    'repeat-capitals');
	auth($s, 'XOAUTH2', $two->('ann', 'old'), '{"status":"invalid_token"',
	    '', "535-T0KEN\n535 ");
	auth($s, 'OAUTHBEARER', $bearer->('ann', 'old'), '{"status":"401"');
	stop($s);
}
is(finish(start('--serve', "$dir/mail", '--fault', 'no-such-fault')), 3,
    'a fault that is not known is an error');

# TLS, where there is a program that makes a certificate and talks TLS.
if (system('openssl version >/dev/null 2>&1') == 0) {
	system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 " .
	    "-subj /CN=localhost -addext subjectAltName=DNS:localhost " .
	    "-keyout $dir/key -out $dir/cert >/dev/null 2>&1");
	my @cert = ('--cert', "$dir/cert", '--key', "$dir/key");
	my $tls = sub {
		my ($s, $input, @more) = @_;
		spew("$dir/input", $input);
		return `openssl s_client -quiet -ign_eof -CAfile $dir/cert \\
		    -connect 127.0.0.1:$s->{port} @more <$dir/input \\
		    2>/dev/null` =~ s/\r//gr;
	};
	my $mail = "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a\@b>\r\n" .
	    "BDAT 2 LAST\r\n\r\nQUIT\r\n";
	my $s = serve(@cert, '--user', 'a:b');
	my $got = $tls->($s, $mail, '-starttls smtp');
	ok($got =~ /^250-AUTH.*queued as 1\n221 .*\n\z/ms && $got !~
	    /STARTTLS/, 'mail comes by STARTTLS', $got);
	ok(slurp("$dir/mail/1.envelope") =~ /^tls: TLS1\.\d$/m,
	    'and the envelope says so', slurp("$dir/mail/1.envelope"));
	my $c = connect_to($s);
	hear_reply($c);
	ask($c, 'EHLO me');
	ask($c, 'STARTTLS');
	$got = $tls->($s, $mail, '-starttls smtp');
	ok($got =~ /queued as 2/, 'a stalled handshake stalls nobody else');
	say_to($c, "garbage, garbage\r\n");
	hear_all($c);
	is(stop($s), 0, 'garbage in a handshake ends only its client');
	$s = serve(@cert, '--implicit-tls');
	$got = $tls->($s, $mail);
	ok($got =~ /queued as 1/, 'implicit TLS', $got);
	stop($s);
	# who signs a certificate for itself is its authority
	my $me = "EHLO me\r\nAUTH EXTERNAL =\r\nQUIT\r\n";
	$s = serve(@cert, '--implicit-tls', '--client-ca', "$dir/cert",
	    '--mechanisms', 'EXTERNAL SCRAM-SHA-1-PLUS');
	$got = $tls->($s, $me, "-cert $dir/cert -key $dir/key");
	ok($got =~ /^250-AUTH EXTERNAL SCRAM-SHA-1-PLUS$/m &&
	    $got =~ /^235 /m, 'a certificate proves who one is', $got);
	ok($tls->($s, $me) =~ /^535 /m, 'and nothing else does');
	stop($s);
	$s = play("S: 220 x\nC: EHLO *\nS: 250-x\nS: 250 STARTTLS\n" .
	    "C: STARTTLS\nC! wait\nS: 220 go\nS! tls\nC: QUIT\nS: 221 x\n" .
	    "S! close\n", @cert);
	$got = $tls->($s, "QUIT\r\n", '-starttls smtp');
	is($got, "221 x\n", 'a dialogue with STARTTLS');
	is(finish($s), 0, 'is followed to its end');
	$s = play("S! tls\nS: 220 x\nC: QUIT\nS! cut\n", @cert);
	$got = $tls->($s, "QUIT\r\n");
	is($got, "220 x\n", 'a dialogue with implicit TLS');
	is(finish($s), 0, 'is followed to its end');
	$s = play("C: STARTTLS\nS: 220 go\nS! tls\nC+ end\n", @cert);
	ask_all($s, "STARTTLS\r\n");
	is(finish($s), 0, 'C+ end takes a handshake that fails');
	$s = play("C: STARTTLS\nS: 220 go\nS! tls\nC: EHLO\n", @cert);
	ask_all($s, "STARTTLS\r\n");
	is(finish($s), 1, 'C: does not');
	$s = play("C: STARTTLS\nS: 220 go\nS! tls\nC: EHLO\n", @cert);
	ask_all($s, "STARTTLS\r\nEHLO\r\n");
	is(finish($s), 1, 'nor does S! tls take a command behind STARTTLS');
} else {
	$count++;
	print "ok $count - TLS # SKIP there is no openssl\n";
}

print "1..$count\n";
exit($bad > 0);
