#!/usr/bin/env bats
# --login: a browser that is a script, a code for a device, an address that is
# carried by hand; the authorisation server is tests/servers/authserver.
# stderr and the like come from bats; what stands in quotes is for other shells:
# shellcheck disable=SC2154,SC2016,SC2119,SC2120,SC2153

load common

setup() {
  unset XDG_STATE_HOME BROWSER DISPLAY WAYLAND_DISPLAY SSH_CONNECTION
  config=$XDG_CONFIG_HOME/smtpsend/config
  tokens=$HOME/.local/state/smtpsend/tokens
  mkdir -p "${config%/*}" as
  coproc AS { exec "$BATS_TEST_DIRNAME/servers/authserver" as 2>as/stderr 3>&-; }
  as_pid=$AS_PID
  read -r -t 20 as_port <&"${AS[0]}"
  issuer=http://localhost:$as_port
  printf '%s\n' '[account work]' 'from = ann@x.test' 'user = ann@x.test' \
    'server = mx.x.test' "oauth = $issuer" 'oauth-client-id = app' \
    '[account plain]' 'server = mx.x.test' >"$config"
  chmod 600 "$config"
  # A browser: where it ends and what it shows is in went and page.  It may do so
  # after smtpsend has ended, and holds a lock until then.
  cat >visit <<'END'
#!/usr/bin/python3
import fcntl
import sys
import urllib.error
import urllib.request

lock = open('visiting', 'w', encoding='ascii')
fcntl.flock(lock, fcntl.LOCK_EX)
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=20)
except urllib.error.HTTPError as error:
    answer = error
with open('page', 'wb') as f:
    f.write(answer.read())
with open('went', 'w', encoding='ascii') as f:
    print(len(sys.argv) - 1, answer.status, answer.url, file=f)
END
  chmod +x visit
}

# went: what the browser has written down, at last
went() { flock visiting cat went; }

teardown() {
  kill "$as_pid" 2>/dev/null || true
  wait "$as_pid" 2>/dev/null || true
  if [ -n "${login:-}" ]; then kill "$login" 2>/dev/null || true; fi
}

# faults LINE...: how the server fails from now on
faults() { printf '%s\n' "$@" >as/faults; }

# with_browser ARGUMENT...: signs in, the script being the browser
with_browser() { BROWSER=$PWD/visit smtpsend --login=browser -A work "$@"; }

# kept: the account's tokens are on disk, for nobody else
kept() { [ "$(stat -c %a "$tokens/work.json")" = 600 ]; }

# begin ARGUMENT...: signs in without waiting for the end; the address that it
# shows is in url
begin() {
  mkfifo told
  "$SMTPSEND_BUILD/smtpsend" "$@" >out 2>told 3>&- &
  login=$!
  exec 8<told
  : >heard
  while IFS= read -r -t 20 line <&8; do
    printf '%s\n' "$line" >>heard
    case $line in http*) url=$line && return ;; esac
  done
  false
}

# ends STATUS: what was begun ends so
ends() {
  local status=0
  cat <&8 >>heard
  wait "$login" || status=$?
  login=
  assert_equal "$status" "$1"
}

# --- a browser -------------------------------------------------------------------

@test "a browser is given the address, and the account is signed in" {
  run --separate-stderr -0 with_browser
  assert_output "account 'work' is signed in at localhost:$as_port as ann@x.test; the token is good for 1 hour and then renewed by itself"
  kept
  read -r count status url < <(went)
  assert_equal "$count $status" '1 200'
  assert_regex "$url" '^http://127\.0\.0\.1:[0-9]+/\?.*state='
  grep -q 'smtpsend, which says in its terminal' page
  assert_regex "$stderr" "sign in as ann@x\.test in the browser"
  assert_regex "$stderr" "$issuer/auth\?response_type=code&client_id=app&"
  assert_regex "$(cat as/log)" '/?auth .*code_challenge_method=S256'
}

@test "without a browser the address can be opened by hand" {
  BROWSER=/nonexistent/browser begin --login=browser -A work
  ./visit "$url"
  ends 0
  kept
}

@test "xdg-open is called where no variable names a browser" {
  mkdir bin
  ln -s "$PWD/visit" bin/xdg-open
  PATH=$PWD/bin:$PATH DISPLAY=:7 run -0 smtpsend --login -A work
  read -r count _ < <(went)
  assert_equal "$count" 1
}

@test "of several commands the first that can be run is, with the address at its place" {
  printf '#!/bin/sh\n[ "$1 $3 $#" = "-n new 3" ] && exec ./visit "${2#x}"\n' >other
  chmod +x other
  BROWSER="/nonexistent:$PWD/other -n x%s new:$PWD/visit" run -0 smtpsend --login=browser -A work
  kept
}

@test "a browser that never ends holds nothing up" {
  printf '#!/bin/sh\n./visit "$1"\nread -r _ <block\n' >slow
  chmod +x slow
  mkfifo block
  BROWSER=$PWD/slow run -0 timeout 20 "$SMTPSEND_BUILD/smtpsend" --login=browser -A work
  : >block
}

