/**
 * Owns the program that answers inside a container (Python 3.9 or newer, standard library only), as text: it comes on
 * standard input, before the first frame, and needs no file in the image. Must never start anything by itself, and never hold what nobody takes:
 * output waits in the command's own pipe until the gateway reads.
 *
 * Frames, both ways: u32 length of the payload, u8 kind, u32 id, payload; numbers big-endian. See ../frames.ts for the kinds.
 * A command has pipes of its own and cannot write a frame; it cannot open the supervisor's descriptors or memory either
 * (PR_SET_DUMPABLE 0), although it runs as the same user. It can kill the supervisor; then the whole sandbox ends.
 */
import { commandSource } from './command.ts';
import { fileSource } from './files.ts';
import { launcherSource } from './launcher.ts';
import { loopSource } from './loop.ts';

const preamble = String.raw`
import array, collections, ctypes, errno, json, os, select, signal, socket, stat, struct, time

FRAME = struct.Struct('>IBI')
RECORD = struct.Struct('>BBi')
START_HEAD = struct.Struct('>IIB')
STREAMED, WITH_INPUT = 1, 2
START, KILL = b'S', b'K'
ENDED, ALONE, FAILED, STARTED = 1, 2, 3, 4
CWD_STAGE, PROGRAM_STAGE = 1, 2
SET_PDEATHSIG, SET_DUMPABLE, SET_CHILD_SUBREAPER = 1, 4, 36
PIECE = 65536
# More than this waits in no queue of ours: reading stops until the gateway has taken some.
QUEUE_LIMIT = 1 << 20
FRAME_LIMIT = 8 << 20
COMMANDS_LIMIT = 64
# What a command that has ended left in its pipes is waited for this long, when a child of it still holds them.
LINGER_SECONDS = 0.2
# From TERM to KILL.
GRACE_SECONDS = 2.0
IDLE_LAUNCHERS = 2
WORKDIR = os.getcwd()
SHELL = '/bin/bash' if os.access('/bin/bash', os.X_OK) else '/bin/sh'
BASE_ENV = {name: os.environ[name] for name in ('LANG', 'HOME', 'PATH') if name in os.environ}
LIBC = ctypes.CDLL(None, use_errno=True)

def prctl(option, value):
    if LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl')

def describe(number):
    codes = {errno.ENOENT: 'not_found', errno.ENOTDIR: 'not_found', errno.EACCES: 'denied', errno.EPERM: 'denied', errno.EROFS: 'denied',
             errno.ENOSPC: 'limit', errno.EDQUOT: 'limit', errno.EAGAIN: 'limit', errno.ENOMEM: 'limit',
             errno.EMFILE: 'limit', errno.ENFILE: 'limit', errno.EFBIG: 'limit', errno.E2BIG: 'limit'}
    return {'code': codes.get(number, 'invalid'), 'message': os.strerror(number or errno.EIO)}
`;

export const supervisorSource = Buffer.from([preamble, launcherSource, commandSource, fileSource, loopSource].join(''));

// Short, because a list of processes inside shows it. Isolated: no site, no user's modules, no PYTHON* variables, no .pyc files.
const take = `import os
program = b''
while len(program) < ${supervisorSource.length}: program += os.read(0, ${supervisorSource.length} - len(program)) or os._exit(1)
exec(program)`;

export const supervisorCommand = ['python3', '-I', '-S', '-B', '-c', take, 'openclaw-supervisor'] as const;
