#!/usr/bin/env bats
# Signing in by OAuth when something is wrong: what the person is told, the status, and
# what is kept.  The authorisation server fails as each test says.
# port, issuer, stderr and the like come from authserver.bash and bats:
# shellcheck disable=SC2154

load authserver

setup() {
  authserver
  unset SMTPSEND_OAUTH SMTPSEND_OAUTH_CA XDG_STATE_HOME
  export SMTPSEND_TIMEOUT=5s
  store=$HOME/.local/state/smtpsend/tokens/work.json
  account 'oauth-client-id = app'
}

# account LINE...: the account "work", with these
account() {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf '%s\n' '[account work]' 'from = alice@example.test' 'user = alice@example.test' \
    "oauth = $issuer" "oauth-ca = $AUTHSERVER/ca.pem" 'oauth-scope = smtp' \
    "${SERVER:-server = 127.0.0.1:1}" "$@" >"$XDG_CONFIG_HOME/smtpsend/config"
}

login() { smtpsend --login=browser -A work --deadline 20 "$@" </dev/null; }

# kept: somebody is signed in
kept() { grep -q '"access_token"' "$store"; }

# fails STATUS TEXT FAULT: nobody is signed in with this fault, the person is told so
# in a line with TEXT, and nothing is kept
fails() {
  fault "$3"
  run login
  [ "$status" = "$1" ] || fail "$3: status $status and not $1: $output"
  [[ "$output" = *$'\nsmtpsend: '*"$2"* || "$output" = 'smtpsend: '*"$2"* ]] || fail "$3: not '$2': $output"
  [ ! -e "$store" ] || ! kept || fail "$3: kept: $(<"$store")"
}

# --- what the browser brings ---------------------------------------------------------

@test "an answer that is another server's, or does not say whose it is, is none" {
  fails 77 "the answer is of another server, https://evil.test, not of $issuer" 'redirect.iss="https://evil.test"'
  fails 77 "the answer does not say which server it is of, as $issuer promises" 'redirect.iss='
  # its code is shown to nobody
  asked_times 0 code
}

@test "a server that has not promised to say who it is need not" {
  fault 'metadata.authorization_response_iss_parameter_supported=' 'redirect.iss='
  run -0 login
  kept
}

@test "an answer to another sign-in is refused, and the right one is waited for" {
  fault browser=stale,follow
  run -0 login
  assert_output --partial 'the answer is to another sign-in (its state is not ours)'
  assert_equal "$(visits)" 'stale 400,follow 200'
  asked_times 1 code
  rm "$store"
  fault 'redirect.state='
  run -75 login --deadline 1
  assert_output --partial 'that is no answer to a sign-in (it has no state)'
  assert_output --partial 'nobody has signed in within the deadline'
  [ ! -e "$store" ]
}

@test "what the server says no with in the browser is told, in both places" {
  fails 77 'access_denied (The user said no)' 'auth=error:access_denied:The user said no'
  grep -q 'You are not signed in' "$AUTHSERVER/page"
  fails 77 'interaction_required (Please sign in)' 'auth=error:interaction_required:Please sign in'
  fails 77 'consent_required' auth=error:consent_required
  fails 77 'invalid_scope' auth=error:invalid_scope
  fails 75 'temporarily_unavailable' auth=error:temporarily_unavailable
  fails 75 'server_error (Try later)' 'auth=error:server_error:Try later'
  asked_times 0 code
}

@test "a description is one printable line" {
  fails 77 $'access_denied (No\\x1B[2J)' $'auth=error:access_denied:No\e[2J'
  fails 77 'access_denied (One line)' 'redirect.error="access_denied"
redirect.error_description="One line\nsmtpsend: another"
auth=error:x'
  refute_line --partial 'another'
}

@test "a code that is none is not shown to the server" {
  fails 76 "the code in the server's answer is none" 'redirect.code=["a","b"]'
  fails 76 "the code in the server's answer is none" 'redirect.code="a\nb"'
  fails 76 "the code in the server's answer is none" 'redirect.code=""'
  asked_times 0 code
}

@test "whatever else calls does not end the wait, and gets no page of ours" {
  fault browser=favicon,foreign,post,huge,junk,half,half,follow,follow
  run -0 login
  kept
  assert_equal "$(visits)" \
    'favicon 404,foreign 421,post 405,huge 431,junk 400,half -,half -,follow 200,follow -'
  asked_times 1 code
}

@test "a browser that goes at once has signed in all the same" {
  fault browser=no-answer
  run -0 login
  kept
}

@test "nobody who comes is waited for until the deadline" {
  fault browser=copy
  run -75 login --deadline 500ms
  assert_output --partial 'nobody has signed in within the deadline'
  [ ! -e "$store" ]
}

# --- what the token endpoint says ----------------------------------------------------

