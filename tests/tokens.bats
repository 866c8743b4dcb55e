#!/usr/bin/env bats
# Tokens that a sign-in has left: kept, renewed under a lock, used in a send and for
# nobody else, printed, revoked.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load authserver

schema=$BATS_TEST_DIRNAME/../src/report/report.schema.json

setup() {
  export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
  tokens=$XDG_STATE_HOME/smtpsend/tokens
  config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "${config%/*}"
  authserver http
  unset SMTPSEND_OAUTH
}

# account NAME [LINE]...: one at the mail server $port, who signs in at $issuer
account() {
  {
    printf '[account %s]\n' "$1"
    printf '%s\n' "server = 127.0.0.1:$port" 'from = me@x.test' 'user = me' "oauth = $issuer" 'oauth-client-id = x'
    shift
    printf '%s\n' "$@"
  } >>"$config"
  chmod 600 "$config"
}

# signed_in NAME [MEMBER=JSON]...: a sign-in at $authserver, as it is kept, but for these
# members of the file; without a value one is not there
signed_in() {
  (
    umask 077
    mkdir -p "$tokens"
  )
  /usr/bin/python3 -B -I - "$issuer" "$tokens/$1.json" "${@:2}" <<'END'
import http.client, json, os, sys, time, urllib.parse
at = urllib.parse.urlsplit(sys.argv[1])
def ask(endpoint, **fields):
    c = http.client.HTTPConnection(at.hostname, at.port, timeout=20)
    c.request("POST", "/" + endpoint, urllib.parse.urlencode(fields))
    return json.loads(c.getresponse().read())
code = ask("device", client_id="x", scope="smtp")["device_code"]
t = ask("token", client_id="x", device_code=code, grant_type="urn:ietf:params:oauth:grant-type:device_code")
entry = dict(version=1, oauth=sys.argv[1], user="me", hosts=["127.0.0.1"], issuer=sys.argv[1],
    token_endpoint=sys.argv[1] + "/token", revocation_endpoint=sys.argv[1] + "/revoke", redirect="127.0.0.1",
    client_id="x", access_token=t["access_token"], refresh_token=t["refresh_token"],
    obtained=int(time.time()), expires_in=3600)
for change in sys.argv[3:]:
    name, _, value = change.partition("=")
    if value:
        entry[name] = json.loads(value)
    else:
        entry.pop(name, None)
with open(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
    json.dump(entry, f)
END
}

# kept NAME MEMBER: what the file has
kept() { /usr/bin/python3 -I -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2]))' "$tokens/$1.json" "$2"; }

send() { smtpsend -A work -s hello "$@" bob@y.test <<<'hello'; }

# mailserver: one that wants the token "good"
mailserver() { serve --user me:x --token good --mechanisms 'XOAUTH2'; }

@test "a good token is used, and no authorisation server is asked" {
  mailserver
  account work
  signed_in work access_token='"good"'
  # Nobody is there who could be asked.
  kill "$authserver"
  run -0 --separate-stderr send
  assert_equal "$stderr" ''
  messages 1
  # Nor is the library opened by which one is asked.
  if command -v strace >"$BATS_TEST_TMPDIR/where"; then
    # Leaks cannot be looked for by one that is traced.
  run -0 env ASAN_OPTIONS=detect_leaks=0 strace -f -o trace "$SMTPSEND_BUILD/smtpsend" -A work -s x bob@y.test <<<'x'
    run -1 grep -E 'libcurl|libjansson|\.lock' trace
  fi
}

@test "a token at its end is renewed, and what came is kept" {
  mailserver
  fault 'refresh.access_token="good"'
  account work
  signed_in work expires_in=50 obtained=1000
  run -0 send
  run -0 send
  messages 2
  asked_times 1 refresh
  assert_equal "$(kept work access_token)" good
  assert_equal "$(stat -c %a "$tokens/work.json" "$tokens")" $'600\n700'
}

@test "a token from the future is renewed" {
  mailserver
  fault 'refresh.access_token="good"'
  account work
  signed_in work "obtained=$(($(date +%s) + 315360000))"
  run -0 send
  asked_times 1 refresh
}

@test "a token that is refused is renewed once, and the message goes once" {
  mailserver
  fault 'refresh.access_token="good"'
  account work
  signed_in work access_token='"stale"'
  run -0 --separate-stderr send -vv
  asked_times 1 refresh
  messages 1
  run -0 grep -c 'C: AUTH XOAUTH2' <<<"$stderr"
  assert_output 2
  refute_regex "$stderr" 'stale|good'
  assert_regex "$stderr" 'the same one is tried with a new token'
}

