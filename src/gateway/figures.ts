/** Figures as people read them. */
import type { SessionSettings } from '../domain/session.ts';

/** `987`, `1.2k`, `34k`, `1.5M`. */
export function short(count: number): string {
  if (count < 1_000) return String(Math.round(count));
  if (count < 10_000) return `${(count / 1_000).toFixed(1)}k`;
  return count < 1_000_000 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

export function dollars(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}

export interface Spending {
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  steps: number;
}

/** The line under an answer, where the conversation wants one. */
export function usageLine(spent: Spending, footer: NonNullable<SessionSettings['usageFooter']>): string {
  if (footer === 'off' || spent.steps === 0) return '';
  const tokens = `Usage: ${short(spent.inputTokens)} in / ${short(spent.outputTokens)} out`;
  return footer === 'tokens' ? `_${tokens}_` : `_${tokens} · est. ${dollars(spent.costUsd)} · ${spent.steps} model calls_`;
}
