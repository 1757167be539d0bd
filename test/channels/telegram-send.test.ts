import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createTelegramChannel } from '../../src/channels/telegram/channel.ts';
import { telegramSettings } from '../../src/channels/telegram/settings.ts';
import { createSigns } from '../../src/channels/telegram/signs.ts';
import { isCertainlyUnsent } from '../../src/domain/channel.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError, isAppError } from '../../src/domain/errors.ts';
import { silentLog } from '../../src/domain/log.ts';
import { eventually, QUICK, runChannel, send, telegramRig, to } from './rig.ts';

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'telegram-'));
  context.after(() => rm(path, { recursive: true }));
  return path;
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isAppError(error), `rejected with ${String(error)}`);
  return error;
}

test('text goes out with its formatting, and the id comes back', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  const id = await send(channel, 5, { text: '**Hi** <there>' });
  const [sent] = api.sent(5);
  assert.equal(id, String(sent?.messageId));
  assert.equal(sent?.text, 'Hi <there>');
  assert.deepEqual(sent?.entities, [{ type: 'bold', offset: 0, length: 2 }]);
  assert.ok(channel.status().lastSentAtMs !== undefined);
});

test('text without markup goes out as it is, in one call', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  await send(channel, 5, { text: 'plain & simple'.replace('&', 'and') });
  assert.deepEqual(api.calls('sendMessage')[0]?.parameters, { chat_id: 5, text: 'plain and simple' });
});

test('what Telegram cannot read as HTML goes out as plain text', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  api.fault('sendMessage', { status: 400, description: "Bad Request: can't parse entities: Unsupported start tag" });
  await send(channel, 5, { text: '**x**' });
  assert.deepEqual(api.texts(5), ['**x**']);
  assert.equal(api.calls('sendMessage')[1]?.parameters['parse_mode'], undefined);
});

test('a link to the question, a topic, buttons', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  const buttons = [
    { label: 'On', command: '/think high' },
    { label: 'Long', command: 'x'.repeat(65) },
    { label: 'None', command: '' },
  ];
  await send(channel, 5, { text: 'x', buttons }, { replyToMessageId: '999', threadId: '4' });
  assert.deepEqual(api.calls('sendMessage')[0]?.parameters, {
    chat_id: 5,
    text: 'x',
    message_thread_id: 4,
    reply_parameters: { message_id: 999, allow_sending_without_reply: true },
    reply_markup: { inline_keyboard: [[{ text: 'On', callback_data: '/think high' }]] },
  });
});

test('settings: no links to questions, no previews of links', async (context) => {
  const { api, channel } = await telegramRig(context, {
    settings: { replyToMode: 'off', linkPreview: false, streamMode: 'off' },
  });
  api.person(5);
  await send(channel, 5, { text: 'https://x.y' }, { replyToMessageId: '1' });
  assert.deepEqual(api.calls('sendMessage')[0]?.parameters, {
    chat_id: 5,
    text: 'https://x.y',
    link_preview_options: { is_disabled: true },
  });
  assert.deepEqual([channel.capabilities.preview, channel.capabilities.replyLinks], ['off', 'off']);
});

test('a group that moved is followed', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.group(-10, 'G');
  api.migrate(-10, -1000000000010);
  await send(channel, -10, { text: 'hello' });
  assert.deepEqual(api.texts(-1000000000010), ['hello']);
});

const refusals: [name: string, fault: object, code: string, more?: object][] = [
  ['a rate limit', { status: 429, retryAfterSeconds: 3 }, 'limit', { retryAfterMs: 3000 }],
  ['a wrong request', { status: 400, description: 'Bad Request: chat not found' }, 'invalid'],
  ['a person who blocked the bot', { status: 403, description: 'Forbidden: bot was blocked by the user' }, 'denied'],
  ['a refused token, which the owner can mend', { status: 401 }, 'unavailable'],
  ['a server error', { status: 500 }, 'unavailable'],
];

for (const [name, fault, code, more] of refusals) {
  test(`certainly unsent: ${name}`, async (context) => {
    const { api, channel } = await telegramRig(context);
    api.person(5);
    api.fault('sendMessage', fault);
    const error = await failure(send(channel, 5, { text: 'x' }));
    assert.ok(isCertainlyUnsent(error));
    assert.equal(error.code, code);
    assert.ok(!`${error.message}${error.hint}${error.stack}`.includes(api.token));
    for (const [key, value] of Object.entries(more ?? {})) assert.equal(error[key as 'retryAfterMs'], value);
    assert.deepEqual(api.sent(5), []);
  });
}

