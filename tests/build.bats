# shellcheck shell=bash disable=SC2154 # bats and common set these
# build.bats - what "make" says and leaves, for who builds from a checkout.
load common

setup() {
  # What a make around this one was told is not meant for these.
  unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS
  copy_to here
}

# copy_to FOLDER: the sources alone, as somebody has them who has just got them
copy_to() {
  mkdir -p -- "$1"
  tar -C "$BATS_TEST_DIRNAME/.." -c Makefile configure.ac src man | tar -C "$1" -x
}

@test "what a build lacks is told in one line, with what to install" {
  PKG_CONFIG_LIBDIR=/nonexistent run -2 make -s -C here
  assert_line --index 0 'not found: gnutls >= 3.7.2, libcurl >= 7.80, jansson >= 2.10; on Debian: apt-get install libgnutls28-dev libcurl4-openssl-dev libjansson-dev'
  assert_line --index 1 --partial '***'
  assert_equal "${#lines[@]}" 2

  run -2 make -s -C here PKG_CONFIG=no-pkg-config
  assert_line --index 0 'not found: no-pkg-config; on Debian: apt-get install pkg-config libgnutls28-dev libcurl4-openssl-dev libjansson-dev'
  assert_equal "${#lines[@]}" 2

  # the parts of the tests, which have sources of their own
  ln -s "$BATS_TEST_DIRNAME" here/tests
  for part in build/servers-obj/testserver.o build/unit-obj/buf_test.o; do
    run -2 make -s -C here PKG_CONFIG=no-pkg-config "$part"
    assert_line --partial 'not found: no-pkg-config; on Debian: '
    refute [ -e "here/$part" ]
  done

  run -2 make -s -C here CC='no-cc -m64'
  assert_line --index 0 'not found: no-cc; on Debian: apt-get install gcc libc6-dev'
  assert_equal "${#lines[@]}" 2
  refute [ -e here/build/obj ]
}

