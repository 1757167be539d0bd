/** The list of channels. Whoever adds one adds it here, and its fixture in test/channels/fixtures. */
import type { ChannelPlugin } from '../domain/channel.ts';
import { telegram } from './telegram/index.ts';
import { terminal } from './terminal.ts';

export const channels: readonly ChannelPlugin<never>[] = [telegram, terminal];
