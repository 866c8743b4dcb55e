#!/usr/bin/env bats
# Options: help, errors that name the right one, settings and where they come from,
# configuration files that are not to be trusted, manual and completions.
# shellcheck disable=SC2154

load testserver

setup() {
  config=$XDG_CONFIG_HOME/smtpsend/config
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
}

long_options() { smtpsend --help=all | grep -oE '^ +(-., )? *--[a-z0-9-]+' | grep -oE '[a-z0-9][a-z0-9-]+$'; }

# setting NAME ARGUMENT...: the line of --show-settings
setting() { smtpsend --show-settings "${@:2}" | grep "^$1 ="; }

# --- help ------------------------------------------------------------------------

@test "--help is the usage on standard output, -h the same" {
  run -0 --separate-stderr smtpsend --help
  assert [ "${#lines[@]}" -le 24 ]
  assert_line --regexp '^usage: smtpsend '
  assert_regex "${lines[-1]}" '^ +smtpsend --explain'
  assert_line --regexp '^ +-t, --to=ADDRESS +recipient$'
  assert_equal "$stderr" ''
  local help=$output
  run -0 smtpsend -h
  assert_output "$help"
  run ! grep -q '.\{81\}' <<<"$help"
}

@test "--help=TOPIC prints a section, all of them, or the exit statuses" {
  local topic topics
  run -0 smtpsend --help
  topics=$(sed -n '/--help=TOPIC/,/^Example/{/^ /p}' <<<"$output" | tr -s ', \n' ' ')
  assert_regex "$topics" servers
  for topic in $topics; do
    run -0 smtpsend --help="$topic"
    run ! grep -q '.\{81\}' <<<"$output"
  done
  run -0 smtpsend --help=servers
  assert_line --index 0 'Server:'
  assert_line --regexp '^  -S, --server=SERVER +server'
  refute_output --partial --subject
  run -0 smtpsend --help=exit
  assert_line --regexp '^ +2 +unknown'
  # every status of the manual is there
  for topic in 0 1 2 64 65 66 67 68 69 71 73 74 75 76 77 78; do
    assert_line --regexp "^ +$topic  "
  done
  run -0 smtpsend --help=all
  assert_line --regexp '^      --deadline=DURATION '
}

@test "--help=OPTION prints what the manual says of it" {
  local option
  for option in deadline --deadline; do
    run -0 smtpsend --help="$option"
    assert_output --partial --deadline=DURATION
    assert_output --partial SMTPSEND_DEADLINE
  done
  run -0 smtpsend --help=-s
  assert_output --partial --subject=TEXT
  for option in $(long_options); do
    run -0 smtpsend --help="$option"
  done
  run -64 smtpsend --help=deadlin
  assert_output --partial "did you mean 'deadline'"
}

@test "--version is one line" {
  run -0 smtpsend --version
  assert_output --regexp '^smtpsend [0-9]+\.[0-9.]+$'
  run -0 smtpsend -V
  assert_output --regexp '^smtpsend [0-9]'
}

# --- errors ----------------------------------------------------------------------

@test "an unknown option names the nearest one" {
  run -64 --separate-stderr smtpsend --subjct x -t bob@y.test
  assert_output ''
  assert_equal "${stderr%%$'\n'*}" "smtpsend: unknown option '--subjct'; did you mean '--subject'?"
  run -64 smtpsend --enevlope-from x
  assert_output --partial --envelope-from
  run -64 smtpsend -Z
  assert_output --partial "'-Z'"
  run -64 smtpsend --zzzzzzzzzzzz
  assert_output --partial "unknown option '--zzzzzzzzzzzz'"
  refute_output --partial 'did you mean'
}

