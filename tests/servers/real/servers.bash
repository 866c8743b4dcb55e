# shellcheck shell=bash
# servers.bash - real mail servers on loopback, for tests.  Sourced; knows nothing
# of bats.
#
#   real_available         0, or prints why there can be no servers here and fails
#   real_available_oidc    likewise, of oidc
#   real_up NAME...        starts postfix, exim, opensmtpd, dovecot, submission,
#                          kerberos, oidc, resource (any of them)
#   real_env FILE          writes the variables below as assignments, to be sourced
#   real_wait NAME USER N [SECONDS]   until USER has N messages (10 seconds)
#   real_count NAME USER   how many messages USER has
#   real_last NAME USER    the newest message of USER
#   real_reset NAME        empties the mailboxes of a server
#   real_log NAME          what the server logged
#   real_token USER SECONDS   prints a token that submission takes so long
#   real_ticket USER       gets a ticket of Kerberos, into $KRB5CCNAME
#   real_down              stops everything and removes the directory of the run
#
# Variables, exported: REAL_DIR, REAL_PKI (certificates, see "pki"), REAL_CA,
# REAL_PASSWORD_ALICE, REAL_PASSWORD_BOB, and ports on 127.0.0.1 (and ::1):
#   POSTFIX_SMTP            STARTTLS if wanted, no AUTH
#   POSTFIX_SMALL           the same, messages up to 100000 bytes
#   POSTFIX_ESMTP0          EHLO answers without any extension
#   POSTFIX_SUBMISSION      STARTTLS, then AUTH PLAIN LOGIN, both required
#   POSTFIX_SMTPS           implicit TLS, AUTH PLAIN LOGIN required
#   POSTFIX_BROKEN          STARTTLS, and no handshake comes to an end
#   POSTFIX_BEHIND          the same as POSTFIX_SMTP behind a PROXY header
#   POSTFIX_BEHIND_SMTPS    POSTFIX_SMTPS behind one
#   POSTFIX_SIGNIN          as POSTFIX_SMTPS, with what submission offers, too
#   POSTFIX_SMTPS_WRONGHOST _EXPIRED _CNONLY _CLIENTEKU _SELFSIGNED
#                           the same with a certificate that is not good
#   EXIM_SMTP EXIM_SMTPS    AUTH PLAIN LOGIN offered, not required; in clear as well
#   EXIM_BROKEN             STARTTLS, and no handshake comes to an end
#   EXIM_BEHIND             EXIM_SMTP behind a PROXY header
#   EXIM_SIGNIN             implicit TLS; AUTH CRAM-MD5 and EXTERNAL (of Exim), and
#                           SCRAM-SHA-256 XOAUTH2 OAUTHBEARER (of submission)
#   OPENSMTPD_SMTP          plain, no PIPELINING
#   OPENSMTPD_BROKEN        STARTTLS, and no handshake comes to an end; AUTH is
#                           behind it
#   DOVECOT_LMTP            LMTP, also at the unix socket DOVECOT_LMTP_SOCKET
#   SUBMISSION_SMTP         Dovecot: STARTTLS if wanted, AUTH PLAIN LOGIN CRAM-MD5
#                           SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER EXTERNAL
#                           GSSAPI; its mail goes to Postfix
#   SUBMISSION_SMTPS        the same by implicit TLS
#   OIDC_HTTPS              oidc-provider: https://localhost:PORT is the issuer; see
#                           conf/oidc.  "person" signs in there
#   RESOURCE_SMTP           Dovecot: STARTTLS, then XOAUTH2 or OAUTHBEARER with a token
#                           of oidc; its mail goes to Exim
#   RESOURCE_SMTPS          the same by implicit TLS
#   KERBEROS_KDC            the KDC of EXAMPLE.TEST; KRB5_CONFIG says so to clients
#
# Domain example.test; mailboxes alice bob carol, and jörg for Postfix and Exim;
# list@ is alice, bob and carol.  reject@ is refused (550 5.7.1), defer@ deferred
# (450 4.2.0), nosuch@ unknown (550); badsender@ as sender is refused (553, Exim
# 550).  A Subject with please-reject is refused after the data by Postfix and Exim,
# please-defer is deferred by Exim.  full@ of Dovecot is over quota (552 after the
# data).  prdr-reject@ and prdr-defer@ of Exim answer so in PRDR.
#
# Only root can do this: each server runs in a mount and pid namespace of its own
# (see "inside"), where it finds its packages' files at the places it was built for.
# Everything a run writes is in REAL_DIR.  When the process that started a run is
# gone without real_down, a watcher cleans up.

