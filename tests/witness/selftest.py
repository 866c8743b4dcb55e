"""Tests of the witnesses: each fault is made, and must be found."""

import pathlib
import socket
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import passage  # noqa: E402
import server  # noqa: E402
import witness  # noqa: E402

HEADER = ('From: a@x.test\r\nTo: b@x.test\r\nSubject: s\r\n'
          'Date: Mon, 06 Jan 2025 10:00:00 +0000\r\nMessage-ID: <1@x.test>\r\n'
          'MIME-Version: 1.0\r\n')
TEXT = 'Content-Type: text/plain; charset=us-ascii\r\n'
NAMES = {
    'plain.bin': 'filename=plain.bin',
    'two words.bin': 'filename="two words.bin"',
    'a "b" \\ c; d=e.bin': r'filename="a \"b\" \\ c; d=e.bin"',
    'Прайс 2025.pdf':
        "filename*=utf-8''%D0%9F%D1%80%D0%B0%D0%B9%D1%81%202025.pdf",
    'long' * 40:
        f'filename*0="{"long" * 15}";\r\n filename*1="{"long" * 15}";\r\n'
        f' filename*2={"long" * 10}',
    'é' * 40:
        f"filename*0*=utf-8''{'%C3%A9' * 10};\r\n filename*1*={'%C3%A9' * 10};\r\n"
        f" filename*2*={'%C3%A9' * 10};\r\n filename*3*={'%C3%A9' * 10}",
}


def message(text):
    """A message whose header ends with what is in the text."""
    return (HEADER + text).encode('utf-8', 'surrogateescape')


def parts(*texts, more=''):
    """A multipart message."""
    return message(
        f'Content-Type: multipart/mixed; boundary=b\r\n{more}\r\n'
        + ''.join(f'--b\r\n{text}\r\n' for text in texts) + '--b--\r\n')


def attachment(disposition, content='AAEC', more=''):
    """A part in base64."""
    return (f'Content-Type: application/octet-stream\r\n{more}'
            'Content-Transfer-Encoding: base64\r\n'
            f'Content-Disposition: attachment;\r\n {disposition}\r\n\r\n{content}')


class Faultless(unittest.TestCase):
    """What is right is not blamed."""

    def read(self, data, utf8=False):
        """The witness of a faultless message."""
        found = witness.Witness(data, utf8, utf8)
        self.assertEqual(found.defects, [])
        return found

    def test_text(self):
        """One part."""
        found = self.read(message(TEXT + '\r\nhi\r\n'))
        self.assertEqual(found.content('0'), b'hi\r\n')

    def test_names(self):
        """File names in all the forms of RFC 2045 and 2231."""
        for name, disposition in NAMES.items():
            with self.subTest(name):
                found = self.read(parts(TEXT + '\r\nhi', attachment(disposition)))
                self.assertEqual(found.content(name), b'\0\1\2')

    def test_words(self):
        """Encoded words, one after the other."""
        found = self.read(message(
            'X-Words: =?UTF-8?Q?=C3=A4_?=\r\n =?utf-8?B?w7Y=?= plain\r\n' + TEXT + '\r\n'))
        self.assertIn(('X-Words', 'ä ö plain'), found.header)

    def test_utf8_header(self):
        """RFC 6532."""
        found = self.read(message('X-Words: ä\r\n' + TEXT + '\r\n'), utf8=True)
        self.assertIn(('X-Words', 'ä'), found.header)

    def test_quoted_printable(self):
        """Soft line breaks, and white space at the end of a line."""
        found = self.read(message(
            'Content-Type: text/plain; charset=utf-8\r\n'
            'Content-Transfer-Encoding: quoted-printable\r\n\r\n'
            'a=20\r\n=C3=\r\n=A4\r\n'))
        self.assertEqual(found.content('0'), 'a \r\nä\r\n'.encode())

    def test_forwarded(self):
        """A faulty message in a faultless one; and parts in parts."""
        inner = 'From: x\r\nFrom: y\r\n\r\n.\r\n'
        found = self.read(parts(
            TEXT + '\r\nhi', 'Content-Type: message/rfc822\r\n'
            "Content-Disposition: attachment; filename*=utf-8''%C3%A4.eml\r\n\r\n" + inner))
        self.assertEqual(found.content('0.2'), inner.encode())
        self.assertEqual(found.content('ä.eml'), inner.encode())


