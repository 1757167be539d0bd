/** /new and /reset: the history starts empty under the same key; settings stay. The sandbox goes with the conversation. */
import type { ChatCommand, CommandCall, CommandHouse, CommandReply } from './command.ts';

async function begin({ sessionKey, session, agent }: CommandCall, house: CommandHouse): Promise<CommandReply> {
  const stopped = house.stop(sessionKey);
  const model = session?.settings.model ?? agent.models[0] ?? 'none';
  const begun = await house.store.sessions.reset(sessionKey);
  const text = `A new conversation begins. Model: ${model}.${stopped ? ' What was running is stopped.' : ''}`;
  if (!begun || !session) return { text };
  return {
    text,
    afterwards: async () => (await house.engine()).releaseSandbox(session, agent),
  };
}

export const newConversation: ChatCommand = { name: 'new', run: begin };

export const reset: ChatCommand = { name: 'reset', run: begin };