REAL_HOME=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
REAL_SERVERS='postfix exim opensmtpd dovecot submission kerberos oidc resource'
# Accounts that exist for the servers only.  Numbers are far from what a machine
# gives to people and packages.
REAL_UID_POSTFIX=64871 REAL_GID_POSTDROP=64872 REAL_UID_EXIM=64873
REAL_UID_OPENSMTPD=64874 REAL_UID_OPENSMTPQ=64875
REAL_UID_DOVECOT=64876 REAL_UID_DOVENULL=64877 REAL_UID_MAIL=64878

# What signs the tokens of a run.
REAL_TOKEN_KEY=nobody-but-these-tests-trusts-it

# --- can it be done? ---------------------------------------------------------

_real_trees() {
  local build=${SMTPSEND_BUILD:-$REAL_HOME/../../../build}
  (cd -- "$build/servers" 2>/dev/null && pwd)
}

real_available() {
  local tool trees out binary
  if [ "$(id -u)" != 0 ]; then
    echo 'real mail servers need root'
    return 1
  fi
  for tool in unshare mount hostname setsid flock perl openssl; do
    if ! command -v "$tool" >/dev/null; then
      echo "real mail servers need the program $tool"
      return 1
    fi
  done
  if ! out=$("$REAL_HOME/fetch" 2>&1 </dev/null 3>&-); then
    echo "real mail servers are not here: ${out//$'\n'/; }"
    return 1
  fi
  trees=$(_real_trees)
  # The same mounts as the real ones; where they are forbidden this says so.
  if ! out=$(cd "$trees/postfix" && "$REAL_HOME/../../private" --uts --pid --fork \
    mount -n -t overlay -o lowerdir=usr:/usr overlay /usr 2>&1); then
    echo "real mail servers need a mount namespace and an overlay in it: ${out//$'\n'/; }"
    return 1
  fi
  for binary in postfix/usr/lib/postfix/sbin/smtpd exim/usr/sbin/exim4 opensmtpd/usr/sbin/smtpd \
    dovecot/usr/sbin/dovecot dovecot/usr/lib/dovecot/lmtp dovecot/usr/lib/dovecot/doveadm-server \
    submission/usr/sbin/dovecot submission/usr/lib/dovecot/modules/auth/libmech_gssapi.so \
    kerberos/usr/sbin/krb5kdc kerberos/usr/sbin/kadmin.local kerberos/usr/bin/kinit dante/usr/sbin/danted; do
    out=$(LD_LIBRARY_PATH=$trees/postfix/usr/lib/postfix:$trees/dovecot/usr/lib/dovecot \
      ldd "$trees/$binary" 2>&1 | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p')
    if [ -n "$out" ]; then
      echo "real mail servers: ${binary##*/} lacks ${out//$'\n'/ }; install what tests/servers/real/packages lists"
      return 1
    fi
  done
  return 0
}

real_available_oidc() {
  local out
  real_available || return
  if ! out=$("$REAL_HOME/oidc/fetch" 2>&1 </dev/null 3>&-); then
    echo "a real authorisation server is not here: ${out//$'\n'/; }"
    return 1
  fi
}

# --- the run -----------------------------------------------------------------

_real_note() { printf 'real servers: %s\n' "$*" >&2; }

# Names of the variables that hold a server's ports.
_real_ports() {
  case $1 in
    postfix)
      echo POSTFIX_SMTP POSTFIX_SMALL POSTFIX_ESMTP0 POSTFIX_SUBMISSION POSTFIX_SMTPS \
        POSTFIX_BROKEN POSTFIX_BEHIND POSTFIX_BEHIND_SMTPS POSTFIX_SIGNIN \
        POSTFIX_SMTPS_WRONGHOST POSTFIX_SMTPS_EXPIRED POSTFIX_SMTPS_CNONLY \
        POSTFIX_SMTPS_CLIENTEKU POSTFIX_SMTPS_SELFSIGNED
      ;;
    exim) echo EXIM_SMTP EXIM_SMTPS EXIM_BROKEN EXIM_BEHIND EXIM_SIGNIN ;;
    opensmtpd) echo OPENSMTPD_SMTP OPENSMTPD_BROKEN ;;
    dovecot) echo DOVECOT_LMTP ;;
    submission) echo SUBMISSION_SMTP SUBMISSION_SMTPS ;;
    kerberos) echo KERBEROS_KDC ;;
    oidc) echo OIDC_HTTPS ;;
    resource) echo RESOURCE_SMTP RESOURCE_SMTPS ;;
    *)
      _real_note "no server is called '$1' (there are: $REAL_SERVERS)"
      return 1
      ;;
  esac
}

