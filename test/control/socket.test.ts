// The WebSocket door: who does not show the token first gets nothing; scopes hold; slow, large and late frames end the connection.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket, type ClientOptions } from 'ws';
import { createControlBed, type ControlBed } from './bed/bed.ts';

let bed: ControlBed;
before(async () => {
  bed = await createControlBed({ sockets: { handshakeMs: 300, tickMs: 50 } });
});
after(() => bed.close());

interface Frame {
  type: string;
  id?: string;
  event?: string;
  ok?: boolean;
  payload?: Record<string, unknown>;
  error?: { code: string; message: string };
}

/** A client that keeps what it got. */
class Peer {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private listeners: (() => void)[] = [];

  constructor(options: ClientOptions = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${bed.control.port}/`, options);
    this.socket.on('error', () => {});
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Frame);
      this.listeners.forEach((listener) => listener());
    });
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  async frame(holds: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(holds);
      if (found) return found;
      await Promise.race([
        new Promise<void>((resolve) => this.listeners.push(resolve)),
        this.closed.then(({ code, reason }) => Promise.reject(new Error(`closed: ${code} ${reason}`))),
      ]);
    }
  }

  send(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  private next = 0;
  async ask(method: string, params: unknown = {}): Promise<Frame> {
    const id = `r${(this.next += 1)}`;
    this.send({ type: 'req', id, method, params });
    return this.frame((frame) => frame.id === id);
  }

  async nonce(): Promise<string> {
    return (await this.frame(({ event }) => event === 'connect.challenge')).payload?.['nonce'] as string;
  }
}

const CLIENT = { id: 'test', mode: 'backend', version: '1', platform: 'linux' };

function hello(change: object = {}): object {
  return { minProtocol: 3, maxProtocol: 4, client: CLIENT, auth: { token: bed.token.reveal() }, ...change };
}

async function connected(change: object = {}): Promise<Peer> {
  const peer = new Peer();
  await peer.nonce();
  const answer = await peer.ask('connect', hello(change));
  assert.equal(answer.ok, true, JSON.stringify(answer.error));
  return peer;
}

test('no method runs before the handshake, and none for a wrong token', async () => {
  for (const name of bed.socketMethods.keys()) {
    bed.clock.forward(61_000);
    const early = new Peer();
    await early.nonce();
    const answer = await early.ask(name, { message: 'hello', sessionKey: 'main' });
    assert.equal(answer.error?.message, 'invalid handshake: first request must be connect', name);
    assert.equal((await early.closed).code, 1008);
    const wrong = new Peer();
    await wrong.nonce();
    wrong.send({ type: 'req', id: 'c', method: 'connect', params: hello({ auth: { token: 'wrong' } }) });
    wrong.send({ type: 'req', id: 'm', method: name, params: { message: 'hello', sessionKey: 'main' } });
    assert.equal((await wrong.closed).code, 1008);
    assert.deepEqual(
      wrong.frames.map(({ id, event }) => id ?? event),
      ['connect.challenge', 'c'],
      name,
    );
  }
  assert.equal(bed.modelApi.count(), 0);
});

test('every method asks for its scope', async () => {
  const granted = { read: ['operator.read'], write: ['operator.write'], admin: ['operator.admin'], none: ['operator.unknown'] };
  const enough = { read: ['read', 'write', 'admin'], write: ['write', 'admin'], admin: ['admin'] };
  for (const [held, scopes] of Object.entries(granted)) {
    const peer = await connected({ scopes });
    for (const [name, { scope }] of bed.socketMethods) {
      if (enough[scope].includes(held)) continue;
      assert.equal((await peer.ask(name, {})).error?.message, `missing scope: operator.${scope}`, `${name} with ${held}`);
    }
    peer.socket.close();
  }
  const all = await connected();
  assert.equal((await all.ask('sandboxes.end')).ok, true);
  assert.equal((await all.ask('no.such')).error?.message, 'unknown method: no.such');
  assert.match((await all.ask('chat.send', {})).error?.message ?? '', /^invalid chat\.send params: at \/sessionKey: /);
  all.socket.close();
});

test('protocols 3 and 4 are spoken, no other', async () => {
  for (const version of [3, 4]) {
    const peer = await connected({ minProtocol: version, maxProtocol: version });
    const answer = peer.frames.find(({ type }) => type === 'res');
    assert.deepEqual([answer?.payload?.['type'], answer?.payload?.['protocol']], ['hello-ok', version]);
    peer.socket.close();
  }
  const old = new Peer();
  await old.nonce();
  assert.equal((await old.ask('connect', hello({ minProtocol: 1, maxProtocol: 2 }))).error?.message, 'protocol mismatch');
  assert.equal((await old.closed).code, 1002);
});

test('another host or origin gets no socket', async () => {
  for (const headers of [
    { host: 'evil.example' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const peer = new Peer({ headers });
    const [, response] = (await once(peer.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, 403, JSON.stringify(headers));
    peer.socket.terminate();
  }
});

test('many guesses at once get ten tries; the right token still passes', async () => {
  bed.clock.forward(61_000);
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const peer = new Peer();
      await peer.nonce();
      return (await peer.ask('connect', hello({ auth: { token: `guess-${index}` } }))).error?.message ?? '';
    }),
  );
  assert.equal(answers.filter((message) => message.includes('token mismatch')).length, 10);
  assert.equal(answers.filter((message) => message.includes('too many wrong tokens')).length, 30);
  (await connected()).socket.close();
  bed.clock.forward(61_000);
});

test('frames that are late, too large or no request end the connection', async () => {
  assert.equal((await new Peer().closed).reason, 'handshake timeout');
  const large = new Peer();
  await large.nonce();
  large.send({ type: 'req', id: 'c', method: 'connect', params: hello({ locale: 'x'.repeat(70_000) }) });
  assert.ok([1006, 1009].includes((await large.closed).code));
  const huge = await connected();
  huge.send({ type: 'req', id: 'h', method: 'health', params: { x: 'x'.repeat(600_000) } });
  assert.ok([1006, 1009].includes((await huge.closed).code));
  for (const garbage of ['{', '[]', 'null', '{"type":"res","id":"1","ok":true}', Buffer.from([1, 2, 3])]) {
    const peer = await connected();
    peer.socket.send(garbage);
    assert.equal((await peer.closed).code, 1008, String(garbage));
  }
});

interface Device {
  id: string;
  raw: Buffer;
  key: KeyObject;
}

function newDevice(): Device {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return { id: createHash('sha256').update(raw).digest('hex'), raw, key: privateKey };
}

test('a device that is named must prove itself against this connection', async () => {
  const own = newDevice();
  const signed = (nonce: string, change: object = {}, signedAt = bed.clock.now()): object => {
    const text = ['v2', own.id, CLIENT.id, CLIENT.mode, 'operator', '', signedAt, bed.token.reveal(), nonce].join('|');
    const signature = sign(null, Buffer.from(text), own.key).toString('base64url');
    return { id: own.id, publicKey: own.raw.toString('base64url'), signature, signedAt, nonce, ...change };
  };
  const tried = async (device: (nonce: string) => object): Promise<boolean | undefined> => {
    const peer = new Peer();
    const answer = await peer.ask('connect', hello({ device: device(await peer.nonce()) }));
    peer.socket.close();
    return answer.ok;
  };
  assert.equal(await tried((nonce) => signed(nonce)), true);
  assert.equal(await tried(() => signed('another-nonce')), false, 'replayed');
  assert.equal(await tried((nonce) => signed(nonce, { id: newDevice().id })), false, 'another id');
  assert.equal(await tried((nonce) => signed(nonce, { publicKey: newDevice().raw.toString('base64url') })), false, 'another key');
  assert.equal(await tried((nonce) => signed(nonce, { signature: 'AAAA' })), false, 'no signature');
  assert.equal(await tried((nonce) => signed(nonce, {}, bed.clock.now() - 700_000)), false, 'too old');
});

test('the same idempotency key runs once', async () => {
  const peer = await connected();
  const asked = bed.modelApi.count();
  const send = () => peer.ask('chat.send', { sessionKey: 'once', message: 'hello', idempotencyKey: 'k1' });
  const answers = [await send(), await send()];
  assert.deepEqual(
    answers.map(({ payload }) => payload?.['runId']),
    ['k1', 'k1'],
  );
  assert.equal(answers[0]?.payload?.['status'], 'started');
  assert.equal((await peer.ask('agent.wait', { runId: 'k1' })).payload?.['status'], 'ok');
  assert.equal((await send()).payload?.['status'], 'ok');
  assert.equal(bed.modelApi.count(), asked + 1);
  peer.socket.close();
});

test('who may not read hears no events; who may gets ticks', async () => {
  const deaf = await connected({ scopes: ['operator.unknown'] });
  const reader = await connected({ scopes: ['operator.read'] });
  const ticks = (): number => reader.frames.filter(({ event }) => event === 'tick').length;
  while (ticks() < 2) await once(reader.socket, 'message');
  assert.deepEqual(
    deaf.frames.flatMap(({ event }) => event ?? []),
    ['connect.challenge'],
  );
  deaf.socket.close();
  reader.socket.close();
});

test('a client that does not read is dropped, and the others are served', async () => {
  const [slow, quick] = [await connected(), await connected()];
  await quick.ask('agent', { message: 'x'.repeat(90_000), sessionKey: 'large', idempotencyKey: 'large' });
  await quick.ask('agent.wait', { runId: 'large' });
  slow.socket.pause();
  // Each answer is a large one; together they are more than the kernel keeps for a socket.
  for (let round = 0; round < 20; round += 1) {
    for (let index = 0; index < 20; index += 1)
      slow.send({ type: 'req', id: `${round}-${index}`, method: 'chat.history', params: { sessionKey: 'large' } });
    assert.equal((await quick.ask('health')).ok, true);
  }
  slow.socket.resume();
  const { code } = await slow.closed;
  assert.ok([1006, 1008].includes(code), String(code));
  assert.ok(slow.frames.length < 400);
  quick.socket.close();
});

test('a token that is changed ends what came in with the old one', async () => {
  const peer = await connected();
  bed.rotateToken();
  peer.send({ type: 'req', id: 'late', method: 'health' });
  assert.equal((await peer.closed).reason, 'the gateway token has changed');
  assert.ok(!peer.frames.some(({ id }) => id === 'late'));
});

test('a gateway that stops says so to its clients', async () => {
  const other = await createControlBed();
  const socket = new WebSocket(`ws://127.0.0.1:${other.control.port}/`);
  const closed = once(socket, 'close');
  await once(socket, 'message');
  await other.close();
  assert.equal((await closed)[0], 1012);
});
