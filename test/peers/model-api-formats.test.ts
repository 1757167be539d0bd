// The four wire formats with plain fetch: whole and streamed answers, keys, and what each vendor refuses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createModelApi, type ModelApi } from './model-api.ts';
import { postJson, readEvents, post, type Answer, type StreamEvent } from './wire/ask.ts';

let model: ModelApi;
before(async () => {
  model = await createModelApi({ pieceCharacters: 5, contextTokens: 20_000 });
});
after(() => model.close());

type Body = Record<string, unknown>;
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };

interface Vendor {
  name: string;
  path: string;
  streamPath: string;
  key: Record<string, string>;
  /** A body that says `text`, with the tool `read`. */
  body(text: string, more?: Body): Body;
  streamed: Body;
  /** The same conversation with a call of `read` and its result. */
  withResult(text: string, call: Body, result: string): Body;
}

const chat: Vendor = {
  name: 'chat completions',
  path: '/v1/chat/completions',
  streamPath: '/v1/chat/completions',
  key: { authorization: 'Bearer sk-peer-0123456789abcdef' },
  body: (text, more) => ({
    model: 'peer-1',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: text },
    ],
    tools: [{ type: 'function', function: { name: 'read', description: 'Reads a file', parameters: schema } }],
    ...more,
  }),
  streamed: { stream: true, stream_options: { include_usage: true } },
  withResult: (text, call, result) => ({
    ...chat.body(text),
    messages: [
      { role: 'user', content: text },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: call['id'], content: result },
    ],
  }),
};

const responses: Vendor = {
  name: 'responses',
  path: '/v1/responses',
  streamPath: '/v1/responses',
  key: chat.key,
  body: (text, more) => ({
    model: 'peer-1',
    instructions: 'Be brief.',
    store: false,
    input: [{ role: 'user', content: [{ type: 'input_text', text }] }],
    tools: [{ type: 'function', name: 'read', description: 'Reads a file', parameters: schema }],
    ...more,
  }),
  streamed: { stream: true },
  withResult: (text, call, result) =>
    responses.body(text, {
      input: [{ role: 'user', content: text }, call, { type: 'function_call_output', call_id: call['call_id'], output: result }],
    }),
};

const anthropic: Vendor = {
  name: 'messages',
  path: '/v1/messages',
  streamPath: '/v1/messages',
  key: { 'x-api-key': 'sk-peer-0123456789abcdef', 'anthropic-version': '2023-06-01' },
  body: (text, more) => ({
    model: 'peer-1',
    max_tokens: 1000,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [{ role: 'user', content: text }],
    tools: [{ name: 'read', description: 'Reads a file', input_schema: schema }],
    ...more,
  }),
  streamed: { stream: true },
  withResult: (text, call, result) =>
    anthropic.body(text, {
      messages: [
        { role: 'user', content: text },
        { role: 'assistant', content: [call] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call['id'], content: result }] },
      ],
    }),
};

const google: Vendor = {
  name: 'generateContent',
  path: '/v1beta/models/peer-1:generateContent',
  streamPath: '/v1beta/models/peer-1:streamGenerateContent?alt=sse',
  key: { 'x-goog-api-key': 'sk-peer-0123456789abcdef' },
  body: (text, more) => ({
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [{ role: 'user', parts: [{ text }] }],
    tools: [{ functionDeclarations: [{ name: 'read', description: 'Reads a file', parameters: schema }] }],
    ...more,
  }),
  streamed: {},
  withResult: (text, call, result) =>
    google.body(text, {
      contents: [
        { role: 'user', parts: [{ text }] },
        { role: 'model', parts: [call] },
        { role: 'user', parts: [{ functionResponse: { name: 'read', response: { output: result } } }] },
      ],
    }),
};

const vendors = [chat, responses, anthropic, google];
const ask = (vendor: Vendor, body: unknown, headers = vendor.key): Promise<Answer> =>
  postJson(model.url + vendor.path, body, headers);

