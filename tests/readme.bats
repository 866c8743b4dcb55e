# shellcheck shell=bash disable=SC2154 # bats and common set these
# readme.bats - the examples and recipes of the README work as they are printed.
load common

setup() {
  root=$BATS_TEST_DIRNAME/..
  mkdir build
  ln -s "$SMTPSEND_BUILD/smtpsend" "$SMTPSEND_BUILD/testserver" build
  cp "$root/README" "$root/COPYING" .
  PATH=$PWD/build:$PATH
  serve --reject zoe@x.test
}

# serve OPTION...: a server whose mail is where the README says
serve() {
  rm -f port
  build/testserver --serve build/inbox --port-file port "$@" >server.log 2>&1 3>&- &
  servers+=("$!")
  until [ -s port ]; do kill -0 "$!" || return 1; done
  SMTPSEND_SERVER=127.0.0.1:$(cat port)
  export SMTPSEND_SERVER
}

teardown() {
  kill "${servers[@]}" 2>/dev/null || true
}

# The commands to try, without those for the server.
examples() {
  sed -n '/^Five things to try/,/^With a server that/p' README | sed -n 's/^    //p' |
    sed '/\\$/{N;s/\\\n *//;}' | grep -v -e testserver -e SMTPSEND_SERVER
}

# block FIRST: from the line that begins so, as far as lines are indented
block() {
  first=$1 perl -ne '$on ||= /^    \Q$ENV{first}\E/ or next; s/^    // or exit; print' README
}

@test "the README has five examples, and each does what it says" {
  mapfile -t example < <(examples)
  assert_equal "${#example[@]}" 5

  run bash -c "${example[0]}"
  assert_success
  assert_output ''
  run grep "^Subject: A first test" build/inbox/1.eml
  assert_success

  run bash -c "${example[1]}"
  assert_failure 1
  assert_line --partial 'zoe@x.test: refused: 550'
  assert_line --partial 'accepted for 2 of 3 recipients'
  run grep -c '^Content-Disposition: attachment; filename=COPYING' build/inbox/2.eml
  assert_output 1

  run bash -c "${example[2]}"
  assert_success
  assert_output --partial '"outcome":"accepted"'
  run grep -x 'to: carol@x.test' build/inbox/3.envelope
  assert_success

  run bash -c "${example[3]}"
  assert_failure 69
  assert_line --partial '250 '
  assert_line --partial '550 '

  run bash -c "${example[4]}"
  assert_success
  assert_line --partial 'C: BDAT'

  # Where somebody tries them is a checkout, and nothing of it is left there.
  run ls
  assert_output "$(printf '%s\n' COPYING README build home port server.log)"
}

@test "the README's server for trying things is one that starts" {
  run grep -A 1 'build/testserver --serve build/inbox --listen 127.0.0.1:2525' README
  assert_line --index 1 '        --reject zoe@x.test &'
}

# What is printed is one text, wherever a line of the README ends.
squeezed() { tr -s ' \n' ' '; }

@test "the session that the README begins with is what a terminal shows" {
  sed -n '3,/^$/s/^    //p' README >printed
  echo 'We open at nine.' >hours.txt
  grep '^\$ ' printed >commands
  assert_equal "$(wc -l <commands)" 3

  echo 'status=0' >replay
  while read -r _ command; do
    # shellcheck disable=SC2016 # for that shell
    printf 'printf "%%s\\n" %q; (exit $status); %s; status=$?\n' "\$ $command" "$command"
  done <commands >>replay
  bash replay >seen 2>&1
  assert_equal "$(sed "s/$SMTPSEND_SERVER/127.0.0.1:2525/" seen | squeezed)" "$(squeezed <printed)"
}

@test "the README's configuration is one, and its account is understood" {
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  block 'server = submission://smtp.gmail.com' >"$XDG_CONFIG_HOME/smtpsend/config"
  unset SMTPSEND_SERVER
  run -0 smtpsend --show-settings
  assert_line --partial 'server = submission://smtp.gmail.com'
  assert_line --partial 'password-command = '
  run -0 smtpsend --explain '534 5.7.9' -S smtp.gmail.com
  assert_output --partial 'app password'
}

@test "the README's script for cron mails what a command said that failed" {
  block '#!/bin/sh' >mail-failure
  chmod +x mail-failure
  mkdir tmp
  export TMPDIR=$PWD/tmp
  run -0 ./mail-failure true
  run -0 ls build/inbox
  assert_output ''

  printf '#!/bin/sh\nprintf "no space \\377\\n"\nexit 7\n' >backup
  chmod +x backup
  PATH=$PWD:$PATH run -7 ./mail-failure backup /home
  assert_output ''
  run -0 cat build/inbox/1.eml
  assert_line --partial 'Subject: backup failed on '
  assert_line --partial 'Its status was 7.'
  assert_line "$(printf 'no space \377\n' | base64)"$'\r'
  run ls tmp
  assert_output ''
}

@test "the README's recipe for git send-email takes what git says to a program" {
  # What the shell hands to git config as the value.
  command=$(block 'git config --global sendemail' | sed -n "s/^ *'\(.*\)'$/\1/p")
  printf 'From: me@x.test\nTo: ann@x.test\nCc: zoe@x.test\nSubject: [PATCH] x\n\n---\n' >patch.eml
  # As git-send-email does.
  run -1 sh -c "$command \"\$@\"" - -i ann@x.test zoe@x.test <patch.eml
  assert_line 'smtpsend: zoe@x.test: refused: 550 5.1.1 no such user'
  run -0 grep '^to:' build/inbox/1.envelope
  assert_output 'to: ann@x.test'
}

@test "the README's recipe for backups tells what became of them" {
  mkdir etc
  echo secret >etc/shadow
  block 'tar -cz etc' >recipe
  run -0 bash recipe
  assert_output 'They have it.'
  run -0 grep -c 'filename=etc.tar.gz' build/inbox/1.eml

  sed -i 's/backup@example.org/& zoe@x.test/' recipe
  run -0 bash recipe
  assert_line --partial 'Some have it'
  sed -i 's/backup@example.org//' recipe
  run -0 bash recipe
  assert_line --partial 'Nobody has it, and without a change'
  SMTPSEND_SERVER=127.0.0.1:1 run -0 bash recipe
  assert_line --partial 'later it may work'
}

@test "the README's recipe for CI signs in with the variable's password" {
  serve --user ci@example.org:hidden
  block 'export SMTPSEND_SERVER=submission' |
    sed "s|submission://mail.example.org|$SMTPSEND_SERVER|" >recipe
  echo log >build.log
  echo It broke. >summary.txt
  BUILD=42 MAIL_PASSWORD=hidden run -0 bash recipe
  assert_output ''
  run -0 cat build/inbox/1.envelope
  assert_line 'user: ci@example.org'
  assert_line 'to: team@example.org'
  BUILD=42 MAIL_PASSWORD=wrong run -77 bash recipe
}

@test "no line of the README is longer than 80 characters" {
  run awk 'length > 80' README
  assert_output ''
}
