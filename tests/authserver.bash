# shellcheck shell=bash
# authserver.bash - an authorisation server for bats files: "load authserver", which
# loads testserver.  See servers/authserver for what it does and how it fails.
#
#   authserver [bad|http]   starts one whose certificate is good for localhost (for
#                     another host; none), and sets $issuer, its URL, and $authserver,
#                     its process, which ends with the others ("servers_end").  Its
#                     authority is $AUTHSERVER/ca.pem.  Given to smtpsend by variables:
#                     SMTPSEND_OAUTH, _OAUTH_CA, and BROWSER, which agrees
#   fault LINE...     how it fails from now on; without a LINE: not at all
#   asked [KIND]      the lines of its log of that kind of question (code, refresh, …)
#   asked_times N KIND   there are as many
#   visits            what the browser did, by a comma each: "favicon 404,follow 200"
#
# The faults are those of this one test; what the log has, too, because each test
# starts a server of its own.

load testserver

# certificates: made once for a file of tests
_authserver_pki() {
  local pki=$BATS_FILE_TMPDIR/authserver-pki key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  [ ! -e "$pki/done" ] || return 0
  mkdir -p "$pki"
  (
    cd "$pki" || exit
    openssl req -x509 "${key[@]}" -days 30 -subj '/CN=Test Authority' -addext keyUsage=keyCertSign,cRLSign \
      -keyout ca.key -out ca.pem
    openssl req -x509 "${key[@]}" -days 30 -subj /CN=localhost -CA ca.pem -CAkey ca.key -keyout good.key -out good.pem \
      -addext basicConstraints=CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
    openssl req -x509 "${key[@]}" -days 30 -subj /CN=other -CA ca.pem -CAkey ca.key -keyout bad.key -out bad.pem \
      -addext basicConstraints=CA:FALSE -addext subjectAltName=DNS:other.example.test
    : >"done"
  ) 2>"$pki.log" || {
    cat "$pki.log" >&2
    return 1
  }
}

authserver() {
  local certificate=${1:-good} options=() port scheme=https pki=$BATS_FILE_TMPDIR/authserver-pki
  export AUTHSERVER=$BATS_TEST_TMPDIR/authserver
  mkdir -p "$AUTHSERVER"
  if [ "$certificate" = http ]; then
    scheme=http
  else
    _authserver_pki
    cp "$pki/ca.pem" "$AUTHSERVER/ca.pem"
    options=(--cert "$pki/$certificate.pem" --key "$pki/$certificate.key")
    export SMTPSEND_OAUTH_CA=$AUTHSERVER/ca.pem
  fi
  rm -f "$AUTHSERVER/listening"
  mkfifo "$AUTHSERVER/listening"
  "$BATS_TEST_DIRNAME/servers/authserver" "${options[@]}" "$AUTHSERVER" \
    >"$AUTHSERVER/listening" 2>"$AUTHSERVER/errors" </dev/null 3>&- &
  authserver=$!
  servers+=("$authserver")
  if ! read -r -t 20 port <"$AUTHSERVER/listening"; then
    cat "$AUTHSERVER/errors" >&2
    return 1
  fi
  issuer=$scheme://localhost:$port
  export SMTPSEND_OAUTH=$issuer BROWSER=$BATS_TEST_DIRNAME/servers/browser
}

# The file is replaced, so that the server sees that it is another one.
fault() {
  printf '%s\n' "$@" >"$AUTHSERVER/faults.new"
  mv "$AUTHSERVER/faults.new" "$AUTHSERVER/faults"
}

asked() {
  touch "$AUTHSERVER/log"
  if [ $# -gt 0 ]; then grep "^$1 " "$AUTHSERVER/log" || true; else cat "$AUTHSERVER/log"; fi
}

asked_times() {
  local lines
  mapfile -t lines < <(asked "$2")
  [ "${#lines[@]}" = "$1" ] || {
    echo "$2: asked ${#lines[@]} times, expected: $1"
    asked
    return 1
  }
}

visits() { paste -sd, "$AUTHSERVER/visits"; }
