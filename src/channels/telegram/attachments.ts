/** Owns which files a message carries. Pure. */
import type { Message, PhotoSize } from 'grammy/types';
import type { Attachment, AttachmentKind } from '../../domain/message.ts';
import { cleanFileName, cleanName } from './names.ts';

interface RemoteFile {
  file_id: string;
  file_size?: number;
  file_name?: string;
  mime_type?: string;
}

/** Of a photo, the largest size that may be fetched. */
export function attachmentsOf(message: Message, maxBytes: number): Attachment[] {
  const { photo, document, voice, audio, sticker } = message;
  if (photo !== undefined) return photo.length === 0 ? [] : [photoAttachment(photo, maxBytes)];
  if (voice !== undefined) return [attachment('voice', voice)];
  if (audio !== undefined) return [attachment('audio', audio)];
  const video = message.video ?? message.video_note ?? message.animation ?? message.live_photo;
  if (video !== undefined) return [attachment('video', video)];
  if (document !== undefined) return [attachment('document', document)];
  if (sticker !== undefined) return [{ ...attachment('sticker', sticker), ...stickerFacts(sticker) }];
  return [];
}

function photoAttachment(sizes: PhotoSize[], maxBytes: number): Attachment {
  const fitting = sizes.findLast((size) => (size.file_size ?? 0) <= maxBytes);
  return { ...attachment('photo', fitting ?? (sizes[0] as PhotoSize)), mimeType: 'image/jpeg' };
}

function attachment(kind: AttachmentKind, file: RemoteFile): Attachment {
  const made: Attachment = { kind, remoteId: file.file_id };
  const fileName = cleanFileName(file.file_name);
  const mimeType = /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/.exec(file.mime_type ?? '')?.[0];
  if (fileName !== '') made.fileName = fileName;
  if (mimeType !== undefined) made.mimeType = mimeType;
  if (file.file_size !== undefined) made.sizeBytes = file.file_size;
  return made;
}

function stickerFacts(sticker: NonNullable<Message['sticker']>): Partial<Attachment> {
  const mimeType = sticker.is_animated ? 'application/x-tgsticker' : sticker.is_video ? 'video/webm' : 'image/webp';
  const label = cleanName(sticker.emoji);
  return label === '' ? { mimeType } : { mimeType, label };
}
