/** From the text of an answer to the deliveries that carry it: split for the channel, linked, the first part into the preview. Pure. */
import type { Channel } from '../domain/channel.ts';
import type { Address, OutboundFile, OutboundPart } from '../domain/message.ts';
import type { NewDelivery } from '../domain/store.ts';

export interface Reply {
  to: Address;
  text: string;
  files?: readonly OutboundFile[];
  buttons?: OutboundPart['buttons'];
  /** The message in which the answer was shown while it grew. */
  remoteId?: string | undefined;
}

export function deliveriesOf(reply: Reply, channel: Pick<Channel, 'splitText' | 'capabilities'> | undefined): NewDelivery[] {
  const parts = partsOf(reply, channel);
  const links = channel?.capabilities.replyLinks ?? 'first';
  return parts.map((part, index) => ({
    to: links === 'all' || (links === 'first' && index === 0) ? reply.to : withoutLink(reply.to),
    part,
    index,
    ...(index === 0 && reply.remoteId !== undefined && !part.file ? { remoteId: reply.remoteId } : {}),
  }));
}

function partsOf(reply: Reply, channel: Pick<Channel, 'splitText'> | undefined): OutboundPart[] {
  const texts = reply.text.trim() === '' ? [] : (channel?.splitText(reply.text) ?? [reply.text]);
  const parts: OutboundPart[] = texts.map((text) => ({ text }));
  const last = parts.at(-1);
  if (last && reply.buttons?.length) last.buttons = reply.buttons;
  return [...parts, ...(reply.files ?? []).map((file) => ({ text: '', file }))];
}

function withoutLink(to: Address): Address {
  const { replyToMessageId: _, ...rest } = to;
  return rest;
}
