"""A receiving SMTP server that trusts nobody: what is off RFC 5321, 2920, 3030,
1870, 6152 or 6531 is a fault.

    server.py [--offer KEYWORD]... [--connections N] [--limit SECONDS] DIRECTORY

It prints the port on 127.0.0.1 that it listens on, takes one connection after
the other, and ends after N of them, on SIGTERM or after the limit.  For the N-th
message it leaves in DIRECTORY

    N.raw    the octets as they came: of DATA with the dots and their end
    N.eml    the message: without what SMTP added
    N.json   reverse-path, recipients, parameters, command, sizes of the chunks

and in DIRECTORY/faults a line for every fault.  The exit status is 1 if there
was one.
"""

import argparse
import json
import pathlib
import re
import signal
import socket
import sys

COMMAND_MAX = 512
# What the extensions add to the length of MAIL and RCPT, in round numbers.
PARAMETERS_MAX = 200
LINE_MAX = 998
END = b'\r\n.\r\n'
# RFC 2920 3.1: nothing may follow these before they are answered.
LAST_IN_GROUP = ('EHLO', 'HELO', 'DATA', 'QUIT', 'VRFY', 'EXPN', 'NOOP')
LOCAL = r'''(?:[^\s<>()@,;:\\".\[\]]+(?:\.[^\s<>()@,;:\\".\[\]]+)*|"(?:[^"\\]|\\.)*")'''
DOMAIN = r'(?:[^\s<>()@,;:\\".\[\]]+(?:\.[^\s<>()@,;:\\".\[\]]+)*|\[[^\]\s]+\])'
PATH = re.compile(
    rf'(MAIL FROM|RCPT TO):<((?:{LOCAL}@{DOMAIN})?)>((?: [A-Z0-9-]+(?:=[!-<>-~]+)?)*)',
    re.IGNORECASE)


def unstuff(raw):
    """The message in the octets of DATA, and what is wrong with them."""
    faults = []
    if raw == b'.\r\n':
        return b'', faults
    body = raw[:-3]
    message = bytearray()
    for line in body.split(b'\r\n')[:-1]:
        if line.startswith(b'.'):
            if not line.startswith(b'..'):
                faults.append('a line begins with one dot')
            line = line[1:]
        message += line + b'\r\n'
    return bytes(message), faults


def octet_faults(message):
    """What no message may hold (RFC 5321 2.3.8, 4.5.3.1.6)."""
    faults = []
    for line in message.split(b'\r\n'):
        if b'\r' in line or b'\n' in line:
            faults.append('a CR or LF stands alone')
        if b'\0' in line:
            faults.append('NUL')
        if len(line) > LINE_MAX:
            faults.append(f'a line of {len(line)} octets')
    if message and not message.endswith(b'\r\n'):
        faults.append('the last line has no end')
    return sorted(set(faults))


class Gone(Exception):
    """The client closed the connection."""


