import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { GrammyError } from 'grammy/web';
import { createTelegramChannel } from '../../src/channels/telegram/channel.ts';
import { poll } from '../../src/channels/telegram/poll.ts';
import { telegramSettings } from '../../src/channels/telegram/settings.ts';
import type { Channel } from '../../src/domain/channel.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { silentLog } from '../../src/domain/log.ts';
import { eventually, QUICK, runChannel, telegramRig } from './rig.ts';

test('a message arrives, and its offset is confirmed by the next poll', async (context) => {
  const { api, channel } = await telegramRig(context, { peer: { firstUpdateId: 41 } });
  const al = api.person(555, { first_name: 'Al', username: 'al' });
  const running = runChannel(context, channel);
  await api.until(() => api.polling());
  al.text('hello');
  await api.until(() => api.pending().length === 0);
  assert.equal(running.events.length, 1);
  assert.deepEqual(
    { ...running.events[0], sentAtMs: 0 },
    {
      channel: 'telegram',
      account: 'default',
      eventId: `${api.me.id}:41`,
      kind: 'message',
      chat: { id: '555', kind: 'direct' },
      sender: { id: '555', isBot: false, name: 'Al', username: 'al' },
      messageId: running.events[0]?.messageId,
      text: 'hello',
      attachments: [],
      addressed: true,
      sentAtMs: 0,
    },
  );
  assert.equal(running.batches[0]?.cursor, `${api.me.id}:42`);
  assert.equal(channel.status().state, 'running');
});

test('nothing is confirmed before it is on disk, and a batch that was not stored comes again', async (context) => {
  const { api, channel } = await telegramRig(context);
  const al = api.person(555);
  let refusals = 3;
  const running = runChannel(context, channel, {
    receive(batch) {
      assert.equal(api.pending().length, 1, 'confirmed too early');
      if (refusals-- > 0) throw new Error(`disk full, batch of ${batch.events.length}`);
    },
  });
  await api.until(() => api.polling());
  const polls = api.count('getUpdates');
  al.text('once');
  await eventually(() => channel.status().reason === 'what was received could not be stored', 'the trouble to show');
  await api.until(() => api.pending().length === 0);
  assert.deepEqual(
    running.events.map(({ text }) => text),
    ['once'],
  );
  assert.equal(api.count('getUpdates') - polls, 1, 'the same batch, not a new poll');
  assert.equal(channel.status().state, 'running');
});

test('stopping while a batch cannot be stored resolves and confirms nothing', async (context) => {
  const { api, channel } = await telegramRig(context, { timing: { ...QUICK, pauses: { firstMs: 60_000, mostMs: 60_000 } } });
  const running = runChannel(context, channel, { receive: () => Promise.reject(new Error('disk full')) });
  await api.until(() => api.polling());
  api.person(555).text('kept');
  await eventually(() => channel.status().state === 'waiting');
  assert.equal(await running.stop(), undefined);
  assert.equal(api.pending().length, 1);
});

test('the cursor goes on where the last batch ended; one of another bot means nothing', async (context) => {
  const offsets: unknown[] = [];
  const channel = await rawServer(context, (request, response, body) => {
    if (request.url?.endsWith('/getUpdates')) offsets.push(JSON.parse(body).offset);
    else response.end('{"ok":true,"result":{"username":"me"}}');
  });
  for (const cursor of ['42:700', '999:700', 'nonsense', '42:', undefined]) {
    const seen = offsets.length;
    const running = runChannel(context, channel, { cursor });
    await eventually(() => offsets.length > seen);
    await running.stop();
  }
  assert.deepEqual(offsets, [700, undefined, undefined, undefined, undefined]);
});

test('a refused token ends the run, with a hint and without the token', async (context) => {
  const { api, channel } = await telegramRig(context);
  const running = runChannel(context, channel);
  await api.until(() => api.polling());
  api.revoke();
  api.person(555).text('wake');
  const error = await running.ended;
  assert.ok(isAppError(error, 'denied') && error.hint?.includes('BotFather'));
  assert.ok(!`${error.message}${error.hint}${error.stack}`.includes(api.token));
  assert.equal(channel.status().state, 'failed');
});

