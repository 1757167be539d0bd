// A disk that is really full, in the middle of everything: nothing is lost, nothing is done twice, and it goes on by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createBed, createSurroundings } from './bed/bed.ts';
import { toolOf } from './bed/tools.ts';

function mountable(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = mountable() ? false : 'mounting a tmpfs needs root';

describe('a full disk', { skip }, () => {
  const mount = mkdtempSync(join(tmpdir(), 'openclaw-full-'));
  const filler = join(mount, 'filler');
  before(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount]));
  after(() => {
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  });

  function fill(): void {
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail) * bsize));
  }
  const free = (): void => rmSync(filler, { force: true });

  test('a turn whose step could not be kept goes on once there is room, without doing a change twice', async () => {
    const ran: string[] = [];
    const change = toolOf('change', 'write', async () => {
      ran.push('change');
      fill();
      // More than the pages that the journal has left.
      return 'x'.repeat(300_000);
    });
    const bed = await createBed({
      admission: { dmPolicy: 'open', allowFrom: ['*'] },
      surroundings: await createSurroundings(mount),
      tools: [change],
    });
    try {
      bed.modelApi.script((call) => {
        const [result] = call.results;
        if (call.lastUserText.endsWith('hello')) return [{ text: 'Hello.' }];
        if (!result) return [{ call: 'change' }];
        return [{ text: result.text.startsWith('Interrupted') ? 'It may have happened.' : 'It happened.' }];
      });
      bed.botApi.person(1).text('go');
      while (ran.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      // Long enough for it to have tried again on the full disk.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.equal(bed.botApi.sentCount(), 0);
      bed.botApi.person(2).text('hello');
      free();
      assert.equal((await bed.botApi.waitForSent(1, { chatId: 1, timeoutMs: 20_000 })).text, 'It may have happened.');
      await bed.botApi.waitForSent(1, { chatId: 2, timeoutMs: 20_000 });
      assert.deepEqual(ran, ['change']);
      assert.equal((await bed.store.inbox.counts()).answered, 2);
      assert.ok(bed.modelApi.count() <= 5, 'the model was asked in vain');
    } finally {
      free();
      await bed.close();
    }
  });
});
