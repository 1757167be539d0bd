// Attempts to reach the host from an embedded shell. The workspace lies beside a secret that nothing may read or change.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import type { Sandbox, WorkspaceAccess } from '../../src/domain/sandbox.ts';
import { createEmbeddedBackend } from '../../src/sandbox/embedded/backend.ts';
import { workerArguments } from '../../src/sandbox/embedded/worker-process.ts';

const megabyte = 1_048_576;
const backend = createEmbeddedBackend();
const sandboxes = new Map<WorkspaceAccess, Sandbox>();
let outside: string;
let workspace: string;
const secret = 'the-secret-outside';

before(async () => {
  const base = await mkdtemp(join(tmpdir(), 'openclaw-escape-'));
  outside = join(base, 'outside');
  workspace = join(base, 'workspace');
  await mkdir(join(workspace, 'sub'), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), secret);
  await writeFile(join(workspace, 'inside.txt'), 'inside');
  await symlink(join(outside, 'secret'), join(workspace, 'to-file'));
  await symlink('../outside', join(workspace, 'to-directory'));
  await symlink(join(outside, 'new'), join(workspace, 'to-nothing'));
  await symlink('../../outside/secret', join(workspace, 'sub', 'deep'));
  for (const access of ['none', 'ro', 'rw'] as const) {
    const spec = {
      agentId: 'main',
      image: '',
      workspace,
      access,
      workdir: '/workspace',
      readOnlyRoot: true,
      network: 'none' as const,
    };
    const limits = { memoryBytes: 256 * megabyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 16 * megabyte };
    sandboxes.set(access, await backend.acquire(`agent:main:${access}`, { ...spec, limits }));
  }
});
after(async () => {
  await backend.close();
  await rm(join(outside, '..'), { recursive: true });
});

function sandboxOf(access: WorkspaceAccess): Sandbox {
  const sandbox = sandboxes.get(access);
  assert.ok(sandbox);
  return sandbox;
}

async function run(access: WorkspaceAccess, shell: string): Promise<string> {
  const result = await sandboxOf(access).exec({ command: { shell }, timeoutMs: 20_000, maxOutputBytes: 1_000_000 });
  return Buffer.concat([result.stdout, result.stderr]).toString();
}

async function assertUntouched(): Promise<void> {
  assert.equal(await readFile(join(outside, 'secret'), 'utf8'), secret);
  assert.deepEqual(await readdir(outside), ['secret']);
  assert.ok((await lstat(join(workspace, 'to-file'))).isSymbolicLink());
}

const READS = [
  'cat to-file to-directory/secret sub/deep ../outside/secret sub/../../outside/secret',
  'cat /proc/self/root$PWD/../outside/secret; cat /proc/self/cwd/../outside/secret; cat /proc/self/environ /proc/1/environ',
  'cd to-directory && cat secret; cd -P to-directory; cd sub/../../outside; pwd; ls; cat secret',
  'cp to-file /tmp/a; cp -r to-directory /tmp/b; cp -r . /tmp/c; cat /tmp/a /tmp/b/* /tmp/c/to-file /tmp/c/to-directory/*',
  'mv to-file /tmp/moved; cat /tmp/moved; mv /tmp/moved to-file',
  'ln to-file hard; cat hard; ln -s ../outside/secret soft; cat soft; ln -s /workspace/../outside/secret /tmp/soft; cat /tmp/soft',
  'tar cf /tmp/all.tar . ; mkdir /tmp/x; tar xf /tmp/all.tar -C /tmp/x; cat /tmp/x/to-file /tmp/x/to-directory/secret; tar chf /tmp/h.tar .; tar xOf /tmp/h.tar',
  'grep -r the- . ; grep -R the- . ; rg -L the- ; rg --no-ignore --hidden -L the-; find -L . -type f -exec cat {} +; find . -exec cat {} \\;',
  'while read l; do echo $l; done < to-file; source to-file; bash to-file; head to-directory/secret; awk 1 sub/deep; sed p to-file; jq -R . to-file',
  'diff to-file inside.txt; sort to-file; od -c to-file | head; base64 to-directory/secret; xargs < to-file; tee < to-file; split to-file /tmp/s; cat /tmp/s*',
  'echo to-*/*; echo ../*; ls -la ..; ls -laR; tree ..; du -a ..; stat to-file; file to-file',
  'gzip -c to-file | gunzip; zcat to-file; strings to-file; cat $(readlink -f to-file); cat "$(realpath to-file)"; yq . to-file',
];

const WRITES = [
  'echo x > to-file; echo x >> to-file; echo x > to-directory/secret; echo x > to-directory/new; echo x > to-nothing; echo x > sub/deep',
  'echo x > ../outside/secret; echo x > sub/../../outside/new; mkdir ../outside/d; mkdir -p to-directory/d; touch to-directory/t ../outside/t',
  'rm to-directory/secret ../outside/secret; rm -r to-directory/; rm -rf ../outside; rm -rf /workspace/../outside',
  'cp inside.txt to-file; cp inside.txt to-directory/; cp inside.txt ../outside/; mv inside.txt to-directory/; mv to-directory/secret .; ls',
  'sed -i s/the/x/ to-file to-directory/secret sub/deep; chmod 777 to-file to-directory/secret; touch -d 2001-01-01 to-file',
  'mkdir -p /tmp/t/to-directory; echo x > /tmp/t/to-directory/secret; tar cf /tmp/t.tar -C /tmp/t .; tar xf /tmp/t.tar; tar xf /tmp/t.tar -C to-directory',
  'ln -s ../outside up; echo x > up/secret; ln -s / root; echo x > root/tmp/escaped; ln -sf ../outside sub/up; echo x > sub/up/secret',
  'tee to-file to-directory/secret <<< x; split - to-directory/s <<< x; awk "BEGIN { print 1 > \\"to-directory/secret\\" }"; sort -o to-file <<< x',
];