class Session:
    """One connection."""

    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.buffer = b''
        self.greeted = self.extended = False
        self.ended = False
        self.reset()

    def reset(self):
        """No transaction."""
        self.sender = None
        self.parameters = {}
        self.recipients = []
        self.chunks = []

    def fault(self, text):
        """Notes what is off the standard."""
        self.server.fault(text)

    def offers(self, keyword):
        """Whether the client may use an extension."""
        return self.extended and keyword in self.server.keywords

    def reply(self, text):
        """Sends a reply, of several lines if text has several."""
        lines = text.split('\n')
        code = lines[0][:3]
        out = [f'{code}-{line[4:]}' if i == 0 else f'{code}-{line}'
               for i, line in enumerate(lines[:-1])]
        last = lines[-1] if len(lines) == 1 else f'{code} {lines[-1]}'
        self.sock.sendall('\r\n'.join(out + [last, '']).encode('ascii'))

    def more(self):
        """Reads on."""
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.buffer += data

    def command(self):
        """The next command, without its end."""
        while b'\n' not in self.buffer:
            if len(self.buffer) > COMMAND_MAX + PARAMETERS_MAX:
                self.fault('a command without an end')
                raise Gone
            self.more()
        line, _, self.buffer = self.buffer.partition(b'\n')
        if not line.endswith(b'\r') or b'\r' in line[:-1]:
            self.fault(f'a command that ends with a bare LF or holds CR: {line!r}')
        line = line.removesuffix(b'\r')
        verb = line[:4].upper()
        longest = COMMAND_MAX + (
            PARAMETERS_MAX if self.extended and verb in (b'MAIL', b'RCPT') else 0)
        if len(line) + 2 > longest:
            self.fault(f'a command of {len(line) + 2} octets')
        try:
            line.decode('utf-8' if self.offers('SMTPUTF8') else 'ascii')
        except UnicodeDecodeError:
            self.fault(f'a command that is not ASCII: {line!r}')
        if re.search(rb'[\x00-\x1f\x7f]', line):
            self.fault(f'a command with control characters: {line!r}')
        return line.decode('utf-8', 'replace')

    def check_group(self, verb):
        """Whether more may have been sent before the answer."""
        if not self.buffer:
            return
        if not self.offers('PIPELINING'):
            self.fault(f'something behind {verb}, and PIPELINING is not offered')
        elif verb in LAST_IN_GROUP:
            self.fault(f'something behind {verb} in its group')

    def serve(self):
        """The whole session."""
        # A client that speaks before the greeting has no reason to.
        self.sock.setblocking(False)
        try:
            if self.sock.recv(1):
                self.fault('something before the greeting')
        except BlockingIOError:
            pass
        self.sock.settimeout(20)
        self.reply('220 witness.test ESMTP')
        try:
            while not self.ended:
                line = self.command()
                verb = line.split(' ')[0].upper()
                if verb != 'BDAT':
                    self.check_group(verb)
                handle = getattr(self, 'do_' + verb.lower(), None)
                if handle is None:
                    self.fault(f'an unknown command: {line!r}')
                    self.reply('500 what?')
                else:
                    handle(line)
            if self.buffer or self.sock.recv(1):
                self.fault('something behind QUIT')
        except Gone:
            if not self.ended:
                self.fault('the connection ended without QUIT')
        except TimeoutError:
            self.fault('the client fell silent')
        except ConnectionError as error:
            if not self.ended:
                self.fault(f'the connection broke: {error}')

    # Verbs are what follows "do_".

    def do_ehlo(self, line):
        """RFC 5321 4.1.1.1"""
        if not re.fullmatch(r'\S+ \S+', line):
            self.fault(f'not as RFC 5321 wants it: {line!r}')
        self.reset()
        self.greeted = True
        self.extended = line[:4].upper() == 'EHLO'
        self.reply('\n'.join(['250 witness.test'] + self.server.offered)
                   if self.extended else '250 witness.test')

    do_helo = do_ehlo

    def path(self, line):
        """Address and parameters of MAIL or RCPT."""
        found = PATH.fullmatch(line)
        if not found:
            self.fault(f'not as RFC 5321 wants it: {line!r}')
            return '', {}
        given = {}
        for word in found.group(3).split():
            name, _, value = word.partition('=')
            given[name.upper()] = value
        return found.group(2), given

    def do_mail(self, line):
        """RFC 5321 4.1.1.2"""
        if not self.greeted or self.sender is not None:
            self.fault('MAIL out of order')
        self.reset()
        self.sender, self.parameters = self.path(line)
        allowed = {'SIZE': 'SIZE', 'BODY': '8BITMIME', 'SMTPUTF8': 'SMTPUTF8'}
        for name in self.parameters:
            if not self.offers(allowed.get(name)):
                self.fault(f'MAIL with {name}, which is not offered')
        if not re.fullmatch(r'\d{1,20}', self.parameters.get('SIZE', '0')):
            self.fault(f'SIZE is no number: {line!r}')
        if self.parameters.get('BODY', '7BIT').upper() not in ('7BIT', '8BITMIME'):
            self.fault(f'BODY is not known: {line!r}')
        if not self.sender.isascii() and 'SMTPUTF8' not in self.parameters:
            self.fault('an address that is not ASCII without SMTPUTF8')
        self.reply('250 2.1.0 ok')

    def do_rcpt(self, line):
        """RFC 5321 4.1.1.3"""
        if self.sender is None or self.chunks:
            self.fault('RCPT out of order')
        recipient, given = self.path(line)
        if not recipient or given:
            self.fault(f'a recipient that is none, or not offered: {line!r}')
        if not recipient.isascii() and 'SMTPUTF8' not in self.parameters:
            self.fault('an address that is not ASCII without SMTPUTF8')
        self.recipients.append(recipient)
        self.reply('250 2.1.5 ok')

    def do_data(self, line):
        """RFC 5321 4.1.1.4"""
        if line.upper() != 'DATA' or not self.recipients or self.chunks:
            self.fault(f'DATA out of order, or with something: {line!r}')
        self.reply('354 go on')
        while not self.buffer.startswith(END[2:]) and END not in self.buffer:
            self.more()
        length = (3 if self.buffer.startswith(END[2:])
                  else self.buffer.index(END) + len(END))
        raw, self.buffer = self.buffer[:length], self.buffer[length:]
        message, faults = unstuff(raw)
        self.check_group('the end of DATA')
        self.take('DATA', raw, message, faults)

    def do_bdat(self, line):
        """RFC 3030 2"""
        found = re.fullmatch(r'BDAT (\d+)( LAST)?', line, re.IGNORECASE)
        if not found or not self.offers('CHUNKING') or not self.recipients:
            self.fault(f'BDAT not offered, out of order or malformed: {line!r}')
            self.reply('503 no')
            raise Gone
        size = int(found.group(1))
        while len(self.buffer) < size:
            self.more()
        self.chunks.append(self.buffer[:size])
        self.buffer = self.buffer[size:]
        if not found.group(2):
            if size == 0:
                self.fault('an empty chunk that is not the last')
            self.reply(f'250 2.0.0 {size} octets')
            return
        self.check_group('BDAT')
        message = b''.join(self.chunks)
        self.take('BDAT', message, message, [])

    def take(self, command, raw, message, faults):
        """The end of a message."""
        faults += octet_faults(message)
        size = self.parameters.get('SIZE')
        if size is not None and int(size) != len(message):
            faults.append(f'SIZE={size} for {len(message)} octets')
        header = (b'\r\n' + message).partition(b'\r\n\r\n')[0]
        if not header.isascii() and 'SMTPUTF8' not in self.parameters:
            faults.append('8-bit header without SMTPUTF8')
        if (not message.isascii() and
                self.parameters.get('BODY', '7BIT').upper() != '8BITMIME'):
            faults.append('8-bit text without BODY=8BITMIME')
        for fault in faults:
            self.fault(fault)
        self.server.keep(raw, message, {
            'from': self.sender, 'to': self.recipients,
            'parameters': self.parameters, 'command': command,
            'chunks': [len(chunk) for chunk in self.chunks], 'faults': faults})
        self.reset()
        self.reply('250 2.0.0 taken')

    def do_rset(self, _line):
        """RFC 5321 4.1.1.5"""
        self.reset()
        self.reply('250 2.0.0 ok')

    def do_noop(self, _line):
        """RFC 5321 4.1.1.9"""
        self.reply('250 2.0.0 ok')

    def do_quit(self, line):
        """RFC 5321 4.1.1.10"""
        if line.upper() != 'QUIT' or self.sender is not None:
            self.fault(f'QUIT with something, or in a transaction: {line!r}')
        self.ended = True
        self.reply('221 2.0.0 bye')