@test "who knows another mailer is told the way on, which works" {
  serve
  to=(-S "127.0.0.1:$port" -f me@x.test bob@y.test --body hi)
  echo hi >file
  run -64 smtpsend -r me@x.test bob@y.test
  assert_line 'smtpsend: hint: -f ADDRESS (--from) says who it is from, and gets what bounces'
  run -64 smtpsend --host 127.0.0.1 --port "$port" bob@y.test
  assert_line 'smtpsend: hint: -S HOST:PORT (--server) names the server'
  run -64 smtpsend -server "127.0.0.1:$port" -f me@x.test bob@y.test
  assert_line 'smtpsend: hint: a long name has two dashes: --server'
  run -64 smtpsend --h-Subject: hi bob@y.test
  assert_line "smtpsend: hint: -H 'Name: value' (--header) is a header field"
  run -66 smtpsend "${to[@]}" -a 'X-A: b'
  assert_line "smtpsend: hint: -H 'X-A: b' (--header) is a header field"
  run -66 smtpsend "${to[@]}" -a X-A:b
  assert_line 'smtpsend: hint: -H X-A:b (--header) is a header field'
  run -66 smtpsend "${to[@]}" -a 'C:\a'
  refute_line --partial 'is a header field'
  run -66 smtpsend "${to[@]}" -a http://x.test/
  refute_line --partial 'is a header field'
  run -0 smtpsend "${to[@]}" -H 'X-A: b' -H X-B:c
  local name
  for name in ./file report.pdf; do
    run -78 smtpsend "${to[@]}" -A "$name"
    assert_line 'smtpsend: hint: -a FILE (--attach) attaches a file'
  done
  run -78 smtpsend "${to[@]}" -A me@x.test
  refute_line --partial attach
  run -0 smtpsend "${to[@]}" -a ./file
  # else a recipient would be called "s" or "i"
  run -64 smtpsend -s x -bs
  assert_line --partial 'hint: -b is --bcc here'
  run -64 smtpsend -S "127.0.0.1:$port" -ti <<<$'To: bob@y.test\nFrom: me@x.test\n\nhi'
  assert_line --partial 'hint: -t alone takes a complete message'
  run -0 smtpsend -S "127.0.0.1:$port" -t <<<$'To: bob@y.test\nFrom: me@x.test\n\nhi'
  run -64 smtpsend -s x -oi
  assert_line --partial 'hint: leave it out: '
  run -64 smtpsend -S from=me@x.test -S smtp="127.0.0.1:$port" bob@y.test
  assert_line "smtpsend: --server: 'from=me@x.test' is no server, and no variables are set here"
  assert_line 'smtpsend: hint: --from ADDRESS is an option here'
  run -64 smtpsend --from me@x.test -S smtp="127.0.0.1:$port" bob@y.test
  assert_line 'smtpsend: hint: -S HOST:PORT (--server) names the server'
  run -64 smtpsend -S frob=1 bob@y.test
  assert_line --partial 'hint: what s-nail has variables for has options here: smtpsend --help=all'
  run -66 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test -m 'hi there'
  assert_line 'smtpsend: hint: --body TEXT takes a text'
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test bob@y.test --body 'hi there'
  messages 4
}

@test "a bad value names what would be right" {
  run -64 smtpsend --tls=stattls -t bob@y.test
  assert_output --partial "did you mean 'starttls'"
  run -64 smtpsend --timeout=5x -t bob@y.test
  assert_output --partial 500ms
  run -64 smtpsend --json=perhaps -t bob@y.test
  assert_output --partial 'yes'
  run -64 smtpsend --without=CHUNKNG -t bob@y.test --body hi
  assert_output --partial "--without: 'CHUNKNG' is no extension that smtpsend uses"
  run -64 smtpsend --auth=PLAN -u me -t bob@y.test --body hi
  assert_output --partial "--auth: 'PLAN' is no mechanism that smtpsend knows (EXTERNAL"
  (umask 077 && printf '\nwithout = CHUNKNG\n' >"$config")
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial "$config:2: without: 'CHUNKNG' is no extension that smtpsend uses"
  rm "$config"
  run -64 smtpsend --subject
  assert_output --partial subject
  run -64 smtpsend --tls-pin=short -t bob@y.test --body hi
  assert_output --partial tls-pin
  run -64 smtpsend --source-address=host.test -t bob@y.test --body hi
  assert_output --partial source-address
}

@test "long names may be shortened as far as they are unambiguous" {
  run -0 setting subject --subj=x
  assert_output --partial 'subject = x'
  run -64 smtpsend --tls-=x
  assert_output --partial ambiguous
  assert_output --partial --tls-ca
}

@test "contradictions are refused" {
  run -64 smtpsend -4 -6 -t bob@y.test --body hi
  assert_output --partial -- '--ipv6: cannot be combined with --ipv4'
  echo hi >file
  run -64 smtpsend -m file --body hi -t bob@y.test
  assert_output --partial -- '--body: cannot be combined with --message'
  run -64 smtpsend -m file --body-file file -t bob@y.test
  assert_output --partial -- '--body-file: cannot be combined with --message'
  run -64 smtpsend -m file -s subject -t bob@y.test
  assert_output --partial --subject
  run -64 smtpsend -n --preview --body hi -t bob@y.test
  assert_output --partial -- '--preview: cannot be combined with --dry-run'
  run -64 smtpsend --strict --repair -m file -t bob@y.test
  assert_output --partial -- '--repair: cannot be combined with --strict'
}

