#!/usr/bin/env bats
# Who we are under TLS: certificates, keys and tokens, and servers that are known by
# their keys.
# stderr comes from bats; scripts of other programs stand in single quotes:
# shellcheck disable=SC2154,SC2016

load testserver

# The test authority, a server's certificate and ours, made once.
setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
    -subj '/CN=Test Authority' -days 30 2>/dev/null
  issue server localhost serverAuth DNS:localhost
  issue stranger localhost serverAuth DNS:localhost
  issue me 'me@x.test' clientAuth email:me@x.test
  openssl x509 -req -in me.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 29 -out again.pem 2>/dev/null
  cat server.pem server.key >both.pem
  openssl req -x509 -key stranger.key -out stranger.pem -subj /CN=localhost -days 30 \
    -addext subjectAltName=DNS:localhost
  cat stranger.pem stranger.key >other.pem
  openssl pkcs8 -topk8 -in me.key -passout pass:MARKERkey5 -out sealed.key
  openssl pkcs12 -export -in me.pem -inkey me.key -passout pass:MARKERkey5 -out me.p12
  chmod 600 ./*.key ./*.p12 both.pem other.pem
}

# issue FILE NAME PURPOSE ALTERNATIVE
issue() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out "$1.pem" \
    -extfile <(printf 'extendedKeyUsage=%s\nsubjectAltName=%s\n' "$3" "$4") 2>/dev/null
}

setup() {
  ln -s "$BATS_FILE_TMPDIR"/*.{pem,key,p12} .
  chmod 700 "$HOME"
}

# send OPTION...: to the server, with STARTTLS and our authority
send() {
  smtpsend -S "localhost:$port" --tls-ca ca.pem -f me@x.test -t bob@y.test --body hi "$@" </dev/null
}

@test "a certificate signs in by EXTERNAL, without a user or as one" {
  serve --cert both.pem --client-ca ca.pem --mechanisms EXTERNAL
  run -0 send --tls-cert me.pem --tls-key me.key --auth external --transcript log
  run -0 grep -E '^~?C: AUTH|TLS begins' log
  assert_line --partial 'our certificate shown'
  assert_line '~C: AUTH EXTERNAL ********'
  run -0 send --tls-cert me.p12 --tls-key-password-command 'echo MARKERkey5' -u me@x.test
  messages 2
  # who is no longer the one that the certificate names is refused
  run -77 send --tls-cert me.pem --tls-key me.key -u ann@x.test
}

@test "a session is resumed by nobody else than it began with" {
  local resumed
  serve --cert both.pem --client-ca ca.pem
  # resumes YES-OR-NO OPTION...
  resumes() {
    run -0 --separate-stderr send -v --json "${@:2}"
    resumed=no
    [[ $output == *'"resumed":true'* ]] && resumed=yes
    assert_equal "$resumed" "$1"
  }
  resumes no --tls-cert me.pem --tls-key me.key
  resumes yes --tls-cert me.pem --tls-key me.key
  [[ $output == *'"trust":"authority"'*'"client_certificate":"shown"'* ]]
  resumes yes --tls-cert me.p12 --tls-key-password-command 'echo MARKERkey5'
  resumes no
  resumes no --tls-cert again.pem --tls-key me.key
  resumes yes
  [[ $output == *'"client_certificate":null'* ]]
}

@test "a certificate that nobody asked for is told" {
  serve --cert both.pem
  run -0 --separate-stderr send -v --json --tls-cert me.pem --tls-key me.key
  [[ $stderr == *': TLS1.3, our certificate was not asked for'* ]]
  [[ $output == *'"client_certificate":"unasked"'* ]]
}

@test "a certificate on the command line demands TLS, and the server is verified before it is shown" {
  serve --cert other.pem --client-ca ca.pem
  run -77 smtpsend -S "localhost:$port" -t bob@y.test -f me@x.test --body hi --tls-cert me.pem --tls-key me.key
  assert_output --partial 'self-signed'
  serve --no STARTTLS
  run -77 smtpsend -S "localhost:$port" -t bob@y.test -f me@x.test --body hi --tls-cert me.pem --tls-key me.key
  assert_output --partial STARTTLS
  messages 0
}

# An address that is not the loopback's, as far as a name can tell.
@test "where TLS is not demanded a server that is not verified gets the mail, but not our certificate" {
  local version
  export SMTPSEND_TLS_CERT=me.pem SMTPSEND_TLS_KEY=me.key
  for version in 2 3; do
    serve --cert other.pem --client-ca ca.pem --priority "NORMAL:-VERS-ALL:+VERS-TLS1.$version"
    run -0 --separate-stderr smtpsend -v --json -S "0.0.0.0:$port" -f me@x.test -t bob@y.test --body hi
    [[ $stderr == *": TLS1.$version, unverified: "* ]]
    if [ $version = 2 ]; then
      [[ $output == *'"client_certificate":"withheld"'* ]]
    else
      [[ $stderr == *'self-signed; tried again without our certificate'* ]]
      [[ $output == *'"then":"without certificate"'*'"client_certificate":null'* ]] ||
        [[ $output == *'"client_certificate":null'*'"then":"without certificate"'* ]]
    fi
  done
}

@test "what is wrong with certificate and key is said before the server is called" {
  local bad=127.0.0.1:1
  cp me.key open.key
  chmod 640 open.key
  run -66 smtpsend -S $bad --noop --tls-cert nowhere.pem
  assert_line 'smtpsend: --tls-cert: nowhere.pem: No such file or directory'
  assert_line --partial 'smtpsend: hint: '
  run -66 smtpsend -S $bad --noop --tls-cert me.pm
  assert_line "smtpsend: hint: did you mean 'me.pem'?"
  run -66 smtpsend -S $bad --noop --tls-cert me.pem --tls-key nowhere.key
  run -78 smtpsend -S $bad --noop --tls-cert me.pem
  assert_line 'smtpsend: client certificate me.pem: there is no private key in it'
  assert_line 'smtpsend: hint: --tls-key FILE names the file that has it'
  run -78 smtpsend -S $bad --noop --tls-cert me.pem --tls-key open.key
  assert_line 'smtpsend: client key open.key: others have access to it (mode 0640)'
  assert_line 'smtpsend: hint: chmod 600 open.key'
  run -78 smtpsend -S $bad --noop --tls-cert me.pem --tls-key server.key
  assert_line --partial 'the private key is not that of the certificate'
  run -77 smtpsend -S $bad --noop --tls-cert me.pem --tls-key sealed.key --tls-key-password-command 'echo no'
  assert_line 'smtpsend: client key sealed.key: the password is wrong'
  run -77 smtpsend -S $bad --noop --tls-cert me.pem --tls-key sealed.key --tls-key-password-command false
  run -64 smtpsend -S $bad --noop --tls-key me.key
  assert_line 'smtpsend: --tls-key: of no use without --tls-cert'
  run -64 smtpsend -S $bad --noop --tls=off --tls-cert me.pem
  run -64 smtpsend -S $bad --noop --tls-cert 'pkcs11:object=x?pin-value=4711'
  refute_output --partial 4711
  run -64 smtpsend -S $bad --server-info=anonymous --tls-cert me.pem
  # with these it comes so far as to find nobody there
  run -75 smtpsend -S $bad --noop --tls-cert me.pem --tls-key sealed.key --tls-key-password-command 'echo MARKERkey5'
}

@test "a script that does not sign in shows the certificate, and knows the server by its key" {
  serve --cert both.pem --client-ca ca.pem
  printf '%s\n' 'EHLO me' STARTTLS 'EHLO me' QUIT >script
  run -0 smtpsend -S "localhost:$port" --script script --tls-ca ca.pem --tls-cert me.pem --tls-key me.key --transcript log
  run -0 grep 'TLS begins' log
  assert_line --partial 'our certificate shown'
  serve --cert other.pem
  run -0 --separate-stderr smtpsend -S "localhost:$port" --script script --tls-trust-on-first-use -v
  [[ $stderr == *'trusted on first use'* ]]
  run -0 --separate-stderr smtpsend -S "localhost:$port" --script script --tls-trust-on-first-use -v
  [[ $stderr == *'known by its key'* ]]
  # without TLS the key is of no use
  run -0 smtpsend -S "localhost:$port" --script - --tls-cert me.pem --tls-key sealed.key <<<'NOOP'
}

@test "a key is read only where TLS may need it" {
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf 'tls-cert = %s\ntls-key = %s\ntls-key-password-command = touch asked\n' \
    "$PWD/me.pem" "$PWD/sealed.key" >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test --body hi
  run -0 smtpsend -n -S mail.x.test -f me@x.test -t bob@y.test --body hi
  run -0 smtpsend --show-settings
  refute [ -e asked ]
  run -78 smtpsend -S localhost:1 --tls=starttls --noop
  assert [ -e asked ]
}

@test "the password of a key is in nothing that is told, and in no program's arguments or variables" {
  serve --cert both.pem --client-ca ca.pem --mechanisms EXTERNAL
  (umask 077 && echo MARKERkey5 >pw)
  run -0 --separate-stderr send -vv --json --hexdump --transcript log --auth external \
    --tls-cert me.pem --tls-key sealed.key --tls-key-password-file pw \
    --on-commit 'cat /proc/*/cmdline /proc/self/environ >seen 2>/dev/null' --on-success 'env >>seen'
  printf '%s\n' "$output" "$stderr" >told
  run -0 smtpsend --show-settings -v --tls-cert me.pem --tls-key sealed.key --tls-key-password-file pw
  printf '%s\n' "$output" >>told
  run -1 grep -a MARKERkey5 told log seen
  # and something else is there
  run -0 grep -aq PATH= seen
  run -0 grep -q 'AUTH EXTERNAL' log
}

