// What every sandbox backend promises, as one suite. Knows no backend; uses only programs that any of them has.
// `make` gives a backend of its own and a spec whose workspace is an existing empty directory; the suite closes the backend.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import type { ExecRequest, Sandbox, SandboxBackend, SandboxSpec, WorkspaceAccess } from '../../src/domain/sandbox.ts';

export type MakeBackend = () => Promise<{ backend: SandboxBackend; spec: SandboxSpec }>;

const patience = { timeout: 120_000 };
const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'utf8');

const shell = (command: string, more: Partial<ExecRequest> = {}): ExecRequest => ({
  command: { shell: command },
  timeoutMs: 30_000,
  maxOutputBytes: 100_000,
  ...more,
});

const program = (...argv: string[]): ExecRequest => ({ ...shell(''), command: { argv } });

function rejects(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isAppError(error), `expected an AppError, got ${String(error)}`);
    assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`);
    return true;
  });
}

/** One backend and, per access, one sandbox for the tests that only use it. */
class Bed {
  readonly #make: MakeBackend;
  readonly #sandboxes = new Map<WorkspaceAccess, Promise<Sandbox>>();
  #backend: SandboxBackend | undefined;
  #spec: SandboxSpec | undefined;

  constructor(make: MakeBackend) {
    this.#make = make;
  }

  async open(): Promise<void> {
    const made = await this.#make();
    this.#backend = made.backend;
    this.#spec = made.spec;
  }

  get backend(): SandboxBackend {
    assert.ok(this.#backend);
    return this.#backend;
  }

  spec(access: WorkspaceAccess): SandboxSpec {
    assert.ok(this.#spec);
    return { ...this.#spec, access };
  }

  get workspace(): string {
    return this.spec('rw').workspace;
  }

  sandbox(access: WorkspaceAccess = 'rw'): Promise<Sandbox> {
    const known = this.#sandboxes.get(access) ?? this.backend.acquire(`agent:main:contract:${access}`, this.spec(access));
    this.#sandboxes.set(access, known);
    return known;
  }
}

/** `confined: false`: the host itself, which has one workspace for all, and that can be written. */
export function sandboxContract(name: string, make: MakeBackend, { confined = true }: { confined?: boolean } = {}): void {
  describe(`sandbox contract: ${name}`, () => {
    const bed = new Bed(make);
    before(() => bed.open(), patience);
    after(async () => {
      await bed.backend.close();
      await bed.backend.close();
    }, patience);
    describe('commands', () => commands(bed));
    describe('output', () => output(bed));
    describe('time and end', () => timeAndEnd(bed));
    describe('input', () => input(bed));
    describe('files', () => files(bed));
    describe('workspace access', () => sharedWorkspace(bed));
    if (confined) describe('confinement', () => confinement(bed));
    describe('life', () => life(bed));
  });
}

function commands(bed: Bed): void {
  test('a shell command has its exit code and both streams apart', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(shell('echo out; echo err >&2; exit 3'));
    assert.equal(result.exitCode, 3);
    assert.equal(result.signal, undefined);
    assert.equal(result.timedOut, false);
    assert.equal(text(result.stdout), 'out\n');
    assert.equal(text(result.stderr), 'err\n');
    assert.equal(result.stdoutBytes, 4);
    assert.equal(result.stderrBytes, 4);
  });

  test('program and arguments pass no shell', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(program('echo', 'a  b', '$HOME', '; exit 9', '*'));
    assert.equal(text(result.stdout), 'a  b $HOME ; exit 9 *\n');
    assert.equal(result.exitCode, 0);
  });

  test('a program that does not exist is exit code 127 with a word on stderr', patience, async () => {
    const sandbox = await bed.sandbox();
    for (const request of [program('no-such-program-here'), shell('no-such-program-here')]) {
      const result = await sandbox.exec(request);
      assert.equal(result.exitCode, 127);
      assert.match(text(result.stderr), /not found/);
    }
  });

  test('commands start in the workdir; cwd is inside and may be relative to it', patience, async () => {
    const sandbox = await bed.sandbox();
    await sandbox.exec(shell('mkdir -p deep/er'));
    assert.equal(text((await sandbox.exec(shell('pwd'))).stdout), `${sandbox.workdir}\n`);
    assert.equal(text((await sandbox.exec(shell('pwd', { cwd: 'deep/er' }))).stdout), `${sandbox.workdir}/deep/er\n`);
    assert.equal(text((await sandbox.exec(shell('pwd', { cwd: sandbox.scratchDir }))).stdout), `${sandbox.scratchDir}\n`);
  });

  test('a cwd that does not exist is not_found', patience, async () => {
    const sandbox = await bed.sandbox();
    await rejects(sandbox.exec(shell('pwd', { cwd: 'nowhere' })), 'not_found');
  });

  test('a request that no program can be given is invalid', patience, async () => {
    const sandbox = await bed.sandbox();
    await rejects(sandbox.exec(program('echo', 'a\0b')), 'invalid');
    await rejects(sandbox.exec(program()), 'invalid');
    await rejects(sandbox.exec(shell('true', { env: { 'A=B': 'c' } })), 'invalid');
  });

  test('env is added; nothing of the host is there', patience, async () => {
    process.env['SANDBOX_CONTRACT_CANARY'] = 'canary-value';
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(shell('echo "$GIVEN"; env', { env: { GIVEN: 'a "b" $c\nd' } }));
    assert.ok(text(result.stdout).startsWith('a "b" $c\nd\n'));
    assert.doesNotMatch(text(result.stdout), /canary-value/);
    delete process.env['SANDBOX_CONTRACT_CANARY'];
  });

  test('many commands run side by side and keep their output apart', patience, async () => {
    const sandbox = await bed.sandbox();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const results = await Promise.all(numbers.map((number) => sandbox.exec(shell(`echo ${number}; exit ${number}`))));
    assert.deepEqual(
      results.map((result) => text(result.stdout).trim()),
      numbers.map(String),
    );
    assert.deepEqual(
      results.map((result) => result.exitCode),
      numbers,
    );
  });
}

function output(bed: Bed): void {
  test('every byte value passes, in and out', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(shell('cat', { stdin: everyByte }));
    assert.deepEqual(Buffer.from(result.stdout), Buffer.from(everyByte));
  });

  test('beyond maxOutputBytes output is counted and dropped', patience, async () => {
    const sandbox = await bed.sandbox();
    const stdin = new Uint8Array(50_000).fill(120);
    const result = await sandbox.exec(shell('cat', { stdin, maxOutputBytes: 1000 }));
    assert.equal(result.stdout.length, 1000);
    assert.equal(result.stdoutBytes, 50_000);
    assert.equal(result.exitCode, 0);
  });

  test('onOutput gets every piece, also beyond maxOutputBytes', patience, async () => {
    const sandbox = await bed.sandbox();
    const pieces: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    const stdin = Uint8Array.from({ length: 30_000 }, (_, index) => index % 251);
    const result = await sandbox.exec(
      shell('cat; echo done >&2', {
        stdin,
        maxOutputBytes: 100,
        onOutput: (stream, piece) => pieces[stream].push(Buffer.from(piece)),
      }),
    );
    assert.deepEqual(Buffer.concat(pieces.stdout), Buffer.from(stdin));
    assert.equal(Buffer.concat(pieces.stderr).toString(), 'done\n');
    assert.deepEqual(Buffer.from(result.stdout), Buffer.from(stdin.subarray(0, 100)));
  });

  test('an onOutput that throws does not harm the command', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(
      shell('echo fine', {
        onOutput: () => {
          throw new Error('a bug of the listener');
        },
      }),
    );
    assert.equal(text(result.stdout), 'fine\n');
  });
}

function timeAndEnd(bed: Bed): void {
  test('a command over its time is ended and says so, with what it wrote', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(shell('echo early; sleep 600', { timeoutMs: 700 }));
    assert.equal(result.timedOut, true);
    assert.equal(result.exitCode, undefined);
    assert.equal(text(result.stdout), 'early\n');
  });

  test('an aborted command ends without an exit code and is not called timed out', patience, async () => {
    const sandbox = await bed.sandbox();
    const abort = new AbortController();
    const running = sandbox.exec(shell('sleep 600', { signal: abort.signal }));
    setTimeout(() => abort.abort(), 100);
    const result = await running;
    assert.equal(result.exitCode, undefined);
    assert.equal(result.timedOut, false);
    assert.equal(typeof result.signal, 'string');
  });

  test('a signal that is aborted already means that nothing runs', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(shell('echo ran > aborted.txt', { signal: AbortSignal.abort() }));
    assert.equal(result.exitCode, undefined);
    await rejects(sandbox.readFile('aborted.txt', { offset: 0, maxBytes: 10 }), 'not_found');
  });
}

function input(bed: Bed): void {
  test('a started command takes input as it comes and ends when the input ends', patience, async () => {
    const sandbox = await bed.sandbox();
    const running = await sandbox.start(shell('cat'));
    await running.write(bytes('one '));
    await running.write(everyByte);
    await running.endInput();
    const result = await running.result;
    assert.deepEqual(Buffer.from(result.stdout), Buffer.concat([Buffer.from('one '), Buffer.from(everyByte)]));
    assert.equal(result.exitCode, 0);
  });

  test('a started command without input can be killed, twice', patience, async () => {
    const sandbox = await bed.sandbox();
    const running = await sandbox.start(shell('sleep 600'));
    await running.kill();
    await running.kill();
    const result = await running.result;
    assert.equal(result.exitCode, undefined);
    assert.equal(result.timedOut, false);
  });

  test('exec without stdin reads an empty input', patience, async () => {
    const sandbox = await bed.sandbox();
    assert.equal((await sandbox.exec(shell('cat'))).stdoutBytes, 0);
  });

  test('a command that does not read its input still ends well', patience, async () => {
    const sandbox = await bed.sandbox();
    const result = await sandbox.exec(shell('echo done', { stdin: new Uint8Array(2_000_000) }));
    assert.equal(result.exitCode, 0);
    assert.equal(text(result.stdout), 'done\n');
  });
}

function files(bed: Bed): void {
  test('written bytes are read back, whole and by range', patience, async () => {
    const sandbox = await bed.sandbox();
    await sandbox.writeFile('new/dir/every.bin', everyByte);
    const whole = await sandbox.readFile('new/dir/every.bin', { offset: 0, maxBytes: 10_000 });
    assert.deepEqual(Buffer.from(whole.bytes), Buffer.from(everyByte));
    assert.equal(whole.totalBytes, 256);
    const part = await sandbox.readFile(`${sandbox.workdir}/new/dir/every.bin`, { offset: 250, maxBytes: 4 });
    assert.deepEqual([...part.bytes], [250, 251, 252, 253]);
    assert.equal(part.totalBytes, 256);
    const beyond = await sandbox.readFile('new/dir/every.bin', { offset: 300, maxBytes: 4 });
    assert.equal(beyond.bytes.length, 0);
    assert.equal(beyond.totalBytes, 256);
  });

  test('a file of some megabytes passes', patience, async () => {
    const sandbox = await bed.sandbox();
    const big = Buffer.alloc(3_000_000, 'abcdefghijklm\0\xff', 'latin1');
    await sandbox.writeFile('big.bin', big);
    const back = await sandbox.readFile('big.bin', { offset: 0, maxBytes: 4_000_000 });
    assert.ok(Buffer.from(back.bytes).equals(big));
    await sandbox.writeFile('big.bin', new Uint8Array(0));
    assert.equal((await sandbox.readFile('big.bin', { offset: 0, maxBytes: 10 })).totalBytes, 0);
  });

  test('a file written by a command is read, and the other way round', patience, async () => {
    const sandbox = await bed.sandbox();
    await sandbox.exec(shell('printf "by command" > shared.txt'));
    assert.equal(text((await sandbox.readFile('shared.txt', { offset: 0, maxBytes: 99 })).bytes), 'by command');
    await sandbox.writeFile('shared.txt', bytes('by file'));
    assert.equal(text((await sandbox.exec(program('cat', 'shared.txt'))).stdout), 'by file');
  });

  test('names with blanks, quotes and other scripts are names', patience, async () => {
    const sandbox = await bed.sandbox();
    const path = 'odd names/a \'b\' "c" $d;ü日.txt';
    await sandbox.writeFile(path, bytes('odd'));
    assert.equal(text((await sandbox.readFile(path, { offset: 0, maxBytes: 9 })).bytes), 'odd');
  });

  test('what is not there is not_found; a directory or a name with NUL is invalid', patience, async () => {
    const sandbox = await bed.sandbox();
    await rejects(sandbox.readFile('missing.txt', { offset: 0, maxBytes: 10 }), 'not_found');
    await rejects(sandbox.readFile('.', { offset: 0, maxBytes: 10 }), 'invalid');
    await rejects(sandbox.writeFile(sandbox.workdir, bytes('x')), 'invalid');
    await rejects(sandbox.readFile('a\0b', { offset: 0, maxBytes: 10 }), 'invalid');
  });
}

function sharedWorkspace(bed: Bed): void {
  test('rw: both sides see what the other wrote', patience, async () => {
    const sandbox = await bed.sandbox('rw');
    await writeFile(join(bed.workspace, 'from-host.txt'), 'host');
    assert.equal(text((await sandbox.exec(program('cat', 'from-host.txt'))).stdout), 'host');
    await sandbox.writeFile('from-sandbox.txt', bytes('sandbox'));
    assert.equal(await readFile(join(bed.workspace, 'from-sandbox.txt'), 'utf8'), 'sandbox');
    await sandbox.exec(shell('rm from-sandbox.txt'));
    await rm(join(bed.workspace, 'from-host.txt'));
    await rejects(sandbox.readFile('from-host.txt', { offset: 0, maxBytes: 9 }), 'not_found');
  });
}

function confinement(bed: Bed): void {
  test('ro: the workspace is read and never written; the scratch directory is writable', patience, async () => {
    await writeFile(join(bed.workspace, 'kept.txt'), 'kept');
    const sandbox = await bed.sandbox('ro');
    assert.equal(sandbox.access, 'ro');
    assert.equal(text((await sandbox.readFile('kept.txt', { offset: 0, maxBytes: 9 })).bytes), 'kept');
    await rejects(sandbox.writeFile('kept.txt', bytes('lost')), 'denied');
    await rejects(sandbox.writeFile('sub/new.txt', bytes('new')), 'denied');
    assert.notEqual((await sandbox.exec(shell('echo lost > kept.txt'))).exitCode, 0);
    assert.notEqual((await sandbox.exec(shell('rm kept.txt'))).exitCode, 0);
    assert.equal(await readFile(join(bed.workspace, 'kept.txt'), 'utf8'), 'kept');
    await sandbox.writeFile(`${sandbox.scratchDir}/scratch.txt`, bytes('scratch'));
    assert.equal((await sandbox.exec(shell(`cat ${sandbox.scratchDir}/scratch.txt`))).stdoutBytes, 7);
  });

  test('none: nothing of the workspace is seen, and what is written stays inside', patience, async () => {
    await writeFile(join(bed.workspace, 'hidden.txt'), 'hidden');
    const sandbox = await bed.sandbox('none');
    await rejects(sandbox.readFile('hidden.txt', { offset: 0, maxBytes: 9 }), 'not_found');
    await sandbox.writeFile('inside.txt', bytes('inside'));
    assert.equal(text((await sandbox.exec(program('cat', 'inside.txt'))).stdout), 'inside');
    await assert.rejects(readFile(join(bed.workspace, 'inside.txt')), { code: 'ENOENT' });
  });

  test('scopes do not see each other; one scope acquired again is a fresh sandbox', patience, async () => {
    const spec = bed.spec('none');
    const made = await Promise.all(['scope-a', 'scope-b', 'scope-a'].map((scope) => bed.backend.acquire(scope, spec)));
    const [first] = made;
    assert.ok(first);
    await first.writeFile('private.txt', bytes('private'));
    for (const other of made.slice(1)) {
      await rejects(other.readFile('private.txt', { offset: 0, maxBytes: 9 }), 'not_found');
    }
    await Promise.all(made.map((sandbox) => sandbox.destroy()));
  });
}

function life(bed: Bed): void {
  test('the probe says that it is ready, in one line', patience, async () => {
    const status = await bed.backend.probe();
    assert.equal(status.ready, true, `${status.detail} ${status.hint ?? ''}`);
    assert.doesNotMatch(status.detail, /\n/);
  });

  test('a living sandbox is listed with its scope, a destroyed one is not', patience, async () => {
    const sandbox = await bed.backend.acquire('agent:main:listed', bed.spec('rw'));
    const listed = (await bed.backend.list()).find((listing) => listing.scopeKey === 'agent:main:listed');
    assert.equal(listed?.name, sandbox.name);
    assert.equal(listed?.running, true);
    await sandbox.destroy();
    await sandbox.destroy();
    assert.equal(
      (await bed.backend.list()).some((listing) => listing.scopeKey === 'agent:main:listed'),
      false,
    );
  });

  test('after destroy every call is unavailable, also those that were running', patience, async () => {
    const sandbox = await bed.backend.acquire('agent:main:gone', bed.spec('rw'));
    const running = await sandbox.start(shell('sleep 600'));
    const ended = rejects(running.result, 'unavailable');
    await sandbox.destroy();
    await ended;
    await rejects(sandbox.exec(shell('true')), 'unavailable');
    await rejects(sandbox.start(shell('true')), 'unavailable');
    await rejects(sandbox.readFile('x', { offset: 0, maxBytes: 1 }), 'unavailable');
    await rejects(sandbox.writeFile('x', bytes('x')), 'unavailable');
    await running.kill();
  });

  test('sweep leaves what this run made alone', patience, async () => {
    const sandbox = await bed.sandbox();
    assert.equal((await bed.backend.sweep()).includes(sandbox.name), false);
    assert.equal((await sandbox.exec(shell('echo still here'))).exitCode, 0);
  });
}
