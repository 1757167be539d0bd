// The storm in small: the built program, killed a few times under load, and by a message that kills. `npm run chaos` does more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPoison } from './poison.ts';
import { runStorm } from './storm.ts';

const patience = { timeout: 180_000 };

test('nothing is lost, repeated or out of order when the program is killed', patience, async () => {
  const { violations } = await runStorm({ kills: 4, seed: 7, talkers: 5, workers: 2, sandbox: 'embedded', queue: 'followup' });
  assert.deepEqual(violations, []);
});

test('a message that kills is set aside after two deaths, and its sender goes on', patience, async () => {
  const { violations } = await runPoison({ seed: 7, innocents: 0, sandbox: 'embedded', queue: 'followup' });
  assert.deepEqual(violations, []);
});
