/**
 * Does chat commands beside the lanes: at once, also while a turn runs. Stored before, answered after; one that a dead process
 * left undone is done again, which is why doing it twice must do no more than doing it once.
 */
import type { Channel } from '../domain/channel.ts';
import type { Log } from '../domain/log.ts';
import type { Address } from '../domain/message.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { Delivery, QueuedCommand, Store } from '../domain/store.ts';
import { commandLineOf } from './command-line.ts';
import type { CommandHouse, CommandReply } from './commands/command.ts';
import { deliveriesOf } from './replies.ts';
import { newReference } from './trace.ts';

export interface SideCommandParts {
  store: Pick<Store, 'inbox' | 'sessions' | 'durable'>;
  house: CommandHouse;
  agent(agentId: string): AgentSettings;
  channelOf(to: Pick<Address, 'channel' | 'account'>): Channel | undefined;
  send(toSendNow: readonly Delivery[], stored: number): void;
  /** Must not throw. */
  ended(traceId: string, replies: number, text: string): void;
  log: Log;
}

/** Must not reject. */
export async function runSideCommand(queued: QueuedCommand, parts: SideCommandParts): Promise<void> {
  const { store, log } = parts;
  const { message } = queued;
  try {
    const reply = await replyTo(queued, parts);
    const deliveries = deliveriesOf({ to: message.address, ...reply }, parts.channelOf(message.address));
    const replies = deliveries.map((delivery) => ({ ...delivery, sessionKey: queued.sessionKey }));
    const toSendNow = await store.inbox.commandDone(message.id, replies);
    await store.durable();
    parts.ended(message.traceId, replies.length, reply.text);
    parts.send(toSendNow, replies.length);
    await reply.afterwards?.();
  } catch (error) {
    log.error({ error, trace: message.traceId }, 'a chat command could not be finished; it is done again at the next start');
  }
}

async function replyTo(queued: QueuedCommand, parts: SideCommandParts): Promise<CommandReply> {
  const { message, sessionKey, agentId } = queued;
  try {
    const line = commandLineOf(message.text);
    const { commands } = await import('./commands/index.ts');
    const command = commands.find((one) => one.name === line?.name);
    if (!command || !line) return { text: 'This command is not known any more. /help shows the commands.' };
    const session = await parts.store.sessions.get(sessionKey);
    return await command.run({ rest: line.rest, message, sessionKey, session, agent: parts.agent(agentId) }, parts.house);
  } catch (error) {
    const reference = newReference();
    parts.log.error({ error, reference, trace: message.traceId }, 'a chat command failed');
    return { text: `That did not work because of an internal error (reference ${reference}).` };
  }
}
