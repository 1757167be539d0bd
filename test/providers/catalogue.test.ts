import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError, type AppError } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { ProviderSettings } from '../../src/domain/settings.ts';
import { modelsWithKeys, parseModelReference, resolveModel, type KeyLookup } from '../../src/providers/catalogue.ts';
import { vendors } from '../../src/providers/vendors.ts';
import { createClientLookup } from '../../src/providers/clients.ts';
import { providers } from '../../src/providers/index.ts';

function keys(environment: Record<string, string> = {}, stored: Record<string, string> = {}): KeyLookup {
  const secret = (value: string | undefined): Secret | undefined => (value === undefined ? undefined : new Secret(value));
  return {
    environment: (name) => secret(environment[name]),
    stored: (id) => (stored[id] === undefined ? undefined : { secret: new Secret(stored[id]), bearer: true }),
  };
}

function failure(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    assert.ok(isAppError(error));
    return error;
  }
  throw new Error('it did not fail');
}

test('a reference is split at its first slash', () => {
  assert.deepEqual(parseModelReference('openrouter/anthropic/claude-sonnet-5.5'), {
    providerId: 'openrouter',
    modelId: 'anthropic/claude-sonnet-5.5',
  });
  assert.deepEqual(parseModelReference(' OpenAI/gpt-6-luna '), { providerId: 'openai', modelId: 'gpt-6-luna' });
  for (const wrong of ['', 'gpt-6', '/gpt-6', 'openai/', 'openai/a b'])
    assert.equal(failure(() => parseModelReference(wrong)).code, 'invalid');
});

