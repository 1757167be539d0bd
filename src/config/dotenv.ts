/**
 * The `.env` file of the state directory: KEY=VALUE lines, `#` comments, quotes.
 * It is never looked for anywhere else: a workspace or a working directory is not trusted.
 */
import { AppError } from '../domain/errors.ts';
import { describePlace } from './json5/place.ts';

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;
const DOUBLE = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/;
const SINGLE = /^'([^']*)'\s*(?:#.*)?$/;
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/** A null-prototype record. Throws AppError `invalid` with the line; never shows a value. */
export function parseDotEnv(path: string, text: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, written] = LINE.exec(line) ?? [];
    const value = written === undefined ? undefined : unquote(written.trim());
    if (name === undefined || value === undefined) {
      throw new AppError('invalid', `${path}, ${describePlace({ line: index + 1, column: 1 })}: expected NAME=VALUE`, {
        hint: 'Put a value with spaces or # in quotes.',
      });
    }
    values[name] = value;
  }
  return values;
}

function unquote(text: string): string | undefined {
  if (text.startsWith('"'))
    return DOUBLE.exec(text)?.[1]?.replace(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character);
  if (text.startsWith("'")) return SINGLE.exec(text)?.[1];
  return text.replace(/\s+#.*$/, '');
}
