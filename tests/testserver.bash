# shellcheck shell=bash
# testserver.bash - the test server for bats files: "load testserver", which loads
# common.  A file with a teardown of its own calls "servers_end" there.
#
#   serve [OPTION]...     an embedded server that keeps its mail in mail/; sets $port
#                         and $server, its process
#   play [OPTION]...      one that plays the dialogue on standard input; likewise
#   followed              the dialogue was followed to its end, and the server is gone
#   nobody_came           nobody connected to the server that "play" started
#   message, envelope N   the N-th message that "serve" was given (1), its envelope
#   messages COUNT        "serve" was given as many
#   field NAME [N]        the values of a header field, unfolded, one a line
#
# $client is a process that the test started and may leave behind.

load common

teardown() {
  servers_end
  if [ -n "${client:-}" ]; then kill -KILL "$client" 2>/dev/null || true; fi
}

# A job that bats must not wait for; it has no say in bats' own descriptor 3.
_listen() {
  rm -f listening
  mkfifo listening
  "$SMTPSEND_BUILD/testserver" "$@" >listening 2>server.err </dev/null 3>&- &
  server=$!
  servers+=("$server")
  # shellcheck disable=SC2034
  if ! read -r -t 20 port <listening; then
    cat server.err >&2
    return 1
  fi
}

serve() {
  mkdir -p mail
  _listen --serve mail --limit 90 "$@"
}

play() {
  cat >dialogue
  _listen --dialogue dialogue --limit 30 "$@"
}

# A server that takes the whole message and hangs up.
unsure_server() {
  play "$@" <<'END'
name: x

S: 220 x
C: EHLO *
S: 250 x
C: MAIL *
S: 250 ok
C: RCPT *
S: 250 ok
C: DATA
S: 354 go
C+ data
S! reset
END
}

_stopped() {
  local process remaining=()
  for process in "${servers[@]}"; do
    [ "$process" = "$server" ] || remaining+=("$process")
  done
  servers=("${remaining[@]}")
}

followed() {
  local status=0
  wait "$server" || status=$?
  _stopped
  cat server.err
  return "$status"
}

nobody_came() {
  kill "$server" || true
  wait "$server" || true
  _stopped
  cat server.err
  grep -q ': 0 of 1 connections came$' server.err
}

servers_end() {
  local process
  for process in "${servers[@]}"; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  servers=()
}

message() { tr -d '\r' <"mail/${1:-1}.eml"; }
envelope() { cat "mail/${1:-1}.envelope"; }
messages() {
  local found=(mail/*.eml)
  [ -e "${found[0]}" ] || found=()
  [ "${#found[@]}" = "$1" ] || {
    echo "messages: ${#found[@]}, expected: $1"
    return 1
  }
}

field() {
  message "${2:-1}" | sed '/^$/q' | sed -e ':a' -e 'N;$!ba' -e 's/\n[ \t]/ /g' |
    sed -n "s/^$1: *//Ip"
}
