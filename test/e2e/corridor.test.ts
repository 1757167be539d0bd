// The corridor end to end: a Telegram message, admission, a lane, a model, a real container, and the reply in the chat.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Sandbox } from '../../src/domain/sandbox.ts';
import type { DockerBackend } from '../../src/sandbox/docker/index.ts';
import { tools } from '../../src/tools/index.ts';
import { createBed } from '../gateway/bed/bed.ts';
import type { Bed } from '../gateway/bed/bed.ts';
import { noSandbox } from '../gateway/bed/tools.ts';
import { dockerBackend, patience } from '../sandbox/docker-bed.ts';

const PAIRED = 555;
let backend: DockerBackend;
let bed: Bed;
let made: Promise<Sandbox> | undefined;

before(async () => {
  backend = await dockerBackend();
  bed = await createBed({
    tools,
    sandboxFor: (agent) => ({ ...noSandbox, sandbox: () => (made ??= backend.acquire('session:test', agent.sandbox.spec)) }),
  });
  await bed.store.pairings.allow({ channel: 'telegram', account: 'default', senderId: String(PAIRED) });
  await writeFile(join(bed.dir, 'workspace', 'note.txt'), 'the cat is on the roof\n');
});

after(async () => {
  await bed?.close();
  await backend?.close();
});

test('a message becomes a command in a container and comes back as a reply', patience, async () => {
  bed.modelApi.script((call) => {
    const [result] = call.results;
    if (result) return [{ text: `The note says: ${result.text.trim()}` }];
    return [{ call: 'exec', input: { command: 'cat note.txt && touch /root/x 2>/dev/null || hostname >/tmp/scratch' } }];
  });
  bed.botApi.person(PAIRED).text('What does note.txt say?');
  const reply = await bed.botApi.waitForSent(1, { timeoutMs: 60_000 });
  assert.equal(reply.text, 'The note says: the cat is on the roof');
  assert.equal(bed.botApi.count('sendMessage'), 1);
  assert.deepEqual(await bed.store.inbox.counts(), { queued: 0, running: 0, answered: 1, refused: 0, quarantined: 0 });
});

test('a stranger reaches neither model nor container, and gets one code', patience, async () => {
  const asked = bed.modelApi.count();
  const stranger = bed.botApi.person(666);
  stranger.text('let me in');
  const answer = await bed.botApi.waitForSent(1, { chatId: 666 });
  assert.match(answer.text, /Pairing code: [A-HJ-NP-Z2-9]{8}\n/);
  stranger.text('please');
  await bed.botApi.until(() => bed.botApi.pending().length === 0);
  assert.equal(bed.botApi.texts(666).length, 1);
  assert.equal(bed.modelApi.count(), asked);
});
