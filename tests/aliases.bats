#!/usr/bin/env bats
# Names without a domain: for whom they stand, and where.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

setup() {
  cat >aliases <<'EOF'
# ours
root:     ann, Bob <bob@far.test>
bob:      bob@far.test
ops:      root,
          "on call"
"on call": carl
EOF
  printf '%s\n' 'cat: |/bin/cat' 'a: b' 'b: c' 'c: a' >others
  chmod 644 aliases others
}

# send OPTION... RECIPIENT...: a message to the server that serves
send() {
  smtpsend -S "127.0.0.1:$port" --local-domain box.test -f ann@x.test --body text "$@"
}

# recipients [N]: those of the N-th message, in one line
recipients() { envelope "${1:-1}" | sed -n 's/^to: \([^ ]*\).*/\1/p' | paste -sd ' '; }

@test "a recipient without a domain is who the aliases say, and the header stays" {
  serve
  run -0 send --aliases aliases root
  assert_equal "$(recipients)" 'ann@box.test bob@far.test'
  assert_equal "$(field To)" root@box.test
  run -0 send --aliases aliases -t ops -c bob
  assert_equal "$(recipients 2)" 'ann@box.test bob@far.test carl@box.test'
  assert_equal "$(field To 2)" ops@box.test
  assert_equal "$(field Cc 2)" bob@box.test
}

@test "an address with a domain has no alias, nor has a name without aliases" {
  serve
  run -0 send --aliases aliases root@box.test
  assert_equal "$(recipients)" root@box.test
  run -0 send root
  assert_equal "$(recipients 2)" root@box.test
  run -0 send --aliases aliases nobody
  assert_equal "$(recipients 3)" nobody@box.test
}

@test "aliases may be configured, and none of them wanted" {
  serve
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  printf 'aliases = %s\nlocal-domain = conf.test\n' "$PWD/aliases" >"$XDG_CONFIG_HOME/smtpsend/config"
  run -0 smtpsend -S "127.0.0.1:$port" -f ann@x.test --body text root
  assert_equal "$(recipients)" 'ann@conf.test bob@far.test'
  run -0 send --aliases none root
  assert_equal "$(recipients 2)" root@box.test
  run -0 send --aliases others --aliases none --aliases aliases bob
  assert_equal "$(recipients 3)" bob@far.test
}

@test "of several files the first that has a name counts" {
  serve
  printf 'root: first@far.test\n' >first
  chmod 644 first
  run -0 send --aliases first --aliases aliases root
  assert_equal "$(recipients)" first@far.test
  run -0 send --aliases first --aliases aliases bob
  assert_equal "$(recipients 2)" bob@far.test
}

@test "each of many messages is for those whom its recipient stands for" {
  serve
  printf 'to,name\nroot,A\nx@y.test,B\nbob,C\n' >list.csv
  run -0 smtpsend -S "127.0.0.1:$port" --local-domain box.test --aliases aliases -f ann@x.test \
    --each list.csv --to '{{to}}' --body 'Hello {{name}}' --connections 1
  messages 3
  assert_equal "$(recipients 1)" 'ann@box.test bob@far.test'
  assert_equal "$(recipients 2)" x@y.test
  assert_equal "$(recipients 3)" bob@far.test
}

@test "a message that waits is for those whom its recipient stood for" {
  serve
  run -0 send --outbox-dir "$PWD/box" --queue --aliases aliases root
  printf 'root: later@far.test\n' >aliases
  export SMTPSEND_ALIASES=aliases
  run -0 smtpsend --outbox-dir "$PWD/box" --flush
  assert_equal "$(recipients)" 'ann@box.test bob@far.test'
}

@test "what no mail can be sent to is refused, with file and line" {
  serve
  run -78 send --aliases others cat
  assert_output --partial "others:1: 'cat' stands for a program: '|/bin/cat'"
  run -78 send --aliases others a
  assert_output --partial "others:4: 'c' leads back to 'a'"
  printf 'no alias\n' >torn
  chmod 644 torn
  run -78 send --aliases torn bob@y.test
  assert_output --partial 'torn:1: '
  run -0 ls mail
  assert_output ''
}

@test "a file of aliases that anybody could have written, or that is none, is refused" {
  chmod 666 aliases
  port=1
  run -78 send --aliases aliases root
  assert_output --partial 'aliases: the aliases can be changed by everybody'
  assert_output --partial 'chmod o-w aliases'
  run -78 send --aliases missing root
  assert_output --partial 'missing: the aliases: No such file or directory'
  ln -s gone missing
  run -78 send --aliases missing root
  assert_output --partial "it is a symbolic link to 'gone', which leads nowhere"
  refute_output --partial "did you mean"
  run -78 send --aliases . root
  assert_output --partial '.: the aliases are no regular file'
  mkfifo fifo
  run -78 timeout 20 "$SMTPSEND_BUILD/smtpsend" --dry-run --body x --aliases fifo root
  assert_output --partial 'fifo: the aliases are no regular file'
}

@test "a file of aliases that belongs to somebody else is refused" {
  [ "$(id -u)" = 0 ] || skip 'only root can give a file away'
  chown 12345 aliases
  port=1
  run -78 send --aliases aliases root
  assert_output --partial 'aliases: the aliases belong to another user'
}

@test "the domain of bare names is a domain" {
  local name
  serve
  for name in 'a b' a..b '' a@b 'x>y' -; do
    run -64 smtpsend -S "127.0.0.1:$port" --local-domain "$name" -f ann --body x root
    assert_output --partial '--local-domain'
  done
  run -0 smtpsend -S "127.0.0.1:$port" --local-domain bücher.test. -f ann --body x root
  assert_equal "$(recipients)" root@xn--bcher-kva.test
  assert_equal "$(field From)" ann@xn--bcher-kva.test
}