@test "a token signs, and a wrong PIN is tried once" {
  command -v softhsm2-util >/dev/null || skip 'SoftHSM (softhsm2) is not here'
  printf 'directories.tokendir = %s/tokens\n' "$PWD" >softhsm2.conf
  mkdir tokens
  export SOFTHSM2_CONF=$PWD/softhsm2.conf
  softhsm2-util --init-token --free --label smtpsend --so-pin 87654321 --pin 4711
  openssl pkcs8 -topk8 -nocrypt -in me.key -out plain.p8
  softhsm2-util --import plain.p8 --token smtpsend --label mine --id a1 --pin 4711
  serve --cert both.pem --client-ca ca.pem --mechanisms EXTERNAL
  local url='pkcs11:token=smtpsend;object=mine;type=private'
  run -77 send --tls-cert me.pem --tls-key "$url" --tls-key-password-command 'echo asked >>times; echo 9999'
  assert_output --partial 'the token refuses the PIN, which is not tried again'
  run -0 cat times
  assert_output asked
  run -0 send --tls-cert me.pem --tls-key "$url" --auth external --tls-key-password-command 'echo 4711'
  messages 1
}

# --- servers that are known by their keys --------------------------------------

known() { cat "$HOME/.local/state/smtpsend/known-hosts"; }

