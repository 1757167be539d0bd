import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { InboundEvent } from '../../src/domain/message.ts';
import type { SessionRouting } from '../../src/domain/settings.ts';
import { routeOf } from '../../src/gateway/routing.ts';
import { routing } from './bed/settings.ts';

function event(change: Partial<InboundEvent> = {}): InboundEvent {
  return {
    channel: 'telegram',
    account: 'default',
    eventId: 'e1',
    kind: 'message',
    chat: { id: '555', kind: 'direct' },
    sender: { id: '555', isBot: false },
    messageId: '7',
    text: 'hello',
    attachments: [],
    addressed: true,
    sentAtMs: 0,
    ...change,
  };
}

const keyOf = (one: InboundEvent, change: Partial<SessionRouting> = {}): string => routeOf(one, routing(change)).sessionKey;

test('direct chats by scope', () => {
  assert.equal(keyOf(event(), { dmScope: 'main' }), 'agent:main:main');
  assert.equal(keyOf(event(), { dmScope: 'per-peer' }), 'agent:main:direct:555');
  assert.equal(keyOf(event()), 'agent:main:telegram:direct:555');
  assert.equal(keyOf(event(), { dmScope: 'per-account-channel-peer' }), 'agent:main:telegram:default:direct:555');
  assert.equal(
    keyOf(event({ chat: { id: '555', kind: 'direct', threadId: '3' } }), { dmScope: 'main' }),
    'agent:main:main:thread:3',
  );
});

test('groups, channels and topics have conversations of their own', () => {
  assert.equal(keyOf(event({ chat: { id: '-9', kind: 'group' } }), { dmScope: 'main' }), 'agent:main:telegram:group:-9');
  assert.equal(keyOf(event({ chat: { id: '-9', kind: 'channel' } })), 'agent:main:telegram:channel:-9');
  assert.equal(keyOf(event({ chat: { id: '-9', kind: 'group', threadId: '4' } })), 'agent:main:telegram:group:-9:topic:4');
});

test('one person under several ids', () => {
  const identityLinks = { alice: ['telegram:555', 'matrix:@al:example.org'] };
  assert.equal(keyOf(event(), { dmScope: 'per-peer', identityLinks }), 'agent:main:direct:alice');
  const other = event({ channel: 'matrix', sender: { id: '@al:example.org', isBot: false } });
  assert.equal(keyOf(other, { dmScope: 'per-peer', identityLinks }), 'agent:main:direct:alice');
  assert.equal(keyOf(event({ channel: 'other' }), { dmScope: 'per-peer', identityLinks }), 'agent:main:direct:555');
});

test('the most specific binding names the agent', () => {
  const bindings: SessionRouting['bindings'] = [
    { agentId: 'any', channel: 'telegram', accountId: '*' },
    { agentId: 'account', channel: 'telegram' },
    { agentId: 'peer', channel: 'telegram', accountId: '*', peer: { kind: 'direct', id: '555' } },
    { agentId: 'elsewhere', channel: 'matrix' },
  ];
  const agentOf = (one: InboundEvent): string => routeOf(one, routing({ bindings })).agentId;
  assert.equal(agentOf(event()), 'peer');
  assert.equal(agentOf(event({ sender: { id: '556', isBot: false } })), 'account');
  assert.equal(agentOf(event({ sender: { id: '556', isBot: false }, account: 'second' })), 'any');
  assert.equal(agentOf(event({ channel: 'irc' })), 'main');
});

test('an answer links to its question where several people talk', () => {
  assert.equal(routeOf(event(), routing()).address.replyToMessageId, undefined);
  const inGroup = routeOf(event({ chat: { id: '-9', kind: 'group', threadId: '4' } }), routing());
  assert.deepEqual(inGroup.address, {
    channel: 'telegram',
    account: 'default',
    chatId: '-9',
    threadId: '4',
    replyToMessageId: '7',
  });
});

const anyId = fc.oneof(fc.string(), fc.constantFrom('1', '-9', 'a:group:1', 'main', '1:thread:2', 'x'.repeat(300)));
const anyPlace = fc.record({
  channel: fc.constantFrom('telegram', 'matrix'),
  account: anyId,
  chat: fc.record(
    { id: anyId, kind: fc.constantFrom('direct' as const, 'group' as const, 'channel' as const), threadId: anyId },
    { requiredKeys: ['id', 'kind'] },
  ),
  sender: fc.record({ id: anyId, isBot: fc.constant(false) }),
});

test('property: keys are plain and short, and no two conversations share one', () => {
  const place = (one: InboundEvent): string =>
    JSON.stringify(
      one.chat.kind === 'direct'
        ? [one.channel, 'direct', one.sender.id, one.chat.threadId]
        : [one.channel, one.chat.kind, one.chat.id, one.chat.threadId],
    );
  fc.assert(
    fc.property(anyPlace, anyPlace, (one, other) => {
      const [first, second] = [event(one as Partial<InboundEvent>), event(other as Partial<InboundEvent>)];
      const [a, b] = [keyOf(first), keyOf(second)];
      for (const key of [a, b]) assert.match(key, /^[A-Za-z0-9:._@+-]{1,200}$/);
      assert.equal(a === b, place(first) === place(second));
    }),
    { numRuns: 2_000 },
  );
});
