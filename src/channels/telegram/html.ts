/**
 * Owns Markdown as Telegram's HTML (https://core.telegram.org/bots/api#html-style). Pure but for loading the Markdown reader.
 * Whatever it does not know it shows as it was written; it must never drop words.
 */
import type { Token, Tokens } from 'marked';
import { escapeHtml, escapeText } from './escape.ts';
import { MESSAGE_LIMIT } from './settings.ts';
import { spans } from './spans.ts';
import { tableHtml, type TableMode } from './table.ts';

type Lexer = (markdown: string) => Token[];

let loaded: Lexer | undefined;

/** Signs without which a text is the same in Markdown and in plain. Much of what an agent says has none. */
const MARKUP = /[*_`~#>|[\\<&=]|^[ \t]*(?:[-+]|\d{1,9}[.)])(?:[ \t]|$)|^-{2}/m;

/**
 * The HTML of a message, or undefined when it should be sent as it is: it has no markup, cannot be read,
 * or would be longer than a message may be.
 */
export async function toHtml(markdown: string, tables: TableMode): Promise<string | undefined> {
  if (!MARKUP.test(markdown)) return undefined;
  loaded ??= (await import('marked')).lexer;
  try {
    const tokens = loaded(markdown);
    const html = blocks(tokens, { tables, depth: 0 }).trim();
    if (visibleLength(html) <= MESSAGE_LIMIT) return html;
    const plainer = blocks(tokens, { tables: 'off', depth: 0 }).trim();
    return visibleLength(plainer) <= MESSAGE_LIMIT ? plainer : undefined;
  } catch {
    // Nested deeper than the reader can follow: readable as it is.
    return undefined;
  }
}

/** UTF-16 units after entities parsing; at most one too many for a reference by number. */
export function visibleLength(html: string): number {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&[a-z]{2,4};/g, '.')
    .replace(/&#\w{1,8};/g, '..').length;
}

function blocks(tokens: readonly Token[], place: Place): string {
  let html = '';
  for (const token of tokens) html += token.type === 'space' ? lineEnds(token.raw) : block(token, place) + lineEnds(token.raw);
  return html;
}

/** The line ends behind a block, as written, but no more than one blank line. */
function lineEnds(raw: string): string {
  return '\n'.repeat(Math.min(2, raw.length - raw.replace(/\n+$/, '').length));
}

interface Place {
  tables: TableMode;
  /** Of lists. */
  depth: number;
}

const BLOCKS: Record<string, (token: never, place: Place) => string> = {
  heading: ({ tokens }: Tokens.Heading) => `<b>${spans(tokens)}</b>`,
  paragraph: ({ tokens }: Tokens.Paragraph) => spans(tokens),
  text: ({ tokens, text }: Tokens.Text) => (tokens === undefined ? escapeText(text) : spans(tokens)),
  code: codeBlock,
  blockquote: quote,
  list,
  table: (token: Tokens.Table, { tables }) => tableHtml(token, tables),
  hr: () => '———',
  // The list shows it.
  checkbox: () => '',
};

function block(token: Token, place: Place): string {
  return BLOCKS[token.type]?.(token as never, place) ?? escapeHtml(token.raw.replace(/\n+$/, ''));
}

function codeBlock({ text, lang }: Tokens.Code): string {
  const language = /^[\w+#.-]{1,32}/.exec(lang ?? '')?.[0];
  const code = escapeHtml(text);
  return language === undefined ? `<pre>${code}</pre>` : `<pre><code class="language-${language}">${code}</code></pre>`;
}

/** Quotes cannot be nested; an inner one keeps its mark. */
function quote({ tokens }: Tokens.Blockquote, place: Place): string {
  const inner = tokens.map((token) => (token.type === 'blockquote' ? escapeHtml(token.raw) : blocks([token], place)));
  return `<blockquote>${inner.join('').trim()}</blockquote>`;
}

function list({ items, ordered, start }: Tokens.List, { tables, depth }: Place): string {
  const first = typeof start === 'number' ? start : 1;
  const shown = items.map((item, index) => {
    const mark = item.task ? (item.checked ? '☑' : '☐') : ordered ? `${first + index}.` : '•';
    const content = blocks(item.tokens, { tables, depth: depth + 1 }).trimEnd();
    return `${'  '.repeat(depth)}${mark} ${content}${lineEnds(item.raw)}`;
  });
  return shown.join('').trimEnd();
}
