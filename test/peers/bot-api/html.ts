/**
 * Owns parse_mode HTML: the supported tags, their nesting, and the texts of the errors
 * (https://core.telegram.org/bots/api#html-style). Offsets in errors are bytes, in entities UTF-16 units.
 */
import { badRequest } from './answers.ts';
import type { Entity } from './types.ts';

export interface Formatted {
  text: string;
  entities: Entity[];
}

const TYPES: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  span: 'spoiler',
  'tg-spoiler': 'spoiler',
  'tg-emoji': 'custom_emoji',
  a: 'text_link',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
};

const LINK = /^(?:(?:https?|tg|ton|tonsite):\/\/\S+|[^\s:/]+\.[^\s]+)$/i;

const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

interface OpenTag {
  name: string;
  /** href, language, emoji id, "spoiler", "expandable": what the tag's entity needs. */
  argument: string;
  offset: number;
}

interface Parser {
  readonly source: string;
  at: number;
  text: string;
  readonly open: OpenTag[];
  readonly entities: Entity[];
}

/** Throws the platform's refusal for anything that it would not take. */
export function parseHtml(source: string): Formatted {
  if (!source.includes('<') && !source.includes('&')) return { text: source, entities: [] };
  const parser: Parser = { source, at: 0, text: '', open: [], entities: [] };
  while (parser.at < source.length) step(parser);
  const unclosed = parser.open.at(-1);
  if (unclosed !== undefined) throw cannotParse(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  return { text: parser.text, entities: settle(parser.entities) };
}

function step(parser: Parser): void {
  const character = parser.source[parser.at];
  if (character === '<') {
    if (parser.source[parser.at + 1] === '/') endTag(parser);
    else startTag(parser);
    return;
  }
  const decoded = decodeReference(parser.source, parser.at);
  parser.text += decoded.text;
  parser.at = decoded.end;
}

/** One character, or what a character reference stands for. An unknown reference stays as it is written. */
function decodeReference(source: string, at: number): { text: string; end: number } {
  const plain = { text: source[at] ?? '', end: at + 1 };
  if (plain.text !== '&') return plain;
  const found = /^&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));?/i.exec(source.slice(at, at + 12));
  if (found === null) return plain;
  const end = at + found[0].length;
  if (found[3] !== undefined) {
    const named = NAMED[found[3]];
    return named === undefined ? plain : { text: named, end };
  }
  const code = found[1] === undefined ? Number(found[2]) : Number.parseInt(found[1], 16);
  return code === 0 || code > 0x10ffff ? plain : { text: String.fromCodePoint(code), end };
}

function startTag(parser: Parser): void {
  const begin = parser.at;
  const name = take(parser, /[^\s>]*/y, 1).toLowerCase();
  if (parser.at >= parser.source.length) throw cannotParse(`Unclosed start tag at byte offset ${bytes(parser, begin)}`);
  if (TYPES[name] === undefined) {
    throw cannotParse(`Unsupported start tag "${name}" at byte offset ${bytes(parser, begin)}`);
  }
  let argument = '';
  for (;;) {
    take(parser, /\s*/y, 0);
    if (parser.source[parser.at] === '>') break;
    argument = argumentOf(name, attribute(parser, name, begin)) ?? argument;
  }
  parser.at += 1;
  if (name === 'span' && argument !== 'spoiler') {
    throw cannotParse(`Tag "span" must have class "tg-spoiler" at byte offset ${bytes(parser, begin)}`);
  }
  parser.open.push({ name, argument, offset: parser.text.length });
}

interface Attribute {
  name: string;
  value: string;
}

function attribute(parser: Parser, tag: string, begin: number): Attribute {
  const offset = bytes(parser, begin);
  const name = take(parser, /[^\s=>]*/y, 0);
  if (name === '') throw cannotParse(`Empty attribute name in the tag "${tag}" at byte offset ${offset}`);
  take(parser, /\s*/y, 0);
  if (parser.at >= parser.source.length) throw cannotParse(`Unclosed start tag "${tag}" at byte offset ${offset}`);
  if (parser.source[parser.at] !== '=') return { name, value: '' };
  take(parser, /=\s*/y, 0);
  const value = attributeValue(parser);
  if (parser.at >= parser.source.length) throw cannotParse(`Unclosed start tag at byte offset ${offset}`);
  return { name, value };
}

