// What goes out for a particular vendor and model: the bodies and headers that its documentation asks for.
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { AssistantPart, ModelEndpoint, ModelEvent, ModelMessage, ModelRequest } from '../../src/domain/model.ts';
import { Secret } from '../../src/domain/secret.ts';
import { createEventReader, type StreamReading } from '../../src/providers/events.ts';
import { wireFormats } from '../../src/providers/index.ts';
import { promptOf } from '../../src/providers/prompt.ts';

type Json = Record<string, unknown>;

interface Sent {
  body: Json;
  headers: IncomingHttpHeaders;
  path: string;
}

const KEY = 'key-0123456789abcdef';
const tool = { name: 'read', description: 'Reads.', inputSchema: { type: 'object', properties: {} } };
const person: ModelMessage = { role: 'user', parts: [{ type: 'text', text: 'hi' }] };

let sent: Sent[] = [];
let origin = '';
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
  request.on('end', () => {
    sent.push({ body: JSON.parse(body) as Json, headers: request.headers, path: request.url ?? '' });
    response.writeHead(500).end();
  });
});

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});

interface Asking extends Partial<ModelRequest> {
  api: string;
  endpoint?: Partial<ModelEndpoint>;
}

/** The request that is sent; the server answers every one with 500. */
async function ask({ api, endpoint, ...more }: Asking): Promise<Sent> {
  const plugin = wireFormats.find((format) => format.api === api);
  assert.ok(plugin);
  const client = await plugin.create({ providerId: 'vendor', baseUrl: `${origin}/v1`, apiKey: new Secret(KEY), ...endpoint });
  const request: ModelRequest = {
    model: 'model-1',
    system: 'Be brief.',
    messages: [person],
    tools: [tool],
    maxOutputTokens: 500,
    thinking: 'off',
    cacheKey: 'agent:main:ann',
    ...more,
  };
  sent = [];
  await assert.rejects(async () => {
    for await (const event of client.stream(request, new AbortController().signal)) assert.ok(event.type);
  });
  assert.equal(sent.length, 1, 'one call is one request');
  return sent[0] as Sent;
}