# A directory that servers which gave up root can get to.  It must not be in one of
# the places that are private inside the namespaces, and the paths of sockets below it
# are limited to 107 bytes.
_real_base() {
  local base=${TMPDIR:-/tmp} dir
  case $base in
    /run | /run/* | /var/run | /var/run/* | /var/lib/* | /var/spool/* | [!/]* | *[!A-Za-z0-9/._+-]*) base=/tmp ;;
  esac
  if [ "${#base}" -gt 50 ]; then base=/tmp; fi
  dir=$base
  while [ -n "$dir" ]; do
    case $(stat -c %a -- "$dir" 2>/dev/null) in
      *[1357]) dir=${dir%/*} ;;
      *)
        base=/tmp
        break
        ;;
    esac
  done
  echo "$base"
}

# Directory, accounts, certificates: once per run.
_real_prepare() {
  if [ -n "${REAL_DIR:-}" ] && [ -d "$REAL_DIR" ]; then return 0; fi
  REAL_DIR=$(mktemp -d "$(_real_base)/real.XXXXXX") || return 1
  REAL_PKI=$REAL_DIR/pki
  REAL_CA=$REAL_PKI/ca.pem
  REAL_PASSWORD_ALICE=wonderland
  # shellcheck disable=SC1003,SC2089,SC2090 # the quotes and the backslash belong to it
  export REAL_PASSWORD_BOB="p@ss w0rd!%&'\"\\"
  export REAL_DIR REAL_PKI REAL_CA REAL_PASSWORD_ALICE
  chmod 755 "$REAL_DIR"
  mkdir "$REAL_PKI" "$REAL_DIR/etc"
  _real_etc || return 1
  _real_watch
  "$REAL_HOME/pki" "$REAL_PKI"
}

# The files that replace the machine's in /etc: no name service, no DNS, nobody but
# the accounts that the servers look up.
_real_etc() {
  local e=$REAL_DIR/etc name id
  printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n' \
    >"$e/nsswitch.conf"
  printf '127.0.0.1 localhost mail.example.test\n::1 localhost mail.example.test\n' >"$e/hosts"
  echo 'nameserver 127.0.0.1' >"$e/resolv.conf"
  echo mail.example.test >"$e/mailname"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$e/passwd"
  printf 'root:x:0:\nmail:x:8:\npostdrop:x:%s:\n' "$REAL_GID_POSTDROP" >"$e/group"
  while read -r name id; do
    echo "$name:x:$id:$id::/nonexistent:/usr/sbin/nologin" >>"$e/passwd"
    echo "$name:x:$id:" >>"$e/group"
  done <<END
nobody 65534
postfix $REAL_UID_POSTFIX
Debian-exim $REAL_UID_EXIM
opensmtpd $REAL_UID_OPENSMTPD
opensmtpq $REAL_UID_OPENSMTPQ
dovecot $REAL_UID_DOVECOT
dovenull $REAL_UID_DOVENULL
mailtest $REAL_UID_MAIL
END
}

# Nothing of the caller's may stay open in what runs on: bats waits until the last
# holder of its descriptors is gone.
_real_close() {
  local fd
  for fd in "/proc/$BASHPID/fd"/*; do
    fd=${fd##*/}
    if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
  done
}