const losses: [name: string, fault: object][] = [
  ['a reset after it was written', { reset: 'after' }],
  ['half an answer', { truncate: true }],
];

for (const [name, fault] of losses) {
  test(`perhaps sent: ${name}`, async (context) => {
    const { api, channel } = await telegramRig(context);
    api.person(5);
    api.fault('sendMessage', fault);
    const error = await failure(send(channel, 5, { text: 'x' }));
    assert.equal(error.code, 'unavailable');
    assert.ok(!isCertainlyUnsent(error));
    assert.equal(api.sent(5).length, 1);
    assert.ok(!`${error.message}${error.hint}${error.stack}`.includes(api.token));
  });
}

test('perhaps sent: stopped while it was under way', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  api.fault('sendMessage', { silent: true });
  const stop = new AbortController();
  api.onCall(() => stop.abort());
  const error = await failure(channel.send(to(5), { text: 'x' }, { dedupeKey: 'k', signal: stop.signal }));
  assert.ok(error.code === 'unavailable' && !isCertainlyUnsent(error));
});

test('certainly unsent: nobody listens, no such host, no certificate, stopped before the start', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const { port } = closed.address() as AddressInfo;
  for (const apiRoot of [`http://127.0.0.1:${port}`, 'http://no-such-host.invalid', `https://127.0.0.1:${port}`]) {
    if (apiRoot.startsWith('http:')) await new Promise((resolve) => closed.close(resolve));
    else {
      closed.on('connection', (socket) => socket.end('no TLS here'));
      await new Promise<void>((resolve) => closed.listen(port, '127.0.0.1', resolve));
    }
    const settings = telegramSettings.parse({ botToken: '42:secret-part-of-the-token', apiRoot });
    const channel = await createTelegramChannel('default', settings, { clock: systemClock, log: silentLog }, QUICK);
    const error = await failure(send(channel, 5, { text: 'x' }));
    assert.ok(error.code === 'unavailable' && isCertainlyUnsent(error), apiRoot);
    assert.ok(!`${error.message}${error.stack}`.includes('secret-part'));
    const stopped = await failure(channel.send(to(5), { text: 'x' }, { dedupeKey: 'k', signal: AbortSignal.abort() }));
    assert.ok(isCertainlyUnsent(stopped));
  }
  closed.close();
});

test('an edit changes the text; equal text and a message that is gone', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  const options = { dedupeKey: 'k', signal: AbortSignal.timeout(5_000) };
  const id = await send(channel, 5, { text: 'one' });
  await channel.edit?.(to(5), id, { text: '*two*' }, options);
  await channel.edit?.(to(5), id, { text: '*two*' }, options);
  assert.deepEqual(api.texts(5), ['two']);
  assert.equal(api.count('editMessageText'), 2);
  const error = await failure(channel.edit?.(to(5), '12345', { text: 'x' }, options) ?? Promise.resolve());
  assert.equal(error.code, 'not_found');
});

test('files: a photo, a document, a photo that is none', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  const path = join(await folder(context), 'f');
  await writeFile(path, 'bytes\r\n--x\0');
  const file = { path, fileName: 'a"b;ç.txt', mimeType: 'text/plain', asPhoto: false };
  await send(channel, 5, { text: '**words**', file });
  await send(channel, 5, { file: { ...file, asPhoto: true } });
  api.fault('sendPhoto', { status: 400, description: 'Bad Request: PHOTO_INVALID_DIMENSIONS' });
  await send(channel, 5, { file: { ...file, asPhoto: true } });
  assert.deepEqual(
    api.sent(5).map(({ method }) => method),
    ['sendDocument', 'sendPhoto', 'sendDocument'],
  );
  const [document] = api.sent(5);
  assert.equal(document?.text, 'words');
  assert.equal(document?.files[0]?.name, 'a_b_ç.txt');
  assert.equal(document?.files[0]?.bytes.toString(), 'bytes\r\n--x\0');
});

test('files that cannot be sent are refused before the call', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  const path = join(await folder(context), 'empty');
  await writeFile(path, '');
  const file = { path, fileName: 'x', mimeType: 'text/plain', asPhoto: true };
  for (const [part, code] of [
    [{ file }, 'invalid'],
    [{ file: { ...file, path: `${path}-missing` } }, 'not_found'],
    [{ file: { ...file, path: tmpdir() } }, 'invalid'],
    [{ file, text: 'x'.repeat(1025) }, 'invalid'],
  ] as const) {
    const error = await failure(send(channel, 5, part));
    assert.ok(error.code === code && isCertainlyUnsent(error) && error.hint !== undefined);
  }
  assert.equal(api.count(), 0);
});

