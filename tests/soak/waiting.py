"""What the proof of the outbox (./outbox) stands on: the messages that are given to
it, what lies in an outbox, who queues and who flushes."""
import collections
import json
import os
import re
import signal
import subprocess
import threading
import time

PLACES = ('queue', 'unknown', 'failed')
ENVIRONMENT = {'PATH': '/usr/bin:/bin', 'HOME': '/nonexistent', 'LC_ALL': 'C.UTF-8'}


def fnv(data):
    """As server.c sums a message up."""
    h = 0xcbf29ce484222325
    for octet in data:
        h = (h ^ octet) * 0x100000001b3 & 0xffffffffffffffff
    return '%016x' % h


class Message:
    """The i-th one, for one to three recipients; every 7th has one whom the server
    refuses, every 50th none but such."""

    def __init__(self, i, folder):
        self.ident, self.path = '<%06d@soak.test>' % i, os.path.join(folder, '%06d' % i)
        self.to = ['%s%06d@d.test' % (name, i) for name in 'uvw'[:1 + i % 3]]
        if i % 7 == 3:
            self.to.insert(i % 2, 'refused%06d@d.test' % i)
        if i % 50 == 49:
            self.to = ['refused%06d@d.test' % i]
        self.octets = ('From: me@x.test\r\nTo: %s\r\nDate: Mon, 4 May 2026 09:08:07 +0000\r\n'
                       'Message-ID: %s\r\nSubject: %d\r\n\r\n%s' % (
                           self.to[0], self.ident, i,
                           '.a line of %d\r\n' % i * (1 + i % 5 * 7))).encode()
        self.hash = fnv(self.octets)
        self.announced = None    # the ID, if it was said to be queued
        self.status = None       # of who enqueued it
        with open(self.path, 'wb') as f:
            f.write(self.octets)


class File:
    """One in an outbox."""

    def __init__(self, place, name, data):
        self.place, self.name = place, name
        line, _, rest = data.partition(b'\n')
        self.envelope = json.loads(line)
        self.to, self.size = self.envelope['to'], self.envelope['size']
        self.octets = rest[:self.size]
        self.said = [json.loads(x) for x in rest[self.size:].splitlines() if x.strip()]
        found = re.search(rb'^Message-ID: (\S+)\r$', self.octets, re.M)
        self.ident = found.group(1).decode() if found else None
        self.origin = self.envelope.get('part_of', self.envelope['id'])

    def wrong(self, messages):
        m = messages.get(self.ident)
        if m is None or self.octets != m.octets:
            return 'its octets are not those that were given'
        if self.envelope['id'] != self.name:
            return 'it is called otherwise'
        if not self.to or not set(self.to) <= set(m.to) or len(set(self.to)) < len(self.to):
            return 'it is for %s' % self.to
        return None


class Outbox:
    def __init__(self, path):
        self.path = path

    def names(self, place):
        try:
            return set(os.listdir(os.path.join(self.path, place)))
        except FileNotFoundError:
            return set()

    def make_due(self):
        """All that waits is; how many that are."""
        names = self.names('queue')
        for name in names:
            try:
                os.utime(os.path.join(self.path, 'queue', name), (1, 1))
            except FileNotFoundError:
                pass
        return len(names)

    def files(self, messages):
        """All of them, and what is wrong with some."""
        files, wrong = [], []
        for place in PLACES:
            for name in sorted(self.names(place)):
                with open(os.path.join(self.path, place, name), 'rb') as f:
                    data = f.read()
                try:
                    file = File(place, name, data)
                    why = file.wrong(messages)
                except (ValueError, KeyError) as e:
                    why = 'it is no message: %s' % e
                if why is None:
                    files.append(file)
                else:
                    wrong.append('%s/%s: %s' % (place, name, why))
        return files, wrong


class Enqueuer(threading.Thread):
    """Queues one message after the other; some it kills while they are queued."""

    def __init__(self, command, outbox, port, messages, doomed):
        super().__init__(daemon=True)
        self.command = [*command, '--queue', '-v', '--outbox-dir', outbox.path, '-S',
                        '127.0.0.1:%d' % port, '--ehlo-name', 'me.test', '-f', 'me@x.test']
        self.messages, self.doomed = messages, doomed
        self.usual, self.killed, self.wrong = [], 0, []
        self.owed = []  # of those who were to be killed, and ended too soon

    def queue(self, m, share):
        """share: of the usual time, after which it is killed."""
        with subprocess.Popen([*self.command, '-m', m.path, *m.to], env=ENVIRONMENT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as p:
            begun = time.monotonic()
            if share is not None:
                usual = sorted(self.usual[-50:] or [0.01])
                time.sleep(share * usual[len(usual) // 2])
                p.send_signal(signal.SIGKILL)
            told = p.stderr.read().decode(errors='replace')
        m.status = p.returncode
        self.killed += m.status == -9
        if share is not None and m.status != -9:
            self.owed.append(share * 0.7)
        if share is None:
            self.usual.append(time.monotonic() - begun)
        found = re.search(r': queued as ([0-9a-z]{16}) for %d recipients?\n' % len(m.to), told)
        m.announced = found.group(1) if found else None
        if m.status not in (0, -9) or m.status == 0 and not found:
            self.wrong.append('%s: %d: %s' % (m.ident, m.status, told))

    def run(self):
        while True:
            try:
                m = self.messages.popleft()
            except IndexError:
                return
            share = self.doomed.get(m.ident)
            if share is None and self.owed:
                share = self.owed.pop()
            self.queue(m, share)


class Flusher(threading.Thread):
    """Flushes again and again until it is told to stop."""

    def __init__(self, command, outbox):
        super().__init__(daemon=True)
        self.command = [*command, '--flush', '--outbox-dir', outbox.path]
        self.outbox = outbox
        self.lock, self.over, self.process = threading.Lock(), threading.Event(), None
        self.statuses, self.told = collections.Counter(), collections.deque(maxlen=20)

    def flush(self):
        self.outbox.make_due()
        with self.lock:
            self.process = subprocess.Popen(self.command, env=ENVIRONMENT,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE)
        told = self.process.stderr.read().decode(errors='replace')
        with self.lock:
            status = self.process.wait()
            self.process.stderr.close()
            self.process = None
        self.statuses[status] += 1
        self.told.append('%d: %s' % (status, told[-300:]))
        return status

    def kill(self):
        """What was marked when it was gone, or None: it does not run."""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                return None
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            return self.outbox.names('unknown')

    def run(self):
        while not self.over.is_set():
            self.flush()
            # Whoever came second is not to keep a processor busy.
            self.over.wait(0.02)
