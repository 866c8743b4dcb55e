# shellcheck shell=bash
# quiet_net.bash - a network of one's own: "load quiet_net", after common.
#
#   need_net                  leaves the test out where that cannot be had
#   quiet_net MODE COMMAND... in one without a way out, where nothing listens;
#                             MODE is what its DNS server does: deny (every name),
#                             ignore (every question)
#   with_server [OPTION...] -- COMMAND...
#                             the same beside a test server, mail in mail/

need_net() { needs_private 'to be without a net' -n; }

quiet_net() {
  echo 'nameserver 127.0.0.1' >resolv.conf
  echo 'hosts: files dns' >nsswitch.conf
  cat >dns.pl <<'PERL'
use Socket;
my $mode = shift;
socket my $s, PF_INET, SOCK_DGRAM, 0 or die;
my $up = pack 'Z16 s x14', 'lo', 0x49;
ioctl $s, 0x8914, $up or die "lo: $!";
bind $s, sockaddr_in(53, INADDR_LOOPBACK) or die "port 53: $!";
my $child = fork // die;
while ($child == 0) {
    my $from = recv $s, my $question, 512, 0;
    substr $question, 2, 2, "\x81\x83";
    send $s, $question, 0, $from if $mode eq 'deny';
}
close $s;
my $status = system @ARGV;
kill 'KILL', $child;
exit $status >> 8;
PERL
  # shellcheck disable=SC2016
  private -n bash -c '
    mount --bind resolv.conf /etc/resolv.conf &&
      mount --bind nsswitch.conf /etc/nsswitch.conf && exec perl dns.pl "$@"' - "$@"
}

with_server() {
  mkdir -p mail
  # shellcheck disable=SC2016 # for that shell
  quiet_net deny bash -c '
    options=()
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    exec 5< <("$0" --serve mail --limit 60 "${options[@]}")
    server=$!
    read -r -t 20 _ <&5 && "${@:2}"
    status=$?
    kill "$server"
    exit "$status"' "$SMTPSEND_BUILD/testserver" "$@"
}