@test "what is for composed messages is refused for a complete one, and the other way round" {
  local option
  echo hi >file
  for option in -afile --html=file --inline=file --calendar=file --forward=file \
    --in-reply-to=file --in-reply-to='<a@x.test>' --flowed --list-id=a.x.test \
    --list-unsubscribe=https://x.test/u --auto-submitted=no --importance=low \
    --date='Sun, 22 Nov 2026 10:00:00 +0000' --message-id='<a@x.test>'; do
    run -64 smtpsend -m file -t bob@y.test "$option"
    assert_output --partial 'a complete message brings its own header'
    run -64 smtpsend -t "$option" <file
    assert_output --partial 'a complete message brings its own header'
  done
  for option in --strict --repair --resend; do
    run -64 smtpsend --body hi -t bob@y.test "$option"
    assert_output --partial "$option is for complete messages"
  done
}

@test "a question does not swallow a mail, nor any call what is given to it" {
  echo hi >file
  run -64 smtpsend -s Report -t bob@y.test --noop <file
  assert_line --index 0 "smtpsend: --to, --subject: of no use to --noop, which asks the server and sends no message"
  assert_line --index 1 "smtpsend: hint: leave that out, or leave --noop out to send the message"
  run -64 smtpsend -m file --noop
  assert_output --partial -- '--message: '
  run -64 smtpsend -t --noop <file
  assert_output --partial -- '-t: '
  run -64 smtpsend --vrfy bob -a file --save copy.eml
  assert_output --partial -- '--attach, --save: '
  assert [ ! -e copy.eml ]
  run -64 smtpsend --noop bob@y.test
  assert_output --partial "'bob@y.test': "
  run -64 smtpsend -n --json --body hi -t bob@y.test
  assert_output --partial -- '--json: of no use to --dry-run, which sends nothing'
  SMTPSEND_JSON=yes SMTPSEND_SAVE=copy.eml run -0 smtpsend -n --body hi -t bob@y.test
  assert_output --partial 'To: bob@y.test'
}

@test "a password without a user is refused, and not left out" {
  (umask 077; echo pw >secret)
  run -64 smtpsend -S 127.0.0.1:1 --password-file secret --body hi -t bob@y.test
  assert_output --partial -- '--password-file needs a user: name one with --user'
  run -64 smtpsend -S 127.0.0.1:1 --password-command 'cat secret' --noop
  assert_output --partial -- '--password-command needs a user'
  run -64 smtpsend -S smtp://me:swordfish@127.0.0.1:1 --password-file secret --noop
  assert_output --partial -- "--password-file: the server's URL has a password already"
  refute_output --partial swordfish
}

@test "a token wants a user, a mechanism that takes it, and a file that is ours alone" {
  (umask 077; echo t0k3n >token; echo pw >secret; echo 'to ken' >bad)
  run -64 smtpsend -S 127.0.0.1:1 --token-file token --noop
  assert_output --partial -- '--token-file needs a user: name one with --user'
  run -64 smtpsend -S 127.0.0.1:1 -u me --auth XOAUTH2 --noop
  assert_output --partial -- '--auth: XOAUTH2 needs a token'
  assert_output --partial 'hint: --token-command COMMAND or --token-file FILE gives it'
  run -64 smtpsend -S 127.0.0.1:1 -u me --auth PLAIN --token-file token --noop
  assert_output --partial -- '--token-file: of no use to the mechanism PLAIN'
  run -64 smtpsend -S 127.0.0.1:1 -u me --auth XOAUTH2 --token-file token --password-file secret --noop
  assert_output --partial -- '--password-file: of no use to the mechanism XOAUTH2'
  run -64 smtpsend -S 127.0.0.1:1 -u me --token-file token --token-command 'cat token' --noop
  run -64 smtpsend -S smtp://me@127.0.0.1:1 -S smtp://you@127.0.0.1:1 --token-file token --noop
  assert_output --partial 'is one token, and there are two users: me and you'
  chmod 644 token
  run -78 smtpsend -S 127.0.0.1:1 -u me --token-file token --noop
  assert_output --partial 'token file token: others have access to it'
  run -77 smtpsend -S 127.0.0.1:1 -u me --token-command false --noop
  assert_output --partial 'token command'
  refute_output --partial t0k3n
}