# meet STATUS OPTION...: the server that no authority vouches for
meet() {
  run "-$1" --separate-stderr smtpsend -S "localhost:$port" --tls-trust-on-first-use -f me@x.test -t bob@y.test --body hi "${@:2}"
}

@test "a server is known by its key from its first connection on" {
  serve --cert other.pem
  meet 0 -v --json
  [[ $stderr == *': TLS1.3, trusted on first use: sha256//'* ]]
  [[ $output == *'"trust":"first-use"'* ]]
  run -0 known
  assert_output --regexp "^localhost:$port sha256//[A-Za-z0-9+/]{43}= 20[0-9-]{8}$"
  run -0 stat -c %a "$HOME/.local/state/smtpsend" "$HOME/.local/state/smtpsend/known-hosts"
  assert_output $'700\n600'
  meet 0 --json
  [[ $output == *'"trust":"known-key"'* ]]
  assert_equal "$stderr" ''
  assert_equal "$(known | wc -l)" 1
}

@test "a server whose key has changed is refused, with both keys and the line" {
  serve --cert other.pem
  meet 0
  sed -i "s|sha256//....|sha256//AAAA|; 1i # a remark" "$HOME/.local/state/smtpsend/known-hosts"
  meet 77
  [[ $stderr =~ 'was sha256//AAAA'.*' and is sha256//'[^A] ]]
  [[ $stderr == *"delete line 2 of $HOME/.local/state/smtpsend/known-hosts"* ]]
  messages 1
  # a pin and an authority go before it
  meet 0 --tls-ca stranger.pem
}

