#!/usr/bin/env bats
# What an authorisation server's error means at its provider, told by the table.
# shellcheck disable=SC2154

load authserver

setup() {
  config=$XDG_CONFIG_HOME/smtpsend
  mkdir -p "$config"
  authserver http
  unset SMTPSEND_OAUTH
}

# provider ID PATH: an account at that provider, whose servers are here
provider() {
  local at=$issuer/$2
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' id server auth_url token_url device_url scope flow \
    "$1" mx.x.test "$at/auth" "$at/token" "$at/device" mail device >"$config/providers.tsv"
  printf '%s\n' '[account work]' 'from = ann@x.test' 'user = ann@x.test' 'server = mx.x.test' \
    "oauth = $1" 'oauth-client-id = app' >"$config/config"
  chmod 600 "$config/config"
}

# refused ERROR[:TEXT]: what is said when the device flow ends so
refused() {
  fault "device=error:$1"
  run -77 --separate-stderr smtpsend --login=device -A work
  output=$stderr
}

@test "an error of OAuth has the next step at its provider" {
  provider gmail google
  refused "invalid_client:Invalid client type."
  assert_output --partial 'invalid_client (Invalid client type.)'
  assert_output --partial 'hint: an app of type "Desktop app" signs in by --login=browser'
  refused invalid_scope
  assert_output --partial 'hint: mail by SMTP wants https://mail.google.com/'
  refused admin_policy_enforced
  assert_output --partial 'hint: the organization'\''s administrator has to trust the app'

  provider microsoft365 microsoftonline.com
  refused "invalid_client:The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
  assert_output --partial 'hint: switch on "Allow public client flows"'
  refused 'access_denied:Access has been blocked by Conditional Access policies.'
  assert_output --partial '--login=browser where --login=device is blocked'
  refused unauthorized_client
  assert_output --partial '"Supported account types"'

  provider mine other
  refused access_denied
  assert_output --partial 'hint: you, or an administrator, said no'
}

@test "a number that a provider puts into its description decides nothing" {
  provider microsoft365 microsoftonline.com
  refused 'invalid_client:AADSTS7000218'
  first=$(grep -o 'hint: .*' <<<"$output")
  assert_regex "$first" 'Allow public client flows'
  refused 'invalid_client:AADSTS50034'
  assert_equal "$(grep -o 'hint: .*' <<<"$output")" "$first"
}

@test "a send whose sign-in is refused says both what the provider wants and the command" {
  provider gmail google
  serve --user ann@x.test:x --token good --mechanisms XOAUTH2
  sed -i "s/^server = .*/server = 127.0.0.1:$port/" "$config/config"
  fault
  run -0 smtpsend --login=device -A work
  tokens=$HOME/.local/state/smtpsend/tokens/work.json
  sed -i 's/"obtained": *[0-9]*/"obtained": 1000/' "$tokens"
  fault 'refresh=error:invalid_grant'
  run -77 --separate-stderr smtpsend -A work --body hi bob@y.test
  assert_regex "$stderr" 'hint: Google ends the sign-ins of an app in "Testing" after seven days'
  assert_regex "$stderr" $'\nsmtpsend: hint: smtpsend --login -A work'
}