class Server:
    """What outlasts a connection."""

    def __init__(self, directory, offered):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.offered = offered
        self.keywords = {keyword.split()[0].upper() for keyword in offered}
        self.connections = 0
        self.messages = 0
        self.faults = open(self.directory / 'faults', 'w', encoding='utf-8')
        self.sock = socket.create_server(('127.0.0.1', 0), backlog=16)
        self.port = self.sock.getsockname()[1]

    def fault(self, text):
        """One line; a message that was taken in the connection comes before."""
        print(f'connection {self.connections}, message {self.messages + 1}: {text}',
              file=self.faults, flush=True)

    def keep(self, raw, message, envelope):
        """Files of one message."""
        self.messages += 1
        path = self.directory / str(self.messages)
        path.with_suffix('.raw').write_bytes(raw)
        path.with_suffix('.eml').write_bytes(message)
        path.with_suffix('.json').write_text(
            json.dumps(envelope, indent=1), encoding='utf-8')

    def run(self, connections):
        """Until `connections` clients were there; 0: for ever."""
        while not connections or self.connections < connections:
            sock, _ = self.sock.accept()
            # Replies to a group go out one by one: none may wait for an ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            with sock:
                Session(self, sock).serve()

    def faultless(self):
        """Whether there is nothing to blame."""
        return self.faults.tell() == 0


def stop(_number, _frame):
    """SIGTERM and SIGALRM"""
    raise SystemExit


def main():
    """See above."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--offer', action='append', default=[])
    arguments.add_argument('--connections', type=int, default=0)
    arguments.add_argument('--limit', type=int, default=90)
    arguments.add_argument('directory')
    given = arguments.parse_args()
    server = Server(given.directory, given.offer)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(given.limit)
    print(server.port, flush=True)
    try:
        server.run(given.connections)
    except SystemExit:
        pass
    return 0 if server.faultless() else 1


if __name__ == '__main__':
    sys.exit(main())
