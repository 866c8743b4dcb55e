"""What is in a message, as three readers agree that it is.

    witness.py [--eight-bit] [--utf8] QUESTION FILE [WHICH]

    check            nothing: the status says whether there are defects
    json             everything
    header NAME      the decoded values of a field, one a line
    addresses NAME   those in From, Sender, Reply-To, To or Cc: "name<tab>address"
    parts            a line for each: path, type, charset, disposition, file name,
                     Content-ID, encoding, size and SHA-256 of the content; with
                     tabs between, and "-" for none
    part WHICH       the decoded content of the part with that path or file name

The whole message is part 0, its parts are 0.1, 0.2, and so on.  The readers are
strict.py, Python's email package and GMime.  What is off the standards, or where
they do not agree, comes as lines on standard error, with status 1.  8-bit text
and a UTF-8 header are off unless allowed: by the options, or, in a file that
server.py left, by what the client declared.
"""

import argparse
import hashlib
import json
import pathlib
import sys

import gmime
import packaged
import strict

COMPARED = ('path', 'type', 'charset', 'disposition', 'filename', 'content_id', 'content')


def strict_parts(root):
    """The parts as strict.py sees them, in the form of the others."""
    for part in root.walk():
        charset = part.parameters.get('charset')
        content_id = part.value('content-id')
        yield {
            'path': part.path,
            'type': part.type,
            'charset': charset.lower() if charset else None,
            'disposition': part.disposition,
            'filename': part.filename(),
            'content_id': content_id.strip('<> ') if content_id else None,
            'encoding': part.encoding,
            'body': part.body,
            'content': part.content,
        }


def texts(header):
    """The fields that are text to all, as (name, value); dates are written anew."""
    return [(name.lower(), packaged.plain(value or '')) for name, value in header
            if name.lower() not in packaged.ADDRESSES + ('date',)
            and not name.lower().startswith(('content-', 'resent-'))]


class Witness:
    """One message and what is said of it."""

    def __init__(self, data, eight_bit, utf8):
        reader = strict.Reader(data, eight_bit, utf8)
        self.parts = list(strict_parts(reader.root))
        self.defects = list(reader.defects)
        package = self.ask('email package', packaged.read, data)
        other = self.ask('GMime', gmime.read, data, utf8)
        # What was forwarded need not be faultless.
        forwarded = [(data.find(part['body']), len(part['body'])) for part in self.parts
                     if part['type'].startswith('message/')]
        other['defects'] = [
            f'octet {offset}: {text}' for offset, text in other['defects']
            if not any(0 <= offset - begin <= size for begin, size in forwarded)]
        self.header = package['header']
        self.addresses = package['addresses']
        for name, found in (('email package', package), ('GMime', other)):
            self.defects += [f'{name}: {defect}' for defect in found['defects']]
            self.compare_parts(name, found['parts'])
        self.compare_header(other)

    def ask(self, name, read, *arguments):
        """What another reader says; that it cannot read the message is a defect."""
        try:
            return read(*arguments)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            self.defects.append(f'{name} cannot read it: {error}')
            return {'header': [], 'addresses': {}, 'parts': [], 'defects': []}

    def differ(self, what, one, other, name):
        """Notes a disagreement."""
        self.defects.append(f'{what}: {one!r}, but for {name} {other!r}')

    def compare_parts(self, name, others):
        """The parts as another reader sees them."""
        if len(others) != len(self.parts):
            self.differ('parts', len(self.parts), len(others), name)
        for part, other in zip(self.parts, others):
            for key in COMPARED:
                # The groups of a report come without their bytes.
                if key == 'content' and part['type'] == 'message/delivery-status':
                    continue
                if part[key] != other[key]:
                    one, two = ((value[:60] if isinstance(value, bytes) else value)
                                for value in (part[key], other[key]))
                    self.differ(f'part {part["path"]}: {key}', one, two, name)

    def compare_header(self, other):
        """The decoded header."""
        if self.addresses != other['addresses']:
            self.differ('addresses', self.addresses, other['addresses'], 'GMime')
        # The order of what has parts is GMime's own.
        one, two = sorted(texts(self.header)), sorted(texts(other['header']))
        if one != two:
            self.differ('header', sorted(set(one) - set(two)),
                        sorted(set(two) - set(one)), 'GMime')

    def described(self):
        """The parts, with numbers instead of bytes."""
        for part in self.parts:
            # A message that was forwarded counts as it stands.
            content = part['content'] if part['content'] is not None else part['body']
            yield {**{key: value for key, value in part.items()
                      if key not in ('content', 'body')},
                   'size': len(content), 'sha256': hashlib.sha256(content).hexdigest()}

    def content(self, which):
        """Of the part with a path or file name, or None."""
        for part in self.parts:
            if which in (part['path'], part['filename']):
                return part['body'] if part['content'] is None else part['content']
        return None


def answer(witness, question, which):
    """Prints what was asked for; the exit status."""
    if question == 'json':
        print(json.dumps({
            'header': witness.header, 'addresses': witness.addresses,
            'parts': list(witness.described()), 'defects': witness.defects},
            indent=1, ensure_ascii=False))
    elif question == 'header':
        for name, value in witness.header:
            if name.lower() == which.lower():
                print(value)
    elif question == 'addresses':
        for name, address in witness.addresses.get(which.lower(), []):
            print(f'{name}\t{address}')
    elif question == 'parts':
        for part in witness.described():
            print('\t'.join('-' if value is None else str(value)
                            for value in part.values()))
    elif question == 'part':
        content = witness.content(which)
        if content is None:
            print(f'no part {which}', file=sys.stderr)
            return 1
        sys.stdout.buffer.write(content)
    return 0


def declared(path):
    """Whether 8-bit text and a UTF-8 header were announced to server.py."""
    try:
        envelope = json.loads(path.with_suffix('.json').read_text(encoding='utf-8'))
    except FileNotFoundError:
        return False, False
    given = envelope['parameters']
    return given.get('BODY', '').upper() == '8BITMIME', 'SMTPUTF8' in given


def main():
    """See above."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--eight-bit', action='store_true')
    arguments.add_argument('--utf8', action='store_true')
    arguments.add_argument(
        'question', choices=('check', 'json', 'header', 'addresses', 'parts', 'part'))
    arguments.add_argument('file')
    arguments.add_argument('which', nargs='?', default='')
    given = arguments.parse_args()
    sys.stdout.reconfigure(encoding='utf-8')
    path = pathlib.Path(given.file)
    eight_bit, utf8 = declared(path)
    utf8 = utf8 or given.utf8
    witness = Witness(path.read_bytes(), eight_bit or given.eight_bit or utf8, utf8)
    status = answer(witness, given.question, given.which)
    for defect in witness.defects:
        print(f'{given.file}: {defect}', file=sys.stderr)
    return 1 if witness.defects else status


if __name__ == '__main__':
    sys.exit(main())
