// A conversation that grows beyond the window: trimmed, summed up, told; never lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import * as fc from 'fast-check';
import { afterCompaction, cutIndex, sizeOf, transcriptOf, trimResultsBefore } from '../../src/agent/compaction.ts';
import { compactSession } from '../../src/agent/compact-session.ts';
import type { TurnInput } from '../../src/agent/run.ts';
import { tokensOf } from '../../src/agent/tokens.ts';
import type { Entry, StoredEntry } from '../../src/domain/session.ts';
import type { ModelCall } from '../peers/model-api.ts';
import { agentSettings } from '../gateway/bed/settings.ts';
import { toolOf } from '../gateway/bed/tools.ts';
import { answer, result, stored, user } from './entries.ts';
import { createTurnBed, kindsOf } from './turn-bed.ts';
import type { TurnBed, TurnBedOptions } from './turn-bed.ts';

const long = (words: number): string => 'word '.repeat(words);
const isSummary = (call: ModelCall): boolean => call.tools.length === 0 && call.system.startsWith('You write the memory');

async function bedFor(context: TestContext, options: TurnBedOptions = {}): Promise<TurnBed> {
  const bed = await createTurnBed({
    facts: { contextTokens: 8_000, maxOutputTokens: 1_000 },
    agent: { compaction: { reserveTokens: 1_000, keepRecentTokens: 1_500 } },
    ...options,
  });
  context.after(() => bed.close());
  return bed;
}

const turnsOf = (entries: readonly Entry[]): StoredEntry[] => {
  let turn = 0;
  return stored(entries, (index) => {
    if (entries[index]?.kind === 'user') turn += 1;
    return `t${turn}`;
  });
};

test('the cut is between turns, and recent turns stay whole', () => {
  const entries = turnsOf([
    user(long(500)),
    answer('a', []),
    user('b'),
    answer('b', []),
    user('c'),
    answer('', ['c1']),
    result('c1', 'r'),
    answer('c', []),
  ]);
  assert.equal(cutIndex(entries, 60), 4);
  assert.equal(cutIndex(entries, 90), 2);
  assert.equal(cutIndex(entries, 100_000), 2, 'a compaction that is asked for takes something');
});

test('a turn that is too long for itself is cut between its steps', () => {
  const entries = turnsOf([user('go'), answer('', ['c1']), result('c1', long(900)), answer('', ['c2']), result('c2', long(900))]);
  assert.equal(cutIndex(entries, 100), 3);
});

test('nothing is made of an empty history, nor a summary of a summary', () => {
  const summary: Entry = { kind: 'compaction', summary: 's', keepFromSeq: 2, tokensBefore: 1 };
  assert.equal(cutIndex([], 0), 0);
  assert.equal(cutIndex(turnsOf([user('only')]), 0), 0);
  assert.equal(
    cutIndex(
      stored([summary, user('x'), answer('y', [])], (index) => (index === 0 ? 't0' : 't1')),
      1_000,
    ),
    0,
  );
});

const someEntry = fc.oneof(
  fc.nat(400).map((words): Entry => user(long(words))),
  fc.nat(400).map((words): Entry => answer(long(words), [])),
  fc.constant<Entry>(answer('', ['c1'])),
  fc.nat(400).map((words): Entry => result('c1', long(words))),
);

test('property: what is cut and what is kept are the whole, and results stay with their calls', () => {
  fc.assert(
    fc.property(fc.array(someEntry, { maxLength: 30 }), fc.nat(2_000), (list, keep) => {
      const entries = turnsOf(list);
      const cut = cutIndex(entries, keep);
      assert.ok(cut >= 0 && (cut === 0 || cut < entries.length));
      const first = entries[cut]?.entry;
      if (cut > 0) assert.ok(first?.kind === 'user' || first?.kind === 'assistant');
      const compaction = {
        seq: 99,
        turnId: 't',
        atMs: 0,
        entry: { kind: 'compaction' as const, summary: '', keepFromSeq: entries[cut]?.seq ?? 0, tokensBefore: 0 },
      };
      if (cut > 0) assert.equal(afterCompaction(compaction, entries).length, 1 + entries.length - cut);
    }),
    { numRuns: 500 },
  );
});

test('the transcript for the summary comes in pieces that hold everything', () => {
  const entries = turnsOf(Array.from({ length: 20 }, (_, index) => user(`message ${index} ${long(50)}`)));
  const pieces = transcriptOf(entries, 1_000);
  assert.ok(pieces.length > 5 && pieces.every((piece) => piece.length <= 1_100));
  for (let index = 0; index < 20; index += 1)
    assert.equal(pieces.filter((piece) => piece.includes(`message ${index} `)).length, 1);
});

test('old tool results are shortened, in the request only', () => {
  const entries = turnsOf([
    user('a'),
    answer('', ['c1']),
    result('c1', long(1_000)),
    user('b'),
    answer('', ['c1']),
    result('c1', long(1_000)),
  ]);
  const trimmed = trimResultsBefore(entries, 3);
  assert.ok(sizeOf(trimmed) < sizeOf(entries) * 0.7);
  assert.equal(trimmed[5], entries[5]);
  assert.match(JSON.stringify(trimmed[2]), /characters of this old result left out/);
});

test('tokens are estimated on the high side, in any script', () => {
  assert.ok(tokensOf('The quick brown fox jumps over the lazy dog.') >= 10);
  assert.ok(tokensOf('吾輩は猫である。名前はまだ無い。') >= 12);
});