# The owner of a run is the shell that started it ($$ is the same in its subshells).
_real_watch() {
  (
    trap - EXIT ERR DEBUG
    _real_close
    # shellcheck disable=SC2016 # expanded by the inner shell
    exec env -i PATH="$PATH" REAL_DIR="$REAL_DIR" REAL_ABANDONED=1 setsid bash -c '
      . "$2/servers.bash"
      echo "$$ $(_real_starttime "$$")" >"$REAL_DIR/watcher" || exit
      tail -s 0.5 --pid="$1" -f /dev/null
      real_down' watch "$$" "$REAL_HOME" </dev/null >/dev/null 2>&1
  ) &
  disown "$!" 2>/dev/null || true
}

# Start time of a living process, which together with its number names it for
# good.  Fails for a zombie: that is as good as gone.
_real_starttime() {
  local stat field
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -r -a field <<<"${stat##*) }"
  [ "${field[0]}" != Z ] && [ "${field[0]}" != X ] && echo "${field[19]}"
}

# _real_alive FILE: prints the pid recorded in FILE if that very process lives.
_real_alive() {
  local pid start
  { read -r pid start <"$1"; } 2>/dev/null || return 1
  [ -n "$start" ] && [ "$(_real_starttime "$pid")" = "$start" ] && echo "$pid"
}

# _real_kill FILE...: kills what is recorded and waits until it is gone.  When the
# first process of a namespace is gone, all of the namespace are.
_real_kill() {
  local file pid i
  for file in "$@"; do
    if pid=$(_real_alive "$file"); then kill -KILL "$pid" 2>/dev/null || true; fi
  done
  for file in "$@"; do
    for ((i = 0; i < 500; i++)); do
      _real_alive "$file" >/dev/null || break
      sleep 0.01
    done
  done
}

# _real_render NAME: fills in the templates of a server; @VARIABLE@ is replaced, any
# other @ (mail addresses) passes.  Lines with @IF6@ are for machines with ::1.
_real_render() {
  local file
  for file in "$REAL_HOME/conf/$1"/*; do
    REAL_UID_MAIL=$REAL_UID_MAIL perl -ne '
      BEGIN {
        if (open my $f, "<", "/proc/net/if_inet6") { $six = grep { /^0{31}1 / } <$f> }
        $ENV{LOOPBACK6} = $six ? "::1" : "";
      }
      next if s/\@IF6\@ ?// && !$six;
      next if s/\@IFNOT6\@ ?// && $six;
      s/\@([A-Z][A-Z0-9_]+)\@/exists $ENV{$1} ? $ENV{$1} : die "no value for $1 in $ARGV\n"/ge;
      print' "$file" >"$REAL_DIR/$1/etc/${file##*/}" || return 1
    # Postfix does not trust a file younger than two seconds, and waits until it is.
    touch -d '1 hour ago' "$REAL_DIR/$1/etc/${file##*/}"
  done
}

