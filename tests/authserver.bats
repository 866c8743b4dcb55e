#!/usr/bin/env bats
# The authorisation server that tests of OAuth use: is it as strict, and as wrong, as
# tests/servers/authserver says?  What asks here shares no code with the program.
# shellcheck disable=SC2154

load authserver

# asks [LINE]...: Python that has ask(endpoint, field=value…) -> (status, answer), and
# verifier and challenge, which belong together
asks() {
  /usr/bin/python3 -B -I -c 'import base64, hashlib, http.client, json, ssl, sys, urllib.parse

issuer = urllib.parse.urlsplit(sys.argv[1])
verifier = "v" * 43
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
home = "http://127.0.0.1:1/"

def ask(endpoint, fields=None, **more):
    connection = http.client.HTTPConnection(issuer.hostname, issuer.port, timeout=20)
    fields = dict(fields or {}, **more)
    if endpoint == "register":
        connection.request("POST", "/register", json.dumps(fields))
    elif endpoint == "auth" or endpoint.startswith(".well-known"):
        connection.request("GET", "/" + endpoint + "?" + urllib.parse.urlencode(fields))
    else:
        connection.request("POST", "/" + endpoint, urllib.parse.urlencode(fields))
    answer = connection.getresponse()
    if answer.status == 302:
        query = urllib.parse.urlsplit(answer.getheader("Location")).query
        return answer.status, dict(urllib.parse.parse_qsl(query))
    return answer.status, json.loads(answer.read())

def code(**more):
    right = dict(response_type="code", client_id="x", redirect_uri=home, scope="smtp", state="s" * 22,
        code_challenge=challenge, code_challenge_method="S256")
    return ask("auth", right, **more)[1]

def token(code, **more):
    right = dict(grant_type="authorization_code", client_id="x", redirect_uri=home, code=code, code_verifier=verifier)
    return ask("token", right, **more)

def refresh(token, client="x"):
    return ask("token", grant_type="refresh_token", client_id=client, refresh_token=token)

def why(answer):
    return answer[0], answer[1].get("error")

'"$(cat)" "$issuer"
}

setup() { authserver http; }

@test "a code is for who asked for it, once, and with its verifier" {
  run -0 asks <<'END'
assert code()["state"] == "s" * 22 and code()["iss"] == sys.argv[1]
assert why(token(code()["code"], code_verifier="w" * 43)) == (400, "invalid_grant")
assert why(token(code()["code"], client_id="y")) == (400, "invalid_grant")
assert why(token(code()["code"], redirect_uri="http://127.0.0.1:2/")) == (400, "invalid_grant")
one = code()["code"]
status, answer = token(one)
assert (status, answer["token_type"], answer["scope"]) == (200, "Bearer", "smtp"), answer
assert why(token(one)) == (400, "invalid_grant")
END
  assert_output ''
  asked_times 6 auth
  asked_times 5 code
}

@test "what comes without PKCE, state, a loopback redirect or a known client is refused" {
  run -0 asks <<'END'
for wrong in (dict(code_challenge="x"), dict(code_challenge_method="plain"), dict(state="short"),
              dict(redirect_uri="https://x.test/"), dict(redirect_uri="http://127.0.0.1/"),
              dict(response_type="token")):
    assert code(**wrong)["error"] == "invalid_request", wrong
assert why(token(code()["code"], client_id="unknown")) == (401, "invalid_client")
assert why(token(code(client_id="secret1")["code"], client_id="secret1")) == (401, "invalid_client")
assert token(code(client_id="secret1")["code"], client_id="secret1", client_secret="hush")[0] == 200
assert why(ask("token", client_id="x", grant_type="password")) == (400, "unsupported_grant_type")
END
  assert_output ''
}

@test "who comes with a refresh token that was replaced ends the whole sign-in" {
  run -0 asks <<'END'
first = token(code()["code"])[1]
second = refresh(first["refresh_token"])[1]
assert second["refresh_token"] != first["refresh_token"]
assert ask("introspect", token=second["access_token"])[1]["username"] == "alice@example.test"
assert why(refresh(second["refresh_token"], "y")) == (400, "invalid_grant")
assert why(refresh(first["refresh_token"])) == (400, "invalid_grant")
assert why(refresh(second["refresh_token"])) == (400, "invalid_grant")
assert ask("introspect", token=second["access_token"])[1] == {"active": False}
END
  assert_output ''
}

@test "a sign-in that is revoked is over, and others are not" {
  run -0 asks <<'END'
first, other = token(code()["code"])[1], token(code()["code"])[1]
assert ask("revoke", client_id="x", token=first["refresh_token"])[0] == 200
assert why(refresh(first["refresh_token"])) == (400, "invalid_grant")
assert ask("introspect", token=first["access_token"])[1] == {"active": False}
assert refresh(other["refresh_token"])[0] == 200
END
  assert_output ''
}

@test "a device that asks too often is told to slow down" {
  fault pending=1
  run -0 asks <<'END'
device = ask("device", client_id="x", scope="smtp")[1]
poll = dict(client_id="x", device_code=device["device_code"],
            grant_type="urn:ietf:params:oauth:grant-type:device_code")
assert why(ask("token", poll)) == (400, "authorization_pending")
assert why(ask("token", poll)) == (400, "slow_down")
assert why(ask("token", poll, device_code="d-x")) == (400, "invalid_grant")
END
  assert_output ''
}

@test "it fails as it is told, and as often" {
  fault '2*refresh=503:7' 'code.expires_in="soon"' code.refresh_token= '1*redirect.iss=' \
    'metadata.issuer="https://evil.test"' 'register=error:access_denied:No.' '1*rfc8414=raw:[1]'
  run -0 asks <<'END'
assert ask(".well-known/oauth-authorization-server") == (200, [1])
assert ask(".well-known/oauth-authorization-server")[1]["issuer"] == "https://evil.test"
assert "iss" not in code() and "iss" in code()
answer = token(code()["code"])[1]
assert answer["expires_in"] == "soon" and "refresh_token" not in answer
for status in (503, 503):
    try:
        refresh("rt-0")
    except json.JSONDecodeError:
        continue
    sys.exit("it had an answer")
assert why(refresh("rt-0")) == (400, "invalid_grant")
assert ask("register", redirect_uris=[home]) == (400, {"error": "access_denied", "error_description": "No."})
END
  assert_output ''
  run -0 asked refresh
  assert_line --index 0 --partial 'refresh 503 - '
  assert_line --index 2 --partial 'refresh 400 invalid_grant '
}

@test "what is asked for is done before its answer is lost, and not when it is dropped" {
  fault '1*refresh=drop' '1*refresh=lost'
  run -0 asks <<'END'
first = token(code()["code"])[1]
for _ in range(2):
    try:
        refresh(first["refresh_token"])
    except (http.client.RemoteDisconnected, ConnectionResetError):
        continue
    sys.exit("it had an answer")
assert why(refresh(first["refresh_token"])) == (400, "invalid_grant")
END
  assert_output ''
  asked_times 3 refresh
}
