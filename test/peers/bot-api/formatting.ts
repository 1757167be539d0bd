/**
 * Owns how a text or caption parameter becomes what people see: parse mode, trimming, length limits.
 */
import type { Json } from '../wire/body.ts';
import { isObject } from '../wire/body.ts';
import { badRequest } from './answers.ts';
import { parseHtml, type Formatted } from './html.ts';
import { nested, text } from './parameters.ts';
import type { Entity } from './types.ts';

export const TEXT_LIMIT = 4096;
export const CAPTION_LIMIT = 1024;

/** The text of a message: 1 to 4,096 UTF-16 units after parsing. */
export function messageText(parameters: Json): Formatted {
  const formatted = format(parameters, 'text', 'entities');
  if (formatted.text === '') throw badRequest('message text is empty');
  if (formatted.text.length > TEXT_LIMIT) throw badRequest('message is too long');
  return formatted;
}

/** The caption of a file: up to 1,024 UTF-16 units after parsing, or nothing. */
export function captionText(parameters: Json): Formatted {
  const formatted = format(parameters, 'caption', 'caption_entities');
  if (formatted.text.length > CAPTION_LIMIT) throw badRequest('message caption is too long');
  return formatted;
}

function format(parameters: Json, field: string, entitiesField: string): Formatted {
  const source = text(parameters, field);
  const mode = text(parameters, 'parse_mode').toLowerCase();
  if (mode === 'html') return trim(parseHtml(source));
  // MarkdownV2 exists on the real platform; this peer plays HTML alone and says so instead of guessing.
  if (mode !== '' && mode !== 'none') throw badRequest('unsupported parse_mode');
  return trim({ text: source, entities: givenEntities(parameters, entitiesField) });
}

function givenEntities(parameters: Json, field: string): Entity[] {
  const given = nested(parameters, field);
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw badRequest("can't parse message entities: expected an Array");
  return given.map((entity: unknown) => {
    if (!isObject(entity) || typeof entity['type'] !== 'string') {
      throw badRequest("can't parse MessageEntity: expected an Object");
    }
    return { ...entity, type: entity['type'], offset: Number(entity['offset']), length: Number(entity['length']) };
  });
}

/** White space at both ends is never shown, and entities move with their text. */
function trim({ text: whole, entities }: Formatted): Formatted {
  const end = whole.trimEnd();
  const shown = end.trimStart();
  const cut = end.length - shown.length;
  if (shown.length === whole.length) return { text: whole, entities };
  const moved = entities.map((entity) => {
    const from = Math.max(0, entity.offset - cut);
    const to = Math.min(shown.length, entity.offset + entity.length - cut);
    return { ...entity, offset: from, length: to - from };
  });
  return { text: shown, entities: moved.filter((entity) => entity.length > 0) };
}
