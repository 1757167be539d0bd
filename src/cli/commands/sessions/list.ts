/** `openclaw sessions list`. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';
import { ago } from '../../time.ts';

export default defineCommand({
  args: {
    active: { type: 'string', description: 'only those used in the last MINUTES', valueHint: 'MINUTES' },
    limit: { type: 'string', description: 'most rows', default: '50' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const minutes = call.args.active === undefined ? undefined : Number(call.args.active);
    const since = minutes === undefined ? {} : { activeSinceMs: Date.now() - minutes * 60_000 };
    const store = await context.store();
    const sessions = await store.sessions.list({ limit: Number(call.args.limit) || 50, ...since });
    if (call.args.json) {
      return out.json({
        path: context.paths().databaseFile,
        count: sessions.length,
        activeMinutes: minutes ?? null,
        sessions: sessions.map((session) => ({
          key: session.key,
          kind: session.chat.kind,
          updatedAt: session.updatedAtMs,
          ageMs: Date.now() - session.updatedAtMs,
          sessionId: session.id,
          inputTokens: session.totals.inputTokens,
          outputTokens: session.totals.outputTokens,
          totalTokens: session.totals.inputTokens + session.totals.outputTokens,
          model: session.settings.model ?? null,
          contextTokens: session.totals.contextTokens,
          costUsd: session.totals.costUsd,
          turns: session.totals.turns,
        })),
      });
    }
    out.table(
      ['SESSION', 'KIND', 'USED', 'TURNS', 'TOKENS'],
      sessions.map((one) => [
        one.key,
        one.chat.kind,
        ago(one.updatedAtMs),
        String(one.totals.turns),
        String(one.totals.inputTokens + one.totals.outputTokens),
      ]),
      'No conversations yet.',
    );
  },
});