@test "a server is the same however its name is written" {
  serve --cert other.pem
  for name in LocalHost localhost. localhost; do
    run -0 smtpsend -S "$name:$port" --tls-trust-on-first-use --no-cache -f me@x.test -t bob@y.test --body hi
  done
  run -0 known
  assert_output --regexp "^localhost:$port sha256//[^ ]* [-0-9]*$"
  sed -i 's|sha256//....|sha256//AAAA|; s/^localhost/LOCALHOST/' "$HOME/.local/state/smtpsend/known-hosts"
  for name in LocalHost localhost. localhost; do
    run -77 smtpsend -S "$name:$port" --tls-trust-on-first-use -f me@x.test -t bob@y.test --body hi
  done
}

@test "no session is kept of the first use, which would outlast its line" {
  serve --cert other.pem
  meet 0
  run -1 compgen -G "$HOME/.cache/smtpsend/tls/*"
  meet 0
  meet 0 -v
  [[ $stderr == *'resumed, as verified before'*'known by its key'* ]]
  : >"$HOME/.local/state/smtpsend/known-hosts"
  meet 0 -v
  [[ $stderr == *'trusted on first use'* && $stderr != *resumed* ]]
}

@test "a rehearsal and a server that is vouched for leave no key behind" {
  serve --cert both.pem
  meet 0 -n
  meet 0 --tls-ca ca.pem
  refute [ -e "$HOME/.local/state" ]
}

@test "a key that cannot be kept is told, and lines that are none are passed over" {
  serve --cert other.pem
  mkdir -p "$HOME/.local/state/smtpsend"
  printf 'localhost:%s sha25' "$port" >"$HOME/.local/state/smtpsend/known-hosts"
  meet 0
  [[ $stderr == *'known-hosts:1: not "HOST:PORT PIN DATE", and passed over'* ]]
  assert_equal "$(known | wc -l)" 2
  meet 0
  mv "$HOME/.local/state/smtpsend/known-hosts" elsewhere
  ln -s "$PWD/elsewhere" "$HOME/.local/state/smtpsend/known-hosts"
  meet 78
  [[ $stderr == *'a symbolic link'* ]]
  rm "$HOME/.local/state/smtpsend/known-hosts"
  rmdir "$HOME/.local/state/smtpsend"
  : >"$HOME/.local/state/smtpsend"
  meet 66
  XDG_STATE_HOME=/proc/nowhere meet 0
  [[ $stderr == *'warning: the key of localhost:'*' was trusted on first use, and could not be kept: '* ]]
}

@test "zeros that a crash has left hide no key" {
  serve --cert other.pem
  meet 0
  { head -c 4000 /dev/zero; echo; known; } >crashed
  cp crashed "$HOME/.local/state/smtpsend/known-hosts"
  meet 0
  [[ $stderr == *'known-hosts:1: not "HOST:PORT PIN DATE", and passed over'* ]]
  sed -i 's|sha256//....|sha256//AAAA|' "$HOME/.local/state/smtpsend/known-hosts"
  meet 77
  [[ $stderr == *'delete line 2 of'* ]]
}

@test "nobody else may have a say in whom is known" {
  serve --cert other.pem
  meet 0
  chmod 620 "$HOME/.local/state/smtpsend/known-hosts"
  meet 78
  [[ $stderr == *'others can change it (mode 0620)'* ]]
  chmod 600 "$HOME/.local/state/smtpsend/known-hosts"
  chmod 777 "$HOME/.local/state/smtpsend"
  meet 78
  [[ $stderr == *'others can change it (mode 0777)'* ]]
}

@test "trust on first use must be of use" {
  run -64 smtpsend -S 127.0.0.1:1 --noop --tls=off --tls-trust-on-first-use
  run -64 smtpsend -S exec:true --noop --tls-trust-on-first-use
  run -64 smtpsend -S 127.0.0.1:1 --noop --tls-trust-on-first-use --tls-pin "$(printf '%064d' 1)"
}
