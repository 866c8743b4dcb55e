# shellcheck shell=bash
# witness.bash - what arrived, as independent readers see it: "load witness" after
# common.  They are in tests/witness: a strict one of our own, Python's email
# package, and GMime.  A message in which one of them finds something wrong, or of
# which they do not think the same, fails whatever was asked.
#
#   witness_check FILE             nothing is wrong with the message
#   witness_header FILE NAME       the decoded values of a field, one a line
#   witness_addresses FILE NAME    "name<tab>address" of From, Sender, Reply-To, To, Cc
#   witness_parts FILE             "path type charset disposition file name": "-" is none
#   witness_names FILE             the file names, one a line
#   witness_part FILE PART         the decoded bytes of a part: its path (0.1) or name
#   witness_same FILE PART ORIGINAL   these are the bytes of the file ORIGINAL
#   witness_json FILE              everything, for the functions that read JSON
#   witness_server [OPTION]...     a strict server that keeps its mail in mail/; sets
#                                  $port and $witness_server, its process
#   witness_server_ends            stops it, and fails if the client did something wrong
#
# 8-bit text is wrong unless witness_server was told of it, or $WITNESS_ALLOW has
# "--eight-bit" or "--utf8".

WITNESS=$BATS_TEST_DIRNAME/witness

# Debian's Python: others need not have the library path of Debian's GMime.
_witness() {
  # shellcheck disable=SC2086 # words, if any
  LC_ALL=C.UTF-8 /usr/bin/python3 -B "$WITNESS/witness.py" ${WITNESS_ALLOW:-} "$@"
}

# For setup: without them the tests are left out, and say why.
need_witness() {
  /usr/bin/python3 -c 'import ctypes; ctypes.CDLL("libgmime-3.0.so.0")' 2>/dev/null ||
    skip 'Debian'\''s python3 and libgmime-3.0-0 are not here'
}

witness_check() { _witness check "$1"; }
witness_header() { _witness header "$1" "$2"; }
witness_addresses() { _witness addresses "$1" "$2"; }
witness_parts() { _witness parts "$1" | cut -f 1-5 | tr '\t' ' '; }
witness_names() { _witness parts "$1" | cut -f 5 | grep -vx -e -; }
witness_part() { _witness part "$1" "$2"; }
witness_json() { _witness json "$1"; }

witness_same() {
  local got
  got=$(mktemp -p "$BATS_TEST_TMPDIR") || return
  _witness part "$1" "$2" >"$got" && cmp -- "$got" "$3"
}

witness_server() {
  local words=(--offer PIPELINING --offer 'SIZE 100000000' --offer 8BITMIME)
  [ $# = 0 ] || words=("$@")
  rm -f witness.listening
  mkfifo witness.listening
  /usr/bin/python3 -B "$WITNESS/server.py" "${words[@]}" mail \
    >witness.listening </dev/null 3>&- &
  witness_server=$!
  # shellcheck disable=SC2034
  read -r -t 20 port <witness.listening
}

witness_server_ends() {
  local status=0
  [ -n "${witness_server:-}" ] || return 0
  kill "$witness_server" 2>/dev/null || true
  wait "$witness_server" || status=$?
  witness_server=''
  cat mail/faults
  return "$status"
}
