#!/usr/bin/env bats
# Whom TLS trusts, what it agrees on, and what is said when its certificate ends.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

# certificate NAME DAYS SAN: NAME.pem, issued by the authority
certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  openssl ca -config ca.conf -batch -notext -in "$1.csr" -out "$1.pem" -enddate "$(date -u -d "$2 days 1 hour" +%Y%m%d%H%M%SZ)" \
    -startdate "$(date -u -d '-9 days' +%Y%m%d%H%M%SZ)" -extfile <(echo "subjectAltName=$3")
}

setup_file() {
  cd -- "$BATS_FILE_TMPDIR" || return
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
      -subj '/CN=Test Authority' -addext keyUsage=keyCertSign,cRLSign -keyout ca.key -out ca.pem
    printf '%s\n' '[ca]' 'default_ca = c' '[c]' 'database = index' 'certificate = ca.pem' 'private_key = ca.key' \
      'rand_serial = yes' 'new_certs_dir = .' 'default_md = sha256' 'policy = p' 'unique_subject = no' \
      '[p]' 'commonName = supplied' >ca.conf
    : >index
    certificate good 30 IP:127.0.0.1,IP:0.0.0.0
    certificate named 30 DNS:mail.example.test,DNS:xn--bcher-kva.example.test
    certificate soon 5 IP:127.0.0.1,IP:0.0.0.0
    certificate over -2 IP:127.0.0.1,IP:0.0.0.0
    openssl ca -config ca.conf -gencrl -crldays 3 -out none.crl
    openssl ca -config ca.conf -gencrl -crl_lastupdate "$(date -u -d '-9 days' +%Y%m%d%H%M%SZ)" \
      -crl_nextupdate "$(date -u -d '-2 days' +%Y%m%d%H%M%SZ)" -out old.crl
    openssl ca -config ca.conf -revoke good.pem
    openssl ca -config ca.conf -gencrl -crldays 3 -out good.crl
    openssl crl -in good.crl -outform der -out good.der
  } 2>openssl.log
}

setup() {
  export SMTPSEND_FROM=me@x.test SMTPSEND_TIMEOUT=20s
  pki=$BATS_FILE_TMPDIR
}

# as NAME: a server with this certificate
as() { serve --cert "$pki/$1.pem" --key "$pki/$1.key"; }

# send OPTION...: a message to bob, by way of it
send() { smtpsend -S "0.0.0.0:$port" "$@" bob@y.test <<<'hello'; }

# value PATH: what the JSON on standard output has there, as in {server}{host}
value() {
  perl -MJSON::PP -e '
    my $v = JSON::PP->new->utf8->decode($ARGV[0]);
    eval "\$v = \$v->$ARGV[1]; 1" or die;
    print ref $v ? JSON::PP->new->canonical->allow_nonref->encode($v) : $v // "null", "\n"' "$output" "$1"
}

# pin NAME: the digest of its key
pin() {
  openssl x509 -in "$pki/$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A
}

@test "a certificate that its authority has revoked is refused, in either form of its list" {
  local list
  as good
  for list in good.crl good.der; do
    run -77 send --tls-ca "$pki/ca.pem" --tls-crl "$pki/$list"
    assert_output "smtpsend: 0.0.0.0:$port: STARTTLS: 0.0.0.0: the server's certificate was revoked"
  done
  run -0 send --tls-ca "$pki/ca.pem" --tls-crl "$pki/none.crl"
  assert_output ''
  messages 1
}

@test "a directory is no list of revoked certificates, and is called one" {
  run -66 smtpsend -S 127.0.0.1:1 --tls=starttls --tls-crl . --noop
  assert_output "smtpsend: --tls-crl: .: the list of revoked certificates cannot be read: Is a directory"
}

@test "what an authority has revoked is not trusted on first use, though nobody knows the authority" {
  cat "$pki/good.pem" "$pki/ca.pem" >chain.pem
  serve --cert chain.pem --key "$pki/good.key"
  run -77 send --tls-trust-on-first-use --tls-crl "$pki/good.crl"
  assert_output "smtpsend: 0.0.0.0:$port: STARTTLS: 0.0.0.0: the server's certificate was revoked"
  run -0 send --tls-trust-on-first-use --tls-crl "$pki/none.crl"
  # nor is it, when its key is known
  run -77 send --tls-trust-on-first-use --tls-crl "$pki/good.crl"
  messages 1
}

