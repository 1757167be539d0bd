/** A conversation as the WebSocket protocol shows it: what was said and which tools were used. No tool results, no reasoning. */
import { redact } from '../../domain/redaction.ts';
import type { Entry, StoredEntry } from '../../domain/session.ts';

/** Clients refuse larger frames; the oldest messages are left out first. */
const MOST_CHARS = 2_000_000;

interface HistoryMessage {
  role: 'user' | 'assistant';
  content: ({ type: 'text'; text: string } | { type: 'toolCall'; id: string; name: string })[];
  timestamp: number;
}

export function historyOf(entries: readonly StoredEntry[]): HistoryMessage[] {
  const messages = entries.flatMap(({ entry, atMs }) => messageOf(entry, atMs));
  let chars = 0;
  const from = messages.findLastIndex((message) => (chars += JSON.stringify(message).length) > MOST_CHARS);
  return messages.slice(from + 1);
}

function messageOf(entry: Entry, timestamp: number): HistoryMessage[] {
  if (entry.kind === 'user') return [{ role: 'user', content: [{ type: 'text', text: redact(entry.text) }], timestamp }];
  if (entry.kind !== 'assistant') return [];
  const content = entry.parts.flatMap((part): HistoryMessage['content'] => {
    if (part.type === 'text') return [{ type: 'text', text: redact(part.text) }];
    return part.type === 'tool-call' ? [{ type: 'toolCall', id: part.callId, name: part.name }] : [];
  });
  return content.length > 0 ? [{ role: 'assistant', content, timestamp }] : [];
}
