#!/usr/bin/env bats
# Where an outbox is sent from, and what it lies on: another directory than it was queued
# in, and disks that are full.  port, server and output come from testserver.bash and bats:
# shellcheck disable=SC2154,SC2119,SC2120,SC2016

load testserver

states() { smtpsend --outbox-dir box --outbox | awk '{ print $2 }' | sort | xargs; }

@test "commands and files of where it was queued are meant when it is sent elsewhere" {
  serve --user me:secret
  mkdir -p "here's/bin" other
  cd "here's"
  printf '#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/%s\ncat <&3 & exec cat >&3\n' "$port" >relay
  printf '#!/bin/sh\ncat secret\n' >bin/password
  echo secret >secret
  chmod 600 secret
  chmod +x relay bin/password
  for way in '--password-command=bin/password' '--password-file=secret'; do
    run -0 smtpsend --outbox-dir ../box --queue -S exec:./relay -u me "$way" --auth-in-clear \
      -f me@x.test --body hi b@y.test
  done
  cd "$BATS_TEST_TMPDIR/other"
  run -0 timeout 20 "$SMTPSEND_BUILD/smtpsend" --outbox-dir ../box --flush
  cd "$BATS_TEST_TMPDIR"
  messages 2
}

@test "a directory that is gone by then is named, and the message waits" {
  mkdir gone
  cd gone
  run -0 smtpsend --outbox-dir ../box --queue -S exec:./relay -f me@x.test --body hi b@y.test
  cd "$BATS_TEST_TMPDIR"
  rmdir gone
  run -75 timeout 20 "$SMTPSEND_BUILD/smtpsend" --outbox-dir box --flush --deadline 1s
  assert_output --partial "$PWD/gone"
  assert_equal "$(states)" waits
}

@test "a directory that is gone already keeps nothing that is relative to it" {
  mkdir gone
  cd gone
  rmdir "$PWD"
  run -71 smtpsend --outbox-dir "$BATS_TEST_TMPDIR/box" --queue -S exec:./relay -f me@x.test \
    --body hi b@y.test
  assert_output --partial 'not queued: --server: the current directory'
}

# on_disk KIB COMMAND...: in a directory `disk` of that size
on_disk() {
  mkdir -p disk
  private bash -c 'mount -t tmpfs -o size="$1"k,mode=700 none disk && shift && "$@"' - "$@"
}

large() {
  printf 'From: a@x.test\r\nTo: b@y.test\r\nSubject: x\r\n\r\n'
  yes 'sixty octets or so of a line that is long enough to fill it.' | head -c 8000000
}

@test "a message larger than the disk is refused by size and place, and nothing is left" {
  needs_private 'to have a small disk'
  large >large.eml
  # Of one that is in a pipe the size is known when it was kept elsewhere.
  for input in large.eml -; do
    run -74 on_disk 2000 bash -c '"$0" --queue --outbox-dir disk/box \
      -S 127.0.0.1:9 -m "$1" b@y.test <large.eml; status=$?; find disk/box -type f -size +0
      df --output=used disk >used; exit $status' "$SMTPSEND_BUILD/smtpsend" "$input"
    assert_output --regexp \
      '^smtpsend: not queued: disk/box/queue: a message of 8[0-9]{6} octets: No space left on device$'
    assert_equal "$(sed -n '2s/ //gp' used)" 0
  done
}

@test "recipients who part on a full disk do so as soon as there is room" {
  needs_private 'to have a small disk'
  serve --defer later@y.test --reject no@y.test
  run -0 on_disk 1000 bash -c '
    run() { timeout 20 "$0" --outbox-dir disk/box "$@"; }
    states() { run --outbox | awk "{ print \$2 }" | sort | xargs; }
    yes sixty octets or so | head -c 200000 >text
    run --queue -S 127.0.0.1:$1 -f me@x.test --body-file text yes@y.test later@y.test no@y.test
    head -c 2000000 /dev/zero >disk/full 2>/dev/null
    truncate -s -12288 disk/full
    run --flush >told 2>&1
    grep -o "No space left on device" told
    states
    rm disk/full
    run --flush 2>&1
    states' "$SMTPSEND_BUILD/smtpsend" "$port"
  assert_line --index 0 'No space left on device'
  assert_line --index 1 unknown
  assert_line --index 2 'failed waits'
  assert_equal "$(sed -n 's/^to: //p' mail/*.envelope | xargs)" yes@y.test
}
