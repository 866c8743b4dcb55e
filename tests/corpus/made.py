"""Messages that nobody sent: what the corpus lacks, made for the purpose.

    made.py DIRECTORY

Each is there in three forms: with LF, with CRLF, and without its last line end.
"""

import pathlib
import sys

HEADER = 'From: a@x.test\nDate: Mon, 6 Jan 2025 10:00:00 +0000\nMessage-ID: <1@x.test>\n'
LONGEST = 'x' * 998

MADE = {
    'header-only': HEADER,
    'empty-body': HEADER + '\n',
    'no-header': '\nThe first line is empty.\n',
    'nothing-known': 'Subject: x\n\nhi\n',
    'no-date': HEADER.replace('Date', 'X-Date') + '\nhi\n',
    'no-message-id': HEADER.replace('Message', 'X-Message') + '\nhi\n',
    'no-from': HEADER.replace('From', 'X-From') + '\nhi\n',
    'odd-case': HEADER.upper() + '\nhi\n',
    'space-before-colon': HEADER + 'Subject : x\nBcc\t : b@x.test\n\nhi\n',
    'bcc': HEADER + 'Bcc: b@x.test\nbcc:\n  c@x.test,\n\td@x.test\nTo: e@x.test\n\n'
                    'Bcc: stays\n',
    'bcc-first': 'BCC: b@x.test\n c@x.test\n' + HEADER + '\nhi\n',
    'bcc-last': HEADER + 'Bcc: b@x.test\n c@x.test\n\nhi\n',
    'resent-bcc': 'Resent-From: r@x.test\nResent-Bcc: b@x.test,\n c@x.test\n' + HEADER +
                  '\nhi\n',
    'nearly-bcc': HEADER + 'X-Bcc: b@x.test\nBcc-X: c@x.test\nBc: d@x.test\n\nhi\n',
    'mbox': 'From a@x.test Mon Jan  6 10:00:00 2025\n' + HEADER + '\n>From me\nFrom me\n',
    'mbox-no-from': 'From a@x.test Mon Jan  6 10:00:00 2025\nSubject: x\n\nhi\n',
    'from-line-in-body': HEADER + '\nFrom a@x.test Mon Jan  6 10:00:00 2025\n',
    'dots': HEADER + '\n.\n..\n...\n.x\nx.\n. \n.\n',
    'dots-behind-empty-lines': HEADER + '\n\n.\n\n\n.\n\nQUIT\n.\n',
    'dot-first': HEADER + '\n.\n',
    'empty-lines-at-end': HEADER + '\nhi\n\n\n\n',
    'longest-line': HEADER + '\n' + LONGEST + '\n.' + LONGEST[1:] + '\n',
    'longest-field': HEADER + 'X-Long: ' + LONGEST[8:] + '\n\nhi\n',
    'white-space-line-in-header': HEADER + 'Subject: x\n \t\n y\n\nhi\n',
    'utf-8': HEADER + 'Subject: \N{SNOWMAN}\n\n\N{SNOWMAN}\n',
    'utf-8-body': HEADER + '\n\N{SNOWMAN}\n',
    'latin-1-body': HEADER + '\n\udce4\udcf6\udcfc\n',
    'line-separators': HEADER + '\n1\x0b2\x0c3\x1c4\x1d5\x1e6\x857\u20288\u20299\x7f\x1a\n',
    'many-fields': HEADER + 'Received: x\n' * 5000 + '\nhi\n',
    'sixty-four-kilobytes': HEADER + '\n' + ('.' + 'x' * 62 + '\n') * 1024,
    'more-than-a-megabyte': HEADER + '\n' + ('.\n' + 'x' * 61 + '\n') * 17000,
    'cr-in-body': HEADER + '\none\rtwo\r.\rthree\n\r\n.\n',
    'cr-cr-lf-in-body': HEADER + '\none\r\r\n.\r\r\n\r.\r\n.\r\r.\n',
    'cr-at-end': HEADER + '\none\r',
    'cr-then-dot-at-end': HEADER + '\none\r.\r',
    # not to be sent
    'too-long-line': HEADER + '\n' + LONGEST + 'x\n',
    'too-long-line-behind-cr': HEADER + '\nx\rx' + LONGEST + '\n',
    'too-long-line-far-behind': HEADER + '\n' + 'x\n' * 100000 + LONGEST + 'x\n',
    'too-long-field': HEADER + 'X-Long: ' + LONGEST + '\n\nhi\n',
    'nul-in-header': HEADER + 'Subject: a\0b\n\nhi\n',
    'nul-in-body': HEADER + '\na\0b\n',
    'nul-far-behind': HEADER + '\n' + 'x\n' * 100000 + '\0\n',
    'latin-1-header': HEADER + 'Subject: \udce4\n\nhi\n',
    'surrogate-in-header': HEADER + 'Subject: \udced\udca0\udc80\n\nhi\n',
    'cr-in-header': HEADER + 'Subject: a\rBcc: b@x.test\n\nhi\n',
    'cr-in-folded-field': HEADER + 'Subject: a\n b\r\r\n c\n\nhi\n',
    'cr-instead-of-empty-line': HEADER + '\r\r\nhi\n',
    'cr-only': HEADER.replace('\n', '\r') + '\rhi\r',
    'folded-first': ' ' + HEADER + '\nhi\n',
    'mbox-folded-first': 'From x\n ' + HEADER + '\nhi\n',
    'mbox-twice': 'From x\nFrom x\n' + HEADER + '\nhi\n',
    'no-colon': HEADER + 'Subject\n\nhi\n',
    'no-name': HEADER + ': x\n\nhi\n',
    'space-in-name': HEADER + 'My Subject: x\n\nhi\n',
    'name-not-ascii': HEADER + '\N{SNOWMAN}: x\n\nhi\n',
    'text-only': 'hi\n',
}


def forms(text):
    """The message with different line ends."""
    data = text.encode('utf-8', 'surrogateescape')
    yield 'lf', data
    yield 'crlf', data.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')
    if data.endswith(b'\n'):
        yield 'cut', data[:-1]


def main():
    """See above."""
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in MADE.items():
        for form, data in forms(text):
            (directory / f'made-{name}.{form}').write_bytes(data)


if __name__ == '__main__':
    main()