async function stream(vendor: Vendor, text: string): Promise<StreamEvent[]> {
  const response = await post(model.url + vendor.streamPath, vendor.body(text, vendor.streamed), vendor.key);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  return (await readEvents(response)).events;
}

/** Every string under a name, in order, wherever it stands: enough to put deltas together. */
function collect(value: unknown, name: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name && typeof inner === 'string' ? [inner] : collect(inner, name),
  );
}

for (const vendor of vendors) {
  test(`${vendor.name}: a request is read the same on every wire`, async () => {
    const before = model.requests.length;
    const { status } = await ask(vendor, vendor.body('hello there'));
    assert.equal(status, 200);
    const call = model.requests[before];
    assert.equal(call?.model, 'peer-1');
    assert.equal(call?.system, 'Be brief.');
    assert.equal(call?.lastUserText, 'hello there');
    assert.deepEqual(call?.messages, [{ role: 'user', parts: [{ type: 'text', text: 'hello there' }] }]);
    assert.deepEqual(call?.tools, [{ name: 'read', description: 'Reads a file', schema }]);
  });

  test(`${vendor.name}: no key and a wrong key are refused`, async () => {
    const { authorization: _a, 'x-api-key': _b, 'x-goog-api-key': _c, ...none } = vendor.key;
    const wrong = Object.fromEntries(
      Object.entries(vendor.key).map(([name, value]) => [name, value.replace('sk-peer', 'sk-wrong')]),
    );
    const refused = [await ask(vendor, vendor.body('x'), none), await ask(vendor, vendor.body('x'), wrong)];
    assert.deepEqual(
      refused.map(({ status }) => status),
      vendor === google ? [403, 400] : [401, 401],
    );
    assert.equal(JSON.stringify(refused[1]?.body).includes('sk-wrong-0123456789abcdef'), false, 'no key in an error text');
  });

  test(`${vendor.name}: a result needs its call`, async () => {
    const text = 'call read {"path":"a.txt"}';
    const { body } = await ask(vendor, vendor.body(text));
    const call = callIn(vendor, body as Body);
    const answer = await ask(vendor, vendor.withResult(text, call, 'the file'));
    assert.match(JSON.stringify(answer.body), /tool said: the file/);
    const orphan = vendor.withResult(text, call, 'the file');
    const list = (orphan['messages'] ?? orphan['input'] ?? orphan['contents']) as unknown[];
    list.splice(1, 1);
    assert.equal((await ask(vendor, orphan)).status, 400);
    const open = vendor.withResult(text, call, 'the file');
    ((open['messages'] ?? open['input'] ?? open['contents']) as unknown[]).pop();
    assert.equal((await ask(vendor, open)).status, 400);
  });

  test(`${vendor.name}: what is not JSON, not known or too long is refused`, async () => {
    assert.equal((await ask(vendor, '{"model":')).status, 400);
    const unknown = await ask(vendor, vendor.body('x', { nonsense: true }));
    assert.equal(unknown.status, 400);
    assert.match(JSON.stringify(unknown.body), /nonsense/);
    const long = await ask(vendor, vendor.body('x'.repeat(90_000)));
    assert.equal(long.status, 400);
    assert.match(JSON.stringify(long.body), /context|too long|exceeds/);
  });

  test(`${vendor.name}: a bad tool is refused`, async () => {
    const bad = JSON.parse(JSON.stringify(vendor.body('x')).replaceAll('"read"', '"re ad"')) as Body;
    assert.equal((await ask(vendor, bad)).status, 400);
    const noObject = JSON.parse(JSON.stringify(vendor.body('x')).replace('"type":"object"', '"type":"string"')) as Body;
    assert.equal((await ask(vendor, noObject)).status, 400);
  });

  test(`${vendor.name}: a rate limit says when to come back`, async () => {
    model.answerNext([{ status: 429, retryAfterSeconds: 7 }]);
    const { status, headers, body } = await ask(vendor, vendor.body('x'));
    assert.equal(status, 429);
    if (vendor === google) assert.match(JSON.stringify(body), /"retryDelay":"7s"/);
    else assert.equal(headers.get('retry-after'), '7');
  });

  test(`${vendor.name}: an error after the first word stands in the stream`, async () => {
    model.answerNext([{ text: 'half' }, { status: 503, message: 'gone' }]);
    const events = await stream(vendor, 'x');
    assert.match(JSON.stringify(events.at(-1)?.data), /gone/);
    assert.match(JSON.stringify(events), /half/);
  });
}