@test "a list that is out of date vouches for nobody, and says until when it did" {
  as good
  run -77 send --tls-ca "$pki/ca.pem" --tls-crl "$pki/old.crl"
  assert_output --regexp "certificate may be revoked: the list of CN=Test Authority in $pki/old.crl ended on 20[0-9-]+ "
  messages 0
}

@test "a list that is none is an error before anybody is called" {
  play <<<$'name: nobody\n\nC+ end'
  echo nothing >empty
  run -66 send --tls-crl empty
  assert_output "smtpsend: --tls-crl: empty: the list of revoked certificates cannot be read: it is neither PEM (X509 CRL) nor DER"
  run -66 send --tls-crl /nonexistent/list
  assert_output --partial '/nonexistent/list'
  run -64 send --tls-expiry-warning 14d --tls=off
  assert_output --partial '--tls-expiry-warning: of no use, since --tls=off asks for no certificate'
  run -64 send --tls-crl "$pki/good.crl" --tls=off
  assert_output --partial '--tls=off asks for no certificate'
  run -64 send --tls-crl "$pki/good.crl" --tls-pin "$(pin good)"
  assert_output --partial '--tls-crl: of no use'
  nobody_came
}

@test "the certificate may be for another name, if that was said" {
  as named
  run -77 send --tls-ca "$pki/ca.pem"
  assert_output --partial "0.0.0.0: the server's certificate is for mail.example.test, xn--bcher-kva.example.test"
  assert_line 'smtpsend: hint: if that is the server that is meant, --tls-server-name mail.example.test says so;'
  assert_line "smtpsend: hint: --tls-pin sha256//$(pin named) accepts this key and no other"
  run -0 send --tls-ca "$pki/ca.pem" --tls-server-name mail.example.test
  run -0 send --tls-ca "$pki/ca.pem" --tls-server-name MAIL.example.test.
  run -0 send --tls-ca "$pki/ca.pem" --tls-server-name bücher.example.test
  run -77 send --tls-ca "$pki/ca.pem" --tls-server-name other.example.test
  assert_output --partial "0.0.0.0:$port: STARTTLS: other.example.test: the server's certificate is for mail.example.test"
  messages 3
}

@test "a name that no certificate can be for is refused at once" {
  local name
  play <<<$'name: nobody\n\nC+ end'
  for name in '' 'a b' '[127.0.0.1]' a..b $'a\rb' '*.test'; do
    run -64 send --tls-server-name "$name"
    assert_output --partial --tls-server-name
  done
  nobody_came
}

@test "a server that knows no TLS 1.3 is too old for who demands it, and gets nothing in clear" {
  printf '[overrides]\ndisabled-version = tls1.3\n' >old
  GNUTLS_SYSTEM_PRIORITY_FILE=$PWD/old as good
  run -0 send --json --tls-ca "$pki/ca.pem" --tls-min-version 1.2
  assert_equal "$(value '{server}{tls}{version}')" TLS1.2
  run -77 send --tls-min-version 1.3
  assert_output --partial 'hint: TLS 1.3 is the least, as --tls-min-version says'
  run -77 send --tls-priority NORMAL:-VERS-TLS1.2
  assert_output --partial 'hint: --tls-priority limits what can be agreed on'
  messages 1
}

@test "a priority string that GnuTLS does not understand is named with its place" {
  play <<<$'name: nobody\n\nC+ end'
  run -64 send --tls-priority NORMAL:+AES-257:%COMPAT
  assert_output "smtpsend: --tls-priority: 'NORMAL:+AES-257:%COMPAT' is no priority string of GnuTLS, which does not know '+AES-257'"
  run -64 send --tls-priority 'NORMAL: +NULL'
  assert_output --partial 'no encryption at all'
  run -64 send --tls-priority NORMAL:-VERS-ALL:+VERS-TLS1.1 --tls-min-version 1.2
  assert_output --partial 'leaves no version of TLS that is enough'
  assert_output --partial 'TLS 1.2 is the least, as --tls-min-version says'
  run -64 send --tls-priority NORMAL:-VERS-TLS1.3 --tls-min-version 1.3
  assert_output --partial 'TLS 1.3 is the least, as --tls-min-version says'
  run -64 send --tls-priority NORMAL:-VERS-TLS1.3:-VERS-TLS1.2
  assert_output --partial 'leaves no version of TLS that is enough'
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '\ntls-priority = SAFE\n' >"$XDG_CONFIG_HOME/smtpsend/config"
  run -78 send
  assert_output --partial "$XDG_CONFIG_HOME/smtpsend/config:2: tls-priority: 'SAFE' is no priority string"
  nobody_came
}