@test "what is no answer of a token endpoint is called that" {
  local fault
  for fault in html utf8 empty nul deep list; do
    fails 76 'localhost: its answer is no object of JSON' "code=$fault"
  done
  fails 76 'localhost: the answer is longer than any is' code=huge
  fails 76 'localhost: transfer closed' code=cut
  fails 76 'localhost: HTTP status 404, and no error of OAuth' code=404
  fails 76 'localhost: there is no access token in its answer' code.access_token=
  fails 76 'localhost: there is no access token in its answer' 'code.access_token="a\r\nb"'
  fails 76 'localhost: there is no access token in its answer' 'code.access_token=5'
  fails 76 'localhost: its token is not of the type Bearer' 'code.token_type="mac"'
  fails 76 'localhost: its token is not of the type Bearer' code.token_type=
}

@test "no token endpoint sends us elsewhere" {
  fails 76 'localhost: HTTP status 307: it sends us elsewhere, which a token endpoint must not' code=redirect
  asked_times 1 code
}

@test "a token endpoint that is down is one to try later" {
  fails 75 'localhost: HTTP status 503, and no error of OAuth' code=503:70
  fails 75 'localhost: HTTP status 429, and no error of OAuth' code=429
  fails 75 'localhost: temporarily_unavailable' code=error:temporarily_unavailable
  fails 75 'localhost: ' code=drop
  fails 75 'localhost: ' code=lost
  export SMTPSEND_TIMEOUT=300ms
  fails 75 'localhost: ' code=hang
}

@test "the token endpoint's no is told, and what the server knows of us" {
  fails 77 'localhost: invalid_grant (The code is over)' 'code=error:invalid_grant:The code is over'
  fails 77 'localhost: unauthorized_client' code=error:unauthorized_client
  account 'oauth-client-id = unknown'
  fails 77 'localhost: invalid_client (The OAuth client was not found.)' x=
  account 'oauth-client-id = secret-app'
  fails 77 'localhost: invalid_client (The provided client secret is invalid.)' x=
  (umask 077 && echo hush >hush)
  account 'oauth-client-id = secret-app' "oauth-client-secret-file = $PWD/hush"
  fault
  run -0 login
  refute_output --partial hush
  kept
}

@test "a lifetime that is odd costs no sign-in" {
  local fault
  for fault in 'code.expires_in=' 'code.expires_in="soon"' 'code.expires_in="3600"' code.expires_in=0 \
    code.expires_in=-1 code.expires_in=3599.9 'code.token_type="bEARER"' code.scope=7; do
    fault "$fault"
    run -0 login
    kept
    rm "$store"
  done
}

@test "who gets no refresh token is told so" {
  fault code.refresh_token=
  run -0 login
  assert_output --partial 'no refresh token came'
  kept
}

@test "the code is proved by a verifier that only we know, whether or not it is looked at" {
  fault pkce=unchecked
  run -0 login
  run -0 asked code
  [[ $output =~ code_verifier=([A-Za-z0-9._~-]{43,128})(&|$) ]]
  verifier=${BASH_REMATCH[1]}
  run -0 asked auth
  [[ $output =~ code_challenge=([A-Za-z0-9_-]{43})(&|$) ]]
  assert_equal "${BASH_REMATCH[1]}" \
    "$(printf %s "$verifier" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)"
  assert_output --partial 'code_challenge_method=S256'
  refute_output --partial "$verifier"
}

# --- what the server says of itself --------------------------------------------------

@test "metadata that are not what they must be end it before a browser is opened" {
  local none='it publishes no metadata of OAuth (RFC 8414) or OpenID Connect there' fault
  for fault in html utf8 empty list 404 redirect; do
    fails 78 "$issuer: $none" "metadata=$fault"
  done
  fails 78 "$issuer: its metadata are those of another issuer" 'metadata.issuer="https://evil.test"'
  fails 78 "$issuer: its metadata are those of another issuer" metadata.issuer=
  fails 78 "$issuer: its token_endpoint is no URL of HTTPS" 'metadata.token_endpoint="http://evil.test/token"'
  fails 78 "$issuer: its token_endpoint is no URL of HTTPS" 'metadata.token_endpoint="https://a:b@evil.test/token"'
  fails 78 "$issuer: its authorization_endpoint is no URL of HTTPS" 'metadata.authorization_endpoint="file:///x"'
  fails 78 "$issuer: its revocation_endpoint is no URL of HTTPS" 'metadata.revocation_endpoint="http://evil.test/"'
  fails 78 "$issuer: it names no token endpoint" metadata.token_endpoint=
  fails 78 'the server says nowhere where a browser signs in' metadata.authorization_endpoint=
  fails 78 "$issuer: it knows no PKCE with S256" 'metadata.code_challenge_methods_supported=["plain"]'
  fails 76 'localhost: the answer is longer than any is' metadata=huge
  fails 75 'HTTP status 503' metadata=503
  fails 75 'localhost: ' metadata=drop
  asked_times 0 auth
}

@test "metadata are found in either place" {
  fault rfc8414=404
  run -0 login
  kept
  rm "$store"
  fault openid=404
  run -0 login
  kept
}

@test "a certificate that is not the server's ends it before anything is said" {
  authserver bad
  unset SMTPSEND_OAUTH SMTPSEND_OAUTH_CA
  account 'oauth-client-id = app'
  fails 77 'localhost: ' x=
  authserver
  unset SMTPSEND_OAUTH SMTPSEND_OAUTH_CA
  AUTHSERVER=$PWD/none account 'oauth-client-id = app'
  sed -i '/^oauth-ca/d' "$XDG_CONFIG_HOME/smtpsend/config"
  fails 77 'localhost: ' x=
  asked_times 0 rfc8414
}

