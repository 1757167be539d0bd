/**
 * Owns the supervisor's side of one command: its pipes, its counts, its end (Python, see source.ts).
 * Must never wait for a pipe: a command that neither reads nor writes holds nobody else up.
 */
export const commandSource = String.raw`
class Input:
    # Bytes on their way into a command. Every byte is acknowledged once, also one that nobody wants any more.
    def __init__(self, loop, ident, fd):
        self.loop, self.ident, self.fd = loop, ident, fd
        self.waiting = collections.deque()
        self.ended = self.watched = False

    def add(self, data):
        self.waiting.append(data)
        self.pump()

    def end(self):
        self.ended = True
        self.pump()

    def pump(self):
        taken = 0
        while self.waiting:
            data = self.waiting[0]
            try:
                written = len(data) if self.fd is None else os.write(self.fd, data)
            except BlockingIOError:
                break
            except OSError:
                self.close()
                continue
            taken += written
            if written == len(data):
                self.waiting.popleft()
            else:
                self.waiting[0] = data[written:]
        if taken:
            self.loop.channel.send('a', self.ident, taken.to_bytes(4, 'big'))
        if self.fd is None:
            return
        if self.ended and not self.waiting:
            return self.close()
        if bool(self.waiting) != self.watched:
            self.watched = not self.watched
            if self.watched:
                self.loop.watch(self.fd, select.EPOLLOUT, self.pump)
            else:
                self.loop.unwatch(self.fd)

    def close(self):
        if self.fd is not None:
            if self.watched:
                self.loop.unwatch(self.fd)
            os.close(self.fd)
            self.fd = None

class Command:
    def __init__(self, loop, ident, payload):
        timeout_ms, self.keep, flags = START_HEAD.unpack_from(payload)
        self.loop, self.ident = loop, ident
        self.streamed = bool(flags & STREAMED)
        self.seen = {'o': 0, 'e': 0}
        self.outputs = {}
        self.status = None
        self.over = self.timed_out = self.killed = self.killed_first = False
        self.launcher = loop.take_launcher()
        ours, theirs = {}, []
        try:
            for kind in 'ioe':
                if kind == 'i' and not flags & WITH_INPUT:
                    theirs.append(os.open('/dev/null', os.O_RDONLY))
                    continue
                reader, writer = os.pipe()
                ours[kind], other = (writer, reader) if kind == 'i' else (reader, writer)
                theirs.append(other)
                os.set_blocking(ours[kind], False)
            self.launcher.begin(self, payload[START_HEAD.size:], theirs)
        except OSError:
            for fd in ours.values():
                os.close(fd)
            loop.give_launcher(self.launcher)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        self.input = Input(loop, ident, ours.pop('i', None))
        for kind, fd in ours.items():
            self.outputs[kind] = fd
            loop.watch_output(fd, lambda kind=kind: self.read(kind))
        loop.jobs[ident] = self
        loop.timers[ident] = (time.monotonic() + timeout_ms / 1000, self.time_out)

    def read(self, kind):
        # True while there may be more at once.
        fd = self.outputs.get(kind)
        if fd is None:
            return False
        try:
            data = os.read(fd, PIECE)
        except BlockingIOError:
            return False
        if not data:
            self.close_output(kind)
            self.settle()
            return False
        if not self.over:
            seen = self.seen[kind]
            self.seen[kind] = seen + len(data)
            wanted = data if self.streamed else data[:max(0, self.keep - seen)]
            if wanted:
                self.loop.channel.send(kind, self.ident, wanted)
        return True

    def drain(self):
        # What lies in the pipes now; a pipe holds less than this.
        for kind in 'oe':
            for _ in range(4):
                if not self.read(kind):
                    break

    def close_output(self, kind):
        fd = self.outputs.pop(kind)
        self.loop.unwatch_output(fd)
        os.close(fd)

    def time_out(self):
        if self.status is None:
            self.timed_out = True
            self.kill()

    def kill(self):
        if not self.killed and self.launcher is not None:
            self.killed = True
            self.killed_first = self.status is None
            self.launcher.kill()

    def ended(self, status):
        self.status = status
        self.loop.timers.pop(self.ident, None)
        if self.launcher is not None and not self.killed:
            self.loop.timers[self.ident] = (time.monotonic() + LINGER_SECONDS, self.stop_waiting)
        if not self.loop.full():
            self.drain()

    def alone(self):
        self.launcher = None
        if not self.loop.full():
            self.drain()
        self.settle()

    def settle(self):
        # A killed command is over when nobody of it is left; another when it has ended and its pipes are at their end.
        if self.status is not None and not self.outputs and (self.launcher is None or not self.killed):
            self.finish()

    def stop_waiting(self):
        # A child that lives on still holds the pipes: they are read on, so that it is not stopped, and what comes is dropped.
        if not self.killed:
            self.drain()
            self.finish()

    def forget(self):
        self.over = True
        self.input.close()
        self.input.pump()
        self.loop.timers.pop(self.ident, None)
        self.loop.jobs.pop(self.ident, None)

    def finish(self):
        if self.over:
            return
        self.forget()
        result = {'timedOut': self.timed_out, 'stdoutBytes': self.seen['o'], 'stderrBytes': self.seen['e']}
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            result['signal'] = signal.Signals(number).name if number in list(signal.Signals) else 'SIG%d' % number
        elif self.killed_first:
            result['signal'] = 'SIGTERM'
        else:
            result['exitCode'] = os.WEXITSTATUS(self.status)
        self.loop.channel.send_json('x', self.ident, result)

    def failed(self, stage, number):
        self.launcher = None
        self.forget()
        for kind in list(self.outputs):
            self.close_output(kind)
        said = describe(number)
        if stage == CWD_STAGE:
            said['message'] = 'working directory: ' + said['message']
            self.loop.channel.send_json('f', self.ident, said)
        elif number in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ENOEXEC):
            # As a shell says it: 127 for a program that is not there, 126 for one that cannot be run.
            missing = number in (errno.ENOENT, errno.ENOTDIR)
            words = b'program not found\n' if missing else said['message'].encode() + b'\n'
            self.loop.channel.send('e', self.ident, words)
            self.loop.channel.send_json('x', self.ident, {
                'timedOut': False, 'exitCode': 127 if missing else 126, 'stdoutBytes': 0, 'stderrBytes': len(words)})
        else:
            self.loop.channel.send_json('f', self.ident, said)
`;
