// What an embedded sandbox promises beyond what every sandbox does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SandboxSpec } from '../../src/domain/sandbox.ts';
import { createEmbeddedBackend } from '../../src/sandbox/embedded/backend.ts';
import { takesInput } from '../../src/sandbox/embedded/takes-input.ts';
import { isAlive } from '../../src/sandbox/host/process-tree.ts';
import { until } from './until.ts';

const backend = createEmbeddedBackend();
let spec: SandboxSpec;

before(async () => {
  const megabyte = 1_048_576;
  spec = {
    agentId: 'main',
    image: 'embedded',
    workspace: await mkdtemp(join(tmpdir(), 'openclaw-embedded-')),
    access: 'ro',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits: { memoryBytes: 256 * megabyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 16 * megabyte },
  };
});
after(async () => {
  await backend.close();
  await rm(spec.workspace, { recursive: true });
});

const childrenOf = async (pid: number): Promise<number[]> => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
};

describe('embedded sandbox', () => {
  test('its process is started by the first call, not before, and ends with it', async () => {
    const sandbox = await backend.acquire('agent:main:lazy', spec);
    assert.deepEqual(await childrenOf(process.pid), []);
    await sandbox.exec({ command: { shell: 'true' }, timeoutMs: 20_000, maxOutputBytes: 10 });
    const [shell = 0, ...others] = await childrenOf(process.pid);
    assert.deepEqual(others, []);
    await sandbox.destroy();
    await until(() => !isAlive(shell));
  });

  test('what is refused in a read-only place says so, and where to write instead', async () => {
    const sandbox = await backend.acquire('agent:main:ro', spec);
    await assert.rejects(sandbox.writeFile('a.txt', Buffer.from('x')), {
      code: 'denied',
      message: 'a.txt cannot be written: the file system is read-only there.',
      hint: 'Write to /tmp instead.',
    });
    const { stderr } = await sandbox.exec({ command: { shell: 'echo x > a.txt' }, timeoutMs: 20_000, maxOutputBytes: 1000 });
    assert.match(Buffer.from(stderr).toString(), /read-only file system/);
    await sandbox.destroy();
  });

  test('a workspace behind a link is the workspace; one that is not there is said', async () => {
    await writeFile(join(spec.workspace, 'here.txt'), 'here');
    const link = `${spec.workspace}-link`;
    await symlink(spec.workspace, link);
    const sandbox = await backend.acquire('agent:main:link', { ...spec, workspace: link });
    const { bytes } = await sandbox.readFile('here.txt', { offset: 0, maxBytes: 10 });
    assert.equal(Buffer.from(bytes).toString(), 'here');
    await sandbox.destroy();
    await rm(link);
    await assert.rejects(backend.acquire('agent:main:nowhere', { ...spec, workspace: link }), { code: 'not_found' });
  });

  test('one that is stopped while it begins is stopped', async () => {
    const sandbox = await backend.acquire('agent:main:early', spec);
    const stop = new AbortController();
    const running = sandbox.exec({
      command: { shell: 'sleep 600' },
      timeoutMs: 600_000,
      maxOutputBytes: 10,
      signal: stop.signal,
    });
    stop.abort();
    const { exitCode, signal, timedOut } = await running;
    // SIGKILL would mean that the whole shell had to be killed for it.
    assert.deepEqual([exitCode, signal, timedOut], [undefined, 'SIGTERM', false]);
    await sandbox.destroy();
  });

  test('a command that reads no input begins at once; what is written to it is refused in words', async () => {
    const sandbox = await backend.acquire('agent:main:input', spec);
    const running = await sandbox.start({ command: { shell: 'echo begun' }, timeoutMs: 20_000, maxOutputBytes: 100 });
    await assert.rejects(running.write(Buffer.from('x')), { code: 'invalid' });
    assert.equal(Buffer.from((await running.result).stdout).toString(), 'begun\n');
    await sandbox.destroy();
  });

  for (const command of ['while :; do echo x; done', 'echo x; sleep 600', 'echo x; while :; do :; done']) {
    test(`when the gateway is killed, the shell ends too: ${command}`, { timeout: 60_000 }, async () => {
      const gateway = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'embedded-gateway.ts'), command], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(gateway.stdout, 'data');
      const [shell = 0] = await childrenOf(gateway.pid ?? 0);
      assert.ok(isAlive(shell));
      gateway.kill('SIGKILL');
      await until(() => !isAlive(shell));
    });
  }
});

describe('embedded sandbox: which commands read their input', () => {
  const reading = [
    ...[
      'cat',
      'cat -n',
      'read x',
      'while read l; do echo $l; done',
      'tr a b',
      'tee out',
      'xargs rm',
      'grep word',
      'sed s/a/b/',
      'sort -r | uniq',
    ],
    ...[
      'if true; then cat; fi',
      '(cat)',
      '{ wc -l; }',
      'x=$(cat); echo $x',
      'f() { cat; }; f',
      'echo a; cat',
      'true && bash',
      '/bin/cat',
    ],
  ];
  const others = [
    ...[
      'cat file',
      'grep word file',
      'echo a | cat',
      'cat < file',
      'cat <<< text',
      'cat <<E\ntext\nE',
      'sleep 5; echo done',
      'ls | grep a',
    ],
    ...[
      'while read l; do echo $l; done < file',
      'seq 3 | while read x; do echo $x; done',
      '{ cat; } < file',
      'bash script.sh',
      'find . -name cat',
      'echo "',
      '',
    ],
  ];
  for (const shell of reading) test(`reads: ${shell}`, () => assert.equal(takesInput({ shell }), true));
  for (const shell of others) test(`does not: ${shell}`, () => assert.equal(takesInput({ shell }), false));

  test('a program and its arguments', () => {
    assert.equal(takesInput({ argv: ['cat'] }), true);
    assert.equal(takesInput({ argv: ['cat', 'file'] }), false);
    assert.equal(takesInput({ argv: ['echo', 'cat'] }), false);
  });
});
