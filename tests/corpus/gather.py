"""Makes one directory of messages from unpacked packages.

    gather.py SOURCES UNPACKED MESSAGES

SOURCES is the file "sources" beside this one; UNPACKED has a directory for each
package.  Each message becomes a file of its own in MESSAGES, byte by byte as it
is in the package; an mbox of several is taken apart.  No message comes twice.
"""

import hashlib
import pathlib
import re
import sys

SEPARATOR = re.compile(rb'(?<=\n\n)(?=From [^\n]*\d\d:\d\d[^\n]*\n)')


def rows(path):
    """The packages and their patterns."""
    for line in path.read_text(encoding='utf-8').splitlines():
        words = line.partition('#')[0].split()
        if words:
            yield words[0], words[1:]


def messages(path):
    """What is in a file: one message, or those of an mbox."""
    data = path.read_bytes()
    if data.startswith(b'From ') and SEPARATOR.search(data):
        return SEPARATOR.split(data)
    return [data] if data else []


def name_of(package, root, path, number):
    """A file name that says where it was."""
    words = '-'.join((package,) + path.relative_to(root).parts)
    words = re.sub(r'[^A-Za-z0-9._+-]', '_', words)
    return f'{words}.{number}' if number else words


def main():
    """See above."""
    sources, unpacked, out = map(pathlib.Path, sys.argv[1:])
    seen = set()
    out.mkdir()
    for package, patterns in rows(sources):
        root = unpacked / package
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                if path.is_symlink() or not path.is_file():
                    continue
                for number, data in enumerate(messages(path)):
                    digest = hashlib.sha256(data).digest()
                    if digest not in seen:
                        seen.add(digest)
                        (out / name_of(package, root, path, number)).write_bytes(data)
    print(len(seen), 'messages')


if __name__ == '__main__':
    main()
