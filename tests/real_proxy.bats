#!/usr/bin/env bats
# Real mail servers behind real proxies: microsocks and Dante (SOCKS), tinyproxy
# (HTTP).
# shellcheck source-path=SCRIPTDIR

load real_common

# proxy NAME PORT COMMAND...: runs it until the end of the file
proxy() {
  local name=$1 port=$2 pid i
  shift 2
  "$@" >"$BATS_FILE_TMPDIR/$name.log" 2>&1 </dev/null 3>&- &
  pid=$!
  echo "$pid" >>"$BATS_FILE_TMPDIR/proxies"
  for ((i = 0; i < 500; i++)); do
    if (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    kill -0 "$pid" || break
    sleep 0.02
  done
  cat "$BATS_FILE_TMPDIR/$name.log" >&2
  return 1
}

setup_file() {
  local trees ports
  start postfix exim
  if [ -e "$BATS_FILE_TMPDIR/reason" ]; then return 0; fi
  trees=$(_real_trees)
  read -r -a ports <<<"$("$BATS_TEST_DIRNAME/servers/real/sockets" free 5)"
  {
    echo "SOCKS=127.0.0.1:${ports[0]} SOCKS_USER=127.0.0.1:${ports[1]}"
    echo "DANTE=127.0.0.1:${ports[2]} HTTP=127.0.0.1:${ports[3]} HTTP_USER=127.0.0.1:${ports[4]}"
  } >"$BATS_FILE_TMPDIR/proxy.env"
  cd "$BATS_FILE_TMPDIR" || return
  cat >dante.conf <<END
logoutput: stdout
internal: 127.0.0.1 port = ${ports[2]}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.unprivileged: nobody
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 127.0.0.9/32 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 protocol: tcp }
END
  printf 'Port %s\nListen 127.0.0.1\nAllow 127.0.0.1\nConnectPort %s\nConnectPort %s\nConnectPort 1\n' \
    "${ports[3]}" "$POSTFIX_SMTP" "$POSTFIX_SUBMISSION" >http.conf
  printf 'Port %s\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth joe secret\n' "${ports[4]}" >http_user.conf
  proxy socks "${ports[0]}" "$trees/microsocks/usr/bin/microsocks" -i 127.0.0.1 -p "${ports[0]}"
  proxy socks_user "${ports[1]}" "$trees/microsocks/usr/bin/microsocks" -i 127.0.0.1 -p "${ports[1]}" -u joe -P 's:@c'
  proxy dante "${ports[2]}" "$trees/dante/usr/sbin/danted" -f dante.conf -p dante.pid
  proxy http "${ports[3]}" "$trees/tinyproxy/usr/bin/tinyproxy" -d -c http.conf
  proxy http_user "${ports[4]}" "$trees/tinyproxy/usr/bin/tinyproxy" -d -c http_user.conf
}

teardown_file() {
  local pid
  if [ -e "$BATS_FILE_TMPDIR/proxies" ]; then
    while read -r pid; do kill "$pid" 2>/dev/null || true; done <"$BATS_FILE_TMPDIR/proxies"
  fi
  real_down
}

# send OPTION...: to alice
send() {
  # shellcheck disable=SC1091
  source "$BATS_FILE_TMPDIR/proxy.env"
  run --separate-stderr smtpsend -s Subject --body hi "$@" alice@example.test
}

# proxies: their addresses, for the test
proxies() {
  # shellcheck disable=SC1091
  source "$BATS_FILE_TMPDIR/proxy.env"
}

@test "a message arrives through each kind of proxy" {
  local url n=0
  proxies
  for url in "socks5h://$SOCKS" "socks5://$SOCKS" "socks5h://joe:s%3a%40c@$SOCKS_USER" "socks5h://$DANTE" \
    "socks5://$DANTE" "socks4://$DANTE" "http://$HTTP" "$HTTP" "http://joe:secret@$HTTP_USER"; do
    send -v -S "localhost:$POSTFIX_SMTP" -4 --tls-ca "$REAL_CA" --proxy "$url"
    assert_equal "$url $status ${stderr?}" "$url 0 $stderr"
    assert_regex "$stderr" "through [a-z0-9]+://127\.0\.0\.1:[0-9]+: 250 2\.0\.0 Ok:.* queued as"
    n=$((n + 1))
    run -0 arrived postfix alice "$n"
  done
}

