/** Owns Markdown inside a line as Telegram's HTML. Pure. */
import type { Token, Tokens } from 'marked';
import { escapeHtml, escapeText } from './escape.ts';

export function spans(tokens: readonly Token[]): string {
  let html = '';
  for (const token of tokens) html += SPANS[token.type]?.(token as never) ?? other(token.raw);
  return html;
}

const SPANS: Record<string, (token: never) => string> = {
  strong: ({ tokens }: Tokens.Strong) => `<b>${spans(tokens)}</b>`,
  em: ({ tokens }: Tokens.Em) => `<i>${spans(tokens)}</i>`,
  del: ({ tokens }: Tokens.Del) => `<s>${spans(tokens)}</s>`,
  codespan: ({ text }: Tokens.Codespan) => `<code>${escapeHtml(text)}</code>`,
  link,
  image: ({ href, text }: Tokens.Image) => anchor(href, escapeText(text || 'image')),
  br: () => '\n',
  // The list shows it.
  checkbox: () => '',
  escape: ({ text }: Tokens.Escape) => escapeHtml(text),
  text: ({ tokens, text }: Tokens.Text) => (tokens === undefined ? escapeText(text) : spans(tokens)),
};

/** HTML is shown as it was written, but for the line break that agents write in tables. */
function other(raw: string): string {
  return /^<br\s*\/?>$/i.test(raw) ? '\n' : escapeHtml(raw);
}

function link(token: Tokens.Link): string {
  // A bare address is made a link by Telegram itself.
  return token.raw === token.text ? escapeText(token.text) : anchor(token.href, spans(token.tokens));
}

const LONGEST_ADDRESS = 2048;

/** Telegram drops addresses that it cannot open, so those are written out. */
function anchor(href: string, label: string): string {
  const opens = /^(?:https?|tg|mailto|tel):/i.test(href) && href.length <= LONGEST_ADDRESS;
  if (opens) return `<a href="${escapeHtml(href)}">${label}</a>`;
  return href === '' ? label : `${label} (${escapeHtml(href)})`;
}
