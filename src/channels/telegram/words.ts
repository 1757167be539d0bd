/** Owns the words of a message: HTML where the text has markup, and the plain text when Telegram cannot read that. */
import type { Api } from 'grammy/web';
import type { InlineKeyboardMarkup } from 'grammy/types';
import { isRefusal } from './errors.ts';
import { toHtml } from './html.ts';
import type { TelegramSettings } from './settings.ts';

export interface SenderParts {
  raw: Api['raw'];
  settings: Pick<TelegramSettings, 'linkPreview' | 'markdown' | 'replyToMode'>;
}

/** What is the same for every kind of message; absent keys are left out of the call. */
export type Frame = {
  message_thread_id?: number;
  reply_parameters?: { message_id: number; allow_sending_without_reply: true };
  reply_markup?: InlineKeyboardMarkup;
  link_preview_options?: { is_disabled: true };
};

export type Words = { text: string; parse_mode?: 'HTML' };

export interface Call {
  chatId: number;
  frame: Frame;
  signal: AbortSignal;
}

/** Refusals of a text that is fine once its HTML is left away. */
const UNREADABLE = /can't parse entities|text is empty|text must be non-empty|is too long|ENTITY_/i;

/** Calls once, or twice where the HTML is refused. Rejects with what the call throws. */
export async function inWords<T>(
  markdown: string,
  { markdown: { tables } }: SenderParts['settings'],
  call: (words: Words) => Promise<T>,
): Promise<T> {
  const html = await toHtml(markdown, tables);
  if (html === undefined) return call({ text: markdown });
  try {
    return await call({ text: html, parse_mode: 'HTML' });
  } catch (error) {
    if (!isRefusal(error, 400, UNREADABLE)) throw error;
    return call({ text: markdown });
  }
}
