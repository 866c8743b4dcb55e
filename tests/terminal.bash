# shellcheck shell=bash
# terminal.bash - a terminal for bats files, made by script(1): "load terminal".
#
#   on_terminal ARGUMENT...   starts smtpsend there, without waiting
#   sees TEXT                 waits until it is on the screen, and goes on behind it
#   types TEXT                with the escapes of printf
#   closes STATUS             the program ends with it; the rest of the screen is in rest
#
# terminal_end, in teardown, ends what a test that failed left behind.

on_terminal() {
  local command
  printf -v command ' %q' "$SMTPSEND_BUILD/smtpsend" "$@"
  rm -f keys screen
  mkfifo keys screen
  # the shell starts jobs with ^C ignored
  env --default-signal=INT,QUIT script -qefc "exec$command" /dev/null <keys >screen 2>&1 3>&- &
  terminal=$!
  exec 8>keys 9<screen
}

sees() {
  local text='' character
  while [[ $text != *"$1"* ]]; do
    if ! IFS= read -r -d '' -n 1 -t 20 character <&9; then
      printf 'not seen: %s; but: %s\n' "$1" "$text"
      return 1
    fi
    text+=$character
  done
}

types() { printf '%b' "$1" >&8; }

closes() {
  local status=0
  timeout 20 cat <&9 >rest
  exec 8>&- 9<&-
  wait "$terminal" || status=$?
  terminal=
  assert_equal "$status" "$1"
}

terminal_end() {
  if [ -n "${terminal:-}" ]; then kill "$terminal" 2>/dev/null || true; fi
}