@test "an issuer that is not asked by HTTPS is refused unless it is here" {
  account 'oauth-client-id = app' 'oauth = http://id.example.test'
  fails 78 "oauth: 'http://id.example.test' is no URL of HTTPS" x=
}

# --- who we are to it ----------------------------------------------------------------

@test "where no app is named, one is registered once, even if nobody signs in with it" {
  account
  fails 77 access_denied auth=error:access_denied
  fault
  run -0 login
  run -0 login
  asked_times 1 register
  run -0 asked register
  assert_output --partial '"token_endpoint_auth_method":"none"'
  run -0 asked code
  assert_output --partial client_id=dyn-1
}

@test "a server that registers nobody leaves one to make an app, and says how" {
  local fault
  account
  for fault in 'register=error:access_denied:No.' register=403 register=html register.client_id= \
    'register.client_id=""' 'register.client_id="a\r\nb"'; do
    fails 78 'the server does not register us: ' "$fault"
    assert_line 'smtpsend: hint: then write its id to the account: oauth-client-id = ID'
  done
  fails 78 'the server lets nobody register one' metadata.registration_endpoint=
  assert_line 'smtpsend: hint: then write its id to the account: oauth-client-id = ID'
  fails 75 "the server does not register us: $issuer/register: HTTP status 503" register=503
  refute_line --partial 'hint: make an app'
  fails 78 "$issuer/register: \\x1B[2Jx" 'register=raw:{"error":"\u001b[2Jx"}'
  fails 78 "$issuer/register: access_denied (No.)" 'register=error:access_denied:No.'
  asked_times 0 auth
}

# --- what comes when a token is renewed -----------------------------------------------

# member NAME: what the file has of it
member() { /usr/bin/python3 -I -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2]))' "$store" "$1"; }

# stays STATUS TEXT FAULT: a token at its end is not renewed with this fault, the person
# is told so in a line with TEXT, and what is kept is as good as before
stays() {
  sed -i 's/"obtained": [0-9]*/"obtained": 1000/' "$store"
  fault "$3"
  run smtpsend --print-token -A work
  [ "$status" = "$1" ] || fail "$3: status $status and not $1: $output"
  [[ "$output" = *"$2"* ]] || fail "$3: not '$2': $output"
  assert_equal "$(member access_token) $(member refresh_token) $(member signed_out)" "$kept None"
}

@test "whatever comes in place of a new token, the old sign-in is kept" {
  local kept fault
  run -0 login
  kept="$(member access_token) $(member refresh_token)"
  for fault in html utf8 empty nul deep list; do
    stays 76 'localhost: its answer is no object of JSON' "refresh=$fault"
  done
  stays 76 'localhost: the answer is longer than any is' refresh=huge
  stays 76 'which a token endpoint must not' refresh=redirect
  stays 76 'localhost: there is no access token in its answer' 'refresh=raw:{"token_type":"Bearer"}'
  stays 76 'its token is not of the type Bearer' 'refresh=raw:{"access_token":"a","token_type":"mac"}'
  stays 75 'HTTP status 503' refresh=503
  stays 75 'HTTP status 429' refresh=429:86400
  stays 75 'temporarily_unavailable' refresh=error:temporarily_unavailable
  stays 75 'localhost: ' refresh=drop
  stays 77 'invalid_client' refresh=error:invalid_client
  stays 77 'interaction_required (MFA)' refresh=error:interaction_required:MFA
  assert_line --partial 'smtpsend: hint: '
  fault '1*refresh=503:1'
  run -0 smtpsend --print-token -A work
  assert_equal "$output" "$(member access_token)"
  [[ "$output" = at-2-* ]]
}

@test "an answer that is lost with the new refresh token ends the sign-in, and that is told" {
  run -0 login
  sed -i 's/"obtained": [0-9]*/"obtained": 1000/' "$store"
  fault '1*refresh=lost'
  run -75 smtpsend --print-token -A work
  # The server takes this for a thief's (RFC 9700 4.14.2).
  run -77 smtpsend --print-token -A work
  assert_output --partial 'an earlier request to renew the token was not answered'
  assert_output --partial 'invalid_grant (the refresh token was used before)'
  assert_line --partial 'smtpsend: hint: '
  assert_equal "$(member signed_out)" True
  fault
  run -0 login
  assert_equal "$(member signed_out)" None
}

@test "a server that gives no new refresh token, or does not end the old one, is used so" {
  local way first
  for way in none lenient; do
    rm -f "$store"
    fault "rotation=$way"
    run -0 login
    first=$(member refresh_token)
    for _ in 1 2; do
      sed -i 's/"obtained": [0-9]*/"obtained": 1000/' "$store"
      run -0 smtpsend --print-token -A work
      assert_equal "$output" "$(member access_token)"
    done
    if [ "$way" = none ]; then assert_equal "$(member refresh_token)" "$first"; fi
  done
  asked_times 4 refresh
}