class Faults(unittest.TestCase):
    """What is wrong is found, by strict.py alone where the others forgive it."""

    def blamed(self, data, text):
        """One of the defects contains the text."""
        found = witness.Witness(data, False, False)
        self.assertTrue(any(text in defect for defect in found.defects),
                        f'{text} not in {found.defects}')

    def test_octets(self):
        """Lines of the whole."""
        for body, text in (('a\nb', 'CR, LF or NUL'), ('a\rb', 'CR, LF or NUL'),
                           ('a\0b', 'CR, LF or NUL'), ('x' * 999, '999 octets'),
                           ('ä', '8-bit')):
            with self.subTest(body):
                self.blamed(message(TEXT + f'\r\n{body}\r\n'), text)
        self.blamed(message(TEXT + '\r\nhi'), 'no CRLF')

    def test_header(self):
        """Fields."""
        for field, text in (
                ('Subject: again', 'subject more than once'),
                ('Bcc: c@x.test', 'bcc is there'),
                ('no field', 'no field'), ('X : y', 'no field'),
                ('X-A: b\r\n \r\n c', 'a line of white space'),
                ('X-A: =?utf-8?Q?a?=b', 'does not stand alone'),
                ('X-A: "=?utf-8?Q?a?="', 'does not stand alone'),
                ('Reply-To: "a =?utf-8?Q?a?= b" <c@x.test>', 'in a quoted string'),
                ('Reply-To: =?utf-8?Q?a?=: c@x.test;', 'does not stand alone'),
                ('Reply-To: =?utf-8?Q?a?=<c@x.test>', 'does not stand alone'),
                ('Reply-To: =?utf-8?Q?a"b?= <c@x.test>', 'illegal characters'),
                ('X-A: =?utf-8?B?w?=', 'cannot be decoded'),
                ('X-A: =?utf-8?B?w8M=?=', 'cannot be decoded'),
                ('X-A: =?utf-8?Q?=C3?=\r\n =?utf-8?Q?=A4?=', 'cannot be decoded'),
                ('X-A: =?nowhere?Q?a?=', 'cannot be decoded'),
                (f'X-A: =?utf-8?Q?{"a" * 70}?=', 'longer than 75'),
                ('Content-Transfer-Encoding: none', 'Content-Transfer-Encoding is none'),
                ('Content-ID: x', 'Content-ID is x')):
            with self.subTest(field):
                self.blamed(message(f'{field}\r\n{TEXT}\r\nhi\r\n'), text)
        for name in ('Date', 'From', 'Message-ID', 'MIME-Version', 'Content-Type'):
            with self.subTest(name):
                whole = HEADER + TEXT + '\r\nhi\r\n'
                self.blamed(whole.replace(f'{name}:', 'X:').encode(), name)

    def test_parts(self):
        """Boundaries and encodings."""
        good = TEXT + '\r\nhi'
        for data, text in (
                (parts(good)[:-8], 'boundaries are missing'),
                (parts(good) + b'more\r\n', 'text behind the last boundary'),
                (parts(good + '\r\n--bx'), 'begins like the boundary'),
                (parts('\r\nhi'), 'no Content-Type'),
                (parts(), 'boundaries are missing'),
                (parts(good).replace(b'=b', b'=""'), 'boundary is'),
                (parts(good, more='Content-Transfer-Encoding: base64\r\n'), 'in base64'),
                (parts(attachment('filename=x', 'AAE')), 'no base64'),
                (parts(attachment('filename=x', 'AAEC' * 20)), 'no base64'),
                (parts(attachment('filename=x', 'AA==AAEC')), 'no base64'),
                (parts(attachment('filename=x', 'AAEC\r\n\r\nAAEC')), 'an empty line'),
                (parts(attachment('filename=x', 'A*EC')), 'no base64')):
            with self.subTest(text):
                self.blamed(data, text)

    def test_parameters(self):
        """RFC 2231."""
        for disposition, text in (
                ('filename=a b', 'no parameter'), ('filename=ä', 'no parameter'),
                ('filename=a; filename=b', 'more than once'),
                ("filename*=%C3%A4", 'without a charset'),
                ("filename*=utf-8''%c3%a4", 'bad %'),
                ("filename*=utf-8''%C3", 'cannot be decoded'),
                ('filename*="utf-8\'\'x"', 'quoted'),
                ('filename*1=b; filename*2=c', 'not numbered'),
                ('filename="=?utf-8?Q?=C3=A4?="', 'an encoded word')):
            with self.subTest(disposition):
                self.blamed(parts(attachment(disposition)), text)

    def test_quoted_printable(self):
        """RFC 2045 6.7."""
        for body, text in (('a ', 'white space at the end'), ('=c3=a4', 'no quoted'),
                           ('=', 'soft line break'), ('a' * 77, 'line of 77'),
                           ('=4', 'no quoted'), ('=C3', 'not in its charset')):
            with self.subTest(body):
                self.blamed(message(
                    'Content-Type: text/plain; charset=utf-8\r\n'
                    f'Content-Transfer-Encoding: quoted-printable\r\n\r\n{body}'
                    + ('' if body == '=' else '\r\n')), text)

    def test_readers_that_differ(self):
        """A type that occurs twice is not the same to all."""
        data = parts(attachment('filename=x')).replace(
            b'attachment;\r\n', b'attachment; filename=y;\r\n')
        self.blamed(data, 'more than once')


