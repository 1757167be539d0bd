// What model servers at home tell about themselves, the lists of models, and the vendors' prompt caches.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createModelApi, type ModelApi } from './model-api.ts';
import { postJson } from './wire/ask.ts';

const open: ModelApi[] = [];
after(() => Promise.all(open.map((model) => model.close())));

async function start(options: Parameters<typeof createModelApi>[0]): Promise<ModelApi> {
  const model = await createModelApi(options);
  open.push(model);
  return model;
}

const get = async (
  model: ModelApi,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> => {
  const response = await fetch(model.url + path, { headers });
  return { status: response.status, body: await response.text() };
};

const chat = { model: 'llama3.2:latest', messages: [{ role: 'user', content: 'hello' }] };

test('Ollama', async () => {
  const model = await start({ apiKey: null, discovery: 'ollama', models: ['llama3.2:latest'] });
  assert.equal((await get(model, '/')).body, 'Ollama is running');
  assert.match((await get(model, '/api/version')).body, /"version":"\d/);
  const tags = JSON.parse((await get(model, '/api/tags')).body) as { models: { name: string }[] };
  assert.equal(tags.models[0]?.name, 'llama3.2:latest');
  assert.match((await get(model, '/v1/models')).body, /llama3\.2:latest/);
  assert.equal((await get(model, '/props')).status, 404);
  assert.equal((await postJson(`${model.url}/v1/chat/completions`, chat)).status, 200);
});

test('llama.cpp says when it still loads', async () => {
  const model = await start({ apiKey: null, discovery: 'llama.cpp', models: ['qwen'], contextTokens: 8192 });
  model.setLoading(true);
  assert.equal((await get(model, '/health')).status, 503);
  assert.equal((await postJson(`${model.url}/v1/chat/completions`, chat)).status, 503);
  model.setLoading(false);
  assert.equal((await get(model, '/health')).body, '{"status":"ok"}');
  const props = JSON.parse((await get(model, '/props')).body) as { default_generation_settings: { n_ctx: number } };
  assert.equal(props.default_generation_settings.n_ctx, 8192);
  assert.equal((await get(model, '/api/tags')).status, 404);
});

test('LM Studio', async () => {
  const model = await start({ apiKey: null, discovery: 'lm-studio', models: ['gemma'] });
  const list = JSON.parse((await get(model, '/api/v0/models')).body) as { data: { id: string; state: string }[] };
  assert.deepEqual(
    list.data.map(({ id, state }) => `${id} ${state}`),
    ['gemma loaded'],
  );
});

test('a vendor gives its list of models only for its key', async () => {
  const model = await start({});
  const openai = { authorization: `Bearer ${model.apiKey}` };
  const claude = { 'x-api-key': model.apiKey, 'anthropic-version': '2023-06-01' };
  assert.equal((await get(model, '/v1/models')).status, 401);
  assert.match((await get(model, '/v1/models', openai)).body, /"object":"list"/);
  assert.match((await get(model, '/v1/models', claude)).body, /"has_more":false/);
  assert.match((await get(model, '/v1beta/models', { 'x-goog-api-key': model.apiKey })).body, /models\/peer-1/);
  assert.equal((await get(model, '/v1beta/models')).status, 403);
  assert.equal((await get(model, '/api/tags')).status, 404);
});

test('a refused network comes back on the same port', async () => {
  const model = await start({ apiKey: null });
  await model.network('refused');
  await assert.rejects(get(model, '/v1/models'), TypeError);
  await model.network('up');
  assert.equal((await get(model, '/v1/models')).status, 200);
});

const LONG = 'A rule that never changes. '.repeat(400);

test('an unchanged beginning of a prompt is read from the cache', async () => {
  const model = await start({});
  const headers = { authorization: `Bearer ${model.apiKey}` };
  const cached = async (system: string, text: string): Promise<number> => {
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: text },
    ];
    const { body } = await postJson(`${model.url}/v1/chat/completions`, { model: 'peer-1', messages }, headers);
    return (
      (body as { usage?: { prompt_tokens_details: { cached_tokens: number } } }).usage?.prompt_tokens_details.cached_tokens ?? -1
    );
  };
  assert.equal(await cached(LONG, 'one'), 0);
  assert.ok((await cached(LONG, 'two')) >= 2000);
  assert.equal(await cached(`Now: 12:00. ${LONG}`, 'three'), 0, 'a change at the beginning costs everything');
  assert.equal(await cached('short', 'one'), 0);
  assert.equal(await cached('short', 'one'), 0, 'short prompts are not cached');
});

test('a marked block is written once and read after that', async () => {
  const model = await start({});
  const headers = { 'x-api-key': model.apiKey, 'anthropic-version': '2023-06-01' };
  interface Usage {
    input_tokens: number;
    cache_creation_input_tokens: number;
    cache_read_input_tokens: number;
  }
  const usage = async (text: string, marked = true): Promise<Usage> => {
    const mark = marked ? { cache_control: { type: 'ephemeral' } } : {};
    const system = [{ type: 'text', text: LONG, ...mark }];
    const request = { model: 'peer-1', max_tokens: 100, system, messages: [{ role: 'user', content: text }] };
    const { body } = await postJson(`${model.url}/v1/messages`, request, headers);
    return (body as { usage?: Usage }).usage as Usage;
  };
  const plain = await usage('zero', false);
  assert.deepEqual([plain.cache_creation_input_tokens, plain.cache_read_input_tokens], [0, 0]);
  const first = await usage('one');
  assert.ok(first.cache_creation_input_tokens > 2000);
  assert.equal(first.cache_read_input_tokens, 0);
  const second = await usage('two');
  assert.equal(second.cache_read_input_tokens, first.cache_creation_input_tokens);
  assert.equal(second.cache_creation_input_tokens, 0);
  assert.ok(second.input_tokens < 200, 'cached tokens are not counted twice');
});
