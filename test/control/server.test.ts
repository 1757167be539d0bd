import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { createControlClient } from '../../src/control/client.ts';
import type { Method } from '../../src/control/method.ts';
import { startControl, type ControlServer } from '../../src/control/server.ts';
import { AppError } from '../../src/domain/errors.ts';
import { silentLog } from '../../src/domain/log.ts';
import { Secret } from '../../src/domain/secret.ts';

const token = new Secret('c'.repeat(48));
let nowMs = 0;
let healthy = true;
let failing: string[] = [];
let server: ControlServer;

const echo: Method<{ text: string }> = {
  name: 'echo',
  scope: 'read',
  params: z.strictObject({ text: z.string() }),
  handle: async ({ text }, call) => {
    for (const letter of text === 'stream' ? 'ab' : '') call.emit('letter', letter);
    if (text === 'refuse') throw new AppError('conflict', 'No.', { hint: 'Say something else.' });
    if (text === 'break') throw new Error(`secret inside: ${token.reveal()}`);
    return { text };
  },
};

before(async () => {
  server = await startControl({
    port: 0,
    token: () => token,
    healthy: () => healthy,
    failing: async () => failing,
    routes: async () => [],
    sockets: () => Promise.reject(new Error('no sockets in this test')),
    methods: async () => new Map([['echo', echo as Method]]),
    clock: { now: () => nowMs, monotonic: () => nowMs },
    log: silentLog,
  });
});
after(() => server.close());

interface Answer {
  status: number;
  body: string;
  headers: Record<string, unknown>;
}

function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: server.port, path, method: body === undefined ? 'GET' : 'POST', headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

const right = { authorization: `Bearer ${token.reveal()}` };
const nextMinute = (): void => void (nowMs += 61_000);

test('only the checks of health and readiness answer without the token', async () => {
  nextMinute();
  assert.equal((await ask('/healthz')).status, 200);
  for (const path of ['/', '/rpc/echo', '/healthz/../rpc/echo', '/metrics']) assert.equal((await ask(path)).status, 401, path);
});

test('the health check says when the gateway cannot work', async () => {
  healthy = false;
  assert.equal((await ask('/healthz')).status, 503);
  healthy = true;
});

test('the readiness check names what fails', async () => {
  assert.deepEqual(await ask('/readyz').then(({ status, body }) => [status, JSON.parse(body)]), [200, { ok: true, failing: [] }]);
  failing = ['store', 'channel:telegram/default'];
  assert.deepEqual(await ask('/readyz').then(({ status, body }) => [status, JSON.parse(body)]), [503, { ok: false, failing }]);
  failing = [];
});

test('another host or origin is refused before the token is looked at', async () => {
  const port = server.port;
  for (const headers of [
    { host: 'evil.example' },
    { host: `evil.example:${port}` },
    { host: `127.0.0.1:${port}`, origin: 'https://evil.example' },
    { host: `127.0.0.1:${port}`, origin: 'null' },
    { host: `127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' },
  ]) {
    assert.equal((await ask('/healthz', { ...headers, ...right })).status, 403, JSON.stringify(headers));
  }
  assert.equal((await ask('/healthz', { host: `localhost:${port}`, origin: `http://localhost:${port}` })).status, 200);
});

test('a hundred parallel guesses get at most ten answers; the right token still passes', async () => {
  nextMinute();
  const guesses = await Promise.all(
    Array.from({ length: 100 }, (_, index) => ask('/rpc/echo', { authorization: `Bearer guess-${index}` }, '{}')),
  );
  assert.equal(guesses.filter(({ status }) => status === 401).length, 10);
  assert.equal(guesses.filter(({ status }) => status === 429).length, 90);
  assert.ok(guesses.some(({ status, headers }) => status === 429 && Number(headers['retry-after']) > 0));
  assert.equal((await ask('/rpc/echo', right, '{"text":"hello"}')).status, 200);
  nextMinute();
  assert.equal((await ask('/rpc/echo', { authorization: 'Bearer wrong' }, '{}')).status, 401);
});

test('a method is called, its parameters are checked, its errors keep their code and hint', async () => {
  nextMinute();
  const client = createControlClient({ port: server.port, token });
  assert.deepEqual(await client.call('echo', { text: 'hello' }), { text: 'hello' });
  await assert.rejects(client.call('echo', { text: 1 }), { code: 'invalid' });
  await assert.rejects(client.call('echo', { text: 'a', more: true }), { code: 'invalid' });
  await assert.rejects(client.call('nothing'), { code: 'not_found' });
  await assert.rejects(client.call('echo', { text: 'refuse' }), { code: 'conflict', hint: 'Say something else.' });
});

test('a streamed answer brings its pieces and then its result', async () => {
  nextMinute();
  const pieces: unknown[] = [];
  const client = createControlClient({ port: server.port, token });
  assert.deepEqual(await client.call('echo', { text: 'stream' }, (event, payload) => pieces.push([event, payload])), {
    text: 'stream',
  });
  assert.deepEqual(pieces, [
    ['letter', 'a'],
    ['letter', 'b'],
  ]);
});

test('a bug answers 500 and tells nothing of itself', async () => {
  nextMinute();
  const answer = await ask('/rpc/echo', right, '{"text":"break"}');
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /secret|stack|cccc/);
});

test('bodies that are too large or no JSON are refused', async () => {
  nextMinute();
  assert.equal((await ask('/rpc/echo', right, 'x'.repeat(2_000_000))).status, 429);
  assert.equal((await ask('/rpc/echo', right, '{')).status, 400);
});

test('a taken port is a conflict that names it', async () => {
  const options = {
    token: () => token,
    healthy: () => true,
    failing: async () => [],
    methods: async () => new Map(),
    routes: async () => [],
    sockets: () => Promise.reject(new Error('no sockets in this test')),
    log: silentLog,
  };
  await assert.rejects(startControl({ ...options, port: server.port, clock: { now: () => 0, monotonic: () => 0 } }), {
    code: 'conflict',
    message: `Port ${server.port} on 127.0.0.1 is taken.`,
  });
});
