import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Update } from 'grammy/types';
import * as fc from 'fast-check';
import { toInboundEvent, UPDATE_KINDS, type Reader } from '../../src/channels/telegram/inbound.ts';
import { cleanFileName, cleanName } from '../../src/channels/telegram/names.ts';
import type { InboundEvent } from '../../src/domain/message.ts';
import { eventually, runChannel, telegramRig } from './rig.ts';

const READER: Reader = { account: 'default', botId: 42, username: 'Our_Bot', mediaMaxBytes: 1000, nowMs: 9_000 };

const al = { id: 5, is_bot: false, first_name: 'Al' };
const bot = { id: 42, is_bot: true, first_name: 'Bot', username: 'Our_Bot' };
const privateChat = { id: 5, type: 'private', first_name: 'Al' };
const group = { id: -1001234567890, type: 'supergroup', title: 'G' };

/** `fields` over an ordinary direct message. */
function message(fields: object = {}, kind = 'message'): InboundEvent {
  const update = { update_id: 1, [kind]: { message_id: 7, date: 100, chat: privateChat, from: al, ...fields } };
  const event = toInboundEvent(update as unknown as Update, READER);
  assert.ok(event !== undefined);
  return event;
}

test('ids become text, however long they are', () => {
  const { chat, sender, eventId, messageId, sentAtMs } = message({ chat: group, text: 'x' });
  assert.deepEqual(
    { chat, sender, eventId, messageId, sentAtMs },
    {
      chat: { id: '-1001234567890', kind: 'group', title: 'G' },
      sender: { id: '5', name: 'Al', isBot: false },
      eventId: '42:1',
      messageId: '7',
      sentAtMs: 100_000,
    },
  );
});

test('the text is exactly what was written', () => {
  const text = '  /x @y\u202e\u0000 \n';
  assert.equal(message({ text }).text, text);
  assert.equal(message({ caption: text, photo: [] }).text, text);
  assert.equal(message({ contact: {} }).text, '');
});

const files: [name: string, fields: object, attachment: object][] = [
  [
    'the largest photo within the limit',
    {
      photo: [
        { file_id: 'a', file_size: 10 },
        { file_id: 'b', file_size: 900 },
        { file_id: 'c', file_size: 5000 },
      ],
    },
    { kind: 'photo', remoteId: 'b', sizeBytes: 900, mimeType: 'image/jpeg' },
  ],
  [
    'the smallest photo when none is within it',
    {
      photo: [
        { file_id: 'a', file_size: 2000 },
        { file_id: 'b', file_size: 5000 },
      ],
    },
    { kind: 'photo', remoteId: 'a', sizeBytes: 2000, mimeType: 'image/jpeg' },
  ],
  [
    'a document, its name without a path',
    { document: { file_id: 'd', file_name: '../../etc/pass\u202ewd', mime_type: 'text/plain', file_size: 3 } },
    { kind: 'document', remoteId: 'd', fileName: 'pass wd', mimeType: 'text/plain', sizeBytes: 3 },
  ],
  ['a type that is none', { document: { file_id: 'd', mime_type: 'a/b\r\nX: y' } }, { kind: 'document', remoteId: 'd' }],
  ['voice', { voice: { file_id: 'v', mime_type: 'audio/ogg' } }, { kind: 'voice', remoteId: 'v', mimeType: 'audio/ogg' }],
  ['audio', { audio: { file_id: 'u', file_name: 's.mp3' } }, { kind: 'audio', remoteId: 'u', fileName: 's.mp3' }],
  ['video', { video: { file_id: 'w' } }, { kind: 'video', remoteId: 'w' }],
  ['a round video', { video_note: { file_id: 'n' } }, { kind: 'video', remoteId: 'n' }],
  [
    'an animation, which comes as a document too',
    { animation: { file_id: 'g' }, document: { file_id: 'g' } },
    { kind: 'video', remoteId: 'g' },
  ],
  [
    'a sticker',
    { sticker: { file_id: 's', emoji: '👍' } },
    { kind: 'sticker', remoteId: 's', label: '👍', mimeType: 'image/webp' },
  ],
];

for (const [name, fields, attachment] of files) {
  test(`files: ${name}`, () => assert.deepEqual(message(fields).attachments, [attachment]));
}

