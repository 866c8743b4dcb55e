#!/usr/bin/env bats
# Authentication: every mechanism, which one is taken, and what a server can do wrong.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

setup_file() {
  cd -- "$BATS_FILE_TMPDIR" || return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj /CN=mx.test -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log
  for name in alice stranger; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
      -subj /CN=alice -keyout "$name.key" -out "$name.pem" 2>openssl.log
    chmod 600 "$name.key"
  done
}

setup() {
  export SMTPSEND_FROM=me@x.test SMTPSEND_TIMEOUT=20s
  (umask 077 && echo wonderland >pw && echo ya29.T0ken-of_alice >token && echo wrong >wrong)
  # what a server has, and what a client shows to it
  tls=(--implicit-tls --cert "$BATS_FILE_TMPDIR/cert.pem" --key "$BATS_FILE_TMPDIR/key.pem")
  by_tls=(--tls=implicit --tls-ca "$BATS_FILE_TMPDIR/cert.pem")
  alice=(--user alice:wonderland --token ya29.T0ken-of_alice)
  password=(-u alice --password-file pw)
  token=(-u alice --token-file token)
}

# offer MECHANISMS [OPTION]...: a server with these and alice's account
offer() { serve "${alice[@]}" --mechanisms "$@"; }

# send OPTION...: a message to bob; what was said is in log
send() {
  rm -f log
  timeout 60 "$SMTPSEND_BUILD/smtpsend" -S "127.0.0.1:$port" --transcript log "$@" bob@y.test <<<'hello'
}

# as MECHANISM [N]: the N-th message is alice's, who signed in so
as() {
  run -0 sed -n 's/^auth: //p;s/^user: //p' "mail/${2:-1}.envelope"
  assert_output "alice"$'\n'"$1"
}

# tried MECHANISM...: the commands of AUTH were these
tried() {
  assert_equal "$(sed -n 's/^~\{0,1\}C: AUTH \([^ ]*\).*/\1/p' log | xargs)" "$*"
}

# unsafe OPTION...: it ends with 77, and no transaction has begun
unsafe() {
  run -77 send "$@"
  assert_equal "$(grep -cE 'C: (MAIL|BDAT|DATA)' log)" 0
  messages 0
}

# cancelled: the last that the client said, but for QUIT, was "*"
cancelled() {
  assert_equal "$(grep -E '^~?C: ' log | grep -v 'C: QUIT' | tail -n 1 | sed 's/^~//')" 'C: *'
}

# kind MECHANISM: sets $secret to the options that it wants
kind() {
  case $1 in
    *OAUTH*) secret=("${token[@]}") ;;
    *) secret=("${password[@]}") ;;
  esac
}

# what travels in clear as well, and what does not
weak=(PLAIN LOGIN)
strong=(CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256)
bearer=(XOAUTH2 OAUTHBEARER)

# --- mechanisms ----------------------------------------------------------------

@test "each mechanism signs in, and the server knows who it was" {
  local mechanism n=0
  offer 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER'
  for mechanism in "${weak[@]}" "${strong[@]}" "${bearer[@]}"; do
    kind "$mechanism"
    run -0 send "${secret[@]}" --auth "$mechanism"
    assert_output ''
    as "$mechanism" $((n += 1))
    tried "$mechanism"
  done
}

@test "SCRAM binds to the channel where it is offered so, in TLS 1.3 and 1.2" {
  local mechanism version n=0
  for version in 1.3 1.2; do
    offer 'SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS' "${tls[@]}" --priority "NORMAL:-VERS-ALL:+VERS-TLS$version"
    for mechanism in SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS; do
      run -0 send "${by_tls[@]}" "${password[@]}" --auth "$mechanism"
      as "$mechanism" $((n += 1))
      run -0 grep tls: "mail/$n.envelope"
      assert_output "tls: TLS$version"
    done
    servers_end
    n=0
    rm -r mail
  done
}

@test "a channel that is another's at the other end is refused, and no other way is tried" {
  offer 'SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN' "${tls[@]}" --fault binding-not-known
  unsafe "${by_tls[@]}" "${password[@]}"
  tried SCRAM-SHA-256-PLUS
}

