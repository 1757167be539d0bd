/**
 * Owns how an update becomes an InboundEvent (https://core.telegram.org/bots/api#update). It judges nobody.
 * Everything in an update was chosen by someone outside: ids are numbers made into text, names are cleaned, text is left as it is.
 */
import type { Chat as ApiChat, Message, MessageEntity, MessageOrigin, Update, User } from 'grammy/types';
import type { Chat, ChatKind, InboundEvent, InboundKind, Quote, Sender } from '../../domain/message.ts';
import { attachmentsOf } from './attachments.ts';
import { cleanName } from './names.ts';

/**
 * The kinds that are asked for: those that this file reads.
 * Of deletions Telegram tells a bot nothing, but for the chats of a connected business account, which are not ours.
 */
export const UPDATE_KINDS = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'callback_query',
  'message_reaction',
  'my_chat_member',
] as const satisfies readonly Exclude<keyof Update, 'update_id'>[];

export interface Reader {
  account: string;
  /** The bot's own numeric id, known from the token. */
  botId: number;
  /** Without `@`; undefined until the platform has told it. */
  username: string | undefined;
  mediaMaxBytes: number;
  nowMs: number;
}

/** Undefined for what is not for us. Throws when the update is not what the documentation says. */
export function toInboundEvent(update: Update, reader: Reader): InboundEvent | undefined {
  const message = update.message ?? update.channel_post;
  if (message !== undefined) return fromMessage(update, { message, kind: 'message' }, reader);
  const edited = update.edited_message ?? update.edited_channel_post;
  if (edited !== undefined) return fromMessage(update, { message: edited, kind: 'edited' }, reader);
  if (update.callback_query !== undefined) return fromCallback(update, update.callback_query, reader);
  if (update.message_reaction !== undefined) return fromReaction(update, update.message_reaction, reader);
  if (update.my_chat_member !== undefined) return fromMembership(update, update.my_chat_member, reader);
  return undefined;
}

/** Whether the reader must know the bot's name to judge who is addressed. */
export function needsUsername(update: Update): boolean {
  const message = update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post;
  return message !== undefined && message.chat.type !== 'private';
}

type Common = Pick<InboundEvent, 'channel' | 'account' | 'eventId' | 'text' | 'attachments'>;

/** Update ids may repeat over bots, so the bot is part of the event's id. */
function common(update: Update, { account, botId }: Reader): Common {
  return { channel: 'telegram', account, eventId: `${botId}:${update.update_id}`, text: '', attachments: [] };
}

function fromMessage(update: Update, given: { message: Message; kind: InboundKind }, reader: Reader): InboundEvent | undefined {
  const { message, kind } = given;
  const sender = senderOf(message);
  if (sender.id === String(reader.botId)) return undefined;
  const event: InboundEvent = {
    ...common(update, reader),
    kind,
    chat: chatOf(message.chat, message),
    sender,
    messageId: idOf(message.message_id),
    text: textOf(message.text ?? message.caption ?? ''),
    attachments: attachmentsOf(message, reader.mediaMaxBytes),
    addressed: isAddressed(message, reader),
    sentAtMs: (message.edit_date ?? message.date) * 1000,
  };
  const replyTo = quoteOf(message);
  if (replyTo !== undefined) event.replyTo = replyTo;
  if (message.forward_origin !== undefined) event.forwardedFrom = originName(message.forward_origin);
  return event;
}

/** The text is the button's data. When it was pressed Telegram does not say. */
function fromCallback(update: Update, query: NonNullable<Update['callback_query']>, reader: Reader): InboundEvent | undefined {
  const { message, data, from } = query;
  if (message === undefined || data === undefined) return undefined;
  return {
    ...common(update, reader),
    kind: 'callback',
    chat: chatOf(message.chat, message as Message),
    sender: userSender(from),
    messageId: idOf(message.message_id),
    text: textOf(data),
    addressed: true,
    sentAtMs: reader.nowMs,
  };
}

/** The text is the reactions as they are now, empty when all were taken back. */
function fromReaction(
  update: Update,
  reaction: NonNullable<Update['message_reaction']>,
  reader: Reader,
): InboundEvent | undefined {
  const sender = reaction.actor_chat !== undefined ? chatSender(reaction.actor_chat) : reaction.user && userSender(reaction.user);
  if (sender === undefined) return undefined;
  return {
    ...common(update, reader),
    kind: 'reaction',
    chat: chatOf(reaction.chat),
    sender,
    messageId: idOf(reaction.message_id),
    text: reaction.new_reaction.map((type) => (type.type === 'emoji' ? type.emoji : '⭐')).join(' '),
    addressed: reaction.chat.type === 'private',
    sentAtMs: reaction.date * 1000,
  };
}

