// What getUpdates does with offsets, waiting, kinds and rivals.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createBotApi, type BotApi, type Message, type Update } from './bot-api.ts';
import { askBot, resultOf } from './wire/ask.ts';

const open: BotApi[] = [];
after(() => Promise.all(open.map((bot) => bot.close())));

async function start(options: Parameters<typeof createBotApi>[0] = {}): Promise<BotApi> {
  const bot = await createBotApi(options);
  open.push(bot);
  return bot;
}

const idsOf = (updates: Update[]): number[] => updates.map((update) => update.update_id);

test('an update comes again until a higher offset confirms it', async () => {
  const bot = await start({ firstUpdateId: 10 });
  const al = bot.person(556);
  al.text('one');
  al.text('two');
  assert.deepEqual(idsOf(await resultOf(bot, 'getUpdates')), [10, 11]);
  assert.deepEqual(idsOf(await resultOf(bot, 'getUpdates')), [10, 11]);
  assert.deepEqual(idsOf(await resultOf(bot, 'getUpdates', { offset: 11 })), [11]);
  assert.deepEqual(idsOf(bot.pending()), [11]);
  assert.deepEqual(idsOf(await resultOf(bot, 'getUpdates', { offset: 12 })), []);
  assert.deepEqual(idsOf(bot.pending()), []);
});

test('a negative offset keeps only the end of the queue', async () => {
  const bot = await start({ firstUpdateId: 10 });
  for (const text of ['a', 'b', 'c']) bot.person(556).text(text);
  assert.deepEqual(idsOf(await resultOf(bot, 'getUpdates', { offset: -1 })), [12]);
  assert.deepEqual(idsOf(bot.pending()), [12]);
});

test('an offset from far in the future confirms nothing', async () => {
  const bot = await start({ firstUpdateId: 10 });
  bot.person(556).text('a');
  assert.deepEqual(idsOf(await resultOf(bot, 'getUpdates', { offset: 9_000_000 })), [10]);
});

test('limit is kept between 1 and 100', async () => {
  const bot = await start();
  for (let count = 0; count < 120; count += 1) bot.person(556).text(`${count}`);
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates', { limit: 7 })).length, 7);
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates', { limit: 1000 })).length, 100);
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates', { limit: 0 })).length, 1);
});

test('ids stay in order over many confirmed updates', async () => {
  const bot = await start({ firstUpdateId: 1 });
  for (let count = 0; count < 3000; count += 1) bot.person(556).text('x');
  let offset = 0;
  const seen: number[] = [];
  for (;;) {
    const updates = await resultOf<Update[]>(bot, 'getUpdates', { offset });
    if (updates.length === 0) break;
    seen.push(...idsOf(updates));
    offset = (seen.at(-1) ?? 0) + 1;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 3000 }, (_, index) => index + 1),
  );
});

test('a long poll is held, and answered when something arrives', async () => {
  const bot = await start();
  const poll = resultOf<Update[]>(bot, 'getUpdates', { timeout: 30 });
  await bot.until(() => bot.polling());
  await resultOf(bot, 'getMe');
  assert.equal(bot.polling(), true, 'others are served meanwhile');
  bot.person(556).text('first');
  bot.person(556).text('second');
  assert.equal((await poll).length, 2, 'what is pushed together comes together');
  assert.equal(bot.polling(), false);
});

test('an empty long poll ends by itself', async () => {
  const bot = await start();
  assert.deepEqual(await resultOf(bot, 'getUpdates', { timeout: 1 }), []);
});

test('the older of two waiting polls gets 409', async () => {
  const bot = await start();
  const older = askBot(bot, 'getUpdates', { timeout: 30 });
  await bot.until(() => bot.polling());
  const newer = askBot(bot, 'getUpdates', { timeout: 30 });
  const refused = await older;
  assert.equal(refused.status, 409);
  assert.equal(
    refused.body.description,
    'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
  );
  bot.person(556).text('for the newer');
  assert.equal(((await newer).body.result as Update[]).length, 1);
});

test('a poll whose client went away takes no update with it', async () => {
  const bot = await start();
  const gone = new AbortController();
  const url = `${bot.url}/bot${bot.token}/getUpdates?timeout=30`;
  const poll = fetch(url, { signal: gone.signal }).catch(() => 'gone');
  await bot.until(() => bot.polling());
  gone.abort();
  assert.equal(await poll, 'gone');
  bot.person(556).text('still here');
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates')).length, 1);
});

test('reactions come only to a bot that asks for them', async () => {
  const bot = await start();
  const al = bot.person(556);
  const { message_id: id } = al.text('hello');
  al.react(id, '👍');
  assert.equal(bot.pending().length, 1);
  await resultOf(bot, 'getUpdates', { allowed_updates: ['message', 'message_reaction'] });
  al.react(id, '👍');
  al.edit(id, 'changed');
  const kinds = bot.pending().map((update) => Object.keys(update)[1]);
  assert.deepEqual(kinds, ['message', 'message_reaction'], 'edited_message was not asked for');
  await resultOf(bot, 'getUpdates');
  al.react(id, '👎');
  assert.equal(bot.pending().length, 3, 'without the parameter the setting stays');
});

test('a webhook stands in the way of polling until it is deleted', async () => {
  const bot = await start();
  bot.setWebhook('https://example.org/hook');
  assert.equal((await askBot(bot, 'getUpdates')).status, 409);
  assert.equal((await resultOf<{ url: string }>(bot, 'getWebhookInfo')).url, 'https://example.org/hook');
  bot.person(556).text('waits');
  await resultOf(bot, 'deleteWebhook', { drop_pending_updates: false });
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates')).length, 1);
  await resultOf(bot, 'deleteWebhook', { drop_pending_updates: true });
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates')).length, 0);
});

test('people do everything that a bot can hear of', async () => {
  const bot = await start();
  await resultOf(bot, 'getUpdates', {
    allowed_updates: ['message', 'edited_message', 'channel_post', 'callback_query', 'my_chat_member'],
  });
  const al = bot.person(556, { first_name: 'Al', username: 'al' });
  const group = bot.group(-100, 'Friends');
  const first = al.text('/start@peer_bot now');
  al.in(group).text('hello all');
  al.text('answer', { replyTo: first.message_id, quote: 'now', forwardedFrom: bot.person(557).user });
  al.edit(first.message_id, 'never mind');
  bot.channel(-1_000_000_000_200, 'News').post('read this');
  al.press(first.message_id, 'yes');
  al.block();
  const updates = await resultOf<Record<string, Record<string, unknown>>[]>(bot, 'getUpdates');
  assert.deepEqual(
    updates.map((update) => Object.keys(update)[1]),
    ['message', 'message', 'message', 'edited_message', 'channel_post', 'callback_query', 'my_chat_member'],
  );
  assert.deepEqual(updates[0]?.['message']?.['entities'], [{ type: 'bot_command', offset: 0, length: 15 }]);
  assert.deepEqual(updates[1]?.['message']?.['chat'], { id: -100, type: 'group', title: 'Friends' });
  const reply = updates[2]?.['message'] as unknown as Message & { forward_origin: { sender_user: { id: number } } };
  assert.equal(reply.reply_to_message?.text, '/start@peer_bot now', 'as it was when it was answered');
  assert.deepEqual(reply['quote'], { text: 'now', position: 16, is_manual: true });
  assert.equal(reply.forward_origin.sender_user.id, 557);
  assert.equal(updates[5]?.['callback_query']?.['data'], 'yes');
});
