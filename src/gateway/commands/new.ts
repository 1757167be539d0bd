/** /new and /reset: the history starts empty under the same key; settings stay. The sandbox goes with the conversation. */
import { currentModel } from './command.ts';
import type { ChatCommand, CommandCall, CommandHouse, CommandReply } from './command.ts';

async function begin(call: CommandCall, house: CommandHouse): Promise<CommandReply> {
  const { sessionKey, session, agent } = call;
  const model = await currentModel(call, house);
  const stopped = house.stop(sessionKey);
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