/** The text is the bot's new status: `member`, `administrator`, `restricted`, `left` or `kicked` (also: blocked by the person). */
function fromMembership(update: Update, change: NonNullable<Update['my_chat_member']>, reader: Reader): InboundEvent {
  return {
    ...common(update, reader),
    kind: 'membership',
    chat: chatOf(change.chat),
    sender: userSender(change.from),
    text: change.new_chat_member.status,
    addressed: change.chat.type === 'private',
    sentAtMs: change.date * 1000,
  };
}

const CHAT_KINDS: Record<ApiChat['type'], ChatKind> = {
  private: 'direct',
  group: 'group',
  supergroup: 'group',
  channel: 'channel',
};

function chatOf(chat: ApiChat, message?: Message): Chat {
  // What is no private chat for certain is treated as a group, where less is allowed.
  const made: Chat = { id: idOf(chat.id), kind: CHAT_KINDS[chat.type] ?? 'group' };
  const title = cleanName(chat.title);
  if (title !== '') made.title = title;
  // Outside forums `message_thread_id` only says which replies belong together.
  if (message?.is_topic_message === true && message.message_thread_id !== undefined)
    made.threadId = idOf(message.message_thread_id);
  return made;
}

/**
 * Who speaks for a chat (an anonymous administrator, a linked channel) is that chat:
 * `from` then holds one and the same stand-in account for everybody, which must not be let in by its id.
 */
function senderOf(message: Message): Sender {
  if (message.sender_chat !== undefined) return chatSender(message.sender_chat);
  return message.from === undefined ? chatSender(message.chat) : userSender(message.from);
}

function userSender(user: User): Sender {
  const sender: Sender = { id: idOf(user.id), isBot: user.is_bot !== false };
  const name = displayName(user);
  const username = cleanName(user.username);
  if (name !== '') sender.name = name;
  if (username !== '') sender.username = username;
  return sender;
}

function chatSender(chat: ApiChat): Sender {
  const sender: Sender = { id: idOf(chat.id), isBot: false };
  const name = cleanName(chat.title);
  if (name !== '') sender.name = name;
  return sender;
}

function displayName(user: User): string {
  return cleanName(user.last_name === undefined ? user.first_name : `${user.first_name} ${user.last_name}`);
}

function idOf(id: unknown): string {
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw new TypeError('an id that is no whole number');
  return String(id);
}

function textOf(text: unknown): string {
  if (typeof text !== 'string') throw new TypeError('a text that is none');
  return text;
}

function quoteOf(message: Message): Quote | undefined {
  const { reply_to_message: replied, external_reply: external, quote } = message;
  // In a forum every message "replies" to the one that opened its topic.
  if (replied !== undefined && replied.forum_topic_created === undefined) {
    return named(
      { messageId: String(replied.message_id) },
      senderOf(replied as Message).name,
      quote?.text ?? replied.text ?? replied.caption,
    );
  }
  if (external === undefined) return undefined;
  return named({ messageId: String(external.message_id ?? '') }, originName(external.origin), quote?.text);
}

function named(quote: Quote, senderName: string | undefined, text: string | undefined): Quote {
  if (senderName !== undefined && senderName !== '') quote.senderName = senderName;
  if (text !== undefined) quote.text = text;
  return quote;
}

function originName(origin: MessageOrigin): string {
  switch (origin.type) {
    case 'user':
      return displayName(origin.sender_user);
    case 'hidden_user':
      return cleanName(origin.sender_user_name);
    case 'chat':
      return cleanName(origin.sender_chat.title);
    case 'channel':
      return cleanName(origin.chat.title);
    default:
      return '';
  }
}

function isAddressed(message: Message, reader: Reader): boolean {
  if (message.chat.type === 'private') return true;
  const { reply_to_message: replied } = message;
  if (replied !== undefined && replied.from?.id === reader.botId && replied.forum_topic_created === undefined) return true;
  const text = message.text ?? message.caption ?? '';
  const entities = message.entities ?? message.caption_entities ?? [];
  return entities.some((entity) => namesBot(entity, text, reader));
}

function namesBot(entity: MessageEntity, text: string, reader: Reader): boolean {
  if (entity.type === 'text_mention') return entity.user.id === reader.botId;
  if (entity.type !== 'mention' && entity.type !== 'bot_command') return false;
  const words = text.slice(entity.offset, entity.offset + entity.length);
  const at = words.indexOf('@');
  // A command without a name is for every bot, but only where it is the message and not a word in it.
  if (at === -1) return entity.type === 'bot_command' && entity.offset === 0;
  return reader.username !== undefined && words.slice(at + 1).toLowerCase() === reader.username.toLowerCase();
}
