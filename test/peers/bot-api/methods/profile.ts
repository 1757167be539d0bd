/**
 * Owns the bot's own account: who it is, its command menu, its webhook, its chats.
 */
import { isObject, type Json } from '../../wire/body.ts';
import { badRequest } from '../answers.ts';
import { nested, nestedObject, text } from '../parameters.ts';
import { openRoom, type World } from '../world.ts';
import type { Methods } from './method.ts';

const MAX_COMMANDS = 100;

function scopeKey(parameters: Json): string {
  const scope = nestedObject(parameters, 'scope') ?? { type: 'default' };
  const place = [scope['type'], scope['chat_id'], scope['user_id']].filter((part) => part !== undefined);
  return `${place.join(':')}/${text(parameters, 'language_code')}`;
}

function readCommands(parameters: Json): unknown[] {
  const commands = nested(parameters, 'commands');
  if (!Array.isArray(commands)) throw badRequest("can't parse commands: expected an Array");
  if (commands.length > MAX_COMMANDS) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  for (const command of commands) checkCommand(command);
  return commands;
}

function checkCommand(command: unknown): void {
  if (!isObject(command)) throw badRequest("can't parse BotCommand: expected an Object");
  // With or without the leading slash, as the platform takes it.
  if (!/^\/?[a-z0-9_]{1,32}$/.test(text(command, 'command'))) throw badRequest('BOT_COMMAND_INVALID');
  const description = text(command, 'description').trim();
  if (description === '') throw badRequest('command description must be non-empty');
  if (description.length > 256) throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
}

function webhookInfo(world: World): unknown {
  return {
    url: world.webhookUrl,
    has_custom_certificate: false,
    pending_update_count: world.queue.pending().length,
  };
}

export const profileMethods: Methods = {
  getMe: (world) => ({
    ...world.me,
    can_join_groups: true,
    // Privacy mode is off: what people write in a group all reaches the bot.
    can_read_all_group_messages: true,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  }),
  getWebhookInfo: (world) => webhookInfo(world),
  deleteWebhook(world, { parameters }) {
    world.webhookUrl = '';
    if (/^(true|1)$/i.test(text(parameters, 'drop_pending_updates'))) world.queue.drop();
    return true;
  },
  setWebhook(world, { parameters }) {
    world.webhookUrl = text(parameters, 'url');
    return true;
  },
  setMyCommands(world, { parameters }) {
    world.commands.set(scopeKey(parameters), readCommands(parameters));
    return true;
  },
  getMyCommands: (world, { parameters }) => world.commands.get(scopeKey(parameters)) ?? [],
  deleteMyCommands(world, { parameters }) {
    world.commands.delete(scopeKey(parameters));
    return true;
  },
  getChat(world, { parameters }) {
    const { chat } = openRoom(world, parameters['chat_id']);
    return { ...chat, accent_color_id: 0, max_reaction_count: 11, accepted_gift_types: {} };
  },
  getChatMember(world, { parameters }) {
    const room = openRoom(world, parameters['chat_id']);
    const id = Number(parameters['user_id']);
    if (id === world.me.id) return { status: room.chat.type === 'channel' ? 'administrator' : 'member', user: world.me };
    const user = world.people.get(id);
    if (user === undefined) throw badRequest('user not found');
    return { status: 'member', user };
  },
  logOut: () => true,
  close: () => true,
};
