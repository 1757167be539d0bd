/**
 * Owns how one part becomes one message: its place, its buttons, its words as HTML with a fallback to plain text; and edits of it.
 * Every rejection is an AppError, marked when the message is certainly unsent.
 */
import type { InlineKeyboardMarkup, Message } from 'grammy/types';
import { certainlyUnsent, type SendOptions } from '../../domain/channel.ts';
import { AppError } from '../../domain/errors.ts';
import type { Address, OutboundPart } from '../../domain/message.ts';
import { apiSignal } from './api.ts';
import { isRefusal, isTokenRefused, toAppError } from './errors.ts';
import { sendFile } from './upload.ts';
import { inWords, type Call, type Frame, type SenderParts } from './words.ts';

export interface Sender {
  /** Returns the message id. */
  send(to: Address, part: OutboundPart, options: SendOptions): Promise<string>;
  edit(to: Address, messageId: string, part: OutboundPart, options: SendOptions): Promise<void>;
}

export function createSender(parts: SenderParts): Sender {
  return {
    async send(to, part, { signal }) {
      try {
        const call = { chatId: chatIdOf(to), frame: frameOf(to, part, parts.settings), signal };
        const message = await dispatch(parts, part, call);
        return String(message.message_id);
      } catch (error) {
        throw sendError(error);
      }
    },
    async edit(to, messageId, part, { signal }) {
      try {
        await edit(parts, part, { chatId: chatIdOf(to), frame: frameOf(to, part, parts.settings), signal, messageId });
      } catch (error) {
        if (isRefusal(error, 400, /message is not modified/i)) return;
        if (isRefusal(error, 400, GONE)) throw certainlyUnsent(new AppError('not_found', 'The message to change is gone'));
        throw sendError(error);
      }
    },
  };
}

const GONE = /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i;

/** A refused token does not make the message wrong: it can be sent once the owner has put in the right one. */
function sendError(error: unknown): AppError {
  const told = toAppError(error);
  if (!isTokenRefused(error)) return told;
  return certainlyUnsent(new AppError('unavailable', told.message, told.hint === undefined ? {} : { hint: told.hint }));
}

async function dispatch(parts: SenderParts, part: OutboundPart, call: Call): Promise<Message> {
  const { file } = part;
  const send = (to: Call): Promise<Message> =>
    file === undefined ? sendText(parts, part, to) : sendFile(parts, { file, text: part.text }, to);
  try {
    return await send(call);
  } catch (error) {
    // A group that became a supergroup: its old id is refused, and the new one told.
    const moved = isRefusal(error, 400, /./) ? error.parameters.migrate_to_chat_id : undefined;
    if (moved === undefined) throw error;
    return send({ ...call, chatId: moved });
  }
}

function sendText({ raw, settings }: SenderParts, { text }: OutboundPart, { chatId, frame, signal }: Call): Promise<Message> {
  return inWords(text, settings, (words) => raw.sendMessage({ chat_id: chatId, ...words, ...frame }, apiSignal(signal)));
}

async function edit({ raw, settings }: SenderParts, { text }: OutboundPart, call: Call & { messageId: string }): Promise<void> {
  const { reply_markup, link_preview_options } = call.frame;
  const place = { chat_id: call.chatId, message_id: Number(call.messageId) };
  const frame = { ...(reply_markup && { reply_markup }), ...(link_preview_options && { link_preview_options }) };
  await inWords(text, settings, (words) => raw.editMessageText({ ...place, ...words, ...frame }, apiSignal(call.signal)));
}

function chatIdOf({ chatId }: Address): number {
  const id = Number(chatId);
  if (!Number.isSafeInteger(id)) throw certainlyUnsent(new AppError('invalid', 'This address is no Telegram chat'));
  return id;
}

function frameOf(to: Address, part: OutboundPart, settings: SenderParts['settings']): Frame {
  const frame: Frame = {};
  if (to.threadId !== undefined) frame.message_thread_id = Number(to.threadId);
  if (to.replyToMessageId !== undefined && settings.replyToMode !== 'off') {
    frame.reply_parameters = { message_id: Number(to.replyToMessageId), allow_sending_without_reply: true };
  }
  const keyboard = keyboardOf(part);
  if (keyboard !== undefined) frame.reply_markup = keyboard;
  if (!settings.linkPreview && part.file === undefined) frame.link_preview_options = { is_disabled: true };
  return frame;
}

/** https://core.telegram.org/bots/api#inlinekeyboardbutton, in bytes. */
const LONGEST_BUTTON_DATA = 64;

/** One button a row. A command that does not fit into a button would be another one when pressed, so it gets none. */
function keyboardOf({ buttons = [] }: OutboundPart): InlineKeyboardMarkup | undefined {
  const fitting = buttons.filter(({ command }) => command !== '' && Buffer.byteLength(command) <= LONGEST_BUTTON_DATA);
  if (fitting.length === 0) return undefined;
  return { inline_keyboard: fitting.map(({ label, command }) => [{ text: label, callback_data: command }]) };
}
