/** Who the bot is on each channel, asked once the polls are under way: its own id for admission, notes for the owner. */
import type { Channel, ChannelIdentity } from '../domain/channel.ts';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Address } from '../domain/message.ts';

type Place = Pick<Address, 'channel' | 'account'>;

export class Identities {
  private readonly known = new Map<string, ChannelIdentity>();
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  of(place: Place): ChannelIdentity | undefined {
    return this.known.get(`${place.channel} ${place.account}`);
  }

  /** Must not reject: a channel that does not answer is asked again with its next start. */
  async ask(channel: Channel, signal: AbortSignal): Promise<void> {
    try {
      const identity = await channel.probe(signal);
      this.known.set(`${channel.id} ${channel.account}`, identity);
      for (const note of identity.notes) this.log.warn({ channel: channel.id, account: channel.account }, note);
    } catch (error) {
      this.log.info(
        { channel: channel.id, account: channel.account, reason: messageOf(error) },
        'a channel did not say who it is',
      );
    }
  }
}
