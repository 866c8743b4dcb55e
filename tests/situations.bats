#!/usr/bin/env bats
# What people stumble over, from the first call on: each situation names what was
# tried, what came back and a next step, and the step is tried: it works, or leads
# to the next situation.  What replies of servers lead to is in hints.bats.
# port, server and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load hints

teardown() { servers_end; }

@test "what is to be pasted into a shell is one word, whatever a file is called" {
  local name
  # shellcheck disable=SC2016 # as it is
  for name in 'my pass' "it's" '$HOME' -rf; do
    echo secret >"./$name"
    chmod 644 -- "./$name"
    run -78 smtpsend -S 127.0.0.1:1 -u me --password-file "$name" --noop
    assert_output --partial 'others have access to it'
    bash -c "$(hint)"
    assert_equal "$(stat -c %a -- "$name")" 600
  done
  printf 'caf\351\n' >'a log'
  run -65 smtpsend --dry-run --charset UTF-8 -f me@x.test -t bob@y.test --body-file 'a log'
  eval "attach=($(step "--attach 'a log'"))"
  # shellcheck disable=SC2154 # it was just set
  run -0 smtpsend --dry-run -f me@x.test -t bob@y.test "${attach[@]}"
}
