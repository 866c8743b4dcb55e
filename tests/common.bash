# shellcheck shell=bash
# common.bash - what bats files share: "load common", at the head of the file.
#
#   smtpsend …        the program under test
#   private …, needs_private …   what is mounted for one test only
#   $SMTPSEND_BUILD   where it is, and what else was built (default: build/)
#
# It meets nothing of the user's: no configuration, no variable that it heeds, and
# a home that belongs to the one test ($HOME, $XDG_CONFIG_HOME below it).  Each test
# begins in an empty directory of its own, $BATS_TEST_TMPDIR, but for that home.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

for _name in $(compgen -e); do
  case $_name in
    SMTPSEND_BUILD) ;;
    SMTPSEND_* | *_proxy | *_PROXY | SMTPSERVER | EMAIL | NO_COLOR | SOURCE_DATE_EPOCH | LC_* | LANG | LANGUAGE | SSL_CERT_* | CREDENTIALS_DIRECTORY) unset "$_name" ;;
  esac
done
unset _name
# Nor the spool of whatever is installed here.
export LC_ALL=C.UTF-8 SMTPSEND_SPOOL_DIR=none
: "${SMTPSEND_BUILD:=$(cd -- "$BATS_TEST_DIRNAME/../build" && pwd)}"
# Not so where bats only counts the tests, nor in setup_file.
if [ -n "${BATS_TEST_TMPDIR:-}" ]; then
  export HOME=$BATS_TEST_TMPDIR/home XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/home/.config
  mkdir -p -- "$XDG_CONFIG_HOME"
  cd -- "$BATS_TEST_TMPDIR" || exit
  # A variable of this name looks like an option to smtpsend: the shell knows it,
  # what it runs does not.
  export -n SMTPSEND_BUILD
fi

smtpsend() { "$SMTPSEND_BUILD/smtpsend" "$@"; }

# private [-OPTION...] COMMAND...: with mounts of its own; see the script
private() { "$BATS_TEST_DIRNAME/private" "$@"; }

# needs_private WHAT-FOR [-OPTION...]: leaves the test out where that cannot be
needs_private() {
  local why
  why=$(private "${@:2}" true 2>&1) || skip "it needs namespaces of its own $1: ${why//$'\n'/; }"
}

# columns KEY...: of the JSON objects on standard input, one a line; a list each
columns() {
  python3 -c 'import json, sys
rows = [[row[key] for key in sys.argv[1:]] for row in map(json.loads, sys.stdin)]
print(json.dumps(rows, separators=(",", ":")))' "$@"
}
