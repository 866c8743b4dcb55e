"""A reader of messages that forgives nothing: RFC 5322, 2045 to 2047 and 2231.

Independent of the email package: it splits a message into parts on its own,
decodes on its own, and notes what is off the standards.
"""

import binascii
import re
import urllib.parse

LINE_MAX = 998
WORD_MAX = 75  # RFC 2047 2: an encoded word
WORD_LINE_MAX = 76  # and a line that holds one
CODED_MAX = 76  # RFC 2045 6.7, 6.8

TOKEN = r"[!#$%&'*+.^_`{|}~0-9A-Za-z-]+"
FIELD = re.compile(r'([!-9;-~]+):(.*)', re.DOTALL)
ENCODED_WORD = re.compile(r'=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=')
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
PARAMETER = re.compile(
    rf'\s*;\s*({TOKEN})=("(?:[^"\\]|\\.)*"|{TOKEN})', re.DOTALL)
MEDIA_TYPE = re.compile(rf'\s*({TOKEN}/{TOKEN})')
DISPOSITION = re.compile(rf'\s*({TOKEN})')
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
DATE = re.compile(
    r'(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} '
    r'(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) '
    r'\d{4} \d\d:\d\d(?::\d\d)? [+-]\d{4}')
MESSAGE_ID = re.compile(r'<[^\s<>@]+@[^\s<>@]+>')
BASE64_LINE = re.compile(rb'[A-Za-z0-9+/]*={0,2}')

# RFC 5322 3.6, RFC 2045 to 2047, 2183: at most once.
SINGLE = {
    'date', 'from', 'sender', 'reply-to', 'to', 'cc', 'bcc', 'message-id',
    'in-reply-to', 'references', 'subject', 'mime-version', 'content-type',
    'content-transfer-encoding', 'content-id', 'content-description',
    'content-disposition'}
# Where encoded words may stand: in text, or in the phrases of addresses.
PHRASES = {'from', 'sender', 'reply-to', 'to', 'cc', 'resent-from',
           'resent-sender', 'resent-to', 'resent-cc', 'list-id'}
NO_WORDS = {'date', 'message-id', 'in-reply-to', 'references', 'received',
            'content-type', 'content-disposition', 'content-id',
            'content-transfer-encoding', 'mime-version', 'list-unsubscribe',
            'auto-submitted', 'return-path'}
ENCODINGS = {'7bit', '8bit', 'binary', 'quoted-printable', 'base64'}


class Part:
    """A message or a part of one."""

    def __init__(self, path, data):
        self.path = path
        self.fields = []  # (name, unfolded value)
        self.body = data
        self.type = 'text/plain'
        self.parameters = {}
        self.disposition = None
        self.disposition_parameters = {}
        self.encoding = '7bit'
        self.content = None  # decoded; None: it has parts
        self.parts = []

    def values(self, name):
        """The values of a field."""
        return [value for key, value in self.fields if key.lower() == name]

    def value(self, name):
        """The value of a field, or None."""
        return next(iter(self.values(name)), None)

    def filename(self):
        """What it is to be saved as, or None."""
        return self.disposition_parameters.get('filename', self.parameters.get('name'))

    def walk(self):
        """It and all in it."""
        yield self
        for part in self.parts:
            yield from part.walk()


