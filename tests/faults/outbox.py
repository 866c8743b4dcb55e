"""Messages that wait, while a call of who queues or flushes them fails: is what was
said of them true, and is nothing lost or sent twice?"""
import errno
import json
import os
import re
import struct
import subprocess
import tempfile

import mailserver

BUILD = os.path.abspath(os.environ.get('SMTPSEND_BUILD', 'build'))
SMTPSEND = os.path.join(BUILD, 'smtpsend')
SHIM = os.path.join(BUILD, 'failcall.so')
ENVIRONMENT = {'HOME': '/nonexistent', 'PATH': '/usr/bin:/bin'}
PLACES = ('tmp', 'queue', 'unknown', 'failed')

# In the order of failcall.c.
CALLS = ['open', 'read', 'pread', 'write', 'writev', 'fsync', 'socket', 'connect', 'sendmsg',
         'send', 'recv', 'poll', 'ppoll', 'fstat', 'link', 'fdatasync', 'ftruncate', 'openat',
         'tmpfile', 'pwrite', 'unlinkat', 'rename', 'futimens', 'fchmod', 'fcntl', 'readdir',
         'mkdirat', 'faccessat', 'fstatat', 'lseek']
ERRORS = {
    'open': 'EMFILE EIO', 'read': 'EIO EINTR', 'pread': 'EIO EINTR', 'write': 'ENOSPC EIO EDQUOT',
    'fsync': 'EIO ENOSPC EINTR EINVAL', 'socket': 'EMFILE', 'connect': 'ECONNREFUSED',
    'sendmsg': 'EIO EPIPE', 'recv': 'ECONNRESET EIO', 'poll': 'EINTR', 'fstat': 'EIO',
    'link': 'EIO ENOSPC EDQUOT EROFS EMLINK EEXIST', 'fdatasync': 'EIO ENOSPC EINTR',
    'ftruncate': 'EIO', 'openat': 'EMFILE EIO EROFS ENOSPC', 'tmpfile': 'EOPNOTSUPP EISDIR ENOSPC',
    'pwrite': 'EIO ENOSPC', 'unlinkat': 'EIO EROFS', 'rename': 'EIO EROFS', 'futimens': 'EIO EROFS',
    'fchmod': 'EIO', 'fcntl': 'EIO ENOLCK EAGAIN', 'readdir': 'EIO', 'mkdirat': 'ENOSPC EROFS',
    'faccessat': 'EIO EACCES', 'fstatat': 'EIO EACCES', 'lseek': 'EIO',
}
# Who they are for, each message: as it is named, the server takes, refuses or puts them off.
MESSAGES = [['bob@x.test', 'cyn@x.test'], ['dan@x.test', 'refused@x.test'],
            ['later@x.test', 'eve@x.test', 'refused2@x.test'], ['refused3@x.test'],
            ['later2@x.test']]
OCTETS = (b'From: ann@x.test\r\nTo: bob@x.test\r\nDate: Mon, 4 May 2026 09:08:07 +0000\r\n'
          b'Message-ID: <1@x.test>\r\nSubject: hi\r\n\r\n' + b'sixty octets or so\r\n' * 9)
KINDS = {'--queue': 'queued', '--queue-on-failure': 'queued', '--flush': 'flushed'}


class Run:
    def __init__(self, args, env=None):
        p = subprocess.run([SMTPSEND, *args], env={**ENVIRONMENT, **(env or {})}, timeout=60,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, check=False)
        self.status, self.err, self.seconds = p.returncode, p.stderr.decode(errors='replace'), 0


class Box:
    def __init__(self, path):
        self.path = path

    def names(self, place):
        try:
            return os.listdir(os.path.join(self.path, place))
        except FileNotFoundError:
            return []

    def make_due(self):
        for name in self.names('queue'):
            os.utime(os.path.join(self.path, 'queue', name), (1, 1))

    def lying(self):
        """{place: recipients}, and what is wrong with one of the files."""
        lying, wrong = {place: [] for place in PLACES}, None
        for place in PLACES[1:]:
            for name in self.names(place):
                with open(os.path.join(self.path, place, name), 'rb') as f:
                    line, _, rest = f.read().partition(b'\n')
                try:
                    envelope = json.loads(line)
                except ValueError:
                    envelope = {'id': None, 'to': [], 'size': 0}
                lying[place] += envelope['to']
                if envelope['id'] != name or rest[:envelope['size']] != OCTETS:
                    wrong = '%s/%s is not whole' % (place, name)
        return lying, wrong


