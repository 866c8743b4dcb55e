#!/usr/bin/env bats
# What a server repeats of a password: in no place and in no form is it shown.
# stderr comes from bats; scripts of other languages stand in single quotes:
# shellcheck disable=SC2154,SC2016

load testserver

setup() {
  (umask 077 && echo 'MARKERpw77xyz' >pw)
  # serve POSITION FORM: a server that repeats the password there and so
  cat >serve <<'EOS'
use MIME::Base64;
$| = 1;
my ($position, $form) = @ARGV;
my $secret = "MARKERpw77xyz";
my $response = encode_base64("\0me\0$secret", "");
my $base64 = encode_base64($secret, "");
my $half = length($response) / 2;
my %text = (
    plain    => "what is $secret?",
    response => "5.7.8 <$response>",
    base64   => "($base64)",
    inside   => encode_base64("user=me\1auth=Bearer $secret\1\1", ""),
    decoded  => "me|$secret",
    capitals => "\L$response\E \U$response\E \U$secret\E",
    blanks   => join(" ", split //, $secret),
    cut      => substr($response, 0, $half) . "\n" . substr($response, $half),
    codes    => "5.7.8 $1\n5.7.8 $2\n5.7.8 $3" x ($response =~ /^(.{9})(.{9})(.*)/),
    words    => substr($response, 0, $half) . " and\n" . substr($response, $half),
    short    => substr($response, 0, -3) . "...",
    hex      => unpack("H*", $secret),
    percent  => $secret =~ s/(.)/sprintf "%%%02x", ord $1/ger,
);
sub reply {
    my ($code, $at) = @_;
    my @lines = split /\n/, $at eq $position ? $text{$form} : "2.0.0 ok";
    my $last = pop @lines;
    print "$code-$_\r\n" for @lines;
    print "$code $last\r\n";
}
my $no = $form eq "plain" ? 550 : 250;
reply(220, "greeting");
while (<STDIN>) {
    if (/^EHLO/) { print "250-x\r\n250 AUTH PLAIN\r\n" }
    elsif (/^AUTH/) { reply(235, "auth") }
    elsif (/^DATA/) {
        if ($position eq "data") { reply(554, "data"); next }
        print "354 go\r\n";
        while (<STDIN>) { last if $_ eq ".\r\n" }
        reply($no, "dot");
    }
    elsif (/^QUIT/) { reply(221, "quit"); last }
    elsif (/^(\w+)/) { reply($no, lc $1) }
}
EOS
  # shown FILE...: what in them holds a part of the secret, in any capitals
  cat >shown <<'EOS'
use MIME::Base64;
my $secret = "markerpw77xyz";
my $text = lc do { local $/; join "", <> };
for my $form ($secret, map({ lc encode_base64($_ . "MARKERpw77xyz", "") } "", "\0me\0"), unpack("H*", "MARKERpw77xyz")) {
    for (0 .. length($form) - 8) {
        my $part = substr $form, $_, 8;
        print "$part\n" if index($text, $part) >= 0;
    }
}
EOS
}

# repeats POSITION FORM ARGUMENT...
repeats() {
  rm -f log
  run --separate-stderr timeout 20 "$SMTPSEND_BUILD/smtpsend" -vv --json --hexdump --transcript log --auth-in-clear \
    -u me --password-file pw -S "exec:exec perl serve $1 $2" "${@:3}" </dev/null
  printf '%s\n' "$output" "$stderr" >out
  # the rows of a dump, put together again
  local who
  for who in C S; do
    perl -ne 'next unless s/^'$who'> [0-9a-f]{4,}  //; print map { chr hex } substr($_, 0, 50) =~ /[0-9a-f]{2}/g' log
  done >octets
  run -0 grep -aF 'EHLO ' octets
  run -0 perl shown out log octets
  assert_output ''
  # and something else is there
  run -0 grep -F '***' log
}

forms=(plain response base64 inside decoded capitals blanks cut codes words short hex percent)

@test "a password that any reply repeats is masked in all that is told" {
  local position form
  for position in auth mail rcpt data dot quit; do
    for form in "${forms[@]}"; do
      repeats "$position" "$form" -f me@x.test -t bob@y.test --body hi
    done
  done
}

# Of one that has not heard it on this connection, but on another one.
@test "a password is masked before it was sent" {
  local form
  for form in plain response base64 inside decoded capitals cut hex; do
    repeats greeting "$form" -f me@x.test -t bob@y.test --body hi
  done
}

@test "a password that an answer to a question repeats is masked" {
  local form
  for form in "${forms[@]}"; do
    repeats vrfy "$form" --vrfy bob
    repeats expn "$form" --expn staff
    repeats noop "$form" --noop
    repeats help "$form" --server-help
  done
}

@test "a masked reply keeps its code and its enhanced code" {
  run -69 --separate-stderr smtpsend --json --auth-in-clear -u me --password-file pw \
    -S 'exec:exec perl serve mail plain' -f me@x.test -t bob@y.test --body hi
  [[ $stderr == *'550 what is ***?'* ]]
  [[ $output == *'"code": 550'* ]] || [[ $output == *'"code":550'* ]]
}

# What others than root need for mounts.
users=()
[ "$EUID" = 0 ] || users=(--user --map-root-user)

# mounted ro|rw COMMAND...: with secrets/ mounted so
mounted() {
  # shellcheck disable=SC2016
  private "${users[@]}" sh -c 'mount --bind secrets secrets &&
    mount -o "remount,bind,$1" secrets && shift && exec "$@"' - "$@"
}

@test "a password that a container is given on a read-only mount is taken where it is named" {
  mkdir secrets
  echo MARKERpw77xyz >secrets/pw
  chmod 444 secrets/pw
  needs_private 'to mount a secret' "${users[@]}"
  local call=("$SMTPSEND_BUILD/smtpsend" -S 127.0.0.1:1 --auth plain -u me --noop)
  # nobody listens: the password was taken
  run -75 mounted ro "${call[@]}" --password-file secrets/pw
  run -78 mounted rw "${call[@]}" --password-file secrets/pw
  assert_line --partial 'others have access to it (mode 0444)'
  assert_line 'smtpsend: hint: chmod 600 secrets/pw'
  SMTPSEND_PASSWORD_FILE=secrets/pw run -78 mounted ro "${call[@]}"
  assert_line "smtpsend: hint: --password-command 'cat secrets/pw'"
  run -75 mounted ro "${call[@]}" --password-command 'cat secrets/pw'
  echo 'machine 127.0.0.1 login me password MARKERpw77xyz' >secrets/netrc
  chmod 444 secrets/netrc
  run -75 mounted ro "${call[@]}" --netrc=secrets/netrc
  run -78 mounted rw "${call[@]}" --netrc=secrets/netrc
  assert_line 'smtpsend: hint: chmod 600 secrets/netrc'
  SMTPSEND_NETRC=secrets/netrc run -78 mounted ro "${call[@]}"
  assert_line --partial 'others have access to it (mode 0444)'
  mkdir secrets/smtpsend
  echo 'password = MARKERpw77xyz' >secrets/smtpsend/config
  chmod 444 secrets/smtpsend/config
  XDG_CONFIG_HOME=$PWD/secrets run -78 mounted rw "${call[@]}"
  assert_line "smtpsend: hint: chmod 600 $PWD/secrets/smtpsend/config"
  XDG_CONFIG_HOME=$PWD/secrets run -78 mounted ro "${call[@]}"
  assert_line 'smtpsend: hint: on a read-only mount: password-command = cat FILE takes it from a file of its own'
  chmod 644 secrets/smtpsend/config
  echo "password-command = cat $PWD/secrets/pw" >secrets/smtpsend/config
  XDG_CONFIG_HOME=$PWD/secrets run -75 mounted ro "${call[@]}"
  chmod 464 secrets/pw
  run -78 mounted ro "${call[@]}" --password-file secrets/pw
  assert_line "smtpsend: hint: --password-command 'cat secrets/pw'"
}

@test "a password in a URL stands on our command line no longer than it is read" {
  run -75 smtpsend -S 'exec:tr "\0" "\n" </proc/$PPID/cmdline >line; exec >&-' -S smtp://me:geheim17x@127.0.0.1:1 \
    --server=smtp://you:geheim17x@127.0.0.1:1 --proxy socks5h://joe:geheim17x@127.0.0.1:1 --noop
  run -0 cat line
  assert_line 'smtp://me:*********@127.0.0.1:1'
  refute_output --partial geheim17x
}

# What a server that says PLAIN is told, as USER:PASSWORD, stands in "heard".
hearing() {
  cat >hear <<'EOS'
use MIME::Base64;
$| = 1;
print "220 x\r\n";
while (<STDIN>) {
    if (/^EHLO/) { print "250-x\r\n250 AUTH PLAIN\r\n" }
    elsif (/^AUTH PLAIN (\S+)/) {
        open my $out, ">>", "heard";
        print $out join(":", (split /\0/, decode_base64($1))[1, 2]), "\n";
        print "235 ok\r\n";
    }
    elsif (/^DATA/) { print "354 go\r\n"; while (<STDIN>) { last if $_ eq ".\r\n" } print "250 ok\r\n" }
    elsif (/^QUIT/) { print "221 bye\r\n"; last }
    else { print "250 ok\r\n" }
}
EOS
}

# hears USER:PASSWORD ARGUMENT...: so it signs in
hears() {
  rm -f heard
  run -0 smtpsend -S 'exec:exec perl hear' --auth-in-clear --noop "${@:2}"
  assert_equal "$(cat heard)" "$1"
}

@test "of the places of a password the first that there is counts" {
  hearing
  mkdir credentials bin
  umask 077
  echo typed-file >file
  echo credential >credentials/smtpsend.password
  echo another >credentials/other
  echo 'machine localhost login me password of-netrc' >~/.netrc
  printf '#!/bin/sh\necho "manager $*"\n' >bin/pass
  chmod +x bin/pass
  export CREDENTIALS_DIRECTORY=$PWD/credentials PATH=$PWD/bin:$PATH
  hears me:credential -u me
  hears me:another -u me --password-credential other
  hears me:of-netrc -u me --netrc
  hears 'me:manager show -- smtp/localhost/me' -u me --password-from pass
  hears me:line -u me --password-fd 7 7< <(echo line)
  hears me:line -u me --password-fd 0 < <(echo line)
  hears me:typed-file -u me --password-file file
  hears me:printed -u me --password-command 'echo printed'
  echo 'password = configured' >"$XDG_CONFIG_HOME/smtpsend.new"
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  mv "$XDG_CONFIG_HOME/smtpsend.new" "$XDG_CONFIG_HOME/smtpsend/config"
  hears me:configured -u me
  SMTPSEND_NETRC=~/.netrc hears me:of-netrc -u me
  SMTPSEND_NETRC=~/.netrc hears me:typed-file -u me --password-file file
  rm "$XDG_CONFIG_HOME/smtpsend/config" credentials/smtpsend.password
  hears me:of-netrc -u me
  run -78 smtpsend -S 'exec:exec perl hear' --auth-in-clear --noop -u me --no-netrc
  assert_line --partial 'none is configured, and there is no terminal to ask on'
  run -64 smtpsend -S 'exec:exec perl hear' -u me --netrc --password-from pass --noop
  assert_line --partial 'cannot be combined with'
}

@test "a netrc gives the user where it is named, and else only the password" {
  hearing
  umask 077
  printf '%s\n' 'machine other login you password no' 'machine localhost login me password "p w"' \
    'default login rest password pw' >~/.netrc
  hears 'me:p w' --netrc
  hears 'me:p w' -u me
  echo 'netrc = ~/.netrc' >config
  mkdir -p "$XDG_CONFIG_HOME/smtpsend" && mv config "$XDG_CONFIG_HOME/smtpsend"
  hears 'me:p w'
  rm "$XDG_CONFIG_HOME/smtpsend/config"
  # nobody has asked to sign in
  rm -f heard
  run -0 smtpsend -S 'exec:exec perl hear' --auth-in-clear --noop
  assert [ ! -e heard ]
  echo 'machine other login you password no' >~/.netrc
  run -78 smtpsend -S 'exec:exec perl hear' --noop --netrc
  assert_output "smtpsend: netrc $HOME/.netrc: it has no login for localhost"
  run -78 smtpsend -S 'exec:exec perl hear' --noop --netrc -u me
  assert_output "smtpsend: netrc $HOME/.netrc: it has no password for me at localhost"
  echo 'machine 127.0.0.1 port 465 login me password pw' >~/.netrc
  run -78 smtpsend -S 127.0.0.1:25 --auth-in-clear --noop --netrc -u me
  assert_line "smtpsend: netrc $HOME/.netrc: it has no password for me at 127.0.0.1"
  assert_line 'smtpsend: hint: an entry for it has `port 465`, and the server'"'"'s port is 25'
  run -78 smtpsend -S 127.0.0.1:25 --auth-in-clear --noop --netrc
  assert_line 'smtpsend: hint: an entry for it has `port 465`, and the server'"'"'s port is 25'
  printf 'machine localhost login "m\001e" password pw' >~/.netrc
  run -78 smtpsend -S 'exec:exec perl hear' --noop --netrc
  assert_output --partial 'the login for localhost is no name: has control characters'
}

@test "a netrc and a manager have a password for each server, and one user for several" {
  umask 077
  printf '%s\n' 'machine 127.0.0.1 login me password no' 'machine localhost login you password no' >~/.netrc
  run -75 smtpsend -S 127.0.0.1:1 -S localhost:1 --noop --netrc
  run -78 smtpsend -S 127.0.0.1:1 -S localhost:1 --noop --netrc -u me
  assert_output "smtpsend: netrc $HOME/.netrc: it has no password for me at localhost"
}

@test "a descriptor that is no place for a password is refused before anything is opened" {
  local call=(smtpsend -S exec:'touch opened' -u me --noop)
  run -64 "${call[@]}" --password-fd 9
  assert_output 'smtpsend: --password-fd: 9: no descriptor of that number is open'
  run -64 "${call[@]}" --password-fd 9 9</
  run -64 "${call[@]}" --password-fd 9 9>out
  run -64 "${call[@]}" --password-fd 1
  run -64 "${call[@]}" --password-fd -1
  run -64 "${call[@]}" --password-fd 99999999999
  run -64 "${call[@]}" --password-credential ../x
  run -64 "${call[@]}" --password-credential $'a\nb'
  run -64 "${call[@]}" --password-from keychain
  run -64 smtpsend -S 127.0.0.1:1 -u me --password-fd 0 -f me@x.test -t bob@y.test <<<x
  assert_output --partial 'standard input can be read for one thing only'
  run -64 smtpsend -S 127.0.0.1:1 -u me --password-fd 0 --script - <<<NOOP
  run -64 smtpsend -S fd:9 -u me --password-fd 9 --noop 9<>out
  assert_output 'smtpsend: --password-fd: 9: it is the connection to the server'
  SMTPSEND_PASSWORD_FD=9 run -78 "${call[@]}"
  assert_output 'smtpsend: SMTPSEND_PASSWORD_FD: 9: no descriptor of that number is open'
  assert [ ! -e opened ]
}

# A server that looks into our memory before and after the password was used.
looking() {
  cat >look <<'EOS'
use IO::Socket::INET;
use MIME::Base64;
my ($mechanism, $secret, $way) = @ARGV;
my $pid = getppid;
sub look {
    my @forms = @_ ? @_ : ($secret, map { substr encode_base64("$_$secret", ""), 8, 8 } "", "\0me\0", "joe:", "ab");
    open my $maps, "<", "/proc/$pid/maps" or return "unseen";
    open my $memory, "<:raw", "/proc/$pid/mem" or return "unseen";
    my $found = "";
    for (<$maps>) {
        my ($from, $to, $what) = /^([0-9a-f]+)-([0-9a-f]+) rw.. \S+ \S+ \S+\s*(.*)/ or next;
        my $bytes;
        sysseek $memory, hex $from, 0 and sysread $memory, $bytes, hex($to) - hex($from) or next;
        $found .= "$_ in $what\n" for grep { index($bytes, $_) >= 0 } @forms;
    }
    return $found || "nothing\n";
}
sub note { open my $out, ">", $_[0]; print $out $_[1]; close $out }
if ($way eq "once") {
    note("before", look("bob\@y.test"));
    note("after", look());
    exit;
}
if ($way) {
    my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die;
    note("port.new", $listener->sockport);
    rename "port.new", "port";
    my $connection = $listener->accept;
    open STDIN, "<&", $connection;
    open STDOUT, ">&", $connection;
    open my $in, "<", "pid";
    chomp($pid = <$in>);
}
$| = 1;
sub say_line { print "$_[0]\r\n" }
if ($way eq "http") {
    while (<STDIN>) { last if $_ eq "\r\n" }
    say_line "HTTP/1.1 200 well\r\n";
}
say_line "220 x";
while (<STDIN>) {
    if (/^EHLO/) { note("before", look()); say_line "250-x\r\n250 AUTH $mechanism" }
    elsif (/^AUTH PLAIN/) { say_line "235 hello $secret" }
    elsif (/^AUTH LOGIN/) {
        say_line "334 VXNlcm5hbWU6"; <STDIN>;
        say_line "334 UGFzc3dvcmQ6"; <STDIN>;
        say_line "235 hello $secret";
    }
    elsif (/^(NOOP|DATA)/) { note("after", look()); say_line $1 eq "DATA" ? "554 no" : "250 ok" }
    elsif (/^(MAIL|RCPT)/) { say_line "250 ok" }
    else { say_line "221 bye"; last }
}
EOS
  umask 077
  mkdir -p "$XDG_CONFIG_HOME/smtpsend" credentials bin
  echo geheim17x | tee pw >credentials/smtpsend.password
  printf '#!/bin/sh\ncat pw\n' | tee bin/pass >bin/secret-tool
  chmod +x bin/*
  export PATH=$PWD/bin:$PATH
}

looked() {
  refute_output --partial geheim17x
  if [ "$(cat before)" = unseen ]; then skip "we may not look into the memory here"; fi
  # what is to be found then is found before
  run -0 grep -q ' in ' before
  assert_equal "$(cat after)" nothing
}

# forgets MECHANISM STATUS ARGUMENT...: nothing of the password is in memory after AUTH
forgets() {
  rm -f before after
  # in two parts, since the command is in our memory, too
  run "-$2" smtpsend -S "exec:exec perl look $1 'geheim''17x'" --auth-in-clear "${@:3}"
  looked
}

# forgets_at WAY [VARIABLE=VALUE] ARGUMENT...: the same of a server with a port, PORT
forgets_at() {
  local way=$1 listener port variable=A=
  shift
  if [[ $1 == SMTPSEND_* ]]; then
    variable=$1
    shift
  fi
  rm -f before after port
  perl look PLAIN geheim17x "$way" 3>&- &
  listener=$!
  until [ -s port ]; do kill -0 $listener; done
  port=$(cat port)
  run -0 sh -c 'echo $$ >pid; exec env "$@"' sh "${variable//PORT/$port}" \
    "$SMTPSEND_BUILD/smtpsend" --noop "${@//PORT/$port}"
  wait $listener
  looked
}

no_asan() {
  if grep -q __asan_init "$SMTPSEND_BUILD/smtpsend"; then skip 'ASan wants all addresses'; fi
}

@test "a password is nowhere in memory after AUTH, wherever it came from" {
  local mechanism mail=(-f me@x.test -t bob@y.test --body hi)
  no_asan
  looking
  for mechanism in PLAIN LOGIN; do
    echo 'password = geheim17x' >"$XDG_CONFIG_HOME/smtpsend/config"
    forgets $mechanism 69 -vv -u me "${mail[@]}"
    forgets $mechanism 69 -u me --password-file pw "${mail[@]}" -t carol@y.test
    forgets $mechanism 69 -u me --password-command 'cat pw' "${mail[@]}"
    forgets $mechanism 0 -vv -u me --noop
    forgets $mechanism 0 -u me --password-fd 7 --noop 7<pw
    forgets $mechanism 0 -u me --password-fd 7 --noop 7< <(cat pw)
    forgets $mechanism 0 -u me --password-from pass --noop
    forgets $mechanism 0 -u me --password-from secret-tool --noop
    rm "$XDG_CONFIG_HOME/smtpsend/config"
    CREDENTIALS_DIRECTORY=$PWD/credentials forgets $mechanism 0 -u me --noop
    echo 'machine localhost login me password "gehe\im17x"' >~/.netrc
    forgets $mechanism 0 -u me --noop
    forgets $mechanism 69 --netrc "${mail[@]}"
    echo 'machine localhost login me password geheim17x' >~/.netrc
    forgets $mechanism 0 --hexdump -vv --netrc --noop
    rm ~/.netrc
  done
}

@test "a password in a URL is nowhere in memory after AUTH either" {
  no_asan
  looking
  forgets_at tcp -S smtp://me:geheim17x@127.0.0.1:PORT
  forgets_at tcp -S smtp://me:geh%65im17x@127.0.0.1:PORT
  forgets_at tcp SMTPSEND_SERVER=smtp://me:geheim17x@127.0.0.1:PORT
  echo 'server = smtp://me:geheim17x@127.0.0.1:25' >"$XDG_CONFIG_HOME/smtpsend/config"
  forgets_at tcp -u me --password-file pw -S 127.0.0.1:PORT
  rm "$XDG_CONFIG_HOME/smtpsend/config"
  forgets_at http --proxy http://joe:geheim17x@127.0.0.1:PORT -S 127.0.0.1:1
  forgets_at http --proxy http://joe:geh%65im17x@127.0.0.1:PORT -S 127.0.0.1:1
  forgets_at http --proxy http://joe@127.0.0.1:PORT --proxy-password-file pw -S 127.0.0.1:1
}

@test "a password and a token are nowhere in memory after AUTH by any mechanism" {
  local mechanism proof tls client server_tls
  no_asan
  looking
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj /CN=mx.test -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log
  for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2 OAUTHBEARER; do
    proof=(--password-file pw)
    if [[ $mechanism == *OAUTH* ]]; then proof=(--token-file pw); fi
    for tls in off implicit; do
      if [ "$mechanism$tls" = SCRAM-SHA-256-PLUSoff ]; then continue; fi
      rm -f before after
      client=("--tls=$tls") server_tls=()
      if [ $tls = implicit ]; then
        client+=(--tls-ca cert.pem)
        server_tls=(--implicit-tls --cert cert.pem --key key.pem)
      fi
      serve --user me:geheim17x --token geheim17x --mechanisms "$mechanism" "${server_tls[@]}"
      run -0 smtpsend -S "127.0.0.1:$port" "${client[@]}" --auth "$mechanism" -u me "${proof[@]}" \
        -f me@x.test -t bob@y.test --body hi --on-commit "exec perl look '' 'gehe''im17x' once"
      looked
      servers_end
    done
  done
}

# nowhere_else MARKER: but in its places
nowhere_else() {
  run -1 grep -rlaF --exclude-dir=places "$1" .
  assert_output ''
}

@test "a password shows in nothing that is told, kept or given to a program, wherever it came from" {
  local times=0 secret=MARKERpw77xyz
  # what is to be seen of each program: arguments, variables, descriptors
  cat >look <<'EOS'
{ tr '\0' '\n' </proc/$$/cmdline; tr '\0' '\n' </proc/$PPID/cmdline; cat /proc/$PPID/environ; env; ls -l /proc/$$/fd; } >>"seen.$1" 2>&1
EOS
  mkdir -p places/credentials places/bin "$XDG_CONFIG_HOME"
  mv pw places; rm serve shown
  umask 077
  hearing
  cp places/pw places/credentials/smtpsend.password
  printf '#!/bin/sh\nsh look manager\ncat places/pw\n' | tee places/bin/pass >places/bin/secret-tool
  chmod +x places/bin/*
  export PATH=$PWD/places/bin:$PATH
  ask() {
    run -0 --separate-stderr smtpsend -vv --json --hexdump --timing --transcript "log$times" --auth-in-clear \
      -S 'exec:sh look server; exec perl hear' -u me -f me@x.test -t bob@y.test --body hi \
      --on-success 'sh look success; cat >report' --on-commit 'sh look commit' "$@"
    printf '%s\n' "$output" "$stderr" >"out$times"
    run -0 grep -F 'me:MARKERpw77xyz' places/heard
    rm places/heard
    run -0 --separate-stderr smtpsend -u me "$@" --show-settings -v
    printf '%s\n' "$output" "$stderr" >"settings$times"
    nowhere_else "$secret"
    nowhere_else "$(base64 <<<"$secret" | cut -c 1-12)"
    run -0 grep -h . seen.server seen.success seen.commit "log$times"
    refute_output --partial '7 -> '
    times=$((times + 1))
  }
  sed -i 's/open my $out, ">>", "heard"/open my $out, ">>", "places\/heard"/' hear
  ask --password-file places/pw
  ask --password-file /dev/fd/7 7<places/pw
  ask --password-command 'sh look command; cat places/pw'
  ask --password-fd 7 7<places/pw
  ask --password-from pass
  ask --password-from secret-tool
  CREDENTIALS_DIRECTORY=$PWD/places/credentials ask
  echo "machine localhost login me password $secret" >places/netrc
  ask --netrc=places/netrc
  mkdir places/smtpsend
  echo "password = $secret" >places/smtpsend/config
  XDG_CONFIG_HOME=$PWD/places ask
}

@test "no core is dumped with a password in it" {
  umask 077
  cat >die <<'EOS'
$| = 1;
print "220 x\r\n";
while (<STDIN>) {
    if (/^EHLO/) { print "250-x\r\n250 AUTH PLAIN\r\n" }
    elsif (/^MAIL/ or /^AUTH/) { kill "SEGV", getppid; exit }
    else { print "250 ok\r\n" }
}
EOS
  # dumps ARGUMENT...: whether a core was, to whatever place
  dumps() {
    run -0 bash -c 'ulimit -c unlimited; perl -e "system @ARGV; print \$? & 127, \" \", \$? & 128 ? 1 : 0" -- "$@"' \
      - "$SMTPSEND_BUILD/smtpsend" -S 'exec:exec perl die' --auth-in-clear -f me@x.test -t bob@y.test --body hi "$@"
  }
  dumps
  if [ "$output" != '11 1' ]; then skip "no core is dumped here: $output"; fi
  dumps -u me --password-file pw
  assert_output '11 0'
  dumps -u me --password-fd 7 7<pw
  assert_output '11 0'
  echo 'machine localhost login me password MARKERpw77xyz' >~/.netrc
  dumps -u me
  assert_output '11 0'
}