/** The tool call of a whole answer, as it has to be sent back. */
function callIn(vendor: Vendor, body: Body): Body {
  if (vendor === chat) {
    const [choice] = body['choices'] as { message: { tool_calls: Body[] } }[];
    return choice?.message.tool_calls[0] as Body;
  }
  if (vendor === responses) return (body['output'] as Body[]).find((item) => item['type'] === 'function_call') as Body;
  if (vendor === anthropic) return (body['content'] as Body[]).find((block) => block['type'] === 'tool_use') as Body;
  const [candidate] = body['candidates'] as { content: { parts: Body[] } }[];
  return candidate?.content.parts.find((part) => 'functionCall' in part) as Body;
}

test('chat completions: chunks, arguments in pieces, usage last, [DONE]', async () => {
  const events = await stream(chat, 'think hmm\ncall read {"path":"a/b/c.txt"}');
  assert.equal(events.at(-1)?.data, '[DONE]');
  const chunks = events.slice(0, -1).map((event) => event.data as Body);
  assert.ok(chunks.every((chunk) => chunk['object'] === 'chat.completion.chunk' && 'usage' in chunk));
  assert.deepEqual(chunks.at(-1)?.['choices'], []);
  assert.ok(Number((chunks.at(-1) as { usage: Body }).usage['prompt_tokens']) > 0);
  assert.equal(collect(chunks, 'reasoning_content').join(''), 'hmm');
  const pieces = collect(chunks, 'arguments');
  assert.equal(pieces.join(''), '{"path":"a/b/c.txt"}');
  assert.ok(pieces.length > 3);
  assert.deepEqual(collect(chunks, 'finish_reason'), ['tool_calls']);
});

test('chat completions: without being asked, no usage in the stream', async () => {
  const response = await post(model.url + chat.path, chat.body('x', { stream: true }), chat.key);
  const { events } = await readEvents(response);
  assert.ok(events.every(({ data }) => typeof data === 'string' || !('usage' in (data as Body))));
  assert.equal((await ask(chat, chat.body('x', { stream_options: { include_usage: true } }))).status, 400);
});

test('chat completions: two calls at once have their own index', async () => {
  const events = await stream(chat, 'call read {"path":"1"}\ncall read {"path":"2"}');
  const byIndex = new Map<number, string>();
  for (const { data } of events.slice(0, -1)) {
    for (const choice of (data as { choices: { delta: { tool_calls?: { index: number; function: { arguments: string } }[] } }[] })
      .choices) {
      for (const call of choice.delta.tool_calls ?? [])
        byIndex.set(call.index, (byIndex.get(call.index) ?? '') + call.function.arguments);
    }
  }
  assert.deepEqual([...byIndex.values()], ['{"path":"1"}', '{"path":"2"}']);
});

test('responses: numbered events from created to completed', async () => {
  const events = await stream(responses, 'think hmm\ncall read {"path":"a/b/c.txt"}');
  const data = events.map((event) => event.data as Body);
  assert.deepEqual(
    data.map((item) => item['sequence_number']),
    data.map((_, index) => index),
  );
  assert.deepEqual(
    events.map((event) => event.name),
    data.map((item) => item['type']),
  );
  assert.equal(data[0]?.['type'], 'response.created');
  const last = data.at(-1) as { type: string; response: { output: Body[]; usage: Body } };
  assert.equal(last.type, 'response.completed');
  assert.deepEqual(
    last.response.output.map((item) => item['type']),
    ['reasoning', 'function_call'],
  );
  assert.ok(Number(last.response.usage['input_tokens']) > 0);
  const deltas = data.filter((item) => item['type'] === 'response.function_call_arguments.delta');
  assert.equal(deltas.map((item) => item['delta']).join(''), '{"path":"a/b/c.txt"}');
});

