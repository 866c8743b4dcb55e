"""Tries to end a message early and to begin another one, by every way in.

    smuggle.py SMTPSEND DIRECTORY WAY

Each sequence that some server takes for the end of a message, and commands behind
it, are put into everything that a message is made of; WAYS has what can be asked for.
What is sent must be one message with one end, in the envelope that was asked for,
with the header fields that it has without the sequence, and the text must be there,
unchanged; or nobody is called, and the status is 64 or 65.  Each difference is a
line on standard output, then comes the sum.
"""

import collections
import email
import os
import pathlib
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import passage  # noqa: E402
import server  # noqa: E402

EVIL = (b'MAIL FROM:<evil@x.test>\r\nRCPT TO:<victim@x.test>\r\nDATA\r\n'
        b'From: x\r\n\r\nsmuggled\r\n.\r\n')
ENDS = (b'\n', b'\r', b'\r\n')
SEQUENCES = [before + b'.' + behind for before in ENDS for behind in ENDS] + [
    b'\r\0\n.\r\0\n', b'\n\0.\n', b'\r\n\0.\r\n', b'\r\n.\0\r\n', b'\r\n.\r\0\n',
    b'\n.\0\n', b'\0\r\n.\r\n\0', b'\r\0\n.\r\n',
    b'\r\r\n.\r\r\n', b'\r\n.\r\r\n', b'\r\r\n.\r\n', b'\n\r.\n\r', b'\n\r\n.\n\r\n',
    b'\r\n..\r\n', b'\r\n .\r\n', b'\r\n. \r\n', b'\v.\v', b'\f.\f',
    b'\xc2\x85.\xc2\x85', b'\xe2\x80\xa8.\xe2\x80\xa8', b'\n.\xc2\x85', b'\r\n.\x1a\r\n']
OFFERS = [['PIPELINING'], ['PIPELINING', 'SIZE 100000000', '8BITMIME'], ['CHUNKING'],
          ['PIPELINING', 'CHUNKING', 'SIZE 100000000', '8BITMIME', 'SMTPUTF8']]
EDGE = 65536
REACH = 8
ARGUMENT_MAX = 131071
ENVELOPE = ['-f', 'me@x.test', '-t', 'you@y.test', '-c', 'Them <them@y.test>']
TEXT = ['--body', 'hello']
REFUSED = (64, 65)
HEADER = (b'From: me@x.test\r\nTo: you@y.test\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n'
          b'Message-ID: <1@x.test>\r\nSubject: x\r\n')

# What is done with a sequence: the arguments, standard input, the statuses that are
# right (0 alone if there is none, and None: 0 or any of REFUSED), what the message
# must be (a function that says what is wrong with its octets), and the extensions
# without which it is refused once the server was asked for them.
Case = collections.namedtuple(
    'Case', 'name arguments input statuses look needs', defaults=[frozenset()])


class Server(server.Server):
    """Keeps its mail in memory, and its faults."""

    def __init__(self, directory, offered):
        super().__init__(directory, offered)
        self.taken = []
        self.blamed = []

    def fault(self, text):
        self.blamed.append(text)

    def keep(self, raw, message, envelope):
        self.messages += 1
        self.taken.append((raw, message, envelope))


# --- texts -------------------------------------------------------------------------

def small(sequence, end):
    """At the beginning, in the middle and at the end of a line, and of the text."""
    return (sequence + EVIL + b'one' + end + sequence + EVIL + b'two ' + sequence + EVIL
            + b'three' + sequence)