class Passage(unittest.TestCase):
    """The rules for complete messages."""

    def test_bytes(self):
        """What is to arrive."""
        header = b'Date: d\r\nMessage-ID: i\r\nFrom: f\r\n'
        for data, wanted in (
                (b'From x\nDate: d\nMessage-ID: i\nFrom: f\n\n.\rb\r\r\nc',
                 header + b'\r\n.\r\nb\r\n\r\nc\r\n'),
                (header + b'Bcc: x\r\n\ty\r\nX: z\r\n\r\nBcc: x\r\n',
                 header + b'X: z\r\n\r\nBcc: x\r\n'),
                (header + b'bcc : x\n', header), (header, header)):
            with self.subTest(data):
                self.assertEqual(passage.expected(data), (wanted, []))

    def test_refusals(self):
        """What must not be sent."""
        for data in (b'\0', b'x\n', b' x: y\n', b'x: a\rb\n\n', b'x: \xe4\n\n',
                     b'x: y\n\n' + b'x' * 999, b'x: ' + b'y' * 999 + b'\n\n'):
            with self.subTest(data), self.assertRaises(passage.Refused):
                passage.expected(data)

    def test_made(self):
        """What comes in front."""
        good = (b'From: a@x.test\r\nDate: Mon, 06 Jan 2025 10:00:00 +0000\r\n'
                b'Message-ID: <a@b>\r\nX: y\r\n')
        names = ['date', 'from', 'message-id']
        self.assertEqual(passage.strip_made(good, names, 'a@x.test'), b'X: y\r\n')
        for bad in (good[16:], good.replace(b'a@x', b'b@x'), good.replace(b'<', b''),
                    good.replace(b'Mon', b'mon'), b'X: y\r\n' + good):
            with self.subTest(bad), self.assertRaises(ValueError):
                passage.strip_made(bad, names, 'a@x.test')