@test "what a priority string allows is what is agreed on" {
  as good
  run -0 send --json --tls-ca "$pki/ca.pem" --tls-priority NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305
  assert_equal "$(value '{server}{tls}{cipher}')" CHACHA20-POLY1305
  run -0 send --json --tls-ca "$pki/ca.pem" --tls-priority NORMAL:-VERS-TLS1.3
  assert_equal "$(value '{server}{tls}{version}')" TLS1.2
}

# Each of them says that somebody cares who is at the other end.
@test "who says whom to trust, or what TLS is to be, gets no mail out unverified" {
  local option
  as named
  run -0 send
  run -0 send --tls-expiry-warning 1d
  for option in "--tls-ca=$pki/good.pem" "--tls-crl=$pki/none.crl" "--tls-pin=$(pin good)" \
    --tls-server-name=mail.example.test --tls-min-version=1.2 --tls-priority=NORMAL; do
    run -77 send "$option"
    refute_output --partial 'without TLS'
    assert_output --partial "the server's certificate"
  done
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  for option in tls-crl="$pki/none.crl" tls-server-name=mail.example.test tls-min-version=1.3 tls-priority=PFS; do
    echo "$option" >"$XDG_CONFIG_HOME/smtpsend/config"
    run -77 send
    assert_output --partial "the server's certificate"
  done
  messages 2
}

@test "configured, it demands no TLS on loopback, where none is needed" {
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo tls-min-version=1.3 >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 smtpsend -S "127.0.0.1:$port" bob@y.test <<<hello
  run -77 smtpsend -S "127.0.0.1:$port" --tls-min-version=1.3 bob@y.test <<<hello
  assert_output --partial 'STARTTLS: the server does not offer it'
}

@test "a certificate that ends soon is warned of, and changes nothing else" {
  as soon
  run --separate-stderr -0 send --tls-ca "$pki/ca.pem" --tls-expiry-warning 14d
  assert_regex "$stderr" "^smtpsend: warning: 0.0.0.0:$port: the server's certificate expires in 5 days, on 20[0-9-]+T[0-9:]+Z\$"
  run -0 send --tls-ca "$pki/ca.pem" --tls-expiry-warning 3d
  assert_output ''
  run -0 send --tls-ca "$pki/ca.pem" --tls-expiry-warning 14d -q
  assert_output ''
  run -0 --separate-stderr send --tls-ca "$pki/ca.pem" --json
  assert_equal "$(value '{server}{tls}{days}')" 5
  assert_regex "$(value '{server}{tls}{expires}')" '^20.*Z$'
  assert_equal "$stderr" ''
  # Where nobody could verify it, too.
  run -0 send --tls-expiry-warning 14d
  assert_output --partial 'expires in 5 days'
  run -0 smtpsend -S "0.0.0.0:$port" --tls-expiry-warning 14d --check bob@y.test
  assert_output --partial 'expires in 5 days'
  run smtpsend -S "0.0.0.0:$port" --tls-expiry-warning 14d --noop
  assert_output --partial 'expires in 5 days'
}

@test "of one that has ended it is said when, if its key is trusted all the same" {
  as over
  run -77 send --tls-ca "$pki/ca.pem"
  assert_output --partial 'certificate expired on 20'
  run -0 --separate-stderr send --tls-pin "$(pin over)" --tls-expiry-warning 1d --json
  assert_regex "$stderr" "the server's certificate expired on 20[0-9-]+T"
  assert_equal "$(value '{server}{tls}{days}')" -2
  assert_equal "$(value '{server}{tls}{verified}')" true
}
