// What goes wrong on purpose: refusals, resets, lost networks, revoked tokens; and that the test can see it all.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createBotApi, type BotApi, type Update } from './bot-api.ts';
import { askBot, resultOf } from './wire/ask.ts';

const open: BotApi[] = [];
after(() => Promise.all(open.map((bot) => bot.close())));

async function start(options: Parameters<typeof createBotApi>[0] = {}): Promise<BotApi> {
  const bot = await createBotApi(options);
  open.push(bot);
  bot.person(556);
  return bot;
}

const hello = { chat_id: 556, text: 'hello' };
const fails = (promise: Promise<unknown>): Promise<void> => assert.rejects(promise, (error: Error) => error instanceof TypeError);

test('429 names the seconds, takes no effect, and ends', async () => {
  const bot = await start();
  bot.fault('sendMessage', { status: 429, retryAfterSeconds: 7, times: 2 });
  for (let count = 0; count < 2; count += 1) {
    const { status, body } = await askBot(bot, 'sendMessage', hello);
    assert.equal(status, 429);
    assert.deepEqual(body, {
      ok: false,
      error_code: 429,
      description: 'Too Many Requests: retry after 7',
      parameters: { retry_after: 7 },
    });
  }
  assert.equal(bot.sentCount(), 0);
  await resultOf(bot, 'sendMessage', hello);
  assert.equal(bot.sentCount(), 1);
  assert.equal(bot.count('sendMessage'), 3);
  assert.deepEqual(
    bot.calls('sendMessage').map((call) => call.status),
    [429, 429, 200],
  );
});

test('a fault of one method leaves the others alone, "*" does not', async () => {
  const bot = await start();
  bot.fault('sendMessage', { status: 502 });
  await resultOf(bot, 'getMe');
  assert.equal((await askBot(bot, 'sendMessage', hello)).status, 502);
  bot.fault('*', { status: 500, times: Infinity });
  assert.equal((await askBot(bot, 'getMe')).status, 500);
  assert.equal((await askBot(bot, 'sendMessage', hello)).status, 500);
  bot.clearFaults();
  await resultOf(bot, 'getMe');
});

test('a proxy on the way answers in its own words', async () => {
  const bot = await start();
  bot.fault('sendMessage', { status: 502, body: '<html>Bad Gateway</html>' });
  const response = await fetch(`${bot.url}/bot${bot.token}/sendMessage?chat_id=556&text=x`);
  assert.deepEqual([response.status, await response.text()], [502, '<html>Bad Gateway</html>']);
  assert.equal(bot.sentCount(), 0);
});

test('a reset comes before or after the effect', async () => {
  const bot = await start();
  bot.fault('sendMessage', { reset: 'before' });
  await fails(askBot(bot, 'sendMessage', hello));
  assert.equal(bot.sentCount(), 0);
  bot.fault('sendMessage', { reset: 'after' });
  await fails(askBot(bot, 'sendMessage', hello));
  assert.deepEqual(bot.texts(556), ['hello']);
});

test('a truncated answer has taken effect', async () => {
  const bot = await start();
  bot.fault('sendMessage', { truncate: true });
  await fails(askBot(bot, 'sendMessage', hello));
  assert.equal(bot.sentCount(), 1);
});

test('a silent fault takes effect and never answers', async () => {
  const bot = await start();
  bot.fault('sendMessage', { silent: true });
  const gone = new AbortController();
  const call = fetch(`${bot.url}/bot${bot.token}/sendMessage?chat_id=556&text=x`, { signal: gone.signal });
  await bot.waitForSent(1);
  gone.abort();
  await assert.rejects(call, { name: 'AbortError' });
});

test('a refused network comes back on the same port', async () => {
  const bot = await start();
  const poll = fails(askBot(bot, 'getUpdates', { timeout: 30 }));
  await bot.until(() => bot.polling());
  await bot.network('refused');
  await poll;
  await fails(askBot(bot, 'getMe'));
  bot.person(556).text('while away');
  await bot.network('up');
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates')).length, 1);
});

test('a silent network swallows the poll that hangs, and loses nothing', async () => {
  const bot = await start();
  const poll = fails(askBot(bot, 'getUpdates', { timeout: 30 }));
  await bot.until(() => bot.polling());
  await bot.network('silent');
  bot.person(556).text('while away');
  assert.equal(bot.polling(), false);
  await bot.network('up');
  await poll;
  assert.equal((await resultOf<Update[]>(bot, 'getUpdates')).length, 1);
});

test('a revoked token is unauthorized, also in the middle of everything', async () => {
  const bot = await start();
  const old = { url: bot.url, token: bot.token };
  assert.equal((await askBot({ url: bot.url, token: '1:other' }, 'getMe')).status, 401);
  bot.revoke();
  assert.deepEqual((await askBot(old, 'getMe')).body, { ok: false, error_code: 401, description: 'Unauthorized' });
  bot.revoke('123456:NEW');
  assert.equal((await askBot(old, 'getMe')).status, 401);
  await resultOf(bot, 'getMe');
});

test('a broken body is refused, and the peer goes on', async () => {
  const bot = await start();
  const send = (type: string, body: string): Promise<Response> =>
    fetch(`${bot.url}/bot${bot.token}/sendMessage`, { method: 'POST', headers: { 'content-type': type }, body });
  assert.equal((await send('application/json', '{"chat_id":')).status, 400);
  assert.equal((await send('application/json', '[1]')).status, 400);
  assert.equal((await send('multipart/form-data', 'x')).status, 400);
  assert.equal((await send('multipart/form-data; boundary=a', '--a\r\nnothing\r\n--a--')).status, 400);
  assert.equal((await send('application/json', '{"chat_id":556,"text":"x","reply_markup":"{"}')).status, 400);
  await resultOf(bot, 'sendMessage', hello);
  assert.deepEqual(bot.failures, []);
});

test('waiting for a message is bounded and says what it waited for', async () => {
  const bot = await start();
  await assert.rejects(
    bot.waitForSent(1, { chatId: 556, timeoutMs: 10 }),
    /waited 10 ms for sent message 1 in chat 556; there are 0/,
  );
  const waiting = bot.waitForSent(2, { chatId: 556 });
  await resultOf(bot, 'sendMessage', hello);
  await resultOf(bot, 'sendMessage', { ...hello, text: 'again' });
  assert.equal((await waiting).text, 'again');
});

test('bench mode counts and keeps nothing', async () => {
  const bot = await start({ bench: true });
  const seen: (string | undefined)[] = [];
  bot.onSent((message) => seen.push(message.text));
  await resultOf(bot, 'sendMessage', hello);
  await resultOf(bot, 'editMessageText', { chat_id: 556, message_id: 1, text: 'x' });
  assert.deepEqual(seen, ['hello']);
  assert.equal(bot.sentCount(), 1);
  assert.equal(bot.count(), 2);
  assert.deepEqual(bot.calls(), []);
  assert.deepEqual(bot.sent(556), []);
});
