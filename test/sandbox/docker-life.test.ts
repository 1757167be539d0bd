// Who gets which container, and that none is left: pool, death, sweep, stop, many at once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isAppError } from '../../src/domain/errors.ts';
import { createEngine, defaultSocketPath } from '../../src/sandbox/docker/engine.ts';
import { createDockerBackend } from '../../src/sandbox/docker/index.ts';
import type { DockerBackend, DockerBackendOptions } from '../../src/sandbox/docker/index.ts';
import { tarOfFile } from '../../src/sandbox/image/tar.ts';
import { dockerBackend, dockerOptions, dockerSpec, patience, shell, text } from './docker-bed.ts';

const engine = createEngine(defaultSocketPath);
const open: DockerBackend[] = [];
const states = new WeakMap<DockerBackend, string>();
function stateOf(backend: DockerBackend): string {
  const state = states.get(backend);
  assert.ok(state);
  return state;
}

async function backendWith(more: Partial<DockerBackendOptions> = {}): Promise<DockerBackend> {
  const options = dockerOptions(more);
  const backend = await dockerBackend(options);
  open.push(backend);
  states.set(backend, options.stateId);
  return backend;
}

after(() => Promise.all(open.map((backend) => backend.close())), patience);

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return;
    await delay(100);
  }
  assert.fail(`waited for ${what}`);
}

const names = async (backend: DockerBackend): Promise<string[]> => (await backend.list()).map((listing) => listing.name);
const waiting = async (backend: DockerBackend): Promise<string[]> =>
  (await backend.list()).filter((listing) => listing.scopeKey === undefined).map((listing) => listing.name);
const isGone = (error: unknown): boolean => isAppError(error, 'unavailable');

/** The engine's own id of a container: it stays when the name changes. */
const idOf = async (name: string): Promise<string> =>
  (await engine.call<{ Id: string }>({ method: 'GET', path: `/containers/${name}/json` })).Id;

describe('the pool', () => {
  test('a waiting container is given once, under the scope’s name, and replaced', patience, async () => {
    const backend = await backendWith({ poolSize: 1 });
    const spec = dockerSpec();
    await backend.warm(spec);
    await until(async () => (await backend.list()).some((listing) => listing.running), 'a container that waits');
    const [pooled = ''] = await waiting(backend);
    assert.match(pooled, /^openclaw-pool-/);
    const id = await idOf(pooled);

    const first = await backend.acquire('agent:main:telegram:dm:1', spec);
    assert.match(first.name, /^openclaw-sbx-agent-main-telegram-dm-1-[0-9a-f]{8}$/);
    assert.equal(await idOf(first.name), id);
    await until(async () => (await waiting(backend)).length === 1, 'a replacement');
    const second = await backend.acquire('agent:main:telegram:dm:2', spec);
    assert.notEqual(await idOf(second.name), id);

    await first.writeFile('/tmp/private', Buffer.from('first'));
    await assert.rejects(second.readFile('/tmp/private', { offset: 0, maxBytes: 9 }), (error) => isAppError(error, 'not_found'));
    await first.destroy();
    assert.equal((await names(backend)).includes(first.name), false);
    const scopes = new Set((await backend.list()).map((listing) => listing.scopeKey));
    assert.ok(scopes.has('agent:main:telegram:dm:2'));
    assert.equal(scopes.has('agent:main:telegram:dm:1'), false);
  });

  test('another spec is not served from it', patience, async () => {
    const backend = await backendWith({ poolSize: 1 });
    const spec = dockerSpec();
    await backend.warm(spec);
    await until(async () => (await waiting(backend)).length === 1, 'a container that waits');
    const sandbox = await backend.acquire('x', { ...spec, access: 'none' });
    assert.equal((await sandbox.exec(shell('echo x > x'))).exitCode, 0);
    const other = await backend.acquire('x', { ...spec, access: 'ro' });
    assert.notEqual((await other.exec(shell('echo x > x'))).exitCode, 0);
  });

  test('one that died while it waited is not given', patience, async () => {
    const backend = await backendWith({ poolSize: 1 });
    const spec = dockerSpec();
    await backend.warm(spec);
    await until(async () => (await backend.list()).some((listing) => listing.running), 'a container that waits');
    const [pooled] = await waiting(backend);
    await engine.call({ method: 'DELETE', path: `/containers/${pooled}`, query: { force: '1' } });
    const sandbox = await backend.acquire('x', spec);
    assert.equal((await sandbox.exec(shell('echo fine'))).exitCode, 0);
  });

  test('a spec that cannot be made does not fail the caller', patience, async () => {
    const backend = await backendWith({ poolSize: 1 });
    await backend.warm(dockerSpec({ image: 'openclaw-no-such-image:1' }));
    await backend.warm(dockerSpec({ workspace: '/etc' }));
    assert.deepEqual(await names(backend), []);
  });
});

