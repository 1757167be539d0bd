// From the journal to the model: well-formed whatever happened to the process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { INTERRUPTED, modelMessagesOf } from '../../src/agent/context.ts';
import type { ModelMessage } from '../../src/domain/model.ts';
import type { Entry, StoredEntry } from '../../src/domain/session.ts';
import { answer, result, stored, user } from './entries.ts';

const plain = { images: false, loadImage: async () => undefined };

test('a call without a result gets one that says so', async () => {
  const messages = await modelMessagesOf(
    stored([user('hi'), answer('', ['c1', 'c2']), result('c1', 'one'), user('and?')]),
    plain,
  );
  assert.deepEqual(
    messages.map((message) => message.role),
    ['user', 'assistant', 'tool', 'user'],
  );
  const tool = messages[2] as Extract<ModelMessage, { role: 'tool' }>;
  assert.deepEqual(
    tool.parts.map((part) => [part.callId, part.text, part.isError]),
    [
      ['c1', 'one', false],
      ['c2', INTERRUPTED, true],
    ],
  );
});

test('a result without its call is left out', async () => {
  const messages = await modelMessagesOf(
    stored([result('c9', 'lost'), user('hi'), answer('yes', []), result('c9', 'late')]),
    plain,
  );
  assert.deepEqual(
    messages.map((message) => message.role),
    ['user', 'assistant'],
  );
});

test('the same call id in two answers', async () => {
  const twice = [user('a'), answer('', ['c1']), result('c1', 'one'), answer('', ['c1']), result('c1', 'two'), answer('done', [])];
  const messages = await modelMessagesOf(stored(twice), plain);
  assert.deepEqual(
    messages.map((message) => message.role),
    ['user', 'assistant', 'tool', 'assistant', 'tool', 'assistant'],
  );
});

test("notes and summaries are marked as the gateway's", async () => {
  const summary: Entry = { kind: 'compaction', summary: 'they like cats', keepFromSeq: 5, tokensBefore: 9 };
  const [first] = await modelMessagesOf(stored([summary, { kind: 'note', text: 'stopped' }, user('hi')]), plain);
  const texts = first?.role === 'user' ? first.parts.map((part) => (part.type === 'text' ? part.text : '')) : [];
  assert.equal(texts.length, 3);
  assert.match(texts[0] ?? '', /^\[gateway: summary/);
  assert.equal(texts[1], '[gateway: stopped]');
});

test('reasoning stays where it was, but never alone', async () => {
  const kept: Entry = {
    ...answer('yes', []),
    parts: [
      { type: 'reasoning', text: '', providerData: { from: 'p' } },
      { type: 'text', text: 'yes' },
    ],
  };
  const alone: Entry = {
    ...answer('', []),
    parts: [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: '' },
    ],
  };
  const messages = await modelMessagesOf(stored([user('a'), kept, user('b'), alone]), plain);
  assert.deepEqual(
    messages.map((message) => message.role),
    ['user', 'assistant', 'user'],
  );
  assert.equal((messages[1] as Extract<ModelMessage, { role: 'assistant' }>).parts.length, 2);
});

test('pictures: the latest, only for models that see, gone files are no error', async () => {
  const attachments = Array.from({ length: 9 }, (_, index) => ({
    kind: 'photo' as const,
    remoteId: 'r',
    path: `/p/${index}`,
    sizeBytes: 10,
  }));
  const entries = stored([
    { ...user('look'), attachments: attachments.slice(0, 3) },
    answer('ok', []),
    { ...user('more'), attachments: attachments.slice(3) },
  ]);
  const loadImage = async (path: string): Promise<string | undefined> => (path === '/p/8' ? undefined : path);
  const count = (messages: ModelMessage[]): number =>
    messages.flatMap((message) => message.parts.filter((part) => part.type === 'image')).length;
  assert.equal(count(await modelMessagesOf(entries, { images: false, loadImage })), 0);
  assert.equal(count(await modelMessagesOf(entries, { images: true, loadImage })), 8);
});

const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.constantFrom<Entry>(
    user('x'),
    { kind: 'note', text: 'n' },
    { kind: 'compaction', summary: 's', keepFromSeq: 0, tokensBefore: 0 },
  ),
  fc
    .tuple(fc.constantFrom('', 'text'), fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }))
    .map(([text, calls]) => answer(text, calls)),
  fc.constantFrom('a', 'b', 'c').map((callId) => result(callId, 'r')),
  fc.constantFrom('a', 'b').map((callId): Entry => ({ kind: 'tool-begun', callId, name: 'exec', effect: 'write' })),
);

test('property: whatever the journal holds, every call has exactly one result, right behind it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEntry, { maxLength: 30 }), async (entries) => {
      const before = JSON.stringify(entries);
      const messages = await modelMessagesOf(stored(entries), plain);
      assert.equal(JSON.stringify(entries), before, 'the journal was changed');
      messages.forEach((message, index) => {
        assert.ok(message.parts.length > 0);
        assert.ok(
          index === 0 || message.role !== 'user' || messages[index - 1]?.role !== 'user',
          'two of the same role in a row',
        );
        const calls =
          message.role === 'assistant'
            ? message.parts.filter((part) => part.type === 'tool-call').map((part) => part.callId)
            : [];
        const next = messages[index + 1];
        const results = next?.role === 'tool' ? next.parts.map((part) => part.callId) : [];
        if (message.role === 'assistant') assert.deepEqual(results.toSorted(), calls.toSorted());
        if (message.role === 'tool') assert.equal(messages[index - 1]?.role, 'assistant');
      });
    }),
    { numRuns: 2_000 },
  );
});

test('nothing is made of nothing', async () => {
  assert.deepEqual(await modelMessagesOf([] as StoredEntry[], plain), []);
});

test('what was set aside never reaches a model again: only the note of it', async () => {
  const turn = (turnId: string, entries: Entry[]): StoredEntry[] => stored(entries).map((one) => ({ ...one, turnId }));
  const entries = [
    ...turn('bad', [user('poison'), answer('', ['c1']), { kind: 'note', text: 'set aside', setsAside: true }]),
    ...turn('good', [user('hello')]),
  ];
  const text = JSON.stringify(await modelMessagesOf(entries, plain));
  assert.doesNotMatch(text, /poison|c1/);
  assert.match(text, /set aside.*hello/);
});
