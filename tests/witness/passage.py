"""What becomes of a complete message that is sent with "smtpsend -m".

Written from the rules, not from the program: line ends become CRLF (a CR or LF
that stands alone is one, too), the "From " line of an mbox and Bcc fields go,
what is missing of Date, Message-ID and From comes in front, and no other octet
changes.  What RFC 5321 and 5322 do not allow on the wire is refused.
"""

import email.utils
import re

LINE_MAX = 998
FIELD = re.compile(rb'([!-9;-~]+)[ \t]*:')
DATE = re.compile(
    r'(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} '
    r'(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) '
    r'\d{4} \d\d:\d\d:\d\d [+-]\d{4}')
MESSAGE_ID = re.compile(
    r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+>")
MADE = ('date', 'message-id', 'from')


class Refused(Exception):
    """It must not be sent; the text says why."""


def lines_of(data):
    """The lines without their ends; what has none at its end gets one."""
    lines = re.split(rb'\r\n|\r|\n', data)
    if lines[-1] == b'':
        lines.pop()
    return lines


def field_name(line):
    """The name of the field that begins with this line, in lower case."""
    found = FIELD.match(line)
    return found.group(1).decode('ascii').lower() if found else None


def split(data):
    """The header as (name, line) pairs, and the body with the empty line."""
    lines = data.split(b'\n')
    if lines[0].startswith(b'From ') and not field_name(lines[0]):
        data = data[len(lines[0]) + 1:]
        lines.pop(0)
    header, name = [], None
    for number, line in enumerate(lines):
        if line in (b'', b'\r'):
            break
        if line[:1] not in (b' ', b'\t'):
            name = field_name(line)
        if name is None:
            raise Refused(f'line {number + 1} of the header is no field')
        header.append((name, line.removesuffix(b'\r')))
    length = sum(len(line) + 1 for line in lines[:len(header)])
    return header, data[length:]


def expected(data):
    """What must arrive behind the fields that were put in front, and the names
    of those fields.  Raises Refused."""
    if b'\0' in data:
        raise Refused('it holds NUL')
    header, body = split(data)
    for name, line in header:
        if b'\r' in line:
            raise Refused(f'{name} holds a CR')
        try:
            line.decode('utf-8')
        except UnicodeDecodeError:
            raise Refused(f'{name} is not UTF-8') from None
    kept = [line for name, line in header
            if name not in ('bcc', 'resent-bcc')]
    lines = kept + lines_of(body)
    if any(len(line) > LINE_MAX for line in [line for _, line in header] + lines):
        raise Refused(f'a line of more than {LINE_MAX} octets')
    there = {name for name, _ in header}
    return (b''.join(line + b'\r\n' for line in lines),
            [name for name in MADE if name not in there])


def needs(data):
    """The extensions without which it cannot be sent as it is."""
    header, body = split(data)
    if any(byte > 127 for name, line in header for byte in line):
        return {'8BITMIME', 'SMTPUTF8'}
    return {'8BITMIME'} if any(byte > 127 for byte in body) else set()


def check_made(name, value, author):
    """What is wrong with a field that was put in front, or None."""
    if name == 'from' and email.utils.parseaddr(value)[1] != author:
        return f'From is {value}, not {author}'
    if name == 'date' and not DATE.fullmatch(value):
        return f'Date is {value}'
    if name == 'message-id' and not MESSAGE_ID.fullmatch(value):
        return f'Message-ID is {value}'
    return None


def strip_made(arrived, names, author):
    """What is left of a message without the fields that were put in front.
    Raises ValueError if they are not what they should be."""
    missing = set(names)
    while missing:
        line, end, rest = arrived.partition(b'\r\n')
        name = field_name(line)
        if name not in missing or not end or rest[:1] in (b' ', b'\t'):
            raise ValueError(f'{" and ".join(sorted(missing))} not in front, '
                             f'but {line[:60]!r}')
        value = line.partition(b':')[2].decode('ascii').strip()
        fault = check_made(name, value, author)
        if fault:
            raise ValueError(fault)
        missing.remove(name)
        arrived = rest
    return arrived