@test "an option of no use to the connection is refused, unless it is configured" {
  (umask 077; echo "auth = PLAIN" >"$config")
  local option
  for option in -4 --ipv6 --source-address=127.0.0.1; do
    run -64 smtpsend -S unix:/nowhere "$option" --noop
    assert_output --partial 'of no use for unix:/nowhere, which is no host'
  done
  run -64 smtpsend -S exec:false -4 --noop
  assert_output --partial -- '--ipv4: of no use for exec:false'
  SMTPSEND_IPV4=yes run -75 smtpsend -S unix:/nowhere --noop
  echo >ca.pem
  run -64 smtpsend -S 127.0.0.1:1 --tls=off --tls-ca ca.pem --noop
  assert_output --partial -- '--tls-ca: of no use'
  run -64 smtpsend -S 127.0.0.1:1 --auth PLAIN --noop
  assert_output --partial -- '--auth needs a user'
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi -t bob@y.test
}

@test "of a command that gives the password the settings show that it is set" {
  run -0 smtpsend --show-settings --password-command 'echo swordfish'
  assert_line 'password-command = (a command is set; -v shows it)  # command line'
  refute_output --partial swordfish
  run -0 smtpsend --show-settings -v --password-command 'echo swordfish'
  assert_line 'password-command = echo swordfish  # command line'
}

@test "a value that cannot be is blamed on where it stands" {
  local name
  for name in from envelope-from cc bcc reply-to list-unsubscribe list-id; do
    local variable=SMTPSEND_${name^^}
    run -78 env "${variable//-/_}=a b@@c" "$SMTPSEND_BUILD/smtpsend" -n -t bob@y.test --body hi
    assert_line --partial "${variable//-/_}: 'a b@@c': unexpected "
    refute_output --partial -- "--$name"
    printf '\n%s = a b@@c\n' "$name" >"$config"
    run -78 smtpsend -n -t bob@y.test --body hi --json=no
    assert_line --partial "$config:2: $name: 'a b@@c': unexpected "
    rm "$config"
    run -64 smtpsend -n -t bob@y.test --body hi "--$name=a b@@c"
    assert_line --partial "--$name: 'a b@@c': unexpected "
  done
  EMAIL='a b@@c' run -78 smtpsend -n -t bob@y.test --body hi
  assert_line --partial "smtpsend: EMAIL: 'a b@@c': unexpected 'b' at character 3"
  assert_line --partial 'hint: an address stands behind its name'
  SMTPSEND_HEADER=nothing run -78 smtpsend -n -t bob@y.test --body hi
  assert_line --partial "SMTPSEND_HEADER: 'nothing': no colon"
  # what stands behind another value is not asked
  EMAIL='a b@@c' run -0 smtpsend -n -f me@x.test -t bob@y.test --body hi
  EMAIL='a b@@c' run -64 smtpsend -n -f 'me@@' -t bob@y.test --body hi
  assert_line --partial -- "--from: 'me@@'"
}

@test "of a server that is a command the settings show that it is one" {
  local scheme
  for scheme in exec: lmtp+exec: EXEC:; do
    run -0 smtpsend --show-settings -S "${scheme}ssh mail relay --token swordfish"
    assert_line "server = ${scheme}(a command is set; -v shows it)  # command line"
    refute_output --partial swordfish
    run -0 smtpsend --show-settings -v -S "${scheme}ssh mail relay --token swordfish"
    assert_line "server = ${scheme}ssh mail relay --token swordfish  # command line"
  done
}

@test "no error shows what may be a password in a URL" {
  local url
  for url in smtp://me:swordfish unix://me:swordfish@/x lmtp+unix://me:swordfish@/x \
    exec://me:swordfish@h fd:swordfish smtp://me:x:swordfish smtp://me:swordfish%40h \
    smtp://me:swordfish@h:99999 https://me:swordfish me:swordfish; do
    run -64 smtpsend -vv --json -S "$url" -f me@x.test -t bob@y.test --body hi
    refute_output --partial swordfish
    SMTPSEND_SERVER=$url run -78 smtpsend -f me@x.test -t bob@y.test --body hi
    refute_output --partial swordfish
    (umask 077; echo "server = $url" >"$config")
    run -78 smtpsend --noop
    refute_output --partial swordfish
    run -0 smtpsend --show-settings -v
    refute_output --partial swordfish
  done
}

@test "a home that is not ours, or not there, is named where the files are" {
  local home=/
  if [ "$EUID" = 0 ]; then
    mkdir other
    chown 65534 other
    home=$PWD/other
  fi
  run -0 env -u XDG_CONFIG_HOME HOME="$home" "$SMTPSEND_BUILD/smtpsend" --show-settings
  assert_line --regexp '^# .*/\.config/smtpsend/config \(HOME belongs to another user\)$'
  run -0 env XDG_CONFIG_HOME="$home" "$SMTPSEND_BUILD/smtpsend" --show-settings
  assert_line --regexp '^# .*/smtpsend/config \(XDG_CONFIG_HOME belongs to another user\)$'
  run -0 env -u XDG_CONFIG_HOME HOME=/nonexistent "$SMTPSEND_BUILD/smtpsend" --show-settings
  assert_line '# /nonexistent/.config/smtpsend/config (HOME: No such file or directory)'
  run -78 env -u XDG_CONFIG_HOME HOME="$home" "$SMTPSEND_BUILD/smtpsend" -A work --noop
  assert_output --partial '(HOME belongs to another user)'
}