test('replies, quotes and forwards', () => {
  const replied = { message_id: 3, date: 1, chat: privateChat, from: bot, text: 'the whole' };
  assert.deepEqual(message({ reply_to_message: replied }).replyTo, { messageId: '3', senderName: 'Bot', text: 'the whole' });
  assert.equal(message({ reply_to_message: replied, quote: { text: 'whole', position: 4 } }).replyTo?.text, 'whole');
  const origin = { type: 'channel', chat: { id: -1, type: 'channel', title: 'News' }, message_id: 8, date: 1 };
  assert.deepEqual(message({ external_reply: { origin, message_id: 8 }, quote: { text: 'q' } }).replyTo, {
    messageId: '8',
    senderName: 'News',
    text: 'q',
  });
  assert.equal(message({ forward_origin: { type: 'user', sender_user: { ...al, last_name: 'B' } } }).forwardedFrom, 'Al B');
  assert.equal(message({ forward_origin: { type: 'hidden_user', sender_user_name: 'Z\u200bz' } }).forwardedFrom, 'Z z');
});

test('a topic is part of the chat; the thread of a reply is not', () => {
  assert.equal(message({ chat: group, is_topic_message: true, message_thread_id: 9 }).chat.threadId, '9');
  assert.equal(message({ chat: group, message_thread_id: 9 }).chat.threadId, undefined);
  const opened = { message_id: 9, date: 1, chat: group, from: bot, forum_topic_created: { name: 't' } };
  const inTopic = message({ chat: group, is_topic_message: true, message_thread_id: 9, reply_to_message: opened });
  assert.deepEqual([inTopic.replyTo, inTopic.addressed], [undefined, false]);
});

const entity = (type: string, text: string, part: string, more = {}): object => ({
  chat: group,
  text,
  entities: [{ type, offset: text.indexOf(part), length: part.length, ...more }],
});

const addressed: [name: string, fields: object, expected: boolean][] = [
  ['a direct message', {}, true],
  ['a group message', { chat: group, text: 'hello' }, false],
  ['our name, whatever its case', entity('mention', 'hi @our_bot!', '@our_bot'), true],
  ['another name', entity('mention', 'hi @our_bot2', '@our_bot2'), false],
  ['our name in words only', { chat: group, text: 'hi @Our_Bot' }, false],
  [
    'our name in a caption',
    { chat: group, caption: '@Our_Bot', caption_entities: [{ type: 'mention', offset: 0, length: 8 }] },
    true,
  ],
  ['a mention by id', entity('text_mention', 'hi Bot', 'Bot', { user: bot }), true],
  ['a mention of somebody by id', entity('text_mention', 'hi Al', 'Al', { user: al }), false],
  ['a command', entity('bot_command', '/status now', '/status'), true],
  ['a command for us', entity('bot_command', 'do /status@our_bot', '/status@our_bot'), true],
  ['a command for another bot', entity('bot_command', '/status@other_bot', '/status@other_bot'), false],
  ['a command in a sentence', entity('bot_command', 'try /status', '/status'), false],
  ['an answer to us', { chat: group, reply_to_message: { message_id: 1, chat: group, from: bot } }, true],
  ['an answer to somebody', { chat: group, reply_to_message: { message_id: 1, chat: group, from: al } }, false],
  ['a post in a channel', { chat: { id: -5, type: 'channel', title: 'C' }, from: undefined, text: 'x' }, false],
];

for (const [name, fields, expected] of addressed) {
  test(`addressed: ${name}`, () => assert.equal(message(fields).addressed, expected));
}

test('who speaks for a chat is that chat, not the account that stands in for it', () => {
  const standIn = { id: 1087968824, is_bot: true, first_name: 'Group', username: 'GroupAnonymousBot' };
  assert.deepEqual(message({ chat: group, from: standIn, sender_chat: group }).sender, {
    id: '-1001234567890',
    name: 'G',
    isBot: false,
  });
  const channel = { id: -5, type: 'channel', title: 'C' };
  assert.deepEqual(message({ chat: channel, from: undefined }, 'channel_post').sender, { id: '-5', name: 'C', isBot: false });
});

test('what does not say that it is no bot is one', () => {
  assert.equal(message({ from: { id: 6, first_name: 'x' } }).sender.isBot, true);
});

test('an unknown kind of chat is treated as a group', () => {
  assert.equal(message({ chat: { id: 5, type: 'new_kind' } }).chat.kind, 'group');
});

function read(update: object): InboundEvent {
  const event = toInboundEvent({ update_id: 2, ...update } as Update, READER);
  assert.ok(event !== undefined);
  return event;
}

