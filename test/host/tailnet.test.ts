/** Tailscale, by what its real command line prints as JSON. Its cloud cannot be reached here: a stand-in on the machine in memory speaks for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from '../../src/host/engine/machine.ts';
import { tailscale } from '../../src/host/layers/tailscale.ts';
import { runJob } from '../../src/host/jobs/run.ts';
import { tailnetState } from '../../src/host/tailnet/cli.ts';
import { tailnetPolicy } from '../../src/host/tailnet/policy.ts';
import { bareDebian, inputFor } from './fake/host.ts';

function withTailscale(answers: Record<string, string>): Machine & { ran: string[] } {
  const machine = bareDebian();
  const ran: string[] = [];
  const run: Machine['run'] = (file, args, options) => {
    if (file !== 'tailscale') return machine.run(file, args, options);
    ran.push(args.join(' '));
    return Promise.resolve({ code: 0, stdout: answers[args.join(' ')] ?? '', stderr: '' });
  };
  return { ...machine, run, ran };
}

const up = {
  'status --json': '{"BackendState":"Running","Self":{"TailscaleIPs":["100.99.0.1"],"Tags":["tag:openclaw-server"]}}',
  'debug prefs': '{"RunSSH":true}',
  'serve status --json': '{}',
};

const states = async (machine: Machine): Promise<string[]> => {
  const checks = tailscale.checks(await inputFor(machine, '/'));
  return Promise.all(checks.map(async (check) => (await check.observe(AbortSignal.timeout(1_000))).state));
};

test('absent: not observable, and no change is planned for it', async () => {
  const machine = bareDebian();
  assert.deepEqual(await states(machine), ['unobserved', 'unobserved', 'unobserved']);
  const changes = await Promise.all((await tailscale.resources(await inputFor(machine, '/'))).map((one) => one.inspect(machine)));
  assert.deepEqual(
    changes.map((change) => change !== undefined),
    [true, false, false],
  );
});

test('up, SSH on, nothing published: all hold', async () => {
  assert.deepEqual(await states(withTailscale(up)), ['holds', 'holds', 'holds']);
});

for (const [name, serve] of [
  ['in the background', '{"AllowFunnel":{"host.ts.net:443":true}}'],
  ['in the foreground', '{"Foreground":{"x":{"AllowFunnel":{"host.ts.net:443":true}}}}'],
] as const) {
  test(`Funnel ${name} is a finding, for the daily job too, and is reset`, async () => {
    const machine = withTailscale({ ...up, 'serve status --json': serve });
    assert.deepEqual(await states(machine), ['holds', 'holds', 'finding']);
    assert.equal((await runJob('funnel', await inputFor(machine, '/'))).ok, false);
    const resources = await tailscale.resources(await inputFor(machine, '/'));
    await (await resources[2]?.inspect(machine))?.apply();
    assert.ok(machine.ran.includes('funnel reset'));
  });
}

test('a Funnel entry that is off, and text instead of JSON', async () => {
  assert.deepEqual(
    (await tailnetState(withTailscale({ ...up, 'serve status --json': '{"AllowFunnel":{"h:443":false}}' }))).funnel,
    [],
  );
  assert.equal((await tailnetState(withTailscale({ ...up, 'serve status --json': 'Funnel on' }))).funnel, undefined);
});

test('the policy names the tag everywhere and carries its own tests', () => {
  const policy = tailnetPolicy('tag:x', 'al');
  assert.deepEqual(policy.grants[0]?.dst, ['tag:x']);
  assert.deepEqual(policy.ssh[0]?.users, ['autogroup:nonroot']);
  assert.deepEqual(policy.sshTests[0]?.deny, ['root']);
  assert.ok(policy.tests.some(({ deny }) => deny?.length));
});