# certificate NAME: the options for it
certificate() {
  own=(--tls-cert "$BATS_FILE_TMPDIR/$1.pem" --tls-key "$BATS_FILE_TMPDIR/$1.key")
}

@test "a certificate signs in where the server takes it, before all else that is held" {
  offer 'PLAIN SCRAM-SHA-256 OAUTHBEARER EXTERNAL' "${tls[@]}" --client-ca "$BATS_FILE_TMPDIR/alice.pem"
  certificate alice
  run -0 send "${by_tls[@]}" "${own[@]}" --auth EXTERNAL
  as EXTERNAL
  run -0 send "${by_tls[@]}" "${own[@]}" -u alice --auth external
  as EXTERNAL 2
  run -0 send "${by_tls[@]}" "${own[@]}" "${password[@]}" --token-file token
  as EXTERNAL 3
}

@test "a certificate that the server does not know is refused, and nothing else is tried" {
  offer 'PLAIN SCRAM-SHA-256 EXTERNAL' "${tls[@]}" --client-ca "$BATS_FILE_TMPDIR/alice.pem"
  certificate stranger
  unsafe "${by_tls[@]}" "${own[@]}" "${password[@]}"
  tried EXTERNAL
  certificate alice
  unsafe "${by_tls[@]}" "${own[@]}" -u bob --auth EXTERNAL
  tried EXTERNAL
}

@test "EXTERNAL ends with the first no, and its yes counts at its end only" {
  local fault
  certificate alice
  for fault in more-at-end endless not-base64 large; do
    offer 'EXTERNAL PLAIN' "${tls[@]}" --client-ca "$BATS_FILE_TMPDIR/alice.pem" --fault "$fault" --fault yes-to-cancel
    case $fault in
      # there was no challenge
      not-base64 | large) run -0 send "${by_tls[@]}" "${own[@]}" ;;
      *)
        unsafe "${by_tls[@]}" "${own[@]}" "${password[@]}"
        tried EXTERNAL
        cancelled
        ;;
    esac
    servers_end
    rm -rf mail
  done
}

@test "a name with a comma and an equals sign is written as SCRAM has it" {
  serve --user 'a,b=c:wonderland' --mechanisms SCRAM-SHA-256
  run -0 send -u 'a,b=c' --password-file pw
  run -0 grep user: mail/1.envelope
  assert_output 'user: a,b=c'
}

@test "a password beyond ASCII is the same in each of its forms" {
  serve --user $'alice:Gr\xc3\xbc\xc3\x9fe' --mechanisms 'SCRAM-SHA-256 SCRAM-SHA-1'
  (umask 077 && printf 'Gru\xcc\x88\xc3\x9fe\n' >apart && printf 'Gr\xc3\xbc\xc3\x9fe\n' >composed)
  run -0 send -u alice --password-file composed
  run -0 send -u alice --password-file apart
  run -0 send -u alice --password-file apart --auth SCRAM-SHA-1
}

@test "a token that does not fit behind AUTH goes in a line of its own" {
  local long mechanism n=0
  long=$(head -c 20000 /dev/zero | tr '\0' T)
  serve --user alice:x --token "$long" --mechanisms 'XOAUTH2 OAUTHBEARER'
  (umask 077 && echo "$long" >token)
  for mechanism in "${bearer[@]}"; do
    run -0 send "${token[@]}" --auth "$mechanism"
    as "$mechanism" $((n += 1))
    run -0 grep -A 2 'C: AUTH' log
    assert_line --index 0 --regexp "C: AUTH $mechanism\$"
    assert_line --index 1 --regexp '^S: 334 ?$'
  done
}

# --- which one -----------------------------------------------------------------

@test "the strongest mechanism is taken that fits what is held" {
  local offered order=(SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN)
  while [ "${#order[@]}" -gt 0 ]; do
    # the order of the server's list means nothing
    offered=$(printf '%s\n' "${order[@]}" | tac | xargs)
    offer "CRAM-MD5 $offered XOAUTH2" "${tls[@]}"
    run -0 send "${by_tls[@]}" "${password[@]}"
    as "${order[0]}"
    servers_end
    rm -r mail
    order=("${order[@]:1}")
  done
  offer 'PLAIN SCRAM-SHA-256 XOAUTH2 OAUTHBEARER'
  run -0 send "${token[@]}"
  as OAUTHBEARER
  run -0 send "${token[@]}" --password-file pw
  as OAUTHBEARER 2
  servers_end
  rm -r mail
  offer 'PLAIN SCRAM-SHA-256 XOAUTH2'
  run -0 send "${token[@]}"
  as XOAUTH2
}