test('an edit carries its own time', () => {
  const { kind, text, sentAtMs } = message({ text: 'new', edit_date: 200 }, 'edited_message');
  assert.deepEqual([kind, text, sentAtMs], ['edited', 'new', 200_000]);
});

test('a pressed button carries its data and the message that it is under', () => {
  const shown = { message_id: 7, date: 0, chat: group };
  const event = read({ callback_query: { id: 'q', from: al, data: '/think high', message: shown } });
  assert.deepEqual([event.kind, event.text, event.messageId, event.addressed], ['callback', '/think high', '7', true]);
  assert.deepEqual([event.chat.id, event.sender.id, event.sentAtMs], ['-1001234567890', '5', 9_000]);
});

test('a reaction carries what is set now', () => {
  const change = {
    chat: group,
    message_id: 7,
    user: al,
    date: 1,
    old_reaction: [],
    new_reaction: [{ type: 'emoji', emoji: '👍' }],
  };
  const event = read({ message_reaction: change });
  assert.deepEqual([event.kind, event.text, event.sender.id, event.addressed], ['reaction', '👍', '5', false]);
});

test('membership carries the new status', () => {
  const event = read({ my_chat_member: { chat: group, from: al, date: 1, new_chat_member: { status: 'kicked' } } });
  assert.deepEqual([event.kind, event.text], ['membership', 'kicked']);
});

test('what we wrote ourselves is not for us', () => {
  assert.equal(
    toInboundEvent({ update_id: 1, message: { message_id: 1, date: 1, chat: group, from: bot } } as never, READER),
    undefined,
  );
});

test('names are one short line without signs that are not seen', () => {
  assert.equal(cleanName('  Al\u202e\u0007\n B '), 'Al B');
  assert.equal(cleanName('\u200b\u2066'), '');
  assert.equal(cleanFileName('C:\\x\\..\\.hidden'), 'hidden');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (name) => {
      const clean = cleanName(name);
      assert.ok(!/[\p{Cc}\p{Cf}\p{Cs}\n]/u.test(clean) && Array.from(clean).length <= 64);
    }),
  );
});

test('an update of any shape is read or refused, and never becomes an event without text ids', () => {
  const shape = fc.object({
    key: fc.constantFrom('id', 'chat', 'from', 'type', 'text', 'photo', 'entities', 'date', 'message_id', 'data', 'message'),
    maxDepth: 3,
  });
  fc.assert(
    fc.property(fc.constantFrom(...UPDATE_KINDS), shape, (kind, body) => {
      let event: InboundEvent | undefined;
      try {
        event = toInboundEvent({ update_id: 1, [kind]: body } as never, READER);
      } catch {
        return;
      }
      if (event === undefined) return;
      assert.match(`${event.chat.id} ${event.sender.id} ${event.messageId ?? 0}`, /^-?\d+ -?\d+ -?\d+$/);
      assert.equal(typeof event.text, 'string');
    }),
    { numRuns: 2000 },
  );
});

test('over the wire: every kind arrives, and a pressed button is answered once its event is stored', async (context) => {
  const { api, channel } = await telegramRig(context);
  const person = api.person(555);
  let stored = false;
  const running = runChannel(context, channel, {
    async receive({ events }) {
      if (events.some(({ kind }) => kind === 'callback')) {
        assert.equal(api.count('answerCallbackQuery'), 0);
        stored = true;
      }
    },
  });
  await api.until(() => api.polling());
  const { message_id: mine } = person.text('one');
  person.edit(mine, 'two');
  const sent = await channel.send(
    { channel: 'telegram', account: 'default', chatId: '555' },
    { text: 'choose', buttons: [{ label: 'A', command: '/a' }] },
    { dedupeKey: 'x', signal: AbortSignal.timeout(5_000) },
  );
  const query = person.press(Number(sent), '/a');
  person.react(Number(sent), '👍');
  person.block();
  await eventually(() => running.events.length === 5);
  assert.deepEqual(
    running.events.map(({ kind, text }) => `${kind} ${text}`),
    ['message one', 'edited two', 'callback /a', 'reaction 👍', 'membership kicked'],
  );
  await eventually(() => api.world.answeredCallbacks.has(query));
  assert.ok(stored);
  const asked = api.calls('getUpdates')[0]?.parameters['allowed_updates'];
  assert.deepEqual(asked, UPDATE_KINDS);
});