describe('chat completions', () => {
  const api = 'openai-completions';
  const as = (providerId: string): Partial<ModelEndpoint> => ({ providerId });

  test('OpenAI: its own field for the limit, a cache key that names nobody', async () => {
    const { body } = await ask({ api, endpoint: as('openai'), thinking: 'xhigh' });
    assert.equal(body['max_completion_tokens'], 500);
    assert.equal(body['max_tokens'], undefined);
    assert.match(String(body['prompt_cache_key']), /^[0-9a-f]{32}$/);
    assert.equal(body['reasoning_effort'], 'xhigh');
  });

  test('others: the usual field, three efforts, nothing that they might refuse', async () => {
    const { body } = await ask({ api, endpoint: as('mine'), thinking: 'xhigh' });
    assert.equal(body['max_tokens'], 500);
    assert.equal(body['reasoning_effort'], 'high');
    assert.equal(body['prompt_cache_key'], undefined);
    assert.deepEqual(body['stream_options'], { include_usage: true });
    const off = await ask({ api, endpoint: as('mine') });
    assert.deepEqual(Object.keys(off.body).toSorted(), ['max_tokens', 'messages', 'model', 'stream', 'stream_options', 'tools']);
  });

  test('each vendor is asked to think in its own way', async () => {
    const thinking = async (providerId: string, model: string, level: ModelRequest['thinking']): Promise<Json> => {
      const { body } = await ask({ api, endpoint: as(providerId), model, thinking: level });
      const { reasoning_effort, reasoning, thinking: setting } = body;
      return JSON.parse(JSON.stringify({ reasoning_effort, reasoning, thinking: setting })) as Json;
    };
    assert.deepEqual(await thinking('openrouter', 'openai/gpt-6.2-sol', 'low'), { reasoning: { effort: 'low' } });
    assert.deepEqual(await thinking('openrouter', 'openai/gpt-6.2-sol', 'off'), {});
    assert.deepEqual(await thinking('deepseek', 'deepseek-v4-flash', 'off'), { thinking: { type: 'disabled' } });
    assert.deepEqual(await thinking('deepseek', 'deepseek-v4-flash', 'high'), {
      thinking: { type: 'enabled' },
      reasoning_effort: 'high',
    });
    assert.deepEqual(await thinking('zai', 'glm-5.2', 'off'), { thinking: { type: 'disabled' } });
    assert.deepEqual(await thinking('moonshot', 'moonshot-v1-8k', 'high'), {});
    assert.deepEqual(await thinking('xai', 'grok-4', 'high'), {});
    assert.deepEqual(await thinking('xai', 'grok-4.5', 'medium'), { reasoning_effort: 'medium' });
    assert.deepEqual(await thinking('groq', 'openai/gpt-oss-120b', 'minimal'), { reasoning_effort: 'low' });
    assert.deepEqual(await thinking('groq', 'llama-3.3-70b', 'high'), {});
    assert.deepEqual(await thinking('mistral', 'mistral-large-latest', 'high'), {});
  });

  test('Mistral: ids of nine characters, the same for call and result', async () => {
    const { body } = await ask({
      api,
      endpoint: as('mistral'),
      messages: [
        person,
        { role: 'assistant', parts: [{ type: 'tool-call', callId: 'toolu_01abcdefghij', name: 'read', input: {} }] },
        { role: 'tool', parts: [{ type: 'tool-result', callId: 'toolu_01abcdefghij', name: 'read', text: 'x', isError: false }] },
      ],
    });
    const messages = body['messages'] as { tool_calls?: { id: string }[]; tool_call_id?: string }[];
    const id = messages[2]?.tool_calls?.[0]?.id ?? '';
    assert.match(id, /^[0-9a-f]{9}$/);
    assert.equal(messages[3]?.tool_call_id, id);
    assert.equal(body['stream_options'], undefined);
  });

  test('vendors that want it get the thoughts of this turn back, and no older ones', async () => {
    const thought = (text: string): AssistantPart => ({
      type: 'reasoning',
      text,
      providerData: { from: 'deepseek/deepseek-v4-flash' },
    });
    const messages: ModelMessage[] = [
      person,
      { role: 'assistant', parts: [thought('old thoughts'), { type: 'text', text: 'hello' }] },
      person,
      { role: 'assistant', parts: [thought('new thoughts'), { type: 'tool-call', callId: 'a', name: 'read', input: {} }] },
      { role: 'tool', parts: [{ type: 'tool-result', callId: 'a', name: 'read', text: 'x', isError: false }] },
    ];
    const { body } = await ask({ api, endpoint: as('deepseek'), model: 'deepseek-v4-flash', messages, thinking: 'high' });
    const text = JSON.stringify(body);
    assert.ok(text.includes('new thoughts') && !text.includes('old thoughts'));
    assert.ok(
      !JSON.stringify((await ask({ api, endpoint: as('groq'), model: 'deepseek-v4-flash', messages })).body).includes('thoughts'),
    );
  });

  test('the version is put where people leave it out', async () => {
    assert.equal((await ask({ api, endpoint: { baseUrl: `${origin}/` } })).path, '/v1/chat/completions');
    assert.equal((await ask({ api, endpoint: { baseUrl: `${origin}/api/paas/v4/` } })).path, '/api/paas/v4/chat/completions');
  });
});

describe('responses', () => {
  const api = 'openai-responses';

  test('stores nothing, asks for the sealed thoughts, and for summaries only when it will take long', async () => {
    const { body } = await ask({ api, model: 'gpt-6.2-sol', thinking: 'medium' });
    assert.equal(body['store'], false);
    assert.deepEqual(body['include'], ['reasoning.encrypted_content']);
    assert.deepEqual(body['reasoning'], { effort: 'medium' });
    assert.match(String(body['prompt_cache_key']), /^[0-9a-f]{32}$/);
    assert.deepEqual((await ask({ api, model: 'gpt-6.2-sol', thinking: 'high' })).body['reasoning'], {
      effort: 'high',
      summary: 'auto',
    });
  });

  test('off is the least that each model allows', async () => {
    const effort = async (model: string, thinking: ModelRequest['thinking']): Promise<unknown> => {
      const { body } = await ask({ api, model, thinking });
      return (body['reasoning'] as Json | undefined)?.['effort'];
    };
    assert.equal(await effort('gpt-6.2-sol', 'off'), 'low');
    assert.equal(await effort('gpt-6-sol', 'off'), 'none');
    assert.equal(await effort('gpt-5', 'off'), 'minimal');
    assert.equal(await effort('o3', 'off'), undefined);
    assert.equal(await effort('o3', 'xhigh'), 'high');
    assert.equal(await effort('gpt-4.1', 'high'), undefined);
    assert.equal(await effort('someones-model', 'high'), 'high');
    assert.equal(await effort('someones-model', 'off'), undefined);
  });

  test('a text goes back with its phase', async () => {
    const parts: AssistantPart[] = [
      {
        type: 'reasoning',
        text: '',
        providerData: { from: 'vendor/gpt-6.2-sol', options: { openai: { phase: 'commentary' } }, mark: 'before-text' },
      },
      { type: 'text', text: 'One moment.' },
    ];
    const { body } = await ask({ api, model: 'gpt-6.2-sol', messages: [person, { role: 'assistant', parts }, person] });
    const input = body['input'] as Json[];
    assert.equal(input.find((item) => item['role'] === 'assistant')?.['phase'], 'commentary');
  });
});