@test "-q says nothing when all went well" {
  run --separate-stderr -0 with_browser -q
  assert_output ''
  assert_equal "$stderr" ''
  kept
}

@test "-v says in which way, at which server and as which app" {
  run --separate-stderr -0 with_browser -v
  assert_regex "$stderr" "account 'work': signing in by browser at localhost:$as_port, as app app"
}

@test "--json is what the schema says" {
  run --separate-stderr -0 with_browser --json
  perl "$BATS_TEST_DIRNAME/witness/schema.pl" "$BATS_TEST_DIRNAME/../src/report/report.schema.json" login <<<"$output"
  run -0 columns account user way lifetime_s renewable <<<"$output"
  assert_output '[["work","ann@x.test","browser",3600,true]]'
}

@test "the server's no is told with its reason, and nothing is kept" {
  faults 'auth=error:access_denied:The user said no'
  run -77 with_browser
  assert_output --partial 'access_denied (The user said no)'
  [ ! -e "$tokens/work.json" ] || ! grep -q at- "$tokens/work.json"
  grep -q 'You are not signed in' page
}

@test "an answer with another state is none, and the wait goes on" {
  faults 'redirect.state="AAAAAAAAAAAAAAAAAAAAAA"'
  run -75 with_browser --deadline 3
  assert_output --partial 'the answer is to another sign-in'
  assert_output --partial 'nobody has signed in within the deadline'
  grep -q 'no answer to the sign-in' page
}

@test "an answer of another server, or of none where one is promised, ends it" {
  faults 'redirect.iss="https://evil.test"'
  run -77 with_browser
  assert_output --partial "of another server, https://evil.test, not of $issuer"
  faults 'redirect.iss='
  run -77 with_browser
  assert_output --partial 'does not say which server it is of'
}

@test "a code that the server does not take back signs nobody in" {
  faults 'code=error:invalid_grant:code is used'
  run -77 with_browser
  assert_output --partial 'invalid_grant (code is used)'
}

@test "without a refresh token a warning says that it must be repeated" {
  faults 'token.refresh_token='
  run --separate-stderr -0 with_browser
  assert_regex "$stderr" 'no refresh token came: .* --login must be repeated'
  refute_output --partial 'renewed'
}

@test "a signal cancels, and what was kept before stays" {
  with_browser
  cp "$tokens/work.json" before
  BROWSER=/nonexistent/browser begin --login=browser -A work
  kill -TERM "$login"
  ends 143
  cmp before "$tokens/work.json"
}

@test "an app is registered once, even if nobody has signed in with it at first" {
  sed -i '/^oauth-client-id/d' "$config"
  faults 'auth=error:access_denied'
  run -77 with_browser
  : >as/faults
  with_browser
  with_browser
  assert_equal "$(grep -c '^/\?register ' as/log)" 1
  kept
}

@test "the deadline ends the wait for a browser" {
  BROWSER=/bin/true run -75 smtpsend --login=browser -A work --deadline 300ms
  assert_output --partial 'nobody has signed in within the deadline'
}

# --- a device --------------------------------------------------------------------

@test "a device shows a code and where it is typed, and waits as the server says" {
  faults pending=2 'device.interval=1'
  run --separate-stderr -0 smtpsend --login=device -A work
  assert_output --partial "account 'work' is signed in"
  assert_regex "$stderr" 'and type the code'
  assert_equal "$(grep -c 'authorization_pending' as/log)" 2
  kept
}

@test "a device that the person refuses, or whose code has ended, is not signed in" {
  faults 'device.interval=1' 'poll=error:access_denied'
  run -77 smtpsend --login=device -A work
  assert_output --partial access_denied
  faults 'device.interval=1' 'poll=error:expired_token'
  run -77 smtpsend --login=device -A work
  assert_output --partial expired_token
  faults 'device.interval=1' 'device.expires_in=1' 'poll=error:authorization_pending'
  run -77 smtpsend --login=device -A work
  assert_output --partial 'nobody has typed the code while it was good'
}

@test "a device goes on after an answer that is lost" {
  faults 'device.interval=1' '1*poll=drop'
  run -0 smtpsend --login=device -A work
}

@test "a server without codes for devices is named with the other ways" {
  faults 'metadata.device_authorization_endpoint='
  run -78 smtpsend --login=device -A work
  assert_output --partial 'use --login=browser, or --login=copy'
}

@test "by SSH, or without a display, a code is shown" {
  faults 'device.interval=1'
  SSH_CONNECTION='::1 1 ::1 22' DISPLAY=:7 BROWSER=$PWD/visit run -0 smtpsend --login -A work
  assert_output --partial 'and type the code'
  run -0 smtpsend --login -A work
  assert_output --partial 'and type the code'
  [ ! -e went ]
}

