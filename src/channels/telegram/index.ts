/** The Telegram plugin: a light value; the client is loaded when an account is created. */
import type { ChannelPlugin } from '../../domain/channel.ts';
import { telegramSettings, type TelegramSettings } from './settings.ts';

export const telegram: ChannelPlugin<TelegramSettings> = {
  id: 'telegram',
  title: 'Telegram',
  settings: telegramSettings,
  async create(account, settings, edges) {
    const { createTelegramChannel } = await import('./channel.ts');
    return createTelegramChannel(account, settings, edges);
  },
};