describe('messages', () => {
  const api = 'anthropic-messages';

  test('marks tools, system and the last two messages for the cache', async () => {
    const assistant: ModelMessage = { role: 'assistant', parts: [{ type: 'text', text: 'ok' }] };
    const { body } = await ask({ api, model: 'claude-sonnet-4-6', messages: [person, assistant, person, assistant, person] });
    const marked = (value: unknown): number => JSON.stringify(value).split('cache_control').length - 1;
    assert.equal(marked(body['tools']), 1);
    assert.equal(marked(body['system']), 1);
    assert.deepEqual((body['messages'] as Json[]).map(marked), [0, 0, 1, 0, 1]);
  });

  test('a key and a login go into different headers', async () => {
    const key = await ask({ api, model: 'claude-sonnet-4-6' });
    assert.equal(key.headers['x-api-key'], KEY);
    assert.equal(key.headers.authorization, undefined);
    const login = await ask({ api, model: 'claude-sonnet-4-6', endpoint: { bearer: true } });
    assert.equal(login.headers.authorization, `Bearer ${KEY}`);
    assert.equal(login.headers['x-api-key'], undefined);
    assert.match(String(login.headers['anthropic-beta']), /oauth-2025-04-20/);
  });

  test('thinking is asked for as each generation takes it', async () => {
    const of = async (model: string, thinking: ModelRequest['thinking'], messages?: ModelMessage[]): Promise<Json> => {
      const { body } = await ask({ api, model, thinking, ...(messages ? { messages } : {}) });
      return { thinking: body['thinking'], effort: (body['output_config'] as Json | undefined)?.['effort'] };
    };
    const bound = { type: 'adaptive', display: 'summarized', block_binding: { prefix_mismatch_behavior: 'drop_block' } };
    assert.deepEqual(await of('claude-opus-5-5', 'high'), { thinking: bound, effort: 'high' });
    assert.deepEqual(await of('claude-opus-5-5', 'off'), { thinking: bound, effort: 'low' });
    assert.deepEqual(await of('claude-haiku-5-5', 'off'), { thinking: { type: 'disabled' }, effort: undefined });
    assert.deepEqual(await of('claude-sonnet-4-6', 'off'), { thinking: { type: 'disabled' }, effort: undefined });
    assert.deepEqual(await of('claude-sonnet-4-6', 'medium'), {
      thinking: { type: 'adaptive', display: 'summarized' },
      effort: 'medium',
    });
    assert.deepEqual(await of('MiniMax-M3', 'off'), { thinking: undefined, effort: undefined });
    const budget = (await of('claude-haiku-4-5', 'low')).thinking as Json;
    assert.equal(budget['type'], 'enabled');
    assert.ok(Number(budget['budget_tokens']) > 1000);
    // A turn that another model began holds no thoughts of this one, which it would be refused for.
    const foreign: ModelMessage[] = [
      person,
      { role: 'assistant', parts: [{ type: 'tool-call', callId: 'a', name: 'read', input: {} }] },
      { role: 'tool', parts: [{ type: 'tool-result', callId: 'a', name: 'read', text: 'x', isError: false }] },
    ];
    assert.deepEqual((await of('claude-haiku-4-5', 'low', foreign)).thinking, { type: 'disabled' });
  });

  test('the version is put where people leave it out', async () => {
    const model = 'claude-sonnet-4-6';
    assert.equal((await ask({ api, model, endpoint: { baseUrl: `${origin}/anthropic` } })).path, '/anthropic/v1/messages');
    assert.equal((await ask({ api, model, endpoint: { baseUrl: `${origin}/v1/` } })).path, '/v1/messages');
  });
});