@test "a URL in another place does not show its password either" {
  local url=smtp://me:swordfish@h args
  for args in "$url bob@y.test" "-t bob@y.test $url" "-f $url bob@y.test" "--reply-to $url bob@y.test" \
    "--envelope-from $url bob@y.test" "--noop $url" "--json=$url" "--help=$url" "--ehlo-name $url" \
    "--tls=$url" "--timeout=$url"; do
    # shellcheck disable=SC2086
    run -64 smtpsend -S 127.0.0.1:1 --body hi $args
    refute_output --partial swordfish
  done
  run -64 smtpsend --body hi -f me@x.test "$url" bob@y.test
  assert_line --index 0 'smtpsend: recipient: a URL, and no address'
  assert_line --index 1 'smtpsend: hint: --server=URL names the server'
  run -78 smtpsend -A "$url" --noop
  refute_output --partial swordfish
  for args in '-u me:swordfish -S 127.0.0.1:1' '-S smtp://me%3Aswordfish@127.0.0.1:1'; do
    # shellcheck disable=SC2086
    run -78 setsid -w "$SMTPSEND_BUILD/smtpsend" --json --noop $args
    assert_output --partial 'password for me:*** at 127.0.0.1:1'
    refute_output --partial swordfish
  done
}

@test "what a configuration says of the other kind of message is in nobody's way" {
  printf '%s\n' flowed 'list-id = a.x.test' 'list-unsubscribe = https://x.test/u' \
    'auto-submitted = no' 'importance = low' repair >"$config"
  printf 'From: me@x.test\n\nhi\n' >file
  serve
  run -0 smtpsend -S "127.0.0.1:$port" -m file -t bob@y.test
  run ! grep -qi '^list-\|^auto-\|^importance' mail/1.eml
  run -0 smtpsend -S "127.0.0.1:$port" -f me@x.test --body hi -t bob@y.test
}

@test "a message is resent to recipients who are named" {
  printf 'From: me@x.test\nTo: bob@y.test\n\nhi\n' >file
  run -64 smtpsend --resend -m file
  assert_output --partial 'name the recipients'
  run -64 smtpsend --resend -t <file
  assert_output --partial -- '--resend: name the recipients'
}

@test "the argument of --dry-run and --preview can be left out" {
  run -0 setting dry-run -n bob@y.test
  assert_output 'dry-run =  # command line'
  run -0 setting dry-run --dry-run=8BITMIME,SMTPUTF8
  assert_output --partial 8BITMIME,SMTPUTF8
  run -64 smtpsend --dry-run=8BITMIME, --body hi bob@y.test
  run -0 setting preview --preview
  assert_output --partial 'preview = text'
  run -64 smtpsend --preview=opne --body hi bob@y.test
  assert_output --partial "did you mean 'open'"
  echo 'dry-run = yes' >"$config"
  run -78 smtpsend --body hi bob@y.test
  assert_output --partial "'dry-run' is for the command line only"
}

@test "a password is not taken from the command line or a variable" {
  run -64 smtpsend --password=geheim -t bob@y.test --body hi
  assert_output --partial "'--password' is for configuration files only"
  refute_output --partial geheim
  SMTPSEND_PASSWORD=geheim run -78 smtpsend -t bob@y.test --body hi
  refute_output --partial geheim
}

@test "the shell completes accounts and what --help takes, and no files for operands" {
  printf '[account work]\n[account other]\n' >"$config"
  touch file
  completes() {
    PATH="$SMTPSEND_BUILD:$PATH" bash --norc -c 'source "$1"; shift; COMP_WORDS=(smtpsend "$@")
      COMP_CWORD=$#; _smtpsend; printf "%s\n" "${COMPREPLY[@]}"' _ "$SMTPSEND_BUILD/completions/smtpsend.bash" "$@"
  }
  run -0 completes -A ''
  assert_output $'work\nother'
  run -0 completes --account = w
  assert_output work
  run -0 completes --failover work,o
  assert_output work,other
  run -0 completes --help = serv
  assert_output $'servers\nserver\nserver-info\nserver-help'
  run -0 completes --help serv
  assert_output $'servers\nserver\nserver-info\nserver-help'
  run -0 completes --help --vr
  assert_output --vrfy
  run -0 completes --outbox = re
  assert_output $'release\nretry'
  run -0 smtpsend --queue --body x a@b
  run -0 smtpsend --outbox
  id=${output%% *}
  run -0 completes --outbox = show ''
  assert_output "all"$'\n'"$id"
  run -0 completes --outbox = show "${id:0:5}"
  assert_output "$id"
  run completes fil
  assert_output ''
}

