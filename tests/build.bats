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
  objects=(build/obj/main.o build/obj/options/help.o)
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
