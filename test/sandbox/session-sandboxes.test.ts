// Which sandbox a session gets and how long it lives. The backend is the host's, counted and slowed where a test needs it.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError, isAppError } from '../../src/domain/errors.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { ExecResult, Sandbox, SandboxBackend, SandboxSpec } from '../../src/domain/sandbox.ts';
import type { AgentSandboxSettings, AgentSettings } from '../../src/domain/settings.ts';
import { createHostBackend } from '../../src/sandbox/host.ts';
import { createSessionSandboxes } from '../../src/sandbox/session-sandboxes.ts';
import type { SessionSandboxes, SessionSandboxesOptions } from '../../src/sandbox/session-sandboxes.ts';
import { until } from './until.ts';

const host = createHostBackend({ environment: process.env });
const workspace = mkdtempSync(join(tmpdir(), 'openclaw-sessions-'));
const opened: SessionSandboxes[] = [];
after(async () => {
  await Promise.all(opened.map((sandboxes) => sandboxes.close()));
  await host.close();
});

const spec: SandboxSpec = {
  agentId: 'main',
  image: 'test',
  workspace,
  access: 'rw',
  workdir: '/workspace',
  readOnlyRoot: true,
  network: 'none',
  limits: { memoryBytes: 0, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 0 },
};

function agentOf(id: string, more: Partial<AgentSandboxSettings> = {}): AgentSettings {
  const sandbox: AgentSandboxSettings = {
    mode: 'all',
    scope: 'session',
    spec: { ...spec, agentId: id },
    idleMs: 3_600_000,
    poolSize: 0,
    ...more,
  };
  return { id, sandbox } as AgentSettings;
}

interface Bed {
  sandboxes: SessionSandboxes;
  /** Scope keys in the order in which sandboxes were made. */
  made: string[];
  alive(): number;
  /** The next one is made only when the returned function is called. */
  hold(): () => void;
  failNext(error: Error): void;
}

function makeBed(more: Partial<SessionSandboxesOptions> = {}): Bed {
  const inner = createHostBackend({ environment: process.env });
  const made: string[] = [];
  let gate = Promise.resolve();
  let failure: Error | undefined;
  const backend: SandboxBackend = {
    ...inner,
    id: 'test',
    async acquire(scopeKey, wanted) {
      await gate;
      if (failure) {
        const error = failure;
        failure = undefined;
        throw error;
      }
      made.push(scopeKey);
      alive += 1;
      const sandbox = await inner.acquire(scopeKey, wanted);
      const destroy = sandbox.destroy.bind(sandbox);
      let counted = true;
      return Object.assign(sandbox, {
        async destroy() {
          await destroy();
          if (counted) alive -= 1;
          counted = false;
        },
      });
    },
  };
  let alive = 0;
  const sandboxes = createSessionSandboxes({
    backend: async () => backend,
    host,
    maxSandboxes: () => 100,
    clock: systemClock,
    log: silentLog,
    ...more,
  });
  opened.push(sandboxes);
  return {
    sandboxes,
    made,
    alive: () => alive,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    failNext: (error) => (failure = error),
  };
}

const run = (sandbox: Sandbox, shell: string): Promise<ExecResult> =>
  sandbox.exec({ command: { shell }, timeoutMs: 20_000, maxOutputBytes: 1000 });
const gone = (error: unknown): boolean => isAppError(error, 'unavailable');

