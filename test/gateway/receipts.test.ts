import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InboundEvent } from '../../src/domain/message.ts';
import type { ReceiptSettings } from '../../src/domain/settings.ts';
import { showReceipts, wantsReceipt } from '../../src/gateway/receipts.ts';

function event(kind: InboundEvent['chat']['kind'], addressed: boolean, fields: Partial<InboundEvent> = {}): InboundEvent {
  return {
    channel: 'telegram',
    account: 'default',
    eventId: '1:1',
    kind: 'message',
    chat: { id: '5', kind },
    sender: { id: '7', isBot: false },
    messageId: '42',
    text: 'hi',
    attachments: [],
    addressed,
    sentAtMs: 0,
    ...fields,
  };
}

test('each scope names exactly the messages that get a reaction', () => {
  const direct = event('direct', true);
  const mention = event('group', true);
  const talk = event('group', false);
  const wanted: Record<ReceiptSettings['scope'], boolean[]> = {
    off: [false, false, false],
    direct: [true, false, false],
    'group-mentions': [false, true, false],
    'group-all': [false, true, true],
    all: [true, true, true],
  };
  for (const [scope, expected] of Object.entries(wanted)) {
    assert.deepEqual(
      [direct, mention, talk].map((one) => wantsReceipt(one, scope as ReceiptSettings['scope'])),
      expected,
      scope,
    );
  }
  assert.equal(wantsReceipt(event('group', true, { kind: 'edited' }), 'all'), false);
});

test('a reaction is shown for what was queued, never for what was refused or came twice', () => {
  const shown: unknown[] = [];
  const address = { channel: 'telegram', account: 'default', chatId: '5' };
  const parts = {
    receipt: () => ({ scope: 'all' as const, reaction: '👀' }),
    channelOf: () => ({ react: (...args: unknown[]) => void shown.push(args) }) as never,
  };
  const queued = { outcome: 'queue', sessionKey: 's', agentId: 'main', address, text: 'hi', traceId: 't' } as const;
  const refused = { outcome: 'refuse', reason: 'r', address } as const;
  const batch = [
    { event: event('direct', true), admission: queued },
    { event: event('direct', true), admission: refused },
  ];
  showReceipts(batch, { queued: [], commands: [], repeats: 0 }, parts);
  assert.deepEqual(shown, [[address, '42', '👀']]);
  showReceipts(batch, { queued: [], commands: [], repeats: 1 }, parts);
  assert.equal(shown.length, 1);
});
