#!/usr/bin/perl
# dialogues.t - plays every dialogue (tests/servers/dialogue.h says what that is)
# through the program: its exit status, what it says on standard error, the
# verdicts in its JSON, and that it followed the dialogue to the end.
#
# usage: dialogues.t [FILE...]     prints TAP; $SMTPSEND_BUILD has the programs
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use JSON::PP ();
use POSIX ();

use constant {
    AT_ONCE => 4,        # dialogues that are played at the same time
    LIMIT   => 15,       # seconds that one may take
};

my $here  = abs_path(dirname($0));
my $build = abs_path($ENV{SMTPSEND_BUILD} // "$here/../build");
my @files = @ARGV ? @ARGV : sort glob "$here/dialogues/*.dialogue";
my $dir   = tempdir(CLEANUP => 1);
my $owner = $$;

-x "$build/$_" or die "dialogues.t: $build/$_ is not there\n"
  for qw(smtpsend testserver);
delete @ENV{grep { /^(SMTPSEND_|LC_)/ } keys %ENV};
delete @ENV{qw(EMAIL SMTPSERVER LANG TMPDIR)};
@ENV{qw(HOME XDG_CONFIG_HOME LC_ALL)} = ($dir, $dir, 'C.UTF-8');

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
    close $file or die "$path: $!\n";
    return $path;
}

sub unescape {
    my ($text) = @_;
    my %letter = (r => "\r", n => "\n", t => "\t", 0 => "\0");
    $text =~ s/\\(?:x([0-9A-Fa-f]{2})|(.))/
        defined $1 ? chr hex $1 : $letter{$2} \/\/ $2/gex;
    return $text;
}

