#!/usr/bin/env bats
# --configure: an account is made, on a terminal and without one.
# port, server, issuer and stderr come from testserver.bash, authserver.bash and bats:
# shellcheck disable=SC2154

load authserver
load terminal

setup_file() {
  cd -- "$BATS_FILE_TMPDIR" || return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:mail.x.test 2>/dev/null
}

setup() {
  cert=$BATS_FILE_TMPDIR/cert.pem
  config=$XDG_CONFIG_HOME/smtpsend/config
  directory=$XDG_CONFIG_HOME/smtpsend
  # nothing of the desktop's that runs these tests
  unset DBUS_SESSION_BUS_ADDRESS PASSWORD_STORE_DIR
}

teardown() {
  servers_end
  terminal_end
}

serve_tls() {
  serve --implicit-tls --cert "$cert" --key "$BATS_FILE_TMPDIR/key.pem" --user me@x.test:sword-fish
}

# known [COLUMN=VALUE]...: the user's table says where the mail of x.test goes
known() {
  mkdir -p "$directory"
  chmod 700 "$directory"
  python3 - "$BATS_TEST_DIRNAME/../src/provider/providers.tsv" "$@" >"$directory/providers.tsv" <<'END'
import sys
names = open(sys.argv[1]).readline().rstrip("\n").split("\t")
row = dict.fromkeys(names, "-")
row.update(word.split("=", 1) for word in sys.argv[2:])
print("\t".join(names))
print("\t".join(row[name] for name in names))
END
}

known_here() {
  known id=here 'name=The house' domains=x.test server=localhost "port=$port" tls=implicit \
    user=%address auth=PLAIN secret=password source=test checked=2026-01-01 "$@"
}

# names: what DNS says, on standard input; sets dns
names() {
  cat >zone
  rm -f named
  mkfifo named
  "$BATS_TEST_DIRNAME/servers/nameserver" zone >named 2>named.err </dev/null 3>&- &
  servers+=("$!")
  read -r -t 20 dns <named
  dns=127.0.0.1:$dns
}

