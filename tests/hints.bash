# shellcheck shell=bash disable=SC2154 # bats sets these
# hints.bash - for files whose tests take the next steps that are hinted at: "load
# hints", which loads testserver.
#
#   send ARGUMENT...   a message, with a sender, a recipient and a text
#   hint               what was hinted at by the last run, a line each
#   step PATTERN       the part of it that the pattern matches, to be done
#   certificate        a self-signed one of 127.0.0.1: cert.pem, key.pem
#   $greeting, $rest   of a dialogue: up to EHLO, and from MAIL on

load testserver

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>openssl.log
}

send() { smtpsend -f me@x.test -t bob@y.test --body hi "$@"; }

hint() { sed -n 's/^smtpsend: hint: //p' <<<"$output"; }

step() { hint | grep -o -e "$1"; }

# shellcheck disable=SC2034
greeting='name: x

S: 220 mx
C: EHLO *
'
# shellcheck disable=SC2034
rest='C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S: 250 ok
C: QUIT
S: 221 bye'