@test "CRAM-MD5 and GSSAPI are for who names them" {
  offer 'CRAM-MD5 GSSAPI'
  unsafe "${password[@]}"
  tried
  run -0 send "${password[@]}" --auth cram-md5
  as CRAM-MD5
}

@test "a mechanism that is named and not offered is not replaced" {
  offer 'PLAIN LOGIN SCRAM-SHA-1 XOAUTH2'
  local mechanism
  for mechanism in SCRAM-SHA-256 CRAM-MD5 SCRAM-SHA-1-PLUS OAUTHBEARER; do
    kind "$mechanism"
    unsafe "${secret[@]}" --auth "$mechanism"
    tried
    assert_output --partial "the server does not offer the mechanism $mechanism"
  done
}

@test "credentials that no offered mechanism wants go nowhere" {
  serve
  unsafe "${password[@]}"
  unsafe "${token[@]}"
  tried
  servers_end
  offer 'PLAIN SCRAM-SHA-256'
  unsafe "${token[@]}"
  tried
  servers_end
  offer 'XOAUTH2 DIGEST-MD5 NTLM ANONYMOUS'
  unsafe "${password[@]}"
  tried
}

# in_clear OPTION...: by a program between, which nobody knows to be on loopback
in_clear() {
  rm -f log
  timeout 60 "$SMTPSEND_BUILD/smtpsend" -S "exec:exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/$port; cat <&3 & exec cat >&3'" \
    --transcript log "$@" bob@y.test <<<'hello'
}

@test "on a link in clear only what gives nothing away is said" {
  local mechanism n=0
  offer 'PLAIN LOGIN XOAUTH2 OAUTHBEARER'
  for mechanism in "${weak[@]}" "${bearer[@]}"; do
    kind "$mechanism"
    run -77 in_clear "${secret[@]}" --auth "$mechanism"
    assert_output --partial 'would travel in clear'
    tried
  done
  run -77 in_clear "${password[@]}"
  tried
  servers_end
  offer 'PLAIN LOGIN SCRAM-SHA-1 CRAM-MD5'
  run -0 in_clear "${password[@]}"
  as SCRAM-SHA-1
  run -0 in_clear "${password[@]}" --auth CRAM-MD5
  as CRAM-MD5 2
}

# --- a server's no -------------------------------------------------------------

@test "after a refusal no weaker mechanism is tried" {
  local mechanism
  offer 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256'
  for mechanism in '' "${weak[@]}" "${strong[@]}"; do
    unsafe -u alice --password-file wrong ${mechanism:+--auth "$mechanism"}
    tried "${mechanism:-SCRAM-SHA-256}"
    assert_output --partial '535 5.7.8 authentication failed'
  done
}

@test "what an OAuth server says of a token is shown, in both of its forms" {
  local mechanism fault words
  for fault in '' other-status; do
    offer 'XOAUTH2 OAUTHBEARER PLAIN' ${fault:+--fault "$fault"}
    for mechanism in "${bearer[@]}"; do
      words=(401 https://mail.test/)
      case $mechanism$fault in
        OAUTHBEARER | XOAUTH2other-status) words=(invalid_token mail.send) ;;
      esac
      run -77 send -u alice --token-file wrong --auth "$mechanism"
      assert_output --partial "535 5.7.8 authentication failed"
      refute_output --partial 'app password'
      assert_output --partial "${words[0]}"
      assert_output --partial "${words[1]}"
      tried "$mechanism"
    done
    unsafe -u alice --token-file wrong --password-file pw
    tried OAUTHBEARER
    servers_end
  done
}

# --- a server that does wrong ----------------------------------------------------

@test "SCRAM: a yes counts only when the server has proved itself" {
  local fault mechanism
  for fault in early-yes no-verifier wrong-verifier empty-verifier missing-verifier error more-at-end; do
    offer 'SCRAM-SHA-1 SCRAM-SHA-256 PLAIN' --fault "$fault"
    for mechanism in SCRAM-SHA-1 SCRAM-SHA-256; do
      unsafe "${password[@]}" --auth "$mechanism"
      tried "$mechanism"
    done
    unsafe "${password[@]}"
    tried SCRAM-SHA-256
    servers_end
  done
}