test('near the window the older part is summed up, stored, told, and the rest stays whole', async (context) => {
  const bed = await bedFor(context);
  bed.modelApi.script((call) => [{ text: isSummary(call) ? '## Rules\nAlways answer in rhyme.' : `answer ${long(900)}` }]);
  let claimed = await bed.begin(`rule: rhyme. ${long(300)}`);
  await bed.run(claimed);
  let outcome;
  let turns = 1;
  do {
    claimed = await bed.begin(`question ${turns} ${long(300)}`);
    outcome = await bed.run(claimed);
    turns += 1;
  } while (!outcome.reply.startsWith('_Earlier messages were summed up') && turns < 20);
  assert.ok(turns < 20, 'never summed up');
  const last = bed.modelApi.requests.at(-1) as ModelCall;
  assert.match(JSON.stringify(last.messages[0]), /summary of the conversation before this point.*Always answer in rhyme/);
  assert.match(last.lastUserText, new RegExp(`question ${turns - 1} `));
  const summaries = bed.modelApi.requests.filter(isSummary);
  assert.match(summaries.map((call) => call.lastUserText).join(''), /rule: rhyme/);
  assert.equal(bed.modelApi.refusals.length, 0);
  const history = await bed.history(claimed.session);
  assert.equal(history[0]?.entry.kind, 'compaction');
  const all = await bed.store.sessions.transcript(claimed.session.id, { limit: 100 });
  assert.match(JSON.stringify(all[0]?.entry), /rule: rhyme/, 'the transcript keeps everything');
  assert.equal((await bed.store.sessions.get(claimed.session.key))?.totals.compactions, 1);
});

test('no summary to be had: older turns are left out of the request, told, and stay stored', async (context) => {
  const bed = await bedFor(context);
  bed.modelApi.script((call) => (isSummary(call) ? [{ status: 400 }] : [{ text: `answer ${long(900)}` }]));
  let outcome;
  for (let turn = 0; turn < 8; turn += 1) outcome = await bed.say(`question ${turn} ${long(300)}`);
  assert.match(outcome?.reply ?? '', /^_Earlier messages were left out this time/);
  const last = bed.modelApi.requests.at(-1) as ModelCall;
  assert.match(JSON.stringify(last.messages), /earlier messages are left out here/);
  assert.match(last.lastUserText, /question 7 /);
  const [session] = await bed.store.sessions.list({ limit: 1 });
  assert.ok(!kindsOf(await bed.store.sessions.history(session?.id ?? '')).includes('compaction'));
});

test('one turn with many long results: it goes on, with its question in the summary', async (context) => {
  const bed = await bedFor(context, { tools: [toolOf('look', 'read', async (input) => `${String(input['n'])} ${long(1_200)}`)] });
  let looks = 0;
  bed.modelApi.script((call) => {
    if (isSummary(call)) return [{ text: '## Open work\nlooking' }];
    looks += 1;
    return looks <= 12 ? [{ call: 'look', input: { n: looks } }] : [{ text: 'seen enough' }];
  });
  const claimed = await bed.begin('find the needle');
  const outcome = await bed.run(claimed);
  assert.match(outcome.reply, /seen enough$/);
  const last = bed.modelApi.requests.at(-1) as ModelCall;
  assert.match(JSON.stringify(last.messages), /find the needle/);
  assert.ok(tokensOf(JSON.stringify(last.messages)) < 8_000);
});

test('a provider that counts more than we estimated is asked once more with less', async (context) => {
  const bed = await bedFor(context, { facts: { contextTokens: 100_000, maxOutputTokens: 1_000 } });
  for (let turn = 0; turn < 4; turn += 1) {
    bed.modelApi.answerNext([{ text: `answer ${long(600)}` }]);
    await bed.say(`question ${turn} ${long(300)}`);
  }
  bed.modelApi.answerNext([{ overflow: true }], [{ text: 'the sum' }], [{ text: 'fits now' }]);
  const outcome = await bed.say('and?');
  assert.match(outcome.reply, /^_Earlier messages were summed up.*fits now$/s);
});

test('a single message that is too long ends in a plain sentence', async (context) => {
  const bed = await bedFor(context, { facts: { contextTokens: 100_000 } });
  bed.modelApi.script(() => [{ overflow: true }]);
  const outcome = await bed.say(long(10));
  assert.equal(outcome.state, 'failed');
  assert.match(outcome.reply, /\/retry asks again\.$/);
});

test('/compact on request, and on nothing', async (context) => {
  const bed = await bedFor(context, { facts: { contextTokens: 100_000 } });
  const inputOf = async (claimed: Awaited<ReturnType<TurnBed['begin']>>): Promise<TurnInput> => ({
    ...claimed,
    agent: agentSettings(bed.dir),
    history: (await bed.history(claimed.session)).filter((entry) => entry.turnId !== claimed.turn.id),
    models: ['peer/m1'],
    thinking: 'off',
    controller: new AbortController(),
    observer: {},
  });
  const first = await bed.begin('/compact');
  assert.equal(await compactSession(await inputOf(first), bed.parts, ''), 'There is nothing to sum up yet.');
  assert.equal(bed.modelApi.count(), 0);
  bed.modelApi.answerNext([{ text: 'ok' }]);
  await bed.run(first);
  await bed.say(`hello ${long(500)}`);
  await bed.say('bye');
  const claimed = await bed.begin('/compact keep the greeting');
  bed.modelApi.answerNext([{ text: 'They said hello.' }]);
  const line = await compactSession(await inputOf(claimed), bed.parts, 'keep the greeting');
  assert.match(line, /^The conversation so far is summed up: about \d+ tokens became \d+\.$/);
  assert.match(bed.modelApi.requests.at(-1)?.lastUserText ?? '', /kept above all: keep the greeting/);
  bed.modelApi.answerNext([{ status: 400 }]);
  assert.match(
    await compactSession(await inputOf(claimed), bed.parts, ''),
    /could not be summed up.*It stays as it is\.$|nothing to sum up/,
  );
});
