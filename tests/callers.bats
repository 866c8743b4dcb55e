#!/usr/bin/env bats
# What really calls sendmail, on a clean Debian where smtpsend is it: each one's mail
# arrives as it was meant, and so it does when the relay was away for a while.
#
# Each caller has two functions: NAME_calls has it send, NAME_means says what must
# have arrived.  Its user's outbox is the one that is looked into.
# output comes from bats: shellcheck disable=SC2154,SC2119,SC2120

load testserver

setup_file() {
  local tree=$SMTPSEND_BUILD/chroot/callers reason process
  local packages=(cron at mutt bsd-mailx git-email libmailtools-perl php-cli mdadm logwatch)
  local own=(--net --pid --uts --ipc --fork --kill-child) _ sysconfdir spool

  if [ "$EUID" != 0 ]; then
    reason='only root can make a Debian to call from'
  elif ! reason=$(private "${own[@]}" true 2>&1); then
    reason="no namespaces to call from: ${reason//$'\n'/; }"
  elif reason=$("$BATS_TEST_DIRNAME/chroot/make" "$tree" "${packages[@]}" 2>&1); then
    reason=
  fi
  if [ -n "$reason" ]; then
    echo "${reason//$'\n'/; }" >"$BATS_FILE_TMPDIR/reason"
    return 0
  fi
  read -r _ sysconfdir spool <"$SMTPSEND_BUILD/place"
  mkfifo "$BATS_FILE_TMPDIR/held"
  private "${own[@]}" "$BATS_TEST_DIRNAME/chroot/hold" "$tree" "$SMTPSEND_BUILD/smtpsend" \
    "$sysconfdir/smtpsend/config" >"$BATS_FILE_TMPDIR/held" 2>"$BATS_FILE_TMPDIR/hold.err" \
    </dev/null 3>&- &
  if ! read -r -t 30 process <"$BATS_FILE_TMPDIR/held"; then
    cat "$BATS_FILE_TMPDIR/hold.err" >&2
    return 1
  fi
  export holder=$process machine=/proc/$process/root config=$sysconfdir/smtpsend/config
  mkdir -p "$machine${spool%/*}"
  install -d -m 1733 "$machine$spool"
  echo 'root: admin@x.test' >"$machine/etc/aliases"
  as root atd
  # shellcheck disable=SC2016
  as ann sh -ec 'git config --global user.name "Ann Lee"
    git config --global user.email ann@x.test
    git init -q repo && cd repo && echo text >file && git add file
    git commit -q -m "file: what it says" && git format-patch -q --root -o ..'
}

teardown_file() {
  if [ -n "${holder:-}" ]; then kill -KILL "$holder"; fi
}

setup() {
  if [ -e "$BATS_FILE_TMPDIR/reason" ]; then skip "$(<"$BATS_FILE_TMPDIR/reason")"; fi
}

# as USER COMMAND...: on that machine, at home, in the environment of a login
as() {
  local id=1000 home=/home/$1 user=$1
  case $user in
    root) id=0 home=/root ;;
    nobody) id=65534 home=/ ;;
  esac
  shift
  nsenter --target "$holder" --mount --net --pid --uts --ipc --root --setuid "$id" \
    --setgid "$id" -- /usr/bin/env -i -C "$home" HOME="$home" USER="$user" LOGNAME="$user" \
    SHELL=/bin/sh PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
    </dev/null 3>&-
}

# relay [OPTION...]: it is there, and has no mail yet
relay() {
  rm -rf mail listening
  mkdir mail
  mkfifo listening
  nsenter --target "$holder" --net "$SMTPSEND_BUILD/testserver" --serve mail \
    --listen 127.0.0.1:25 --limit 90 "$@" >listening 2>server.err </dev/null 3>&- &
  servers+=("$!")
  read -r -t 20 _ <listening || {
    cat server.err >&2
    return 1
  }
}

# eventually COMMAND...: daemons do it in their own time
eventually() {
  local until=$((SECONDS + 30))
  while [ "$SECONDS" -lt "$until" ]; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  "$@"
}

# waiting USER COUNT: so many messages in his outbox
waiting() {
  run as "$1" mailq
  assert_equal "$(grep -vc 'queue is empty' <<<"$output")" "$2"
}

# delivered NAME USER: what NAME of USER sends, at once and later
delivered() {
  relay
  "$1_calls"
  eventually messages 1
  "$1_means"
  servers_end
  "$1_calls"
  eventually waiting "$2" 1
  relay
  run -0 as root sendmail -q
  messages 1
  "$1_means"
  waiting "$2" 0
}

