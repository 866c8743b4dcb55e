"""Composes messages of what is hard to compose, and asks the readers.

    compose.py SMTPSEND DIRECTORY COUNT [SEED]

Subject, names, file names, texts and attachments are put together at random, the
same for the same SEED; the messages go to servers with different extensions.  What
the three readers of witness.py find in the message must be what was given.  Each
difference is a line on standard output, then comes the sum.  Messages that differ
stay in DIRECTORY.
"""

import os
import pathlib
import random
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import server  # noqa: E402
import witness  # noqa: E402
from packaged import plain  # noqa: E402

EXTENSIONS = ([], ['8BITMIME'], ['8BITMIME', 'SMTPUTF8'])
PIECES = [
    'abc', 'XYZ', ' ', '  ', '"', '\\', ';', ',', '=', '?', '=?', '?=', "'", '%', '*',
    '(', ')', '<', '>', '@', '.', '..', '_', '-', 'a' * 30, '0', '\u00e9',
    '\u041f\u0440\u0430\u0439\u0441', '\u65e5\u672c\u8a9e', '\N{GRINNING FACE}',
    '\u0436' * 40, 'e\N{COMBINING ACUTE ACCENT}', '=?utf-8?q?x?=', '=?utf-8?b?eA==?=']
TYPES = ['', '', '', ',type=application/x-test', ',type=image/png']
ENCODINGS = ['', '', '', ',encoding=base64', ',encoding=quoted-printable']


class Maker:
    """Makes what goes into messages."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, most, without=''):
        """Of up to so many pieces."""
        pieces = [piece for piece in PIECES if not set(piece) & set(without)]
        return ''.join(self.random.choices(pieces, k=self.random.randint(1, most)))

    def body(self):
        """The text of a message."""
        return self.random.choice([
            lambda: '',
            lambda: 'hello\n',
            lambda: '\n'.join(self.text(20) for _ in range(8)) + '\n',
            lambda: 'x' * self.random.randint(990, 3000) + '\n',
            lambda: '.\nFrom me\n..\n \n\t\ntrail \n--=_x\n\n\n',
            lambda: '\u0436' * self.random.randint(1, 2000) + '\n',
            lambda: '=' * self.random.randint(70, 80) + '\n'])()

    def octets(self):
        """The bytes of a file."""
        size = self.random.randint(1, 2000)
        return self.random.choice([
            lambda: b'',
            lambda: self.random.randbytes(size),
            lambda: b'\0\r\n.\r\nFrom me\n--=_x\r' * (size % 50),
            lambda: b'\xff' + b'x' * size + b'\n \t\r\n= ',
            lambda: b'\x89PNG\r\n\x1a\n' + bytes(range(256))])()

    def attachment(self, number):
        """A name, what the file holds, and the argument of --attach."""
        name = self.text(6, without='\\/,').strip(' ')
        # Dots or nothing are no name, and Python's package takes quotes and angle
        # brackets off.
        if not name.strip('. ') or (name[0] + name[-1]) in ('""', '<>'):
            name = 'x'
        # Something that no text has, so that it is no text by its bytes.
        octets = self.octets() + b'\0\xff\n'
        pathlib.Path(f'file{number}').write_bytes(octets)
        return name, octets, (
            f'file{number},name={name}' + self.random.choice(TYPES)
            + self.random.choice(ENCODINGS) + self.random.choice(['', ',inline']))


def quoted(name):
    """A display name as a quoted string."""
    return '"' + re.sub(r'(["\\])', r'\\\1', name) + '"'


def canonical(text):
    """A text as it travels."""
    text = re.sub(r'\r\n|\r|\n', '\r\n', text)
    return text if text.endswith('\r\n') or not text else text + '\r\n'


def text_of(found):
    """The first text, decoded; its charset was found good."""
    for part in found.parts:
        if part['type'] == 'text/plain' and part['content'] is not None:
            return part['content'].decode(part['charset'] or 'us-ascii')
    return None


def differences(found, given):
    """What of the given is not found."""
    out = list(found.defects)
    subject = plain(dict(found.header).get('Subject', ''))
    if subject != plain(given['subject']):
        out.append(f'Subject is {subject!r}, not {given["subject"]!r}')
    names = [name for name, _ in found.addresses.get('cc', [])]
    if names != [plain(given['name'])]:
        out.append(f'Cc is {names}, not {given["name"]!r}')
    if text_of(found) != canonical(given['body']):
        out.append(f'the text is {text_of(found)!r}, not {given["body"]!r}')
    files = [part for part in found.parts if part['disposition']]
    if len(files) != len(given['files']):
        out.append(f'{len(files)} attachments of {len(given["files"])}')
    for part, (name, octets, argument) in zip(files, given['files']):
        if part['filename'] != name:
            out.append(f'{argument}: the name is {part["filename"]!r}')
        if part['content'] != octets:
            out.append(f'{argument}: {len(part["content"])} octets, not {len(octets)}')
    return out


def compose(program, maker, there):
    """Sends one message; what is wrong with it."""
    given = {'subject': maker.text(12).strip(' '), 'name': maker.text(5).strip(' '),
             'body': maker.body(),
             'files': [maker.attachment(number)
                       for number in range(maker.random.randint(0, 3))]}
    given['subject'] = given['subject'] or 'x'
    given['name'] = given['name'] or 'x'
    before = there.messages
    result = subprocess.run(
        [program, '-S', f'127.0.0.1:{there.port}', '-f', 'me@x.test', '-t', 'you@y.test',
         '-s', given['subject'], '-c', f'{quoted(given["name"])} <c@y.test>',
         *(word for _, _, argument in given['files'] for word in ('--attach', argument))],
        input=given['body'].encode(), capture_output=True, timeout=30, check=False)
    if result.returncode != 0 or there.messages != before + 1:
        return [f'status {result.returncode}: {result.stderr.decode()}: {given}']
    message = (there.directory / f'{there.messages}.eml').read_bytes()
    return differences(witness.Witness(
        message, '8BITMIME' in there.keywords, 'SMTPUTF8' in there.keywords), given)


def main():
    """See above."""
    program = pathlib.Path(sys.argv[1]).resolve()
    count = int(sys.argv[3])
    maker = Maker(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    directory = pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    os.chdir(directory)
    servers = []
    for offered in EXTENSIONS:
        there = server.Server('-'.join(['server', *offered]), ['PIPELINING', *offered])
        threading.Thread(target=there.run, args=(0,), daemon=True).start()
        servers.append(there)
    wrong = 0
    for number in range(count):
        there = maker.random.choice(servers)
        found = compose(program, maker, there)
        wrong += bool(found)
        for text in found:
            print(f'message {number} ({there.directory / str(there.messages)}.eml): {text}')
    for there in servers:
        faults = (there.directory / 'faults').read_text(encoding='utf-8')
        wrong += bool(faults)
        print(faults, end='')
    print(f'{count} messages, {wrong} differ')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