# publishes HOST PORT: what a domain publishes for mail programs; sets published
publishes() {
  local line
  mkdir -p www
  cat >www/config.xml <<END
<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="x.test">
    <domain>x.test</domain>
    <outgoingServer type="smtp">
      <hostname>$1</hostname>
      <port>$2</port>
      <socketType>SSL</socketType>
      <username>%EMAILLOCALPART%</username>
      <authentication>password-cleartext</authentication>
    </outgoingServer>
  </emailProvider>
</clientConfig>
END
  rm -f listens
  mkfifo listens
  PYTHONUNBUFFERED=1 python3 -m http.server --bind 127.0.0.1 --directory www 0 >listens 2>www.log </dev/null 3>&- &
  servers+=("$!")
  read -r -t 20 line <listens
  line=${line#*port }
  published=http://127.0.0.1:${line%% *}/config.xml
}

@test "an account is made on a terminal, with the password in a file, and a mail to oneself is sent" {
  serve_tls
  known_here
  on_terminal --configure me@x.test --tls-ca "$cert"
  sees 'provider: The house (known by the domain x.test)'
  sees "server: submissions://localhost:$port, TLS verified, lets in by PLAIN, LOGIN"
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees 'the server has let us in'
  sees 'Where is the password to be kept?'
  sees "1  a file that only you can read, $directory/default.password"
  sees 'Number [1]: '
  types '\n'
  sees "the password is in $directory/default.password"
  sees "account default was added to $config"
  sees 'to send a mail: smtpsend -s Subject me@x.test < body.txt'
  sees 'Send a test mail to me@x.test? [Y/n] '
  types 'y\n'
  sees '250 2.0.0'
  closes 0
  assert_equal "$(<"$config")" "[account default]
server = submissions://localhost:$port
user = me@x.test
from = me@x.test
tls-ca = $cert
password-file = $directory/default.password"
  assert_equal "$(<"$directory/default.password")" sword-fish
  assert_equal "$(stat -c %a "$config" "$directory/default.password" "$directory")" $'600\n600\n700'
  messages 1
  assert_equal "$(field to)" me@x.test
  # and it works by itself
  run -0 smtpsend --body hi bob@y.test
  assert_output ''
  messages 2
}

@test "the password is not on the screen, not in the configuration and in no argument" {
  serve_tls
  known_here
  mkdir bin
  # shellcheck disable=SC2016
  printf '#!/bin/sh\n{ echo "$@"; env; } >>seen\ncase $1 in store) cat >secret ;; lookup) cat secret ;; esac\n' >bin/secret-tool
  chmod +x bin/secret-tool
  export PATH=$PWD/bin:$PATH DBUS_SESSION_BUS_ADDRESS=none:
  on_terminal --configure me@x.test --tls-ca "$cert" -vv
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees '1  the keyring of the desktop (secret-tool)'
  sees 'Number [1]: '
  types '1\n'
  sees 'Send a test mail'
  types 'n\n'
  closes 0
  run ! grep -r sword-fish rest seen "$directory"
  assert_equal "$(<secret)" sword-fish
  run -0 grep password "$config"
  assert_output 'password-from = secret-tool'
  run -0 grep '^store' seen
  assert_output 'store --label=Mail of me@x.test -- host localhost service smtp user me@x.test'
  run -0 smtpsend --noop
}

@test "a password store that gives something else back is no place for it, and nothing is written" {
  serve_tls
  known_here
  mkdir bin
  # shellcheck disable=SC2016
  printf '#!/bin/sh\ncase $1 in insert) cat >/dev/null ;; show) echo other ;; esac\n' >bin/pass
  chmod +x bin/pass
  mkdir "$HOME/.password-store"
  echo me >"$HOME/.password-store/.gpg-id"
  PATH=$PWD/bin:$PATH on_terminal --configure me@x.test --tls-ca "$cert"
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees '1  the password store (pass)'
  sees 'Number [1]: '
  types '\n'
  closes 78
  run -0 cat rest
  assert_output --partial 'pass: it gives another password back'
  [ ! -e "$config" ]
}

@test "^C and ^D at any question leave everything as it was" {
  local before end status
  serve_tls
  known_here
  cp -a "$directory" before
  for end in '\003:130:cancelled, nothing was changed' '\004:66:no answer, nothing was changed'; do
    status=${end#*:}
    on_terminal --configure --tls-ca "$cert"
    sees 'Your mail address: '
    types "${end%%:*}"
    closes "${status%%:*}"
    grep -q "${end##*:}" rest
    on_terminal --configure me@x.test --tls-ca "$cert"
    sees 'Password for me@x.test: '
    types "${end%%:*}"
    closes "${status%%:*}"
    grep -q "${end##*:}" rest
    on_terminal --configure me@x.test --tls-ca "$cert"
    sees 'Password for me@x.test: '
    types 'sword-fish\n'
    sees 'Number [1]: '
    types "${end%%:*}"
    closes "${status%%:*}"
    grep -q "${end##*:}" rest
    run -0 diff -r before "$directory"
  done
  # behind the last one the account is there
  on_terminal --configure me@x.test --tls-ca "$cert"
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees 'Number [1]: '
  types '\n'
  sees 'Send a test mail'
  types '\004'
  closes 0
  grep -q 'the account is there' rest
  [ -e "$config" ]
}

@test "answers that are none are asked for again, and so is a password that is refused" {
  serve_tls
  known_here 'hint=it is on the card'
  on_terminal --configure --tls-ca "$cert"
  sees 'Your mail address: '
  types '\n'
  sees 'Your mail address: '
  types 'me@@x.test\n'
  sees "unexpected '@'"
  sees 'Your mail address: '
  types ' me@x.test \n'
  sees 'it is on the card'
  sees 'Password for me@x.test: '
  types '\n'
  sees 'Password for me@x.test: '
  types 'wrong\n'
  sees '535'
  sees 'Try again? [Y/n] '
  types 'maybe\n'
  sees 'please answer yes or no'
  sees 'Try again? [Y/n] '
  types '\n'
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees 'Number [1]: '
  types '7\n'
  sees 'please answer with a number from 1 to 1'
  sees 'Number [1]: '
  types '1\n'
  sees 'Send a test mail'
  types 'n\n'
  closes 0
  on_terminal --configure other@x.test --tls-ca "$cert"
  sees 'Password for other@x.test: '
  types 'wrong\n'
  sees 'Try again? '
  types 'n\n'
  closes 77
  run ! grep -q other "$config"
}

@test "what stands in the configuration stays, and a second account gets a name" {
  serve_tls
  known_here
  printf '# mine\r\nbcc = me@x.test\r\n\r\n[account default]\r\n# the old one\r\nserver = localhost\r\nfrom = old@x.test\r\n[account z]\r\nserver=z' >"$config"
  chmod 644 "$config"
  cp "$config" before
  echo sword-fish >pw
  chmod 600 pw
  run -0 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure '"Me & Co" <me@x.test>' --tls-ca "$cert" --password-file pw
  cat before - >expected <<EOT


[account here]
server = submissions://localhost:$port
user = me@x.test
from = "\"Me & Co\" <me@x.test>"
tls-ca = $cert
password-file = $PWD/pw
EOT
  sed -i 's/$/\r/; s/\r\r$/\r/' expected
  run -0 diff expected "$config"
  assert_equal "$(stat -c %a "$config")" 600
  run -0 smtpsend -f me@x.test --noop
  run -0 smtpsend -A here --noop
}

@test "an account that is there is changed with a yes only, and in its place" {
  serve_tls
  known_here
  printf '[account x]\nserver = localhost:1\nfrom = me@x.test\npassword-command = echo old\ntimeout = 9s\n# end\n[account y]\nserver = y\n' >"$config"
  echo sword-fish >pw
  chmod 600 pw
  cp "$config" before
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert" --password-file pw
  assert_output --partial 'account x is there already'
  assert_output --partial 'hint: -A NAME'
  on_terminal --configure me@x.test --tls-ca "$cert" --password-file pw
  sees 'Account x is there already. Is it to be changed? [y/N] '
  types '\n'
  closes 77
  run -0 diff before "$config"
  on_terminal --configure me@x.test --tls-ca "$cert" --password-file pw
  sees 'Is it to be changed? [y/N] '
  types 'y\n'
  sees "account x was changed in $config"
  sees "to send a mail: smtpsend -A x -s Subject me@x.test < body.txt"
  sees 'Send a test mail'
  types 'n\n'
  closes 0
  assert_equal "$(<"$config")" "[account x]
server = submissions://localhost:$port
from = me@x.test
timeout = 9s
user = me@x.test
tls-ca = $cert
password-file = $PWD/pw
# end
[account y]
server = y"
}

@test "-n prints what would be written, asks nothing and writes nothing" {
  serve_tls
  known_here
  cp -a "$directory" before
  run -0 --separate-stderr smtpsend --configure me@x.test -n --tls-ca "$cert" -A work </dev/null
  assert_output "[account work]
server = submissions://localhost:$port
user = me@x.test
from = me@x.test
tls-ca = $cert
password-file = $directory/work.password"
  assert_equal "$stderr" "smtpsend: provider: The house (known by the domain x.test)
smtpsend: server: submissions://localhost:$port, TLS verified, lets in by PLAIN, LOGIN
smtpsend: work would be added to $config, nothing was written"
  run -0 diff -r before "$directory"
  on_terminal --configure me@x.test -n --tls-ca "$cert"
  closes 0
  run -64 smtpsend --configure -n
  assert_output --partial 'hint: smtpsend --configure ADDRESS'
  run -64 smtpsend --configure nobody -n
  assert_line 'smtpsend: hint: an address is written name@host'
  run -64 smtpsend --configure me@x.test --dry-run=smtputf8
}

@test "-n prints what is known of a provider whose server cannot be met, and says so" {
  known id=here 'name=The house' domains=x.test server=localhost port=1 tls=starttls user=%local auth=XOAUTH2,PLAIN \
    secret=password source=test checked=2026-01-01
  run -0 --separate-stderr smtpsend --configure me@x.test -n </dev/null
  assert_output "[account default]
server = submission://localhost:1
user = me
from = me@x.test
password-file = $directory/default.password"
  assert_regex "$stderr" 'server: submission://localhost:1, which was not met \(localhost.*: Connection refused\)'
  # No two accounts have one file.
  for name in a_b 'a#b' 'a b'; do smtpsend --configure me@x.test -n -A "$name" </dev/null; done >all
  assert_equal "$(grep -h ^password-file all | sort -u | wc -l)" 3
  run -0 grep -F -- "/a%23b.password" all
  run -75 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test
  assert_output --partial 'Connection refused'
  known id=here 'name=The house' domains=x.test server=none.invalid port=465 tls=implicit user=%local auth=PLAIN \
    secret=password source=test checked=2026-01-01
  run -68 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test
  refute_output --partial 'this one comes from'
}

@test "without a terminal what would have to be asked is named" {
  serve_tls
  known_here
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure
  assert_output --partial 'no terminal to ask on'
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert"
  assert_output --partial '--password-command, --password-file or --password-from says where it is'
  run -77 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert" --password-command 'echo wrong'
  assert_output --partial 535
  [ ! -e "$config" ]
}

@test "a configuration that has a fault is refused before anything is asked" {
  mkdir -p "$directory"
  printf 'srever = x\n' >"$config"
  on_terminal --configure
  closes 78
  grep -q "$config:1: unknown setting 'srever'" rest
  printf '[account a]\nuser = x\npassword-file = y\npassword-command = z\n' >"$config"
  run -78 smtpsend --configure
  assert_output --partial "$config:4: password-command: cannot be combined with password-file"
  rm "$config"
  ln -s nowhere "$config"
  run -78 smtpsend --configure me@x.test
  assert_output --partial "$config: a symbolic link that leads nowhere"
  run -78 env HOME=/ XDG_CONFIG_HOME=/nonexistent "$SMTPSEND_BUILD/smtpsend" --configure me@x.test
}

@test "a configuration that was changed meanwhile is left as it is" {
  serve_tls
  known_here
  on_terminal --configure me@x.test --tls-ca "$cert"
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees 'Number [1]: '
  echo '# by somebody else' >"$config"
  types '\n'
  closes 78
  grep -q "$config was changed meanwhile, and is left as it is" rest
  assert_equal "$(<"$config")" '# by somebody else'
  [ ! -e "$directory/default.password" ]
  # nor is a password that stood there lost
  rm "$config"
  echo old >"$directory/default.password"
  on_terminal --configure me@x.test --tls-ca "$cert"
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees 'Number [1]: '
  echo '# by somebody else' >"$config"
  types '\n'
  closes 78
  assert_equal "$(<"$directory/default.password")" old
}

@test "an asterisk in an address makes no pattern of it, and a variable that goes before is told" {
  serve
  export SMTPSEND_SERVER=elsewhere.test
  run -0 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure '"A * B" <a*b@x.test>' -S "127.0.0.1:$port"
  assert_output --partial 'SMTPSEND_SERVER is set, and goes before what an account says'
  run -0 grep from "$config"
  assert_output 'from = "\"a*b\"@x.test"'
  unset SMTPSEND_SERVER
  run -0 smtpsend --body hi bob@y.test
  assert_equal "$(field from)" 'a*b@x.test'
}

@test "behind a symbolic link the file itself is written, and the link stays" {
  serve_tls
  known_here
  mkdir dotfiles
  echo '# kept in git' >dotfiles/smtpsend
  ln -s "$PWD/dotfiles/smtpsend" "$config"
  run -0 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert" --password-command 'echo sword-fish'
  [ -L "$config" ]
  run -0 head -n 3 dotfiles/smtpsend
  assert_output $'# kept in git\n\n[account default]'
  run -0 smtpsend --noop
}

@test "a server of the command line goes before all search, with STARTTLS or with TLS" {
  serve --cert "$cert" --key "$BATS_FILE_TMPDIR/key.pem" --user me:sword-fish
  run -0 --separate-stderr smtpsend --configure me@x.test -n --tls-ca "$cert" -S "me@localhost:$port"
  assert_line "server = submission://localhost:$port"
  assert_line 'user = me'
  run -77 --separate-stderr smtpsend --configure me@x.test -n -S "localhost:$port"
  assert_output ''
  [[ $stderr == *"the server's certificate is self-signed"* ]]
  run -64 smtpsend --configure me@x.test -n -S "smtp://me:sword-fish@localhost:$port"
  assert_output --partial 'a password in a URL is not written into a configuration'
  refute_output --partial sword-fish
  run -75 smtpsend --configure me@x.test -n -S localhost:1
}

@test "a server without passwords makes an account without one" {
  serve
  run -0 --separate-stderr smtpsend --configure me@x.test -n -S "127.0.0.1:$port"
  # which is not that of a program on this machine that the table knows
  [[ $stderr != *provider:* ]]
  assert_output "[account default]
server = 127.0.0.1:$port
from = me@x.test"
  [[ $stderr == *'without TLS, lets in without a password'* ]]
}

@test "what does not belong to an account is refused" {
  run -64 smtpsend --configure me@x.test -s hello
  assert_output --partial '--subject: of no use to --configure'
  run -64 smtpsend --configure me@x.test --json
  run -64 smtpsend --configure me@x.test you@x.test
  assert_output --partial 'one address at a time'
  run -64 smtpsend --configure 'me@[127.0.0.1]'
  run -64 smtpsend --configure $'me@x.test\nbcc = x'
}

@test "the MX of a domain leads to its provider" {
  serve_tls
  known_here 'mx=*.house.test'
  names <<<'y.test MX 10 mx1.house.test'
  run -0 --separate-stderr smtpsend --configure me@y.test -n --tls-ca "$cert" --dns-server "$dns" --autoconfig-url http://127.0.0.1:1/
  assert_line "server = submissions://localhost:$port"
  assert_line 'user = me@y.test'
  [[ $stderr == *"provider: The house (known by the domain's MX mx1.house.test)"* ]]
}

@test "what a domain publishes is taken, in another domain with a yes only" {
  serve_tls
  publishes localhost "$port"
  names </dev/null
  run -0 --separate-stderr smtpsend --configure me@localhost -n --tls-ca "$cert" --dns-server "$dns" --autoconfig-url "$published"
  assert_line "server = submissions://localhost:$port"
  assert_line 'user = me'
  [[ $stderr == *"servers of localhost: published at $published"* ]]
  [[ $stderr != *'right one'* ]]
  run -0 --separate-stderr smtpsend --configure me@y.test -n --tls-ca "$cert" --dns-server "$dns" --autoconfig-url "$published"
  [[ $stderr == *"localhost is not in the domain y.test (published at $published"*'). Is it the right one?'* ]]
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@y.test --tls-ca "$cert" --dns-server "$dns" \
    --autoconfig-url "$published" --password-command 'echo sword-fish'
  assert_output --partial "hint: -S submissions://localhost:$port says that it is"
  [ ! -e "$config" ]
  on_terminal --configure me@y.test --tls-ca "$cert" --dns-server "$dns" --autoconfig-url "$published"
  sees 'Is it the right one? [y/N] '
  types '\n'
  closes 77
  [ ! -e "$config" ]
}

@test "SRV records are followed into another domain with a yes only, and the name that was typed can be another" {
  serve_tls
  names <<<"_submissions._tcp.y.test SRV 0 1 $port localhost"
  on_terminal --configure me@y.test --tls-ca "$cert" --dns-server "$dns" --autoconfig-url http://127.0.0.1:1/
  sees 'localhost is not in the domain y.test (named by DNS, SRV'
  sees 'Is it the right one? [y/N] '
  types 'yes\n'
  sees 'User name [me@y.test]: '
  types 'me@x.test\n'
  sees 'Password for me@x.test: '
  types 'sword-fish\n'
  sees 'Number [1]: '
  types '\n'
  sees 'Send a test mail to me@y.test? '
  types 'n\n'
  closes 0
  run -0 grep -e ^user -e ^from "$config"
  assert_output $'user = me@x.test\nfrom = me@y.test'
}

@test "where nothing is known the person is asked for the server, until one is fine" {
  serve_tls
  names </dev/null
  on_terminal --configure me@y.invalid --tls-ca "$cert" --dns-server "$dns" --autoconfig-url http://127.0.0.1:1/
  sees 'nothing names a server of y.invalid: trying the usual names'
  sees 'No server was found.'
  sees '(host or host:port)?: '
  types 'localhost:1\n'
  sees 'Connection refused'
  sees '(host or host:port)?: '
  types "localhost:$port\n"
  sees "server: submissions://localhost:$port"
  types '\003'
  closes 130
  [ ! -e "$config" ]
  run -68 smtpsend --configure me@y.invalid -n --dns-server "$dns" --autoconfig-url http://127.0.0.1:1/
  assert_output --partial 'no server of y.invalid was found'
  assert_output --partial 'hint: -S HOST names'
}

@test "the usual names are tried on their ports, those of the MX behind a yes" {
  needs_private 'for ports and names of its own' --net
  # shellcheck disable=SC2016
  private --net bash -c '
    set -eu
    ip link set lo up
    printf "127.0.0.1 localhost\n127.0.0.2 smtp.z.test\n127.0.0.3 mx.z2.test\n" >hosts
    mount --bind hosts /etc/hosts
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem \
      -days 2 -subj /CN=z -addext subjectAltName=DNS:smtp.z.test,DNS:mx.z2.test 2>/dev/null
    "$1/testserver" --serve . --user me:x --listen 127.0.0.2:587 --cert c.pem --key k.pem --limit 60 >ready &
    one=$!
    "$1/testserver" --serve . --user me:x --listen 127.0.0.3:465 --implicit-tls --cert c.pem --key k.pem --limit 60 >ready2 &
    two=$!
    echo "z3.test MX 5 mx.z2.test" >zone
    "$2/servers/nameserver" zone >named &
    three=$!
    trap "kill $one $two $three" EXIT
    until [ -s ready ] && [ -s ready2 ] && [ -s named ]; do read -r -t 0.05 _ < <(:) || :; done
    dns=127.0.0.1:$(cat named)
    "$1/smtpsend" --configure me@z.test -n --tls-ca c.pem --dns-server "$dns" --autoconfig-url http://127.0.0.1:1/ 2>err
    "$1/smtpsend" --configure me@z3.test -n --tls-ca c.pem --dns-server "$dns" --autoconfig-url http://127.0.0.1:1/ 2>err3
  ' bash "$SMTPSEND_BUILD" "$BATS_TEST_DIRNAME" >out
  run -0 grep ^server out
  assert_output $'server = submission://smtp.z.test\nserver = submissions://mx.z2.test'
  run ! grep 'right one' err
  grep -q "mx.z2.test is not in the domain z3.test (it is the domain's MX). Is it the right one?" err3
}

@test "an address of a name server or of a publication that is none is refused before anything is asked" {
  run -64 smtpsend --configure --dns-server nonsense
  assert_output --partial --dns-server
  run -64 smtpsend --configure --autoconfig-url http://example.org/
  assert_output --partial 'an https URL is needed'
  run -64 smtpsend --dns-server 127.0.0.1 -s x me@x.test
}

# signs_in_by_oauth [COLUMN=VALUE]...: at the house one signs in at the authorisation server
signs_in_by_oauth() {
  authserver
  unset SMTPSEND_OAUTH SMTPSEND_OAUTH_CA SSH_CONNECTION DISPLAY WAYLAND_DISPLAY
  fault 'code.access_token="at-sesame"'
  serve --implicit-tls --cert "$cert" --key "$BATS_FILE_TMPDIR/key.pem" --user me@x.test:sword-fish --token at-sesame \
    --mechanisms 'XOAUTH2 PLAIN'
  known_here auth=XOAUTH2 secret=- "issuer=$issuer" "auth_url=$issuer/auth" "token_url=$issuer/token" scope=mail \
    redirect=127.0.0.1 flow=browser 'client=open the console; make an app' client_url=https://x.test/apps "$@"
  tokens=$HOME/.local/state/smtpsend/tokens
}

@test "one signs in by a browser, with an app of one's own, and the account sends" {
  signs_in_by_oauth
  on_terminal --configure me@x.test --tls-ca "$cert" --oauth-ca "$AUTHSERVER/ca.pem"
  sees 'The house wants to know which app signs in; make one of your own, at https://x.test/apps'
  sees '- open the console'
  sees '- make an app'
  sees 'Client ID: '
  types 'secret-app\n'
  sees 'Client secret (nothing: it has none): '
  types 'hush\n'
  sees 'the server has let us in'
  sees "account default was added to $config"
  sees 'Send a test mail'
  types 'y\n'
  closes 0
  run ! grep -e hush -e at-sesame rest
  assert_equal "$(<"$config")" "[account default]
server = submissions://localhost:$port
user = me@x.test
from = me@x.test
tls-ca = $cert
oauth-ca = $AUTHSERVER/ca.pem
oauth = here
oauth-client-id = secret-app
oauth-client-secret-file = $directory/here.client-secret"
  assert_equal "$(<"$directory/here.client-secret")" hush
  assert_equal "$(stat -c %a "$directory/here.client-secret" "$tokens/default.json")" $'600\n600'
  messages 1
  assert_equal "$(envelope | grep ^auth:)" 'auth: XOAUTH2'
  run -0 smtpsend --body hi bob@y.test
  messages 2
}

@test "a sign-in that comes to nothing leaves nothing behind" {
  signs_in_by_oauth
  fault 'code.access_token="at-other"'
  cp -a "$directory" before
  on_terminal --configure me@x.test --tls-ca "$cert" --oauth-ca "$AUTHSERVER/ca.pem"
  sees 'Client ID: '
  types 'secret-app\n'
  sees 'Client secret'
  types 'hush\n'
  closes 77
  run -0 diff -r before "$directory"
  [ ! -e "$tokens/default.json" ]
  # nor does ^C behind the app's secret
  on_terminal --configure me@x.test --tls-ca "$cert" --oauth-ca "$AUTHSERVER/ca.pem"
  sees 'Client ID: '
  types '\003'
  closes 130
  run -0 diff -r before "$directory"
}

@test "where a password will do, too, the person chooses" {
  signs_in_by_oauth secret=app-password secret_url=https://x.test/passwords
  on_terminal --configure me@x.test --tls-ca "$cert" --oauth-ca "$AUTHSERVER/ca.pem"
  sees 'How do you sign in?'
  sees '1  with the app-password that The house gives'
  sees '2  in a browser (OAuth), with an app of your own there'
  sees 'Number [1]: '
  types '\n'
  sees 'the app-password is made at https://x.test/passwords'
  sees 'App password for me@x.test: '
  types 'sword-fish\n'
  sees 'Number [1]: '
  types '\n'
  sees 'Send a test mail'
  types 'n\n'
  closes 0
  on_terminal --configure me@x.test --tls-ca "$cert" --oauth-ca "$AUTHSERVER/ca.pem"
  sees 'Is it to be changed? [y/N] '
  types 'y\n'
  sees 'Number [1]: '
  types '2\n'
  sees 'Client ID: '
  types 'app\n'
  sees 'Client secret'
  types '\n'
  sees 'Send a test mail'
  types 'n\n'
  closes 0
  run -1 grep password "$config"
  run -0 smtpsend --noop
}

@test "what -n and who has no terminal are told of an app" {
  signs_in_by_oauth
  run -0 --separate-stderr smtpsend --configure me@x.test -n --tls-ca "$cert"
  assert_line 'oauth = here'
  [[ $stderr == *'oauth-client-id is still to be added; smtpsend --explain here says how'* ]]
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert"
  assert_output --partial 'hint: --oauth-client-id ID says it'
  run -0 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert" --oauth-client-id app --oauth-ca "$AUTHSERVER/ca.pem"
  run -0 smtpsend --noop
}

@test "a server that takes tokens alone, at a provider that nobody knows, is told" {
  serve --implicit-tls --cert "$cert" --key "$BATS_FILE_TMPDIR/key.pem" --user me@x.test:x --token at --mechanisms OAUTHBEARER
  run -77 setsid -w "$SMTPSEND_BUILD/smtpsend" --configure me@x.test --tls-ca "$cert" -S "localhost:$port"
  assert_output --partial 'takes no password, but tokens (OAuth)'
  assert_output --partial 'hint: --oauth ISSUER-URL, or --token-command COMMAND'
  [ ! -e "$config" ]
}