# --- settings --------------------------------------------------------------------

@test "--show-settings says what each setting is and where it came from" {
  cat >"$config" <<'EOF'
timeout = 7s
deadline = 1m
[account work]
deadline = 2m
user = me
password = geheim
EOF
  chmod 600 "$config"
  export SMTPSEND_EHLO_NAME=client.test SMTPSEND_TIMEOUT=8s
  run -0 --separate-stderr smtpsend --show-settings -A work -s 'a subject' --json
  assert_equal "$stderr" ''
  assert_line 'subject = a subject  # command line'
  assert_line 'json = yes  # command line'
  assert_line 'ehlo-name = client.test  # SMTPSEND_EHLO_NAME'
  assert_line 'timeout = 8s  # SMTPSEND_TIMEOUT'
  assert_line "deadline = 2m  # $config:4"
  refute_output --partial '# default'
  assert_line '# -v shows those that were not set, too'
  assert_line --regexp '^password = \*+ +# '
  refute_output --partial geheim
  assert_line --partial "$config"
}

@test "with -v --show-settings has the defaults, too, and no time-out of 0" {
  run -0 smtpsend --show-settings
  refute_output --partial localhost
  run -0 smtpsend --show-settings -v
  assert_line 'server = localhost  # default'
  assert_line '# timeout: 1m to connect, 5m for a reply, 10m for the verdict  # default'
  assert_line '# deadline: none  # default'
  # what was set to nothing is told as it was
  run -0 setting timeout --timeout 0
  assert_output 'timeout = 0  # command line'
}

@test "what --show-settings prints can be used as a configuration" {
  run -0 smtpsend --show-settings -s 'a  subject' -H 'X-A: "1" \ 2' -H 'X-B: 2' --timeout 1500ms
  grep -vE '^#|password|= +# default$|^(body|message|body-file|verbose|resend|keep-going|keep-open) ' <<<"$output" |
    sed 's/  # [^#]*$//' >"$config"
  run -0 setting header
  assert_output --partial 'X-A:'
  run -0 setting timeout
  assert_output --partial 1500ms
}

@test "a flag can be turned off again" {
  echo 'json = yes' >"$config"
  run -0 setting json --json=no
  assert_output --partial 'json = no'
}

# --- configuration files that are refused ----------------------------------------

@test "a line that cannot be understood is named, wherever it stands" {
  local line
  for line in 'sevrer = x' 'tls = maybe' '[account' 'subject' 'timeout = soon' '= x' \
    'vrfy = bob' 'body = hi'; do
    printf '# one\n\n[account never]\n%s\n' "$line" >"$config"
    run -78 smtpsend -t bob@y.test --body hi
    assert_output --partial "$config:4"
  done
  printf 'subject = a\0b\n' >"$config"
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial 'there is a NUL byte'
  printf 'sevrer = x\n' >"$config"
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial server
}

@test "a file with a secret must be its owner's alone" {
  local mode
  printf 'password = geheim\n' >"$config"
  for mode in 640 604 660 644; do
    chmod "$mode" "$config"
    run -78 smtpsend -t bob@y.test --body hi
    assert_output --partial "$config"
    refute_output --partial geheim
  done
  chmod 600 "$config"
  run -0 setting password
  mv "$config" elsewhere
  ln -s "$PWD/elsewhere" "$config"
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial link
}

@test "a file without a secret may be a link, but nobody else may write to it" {
  echo 'subject = linked' >elsewhere
  ln -s "$PWD/elsewhere" "$config"
  run -0 setting subject
  assert_output --partial linked
  chmod 666 elsewhere
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial 'can be changed by everybody'
}

@test "a file that belongs to another user is refused" {
  [ "$EUID" = 0 ] || skip 'only root can give files away'
  echo 'subject = x' >"$config"
  chown 54321 "$config"
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial 'belongs to another user'
}

