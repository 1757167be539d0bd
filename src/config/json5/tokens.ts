/**
 * Cuts a JSON5 text into tokens with their offsets. Linear in the text; source: spec.json5.org.
 * See docs/decisions/0005-own-json5-reader.md for why no library does it.
 */
import { AppError } from '../../domain/errors.ts';
import { describePlace, placeAt, type Place } from './place.ts';

/** Offsets in UTF-16 code units; `end` is the first unit after it. */
export interface Span {
  start: number;
  end: number;
}

type TokenType = 'punctuation' | 'string' | 'number' | 'word' | 'end';

export interface Token extends Span {
  type: TokenType;
  text: string;
}

export class SyntaxProblem extends AppError {
  readonly place: Place;
  constructor(message: string, place: Place) {
    super('invalid', `${describePlace(place)}: ${message}`, {
      hint: 'The file is JSON5: JSON with comments and trailing commas.',
    });
    this.place = place;
  }
}

const SPACE = /(?:\s+|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const TOKEN = new RegExp(
  [
    String.raw`(?<punctuation>[{}[\]:,])`,
    String.raw`(?<string>"(?:[^"\\\n\r]|\\(?:\r\n|[^]))*"|'(?:[^'\\\n\r]|\\(?:\r\n|[^]))*')`,
    String.raw`(?<number>[-+]?(?:Infinity|NaN|0[xX][\da-fA-F]+|(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(?![$\w.]))`,
    // Wider than JSON5's identifiers, which would need Unicode tables: 8 ms at every start.
    String.raw`(?<word>(?:[$_A-Za-z]|[^\x00-\x7F\s])(?:[$\w]|[^\x00-\x7F\s])*)`,
  ].join('|'),
  'y',
);

/** All significant tokens; the last one is of type `end`. Throws SyntaxProblem. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ type: 'end', text: '', start: text.length, end: text.length });
  return tokens;
}

/** The offset of the first character from `at` on that is neither space nor comment. */
export function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return Math.max(at, SPACE.lastIndex);
}

function tokenAt(text: string, start: number): Token {
  TOKEN.lastIndex = start;
  const groups = TOKEN.exec(text)?.groups;
  for (const type of ['punctuation', 'string', 'number', 'word'] as const) {
    const found = groups?.[type];
    if (found !== undefined) return { type, text: found, start, end: start + found.length };
  }
  throw new SyntaxProblem(unreadable(text, start), placeAt(text, start));
}

function unreadable(text: string, start: number): string {
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
  if (character === '"' || character === "'") return 'this text in quotes does not end on its line';
  if (text.startsWith('/*', start)) return 'this comment is not closed';
  if (/[-+.\d]/.test(character)) return 'this is no number of JSON5';
  return `unexpected ${JSON.stringify(character)}`;
}
