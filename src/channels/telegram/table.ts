/** Owns how a Markdown table is shown on a platform that has no tables. Pure. */
import type { Token, Tokens } from 'marked';
import { escapeHtml } from './escape.ts';

/** As written, as one list entry per row, or as aligned text. */
export type TableMode = 'off' | 'bullets' | 'code';

export function tableHtml(table: Tokens.Table, mode: TableMode): string {
  if (mode === 'off') return escapeHtml(table.raw.replace(/\n+$/, ''));
  const header = table.header.map(({ tokens }) => plainText(tokens));
  const rows = table.rows.map((row) => row.map(({ tokens }) => plainText(tokens)));
  return mode === 'code' ? `<pre>${escapeHtml(aligned([header, ...rows], table.align))}</pre>` : bullets(header, rows);
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) =>
      'tokens' in token && token.tokens ? plainText(token.tokens) : 'text' in token ? String(token.text) : token.raw,
    )
    .join('')
    .replace(/\s*(?:<br\s*\/?>|\n)\s*/gi, ' ')
    .trim();
}

function aligned(rows: readonly string[][], align: Tokens.Table['align']): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(1, ...rows.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 1, align[column] ?? null))
      .join(' | ')
      .trimEnd();
  const [header = [], ...body] = rows;
  const rule = widths.map((size) => '-'.repeat(size)).join('-+-');
  return [line(header), rule, ...body.map(line)].join('\n');
}

function pad(cell: string, size: number, align: 'center' | 'left' | 'right' | null): string {
  const space = size - width(cell);
  if (align === 'right') return ' '.repeat(space) + cell;
  const left = align === 'center' ? Math.floor(space / 2) : 0;
  return ' '.repeat(left) + cell + ' '.repeat(space - left);
}

/** Columns on the screen: signs of East Asian scripts and emoji take two. */
function width(text: string): number {
  let columns = 0;
  for (const sign of text)
    columns += /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]|\p{Emoji_Presentation}/u.test(
      sign,
    )
      ? 2
      : 1;
  return columns;
}

function bullets(header: readonly string[], rows: readonly string[][]): string {
  const entry = (row: readonly string[]): string =>
    row.map((cell, column) => `<b>${escapeHtml(header[column] ?? '')}</b>: ${escapeHtml(cell)}`).join('\n  ');
  return rows.map((row) => `• ${entry(row)}`).join('\n');
}
