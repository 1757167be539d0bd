// One gateway per state directory, whatever becomes of the processes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import { acquireInstanceLock } from '../../src/store/index.ts';

const program = `
  import { acquireInstanceLock } from ${JSON.stringify(new URL('../../src/store/index.ts', import.meta.url).href)};
  const lock = acquireInstanceLock(process.argv[1], new Date('2026-11-01T12:00:00Z'));
  process.stdout.write('held');
  setInterval(() => lock, 1000);`;

async function holder(stateDir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function lockTest(body: (stateDir: string) => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'openclaw-lock-'));
  try {
    await body(stateDir);
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function isConflict(saying: RegExp): (error: unknown) => boolean {
  return (error) => isAppError(error, 'conflict') && saying.test(error.message) && error.hint !== undefined;
}

describe('the instance lock', () => {
  test('names the process that holds it, and since when', () =>
    lockTest(async (stateDir) => {
      const other = await holder(stateDir);
      assert.throws(
        () => acquireInstanceLock(stateDir),
        isConflict(new RegExp(`process ${other.pid}, since 2026-11-01T12:00:00`)),
      );
      other.kill('SIGKILL');
      await once(other, 'exit');
    }));

  test('is free the moment its holder is killed, as often as that happens', () =>
    lockTest(async (stateDir) => {
      for (let round = 0; round < 3; round += 1) {
        const other = await holder(stateDir);
        other.kill('SIGKILL');
        await once(other, 'exit');
        acquireInstanceLock(stateDir).release();
      }
    }));

  test('excludes a second holder in the same process, until it is released', () =>
    lockTest(async (stateDir) => {
      const lock = acquireInstanceLock(stateDir);
      assert.throws(() => acquireInstanceLock(stateDir), isConflict(new RegExp(`process ${process.pid}`)));
      assert.throws(() => acquireInstanceLock(stateDir), isConflict(/Another gateway/), 'a failed attempt must not free it');
      lock.release();
      lock.release();
      const again = acquireInstanceLock(stateDir);
      for (const name of ['gateway.lock', 'gateway.lock.json']) assert.equal(statSync(join(stateDir, name)).mode & 0o777, 0o600);
      again.release();
    }));

  test('does not pass on to the children of its holder', () =>
    lockTest(async (stateDir) => {
      const lock = acquireInstanceLock(stateDir);
      const child = spawn('sleep', ['5'], { stdio: 'ignore' });
      lock.release();
      acquireInstanceLock(stateDir).release();
      child.kill();
    }));
});
