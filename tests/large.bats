#!/usr/bin/env bats
# What is large: every octet goes out, as many as were announced, and it needs little
# memory.

load common

setup() {
  if grep -q __asan_init "$SMTPSEND_BUILD/smtpsend"; then skip 'the sanitizer takes its own'; fi
  # A server that counts: it takes a message as fast as it can, by DATA or BDAT, and
  # leaves what SIZE= announced and the octets that came in "counted".
  cat >sink.py <<'PYTHON'
import os
import re
import sys

received = sys.stdin.buffer.raw
announced, octets = None, 0


def say(text):
    os.write(1, text.encode() + b'\r\n')


def line():
    data = b''
    while not data.endswith(b'\n'):
        data += received.read(1) or sys.exit('gone')
    return data.decode().strip()


def taken():
    with open('counted', 'w') as file:
        print(announced, octets, file=file)
    say('250 taken')


say('220 x')
buffer = bytearray(1 << 20)
while True:
    command = line()
    verb = command.split(' ')[0].upper()
    if verb == 'EHLO':
        say('250-x\r\n250-SIZE\r\n250 ' + sys.argv[1])
    elif verb == 'DATA':
        say('354 go')
        tail = b'\r\n'
        while not tail.endswith(b'\r\n.\r\n'):
            n = received.readinto(buffer) or sys.exit('gone')
            octets += n
            # None of these messages has a line that begins with a dot.
            tail = (tail + buffer[max(n - 5, 0):n])[-5:]
        octets -= 3
        taken()
    elif verb == 'BDAT':
        left = int(command.split(' ')[1])
        octets += left
        while left > 0:
            left -= received.readinto(memoryview(buffer)[:left]) or sys.exit('gone')
        taken()
    elif verb == 'QUIT':
        break
    else:
        found = re.search(r' SIZE=(\d+)', command)
        announced = found.group(1) if found else announced
        say('250 ok')
PYTHON
  # The most memory that a program needed, in KiB, is left in "peak".
  cat >peak.py <<'PYTHON'
import os
import sys

child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
with open('peak', 'w') as file:
    print(usage.ru_maxrss, file=file)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
PYTHON
}

# send KEYWORD ARGUMENT...: to the server, which offers this extension
send() {
  rm -f counted peak
  /usr/bin/python3 -B -S -E peak.py "$SMTPSEND_BUILD/smtpsend" \
    -S "exec:exec /usr/bin/python3 -B -S -E sink.py $1" -f me@x.test -t bob@y.test "${@:2}"
}

# arrived LEAST: as many octets as announced, at least so many; and memory was little
arrived() {
  local announced octets
  read -r announced octets <counted
  assert_equal "$octets" "$announced"
  assert [ "$octets" -ge "$1" ]
  echo "peak: $(cat peak) KiB"
  assert [ "$(cat peak)" -le 16384 ]
}

# base64_size SIZE: the octets that so many become, with their line ends
base64_size() {
  local groups=$((($1 + 2) / 3)) lines
  lines=$(((groups + 18) / 19))
  echo $((groups * 4 + lines * 2))
}

MiB=$((1 << 20))
GiB=$((1 << 30))

@test "a file of 300 MiB is attached in little memory, by DATA and BDAT" {
  truncate -s $((300 * MiB)) file
  local keyword
  for keyword in 8BITMIME CHUNKING; do
    run -0 send "$keyword" --body hi -a file,type=application/octet-stream
    arrived "$(base64_size $((300 * MiB)))"
  done
}

@test "2 GiB + 1 are attached, and announced, to the octet" {
  truncate -s $((2 * GiB + 1)) file
  run -0 send CHUNKING --body hi -a file,type=application/octet-stream
  arrived "$(base64_size $((2 * GiB + 1)))"
}

@test "300 MiB from standard input are attached in little memory" {
  truncate -s $((300 * MiB)) file
  mkdir temporary
  # shellcheck disable=SC2002
  cat file | TMPDIR=$PWD/temporary send CHUNKING -a -,type=application/octet-stream,name=x
  arrived "$(base64_size $((300 * MiB)))"
  assert_equal "$(ls temporary)" ''
}

