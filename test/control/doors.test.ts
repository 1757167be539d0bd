// Every door of the local port, tried without the right token: none opens, and nothing behind one runs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createReadiness } from '../../src/control/readiness.ts';
import type { GatewayStatus } from '../../src/gateway/status.ts';
import { createControlBed, type ControlBed } from './bed/bed.ts';

let bed: ControlBed;
before(async () => {
  bed = await createControlBed();
});
after(() => bed.close());

const url = (path: string): string => `http://127.0.0.1:${bed.control.port}${path}`;

/** What somebody without the token may try. */
function wrongKeys(): Record<string, Record<string, string>> {
  const token = bed.token.reveal();
  return {
    'no token': {},
    'a wrong one': { authorization: `Bearer ${'e'.repeat(48)}` },
    'a part of it': { authorization: `Bearer ${token.slice(0, -1)}` },
    'more than it': { authorization: `Bearer ${token}x` },
    'another scheme': { authorization: `Basic ${token}` },
    'an empty one': { authorization: 'Bearer ' },
    'in a cookie': { cookie: `token=${token}` },
    'a proxy that vouches': { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-user': 'owner', 'tailscale-user-login': 'owner' },
  };
}

test('every method and every route answers 401 without the right token, and nothing runs', async () => {
  const doors = [
    ...[...bed.methods.keys()].map((name) => ({ method: 'POST', path: `/rpc/${name}` })),
    ...bed.routes,
    { method: 'POST', path: '/rpc/no.such.method' },
    { method: 'GET', path: '/' },
    { method: 'GET', path: '/metrics' },
    { method: 'GET', path: `/v1/models?token=${bed.token.reveal()}` },
  ];
  assert.ok(doors.length > 8);
  for (const { method, path } of doors) {
    for (const [what, headers] of Object.entries(wrongKeys())) {
      bed.clock.forward(61_000);
      const answer = await fetch(url(path), { method, headers, ...(method === 'POST' && { body: '{"message":"hello"}' }) });
      assert.equal(answer.status, 401, `${method} ${path} with ${what}`);
    }
  }
  assert.equal(bed.modelApi.count(), 0);
  assert.deepEqual(await bed.store.sessions.list({ limit: 1 }), []);
});

test('every method has a scope and refuses parameters that it does not know', async () => {
  const headers = { authorization: `Bearer ${bed.token.reveal()}` };
  for (const [name, { scope }] of bed.methods) {
    assert.ok(['read', 'write', 'admin'].includes(scope), name);
    const answer = await fetch(url(`/rpc/${name}`), { method: 'POST', headers, body: '{"noSuchParameter":1}' });
    assert.equal(answer.status, 400, name);
  }
});

test('the gateway is ready once its channels receive', async () => {
  const look = async (): Promise<[number, unknown]> => {
    bed.clock.forward(1_000);
    const answer = await fetch(url('/readyz'));
    return [answer.status, await answer.json()];
  };
  let seen = await look();
  for (let tries = 0; seen[0] !== 200 && tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    seen = await look();
  }
  assert.deepEqual(seen, [200, { ok: true, failing: [] }]);
});

test('what fails is named: a channel, a store that refuses or hangs, a gateway that stops', async () => {
  const clock = { now: () => 0, monotonic: () => 0 };
  const channel = { channel: 'telegram', account: 'a', state: 'waiting', reason: 'secret reason' };
  const status = {
    stopping: true,
    channels: [channel, { ...channel, account: 'b', state: 'running' }],
  } as unknown as GatewayStatus;
  assert.deepEqual(await createReadiness({ status: async () => status, clock })(), ['gateway', 'channel:telegram/a']);
  assert.deepEqual(await createReadiness({ status: () => Promise.reject(new Error('disk')), clock })(), ['store']);
  const hanging = createReadiness({ status: () => new Promise(() => {}), clock, patienceMs: 1 });
  const keptAlive = setInterval(() => {}, 1_000);
  assert.deepEqual(await hanging(), ['store']);
  clearInterval(keptAlive);
});

test('asking often costs one look', async () => {
  let asked = 0;
  const status = async (): Promise<GatewayStatus> => {
    asked += 1;
    return { stopping: false, channels: [] } as unknown as GatewayStatus;
  };
  const ready = createReadiness({ status, clock: { now: () => 0, monotonic: () => 5 } });
  await Promise.all(Array.from({ length: 100 }, ready));
  assert.equal(asked, 1);
});
