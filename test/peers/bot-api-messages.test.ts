// What the bot's own messages meet: limits, formatting, edits, replies, chats that are not there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createBotApi, type BotApi, type Message } from './bot-api.ts';
import { askBot, resultOf } from './wire/ask.ts';

let bot: BotApi;
before(async () => {
  bot = await createBotApi();
  bot.person(556);
});
after(() => bot.close());

const send = (parameters: Record<string, unknown>): Promise<Message> =>
  resultOf(bot, 'sendMessage', { chat_id: 556, ...parameters });
const refusal = async (method: string, parameters: Record<string, unknown>): Promise<string> => {
  const { status, body } = await askBot(bot, method, parameters);
  assert.equal(body.ok, false);
  assert.equal(body.error_code, status);
  return `${status} ${body.description}`;
};

test('the three ways of passing parameters mean the same', async () => {
  const form = new FormData();
  form.set('chat_id', '556');
  form.set('text', 'by form');
  form.set('link_preview_options', JSON.stringify({ is_disabled: true }));
  const query = new URLSearchParams({ chat_id: '556', text: 'by query' });
  const byForm = await resultOf<Message>(bot, 'sendMessage', form);
  const byQuery = await resultOf<Message>(bot, 'sendMessage', query);
  const byGet = (await (await fetch(`${bot.url}/bot${bot.token}/sendMessage?chat_id=556&text=by+get`)).json()) as {
    result: Message;
  };
  assert.deepEqual([byForm.text, byQuery.text, byGet.result.text], ['by form', 'by query', 'by get']);
  assert.deepEqual(byForm['link_preview_options'], { is_disabled: true });
});

test('method names are not case sensitive, unknown ones are not found', async () => {
  assert.equal((await resultOf<{ username: string }>(bot, 'GETME')).username, 'peer_bot');
  assert.equal(await refusal('sendNothing', {}), '404 Not Found');
});

test('text is counted in UTF-16 units after the markup is gone', async () => {
  assert.equal((await send({ text: 'x'.repeat(4096) })).text?.length, 4096);
  assert.equal(await refusal('sendMessage', { chat_id: 556, text: 'x'.repeat(4097) }), '400 Bad Request: message is too long');
  assert.equal(await refusal('sendMessage', { chat_id: 556, text: '👋'.repeat(2049) }), '400 Bad Request: message is too long');
  const marked = await send({ text: `<b>${'x'.repeat(4096)}</b>`, parse_mode: 'HTML' });
  assert.equal(marked.text?.length, 4096);
  assert.equal(await refusal('sendMessage', { chat_id: 556, text: ' \n ' }), '400 Bad Request: message text is empty');
  assert.equal(await refusal('sendMessage', { chat_id: 556 }), '400 Bad Request: message text is empty');
});

test('HTML becomes entities over the visible text', async () => {
  const text =
    '👋 <b>a<i>b</i></b> <a href="https://example.org/?a=1&amp;b=2">c</a> &lt;d&gt; <pre><code class="language-ts">e</code></pre>';
  const message = await send({ text, parse_mode: 'HTML' });
  assert.equal(message.text, '👋 ab c <d> e');
  assert.deepEqual(message.entities, [
    { type: 'bold', offset: 3, length: 2 },
    { type: 'italic', offset: 4, length: 1 },
    { type: 'text_link', offset: 6, length: 1, url: 'https://example.org/?a=1&b=2' },
    { type: 'pre', offset: 12, length: 1, language: 'ts' },
  ]);
});

