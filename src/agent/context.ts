/**
 * From what is written down to what the model reads. The conversation comes out well-formed whatever happened to the process:
 * every tool call has exactly one result, and no result stands without its call. Changes nothing that is stored.
 */
import type { ImagePart, ModelMessage, TextPart, ToolCallPart, ToolResultPart } from '../domain/model.ts';
import type { StoredAttachment } from '../domain/message.ts';
import type { AssistantEntry, Entry, StoredEntry, UserEntry } from '../domain/session.ts';

/** Pictures are dear; older ones are known by their envelope line only. */
const MOST_IMAGES = 6;
const MOST_IMAGE_BYTES = 5 * 1024 * 1024;
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

/** The result that a call gets in the model's eyes when the process or the turn ended before it had one. */
export const INTERRUPTED =
  'Interrupted: this call did not finish. It may or may not have taken effect; look before you repeat it.';

export interface ContextOptions {
  /** The model takes pictures. */
  images: boolean;
  /** Base64 of a stored file; undefined when it is gone. */
  loadImage(path: string): Promise<string | undefined>;
}

/** @param entries a session's entries as `Sessions.history` gives them. */
export async function modelMessagesOf(entries: readonly StoredEntry[], options: ContextOptions): Promise<ModelMessage[]> {
  const pictures = options.images ? await loadPictures(entries, options) : undefined;
  const conversation = new Conversation(pictures);
  for (const { entry } of withoutSetAside(entries)) conversation.add(entry);
  return conversation.end();
}

/** A message that broke the gateway down must not reach a model again with the history: only the note of it stays. */
export function withoutSetAside(entries: readonly StoredEntry[]): readonly StoredEntry[] {
  const notes = entries.filter(({ entry }) => entry.kind === 'note' && entry.setsAside);
  if (notes.length === 0) return entries;
  const turns = new Set(notes.map(({ turnId }) => turnId));
  return entries.filter((stored) => !turns.has(stored.turnId) || notes.includes(stored));
}

type Pictures = ReadonlyMap<object, ImagePart>;

/** Grows one message after the other; keeps the calls that still wait for their result. */
class Conversation {
  private readonly messages: ModelMessage[] = [];
  private readonly open = new Map<string, ToolCallPart>();
  private readonly pictures: Pictures | undefined;

  constructor(pictures: Pictures | undefined) {
    this.pictures = pictures;
  }

  add(entry: Entry): void {
    switch (entry.kind) {
      case 'user':
        return this.say(userParts(entry, this.pictures));
      case 'note':
        return this.say([{ type: 'text', text: `[gateway: ${entry.text}]` }]);
      case 'compaction':
        return this.say([{ type: 'text', text: `[gateway: summary of the conversation before this point]\n${entry.summary}` }]);
      case 'assistant':
        return this.answer(entry);
      case 'tool-result':
        return this.result(entry.result);
      case 'tool-begun':
        return undefined;
    }
  }

  end(): ModelMessage[] {
    this.closeCalls();
    return this.messages;
  }

  /** Neighbouring messages become one: not every provider takes two of the same role in a row. */
  private say(parts: (TextPart | ImagePart)[]): void {
    this.closeCalls();
    const last = this.messages.at(-1);
    if (last?.role === 'user') last.parts.push(...parts);
    else this.messages.push({ role: 'user', parts });
  }

  private answer(entry: AssistantEntry): void {
    this.closeCalls();
    // Reasoning stays even where it is empty: what a provider attached to it must go back to it unchanged.
    const parts = entry.parts.filter((part) => part.type !== 'text' || part.text !== '');
    if (parts.every((part) => part.type === 'reasoning')) return;
    for (const part of parts) if (part.type === 'tool-call') this.open.set(part.callId, part);
    this.messages.push({ role: 'assistant', parts });
  }

  private result(result: ToolResultPart): void {
    if (!this.open.delete(result.callId)) return;
    const { images, ...rest } = result;
    const shown = images?.filter((image) => this.pictures?.has(image));
    const part = shown?.length ? { ...rest, images: shown } : rest;
    const last = this.messages.at(-1);
    if (last?.role === 'tool') last.parts.push(part);
    else this.messages.push({ role: 'tool', parts: [part] });
  }

  private closeCalls(): void {
    for (const { callId, name } of this.open.values()) {
      this.result({ type: 'tool-result', callId, name, text: INTERRUPTED, isError: true });
    }
  }
}

function userParts(entry: UserEntry, pictures: Pictures | undefined): (TextPart | ImagePart)[] {
  const text = entry.text === '' ? entry.envelope : `${entry.envelope}\n${entry.text}`;
  const parts: (TextPart | ImagePart)[] = [{ type: 'text', text }];
  for (const attachment of entry.attachments) {
    const picture = pictures?.get(attachment);
    if (picture) parts.push(picture);
  }
  return parts;
}

/** The latest pictures, by the attachment or the result's image that they are. */
async function loadPictures(entries: readonly StoredEntry[], options: ContextOptions): Promise<Pictures> {
  const pictures = new Map<object, ImagePart>();
  for (const { entry } of entries.toReversed()) {
    if (entry.kind === 'tool-result') for (const image of entry.result.images ?? []) pictures.set(image, image);
    if (entry.kind !== 'user') continue;
    for (const attachment of entry.attachments) {
      const picture = isPicture(attachment) ? await loadPicture(attachment, options) : undefined;
      if (picture) pictures.set(attachment, picture);
    }
    if (pictures.size >= MOST_IMAGES) break;
  }
  return pictures;
}

function isPicture(attachment: StoredAttachment): boolean {
  return IMAGE_TYPES.has(typeOf(attachment)) && attachment.sizeBytes <= MOST_IMAGE_BYTES;
}

function typeOf(attachment: StoredAttachment): string {
  return attachment.mimeType ?? (attachment.kind === 'photo' ? 'image/jpeg' : '');
}

async function loadPicture(attachment: StoredAttachment, options: ContextOptions): Promise<ImagePart | undefined> {
  const data = await options.loadImage(attachment.path);
  return data === undefined ? undefined : { type: 'image', mimeType: typeOf(attachment), data };
}