# envelope_is FROM TO...
envelope_is() {
  diff <(printf 'from: %s\n' "$1" && printf 'to: %s\n' "${@:2}") \
    <(envelope | grep -E '^(from|to): ')
}
# header_is NAME TEXT
header_is() { assert_equal "$1: $(field "$1")" "$1: $2"; }
# dated: Date is within a day of now, Message-ID is an identifier, there is one of each
dated() {
  local at
  at=$(date -d "$(field date)" +%s)
  [ $((EPOCHSECONDS - at)) -lt 86400 ] && [ $((at - EPOCHSECONDS)) -lt 86400 ]
  assert_equal "$(field date | wc -l) $(field message-id | wc -l)" '1 1'
  [[ "$(field message-id)" =~ ^\<[^\<\>\ @]+@[^\<\>\ @]+\>$ ]]
}
text() { message | sed '1,/^$/d'; }
text_is() { assert_equal "$(text)" "$(printf '%s\n' "$@")"; }

# --- the system's own -------------------------------------------------------------------

# What is to be done at the start is done without waiting for the next minute.
cron_calls() {
  printf '%s\n' "MAILTO=${mailto:-root,bob@y.test}" "@reboot ${whose:-root} echo hello; echo .; echo öl" \
    >"$machine/etc/cron.d/job"
  rm -f "$machine/run/crond.reboot"
  if [ -e "$machine/run/crond.pid" ]; then
    # shellcheck disable=SC2016
    as root sh -c 'kill "$(cat /run/crond.pid)"; rm /run/crond.pid'
  fi
  as root env TZ=UTC cron
}
cron_means() {
  envelope_is root@box.test admin@x.test bob@y.test
  dated
  header_is from 'root@box.test (Cron Daemon)'
  header_is to root@box.test,bob@y.test
  header_is subject 'Cron <root@box> echo hello; echo .; echo =?UTF-8?B?w7Zs?='
  assert_equal "$(field x-cron-env | grep -c '^<.*=.*>$')" 5
  text_is hello . öl
}

@test "cron: what a job of root's prints" { delivered cron root; }

user_cron_calls() { mailto=ann whose=ann cron_calls; }
user_cron_means() {
  envelope_is ann@box.test ann@box.test
  dated
  header_is from 'root@box.test (Cron Daemon)'
  header_is to ann@box.test
  text_is hello . öl
}

@test "cron: what a job of a user's prints" { delivered user_cron ann; }

at_calls() { run -0 as ann sh -c 'echo "echo hello; echo .; echo bye" | at now'; }
# atd keeps its own environment: HOME is /root.
at_means() {
  envelope_is ann@box.test ann@box.test
  dated
  header_is from 'Ann Lee <ann@box.test>'
  header_is to ann@box.test
  [[ "$(field subject)" =~ ^Output\ from\ your\ job\ +[0-9]+$ ]]
  text_is hello . bye
}

@test "at: what a job prints" { delivered at ann; }

mdadm_calls() {
  run -0 as root mdadm --monitor --test --oneshot --mail=root --config=/dev/null /dev/md0
}
mdadm_means() {
  envelope_is root@box.test admin@x.test
  dated
  header_is from 'mdadm monitoring <root@box>'
  header_is to root@box.test
  header_is subject 'TestMessage event on /dev/md0:box'
  text | grep -qx 'A TestMessage event had been detected on md device /dev/md0\.'
}

@test "mdadm: the test message of its monitor" { delivered mdadm root; }

logwatch_calls() {
  run -0 as root logwatch --output mail --mailto root --service All --range all
}
logwatch_means() {
  envelope_is root@box.test admin@x.test
  dated
  header_is from root@box.test
  header_is to root@box.test
  header_is subject 'Logwatch for box (Linux)'
  header_is auto-submitted auto-generated
  text | grep -q 'Logwatch End'
}

@test "logwatch: its report" { delivered logwatch root; }

# --- people's ---------------------------------------------------------------------------

mutt_calls() {
  run -0 as ann sh -c 'echo "a line" | mutt -s subject -c carl@y.test -b dora@y.test -- bob@y.test'
}
mutt_means() {
  envelope_is ann@box.test bob@y.test carl@y.test dora@y.test
  dated
  header_is from 'Ann Lee <ann@box.test>'
  header_is to bob@y.test
  header_is cc carl@y.test
  header_is bcc ''
  header_is subject subject
  text_is 'a line'
}

@test "mutt: to one more of each kind" { delivered mutt ann; }

mailx_calls() {
  run -0 as ann sh -c 'printf "%s\n" "a line" . "more" | mail -s subject -c carl@y.test -b dora@y.test bob@y.test root'
}
mailx_means() {
  envelope_is ann@box.test bob@y.test admin@x.test carl@y.test dora@y.test
  dated
  header_is from 'Ann Lee <ann@box.test>'
  header_is to 'bob@y.test, root@box.test'
  header_is cc carl@y.test
  header_is bcc ''
  header_is subject subject
  text_is 'a line' . more
}

