/**
 * Makes the configured channels. Their modules load here, each only when it is configured.
 * One that cannot be made is reported and left out: the others must not wait for it.
 */
import { channels as plugins } from '../channels/index.ts';
import type { Channel, ChannelEdges } from '../domain/channel.ts';
import { messageOf } from '../domain/errors.ts';
import type { ChannelAccountSettings } from '../domain/settings.ts';

export async function createChannels(accounts: readonly ChannelAccountSettings[], edges: ChannelEdges): Promise<Channel[]> {
  const made = await Promise.all(accounts.filter(({ enabled }) => enabled).map((account) => createChannel(account, edges)));
  return made.filter((channel) => channel !== undefined);
}

export async function createChannel(account: ChannelAccountSettings, edges: ChannelEdges): Promise<Channel | undefined> {
  const place = { channel: account.channel, account: account.account };
  const plugin = plugins.find(({ id }) => id === account.channel);
  if (!plugin || account.problem !== undefined) {
    edges.log.error({ ...place }, `the channel stays down: ${account.problem ?? 'there is no such channel'}`);
    return undefined;
  }
  try {
    return await plugin.create(account.account, account.settings as never, edges);
  } catch (error) {
    edges.log.error({ ...place }, `the channel stays down: ${messageOf(error)}`);
    return undefined;
  }
}
