#!/usr/bin/env bats
# --preview: what a reader would see, and nothing goes out.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154
# Scripts are for other shells:
# shellcheck disable=SC2016

load testserver

# letter: a message with two forms of its text and an attachment
letter() {
  cat <<'EOF'
From: =?utf-8?q?J=C3=B6rg?= <me@x.test>
To: bob@y.test
Bcc: eve@z.test
Subject: =?utf-8?b?R3LDvMOfZQ==?=
Date: Tue, 1 Dec 2026 09:30:00 +0100
Message-ID: <1@x.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=a

--a
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe,
=1B]0;J=F6rg=07
--b
Content-Type: text/html

<p>not <b>this</b></p>
--b--
--a
Content-Type: application/pdf
Content-Disposition: attachment; filename=report.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--a--
EOF
}

shown() {
  cat <<'EOF'
From: Jörg <me@x.test>
To: bob@y.test
Subject: Grüße
Date: Tue, 1 Dec 2026 09:30:00 +0100

Grüße,
\x1B]0;Jörg\x07

[attachment: report.pdf, application/pdf, 9 octets]
EOF
}

# xdg-open SCRIPT: what is found under that name
xdg-open() {
  mkdir -p bin
  printf '#!/bin/sh\n%s\n' "$1" >bin/xdg-open
  chmod +x bin/xdg-open
  PATH=$PWD/bin:$PATH
}

@test "a complete message is shown as its reader sees it" {
  letter >letter.eml
  run -0 --separate-stderr smtpsend --preview -m letter.eml
  assert_output "$(shown)"
  assert_equal "$stderr" ''
  run -0 smtpsend --preview=text -t <letter.eml
  assert_line --index 0 'From: Jörg <me@x.test>'
  run -0 smtpsend --preview -m - <letter.eml
}

@test "a composed message is shown as its reader sees it" {
  run -0 smtpsend --preview -f 'Jörg <me@x.test>' -t 'Bob <bob@y.test>' -c carl@y.test -b eve@z.test \
    -s 'Größe' --body $'Grüße,\n\n\tJörg'
  assert_line 'From: Jörg <me@x.test>'
  assert_line 'To: Bob <bob@y.test>'
  assert_line 'Cc: carl@y.test'
  assert_line 'Subject: Größe'
  assert_line --regexp '^Date: '
  assert_output --partial $'\n\nGrüße,\n\n\tJörg'
  refute_output --partial eve
}

@test "attachments of a composed message are named" {
  head -c 20000 /dev/zero >data.bin
  run -0 smtpsend --preview -f me@x.test -t bob@y.test --body see --attach data.bin
  assert_line --regexp '^\[attachment: data.bin, application/octet-stream, 20 KiB\]$'
}

@test "a message in a charset of the whole world is shown in UTF-8" {
  run -0 smtpsend --preview=text -f me@x.test -t 'böb@y.test' -s 日本 --body 日本語
  assert_line 'To: böb@y.test'
  assert_line 'Subject: 日本'
  assert_line 日本語
}

@test "a preview connects nowhere, asks for no password, and keeps nothing" {
  play <<<$'name: x\n\nS: 220 x'
  SMTPSEND_SAVE=sent run -0 smtpsend --preview -S "submission://127.0.0.1:$port" \
    -u me --password-command 'touch asked' -f me@x.test -t bob@y.test --body x
  nobody_came
  [ ! -e asked ]
  [ ! -e sent ]
}

@test "a preview leaves no file behind" {
  mkdir tmp
  letter >letter.eml
  TMPDIR=$PWD/tmp XDG_RUNTIME_DIR=$PWD/tmp run -0 smtpsend --preview -m letter.eml
  assert_equal "$(ls -A tmp)" ''
}

@test "what is wrong with the call is an error of a preview, too" {
  run -64 smtpsend --preview --body x
  assert_output --partial 'no recipients'
  run -64 smtpsend --preview -t 'bob@' --body x
  assert_output --partial -- "--to: 'bob@': no domain"
  run -64 smtpsend --preview -t bob@y.test --json --body x
  assert_output --partial -- '--json: of no use to --preview'
  run -64 smtpsend --preview --dry-run -t bob@y.test --body x
  assert_output --partial -- '--dry-run: cannot be combined with --preview'
  run -64 smtpsend --preview=nonsense -t bob@y.test --body x
  assert_output --partial "'nonsense' is none of text, open"
  run -66 smtpsend --preview -m none
  assert_output --partial 'none: No such file or directory'
}

@test "a preview that cannot be written fails and says why" {
  run -74 --separate-stderr bash -c '"$0" "$@" >/dev/full' "$SMTPSEND_BUILD/smtpsend" --preview \
    -f me@x.test -t bob@y.test --body x
  assert_equal "$stderr" 'smtpsend: cannot write to standard output: No space left on device'
}

