"""A mail server for one connection that knows what it has stored for whom, and
that does something of the test's choice at a point of the dialogue."""
import collections
import os
import socket
import ssl
import threading

CAPABILITIES = {
    'lockstep': [],
    'pipelining': ['PIPELINING', 'SIZE 0'],
    'flight': ['PIPELINING', 'CHUNKING', '8BITMIME'],
}


# To whose address begins so.
NO = {'refused': '550 5.1.1 no such user', 'later': '451 4.3.0 this one later'}


class Gone(Exception):
    """The client has closed."""


class Server:
    """at(server, point, reply) is called at each point, and says reply or does
    something else; what it returns is not used."""

    def __init__(self, capabilities='lockstep', tls=None, lmtp=None, at=None, begin=True):
        self.capabilities, self.tls, self.lmtp = CAPABILITIES[capabilities], tls, lmtp
        self.at = at or (lambda server, point, reply: server.say(reply))
        self.stored, self.points, self.buf = set(), [], b''
        self.times = collections.Counter()  # how often somebody's was stored
        self.connection = None
        if lmtp:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(lmtp)
        else:
            self.listener = socket.socket()
            # A message is to be longer than what fits in between.
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            self.listener.bind(('127.0.0.1', 0))
            self.port = self.listener.getsockname()[1]
        self.stopped = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        if begin:
            self.begin()

    def begin(self):
        """Until then nobody is there."""
        self.listener.listen(5)
        self.thread.start()

    def stop(self):
        """No more than what is being done; then what was stored counts."""
        self.stopped = True
        for s in (self.listener, self.connection):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except (OSError, AttributeError):
                pass
        self.thread.join(20)
        assert not self.thread.is_alive()
        for s in (self.listener, self.connection):
            if s is not None:
                s.close()
        if self.lmtp:
            os.unlink(self.lmtp)

    def run(self):
        while not self.stopped:
            try:
                self.connection, _ = self.listener.accept()
                self.connection.settimeout(15)
                self.buf = b''
                self.talk()
            except (OSError, Gone, ValueError):
                pass
            finally:
                if self.connection is not None:
                    self.connection.close()

    # --- bytes

    def say(self, text):
        if text is not None:
            self.connection.sendall(text.encode() + b'\r\n')

    def more(self):
        data = self.connection.recv(65536)
        if not data:
            raise Gone
        self.buf += data

    def wait_until_gone(self):
        try:
            while True:
                self.more()
                self.buf = b''
        except (Gone, OSError):
            raise Gone from None

    def line(self):
        while b'\n' not in self.buf:
            self.more()
        line, self.buf = self.buf.split(b'\n', 1)
        return line.rstrip(b'\r').decode('latin-1')

    def octets(self, n):
        first = True
        while n > 0:
            if not self.buf:
                self.more()
            if first:
                self.point('first', None)
            first = False
            taken = min(n, len(self.buf))
            n -= taken
            self.buf = self.buf[taken:]

    def message(self):
        end = b'\r\n.\r\n'
        if not self.buf:
            self.more()
        self.point('first', None)
        tail = b'\r\n'
        while True:
            seen = tail + self.buf
            at = seen.find(end)
            if at >= 0:
                self.buf = seen[at + len(end):]
                return
            tail, self.buf = seen[-4:], b''
            self.more()

    # --- the dialogue

    def point(self, name, reply):
        self.points.append(name)
        self.at(self, name, reply)

    def verdict(self, recipients):
        # Stored is what a yes was said to: the last thing before it.
        self.times.update(recipients)
        if not recipients:
            self.say('503 5.5.1 nobody')
        for r in recipients:
            self.stored.add(r)
            self.point('dot', '250 2.0.0 queued')
            if not self.lmtp:
                self.stored.update(recipients)
                break

    def hello(self, secure):
        words = list(self.capabilities)
        if self.tls and not secure:
            words.append('STARTTLS')
        words.append('AUTH PLAIN LOGIN')
        self.point('ehlo2' if secure else 'ehlo',
                   '\r\n'.join('250-' + w for w in ['mx.test'] + words) + '\r\n250 HELP')

    def secure(self):
        self.point('starttls', '220 go ahead')
        self.point('handshake', None)
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.buf = b''

    def talk(self):
        recipients, secure = [], False
        self.point('greeting', '220 mx.test ESMTP')
        while True:
            line = self.line()
            verb = line.split(' ')[0].upper()
            if verb in ('EHLO', 'LHLO'):
                self.hello(secure)
            elif verb == 'STARTTLS':
                self.secure()
                secure = True
            elif verb == 'AUTH':
                self.point('auth', '235 2.7.0 welcome')
            elif verb == 'MAIL':
                recipients = []
                self.point('mail', '250 2.1.0 ok')
            elif verb == 'RCPT':
                to = line[line.index('<') + 1:line.index('>')]
                no = next((NO[name] for name in NO if to.startswith(name)), None)
                recipients += [to] if no is None else []
                self.point('rcpt', no or '250 2.1.5 ok')
            elif verb == 'DATA':
                self.point('data', '354 go ahead')
                self.message()
                self.verdict(recipients)
            elif verb == 'BDAT':
                self.octets(int(line.split(' ')[1]))
                if line.upper().endswith(' LAST'):
                    self.verdict(recipients)
                else:
                    self.point('bdat', '250 2.0.0 chunk')
            elif verb == 'QUIT':
                self.point('quit', '221 2.0.0 bye')
                return
            else:
                self.point('rset', '250 2.0.0 ok')


def certificate(folder):
    """A key and a certificate for localhost: (context of the server, file)."""
    path = os.path.join(folder, 'server.pem')
    if not os.path.exists(path):
        os.system('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
                  ' -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'
                  ' -keyout %s.key -out %s.crt 2>/dev/null && cat %s.key %s.crt >%s'
                  % ((path,) * 5))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path
