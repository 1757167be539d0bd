import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { createPrinter } from '../../src/channels/terminal/printer.ts';
import { createTerminalChannel } from '../../src/channels/terminal/channel.ts';
import { isCertainlyUnsent, type Channel } from '../../src/domain/channel.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { silentLog } from '../../src/domain/log.ts';
import { eventually, runChannel, type Running } from './rig.ts';

const EDGES = { clock: systemClock, log: silentLog };
const HERE = { channel: 'terminal', account: 'default', chatId: 'local' };
const OPTIONS = { dedupeKey: 'k', signal: AbortSignal.timeout(60_000) };

interface Bed {
  channel: Channel;
  input: PassThrough;
  /** Everything that was written. */
  written(): string;
}

function bed({ tty = false, columns = 60 } = {}): Bed {
  const input = Object.assign(new PassThrough(), tty ? { isTTY: true } : {});
  let out = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out += chunk.toString();
      done();
    },
  });
  const channel = createTerminalChannel(
    'default',
    { input, output: Object.assign(output, tty ? { isTTY: true, columns } : {}) },
    EDGES,
  );
  return { channel, input, written: () => out };
}

test('from a pipe: one line after the other, each after the one before is over, and the end after the last answer', async (context) => {
  const { channel, input, written } = bed();
  input.end('one\n\ntwo\r\nthree');
  const running = runChannel(context, channel);
  const texts = (): string[] => running.events.map(({ text }) => text);
  await eventually(() => running.events.length === 1);
  await new Promise(setImmediate);
  assert.deepEqual(texts(), ['one']);
  await channel.send(HERE, { text: 'answer **1**' }, OPTIONS);
  await channel.send(HERE, { text: 'part 2' }, OPTIONS);
  await new Promise(setImmediate);
  assert.deepEqual(texts(), ['one'], 'parts do not end an answer');
  channel.settled?.(running.events[0]?.eventId ?? '');
  await eventually(() => running.events.length === 2);
  // Refused without a word.
  channel.settled?.(running.events[1]?.eventId ?? '');
  await eventually(() => running.events.length === 3);
  let ended = false;
  void running.ended.then(() => (ended = true));
  await new Promise(setImmediate);
  assert.ok(!ended, 'the last answer is waited for');
  await channel.send(HERE, { text: 'answer 3\n' }, OPTIONS);
  channel.settled?.(running.events[2]?.eventId ?? '');
  assert.equal(await running.ended, undefined);
  assert.deepEqual(texts(), ['one', 'two', 'three']);
  assert.equal(written(), 'answer **1**\npart 2\nanswer 3\n');
  assert.equal(channel.status().state, 'stopped');
});

test('a line that is over before it is stored does not hang', async (context) => {
  const { channel, input } = bed();
  input.end('one\ntwo\n');
  const running = runChannel(context, channel, {
    receive: ({ events }) => events.forEach(({ eventId }) => channel.settled?.(eventId)),
  });
  assert.equal(await running.ended, undefined);
  assert.equal(running.events.length, 2);
});

test('the ids of two starts differ', async (context) => {
  const clock = { now: () => 1_000, monotonic: () => 0 };
  const ids = new Set<string>();
  for (let start = 0; start < 2; start += 1) {
    const input = new PassThrough();
    const channel = createTerminalChannel('default', { input, output: new PassThrough() }, { clock, log: silentLog });
    input.end('a\nb\n');
    const running = runChannel(context, channel, {
      receive: ({ events }) => events.forEach(({ eventId }) => channel.settled?.(eventId)),
    });
    await running.ended;
    for (const { eventId } of running.events) ids.add(eventId);
  }
  assert.equal(ids.size, 4);
});

test('from a pipe there is no preview, no notice, and no control character gets through', async () => {
  const { channel, written } = bed();
  assert.equal(channel.capabilities.edits, false);
  channel.notice?.(HERE, 'exec ls');
  channel.typing?.(HERE);
  await channel.send(HERE, { text: 'a\u001b[2Jb\u202e\r\n\tc', buttons: [{ label: 'High', command: '/think high' }] }, OPTIONS);
  assert.equal(written(), 'a[2Jb\n\tc\n  /think high  High\n');
});

test('when nobody reads the output any more, sending says so and the run ends', async (context) => {
  const input = new PassThrough();
  const output = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })) });
  const channel = createTerminalChannel('default', { input, output }, EDGES);
  const running = runChannel(context, channel, {
    receive: ({ events }) => events.forEach(({ eventId }) => channel.settled?.(eventId)),
  });
  input.write('hello\n');
  await eventually(() => running.events.length === 1);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await assert.rejects(
      channel.send(HERE, { text: 'x' }, OPTIONS),
      (error) => isAppError(error, 'unavailable') && isCertainlyUnsent(error),
    );
  }
  assert.equal(await running.ended, undefined);
});

