// The peers seen by clients that others wrote against the real platforms: what those take, ours has to be.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4, LanguageModelV4Message, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { Api, GrammyError, InputFile } from 'grammy';
import { createBotApi, type BotApi } from './bot-api.ts';
import { createModelApi, type ModelApi } from './model-api.ts';

let bot: BotApi;
let peer: ModelApi;
before(async () => {
  bot = await createBotApi();
  peer = await createModelApi({ splitBytes: 7, pieceCharacters: 6 });
});
after(() => Promise.all([bot.close(), peer.close()]));

test('grammY takes the answers of the Bot API peer', async () => {
  const api = new Api(bot.token, { apiRoot: bot.url });
  assert.equal((await api.getMe()).username, 'peer_bot');
  const al = bot.person(556);
  al.photo(Buffer.from('not really a photo'), { caption: 'look' });
  const [update] = await api.getUpdates({ timeout: 1, allowed_updates: ['message'] });
  assert.equal(update?.message?.caption, 'look');
  const sent = await api.sendMessage(556, '<b>hi</b>', { parse_mode: 'HTML', reply_parameters: { message_id: 1 } });
  assert.equal(sent.text, 'hi');
  await api.editMessageText(556, sent.message_id, 'ho');
  const document = await api.sendDocument(556, new InputFile(Buffer.from('abc'), 'a.txt'), { caption: 'file' });
  assert.equal(document.document.file_name, 'a.txt');
  assert.equal(bot.sent(556).at(-1)?.files[0]?.bytes.toString(), 'abc');
  await api.setMyCommands([{ command: 'help', description: 'What I can do' }]);
  await assert.rejects(api.sendMessage(556, '<b>hi</i>', { parse_mode: 'HTML' }), (error: GrammyError) => {
    assert.ok(error instanceof GrammyError);
    return error.error_code === 400 && error.description.startsWith("Bad Request: can't parse entities");
  });
  bot.fault('sendMessage', { status: 429, retryAfterSeconds: 3 });
  await assert.rejects(api.sendMessage(556, 'x'), (error: GrammyError) => error.parameters.retry_after === 3);
});

const apiKey = 'sk-peer-0123456789abcdef';
const clients: [string, () => LanguageModelV4][] = [
  [
    'chat completions',
    () => createOpenAICompatible({ name: 'peer', baseURL: `${peer.url}/v1`, apiKey, includeUsage: true })('peer-1'),
  ],
  ['chat completions of the vendor', () => createOpenAI({ baseURL: `${peer.url}/v1`, apiKey }).chat('peer-1')],
  ['responses', () => createOpenAI({ baseURL: `${peer.url}/v1`, apiKey }).responses('gpt-5-peer')],
  ['messages', () => createAnthropic({ baseURL: `${peer.url}/v1`, apiKey })('claude-peer')],
  ['generateContent', () => createGoogle({ baseURL: `${peer.url}/v1beta`, apiKey })('gemini-3-peer')],
];

const inputSchema = { type: 'object' as const, properties: { path: { type: 'string' as const } } };
const person = (text: string): LanguageModelV4Message => ({ role: 'user', content: [{ type: 'text', text }] });

async function run(model: LanguageModelV4, prompt: LanguageModelV4Message[]): Promise<LanguageModelV4StreamPart[]> {
  const providerOptions = {
    openai: { store: false, include: ['reasoning.encrypted_content'], reasoningEffort: 'low' },
    anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } },
  };
  const tools = [{ type: 'function' as const, name: 'read', description: 'Reads a file', inputSchema }];
  const { stream } = await model.doStream({ prompt, tools, maxOutputTokens: 4000, providerOptions });
  return Array.fromAsync(stream);
}

const textOf = (parts: LanguageModelV4StreamPart[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('');

for (const [name, create] of clients) {
  test(`${name}: text, reasoning, a call and its result, through a client of others`, async () => {
    const model = create();
    const system: LanguageModelV4Message = { role: 'system', content: 'Be brief.' };
    const plain = await run(model, [system, person('héllo 👋')]);
    assert.equal(textOf(plain), 'héllo 👋');
    const finish = plain.at(-1);
    assert.equal(finish?.type === 'finish' && finish.finishReason.unified, 'stop');
    assert.ok(finish?.type === 'finish' && Number(finish.usage.inputTokens.total) > 0);

    const asked = person('think hmm\ncall read {"path":"a b.txt"}');
    const parts = await run(model, [system, asked]);
    const call = parts.find((part) => part.type === 'tool-call');
    assert.equal(call?.toolName, 'read');
    assert.deepEqual(JSON.parse(call?.input ?? ''), { path: 'a b.txt' });
    const reasoning = parts.filter((part) => part.type === 'reasoning-delta').map((part) => part.delta);
    // That vendor shows no reasoning on this wire, so its client looks for none.
    if (name !== 'chat completions of the vendor') assert.equal(reasoning.join(''), 'hmm');

    const answered = await run(model, [system, asked, assistantTurn(parts), resultTurn(call)]);
    assert.equal(textOf(answered), 'tool said: the file');
  });
}

/** What has to be sent back: the reasoning with the client's own marks, and the call. */
function assistantTurn(parts: LanguageModelV4StreamPart[]): LanguageModelV4Message {
  const call = parts.find((part) => part.type === 'tool-call');
  const thought = parts.filter((part) => part.type === 'reasoning-delta' || part.type === 'reasoning-end');
  const text = thought.map((part) => (part.type === 'reasoning-delta' ? part.delta : '')).join('');
  const marks = thought.findLast((part) => part.providerMetadata !== undefined)?.providerMetadata;
  const reasoning = { type: 'reasoning' as const, text, ...(marks && { providerOptions: marks }) };
  return {
    role: 'assistant',
    content: [
      ...(thought.length === 0 ? [] : [reasoning]),
      {
        type: 'tool-call',
        toolCallId: call?.toolCallId ?? '',
        toolName: 'read',
        input: JSON.parse(call?.input ?? '{}') as unknown,
        ...(call?.providerMetadata && { providerOptions: call.providerMetadata }),
      },
    ],
  };
}

function resultTurn(call: { toolCallId: string } | undefined): LanguageModelV4Message {
  const output = { type: 'text' as const, value: 'the file' };
  return { role: 'tool', content: [{ type: 'tool-result', toolCallId: call?.toolCallId ?? '', toolName: 'read', output }] };
}

test('no client was refused for the shape of its request', () => {
  assert.deepEqual(peer.refusals, []);
  assert.deepEqual(peer.failures, []);
});
