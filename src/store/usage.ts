/** What the models cost: totals by UTC day, sender, session and model, and those of the current session id. */
import type { Sessions, UsageTotal } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { idNumber } from './ids.ts';

const select = `
  SELECT day, model, session_key AS sessionKey, sender_id AS senderId, calls, input_tokens AS inputTokens, output_tokens AS outputTokens,
    cache_read_tokens AS cacheReadTokens, cost_usd AS costUsd
  FROM usage_days WHERE day >= ? AND session_key = coalesce(?, session_key) AND sender_id = coalesce(?, sender_id)
  ORDER BY day, sender_id, session_key, model`;

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function createUsage({ commit, database }: StoreContext): Pick<Sessions, 'addUsage' | 'usage'> {
  const add = database.statement(
    `INSERT INTO usage_days VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?)
     ON CONFLICT (day, sender_id, session_key, model) DO UPDATE SET calls = calls + 1, input_tokens = input_tokens + excluded.input_tokens,
       output_tokens = output_tokens + excluded.output_tokens, cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
       cost_usd = cost_usd + excluded.cost_usd`,
  );
  const total = database.statement(
    `UPDATE sessions SET input_tokens = input_tokens + ?, output_tokens = output_tokens + ?, context_tokens = ?, cost_usd = cost_usd + ?
     WHERE key = ? AND conversation = ?`,
  );
  const totals = database.statement(select);

  return {
    addUsage: ({ sessionKey, sessionId, senderId, model, usage, costUsd = 0, atMs }) =>
      commit.write(() => {
        const { inputTokens, outputTokens, cacheReadTokens } = usage;
        add.run(dayOf(atMs), senderId, sessionKey, model, inputTokens, outputTokens, cacheReadTokens, costUsd);
        total.run(inputTokens, outputTokens, inputTokens + outputTokens, costUsd, sessionKey, idNumber('s', sessionId));
      }),
    usage: ({ sinceMs, sessionKey, senderId }) =>
      commit.read(() => totals.all<UsageTotal>(dayOf(sinceMs), sessionKey ?? null, senderId ?? null).map((row) => ({ ...row }))),
  };
}