describe('session sandboxes: which one', () => {
  test('nothing is made before a tool asks; all first calls at once make one', async () => {
    const { sandboxes, made } = makeBed();
    const session = sandboxes.forSession({ sessionKey: 'agent:main:a', agent: agentOf('main') });
    assert.deepEqual(made, []);
    const got = await Promise.all([
      session.sandbox(),
      session.sandbox(),
      sandboxes.forSession({ sessionKey: 'agent:main:a', agent: agentOf('main') }).sandbox(),
    ]);
    assert.deepEqual(made, ['agent:main:a']);
    assert.equal(new Set(got).size, 1);
  });

  test('the mode decides between sandbox and host', async () => {
    const { sandboxes, made } = makeBed();
    const isolated = async (mode: AgentSandboxSettings['mode'], sessionKey: string): Promise<boolean> => {
      const session = sandboxes.forSession({ sessionKey, agent: agentOf('main', { mode }) });
      const before = made.length;
      const sandbox = await session.sandbox();
      assert.equal(made.length > before, session.isolated);
      assert.equal(session.facts.isolated, session.isolated);
      if (!session.isolated) assert.equal(sandbox.scratchDir, session.facts.scratchDir);
      return session.isolated;
    };
    assert.equal(await isolated('all', 'agent:main:main'), true);
    assert.equal(await isolated('off', 'agent:main:off'), false);
    assert.equal(await isolated('non-main', 'agent:main:main'), false);
    assert.equal(await isolated('non-main', 'agent:main:telegram:1'), true);
    assert.equal(await isolated('non-main', 'agent:other:main'), true);
  });

  test('the scope decides who shares', async () => {
    const { sandboxes, made } = makeBed();
    const get = (sessionKey: string, agent: AgentSettings): Promise<Sandbox> =>
      sandboxes.forSession({ sessionKey, agent }).sandbox();
    const perAgent = [agentOf('one', { scope: 'agent' }), agentOf('two', { scope: 'agent' })] as const;
    assert.equal(await get('agent:one:a', perAgent[0]), await get('agent:one:b', perAgent[0]));
    assert.notEqual(await get('agent:one:a', perAgent[0]), await get('agent:two:a', perAgent[1]));
    const shared = [agentOf('one', { scope: 'shared' }), agentOf('two', { scope: 'shared' })] as const;
    assert.equal(await get('agent:one:a', shared[0]), await get('agent:two:a', shared[1]));
    assert.deepEqual(made, ['agent:one', 'agent:two', 'shared']);
  });

  test('agents with different workspaces share none, whatever the scope says', async () => {
    const { sandboxes, made } = makeBed();
    const other = { ...spec, agentId: 'two', workspace: mkdtempSync(join(tmpdir(), 'openclaw-sessions-')) };
    const one = await sandboxes.forSession({ sessionKey: 'agent:one:a', agent: agentOf('one', { scope: 'shared' }) }).sandbox();
    const two = await sandboxes
      .forSession({ sessionKey: 'agent:two:a', agent: agentOf('two', { scope: 'shared', spec: other }) })
      .sandbox();
    assert.notEqual(one.workdir, two.workdir);
    assert.deepEqual(made, ['shared', 'shared:two']);
  });

  test('a changed configuration makes a new one', async () => {
    const { sandboxes, made, alive } = makeBed();
    const key = 'agent:main:a';
    const first = await sandboxes.forSession({ sessionKey: key, agent: agentOf('main') }).sandbox();
    const changed = agentOf('main', { spec: { ...spec, limits: { ...spec.limits, cpus: 2 } } });
    const [second, third] = await Promise.all(
      [1, 2].map(() => sandboxes.forSession({ sessionKey: key, agent: changed }).sandbox()),
    );
    assert.notEqual(first, second);
    assert.equal(second, third);
    assert.deepEqual(made, [key, key]);
    assert.equal(alive(), 1);
  });

  test('the list says what is alive', async () => {
    const { sandboxes } = makeBed();
    const sandbox = await sandboxes.forSession({ sessionKey: 'agent:main:a', agent: agentOf('main') }).sandbox();
    const [listing, ...others] = sandboxes.list();
    assert.equal(others.length, 0);
    assert.equal(listing?.scopeKey, 'agent:main:a');
    assert.equal(listing.name, sandbox.name);
    assert.equal(listing.backend, 'test');
    assert.ok((listing.lastUsedAtMs ?? 0) >= listing.createdAtMs);
  });
});

