/**
 * Owns the offline model's summaries: when a conversation is compacted, it keeps what it was asked to remember and the
 * latest lines, word for word, and says that it did no more.
 */
import type { ModelRequest } from '../../domain/model.ts';
import { sayingsIn } from './conversation.ts';
import { remembered } from './wishes.ts';

const MAX_LINES = 30;
const MAX_LINE = 200;

/** The summary that is asked for, or undefined when the request is an ordinary one. */
export function summaryFor(request: ModelRequest): string | undefined {
  const text = request.messages.flatMap(sayingsIn).at(-1)?.text ?? '';
  const conversation = /<conversation>([\s\S]*)<\/conversation>/.exec(text)?.[1];
  if (request.tools.length > 0 || conversation === undefined) return undefined;
  const facts = [...new Set(remembered(text))].map((fact) => `- remember that ${fact}`);
  const lines = conversation.split('\n').filter((line) => line.trim() !== '');
  const latest = lines.slice(-MAX_LINES).map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  return [
    ...(facts.length > 0 ? ['## Facts', ...facts] : []),
    '## Latest lines (kept as they were, without a language model)',
    ...latest,
  ].join('\n');
}
