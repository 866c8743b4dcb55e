#!/usr/bin/env bats
# Servers behind a proxy, as a user sees them; the proxy is the test server, which
# plays it and the mail server behind it on one connection.
# stderr and port come from bats and testserver.bash:
# shellcheck disable=SC2154 source-path=SCRIPTDIR

load testserver

# send OPTION...: a message by way of the proxy
send() {
  run --separate-stderr timeout 20 "$SMTPSEND_BUILD/smtpsend" -f me@x.test --body hi "$@" bob@y.test
}

# tunnel HOST:PORT: what an HTTP proxy hears and says
tunnel() {
  printf 'name: a proxy\n\nC: CONNECT %s HTTP/1.1\nC: Host: %s\nC: Proxy-Connection: Keep-Alive\nC: \n' "$1" "$1"
  printf 'S: HTTP/1.1 200 OK\nS: \n'
}

# mail [CAPABILITY]...: a server that takes a message, after its greeting
mail() {
  local word
  printf 'C: EHLO *\nS: 250-mail.x.test\n'
  for word; do printf 'S: 250-%s\n' "$word"; done
  printf 'S: 250 SIZE\n'
  [ "${1:-}" != STARTTLS ] || return 0
  printf 'C: MAIL FROM:<me@x.test>*\nS: 250 ok\nC: RCPT TO:<bob@y.test>\nS: 250 ok\n'
  printf 'C: DATA\nS: 354 go\nC+ data\nM~ hi\nS: 250 queued as 17\nC: QUIT\nS: 221 bye\n'
}

# certificate NAME: cert.pem for this name or address, signed by itself
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
    -addext "subjectAltName=$1" -keyout key.pem -out cert.pem 2>openssl.log
}

@test "a message goes through an HTTP proxy, and -v and --json name it" {
  play < <(
    tunnel mail.x.test:25
    echo 'S: 220 mail.x.test'
    mail
  )
  send -v --json --proxy "http://127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 0
  assert_equal "$stderr" "smtpsend: accepted for 1 of 1 recipient (mail.x.test:25 through http://127.0.0.1:$port: 250 queued as 17)"
  assert_output --partial "\"host\":\"mail.x.test\",\"address\":null,\"port\":25,\"proxy\":\"http://127.0.0.1:$port\""
  followed
}

@test "the transcript says through which proxy it goes" {
  play < <(
    tunnel mail.x.test:25
    echo 'S: 220 mail.x.test'
    mail
  )
  send -vv --proxy "http://127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 0
  assert_equal "$(head -n 2 <<<"$stderr")" "-- connecting to mail.x.test port 25 by way of http://127.0.0.1:$port
-- connected by way of http://127.0.0.1:$port"
  followed
}

@test "without a proxy JSON has null for it" {
  serve
  send --json -S "127.0.0.1:$port"
  assert_output --partial '"proxy":null'
}

@test "a question goes through the proxy, too" {
  play < <(
    tunnel mail.x.test:25
    printf 'S: 220 mail.x.test\nC: EHLO *\nS: 250 mail.x.test\nC: VRFY bob\nS: 252 perhaps\nC: QUIT\nS: 221 bye\n'
  )
  run -0 smtpsend --proxy "http://127.0.0.1:$port" -S mail.x.test --vrfy bob
  assert_output '252 perhaps'
  followed
}

@test "STARTTLS through a proxy verifies the mail server's name, not the proxy's" {
  certificate DNS:mail.x.test
  play --cert cert.pem --key key.pem < <(
    tunnel mail.x.test:25
    echo 'S: 220 mail.x.test'
    mail STARTTLS
    printf 'C: STARTTLS\nS: 220 go\nS! tls\n'
    mail
  )
  send --proxy "http://127.0.0.1:$port" -S mail.x.test --tls starttls --tls-ca cert.pem
  assert_equal "$status" 0
  followed
  certificate IP:127.0.0.1
  play --cert cert.pem --key key.pem < <(
    tunnel mail.x.test:25
    echo 'S: 220 mail.x.test'
    mail STARTTLS
    printf 'C: STARTTLS\nS: 220 go\nS! tls\nC+ end\n'
  )
  send --proxy "http://127.0.0.1:$port" -S mail.x.test --tls starttls --tls-ca cert.pem
  assert_equal "$status" 77
  assert [ -n "$(grep -F mail.x.test <<<"$stderr")" ]
}