test('responses: reasoning comes back sealed, with what follows it, or not at all', async () => {
  const text = 'think hmm\ncall read {"path":"a"}';
  const asked = responses.body(text, { include: ['reasoning.encrypted_content'] });
  const output = ((await ask(responses, asked)).body as { output?: Body[] }).output ?? [];
  const [reasoning, call] = output as [Body, Body];
  const result = { type: 'function_call_output', call_id: call['call_id'], output: 'ok' };
  const turn = (...items: Body[]): Promise<Answer> =>
    ask(responses, responses.body('', { input: [{ role: 'user', content: text }, ...items] }));
  assert.equal((await turn(reasoning, call, result)).status, 200);
  assert.match(JSON.stringify((await turn(call, result)).body), /without its required 'reasoning' item/);
  assert.match(JSON.stringify((await turn(reasoning)).body), /without its required following item/);
  assert.equal((await turn({ ...reasoning, encrypted_content: undefined }, call, result)).status, 404);
  assert.match(
    JSON.stringify((await turn({ ...reasoning, encrypted_content: 'forged' }, call, result)).body),
    /invalid_encrypted_content/,
  );
});

test('messages: blocks open, grow and close in order', async () => {
  const events = await stream(anthropic, 'think hmm\ncall read {"path":"a/b/c.txt"}');
  const types = events.map((event) => event.name);
  assert.deepEqual(
    types,
    events.map((event) => (event.data as Body)['type']),
  );
  assert.equal(types[0], 'message_start');
  assert.deepEqual(types.slice(-2), ['message_delta', 'message_stop']);
  assert.ok(types.includes('ping'));
  const starts = events
    .filter((event) => event.name === 'content_block_start')
    .map((event) => (event.data as { content_block: Body }).content_block['type']);
  assert.deepEqual(starts, ['thinking', 'tool_use']);
  assert.equal(types.filter((type) => type === 'content_block_stop').length, 2);
  assert.equal(collect(events, 'partial_json').join(''), '{"path":"a/b/c.txt"}');
  assert.equal(collect(events, 'stop_reason').at(-1), 'tool_use');
});

test('messages: thinking comes back signed and first', async () => {
  const text = 'think hmm\ncall read {"path":"a"}';
  const thinking = { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 };
  const { body } = await ask(anthropic, anthropic.body(text, thinking));
  const [thought, call] = (body as { content?: Body[] }).content as [Body, Body];
  const turn = (...content: Body[]): Promise<Answer> => {
    const result = { type: 'tool_result', tool_use_id: call['id'], content: 'ok' };
    const messages = [
      { role: 'user', content: text },
      { role: 'assistant', content },
      { role: 'user', content: [result] },
    ];
    return ask(anthropic, anthropic.body('', { ...thinking, messages }));
  };
  assert.equal((await turn(thought, call)).status, 200);
  assert.match(JSON.stringify((await turn(call)).body), /Expected `thinking`/);
  assert.match(JSON.stringify((await turn({ ...thought, thinking: 'changed' }, call)).body), /Invalid `signature`/);
  assert.match(
    JSON.stringify((await ask(anthropic, anthropic.body('x', { ...thinking, max_tokens: 1024 }))).body),
    /must be greater/,
  );
});

