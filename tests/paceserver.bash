# shellcheck shell=bash
# paceserver.bash - a server whose replies a test decides, and lists for it: "load
# paceserver", which loads common.  See servers/paceserver for the rules.
#
#   pace [OPTION]... <<RULES   starts one; sets $port.  Its log is "log", which
#                     servers that are started later continue
#   list N [DOMAIN]   list.csv with N records, of 1@DOMAIN to N@DOMAIN (y.test)
#   each [OPTION]...  sends list.csv to it
#   got ADDRESS...    the server has accepted exactly these, each of them once;
#                     "1..9@y.test" is nine of them
#   said EVENT [PATTERN]   how often the log has this event, with such a reply
#   took FROM TO      the test took so many milliseconds since "each" began

load common

teardown() { pace_end; }

pace() {
  pace_end
  rm -f listening
  mkfifo listening
  cat >rules
  "$BATS_TEST_DIRNAME/servers/paceserver" "$@" log <rules >listening 2>server.err 3>&- &
  pace_server=$!
  read -r -t 20 port <listening || {
    cat server.err >&2
    return 1
  }
}

pace_end() {
  [ -n "${pace_server:-}" ] || return 0
  kill "$pace_server" 2>/dev/null || true
  wait "$pace_server" 2>/dev/null || true
  pace_server=
}

list() {
  local domain=${2:-y.test}
  { echo email && seq -f "%.0f@$domain" "$1"; } >list.csv
}

each() {
  echo "${EPOCHREALTIME/./}" >began
  timeout 20 "$SMTPSEND_BUILD/smtpsend" --each list.csv -f me@x.test -s Hi --body hi \
    -S "127.0.0.1:$port" "$@" </dev/null
}

took() {
  local ms=$(((${EPOCHREALTIME/./} - $(cat began)) / 1000))
  if [ "$ms" -lt "$1" ] || [ "$ms" -gt "$2" ]; then
    echo "took $ms ms, expected: $1 to $2"
    return 1
  fi
}

got() {
  local range last
  ! grep -P '\tFAULT\t' log || return 1
  cat server.err
  for range in "$@"; do
    case $range in
      *..*@*)
        last=${range#*..}
        seq -f "%.0f@${range#*@}" "${range%%..*}" "${last%@*}"
        ;;
      *) echo "$range" ;;
    esac
  done | sort >expected
  awk -F '\t' '$3 == "accepted" { for (i = 5; i <= NF; i++) print $i }' log | sort | diff expected -
}

said() { awk -F '\t' -v event="$1" -v reply="${2:-}" '$3 == event && $4 ~ reply { n++ } END { print n + 0 }' log; }
