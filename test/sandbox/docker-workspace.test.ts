// As whom a sandbox runs, and that it can use its workspace: for a gateway that is root, and for one with a user of its own.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { SandboxSpec, WorkspaceAccess } from '../../src/domain/sandbox.ts';
import type { DockerBackend } from '../../src/sandbox/docker/index.ts';
import { resolveWorkspace } from '../../src/sandbox/docker/workspace.ts';
import { dockerBackend, dockerSpec, patience, shell, temporaryDirectory, text } from './docker-bed.ts';

const asRoot = { ...patience, skip: process.getuid?.() === 0 ? false : 'only root can make files of other users' };
const root = { uid: 0, gid: 0 };
const service = { uid: 64_990, gid: 64_991 };

const backends: DockerBackend[] = [];
after(() => Promise.all(backends.map((backend) => backend.close())), patience);

async function backendOf(gatewayUser: { uid: number; gid: number }): Promise<DockerBackend> {
  const backend = await dockerBackend({ gatewayUser });
  backends.push(backend);
  return backend;
}

/** A workspace as `owner` would make it: 0700, with a private file in a private directory. */
function workspaceOf(owner: { uid: number; gid: number }): SandboxSpec {
  const spec = dockerSpec();
  mkdirSync(join(spec.workspace, 'notes'), { mode: 0o700 });
  writeFileSync(join(spec.workspace, 'notes/private.txt'), 'private', { mode: 0o600 });
  for (const path of ['notes/private.txt', 'notes', '.']) chownSync(join(spec.workspace, path), owner.uid, owner.gid);
  return spec;
}

async function insideOf(backend: DockerBackend, spec: SandboxSpec): Promise<{ ids: string; read: string; wrote: boolean }> {
  const sandbox = await backend.acquire('x', spec);
  const ids = text((await sandbox.exec(shell('echo "$(id -u):$(id -g)"'))).stdout).trim();
  const read = text((await sandbox.exec(shell('cat notes/private.txt'))).stdout);
  const wrote = (await sandbox.exec(shell('echo more >> notes/private.txt && echo new > new.txt'))).exitCode === 0;
  await sandbox.destroy();
  return { ids, read, wrote };
}

describe('a workspace can be used', () => {
  for (const access of ['ro', 'rw'] as const) {
    test(`${access}, by a gateway that is root, when the workspace is root’s`, asRoot, async () => {
      const spec = { ...workspaceOf(root), access };
      assert.deepEqual(await insideOf(await backendOf(root), spec), {
        ids: '1000:1000',
        read: 'private',
        wrote: access === 'rw',
      });
    });

    test(`${access}, by a gateway that is root, when the workspace is somebody’s`, asRoot, async () => {
      const spec = { ...workspaceOf({ uid: 4242, gid: 4243 }), access };
      assert.deepEqual(await insideOf(await backendOf(root), spec), {
        ids: '4242:4243',
        read: 'private',
        wrote: access === 'rw',
      });
      assert.equal(lstatSync(spec.workspace).uid, 4242);
    });

    test(`${access}, by a gateway with a system user of its own`, asRoot, async () => {
      const spec = { ...workspaceOf(service), access };
      const inside = await insideOf(await backendOf(service), spec);
      assert.deepEqual(inside, { ids: '64990:64991', read: 'private', wrote: access === 'rw' });
      if (access === 'rw') assert.equal(lstatSync(join(spec.workspace, 'new.txt')).uid, service.uid);
    });
  }

  test('by this process, as itself', patience, async () => {
    const backend = await dockerBackend();
    backends.push(backend);
    const spec = dockerSpec();
    writeFileSync(join(spec.workspace, 'own.txt'), 'own', { mode: 0o600 });
    const sandbox = await backend.acquire('x', spec);
    await sandbox.writeFile('new.txt', Buffer.from('new'));
    assert.equal(text((await sandbox.readFile('own.txt', { offset: 0, maxBytes: 9 })).bytes), 'own');
    assert.equal(readFileSync(join(spec.workspace, 'new.txt'), 'utf8'), 'new');
  });

  test('a user’s group that is root’s is left behind', asRoot, async () => {
    const spec = workspaceOf({ uid: 4242, gid: 0 });
    assert.equal((await insideOf(await backendOf(root), spec)).ids, '4242:4242');
  });

  test('a file keeps its mode when it is replaced', patience, async () => {
    const backend = await dockerBackend();
    backends.push(backend);
    const sandbox = await backend.acquire('x', dockerSpec());
    await sandbox.exec(shell('echo old > script.sh; chmod 750 script.sh; echo old > kept.txt; chmod 444 kept.txt'));
    await sandbox.writeFile('script.sh', Buffer.from('new'));
    assert.equal(text((await sandbox.exec(shell('stat -c %a script.sh'))).stdout), '750\n');
    await assert.rejects(sandbox.writeFile('kept.txt', Buffer.from('new')), (error) => isAppError(error, 'denied'));
  });
});

