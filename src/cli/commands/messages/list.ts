/** `openclaw messages [--unanswered]`: received = answered + refused with a reason + what still waits. */
import { defineCommand } from 'citty';
import type { MessageRow, MessageState } from '../../../domain/store.ts';
import { contextOf } from '../../command.ts';
import { ago } from '../../time.ts';

const UNANSWERED: MessageState[] = ['queued', 'running'];

export default defineCommand({
  args: {
    unanswered: { type: 'boolean', description: 'only those that wait or run' },
    refused: { type: 'boolean', description: 'only those that were refused or quarantined' },
    limit: { type: 'string', description: 'most rows', default: '20' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const store = await context.store();
    const counts = await store.inbox.counts();
    const states = wanted(call.args.unanswered === true, call.args.refused === true);
    const messages = await store.inbox.list({ limit: Number(call.args.limit) || 20, ...(states ? { states } : {}) });
    const received = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (call.args.json) return out.json({ received, counts, unanswered: counts.queued + counts.running, messages });
    out.table(['RECEIVED', 'STATE', 'FROM', 'TEXT', 'REASON'], messages.map(row), 'No such messages.');
    out.line();
    out.line(
      `Received ${received}: answered ${counts.answered}, refused ${counts.refused}, quarantined ${counts.quarantined}, ` +
        `waiting ${counts.queued}, running ${counts.running}.`,
    );
  },
});

function wanted(unanswered: boolean, refused: boolean): MessageState[] | undefined {
  if (unanswered) return UNANSWERED;
  return refused ? ['refused', 'quarantined'] : undefined;
}

function row(message: MessageRow): string[] {
  const text = message.text.replace(/\s+/g, ' ');
  const short = text.length > 48 ? `${text.slice(0, 47)}…` : text;
  return [ago(message.receivedAtMs), message.state, `${message.channel}:${message.senderId}`, short, message.reason ?? ''];
}
