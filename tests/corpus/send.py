"""Sends all messages of a directory and looks at what arrives.

    send.py WAY SMTPSEND MESSAGES DIRECTORY

WAY is one of

    data   a file, to a server that offers all, but without CHUNKING
    bdat   the same with CHUNKING
    plain  standard input, a pipe, to a server that offers no extension at all
    dry    nothing is sent: --dry-run prints the message

What can be sent must arrive as tests/witness/passage.py says, what cannot must be
refused with status 65 and not arrive.  Each difference is a line on standard
output, then comes the sum.  DIRECTORY is for the server's files.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'witness'))
sys.dont_write_bytecode = True
import passage  # noqa: E402  pylint: disable=wrong-import-position,import-error

ALL = ['PIPELINING', 'SIZE 100000000', '8BITMIME', 'SMTPUTF8', 'CHUNKING',
       'ENHANCEDSTATUSCODES']
WAYS = {
    'data': (ALL, ['--without=CHUNKING']),
    'bdat': (ALL, []),
    'plain': ([], []),
    'dry': (ALL, ['--dry-run=8BITMIME,SMTPUTF8']),
}
COMMANDS = {'data': 'DATA', 'bdat': 'BDAT', 'plain': 'DATA', 'dry': None}
AUTHOR = 'author@client.test'
SENDER = 'sender@client.test'
EX_DATAERR = 65


def recipient(number):
    """Tells the messages apart, whatever is in them."""
    return f'm{number}@witness.test'


class Server:
    """The receiving witness, a process."""

    def __init__(self, directory, keywords):
        self.directory = directory
        offer = [word for keyword in keywords for word in ('--offer', keyword)]
        self.process = subprocess.Popen(
            ['/usr/bin/python3', HERE.parent / 'witness' / 'server.py', *offer,
             '--limit', '300', directory],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def end(self):
        """Stops it; what arrived, as (envelope, message) by recipient."""
        self.process.terminate()
        self.process.wait()
        arrived = {}
        for path in self.directory.glob('*.json'):
            envelope = json.loads(path.read_text(encoding='utf-8'))
            key = ' '.join(envelope['to'])
            message = path.with_suffix('.eml').read_bytes()
            arrived.setdefault(key, []).append((envelope, message))
        faults = (self.directory / 'faults').read_text(encoding='utf-8')
        return arrived, faults.splitlines()


def send(way, program, port, path, number):
    """One message: how smtpsend ended."""
    command = [program, '-S', f'127.0.0.1:{port}', '-f', AUTHOR,
               '--envelope-from', SENDER, '-t', recipient(number), *WAYS[way][1]]
    if way == 'plain':
        return subprocess.run(
            command + ['-m', '-'], input=path.read_bytes(), timeout=30,
            capture_output=True, check=False)
    return subprocess.run(
        command + ['-m', str(path)], stdin=subprocess.DEVNULL, timeout=30,
        capture_output=True, check=False)


def expectation(way, data):
    """Why it must be refused, or None; what arrives; what is put in front."""
    try:
        wanted, made = passage.expected(data)
    except passage.Refused as reason:
        return str(reason), b'', []
    missing = passage.needs(data) - {word.split()[0] for word in WAYS[way][0]}
    if missing:
        return f'it needs {" and ".join(sorted(missing))}', b'', []
    return None, wanted, made


def difference(wanted, got):
    """Where two messages part."""
    at = next((i for i, pair in enumerate(zip(wanted, got)) if pair[0] != pair[1]),
              min(len(wanted), len(got)))
    return (f'differs from octet {at} on: '
            f'{got[at:at + 40]!r} instead of {wanted[at:at + 40]!r}')


def check(way, data, result, arrived):
    """What is wrong with what became of a message, or None."""
    reason, wanted, made = expectation(way, data)
    said = result.stderr.decode('utf-8', 'replace').strip()
    if reason:
        if result.returncode != EX_DATAERR or not said or arrived:
            return (f'status {result.returncode}, {len(arrived)} arrived, '
                    f'but {reason}: {said}')
        return None
    if result.returncode != 0 or said or (result.stdout and way != 'dry'):
        return f'status {result.returncode}: {said}'
    if len(arrived) != 1:
        return f'{len(arrived)} arrived'
    envelope, message = arrived[0]
    if envelope['from'] != SENDER or envelope['command'] != COMMANDS[way]:
        return f'from {envelope["from"]} with {envelope["command"]}'
    try:
        got = passage.strip_made(message, made, AUTHOR)
    except ValueError as error:
        return str(error)
    if hashlib.sha256(got).digest() != hashlib.sha256(wanted).digest():
        return difference(wanted, got)
    return None


def main():
    """See above."""
    way, program = sys.argv[1:3]
    # TEST_SHARE=4: a fourth of them, where all take too long.
    share = int(os.environ.get('TEST_SHARE', '1'))
    paths = sorted(pathlib.Path(sys.argv[3]).iterdir())[::share]
    server = Server(pathlib.Path(sys.argv[4]), WAYS[way][0])
    try:
        results = [send(way, program, server.port, path, number)
                   for number, path in enumerate(paths)]
    finally:
        arrived, faults = server.end()
    if way == 'dry':
        faults += [f'sent to {key}' for key in arrived]
        arrived = {recipient(number): [({'from': SENDER, 'command': None}, run.stdout)]
                   for number, run in enumerate(results) if run.stdout}
    differences = list(faults)
    for number, path in enumerate(paths):
        fault = check(way, path.read_bytes(), results[number],
                      arrived.pop(recipient(number), []))
        if fault:
            differences.append(f'{path.name}: {fault}')
    differences += [f'arrived for {key}' for key in arrived]
    print('\n'.join(differences), end='\n' if differences else '')
    refused = sum(result.returncode == EX_DATAERR for result in results)
    print(f'{way}: {len(paths)} messages, {refused} refused, '
          f'{len(differences)} differences')
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())