test('an attachment is fetched to disk', async (context) => {
  const { api, channel } = await telegramRig(context);
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const running = runChannel(context, channel);
  api.person(5).document(bytes, 'data.bin');
  await eventually(() => running.events.length === 1);
  const [attachment] = running.events[0]?.attachments ?? [];
  assert.ok(attachment !== undefined);
  const path = join(await folder(context), 'got');
  const signal = AbortSignal.timeout(5_000);
  assert.deepEqual(await channel.fetchAttachment?.(attachment, path, 1_000_000, signal), { sizeBytes: 300_000 });
  assert.ok(bytes.equals(await readFile(path)));
});

test('an attachment that is too large, breaks off, or is not to be had leaves no file', async (context) => {
  const { api, channel } = await telegramRig(context);
  const running = runChannel(context, channel);
  api.person(5).document(Buffer.alloc(50_000, 1), 'data.bin');
  await eventually(() => running.events.length === 1);
  const [attachment] = running.events[0]?.attachments ?? [];
  assert.ok(attachment !== undefined);
  const { sizeBytes: _, ...unsized } = attachment;
  const path = await folder(context);
  const fetchIt = (given: typeof attachment, maxBytes: number, signal = AbortSignal.timeout(5_000)): Promise<AppError> =>
    failure(channel.fetchAttachment?.(given, join(path, 'x'), maxBytes, signal) ?? Promise.resolve());

  assert.equal((await fetchIt(attachment, 49_999)).code, 'limit');
  assert.equal(api.count('getFile'), 0);
  assert.equal((await fetchIt(unsized, 49_999)).code, 'limit');
  api.fault('file', { truncate: true });
  assert.equal((await fetchIt(unsized, 60_000)).code, 'unavailable');
  api.fault('file', { status: 500 });
  assert.equal((await fetchIt(unsized, 60_000)).code, 'unavailable');
  api.fault('file', { reset: 'before' });
  assert.equal((await fetchIt(unsized, 60_000)).code, 'unavailable');
  assert.equal((await fetchIt({ kind: 'document', remoteId: 'gone' }, 60_000)).code, 'not_found');
  assert.equal((await fetchIt(unsized, 60_000, AbortSignal.abort())).code, 'unavailable');
  assert.deepEqual(await readdir(path), []);
});

test('a file whose size was not told is cut off while it comes', async (context) => {
  const { api, channel } = await telegramRig(context);
  const running = runChannel(context, channel);
  api.person(5).document(Buffer.alloc(50_000, 1), 'data.bin');
  await eventually(() => running.events.length === 1);
  const remoteId = running.events[0]?.attachments[0]?.remoteId ?? '';
  const file = api.world.files.get(remoteId);
  assert.ok(file !== undefined);
  file.size = 10;
  const path = await folder(context);
  const fetched = channel.fetchAttachment?.({ kind: 'document', remoteId }, join(path, 'x'), 20_000, AbortSignal.timeout(5_000));
  assert.equal((await failure(fetched ?? Promise.resolve())).code, 'limit');
  assert.deepEqual(await readdir(path), []);
});

test('signs: never more than twenty a second, none while limited, none on a dead line', async () => {
  let now = 0;
  const clock = { now: () => 0, monotonic: () => now };
  const shown: number[] = [];
  const signs = createSigns(clock, 10);
  for (now = 0; now < 5_000; now += 7) {
    signs.show(() => {
      shown.push(now);
      return Promise.resolve();
    });
    await Promise.resolve();
    await new Promise(setImmediate);
  }
  for (const start of shown) assert.ok(shown.filter((at) => at >= start && at < start + 1000).length <= 20);
  assert.ok(shown.length > 40);

  const limited = createSigns(clock, 10);
  let calls = 0;
  const refused = (): Promise<never> => {
    calls += 1;
    return Promise.reject(new AppError('limit', 'x', { retryAfterMs: 5_000 }));
  };
  limited.show(refused);
  await new Promise(setImmediate);
  limited.show(refused);
  assert.equal(calls, 1);

  let open = 0;
  const dead = createSigns(clock, 1000);
  for (let n = 0; n < 100; n += 1) dead.show(() => (open++, new Promise(() => undefined)));
  assert.equal(open, 8);
});