describe('the end', () => {
  test('a container killed from outside: the command is lost, not repeated; the next acquire is fresh', patience, async () => {
    const backend = await backendWith();
    const spec = dockerSpec();
    const sandbox = await backend.acquire('x', spec);
    const running = sandbox.exec(shell('echo once >> runs; sleep 600'));
    const lost = assert.rejects(running, isGone);
    await until(async () => (await sandbox.exec(shell('test -e runs'))).exitCode === 0, 'the command to run');
    await engine.call({ method: 'POST', path: `/containers/${sandbox.name}/kill` });
    await lost;
    await assert.rejects(sandbox.exec(shell('true')), isGone);
    const next = await backend.acquire('x', spec);
    assert.equal(text((await next.exec(shell('cat runs'))).stdout), 'once\n');
    await until(async () => !(await names(backend)).includes(sandbox.name), 'the dead container to be removed');
  });

  test('close removes everything of this run, and nothing begins after it', patience, async () => {
    const options = dockerOptions({ poolSize: 1 });
    const backend = createDockerBackend(options);
    const spec = dockerSpec();
    await backend.acquire('a', spec);
    const late = backend.acquire('b', spec).then(
      () => 'given',
      (error: unknown) => (isGone(error) ? 'refused' : Promise.reject(error as Error)),
    );
    await backend.close();
    await late;
    await assert.rejects(backend.acquire('c', spec), isGone);
    await backend.close();
    assert.deepEqual(await (await backendWith({ stateId: options.stateId })).list(), []);
  });

  test('sweep removes what an earlier run left, of this state only', patience, async () => {
    const [crashed, other] = [await backendWith({ poolSize: 1 }), await backendWith()];
    const left = await crashed.acquire('agent:main:left', dockerSpec());
    await until(async () => (await waiting(crashed)).length === 1, 'a container that waits');
    const foreign = await other.acquire('agent:main:foreign', dockerSpec());

    const next = createDockerBackend(dockerOptions({ stateId: stateOf(crashed) }));
    open.push(next);
    const listed = await next.list();
    assert.equal(listed.length, 2);
    assert.deepEqual(listed.find((listing) => listing.name === left.name)?.scopeKey, 'agent:main:left');
    const own = await next.acquire('agent:main:own', dockerSpec());
    assert.deepEqual((await next.sweep()).toSorted(), listed.map((listing) => listing.name).toSorted());
    assert.deepEqual(await names(next), [own.name]);
    assert.equal((await foreign.exec(shell('true'))).exitCode, 0);
    assert.deepEqual(await next.sweep(), []);
  });

  test('when the gateway is killed its containers end by themselves', patience, async () => {
    const options = dockerOptions();
    const program = `
      import { dockerOptions, dockerSpec, shell } from ${JSON.stringify(new URL('docker-bed.ts', import.meta.url).href)};
      import { createDockerBackend } from ${JSON.stringify(new URL('../../src/sandbox/docker/index.ts', import.meta.url).href)};
      const backend = createDockerBackend(dockerOptions({ stateId: ${JSON.stringify(options.stateId)} }));
      const sandbox = await backend.acquire('orphan', dockerSpec());
      await sandbox.start(shell('setsid sleep 600 & sleep 600'));
      console.log(sandbox.name);`;
    const gateway = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const backend = await backendWith({ stateId: options.stateId });
    const [name] = (await once(gateway.stdout, 'data')) as [Buffer];
    assert.deepEqual(await names(backend), [name.toString().trim()]);
    gateway.kill('SIGKILL');
    await until(async () => (await names(backend)).length === 0, 'the container to end');
  });
});

describe('making', () => {
  test('a hundred at once', { timeout: 600_000 }, async () => {
    const backend = await backendWith({ poolSize: 2 });
    const spec = dockerSpec();
    const scopes = Array.from({ length: 100 }, (_, index) => `agent:main:crowd:${index}`);
    const sandboxes = await Promise.all(scopes.map((scope) => backend.acquire(scope, spec)));
    assert.equal(new Set(sandboxes.map((sandbox) => sandbox.name)).size, 100);
    const said = await Promise.all(sandboxes.map((sandbox, index) => sandbox.exec(shell(`echo ${index} > /tmp/x; cat /tmp/x`))));
    assert.deepEqual(
      said.map((result) => text(result.stdout).trim()),
      scopes.map((_, index) => String(index)),
    );
    await backend.close();
    const left = await (await backendWith({ stateId: stateOf(backend) })).list();
    assert.deepEqual(left, []);
  });

  test('without the image: not_found, the command that builds it, and nothing left', patience, async () => {
    const backend = await backendWith();
    await assert.rejects(backend.acquire('x', dockerSpec({ image: 'openclaw-no-such-image:1' })), (error) => {
      assert.ok(isAppError(error, 'not_found'));
      assert.equal(error.hint, 'openclaw sandbox build');
      return true;
    });
    assert.deepEqual(await names(backend), []);
  });

  test('an image in which nothing can run: an error with its reason, and nothing left', patience, async () => {
    const backend = await backendWith();
    const image = `openclaw-test-empty:${Date.now()}`;
    const [repo = '', tag = ''] = image.split(':');
    const archive = Readable.from([tarOfFile('nothing', Buffer.from(''))]);
    await engine.follow(
      { method: 'POST', path: '/images/create', query: { fromSrc: '-', repo, tag }, archive, idleMs: 30_000 },
      () => {},
    );
    try {
      await assert.rejects(
        backend.acquire('x', dockerSpec({ image })),
        (error) => isAppError(error, 'unavailable') && /sleep infinity/.test(error.message),
      );
      assert.deepEqual(await names(backend), []);
    } finally {
      await engine.call({ method: 'DELETE', path: `/images/${image}` });
    }
  });

  test('the name serves people: prefix, scope, short enough', patience, async () => {
    const backend = await backendWith({ containerPrefix: 'claw-box-' });
    const sandbox = await backend.acquire(`Agent:Ünï/${'x'.repeat(100)}`, dockerSpec());
    assert.match(sandbox.name, /^claw-box-agent-n-x{24}-[0-9a-f]{8}$/);
  });
});