@test "what to install is what the tests' own list of packages has" {
  run -2 make -s -C here PKG_CONFIG=no-pkg-config CC=no-cc
  for package in ${lines[0]##*apt-get install}; do
    run grep -Ew "^build .*$package" "$BATS_TEST_DIRNAME/packages"
    assert_success
  done
}

@test "another prefix for make install is heeded by what was made before" {
  objects=(build/obj/main.o build/obj/options/help.o build/obj/command/spool.o)
  make -s -C here "${objects[@]}"
  run grep -c /usr/local/etc/smtpsend/config here/build/obj/main.o
  assert_output 1

  make -s -C here prefix=/opt/mail "${objects[@]}"
  run grep -c /opt/mail/etc/smtpsend/config here/build/obj/main.o
  assert_output 1
  run make -C here prefix=/opt/mail "${objects[@]}"
  refute_output --partial 'main.c'

  # There the system's configuration is where Debian has it.
  make -s -C here prefix=/usr "${objects[@]}"
  run grep -a -o '[a-z/]*/smtpsend/config' here/build/obj/main.o
  assert_output /etc/smtpsend/config
  run grep -a -o '[a-z/]*/spool/smtpsend' here/build/obj/command/spool.o
  assert_output /var/spool/smtpsend
}

@test "the same source gives the same objects in any folder" {
  copy_to 'there, and elsewhere'
  make -s -C here build/obj/main.o build/obj/lib/error.o
  make -s -C 'there, and elsewhere' build/obj/main.o build/obj/lib/error.o
  for object in main.o lib/error.o; do
    cmp "here/build/obj/$object" "there, and elsewhere/build/obj/$object"
  done
  run grep -c "$PWD" here/build/obj/main.o
  assert_output 0
}

# installing TARGET... [VARIABLE=VALUE...]: what was built, below root/ here
installing() {
  make -s -o all -C "$BATS_TEST_DIRNAME/.." B="$SMTPSEND_BUILD" DESTDIR="$PWD/root" prefix=/usr "$@"
}

# Files and links below root/, sorted.
installed() { (cd root && find . ! -type d -printf '%P\n' | sort); }

@test "make install has each manual but those of sendmail, and uninstall takes all back" {
  installing install
  run installed
  for page in man1/smtpsend.1 man5/smtpsendrc.5 man7/smtpsend-outbox.7 man7/smtpsend-each.7; do
    assert_line "usr/share/man/$page"
  done
  refute_line --partial sendmail
  refute_line --partial mailq
  installing uninstall
  assert_equal "$(installed)" ''
}

@test "make install-sendmail links the names that programs call, with their manuals" {
  installing install-sendmail
  run installed
  for page in man8/sendmail.8 man1/mailq.1 man1/newaliases.1; do
    assert_line "usr/share/man/$page"
  done
  for name in usr/sbin/sendmail usr/lib/sendmail usr/bin/mailq usr/bin/newaliases; do
    assert [ -L "root/$name" ]
    assert [ "root/$name" -ef root/usr/bin/smtpsend ]
    # also when the tree is packed and moved
    refute [ "$(readlink "root/$name" | cut -c1)" = / ]
  done
  # again, over its own
  installing install-sendmail
  installing uninstall
  installing uninstall-sendmail
  assert_equal "$(installed)" ''
}

@test "make install-sendmail replaces no other mail system's names unless it is told to" {
  mkdir -p root/usr/sbin root/usr/bin
  echo exim >root/usr/sbin/exim4
  ln -s exim4 root/usr/sbin/sendmail
  ln -s /nowhere/alternatives/mailq root/usr/bin/mailq
  run -2 installing install-sendmail
  assert_line --partial 'root/usr/sbin/sendmail is not smtpsend:'
  assert_line --partial 'root/usr/bin/mailq is not smtpsend:'
  assert_line --partial FORCE=1
  assert_equal "$(readlink root/usr/sbin/sendmail)" exim4
  refute [ -e root/usr/lib/sendmail ]
  refute [ -e root/usr/share/man/man8 ]

  # nor does uninstall-sendmail take them away
  run installing uninstall-sendmail
  assert_success
  assert_output --partial 'usr/sbin/sendmail is not smtpsend:'
  assert_equal "$(readlink root/usr/sbin/sendmail)" exim4

  installing install-sendmail FORCE=1
  assert [ root/usr/sbin/sendmail -ef root/usr/bin/smtpsend ]
  assert [ root/usr/bin/mailq -ef root/usr/bin/smtpsend ]
  assert_equal "$(cat root/usr/sbin/exim4)" exim
}

@test "units and the cron line call the program where it is, and watch the spool" {
  installing install-units prefix=/opt/mail systemdsystemunitdir=/units systemduserunitdir=/user \
    tmpfilesdir=/tmpfiles localstatedir=/data
  run grep -rhE '^(ExecStart|PathChanged|d )' root/units root/tmpfiles
  assert_line 'ExecStart=/opt/mail/bin/smtpsend --flush'
  assert_line 'PathChanged=/data/spool/smtpsend'
  assert_line 'd /data/spool/smtpsend 1733 root root -'
  run grep -rl '@[A-Z]*@' root
  refute_output
  run -0 installed
  assert_line opt/mail/etc/cron.d/smtpsend
  assert_line user/smtpsend-flush.timer
  installing uninstall-units prefix=/opt/mail systemdsystemunitdir=/units systemduserunitdir=/user \
    tmpfilesdir=/tmpfiles localstatedir=/data
  assert_equal "$(installed)" ''
}

@test "the cron line says nothing, and does nothing where systemd does it" {
  mkdir bin
  printf '#!/bin/sh\necho "$@" >>%q\necho noise\necho noise >&2\n' "$PWD/called" >bin/smtpsend
  chmod +x bin/smtpsend
  installing install-units sysconfdir=/etc bindir="$PWD/bin"
  line=$(grep '^\*' root/etc/cron.d/smtpsend)
  assert_regex "$line" '^(\* ){5}root \['
  command=${line#*root }
  mkdir system
  run -0 sh -c "${command//\/run\/systemd\/system/$PWD/system}"
  refute_output
  refute [ -e called ]
  run -0 sh -c "${command//\/run\/systemd\/system/$PWD/absent}"
  refute_output
  assert_equal "$(cat called)" --flush
  # removed, but not purged
  rm bin/smtpsend
  run -0 sh -c "${command//\/run\/systemd\/system/$PWD/absent}"
  refute_output
}

@test "systemd finds no fault with the units" {
  command -v systemd-analyze >/dev/null || skip 'it needs systemd-analyze'
  installing install install-units prefix="$PWD/root/usr" DESTDIR=
  # What they watch is there where it is not somebody else who packs them.
  [ "$(id -u)" != 0 ] || assert_equal "$(stat -c '%a %u' root/usr/var/spool/smtpsend)" '1733 0'
  for folder in system user; do
    XDG_RUNTIME_DIR=$PWD run systemd-analyze verify --man=no --"$folder" root/usr/lib/systemd/"$folder"/smtpsend-flush.*
    assert_success
    refute_output --partial smtpsend
  done
}