class Receiving(unittest.TestCase):
    """The server: pieces are sent when there was an answer to the one before."""

    offered = ['PIPELINING', 'SIZE 1000', 'CHUNKING', '8BITMIME', 'SMTPUTF8']
    begin = ['EHLO x\r\n', 'MAIL FROM:<a@x.test>\r\n', 'RCPT TO:<b@x.test>\r\n']

    def talk(self, pieces, offered=None):
        """The faults of a dialogue, and the messages that were taken."""
        with tempfile.TemporaryDirectory() as directory:
            there = server.Server(directory, self.offered if offered is None else offered)
            thread = threading.Thread(target=there.run, args=(1,))
            thread.start()
            with socket.create_connection(('127.0.0.1', there.port)) as sock:
                sock.settimeout(10)
                sock.recv(4096)
                for piece in pieces:
                    data = piece if isinstance(piece, bytes) else piece.encode()
                    sock.sendall(data)
                    if not sock.recv(4096):
                        break
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
            thread.join()
            there.sock.close()
            there.faults.close()
            path = pathlib.Path(directory)
            return ((path / 'faults').read_text(encoding='utf-8'),
                    [eml.read_bytes() for eml in sorted(path.glob('*.eml'))])

    def test_good(self):
        """No faults."""
        for pieces, wanted in (
                (self.begin + ['DATA\r\n', 'a: b\r\n\r\n..\r\n..x\r\n.\r\n', 'QUIT\r\n'],
                 b'a: b\r\n\r\n.\r\n.x\r\n'),
                (self.begin + ['DATA\r\n', '.\r\n', 'QUIT\r\n'], b''),
                (self.begin + ['BDAT 3\r\n.\r\n', 'BDAT 0 LAST\r\n', 'QUIT\r\n'], b'.\r\n'),
                (['EHLO x\r\n', 'MAIL FROM:<> SIZE=5 BODY=8BITMIME\r\nRCPT TO:<b@x.test>\r\n'
                  'BDAT 5 LAST\r\n\r\n\u00e4'.encode('latin-1') + b'\r\nQUIT\r\n'],
                 b'\r\n\xe4\r\n')):
            with self.subTest(pieces):
                self.assertEqual(self.talk(pieces), ('', [wanted]))

    def test_faults(self):
        """Each is told."""
        data = self.begin + ['DATA\r\n']
        for pieces, fault in (
                (self.begin + ['DATA\r\n.\r\n'], 'something behind DATA'),
                (['EHLO x\r\nMAIL FROM:<>\r\n'], 'something behind EHLO'),
                (['EHLO x\r\n', 'MAIL FROM: <>\r\n'], 'not as RFC 5321'),
                (['EHLO x\r\n', 'MAIL FROM:<a b@x.test>\r\n'], 'not as RFC 5321'),
                (['EHLO x\r\n', 'MAIL FROM:<> SIZE\r\n'], 'SIZE is no number'),
                (['EHLO x\r\n', 'MAIL FROM:<> X=1\r\n'], 'X, which is not offered'),
                (['EHLO x\n'], 'bare LF'), (['XXXX\r\n'], 'unknown'),
                (['MAIL FROM:<>\r\n'], 'MAIL out of order'),
                (['EHLO x\r\n', 'RCPT TO:<b@x.test>\r\n'], 'RCPT out of order'),
                (['EHLO x\r\n', 'DATA\r\n', '.\r\n'], 'DATA out of order'),
                (['EHLO x\r\n', 'EHLO ' + 'x' * 600 + '\r\n'], 'a command of'),
                (data + ['.x\r\n.\r\n'], 'begins with one dot'),
                (data + ['a\nb\r\n.\r\n'], 'stands alone'),
                (data + ['a\rb\r\n.\r\n'], 'stands alone'),
                (data + ['a\r\n.\n.\r\n.\r\n'], 'stands alone'),
                (data + ['a\0b\r\n.\r\n'], 'NUL'),
                (data + ['x' * 999 + '\r\n.\r\n'], '999 octets'),
                (data + ['ä\r\n.\r\n'], '8-bit header'),
                (data + ['\r\n\r\nä\r\n.\r\n'], '8-bit text'),
                (data + ['a\r\n.\r\nmore\r\n.\r\n'], 'unknown'),
                (data + ['a\r\n.\r\n'], 'without QUIT'),
                (self.begin + ['BDAT 1 LAST\r\na', 'QUIT\r\n'], 'has no end'),
                (['EHLO x\r\n', 'MAIL FROM:<> SIZE=4\r\n', 'RCPT TO:<b@x.test>\r\n',
                  'BDAT 3 LAST\r\na\r\n'], 'SIZE=4 for 3')):
            with self.subTest(pieces):
                self.assertIn(fault, self.talk(pieces)[0])
                self.assertNotEqual(self.talk(pieces)[0], '')

    def test_not_offered(self):
        """Without PIPELINING and CHUNKING."""
        for pieces, fault in (
                (['EHLO x\r\n', 'MAIL FROM:<>\r\nRCPT TO:<b@x.test>\r\n'],
                 'PIPELINING is not offered'),
                (self.begin + ['BDAT 0 LAST\r\n'], 'BDAT not offered')):
            with self.subTest(pieces):
                self.assertIn(fault, self.talk(pieces, [])[0])


if __name__ == '__main__':
    unittest.main()