@test "a large message from a pipe is shown in part" {
  { printf 'From: me@x.test\nTo: bob@y.test\n\n' && head -c 5000000 /dev/zero | tr '\0' 'x' | fold; } |
    smtpsend --preview -m - >shown
  (($(wc -c <shown) < 1200000))
  assert_equal "$(tail -n 1 shown)" '[the text goes on: only 1 MiB is shown]'
}

@test "a preview can be opened in the reader of the desktop" {
  xdg-open 'printf "%s\n" "$#" "$1" >called; cp "$1" copy; stat -c %a "$1" >>called'
  mkdir runtime
  letter >letter.eml
  XDG_RUNTIME_DIR=$PWD/runtime run -0 --separate-stderr smtpsend --preview=open -m letter.eml
  assert_output ''
  files=(runtime/*)
  assert_equal "${#files[@]}" 1
  [[ ${files[0]} == runtime/smtpsend-preview.??????.eml ]]
  assert_equal "$(cat called)" "$(printf '%s\n' 1 "$PWD/${files[0]}" 600)"
  assert_equal "$stderr" "smtpsend: $PWD/${files[0]}"
  cmp copy <(smtpsend --dry-run=8BITMIME -m letter.eml)
}

@test "the file to be opened goes where temporary files go without a runtime directory" {
  xdg-open 'cp "$1" copy'
  mkdir tmp
  letter >letter.eml
  unset XDG_RUNTIME_DIR
  TMPDIR=$PWD/tmp run -0 smtpsend --preview=open -m letter.eml
  files=(tmp/smtpsend-preview.*.eml)
  cmp copy "${files[0]}"
}

@test "a desktop without a way to open a preview is an error that names another one" {
  mkdir runtime empty
  XDG_RUNTIME_DIR=$PWD/runtime PATH=$PWD/empty run -69 smtpsend --preview=open -f me@x.test \
    -t bob@y.test --body x
  assert_output --partial 'xdg-open: No such file or directory'
  assert_output --partial 'hint: --preview shows the message as text'
  assert_equal "$(ls -A runtime)" ''
  xdg-open 'exit 3'
  run -69 smtpsend --preview=open -f me@x.test -t bob@y.test --body x
  assert_output --partial 'found no reader'
  # also when whoever started us cares for no program of his
  run -69 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$SMTPSEND_BUILD/smtpsend" --preview=open \
    -f me@x.test -t bob@y.test --body x
  assert_output --partial 'found no reader'
}

@test "what opens a preview can be cancelled, and has its signals as usual" {
  xdg-open 'grep -E "Sig(Blk|Ign)" /proc/self/status >signals; echo >&8; read -r _ <&9'
  mkfifo event go
  exec 8<>event 9<>go
  env --default-signal=TERM,PIPE,INT,HUP "$SMTPSEND_BUILD/smtpsend" --preview=open -f me@x.test \
    -t bob@y.test --body x 2>err 3>&- &
  client=$!
  read -r -t 20 _ <&8
  kill -s TERM "$client"
  status=0
  wait "$client" || status=$?
  client=
  echo >&9
  assert_equal "$status" 143
  grep -q 'SigBlk:.0000000000000000' signals
  ignored=$(sed -n 's/^SigIgn:.//p' signals)
  (((0x$ignored >> 12 & 1) == 0))
}

@test "with -v the envelope goes to standard error, Bcc too" {
  run -0 --separate-stderr smtpsend --preview -v -f me@x.test -t bob@y.test -b eve@z.test --body hi
  refute_output --partial eve
  assert_equal "$stderr" 'reverse-path: <me@x.test>
recipient: <bob@y.test>
recipient: <eve@z.test>'
}

@test "a complete message that is binary is shown where it may go out so, or mended" {
  printf '%s\r\n' 'From: a@x.test' 'To: bob@y.test' 'Subject: x' 'MIME-Version: 1.0' \
    'Content-Type: image/png; name=a.png' 'Content-Transfer-Encoding: binary' '' >binary.eml
  printf 'a\0b\r\n' >>binary.eml
  run -65 smtpsend --preview -m binary.eml
  assert_line 'smtpsend: binary.eml: line 8: NUL byte'
  mapfile -t options < <(grep -o -e '--repair' -e '--binary=auto' <<<"$output")
  assert_equal "${options[*]}" '--repair --binary=auto'
  for option in "${options[@]}"; do
    run -0 smtpsend --preview -m binary.eml "$option"
    assert_line --partial '[attachment: a.png, image/png, '
  done
}