@test "what is no file, or huge, is refused at once" {
  mkfifo "$config"
  run -78 timeout 5 "$SMTPSEND_BUILD/smtpsend" -t bob@y.test --body hi
  assert_output --partial 'not a regular file'
  rm "$config"
  mkdir "$config"
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial 'not a regular file'
  rmdir "$config"
  yes '# a comment' | head -c 1048577 >"$config"
  run -78 smtpsend -t bob@y.test --body hi
  assert_output --partial "$config"
  truncate -s 1000G "$config" || skip 'no such file can be made here'
  run -78 timeout 5 "$SMTPSEND_BUILD/smtpsend" -t bob@y.test --body hi
  assert_output --partial 'larger than 1 MiB'
}

@test "secrets from files and commands are taken with distrust" {
  local command
  play --connections 0 <<<$'name: x\n\nS: 220 x' || true
  secret() { smtpsend -S 127.0.0.1:1 -f me@x.test -t bob@y.test --body hi -u me "$@"; }
  (umask 022 && echo geheim >open)
  run -78 secret --password-file open
  assert_output --partial 'chmod 600'
  run -78 secret --password-file nothing-here
  assert_output --partial 'nothing-here: No such file or directory'
  mkfifo fifo
  run -78 secret --password-file fifo
  assert_output --partial 'others have access to it'
  (umask 077 && : >empty && printf 'a\0b\n' >nul)
  run -78 secret --password-file empty
  assert_output --partial 'empty: there is no password in it'
  run -78 secret --password-file nul
  assert_output --partial 'nul: a NUL in the password'
  for command in 'exit 3' 'kill $$' true 'echo' 'printf "a\0b"' \
    'head -c 1000000 /dev/zero | tr "\0" x'; do
    run secret --password-command "$command"
    case $status in
      77 | 78) ;;
      *) echo "status $status: $command"; false ;;
    esac
  done
  local began=${EPOCHREALTIME/./}
  run -75 secret --deadline 300ms --password-command 'exec sleep 20'
  assert [ $((${EPOCHREALTIME/./} - began)) -lt 2000000 ]
}

# --- manual and completions ------------------------------------------------------

@test "every long option stands in the manual and in the completions" {
  local option missing=
  mandoc -T utf8 "$SMTPSEND_BUILD/man/smtpsend.1" | sed 's/.\x08//g' >manual
  for option in $(long_options); do
    grep -qE -- "^ {0,8}(-.( [A-Z]+)?, )?--$option( |=|\[|,|\$)" manual || missing+=" manual:$option"
    grep -qE -- "--$option\b" "$SMTPSEND_BUILD/completions/smtpsend.bash" || missing+=" bash:$option"
    grep -qE -- "--$option\b" "$SMTPSEND_BUILD/completions/_smtpsend" || missing+=" zsh:$option"
    grep -qE -- "-l '?$option\b" "$SMTPSEND_BUILD/completions/smtpsend.fish" || missing+=" fish:$option"
  done
  assert_equal "$missing" ''
  assert [ "$(long_options | wc -l)" -gt 40 ]
}

@test "what the manual shows fits a terminal, and its commands are whole" {
  for page in smtpsend.1 smtpsendrc.5 smtpsend-script.7 smtpsend-each.7; do
    mandoc -T utf8 -O width=78 "$SMTPSEND_BUILD/man/$page" | sed 's/.\x08//g'
  done >manual
  grep -E '^ {8,}(smtpsend |.* smtpsend -|.*\\$)' manual >commands
  assert [ "$(wc -l <commands)" -gt 40 ]
  run grep '.\{79\}' manual
  assert_output ''
  # A backslash at the end of a line would take the next one along.
  # shellcheck disable=SC1112 # the manual's quotes
  run grep -o '‘From[^‘]*’' manual
  assert_output $'‘From ’\n‘From ’\n‘From ’'
}

@test "what is tried first stands before the options in the manual" {
  mandoc -T utf8 "$SMTPSEND_BUILD/man/smtpsend.1" | sed 's/.\x08//g' | grep '^[A-Z]' >sections
  run grep -n -x -e 'FIRST STEPS' -e OPTIONS -e EXAMPLES sections
  assert_line --index 0 --partial 'FIRST STEPS'
  assert_line --index 1 --partial OPTIONS
  assert_line --index 2 --partial EXAMPLES
}

@test "the completion for bash works" {
  # shellcheck disable=SC2016
  run -0 bash -c '
    source "$1"
    COMP_WORDS=(smtpsend --enve) COMP_CWORD=1
    COMP_LINE="smtpsend --enve" COMP_POINT=15
    function=$(complete -p smtpsend | sed "s/.*-F \([^ ]*\).*/\1/")
    "$function" smtpsend --enve smtpsend
    printf "%s\n" "${COMPREPLY[@]}"' - "$SMTPSEND_BUILD/completions/smtpsend.bash"
  assert_output --partial --envelope-from
}