def edges(sequence, end, base, shift):
    """Across the edges of blocks of 64 KiB, at another place of each; in front of
    it are `base` octets."""
    line = b'x' * (900 - len(end)) + end
    places = 2 * REACH + 1
    out = bytearray()
    for number in range(places):
        room = (number + 1) * EDGE + (number + shift) % places - REACH - base - len(out)
        out += (line * (room // len(line) + 1))[-room:]
        out += sequence + EVIL
    return bytes(out)


def dense(sequence, end):
    """Everywhere: with the header in front, it is at each edge that there may be."""
    return b''.join(sequence + b'y' * (number % 13) + (end if number % 5 == 0 else b'')
                    for number in range(2500)) + EVIL


def crlf(text):
    """A text as it travels: every line with its end; a CR alone is none, but is
    encoded."""
    text = text.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')
    return text if not text or text.endswith(b'\r\n') else text + b'\r\n'


# --- what arrived ------------------------------------------------------------------

def names(message):
    """Of the fields, without those that depend on the text."""
    header = (b'\r\n' + message).partition(b'\r\n\r\n')[0].split(b'\r\n')
    return [line.partition(b':')[0].decode('ascii', 'replace').lower()
            for line in header if line and line[:1] not in (b' ', b'\t')
            and not line.lower().startswith(b'content-transfer-encoding:')]


def parts(message):
    """All that are not made of others; a message within stays as it is."""
    # The email package looks at every line of a body; this takes a hundredth.
    header, _, body = (b'\r\n' + message).partition(b'\r\n\r\n')
    part = email.message_from_bytes(header[2:] + b'\r\n\r\n')
    if part.get_content_maintype() != 'multipart':
        part.set_payload(body.decode('ascii', 'surrogateescape'))
        return [part]
    boundary = re.escape(part.get_boundary().encode('ascii'))
    inner = re.split(rb'\r\n--' + boundary + rb'(?:--)?[ \t]*(?:\r\n|\Z)',
                     b'\r\n' + body)
    return [leaf for one in inner[1:-1] for leaf in parts(one)]


def difference(got, wanted):
    """Where two texts part, or None."""
    if got == wanted:
        return None
    at = next((i for i, pair in enumerate(zip(got, wanted)) if pair[0] != pair[1]),
              min(len(got), len(wanted)))
    return (f'differs from octet {at} of {len(wanted)} on: {got[max(at - 10, 0):at + 30]!r} '
            f'instead of {wanted[max(at - 10, 0):at + 30]!r}')


def is_part(number, wanted, maintype='text'):
    """The part with that number, decoded."""
    def look(message):
        found = parts(message)
        if len(found) <= number:
            return f'{len(found)} parts'
        if maintype and found[number].get_content_maintype() != maintype:
            return f'part {number} is {found[number].get_content_type()}'
        return difference(found[number].get_payload(decode=True), wanted)
    return look


def within(message):
    """The message that it passes on, as it travels."""
    text = message.partition(b'Content-Type: message/rfc822')[2]
    text = text.partition(b'\r\n\r\n')[2]
    boundary = re.search(rb'boundary="?([^"\r\n;]+)', message).group(1)
    return text.partition(b'\r\n--' + boundary)[0]


def is_mended(wanted, body, part=lambda message: message):
    """A message as it was, or encoded, since it cannot go as it was."""
    def look(message):
        found = part(message)
        if wanted and found == wanted:
            return None
        decoded = email.message_from_bytes(found)
        if not decoded['content-transfer-encoding']:
            return difference(found, wanted)
        return difference(decoded.get_payload(decode=True), body)
    return look


def is_complete(wanted, made):
    """A complete message, with what was put in front of it."""
    def look(message):
        try:
            return difference(passage.strip_made(message, made, 'me@x.test'), wanted)
        except ValueError as error:
            return str(error)
    return look


def anything(_message):
    """The envelope, the end and the number of fields are enough."""
    return None


# --- the ways in -------------------------------------------------------------------

def file(name, content):
    """Its name."""
    pathlib.Path(name).write_bytes(content)
    return name


def texts(content):
    """What becomes the text of a message or a part of it."""
    # NUL is no text, but in a file it is bytes.
    data = (65,) if b'\0' in content else ()
    text = crlf(content)
    path = file('evil', content)
    yield Case('standard input', [], content, data, is_part(0, text))
    yield Case('--body-file', ['--body-file', path], None, data, is_part(0, text))
    if b'\0' not in content:
        argument = content[:ARGUMENT_MAX]
        yield Case('--body', ['--body', argument], None, (), is_part(0, crlf(argument)))
    yield Case('--html', [*TEXT, '--html', path], None, data, is_part(1, text))
    # What goes as base64 has no edges.
    kinds = ('', ',type=text/plain', ',encoding=quoted-printable', ',name=x.bin',
             ',type=application/octet-stream', ',encoding=base64')
    for kind in kinds if len(content) < EDGE else kinds[2:3]:
        if 'type=text' in kind:
            statuses = data
        elif 'printable' in kind and data:
            statuses = (0, 65)
        else:
            statuses = ()
        wanted = text if 'printable' in kind and b'\0' not in content else content
        yield Case(f'--attach{kind}', [*TEXT, '--attach', path + kind], None,
                   statuses, is_part(1, wanted, None))
    yield Case('--attach=-', ['--attach=-,name=x.bin'], content, (),
               is_part(1, content, None))
    yield Case('--attach,inline', [*TEXT, '--attach', f'{path},inline'], None, (),
               is_part(1, content if b'\0' in content else text, None))
    yield Case('--inline', [*TEXT, '--html', file('page', b'<img src="evil">'),
                            '--inline', path], None, (), anything)
    calendar = b'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n' + content + b'\r\nEND:VCALENDAR\r\n'
    yield Case('--calendar', [*TEXT, '--calendar', file('evil.ics', calendar)], None, data,
               anything)


def messages(content, end, only=''):
    """What becomes a message, or a message within one."""
    header = HEADER.replace(b'\r\n', end)
    for where, whole in (('body', header + end + content),
                         ('header', b'X-A: b' + content + end + header + end + b'hi' + end),
                         ('end of header', header + b'X-B: c' + end + b' d' + content)):
        if not where.startswith(only):
            continue
        path = file('evil.eml', whole)
        try:
            wanted, made = passage.expected(whole)
            missing = frozenset() if whole.isascii() else passage.needs(whole)
        except passage.Refused:
            wanted, made, missing = b'', [], frozenset()
        data = () if wanted else (65,)
        ends = set(re.findall(rb'\r\n|\r|\n', whole))
        look = is_complete(wanted, made)
        strict = (65,) if len(ends) > 1 or b'\r' in ends else data
        yield Case(f'-m {where}', ['-m', path], None, data, look, missing)
        yield Case(f'-m - {where}', ['-m', '-'], whole, data, look, missing)
        yield Case(f'-m --strict {where}', ['--strict', '-m', path], None, strict, look,
                   missing)
        yield Case(f'-m - --strict {where}', ['--strict', '-m', '-'], whole, strict, look,
                   missing)
        # What is passed on is mended, and what is to be.
        if where == 'body':
            mended = b''.join(line + b'\r\n' for line in passage.lines_of(content))
            look = is_mended(wanted, mended)
            yield Case('-m --repair body', ['--repair', '-m', path], None, (), look)
            yield Case('-m - --repair body', ['--repair', '-m', '-'], whole, (), look)
            yield Case('--forward body', [*TEXT, '--forward', path], None, (),
                       is_mended(wanted, mended, within))
        else:
            yield Case(f'--forward {where}', [*TEXT, '--forward', path], None,
                       None if missing or not wanted else (), anything
                       if missing or not wanted else is_mended(wanted, b'', within))
            yield Case(f'-m --repair {where}', ['--repair', '-m', path], None, None, anything)
        yield Case(f'--in-reply-to {where}', [*TEXT, '--in-reply-to', path], None,
                   None, anything)


def values(sequence):
    """What comes into the header or a command: nothing of it may be a line end."""
    text = b'x' + sequence + EVIL + sequence
    value = sequence.replace(b'\0', b'') + EVIL.partition(b'\r')[0]
    encoded = b''.join(b'=%02X' % octet for octet in sequence + EVIL)
    percent = encoded.replace(b'=', b'%')
    for name, option in (
            ('--subject', [b'--subject', value]),
            ('-H', [b'-H', b'X-A: b' + value]),
            ('-H name', [b'-H', b'X' + value + b': b']),
            ('-H known', [b'-H', b'Subject: b' + value]),
            ('-H type', [b'-H', b'Content-Type: text/plain; x="' + value + b'"']),
            ('--from', [b'-f', b'"x' + value + b'" <me@x.test>']),
            ('--to', [b'-t', b'"x' + value + b'" <you@y.test>']),
            ('--to comment', [b'-t', b'you@y.test (' + value + b')']),
            ('--to domain', [b'-t', b'you@y.test' + value]),
            ('--reply-to', [b'--reply-to', b'"x' + value + b'" <you@y.test>']),
            ('--envelope-from', [b'--envelope-from', b'me@x.test' + value]),
            ('--message-id', [b'--message-id', b'<a@x' + value + b'>']),
            ('--list-id', [b'--list-id', b'a.x.test' + value]),
            ('--list-id name', [b'--list-id', value + b' <a.x.test>']),
            ('--list-unsubscribe', [b'--list-unsubscribe', b'https://x.test/' + value]),
            ('--auto-submitted', [b'--auto-submitted', b'auto-generated' + value]),
            ('--importance', [b'--importance', b'high' + value]),
            ('--date', [b'--date', b'Sun, 22 Nov 2026 10:00:00 +0000' + value]),
            ('--in-reply-to', [b'--in-reply-to', b'<a@x.test>' + value]),
            ('--charset', [b'--charset', b'utf-8' + value]),
            ('--ehlo-name', [b'--ehlo-name', b'x.test' + value]),
            ('name=', [b'--attach', b'plain,name=x' + value]),
            ('type=', [b'--attach', b'plain,type=text/plain; x="' + value + b'"']),
            ('cid=', [b'--attach', b'plain,cid=x' + value]),
            ('encoding=', [b'--attach', b'plain,encoding=7bit' + value])):
        yield Case(name, [*TEXT, *option], None, None, anything)
    for name, content in (
            ('Subject', b'Message-ID: <1@y.test>\r\nSubject: x' + text + b'\r\n\r\n'),
            ('Q subject', b'Message-ID: <1@y.test>\nSubject: =?utf-8?Q?' + encoded
             + b'?=\n\n'),
            ('Message-ID', b'Message-ID: <1' + sequence + b'@y.test>\n\n'),
            ('References', b'Message-ID: <1@y.test>\nReferences: <2' + text
             + b'@y.test> <3@y.test>' + sequence + b'\n\n')):
        yield Case(f'--in-reply-to {name}',
                   [*TEXT, '--in-reply-to', file('answered', content)], None, None,
                   anything)
    yield Case('METHOD', [*TEXT, '--calendar', file(
        'x.ics', b'BEGIN:VCALENDAR\r\nMETHOD:REQUEST' + text + b'\r\nEND:VCALENDAR\r\n')],
               None, None, anything)
    yield Case('meta', [*TEXT, '--html', file(
        'page.html', b'<meta charset="utf-8' + text + b'">hi')], None, None, anything)
    yield Case('cid:', [*TEXT, '--quiet', '--html', file(
        'page.html', b'<img src="plain' + text + b'"><img src=plain>'),
                        '--inline', 'plain'], None, None, anything)
    yield Case('href', ['--html', file(
        'page.html', b'<p>hi<a href="http://x.test/' + text + b'">x</a>&#13;&#10;.&#13;&#10;'
        b'<pre>\n' + text + b'</pre><img alt="' + text + b'">')], None, None, anything)
    yield Case('--to-file', [*TEXT, '--to-file', file(
        'list', b'a@y.test\n"x' + text + b'" <b@y.test>\n')], None, None, anything)
    # Nothing of these is told to anybody but by the program's own words.
    yield Case('--server', [*TEXT, b'-S', b'smtp://me' + percent + b'@127.0.0.1:1'],
               None, (0, 64, 65, 75, 77), anything)


# --- what is done with a sequence --------------------------------------------------

def numbered(cases, first):
    """Each with the number of its server."""
    return ((case, (first + number) % len(OFFERS)) for number, case in enumerate(cases))


# One by DATA, one by BDAT.
def small_texts(sequence, turn):
    """In texts and parts."""
    yield from numbered(texts(small(sequence, b'\n')), turn + 2)
    yield from numbered(texts(small(sequence, b'\r\n')), turn)


def small_messages(sequence, turn):
    """In complete messages."""
    yield from numbered(messages(small(sequence, b'\n'), b'\n'), turn + 2)
    yield from numbered(messages(small(sequence, b'\r\n'), b'\r\n'), turn)


def in_values(sequence, turn):
    """In values."""
    return numbered(values(sequence), turn)


def edge_texts(sequence, turn):
    """At edges of blocks of texts and parts."""
    return numbered(texts(edges(sequence, ENDS[turn % 2 * 2], 0, turn)), turn)


def edge_messages(sequence, turn):
    """At edges of blocks of complete messages."""
    end = ENDS[turn % 2 * 2]
    base = len(HEADER.replace(b'\r\n', end) + end)
    return numbered(messages(edges(sequence, end, base, turn), end, 'body'), turn)


def dense_texts(sequence, turn):
    """All over texts and parts."""
    return numbered(texts(dense(sequence, ENDS[turn % 2 * 2])), turn)


def dense_messages(sequence, turn):
    """All over complete messages."""
    end = ENDS[turn % 2 * 2]
    return numbered(messages(dense(sequence, end), end, 'body'), turn)


# What makes the cases, and which of them: those whose names begin so.
WAYS = {
    'text': (small_texts, r'(?!--attach|--inline)'),
    'attachment': (small_texts, r'--attach|--inline'),
    'complete': (small_messages, r'-m (?!.*--repair)'),
    'repair': (small_messages, r'-m .*--repair'),
    'forward': (small_messages, r'--forward'),
    'answer': (small_messages, r'--in-reply-to'),
    'value': (in_values, r'(?!--in-reply-to \w|METHOD|meta|cid:|href)'),
    'document': (in_values, r'--in-reply-to \w|METHOD|meta|cid:|href'),
    'edges of texts': (edge_texts, r''),
    'edges of messages': (edge_messages, r''),
    'all over texts': (dense_texts, r''),
    'all over messages': (dense_messages, r''),
}
HARMLESS = {
    small_texts: lambda: texts(small(b'z', b'\n')),
    small_messages: lambda: messages(b'z', b'\n'),
    in_values: lambda: values(b'z'),
}
HARMLESS[edge_texts] = HARMLESS[dense_texts] = HARMLESS[small_texts]
HARMLESS[edge_messages] = HARMLESS[dense_messages] = HARMLESS[small_messages]


# --- one run -----------------------------------------------------------------------

class Trial:
    """Runs cases, and says what is wrong."""

    def __init__(self, program, directory):
        self.program = program
        self.servers = []
        for number, offered in enumerate(OFFERS):
            there = Server(directory / f'server{number}', offered)
            threading.Thread(target=there.run, args=(0,), daemon=True).start()
            self.servers.append(there)
        self.baseline = {}
        self.runs = self.sent = 0
        self.found = 0

    def run(self, there, case):
        """Its status, and what it said."""
        envelope = [] if case.name.startswith('--to') else ENVELOPE
        command = [self.program, '-S', f'127.0.0.1:{there.port}', *envelope,
                   *case.arguments]
        if '-f' not in command:
            command[1:1] = ['-f', 'me@x.test']
        stdin = {'input': case.input} if case.input is not None else {
            'stdin': subprocess.DEVNULL}
        return subprocess.run(
            command, capture_output=True, timeout=30, check=False, **stdin)

    def faults(self, there, case):
        """What is wrong with a case."""
        there.taken.clear()
        there.blamed.clear()
        before = there.connections
        result = self.run(there, case)
        self.runs += 1
        said = result.stderr.decode('utf-8', 'replace')
        if result.returncode != 0:
            return list(self.refusal(there, case, result.returncode, said, before))
        faults = list(there.blamed)
        if case.statuses and 0 not in case.statuses or case.needs - there.keywords:
            faults.append(f'status 0 instead of {case.statuses or 65}')
        # What is encoded of a forwarded message is told, and a calendar that
        # says not what it is; nothing else is.
        if result.stdout or said and not (
                '--forward' in case.name
                and re.fullmatch(r'smtpsend: note: .* has been encoded\n', said)
                or 'no METHOD says what it is' in said):
            faults.append(f'it said {said!r}')
        if len(there.taken) != 1 or there.connections != before + 1:
            return faults + [f'{len(there.taken)} messages arrived']
        self.sent += 1
        return faults + list(self.arrived(there.taken[0], case))

    @staticmethod
    def refusal(there, case, status, said, before):
        """What is wrong with a case that was refused."""
        lacking = case.needs - there.keywords
        if lacking:
            right = (65,)
        else:
            right = REFUSED if case.statuses is None else case.statuses
        if status not in right:
            yield f'status {status}: {said}'
        if not said.startswith('smtpsend: ') or re.search(r'[\0-\x09\x0b-\x1f\x7f]', said):
            yield f'it said {said!r}'
        if there.taken:
            yield f'status {status}, but it arrived'
        # A long message from a pipe is on its way before all of it is seen.
        streamed = len(case.input or b'') > 1 << 20 and '-m' in case.arguments
        if there.connections != before and not streamed and not lacking:
            yield f'status {status}, but the server was called'

    def arrived(self, taken, case):
        """What is wrong with what came."""
        raw, message, envelope = taken
        benign = self.baseline.get(case.name)
        if envelope['command'] == 'DATA' and raw.count(server.END) != 1:
            yield 'more than one end'
        if envelope['from'] != 'me@x.test' or b'evil@' in repr(envelope).encode():
            yield f'the envelope is {envelope}'
        if benign and names(message) != benign:
            yield f'the header has {names(message)}, not {benign}'
        fault = case.look(message)
        if fault:
            yield fault

    def learn(self, cases):
        """The fields that a message has with something harmless."""
        for case in cases:
            there = self.servers[-1]
            there.taken.clear()
            self.run(there, case)
            self.baseline[case.name] = names(there.taken[0][1]) if there.taken else None


def main():
    """See above."""
    program = pathlib.Path(sys.argv[1]).resolve()
    directory = pathlib.Path(sys.argv[2])
    make, names_begin = WAYS[sys.argv[3]]
    directory.mkdir(parents=True, exist_ok=True)
    os.chdir(directory)
    file('plain', b'plain')
    trial = Trial(program, pathlib.Path('.'))
    # Of a complete message all is compared.
    trial.learn(case for case in HARMLESS[make]()
                if re.match(names_begin, case.name) and not case.name.startswith('-m'))
    # TEST_SHARE=4: a fourth of them, where all take too long.
    sequences = SEQUENCES[::int(os.environ.get('TEST_SHARE', '1'))]
    for turn, sequence in enumerate(sequences):
        for case, number in make(sequence, turn):
            if not re.match(names_begin, case.name):
                continue
            there = trial.servers[number]
            for fault in trial.faults(there, case):
                trial.found += 1
                print(f'{sequence!r}, {case.name} ({" ".join(there.offered)}): '
                      f'{fault[:500]}')
    print(f'{len(sequences)} sequences, {trial.runs} messages, {trial.sent} sent, '
          f'{trial.found} differences')
    return 1 if trial.found else 0


if __name__ == '__main__':
    sys.exit(main())
