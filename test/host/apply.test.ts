/** Apply, rollback and remove over the real layers, on a machine in memory that can fail or die at any operation. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { apply, plan } from '../../src/host/engine/apply.ts';
import { hostStateFolder, journalFolder } from '../../src/host/engine/journal.ts';
import { rollback } from '../../src/host/engine/rollback.ts';
import { layers } from '../../src/host/layers/index.ts';
import type { Profile } from '../../src/host/engine/layer.ts';
import { bareDebian, inputFor, smallRelease } from './fake/host.ts';
import { Killed, type FakeMachine, type Fault } from './fake/machine.ts';

const release = smallRelease();
after(() => rmSync(release, { recursive: true, force: true }));

let runs = 0;
async function applyAll(machine: FakeMachine, profile: Profile = 'hardened'): Promise<number> {
  runs += 1;
  const id = `2026-01-01T00-00-${String(runs).padStart(6, '0')}`;
  return apply(layers, await inputFor(machine, release, { profile }), { id, onChange: () => {} });
}

for (const profile of ['hardened', 'reference'] as const) {
  test(`${profile}: a bare host converges, and the second apply writes nothing`, async () => {
    const machine = bareDebian();
    assert.ok((await applyAll(machine, profile)) > 40);
    machine.arm(undefined);
    assert.equal(await applyAll(machine, profile), 0);
    assert.deepEqual(machine.log, []);
    assert.deepEqual(await plan(layers, await inputFor(machine, release, { profile })), []);
  });

  test(`${profile}: rollback gives back every file with its bytes, owner and mode`, async () => {
    const machine = bareDebian();
    const before = machine.snapshot();
    await applyAll(machine, profile);
    await rollback(machine, { all: false });
    const restored = machine.snapshot();
    for (const [path, state] of Object.entries(before).filter(
      ([name]) => name.startsWith('/') && name !== '/var/lib/dpkg/status',
    )) {
      assert.equal(restored[path], state, path);
    }
    const left = Object.keys(restored).filter(
      (name) => name.startsWith('/') && !(name in before) && !name.startsWith(hostStateFolder),
    );
    assert.deepEqual(left, []);
  });
}

test('plan changes nothing', async () => {
  const machine = bareDebian();
  assert.ok((await plan(layers, await inputFor(machine, release))).length > 40);
  assert.deepEqual(machine.log, []);
});

test('the firewall stands before anything listens', async () => {
  const machine = bareDebian();
  await applyAll(machine);
  const at = (pattern: RegExp): number => machine.log.findIndex((line) => pattern.test(line));
  assert.ok(at(/ufw --force enable/) >= 0);
  assert.ok(at(/ufw --force enable/) < at(/systemctl start openclaw\.service/));
  assert.ok(at(/systemctl start openclaw-firewall/) < at(/systemctl start openclaw\.service/));
});

test('the token is equal in both places and in no command, diff or journal', async () => {
  const machine = bareDebian();
  const shown = JSON.stringify(await plan(layers, await inputFor(machine, release)));
  await applyAll(machine);
  const config = JSON.parse((await machine.read('/etc/openclaw/openclaw.json'))?.toString('utf8') ?? '') as {
    gateway: { auth: { token: string }; remote: { token: string } };
  };
  const { token } = config.gateway.auth;
  assert.match(token, /^[0-9a-f]{48}$/);
  assert.equal(config.gateway.remote.token, token);
  assert.ok(!shown.includes(token));
  assert.ok(!machine.commands.some((line) => line.includes(token)));
  for (const name of await machine.list(journalFolder)) {
    assert.ok(!(await machine.read(`${journalFolder}/${name}`))?.toString('utf8').includes(token));
  }
});

test('killed before or after, or failed at, every single operation: a rerun ends in the same state', async () => {
  const whole = bareDebian();
  await applyAll(whole);
  const wanted = whole.snapshot();
  const count = whole.log.length;
  assert.ok(count > 150, `${count} operations`);
  for (const kind of ['before', 'after', 'fail'] as const) {
    for (let at = 1; at <= count; at += 1) await converges({ at, kind }, wanted);
  }
});

async function converges(fault: Fault, wanted: Record<string, string>): Promise<void> {
  const machine = bareDebian();
  machine.arm(fault);
  const stopped = await applyAll(machine).then(
    () => undefined,
    (error: unknown) => error,
  );
  const where = `${fault.kind} ${fault.at}: ${machine.log.at(fault.at - 1)}`;
  if (fault.kind !== 'fail') assert.ok(stopped instanceof Killed, where);
  assertClosed(machine, where);
  machine.arm(undefined);
  await applyAll(machine).catch((error: unknown) => assert.fail(`${where}: ${String(error)}`));
  const got = machine.snapshot();
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)]))
    assert.equal(got[name], wanted[name], `${where}: ${name}`);
  machine.arm(undefined);
  assert.equal(await applyAll(machine), 0, `${where}: a third apply changes nothing`);
}

/** Whenever it stops: the gateway runs only behind the firewall. */
function assertClosed(machine: FakeMachine, where: string): void {
  if (!machine.world.units.get('openclaw.service')?.active) return;
  assert.ok(machine.world.chains.v4.includes('-P INPUT DROP'), where);
  assert.ok(
    machine.world.chains.docker4.some((line) => line.endsWith('-j DROP')),
    where,
  );
}

test('an apply that was killed and the one that finished it are undone together', async () => {
  const machine = bareDebian();
  const before = machine.snapshot();
  machine.arm({ at: 60, kind: 'after' });
  await assert.rejects(applyAll(machine), Killed);
  machine.arm(undefined);
  await applyAll(machine);
  assert.equal((await machine.list(journalFolder)).length, 1);
  await rollback(machine, { all: false });
  const restored = machine.snapshot();
  for (const path of ['/etc/default/ufw', '/etc/ufw/user.rules', '/etc/passwd', '/etc/group'])
    assert.equal(restored[path], before[path], path);
});

test('remove takes back several applies', async () => {
  const machine = bareDebian();
  const before = machine.snapshot();
  await applyAll(machine, 'reference');
  await applyAll(machine, 'hardened');
  const problems = (await rollback(machine, { all: true })).filter(({ problem }) => problem);
  assert.deepEqual(
    problems.filter(({ summary }) => !summary.includes('/opt/openclaw')).map(({ summary, problem }) => `${summary}: ${problem}`),
    [],
  );
  const restored = machine.snapshot();
  for (const path of Object.keys(before).filter((name) => name.startsWith('/etc')))
    assert.equal(restored[path], before[path], path);
});
