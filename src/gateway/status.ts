/** What the gateway does right now, for `openclaw status`, the local API and the page. No secrets, no message texts. */
import type { Channel, ChannelIdentity, ChannelStatus } from '../domain/channel.ts';
import type { DeliveryState, MessageState, Store } from '../domain/store.ts';

export interface GatewayStatus {
  version: string;
  startedAtMs: number;
  stopping: boolean;
  channels: (ChannelStatus & { channel: string; account: string; identity?: ChannelIdentity })[];
  /** Turns that run now. */
  runningTurns: number;
  messages: Record<MessageState, number>;
  deliveries: Record<DeliveryState, number>;
  /** The latest deliveries that were given up. */
  undelivered: { channel: string; chatId: string; state: DeliveryState; reason?: string; createdAtMs: number }[];
}

const MOST_UNDELIVERED = 10;

export interface StatusParts {
  store: Pick<Store, 'inbox' | 'outbox'>;
  channels: readonly Channel[];
  identityOf(channel: Channel): ChannelIdentity | undefined;
}

export async function statusOf(
  parts: StatusParts,
  rest: Pick<GatewayStatus, 'version' | 'startedAtMs' | 'stopping' | 'runningTurns'>,
): Promise<GatewayStatus> {
  const { store, channels, identityOf } = parts;
  const failed = await store.outbox.list({ states: ['failed', 'uncertain'], limit: MOST_UNDELIVERED });
  return {
    ...rest,
    channels: channels.map((channel) => {
      const identity = identityOf(channel);
      return { channel: channel.id, account: channel.account, ...channel.status(), ...(identity && { identity }) };
    }),
    messages: await store.inbox.counts(),
    deliveries: await store.outbox.counts(),
    undelivered: failed.map(({ to, state, reason, createdAtMs }) => ({
      channel: to.channel,
      chatId: to.chatId,
      state,
      createdAtMs,
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}