const ERASED = /\[0?J|\r/;

/** What a person sees: the last state of each line, without the prompt. */
function seen(written: string): string[] {
  return written
    .split('\n')
    .map((line) => stripVTControlCharacters(line.split(ERASED).at(-1) ?? ''))
    .map((line) => line.replace(/[›⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /g, ''))
    .filter((line) => line !== '');
}

async function typed(context: TestContext, given: Bed, lines: string): Promise<Running> {
  const running = runChannel(context, given.channel);
  given.input.write(lines);
  const count = lines.split('\n').length - 1;
  await eventually(() => running.events.length === count);
  return running;
}

test('on a terminal: lines are taken while others are answered', async (context) => {
  const { events } = await typed(context, bed({ tty: true }), 'one\n/stop\n');
  assert.deepEqual(
    events.map(({ text }) => text),
    ['one', '/stop'],
  );
});

test('on a terminal: an answer grows by what is new, and is shown to its end when it is over', async (context) => {
  const given = bed({ tty: true });
  const { events } = await typed(context, given, 'hi\n');
  const { channel, written } = given;
  assert.equal(channel.capabilities.edits, true);
  const id = await channel.send(HERE, { text: '# Title\nFirst **line' }, OPTIONS);
  assert.ok(!seen(written()).some((line) => line.includes('First')), 'a line that may still change waits');
  await channel.edit?.(HERE, id, { text: '# Title\nFirst **line** here\n- a\n- b' }, OPTIONS);
  channel.notice?.(HERE, 'exec\n ls\u001b[2J');
  await channel.edit?.(HERE, id, { text: '# Title\nFirst **line** here\n- a\n- b\n\nEnd' }, OPTIONS);
  channel.settled?.(events[0]?.eventId ?? '');
  assert.deepEqual(seen(written()), ['Title', 'First line here', '• a', '• b', '· exec ls[2J', 'End']);
});

test('on a terminal: text that changed where it stands already is shown again', async () => {
  const { channel, written } = bed({ tty: true });
  const id = await channel.send(HERE, { text: 'one\ntwo\nthree' }, OPTIONS);
  await channel.edit?.(HERE, id, { text: 'one\n2\nthree' }, OPTIONS);
  channel.settled?.('x');
  assert.deepEqual(seen(written()), ['one', 'two', '(changed)', 'one', '2', 'three']);
});

test('on a terminal: the end of the input waits for the answer, Ctrl-C does not', async (context) => {
  const waits = bed({ tty: true });
  const running = await typed(context, waits, 'hi\n');
  let ended = false;
  void running.ended.then(() => (ended = true));
  waits.input.end();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(!ended);
  waits.channel.settled?.(running.events[0]?.eventId ?? '');
  assert.equal(await running.ended, undefined);

  const leaves = bed({ tty: true });
  const left = await typed(context, leaves, 'hi\n');
  leaves.input.write('\u0003');
  assert.equal(await left.ended, undefined);
});

test('on a terminal: what is typed survives what is shown', async (context) => {
  const given = bed({ tty: true });
  const running = runChannel(context, given.channel);
  await eventually(() => given.written().includes('›'));
  given.input.write('half a li');
  await given.channel.send(HERE, { text: 'news\n' }, OPTIONS);
  given.channel.settled?.('x');
  given.input.write('ne\n');
  await eventually(() => running.events.length === 1);
  assert.equal(running.events[0]?.text, 'half a line');
  assert.ok(seen(given.written()).includes('news'));
});

const plain = { columns: () => 60, style: (_format: string, text: string) => text };

test('lines: wrapping, code that is not wrapped, quotes, rules, things that are no markup', () => {
  const look = { ...plain, style: (format: string, text: string) => `<${format}>${text}</>` };
  const lines = createPrinter(look).take(
    ['a `b` **c *d* e** f_g 2 * 3', '> quote', '---', '```js', `x${'y'.repeat(90)}`, '', '**z**', '```', '  - deep'].join('\n'),
    true,
  );
  assert.deepEqual(lines, [
    'a <cyan>b</> <bold>c </><bold><italic>d</></><bold> e</> f_g 2 * 3',
    '<dim>│ </>quote',
    '─'.repeat(40),
    '  <dim>js</>',
    `  <cyan>x${'y'.repeat(90)}</>`,
    '  <cyan></>',
    '  <cyan>**z**</>',
    '  • deep',
  ]);
  const wrapped = createPrinter(plain).take(`- ${'word '.repeat(30).trim()}`, true) ?? [];
  assert.ok(wrapped.length === 3 && wrapped.every((line) => line.length <= 60));
  assert.deepEqual(
    wrapped.map((line) => line.slice(0, 3)),
    ['• w', '  w', '  w'],
  );
});

test('lines: however a text grows, the words are shown once and in order', () => {
  const piece = fc.oneof(
    fc.stringMatching(/^[a-z]{1,9}$/),
    fc.constantFrom(' ', ' ', '\n', '\n\n', '**', '`', '\n```\n', '\n- ', '\n# ', 'x'.repeat(90)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }),
      (pieces, cuts) => {
        const whole = pieces.join('');
        const printer = createPrinter(plain);
        const steps = cuts.toSorted((a, b) => a - b).map((cut) => whole.slice(0, cut));
        const lines = [
          ...steps.flatMap((text) => printer.take(text, false) ?? ['contradiction']),
          ...(printer.take(whole, true) ?? ['contradiction']),
        ];
        const letters = (text: string): string => text.replace(/[^a-z]/g, '');
        assert.equal(letters(lines.join('')), letters(whole));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a real process: a script gets its answers, and the process ends by itself', async () => {
  const script = `
    import { createTerminalChannel } from ${JSON.stringify(new URL('../../src/channels/terminal/channel.ts', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL('../../src/domain/clock.ts', import.meta.url).href)};
    import { silentLog } from ${JSON.stringify(new URL('../../src/domain/log.ts', import.meta.url).href)};
    const { stdin: input, stdout: output } = process;
    const channel = createTerminalChannel('default', { input, output }, { clock: systemClock, log: silentLog });
    await channel.run(async ({ events: [event] }) => {
      setTimeout(async () => {
        await channel.send({}, { text: 'you said ' + event.text }, {});
        channel.settled(event.eventId);
      }, 5);
    }, undefined, new AbortController().signal);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end('one\ntwo\n');
  const [out, code] = await Promise.all([readAll(child.stdout), new Promise((resolve) => child.once('close', resolve))]);
  assert.deepEqual([out, code], ['you said one\nyou said two\n', 0]);
});
