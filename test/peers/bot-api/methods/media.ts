/**
 * Owns the methods that send files: one by one and as albums. The bytes stay readable for the test.
 */
import { isObject, type Json } from '../../wire/body.ts';
import { badRequest, Refusal } from '../answers.ts';
import { attachment, type AttachmentKind } from '../attachments.ts';
import { captionText } from '../formatting.ts';
import { nested, text } from '../parameters.ts';
import type { Message, UploadedFile } from '../types.ts';
import { openRoom, post, recordSent, type World } from '../world.ts';
import { outgoing } from './messages.ts';
import type { Method, MethodCall, Methods } from './method.ts';

const UPLOAD_LIMIT = 50 * 1024 * 1024;
const PHOTO_LIMIT = 10 * 1024 * 1024;

function sender(kind: AttachmentKind): Method {
  return (world, call) => {
    const room = openRoom(world, call.parameters['chat_id']);
    const file = fileOf(world, call, { kind, value: text(call.parameters, kind), field: kind });
    const fields = { ...outgoing(world, room, call.parameters), ...file.fields };
    if (kind !== 'sticker') Object.assign(fields, captionFields(call.parameters));
    const message = post(world, room, fields);
    recordSent(world, room, message, { ...call, files: file.uploaded });
    return message;
  };
}

function captionFields(parameters: Json): Partial<Message> {
  const caption = captionText(parameters);
  if (caption.text === '') return {};
  if (caption.entities.length === 0) return { caption: caption.text };
  return { caption: caption.text, caption_entities: caption.entities };
}

interface Wanted {
  kind: AttachmentKind;
  /** `attach://NAME`, a file id, or empty when the file stands in the field itself. */
  value: string;
  field: string;
}

interface Found {
  fields: Partial<Message>;
  uploaded: UploadedFile[];
}

function fileOf(world: World, call: MethodCall, { kind, value, field }: Wanted): Found {
  const name = value.startsWith('attach://') ? value.slice('attach://'.length) : field;
  const upload = call.files.find((file) => file.field === name);
  if (upload !== undefined) {
    checkUpload(kind, upload);
    const item = { kind, bytes: upload.bytes, name: upload.name, type: upload.type };
    return { fields: attachment(world, item), uploaded: [upload] };
  }
  const known = world.files.get(value);
  if (known === undefined) throw badRequest(missingReason(kind, value));
  return { fields: attachment(world, { kind, bytes: known.bytes }), uploaded: [] };
}

function checkUpload(kind: AttachmentKind, upload: UploadedFile): void {
  if (upload.bytes.length === 0) throw badRequest('file must be non-empty');
  if (upload.bytes.length > UPLOAD_LIMIT) throw new Refusal(413, 'Request Entity Too Large');
  if (kind === 'photo' && upload.bytes.length > PHOTO_LIMIT) throw badRequest('file is too big');
}

function missingReason(kind: AttachmentKind, value: string): string {
  if (value === '') return `there is no ${kind} in the request`;
  // A URL would make the platform fetch it; this peer opens no connection to anywhere.
  if (/^https?:/.test(value)) return 'failed to get HTTP URL content';
  return 'wrong file identifier/HTTP URL specified';
}

const ALBUM_KINDS = new Set(['photo', 'document', 'audio', 'video']);

const sendMediaGroup: Method = (world, call) => {
  const room = openRoom(world, call.parameters['chat_id']);
  const media = nested(call.parameters, 'media');
  if (!Array.isArray(media)) throw badRequest("can't parse media JSON object");
  if (media.length < 2 || media.length > 10) throw badRequest('wrong number of media in the album');
  const groupId = String(14_000_000_000_000_000 + room.nextMessageId);
  const items = media.map((item: unknown, index) => albumItem(world, call, { item, index }));
  return items.map(({ fields, uploaded }) => {
    const whole = { ...outgoing(world, room, call.parameters), ...fields, media_group_id: groupId };
    const message = post(world, room, whole);
    recordSent(world, room, message, { ...call, files: uploaded });
    return message;
  });
};

function albumItem(world: World, call: MethodCall, { item, index }: { item: unknown; index: number }): Found {
  if (!isObject(item)) throw badRequest("can't parse InputMedia: expected an Object");
  const kind = text(item, 'type');
  if (!ALBUM_KINDS.has(kind)) throw badRequest(`can't use the media of the specified type in the album`);
  const wanted = { kind: kind as AttachmentKind, value: text(item, 'media'), field: `media${index}` };
  const found = fileOf(world, call, wanted);
  return { ...found, fields: { ...found.fields, ...captionFields(item) } };
}

export const mediaMethods: Methods = {
  sendPhoto: sender('photo'),
  sendDocument: sender('document'),
  sendVoice: sender('voice'),
  sendAudio: sender('audio'),
  sendVideo: sender('video'),
  sendAnimation: sender('animation'),
  sendSticker: sender('sticker'),
  sendMediaGroup,
};
