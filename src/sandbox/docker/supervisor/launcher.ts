/**
 * Owns the part of the supervisor that runs one command at a time (Python, see source.ts).
 *
 * A launcher is a "child subreaper" (prctl(2)): whatever its command starts, however it detaches itself (setsid, double fork,
 * another session, an empty environment), stays a descendant of the launcher. So "the command with all its children" is a
 * set that the kernel keeps, not one that we guess from names or groups. It serves its next command only when nobody is left.
 * Must never trust the command: it runs as the same user, and may kill or stop the launcher, after which the sandbox ends.
 */
export const launcherSource = String.raw`
def processes_below(root):
    children = {}
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/' + name + '/stat', 'rb') as file:
                parent = file.read().rpartition(b')')[2].split()[1]
        except OSError:
            continue
        children.setdefault(int(parent), []).append(int(name))
    found = []
    stack = [root]
    while stack:
        below = children.get(stack.pop(), [])
        found.extend(below)
        stack.extend(below)
    return found

def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass

def end_all(root):
    # Stopped first: who is stopped cannot fork, and still holds its place under the limit of processes.
    stopped = set()
    for _ in range(100):
        fresh = [pid for pid in processes_below(root) if pid not in stopped]
        if not fresh:
            break
        signal_all(fresh, signal.SIGSTOP)
        stopped.update(fresh)
    signal_all(processes_below(root), signal.SIGKILL)

def find_program(name, path):
    if '/' in name:
        return name
    denied = False
    for directory in path.split(':'):
        candidate = (directory or '.') + '/' + name
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
        denied = denied or os.path.isfile(candidate)
    raise OSError(errno.EACCES if denied else errno.ENOENT, name)

class Launcher:
    # Runs in a process of its own. Its records to the supervisor: kind, flag, number.
    def __init__(self, control):
        self.control = control
        self.main = None
        self.killing = None
        self.busy = False
        for option, value in ((SET_CHILD_SUBREAPER, 1), (SET_PDEATHSIG, signal.SIGKILL)):
            prctl(option, value)
        self.wake, wake_end = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.poll.register(self.wake, select.POLLIN)

    def run(self):
        while True:
            ready = [fd for fd, _ in self.poll.poll(20 if self.killing is not None else None)]
            if self.control.fileno() in ready:
                self.hear()
            if self.wake in ready:
                os.read(self.wake, 4096)
            if self.busy:
                self.reap()
            if self.busy and self.killing is not None and time.monotonic() > self.killing:
                end_all(os.getpid())

    def tell(self, kind, flag=0, number=0):
        self.control.sendall(RECORD.pack(kind, flag, number))

    def hear(self):
        # One byte first: it alone carries the descriptors, and a late KILL may stand before the next START.
        word, ancillary, _, _ = self.control.recvmsg(1, socket.CMSG_SPACE(12))
        if word == b'':
            os._exit(0)
        if word == START:
            self.begin(ancillary)
        elif self.busy and self.killing is None:
            self.killing = time.monotonic() + GRACE_SECONDS
            below = processes_below(os.getpid())
            signal_all(below, signal.SIGTERM)
            signal_all(below, signal.SIGCONT)

    def receive(self, size):
        data = b''
        while len(data) < size:
            piece = self.control.recv(size - len(data))
            if piece == b'':
                os._exit(0)
            data += piece
        return data

    def begin(self, ancillary):
        fds = array.array('i')
        fds.frombytes(ancillary[0][2][:12])
        body = self.receive(int.from_bytes(self.receive(4), 'big'))
        stage = CWD_STAGE
        try:
            request = json.loads(body)
            os.chdir(request['cwd'])
            stage = PROGRAM_STAGE
            self.main = self.spawn(request, fds)
            self.busy = True
            if request['announce']:
                self.tell(STARTED)
        except OSError as error:
            self.tell(FAILED, stage, error.errno or 0)
        except ValueError:
            self.tell(FAILED, stage, errno.EINVAL)
        finally:
            for fd in fds:
                os.close(fd)
            os.chdir('/')

    def spawn(self, request, fds):
        env = dict(BASE_ENV)
        env.update(request['env'])
        argv = request.get('argv') or [SHELL, '-c', request['shell']]
        return os.posix_spawn(
            find_program(argv[0], env.get('PATH', '')), argv, env,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, place) for place, fd in enumerate(fds)],
            setsid=True, setsigmask=[], setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])

    def reap(self):
        ended = None
        alone = False
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self.main:
                    ended = status
        except ChildProcessError:
            alone = True
        if alone:
            self.busy = False
            self.killing = None
        if ended is not None:
            self.main = None
            self.tell(ENDED, alone, ended)
        elif alone:
            self.tell(ALONE)

def run_launcher(control):
    # The copy of the supervisor that a fork leaves is used for nothing: its descriptors are closed, its objects never touched.
    try:
        os.dup2(control.detach(), 3, False)
        os.closerange(4, os.sysconf('SC_OPEN_MAX'))
        Launcher(socket.socket(fileno=3)).run()
    except BaseException as error:
        os.write(2, ('launcher: %r\n' % (error,)).encode())
    finally:
        os._exit(1)
`;
