/**
 * Owns the people's side: what a person, a group, a channel does, as updates that the bot will get.
 * Must never decide what the bot thinks of it.
 */
import { badRequest } from './answers.ts';
import { attachment, type Attachment } from './attachments.ts';
import type { Chat, Entity, Message, Update, User } from './types.ts';
import { nowSeconds, post, roomFor, type Room, type World } from './world.ts';
import { withoutReply } from './methods/messages.ts';

export interface MessageOptions {
  /** Id of the message in the same chat that this one answers. */
  replyTo?: number;
  /** The quoted part of the answered message. */
  quote?: string;
  /** The person whose message is forwarded. */
  forwardedFrom?: User;
  entities?: Entity[];
  threadId?: number;
  /** Any further documented field of the message. */
  fields?: Record<string, unknown>;
}

export interface MediaOptions extends MessageOptions {
  caption?: string;
  /** Media with the same id belong to one album. */
  groupId?: string;
  /** The size that the platform claims, in bytes, true or not. */
  claimedSize?: number;
}

/** Someone (a person, another bot) in one chat. Each action makes one update and answers the message. */
export interface Person {
  readonly user: User;
  readonly chat: Chat;
  /** The same person in a group. */
  in(chat: Chat): Person;
  text(text: string, options?: MessageOptions): Message;
  photo(bytes: Buffer, options?: MediaOptions): Message;
  document(bytes: Buffer, name: string, options?: MediaOptions): Message;
  voice(bytes: Buffer, options?: MediaOptions): Message;
  sticker(bytes: Buffer, options?: MessageOptions): Message;
  /** One album; each item is an update of its own. */
  album(photos: Buffer[], caption?: string): Message[];
  edit(messageId: number, text: string): Message;
  /** Presses an inline button of the bot's message. Answers the callback query's id. */
  press(messageId: number, data: string): string;
  react(messageId: number, emoji: string): void;
  /** Blocks the bot (or, in a group, throws it out). */
  block(): void;
  unblock(): void;
}

export interface Channel {
  readonly chat: Chat;
  post(text: string): Message;
  editPost(messageId: number, text: string): Message;
}

export function createPerson(world: World, user: User, chat: Chat): Person {
  world.people.set(user.id, user);
  const room = roomFor(world, chat);
  const send = (fields: Partial<Message>, options: MessageOptions = {}): Message => {
    const message = post(world, room, { from: user, ...fields, ...contextOf(room, options) });
    world.queue.push('message', message);
    return message;
  };
  const media = (item: Attachment, options: MediaOptions = {}): Message =>
    send({ ...attachment(world, { ...item, ...sizeOf(options) }), ...captionOf(options) }, options);
  return {
    user,
    chat,
    in: (other) => createPerson(world, user, other),
    text: (text, options = {}) => send({ text, ...entitiesOf(text, options.entities) }, options),
    photo: (bytes, options) => media({ kind: 'photo', bytes }, options),
    document: (bytes, name, options) => media({ kind: 'document', bytes, name }, options),
    voice: (bytes, options) => media({ kind: 'voice', bytes }, options),
    sticker: (bytes, options) => media({ kind: 'sticker', bytes }, options),
    album(photos, caption) {
      const groupId = String(13_000_000_000_000_000 + room.nextMessageId);
      return photos.map((bytes, index) =>
        media({ kind: 'photo', bytes }, { groupId, ...(index === 0 && caption !== undefined ? { caption } : {}) }),
      );
    },
    edit: (messageId, text) => editMessage(world, room, { messageId, text, kind: 'edited_message' }),
    press: (messageId, data) => press(world, room, { user, messageId, data }),
    react: (messageId, emoji) => react(world, room, { user, messageId, emoji }),
    block: () => setMembership(world, room, user, chat.type === 'private' ? 'kicked' : 'left'),
    unblock: () => setMembership(world, room, user, 'member'),
  };
}

