/**
 * Owns the supervisor's one loop: frames in, frames out, launchers, time (Python, see source.ts).
 * Must never block, except for the moment in which an idle launcher takes a command over.
 */
export const loopSource = String.raw`
class Channel:
    # The one way out. Frames are gathered and written together.
    def __init__(self, sink):
        self.sink = sink
        self.parts = collections.deque()
        self.size = 0

    def send(self, kind, ident, payload=b''):
        self.parts.append(FRAME.pack(len(payload), ord(kind), ident) + payload)
        self.size += FRAME.size + len(payload)

    def send_json(self, kind, ident, value):
        self.send(kind, ident, json.dumps(value).encode())

    def flush(self):
        while self.parts:
            try:
                written = os.writev(self.sink, [self.parts[index] for index in range(min(len(self.parts), 16))])
            except BlockingIOError:
                return
            self.size -= written
            while self.parts and written >= len(self.parts[0]):
                written -= len(self.parts.popleft())
            if written:
                self.parts[0] = self.parts[0][written:]

class LauncherHandle:
    # The supervisor's end of a launcher.
    def __init__(self, loop):
        self.loop = loop
        self.command = None
        self.socket, theirs = socket.socketpair()
        if os.fork() == 0:
            run_launcher(theirs)
        theirs.close()
        loop.watch(self.socket.fileno(), select.EPOLLIN, self.hear)

    def begin(self, command, body, fds):
        self.command = command
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))]
        head = START + len(body).to_bytes(4, 'big')
        sent = self.socket.sendmsg([head, body], ancillary)
        if sent < len(head) + len(body):
            self.socket.sendall((head + body)[sent:])

    def kill(self):
        self.socket.sendall(KILL)

    def hear(self):
        try:
            data = self.socket.recv(RECORD.size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        if len(data) != RECORD.size:
            # Its command, or a relative of it, has killed it: whom that left behind cannot be known any more.
            raise SystemExit('a launcher is gone')
        kind, flag, number = RECORD.unpack(data)
        command = self.command
        if kind == STARTED:
            return self.loop.channel.send('s', command.ident)
        if kind == ENDED and not flag:
            command.ended(number)
            return command.settle()
        self.command = None
        self.loop.give_launcher(self)
        if kind == FAILED:
            return command.failed(flag, number)
        command.launcher = None
        if kind == ENDED:
            command.ended(number)
        command.alone()

    def retire(self):
        self.loop.unwatch(self.socket.fileno())
        self.socket.close()

class Loop:
    def __init__(self, source, sink):
        self.source = source
        self.channel = Channel(sink)
        self.buffer = bytearray()
        self.jobs = {}
        self.reads = collections.deque()
        self.timers = {}
        self.handlers = {}
        self.output_handlers = {}
        self.epoll = select.epoll()
        # The commands' output in a set of its own, so that all of it can be left alone at once.
        self.outputs = select.epoll()
        self.reading = self.writing = False
        self.idle = []
        self.watch(source, select.EPOLLIN, self.hear)

    def watch(self, fd, events, handler):
        self.handlers[fd] = handler
        self.epoll.register(fd, events)

    def unwatch(self, fd):
        del self.handlers[fd]
        self.epoll.unregister(fd)

    def watch_output(self, fd, handler):
        self.output_handlers[fd] = handler
        self.outputs.register(fd, select.EPOLLIN)

    def unwatch_output(self, fd):
        del self.output_handlers[fd]
        self.outputs.unregister(fd)

    def full(self):
        return self.channel.size >= QUEUE_LIMIT

    def take_launcher(self):
        return self.idle.pop() if self.idle else LauncherHandle(self)

    def give_launcher(self, launcher):
        if len(self.idle) < IDLE_LAUNCHERS:
            self.idle.append(launcher)
        else:
            launcher.retire()

    def run(self):
        self.idle = [LauncherHandle(self) for _ in range(IDLE_LAUNCHERS)]
        self.channel.send_json('r', 0, {'version': 1})
        while True:
            while self.reads and not self.full():
                if not self.reads[0].pump():
                    self.reads.popleft()
            self.channel.flush()
            self.gate()
            for fd, _ in self.epoll.poll(self.patience()):
                handler = self.handlers.get(fd)
                if handler is not None:
                    handler()
            now = time.monotonic()
            for key in [key for key, (when, _) in self.timers.items() if when <= now]:
                self.timers.pop(key)[1]()

    def patience(self):
        if self.reads and not self.full():
            return 0
        if not self.timers:
            return None
        return max(0, min(when for when, _ in self.timers.values()) - time.monotonic())

    def gate(self):
        reading, writing = not self.full(), bool(self.channel.parts)
        if reading != self.reading:
            self.reading = reading
            if reading:
                self.watch(self.outputs.fileno(), select.EPOLLIN, self.read_outputs)
            else:
                self.unwatch(self.outputs.fileno())
        if writing != self.writing:
            self.writing = writing
            if writing:
                self.watch(self.channel.sink, select.EPOLLOUT, self.channel.flush)
            else:
                self.unwatch(self.channel.sink)

    def read_outputs(self):
        for fd, _ in self.outputs.poll(0):
            if self.full():
                return
            handler = self.output_handlers.get(fd)
            if handler is not None:
                handler()

    def hear(self):
        data = os.read(self.source, PIECE * 4)
        if not data:
            raise SystemExit(0)
        self.buffer += data
        while len(self.buffer) >= FRAME.size:
            size, kind, ident = FRAME.unpack_from(self.buffer)
            if size > FRAME_LIMIT:
                raise SystemExit('a frame is too long')
            end = FRAME.size + size
            if len(self.buffer) < end:
                return
            payload = bytes(self.buffer[FRAME.size:end])
            del self.buffer[:end]
            self.take(chr(kind), ident, payload)

    def take(self, kind, ident, payload):
        try:
            if kind == 'S':
                if len(self.jobs) >= COMMANDS_LIMIT:
                    raise OSError(errno.EAGAIN, 'commands')
                return Command(self, ident, payload)
            if kind == 'R':
                return FileRead(self, ident, **json.loads(payload))
            if kind == 'W':
                return FileWrite(self, ident, **json.loads(payload))
        except OSError as error:
            return self.channel.send_json('f', ident, describe(error.errno))
        except ValueError as error:
            return self.channel.send_json('f', ident, {'code': 'invalid', 'message': str(error)})
        job = self.jobs.get(ident)
        if job is None:
            return
        if kind == 'K':
            job.kill()
        else:
            target = job.input if isinstance(job, Command) else job
            target.add(payload) if kind == 'I' else target.end()

def supervise():
    source, sink, nothing = os.dup(0), os.dup(1), os.open('/dev/null', os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.set_blocking(source, False)
    os.set_blocking(sink, False)
    # Nobody who runs as the same user may look into this process or its launchers, or take their descriptors.
    prctl(SET_DUMPABLE, 0)
    # Launchers that retire leave no zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        Loop(source, sink).run()
    finally:
        # Nobody listens any more: the first process of the container is told to end, and everything with it.
        # Never as root: no sandbox is, and outside of one that would be the host's first process.
        if os.getuid() != 0:
            os.kill(1, signal.SIGTERM)

supervise()
`;