test('another poller is waited out, and told', async (context) => {
  const { api, channel, lines } = await telegramRig(context);
  const running = runChannel(context, channel);
  await api.until(() => api.polling());
  await fetch(`${api.url}/bot${api.token}/getUpdates?timeout=1`);
  await eventually(() => lines.some(({ message }) => message.includes('another program polls with this token')));
  api.person(555).text('still there');
  await eventually(() => running.events.length === 1);
});

test('a webhook is removed after telling, and what waits is kept', async (context) => {
  const { api, channel, lines } = await telegramRig(context);
  const al = api.person(555);
  al.text('waits');
  api.setWebhook('https://example.com/hook');
  let toldBefore = false;
  api.onCall(({ method }) => {
    if (method === 'deleteWebhook')
      toldBefore = lines.some(({ level, message }) => level === 'warn' && message.includes('webhook'));
  });
  const running = runChannel(context, channel);
  await eventually(() => running.events.length === 1);
  assert.ok(toldBefore);
  assert.equal(api.calls('deleteWebhook')[0]?.parameters['drop_pending_updates'], false);
});

test('rate limits, server errors, half answers, resets: all are waited out', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.fault('getUpdates', { status: 429, retryAfterSeconds: 0 });
  api.fault('getUpdates', { status: 500 });
  api.fault('getUpdates', { status: 502 });
  api.fault('getUpdates', { truncate: true });
  api.fault('getUpdates', { reset: 'before' });
  api.fault('getUpdates', { reset: 'after' });
  api.fault('getUpdates', { status: 403 });
  const running = runChannel(context, channel);
  api.person(555).text('at last');
  await eventually(() => running.events.length >= 1);
  assert.deepEqual(new Set(running.events.map(({ text }) => text)), new Set(['at last']));
  await eventually(() => channel.status().state === 'running');
});

test('a rate limit is waited out for as long as it says', async () => {
  const controller = new AbortController();
  const refusal = { ok: false as const, error_code: 429, description: 'Too Many Requests', parameters: { retry_after: 7 } };
  const pauses: number[] = [];
  await poll(
    {
      fetchUpdates: () => Promise.reject(new GrammyError('', refusal, 'getUpdates', {})),
      removeWebhook: () => Promise.resolve(),
      deliver: () => Promise.resolve(),
      report: () => undefined,
      pause: async (ms) => {
        pauses.push(ms);
        if (pauses.length === 3) controller.abort();
      },
      log: silentLog,
      pauses: { firstMs: 1, mostMs: 10 },
    },
    undefined,
    controller.signal,
  );
  assert.deepEqual(pauses, [7000, 7000, 7000]);
});

test('network loss and return', async (context) => {
  const { api, channel } = await telegramRig(context);
  const running = runChannel(context, channel);
  await api.until(() => api.polling());
  await api.network('refused');
  await eventually(() => channel.status().state === 'waiting');
  assert.match(channel.status().reason ?? '', /ECONN/);
  await api.network('up');
  await api.until(() => api.polling());
  api.person(555).text('back');
  await eventually(() => running.events.length === 1);
});

test('a connection that never answers is given up and made anew', async (context) => {
  const timing = { ...QUICK, pollSeconds: 1, pollGraceMs: 100 };
  const { api, channel } = await telegramRig(context, { timing });
  const running = runChannel(context, channel);
  await api.until(() => api.polling());
  await api.network('silent');
  await eventually(() => /no answer within/.test(channel.status().reason ?? ''));
  await api.network('up');
  api.person(555).text('back');
  await eventually(() => running.events.length === 1);
});

test('stopping is prompt while a poll is held, and while waiting', async (context) => {
  const { api, channel } = await telegramRig(context, { timing: { ...QUICK, pauses: { firstMs: 60_000, mostMs: 60_000 } } });
  const running = runChannel(context, channel);
  await api.until(() => api.polling());
  assert.equal(await running.stop(), undefined);
  assert.equal(channel.status().state, 'stopped');
  await api.network('refused');
  const waiting = runChannel(context, channel);
  await eventually(() => channel.status().state === 'waiting');
  assert.equal(await waiting.stop(), undefined);
});

