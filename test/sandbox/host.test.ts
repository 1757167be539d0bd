// What the host backend keeps although it confines nothing: no secrets passed on, and an end for everything that it started.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ExecRequest, ExecResult, Sandbox, SandboxSpec } from '../../src/domain/sandbox.ts';
import { isAlive } from '../../src/sandbox/host/process-tree.ts';
import { createHostBackend } from '../../src/sandbox/host.ts';
import { until } from './until.ts';

const environment = {
  PATH: process.env['PATH'],
  LANG: 'C.UTF-8',
  TELEGRAM_BOT_TOKEN: 'a-secret-value',
  LD_PRELOAD: '/nowhere.so',
  NODE_OPTIONS: '--no-warnings',
};
const backend = createHostBackend({ environment });
let spec: SandboxSpec;

before(async () => {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), 'openclaw-workspace-')));
  const limits = { memoryBytes: 0, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 0 };
  spec = {
    agentId: 'main',
    image: 'host',
    workspace,
    access: 'rw',
    workdir: '/workspace',
    readOnlyRoot: false,
    network: 'none',
    limits,
  };
});
after(() => backend.close());

function run(sandbox: Sandbox, shell: string, more: Partial<ExecRequest> = {}): Promise<ExecResult> {
  return sandbox.exec({ command: { shell }, timeoutMs: 20_000, maxOutputBytes: 100_000, ...more });
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Starts children inside and outside the group, which write their process ids down. */
const CHILDREN =
  'sleep 600 & echo $! > one.pid; setsid sh -c "echo \\$\\$ > two.pid; sleep 600" & setsid sh -c "(sleep 600 & echo \\$! > three.pid)"; ';

async function childPids(sandbox: Sandbox): Promise<number[]> {
  const names = ['one.pid', 'two.pid', 'three.pid'];
  await until(() => names.every((name) => existsSync(join(sandbox.workdir, name))));
  return Promise.all(names.map(async (name) => Number(await readFile(join(sandbox.workdir, name), 'utf8'))));
}

async function scratchWorkspace(): Promise<SandboxSpec> {
  return { ...spec, workspace: await realpath(await mkdtemp(join(tmpdir(), 'openclaw-workspace-'))) };
}

describe('host sandbox', () => {
  test('it says that it is the host, and that everything may be written', async () => {
    const sandbox = await backend.acquire('agent:main:name', spec);
    assert.equal(sandbox.name, 'host');
    assert.equal(sandbox.access, 'rw');
    assert.equal(sandbox.workdir, spec.workspace);
  });

  test('of the environment only the harmless names are passed on', async () => {
    const sandbox = await backend.acquire('agent:main:env', spec);
    const names = text((await run(sandbox, 'env')).stdout)
      .split('\n')
      .map((line) => line.split('=')[0] ?? '');
    const ours = ['LANG', 'OPENCLAW_COMMAND', 'PATH', 'TERM', 'TMPDIR'];
    assert.deepEqual(names.filter((name) => name !== '' && !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)).toSorted(), ours);
  });

  test('a command over its time ends with all its children, also those that left its group', { timeout: 30_000 }, async () => {
    const sandbox = await backend.acquire('agent:main:tree', await scratchWorkspace());
    const running = sandbox.exec({ command: { shell: `${CHILDREN} sleep 600` }, timeoutMs: 1500, maxOutputBytes: 100 });
    const pids = await childPids(sandbox);
    const result = await running;
    assert.equal(result.timedOut, true);
    assert.equal(result.exitCode, undefined);
    await until(() => pids.every((pid) => !isAlive(pid)));
  });

  test('kill ends one that ignores TERM', { timeout: 30_000 }, async () => {
    const sandbox = await backend.acquire('agent:main:ignore', await scratchWorkspace());
    const running = await sandbox.start({
      command: { shell: 'trap "" TERM; echo ready > ready; while :; do sleep 0.1; done' },
      timeoutMs: 60_000,
      maxOutputBytes: 100,
    });
    await until(() => existsSync(join(sandbox.workdir, 'ready')));
    await running.kill();
    assert.equal((await running.result).exitCode, undefined);
  });

  test('a command that leaves a child behind still ends; the child ends with the sandbox', { timeout: 30_000 }, async () => {
    const sandbox = await backend.acquire('agent:main:left', await scratchWorkspace());
    const result = await run(sandbox, `${CHILDREN} echo done`);
    assert.equal(text(result.stdout), 'done\n');
    const pids = await childPids(sandbox);
    assert.ok(pids.every(isAlive));
    await sandbox.destroy();
    await until(() => pids.every((pid) => !isAlive(pid)));
    assert.equal(existsSync(sandbox.scratchDir), false);
  });

  test('a file that is replaced keeps its mode; a link keeps pointing where it did', async () => {
    const sandbox = await backend.acquire('agent:main:files', await scratchWorkspace());
    await run(sandbox, 'echo "echo old" > tool.sh; chmod 750 tool.sh');
    await symlink('tool.sh', join(sandbox.workdir, 'link.sh'));
    await sandbox.writeFile('link.sh', Buffer.from('echo new\n'));
    assert.equal(await readlink(join(sandbox.workdir, 'link.sh')), 'tool.sh');
    assert.equal(text((await run(sandbox, './tool.sh; stat -c %a tool.sh; ls -A')).stdout), 'new\n750\nlink.sh\ntool.sh\n');
  });

  test('what is neither file nor directory is refused and nothing waits for it', async () => {
    const sandbox = await backend.acquire('agent:main:pipe', await scratchWorkspace());
    await run(sandbox, 'mkfifo pipe');
    await assert.rejects(sandbox.readFile('pipe', { offset: 0, maxBytes: 1 }), { code: 'invalid' });
    await assert.rejects(sandbox.writeFile('pipe', Buffer.from('x')), { code: 'invalid' });
  });

  test('sweep removes scratch directories of gateways that are gone, and no others', async () => {
    // No process has a number this large.
    const dead = join(tmpdir(), 'openclaw-host-99999999-abcdef');
    const foreign = join(tmpdir(), 'openclaw-host-notes');
    await Promise.all([mkdir(dead, { recursive: true }), mkdir(foreign, { recursive: true })]);
    await writeFile(join(dead, 'left.txt'), 'x');
    const sandbox = await backend.acquire('agent:main:sweep', spec);
    const swept = await backend.sweep();
    assert.ok(swept.includes('openclaw-host-99999999-abcdef'));
    assert.equal(existsSync(dead), false);
    assert.ok(existsSync(foreign));
    await rm(foreign, { recursive: true });
    assert.ok(existsSync(sandbox.scratchDir));
  });
});