class Reader:
    """Reads one message."""

    def __init__(self, data, eight_bit=False, utf8=False):
        self.defects = []
        self.utf8 = utf8
        self.check_octets(data, eight_bit)
        self.root = self.read(data, '0', 'message')
        self.check_message(self.root)

    def defect(self, part, text):
        """Notes one."""
        path = part if isinstance(part, str) else f'part {part.path}'
        self.defects.append(f'{path}: {text}')

    def check_octets(self, data, eight_bit):
        """The lines of the whole."""
        if not data.endswith(b'\r\n'):
            self.defect('message', 'the last line has no CRLF')
        for number, line in enumerate(data.split(b'\r\n'), 1):
            if len(line) > LINE_MAX:
                self.defect(f'line {number}', f'{len(line)} octets')
            if re.search(rb'[\r\n\0]', line):
                self.defect(f'line {number}', 'CR, LF or NUL')
            if not eight_bit and not line.isascii():
                self.defect(f'line {number}', '8-bit')

    # --- the header

    def read_header(self, part, lines):
        """Takes the fields from the front of the lines."""
        while lines and lines[0] != b'':
            raw = [lines.pop(0)]
            while lines and lines[0][:1] in (b' ', b'\t'):
                raw.append(lines.pop(0))
            if any(not line.strip() for line in raw):
                self.defect(part, f'a line of white space in {raw[0]!r}')
            if any(line != line.rstrip() for line in raw[:-1]):
                self.defect(part, f'white space before a fold in {raw[0]!r}')
            if any(b'=?' in line and len(line) > WORD_LINE_MAX and
                   ENCODED_WORD.search(line.decode('utf-8', 'replace')) for line in raw):
                self.defect(part, f'an encoded word in a line over 76: {raw!r}')
            try:
                text = b''.join(raw).decode('utf-8' if self.utf8 else 'ascii')
            except UnicodeDecodeError:
                self.defect(part, f'a field that is not ASCII or UTF-8: {raw!r}')
                text = b''.join(raw).decode('latin-1')
            found = FIELD.fullmatch(text)
            if not found:
                self.defect(part, f'no field: {text!r}')
                continue
            if re.search(r'[\x00-\x08\x0a-\x1f\x7f]', text):
                self.defect(part, f'control characters: {text!r}')
            part.fields.append((found.group(1), found.group(2).strip()))
        if lines:
            lines.pop(0)
        names = [name.lower() for name, _ in part.fields]
        for name in sorted(SINGLE & {name for name in names if names.count(name) > 1}):
            self.defect(part, f'{name} more than once')
        for name, value in part.fields:
            self.check_words(part, name.lower(), value)

    def check_words(self, part, name, value):
        """Encoded words: RFC 2047."""
        if '=?' not in value:
            return
        found = list(ENCODED_WORD.finditer(value))
        if name in NO_WORDS and found:
            self.defect(part, f'an encoded word in {name}: {value!r}')
            return
        if name in PHRASES and any('=?' in text for text in QUOTED.findall(value)):
            self.defect(part, f'an encoded word in a quoted string: {value!r}')
        for word in found:
            before = value[:word.start()][-1:]
            behind = value[word.end():][:1]
            if before not in ('', ' ', '\t', '(') or behind not in ('', ' ', '\t', ')'):
                self.defect(part, f'{word.group()} does not stand alone in {value!r}')
            self.check_word(part, name, word)

    def check_word(self, part, name, word):
        """One encoded word."""
        charset, coding, text = word.groups()
        if len(word.group()) > WORD_MAX:
            self.defect(part, f'{word.group()} is longer than {WORD_MAX}')
        try:
            if coding in ('B', 'b'):
                octets = binascii.a2b_base64(text, strict_mode=True)
            elif coding in ('Q', 'q'):
                legal = (r"(?:[A-Za-z0-9!*+/_-]|=[0-9A-F]{2})*" if name in PHRASES
                         else r"(?:[!-<>@-~]|=[0-9A-F]{2})*")
                if not re.fullmatch(legal, text):
                    self.defect(part, f'{word.group()} has illegal characters')
                octets = urllib.parse.unquote_to_bytes(
                    text.replace('%', '%25').replace('_', '=20').replace('=', '%'))
            else:
                raise ValueError(coding)
            octets.decode(charset)
        except (ValueError, LookupError) as error:
            self.defect(part, f'{word.group()} cannot be decoded: {error}')

    def value_and_parameters(self, part, text, pattern):
        """Of Content-Type or Content-Disposition."""
        found = pattern.match(text)
        if not found:
            self.defect(part, f'neither type nor disposition: {text!r}')
            return '', {}
        at = found.end()
        given = {}
        while at < len(text.rstrip()):
            parameter = PARAMETER.match(text, at)
            if not parameter:
                self.defect(part, f'no parameter at {text[at:]!r}')
                break
            name, value = parameter.group(1).lower(), parameter.group(2)
            if value.startswith('"'):
                value = re.sub(r'\\(.)', r'\1', value[1:-1], flags=re.DOTALL)
                if '*' in name and name.endswith('*'):
                    self.defect(part, f'{name} is quoted')
            if name in given:
                self.defect(part, f'{name} more than once')
            given[name] = value
            at = parameter.end()
        return found.group(1).lower(), self.join_parameters(part, given)

    def join_parameters(self, part, given):
        """Continuations and charsets: RFC 2231."""
        out, pieces = {}, {}
        for key, value in given.items():
            found = re.fullmatch(r'([^*]+)(?:\*(0|[1-9]\d*))?(\*)?', key)
            if not found:
                self.defect(part, f'a parameter of the name {key}')
            elif found.group(2) or found.group(3):
                pieces.setdefault(found.group(1), {})[int(found.group(2) or 0)] = (
                    bool(found.group(3)), value)
            else:
                out[key] = value
        for name, found in pieces.items():
            if sorted(found) != list(range(len(found))):
                self.defect(part, f'{name}* is not numbered from 0 on')
            octets, charset = b'', 'ascii'
            for number in sorted(found):
                extended, value = found[number]
                if extended and number == 0:
                    if not re.fullmatch(r"[^']+'[^']*'.*", value):
                        self.defect(part, f'{name}* without a charset: {value}')
                    charset, _, value = (value.split("'", 2) + ['', ''])[:3]
                if extended and re.search(r'%(?![0-9A-F]{2})', value):
                    self.defect(part, f'{name}* has a bad %: {value}')
                octets += (urllib.parse.unquote_to_bytes(value) if extended
                           else value.encode('utf-8'))
            try:
                out[name] = octets.decode(charset)
            except (UnicodeDecodeError, LookupError) as error:
                self.defect(part, f'{name}* cannot be decoded: {error}')
        return out

    # --- the body

    def read(self, data, path, kind, default='text/plain'):
        """A message or part, with all in it."""
        lines = data.split(b'\r\n')
        part = Part(path, data)
        self.read_header(part, lines)
        part.body = b'\r\n'.join(lines)
        part.type = default
        value = part.value('content-type')
        if value is not None:
            part.type, part.parameters = self.value_and_parameters(part, value, MEDIA_TYPE)
        elif kind == 'part':
            self.defect(part, 'no Content-Type')
        value = part.value('content-disposition')
        if value is not None:
            part.disposition, part.disposition_parameters = (
                self.value_and_parameters(part, value, DISPOSITION))
        part.encoding = (part.value('content-transfer-encoding') or '7bit').lower()
        if part.encoding not in ENCODINGS:
            self.defect(part, f'Content-Transfer-Encoding is {part.encoding}')
        value = part.value('content-id')
        if value is not None and not MESSAGE_ID.fullmatch(value):
            self.defect(part, f'Content-ID is {value}')
        if part.type.startswith('multipart/'):
            self.read_multipart(part)
        elif part.type in ('message/rfc822', 'message/global'):
            # What was forwarded is not ours: it need not be faultless.
            inner = Reader.__new__(Reader)
            inner.defects, inner.utf8 = [], True
            part.parts = [inner.read(part.body, path + '.1', 'message')]
        else:
            self.decode(part)
        if part.encoding == '7bit' and not part.body.isascii():
            self.defect(part, '8-bit, but 7bit is declared')
        if part.type.startswith(('multipart/', 'message/')) and (
                part.encoding in ('base64', 'quoted-printable')):
            self.defect(part, f'{part.type} in {part.encoding}')
        return part

    def read_multipart(self, part):
        """RFC 2046 5.1.1"""
        boundary = part.parameters.get('boundary', '')
        if not BOUNDARY.fullmatch(boundary):
            self.defect(part, f'boundary is {boundary!r}')
            return
        delimiter = b'--' + boundary.encode('ascii')
        pieces, closed = [[]], False
        for line in part.body.split(b'\r\n'):
            if closed:
                if line.strip():
                    self.defect(part, f'text behind the last boundary: {line!r}')
            elif line.rstrip() == delimiter + b'--':
                closed = True
            elif line.rstrip() == delimiter:
                pieces.append([])
            elif line.startswith(delimiter):
                self.defect(part, f'a line that begins like the boundary: {line!r}')
                pieces[-1].append(line)
            else:
                pieces[-1].append(line)
        if not closed or len(pieces) < 2:
            self.defect(part, 'boundaries are missing')
        default = 'message/rfc822' if part.type == 'multipart/digest' else 'text/plain'
        part.parts = [
            self.read(b'\r\n'.join(piece), f'{part.path}.{number}', 'part', default)
            for number, piece in enumerate(pieces[1:], 1)]

    def decode(self, part):
        """The content of a part that has no parts."""
        part.content = part.body
        if part.encoding == 'base64':
            part.content = self.decode_base64(part)
        elif part.encoding == 'quoted-printable':
            part.content = self.decode_quoted_printable(part)
        if part.type.startswith('text/'):
            charset = part.parameters.get('charset', 'us-ascii')
            try:
                part.content.decode(charset)
            except (UnicodeDecodeError, LookupError) as error:
                self.defect(part, f'not in its charset: {error}')

    def decode_base64(self, part):
        """RFC 2045 6.8"""
        lines = part.body.split(b'\r\n')
        for line in lines:
            if len(line) > CODED_MAX or not BASE64_LINE.fullmatch(line):
                self.defect(part, f'no base64: {line!r}')
        if b'' in lines[:-1]:
            self.defect(part, 'an empty line in base64')
        try:
            return binascii.a2b_base64(b''.join(lines), strict_mode=True)
        except binascii.Error as error:
            self.defect(part, f'no base64: {error}')
            return b''

    def decode_quoted_printable(self, part):
        """RFC 2045 6.7"""
        out = []
        lines = part.body.split(b'\r\n')
        for number, line in enumerate(lines):
            if len(line) > CODED_MAX:
                self.defect(part, f'quoted-printable line of {len(line)}')
            if line != line.rstrip(b' \t'):
                self.defect(part, f'white space at the end of {line!r}')
            if re.search(rb'[^\t -~]|=(?![0-9A-F]{2}|$)', line):
                self.defect(part, f'no quoted-printable: {line!r}')
            soft = line.endswith(b'=')
            if soft and number == len(lines) - 1:
                self.defect(part, 'the last line ends with a soft line break')
            text = re.sub(rb'=([0-9A-Fa-f]{2})',
                          lambda found: bytes([int(found.group(1), 16)]),
                          line.removesuffix(b'='))
            out.append(text + (b'' if soft or number == len(lines) - 1 else b'\r\n'))
        return b''.join(out)

    # --- the whole

    def check_message(self, part):
        """What a composed message must have."""
        if len(part.values('date')) != 1 or not DATE.fullmatch(part.value('date')):
            self.defect(part, f'Date is {part.values("date")}')
        if not MESSAGE_ID.fullmatch(part.value('message-id') or ''):
            self.defect(part, f'Message-ID is {part.values("message-id")}')
        if not part.value('from'):
            self.defect(part, 'no From')
        for name in ('bcc', 'resent-bcc', 'return-path'):
            if part.values(name):
                self.defect(part, f'{name} is there')
        if part.value('mime-version') != '1.0':
            self.defect(part, f'MIME-Version is {part.values("mime-version")}')
        if part.value('content-type') is None:
            self.defect(part, 'no Content-Type')
        self.check_encodings(part)

    def check_encodings(self, part):
        """A part of a 7bit multipart is 7bit (RFC 2045 6.4)."""
        for inner in part.parts:
            if part.encoding == '7bit' and inner.encoding in ('8bit', 'binary'):
                self.defect(part, f'7bit, but part {inner.path} is {inner.encoding}')
            if not part.type.startswith('message/'):
                self.check_encodings(inner)