# The one way in which all servers are started: see "inside".
_real_launch() {
  local name=$1 dir=$REAL_DIR/$1 tree
  shift
  tree=$(_real_trees)/$name
  # the same program, for something else
  if [ "$name" = resource ]; then tree=${tree%/*}/submission; fi
  (
    trap - EXIT ERR DEBUG
    _real_close
    # The server must not see the caller's environment either.
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin setsid --wait \
      "$REAL_HOME/../../private" --uts --pid --fork --kill-child \
      "$REAL_HOME/inside" "$dir" "$tree" "$@" </dev/null >>"$dir/start.log" 2>&1
  ) &
  echo "$!" >"$dir/starter"
  disown "$!" 2>/dev/null || true
}

# _real_start NAME: takes ports, writes the configuration, starts; does not wait.
_real_start() {
  local name=$1 dir=$REAL_DIR/$1 i list vars ports
  list=$(_real_ports "$name") || return 1
  read -r -a vars <<<"$list"
  list=$("$REAL_HOME/sockets" free "${#vars[@]}") || return 1
  read -r -a ports <<<"$list"
  for i in "${!vars[@]}"; do
    export "${vars[i]}=${ports[i]}"
  done
  rm -rf -- "$dir"
  mkdir -p "$dir/etc" "$dir/mail" "$dir/root/run" "$dir/root/var/lib" "$dir/root/var/spool" || return 1
  chown "$REAL_UID_MAIL:$REAL_UID_MAIL" "$dir/mail" || return 1
  _real_render "$name" || return 1
  "_real_start_$name" "$dir"
}

# _real_ready NAME: waits for what _real_start started.
_real_ready() {
  local name=$1 dir=$REAL_DIR/$1 list var wanted=()
  list=$(_real_ports "$name")
  for var in $list; do wanted+=("${!var}"); done
  if [ "$name" = dovecot ]; then wanted+=("$dir/lmtp.sock" "$dir/run/auth-client"); fi
  if [ "$name" = submission ]; then wanted+=("$dir/run/auth-client"); fi
  "$REAL_HOME/sockets" ready 30 "$(<"$dir/starter")" "$dir/pid" "${wanted[@]}"
}

real_up() {
  local out mask rc=0
  if ! out=$(real_available); then
    _real_note "$out"
    return 1
  fi
  mask=$(umask)
  umask 022
  _real_up "$@" || rc=1
  umask "$mask"
  return "$rc"
}

_real_up() {
  local name names='' started='' rc=0
  _real_prepare || return 1
  for name in "$@"; do
    _real_ports "$name" >/dev/null || return 1
    # Postfix asks Dovecot about passwords.
    if [ "$name" = postfix ]; then names+=' dovecot'; fi
    # And submission hands its mail to Postfix.
    if [ "$name" = submission ]; then names+=' dovecot postfix kerberos'; fi
    if [ "$name" = resource ]; then names+=' oidc exim'; fi
    names+=" $name"
  done
  for name in $names; do
    case $started in *" $name "*) continue ;; esac
    if _real_alive "$REAL_DIR/$name/pid" >/dev/null; then continue; fi
    # The ports that it is told of are not to change any more.
    case $name in
      submission | resource) _real_settle_all "$started" || rc=1 ;;
    esac
    if _real_start "$name"; then started+=" $name "; else rc=1; fi
  done
  # They come up side by side; only then is each waited for.
  _real_settle_all "$started" || rc=1
  return "$rc"
}

_real_settle_all() {
  local name rc=0
  for name in $1; do
    _real_settle "$name" || rc=1
  done
  return "$rc"
}

# Waits for a server.  The usual reason for a failure is that another program was
# faster at a port, but not every server leaves word of it: try again in any case.
_real_settle() {
  local name=$1 try log
  for try in 1 2 3; do
    if _real_ready "$name"; then return 0; fi
    _real_kill "$REAL_DIR/$name/pid"
    if [ "$try" = 3 ]; then break; fi
    _real_start "$name" || break
  done
  log=$(real_log "$name" | tail -n 5)
  _real_note "$name did not start: ${log:-it logged nothing}"
  return 1
}

real_env() {
  local name var
  {
    for var in REAL_DIR REAL_PKI REAL_CA REAL_PASSWORD_ALICE REAL_PASSWORD_BOB DOVECOT_LMTP_SOCKET KRB5_CONFIG; do
      printf 'export %s=%q\n' "$var" "${!var:-}"
    done
    for name in $REAL_SERVERS; do
      for var in $(_real_ports "$name"); do
        printf 'export %s=%q\n' "$var" "${!var:-}"
      done
    done
  } >"$1"
}

real_down() {
  local dir=${REAL_DIR:-} watcher
  # Never remove what does not look like ours.
  if [ -z "$dir" ] || [ ! -f "$dir/etc/nsswitch.conf" ]; then return 0; fi
  _real_kill "$dir"/*/pid
  if [ -z "${REAL_ABANDONED:-}" ] && watcher=$(_real_alive "$dir/watcher"); then
    # a session of its own: the shell and what it runs
    kill -KILL -- "-$watcher" 2>/dev/null || true
  fi
  rm -rf -- "$dir"
  unset REAL_DIR
}

# --- mail --------------------------------------------------------------------

# Files of a mailbox, oldest first.
_real_messages() {
  local d=$REAL_DIR/$1/mail/$2
  # no mailbox yet is no mistake
  { find "$d/new" "$d/cur" -type f -printf '%T@ %p\n' 2>/dev/null || true; } | sort -n | cut -d ' ' -f 2-
}

real_count() { _real_messages "$1" "$2" | wc -l; }

real_last() {
  local file
  file=$(_real_messages "$1" "$2" | tail -n 1)
  if [ -z "$file" ]; then
    _real_note "$1 has no message for $2"
    return 1
  fi
  cat -- "$file"
}

real_wait() {
  local name=$1 user=$2 n=$3 seconds=${4:-10} until=0
  until=$((${EPOCHREALTIME/[.,]/} + seconds * 1000000))
  until [ "$(real_count "$name" "$user")" -ge "$n" ]; do
    if [ "${EPOCHREALTIME/[.,]/}" -ge "$until" ]; then
      _real_note "$name: $(real_count "$name" "$user") of $n messages for $user after $seconds s"
      return 1
    fi
    sleep 0.03
  done
}

real_reset() {
  find "$REAL_DIR/$1/mail" -type f \( -path '*/new/*' -o -path '*/cur/*' \) -delete
}

real_log() {
  local dir=$REAL_DIR/$1
  cat "$dir/start.log" "$dir/log" "$dir"/log.* 2>/dev/null || true
}

# --- the servers -------------------------------------------------------------

# Postfix.  master(8) is started directly: "postfix start" does nothing more than
# make and check the directories below, but takes two seconds.
_real_start_postfix() {
  local dir=$1 q=$1/spool
  mkdir -p "$dir/data" "$q"/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,saved,trace,private} \
    "$q"/{public,maildrop,pid}
  chmod 700 "$dir/data" "$q"/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,saved,trace,private}
  chown "$REAL_UID_POSTFIX:0" "$dir/data" \
    "$q"/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,saved,trace,private}
  chown "$REAL_UID_POSTFIX:$REAL_GID_POSTDROP" "$q"/{public,maildrop}
  chmod 710 "$q/public"
  chmod 730 "$q/maildrop"
  _real_launch postfix /usr/lib/postfix/sbin/master -c "$dir/etc"
}

