// Whatever bytes a server sends: events or an AppError, never anything else, and never a hang.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isAppError } from '../../src/domain/errors.ts';
import type { ModelClient, ModelEvent, ModelRequest } from '../../src/domain/model.ts';
import { wireFormats } from '../../src/providers/index.ts';
import { createModelApi } from '../peers/model-api.ts';
import { wireFactsOf } from './wire-facts.ts';

const RUNS = 60;

interface Answer {
  status: number;
  pieces: Uint8Array[];
}

/** A server that says what it is told, byte for byte. */
async function parrot(): Promise<{ url: string; say(answer: Answer): void; close(): Promise<void> }> {
  let answer: Answer = { status: 200, pieces: [] };
  const server = createServer((request: IncomingMessage, response) => {
    request.resume().on('end', () => {
      response.writeHead(answer.status, { 'content-type': 'text/event-stream' });
      for (const piece of answer.pieces) response.write(piece);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    say: (wanted) => void (answer = wanted),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a healthy server of the format says, as the raw bytes of its body. */
async function recording(api: string): Promise<Buffer> {
  const peer = await createModelApi({ apiKey: null, pieceCharacters: 5 });
  const { path, model } = wireFactsOf(api);
  const plugin = wireFormats.find((format) => format.api === api);
  const chunks: Buffer[] = [];
  const tap = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => void forward(Buffer.concat(body)));
    const forward = async (sent: Buffer): Promise<void> => {
      const answer = await fetch(peer.url + (request.url ?? ''), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
        body: new Uint8Array(sent),
      });
      const whole = Buffer.from(await answer.arrayBuffer());
      chunks.push(whole);
      response.writeHead(answer.status, { 'content-type': 'text/event-stream' }).end(whole);
    };
  });
  await new Promise<void>((resolve) => tap.listen(0, '127.0.0.1', resolve));
  peer.answerNext([{ reasoning: 'hm' }, { text: 'Hello wörld' }, { call: 'read', input: { path: 'a' } }]);
  const client = await plugin?.create({
    providerId: 'peer',
    baseUrl: `http://127.0.0.1:${(tap.address() as AddressInfo).port}${path}`,
  });
  for await (const event of client?.stream(requestFor(model), new AbortController().signal) ?? []) assert.ok(event.type);
  tap.close();
  tap.closeAllConnections();
  await peer.close();
  return Buffer.concat(chunks);
}

function requestFor(model: string): ModelRequest {
  return {
    model,
    system: '',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    tools: [],
    maxOutputTokens: 100,
    thinking: 'off',
    cacheKey: '',
  };
}

async function outcome(client: ModelClient, model: string): Promise<ModelEvent[] | 'error'> {
  const events: ModelEvent[] = [];
  try {
    for await (const event of client.stream(requestFor(model), new AbortController().signal)) events.push(event);
  } catch (error) {
    assert.ok(isAppError(error), `not an AppError: ${String(error)}`);
    assert.ok(error.message.length > 0 && error.message.length < 600);
    return 'error';
  }
  assert.equal(events.at(-1)?.type, 'finish', 'an answer without an end is an error');
  return events;
}

for (const plugin of wireFormats) {
  describe(`random answers: ${plugin.api}`, { timeout: 120_000 }, () => {
    const { path, model } = wireFactsOf(plugin.api);
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    let server: Awaited<ReturnType<typeof parrot>>;
    let client: ModelClient;
    let healthy: Buffer;

    before(async () => {
      process.on('unhandledRejection', note);
      server = await parrot();
      client = await plugin.create({ providerId: 'parrot', baseUrl: server.url + path });
      healthy = await recording(plugin.api);
    });

    after(async () => {
      await server.close();
      process.off('unhandledRejection', note);
      assert.deepEqual(rejections, []);
    });

    test('the recording itself is understood', async () => {
      server.say({ status: 200, pieces: [healthy] });
      assert.notEqual(await outcome(client, model), 'error');
    });

    test('any bytes under any status', async () => {
      const status = fc.constantFrom(200, 200, 200, 201, 302, 304, 400, 401, 404, 429, 500, 599);
      const pieces = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 });
      const run = fc.asyncProperty(status, pieces, async (code, bytes) => {
        server.say({ status: code, pieces: bytes });
        await outcome(client, model);
      });
      await fc.assert(run, { numRuns: RUNS });
    });

    test('any JSON as events', async () => {
      const events = fc.array(fc.json({ maxDepth: 3 }), { maxLength: 5 });
      const run = fc.asyncProperty(events, async (jsons) => {
        server.say({ status: 200, pieces: jsons.map((json) => Buffer.from(`data: ${json}\n\n`)) });
        await outcome(client, model);
      });
      await fc.assert(run, { numRuns: RUNS });
    });

    test('a healthy answer with bytes changed, cut out or repeated', async () => {
      const edit = fc.record({
        at: fc.nat(10_000),
        length: fc.nat(60),
        insert: fc.uint8Array({ maxLength: 12 }),
        twice: fc.boolean(),
      });
      const run = fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let bytes = healthy;
        for (const { at, length, insert, twice } of edits) {
          const start = at % (bytes.length + 1);
          const end = Math.min(bytes.length, start + length);
          const middle = twice ? [bytes.subarray(start, end), bytes.subarray(start, end)] : [];
          bytes = Buffer.concat([bytes.subarray(0, start), insert, ...middle, bytes.subarray(end)]);
        }
        server.say({ status: 200, pieces: [bytes] });
        await outcome(client, model);
      });
      await fc.assert(run, { numRuns: RUNS });
    });

    test('a healthy answer that ends anywhere before its end is never taken for a whole one', async () => {
      const ends = [...healthy.toString('latin1').matchAll(/\n\n/g)].map(({ index }) => index + 2);
      for (const end of ends.slice(0, -2)) {
        server.say({ status: 200, pieces: [healthy.subarray(0, end)] });
        const result = await outcome(client, model);
        if (result !== 'error') assert.ok(isWhole(result), `cut at ${end} of ${healthy.length}`);
      }
    });
  });
}

/** Some formats send their last events in several parts; what follows the tool call and the reason is only usage. */
function isWhole(events: readonly ModelEvent[]): boolean {
  return events.some((event) => event.type === 'tool-call' && (event.part.input as { path?: string }).path === 'a');
}