@test "the completion for fish works" {
  command -v fish >/dev/null || skip "there is no fish"
  # completed WORDS: what is offered for the last one, without what it means
  completed() {
    # shellcheck disable=SC2016 # fish's variables
    fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
      "$SMTPSEND_BUILD/completions/smtpsend.fish" "smtpsend $1" | cut -f 1 | tr '\n' ' '
  }
  assert_equal "$(completed --enve)" '--envelope-from --envelope-id '
  assert_equal "$(completed --tls=)" '--tls=auto --tls=implicit --tls=off --tls=starttls '
  assert_equal "$(completed '--tls-min-version ')" '1.2 1.3 '
}

@test "the completion for zsh works" {
  command -v zsh >/dev/null || skip "there is no zsh"
  # What _arguments would be told is tried on it, without a terminal.
  # shellcheck disable=SC2016 # zsh's variables
  run -0 zsh -f -c '
    fpath=("$1" $fpath)
    autoload -Uz _smtpsend
    _arguments() { print -rl -- "$@"; }
    words=(smtpsend --tls) CURRENT=2
    _smtpsend' - "$SMTPSEND_BUILD/completions"
  assert_line --partial -- '--envelope-from'
  assert_line --regexp -- '--tls=.*auto.*implicit'
}

@test "the completion for bash knows the values of an option" {
  # complete WORD...: what is offered for the last one
  complete_words() {
    # shellcheck disable=SC2016
    bash -c 'source "$1"; shift
      COMP_WORDS=(smtpsend "$@") COMP_CWORD=$#
      _smtpsend smtpsend "${@: -1}" smtpsend 2>/dev/null
      printf "%s\n" "${COMPREPLY[@]}"' - "$SMTPSEND_BUILD/completions/smtpsend.bash" "$@"
  }
  run -0 complete_words --importance h
  assert_output high
  run -0 complete_words --importance = h
  assert_output high
  run -0 complete_words --preview = o
  assert_output open
  run -0 complete_words --preview o
  assert_output ''
  echo hi >report.pdf
  run -0 complete_words -a rep
  assert_output report.pdf
}

@test "the manual lists every exit status" {
  run -0 grep -cE '^\.It [0-9]' "$SMTPSEND_BUILD/man/smtpsend.1"
  assert [ "$output" -ge 14 ]
}

@test "a password in a server's URL is a secret wherever it stands" {
  run -0 smtpsend -S 'smtp://me:hunter2@mail.example.test' --show-settings
  assert_output --partial 'server = smtp://me:********@mail.example.test'
  refute_output --partial hunter2
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  echo 'server = smtp://me:hunter2@127.0.0.1:1' >"$XDG_CONFIG_HOME/smtpsend/config"
  chmod 644 "$XDG_CONFIG_HOME/smtpsend/config"
  run -78 smtpsend --body x bob@y.test
  assert_output --partial 'chmod 600'
  refute_output --partial hunter2
  chmod 600 "$XDG_CONFIG_HOME/smtpsend/config"
  run -75 smtpsend --body x bob@y.test
  assert_output --partial '127.0.0.1:1: Connection refused'
}

@test "a line that cannot be understood does not show what may be a secret" {
  local line
  mkdir -p "$XDG_CONFIG_HOME/smtpsend"
  for line in 'password: c2VjcmV0Cg==' 'password c2VjcmV0Cg=' 'passwort:c2VjcmV0Cg'; do
    (umask 077 && echo "$line" >"$XDG_CONFIG_HOME/smtpsend/config")
    run -78 smtpsend --body x bob@y.test
    refute_output --partial c2VjcmV0
  done
}

@test "--json is heeded in a call that is wrong otherwise" {
  run --separate-stderr -64 smtpsend --bogus --json
  assert_output --partial '"outcome":"usage","status":64'
  run --separate-stderr -64 smtpsend --json --bogus
  assert_output --partial '"status":64'
}

@test "flowed text from a variable gives way to another type of text, from the command line not" {
  run -0 bash -c "SMTPSEND_FLOWED=yes '$SMTPSEND_BUILD/smtpsend' -n -f a@x.test -H 'Content-Type: text/html' --body '<p>x' b@x.test"
  refute_output --partial flowed
  run -64 smtpsend --flowed -n -f a@x.test -H 'Content-Type: text/html' --body '<p>x' b@x.test
  assert_output --partial -- '--flowed is for plain text'
}
