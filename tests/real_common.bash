# shellcheck shell=bash
# real_common.bash - for real_*.bats: real mail servers, and the mail that they got.
# Knows bats; the servers themselves are in servers/real/servers.bash.

load common
# shellcheck source=servers/real/servers.bash
source "$BATS_TEST_DIRNAME/servers/real/servers.bash"

# start SERVER...: for setup_file.  Every test says why there are no servers,
# because bats 1.8 cannot skip a whole file.
start() {
  local reason
  if ! reason=$(real_available); then
    echo "$reason" >"$BATS_FILE_TMPDIR/reason"
    return 0
  fi
  real_up "$@"
  real_env "$BATS_FILE_TMPDIR/real.env"
}

teardown_file() { real_down; }

setup() {
  local server
  if [ -e "$BATS_FILE_TMPDIR/reason" ]; then skip "$(<"$BATS_FILE_TMPDIR/reason")"; fi
  # shellcheck disable=SC1091
  source "$BATS_FILE_TMPDIR/real.env"
  export SMTPSEND_FROM=me@client.test SMTPSEND_TIMEOUT=20s
  for server in $REAL_SERVERS; do
    if [ -d "$REAL_DIR/$server" ]; then
      idle "$server"
      real_reset "$server"
    fi
  done
}

# arrived SERVER [USER [N]]: waits until USER has N messages and prints the newest
# one without what the server put in front of it.
arrived() {
  local server=$1 user=${2:-alice}
  real_wait "$server" "$user" "${3:-1}" || return
  real_last "$server" "$user" | perl -0777 -pe '
    s/\A(?:(?:Return-Path|X-Original-To|Delivered-To|Envelope-to|Delivery-date|Received):.*\n(?:[ \t].*\n)*)+//i'
}

# header NAME < MESSAGE: the value of a field, unfolded; fails if there is none
header() {
  perl -0777 -ne '
    BEGIN { $name = shift @ARGV }
    s/\n\n.*//s;
    s/\n(?=[ \t])//g;
    /^\Q$name\E:[ \t]*(.*)$/mi or exit 1;
    print "$1\n"' "$1"
}

# words: RFC 2047 encoded words become UTF-8
words() { perl -MEncode -pe '$_ = encode("UTF-8", decode("MIME-Header", $_))'; }

# body < MESSAGE: what follows the header, decoded; line ends are LF
body() {
  perl -MMIME::Base64 -MMIME::QuotedPrint -0777 -ne '
    my ($header, $body) = /\A(.*?\n)\n(.*)\z/s or die "no empty line\n";
    my ($encoding) = $header =~ /^Content-Transfer-Encoding:\s*(\S+)/mi;
    $body = decode_base64($body) if lc($encoding // "") eq "base64";
    $body = decode_qp($body) if lc($encoding // "") eq "quoted-printable";
    $body =~ s/\r\n/\n/g;
    print $body'
}

# idle SERVER: waits until all that SERVER has taken is delivered
idle() {
  local dir=$REAL_DIR/$1 queue=() i
  case $1 in
    # in the order that a message takes, so that none slips through
    postfix) queue=("$dir/spool/incoming" "$dir/spool/active") ;;
    exim) queue=("$dir/spool/input") ;;
    opensmtpd) queue=("$dir/root/var/spool/smtpd/incoming" "$dir/root/var/spool/smtpd/queue") ;;
    # delivers before it answers
    dovecot) return 0 ;;
  esac
  for ((i = 0; i < 500; i++)); do
    # Exim makes its directory when it first needs it
    [ -n "$(find "${queue[@]}" -type f -print -quit 2>/dev/null)" ] || return 0
    sleep 0.02
  done
  echo "$1 still has mail in its queue" >&2
  return 1
}

# nothing_arrived SERVER: nobody got anything, and nobody will
nothing_arrived() {
  local user
  idle "$1"
  for user in alice bob carol; do
    assert_equal "$user: $(real_count "$1" "$user")" "$user: 0"
  done
}

# secret FILE TEXT: a file that only its owner can read
secret() { (umask 077 && printf '%s\n' "$2" >"$1"); }

# json EXPRESSION [FILE]: evaluates Perl with $j as the decoded report
json() {
  perl -MJSON::PP -0777 -e '
    binmode STDOUT, ":utf8";
    my ($expression, $file) = @ARGV;
    open my $f, "<", $file or die "$file: $!\n";
    my $j = JSON::PP->new->utf8->decode(<$f>);
    my $v = eval $expression;
    die $@ if $@;
    print defined $v ? ref $v ? JSON::PP->new->canonical->allow_nonref->encode($v) : $v : "null", "\n"' \
    "$1" "${2:-report.json}"
}