describe('generative AI', () => {
  const api = 'google-generative-ai';

  test('a key and a login go into different headers', async () => {
    const key = await ask({ api, model: 'gemini-3.8-flash' });
    assert.equal(key.headers['x-goog-api-key'], KEY);
    const login = await ask({ api, model: 'gemini-3.8-flash', endpoint: { bearer: true } });
    assert.equal(login.headers.authorization, `Bearer ${KEY}`);
    assert.equal(login.headers['x-goog-api-key'], undefined);
    assert.ok(!`${key.path}${login.path}`.includes(KEY), 'no key in an address');
  });

  test('thinking is asked for as each generation takes it', async () => {
    const of = async (model: string, thinking: ModelRequest['thinking']): Promise<unknown> => {
      const { body } = await ask({ api, model, thinking });
      return (body['generationConfig'] as Json)['thinkingConfig'];
    };
    assert.deepEqual(await of('gemini-4-argon', 'high'), { thinkingLevel: 'high', includeThoughts: true });
    assert.deepEqual(await of('gemini-4-argon', 'off'), { thinkingLevel: 'low' });
    assert.deepEqual(await of('gemini-2.5-flash', 'off'), { thinkingBudget: 0 });
    assert.equal(await of('gemini-2.0-flash', 'high'), undefined);
  });
});

describe('stream parts', () => {
  const read = (reading: Partial<StreamReading>, parts: LanguageModelV4StreamPart[]): ModelEvent[] => {
    const reader = createEventReader({ from: 'vendor/m', keepPlainReasoning: false, ...reading });
    return parts.flatMap((part) => reader(part) ?? []).filter(({ type }) => type !== 'progress');
  };

  test('a signature of a text follows the text, and goes back on it', () => {
    const events = read({ textMark: { at: 'after-text', vendor: 'google', fields: ['thoughtSignature'] } }, [
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Hello', providerMetadata: { google: { thoughtSignature: 'sig' } } },
      { type: 'text-end', id: '0' },
    ]);
    const mark = events[1];
    assert.ok(mark?.type === 'reasoning-end');
    const parts: AssistantPart[] = [{ type: 'text', text: 'Hello' }, mark.part];
    const request = {
      model: 'm',
      system: '',
      messages: [{ role: 'assistant' as const, parts }],
      tools: [],
      maxOutputTokens: 1,
      thinking: 'off' as const,
      cacheKey: '',
    };
    const [message] = promptOf(request, { from: 'vendor/m', callId: (id) => id, toolImages: 'in-result', reasoning: 'kept' });
    assert.deepEqual(message?.content, [
      { type: 'text', text: 'Hello', providerOptions: { google: { thoughtSignature: 'sig' } } },
    ]);
  });

  test('a phase comes before its text', () => {
    const events = read({ textMark: { at: 'before-text', vendor: 'openai', fields: ['phase'] } }, [
      { type: 'text-start', id: 'm', providerMetadata: { openai: { itemId: 'msg', phase: 'final_answer' } } },
      { type: 'text-delta', id: 'm', delta: 'Hello' },
      { type: 'text-end', id: 'm', providerMetadata: { openai: { itemId: 'msg', phase: 'final_answer' } } },
    ]);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['reasoning-end', 'text'],
    );
    assert.deepEqual(events[0], {
      type: 'reasoning-end',
      part: {
        type: 'reasoning',
        text: '',
        providerData: { from: 'vendor/m', options: { openai: { phase: 'final_answer' } }, mark: 'before-text' },
      },
    });
  });

  test('what is sealed at the end of a thought is not hidden by what was empty at its start', () => {
    const [event] = read({}, [
      { type: 'reasoning-start', id: 'r', providerMetadata: { openai: { itemId: 'rs', reasoningEncryptedContent: null } } },
      { type: 'reasoning-end', id: 'r', providerMetadata: { openai: { itemId: 'rs', reasoningEncryptedContent: 'sealed' } } },
    ]);
    assert.ok(event?.type === 'reasoning-end');
    assert.deepEqual(event.part.providerData, {
      from: 'vendor/m',
      options: { openai: { itemId: 'rs', reasoningEncryptedContent: 'sealed' } },
    });
  });
});