test('typing is shown where the chat is, and never throws', async (context) => {
  const { api, channel } = await telegramRig(context);
  api.person(5);
  channel.typing?.(to(5, { threadId: '3' }));
  channel.typing?.({ channel: 'telegram', account: 'default', chatId: 'nonsense' });
  await eventually(() => api.count('sendChatAction') === 2);
  assert.deepEqual(
    api.world.chatActions.map(({ chatId, action }) => [chatId, action]),
    [[5, 'typing']],
  );
});

test('the menu: the commands and the custom ones, without what Telegram would refuse', async (context) => {
  const { api, channel } = await telegramRig(context, {
    settings: { customCommands: [{ command: '/joke', description: 'Tell one' }] },
  });
  await channel.setCommands?.([
    { name: 'help', description: 'What I can do' },
    { name: 'Bad-Name', description: 'x' },
  ]);
  assert.deepEqual(
    [...api.world.commands.values()],
    [
      [
        { command: 'help', description: 'What I can do' },
        { command: 'joke', description: 'Tell one' },
      ],
    ],
  );
});

test('the menu is taken away where the settings say so; a failure is only logged', async (context) => {
  const { api, channel, lines } = await telegramRig(context, { settings: { commands: { native: false } } });
  await channel.setCommands?.([{ name: 'help', description: 'x' }]);
  assert.equal(api.count('deleteMyCommands'), 1);
  api.fault('deleteMyCommands', { status: 500 });
  await channel.setCommands?.([]);
  assert.equal(lines.filter(({ level }) => level === 'warn').length, 1);
});

test('the probe tells who we are, and what the owner should know', async (context) => {
  const { api, channel } = await telegramRig(context);
  const signal = AbortSignal.timeout(5_000);
  const { id, name, notes } = await channel.probe(signal);
  assert.deepEqual([id, name], [String(api.me.id), `@${api.me.username}`]);
  // The peer hands out every message of a group, and says so.
  assert.match(notes.join('\n'), /^The bot gets every message of its groups.*$/);
  api.fault('getMe', { status: 429 });
  assert.equal((await failure(channel.probe(signal))).code, 'unavailable');
  api.revoke();
  assert.equal((await failure(channel.probe(signal))).code, 'denied');
});

test('the token: from the file first, and refused when it is none', async (context) => {
  const edges = { clock: systemClock, log: silentLog };
  const create = (settings: object) => createTelegramChannel('default', telegramSettings.parse(settings), edges, QUICK);
  assert.equal((await failure(create({}))).code, 'not_found');
  const wrong = await failure(create({ botToken: 'MANAGED_ELSEWHERE' }));
  assert.ok(wrong.code === 'invalid' && !`${wrong.message}${wrong.hint}`.includes('MANAGED'));
  const tokenFile = join(await folder(context), 'token');
  assert.equal((await failure(create({ tokenFile }))).code, 'not_found');
  const { api } = await telegramRig(context);
  await writeFile(tokenFile, `${api.token}\n`);
  const channel = await create({ tokenFile, botToken: '1:wrong', apiRoot: api.url });
  assert.equal((await channel.probe(AbortSignal.timeout(5_000))).id, String(api.me.id));
});

test('a server of one’s own may stand below a path', async (context) => {
  const { api } = await telegramRig(context);
  const urls: string[] = [];
  const server = createHttpServer((request, response) => {
    urls.push(request.url ?? '');
    response.end('{"ok":true,"result":{"id":42,"username":"me"}}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  context.after(() => server.close());
  const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}/telegram/`;
  const settings = telegramSettings.parse({ botToken: api.token, apiRoot });
  const channel = await createTelegramChannel('default', settings, { clock: systemClock, log: silentLog }, QUICK);
  await channel.probe(AbortSignal.timeout(5_000));
  assert.deepEqual(urls, [`/telegram/bot${api.token}/getMe`]);
});

test('answers are cut where the settings say', async (context) => {
  const text = `one\n\n${'word '.repeat(150)}`;
  const { channel } = await telegramRig(context, { settings: { textChunkLimit: 500 } });
  assert.deepEqual(
    channel.splitText(text).map((piece) => piece.length <= 500),
    [true, true],
  );
  const { channel: byParagraph } = await telegramRig(context, { settings: { chunkMode: 'newline' } });
  assert.deepEqual(byParagraph.splitText('one\n\ntwo'), ['one', 'two']);
});
