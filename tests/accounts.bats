#!/usr/bin/env bats
# Accounts: which is chosen, and by what.
# port, server, stderr and the like come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

setup() {
  unset SMTPSEND_FROM
  config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "${config%/*}"
  : >"$config"
  chmod 600 "$config"
}

send() { smtpsend "$@" bob@y.test <<<'hello'; }

@test "an account with a pattern is chosen by the author, who stays who he is" {
  serve
  cat >"$config" <<EOF
server = 127.0.0.1:1
[account x]
server = 127.0.0.1:$port
from = *@x.test
EOF
  run -0 send -f 'Ann <ann@X.Test>'
  assert_equal "$(field from)" 'Ann <ann@X.Test>'
  run -75 send -f ann@y.test
}

@test "no author is made of a pattern, and the error says who may be one" {
  serve
  printf '%s\n' '[account x]' "server = 127.0.0.1:$port" 'from = *@x.test' >"$config"
  run -64 send -A x
  assert_line "smtpsend: no From address is given, and account x is for *@x.test ($config:3)"
  assert_line 'smtpsend: hint: name it with --from ADDRESS'
  EMAIL=ann@x.test run -0 send -A x
  assert_equal "$(field from)" ann@x.test
  EMAIL=ann@y.test run -64 send -A x
  printf 'From: zoe@z.test\n\nhi\n' >m.eml
  run -0 smtpsend -A x -m m.eml bob@y.test
  messages 2
}