@test "mailx: with a line that is a dot" { delivered mailx ann; }

git_calls() {
  run -0 as ann sh -c 'git send-email --quiet --confirm=never --envelope-sender=bounce@x.test \
    --to bob@y.test --cc carl@y.test --bcc dora@y.test 0001-*.patch'
}
git_means() {
  envelope_is bounce@x.test bob@y.test carl@y.test ann@x.test dora@y.test
  dated
  header_is from 'Ann Lee <ann@x.test>'
  header_is to bob@y.test
  header_is bcc ''
  header_is subject '[PATCH] file: what it says'
  text | grep -qx '+text'
}

@test "git send-email: a patch, with a reverse-path" { delivered git ann; }

# The handbook's example: CRLF in the header and LF in the text.
php_calls() {
  cat >"$machine/home/ann/mail.php" <<'PHP'
<?php
$header = ['From' => 'Ann <ann@x.test>', 'Cc' => 'carl@y.test', 'Bcc' => 'dora@y.test'];
exit(mail('bob@y.test', 'subject', "one\r\ntwo\nthree", $header, '-fbounce@x.test') ? 0 : 1);
PHP
  run -0 as ann php mail.php
}
php_means() {
  envelope_is bounce@x.test bob@y.test carl@y.test dora@y.test
  dated
  header_is from 'Ann <ann@x.test>'
  header_is to bob@y.test
  header_is cc carl@y.test
  header_is bcc ''
  header_is subject subject
  text_is one two three
}

@test "PHP: mail() with -f and fields of its own" { delivered php ann; }

# --- who has no home, or no password ----------------------------------------------------

daemon_calls() {
  run -0 as nobody env HOME=/root sh -c 'printf "Subject: alert\n\nhello\n" | sendmail root'
}
daemon_means() {
  envelope_is nobody@box.test admin@x.test
  dated
  header_is subject alert
  text_is hello
}

@test "a daemon as nobody, with root's HOME" { delivered daemon nobody; }

@test "the relay's password is root's: who cannot read it only queues" {
  local sends
  cp -p "$machine$config" config
  (umask 077 && printf '%s\n' 'server = 127.0.0.1:25' 'user = box' 'password = secret' >new)
  install -m 600 new "$machine$config"
  relay --user box:secret
  mutt_calls
  user_cron_calls
  eventually waiting ann 2
  messages 0
  run as ann sendmail -q
  messages 0
  waiting ann 2
  run -0 as root sendmail -q
  cp -p config "$machine$config"
  messages 2
  waiting ann 0
  for sends in mail/*.envelope; do grep -qx 'user: box' "$sends"; done
}

# --- what they call it with -------------------------------------------------------------

# calls_with NAME USER-AND-GROUPS HOME WORD...
calls_with() {
  local call=("$machine/calls"/call.*)
  rm -rf -- "${call[@]}"
  "$1_calls"
  eventually compgen -G "$machine/calls/call.*" >/dev/null
  call=("$machine/calls"/call.*)
  assert_equal "$1: $(cat "${call[0]}/id") $(sed -n 's/^HOME=//p' "${call[0]}/environ")" "$1: $2 $3"
  assert_equal "$1: $(tr '\0' ' ' <"${call[0]}/argv")" "$1: /usr/sbin/sendmail ${*:4} "
}

# The last one: it takes the place of what the others call.
@test "what these callers give sendmail: user, home and words" {
  mkdir -m 1777 "$machine/calls"
  rm "$machine/usr/sbin/sendmail"
  install -m 755 "$BATS_TEST_DIRNAME/chroot/record" "$machine/usr/sbin/sendmail"
  ln -sfT ../sbin/sendmail "$machine/usr/lib/sendmail"
  calls_with cron '0 0 0' /root -FCronDaemon -i -B8BITMIME -oem root,bob@y.test
  calls_with user_cron '1000 1000 1000' /root -FCronDaemon -i -B8BITMIME -oem ann
  calls_with at '1000 1 1000' /root -i ann
  calls_with mdadm '0 0' /root -t
  calls_with logwatch '0 0' /root -t
  calls_with mutt '1000 1000' /home/ann -oem -oi -- bob@y.test carl@y.test dora@y.test
  calls_with mailx '1000 1000' /home/ann -i -t
  calls_with git '1000 1000' /home/ann -f bounce@x.test -i bob@y.test carl@y.test ann@x.test dora@y.test
  calls_with php '1000 1000' /home/ann -t -i -fbounce@x.test
}