/** A server that says anything, for what no faithful peer would say. */
async function rawServer(
  context: TestContext,
  handler: (request: IncomingMessage, response: ServerResponse, body: string) => unknown,
): Promise<Channel> {
  const server = createServer(async (request, response) => handler(request, response, await text(request))).listen(
    0,
    '127.0.0.1',
  );
  await new Promise((resolve) => server.once('listening', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = telegramSettings.parse({ botToken: '42:secret-part-of-the-token', apiRoot });
  return createTelegramChannel('default', settings, { clock: systemClock, log: silentLog }, QUICK);
}

test('garbage from the server is survived, and updates that cannot be read are skipped', async (context) => {
  const message = {
    message_id: 1,
    date: 1,
    chat: { id: 5, type: 'private' },
    from: { id: 5, is_bot: false, first_name: 'x' },
    text: 'good',
  };
  const polls = [
    'not json',
    '',
    '[]',
    'null',
    '{"ok":true}',
    '{"ok":"yes","result":[]}',
    '{"ok":true,"result":{"a":1}}',
    '{"ok":false}',
    '<html>502 Bad Gateway</html>',
    '{"ok":true,"result":[null,7,{"update_id":"x"}]}',
    JSON.stringify({
      ok: true,
      result: [
        { update_id: 9, message: { message_id: 'x' } },
        { update_id: 7, message },
        { update_id: 8, message: { ...message, chat: null } },
        { update_id: 7, message },
        { update_id: 10, unknown_kind: {} },
        { update_id: 11, message: { ...message, chat: { id: 'evil', type: 'private' } } },
      ],
    }),
  ];
  const offsets: unknown[] = [];
  const channel = await rawServer(context, (request, response, body) => {
    if (!request.url?.endsWith('/getUpdates')) return response.end('{"ok":true,"result":{"username":"me"}}');
    offsets.push(JSON.parse(body).offset);
    const next = polls.shift();
    if (next !== undefined) response.end(next);
    return undefined;
  });
  const running = runChannel(context, channel);
  await eventually(() => offsets.length === 12, 'twelve polls');
  assert.deepEqual(
    running.events.map(({ eventId, text }) => `${eventId} ${text}`),
    ['42:7 good', '42:7 good'],
  );
  assert.equal(running.batches.at(-1)?.cursor, '42:12');
  assert.deepEqual(offsets.slice(-2), [undefined, 12]);
  await running.stop();
});

test('messages arrive although the platform never says who the bot is', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.fault('getMe', { silent: true });
  const running = runChannel(context, channel);
  api.person(555).text('hello');
  await eventually(() => running.events.length === 1);
  assert.equal(channel.status().state, 'running');
});

test('group messages wait for the name of the bot, direct ones do not', async (context) => {
  const { api, channel } = await telegramRig(context, { peer: { username: 'our_bot' } });
  const al = api.person(555);
  const group = api.group(-100);
  for (let n = 0; n < 5; n += 1) api.fault('getMe', { status: 500 });
  al.in(group).text('hey @our_bot', { entities: [{ type: 'mention', offset: 4, length: 8 }] });
  al.text('direct');
  const running = runChannel(context, channel);
  await eventually(() => running.events.length === 2);
  assert.deepEqual(
    running.batches.map(({ events, cursor }) => [events.map(({ text }) => text), cursor !== undefined]),
    [
      [['direct'], false],
      [['hey @our_bot'], true],
    ],
  );
  assert.equal(running.events[1]?.addressed, true);
});

test('stopping while the name is unknown resolves, and the group message is not confirmed', async (context) => {
  const { api, channel } = await telegramRig(context);
  for (let n = 0; n < 1000; n += 1) api.fault('getMe', { status: 500 });
  api.person(555).in(api.group(-100)).text('hey');
  const running = runChannel(context, channel);
  await eventually(() => api.count('getMe') > 2);
  assert.equal(await running.stop(), undefined);
  assert.equal(api.pending().length, 1);
  assert.deepEqual(running.events, []);
});