@test "a token that is refused twice is not renewed twice" {
  mailserver
  fault 'refresh.access_token="bad"'
  account work
  signed_in work access_token='"stale"'
  run -77 --separate-stderr send -vv
  asked_times 1 refresh
  run -0 grep -c 'C: AUTH XOAUTH2' <<<"$stderr"
  assert_output 2
  # One that has just come is not renewed at all.
  signed_in work access_token='"stale"' obtained=1000
  run -77 --separate-stderr send -vv
  asked_times 2 refresh
  run -0 grep -c 'C: AUTH XOAUTH2' <<<"$stderr"
  assert_output 1
}

@test "a refused password is none of the token's" {
  serve --user me:right --mechanisms PLAIN
  printf wrong >password
  chmod 600 password
  account work "password-file = $PWD/password"
  signed_in work
  run -77 send
  asked_times 0 refresh
}

@test "a refused token that cannot be renewed is told with both reasons" {
  mailserver
  account work
  signed_in work access_token='"stale"'
  fault 'refresh=503'
  run -75 send
  assert_output --partial '535'
  assert_output --partial '503'
  fault 'refresh=error:invalid_grant:it was revoked'
  run -77 send
  assert_output --partial 'invalid_grant (it was revoked)'
  assert_output --partial 'hint: smtpsend --login -A work'
  messages 0
}

@test "a refused token whose file cannot be locked has the hint of a token" {
  mailserver
  account work
  signed_in work access_token='"stale"'
  mkdir "$tokens/work.lock"
  run -74 send
  assert_output --partial '535'
  assert_output --partial 'work.lock: Is a directory'
  assert_output --partial 'hint: the token must be a fresh one'
  refute_output --partial 'password'
  messages 0
}

@test "it is for checks, questions, scripts and accounts that take over, too" {
  mailserver
  account work
  signed_in work access_token='"good"'
  run -0 smtpsend -A work --check -t bob@y.test
  run -0 smtpsend -A work --server-info
  run -0 smtpsend -A work --noop
  run -0 --separate-stderr smtpsend -A work --script - <<<$'EHLO x\nAUTH\nNOOP'
  assert_output --partial 235
  printf '[account first]\nserver = 127.0.0.1:1\nfailover = work\n' >>"$config"
  run -0 smtpsend -A first -f me@x.test -s x bob@y.test <<<'x'
  messages 1
  signed_in work access_token='"stale"'
  fault 'refresh.access_token="good"'
  run -0 smtpsend -A first -f me@x.test -s x bob@y.test <<<'x'
  messages 2
}

@test "it goes to no other server, whatever the call says" {
  play <<<$'name: x\n\nS: 220 x'
  account work
  signed_in work access_token='"good"'
  run -77 send -S "localhost:$port"
  assert_line --partial 'localhost: the sign-in of account work is for 127.0.0.1 only'
  run -77 smtpsend --print-token -A work -S "localhost:$port"
  refute_output --partial good
  nobody_came
}

@test "without a sign-in nothing is opened, and the hint says how" {
  play <<<$'name: x\n\nS: 220 x'
  account work
  account 'a b'
  run -77 send
  assert_line 'smtpsend: hint: smtpsend --login -A work'
  run -77 smtpsend -A 'a b' -s x bob@y.test <<<'x'
  assert_line "smtpsend: hint: smtpsend --login -A 'a b'"
  run -77 smtpsend -S "127.0.0.1:$port" -u me --oauth "$issuer" -f you@y.test -s x bob@y.test <<<'x'
  assert_line 'smtpsend: hint: smtpsend --login'
  sed -i '/^user/d' "$config"
  run -78 send
  assert_output --partial 'user'
  nobody_came
}

@test "after invalid_grant it is signed out, and nothing is thrown away" {
  mailserver
  account work
  signed_in work obtained=1000
  before=$(kept work refresh_token)
  fault 'refresh=error:invalid_grant'
  run -77 send
  assert_line 'smtpsend: hint: smtpsend --login -A work'
  assert_equal "$(kept work refresh_token) $(kept work signed_out)" "$before True"
  run -77 send
  assert_line --partial 'account work is signed out'
  asked_times 1 refresh
}

@test "a server that is down costs nothing that is kept" {
  mailserver
  account work
  signed_in work obtained=1000
  before=$(kept work refresh_token)
  fault 'refresh=503'
  run -75 send
  fault 'refresh=429:3600'
  run -75 send
  fault 'refresh=drop'
  run -75 send
  assert_equal "$(kept work refresh_token) $(kept work signed_out)" "$before None"
  fault '1*refresh=503:1' 'refresh.access_token="good"'
  run -0 send
  kill "$authserver"
  # Until its real end the old one does.
  signed_out=$(date +%s)
  sed -i "s/\"obtained\": [0-9]*/\"obtained\": $((signed_out - 3560))/" "$tokens/work.json"
  run -0 --separate-stderr send
  assert_regex "$stderr" 'warning: .*could not be renewed yet'
  messages 2
}

