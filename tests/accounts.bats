#!/usr/bin/env bats
# Accounts: which is chosen, those that take over, the list of them, and those of
# msmtp.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

schema=$BATS_TEST_DIRNAME/../src/report/report.schema.json

setup() {
  unset SMTPSEND_FROM
  config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "${config%/*}"
  : >"$config"
  chmod 600 "$config"
}

send() { smtpsend "$@" bob@y.test <<<'hello'; }

# value PATH: what the JSON on standard output has there, as in {server}{host}
value() {
  perl -MJSON::PP -e '
    my $v = JSON::PP->new->utf8->decode($ARGV[0]);
    eval "\$v = \$v->$ARGV[1]; 1" or die;
    print ref $v ? JSON::PP->new->canonical->encode($v) : $v // "null", "\n"' \
    "$output" "$1"
}

# is KIND: the JSON on standard output is what the schema says
is() { perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" "$1" <<<"$output"; }

# dialogue LINE...: a server that plays it
dialogue() { play <<<"$(printf '%s\n' "name: $BATS_TEST_NAME" '' "$@")"; }

# nobody: one that is not to be called, see nobody_came
nobody() { dialogue 'S: 220 x'; }

# two LINE...: account a, where nobody is, and b, the server at $port, with these
two() {
  printf '%s\n' '[account a]' 'server = 127.0.0.1:1' 'from = ann@x.test' 'failover = b' \
    '[account b]' "server = 127.0.0.1:$port" 'from = b@b.test' "$@" >"$config"
}

# --- patterns ------------------------------------------------------------------

@test "an account with a pattern is chosen by the author, who stays who he is" {
  serve
  cat >"$config" <<EOF
server = 127.0.0.1:1
[account x]
server = 127.0.0.1:$port
from = *@x.test
EOF
  run -0 send -f 'Ann <ann@X.Test>'
  assert_equal "$(field from)" 'Ann <ann@X.Test>'
  run -75 send -f ann@y.test
}

@test "no author is made of a pattern, and the error says who may be one" {
  serve
  printf '%s\n' '[account x]' "server = 127.0.0.1:$port" 'from = *@x.test' >"$config"
  run -64 send -A x
  assert_line "smtpsend: no From address is given, and account x is for *@x.test ($config:3)"
  assert_line 'smtpsend: hint: name it with --from ADDRESS'
  EMAIL=ann@x.test run -0 send -A x
  assert_equal "$(field from)" ann@x.test
  EMAIL=ann@y.test run -64 send -A x
  printf 'From: zoe@z.test\n\nhi\n' >m.eml
  run -0 smtpsend -A x -m m.eml bob@y.test
  messages 2
}

# --- failover ------------------------------------------------------------------

@test "another account takes over where the first cannot be reached, and the report says so" {
  serve
  two 'ehlo-name = b.example'
  run --separate-stderr -0 send -A a
  assert_equal "$output$stderr" ''
  run --separate-stderr -0 send -v -A a
  assert_regex "$stderr" '^smtpsend: 127.0.0.1[^;]*: Connection refused; tried account b
smtpsend: accepted for 1 of 1 recipient \(127.0.0.1:'
  run -0 send --json -A a
  assert_equal "$(value '{server}{account}')" b
  assert_equal "$(value '{tried}[0]{account}')" a
  assert_equal "$(value '{tried}[0]{then}')" 'next server'
  is message
  run -0 send -vv -A a
  assert_line --partial "connecting to 127.0.0.1 port $port, account b"
  assert_line --regexp 'C: EHLO b.example'
  # The message is the same, and its author who he was.
  assert_equal "$(field from)" ann@x.test
  run -0 envelope
  assert_line --partial 'ann@x.test'
  messages 4
}

@test "each account signs in with what is its own, asked for when its turn comes" {
  serve --user bob:sesame
  two 'user = bob' "password-command = echo asked >>asked; echo sesame"
  sed -i 's/^failover/user = ann\npassword-command = echo first >>first; echo other\nfailover/' "$config"
  run -0 send -A a
  assert_equal "$(cat asked first)" $'asked\nfirst'
  # Not, if there is no need.
  rm asked
  sed -i "s/^server = 127.0.0.1:1$/server = 127.0.0.1:$port/" "$config"
  run -77 send -A a
  assert_line --partial 'AUTH'
  run ! test -e asked
  messages 1
}

@test "a secret of another account that cannot be had ends it before that server is asked" {
  nobody
  two 'user = bob' 'password-command = exit 3'
  run -77 send -A a
  assert_line --partial 'account b: password command'
  assert_line --partial 'Connection refused; tried account b'
  nobody_came
}

@test "an account takes over after 4yz up to MAIL" {
  local -a replies
  for words in '421 busy' '220 x|421 later'; do
    IFS='|' read -r -a replies <<<"$words"
    dialogue "S: ${replies[0]}" ${replies[1]:+'C: EHLO *' "S: ${replies[1]}"} 'C? QUIT'
    one=$port
    serve
    two
    run -0 send -A a -S "127.0.0.1:$one" --failover b
    messages 1
    rm mail/*
  done
}

@test "nothing takes over after a refusal, nor from MAIL on" {
  dialogue 'S: 554 go away' 'C? QUIT'
  one=$port
  nobody
  two
  run -69 send -A a -S "127.0.0.1:$one" --failover b
  nobody_came
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' 'S: 451 later' 'C? QUIT' 'C+ end'
  one=$port
  nobody
  two
  run -75 send -A a -S "127.0.0.1:$one" --failover b
  nobody_came
}

@test "nothing takes over when the message is out and no verdict came" {
  dialogue 'S: 220 x' 'C: EHLO *' 'S: 250 x' 'C: MAIL *' 'S: 250 ok' 'C: RCPT *' 'S: 250 ok' \
    'C: DATA' 'S: 354 go' 'C+ data' 'S! close'
  one=$port
  nobody
  two
  run -2 send -A a -S "127.0.0.1:$one" --failover b
  nobody_came
}

@test "what the command line says of a server is not for that of another account" {
  serve --user bob:sesame
  two 'user = bob' 'password = sesame'
  (umask 077 && echo geheim >file)
  run -0 send -A a -u ann --password-file file --auth LOGIN --transcript log
  run -0 grep 'C: AUTH' log
  assert_output --partial 'AUTH PLAIN'
  messages 1
}

@test "TLS that the command line demands is demanded of all" {
  serve
  two
  run -77 send -A a --tls=starttls
  assert_line --partial STARTTLS
  two 'tls = off'
  run -64 send -A a --tls=starttls
  assert_line --partial 'account b: --tls demands TLS, and the account says tls = off'
  messages 0
}

@test "of another account's server it is said, too, when its certificate ends" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 5 \
    -subj /CN=mx.test -addext subjectAltName=IP:127.0.0.1 2>/dev/null
  serve --cert cert.pem --key key.pem
  two 'tls = starttls' "tls-ca = $PWD/cert.pem"
  run -0 --separate-stderr send --json -A a
  assert_regex "$(value '{server}{tls}{expires}')" '^20'
  run -0 --separate-stderr send --no-cache --tls-expiry-warning 30d -A a
  assert_regex "$stderr" 'warning: 127.0.0.1:.* expires in'
}

@test "a mistake in an account that may take over is told before anything is opened" {
  nobody
  two 'tls-ca = /nonexistent'
  sed -i "s/:1$/:$port/" "$config"
  run send -A a
  assert_equal "$status" 66
  assert_line --partial 'account b: --tls-ca: /nonexistent: '
  nobody_came
}

@test "servers of an account are tried before those of the next one" {
  serve
  two
  printf '[account c]\nserver = unix:%s/none\n' "$PWD" >>"$config"
  run -0 send -v -A a -S 127.0.0.1:1 -S 127.0.0.1:2 --failover c,b
  assert_line --index 0 --partial 'tried the next server'
  assert_line --index 1 --partial 'tried account c'
  assert_line --index 2 --partial 'none: No such file or directory; tried account b'
  messages 1
}

@test "a server that the call names has the accounts only that the call names" {
  serve
  two
  run -75 send -A a -S 127.0.0.1:1
  SMTPSEND_SERVER=127.0.0.1:1 run -75 send -A a
  messages 0
  SMTPSEND_SERVER=127.0.0.1:1 SMTPSEND_FAILOVER=b run -0 send -A a
  SMTPSEND_SERVER=127.0.0.1:1 run -0 send -A a --failover=b
  messages 2
}

@test "a signal while another account's password is awaited ends it, and nothing is sent" {
  serve --user bob:sesame
  two 'user = bob' "password-command = echo >ready; sleep 30"
  mkfifo ready
  "$SMTPSEND_BUILD/smtpsend" -A a --body hi bob@y.test 2>said 3>&- &
  client=$!
  read -r -t 20 <ready
  kill -TERM "$client"
  status=0
  wait "$client" || status=$?
  assert_equal "$status" 143
  run -0 cat said
  assert_line --partial cancelled
  messages 0
}

@test "a question, a check and a look fail over, too" {
  serve
  two
  run -0 smtpsend -A a --noop
  run -0 smtpsend -A a --check bob@y.test
  run -0 smtpsend -A a --server-info
  assert_line --partial "127.0.0.1:$port"
}

# --- the list ------------------------------------------------------------------

@test "--accounts lists them, with what can be known of each" {
  (umask 077 && echo geheim >mine)
  echo geheim >open
  chmod 644 open
  cat >"$config" <<EOF
[account default]
server = submission://mail.x.test
user = ann
from = Ann <ann@x.test>
from = *@x.test
password-command = touch $PWD/ran
[account home]
server = smtps://home.test
server = home.test:2525
user = ann@home.test
password-file = $PWD/mine
[account open]
server = open.test
user = me
password-file = $PWD/open
[account typed]
server = typed.test
user = me
auth = LOGIN
[account plain]
server = unix:/run/mail
EOF
  run -0 --separate-stderr smtpsend --accounts
  assert_output "  ACCOUNT  FROM                        SERVER                         SIGNS IN AS    STATE
* default  Ann <ann@x.test>, *@x.test  mail.x.test:587                ann            not tried: password-command
  home     -                           home.test:465, home.test:2525  ann@home.test  ready
  open     -                           open.test:25                   me             password-file: $PWD/open: others have access to it (mode 0644)
  typed    -                           typed.test:25                  me by LOGIN    asks for the password
  plain    -                           unix:/run/mail                 -              ready"
  run ! test -e ran
  run -0 smtpsend --accounts -A home
  assert_line --regexp '^\* home '
  run -0 smtpsend --accounts --json -f zoe@x.test
  assert_equal "$(value '{accounts}[0]{used}')" true
  assert_equal "$(value '{accounts}[0]{from}')" '["Ann <ann@x.test>","*@x.test"]'
  assert_equal "$(value '{accounts}[0]{state}')" unknown
  assert_equal "$(value '{accounts}[1]{secret}')" password-file
  assert_equal "$(value '{accounts}[2]{state}')" failed
  assert_equal "$(value '{accounts}[3]{state}')" asks
  is accounts
}

@test "--accounts misses an account that another one names" {
  printf '%s\n' '[account f]' 'server = a.test' 'failover = my g, zz' '[account my g]' 'server = b.test' >"$config"
  run -0 smtpsend --accounts
  assert_line --regexp "^ *f .*failover: there is no account 'zz'"
  assert_line --regexp '^ *my g .*ready'
}

@test "--accounts says of a From that is no address that it cannot be used" {
  printf '%s\n' '[account a]' 'server = a.test' 'from = Ann "x <ann@x.test>' 'from = *@x.test' \
    '[account b]' 'server = b.test' 'from = me' 'auth = EXTERNAL' 'tls-cert = none.pem' >"$config"
  run -0 smtpsend --accounts
  assert_line --regexp "^  a .*from: 'Ann \"x <ann@x.test>': unclosed '\"' at character 5\$"
  assert_line --regexp '^  b +me .*by EXTERNAL +--tls-cert: none.pem: No such file'
  run -0 smtpsend --accounts --json
  assert_equal "$(value '{accounts}[0]{state}')" failed
}

@test "--accounts knows what the netrc has, and says when it must not be used" {
  printf '%s\n' '[account a]' 'server = a.test' 'user = ann' >"$config"
  (umask 077 && echo 'machine a.test login ann password geheim' >"$HOME/.netrc")
  run -0 smtpsend --accounts
  assert_line --regexp '^  a .* ann +ready$'
  chmod 644 "$HOME/.netrc"
  run -0 smtpsend --accounts
  assert_line --regexp '^  a .*netrc.*others have access to it'
  refute_output --partial geheim
  echo 'no-netrc' >>"$config"
  run -0 smtpsend --accounts
  assert_line --regexp '^  a .*asks for the password$'
}

@test "--accounts lists one with a mistake, too, and shows no secret" {
  cat >"$config" <<'EOF'
[account good]
server = good.test
[account bad]
srever = bad.test
password = geheim
[account worse]
server = smtp://me:geheim@x.test
EOF
  chmod 644 "$config"
  run -78 smtpsend --accounts
  assert_line --regexp '^  good +- +good.test:25 +- +ready$'
  assert_line --regexp "^  bad .*broken: $config:4: unknown setting 'srever'; did you mean 'server'\?; $config:5: this file holds a password"
  assert_line --regexp '^  worse .*broken: '
  refute_output --partial geheim
  chmod 600 "$config"
  run -78 smtpsend --accounts --json
  assert_equal "$(value '{accounts}[1]{state}')" broken
  assert_equal "$(value '{accounts}[2]{secret}')" url
  assert_equal "$(value '{accounts}[2]{user}')" me
  refute_output --partial geheim
}

@test "--accounts without any says where they would be, and takes nothing else" {
  rm "$config"
  run -0 smtpsend --accounts
  assert_line --partial "no account is configured: "
  assert_line --partial "$config (not there)"
  run -64 smtpsend --accounts bob@y.test
  run -64 smtpsend --accounts -s x
  assert_line --partial '--subject: of no use to --accounts'
}

# --- msmtp's -------------------------------------------------------------------

@test "a configuration of msmtp becomes one that works" {
  serve --user joe:sesame
  cat >"$HOME/.msmtprc" <<EOF
defaults
port $port
logfile ~/.msmtp.log
account work
host 127.0.0.1
from joe@x.test
auth on
user joe
passwordeval echo ran >>$PWD/ran; echo sesame
account other : work
from *@y.test
account default : work
EOF
  run -0 --separate-stderr smtpsend --import-msmtprc
  assert_regex "$stderr" "smtpsend: left out: $HOME/.msmtprc:3: logfile: no log is kept"
  assert_regex "$stderr" "smtpsend: hint: it can be added to $config"
  run ! test -e ran
  smtpsend -q --import-msmtprc >"$config"
  run -0 smtpsend --accounts
  assert_line --regexp '^\* default '
  run -0 send
  run -0 send -f zoe@y.test
  run -0 send -f joe@x.test
  assert_equal "$(field from 1) $(field from 2) $(field from 3)" 'joe@x.test zoe@y.test joe@x.test'
}

@test "a password of msmtp goes along with a warning" {
  printf 'account default\nhost h\nauth on\nuser u\npassword "ge\\"heim "\n' >rc
  run -0 --separate-stderr smtpsend --import-msmtprc rc
  assert_line 'password = "ge\\\"heim "'
  assert_line '# There is a password in it: mode 0600, or better password-command.'
  assert_regex "$stderr" 'warning: there is a password in it'
  refute_regex "$stderr" heim
}

@test "a configuration of msmtp is looked for where msmtp does" {
  run -66 smtpsend --import-msmtprc
  assert_line --partial "$HOME/.msmtprc, $XDG_CONFIG_HOME/msmtp/config, /etc/msmtprc"
  mkdir -p "$XDG_CONFIG_HOME/msmtp"
  printf 'account default\nhost xdg.test\n' >"$XDG_CONFIG_HOME/msmtp/config"
  run -0 smtpsend -q --import-msmtprc
  assert_line 'server = xdg.test'
  run -66 smtpsend --import-msmtprc=none
  assert_line --partial 'smtpsend: hint: '
  run -64 smtpsend --import-msmtprc one two
  printf 'account a : b\n' >bad
  run -78 smtpsend --import-msmtprc=bad
  assert_line 'smtpsend: bad:1: there is no account above it called b'
  # A broken configuration of ours is in nobody's way.
  echo nonsense >"$config"
  run -0 smtpsend -q --import-msmtprc
}
