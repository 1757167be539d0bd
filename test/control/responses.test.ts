// The Responses API, as the official client speaks it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { toolOf } from '../gateway/bed/tools.ts';
import { createControlBed, type ControlBed } from './bed/bed.ts';

let bed: ControlBed;
let client: OpenAI;
before(async () => {
  bed = await createControlBed({ tools: [toolOf('look', 'read', async () => 'a cat')] });
  client = new OpenAI({ apiKey: bed.token.reveal(), baseURL: `http://127.0.0.1:${bed.control.port}/v1`, maxRetries: 0 });
});
after(() => bed.close());

test('a whole response, with its usage, in the conversation of its user', async () => {
  bed.modelApi.answerNext([{ text: 'Good morning.' }]);
  const answer = await client.responses.create({ model: 'openclaw', input: 'hello', instructions: 'Be brief.', user: 'ann' });
  assert.deepEqual([answer.output_text, answer.status], ['Good morning.', 'completed']);
  assert.ok((answer.usage?.total_tokens ?? 0) > 0);
  assert.match(bed.modelApi.requests.at(-1)?.lastUserText ?? '', /Be brief\.[^]*hello/);
  assert.ok(await bed.store.sessions.get('agent:main:openai-user:ann'));
});

test('a streamed response comes to the same text', async () => {
  bed.modelApi.answerNext([{ text: 'Let me look.' }, { call: 'look', input: {} }], [{ text: 'There is a cat here.' }]);
  const stream = client.responses.stream({ model: 'openclaw:main', input: [{ role: 'user', content: 'what is there?' }] });
  let said = '';
  stream.on('response.output_text.delta', ({ delta }) => void (said += delta));
  const final = await stream.finalResponse();
  assert.equal(said, 'Let me look.\n\nThere is a cat here.');
  assert.equal(final.output_text, said);
});

test('what it does not keep or take is refused', async () => {
  const create = (change: object) =>
    client.responses.create({ model: 'openclaw', input: 'x', ...change } as OpenAI.Responses.ResponseCreateParamsNonStreaming);
  await assert.rejects(create({ model: 'gpt-4o' }), OpenAI.NotFoundError);
  await assert.rejects(create({ previous_response_id: 'resp_1' }), OpenAI.BadRequestError);
  await assert.rejects(
    create({ input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] }),
    OpenAI.BadRequestError,
  );
  await assert.rejects(create({ tools: [{ type: 'web_search' }] }), OpenAI.BadRequestError);
});

test('each endpoint has its own switch', async () => {
  const off = await createControlBed({ gateway: { endpoints: { chatCompletions: true, responses: false } } });
  const other = new OpenAI({ apiKey: off.token.reveal(), baseURL: `http://127.0.0.1:${off.control.port}/v1`, maxRetries: 0 });
  try {
    await assert.rejects(other.responses.create({ model: 'openclaw', input: 'x' }), /switched off/);
    assert.equal(off.modelApi.count(), 0);
  } finally {
    await off.close();
  }
});
