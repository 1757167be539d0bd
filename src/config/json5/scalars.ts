/** The text of JSON5 strings and numbers and what they mean, both ways. Pure; source: spec.json5.org. */

const SIMPLE_ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' };
const VALID = /^(?:[^\\]|\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|0(?!\d)|[^\dxu]))*$/;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|\r\n|([^]))/g;
const LINE_BREAKS = new Set(['\n', '\r', '\u2028', '\u2029']);

/** The value of a quoted token, or undefined where an escape is not one of JSON5's. */
export function decodeString(token: string): string | undefined {
  const inner = token.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  if (!VALID.test(inner)) return undefined;
  return inner.replace(ESCAPE, (_all, ...[short, long, character]: (string | undefined)[]) => {
    const hex = short ?? long;
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (character === undefined || LINE_BREAKS.has(character)) return '';
    return SIMPLE_ESCAPES[character] ?? character;
  });
}

export function decodeNumber(token: string): number {
  const value = Number(token.replace(/^[-+]/, ''));
  return token.startsWith('-') ? -value : value;
}

export function encodeString(value: string, quote: '"' | "'"): string {
  const doubleQuoted = JSON.stringify(value).replace(
    /[\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
  if (quote === '"') return doubleQuoted;
  return `'${doubleQuoted.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