@test "files that are torn, open to others or links are refused, and the next step told" {
  mailserver
  account work
  signed_in work access_token='"good"'
  cp -p "$tokens/work.json" whole
  head -c 100 whole >"$tokens/work.json"
  run -78 send
  assert_line --partial 'it is torn'
  assert_line 'smtpsend: hint: smtpsend --login -A work'
  cp -p whole "$tokens/work.json"
  chmod 644 "$tokens/work.json"
  run -78 send
  assert_line --partial 'hint: chmod 600 '
  chmod 750 "$tokens"
  run -78 send
  assert_line --partial 'hint: chmod 700 '
  chmod 700 "$tokens"
  ln -sf "$PWD/whole" "$tokens/work.json"
  run -78 send
  assert_line --partial 'symbolic link'
  if [ "$(id -u)" = 0 ]; then
    cp --remove-destination -p whole "$tokens/work.json"
    chown 65534 "$tokens/work.json"
    run -78 send
    assert_line --partial 'another user'
  fi
  messages 0
}

@test "two at once use no refresh token twice" {
  mailserver
  fault 'refresh.access_token="good"'
  account work
  signed_in work
  rounds=$((100 / ${TEST_SHARE:-1}))
  for ((round = 0; round < rounds; round++)); do
    sed -i 's/"obtained": [0-9]*/"obtained": 1000/' "$tokens/work.json"
    smtpsend --print-token -A work >one 2>&1 3>&- &
    client=$!
    run -0 smtpsend --print-token -A work
    wait "$client" || { cat one; false; }
    assert_equal "$output $(<one)" 'good good'
  done
  client=
  asked_times "$rounds" refresh
  assert_equal "$(kept work signed_out)" None
}

@test "one that is killed while it renews leaves a file that is whole" {
  mailserver
  fault 'refresh=hang'
  account work
  signed_in work obtained=1000
  cp "$tokens/work.json" before
  smtpsend --print-token -A work >one 2>&1 3>&- &
  client=$!
  until asked refresh | grep -q .; do kill -0 "$client"; done
  kill -KILL "$client"
  wait "$client" || true
  cmp before "$tokens/work.json"
  : >"$tokens/.work.new"
  fault 'refresh.access_token="good"'
  run -0 send
  assert [ ! -e "$tokens/.work.new" ]
}

@test "whichever call fails while a token is renewed, the file is whole and the status true" {
  local call number status said failed=0
  nm "$SMTPSEND_BUILD/smtpsend" 2>/dev/null | grep -q __asan && skip 'ASan wants to come first'
  port=1
  account work
  fault rotation=none
  signed_in work obtained=1000
  cp "$tokens/work.json" old
  for call in open:24 open:5 read:5 write:28 fsync:28 socket:24 connect:111 send:104 recv:104 recv:4 poll:4 fstat:5; do
    for number in 1 2; do
      cp old "$tokens/work.json"
      status=0
      LD_PRELOAD=$SMTPSEND_BUILD/failcall.so FAILCALL=${call%:*}:$number:${call#*:} \
        "$SMTPSEND_BUILD/smtpsend" --print-token -A work --deadline 10 >out 2>err </dev/null || status=$?
      said=$(<err)
      # It is as it was, or has what was printed, or that is told.
      case $status in
        0) [ "$(<out)" = "$(kept work access_token)" ] || [[ $said = *'is not kept'* ]] || failed=1 ;;
        71 | 74 | 75 | 76 | 77 | 78) [ "${call#*:}" != 4 ] && [ -n "$said" ] && [ ! -s out ] || failed=1 ;;
        *) failed=1 ;;
      esac
      [ -n "$(kept work refresh_token)" ] || failed=1
      [ "$failed" = 0 ] || fail "$call, number $number: $status: $said"
    done
  done
}

@test "who waits for another's lock ends at the deadline" {
  mailserver
  fault 'refresh=hang'
  account work
  signed_in work obtained=1000
  smtpsend --print-token -A work >one 2>&1 3>&- &
  client=$!
  until asked refresh | grep -q .; do kill -0 "$client"; done
  run -75 smtpsend --print-token -A work --deadline 300ms
  assert_output --partial 'another process has held its lock'
  kill "$client"
  wait "$client" || true
}

