import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { resolveModel } from '../../src/providers/catalogue.ts';
import { findLocalModels, providerOf, type LocalProviderId, type LocalServer } from '../../src/providers/discovery.ts';
import { createModelApi } from '../peers/model-api.ts';

/** Ports on which nothing listens: the usual ones may be in use on a developer's machine. */
const NOWHERE: Record<LocalProviderId, number> = { ollama: 9, lmstudio: 9, llamacpp: 9, vllm: 9 };

function find(ports: Partial<Record<LocalProviderId, number>>, fetch_: typeof fetch = fetch): Promise<LocalServer[]> {
  return findLocalModels({ fetch: fetch_, signal: new AbortController().signal, ports: { ...NOWHERE, ...ports } });
}

async function jsonServer(answers: Record<string, unknown>): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response
      .writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void (server.close(), server.closeAllConnections()) };
}

test('nothing listens: nothing is found, and nothing is thrown', async () => {
  assert.deepEqual(await find({}), []);
});

test('Ollama: chat models only, the best known for tools first', async () => {
  const peer = await createModelApi({
    discovery: 'ollama',
    apiKey: null,
    models: ['tinyllama:1b', 'nomic-embed-text:latest', 'qwen3:8b'],
  });
  const [server] = await find({ ollama: peer.port });
  assert.equal(server?.providerId, 'ollama');
  assert.equal(server?.baseUrl, `${peer.url}/v1`);
  assert.deepEqual(
    server?.models.map(({ id }) => id),
    ['qwen3:8b', 'tinyllama:1b'],
  );
  await peer.close();
});

test('Ollama: the window of a model that is loaded, and no encoders', async () => {
  const { port, close } = await jsonServer({
    '/api/tags': {
      models: [
        { name: 'qwen3:8b', details: { family: 'qwen3' } },
        { name: 'snow:latest', details: { family: 'bert' } },
      ],
    },
    '/api/ps': { models: [{ name: 'qwen3:8b', context_length: 8192 }] },
  });
  const [server] = await find({ ollama: port });
  assert.deepEqual(server?.models, [{ id: 'qwen3:8b', contextTokens: 8192 }]);
  close();
});

test('llama.cpp and LM Studio tell their windows', async () => {
  const llamaCpp = await createModelApi({ discovery: 'llama.cpp', apiKey: null, models: ['gpt-oss-20b'], contextTokens: 12_000 });
  const lmStudio = await createModelApi({ discovery: 'lm-studio', apiKey: null, models: ['ministral-8b'], contextTokens: 9000 });
  const servers = await find({ llamacpp: llamaCpp.port, lmstudio: lmStudio.port });
  assert.deepEqual(
    servers.map(({ providerId, models }) => ({ providerId, models })),
    [
      { providerId: 'lmstudio', models: [{ id: 'ministral-8b', contextTokens: 9000 }] },
      { providerId: 'llamacpp', models: [{ id: 'gpt-oss-20b', contextTokens: 12_000 }] },
    ],
  );
  const [, server] = servers;
  assert.ok(server);
  const choice = resolveModel('llamacpp/gpt-oss-20b', [providerOf(server)], {
    environment: () => undefined,
    stored: () => undefined,
  });
  assert.equal(choice.facts.contextTokens, 12_000);
  assert.equal(choice.endpoint.baseUrl, `${llamaCpp.url}/v1`);
  await Promise.all([llamaCpp.close(), lmStudio.close()]);
});

test('llama.cpp that is still loading is not offered', async () => {
  const peer = await createModelApi({ discovery: 'llama.cpp', apiKey: null });
  peer.setLoading(true);
  assert.deepEqual(await find({ llamacpp: peer.port }), []);
  await peer.close();
});

test('LM Studio: loaded models first, no embeddings', async () => {
  const { port, close } = await jsonServer({
    '/api/v0/models': {
      data: [
        { id: 'gemma-3', type: 'vlm', state: 'not-loaded', max_context_length: 8192 },
        { id: 'text-vectors', type: 'embeddings', state: 'loaded' },
        { id: 'phi-4', type: 'llm', state: 'loaded', loaded_context_length: 4096, max_context_length: 16_384 },
      ],
    },
  });
  const [server] = await find({ lmstudio: port });
  assert.deepEqual(server?.models, [
    { id: 'phi-4', contextTokens: 4096 },
    { id: 'gemma-3', contextTokens: 8192 },
  ]);
  close();
});

test('vLLM is known by its signature; another OpenAI server on its port is not it', async () => {
  const own = await jsonServer({ '/v1/models': { data: [{ id: 'qwen3-32b', owned_by: 'vllm', max_model_len: 40_960 }] } });
  const other = await createModelApi({ apiKey: null });
  assert.deepEqual((await find({ vllm: own.port }))[0]?.models, [{ id: 'qwen3-32b', contextTokens: 40_960 }]);
  assert.deepEqual(await find({ vllm: other.port, ollama: other.port, llamacpp: other.port, lmstudio: other.port }), []);
  own.close();
  await other.close();
});

test('a server that does not answer costs no more than the limit, and hides nobody else', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const peer = await createModelApi({ discovery: 'ollama', apiKey: null, models: ['qwen3'] });
  const servers = await find({ ollama: peer.port, vllm: (silent.address() as AddressInfo).port });
  assert.deepEqual(
    servers.map(({ providerId }) => providerId),
    ['ollama'],
  );
  silent.close();
  silent.closeAllConnections();
  await peer.close();
});

test('only loopback is asked, and no redirect is followed', async () => {
  const asked: string[] = [];
  const redirects: unknown[] = [];
  const spy: typeof fetch = (input, init) => {
    asked.push(new URL(String(input)).hostname);
    redirects.push(init?.redirect);
    return Promise.reject(new Error('refused'));
  };
  await find({}, spy);
  assert.deepEqual([...new Set(asked)], ['127.0.0.1']);
  assert.deepEqual([...new Set(redirects)], ['error']);
});

test('an abort ends the search with nothing', async () => {
  const stop = new AbortController();
  stop.abort();
  assert.deepEqual(await findLocalModels({ fetch, signal: stop.signal, ports: NOWHERE }), []);
});
