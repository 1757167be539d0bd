// Files in both directions, with their real bytes.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createBotApi, type BotApi, type Message } from './bot-api.ts';
import { askBot, resultOf } from './wire/ask.ts';

let bot: BotApi;
before(async () => {
  bot = await createBotApi();
  bot.person(556);
});
after(() => bot.close());

const bytes = randomBytes(70_000);

function form(fields: Record<string, string>, files: Record<string, { bytes: Buffer; name: string; type?: string }>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  for (const [name, file] of Object.entries(files)) {
    data.set(name, new Blob([new Uint8Array(file.bytes)], { type: file.type ?? 'application/octet-stream' }), file.name);
  }
  return data;
}

async function download(fileId: string): Promise<Buffer> {
  const { file_path: path } = await resultOf<{ file_path: string }>(bot, 'getFile', { file_id: fileId });
  return Buffer.from(await (await fetch(`${bot.url}/file/bot${bot.token}/${path}`)).arrayBuffer());
}

test('what a person sends can be downloaded, byte for byte', async () => {
  const al = bot.person(556);
  const photo = al.photo(bytes, { caption: 'look' });
  const document = al.document(bytes, 'notes.txt');
  assert.equal(photo.caption, 'look');
  assert.equal(document.document?.['file_name'], 'notes.txt');
  const ids = [photo.photo?.at(-1), document.document, al.voice(bytes).voice, al.sticker(bytes).sticker].map(
    (file) => file?.file_id ?? '',
  );
  for (const id of ids) assert.ok((await download(id)).equals(bytes));
  assert.equal(new Set(ids).size, 4);
  const told = await resultOf<{ file_unique_id: string }>(bot, 'getFile', { file_id: ids[1] });
  assert.equal(told.file_unique_id, document.document?.file_unique_id);
});

test('an album is several messages of one group', () => {
  const messages = bot.person(556).album([bytes, bytes], 'two');
  assert.equal(messages.length, 2);
  assert.equal(messages[0]?.media_group_id, messages[1]?.media_group_id);
  assert.deepEqual(
    messages.map((message) => message.caption),
    ['two', undefined],
  );
});

test('files above 20 MB are not given out, and a claimed size may be a lie', async () => {
  const large = bot.person(556).document(bytes, 'big.bin', { claimedSize: 21 * 1024 * 1024 });
  const { status, body } = await askBot(bot, 'getFile', { file_id: large.document?.file_id ?? '' });
  assert.equal(`${status} ${body.description}`, '400 Bad Request: file is too big');
  const liar = bot.person(556).document(bytes, 'small.bin', { claimedSize: 10 });
  assert.equal(liar.document?.file_size, 10);
  assert.equal((await download(liar.document?.file_id ?? '')).length, bytes.length);
  assert.match((await askBot(bot, 'getFile', { file_id: 'nonsense' })).body.description ?? '', /invalid file_id/);
});

test('a download needs the token and a path that exists', async () => {
  assert.equal((await fetch(`${bot.url}/file/bot1:wrong/photos/file_0.jpg`)).status, 401);
  assert.equal((await fetch(`${bot.url}/file/bot${bot.token}/photos/none.jpg`)).status, 404);
});

test('what the bot sends keeps its bytes, name, caption and kind', async () => {
  for (const [method, field] of [
    ['sendPhoto', 'photo'],
    ['sendDocument', 'document'],
    ['sendVoice', 'voice'],
    ['sendSticker', 'sticker'],
  ] as const) {
    const upload = form(
      { chat_id: '556', caption: '<b>hi</b>', parse_mode: 'HTML' },
      { [field]: { bytes, name: 'naïve "file".bin' } },
    );
    const message = await resultOf<Message>(bot, method, upload);
    const sent = bot.sent(556).at(-1);
    assert.ok(message[field] !== undefined);
    assert.equal(message.caption, field === 'sticker' ? undefined : 'hi');
    assert.ok(sent?.files[0]?.bytes.equals(bytes));
    assert.equal(sent?.files[0]?.field, field);
  }
  const document = bot.sent(556).find((sent) => sent.method === 'sendDocument');
  assert.equal(document?.message.document?.['file_name'], 'naïve "file".bin');
});

test('a file is attached by name, or sent again by its id', async () => {
  const attached = form({ chat_id: '556', document: 'attach://part' }, { part: { bytes, name: 'a.bin' } });
  const first = await resultOf<Message>(bot, 'sendDocument', attached);
  const again = await resultOf<Message>(bot, 'sendDocument', { chat_id: 556, document: first.document?.file_id });
  assert.ok((await download(again.document?.file_id ?? '')).equals(bytes));
  const missing = await askBot(bot, 'sendPhoto', { chat_id: 556 });
  assert.equal(missing.body.description, 'Bad Request: there is no photo in the request');
  const unknown = await askBot(bot, 'sendPhoto', { chat_id: 556, photo: 'nonsense' });
  assert.equal(unknown.body.description, 'Bad Request: wrong file identifier/HTTP URL specified');
  const long = form({ chat_id: '556', caption: 'x'.repeat(1025) }, { document: { bytes, name: 'a.bin' } });
  assert.equal((await askBot(bot, 'sendDocument', long)).body.description, 'Bad Request: message caption is too long');
});

test('an album of the bot is one call and several messages', async () => {
  const media = [
    { type: 'photo', media: 'attach://one', caption: 'first' },
    { type: 'photo', media: 'attach://two' },
  ];
  const album = form(
    { chat_id: '556', media: JSON.stringify(media) },
    { one: { bytes, name: '1.jpg' }, two: { bytes, name: '2.jpg' } },
  );
  const messages = await resultOf<Message[]>(bot, 'sendMediaGroup', album);
  assert.equal(messages.length, 2);
  assert.equal(messages[0]?.caption, 'first');
  assert.equal(messages[0]?.media_group_id, messages[1]?.media_group_id);
  const alone = await askBot(bot, 'sendMediaGroup', { chat_id: 556, media: media.slice(0, 1) });
  assert.equal(alone.status, 400);
});

test('the peer itself made no mistake', () => {
  assert.deepEqual(bot.failures, []);
});