describe('session sandboxes: their end', () => {
  test('the end of the session ends it; one that is shared lives on', async () => {
    const { sandboxes, alive } = makeBed();
    const own = { sessionKey: 'agent:main:a', agent: agentOf('main') };
    const shared = { sessionKey: 'agent:other:a', agent: agentOf('other', { scope: 'agent' }) };
    const [sandbox, kept] = await Promise.all([own, shared].map((user) => sandboxes.forSession(user).sandbox()));
    await sandboxes.end(own);
    await sandboxes.end(shared);
    await assert.rejects(run(sandbox as Sandbox, 'true'), gone);
    assert.equal((await run(kept as Sandbox, 'true')).exitCode, 0);
    assert.equal(alive(), 1);
    assert.notEqual(await sandboxes.forSession(own).sandbox(), sandbox);
  });

  test('endAll ends those that are a session’s own, or all', async () => {
    const { sandboxes, alive } = makeBed();
    const users = [
      { sessionKey: 'agent:main:a', agent: agentOf('main') },
      { sessionKey: 'agent:main:a:b', agent: agentOf('main') },
      { sessionKey: 'agent:mainly:a', agent: agentOf('mainly', { scope: 'agent' }) },
    ];
    await Promise.all(users.map((user) => sandboxes.forSession(user).sandbox()));
    assert.equal(await sandboxes.endAll('agent:main:a'), 1);
    assert.equal(await sandboxes.endAll('agent:mainly:a'), 0);
    assert.equal(alive(), 2);
    assert.equal(await sandboxes.endAll(), 2);
    assert.equal(alive(), 0);
  });

  test('an idle one is ended, one whose command runs in the background is not', async () => {
    const { sandboxes, alive } = makeBed();
    const idle = sandboxes.forSession({ sessionKey: 'agent:main:idle', agent: agentOf('main', { idleMs: 50 }) });
    const busy = sandboxes.forSession({ sessionKey: 'agent:main:busy', agent: agentOf('main', { idleMs: 50 }) });
    const [first, second] = [await idle.sandbox(), await busy.sandbox()];
    const running = await second.start({ command: { shell: 'sleep 600' }, timeoutMs: 600_000, maxOutputBytes: 10 });
    await until(() => alive() === 1);
    await assert.rejects(run(first, 'true'), gone);
    assert.equal((await run(second, 'true')).exitCode, 0);
    await running.kill();
    await until(() => alive() === 0);
    assert.equal((await run(await idle.sandbox(), 'true')).exitCode, 0);
  });

  test('one that died is not asked again: the next call gets another', async () => {
    const { sandboxes, made, alive } = makeBed();
    const session = sandboxes.forSession({ sessionKey: 'agent:main:a', agent: agentOf('main') });
    const first = await session.sandbox();
    await first.destroy();
    await assert.rejects(run(first, 'true'), gone);
    assert.equal((await run(await session.sandbox(), 'true')).exitCode, 0);
    assert.equal(made.length, 2);
    assert.equal(alive(), 1);
  });

  test('one that could not be made is made at the next call', async () => {
    const { sandboxes, failNext } = makeBed({ maxSandboxes: () => 1 });
    const session = sandboxes.forSession({ sessionKey: 'agent:main:a', agent: agentOf('main') });
    failNext(new AppError('unavailable', 'The engine does not answer.'));
    await assert.rejects(session.sandbox(), /engine does not answer/);
    assert.equal((await run(await session.sandbox(), 'true')).exitCode, 0);
  });

  test('one that is ended while it is made is ended when it is there', async () => {
    const { sandboxes, hold, alive, made } = makeBed({ maxSandboxes: () => 1 });
    const user = { sessionKey: 'agent:main:a', agent: agentOf('main') };
    const release = hold();
    const asked = sandboxes.forSession(user).sandbox();
    const ended = sandboxes.end(user);
    release();
    await assert.rejects(asked, gone);
    await ended;
    assert.deepEqual([made.length, alive()], [1, 0]);
    assert.equal((await run(await sandboxes.forSession(user).sandbox(), 'true')).exitCode, 0);
  });

  test('close ends all, also those being made and those waited for, and makes no more', async () => {
    const { sandboxes, hold, alive } = makeBed({ maxSandboxes: () => 2 });
    const get = (name: string): Promise<Sandbox> =>
      sandboxes.forSession({ sessionKey: `agent:main:${name}`, agent: agentOf('main') }).sandbox();
    const ready = await get('ready');
    const release = hold();
    const outcomes = Promise.allSettled([get('making'), get('waiting'), run(ready, 'sleep 600')]);
    const closed = sandboxes.close();
    release();
    await closed;
    assert.ok((await outcomes).every((outcome) => outcome.status === 'rejected' && gone(outcome.reason)));
    assert.equal(alive(), 0);
    await assert.rejects(get('late'), gone);
  });
});

