/**
 * Owns text messages of the bot: send, edit, delete, and the small signs around them.
 */
import type { Json } from '../../wire/body.ts';
import { badRequest } from '../answers.ts';
import { captionText, messageText } from '../formatting.ts';
import type { Formatted } from '../html.ts';
import { flag, integer, nested, nestedObject, text } from '../parameters.ts';
import type { Message } from '../types.ts';
import { nowSeconds, openRoom, post, recordSent, type Room, type World } from '../world.ts';
import type { Method, MethodCall, Methods } from './method.ts';

const ACTIONS = new Set([
  'typing',
  'upload_photo',
  'record_video',
  'upload_video',
  'record_voice',
  'upload_voice',
  'upload_document',
  'choose_sticker',
  'find_location',
  'record_video_note',
  'upload_video_note',
]);

/** The fields that every message of the bot has, or the refusal of a reply to nothing. */
export function outgoing(world: World, room: Room, parameters: Json): Partial<Message> {
  const fields: Partial<Message> = room.chat.type === 'channel' ? { sender_chat: room.chat } : { from: world.me };
  const thread = integer(parameters, 'message_thread_id', 0);
  if (thread !== 0) fields['message_thread_id'] = thread;
  const markup = nestedObject(parameters, 'reply_markup');
  // Only inline keyboards belong to a message; the others change the person's own keyboard.
  if (markup !== undefined && 'inline_keyboard' in markup) fields.reply_markup = markup;
  const reply = repliedTo(world, room, parameters);
  if (reply !== undefined) fields.reply_to_message = withoutReply(reply);
  return fields;
}

function repliedTo(world: World, room: Room, parameters: Json): Message | undefined {
  const reply = nestedObject(parameters, 'reply_parameters') ?? {};
  const id = integer(reply, 'message_id', integer(parameters, 'reply_to_message_id', 0));
  if (id === 0 || world.bench) return undefined;
  const message = room.messages.get(id);
  if (message !== undefined) return checkQuote(message, text(reply, 'quote'));
  const optional = flag(reply, 'allow_sending_without_reply') || flag(parameters, 'allow_sending_without_reply');
  if (!optional) throw badRequest('message to be replied not found');
  return undefined;
}

function checkQuote(message: Message, quote: string): Message {
  if (!(message.text ?? message.caption ?? '').includes(quote)) throw badRequest('QUOTE_TEXT_INVALID');
  return message;
}

/** A replied message is shown as it is now, and never carries the message that it replied to itself. */
export function withoutReply(message: Message): Message {
  const { reply_to_message: _, ...rest } = message;
  return rest as Message;
}

const sendMessage: Method = (world, call) => {
  const room = openRoom(world, call.parameters['chat_id']);
  const formatted = messageText(call.parameters);
  const fields = outgoing(world, room, call.parameters);
  fields.text = formatted.text;
  if (formatted.entities.length > 0) fields.entities = formatted.entities;
  const preview = nestedObject(call.parameters, 'link_preview_options');
  if (preview !== undefined) fields['link_preview_options'] = preview;
  const message = post(world, room, fields);
  recordSent(world, room, message, call);
  return message;
};

function ownMessage(world: World, room: Room, call: MethodCall, purpose: string): Message {
  const id = integer(call.parameters, 'message_id', 0);
  const message = room.messages.get(id);
  if (message === undefined) throw badRequest(`message to ${purpose} not found`);
  if (purpose === 'edit' && !isOwn(world, room, message)) throw badRequest("message can't be edited");
  return message;
}

function isOwn(world: World, room: Room, message: Message): boolean {
  return message.from?.id === world.me.id || room.chat.type === 'channel';
}

/** `apply` changes the message and says whether anything that people see became different. */
function edit(world: World, call: MethodCall, apply: (message: Message) => boolean): unknown {
  const room = openRoom(world, call.parameters['chat_id']);
  if (world.bench) return { message_id: integer(call.parameters, 'message_id', 0), date: nowSeconds(), chat: room.chat };
  const message = ownMessage(world, room, call, 'edit');
  const markup = nestedObject(call.parameters, 'reply_markup');
  const markupChanged = JSON.stringify(markup) !== JSON.stringify(message.reply_markup);
  const earlier = message.text ?? message.caption ?? '';
  if (!apply(message) && !markupChanged) throw badRequest(NOT_MODIFIED);
  if (markup === undefined) delete message.reply_markup;
  else message.reply_markup = markup;
  message.edit_date = nowSeconds();
  noteEdit(room, message, earlier);
  return message;
}