class Case:
    """An outbox of its own, and a server that is not there until all is queued."""

    def __init__(self, own, kind):
        self.kind, self.box = kind, Box(os.path.join(own, 'outbox'))
        self.message = os.path.join(own, 'message')
        with open(self.message, 'wb') as f:
            f.write(OCTETS)
        self.server = mailserver.Server('pipelining', begin=False)

    def queue(self, to, kind='--queue', env=None):
        return Run([kind, '-v', '--outbox-dir', self.box.path, '-S',
                    '127.0.0.1:%d' % self.server.port, '--ehlo-name', 'me.test', '-m',
                    self.message, *to], env)

    def flush(self, env=None):
        self.box.make_due()
        return Run(['--flush', '--deadline', '3s', '--outbox-dir', self.box.path], env)

    def run(self, env):
        if self.kind != '--flush':
            run = self.queue(MESSAGES[0], self.kind, env)
            self.server.begin()
            return run
        self.server.begin()
        for to in MESSAGES:
            assert self.queue(to).status == 0
        return self.flush(env)

    def close(self):
        self.server.stop()

    # --- what is not true of the run, or None

    def queued(self, run, call):
        there = len(self.box.names('queue'))
        said = re.search(r'queued as ([0-9a-z]{16})\b', run.err)
        # That it cannot be told is no failure of the outbox.
        if (run.status == 0) != bool(said) and (run.status != 0 or call != 'write'):
            return 'status %d, and it says: %s' % (run.status, run.err)
        if said and self.box.names('queue') != [said.group(1)]:
            return 'queued, and it is not there'
        if there != (run.status == 0):
            return 'status %d, and %d are there' % (run.status, there)
        _, wrong = self.box.lying()
        if wrong is None and self.box.names('tmp') and call != 'unlinkat':
            wrong = 'something is left in tmp/'
        return wrong

    def flushed(self, run, call):
        lying, wrong = self.box.lying()
        if run.status == 0:
            return 'status 0, and some wait or were refused'
        if wrong is None and self.box.names('tmp') and call != 'unlinkat':
            wrong = 'something is left in tmp/'
        return wrong or self.nobody_is_lost(lying)

    def nobody_is_lost(self, lying):
        for to in sum(MESSAGES, []):
            times = self.server.times[to]
            there = {place for place in PLACES if to in lying[place]}
            if not times and not there:
                return '%s: lost' % to
            if times and there - {'unknown'} and 'unknown' not in there:
                return '%s: has it, and it is in %s' % (to, there)
        return None

    def nobody_has_it_twice(self, run):
        for to, times in self.server.times.items():
            if times > 1:
                return '%s: sent twice' % to
        if self.kind != '--flush':
            return ('flushed, and only %s' % self.server.times
                    if run.status == 0 and set(self.server.times) != set(MESSAGES[0]) else None)
        lying, wrong = self.box.lying()
        for to in sum(MESSAGES, []):
            places = [p for p in PLACES for x in lying[p] if x == to]
            if not self.server.times[to] and not places:
                return '%s: lost' % to
            if 'queue' in places and (len(places) > 1 or self.server.times[to] or
                                      not to.startswith('later')):
                return '%s: in %s, and sent %d times' % (to, places, self.server.times[to])
            if 'failed' in places and not to.startswith('refused'):
                return '%s: has failed' % to
        return wrong


def number_of_calls(folder, kind):
    with tempfile.TemporaryDirectory(dir=folder) as own, \
            tempfile.NamedTemporaryFile(dir=folder) as counts:
        counts.write(bytes(4 * len(CALLS)))
        counts.flush()
        case = Case(own, kind)
        try:
            run = case.run({'LD_PRELOAD': SHIM, 'FAILCALL_COUNTS': counts.name})
        finally:
            case.close()
        assert run.status == (3 if kind == '--flush' else 0), (run.status, run.err)
        counts.seek(0)
        return dict(zip(CALLS, struct.unpack('=%dI' % len(CALLS), counts.read())))


def cases(folder):
    for kind in KINDS:
        for call, n in number_of_calls(folder, kind).items():
            for error in ERRORS.get(call, '').split():
                for i in range(1, min(n, 150) + 1):
                    for sticky in ('',) if error in ('EINTR', 'EAGAIN') else ('', '+'):
                        yield ('%s: %s %d%s: %s' % (kind, call, i, sticky, error), fail_call, kind,
                               call, '%d%s' % (i, sticky), error)


def fail_call(folder, kind, call, number, error):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        case = Case(own, kind)
        try:
            run = case.run({'LD_PRELOAD': SHIM, 'FAILCALL': '%s:%s:%d' % (
                call, number, getattr(errno, error))})
            wrong = getattr(case, KINDS[kind])(run, call)
            if wrong is None and run.status in (70, -6, -11):
                wrong = 'it ends with %d' % run.status
            # Another one puts in order what was left, an hour later.
            for name in case.box.names('tmp'):
                os.utime(os.path.join(case.box.path, 'tmp', name), (1, 1))
            again = case.flush()
            if wrong is None and (case.box.names('tmp') or again.status not in (0, 1, 2, 3, 75) or
                                  'another process' in again.err):
                wrong = 'the next flush: %d %s: %s' % (
                    again.status, case.box.names('tmp'), again.err)
        finally:
            case.close()
        return wrong or case.nobody_has_it_twice(run), run
