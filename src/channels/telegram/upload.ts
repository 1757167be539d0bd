/** Owns files that leave: as a photo where that is wanted and possible, else as a document (https://core.telegram.org/bots/api#sending-files). */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { InputFile } from 'grammy/web';
import type { Message } from 'grammy/types';
import { certainlyUnsent } from '../../domain/channel.ts';
import { AppError } from '../../domain/errors.ts';
import type { OutboundFile } from '../../domain/message.ts';
import { apiSignal } from './api.ts';
import { isRefusal } from './errors.ts';
import { cleanFileName } from './names.ts';
import { inWords, type Call, type SenderParts, type Words } from './words.ts';

const LARGEST_FILE_BYTES = 50_000_000;
const LARGEST_PHOTO_BYTES = 10_000_000;
const LONGEST_CAPTION = 1024;

/** What Telegram says when it cannot make a photo of a file. */
const NO_PHOTO = /PHOTO_|IMAGE_|wrong file|too big|file is too/i;

/** Rejects with AppError `invalid` or `not_found` where the file cannot be sent, else with what grammY throws. */
export async function sendFile(
  { raw, settings }: SenderParts,
  { file, text }: { file: OutboundFile; text: string },
  { chatId, frame, signal }: Call,
): Promise<Message> {
  if (text.length > LONGEST_CAPTION) {
    throw refuse('invalid', `A caption of more than ${LONGEST_CAPTION} characters`, 'Send the text as a part of its own.');
  }
  const sizeBytes = await checkedSize(file);
  const name = cleanFileName(file.fileName).replace(/[";]/g, '_') || 'file';
  const place = { chat_id: chatId, ...frame };
  const asDocument = (words: Words): Promise<Message> =>
    raw.sendDocument({ ...place, document: new InputFile(contentOf(file), name), ...captionOf(words) }, apiSignal(signal));
  const asPhoto = (words: Words): Promise<Message> =>
    raw.sendPhoto({ ...place, photo: new InputFile(contentOf(file), name), ...captionOf(words) }, apiSignal(signal));
  if (!file.asPhoto || sizeBytes > LARGEST_PHOTO_BYTES) return inWords(text, settings, asDocument);
  try {
    return await inWords(text, settings, asPhoto);
  } catch (error) {
    if (!isRefusal(error, 400, NO_PHOTO)) throw error;
    return inWords(text, settings, asDocument);
  }
}

async function checkedSize({ path }: OutboundFile): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw refuse(
      'not_found',
      'The file to send is not there',
      'It must stay in the session folder until its message is sent.',
      error,
    );
  });
  if (!found.isFile())
    throw refuse('invalid', 'What should be sent is no file', 'Send a single file, such as an archive of the folder.');
  const { size } = found;
  if (size === 0) throw refuse('invalid', 'Telegram takes no empty file', 'Write something into it first.');
  if (size > LARGEST_FILE_BYTES)
    throw refuse('invalid', 'The file is larger than the 50 MB that Telegram takes', 'Send a smaller file.');
  return size;
}

/** Opened when the upload starts to read it, so a call that fails before leaves nothing open. */
async function* contentOf({ path }: OutboundFile): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

function refuse(code: 'invalid' | 'not_found', message: string, hint: string, cause?: unknown): AppError {
  return certainlyUnsent(new AppError(code, message, { hint, cause }));
}

function captionOf({ text, parse_mode }: Words): { caption?: string; parse_mode?: 'HTML' } {
  if (text === '') return {};
  return parse_mode === undefined ? { caption: text } : { caption: text, parse_mode };
}
