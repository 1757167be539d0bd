/** The text of JSON5 strings and numbers and what they mean, both ways. Pure; source: spec.json5.org. */

const SIMPLE_ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' };
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|(\r\n|[\n\r\u2028\u2029])|([^]))/gu;

/** The value of a quoted token, or undefined where an escape is not one of JSON5's. */
export function decodeString(token: string): string | undefined {
  let valid = true;
  const value = token.slice(1, -1).replace(ESCAPE, (all, hex, unicode, lineBreak, other: string, at: number, whole: string) => {
    if (hex !== undefined || unicode !== undefined) return String.fromCharCode(Number.parseInt(hex ?? unicode, 16));
    if (lineBreak !== undefined) return '';
    const digitFollows = /\d/.test(whole[at + all.length] ?? '');
    if (/[1-9xu]/.test(other) || (other === '0' && digitFollows)) valid = false;
    return SIMPLE_ESCAPES[other] ?? other;
  });
  return valid ? value : undefined;
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
