#!/usr/bin/env bats
# Other people's headers: forwarded, repaired, answered; and what is signed.
# port and stderr come from testserver.bash and bats:
# shellcheck disable=SC2154

load testserver

send() { smtpsend -S "127.0.0.1:$port" -f me@x.test -t bob@y.test "$@"; }

@test "a forwarded header with an address in UTF-8 makes a message/global" {
  printf 'From: \303\274we@x.test\n\nhi\n' >f
  serve
  run -0 send -vv --body x --forward f
  assert_output --regexp 'MAIL FROM:<me@x.test>.* SMTPUTF8'
  run -0 message 1
  assert_line 'Content-Type: message/global'
  assert_line 'From: üwe@x.test'
}

@test "where SMTPUTF8 is not offered it ends with 65, before MAIL" {
  printf 'From: \303\274we@x.test\n\nhi\n' >f
  serve --no SMTPUTF8
  run -65 --separate-stderr send --body x --forward f
  assert_equal "$stderr" "\
smtpsend: 127.0.0.1:$port: a header in UTF-8 needs SMTPUTF8, which the server does not offer
smtpsend: hint: --attach FILE,type=application/octet-stream sends it as a file"
  messages 0
  run -0 send --body x --attach f,type=application/octet-stream
}

@test "what is signed is forwarded as it is, or not at all" {
  printf '%s\n' 'DKIM-Signature: v=1' '' 'für' >f
  serve
  run -0 --separate-stderr send --body x --forward f
  assert_equal "$stderr" ''
  run -0 message 1
  assert_line 'für'
  serve --no 8BITMIME
  run -65 --separate-stderr send --body x --forward f
  assert_equal "$stderr" "\
smtpsend: 127.0.0.1:$port: f: line 3: 8-bit text, and the server does not offer 8BITMIME
smtpsend: hint: what is signed is not encoded, since the signature would break;
smtpsend: hint: --attach FILE,type=application/octet-stream sends it as a file"
  run -0 send --body x --attach f,type=application/octet-stream
}

@test "what is encoded of a forwarded message is noted, unless with -q" {
  printf '%s\n' 'Subject: s' '' 'für' >f
  serve
  run -0 --separate-stderr send --body x --forward f
  assert_equal "$stderr" ''
  serve --no 8BITMIME
  run -0 --separate-stderr send --body x --forward f
  assert_equal "$stderr" \
    'smtpsend: note: f: what cannot go out as it is has been encoded'
  run -0 --separate-stderr smtpsend --dry-run -t b@y.test -f a@x.test --body x --forward f
  assert_equal "$stderr" \
    'smtpsend: note: f: what cannot go out as it is has been encoded'
  run -0 --separate-stderr send -q --body x --forward f
  assert_equal "$stderr" ''
}

@test "a repair that breaks a signature says so" {
  printf '%s\n' 'DKIM-Signature: v=1' '' 'für' >f
  serve --no 8BITMIME
  run -65 send -m f
  run -0 --separate-stderr send -m f --repair
  assert_equal "$stderr" "smtpsend: note: f: the signature over what has been \
encoded does not hold any more"
}

@test "8-bit text in a header goes with --repair and --charset, as the refusal says" {
  printf 'From: Zo\351 <z@x.test>\nSubject: f\374r\n\nhi\n' >f
  serve
  run -65 --separate-stderr send -m f
  assert_equal "$stderr" "\
smtpsend: f: line 1: 8-bit text that is not UTF-8 in the header
smtpsend: hint: a header is ASCII with encoded words (RFC 2047), or UTF-8 (RFC 6532);
smtpsend: hint: --repair --charset NAME makes encoded words of it if it is in NAME"
  run -0 send -m f --repair --charset iso-8859-1
  assert_equal "$(field From)" '=?UTF-8?Q?Zo=C3=A9?= <z@x.test>'
  assert_equal "$(field Subject)" '=?UTF-8?Q?f=C3=BCr?='
  run -0 send -m f --repair --charset big5
  assert_equal "$(field From 2)" '=?unknown-8bit?Q?Zo=E9?= <z@x.test>'
}

@test "a header in UTF-8 where SMTPUTF8 is not offered goes with --repair, as the refusal says" {
  printf 'From: Zo\303\251 <z@x.test>\n\nhi\n' >f
  serve --no SMTPUTF8
  run -65 --separate-stderr send -m f
  assert_equal "$stderr" "\
smtpsend: 127.0.0.1:$port: a header in UTF-8 needs SMTPUTF8, which the server does not offer
smtpsend: hint: --repair makes encoded words of it"
  run -0 send -m f --repair
  assert_equal "$(field From)" '=?UTF-8?Q?Zo=C3=A9?= <z@x.test>'
  printf 'From: z\303\251@x.test\n\nhi\n' >f
  run -65 --separate-stderr send -m f --envelope-from me@x.test
  assert_equal "$stderr" "\
smtpsend: 127.0.0.1:$port: a header in UTF-8 needs SMTPUTF8, which the server does not offer
smtpsend: hint: leave out what asks for that, or name a server that has it: --server-info lists what one offers"
}

@test "the subject of a message is answered, whatever charset it is in" {
  serve
  printf 'Message-ID: <1@a>\nSubject: =?ks_c_5601-1987?B?vsiz58fPvLy/5A==?=\n\n' >f
  run -0 send --body x --in-reply-to f
  assert_equal "$(field Subject)" 'Re: =?UTF-8?B?7JWI64WV7ZWY7IS47JqU?='
  printf 'Message-ID: <1@a>\nSubject: =?no-such?B?vsiz?=\n\n' >f
  run -0 send --body x --in-reply-to f
  assert_equal "$(field Subject 2)" 'Re: =?no-such?B?vsiz?='
}

@test "a preview shows the characters that Windows adds to a charset" {
  printf '%s\n' 'Subject: =?shift_jis?B?h0A=?=' \
    'Content-Type: text/plain; charset=gb2312' 'Content-Transfer-Encoding: base64' '' >f
  printf '\350\106\200' | base64 >>f
  run -0 smtpsend --preview -t b@y.test -f a@x.test -m f
  assert_line 'Subject: ①'
  assert_line '鐵€'
}