@test "--print-token prints the token and nothing else" {
  mailserver
  account work
  signed_in work access_token='"good"'
  run -0 --separate-stderr smtpsend --print-token -A work
  assert_equal "$output|$stderr" 'good|'
  signed_in work obtained=1000
  run -0 --separate-stderr smtpsend --print-token -A work
  assert_equal "$output" "$(kept work access_token)"
  printf '[account plain]\nserver = 127.0.0.1\n' >>"$config"
  run -78 smtpsend --print-token -A plain
  assert_output --partial 'has no oauth'
  run -64 smtpsend --print-token -A work -s subject
  assert_output --partial 'of no use to --print-token'
  run -64 smtpsend --print-token -A work bob@y.test
}

@test "--logout revokes and removes, and says so" {
  mailserver
  account work
  signed_in work
  run -0 --separate-stderr smtpsend --logout -A work
  assert_equal "$output|$stderr" 'account work is signed out: revoked at the server, removed here|'
  asked_times 1 revoke
  assert [ ! -e "$tokens/work.json" ]
  run -0 --separate-stderr smtpsend --logout -A work
  assert_equal "$output|$stderr" 'account work was not signed in|'
  run -77 send
  run -64 smtpsend --logout -A work bob@y.test
  signed_in work
  run -0 --separate-stderr smtpsend -q --logout -A work
  assert_equal "$output|$stderr" '|'
  assert [ ! -e "$tokens/work.json" ]
}

@test "--logout and --print-token that name no account say so where there is none without a name" {
  mailserver
  account work
  signed_in work
  for what in --logout --print-token; do
    run -78 --separate-stderr smtpsend "$what"
    assert_regex "$stderr" "$what: what is configured has no oauth"
    assert_regex "$stderr" 'hint: .*-A'
  done
  assert [ -e "$tokens/work.json" ]
  # What is kept of an account without a name is ended, though nothing names it.
  signed_in default
  run -0 smtpsend --logout
  assert_output 'account default is signed out: revoked at the server, removed here'
}

@test "--logout removes what it cannot revoke, and warns" {
  mailserver
  account work
  signed_in work
  fault 'revoke=503'
  run -0 --separate-stderr smtpsend --logout -A work
  assert_equal "$output" 'account work is signed out: removed here'
  assert_regex "$stderr" 'warning: .*503'
  assert_regex "$stderr" 'is not revoked'
  assert [ ! -e "$tokens/work.json" ]
  signed_in work revocation_endpoint=
  run -0 --separate-stderr smtpsend --logout -A work
  assert_regex "$stderr" 'offers no revocation'
  signed_in work
  kill "$authserver"
  run -0 --separate-stderr smtpsend --logout -A work
  assert_regex "$stderr" 'is not revoked'
  assert [ ! -e "$tokens/work.json" ]
  echo '{' >"$tokens/work.json"
  chmod 600 "$tokens/work.json"
  run -0 --separate-stderr smtpsend --logout -A work
  assert_regex "$stderr" 'torn'
  assert [ ! -e "$tokens/work.json" ]
}

@test "--accounts knows who is signed in, and until when" {
  mailserver
  account work
  account gone
  account out
  account never
  account torn
  signed_in work obtained=4000000000 expires_in=3600
  signed_in gone refresh_token= obtained=1000
  signed_in out signed_out=true
  echo '{' >"$tokens/torn.json"
  chmod 600 "$tokens/torn.json"
  printf '%s\n' '[account odd]' 'user = me' 'oauth = gmial' >>"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 --separate-stderr smtpsend --accounts -A work
  assert_line --regexp "^  odd .*'gmial' is no provider that is known; did you mean 'gmail'"
  assert_line --regexp '^\* work .* signed in, renewed by itself, token until 2096-10-02T08:06:40Z$'
  assert_line --regexp '^  gone .* signed in no more: .*: smtpsend --login -A gone$'
  assert_line --regexp '^  out .* signed out: .*: smtpsend --login -A out$'
  assert_line --regexp '^  never .* not signed in: smtpsend --login -A never$'
  assert_line --regexp '^  torn .* it is torn'
  run -0 --separate-stderr smtpsend --accounts -A work --json
  perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$schema" accounts <<<"$output"
  run -0 /usr/bin/python3 -I -c '
import json, sys
for a in json.load(sys.stdin)["accounts"]:
    print(a["name"], a["state"], a["sign_in"], a["expires"], a["renewable"])' <<<"$output"
  assert_output "work ready signed-in 2096-10-02T08:06:40Z True
gone failed expired 1970-01-01T01:16:40Z False
out failed signed-out $(date -u -d "@$(($(kept out obtained) + 3600))" +%FT%TZ) False
never failed not-signed-in None False
torn failed None None None
odd failed not-signed-in None False"
}
