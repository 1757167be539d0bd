/** How the writer of a JSON5 text writes, so that what is added looks like the rest; and values written that way. Pure. */
import { encodeString } from './scalars.ts';
import type { ObjectNode, TreeNode } from './tree.ts';

export interface Style {
  quote: '"' | "'";
  /** Keys that are identifiers stand without quotes. */
  bareKeys: boolean;
  /** One level of indentation. */
  indent: string;
  newline: '\n' | '\r\n';
}

export function styleOf(text: string, root: TreeNode | undefined): Style {
  const single = (text.match(/'/g) ?? []).length;
  const double = (text.match(/"/g) ?? []).length;
  return {
    quote: single > double ? "'" : '"',
    bareKeys: root?.kind === 'object' && hasBareKey(text, root),
    indent: /\n([ \t]+)[^\s/]/.exec(text)?.[1] ?? '  ',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

function hasBareKey(text: string, object: ObjectNode): boolean {
  return object.members.some(
    ({ keySpan, value }) => !/["']/.test(text[keySpan.start] ?? '') || (value.kind === 'object' && hasBareKey(text, value)),
  );
}

/** The white space before the first thing on the line of `offset`. */
export function lineIndent(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? '';
}

export function writeKey(key: string, style: Style): string {
  return style.bareKeys && /^[A-Za-z_$][\w$]*$/.test(key) ? key : encodeString(key, style.quote);
}

/** `indentation` of the line that the value stands on, or undefined to keep it on one line. */
export function writeValue(value: unknown, style: Style, indentation: string | undefined): string {
  if (typeof value === 'string') return encodeString(value, style.quote);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  const isList = Array.isArray(value);
  // A list of plain values reads best on one line.
  const inline = indentation === undefined || (isList && value.every((item) => typeof item !== 'object' || item === null));
  const below = inline ? undefined : indentation + style.indent;
  const parts = isList
    ? value.map((item) => writeValue(item, style, below))
    : Object.entries(value).map(([key, item]) => `${writeKey(key, style)}: ${writeValue(item, style, below)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (parts.length === 0) return `${open}${close}`;
  if (inline) return `${open}${parts.join(', ')}${close}`;
  return `${open}${style.newline}${parts.map((part) => below + part).join(`,${style.newline}`)}${style.newline}${indentation}${close}`;
}