# provider COLUMN=VALUE...: the account's is one of the user's own table
provider() {
  local names='id issuer auth_url token_url device_url scope'
  local values="mine $issuer $issuer/auth $issuer/token $issuer/device smtp"
  local cell
  for cell; do
    names+=" ${cell%%=*}"
    values+=" ${cell#*=}"
  done
  printf '%s\n' "${names// /$'\t'}" "${values// /$'\t'}" >"${config%/*}/providers.tsv"
  sed -i 's/^oauth = .*/oauth = mine/' "$config"
}

@test "a provider that wants the name localhost is given it, on whatever address it is" {
  provider redirect=localhost
  run -0 with_browser
  assert_output --partial "is signed in at mine as ann@x.test"
  grep -q 'redirect_uri=http%3A%2F%2Flocalhost%3A[0-9]*&' as/log
  assert_regex "$(went)" ' http://localhost:[0-9]+/?\?'
}

@test "a provider whose codes for devices are not for mail is not asked for one" {
  provider flow=browser
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --login -A work
  assert_output --partial '--login=copy: there is no terminal'
  provider flow=browser,device
  run -0 smtpsend --login -A work
  assert_output --partial 'and type the code'
}

# --- an address that is carried --------------------------------------------------

# where URL: where a browser ends that can connect to nothing there
where() {
  python3 - "$1" <<'END'
import sys
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


try:
    urllib.request.build_opener(Stay).open(sys.argv[1], timeout=20)
except urllib.error.HTTPError as error:
    print(error.headers['Location'])
END
}

# carry: begins on a terminal; the address that is shown is in url
carry() {
  command -v script >/dev/null || skip 'script(1) is not there'
  local command
  printf -v command ' %q' "$SMTPSEND_BUILD/smtpsend" --login=copy -A work
  mkfifo keys told
  # the shell starts jobs with ^C ignored
  env --default-signal=INT,QUIT script -qefc "exec$command" /dev/null <keys >told 2>&1 3>&- &
  login=$!
  exec 7>keys 8<told
  : >heard
  while IFS= read -r -t 20 line <&8; do
    printf '%s\n' "$line" >>heard
    case $line in http*) url=${line%$'\r'} && break ;; esac
  done
}

@test "the address where a browser ended is pasted, in quotes and over two lines" {
  carry
  back=$(where "$url")
  assert_regex "$back" '^http://127\.0\.0\.1:[0-9]+/\?'
  printf ' "%s\n%s"\n' "${back::60}" "${back:60}" >&7
  ends 0
  kept
  grep -q "is signed in" heard
}

@test "an address longer than a line of the terminal is pasted whole" {
  carry
  back=$(where "$url")
  printf '%s&more=%06000d\n' "$back" 7 >&7
  ends 0
  kept
}

@test "^C at the paste cancels" {
  carry
  printf '\003' >&7
  ends 130
  grep -q 'cancelled; nobody has signed in' heard
  [ ! -e "$tokens/work.json" ]
}

@test "what is pasted wrongly is asked for again" {
  carry
  back=$(where "$url")
  code=${back#*code=}
  code=${code%%&*}
  printf '%s\n' "$code" >&7
  until grep -q 'no address with an answer' heard; do
    IFS= read -r -t 20 line <&8
    printf '%s\n' "$line" >>heard
  done
  printf '%s\n' "$back" >&7
  ends 0
  kept
}

@test "without a terminal nothing can be pasted, and nobody is asked" {
  run -64 setsid -w "$SMTPSEND_BUILD/smtpsend" --login=copy -A work
  assert_output --partial 'there is no terminal to paste on'
  [ ! -s as/log ]
}

# --- the call --------------------------------------------------------------------

@test "where a sign-in could not be kept nobody is asked to sign in" {
  mkdir -p "${tokens%/*}"
  : >"$tokens"
  run -78 --separate-stderr with_browser
  assert_regex "$stderr" "tokens: Not a directory"
  rm "$tokens"
  mkdir -m 700 "$tokens" "$tokens/work.lock"
  run -74 --separate-stderr with_browser
  assert_regex "$stderr" "work.lock: Is a directory"
  long=$(printf 'x%.0s' {1..300})
  printf '%s\n' "[account $long]" 'user = ann' "oauth = $issuer" 'oauth-client-id = app' >>"$config"
  run -78 --separate-stderr with_browser -A "$long"
  assert_regex "$stderr" "the account's name is too long"
  # Below /sys nobody makes a directory, not even root.
  XDG_STATE_HOME=/sys run -74 --separate-stderr with_browser
  assert_regex "$stderr" "tokens: "
  refute_regex "$stderr" "tokens: No such file"
  [ ! -e went ]
  [ ! -s as/log ]
}

@test "an account without oauth is told what to write" {
  run -78 smtpsend --login -A plain
  assert_output --partial "account 'plain' has no oauth"
  assert_output --partial 'hint: '
}

@test "what --login would ignore is refused" {
  run -64 smtpsend --login -A work -s Subject
  assert_output --partial '--subject: of no use to --login, which sends nothing'
  run -64 smtpsend --login=device -A work copy
  assert_output --partial "--login takes one word, not 'copy', too"
  run -64 smtpsend --login=phone -A work
  assert_output --partial 'browser'
  [ ! -s as/log ]
}