describe('session sandboxes: when all places are taken', () => {
  test('who asked first gets the next place', async () => {
    const { sandboxes, made } = makeBed({ maxSandboxes: () => 1 });
    const user = (name: string) => ({ sessionKey: `agent:main:${name}`, agent: agentOf('main') });
    await sandboxes.forSession(user('a')).sandbox();
    const waiting = ['b', 'c', 'd'].map((name) => sandboxes.forSession(user(name)).sandbox());
    for (const name of ['a', 'b', 'c']) {
      await sandboxes.end(user(name));
      await waiting['abc'.indexOf(name)];
    }
    assert.deepEqual(
      made,
      ['a', 'b', 'c', 'd'].map((name) => `agent:main:${name}`),
    );
  });

  test('the one that has been idle longest gives way, never a busy one; the host takes no place', async () => {
    const { sandboxes, alive } = makeBed({ maxSandboxes: () => 2, evictAfterMs: 30 });
    const get = (name: string): Promise<Sandbox> =>
      sandboxes.forSession({ sessionKey: `agent:main:${name}`, agent: agentOf('main') }).sandbox();
    const [busy, idle] = [await get('busy'), await get('idle')];
    const running = await busy.start({ command: { shell: 'sleep 600' }, timeoutMs: 600_000, maxOutputBytes: 10 });
    await sandboxes.forSession({ sessionKey: 'agent:main:off', agent: agentOf('main', { mode: 'off' }) }).sandbox();
    assert.equal((await run(await get('next'), 'true')).exitCode, 0);
    await assert.rejects(run(idle, 'true'), gone);
    assert.equal((await run(busy, 'true')).exitCode, 0);
    assert.equal(alive(), 2);
    await running.kill();
  });

  test('one that waits and is ended waits no more', async () => {
    const { sandboxes, made } = makeBed({ maxSandboxes: () => 1 });
    const user = (name: string) => ({ sessionKey: `agent:main:${name}`, agent: agentOf('main') });
    await sandboxes.forSession(user('a')).sandbox();
    const [b, c] = ['b', 'c'].map((name) => sandboxes.forSession(user(name)).sandbox());
    const refused = assert.rejects(b as Promise<Sandbox>, gone);
    await sandboxes.end(user('b'));
    await refused;
    await sandboxes.end(user('a'));
    await c;
    assert.deepEqual(made, ['agent:main:a', 'agent:main:c']);
  });

  test('whatever happens in whatever order, there are never too many and none is left', async () => {
    const step = fc.tuple(fc.constantFrom('ask', 'end', 'use', 'fail', 'turn'), fc.nat(5));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (steps, most) => {
        const { sandboxes, alive, failNext } = makeBed({ maxSandboxes: () => most, evictAfterMs: 0 });
        const asked: Promise<unknown>[] = [];
        for (const [kind, number] of steps) {
          const user = { sessionKey: `agent:main:${number}`, agent: agentOf('main') };
          if (kind === 'ask')
            asked.push(
              sandboxes
                .forSession(user)
                .sandbox()
                .catch(() => {}),
            );
          if (kind === 'use')
            asked.push(
              sandboxes
                .forSession(user)
                .sandbox()
                .then((sandbox) => sandbox.writeFile('x', new Uint8Array(1)))
                .catch(() => {}),
            );
          if (kind === 'end') asked.push(sandboxes.end(user));
          if (kind === 'fail') failNext(new AppError('unavailable', 'Not now.'));
          if (kind === 'turn') await new Promise((resolve) => setTimeout(resolve, number));
          assert.ok(alive() <= most);
        }
        await sandboxes.close();
        await Promise.all(asked);
        assert.equal(alive(), 0);
      }),
      { numRuns: 30 },
    );
  });
});

describe('session sandboxes: background commands', () => {
  test('they are the sandbox’s own, end with it, and their ids are not used again', async () => {
    const { sandboxes } = makeBed();
    const user = { sessionKey: 'agent:main:a', agent: agentOf('main') };
    const { sandbox, processes } = sandboxes.forSession(user);
    assert.deepEqual(processes.list(), []);
    const add = async (): Promise<string> => {
      const process = await (await sandbox()).start({ command: { shell: 'sleep 600' }, timeoutMs: 600_000, maxOutputBytes: 10 });
      const output = { text: () => '', since: () => ({ text: '', position: 0 }), bytesSeen: () => 0 };
      return processes.add({ command: 'sleep', startedAtMs: 0, process, output }).id;
    };
    const first = await add();
    assert.equal(sandboxes.forSession(user).processes.get(first)?.command, 'sleep');
    assert.equal(sandboxes.forSession({ ...user, sessionKey: 'agent:main:b' }).processes.get(first), undefined);
    const result = processes.get(first)?.process.result;
    await sandboxes.end(user);
    await assert.rejects(result as Promise<ExecResult>, gone);
    assert.equal(processes.get(first), undefined);
    assert.notEqual(await add(), first);
    processes.remove('nothing');
  });
});