test('messages: the vendor names what is wrong', async () => {
  const refusal = async (more: Body, headers = anthropic.key): Promise<string> => {
    const { status, body } = await ask(anthropic, anthropic.body('x', more), headers);
    const error = (body as { error: { type: string; message: string } }).error;
    return `${status} ${error.type} ${error.message}`;
  };
  assert.match(await refusal({ max_tokens: undefined }), /^400 invalid_request_error max_tokens: Field required/);
  assert.match(await refusal({ messages: [{ role: 'system', content: 'x' }] }), /Unexpected role "system"/);
  assert.match(await refusal({ messages: [{ role: 'assistant', content: 'x' }] }), /first message must use the "user" role/);
  assert.match(await refusal({ messages: [{ role: 'user', content: ' ' }] }), /must be non-empty/);
  const mark = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };
  assert.match(
    await refusal({ messages: [{ role: 'user', content: [mark, mark, mark, mark, mark] }] }),
    /maximum of 4 blocks.*Found 5/,
  );
  assert.match(await refusal({}, { 'x-api-key': model.apiKey }), /anthropic-version: header is required/);
  const login = {
    authorization: `Bearer ${model.apiKey}`,
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'oauth-2025-04-20',
  };
  assert.equal((await ask(anthropic, anthropic.body('x'), login)).status, 200);
});

test('generateContent: lines end with CR LF', async () => {
  const response = await post(model.url + google.streamPath, google.body('hello'), google.key);
  assert.match(await response.text(), /^(data: .*\r\n\r\n)+$/);
});

test('generateContent: the last chunk has the reason and the usage', async () => {
  const events = await stream(google, 'think hmm\nhello');
  const last = events.at(-1)?.data as { candidates: { finishReason: string }[]; usageMetadata: Body };
  assert.equal(last.candidates[0]?.finishReason, 'STOP');
  assert.ok(Number(last.usageMetadata['promptTokenCount']) > 0);
  assert.equal(Number(last.usageMetadata['thoughtsTokenCount']), 1);
  assert.equal(events.filter(({ data }) => JSON.stringify(data).includes('finishReason')).length, 1);
});

test('generateContent: a newer model wants its signature back', async () => {
  const path = google.path.replace('peer-1', 'gemini-3-peer');
  const text = 'call read {"path":"a"}';
  const { body } = await postJson(model.url + path, google.body(text), google.key);
  const call = callIn(google, body as Body);
  const { thoughtSignature, ...unsigned } = call;
  assert.equal(typeof thoughtSignature, 'string');
  const back = (part: Body): Promise<Answer> => postJson(model.url + path, google.withResult(text, part, 'ok'), google.key);
  assert.equal((await back(call)).status, 200);
  assert.match(JSON.stringify((await back(unsigned)).body), /missing a thought_signature/);
  assert.match(JSON.stringify((await back({ ...unsigned, thoughtSignature: 'forged' })).body), /Corrupted thought signature/);
  assert.equal((await ask(google, google.withResult(text, unsigned, 'ok'))).status, 200, 'an older one does not');
});

test('the errors have the shapes that the vendors document', async () => {
  model.answerNext([{ status: 500 }], [{ status: 529 }], [{ status: 503 }], [{ overflow: true }]);
  const openai = (await ask(chat, chat.body('x'))).body as { error: Body };
  assert.deepEqual(Object.keys(openai.error), ['message', 'type', 'param', 'code']);
  const claude = (await ask(anthropic, anthropic.body('x'))).body as unknown as { type: string; error: Body };
  assert.equal(claude.type, 'error');
  assert.equal(claude.error['type'], 'overloaded_error');
  const gemini = (await ask(google, google.body('x'))).body as { error: Body };
  assert.deepEqual([gemini.error['code'], gemini.error['status']], [503, 'UNAVAILABLE']);
  const long = (await ask(chat, chat.body('x'))).body as { error: Body };
  assert.equal(long.error['code'], 'context_length_exceeded');
});

test('other paths are not found', async () => {
  assert.equal((await postJson(`${model.url}/v1/nothing`, {})).status, 404);
  assert.equal((await fetch(`${model.url}/nothing`)).status, 404);
});

test('the peer itself made no mistake', () => {
  assert.deepEqual(model.failures, []);
});