export function createChannel(world: World, chat: Chat): Channel {
  const room = roomFor(world, chat);
  return {
    chat,
    post(text) {
      const message = post(world, room, { sender_chat: chat, text, ...entitiesOf(text) });
      world.queue.push('channel_post', message);
      return message;
    },
    editPost: (messageId, text) => editMessage(world, room, { messageId, text, kind: 'edited_channel_post' }),
  };
}

function contextOf(room: Room, options: MessageOptions): Partial<Message> {
  const fields: Partial<Message> = {};
  if (options.replyTo !== undefined) fields.reply_to_message = withoutReply(messageIn(room, options.replyTo));
  if (options.quote !== undefined) fields['quote'] = quoteOf(fields.reply_to_message, options.quote);
  if (options.threadId !== undefined) fields['message_thread_id'] = options.threadId;
  if (options.forwardedFrom !== undefined) {
    fields['forward_origin'] = { type: 'user', sender_user: options.forwardedFrom, date: nowSeconds() - 60 };
  }
  return { ...fields, ...options.fields };
}

function quoteOf(replied: Message | undefined, quote: string): unknown {
  const position = (replied?.text ?? replied?.caption ?? '').indexOf(quote);
  return { text: quote, position: Math.max(0, position), is_manual: true };
}

function captionOf(options: MediaOptions): Partial<Message> {
  const fields: Partial<Message> = {};
  if (options.caption !== undefined) fields.caption = options.caption;
  if (options.groupId !== undefined) fields.media_group_id = options.groupId;
  return fields;
}

function sizeOf({ claimedSize }: MediaOptions): { claimedSize?: number } {
  return claimedSize === undefined ? {} : { claimedSize };
}

/** The platform marks commands by itself; bots look for that mark and not at the text. */
function entitiesOf(text: string, given: Entity[] = []): { entities?: Entity[] } {
  const command = /^\/[A-Za-z0-9_]{1,32}(?:@\w+)?/.exec(text);
  const entities = command === null ? given : [{ type: 'bot_command', offset: 0, length: command[0].length }, ...given];
  return entities.length === 0 ? {} : { entities };
}

function messageIn(room: Room, messageId: number): Message {
  const message = room.messages.get(messageId);
  if (message === undefined) throw badRequest(`no message ${messageId} in chat ${room.chat.id}`);
  return message;
}

interface Edit {
  messageId: number;
  text: string;
  kind: 'edited_message' | 'edited_channel_post';
}

function editMessage(world: World, room: Room, { messageId, text, kind }: Edit): Message {
  const message: Message = { ...messageIn(room, messageId), text, edit_date: nowSeconds() };
  room.messages.set(messageId, message);
  world.queue.push(kind, message);
  return message;
}

function press(world: World, room: Room, by: { user: User; messageId: number; data: string }): string {
  const id = String(4_000_000_000_000 + world.openCallbacks.size + world.answeredCallbacks.size);
  world.openCallbacks.add(id);
  const message = messageIn(room, by.messageId);
  const query = { id, from: by.user, message, chat_instance: String(room.chat.id), data: by.data };
  world.queue.push('callback_query', query);
  return id;
}

function react(world: World, room: Room, by: { user: User; messageId: number; emoji: string }): void {
  world.queue.push('message_reaction', {
    chat: room.chat,
    message_id: by.messageId,
    user: by.user,
    date: nowSeconds(),
    old_reaction: [],
    new_reaction: [{ type: 'emoji', emoji: by.emoji }],
  });
}

function setMembership(world: World, room: Room, by: User, status: 'kicked' | 'left' | 'member'): Update | undefined {
  const was = room.closed ? 'kicked' : 'member';
  room.closed = status !== 'member';
  return world.queue.push('my_chat_member', {
    chat: room.chat,
    from: by,
    date: nowSeconds(),
    old_chat_member: { user: world.me, status: was },
    new_chat_member: { user: world.me, status, ...(status === 'kicked' ? { until_date: 0 } : {}) },
  });
}
