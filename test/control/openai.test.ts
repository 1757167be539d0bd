// The official OpenAI client, unchanged, talks to an agent: whole, streamed, in one conversation and in many.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { createControlBed, type ControlBed } from './bed/bed.ts';
import { toolOf } from '../gateway/bed/tools.ts';

let bed: ControlBed;
let client: OpenAI;
before(async () => {
  bed = await createControlBed({ tools: [toolOf('look', 'read', async () => 'a cat')] });
  client = clientWith(bed.token.reveal());
});
after(() => bed.close());
beforeEach(() => bed.modelApi.script());

function clientWith(apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `http://127.0.0.1:${bed.control.port}/v1`, maxRetries: 0 });
}

const asks = (content: string) => [{ role: 'user' as const, content }];

test('the agents are the models', async () => {
  const names = [];
  for await (const { id } of client.models.list()) names.push(id);
  assert.deepEqual(names, ['openclaw', 'openclaw:main']);
});

test('a whole answer, with its usage', async () => {
  bed.modelApi.answerNext([{ text: 'Good morning.' }]);
  const answer = await client.chat.completions.create({ model: 'openclaw:main', messages: asks('hello') });
  assert.equal(answer.choices[0]?.message.content, 'Good morning.');
  assert.equal(answer.choices[0]?.finish_reason, 'stop');
  assert.ok((answer.usage?.prompt_tokens ?? 0) > 0);
  assert.ok((answer.usage?.completion_tokens ?? 0) > 0);
});

test('a streamed answer over a tool call is the same as what is kept', async () => {
  bed.modelApi.answerNext([{ text: 'Let me look.' }, { call: 'look', input: {} }], [{ text: 'There is a cat here.' }]);
  const stream = await client.chat.completions.create({
    model: 'openclaw',
    messages: asks('what is there?'),
    stream: true,
    stream_options: { include_usage: true },
  });
  const pieces: string[] = [];
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of stream) {
    pieces.push(chunk.choices[0]?.delta.content ?? '');
    usage = chunk.usage ?? usage;
  }
  assert.equal(pieces.join(''), 'Let me look.\n\nThere is a cat here.');
  assert.ok(pieces.filter((piece) => piece !== '').length > 1);
  assert.ok((usage?.total_tokens ?? 0) > 0);
});

test('the same user comes back to the same conversation, others do not', async () => {
  const say = async (user: string | undefined, content: string): Promise<void> => {
    await client.chat.completions.create({ model: 'openclaw', messages: asks(content), ...(user && { user }) });
  };
  await say('ann', 'first words');
  await say('ann', 'second words');
  await say('bob and more', 'third words');
  await say(undefined, 'fourth words');
  const sessions = await bed.store.sessions.list({ limit: 50 });
  const turnsOf = (part: string): number[] =>
    sessions.filter(({ key }) => key.startsWith(part)).map(({ totals }) => totals.turns);
  assert.deepEqual(turnsOf('agent:main:openai-user:ann'), [2]);
  assert.deepEqual(turnsOf('agent:main:openai-user:sha256:'), [1]);
});

test('what a client sends again is not said again; without a user it is the context', async () => {
  const seen: string[] = [];
  bed.modelApi.script((call) => {
    seen.push(call.lastUserText);
    return [{ text: 'yes' }];
  });
  const messages = [
    { role: 'system' as const, content: 'Be brief.' },
    { role: 'user' as const, content: 'old question' },
    { role: 'assistant' as const, content: 'old answer' },
    { role: 'user' as const, content: [{ type: 'text' as const, text: 'new question' }] },
  ];
  await client.chat.completions.create({ model: 'openclaw', messages, user: 'carl' });
  await client.chat.completions.create({ model: 'openclaw', messages });
  assert.match(seen[0] ?? '', /Be brief\.[^]*new question/);
  assert.doesNotMatch(seen[0] ?? '', /old/);
  assert.match(seen[1] ?? '', /Be brief\.[^]*old question[^]*old answer[^]*new question/);
});

test('errors come in the shape that the client knows', async () => {
  const create = (change: object) =>
    client.chat.completions.create({
      model: 'openclaw',
      messages: asks('x'),
      ...change,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  await assert.rejects(create({ model: 'gpt-4o' }), OpenAI.NotFoundError);
  await assert.rejects(create({ messages: [] }), OpenAI.BadRequestError);
  await assert.rejects(create({ messages: [{ role: 'assistant', content: 'I' }] }), OpenAI.BadRequestError);
  await assert.rejects(create({ n: 2 }), OpenAI.BadRequestError);
  await assert.rejects(create({ tools: [{ type: 'function', function: { name: 'f' } }] }), OpenAI.BadRequestError);
  await assert.rejects(
    create({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x/' } }] }] }),
    OpenAI.BadRequestError,
  );
  await assert.rejects(
    clientWith('wrong').chat.completions.create({ model: 'openclaw', messages: asks('x') }),
    OpenAI.AuthenticationError,
  );
});

test('a client that goes away stops its turn', async () => {
  const messages = asks('work');
  bed.modelApi.script(() => [{ text: 'It begins. ' }, { waitMs: 60_000 }, { text: 'never' }]);
  const stream = await client.chat.completions.create({ model: 'openclaw', messages, user: 'dora', stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
  await bed.modelApi.until(() => bed.modelApi.abandoned() > 0);
});

test('a client that goes away while it waits stops nobody else', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  bed.modelApi.script(async function* () {
    yield { text: 'The first ' };
    await released;
    yield { text: 'is whole.' };
  });
  const before = bed.modelApi.count();
  const first = client.chat.completions.create({ model: 'openclaw', messages: asks('one'), user: 'eve' });
  await bed.modelApi.until(() => bed.modelApi.count() > before);
  const leaving = new AbortController();
  const second = client.chat.completions.create(
    { model: 'openclaw', messages: asks('two'), user: 'eve' },
    { signal: leaving.signal },
  );
  const waiting = async (): Promise<number> => (await bed.store.inbox.counts()).queued;
  for (let tries = 0; (await waiting()) === 0 && tries < 200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  leaving.abort();
  await assert.rejects(second, OpenAI.APIUserAbortError);
  // The port has seen it when another request on it was answered after it.
  await client.models.list();
  release();
  assert.equal((await first).choices[0]?.message.content, 'The first is whole.');
});

test('switched off, nothing of it answers', async () => {
  const off = await createControlBed({ gateway: { endpoints: { chatCompletions: false, responses: false } } });
  const other = new OpenAI({ apiKey: off.token.reveal(), baseURL: `http://127.0.0.1:${off.control.port}/v1`, maxRetries: 0 });
  try {
    await assert.rejects(other.chat.completions.create({ model: 'openclaw', messages: asks('x') }), /switched off/);
    await assert.rejects(async () => void (await other.models.list()), OpenAI.NotFoundError);
    assert.equal(off.modelApi.count(), 0);
  } finally {
    await off.close();
  }
});