@test "TLS from the first byte goes through a proxy" {
  certificate DNS:mail.x.test
  play --cert cert.pem --key key.pem < <(
    tunnel mail.x.test:465
    printf 'S! tls\nS: 220 mail.x.test\n'
    mail
  )
  send --json --proxy "http://127.0.0.1:$port" -S smtps://mail.x.test --tls-ca cert.pem
  assert_equal "$status" 0
  assert_output --partial '"version":"TLS1.3"'
  followed
}

@test "an HTTPS proxy is verified by its own name and authorities, and leads to the server" {
  certificate IP:127.0.0.1
  {
    tunnel mail.x.test:25 | sed 's/^C: CONNECT/S! tls\n&/'
    echo 'S: 220 mail.x.test'
    mail
  } >https
  play --cert cert.pem --key key.pem <https
  send --proxy "https://127.0.0.1:$port" -S mail.x.test --proxy-ca cert.pem
  assert_equal "$stderr" ''
  assert_equal "$status" 0
  followed
  play --cert cert.pem --key key.pem <https
  send --proxy "https://127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 77
  assert [ -n "$(grep -F "mail.x.test:25: proxy https://127.0.0.1:$port: TLS with it failed" <<<"$stderr")" ]
  assert [ -n "$(grep -F 'hint: an authority' <<<"$stderr" | grep -F -- --proxy-ca)" ]
}

@test "an HTTPS proxy for which the certificate is not is refused" {
  certificate DNS:other.x.test
  play --cert cert.pem --key key.pem < <(printf 'name: x\n\nS! tls\nC+ end\n')
  send --proxy "https://localhost:$port" -S mail.x.test --proxy-ca cert.pem
  assert_equal "$status" 77
  # no authority helps
  refute [ -n "$(grep -F hint: <<<"$stderr")" ]
}

@test "an HTTPS proxy that speaks no TLS is told from one that nobody vouches for" {
  play < <(printf 'name: x\n\nS: HTTP/1.1 400 what?\nS! close\n')
  send --proxy "https://127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 77
  refute [ -n "$(grep -F -- --proxy-ca <<<"$stderr")" ]
  assert [ -n "$(grep -F 'hint: perhaps it speaks no TLS: its URL begins with http://' <<<"$stderr")" ]
}

@test "what ends in a megabyte goes through an HTTPS proxy as it is" {
  certificate IP:127.0.0.1
  head -c 700000 /dev/urandom >big
  play --cert cert.pem --key key.pem --message-file got < <(
  {
    tunnel mail.x.test:25 | sed 's/^C: CONNECT/S! tls\n&/'
    echo 'S: 220 mail.x.test'
    mail
  } | sed '/^M~/d'
  )
  send --proxy "https://127.0.0.1:$port" -S mail.x.test --proxy-ca cert.pem -a big,encoding=base64
  assert_equal "$status" 0
  followed
  tr -d '\r' <got | sed '1,/name=big/d' | sed '1,/^$/d' | sed '/^--/,$d' | openssl base64 -d >same
  cmp big same
}

@test "credentials do not go in clear to a server behind a proxy, on loopback neither" {
  local host
  for host in mail.x.test 127.0.0.1; do
    play < <(
      tunnel "$host:25"
      printf 'S: 220 x\nC: EHLO *\nS: 250-x\nS: 250 AUTH PLAIN LOGIN\nC? QUIT\nC+ end\n'
    )
    (umask 077 && echo hunter2 >pw)
    send --proxy "http://127.0.0.1:$port" -S "$host" -u me --password-file pw
    assert_equal "$status" 77
    followed
  done
}

@test "port 587 behind a proxy on loopback demands TLS" {
  play < <(
    tunnel 127.0.0.1:587
    printf 'S: 220 x\nC: EHLO *\nS: 250 x\nC? QUIT\nC+ end\n'
  )
  send --proxy "http://127.0.0.1:$port" -S 127.0.0.1:587
  assert_equal "$status" 77
  followed
}

@test "a proxy that says no is named with the server and what to do" {
  play <<'END'
name: it filters

C: CONNECT mail.x.test:25 HTTP/1.1
S: HTTP/1.1 403 Filtered
S:
END
  send --json --proxy "127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 69
  assert_equal "$(head -n 1 <<<"$stderr")" "smtpsend: mail.x.test:25: proxy http://127.0.0.1:$port: it answers 403 Filtered"
  assert_equal "$(tail -n 1 <<<"$stderr")" 'smtpsend: hint: many HTTP proxies lead to few ports only: whoever runs it may allow port 25'
  assert_output --partial "\"error\":\"mail.x.test:25: proxy http://127.0.0.1:$port: it answers 403 Filtered\""
  assert_output --partial "\"proxy\":\"http://127.0.0.1:$port\""
}

@test "the next server is tried when the proxy does not reach the first" {
  play < <(
    printf 'name: x\n\nC: CONNECT a.x.test:25 HTTP/1.1\nS: HTTP/1.1 502 no\nS: \n==\n'
    tunnel b.x.test:25 | sed 1,2d
    echo 'S: 220 b.x.test'
    mail
  )
  send -v --json --proxy "http://127.0.0.1:$port" -S a.x.test -S b.x.test
  assert_equal "$status" 0
  assert [ -n "$(grep -F "a.x.test:25: proxy http://127.0.0.1:$port: it answers 502 no" <<<"$stderr")" ]
  assert_output --partial '"host":"b.x.test"'
  followed
}

@test "a PROXY header has our own address and port at the proxy" {
  play < <(
    tunnel 192.0.2.7:25
    printf 'C: PROXY TCP4 127.0.0.1 192.0.2.7 * 25\nS: 220 x\n'
    mail
  )
  send -vv --proxy "http://127.0.0.1:$port" -S 192.0.2.7 --proxy-protocol v1
  assert_equal "$status" 0
  assert_regex "$stderr" 'PROXY TCP4 127\.0\.0\.1 192\.0\.2\.7 [1-9][0-9]* 25'
  followed
}

@test "of several servers only those that are hosts are reached by the proxy" {
  play < <(printf 'name: x\n\nC: CONNECT a.x.test:25 HTTP/1.1\nS: HTTP/1.1 502 no\nS: \n')
  send --proxy "http://127.0.0.1:$port" -S a.x.test -S 'exec:echo 554 none of it'
  assert_equal "$status" 69
  assert [ -n "$(grep -F '554 none of it' <<<"$stderr")" ]
  followed
}

@test "a proxy is passed through with a PROXY header and without TLS after it failed" {
  play < <(
    tunnel mail.x.test:25
    printf 'C: PROXY UNKNOWN\nS: 220 mail.x.test\n'
    mail STARTTLS
    printf 'C: STARTTLS\nS: 220 go\nC+ some\nS! close\n==\n'
    tunnel mail.x.test:25 | sed 1,2d
    printf 'C: PROXY UNKNOWN\nS: 220 mail.x.test\n'
    mail
  )
  send --proxy "http://127.0.0.1:$port" -S mail.x.test --proxy-protocol v1
  assert_equal "$status" 0
  followed
}

@test "what was known of the server stays known when the proxy does not lead there again" {
  play < <(
    tunnel mail.x.test:25
    cat <<'END'
S: 220 x
C: EHLO *
S: 250-x
S: 250 ENHANCEDSTATUSCODES
C: MAIL *
S: 250 2.1.0 ok
C: RCPT TO:<a@y.test>
S: 250 2.1.5 ok
C: RCPT TO:<bob@y.test>
S: 452 4.5.3 too many recipients
C: DATA
S: 354 go
C+ data
S: 250 2.0.0 queued as 7
C? QUIT
==
C: CONNECT *
S: HTTP/1.1 503 Overloaded
S: 
END
  )
  send --json --proxy "http://127.0.0.1:$port" -S mail.x.test a@y.test
  assert_equal "$status" 1
  assert_output --partial '"address":null,"port":25,'
}

@test "what a proxy says is made printable" {
  play < <(printf 'name: x\n\nC: CONNECT *\nS" HTTP/1.1 502 \\x1b[31mred\\r\\n\\r\\n"\n')
  send --json --proxy "127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 75
  assert [ -n "$(grep -F '502 \x1B[31mred' <<<"$stderr")" ]
  refute_output --partial $'\e'
}

@test "a proxy that wants credentials, or other ones, is status 77" {
  play < <(printf 'name: x\n\nC: CONNECT *\nS: HTTP/1.1 407 No\nS: Content-Length: 0\nS: \n')
  send --proxy "http://127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 77
  assert [ -n "$(grep -F 'it wants a user and a password' <<<"$stderr")" ]
  play < <(printf 'name: x\n\nC+ octets 4\nS" \\x05\\x02"\nC+ octets 13\nS" \\x01\\x01"\nC+ end\n')
  (umask 077 && echo hunter2 >pw)
  send --proxy "socks5h://joe@127.0.0.1:$port" --proxy-password-file pw -S mail.x.test
  assert_equal "$status" 77
  assert_equal "$stderr" "smtpsend: mail.x.test:25: proxy socks5h://127.0.0.1:$port: it refuses the user joe, or the password"
}

@test "a proxy that is not there is status 75 and named" {
  send --proxy socks5h://127.0.0.1:1 -S mail.x.test
  assert_equal "$status" 75
  assert_equal "$stderr" 'smtpsend: mail.x.test:25: proxy socks5h://127.0.0.1:1: 127.0.0.1:1: Connection refused'
  send --proxy socks5h://proxy.invalid -S mail.x.test
  assert_equal "$status" 68
  assert_equal "$stderr" 'smtpsend: mail.x.test:25: proxy socks5h://proxy.invalid:1080: proxy.invalid: no such host'
}

@test "a proxy that stalls, wherever it does, is not waited for beyond the time-out or the deadline" {
  local begin limit
  for begin in 'S! stall' 'C+ octets 3\nS" \\x05"\nS! stall' 'C+ octets 3\nS" \\x05\\x00"\nC+ octets 3\nS! stall' \
    'C+ octets 3\nS" \\x05\\x00"\nC+ octets 3\nS" \\x05\\x00\\x00"\nS! stall'; do
    # shellcheck disable=SC2059 # a format
    for limit in --timeout --deadline; do
      play < <(printf "name: x\n\n$begin\n")
      send --proxy "socks5h://127.0.0.1:$port" -S mail.x.test "$limit" 200ms
      assert_equal "$status" 75
      assert_regex "$stderr" "^smtpsend: mail\.x\.test:25: proxy socks5h://127\.0\.0\.1:$port: (no connection in time|the deadline has passed)\$"
    done
  done
}

@test "a server that stalls behind a proxy is not taken for the proxy" {
  play < <(tunnel mail.x.test:465; echo 'S! stall')
  send --proxy "http://127.0.0.1:$port" -S smtps://mail.x.test --timeout 200ms
  assert_equal "$status" 75
  assert_equal "$stderr" 'smtpsend: mail.x.test:465: no connection in time'
}

@test "a signal ends the wait for a proxy" {
  mkfifo met
  perl -MIO::Socket::INET -e '
    my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die;
    open my $met, ">", "met" or die;
    syswrite $met, $listener->sockport . "\n";
    my $client = $listener->accept or die;
    sysread $client, my $greeting, 3;
    syswrite $met, "waiting\n";
    1 while sysread $client, my $more, 100' 3>&- &
  client=$!
  exec 4<met
  read -r -t 20 port <&4
  "$SMTPSEND_BUILD/smtpsend" --proxy "socks5h://127.0.0.1:$port" -S mail.x.test -f me@x.test --body hi \
    bob@y.test 2>err 3>&- 4<&- &
  read -r -t 20 <&4
  exec 4<&-
  kill -TERM "$!"
  status=0
  wait "$!" || status=$?
  assert_equal "$status" 143
  wait "$client"
}

@test "what is no proxy is refused before anything is opened" {
  local url
  play <<<$'name: nobody\n\nS: 220 x'
  for url in "ftp://127.0.0.1:$port" "socks6://127.0.0.1:$port" "http://127.0.0.1:$port/x" \
    $'http://127.0.0.1:1\r\nX: y' 'http://me%0d%0a@127.0.0.1:1' 'http://127.0.0.1:x' 'socks4://me:pw@127.0.0.1' ' '; do
    send --proxy "$url" -S "127.0.0.1:$port"
    assert_equal "$url: $status" "$url: 64"
    refute [ -z "$stderr" ]
  done
  nobody_came
}

@test "--proxy with a server that is no host is refused" {
  local server
  for server in unix:/nowhere "exec:echo 220 x" fd:0; do
    send --proxy socks5h://127.0.0.1:1 -S "$server"
    assert_equal "$status" 64
    # What a command's words are is nobody's business.
    assert_equal "$stderr" "smtpsend: --proxy: of no use for ${server/echo*/echo ...}, which is no host"
  done
  send --proxy none -S "exec:echo 554 no"
  assert_equal "$status" 69
  SMTPSEND_PROXY=socks5h://127.0.0.1:1 send -S "exec:echo 554 no"
  assert_equal "$status" 69
}

@test "options for a proxy that would be ignored are refused" {
  (umask 077 && echo hunter2 >pw)
  send --proxy-password-file pw -S 127.0.0.1:1
  assert_equal "$status" 64
  send --proxy-ca pw -S 127.0.0.1:1
  assert_equal "$status" 64
  send --proxy socks5h://127.0.0.1:1 --proxy-password-file pw -S 127.0.0.1:1
  assert_equal "$status" 64
  assert [ -n "$(grep -F 'needs a user' <<<"$stderr")" ]
  send --proxy socks5h://me:x@127.0.0.1:1 --proxy-password-file pw -S 127.0.0.1:1
  assert_equal "$status" 64
  assert [ -n "$(grep -F 'has a password already' <<<"$stderr")" ]
  send --proxy socks4://me@127.0.0.1:1 --proxy-password-file pw -S 127.0.0.1:1
  assert_equal "$status" 64
  send --proxy socks5h://127.0.0.1:1 --proxy-ca pw -S 127.0.0.1:1
  assert_equal "$status" 64
  send --proxy https://127.0.0.1:1 --proxy-ca nowhere.pem -S 127.0.0.1:1
  assert_equal "$status" 66
  send --proxy socks4://127.0.0.1:1 -S '[2001:db8::1]'
  assert_equal "$status" 64
}

# proxy_of OPTION...: the proxy that would be used for mail.x.test, by its error
proxy_of() {
  run timeout 20 "$SMTPSEND_BUILD/smtpsend" -f me@x.test --body hi "$@" bob@y.test
  assert_equal "$status" 75
  grep -o 'proxy [^ ]*:1: ' <<<"$output" || echo none
}

@test "the proxy comes from the command line, a variable, a file, and from what all programs read, in that order" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  assert_equal "$(all_proxy=http://127.0.0.1:1 proxy_of -S mail.x.test)" 'proxy http://127.0.0.1:1: '
  assert_equal "$(ALL_PROXY=http://127.0.0.1:1 proxy_of -S mail.x.test)" 'proxy http://127.0.0.1:1: '
  export all_proxy=http://127.0.0.1:1 smtp_proxy=http://127.0.0.2:1
  assert_equal "$(proxy_of -S mail.x.test)" 'proxy http://127.0.0.2:1: '
  echo 'proxy = http://127.0.0.3:1' >"$XDG_CONFIG_HOME/smtpsend/config"
  assert_equal "$(proxy_of -S mail.x.test)" 'proxy http://127.0.0.3:1: '
  assert_equal "$(SMTPSEND_PROXY=http://127.0.0.4:1 proxy_of -S mail.x.test)" 'proxy http://127.0.0.4:1: '
  assert_equal "$(SMTPSEND_PROXY=http://127.0.0.4:1 proxy_of --proxy http://127.0.0.5:1 -S mail.x.test)" \
    'proxy http://127.0.0.5:1: '
}

@test "--proxy none, or empty, is no proxy, whatever is configured" {
  export all_proxy=http://127.0.0.1:1
  assert_equal "$(proxy_of --proxy none -S 192.0.2.1:1 --timeout 50ms)" none
  assert_equal "$(proxy_of --proxy '' -S 192.0.2.1:1 --timeout 50ms)" none
  assert_equal "$(proxy_of --proxy= -S 192.0.2.1:1 --timeout 50ms)" none
  assert_equal "$(SMTPSEND_PROXY=none proxy_of -S 192.0.2.1:1 --timeout 50ms)" none
}

@test "a configured proxy is not used for loopback, one on the command line is" {
  local host
  for host in localhost 127.0.0.1:1 '[::1]:1' x.localhost:1; do
    assert_equal "$host: $(all_proxy=http://127.0.0.1:1 proxy_of -S "$host" -4 --timeout 1s | tr -d '\n')" "$host: none"
  done
  assert_equal "$(proxy_of --proxy http://127.0.0.1:1 -S 127.0.0.1:1)" 'proxy http://127.0.0.1:1: '
}

@test "hosts of no_proxy are reached without it, unless the command line says otherwise" {
  export smtp_proxy=http://127.0.0.1:1 no_proxy=192.0.2.0/24
  assert_equal "$(proxy_of -S 192.0.2.1:1 --timeout 50ms)" none
  assert_equal "$(proxy_of -S 198.51.100.1:1)" 'proxy http://127.0.0.1:1: '
  assert_equal "$(proxy_of --no-proxy '' -S 192.0.2.1:1)" 'proxy http://127.0.0.1:1: '
  assert_equal "$(proxy_of --no-proxy 198.51.100.0/24 -S 198.51.100.1:1 --timeout 50ms)" none
  assert_equal "$(proxy_of --proxy http://127.0.0.2:1 -S 192.0.2.1:1)" 'proxy http://127.0.0.2:1: '
  assert_equal "$(proxy_of --proxy http://127.0.0.2:1 --no-proxy '*' -S 192.0.2.1:1 --timeout 50ms)" none
}

@test "a wrong proxy in a variable or a file is status 78 and says where it stands" {
  all_proxy=ftp://x.test run -78 smtpsend -S mail.x.test -f me@x.test --body hi bob@y.test
  assert_line "smtpsend: all_proxy: proxy 'ftp:********': unknown scheme ftp"
  SMTPSEND_PROXY=http://x.test:y run -78 smtpsend -S mail.x.test -f me@x.test --body hi bob@y.test
  assert_output --partial 'SMTPSEND_PROXY: proxy'
}

@test "the proxy's password is shown nowhere, and warned about where others can see it" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  run -0 smtpsend --proxy http://me:hunter2@p.x.test --show-settings
  assert_line --partial 'proxy = http://me:********@p.x.test'
  refute_output --partial hunter2
  {
    tunnel mail.x.test:25 | sed 's/^C: Proxy-Conn/C= Proxy-Authorization: Basic bWU6aHVudGVyMg==\n&/'
    echo 'S: 220 mail.x.test'
    mail
  } >dialogue.in
  play <dialogue.in
  send -vv --json --transcript log --proxy "http://me:hunter2@127.0.0.1:$port" -S mail.x.test
  assert_equal "$status" 0
  followed
  assert [ -n "$(grep -F "warning: the password in the proxy's URL can be seen by others" <<<"$stderr")" ]
  run -1 grep -E 'hunter2|bWU6' log - <<<"$output$stderr"
  send --proxy http://me:hunter2@127.0.0.1:1 -S mail.x.test
  assert_equal "$status" 75
  refute [ -n "$(grep hunter2 <<<"$stderr")" ]
  send --proxy http://me:hunter2@127.0.0.1:99999 -S mail.x.test
  assert_equal "$status" 64
  refute [ -n "$(grep hunter2 <<<"$stderr")" ]
  echo 'proxy = http://me:hunter2@127.0.0.1:1' >"$XDG_CONFIG_HOME/smtpsend/config"
  chmod 644 "$XDG_CONFIG_HOME/smtpsend/config"
  send -S mail.x.test
  assert_equal "$status" 78
  assert [ -n "$(grep -F 'chmod 600' <<<"$stderr")" ]
  refute [ -n "$(grep hunter2 <<<"$stderr")" ]
}

@test "the proxy's password comes from a file or a command, and is asked for with them" {
  {
    tunnel mail.x.test:25 | sed 's/^C: Proxy-Conn/C= Proxy-Authorization: Basic bWU6aHVudGVyMg==\n&/'
    echo 'S: 220 mail.x.test'
    mail
  } >dialogue.in
  (umask 077 && echo hunter2 >pw)
  play <dialogue.in
  send --proxy "http://me@127.0.0.1:$port" --proxy-password-file pw -S mail.x.test
  assert_equal "$stderr" ''
  assert_equal "$status" 0
  followed
  play <dialogue.in
  SMTPSEND_PROXY=http://me@127.0.0.1:$port send --proxy-password-command 'echo hunter2' -S mail.x.test
  assert_equal "$stderr" ''
  assert_equal "$status" 0
  followed
  chmod 644 pw
  send --proxy http://me@127.0.0.1:1 --proxy-password-file pw -S mail.x.test
  assert_equal "$status" 78
  assert [ -n "$(grep -F 'proxy http://127.0.0.1:1: password file pw: others have access' <<<"$stderr")" ]
  run -78 setsid -w "$SMTPSEND_BUILD/smtpsend" -f me@x.test --body hi --proxy http://me@127.0.0.1:1 -S mail.x.test bob@y.test
  assert_line --partial 'hint: use --proxy-password-file=FILE or --proxy-password-command=COMMAND'
}

@test "programs that we start do not get the proxy's password, but variables that are theirs" {
  SMTPSEND_PROXY=http://me:hunter2@x.test all_proxy=http://me:hunter3@x.test \
    send -S 'exec:env >environment; echo 554 no'
  assert_equal "$status" 69
  run -0 grep -E '^(SMTPSEND_PROXY|all_proxy)=' environment
  assert_output --partial 'SMTPSEND_PROXY=http://me:*******@x.test'
  assert_output --partial 'all_proxy=http://me:hunter3@x.test'
}

@test "--dry-run judges the proxy, and opens nothing" {
  run -64 smtpsend -n -f me@x.test --body hi --proxy ftp://x.test bob@y.test -S mail.x.test
  run -0 smtpsend -n -f me@x.test --body hi --proxy socks5h://me@127.0.0.1:1 bob@y.test -S mail.x.test
}