describe('a workspace of root is handed over', () => {
  const resolve = (spec: SandboxSpec, access: WorkspaceAccess = 'rw', gatewayUser = root): ReturnType<typeof resolveWorkspace> =>
    resolveWorkspace({ ...spec, access }, { gatewayUser, protectedPaths: [], ownPaths: [tmpdir()], log: silentLog });

  test('but not what is protected, what has a second name, what is behind a link', asRoot, async () => {
    const spec = workspaceOf(root);
    const at = (name: string): string => join(spec.workspace, name);
    const outside = join(temporaryDirectory('outside'), 'secret');
    writeFileSync(outside, 'x');
    symlinkSync(outside, at('link'));
    writeFileSync(at('second'), 'x');
    linkSync(at('second'), `${outside}-name`);
    writeFileSync(at('SOUL.md'), 'x');
    chmodSync(at('SOUL.md'), 0o444);
    mkdirSync(at('open'));
    chmodSync(at('open'), 0o777);
    writeFileSync(at('open/inner'), 'x');
    chownSync(at('notes/private.txt'), 5555, 5555);

    assert.deepEqual((await resolve(spec)).user, { uid: 1000, gid: 1000 });
    const owners = ['.', 'notes', 'notes/private.txt', 'link', 'second', 'SOUL.md', 'open', 'open/inner'].map(
      (name) => lstatSync(at(name)).uid,
    );
    assert.deepEqual(owners, [1000, 1000, 5555, 0, 0, 0, 0, 0]);
    assert.equal(lstatSync(outside).uid, 0);
  });

  test('but never outside of the gateway’s own directories: it says which command mends it', asRoot, async () => {
    const spec = workspaceOf(root);
    const elsewhere = temporaryDirectory('own');
    for (const ownPaths of [[], [elsewhere], [spec.workspace], [`${spec.workspace.slice(0, -1)}`]]) {
      const settings = { gatewayUser: root, protectedPaths: [], ownPaths, log: silentLog };
      await refused(resolveWorkspace({ ...spec, access: 'rw' }, settings), 'denied', /chown -R 1000:1000 /);
      assert.equal(lstatSync(spec.workspace).uid, 0);
    }
  });

  test('but never through a link, whatever it leads to', asRoot, async () => {
    const spec = workspaceOf(root);
    const target = workspaceOf(root).workspace;
    const inner = join(spec.workspace, 'inner');
    symlinkSync(target, inner);
    symlinkSync(join(target, 'notes'), `${spec.workspace}-link`);
    for (const workspace of [inner, join(inner, 'notes'), `${spec.workspace}-link`]) {
      await refused(resolve({ ...spec, workspace }), 'denied', /link/);
    }
    for (const path of [target, join(target, 'notes'), join(target, 'notes/private.txt')]) assert.equal(lstatSync(path).uid, 0);
  });

  test('but not when others could write on the way to it, or in it', asRoot, async () => {
    const spec = workspaceOf(root);
    const inner = join(spec.workspace, 'notes');
    chmodSync(spec.workspace, 0o777);
    await refused(resolve({ ...spec, workspace: inner }), 'denied', /chown/);
    assert.equal(lstatSync(inner).uid, 0);
    chmodSync(spec.workspace, 0o772);
    await refused(resolve(spec), 'denied', /chown/);
    chmodSync(spec.workspace, 0o770);
    chownSync(spec.workspace, 0, 5555);
    await refused(resolve(spec), 'denied', /chown/);
    assert.equal(lstatSync(spec.workspace).uid, 0);
  });

  test('but not when it can be read as it is', asRoot, async () => {
    const spec = workspaceOf(root);
    chmodSync(spec.workspace, 0o755);
    await resolve(spec, 'ro');
    assert.equal(lstatSync(spec.workspace).uid, 0);
    assert.equal(lstatSync(join(spec.workspace, 'notes')).uid, 0);
  });

  async function refused(work: Promise<unknown>, code: ErrorCode, hint: RegExp): Promise<void> {
    await assert.rejects(work, (error) => {
      assert.ok(isAppError(error, code), String(error));
      assert.match(`${error.message} ${error.hint ?? ''}`, hint);
      return true;
    });
  }

  test('never by a gateway that is not root: it says which command mends it', asRoot, async () => {
    const spec = workspaceOf(root);
    await refused(resolve(spec, 'ro', service), 'denied', /chown -R 64990:64991 /);
    chmodSync(spec.workspace, 0o755);
    assert.deepEqual((await resolve(spec, 'ro', service)).user, service);
    await refused(resolve(spec, 'rw', service), 'denied', /cannot write/);
    assert.equal(lstatSync(spec.workspace).uid, 0);
  });

  test('what is missing, no directory, or behind a link is refused by the backend', patience, async () => {
    const backend = await dockerBackend();
    backends.push(backend);
    const spec = dockerSpec();
    const at = (name: string): string => join(spec.workspace, name);
    writeFileSync(at('file'), 'x');
    mkdirSync(at('real'));
    mkdirSync(at('real/inner'));
    symlinkSync(at('real'), at('link'));
    const acquire = (workspace: string): Promise<unknown> => backend.acquire('x', { ...spec, workspace });
    await refused(acquire(at('missing')), 'not_found', /cannot be reached/);
    await refused(acquire(at('file')), 'invalid', /no directory/);
    await refused(acquire(at('link')), 'denied', /link/);
    await refused(acquire(at('link/inner')), 'denied', /link/);
    await refused(acquire('/etc'), 'denied', /system/);
    await refused(acquire('/var/run/docker.sock'), 'denied', /system/);
    assert.deepEqual(await backend.list(), []);
  });

  test('a directory that holds what is protected is refused by the backend', patience, async () => {
    const spec = dockerSpec();
    const backend = await dockerBackend({ protectedPaths: [join(spec.workspace, 'state')] });
    backends.push(backend);
    await refused(backend.acquire('x', spec), 'denied', /it holds/);
  });

  test('without access nothing of it is looked at', patience, async () => {
    const facts = await resolve(dockerSpec({ workspace: '/no/such/place' }), 'none', service);
    assert.deepEqual(facts, { realWorkspace: undefined, user: service });
  });
});
