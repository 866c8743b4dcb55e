# shellcheck shell=bash disable=SC2154 # bats and common set these
# deb.bats - what "make deb" made, in a clean Debian with exim4 in it.
bats_load_library bats-support
bats_load_library bats-assert
bats_require_minimum_version 1.5.0

top=$(cd -- "$BATS_TEST_DIRNAME/../.." && pwd)
debs=$top/build/deb
tree=$debs/tree

setup_file() {
  "$top/tests/chroot/make" "$top/build/chroot/deb" bsd-mailx cron python3
  rm -rf --one-file-system -- "$tree"
  cp -a -- "$top/build/chroot/deb" "$tree"
  mkdir "$tree/debs" "$tree/tests"
  cp -- "$debs"/*.deb "$tree/debs"
  cp -- "$top/src/dist/debian/tests"/[!c]* "$top/src/dist/debian/tests/cron" "$tree/tests"
  echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/unsafe"
  # What needs the network is got now.  Nothing is started, so exim4 is not either.
  chroot "$tree" sh -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get -q update && apt-get -q -y install --no-install-recommends exim4-daemon-light \
      libgsasl18 libcurl4 libjansson4 ca-certificates' </dev/null >"$debs/tree.log" 2>&1
}

teardown_file() { rm -rf --one-file-system -- "$tree"; }

# inside COMMAND...: in the tree, with no network but loopback
inside() {
  # shellcheck disable=SC2016 # for that shell
  "$top/tests/private" --net --pid --fork --kill-child sh -c '
    ip link set lo up
    mount -t proc proc "$0/proc"
    exec chroot "$0" "$@"' "$tree" env -i PATH="$PATH" LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

# apt COMMAND...: without the network
apt() { inside apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }
# where NAME: the program that it leads to
where() { chroot "$tree" readlink -f "$1"; }

# state PACKAGE: what dpkg says of it
# shellcheck disable=SC2016 # dpkg-query's variable
state() { chroot "$tree" dpkg-query -W -f '${db:Status-Status}' "$1"; }

@test "lintian finds nothing to say" {
  run -0 lintian --allow-root --display-info --pedantic "$debs"/*.changes
  assert_output ''
}

@test "what is opened at run time is depended upon" {
  run -0 dpkg-deb -f "$debs"/smtpsend_*.deb Depends
  for package in libc6 libgnutls30 libjansson4; do
    assert_output --partial "$package (>= "
  done
  run -0 dpkg-deb -f "$debs"/smtpsend_*.deb Recommends
  assert_output --partial libcurl4
  assert_output --partial libgsasl18
}

@test "the same sources give the same packages in any folder" {
  SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^Date: //p' "$debs"/*.changes)" +%s)
  export SOURCE_DATE_EPOCH
  tar -C "$top" -c --exclude=./build --exclude=./.git . | tar -C "$BATS_TEST_TMPDIR" -x
  find "$BATS_TEST_TMPDIR" -exec touch {} +
  "$BATS_TEST_TMPDIR/src/dist/deb" "$(dpkg-deb -f "$debs"/smtpsend_*.deb Version)"
  for deb in "$debs"/*.deb; do
    cmp "$deb" "$BATS_TEST_TMPDIR/build/deb/${deb##*/}"
  done
}

@test "installing them replaces exim4 and leaves bsd-mailx where it is" {
  assert_equal "$(where /usr/sbin/sendmail)" /usr/sbin/exim4
  run -0 inside sh -c 'apt-get -q -y -o Dpkg::Use-Pty=0 install /debs/*.deb'
  assert_output --partial 'smtpsend: /etc/smtpsend/config has to say which server takes the mail'
  refute_output --partial warning
  assert_equal "$(state exim4-daemon-light)" config-files
  assert_equal "$(state bsd-mailx)" installed
  for name in /usr/sbin/sendmail /usr/lib/sendmail /usr/bin/mailq /usr/bin/newaliases; do
    assert_equal "$(where $name)" /usr/bin/smtpsend
  done
  assert_equal "$(stat -c '%a %u %g' "$tree/var/spool/smtpsend")" '1733 0 0'
  # They start with the system.
  for wanted in timers.target.wants/smtpsend-flush.timer paths.target.wants/smtpsend-flush.path; do
    assert [ -L "$tree/etc/systemd/system/$wanted" ]
  done
  refute [ -e "$tree/etc/systemd/user/timers.target.wants/smtpsend-flush.timer" ]
  run -0 inside smtpsend --version
  assert_output --partial "$(dpkg-deb -f "$debs"/smtpsend_*.deb Version)"
}

@test "mail to root arrives where the aliases say" {
  printf 'root: ann@example.org\n' >"$tree/etc/aliases"
  # shellcheck disable=SC2016 # for that shell
  run -0 inside sh -c '
    python3 /tests/sink /tmp/port /tmp/mail & sink=$!
    for i in $(seq 100); do [ -e /tmp/port ] || sleep 0.1; done
    printf "server = smtp://127.0.0.1:%s\ntls = off\n" "$(cat /tmp/port)" >/etc/smtpsend/config
    echo it works | mail -s "a try" root
    for i in $(seq 100); do [ -e /tmp/mail ] || sleep 0.1; done
    kill $sink
    cat /tmp/mail'
  assert_line --partial 'RCPT TO:<ann@example.org>'
  assert_line --partial 'Subject: a try'
  assert_line --partial 'it works'
}

@test "the output of a job of cron arrives, as the package's own test has it" {
  run -0 inside env AUTOPKGTEST_TMP=/tmp/cron sh -c 'mkdir -p /tmp/cron && exec /tests/cron'
  assert_line --partial 'it works'
}

@test "purged, they leave mail that nobody has, and say so" {
  install -D /dev/null "$tree/var/spool/smtpsend/1000/queue/1k1e0t2m2dk55g6v"
  run -0 apt install exim4-daemon-light
  assert_equal "$(state smtpsend-mta)" config-files
  assert_equal "$(where /usr/sbin/sendmail)" /usr/sbin/exim4
  assert_equal "$(state bsd-mailx)" installed
  run -0 apt purge smtpsend smtpsend-mta
  assert_output --partial 'smtpsend: /var/spool/smtpsend stays; messages that nobody has yet: 1'
  assert [ -e "$tree/var/spool/smtpsend/1000/queue/1k1e0t2m2dk55g6v" ]
}

@test "purged where no mail waits, they leave nothing" {
  run -0 inside sh -c 'apt-get -q -y -o Dpkg::Use-Pty=0 install /debs/*.deb'
  refute_output --partial warning
  rm "$tree/var/spool/smtpsend/1000/queue/1k1e0t2m2dk55g6v"
  # what is of no use to anybody goes
  touch "$tree/var/spool/smtpsend/1000/lock"
  run -0 apt purge smtpsend smtpsend-mta
  refute_output --partial warning
  run find "$tree" -xdev -name '*smtpsend*' ! -path "$tree/debs/*" ! -path "$tree/etc/smtpsend*" \
    ! -path "$tree/var/cache/*"
  assert_output ''
}
