/**
 * Owns files on the platform: their ids, the download paths, and the message fields that describe them.
 */
import { createHash } from 'node:crypto';
import type { FileInfo, Message } from './types.ts';
import type { World } from './world.ts';

export type AttachmentKind = 'photo' | 'document' | 'voice' | 'sticker' | 'audio' | 'video' | 'animation';

export interface Attachment {
  kind: AttachmentKind;
  bytes: Buffer;
  name?: string;
  type?: string;
  claimedSize?: number;
}

const FOLDERS: Record<AttachmentKind, { folder: string; extension: string }> = {
  photo: { folder: 'photos', extension: 'jpg' },
  document: { folder: 'documents', extension: 'bin' },
  voice: { folder: 'voice', extension: 'oga' },
  sticker: { folder: 'stickers', extension: 'webp' },
  audio: { folder: 'music', extension: 'mp3' },
  video: { folder: 'videos', extension: 'mp4' },
  animation: { folder: 'animations', extension: 'mp4' },
};

/** Stores the bytes and answers the message's field for them. */
export function attachment(world: World, item: Attachment): Partial<Message> {
  const info = store(world, item);
  const type = item.type ?? mimeType(item);
  switch (item.kind) {
    case 'photo':
      return { photo: photoSizes(info) };
    case 'document':
      return { document: { ...info, file_name: item.name ?? 'file', mime_type: type } };
    case 'voice':
      return { voice: { ...info, duration: 1, mime_type: type } };
    case 'sticker':
      return { sticker: { ...info, type: 'regular', width: 512, height: 512, is_animated: false, is_video: false } };
    default:
      return { [item.kind]: { ...info, duration: 1, mime_type: type, file_name: item.name ?? 'file' } };
  }
}

function store(world: World, item: Attachment): FileInfo {
  const number = world.files.size;
  const digest = createHash('sha256').update(item.bytes).digest('base64url');
  const { folder, extension } = FOLDERS[item.kind];
  const ending = /\.([A-Za-z0-9]{1,8})$/.exec(item.name ?? '')?.[1] ?? extension;
  const fileId = `BQAC${number}-${digest.slice(0, 40)}`;
  const size = item.claimedSize ?? item.bytes.length;
  const uniqueId = `AgAD${digest.slice(0, 12)}`;
  world.files.set(fileId, { uniqueId, path: `${folder}/file_${number}.${ending}`, size, bytes: item.bytes });
  return { file_id: fileId, file_unique_id: uniqueId, file_size: size };
}

/** Real photos come in several sizes, the largest last; this peer scales nothing, so all show the same bytes. */
function photoSizes(info: FileInfo): FileInfo[] {
  return [
    { ...info, width: 90, height: 67 },
    { ...info, width: 800, height: 600 },
  ];
}

function mimeType(item: Attachment): string {
  if (item.kind === 'voice') return 'audio/ogg';
  if (item.kind === 'document') return 'application/octet-stream';
  return item.kind === 'audio' ? 'audio/mpeg' : 'video/mp4';
}