# Exim.  Everything is done as mailtest, see exim.conf.
_real_start_exim() {
  local dir=$1 name hash
  for name in ALICE BOB; do
    hash=REAL_PASSWORD_$name
    hash=$(printf %s "${!hash}" | openssl dgst -sha1 -r)
    printf '%s: {sha1}%s\n' "${name,,}" "${hash%% *}"
  done >"$dir/etc/passwords"
  mkdir "$dir/spool"
  : >"$dir/start.log"
  chown "$REAL_UID_MAIL:$REAL_UID_MAIL" "$dir" "$dir/spool"
  _real_launch exim /usr/sbin/exim4 -C "$dir/etc/exim.conf" -bdf -q1m
}

# OpenSMTPD.  Its queue is at a fixed place, and owners and modes are checked.
_real_start_opensmtpd() {
  local dir=$1 q=$1/root/var/spool/smtpd
  mkdir -p "$q"/{queue,purge,temporary,corrupt,incoming,offline} "$dir/root/var/lib/opensmtpd/empty"
  chown "$REAL_UID_OPENSMTPQ:0" "$q"/{queue,purge,temporary,corrupt,incoming}
  chmod 700 "$q"/{queue,purge,temporary,corrupt,incoming}
  chown "0:$REAL_UID_OPENSMTPQ" "$q/offline"
  chmod 770 "$q/offline"
  chmod 711 "$q"
  printf '%s %s\n' alice "$(openssl passwd -6 "$REAL_PASSWORD_ALICE")" >"$dir/etc/passwords"
  # nobody but root may read the key
  install -m 600 "$REAL_PKI/good.key" "$dir/etc/good.key"
  _real_launch opensmtpd /usr/sbin/smtpd -d -v -f "$dir/etc/smtpd.conf"
}

