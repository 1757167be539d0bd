/** `doctor` and `security audit` as typed: the real program on an installation of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openStore } from '../../src/store/index.ts';
import { quickCheck } from '../../src/store/quick-check.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import { documentConfig } from './place.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const flags = ['--disable-warning=ExperimentalWarning', main];

interface Installation {
  home: string;
  config: string;
  openclaw(...args: string[]): { code: number | null; out: string; err: string };
}

/** The document's configuration with a model that exists; its key comes from the environment. */
function install(test: TestContext): Installation {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-doctor-'));
  test.after(() => rmSync(home, { recursive: true, force: true }));
  const config = join(home, '.openclaw', 'openclaw.json');
  mkdirSync(join(home, '.openclaw'), { mode: 0o700 });
  const text = documentConfig.replace('provider/model', 'anthropic/claude-sonnet-4-5').replace('"port": 18789', '"port": 18999');
  writeFileSync(config, text, { mode: 0o600 });
  const env = { HOME: home, PATH: process.env.PATH, ANTHROPIC_API_KEY: 'sk-ant-not-a-key-000000', NO_COLOR: '1' };
  return {
    home,
    config,
    openclaw(...args) {
      const run = spawnSync(process.execPath, [...flags, ...args], { encoding: 'utf8', env });
      return { code: run.status, out: run.stdout, err: run.stderr };
    },
  };
}

test('the document’s configuration ends at 0 critical, 0 warn, and doctor exits 0', (t) => {
  const { openclaw } = install(t);
  const audit = openclaw('security', 'audit', '--json');
  assert.equal(audit.code, 0, audit.out + audit.err);
  const { summary, findings } = JSON.parse(audit.out);
  assert.deepEqual([summary.critical, summary.warn], [0, 0]);
  const hostRows = findings.filter(({ checkId }: { checkId: string }) => checkId.startsWith('host.'));
  assert.ok(hostRows.length <= 1, 'what only the host gives is one remark');
  const doctor = openclaw('doctor');
  assert.equal(doctor.code, 0, doctor.out + doctor.err);
  assert.match(doctor.out, /\nHealthy\.\n/);
});

test('an audit shows no secret, and the shape that people know', (t) => {
  const { openclaw } = install(t);
  for (const args of [
    ['security', 'audit'],
    ['security', 'audit', '--json'],
    ['doctor', '--json'],
  ]) {
    const { out, err } = openclaw(...args);
    assert.doesNotMatch(out + err, /AAEhBOweik6ad6|0f1e2d3c4b5a69788796/);
  }
  const { out } = openclaw('security', 'audit', '--deep', '--json');
  const report = JSON.parse(out);
  assert.deepEqual(Object.keys(report), ['ts', 'summary', 'findings', 'unobserved', 'deep']);
  assert.deepEqual(Object.keys(report.deep.gateway), ['attempted', 'url', 'ok', 'error', 'close']);
  const [first] = report.findings;
  for (const key of ['checkId', 'severity', 'title', 'detail', 'remediation']) assert.equal(typeof first[key], 'string', key);
});

test('a file that everybody may write and that asks for too much is mended in one go', (t) => {
  const { openclaw, config, home } = install(t);
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace('"enabled": false}', '"enabled": true}').replace('"bind": "loopback"', '"bind": "lan"'),
  );
  chmodSync(config, 0o666);
  chmodSync(join(home, '.openclaw'), 0o755);
  const before = openclaw('security', 'audit');
  assert.equal(before.code, 1);
  assert.match(before.out, /CRITICAL fs\.config\.perms_writable/);
  const fixed = openclaw('security', 'audit', '--fix', '--json');
  assert.equal(fixed.code, 0, fixed.out + fixed.err);
  const { fix, report } = JSON.parse(fixed.out);
  assert.deepEqual([fix.ok, fix.configWritten, fix.errors], [true, true, []]);
  assert.deepEqual([report.summary.critical, report.summary.warn], [0, 0]);
  assert.equal(statSync(config).mode & 0o777, 0o600);
  assert.equal(statSync(join(home, '.openclaw')).mode & 0o777, 0o700);
  assert.match(readFileSync(config, 'utf8'), /"bind": "loopback"/);
});

test('off a terminal what does more than take rights away waits for --yes', (t) => {
  const { openclaw, config } = install(t);
  const short = readFileSync(config, 'utf8').replace(/"token": "[0-9a-f]{48}"/g, '"token": "short-token"');
  writeFileSync(config, short);
  const listed = openclaw('security', 'audit', '--fix');
  assert.equal(listed.code, 1);
  assert.match(listed.err, /gateway\.token_too_short: .*\(needs a yes\)/);
  assert.equal(readFileSync(config, 'utf8'), short);
  assert.equal(openclaw('security', 'audit', '--fix', '--yes').code, 0);
  const [auth, remote] = [...readFileSync(config, 'utf8').matchAll(/"token": "([0-9a-f]{48})"/g)].map(([, token]) => token);
  assert.ok(auth && auth === remote, 'both are the same new token');
});

test('doctor reports also where the configuration is a link, is no JSON5, or has problems', (t) => {
  const { openclaw, config, home } = install(t);
  renameSync(config, join(home, 'elsewhere.json'));
  symlinkSync(join(home, 'elsewhere.json'), config);
  const linked = openclaw('doctor');
  assert.equal(linked.code, 1);
  assert.match(linked.out, /WARN fs\.config\.symlink/);
  rmSync(config);
  writeFileSync(config, '{"gateway": {"prot": 1, "auth": 5}}', { mode: 0o600 });
  const wrong = openclaw('doctor');
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /gateway\.prot .*Did you mean gateway\.port\?/);
  assert.match(wrong.out, /gateway\.auth /);
  writeFileSync(config, '{"gateway": ');
  for (const command of [['doctor'], ['security', 'audit']]) {
    const broken = openclaw(...command);
    assert.equal(broken.code, 1);
    assert.match(broken.out, /CRITICAL config\.valid/);
    assert.doesNotMatch(broken.out + broken.err, /\n\s+at /, 'a stack trace');
  }
  assert.equal(openclaw('doctor', '--fox').code, 2);
});

test('--deep finds a port that answers without a token', async (t) => {
  const { home, config } = install(t);
  const server = createServer((_, response) => response.end('{"ok":true}')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  writeFileSync(config, readFileSync(config, 'utf8').replace('18999', String(port)));
  const child = spawn(process.execPath, [...flags, 'security', 'audit', '--deep'], {
    env: { HOME: home, PATH: process.env.PATH },
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  for (const id of ['answers_without_token', 'answers_foreign_host', 'answers_foreign_origin']) {
    assert.match(out, new RegExp(`CRITICAL gateway\\.${id}`));
  }
});

test('a quick look at the database changes nothing and sees damage', async (t) => {
  const { home } = install(t);
  const path = join(home, 'one.sqlite');
  assert.equal(quickCheck(path), undefined);
  await (await openStore({ path, clock: systemClock, log: silentLog })).close();
  assert.deepEqual(quickCheck(path), []);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x5a, 4096, bytes.length));
  assert.notDeepEqual(quickCheck(path), []);
});
