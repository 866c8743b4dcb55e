"""What the proofs of this folder share: a list, a server that is started again
on its port, a client that goes on from its journal, and what both have written."""
import collections
import json
import os
import random
import signal
import socket
import subprocess

BUILD = os.path.abspath(os.environ.get('SMTPSEND_BUILD', 'build'))


class Records:
    """The list: a CSV file whose cells want quotes.  A record has one recipient, or
    two; every 500th recipient is one whom the server refuses."""

    def __init__(self, folder, count, recipients=1):
        self.path = os.path.join(folder, 'list.csv')
        self.columns = ['email', 'other'][:recipients]
        rows = [[self.address(i, n) for n in range(recipients)] for i in range(count)]
        self.known = {who for row in rows for who in row}
        self.refused = {who for who in self.known if who.startswith('refused')}
        with open(self.path, 'w', encoding='utf-8', newline='') as f:
            f.write(','.join(self.columns + ['name', 'id']) + '\r\n')
            for i, row in enumerate(rows):
                f.write('%s,"Zoë ""%d"", or so",%d\r\n' % (','.join(row), i, i))

    @staticmethod
    def address(i, n):
        name = 'refused' if i % 500 == 499 - 250 * n else 'uv'[n]
        return '%s%06d@d%d.test' % (name, i, (i + n) % 97)


class Server:
    """Its port is bound here, too, but not listened on: nobody else gets it while
    the server is gone, and no connection to it ends at itself."""

    def __init__(self, folder, seed=1, faults=()):
        self.log = os.path.join(folder, 'log')
        self.random, self.faults, self.process = random.Random(seed), list(faults), None
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind(('127.0.0.1', 0))
        self.port = self.holder.getsockname()[1]
        self.start()

    def start(self):
        seed = str(self.random.randrange(1, 1 << 31))
        self.process = subprocess.Popen(
            [os.path.join(BUILD, 'soak_server'), '--seed', seed, *self.faults, str(self.port),
             self.log], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b'%d\n' % self.port:
            raise RuntimeError('the server did not start')

    def kill(self):
        assert self.process.poll() is None, 'the server has ended'
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def taken(self):
        """What it wrote: {recipient: [(Message-ID, hash)]}, how often it closed, and
        what is wrong with it."""
        taken, closed, wrong = collections.defaultdict(list), 0, []
        with open(self.log, encoding='utf-8') as f:
            for line in f:
                words = line.rstrip('\n').split('\t')
                if words[0] == 'closed' and len(words) == 2:
                    closed += 1
                elif words[0] == 'message' and len(words) == 4 and words[1]:
                    for who in words[3].split():
                        taken[who].append((words[1], words[2]))
                else:
                    wrong.append(line)
        return taken, closed, wrong


class Journal:
    """What the client has written, read on and on while it writes."""

    def __init__(self, path, records):
        self.path, self.records = path, records
        self.at, self.tail = 0, b''
        self.tries = collections.Counter()
        self.unknown, self.verdicts, self.wrong = set(), {}, []

    def tried(self, line):
        """Whom a try was for."""
        if not self.records.known.issuperset(line['recipients']):
            raise ValueError('for somebody who is not in the list')
        return line['recipients']

    def line(self, line):
        if 'try' in line:
            self.tries.update(self.tried(line))
            self.unknown.update(line['recipients'])
        elif 'verdict' in line:
            self.verdicts[line['recipient']] = line['verdict']
            if line['verdict'] != 'unknown':
                self.unknown.discard(line['recipient'])

    def read(self):
        """Whole lines only: one that is torn is cut off by who goes on."""
        try:
            with open(self.path, 'rb') as f:
                f.seek(self.at)
                data = f.read()
        except FileNotFoundError:
            return self
        end = data.rfind(b'\n') + 1
        self.at += end
        for text in data[:end].splitlines():
            try:
                self.line(json.loads(text))
            except (ValueError, KeyError) as e:
                self.wrong.append('%r: %s' % (text[:200], e))
        return self

    def said(self, verdict):
        return {who for who, v in self.verdicts.items() if v == verdict}


class Client:
    """smtpsend, or another that takes the same arguments."""

    def __init__(self, folder, command, records, port, connections, extra=()):
        self.journal = os.path.join(folder, 'journal')
        self.errors = os.path.join(folder, 'errors')
        self.arguments = [*command, '--each', records.path, '-S', '127.0.0.1:%d' % port,
                          *(w for c in records.columns for w in ('-t', '{{%s}}' % c)),
                          '-f', 'me@x.test', '-s', 'Hi {{name}}',
                          '--body', 'text {{id}}', '--ehlo-name', 'me.test',
                          '--connections', str(connections), *extra]
        self.environment = {'PATH': '/usr/bin:/bin', 'HOME': '/nonexistent', 'LC_ALL': 'C.UTF-8'}
        self.process = None

    def start(self, *more, env=None):
        way = '--resume' if os.path.exists(self.journal) else '--results'
        with open(self.errors, 'wb') as errors:
            self.process = subprocess.Popen(
                [*self.arguments, way, self.journal, *more], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors,
                env={**self.environment, **(env or {})})

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()

    def run(self, *more, env=None, timeout=600):
        self.start(*more, env=env)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def told(self):
        with open(self.errors, encoding='utf-8', errors='replace') as f:
            return f.read()


class Claims:
    """TAP."""

    def __init__(self):
        self.count = self.failed = 0

    def claim(self, good, name, *notes):
        self.count += 1
        self.failed += not good
        print('%sok %d - %s' % ('' if good else 'not ', self.count, name))
        for note in notes if not good else ():
            print('# ' + str(note)[:500].replace('\n', '\n# '))
        return good

    def nobody(self, who, name):
        """There is none of these; some of them, if there are."""
        who = sorted(who)
        return self.claim(not who, name, '%d: %s' % (len(who), ' '.join(map(str, who[:5]))))

    @staticmethod
    def figure(name, value):
        print('# %s: %s' % (name, value), flush=True)

    def end(self):
        print('1..%d' % self.count)
        return self.failed > 0
