// The part of the store's contract about who may talk and who asks to.
import assert from 'node:assert/strict';
import type { PairingRequest, Store, Stranger } from '../../src/domain/store.ts';
import type { StoreTest } from './store.ts';
import { rejects, where } from './store-messages.ts';

const hourMs = 3_600_000;

function stranger(senderId: string, more: Partial<Stranger> = {}): Stranger {
  return { ...where, senderId, senderName: `Name ${senderId}`, firstText: 'hello', ...more };
}

async function ask(store: Store, senderId: string, more: Partial<Stranger> = {}): Promise<PairingRequest> {
  const started = await store.pairings.start(stranger(senderId, more), 3);
  assert.equal(started.outcome, 'created');
  return 'request' in started ? started.request : assert.fail();
}

const isAllowed = (store: Store, senderId: string): Promise<boolean> =>
  store.pairings.isAllowed(where.channel, where.account, senderId);

export function pairingContract(test: StoreTest): void {
  asking(test);
  deciding(test);
  guessing(test);
}

function asking(test: StoreTest): void {
  test('a stranger gets one code for an hour', async ({ store, clock, again }) => {
    const request = await ask(store, '5');
    assert.match(request.code, /^[A-HJ-NP-Z2-9]{8}$/);
    assert.deepEqual([request.createdAtMs, request.expiresAtMs], [clock.now(), clock.now() + hourMs]);
    clock.pass(1_000);
    const repeated = await (await again()).pairings.start(stranger('5'), 3);
    assert.deepEqual(repeated, { outcome: 'pending', request: { ...request, lastSeenAtMs: clock.now() } });
  });

  test('a code is worth nothing after its hour, and the stranger may ask anew', async ({ store, clock }) => {
    const request = await ask(store, '5');
    clock.pass(hourMs);
    assert.deepEqual(await store.pairings.pending(), []);
    await rejects(store.pairings.approve('telegram', request.code), 'not_found');
    assert.equal(await isAllowed(store, '5'), false);
    assert.notEqual((await ask(store, '5')).code, request.code);
  });

  test('no more wait than may wait, for each account', async ({ store, clock }) => {
    for (const id of ['1', '2', '3']) await ask(store, id);
    assert.deepEqual(await store.pairings.start(stranger('4'), 3), { outcome: 'full' });
    await ask(store, '4', { account: 'other' });
    clock.pass(hourMs);
    await ask(store, '4');
    assert.deepEqual(
      (await store.pairings.pending('telegram')).map((request) => request.senderId),
      ['4'],
    );
    assert.deepEqual(await store.pairings.pending('whatsapp'), []);
  });

  test('codes differ and use the whole alphabet', async ({ store }) => {
    const codes = new Set<string>();
    for (let n = 0; n < 120; n += 1)
      codes.add(((await store.pairings.start(stranger(String(n)), 1_000)) as { request: PairingRequest }).request.code);
    assert.equal(codes.size, 120);
    assert.equal(new Set([...codes].join('')).size, 32);
  });
}

function deciding(test: StoreTest): void {
  test('who is approved may talk: at once, for good, and nobody else', async ({ store, again }) => {
    const request = await ask(store, '5');
    await ask(store, '6');
    const sender = await store.pairings.approve('telegram', ` ${request.code.toLowerCase()} `);
    assert.deepEqual([sender.senderId, sender.senderName], ['5', 'Name 5']);
    for (const read of [async () => store, again]) {
      const open = await read();
      assert.equal(await isAllowed(open, '5'), true);
      assert.equal(await isAllowed(open, '6'), false);
      assert.equal(await open.pairings.isAllowed('telegram', 'other', '5'), false);
      assert.equal(await open.pairings.isAllowed('terminal', 'default', '5'), false);
      assert.deepEqual(await open.pairings.allowed(), [sender]);
      assert.deepEqual(await open.pairings.allowed('terminal'), []);
    }
    await rejects((await again()).pairings.approve('telegram', request.code), 'not_found');
  });

  test('a code counts for its own channel only', async ({ store }) => {
    const request = await ask(store, '5');
    await rejects(store.pairings.approve('whatsapp', request.code), 'not_found');
    assert.equal(await isAllowed(store, '5'), false);
  });

  test('who is rejected gets no further code until somebody lets them in or forgets them', async ({ store, clock }) => {
    const request = await ask(store, '5');
    assert.equal((await store.pairings.reject('telegram', request.code)).senderId, '5');
    assert.deepEqual(await store.pairings.pending(), []);
    clock.pass(100 * hourMs);
    assert.equal((await store.pairings.start(stranger('5'), 3)).outcome, 'pending');
    await rejects(store.pairings.approve('telegram', request.code), 'not_found');
    for (const id of ['1', '2', '3']) await ask(store, id);
    assert.equal(await store.pairings.revoke('telegram', 'default', '5'), true);
    assert.equal((await store.pairings.start(stranger('5'), 4)).outcome, 'created');
    await store.pairings.allow({ ...where, senderId: '5' });
    assert.equal(await isAllowed(store, '5'), true);
  });

  test('who is revoked is a stranger again', async ({ store, again }) => {
    await store.pairings.allow({ ...where, senderId: '5', senderName: 'Ada' });
    await store.pairings.allow({ ...where, senderId: '5' });
    assert.equal((await store.pairings.allowed())[0]?.senderName, 'Ada');
    assert.equal(await store.pairings.revoke('telegram', 'default', '5'), true);
    assert.equal(await store.pairings.revoke('telegram', 'default', '5'), false);
    assert.equal(await isAllowed(await again(), '5'), false);
    await ask(await again(), '5');
  });
}

function guessing(test: StoreTest): void {
  test('ten wrong codes an hour, then none is looked at, right or wrong, also after a restart', async ({
    store,
    clock,
    again,
  }) => {
    const request = await ask(store, '5');
    for (let n = 0; n < 10; n += 1) {
      clock.pass(1_000);
      const decide =
        n % 2 === 0 ? store.pairings.approve('telegram', 'AAAAAAAA') : store.pairings.reject('telegram', 'nonsense, too long');
      await rejects(decide, 'not_found');
    }
    const later = await again();
    const error = await rejects(later.pairings.approve('telegram', request.code), 'limit');
    assert.equal(error.retryAfterMs, hourMs - 9_000);
    assert.equal(await isAllowed(later, '5'), false);
    clock.pass(error.retryAfterMs ?? 0);
    const fresh = await ask(later, '6');
    assert.equal((await later.pairings.approve('telegram', fresh.code)).senderId, '6');
  });

  test('a clock that was in the future does not lock the owner out for longer than an hour', async ({ store, clock }) => {
    for (let n = 0; n < 10; n += 1) await rejects(store.pairings.approve('telegram', 'AAAAAAAA'), 'not_found');
    clock.pass(-1_000 * hourMs);
    const error = await rejects(store.pairings.approve('telegram', 'AAAAAAAA'), 'limit');
    assert.ok((error.retryAfterMs ?? 0) <= hourMs);
  });
}