const NOT_MODIFIED =
  'message is not modified: specified new message content and reply markup are exactly the same ' +
  'as a current content and reply markup of the message';

function noteEdit(room: Room, message: Message, earlier: string): void {
  const sent = room.sentById.get(message.message_id);
  if (sent === undefined) return;
  sent.earlierTexts.push(earlier);
  sent.text = message.text ?? message.caption ?? '';
  sent.entities = message.entities ?? message.caption_entities ?? [];
}

function replaceText(message: Message, formatted: Formatted, field: 'text' | 'caption'): boolean {
  const entitiesField = field === 'text' ? 'entities' : 'caption_entities';
  const entities = formatted.entities.length > 0 ? formatted.entities : undefined;
  const same = message[field] === formatted.text && JSON.stringify(message[entitiesField]) === JSON.stringify(entities);
  message[field] = formatted.text;
  if (entities === undefined) delete message[entitiesField];
  else message[entitiesField] = entities;
  return !same;
}

const editMessageText: Method = (world, call) => {
  const formatted = messageText(call.parameters);
  return edit(world, call, (message) => {
    if (message.text === undefined) throw badRequest('there is no text in the message to edit');
    return replaceText(message, formatted, 'text');
  });
};

const editMessageCaption: Method = (world, call) => {
  const formatted = captionText(call.parameters);
  return edit(world, call, (message) => {
    if (message.text !== undefined) throw badRequest('there is no caption in the message to edit');
    return replaceText(message, formatted, 'caption');
  });
};

function remove(world: World, room: Room, id: number): void {
  const message = room.messages.get(id);
  if (message === undefined) throw badRequest('message to delete not found');
  // In a private chat a bot may delete both sides; elsewhere, as a plain member, only its own.
  if (room.chat.type !== 'private' && !isOwn(world, room, message)) throw badRequest("message can't be deleted");
  room.messages.delete(id);
  const sent = room.sentById.get(id);
  if (sent !== undefined) sent.deleted = true;
}

export const messageMethods: Methods = {
  sendMessage,
  editMessageText,
  editMessageCaption,
  editMessageReplyMarkup: (world, call) => edit(world, call, () => false),
  deleteMessage(world, { parameters }) {
    const room = openRoom(world, parameters['chat_id']);
    if (!world.bench) remove(world, room, integer(parameters, 'message_id', 0));
    return true;
  },
  deleteMessages(world, { parameters }) {
    const room = openRoom(world, parameters['chat_id']);
    const ids = nested(parameters, 'message_ids');
    if (!Array.isArray(ids)) throw badRequest("can't parse message identifiers JSON object");
    // Those that are not there are skipped.
    for (const id of ids) if (room.messages.has(Number(id))) remove(world, room, Number(id));
    return true;
  },
  sendChatAction(world, { parameters }) {
    const room = openRoom(world, parameters['chat_id']);
    const action = text(parameters, 'action');
    if (!ACTIONS.has(action)) throw badRequest('wrong parameter action in request');
    if (!world.bench) world.chatActions.push({ chatId: room.chat.id, action, at: Date.now() });
    return true;
  },
  setMessageReaction(world, { parameters }) {
    const room = openRoom(world, parameters['chat_id']);
    const messageId = integer(parameters, 'message_id', 0);
    if (!world.bench && !room.messages.has(messageId)) throw badRequest('message to react not found');
    const reaction = nested(parameters, 'reaction') ?? [];
    if (!Array.isArray(reaction)) throw badRequest("can't parse reaction types JSON object");
    if (!world.bench) world.reactions.push({ chatId: room.chat.id, messageId, reaction });
    return true;
  },
  answerCallbackQuery(world, { parameters }) {
    const id = text(parameters, 'callback_query_id');
    const known = world.openCallbacks.delete(id);
    if (!known) throw badRequest('query is too old and response timeout expired or query ID is invalid');
    world.answeredCallbacks.set(id, parameters);
    return true;
  },
};