@test "SCRAM: a first message that is not as it must be is answered with a cancellation" {
  local fault
  for fault in nonce-alone nonce-unchanged extension not-base64 large; do
    offer 'SCRAM-SHA-256 PLAIN' --fault "$fault"
    unsafe "${password[@]}"
    refute_output --partial 'app password'
    tried SCRAM-SHA-256
    cancelled
    servers_end
  done
}

@test "SCRAM: what an attacker may not choose is not computed" {
  local i salt
  for i in 1 0 -1 4095 1000001 2000000000 4294967296 4294971392 99999999999999999999 '' x 4096x 0x2000; do
    offer SCRAM-SHA-256 --scram-iterations "$i"
    unsafe "${password[@]}"
    cancelled
    servers_end
  done
  for salt in '' '!' QQ 'A===' 'Q Q=' "$(head -c 4096 /dev/zero | base64 -w 0)"; do
    offer SCRAM-SHA-256 --scram-salt "$salt"
    unsafe "${password[@]}"
    cancelled
    servers_end
  done
  for i in 4096 1000000; do
    rm -rf mail
    offer SCRAM-SHA-256 --scram-iterations "$i"
    run -0 send "${password[@]}"
    as SCRAM-SHA-256
    servers_end
  done
}

@test "a yes to a cancellation is none" {
  offer SCRAM-SHA-256 --scram-iterations 1 --fault yes-to-cancel
  unsafe "${password[@]}"
  cancelled
  servers_end
  offer 'PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER' --fault more-at-end --fault yes-to-cancel
  for mechanism in "${weak[@]}" CRAM-MD5 "${bearer[@]}"; do
    kind "$mechanism"
    unsafe "${secret[@]}" --auth "$mechanism"
    cancelled
  done
}

@test "challenges without end, too long, or not in base64 are cancelled" {
  local fault mechanism
  for fault in endless not-base64 large; do
    offer 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER' --fault "$fault"
    for mechanism in "${weak[@]}" "${strong[@]}" "${bearer[@]}"; do
      # these wait for no challenge
      case $mechanism$fault in
        PLAINnot* | PLAINlarge) continue ;;
        *OAUTH*not* | *OAUTH*large) kind "$mechanism" && secret[3]=wrong ;;
        *) kind "$mechanism" ;;
      esac
      unsafe "${secret[@]}" --auth "$mechanism"
      cancelled
      assert [ "$(grep -c 'C: ' log)" -lt 20 ]
    done
    servers_end
  done
}

@test "LOGIN gives no password to a server that says yes to the name" {
  offer LOGIN --fault early-yes
  unsafe "${password[@]}"
  tried LOGIN
}

# repeated TEXT: no piece of it is in what was said, nor of it in base64
repeated() {
  { cat log; echo "$output"; } | tr -d ' \n' >said
  perl -MMIME::Base64 -0777 -ne '
    my $text = lc;
    for my $form ($ARGV, map { encode_base64("$_$ARGV", "") } "", "x", "xx") {
      for (4 .. length($form) - 12) {
        my $part = lc substr $form, $_, 8;
        print "$part\n" if index($text, $part) >= 0;
      }
    }
    BEGIN { $ARGV = pop @ARGV }' said "$1"
}

@test "a secret that a server repeats is shown nowhere, whatever the mechanism" {
  local form mechanism marker=MARKERpw77xyzMARKER99
  (umask 077 && echo "$marker" >pw && echo "$marker" >token)
  for form in plain base64 response cut capitals; do
    serve --user "alice:$marker" --token "$marker" --fault "repeat-$form" \
      --mechanisms 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER'
    for mechanism in "${weak[@]}" CRAM-MD5 SCRAM-SHA-256 "${bearer[@]}"; do
      kind "$mechanism"
      run -0 send "${secret[@]}" --auth "$mechanism" -vv --json
      run -0 repeated "$marker"
      assert_output ''
    done
    servers_end
    rm -r mail
  done
}
