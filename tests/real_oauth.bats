#!/usr/bin/env bats
# Signing in for good: oidc-provider says who one is, in the browser or for a device,
# Dovecot asks it about each token, and what it takes, Exim delivers.
# shellcheck source-path=SCRIPTDIR

load real_common

setup_file() {
  local reason
  if reason=$(real_available_oidc); then
    start resource
  else
    echo "$reason" >"$BATS_FILE_TMPDIR/reason"
  fi
}

# account CLIENT [LINE]...: alice's, in the configuration; CLIENT "": none
account() {
  local id=()
  [ -z "$1" ] || id=("oauth-client-id = $1")
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '%s\n' "[account work]" 'from = alice@example.test' 'user = alice@example.test' \
    "server = submission://localhost:$RESOURCE_SMTP" "tls-ca = $REAL_CA" "oauth = https://localhost:$OIDC_HTTPS" \
    "oauth-ca = $REAL_CA" 'oauth-scope = openid offline_access smtp' "${id[@]}" "${@:2}" \
    >"$XDG_CONFIG_HOME/smtpsend/config"
}

# signs_in [HOW]: alice, by smtpsend --login
signs_in() {
  export PERSON=alice@example.test PERSON_CA=$REAL_CA BROWSER=$REAL_HOME/person
  run -0 smtpsend --login="${1:-browser}" -A work </dev/null
}

# delivered COUNT OPTION...: a message goes out so, and bob's newest, the COUNT-th, is it
delivered() {
  cat >message <<END
From: Alice <alice@example.test>
To: bob@example.test
Subject: Number $1
Date: Sun, 29 Nov 2026 10:00:00 +0000
Message-ID: <$1@example.test>

Grüße, by $*
.dots
END
  run -0 smtpsend -A work "${@:2}" -m message bob@example.test
  assert_output ''
  arrived exim bob "$1" >came
  run -0 diff message came
}

# told EVENT: how often oidc-provider tells of it
told() { grep -c "^$1" "$REAL_DIR/oidc/start.log" || true; }

# introspected TOKEN: what oidc-provider says of it to a server of mail
introspected() {
  /usr/bin/python3 -B -I -c 'import json, ssl, sys, urllib.parse, urllib.request
url, ca, token = sys.argv[1:]
form = urllib.parse.urlencode({"token": token, "client_id": "resource", "client_secret": "mail"}).encode()
with urllib.request.urlopen(url + "/token/introspection", form, 20, context=ssl.create_default_context(cafile=ca)) as answer:
    print(json.dumps(json.load(answer)["active"]))' "https://localhost:$OIDC_HTTPS" "$REAL_CA" "$1"
}

@test "who signs in in a browser sends with either mechanism, and nothing is asked again" {
  local issued
  account smtpsend
  signs_in browser
  issued=$(told access_token.issued)
  delivered 1 --auth XOAUTH2
  delivered 2 --auth OAUTHBEARER
  delivered 3
  assert_equal "$(told access_token.issued)" "$issued"
  run -0 grep -c 'Login: user=<alice@example.test>, method=\(XOAUTH2\|OAUTHBEARER\), .*TLS' "$REAL_DIR/resource/log"
  assert_output 3
}

@test "who signs in for a device without a browser sends as well" {
  account smtpsend
  # The address and the code are printed; somebody types it elsewhere.
  mkfifo told
  PERSON=alice@example.test PERSON_CA=$REAL_CA bash -c '
    while read -r line; do
      echo "$line"
      url=$(grep -o "https://[^ ]*user_code=[^ ]*" <<<"$line") || continue
      "$1" "$url" >page || exit
    done' person "$REAL_HOME/person" <told >said &
  smtpsend --login=device --deadline 30 -A work </dev/null >told 2>&1
  wait "$!"
  grep -q 'sign-in was successful' page
  delivered 1
}

@test "a token that is over is renewed by itself, and each refresh token is used once" {
  local token
  account brief
  signs_in
  run -0 smtpsend --print-token -A work
  token=$output
  until [ "$(introspected "$token")" = false ]; do :; done
  delivered 1
  assert_equal "$(told refresh_token.consumed)" 1
  # The next one is renewed with what came then.
  sed -i 's/"obtained": [0-9]*/"obtained": 1000/' "$HOME/.local/state/smtpsend/tokens/work.json"
  delivered 2
  assert_equal "$(told refresh_token.consumed)" 2
  run -0 smtpsend --print-token -A work
  refute_output "$token"
  assert_equal "$(told grant.error)" 0
}

@test "--logout ends the sign-in at the server, and the token is good for nothing" {
  local token
  account smtpsend
  signs_in
  run -0 smtpsend --print-token -A work
  token=$output
  assert_equal "$(introspected "$token")" true
  run -0 smtpsend --logout -A work
  assert_equal "$(introspected "$token")" false
  run -77 smtpsend -A work bob@example.test <<<text
  assert_output --partial 'hint: smtpsend --login -A work'
  # nor does Dovecot take it from who has kept it
  secret token "$token"
  sed -i '/^oauth/d' "$XDG_CONFIG_HOME/smtpsend/config"
  run -77 smtpsend -A work --token-file token bob@example.test <<<text
  nothing_arrived exim
}

@test "where no client is named, one is registered, once" {
  account ''
  signs_in
  delivered 1
  signs_in
  delivered 2
  assert_equal "$(told registration_create.success)" 1
}

@test "a person at another address is who the server says, not who the account says" {
  account smtpsend
  export PERSON=bob@example.test PERSON_CA=$REAL_CA BROWSER=$REAL_HOME/person
  run -0 smtpsend --login -A work </dev/null
  run -77 smtpsend -A work bob@example.test <<<text
  nothing_arrived exim
}
