#!/usr/bin/env bats
# How a run of --flush ends: what it says of those that it could not send, and
# when they are tried again.
# output, stderr and port come from bats and paceserver.bash: shellcheck disable=SC2154

load paceserver

# queue PORT ADDRESS...: a message to each, for the server there
queue() {
  local to
  for to in "${@:2}"; do
    smtpsend --outbox-dir box --queue -S "smtp://127.0.0.1:$1" -f me@x.test \
      --body=hello "$to" </dev/null || return
  done
}

flush() { run --separate-stderr smtpsend --outbox-dir box --flush "$@" </dev/null; }

# states WORD...: those of all in the outbox, in its order
states() {
  smtpsend --outbox-dir box --outbox | awk '{ print $2 }' | xargs | diff - <(echo "$*")
}

# silent: a server that says nothing; sets $port
silent() {
  rm -f listening
  mkfifo listening
  python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(60)' >listening 3>&- &
  pace_server=$!
  read -r -t 20 port <listening
}

@test "a Bcc of the configuration is added when it is queued, and only then" {
  pace <<<'if at == "rcpt" and "1@" in what and s.count("rcpt1") == 1: return "451 4.2.1 later"'
  mkdir -p "${XDG_CONFIG_HOME:=$HOME/.config}/smtpsend"
  echo 'bcc = 2@y.test' >"$XDG_CONFIG_HOME/smtpsend/config"
  queue "$port" 1@y.test
  flush
  [ "$status" -eq 3 ]
  got 2@y.test
  touch -d '1 hour ago' box/queue/*
  flush
  [ "$status" -eq 0 ]
  got 1@y.test 2@y.test
}
