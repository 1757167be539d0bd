/**
 * Files that come with admitted messages: streamed to our disk under names of our own, under a size limit.
 * A file that cannot be had never stops the message; the model is told why it is missing.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttachmentFate } from '../agent/envelope.ts';
import type { Channel } from '../domain/channel.ts';
import { isAppError, messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Attachment } from '../domain/message.ts';
import type { QueuedMessage } from '../domain/session.ts';

export interface AttachmentPlace {
  mediaDir: string;
  maxBytes: number;
  /** Directory inside the sandbox where the model will find the files. */
  sandboxDir: string;
  signal: AbortSignal;
  log: Log;
}

/** More in one message than this are not fetched. */
const MOST_ATTACHMENTS = 20;

export async function fetchAttachments(
  message: QueuedMessage,
  channel: Channel | undefined,
  place: AttachmentPlace,
): Promise<AttachmentFate[]> {
  if (message.attachments.length === 0) return [];
  await mkdir(place.mediaDir, { recursive: true, mode: 0o700 });
  return Promise.all(
    message.attachments.map((attachment, index) => {
      if (index >= MOST_ATTACHMENTS) return { attachment, reason: `only ${MOST_ATTACHMENTS} files of a message are taken` };
      return fetchOne(attachment, `${message.id}-${index + 1}${extensionOf(attachment)}`, channel, place);
    }),
  );
}

// oxlint-disable-next-line max-params
async function fetchOne(
  attachment: Attachment,
  name: string,
  channel: Channel | undefined,
  place: AttachmentPlace,
): Promise<AttachmentFate> {
  if (!channel?.fetchAttachment) return { attachment, reason: 'the channel cannot fetch files' };
  if ((attachment.sizeBytes ?? 0) > place.maxBytes) return { attachment, reason: `larger than ${place.maxBytes} bytes` };
  try {
    const path = join(place.mediaDir, name);
    const { sizeBytes } = await channel.fetchAttachment(attachment, path, place.maxBytes, place.signal);
    return { stored: { ...attachment, path, sizeBytes }, sandboxPath: `${place.sandboxDir}/${name}` };
  } catch (error) {
    place.signal.throwIfAborted();
    place.log.info({ reason: messageOf(error), kind: attachment.kind }, 'an attachment could not be fetched');
    return { attachment, reason: isAppError(error) ? error.message : 'it could not be fetched' };
  }
}

const BY_TYPE: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/webp': '.webp',
  'image/gif': '.gif',
  'audio/ogg': '.ogg',
  'application/pdf': '.pdf',
  'text/plain': '.txt',
};

/** The ending tells tools what a file is; everything else of a name that somebody chose stays out of our paths. */
function extensionOf({ fileName, mimeType, kind }: Attachment): string {
  const own = /\.[A-Za-z0-9]{1,8}$/.exec(fileName ?? '')?.[0].toLowerCase();
  if (own !== undefined) return own;
  if (mimeType !== undefined && Object.hasOwn(BY_TYPE, mimeType)) return BY_TYPE[mimeType] as string;
  if (kind === 'photo') return '.jpg';
  return kind === 'voice' ? '.ogg' : '';
}
