/** `status` and `health` as typed, without a gateway and with one that runs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

test('status and health say whether a gateway runs', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-operate-'));
  mkdirSync(join(home, '.openclaw'), { mode: 0o700 });
  writeFileSync(join(home, '.openclaw', 'openclaw.json'), '{"gateway": {"port": 18997}}', { mode: 0o600 });
  const env = { HOME: home, PATH: process.env.PATH, NO_COLOR: '1' };
  const openclaw = (...args: string[]): { code: number | null; out: string } => {
    const run = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { encoding: 'utf8', env });
    return { code: run.status, out: run.stdout + run.stderr };
  };
  t.after(() => {
    openclaw('gateway', 'stop');
    rmSync(home, { recursive: true, force: true });
  });

  const down = openclaw('health');
  assert.deepEqual(down, { code: 1, out: 'Gateway: no gateway answers. Start it: openclaw gateway start\n' });
  const status = openclaw('status');
  assert.equal(status.code, 0, status.out);
  assert.match(status.out, /Gateway +not running: openclaw gateway start\n/);
  assert.match(status.out, /Security +0 critical · 0 warn · \d info\n/);

  const started = openclaw('gateway', 'start');
  assert.equal(started.code, 0, started.out);
  assert.deepEqual(openclaw('health'), { code: 0, out: 'Gateway: running\n' });
  const health = JSON.parse(openclaw('health', '--json').out);
  assert.equal(health.ok, true);
  for (const key of ['ts', 'durationMs', 'channels', 'channelOrder', 'defaultAgentId', 'agents']) assert.ok(key in health, key);
  const { gateway, securityAudit } = JSON.parse(openclaw('status', '--json').out);
  assert.equal(gateway.running, true);
  assert.equal(securityAudit.summary.critical, 0);

  const deep = JSON.parse(openclaw('security', 'audit', '--deep', '--json').out);
  assert.equal(deep.deep.gateway.ok, true);
  assert.deepEqual([deep.summary.critical, deep.summary.warn], [0, 0], JSON.stringify(deep.findings));
  const unseen = deep.unobserved.filter(({ checkId }: { checkId: string }) => checkId.startsWith('gateway.'));
  assert.deepEqual(unseen, [], 'the running port was really asked, and refused');
});

test('channels remove leaves no token of any account behind', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-operate-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const openclaw = (input: string, ...args: string[]): number | null =>
    spawnSync(process.execPath, [main, ...args], { input, env: { HOME: home, PATH: process.env.PATH } }).status;
  const channel = ['--channel', 'telegram'];
  assert.equal(openclaw('1:one', 'channels', 'add', ...channel, '--token-stdin'), 0);
  assert.equal(openclaw('2:two', 'channels', 'add', ...channel, '--account', 'work', '--token-stdin'), 0);
  const credentials = join(home, '.openclaw', 'credentials');
  assert.deepEqual(readdirSync(credentials).toSorted(), ['telegram-work.token', 'telegram.token']);
  assert.equal(openclaw('', 'channels', 'remove', ...channel), 0);
  assert.deepEqual(readdirSync(credentials), []);
});