test("a vendor's model is complete with its key alone", () => {
  const choice = resolveModel('anthropic/claude-opus-5-5', [], keys({ ANTHROPIC_API_KEY: 'sk-ant-0123456789' }));
  assert.equal(choice.api, 'anthropic-messages');
  assert.equal(choice.endpoint.baseUrl, 'https://api.anthropic.com/v1');
  assert.equal(choice.endpoint.apiKey?.reveal(), 'sk-ant-0123456789');
  assert.equal(choice.endpoint.bearer, false);
  assert.deepEqual(choice.facts, {
    providerId: 'anthropic',
    modelId: 'claude-opus-5-5',
    contextTokens: 1_000_000,
    maxOutputTokens: 128_000,
    images: true,
    reasoning: true,
    price: { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
  });
});

test('a login token is sent as bearer', () => {
  assert.equal(
    resolveModel('anthropic/claude-opus-5-5', [], keys({ ANTHROPIC_OAUTH_TOKEN: 'sk-ant-oat-0123456789' })).endpoint.bearer,
    true,
  );
  assert.equal(resolveModel('anthropic/claude-opus-5-5', [], keys({}, { anthropic: 'token-0123456789' })).endpoint.bearer, true);
});

test('the configuration counts before what is stored, and that before the environment', () => {
  const all = keys({ OPENAI_API_KEY: 'from-environment' }, { openai: 'from-store' });
  const custom: ProviderSettings = { id: 'openai', apiKey: new Secret('from-configuration'), models: [] };
  assert.equal(resolveModel('openai/gpt-5', [custom], all).endpoint.apiKey?.reveal(), 'from-configuration');
  assert.equal(resolveModel('openai/gpt-5', [], all).endpoint.apiKey?.reveal(), 'from-store');
  assert.equal(
    resolveModel('openai/gpt-5', [], keys({ OPENAI_API_KEY: 'from-environment' })).endpoint.apiKey?.reveal(),
    'from-environment',
  );
});

test('what is missing is named, and how to give it', () => {
  const missing = failure(() => resolveModel('anthropic/claude-opus-5-5', [], keys()));
  assert.equal(missing.code, 'denied');
  assert.match(missing.hint ?? '', /ANTHROPIC_API_KEY.*openclaw models auth add anthropic/);
  const unknown = failure(() => resolveModel('antropic/claude', [], keys()));
  assert.equal(unknown.code, 'not_found');
  assert.match(unknown.hint ?? '', /anthropic/);
  const homeless = failure(() => resolveModel('mine/x', [{ id: 'mine', models: [] }], keys()));
  assert.match(homeless.hint ?? '', /models\.providers\.mine\.baseUrl/);
});

test("a server of one's own needs no key and may say what its models can", () => {
  const mine: ProviderSettings = {
    id: 'mine',
    baseUrl: 'http://10.0.0.5:8000/v1',
    headers: { 'x-team': 'blue' },
    models: [{ id: 'big/model', contextTokens: 16_000, maxOutputTokens: 32_000, images: true, api: 'openai-responses' }],
  };
  const choice = resolveModel('mine/big/model', [mine], keys());
  assert.equal(choice.api, 'openai-responses');
  assert.deepEqual(choice.endpoint, { providerId: 'mine', baseUrl: 'http://10.0.0.5:8000/v1', headers: { 'x-team': 'blue' } });
  assert.equal(choice.facts.images, true);
  assert.equal(choice.facts.maxOutputTokens, 16_000, 'no answer is longer than the window');
  const other = resolveModel('mine/unheard-of', [mine], keys());
  assert.equal(other.api, 'openai-completions');
  assert.deepEqual([other.facts.contextTokens, other.facts.maxOutputTokens, other.facts.reasoning], [200_000, 8192, false]);
});

test('a proxy in front of a vendor keeps the rest of what is known', () => {
  const proxied = resolveModel(
    'anthropic/claude-sonnet-5-5',
    [{ id: 'anthropic', baseUrl: 'http://proxy:1/anthropic', models: [] }],
    keys(),
  );
  assert.equal(proxied.api, 'anthropic-messages');
  assert.equal(proxied.endpoint.apiKey, undefined);
  assert.equal(proxied.facts.contextTokens, 1_000_000);
});

test('every vendor has a format that exists, an address, and facts for its default model', () => {
  const apis = new Set(providers.map(({ api }) => api));
  for (const vendor of vendors) {
    assert.ok(apis.has(vendor.api), vendor.id);
    for (const [, api] of vendor.apiOf ?? []) assert.ok(apis.has(api), vendor.id);
    assert.ok(URL.canParse(vendor.baseUrl), vendor.id);
    const environment = Object.fromEntries(vendor.keyNames.map((name) => [name, 'key-0123456789']));
    const { facts } = resolveModel(`${vendor.id}/${vendor.defaultModel ?? 'any'}`, [], keys(environment));
    assert.ok(facts.maxOutputTokens <= facts.contextTokens, vendor.id);
  }
  assert.equal(new Set(vendors.map(({ id }) => id)).size, vendors.length);
});

test('a gateway that passes models on speaks their makers formats', () => {
  const all = keys({ OPENCODE_API_KEY: 'key-0123456789' });
  assert.equal(resolveModel('opencode/claude-opus-5-5', [], all).api, 'anthropic-messages');
  assert.equal(resolveModel('opencode/gpt-6.2-sol', [], all).api, 'openai-responses');
  assert.equal(resolveModel('opencode/kimi-k3', [], all).api, 'openai-completions');
});

test('a key alone is enough to choose a model', () => {
  assert.deepEqual(modelsWithKeys(keys()), []);
  assert.deepEqual(modelsWithKeys(keys({ GEMINI_API_KEY: 'a-0123456789', ANTHROPIC_API_KEY: 'b-0123456789' })), [
    'anthropic/claude-sonnet-5-5',
    'google/gemini-3.8-flash',
  ]);
});

test('clients are made once for an endpoint, and anew for another key', async () => {
  let made = 0;
  const lookup = createClientLookup([
    {
      api: 'test',
      create: (endpoint) => {
        made += 1;
        return endpoint.baseUrl === 'bad'
          ? Promise.reject(new Error('bad'))
          : Promise.resolve({ stream: () => (async function* () {})() });
      },
    },
  ]);
  const endpoint = { providerId: 'p', baseUrl: 'http://host/v1', apiKey: new Secret('key-one-0123') };
  const first = await lookup({ api: 'test', endpoint });
  assert.equal(await lookup({ api: 'test', endpoint: { ...endpoint, apiKey: new Secret('key-one-0123') } }), first);
  assert.notEqual(await lookup({ api: 'test', endpoint: { ...endpoint, apiKey: new Secret('key-two-0123') } }), first);
  assert.equal(made, 2);
  for (let tries = 0; tries < 2; tries++)
    await assert.rejects(lookup({ api: 'test', endpoint: { providerId: 'p', baseUrl: 'bad' } }));
  assert.equal(made, 4, 'what could not be made is tried again');
  await assert.rejects(
    lookup({ api: 'nothing', endpoint }),
    (error: unknown) => isAppError(error, 'invalid') && /test/.test(error.hint ?? ''),
  );
});
