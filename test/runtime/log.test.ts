import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/domain/secret.ts';
import { createLog, type LogOptions } from '../../src/runtime/log.ts';

function collect(
  style: LogOptions['style'],
  level: LogOptions['level'] = 'debug',
): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog({ level, style, write: (line) => void lines.push(line) }) };
}

test('JSON lines carry level, time, message and fields', () => {
  const { lines, log } = collect('json');
  log.child({ trace: 't1' }).info({ lane: 'a' }, 'hello');
  const line = JSON.parse(lines[0] as string);
  assert.equal(line.message, 'hello');
  assert.equal(line.trace, 't1');
  assert.equal(line.lane, 'a');
  assert.equal(lines[0]?.endsWith('}\n'), true);
});

test('the journal gets the priority that systemd reads', () => {
  const { lines, log } = collect('journal');
  log.debug({}, 'a');
  log.info({}, 'b');
  log.warn({}, 'c');
  log.error({}, 'd');
  assert.deepEqual(
    lines.map((line) => line.slice(0, 3)),
    ['<7>', '<6>', '<4>', '<3>'],
  );
});

test('a secret leaves in no field, message, error or stack', () => {
  const secret = new Secret('swordfish-swordfish');
  for (const style of ['json', 'journal', 'text'] as const) {
    const { lines, log } = collect(style);
    log.error(
      { error: new Error(`refused ${secret.reveal()}`), secret, nested: { value: secret.reveal() } },
      `with ${secret.reveal()}`,
    );
    assert.doesNotMatch(lines.join(''), /swordfish/);
    assert.match(lines.join(''), /\[redacted\]/);
  }
});

test('one line stays one line in the terminal style, and levels below the chosen one are silent', () => {
  const { lines, log } = collect('text', 'warn');
  log.info({}, 'not shown');
  log.warn({ text: 'two\nlines' }, 'shown');
  assert.equal(lines.length, 1);
});

test('an error is shown whole, and what cannot be shown costs only itself', () => {
  const { lines, log } = collect('json');
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  log.error({ error: Object.assign(new TypeError('no'), { code: 'E1' }), circle, big: 1n, none: undefined, lane: 'a' }, 'm');
  const { error, time, ...rest } = JSON.parse(lines[0] ?? '');
  assert.deepEqual([error.name, error.message, error.code], ['TypeError', 'no', 'E1']);
  assert.match(error.stack, /^TypeError: no\n/);
  assert.ok(Math.abs(time - Date.now()) < 60_000);
  assert.deepEqual(rest, { level: 50, circle: '[cannot be shown]', big: '[cannot be shown]', lane: 'a', message: 'm' });
});

test('on a terminal words stand without quotes', () => {
  const { lines, log } = collect('text');
  log.child({ trace: 't1' }).warn({ lane: 'a b', count: 2, text: 'two\nlines' }, 'shown');
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d warn  shown  trace=t1 lane=a b count=2 text="two\\nlines"\n$/);
});