@test "SOCKS4a leads to a server that is named by its address" {
  proxies
  send -S "127.0.0.1:$POSTFIX_SMTP" --tls-ca "$REAL_CA" --proxy "socks4a://$DANTE"
  assert_equal "$status ${stderr?}" '0 '
}

@test "the server is verified and signed in to through a proxy" {
  local url
  proxies
  secret pw "$REAL_PASSWORD_ALICE"
  secret proxypw secret
  for url in "socks5h://$SOCKS" "http://$HTTP" "socks4://$DANTE"; do
    send --json -S "submission://alice@localhost:$POSTFIX_SUBMISSION" -4 --tls-ca "$REAL_CA" --password-file pw --proxy "$url"
    assert_equal "$status ${stderr?}" '0 '
    assert_output --partial '"tls":{"version":"TLS1.3"'
  done
  send -S "smtps://alice@localhost:$POSTFIX_SMTPS" --tls-ca "$REAL_CA" --password-file pw \
    --proxy "http://joe@$HTTP_USER" --proxy-password-file proxypw
  assert_equal "$status ${stderr?}" '0 '
}

@test "a server with the wrong name is refused, though the proxy has the right one" {
  proxies
  secret pw "$REAL_PASSWORD_ALICE"
  send -S "smtps://alice@127.0.0.1:$POSTFIX_SMTPS_WRONGHOST" --tls-ca "$REAL_CA" --password-file pw --proxy "socks5h://$SOCKS"
  assert_equal "$status" 77
  nothing_arrived postfix
}

@test "a proxy refuses other credentials, or none" {
  proxies
  send -S "127.0.0.1:$POSTFIX_SMTP" --proxy "socks5h://$SOCKS_USER"
  assert_equal "$status" 77
  send -S "127.0.0.1:$POSTFIX_SMTP" --proxy "socks5h://joe:no@$SOCKS_USER"
  assert_equal "$status" 77
  assert_regex "${stderr?}" 'it refuses the user joe'
  send -S "127.0.0.1:$POSTFIX_SMTP" --proxy "http://$HTTP_USER"
  assert_equal "$status" 77
  send -S "127.0.0.1:$POSTFIX_SMTP" --proxy "http://joe:no@$HTTP_USER"
  assert_equal "$status" 77
  nothing_arrived postfix
}

@test "a proxy does not lead where its rules forbid it" {
  proxies
  send -S "127.0.0.9:$POSTFIX_SMTP" --proxy "socks5h://$DANTE"
  assert_equal "$status" 69
  assert_regex "${stderr?}" 'its rules do not allow the connection'
  send -S "127.0.0.1:$EXIM_SMTP" --proxy "http://$HTTP"
  assert_equal "$status" 69
  assert_regex "$stderr" 'it answers 403'
}

@test "a server that a proxy cannot reach is for later" {
  proxies
  for url in "socks5h://$SOCKS" "socks5h://$DANTE" "socks4://$DANTE" "http://$HTTP"; do
    send -S 127.0.0.1:1 --proxy "$url"
    assert_equal "$url $status" "$url 75"
    assert_regex "${stderr?}" "^smtpsend: 127\.0\.0\.1:1: proxy $url: "
  done
}

@test "what speaks another protocol than the one expected is no proxy" {
  proxies
  send -S "127.0.0.1:$POSTFIX_SMTP" --timeout 3s --proxy "socks5h://127.0.0.1:$POSTFIX_SMTP"
  assert_equal "$status" 76
  send -S "127.0.0.1:$POSTFIX_SMTP" --timeout 3s --proxy "socks4://$SOCKS"
  assert_equal "$status" 75
}

@test "a question goes through a proxy" {
  proxies
  run -0 smtpsend -S "127.0.0.1:$EXIM_SMTP" --tls-ca "$REAL_CA" --proxy "socks5h://$SOCKS" --vrfy alice@example.test
  assert_output '250 <alice@example.test> is deliverable'
}

@test "a message of some megabytes arrives as it was" {
  proxies
  head -c 3000000 /dev/urandom >big
  send -S "127.0.0.1:$POSTFIX_SMTP" --tls-ca "$REAL_CA" --proxy "socks5h://$SOCKS" -a big
  assert_equal "$status ${stderr?}" '0 '
  arrived postfix alice 1 >got
  sed '1,/name=.*big/d;' got | sed '1,/^$/d' | sed '/^--/,$d' | openssl base64 -d >same
  cmp big same
}
