/**
 * Owns what the platform knows: people, chats, messages, files, the bot's own profile and settings.
 * Must never know of HTTP.
 */
import type { News } from '../wire/until.ts';
import { badRequest, Refusal } from './answers.ts';
import type { UpdateQueue } from './queue.ts';
import type { Chat, Message, SentMessage, UploadedFile, User } from './types.ts';

export interface Room {
  chat: Chat;
  nextMessageId: number;
  messages: Map<number, Message>;
  /** By the bot, in the order of sending. */
  sent: SentMessage[];
  sentById: Map<number, SentMessage>;
  /** The person blocked the bot, or the group threw it out. */
  closed: boolean;
  migratedTo?: number;
}

export interface StoredFile {
  uniqueId: string;
  path: string;
  size: number;
  bytes: Buffer;
}

export interface World {
  readonly me: User;
  /** Keep counts only: no messages, no history. */
  readonly bench: boolean;
  readonly queue: UpdateQueue;
  readonly news: News;
  readonly rooms: Map<number, Room>;
  readonly people: Map<number, User>;
  readonly files: Map<string, StoredFile>;
  /** Bot commands by scope and language. */
  readonly commands: Map<string, unknown[]>;
  /** Buttons that a person pressed and the bot did not answer yet. */
  readonly openCallbacks: Set<string>;
  readonly answeredCallbacks: Map<string, Record<string, unknown>>;
  readonly chatActions: { chatId: number; action: string; at: number }[];
  readonly reactions: { chatId: number; messageId: number; reaction: unknown[] }[];
  /** Messages that the bot sent, all rooms, in order. Stays empty in bench mode. */
  readonly sent: SentMessage[];
  sentCount: number;
  webhookUrl: string;
  onSent: ((message: Message, method: string) => void) | undefined;
}

export function roomFor(world: World, chat: Chat): Room {
  let room = world.rooms.get(chat.id);
  if (room === undefined) {
    room = { chat, nextMessageId: 1, messages: new Map(), sent: [], sentById: new Map(), closed: false };
    world.rooms.set(chat.id, room);
  }
  return room;
}

/** The room that a call names, or the refusal that the platform answers with. */
export function openRoom(world: World, chatId: unknown): Room {
  if (chatId === undefined || chatId === '') throw badRequest('chat_id is empty');
  const room = findRoom(world, chatId);
  if (room === undefined) throw badRequest('chat not found');
  if (room.migratedTo !== undefined) {
    const reason = 'Bad Request: group chat was upgraded to a supergroup chat';
    throw new Refusal(400, reason, { migrate_to_chat_id: room.migratedTo });
  }
  if (room.closed) throw new Refusal(403, closedReason(room.chat));
  return room;
}

function findRoom(world: World, chatId: unknown): Room | undefined {
  if (typeof chatId !== 'string' || !chatId.startsWith('@')) return world.rooms.get(Number(chatId));
  const name = chatId.slice(1).toLowerCase();
  // Only public groups and channels have a name that a bot can send to.
  for (const room of world.rooms.values()) {
    if (room.chat.type !== 'private' && room.chat.username?.toLowerCase() === name) return room;
  }
  return undefined;
}

function closedReason(chat: Chat): string {
  if (chat.type === 'private') return 'Forbidden: bot was blocked by the user';
  return `Forbidden: bot was kicked from the ${chat.type} chat`;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Puts a message into a room under the next id. In bench mode it is not kept. */
export function post(world: World, room: Room, fields: Partial<Message>): Message {
  const message: Message = { message_id: room.nextMessageId, date: nowSeconds(), chat: room.chat, ...fields };
  room.nextMessageId += 1;
  if (!world.bench) room.messages.set(message.message_id, message);
  return message;
}

/** Records a message of the bot's own. */
export function recordSent(world: World, room: Room, message: Message, by: SendingCall): void {
  world.sentCount += 1;
  world.onSent?.(message, by.method);
  if (world.bench) return;
  const record: SentMessage = {
    messageId: message.message_id,
    chatId: room.chat.id,
    method: by.method,
    text: message.text ?? message.caption ?? '',
    entities: message.entities ?? message.caption_entities ?? [],
    parameters: by.parameters,
    files: by.files,
    earlierTexts: [],
    deleted: false,
    at: Date.now(),
    message,
  };
  room.sent.push(record);
  room.sentById.set(message.message_id, record);
  world.sent.push(record);
}

export interface SendingCall {
  method: string;
  parameters: Record<string, unknown>;
  files: UploadedFile[];
}
