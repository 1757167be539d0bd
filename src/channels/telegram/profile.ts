/** Owns the bot's own account on the platform: who it is and its command menu. */
import type { ChannelIdentity, ChatCommandName } from '../../domain/channel.ts';
import { AppError } from '../../domain/errors.ts';
import { apiSignal, type Client } from './api.ts';
import { toAppError } from './errors.ts';
import type { TelegramSettings } from './settings.ts';

/** Rejects with AppError `denied` or `unavailable`. */
export async function probe({ api }: Client, apiRoot: string, signal: AbortSignal): Promise<ChannelIdentity> {
  try {
    const me = await api.getMe(apiSignal(signal));
    return { id: String(me.id), name: `@${me.username}`, notes: [...notesOn(me), ...notesOnRoot(apiRoot)] };
  } catch (error) {
    const told = toAppError(error);
    throw told.code === 'denied'
      ? told
      : new AppError('unavailable', told.message, told.hint === undefined ? {} : { hint: told.hint });
  }
}

function notesOn(me: { can_read_all_group_messages?: boolean }): string[] {
  if (me.can_read_all_group_messages !== true) return [];
  return ['The bot gets every message of its groups: its privacy mode is off (@BotFather, /setprivacy).'];
}

function notesOnRoot(apiRoot: string): string[] {
  if (!/^http:\/\/(?!(?:localhost|127\.[\d.]+|\[::1\])(?:[:/]|$))/.test(apiRoot)) return [];
  return ['apiRoot is plain http to another machine: whoever is on the way can read the token.'];
}

/** Telegram's limits: https://core.telegram.org/bots/api#botcommand */
const COMMAND = /^[a-z0-9_]{1,32}$/;
const LONGEST_DESCRIPTION = 256;
const MOST_COMMANDS = 100;

/** Sets the menu of all private chats and groups, or takes it away where the settings say so. Rejects with what grammY throws. */
export async function setMenu({ api }: Client, settings: TelegramSettings, commands: readonly ChatCommandName[]): Promise<void> {
  if (settings.commands.native === false) {
    await api.deleteMyCommands();
    return;
  }
  const own = commands.map(({ name, description }) => ({
    command: name,
    description: description.slice(0, LONGEST_DESCRIPTION),
  }));
  const custom = settings.customCommands.map(({ command, description }) => ({ command: command.replace('/', ''), description }));
  // One name that Telegram refuses would cost the whole menu.
  const menu = [...own, ...custom].filter(({ command, description }) => COMMAND.test(command) && description.trim() !== '');
  await api.setMyCommands(menu.slice(0, MOST_COMMANDS));
}
