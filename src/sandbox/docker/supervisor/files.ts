/**
 * Owns reading and writing files inside the container without a process for each (Python, see source.ts).
 * Must never leave half a file under the name that was asked for.
 */
export const fileSource = String.raw`
class FileRead:
    def __init__(self, loop, ident, path, offset, most):
        self.loop, self.ident, self.left = loop, ident, most
        # Not blocking: a pipe without a writer is opened at once, and refused below.
        self.fd = os.open(os.path.join(WORKDIR, path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            entry = os.fstat(self.fd)
            if not stat.S_ISREG(entry.st_mode):
                raise OSError(errno.EISDIR if stat.S_ISDIR(entry.st_mode) else errno.EINVAL, path)
            self.size = entry.st_size
            self.offset = offset
        except OSError:
            os.close(self.fd)
            raise
        loop.reads.append(self)

    def pump(self):
        # False when it is done.
        try:
            data = os.pread(self.fd, min(self.left, PIECE * 4), self.offset)
        except OSError as error:
            return self.close('f', describe(error.errno))
        if data:
            self.offset += len(data)
            self.left -= len(data)
            self.loop.channel.send('d', self.ident, data)
            if self.left:
                return True
        # What /proc offers has no size before it is read.
        return self.close('k', {'totalBytes': max(self.size, self.offset if data else 0)})

    def close(self, kind, value):
        os.close(self.fd)
        self.loop.channel.send_json(kind, self.ident, value)
        return False

class FileWrite:
    def __init__(self, loop, ident, path):
        self.loop, self.ident = loop, ident
        # A link is followed: its target is replaced, not the link.
        self.path = os.path.realpath(os.path.join(WORKDIR, path))
        mode = self.check()
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.part = os.path.join(os.path.dirname(self.path), '.openclaw-%d-%d.part' % (os.getpid(), ident))
        self.fd = os.open(self.part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666 if mode is None else 0o600)
        if mode is not None:
            os.fchmod(self.fd, mode)
        loop.jobs[ident] = self

    def check(self):
        try:
            entry = os.lstat(self.path)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(entry.st_mode):
            raise OSError(errno.EISDIR if stat.S_ISDIR(entry.st_mode) else errno.EINVAL, self.path)
        # The directory alone would let us replace it; its own mode counts too.
        if not os.access(self.path, os.W_OK):
            raise OSError(errno.EACCES, self.path)
        return stat.S_IMODE(entry.st_mode) & 0o777

    def add(self, data):
        self.loop.channel.send('a', self.ident, len(data).to_bytes(4, 'big'))
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.fd, view):]
        except OSError as error:
            self.give_up()
            self.loop.channel.send_json('f', self.ident, describe(error.errno))

    def end(self):
        del self.loop.jobs[self.ident]
        os.close(self.fd)
        try:
            os.replace(self.part, self.path)
        except OSError as error:
            os.unlink(self.part)
            return self.loop.channel.send_json('f', self.ident, describe(error.errno))
        self.loop.channel.send_json('k', self.ident, {})

    def give_up(self):
        del self.loop.jobs[self.ident]
        os.close(self.fd)
        os.unlink(self.part)

    kill = give_up
`;