describe('embedded shell, attempts to escape', () => {
  for (const access of ['none', 'ro', 'rw'] as const) {
    for (const script of READS) {
      test(`${access}: reads nothing outside: ${script.slice(0, 50)}`, async () => {
        assert.doesNotMatch(await run(access, script), /the-secret|root:x|openclaw-escape/);
        await assertUntouched();
      });
    }
    for (const script of WRITES) {
      test(`${access}: changes nothing outside: ${script.slice(0, 50)}`, async () => {
        assert.doesNotMatch(await run(access, script), /the-secret|openclaw-escape/);
        await assertUntouched();
      });
    }

    test(`${access}: files are read and written inside only`, async () => {
      const sandbox = sandboxOf(access);
      const paths = [
        'to-file',
        'to-directory/secret',
        '../outside/secret',
        '/workspace/../outside/secret',
        join(outside, 'secret'),
        '/etc/passwd',
      ];
      for (const path of paths) {
        const read = await sandbox
          .readFile(path, { offset: 0, maxBytes: 100 })
          .catch((error: unknown) => assert.ok(isAppError(error)));
        // With a workspace in memory an earlier attempt may have left a file of that name there.
        if (read) assert.doesNotMatch(Buffer.from(read.bytes).toString(), /the-secret|root:x/);
      }
      for (const path of [
        'to-file',
        'to-directory/new',
        'to-nothing',
        '../outside/new',
        join(outside, 'new'),
        '/etc/passwd',
        '/bin/sh',
      ]) {
        await sandbox.writeFile(path, Buffer.from('x')).catch((error: unknown) => assert.ok(isAppError(error)));
        assert.deepEqual(await readdir(outside), ['secret']);
      }
      assert.equal(await readFile(join(outside, 'secret'), 'utf8'), secret);
    });
  }

  test('a hard link to a file outside is read as the file that it is, and never written through', async () => {
    await link(join(outside, 'secret'), join(workspace, 'hard-link'));
    await run('rw', 'echo more >> hard-link; sed -i s/the/x/ hard-link; chmod 777 hard-link');
    assert.equal(await readFile(join(outside, 'secret'), 'utf8'), secret);
  });

  test('no network, no programs and no environment of the host', async () => {
    process.env['ESCAPE_CANARY'] = 'canary-value';
    const output = await run(
      'rw',
      'env; set; cat /proc/self/environ; for p in curl wget nc ssh python3 node sqlite3 git docker sudo; do $p --version; done; echo x > /dev/tcp/127.0.0.1/80; hostname; cat /etc/hostname /etc/resolv.conf',
    );
    delete process.env['ESCAPE_CANARY'];
    assert.doesNotMatch(output, /canary-value|Python \d|v\d+\.\d+\.\d+|git version|nameserver/);
    assert.equal(output.match(/not found/g)?.length, 10);
  });

  test('what the shell starts stays in the shell', async () => {
    const output = await run(
      'rw',
      'awk "BEGIN { system(\\"echo $((6*7)); uname -a; cat /etc/passwd\\") }"; echo | sed "1e cat /etc/passwd"; find . -maxdepth 0 -exec sh -c "cat /etc/passwd; id" \\; ; echo /etc/passwd | xargs cat; `which cat` /etc/passwd; /bin/cat /etc/passwd',
    );
    assert.doesNotMatch(output, /root:|uid=/);
  });

  test('the process itself may not leave its place either', () => {
    const code = `
      const results = {};
      const attempt = (name, work) => { try { work(); results[name] = 'done'; } catch (error) { results[name] = error.code; } };
      const fs = require('fs');
      attempt('read inside', () => fs.readFileSync(${JSON.stringify(join(workspace, 'inside.txt'))}));
      attempt('write inside', () => fs.writeFileSync(${JSON.stringify(join(workspace, 'inside.txt'))}, 'inside'));
      attempt('read outside', () => fs.readFileSync(${JSON.stringify(join(outside, 'secret'))}));
      attempt('write outside', () => fs.writeFileSync(${JSON.stringify(join(outside, 'new'))}, ''));
      attempt('spawn', () => require('child_process').spawnSync('true'));
      attempt('thread', () => new (require('worker_threads').Worker)('1', { eval: true }));
      attempt('code', () => new Function('return 1')());
      results.env = Object.keys(process.env).filter((name) => name !== '__CF_USER_TEXT_ENCODING');
      console.log(JSON.stringify(results));`;
    const attempts = (access: WorkspaceAccess): unknown => {
      const options = workerArguments({ workspace, access, heapBytes: 64 * megabyte }).slice(0, -1);
      return JSON.parse(execFileSync(process.execPath, [...options, '-e', code], { env: {}, encoding: 'utf8' }));
    };
    const denied = 'ERR_ACCESS_DENIED';
    const always = { 'read outside': denied, 'write outside': denied, spawn: denied, thread: denied, code: undefined, env: [] };
    const expected = (inside: object): unknown => JSON.parse(JSON.stringify({ ...always, ...inside }));
    assert.deepEqual(attempts('none'), expected({ 'read inside': denied, 'write inside': denied }));
    assert.deepEqual(attempts('ro'), expected({ 'read inside': 'done', 'write inside': denied }));
    assert.deepEqual(attempts('rw'), expected({ 'read inside': 'done', 'write inside': 'done' }));
  });
});
