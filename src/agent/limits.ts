/**
 * How much one turn may take: steps, tokens, money, repeated calls. Everything is counted from the journal,
 * so that a restart in the middle of a turn does not begin to count anew. Time is watched by the caller.
 */
import type { ToolCallPart } from '../domain/model.ts';
import type { StoredEntry } from '../domain/session.ts';
import type { TurnLimits } from '../domain/settings.ts';

export type LimitKind = 'steps' | 'tokens' | 'cost' | 'time' | 'repeats';

export interface Spent {
  steps: number;
  tokens: number;
  costUsd: number;
}

/** @param own the entries of this turn. */
export function spentOf(own: readonly StoredEntry[]): Spent {
  const spent: Spent = { steps: 0, tokens: 0, costUsd: 0 };
  for (const { entry } of own) {
    if (entry.kind !== 'assistant') continue;
    spent.steps += 1;
    spent.tokens += entry.usage.inputTokens + entry.usage.outputTokens;
    spent.costUsd += entry.costUsd ?? 0;
  }
  return spent;
}

export function limitReached(spent: Spent, limits: TurnLimits): LimitKind | undefined {
  if (spent.steps >= limits.steps) return 'steps';
  if (spent.tokens >= limits.tokens) return 'tokens';
  return limits.costUsd !== undefined && spent.costUsd >= limits.costUsd ? 'cost' : undefined;
}

/** The sentence with which a turn ends at a limit. */
export function limitSentence(kind: LimitKind, limits: TurnLimits): string {
  const again = 'Write "go on" and I continue from here.';
  switch (kind) {
    case 'steps':
      return `I stopped after ${limits.steps} steps, the limit for one message. ${again}`;
    case 'tokens':
      return `I stopped because this message has used its ${limits.tokens} tokens. ${again}`;
    case 'cost':
      return `I stopped because this message has cost its limit of $${limits.costUsd}. ${again}`;
    case 'time':
      return `I stopped because this took longer than ${duration(limits.timeoutMs)}, the limit for one message. ${again}`;
    case 'repeats':
      return 'I stopped because I kept repeating the same step without getting any further. Tell me how to go about it differently.';
  }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** How the result of a call begins that was not run because it only repeats what was done before. */
export const NOT_REPEATED = 'Not run: you made this very call before';

/**
 * How often this very call has had the very same result in a row, up to now; calls that were refused for it count too.
 * Asking again for something that changes, such as the output of a running program, is no repetition.
 */
export function repetitionsOf(call: ToolCallPart, own: readonly StoredEntry[]): number {
  const results = resultsOf(fingerprint(call), own);
  const last = results.findLast((text) => !text.startsWith(NOT_REPEATED));
  const different = results.findLastIndex((text) => text !== last && !text.startsWith(NOT_REPEATED));
  return results.length - 1 - different;
}

function resultsOf(wanted: string, own: readonly StoredEntry[]): string[] {
  const open = new Map<string, string>();
  const results: string[] = [];
  for (const { entry } of own) {
    if (entry.kind === 'tool-result' && open.get(entry.result.callId) === wanted) results.push(entry.result.text);
    if (entry.kind !== 'assistant') continue;
    for (const part of entry.parts) if (part.type === 'tool-call') open.set(part.callId, fingerprint(part));
  }
  return results;
}

function fingerprint(call: ToolCallPart): string {
  return `${call.name} ${JSON.stringify(call.input)}`;
}