# Dovecot, for LMTP and for the passwords of Postfix.
_real_start_dovecot() {
  local dir=$1
  export DOVECOT_LMTP_SOCKET=$dir/lmtp.sock
  printf '%s:{PLAIN}%s::::::\n' alice "$REAL_PASSWORD_ALICE" bob "$REAL_PASSWORD_BOB" >"$dir/etc/users"
  # nobody logs in as these
  printf '%s\n' 'carol:::::::' 'full:::::::userdb_quota_rule=*:bytes=100' >>"$dir/etc/users"
  mkdir "$dir/home" "$dir/state"
  chown "$REAL_UID_MAIL:$REAL_UID_MAIL" "$dir/home"
  _real_launch dovecot /usr/sbin/dovecot -F -c "$dir/etc/dovecot.conf"
}

# Dovecot, for submission.  Its key for tokens is one of HMAC, in base64.
_real_start_submission() {
  local dir=$1 keys=$1/keys/default/HS256
  printf '%s:{PLAIN}%s\n' alice "$REAL_PASSWORD_ALICE" bob "$REAL_PASSWORD_BOB" >"$dir/etc/users"
  printf '%s:::::::nopassword=y k5principals=%s@EXAMPLE.TEST\n' alice alice bob bob >"$dir/etc/proved"
  mkdir -p "$keys" "$dir/home" "$dir/state"
  printf %s "$REAL_TOKEN_KEY" | openssl base64 -A >"$keys/default"
  chown "$REAL_UID_MAIL:$REAL_UID_MAIL" "$dir/home"
  _real_launch submission /usr/sbin/dovecot -F -c "$dir/etc/dovecot.conf"
}

# oidc-provider.  It finds its packages beside its configuration.
_real_start_oidc() {
  local dir=$1
  ln -s /usr/lib/oidc/node_modules "$dir/etc/node_modules"
  _real_launch oidc "$(command -v node)" "$dir/etc/provider.mjs"
}

# Dovecot, for tokens of oidc.
_real_start_resource() {
  local dir=$1
  mkdir -p "$dir/home" "$dir/state"
  chown "$REAL_UID_MAIL:$REAL_UID_MAIL" "$dir/home"
  _real_launch resource /usr/sbin/dovecot -F -c "$dir/etc/dovecot.conf"
}

# MIT's KDC: alice with her password, and the key of the mail servers.
_real_start_kerberos() {
  local dir=$1 run
  export KRB5_CONFIG=$dir/etc/krb5.conf
  mkdir "$dir/data"
  printf 'addprinc -pw "%s" alice\naddprinc -randkey smtp/localhost\naddprinc -randkey smtp/mail.example.test\n' \
    "$REAL_PASSWORD_ALICE" >"$dir/commands"
  printf 'ktadd -k %s smtp/localhost smtp/mail.example.test\n' "$dir/keytab" >>"$dir/commands"
  # shellcheck disable=SC2016 # for that shell
  run='kdb5_util -P master create -s && kadmin.local <"$1/commands" && chmod 644 "$1/keytab" && exec krb5kdc -n'
  _real_launch kerberos /usr/bin/env "KRB5_CONFIG=$KRB5_CONFIG" "KRB5_KDC_PROFILE=$dir/etc/kdc.conf" \
    /bin/sh -c "$run" kdc "$dir"
}

# --- who one is --------------------------------------------------------------

_real_base64url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }

# A JWT (RFC 7519), good for so many seconds from now; fewer than 0: it was.
real_token() {
  local now head body
  now=$(date +%s)
  head=$(printf '{"alg":"HS256","typ":"JWT"}' | _real_base64url)
  body=$(printf '{"iss":"test","sub":"%s","scope":"mail.send","iat":%d,"exp":%d}' \
    "$1" "$((now - 7200))" "$((now + $2))" | _real_base64url)
  printf '%s.%s.%s\n' "$head" "$body" \
    "$(printf %s "$head.$body" | openssl dgst -sha256 -mac HMAC -macopt "key:$REAL_TOKEN_KEY" -binary | _real_base64url)"
}

real_ticket() {
  local password=REAL_PASSWORD_${1^^}
  printf '%s\n' "${!password}" | "$(_real_trees)/kerberos/usr/bin/kinit" "$1" >/dev/null
}
