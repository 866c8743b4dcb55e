# shellcheck shell=bash disable=SC2154 # bats and common set these
# readme.bats - the examples of the README work as they are printed.
load common

setup() {
  root=$BATS_TEST_DIRNAME/..
  ln -s "$SMTPSEND_BUILD" build
  cp "$root/README" "$root/COPYING" .
  build/testserver --serve inbox --reject zoe@x.test --port-file port >server.log 2>&1 3>&- &
  server=$!
  until [ -s port ]; do kill -0 "$server" || return 1; done
  SMTPSEND_SERVER=127.0.0.1:$(cat port)
  export SMTPSEND_SERVER
}

teardown() {
  kill "$server" 2>/dev/null || true
}

# The commands of the README's first screen, without those for the server.
examples() {
  sed -n '/^Five things to try/,/^With a server/p' README | sed -n 's/^    //p' |
    grep -v -e testserver -e SMTPSEND_SERVER
}

@test "the README has five examples, and each does what it says" {
  mapfile -t example < <(examples)
  assert_equal "${#example[@]}" 5

  run bash -c "${example[0]}"
  assert_success
  assert_output ''
  run grep "^Subject: A first test" inbox/1.eml
  assert_success

  run bash -c "${example[1]}"
  assert_failure 1
  assert_line --partial 'zoe@x.test: refused: 550'
  assert_line --partial 'accepted for 2 of 3 recipients'
  run grep -c '^Content-Disposition: attachment; filename=COPYING' inbox/2.eml
  assert_output 1

  run bash -c "${example[2]}"
  assert_success
  assert_output --partial '"outcome":"accepted"'
  run grep -x 'to: carol@x.test' inbox/3.envelope
  assert_success

  run bash -c "${example[3]}"
  assert_failure 69
  assert_line --partial '250 '
  assert_line --partial '550 '

  run bash -c "${example[4]}"
  assert_success
  assert_line --partial 'C: BDAT'
}

@test "the README's server for trying things is one that starts" {
  run grep -c 'build/testserver --serve inbox --listen 127.0.0.1:2525 --reject zoe@x.test &' README
  assert_output 1
}
