// Who is to blame for the death of the process, and what its last moments leave to find it out.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openBlackBox } from '../../src/gateway/black-box.ts';
import type { Deed } from '../../src/gateway/black-box.ts';
import { fromText, hearingOf, judge, toText } from '../../src/gateway/trials.ts';
import type { Suspicion } from '../../src/gateway/trials.ts';

const turn = (id: string, deaths: number) => ({ id, deaths });

interface Death {
  interrupted: ReturnType<typeof turn>[];
  remembered?: Record<string, Suspicion>;
  deeds?: Record<string, Deed>;
  /** All who were interrupted, unless told. */
  begun?: string[];
}

function after({ interrupted, remembered = {}, deeds = {}, begun }: Death) {
  const { guilty, suspicions } = judge({
    interrupted,
    remembered: new Map(Object.entries(remembered)),
    begun: new Set(begun ?? interrupted.map(({ id }) => id)),
    deeds: new Map(Object.entries(deeds)),
  });
  return { guilty: [...guilty], suspicions: Object.fromEntries(suspicions) };
}

test('the same deed alone in the last moment of two lives in a row is guilty', () => {
  const first = after({ interrupted: [turn('t1', 1), turn('t2', 1)], deeds: { t1: 'asks' } });
  assert.deepEqual(first.guilty, []);
  assert.deepEqual(first.suspicions, { t1: { lives: 1, deed: 'asks', times: 1, alone: true }, t2: { lives: 1 } });
  const second = after({ interrupted: [turn('t1', 2), turn('t2', 2)], remembered: first.suspicions, deeds: { t1: 'asks' } });
  assert.deepEqual(second, { guilty: ['t1'], suspicions: { t2: { lives: 2 } } });
});

test('where others did something too, it takes three', () => {
  const crowd = { t1: 'asks', t2: 'asks' } as const;
  const first = after({ interrupted: [turn('t1', 1), turn('t2', 1)], deeds: crowd });
  const second = after({ interrupted: [turn('t1', 2), turn('t2', 2)], remembered: first.suspicions, deeds: { t1: 'asks' } });
  assert.deepEqual(second.guilty, []);
  assert.deepEqual(second.suspicions['t1'], { lives: 2, deed: 'asks', times: 2, alone: false });
  assert.deepEqual(second.suspicions['t2'], { lives: 2 });
  const third = after({ interrupted: [turn('t1', 3), turn('t2', 3)], remembered: second.suspicions, deeds: crowd });
  assert.deepEqual(third.guilty, ['t1']);
});

const ASKED: Record<string, Suspicion> = { t1: { lives: 1, deed: 'asks', times: 1, alone: true } };

test('another deed, or the same after it got further, is no proof', () => {
  const other = after({ interrupted: [turn('t1', 2)], remembered: ASKED, deeds: { t1: 'runs read' } });
  assert.deepEqual(other, { guilty: [], suspicions: { t1: { lives: 2, deed: 'runs read', times: 1, alone: true } } });
  const further = after({ interrupted: [turn('t1', 1)], remembered: ASKED, deeds: { t1: 'asks' } });
  assert.deepEqual(further, { guilty: [], suspicions: ASKED });
});

test('who had not begun again is as suspicious as before, and no more', () => {
  const twice: Record<string, Suspicion> = { t1: { lives: 2, deed: 'asks', times: 2, alone: false } };
  for (const remembered of [ASKED, twice]) {
    assert.deepEqual(after({ interrupted: [turn('t1', 2)], remembered, begun: [] }), { guilty: [], suspicions: remembered });
  }
});

test('who was there at twenty deaths is guilty, whatever it did', () => {
  assert.deepEqual(after({ interrupted: [turn('t1', 19)], remembered: { t1: { lives: 18 } } }).guilty, []);
  assert.deepEqual(after({ interrupted: [turn('t1', 20)], remembered: { t1: { lives: 19 } } }).guilty, ['t1']);
});

test('the unsuspicious go on at once, suspects apart, and who was there often waits longer and longer', () => {
  assert.deepEqual(hearingOf({ lives: 1 }), { when: 'now' });
  assert.deepEqual(hearingOf({ lives: 3 }), { when: 'now' });
  assert.deepEqual(hearingOf({ lives: 1, deed: 'asks' }), { when: 'apart' });
  const delays = [4, 5, 6, 9].map((lives) => hearingOf({ lives }));
  assert.deepEqual(
    delays.map((hearing) => (hearing.when === 'late' ? hearing.delayMs : 0)),
    [3_000, 6_000, 12_000, 30_000],
  );
});

test('what is remembered survives being written down, and rubbish is nothing', () => {
  const suspicions = new Map<string, Suspicion>([['t1', { lives: 2, deed: 'runs c 1' }]]);
  assert.deepEqual(fromText(toText(suspicions)), suspicions);
  assert.deepEqual(fromText('{"'), new Map());
  assert.deepEqual(fromText(undefined), new Map());
});

function place(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'openclaw-box-'));
  context.after(() => rmSync(dir, { recursive: true }));
  return join(dir, 'black-box');
}

/** The ids in the file, as it stands. */
function idsIn(path: string): string {
  const [line = ''] = readFileSync(path, 'utf8').split('\n', 1);
  return line
    .split(';')
    .map((word) => word.split(' ')[0])
    .join(' ');
}

test('the box: the next process reads what was done last', (context) => {
  const path = place(context);
  const box = openBlackBox(path);
  box.note('t1', 'asks', 60_000);
  box.note('t2', 'runs call 1;t9 asks\n', 60_000);
  box.note('t3', 'asks', 60_000);
  box.done('t3');
  // Not closed: the process is dead.
  const next = openBlackBox(path);
  assert.deepEqual(
    [...next.before],
    [
      ['t1', 'asks'],
      ['t2', 'runs call 1_t9 asks_'],
    ],
  );
  next.note('t4', 'asks', 60_000);
  assert.deepEqual([...openBlackBox(path).before.keys()], ['t4']);
});

test('the box: what went well for a moment longer is forgotten', async (context) => {
  const path = place(context);
  const box = openBlackBox(path);
  // The one that is forgotten later comes first.
  box.note('t2', 'asks', 60_000);
  box.note('t1', 'asks', 5);
  while (idsIn(path) !== 't2') await new Promise((resolve) => setTimeout(resolve, 5));
  box.close();
  assert.equal(idsIn(path), '');
});

test('the box: rubbish in the file, and no place for one', (context) => {
  const path = place(context);
  writeFileSync(path, '\u0000\u0001;;; ;t1;t2 asks\nt3 asks');
  assert.deepEqual([...openBlackBox(path).before.keys()], ['t2']);
  const deaf = openBlackBox('/nowhere/at/all');
  deaf.note('t1', 'asks', 5);
  deaf.close();
  assert.equal(deaf.before.size, 0);
});
