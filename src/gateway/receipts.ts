/** The reaction with which the gateway shows that it has heard an admitted message, before it answers. A courtesy: it fails nothing. */
import type { Channel } from '../domain/channel.ts';
import type { InboundEvent } from '../domain/message.ts';
import type { ReceiptSettings } from '../domain/settings.ts';
import type { AdmittedEvent, ReceiveResult } from '../domain/store.ts';

/** Pure: does this event get a reaction? */
export function wantsReceipt({ kind, chat, addressed }: InboundEvent, scope: ReceiptSettings['scope']): boolean {
  if (kind !== 'message' || scope === 'off') return false;
  if (scope === 'all') return true;
  if (chat.kind === 'direct') return scope === 'direct';
  return scope === 'group-all' || (scope === 'group-mentions' && addressed);
}

export interface ReceiptParts {
  receipt(): ReceiptSettings;
  channelOf(event: InboundEvent): Channel | undefined;
}

/** Called when the batch is on disk. A batch with repeats in it gets none: those were shown before. Must not throw. */
export function showReceipts(events: readonly AdmittedEvent[], result: ReceiveResult, parts: ReceiptParts): void {
  const { scope, reaction } = parts.receipt();
  if (scope === 'off' || result.repeats > 0) return;
  for (const { event, admission } of events) {
    if (admission.outcome !== 'queue' || event.messageId === undefined || !wantsReceipt(event, scope)) continue;
    parts.channelOf(event)?.react?.(admission.address, event.messageId, reaction);
  }
}
