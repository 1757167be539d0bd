/**
 * The one answer that a stranger gets: who they are on the platform, a code, and what the owner does with it.
 * What a stranger wrote is refused for good; it is never answered later.
 */
import type { InboundEvent, OutboundPart } from '../domain/message.ts';
import type { PairingRequest, Pairings } from '../domain/store.ts';

/** Requests that may wait for the owner at once, per channel account. */
const MOST_PENDING = 3;
/** Enough for the owner to recognise who it is. */
const FIRST_TEXT_CHARS = 120;

export interface StrangerAnswer {
  reason: 'pairing requested' | 'pairing pending' | 'too many pairings pending';
  reply?: OutboundPart;
}

export async function answerStranger(event: InboundEvent, pairings: Pick<Pairings, 'start'>): Promise<StrangerAnswer> {
  const started = await pairings.start(
    {
      channel: event.channel,
      account: event.account,
      senderId: event.sender.id,
      ...(event.sender.name === undefined ? {} : { senderName: event.sender.name }),
      ...(event.text === '' ? {} : { firstText: event.text.slice(0, FIRST_TEXT_CHARS) }),
    },
    MOST_PENDING,
  );
  switch (started.outcome) {
    case 'created':
      return { reason: 'pairing requested', reply: { text: pairingText(started.request) } };
    case 'pending':
      return { reason: 'pairing pending' };
    case 'full':
      return { reason: 'too many pairings pending' };
  }
}

export function pairingText(request: PairingRequest): string {
  return [
    'OpenClaw does not know you yet.',
    '',
    `Your ${request.channel} user id: ${request.senderId}`,
    `Pairing code: ${request.code}`,
    '',
    'The owner of this bot can let you in within the next hour:',
    '```',
    `openclaw pairing approve ${request.channel} ${request.code}`,
    '```',
  ].join('\n');
}