function attributeValue(parser: Parser): string {
  const quote = parser.source[parser.at];
  const begin = parser.at;
  if (quote !== "'" && quote !== '"') {
    const token = take(parser, /[a-z0-9.-]*/iy, 0);
    if (/[^\s>]/.test(parser.source[parser.at] ?? ' ')) {
      throw cannotParse(`Unexpected end of name token at byte offset ${bytes(parser, begin)}`);
    }
    return token.toLowerCase();
  }
  parser.at += 1;
  let value = '';
  while (parser.at < parser.source.length && parser.source[parser.at] !== quote) {
    const decoded = decodeReference(parser.source, parser.at);
    value += decoded.text;
    parser.at = decoded.end;
  }
  parser.at += 1;
  return value;
}

/** Per tag: the attribute that counts, what its value has to begin with, and is stripped of. */
const ATTRIBUTES: Record<string, { name: string; prefix: string }> = {
  a: { name: 'href', prefix: '' },
  code: { name: 'class', prefix: 'language-' },
  span: { name: 'class', prefix: 'tg-' },
  'tg-emoji': { name: 'emoji-id', prefix: '' },
  blockquote: { name: 'expandable', prefix: '' },
};

function argumentOf(tag: string, { name, value }: Attribute): string | undefined {
  const wanted = ATTRIBUTES[tag];
  if (wanted?.name !== name || !value.startsWith(wanted.prefix)) return undefined;
  return tag === 'blockquote' ? 'expandable' : value.slice(wanted.prefix.length);
}

function endTag(parser: Parser): void {
  const begin = parser.at;
  const tag = parser.open.at(-1);
  if (tag === undefined) throw cannotParse(`Unexpected end tag at byte offset ${bytes(parser, begin)}`);
  const name = take(parser, /[^\s>]*/y, 2).toLowerCase();
  take(parser, /\s*/y, 0);
  if (parser.source[parser.at] !== '>') {
    throw cannotParse(`Unclosed end tag at byte offset ${bytes(parser, begin)}`);
  }
  parser.at += 1;
  if (name !== '' && name !== tag.name) {
    throw cannotParse(`Unmatched end tag at byte offset ${bytes(parser, begin)}, expected "</${tag.name}>", found "</${name}>"`);
  }
  parser.open.pop();
  const length = parser.text.length - tag.offset;
  if (length > 0) close(parser, tag, length);
}

function close(parser: Parser, tag: OpenTag, length: number): void {
  const entity: Entity = { type: TYPES[tag.name] ?? '', offset: tag.offset, length };
  if (tag.name === 'a') {
    const url = tag.argument || parser.text.slice(tag.offset);
    // A link that is none is shown as plain text; only a real one makes an entity.
    if (!LINK.test(url)) return;
    entity.url = url;
  }
  if (tag.name === 'tg-emoji') {
    if (!/^[0-9]+$/.test(tag.argument)) throw cannotParse('Invalid custom emoji identifier specified');
    entity.custom_emoji_id = tag.argument;
  }
  if (tag.argument === 'expandable') entity.type = 'expandable_blockquote';
  if (tag.name === 'code' && tag.argument !== '') entity.language = tag.argument;
  parser.entities.push(entity);
}

/**
 * Sorts by place and drops what the platform does not nest: nothing lives inside code or pre,
 * and a code block with a language inside a pre becomes that pre's language.
 */
function settle(closed: Entity[]): Entity[] {
  const sorted = closed.toSorted((a, b) => a.offset - b.offset || b.length - a.length || quoteFirst(a) - quoteFirst(b));
  const kept: Entity[] = [];
  let verbatim: Entity | undefined;
  for (const entity of sorted) {
    if (verbatim !== undefined && entity.offset < verbatim.offset + verbatim.length) {
      mergeLanguage(verbatim, entity);
      continue;
    }
    if (entity.type === 'code' || entity.type === 'pre') verbatim = entity;
    kept.push(entity);
  }
  for (const entity of kept) if (entity.type === 'code') delete entity.language;
  return kept;
}

function mergeLanguage(outer: Entity, inner: Entity): void {
  const language = inner.language ?? outer.language;
  const sameText = inner.offset === outer.offset && inner.length === outer.length;
  if (sameText && language !== undefined) Object.assign(outer, { type: 'pre', language });
}

/** A quote may hold code, so it counts as the outer one of two that cover the same text. */
function quoteFirst(entity: Entity): number {
  return entity.type.endsWith('blockquote') ? 0 : 1;
}

function take(parser: Parser, pattern: RegExp, skip: number): string {
  pattern.lastIndex = parser.at + skip;
  const found = pattern.exec(parser.source)?.[0] ?? '';
  parser.at += skip + found.length;
  return found;
}

function bytes(parser: Parser, at: number): number {
  return Buffer.byteLength(parser.source.slice(0, at));
}

function cannotParse(why: string): Error {
  return badRequest(`can't parse entities: ${why}`);
}
