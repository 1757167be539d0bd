// The public gateway client from npm, unchanged: it connects, streams a chat, lists sessions, receives events, stops a run.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { OpenClawClient } from 'openclaw-node';
import { toolOf } from '../gateway/bed/tools.ts';
import { createControlBed, type ControlBed } from './bed/bed.ts';

let bed: ControlBed;
let client: OpenClawClient;
before(async () => {
  bed = await createControlBed({ tools: [toolOf('look', 'read', async () => 'a cat')] });
  client = clientWith(bed.token.reveal());
  await client.connect();
});
after(async () => {
  await client.disconnect();
  await bed.close();
});
beforeEach(() => bed.modelApi.script());

function clientWith(token: string): OpenClawClient {
  const deviceIdentityPath = join(bed.dir, 'device.json');
  const made = new OpenClawClient({ url: `ws://127.0.0.1:${bed.control.port}`, token, autoReconnect: false, deviceIdentityPath });
  made.on('error', () => {});
  return made;
}

test('it connects and knows the methods', async () => {
  assert.ok(client.isConnected);
  for (const name of [
    'health',
    'status',
    'sessions.list',
    'chat.send',
    'chat.history',
    'chat.abort',
    'agent',
    'agent.wait',
    'models.list',
  ])
    assert.ok(client.hasMethod(name), name);
  assert.equal(((await client.health()) as { ok: boolean }).ok, true);
});

test('it streams a chat over a tool call, in the main session', async () => {
  bed.modelApi.answerNext([{ text: 'Let me look.' }, { call: 'look', input: {} }], [{ text: 'There is a cat here.' }]);
  const kinds = new Set<string>();
  let said = '';
  for await (const chunk of client.chat('what is there?', { sessionKey: 'main' })) {
    kinds.add(chunk.type);
    if (chunk.type === 'text') said += chunk.text;
  }
  assert.equal(said, 'Let me look.\n\nThere is a cat here.');
  for (const kind of ['agent_start', 'tool_use', 'tool_result', 'text', 'agent_end', 'done']) assert.ok(kinds.has(kind), kind);
  const { sessions } = (await client.sessions.list()) as unknown as { sessions: { key: string }[] };
  assert.deepEqual(
    sessions.map(({ key }) => key),
    ['agent:main:main'],
  );
});

test('it reads the history under both names', async () => {
  for (const key of ['main', 'agent:main:main']) {
    const { messages } = (await client.sessions.history(key)) as unknown as {
      messages: { role: string; content: { text?: string }[] }[];
    };
    assert.equal(messages[0]?.role, 'user');
    assert.equal(messages[0]?.content[0]?.text, 'what is there?');
    assert.equal(messages.at(-1)?.content[0]?.text, 'There is a cat here.');
  }
});

test('it receives the events of what another client began, and can wait for it', async () => {
  const other = clientWith(bed.token.reveal());
  await other.connect();
  const states: string[] = [];
  const { promise: final, resolve } = Promise.withResolvers<string>();
  other.on('event', ({ event, payload }: { event: string; payload: { state?: string; runId: string } }) => {
    if (event !== 'chat') return;
    states.push(payload.state ?? '');
    if (payload.state === 'final') resolve(payload.runId);
  });
  bed.modelApi.answerNext([{ text: 'A few words for everybody who listens.' }]);
  const sent = (await client.sessions.send('main', 'tell us')) as unknown as { runId: string; status: string };
  assert.equal(sent.status, 'started');
  assert.equal(await final, sent.runId);
  assert.ok(states.includes('delta'));
  assert.equal(((await client.agentWait(sent.runId)) as unknown as { status: string }).status, 'ok');
  await other.disconnect();
});

test('it stops a run', async () => {
  bed.modelApi.script(() => [{ text: 'It begins, and ' }, { waitMs: 60_000 }, { text: 'never ends' }]);
  const asked = bed.modelApi.count();
  const { runId } = (await client.sessions.send('main', 'work')) as unknown as { runId: string };
  await bed.modelApi.until(() => bed.modelApi.count() > asked);
  assert.equal(((await client.agentWait(runId, { timeoutMs: 1 })) as unknown as { status: string }).status, 'timeout');
  const { aborted, runIds } = (await client.chatAbort('main', runId)) as unknown as { aborted: boolean; runIds: string[] };
  assert.deepEqual([aborted, runIds], [true, [runId]]);
  const { stopReason } = (await client.agentWait(runId)) as unknown as { stopReason: string };
  assert.equal(stopReason, 'aborted');
});

test('it lists models and agents', async () => {
  const { payload } = await client.request('models.list');
  assert.deepEqual(
    (payload as { models: { id: string }[] }).models.map(({ id }) => id),
    ['peer/m1', 'peer/m2'],
  );
  assert.equal(((await client.agents.list()) as unknown as { defaultId: string }).defaultId, 'main');
});

test('a wrong token does not connect', async () => {
  await assert.rejects(clientWith('wrong').connect());
});
