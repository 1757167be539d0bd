// What every channel promises, as one suite over the list of channels. Knows no platform: a fixture brings a real one.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { isCertainlyUnsent, type ChannelEdges, type ChannelPlugin } from '../../src/domain/channel.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { isAppError } from '../../src/domain/errors.ts';
import type { Log, LogFields } from '../../src/domain/log.ts';
import type { Fixture } from '../channels/fixtures/fixture.ts';
import { eventually, runChannel } from '../channels/rig.ts';

export function channelContract(plugin: ChannelPlugin<never>, fixture: Fixture): void {
  describe(`channel ${plugin.id}`, () => {
    test('its settings are strict and have a default for everything', () => {
      assert.ok(plugin.settings.safeParse({}).success);
      assert.ok(!plugin.settings.safeParse({ noSuchSetting: 1 }).success);
    });

    test('what is said arrives, marked with channel, account and text ids, each event once', async (context) => {
      const { channel, say } = await start(context, fixture);
      assert.deepEqual([channel.id, channel.account], [plugin.id, 'default']);
      const running = runChannel(context, channel, {
        receive: ({ events }) => events.forEach(({ eventId }) => channel.settled?.(eventId)),
      });
      for (const text of ['one', 'two', 'three']) say(text);
      await eventually(() => running.events.length === 3);
      assert.deepEqual(
        running.events.map(({ text }) => text),
        ['one', 'two', 'three'],
      );
      for (const event of running.events) {
        assert.deepEqual([event.channel, event.account, event.kind, event.addressed], [plugin.id, 'default', 'message', true]);
        assert.deepEqual([event.chat.kind, event.sender.isBot], ['direct', false]);
        for (const id of [event.eventId, event.chat.id, event.sender.id, event.messageId])
          assert.ok(typeof id === 'string' && id !== '');
        assert.ok(Number.isSafeInteger(event.sentAtMs));
      }
      assert.equal(new Set(running.events.map(({ eventId }) => eventId)).size, 3);
    });

    test('a batch that is not stored comes again, and is not confirmed before', async (context) => {
      const { channel, say, unconfirmed } = await start(context, fixture);
      const attempts: string[] = [];
      const running = runChannel(context, channel, {
        receive({ events }) {
          attempts.push(...events.map(({ eventId }) => eventId));
          assert.notEqual(unconfirmed(), 0);
          if (attempts.length < 3) throw new Error('disk full');
        },
      });
      say('kept');
      await eventually(() => running.events.length === 1);
      assert.equal(new Set(attempts).size, 1);
      assert.equal(attempts.length, 3);
      channel.settled?.(running.events[0]?.eventId ?? '');
      await eventually(() => (unconfirmed() ?? 0) === 0);
    });

    test('stopping resolves the run, also while a batch cannot be stored', async (context) => {
      const { channel, say } = await start(context, fixture);
      assert.equal(channel.status().state, 'stopped');
      let tries = 0;
      const running = runChannel(context, channel, { receive: () => (tries++, Promise.reject(new Error('disk full'))) });
      say('never stored');
      await eventually(() => tries > 0);
      assert.equal(await running.stop(), undefined);
      assert.equal(channel.status().state, 'stopped');
      assert.deepEqual(structuredClone(channel.status()), channel.status());
    });

    test('a run whose signal is aborted already ends', async (context) => {
      const { channel } = await start(context, fixture);
      await channel.run(() => Promise.resolve(), undefined, AbortSignal.abort());
    });

    test('what is sent is seen, and has an id', async (context) => {
      const { channel, to, sees } = await start(context, fixture);
      const id = await channel.send(to, { text: 'hello there' }, options());
      assert.ok(typeof id === 'string' && id !== '');
      await eventually(() => sees('hello there'));
      if (!channel.capabilities.edits) return assert.equal(channel.capabilities.preview ?? 'off', 'off');
      assert.ok(channel.edit !== undefined);
      await channel.edit(to, id, { text: 'changed' }, options());
      await channel.edit(to, id, { text: 'changed' }, options());
      await eventually(() => sees('changed'));
    });

    test('text is cut within the limit and nothing is lost', async (context) => {
      const { channel } = await start(context, fixture);
      assert.deepEqual(channel.splitText('short'), ['short']);
      assert.deepEqual(channel.splitText(' \n '), []);
      fc.assert(
        fc.property(fc.array(fc.stringMatching(/^[a-z👍]{1,2000}$/u), { maxLength: 8 }), (words) => {
          const pieces = channel.splitText(words.join(' '));
          for (const piece of pieces) assert.ok(piece.length <= channel.capabilities.textLimit && piece.isWellFormed());
          assert.equal(pieces.join('').replaceAll(' ', ''), words.join(''));
        }),
        { numRuns: 30 },
      );
    });

    test('courtesies never throw', async (context) => {
      const { channel, to } = await start(context, fixture);
      const nowhere = { ...to, chatId: 'nowhere' };
      for (const place of [to, nowhere]) {
        channel.typing?.(place);
        channel.notice?.(place, 'a tool ran');
      }
      channel.settled?.('no such event');
      await channel.setCommands?.([{ name: 'NOT A NAME', description: '' }]);
    });

    test('whatever breaks is an AppError with no secret in it, and the channel recovers', async (context) => {
      const said: string[] = [];
      const { channel, to, breakages, secrets } = await start(context, fixture, collectingLog(said));
      for (const { name, begin, end, forGood = false } of breakages) {
        await begin();
        const stop = new AbortController();
        const run = channel.run(() => Promise.resolve(), undefined, stop.signal).catch((error: unknown) => error);
        await channel.setCommands?.([{ name: 'help', description: 'x' }]);
        const failures = [
          await failureOf(channel.send(to, { text: 'x' }, options())),
          await failureOf(channel.probe(options().signal)),
        ];
        said.push(...failures.flatMap(wordsOf), JSON.stringify(channel.status()));
        assert.ok(isAppError(failures[0]), `${name}: ${String(failures[0])}`);
        assert.ok(failures[0].code === 'unavailable' || isCertainlyUnsent(failures[0]), name);
        stop.abort();
        said.push(...wordsOf(await run));
        await end();
        if (!forGood) await channel.send(to, { text: `after ${name}` }, options());
      }
      for (const secret of secrets)
        assert.ok(
          !said.some((text) => text.includes(secret)),
          said.find((text) => text.includes(secret)),
        );
    });

    test('an attachment above the limit is refused and leaves nothing', async (context) => {
      const { channel, attachment } = await start(context, fixture);
      if (attachment === undefined) return assert.equal(channel.fetchAttachment, undefined);
      const folder = await mkdtemp(join(tmpdir(), 'channel-'));
      context.after(() => rm(folder, { recursive: true }));
      const failure = await failureOf(channel.fetchAttachment?.(await attachment(), join(folder, 'f'), 1_000, options().signal));
      assert.ok(isAppError(failure, 'limit'), String(failure));
      assert.deepEqual(await readdir(folder), []);
      assert.ok(
        ((await channel.fetchAttachment?.(await attachment(), join(folder, 'f'), 1e6, options().signal))?.sizeBytes ?? 0) > 1_000,
      );
      assert.deepEqual(await readdir(folder), ['f']);
    });
  });
}

function start(context: TestContext, fixture: Fixture, log: Log = collectingLog([])): ReturnType<Fixture['start']> {
  const edges: ChannelEdges = { clock: systemClock, log };
  return fixture.start(context, edges);
}

function options(): { dedupeKey: string; signal: AbortSignal } {
  return { dedupeKey: 'k', signal: AbortSignal.timeout(30_000) };
}

async function failureOf(promise: Promise<unknown> | undefined): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Everything of an error that could be shown or logged, with its causes. */
function wordsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const own = Object.values(error).map((value) => JSON.stringify(value) ?? '');
  return [String(error.stack), ...own, ...(error.cause === undefined ? [] : wordsOf(error.cause))];
}

function collectingLog(said: string[]): Log {
  const write = (fields: LogFields, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}
