// What every wire format promises, as one suite against the fake vendors. Knows no vendor: `facts` says where its API lies.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isAppError, type AppError, type ErrorCode } from '../../src/domain/errors.ts';
import {
  isContextOverflow,
  isQuotaSpent,
  type AssistantPart,
  type ModelClient,
  type ModelEndpoint,
  type ModelEvent,
  type ModelMessage,
  type ModelRequest,
  type ProviderPlugin,
} from '../../src/domain/model.ts';
import { Secret } from '../../src/domain/secret.ts';
import { createModelApi, type ModelApi, type ModelCall, type Step } from '../peers/model-api.ts';

export interface WireFacts {
  /** Appended to the peer's address. */
  path: string;
  /** One that thinks. */
  model: string;
  /** False where arguments travel as an object, so that they cannot be invalid. */
  rawArguments: boolean;
  /** The vendor's data of a thought is verified by the peer when it comes back. */
  signsThoughts: boolean;
  /** Counts what is written to the cache. */
  countsCacheWrites: boolean;
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const readTool = {
  name: 'read',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'], additionalProperties: false },
};

const person = (text: string): ModelMessage => ({ role: 'user', parts: [{ type: 'text', text }] });

/** Collects one answer as the turn does. */
interface Answer {
  text: string;
  reasoning: string;
  parts: AssistantPart[];
  finish: Extract<ModelEvent, { type: 'finish' }> | undefined;
}

async function collect(events: AsyncIterable<ModelEvent>): Promise<Answer> {
  const answer: Answer = { text: '', reasoning: '', parts: [], finish: undefined };
  for await (const event of events) {
    assert.equal(answer.finish, undefined, 'nothing follows the finish');
    if (event.type === 'text') {
      answer.text += event.text;
      const last = answer.parts.at(-1);
      if (last?.type === 'text') last.text += event.text;
      else answer.parts.push({ type: 'text', text: event.text });
    }
    if (event.type === 'reasoning') answer.reasoning += event.text;
    if (event.type === 'reasoning-end' || event.type === 'tool-call') answer.parts.push(event.part);
    if (event.type === 'finish') answer.finish = event;
  }
  return answer;
}

function callsOf(answer: Answer): { name: string; input: unknown }[] {
  return answer.parts.flatMap((part) => (part.type === 'tool-call' ? [{ name: part.name, input: part.input }] : []));
}

export function providerContract(plugin: ProviderPlugin, facts: WireFacts): void {
  describe(plugin.api, { timeout: 120_000 }, () => {
    let peer: ModelApi;
    let client: ModelClient;
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);

    const endpoint = (more: Partial<ModelEndpoint> = {}): ModelEndpoint => ({
      providerId: 'peer',
      baseUrl: peer.url + facts.path,
      apiKey: new Secret(peer.apiKey),
      ...more,
    });

    const request = (more: Partial<ModelRequest> = {}): ModelRequest => ({
      model: facts.model,
      system: 'You are a test.',
      messages: [person('hello')],
      tools: [readTool],
      maxOutputTokens: 2000,
      thinking: 'off',
      cacheKey: 'agent:main:test',
      ...more,
    });

    const ask = (more: Partial<ModelRequest> = {}, by = client): Promise<Answer> =>
      collect(by.stream(request(more), new AbortController().signal));

    const lastCall = (): ModelCall => peer.requests.at(-1) as ModelCall;

    async function fails(code: ErrorCode, ...steps: Step[]): Promise<AppError> {
      peer.answerNext(steps);
      const error: unknown = await ask().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(isAppError(error), `expected an AppError, got ${String(error)}`);
      assert.equal(error.code, code, error.message);
      assert.ok(error.hint, 'it says how to mend it');
      for (const text of [error.message, error.hint, String(error.cause)]) assert.ok(!text.includes(peer.apiKey), text);
      return error;
    }

    before(async () => {
      process.on('unhandledRejection', note);
      peer = await createModelApi();
      client = await plugin.create(endpoint());
    });

    beforeEach(() => {
      peer.script();
      peer.split({ pieceCharacters: 16, splitBytes: Infinity });
    });

    after(async () => {
      await peer.close();
      process.off('unhandledRejection', note);
      assert.deepEqual(rejections, [], 'no promise is left alone with its error');
      assert.deepEqual(peer.failures, []);
    });

    test('streams text in pieces and ends with a finish', async () => {
      peer.answerNext([{ text: 'Hello, wörld 🎉 — and a longer sentence, so that it comes in pieces.' }]);
      const pieces: string[] = [];
      for await (const event of client.stream(request(), new AbortController().signal)) {
        if (event.type === 'text') pieces.push(event.text);
      }
      assert.equal(pieces.join(''), 'Hello, wörld 🎉 — and a longer sentence, so that it comes in pieces.');
      assert.ok(pieces.length > 1, 'it did not wait for the end');
    });

    test('asks for what the request says', async () => {
      await ask({ messages: [person('hello'), { role: 'assistant', parts: [{ type: 'text', text: 'hi' }] }, person('again')] });
      const call = lastCall();
      assert.equal(call.model, facts.model);
      assert.equal(call.stream, true);
      assert.equal(call.system, 'You are a test.');
      assert.equal(call.lastUserText, 'again');
      assert.deepEqual(
        call.messages.map((turn) => turn.role),
        ['user', 'assistant', 'user'],
      );
      assert.deepEqual(
        call.tools.map(({ name, description }) => ({ name, description })),
        [{ name: 'read', description: 'Reads a file.' }],
      );
      assert.ok(JSON.stringify(call.body).includes('2000'), 'the limit of the answer is sent');
      assert.ok(!JSON.stringify(call.body).includes('agent:main:test'), "a session's key does not leave");
    });

    test('sends no list of tools when there are none', async () => {
      const answer = await ask({ tools: [] });
      assert.equal(answer.text, 'hello');
    });

    test('is the same however the bytes are cut', async () => {
      const steps: Step[] = [
        { reasoning: 'Grübeln 🤔 …' },
        { text: 'Schöne Grüße 🎉\n```\nx\n```' },
        { call: 'read', input: { path: 'ä/🎉.txt' } },
      ];
      const whole = {
        text: 'Schöne Grüße 🎉\n```\nx\n```',
        calls: [{ name: 'read', input: { path: 'ä/🎉.txt' } }],
        finish: 'tool-calls',
      };
      for (const splitBytes of [1, 2, 3, 7, 50]) {
        peer.split({ splitBytes, pieceCharacters: 3, seed: splitBytes });
        peer.answerNext(steps);
        const answer = await ask({ thinking: 'medium' });
        assert.deepEqual({ text: answer.text, calls: callsOf(answer), finish: answer.finish?.reason }, whole);
        assert.equal(answer.reasoning, 'Grübeln 🤔 …');
      }
    });

    test('gives several tool calls in their order, with ids of their own', async () => {
      peer.answerNext([
        { text: 'Both:' },
        { call: 'read', input: { path: 'a' } },
        { call: 'read', input: { path: 'b', deep: [1, { x: null }] } },
      ]);
      const answer = await ask();
      assert.deepEqual(callsOf(answer), [
        { name: 'read', input: { path: 'a' } },
        { name: 'read', input: { path: 'b', deep: [1, { x: null }] } },
      ]);
      const ids = answer.parts.flatMap((part) => (part.type === 'tool-call' ? [part.callId] : []));
      assert.equal(new Set(ids).size, 2);
      assert.equal(answer.finish?.reason, 'tool-calls');
    });

    const unlessArgumentsAreObjects = facts.rawArguments ? test : (): void => {};
    void unlessArgumentsAreObjects('gives arguments that are no JSON as the raw text, and can send them back', async () => {
      peer.answerNext([{ call: 'read', rawInput: '{"path": "unfinished' }]);
      const answer = await ask();
      assert.deepEqual(callsOf(answer), [{ name: 'read', input: '{"path": "unfinished' }]);
      const call = answer.parts.find((part) => part.type === 'tool-call');
      assert.ok(call);
      await ask({
        messages: [
          person('hello'),
          { role: 'assistant', parts: answer.parts },
          { role: 'tool', parts: [{ type: 'tool-result', callId: call.callId, name: 'read', text: 'no JSON', isError: true }] },
        ],
      });
      assert.match(JSON.stringify(lastCall().messages), /unfinished/);
    });

    test('tells that it lives while arguments arrive', async () => {
      peer.answerNext([{ call: 'read', input: { path: 'x'.repeat(200) } }]);
      let signs = 0;
      for await (const event of client.stream(request(), new AbortController().signal)) if (event.type === 'progress') signs += 1;
      assert.ok(signs > 0);
    });

    test('gives tool results and errors back under the ids of their calls', async () => {
      peer.answerNext([
        { call: 'read', input: { path: 'a' } },
        { call: 'read', input: { path: 'b' } },
      ]);
      const answer = await ask();
      const calls = answer.parts.filter((part) => part.type === 'tool-call');
      await ask({
        messages: [
          person('hello'),
          { role: 'assistant', parts: answer.parts },
          {
            role: 'tool',
            parts: calls.map(({ callId, name }, index) => ({
              type: 'tool-result',
              callId,
              name,
              text: index === 0 ? 'content of a' : 'no such file',
              isError: index === 1,
            })),
          },
        ],
      });
      const [good, bad] = lastCall().results;
      assert.deepEqual({ name: good?.name, text: good?.text }, { name: 'read', text: 'content of a' });
      assert.equal(bad?.name, 'read');
      // Some formats have a place of its own for errors.
      assert.match(JSON.stringify(bad), /no such file/);
    });

    test("takes over another model's calls whatever their ids and signatures are", async () => {
      const foreign: AssistantPart[] = [
        {
          type: 'reasoning',
          text: 'secret thoughts',
          providerData: { from: 'other/model', options: { anthropic: { signature: 'forged' } } },
        },
        {
          type: 'tool-call',
          callId: 'odd id/with:signs|and more than sixty-four characters, which some refuse',
          name: 'read',
          input: { path: 'a' },
        },
      ];
      const [, call] = foreign;
      assert.ok(call?.type === 'tool-call');
      await ask({
        thinking: 'medium',
        messages: [
          person('hello'),
          { role: 'assistant', parts: foreign },
          { role: 'tool', parts: [{ type: 'tool-result', callId: call.callId, name: 'read', text: 'x', isError: false }] },
        ],
      });
      assert.ok(!JSON.stringify(lastCall().body).includes('secret thoughts'), "one model's thoughts are not shown to another");
    });

    test('gives thoughts back as they came, and keeps the place in the conversation', async () => {
      peer.answerNext([{ reasoning: 'I should read it.' }, { text: 'One moment.' }, { call: 'read', input: { path: 'a' } }]);
      const first = await ask({ thinking: 'medium' });
      assert.equal(first.reasoning, 'I should read it.');
      // What is written to disk must be enough.
      const parts = JSON.parse(JSON.stringify(first.parts)) as AssistantPart[];
      const call = parts.find((part) => part.type === 'tool-call');
      assert.ok(call);
      const refused = peer.refusals.length;
      await ask({
        thinking: 'medium',
        messages: [
          person('hello'),
          { role: 'assistant', parts },
          { role: 'tool', parts: [{ type: 'tool-result', callId: call.callId, name: 'read', text: 'x', isError: false }] },
        ],
      });
      assert.equal(peer.refusals.length, refused, 'the vendor accepts its own signatures');
      const reasoning = parts.find((part) => part.type === 'reasoning' && part.text !== '');
      assert.equal(reasoning?.type === 'reasoning' && reasoning.providerData !== undefined, facts.signsThoughts);
      assert.equal(lastCall().messages.length, 3);
    });

    test('asks for thinking only when it is wanted', async () => {
      await ask({ thinking: 'high' });
      assert.equal(lastCall().thinking, true);
      await ask({ thinking: 'off', model: `${facts.model}` });
      assert.ok(!JSON.stringify(lastCall().body).match(/"(?:high|xhigh)"/));
    });

    test('shows pictures of people and of tools', async () => {
      peer.answerNext([{ call: 'read', input: { path: 'a.png' } }]);
      const first = await ask();
      const call = first.parts.find((part) => part.type === 'tool-call');
      assert.ok(call);
      const image = { type: 'image' as const, mimeType: 'image/png', data: PIXEL };
      await ask({
        messages: [
          { role: 'user', parts: [{ type: 'text', text: 'what is this?' }, image] },
          { role: 'assistant', parts: first.parts },
          {
            role: 'tool',
            parts: [
              { type: 'tool-result', callId: call.callId, name: 'read', text: 'a picture', isError: false, images: [image] },
            ],
          },
        ],
      });
      const body = JSON.stringify(lastCall().body);
      assert.equal(body.split(PIXEL).length - 1, 2, 'both pictures went out, each once');
      assert.deepEqual(lastCall().results[0]?.text.includes(PIXEL) ?? true, false, 'a picture is not sent as text');
    });

    test('leaves out what is empty', async () => {
      await ask({
        messages: [
          person('hello'),
          {
            role: 'assistant',
            parts: [
              { type: 'text', text: '' },
              { type: 'reasoning', text: '' },
              { type: 'text', text: 'hi' },
            ],
          },
          {
            role: 'user',
            parts: [
              { type: 'text', text: '' },
              { type: 'text', text: 'again' },
            ],
          },
        ],
      });
      assert.equal(lastCall().lastUserText, 'again');
    });

    test('counts tokens as the vendor does', async () => {
      peer.answerNext([
        { text: 'ok' },
        { usage: { input: 5000, output: 40, cacheRead: 3000, cacheWrite: facts.countsCacheWrites ? 1000 : 0, reasoning: 0 } },
      ]);
      const { finish } = await ask();
      assert.deepEqual(finish?.usage, {
        inputTokens: 5000,
        outputTokens: 40,
        cacheReadTokens: 3000,
        cacheWriteTokens: facts.countsCacheWrites ? 1000 : 0,
        reasoningTokens: 0,
      });
    });

    test('lets the vendor cache what stays the same', async () => {
      const system = 'You are a test with a long and stable prompt. '.repeat(200);
      const first = await ask({ system });
      const second = await ask({
        system,
        messages: [person('hello'), { role: 'assistant', parts: first.parts }, person('again')],
      });
      assert.ok((second.finish?.usage.cacheReadTokens ?? 0) > 1000, JSON.stringify(second.finish));
    });

    test('tells why it ended', async () => {
      for (const [ending, reason] of [
        ['stop', 'stop'],
        ['length', 'length'],
        ['refused', 'refused'],
      ] as const) {
        peer.answerNext([{ text: 'x' }, { ending }]);
        assert.equal((await ask()).finish?.reason, reason);
      }
    });

    test('a wrong key is denied, and is in no text', async () => {
      const wrong = 'sk-wrong-0123456789abcdefghij';
      const other = await plugin.create(endpoint({ apiKey: new Secret(wrong) }));
      await assert.rejects(ask({}, other), (error: unknown) => {
        assert.ok(isAppError(error, 'denied'), String(error));
        assert.ok(!`${error.message} ${error.hint} ${String(error.cause)} ${error.stack}`.includes(wrong));
        return true;
      });
    });

    test('no key goes out where none is set, also when the environment has one', async () => {
      const names = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY', 'ANTHROPIC_AUTH_TOKEN'];
      const before = names.map((name) => process.env[name]);
      for (const name of names) process.env[name] = peer.apiKey;
      try {
        const { apiKey: _apiKey, ...open } = endpoint();
        await assert.rejects(ask({}, await plugin.create(open)), (error: unknown) => isAppError(error, 'denied'));
      } finally {
        names.forEach((name, index) => {
          if (before[index] === undefined) delete process.env[name];
          else process.env[name] = before[index];
        });
      }
    });

    test('sends the headers of the endpoint', async () => {
      await ask({}, await plugin.create(endpoint({ headers: { 'x-team': 'blue' } })));
      assert.equal(lastCall().headers['x-team'], 'blue');
    });

    test('what the vendor refuses is told apart', async () => {
      const rate = await fails('limit', { status: 429, retryAfterSeconds: 7 });
      assert.equal(rate.retryAfterMs, 7000);
      assert.equal(isQuotaSpent(rate), false);
      assert.equal(isQuotaSpent(await fails('limit', { status: 402 })), true);
      await fails('denied', { status: 403 });
      await fails('not_found', { status: 404 });
      assert.match(
        (await fails('invalid', { status: 400, message: 'temperature is out of range' })).message,
        /temperature is out of range/,
      );
      for (const status of [408, 500, 502, 503, 504, 529]) await fails('unavailable', { status });
    });

    test('a prompt that is too long is told as such', async () => {
      const error = await fails('invalid', { overflow: true });
      assert.equal(isContextOverflow(error), true);
      assert.equal(isContextOverflow(await fails('invalid', { status: 400, message: 'temperature is out of range' })), false);
    });

    test('an error in the middle of a stream counts like one before it', async () => {
      await fails('unavailable', { text: 'half of' }, { status: 529 });
      await fails('unavailable', { text: 'half of' }, { status: 500 });
      await fails('limit', { text: 'half of' }, { status: 429 });
    });

    test('an answer without an end is none', async () => {
      await fails('unavailable', { text: 'half of' }, { truncate: true });
      await fails('unavailable', { call: 'read', input: { path: 'a' } }, { truncate: true });
      await fails('unavailable', { text: 'half of' }, { reset: true });
      await fails('unavailable', { reset: true });
      await fails('unavailable', { truncate: true });
    });

    test('what is no answer is told, or skipped where the format says so', async () => {
      await fails('unavailable', { text: 'half of' }, { garbage: 'data: {"no": json\n\n' }, { text: ' it' });
      peer.answerNext([{ text: 'whole' }, { garbage: ': a comment\n\nnot-a-field: x\n\n' }, { text: ' answer' }]);
      assert.equal((await ask()).text, 'whole answer');
      peer.answerNext([{ ping: true }, { text: 'pong' }, { ping: true }]);
      assert.equal((await ask()).text, 'pong');
    });

    test('a server that is not there cannot be reached', async () => {
      const away = await plugin.create(endpoint({ baseUrl: `http://127.0.0.1:9${facts.path}` }));
      await assert.rejects(ask({}, away), (error: unknown) => {
        assert.ok(isAppError(error, 'unavailable'), String(error));
        assert.match(error.message, /nothing listens there/);
        return true;
      });
    });

    test('addresses that are none, or hold a password, are refused without being shown', async () => {
      for (const baseUrl of [
        'not an address',
        'ftp://host/v1',
        'https://ann:hunter2secret@host/v1',
        'https://host/v1?key=hunter2secret',
      ]) {
        await assert.rejects(plugin.create(endpoint({ baseUrl })), (error: unknown) => {
          assert.ok(isAppError(error, 'invalid'), String(error));
          assert.ok(!`${error.message} ${error.hint}`.includes('hunter2secret'));
          return true;
        });
      }
    });

    test('abort ends the request and throws the reason', async () => {
      peer.answerNext([{ text: 'first words' }, { silent: true }]);
      const stop = new AbortController();
      const reason = new Error('the person said stop');
      await assert.rejects(async () => {
        for await (const event of client.stream(request(), stop.signal)) if (event.type === 'text') stop.abort(reason);
      }, reason);
      await settled(peer);
    });

    test('abort before the first byte, and before the call', async () => {
      peer.answerNext([{ silent: true }]);
      const stop = new AbortController();
      const reason = new Error('enough');
      const asked = peer.requests.length;
      const running = assert.rejects(collect(client.stream(request(), stop.signal)), reason);
      await peer.waitForRequests(asked + 1);
      stop.abort(reason);
      await running;
      await settled(peer);
      await assert.rejects(collect(client.stream(request(), stop.signal)), reason);
    });

    test('walking away ends the request too', async () => {
      peer.answerNext([{ text: 'first words' }, { silent: true }]);
      for await (const event of client.stream(request(), new AbortController().signal)) if (event.type === 'text') break;
      await settled(peer);
    });
  });
}

/** Until the peer sees no open request; fails after five seconds. */
async function settled(peer: ModelApi): Promise<void> {
  for (let tries = 0; peer.inFlight() > 0; tries++) {
    assert.ok(tries < 500, 'the request is still open');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