const BROKEN: [string, string][] = [
  ['<b>x', `Can't find end tag corresponding to start tag "b"`],
  ['<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
  ['<b><i>x</b></i>', 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'],
  ['x</b>', 'Unexpected end tag at byte offset 1'],
  ['é<h1>x</h1>', 'Unsupported start tag "h1" at byte offset 2'],
  ['a < b', 'Unsupported start tag "" at byte offset 2'],
  ['a <b', 'Unclosed start tag at byte offset 2'],
  ['<br/>', 'Unsupported start tag "br/" at byte offset 0'],
  ['<span>x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ['<a href=x/y>x</a>', 'Unexpected end of name token at byte offset 8'],
  ['<b>x</b', 'Unclosed end tag at byte offset 4'],
  ['<a ="x">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
  ['<tg-emoji emoji-id="x">x</tg-emoji>', 'Invalid custom emoji identifier specified'],
];

for (const [text, why] of BROKEN) {
  test(`HTML is refused: ${text}`, async () => {
    assert.equal(
      await refusal('sendMessage', { chat_id: 556, text, parse_mode: 'HTML' }),
      `400 Bad Request: can't parse entities: ${why}`,
    );
  });
}

const VALID: [string, string, { type: string }[]][] = [
  ['a > b & c &amp; &quot;d&quot; &unknown; &#65;&#x42;', 'a > b & c & "d" &unknown; AB', []],
  ['<blockquote expandable>q</blockquote>', 'q', [{ type: 'expandable_blockquote' }]],
  ['<span class="tg-spoiler">s</span>', 's', [{ type: 'spoiler' }]],
  ['<B>up</B>', 'up', [{ type: 'bold' }]],
  ['<b></b>x', 'x', []],
  ['<code>a<b>c</b></code>', 'ac', [{ type: 'code' }]],
  ['<blockquote><code>x</code></blockquote>', 'x', [{ type: 'blockquote' }, { type: 'code' }]],
  ['<a href="javascript:x">no link</a>', 'no link', []],
];

for (const [source, text, types] of VALID) {
  test(`HTML is taken: ${source}`, async () => {
    const message = await send({ text: source, parse_mode: 'HTML' });
    assert.equal(message.text, text);
    assert.deepEqual(
      (message.entities ?? []).map(({ type }) => ({ type })),
      types,
    );
  });
}

test('white space at the ends is not part of a message', async () => {
  const message = await send({ text: '\n  <b>a</b> ', parse_mode: 'HTML' });
  assert.equal(message.text, 'a');
  assert.deepEqual(message.entities, [{ type: 'bold', offset: 0, length: 1 }]);
});

test('only HTML is played', async () => {
  assert.equal(
    await refusal('sendMessage', { chat_id: 556, text: 'x', parse_mode: 'MarkdownV2' }),
    '400 Bad Request: unsupported parse_mode',
  );
});

test('an edit changes the message, and an equal one is refused', async () => {
  const { message_id: id } = await send({ text: 'one' });
  const edit = { chat_id: 556, message_id: id };
  const edited = await resultOf<Message>(bot, 'editMessageText', { ...edit, text: '<b>two</b>', parse_mode: 'HTML' });
  assert.equal(edited.text, 'two');
  assert.equal(typeof edited.edit_date, 'number');
  assert.match(
    await refusal('editMessageText', { ...edit, text: ' <b>two</b> ', parse_mode: 'HTML' }),
    /^400 Bad Request: message is not modified/,
  );
  await resultOf(bot, 'editMessageText', { ...edit, text: 'two' });
  const sent = bot.sent(556).find((message) => message.messageId === id);
  assert.deepEqual(sent?.earlierTexts, ['one', 'two']);
  assert.deepEqual(sent?.entities, []);
  assert.equal(
    await refusal('editMessageText', { chat_id: 556, message_id: 99_999, text: 'x' }),
    '400 Bad Request: message to edit not found',
  );
});

test('a keyboard alone can be edited, and a message of a person cannot', async () => {
  const keyboard = { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] };
  const { message_id: id } = await send({ text: 'sure?', reply_markup: keyboard });
  assert.match(
    await refusal('editMessageReplyMarkup', { chat_id: 556, message_id: id, reply_markup: keyboard }),
    /message is not modified/,
  );
  const without = await resultOf<Message>(bot, 'editMessageReplyMarkup', { chat_id: 556, message_id: id });
  assert.equal(without.reply_markup, undefined);
  const theirs = bot.person(556).text('mine');
  assert.equal(
    await refusal('editMessageText', { chat_id: 556, message_id: theirs.message_id, text: 'x' }),
    "400 Bad Request: message can't be edited",
  );
});

test('a deleted message is gone for edits, replies and the test', async () => {
  const { message_id: id } = await send({ text: 'short-lived' });
  await resultOf(bot, 'deleteMessage', { chat_id: 556, message_id: id });
  assert.equal(await refusal('deleteMessage', { chat_id: 556, message_id: id }), '400 Bad Request: message to delete not found');
  assert.equal(
    await refusal('editMessageText', { chat_id: 556, message_id: id, text: 'x' }),
    '400 Bad Request: message to edit not found',
  );
  assert.ok(!bot.texts(556).includes('short-lived'));
  assert.ok(bot.sent(556).some((message) => message.deleted && message.text === 'short-lived'));
});

test('a reply needs its message, unless it may do without', async () => {
  const question = bot.person(556).text('what is it?');
  const reply = { message_id: question.message_id };
  const answer = await send({ text: 'this', reply_parameters: { ...reply, quote: 'what' } });
  assert.equal(answer.reply_to_message?.text, 'what is it?');
  assert.equal(
    (await send({ text: 'old way', reply_to_message_id: question.message_id })).reply_to_message?.message_id,
    question.message_id,
  );
  assert.equal(
    await refusal('sendMessage', { chat_id: 556, text: 'x', reply_parameters: { message_id: 99_999 } }),
    '400 Bad Request: message to be replied not found',
  );
  assert.match(
    await refusal('sendMessage', { chat_id: 556, text: 'x', reply_parameters: { ...reply, quote: 'why' } }),
    /QUOTE_TEXT_INVALID/,
  );
  const without = await send({ text: 'x', reply_parameters: { message_id: 99_999, allow_sending_without_reply: true } });
  assert.equal(without.reply_to_message, undefined);
});

test('a bot writes only to chats that it knows, and not to those that closed', async () => {
  assert.equal(await refusal('sendMessage', { chat_id: 1, text: 'x' }), '400 Bad Request: chat not found');
  assert.equal(await refusal('sendMessage', { text: 'x' }), '400 Bad Request: chat_id is empty');
  const eve = bot.person(558);
  eve.block();
  assert.equal(await refusal('sendMessage', { chat_id: 558, text: 'x' }), '403 Forbidden: bot was blocked by the user');
  eve.unblock();
  await resultOf(bot, 'sendMessage', { chat_id: 558, text: 'welcome back' });
  eve.in(bot.group(-200)).block();
  assert.equal(await refusal('sendMessage', { chat_id: -200, text: 'x' }), '403 Forbidden: bot was kicked from the group chat');
});

test('a group that became a supergroup tells its new id', async () => {
  bot.group(-300);
  bot.migrate(-300, -1_000_000_000_300);
  const { status, body } = await askBot(bot, 'sendMessage', { chat_id: -300, text: 'x' });
  assert.equal(status, 400);
  assert.deepEqual(body.parameters, { migrate_to_chat_id: -1_000_000_000_300 });
  await resultOf(bot, 'sendMessage', { chat_id: -1_000_000_000_300, text: 'x' });
});

test('menus are kept per scope', async () => {
  const commands = [{ command: 'help', description: 'What I can do' }];
  const scope = { type: 'all_private_chats' };
  await resultOf(bot, 'setMyCommands', { commands, scope });
  assert.deepEqual(await resultOf(bot, 'getMyCommands', { scope }), commands);
  assert.deepEqual(await resultOf(bot, 'getMyCommands'), []);
  await resultOf(bot, 'deleteMyCommands', { scope });
  assert.deepEqual(await resultOf(bot, 'getMyCommands', { scope }), []);
  assert.match(await refusal('setMyCommands', { commands: [{ command: 'No Good', description: 'x' }] }), /BOT_COMMAND_INVALID/);
});

test('the small signs are recorded', async () => {
  const message = bot.person(556).text('react to me');
  await resultOf(bot, 'sendChatAction', { chat_id: 556, action: 'typing' });
  assert.equal(bot.world.chatActions.at(-1)?.action, 'typing');
  assert.match(await refusal('sendChatAction', { chat_id: 556, action: 'dancing' }), /wrong parameter action/);
  const reaction = [{ type: 'emoji', emoji: '👀' }];
  await resultOf(bot, 'setMessageReaction', { chat_id: 556, message_id: message.message_id, reaction });
  assert.deepEqual(bot.world.reactions.at(-1)?.reaction, reaction);
  const query = bot.person(556).press(message.message_id, 'ok');
  await resultOf(bot, 'answerCallbackQuery', { callback_query_id: query, text: 'done' });
  assert.equal(bot.world.answeredCallbacks.get(query)?.['text'], 'done');
  assert.match(await refusal('answerCallbackQuery', { callback_query_id: query }), /query is too old/);
  assert.equal((await resultOf<{ first_name: string }>(bot, 'getChat', { chat_id: 556 })).first_name, 'Person556');
});

test('the peer itself made no mistake', () => {
  assert.deepEqual(bot.failures, []);
});