@test "a text of 300 MiB is attached and sent in little memory" {
  yes 'a line of a text that has quite a lot of them, without end' | head -c $((300 * MiB)) >file.txt
  run -0 send CHUNKING --body hi -a file.txt
  arrived $((300 * MiB))
  run -0 send 8BITMIME --body-file file.txt
  arrived $((300 * MiB))
}

# A server for ten thousand recipients, over a socket of its own: "fat" takes the first
# one, and says of each of the others that it is unknown in 64 KiB of its own; "one"
# takes one recipient a transaction.  What it saw is left in "seen".
crowd() {
  cat >crowd.py <<'PYTHON'
import os
import sys

commands = sys.stdin.buffer
fat = b''.join(b'550-5.1.1 %s\r\n' % (b'x' * 110) for _ in range(530))
taken = recipients = transactions = 0
os.write(1, b'220 x\r\n')
for command in commands:
    verb = command.split(b' ')[0].strip().upper()
    answer = b'250 ok\r\n'
    if verb == b'EHLO':
        answer = b'250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n'
    elif verb == b'MAIL':
        transactions += 1
        taken = 0
    elif verb == b'RCPT':
        recipients += 1
        taken += 1
        if taken > 1 and sys.argv[1] == 'fat':
            answer = b'550-5.1.1 %d\r\n%s550 5.1.1 no\r\n' % (taken, fat)
        elif taken > 1:
            answer = b'452 too many recipients\r\n'
    elif verb == b'BDAT':
        commands.read(int(command.split(b' ')[1]))
        with open('seen', 'w') as file:
            print(transactions, recipients, file=file)
    elif verb == b'QUIT':
        break
    os.write(1, answer)
PYTHON
  seq -f 'user%g@y.test' 10000 >everybody
  /usr/bin/python3 -B -S -E peak.py "$SMTPSEND_BUILD/smtpsend" -S "exec:exec python3 -B crowd.py $1" \
    -f me@x.test --to-file everybody -s Crowd --body hi "${@:2}"
}

@test "ten thousand fat refusals are told in little memory and few words" {
  status=0
  crowd fat --json >json 2>told || status=$?
  assert_equal "$status" 1
  assert_equal "$(cat seen)" '1 10000'
  echo "peak: $(cat peak) KiB"
  assert [ "$(cat peak)" -le 32768 ]
  assert_equal "$(grep -c 'refused: 550 5.1.1 [0-9]*; ' told)" 9999
  run tail -n 2 told
  assert_line --index 0 'smtpsend: accepted for 1 of 10000 recipients (exec:python3 ...: 250 ok)'
  assert_line --index 1 --partial 'smtpsend: hint: '
  assert [ "$(stat -c %s told)" -le 6000000 ]
  assert_equal "$(grep -c 'octets left out' told)" 9999
  /usr/bin/python3 - <<'PYTHON'
import json

report = json.load(open('json'))
assert len(report['recipients']) == 10000
assert report['recipients'][9999]['text'][0] == '10000', report['recipients'][9999]
PYTHON
}

@test "ten thousand recipients that a server takes one at a time need one connection" {
  crowd one
  # The first round and the second find out, the third has one in each transaction.
  assert_equal "$(cat seen)" '10000 29997'
  echo "peak: $(cat peak) KiB"
  assert [ "$(cat peak)" -le 32768 ]
}

@test "2,000 small attachments need little memory" {
  local files
  mkdir small
  perl -e 'for (1 .. 2000) { open my $f, ">", "small/$_" or die; print $f "\0" x 1000 }'
  mapfile -t files < <(printf -- '-a\nsmall/%d\n' {1..2000})
  # each of them stays open until it is sent
  ulimit -n 2100 2>/dev/null || skip 'not so many files can be open here'
  run -0 send CHUNKING --body hi "${files[@]}"
  arrived $((2000 * 1300))
}
