/** A gateway in the background: started, found, stopped; real processes run from the sources. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const home = mkdtempSync(join(tmpdir(), 'openclaw-daemon-'));
const env = { HOME: home, PATH: process.env.PATH, OPENCLAW_STATE_DIR: home, OPENCLAW_GATEWAY_PORT: String(await freePort()) };
after(() => {
  openclaw('gateway', 'stop');
  rmSync(home, { recursive: true, force: true });
});

function openclaw(...args: string[]): { code: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { encoding: 'utf8', env });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

test('start returns when the gateway answers; a second one says that it runs; stop ends it', () => {
  const started = openclaw('gateway', 'start', '--json');
  assert.equal(started.code, 0, started.err);
  const { pid } = JSON.parse(started.out);
  assert.equal(openclaw('gateway', 'status', '--json').code, 0, 'the generated token is found by the command line');
  assert.equal(openclaw('gateway', 'start').out, `A gateway runs already, process ${pid}.\n`);
  const second = openclaw('gateway', 'run');
  assert.equal(second.code, 75);
  assert.match(second.err, new RegExp(`Another gateway runs on .*: process ${pid}, since`));
  assert.equal(openclaw('gateway', 'stop').out, 'Stopped.\n');
  assert.equal(openclaw('gateway', 'stop').out, 'No gateway runs on this state directory.\n');
  assert.equal(openclaw('gateway', 'status').code, 1);
});

test('a gateway that cannot start says why', () => {
  writeFileSync(join(home, 'openclaw.json'), '{ gateway: { prt: 1 } }', { mode: 0o600 });
  const { code, err } = openclaw('gateway', 'start');
  rmSync(join(home, 'openclaw.json'));
  assert.equal(code, 1);
  assert.match(err, /Did you mean gateway\.port\?/);
});
