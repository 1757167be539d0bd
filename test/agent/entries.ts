/** Entries of a conversation, short to write. */
import type { AssistantEntry, Entry, StoredEntry, UserEntry } from '../../src/domain/session.ts';

export const noUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };

export function user(text: string, change: Partial<UserEntry> = {}): UserEntry {
  return { kind: 'user', messageIds: ['m1'], envelope: '[telegram]', text, attachments: [], senderId: '1', ...change };
}

export function answer(text: string, callIds: readonly string[], change: Partial<AssistantEntry> = {}): AssistantEntry {
  return {
    kind: 'assistant',
    parts: [
      ...(text === '' ? [] : [{ type: 'text' as const, text }]),
      ...callIds.map((callId) => ({ type: 'tool-call' as const, callId, name: 'exec', input: { command: 'ls' } })),
    ],
    model: 'peer/m1',
    finish: callIds.length > 0 ? 'tool-calls' : 'stop',
    usage: noUsage,
    ...change,
  };
}

export function result(callId: string, text: string, isError = false): Entry {
  return { kind: 'tool-result', result: { type: 'tool-result', callId, name: 'exec', text, isError } };
}

/** Numbered from 1. `turns` names the turn of each; one turn for all by default. */
export function stored(entries: readonly Entry[], turns: (index: number) => string = () => 't1'): StoredEntry[] {
  return entries.map((entry, index) => ({ seq: index + 1, turnId: turns(index), atMs: 0, entry }));
}
