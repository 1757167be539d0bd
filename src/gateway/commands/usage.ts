/** /usage: what the conversation has used, and whether each answer says what it used. */
import type { SessionSettings } from '../../domain/session.ts';
import type { UsageTotal } from '../../domain/store.ts';
import { dollars, short } from '../figures.ts';
import type { ChatCommand } from './command.ts';

const FOOTERS: readonly NonNullable<SessionSettings['usageFooter']>[] = ['off', 'tokens', 'full'];
const DAY_MS = 86_400_000;

export const usage: ChatCommand = {
  name: 'usage',
  async run({ rest, sessionKey, session }, house) {
    const wanted = rest.toLowerCase();
    if (wanted !== '') {
      const footer = FOOTERS.find((one) => one === wanted);
      if (!footer) return { text: `"${rest.slice(0, 40)}" is not known. Choose ${FOOTERS.join(', ')}.` };
      await house.store.sessions.patch(sessionKey, { usageFooter: footer });
      return { text: `Usage under each answer: ${footer}.` };
    }
    const now = house.now();
    const today = await house.store.sessions.usage({ sinceMs: now, sessionKey });
    const month = await house.store.sessions.usage({ sinceMs: now - 29 * DAY_MS, sessionKey });
    const footer = session?.settings.usageFooter ?? 'off';
    const lines = [
      line('Today', today),
      line('Last 30 days', month),
      `Under each answer: ${footer} (/usage off, tokens or full)`,
    ];
    return { text: lines.join('\n'), buttons: FOOTERS.map((one) => ({ label: one, command: `/usage ${one}` })) };
  },
};

function line(when: string, totals: readonly UsageTotal[]): string {
  const sum = (of: (total: UsageTotal) => number): number => totals.reduce((all, total) => all + of(total), 0);
  const tokens = `${short(sum((total) => total.inputTokens))} in / ${short(sum((total) => total.outputTokens))} out`;
  return `${when}: ${sum((total) => total.calls)} model calls, ${tokens}, est. ${dollars(sum((total) => total.costUsd))}`;
}