# The head of a dialogue: { key => [value, ...], message => bytes, tls => bool }
sub head {
    my ($path) = @_;
    my ($head, $rest) = split /^\n/m, slurp($path), 2;
    my %head = (message => '', tls => scalar(($rest // '') =~ /^S! tls$/m));
    for (split /\n/, $head) {
        next if /^#/;
        my ($key, $value) = /^([a-z0-9-]+):[ \t]*(.*)$/ or die "$path: $_\n";
        push @{$head{$key}}, $value;
        $head{message} .= unescape($value) if $key eq 'body';
        $head{message} .= unescape($2) x $1
          if $key eq 'body-repeat' && $value =~ /^(\d+) (.*)$/;
    }
    return \%head;
}

my %argument = (
    'all-or-nothing' => sub { '--all-or-nothing' },
    'check'          => sub { '--check' },
    'auth-in-clear'  => sub { '--auth-in-clear' },
    'deadline'       => sub { "--deadline=$_[0]" },
    'timeout'        => sub { "--timeout=$_[0]" },
    'auth'           => sub { "--auth=$_[0]" },
    'user'           => sub { "--user=$_[0]" },
    'without'        => sub { "--without=$_[0]" },
    'mail-param'     => sub { "--mail-param=$_[0]" },
    'rcpt-param'     => sub { "--rcpt-param=$_[0]" },
    'lmtp'           => sub { () },
    'socket-only'    => sub { () },
    'tls'            => sub { ("--tls-ca=$dir/cert.pem") },
    'starttls'       => sub { '--tls=starttls' },
    'token'          => sub {
        chmod 0600, spew("$dir/token.$$", "$_[0]\n");
        return "--token-file=$dir/token.$$";
    },
    'password'       => sub {
        chmod 0600, spew("$dir/password.$$", "$_[0]\n");
        return "--password-file=$dir/password.$$";
    },
);

# The arguments after the server.
sub arguments {
    my ($head) = @_;
    my @args = ('--json', "--envelope-from=$head->{from}[0]", '--message=-');
    for (@{$head->{option}}) {
        my ($name, $value) = split /=/, $_, 2;
        my $make = $argument{$name} or die "option: $_ is not known\n";
        push @args, $make->($value);
    }
    return (@args, '--', @{$head->{to}});
}

sub start {
    my ($in, $out, $err, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    open STDIN, '<', $in or die "$in: $!\n";
    open STDOUT, ref $out ? '>&' : '>', $out or die "standard output: $!\n";
    open STDERR, '>', $err or die "$err: $!\n";
    exec @command or POSIX::_exit(127);
}

# Exit status as a shell has it; ended by force when it takes too long.
sub finish {
    my ($pid) = @_;
    my $late = 0;
    local $SIG{ALRM} = sub { $late = 1; kill 'KILL', $pid };
    alarm LIMIT;
    waitpid $pid, 0;
    my $status = $?;
    alarm 0;
    return $late ? 'no end' : $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

# What is wrong with the JSON report, a line each.
sub verdicts_missed {
    my ($head, $json) = @_;
    my $report = eval { JSON::PP->new->utf8->decode($json) }
      or return "the report is no JSON: $json";
    my %got = map { $_->{address} => $_ } @{$report->{recipients}};
    my @missed;
    push @missed, "JSON has status $report->{status}"
      if $report->{status} != $head->{status}[0];
    for (@{$head->{result}}) {
        my ($address, $verdict, $code) = split;
        my $got = $got{$address} // { verdict => 'no verdict', code => 0 };
        next if $got->{verdict} eq $verdict && (!$code || $got->{code} == $code);
        push @missed, "result: $_: it was $got->{verdict} $got->{code}";
    }
    return @missed;
}

# Plays one; returns what went wrong, a line each.
sub play {
    my ($path, $head) = @_;
    my ($in, $out, $err, $trace) = map { "$dir/$_.$$" } qw(in out err trace);
    spew($in, $head->{message});
    pipe my $read, my $write or die "pipe: $!\n";
    my $server = start('/dev/null', $write, $trace, "$build/testserver",
        '--dialogue', $path, '--limit', LIMIT - 2,
        $head->{tls} ? ('--cert', "$dir/cert.pem", '--key', "$dir/key.pem") : ());
    close $write;
    chomp(my $port = <$read> // '');
    my $scheme = grep({ $_ eq 'lmtp' } @{$head->{option}}) ? 'lmtp://' : '';
    my $status = finish(start($in, $out, $err, "$build/smtpsend",
            "--server=${scheme}127.0.0.1:$port", arguments($head)));
    my $followed = finish($server);
    my $said = slurp($err);
    my @wrong;

    push @wrong, "exit status $status, not $head->{status}[0]"
      if $status ne $head->{status}[0];
    push @wrong, "the dialogue was not followed ($followed): " . slurp($trace)
      if $followed ne '0';
    push @wrong, map { "standard error does not hold: $_" }
      grep { index($said, $_) < 0 } @{$head->{stderr}};
    push @wrong, verdicts_missed($head, slurp($out));
    push @wrong, "standard error: $said" if @wrong;
    return @wrong;
}

sub certificate {
    system('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
          . " -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
          . " -addext extendedKeyUsage=serverAuth -keyout $dir/key.pem"
          . " -out $dir/cert.pem >$dir/openssl.log 2>&1") == 0
      or die 'dialogues.t: ' . slurp("$dir/openssl.log");
}

sub result {
    my ($number, $path) = @_;
    my $head = head($path);
    my $line = "$number - " . basename($path) . ": $head->{name}[0]";
    return "ok $line # SKIP in-process only\n"
      if grep { $_ eq 'in-process-only' } @{$head->{option}};
    my @wrong = eval { play($path, $head) };
    push @wrong, $@ if $@;
    return "ok $line\n" unless @wrong;
    return "not ok $line\n" . join '', map { "# $_\n" } map { split /\n/ } @wrong;
}

$| = 1;
print '1..', scalar @files, "\n";
certificate();
my (%running, $failed);
my ($started, $printed) = (0, 0);
while ($printed < @files) {
    while ($started < @files && keys %running < AT_ONCE) {
        my $number = ++$started;
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            spew("$dir/result.$number", result($number, $files[$number - 1]));
            POSIX::_exit(0);
        }
        $running{$pid} = $number;
    }
    delete $running{wait()} // next;
    while ($printed < $started && !grep { $_ == $printed + 1 } values %running) {
        my $text = slurp("$dir/result." . ++$printed);
        $text = "not ok $printed - $files[$printed - 1]\n" if $text eq '';
        $failed ||= $text =~ /^not/;
        print $text;
    }
}
exit($failed ? 1 : 0);

END {
    # A child that dies must not take the directory away.
    POSIX::_exit(255) if defined $owner && $$ != $owner;
}
