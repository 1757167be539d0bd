// The storm in small: the built program, killed a few times under load. `npm run chaos` does more, also with a message that kills.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runStorm } from './storm.ts';

const patience = { timeout: 180_000 };

test('nothing is lost, repeated or out of order when the program is killed', patience, async () => {
  const { violations } = await runStorm({ kills: 4, seed: 7, talkers: 5, workers: 2, sandbox: 'embedded', queue: 'followup' });
  assert.deepEqual(violations, []);
});
