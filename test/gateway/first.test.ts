import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBed } from './bed/bed.ts';
import { toolOf } from './bed/tools.ts';

test('a paired person writes, the model calls a tool, the answer comes', async () => {
  const ran: unknown[] = [];
  const echo = toolOf('echo', 'write', async (input) => {
    ran.push(input);
    return `echoed ${String(input['word'])}`;
  });
  const bed = await createBed({ tools: [echo] });
  try {
    await bed.store.pairings.allow({ channel: 'telegram', account: 'default', senderId: '555' });
    bed.modelApi.answerNext([{ call: 'echo', input: { word: 'hi' } }], [{ text: 'It said: echoed hi' }]);
    bed.botApi.person(555, { username: 'al' }).text('say hi');
    const sent = await bed.botApi.waitForSent(1);
    assert.equal(sent.text, 'It said: echoed hi');
    assert.deepEqual(ran, [{ word: 'hi' }]);
  } finally {
    await bed.close();
  }
});
