/** /whoami: how the gateway knows the person. */
import { label } from '../../agent/envelope.ts';
import type { ChatCommand } from './command.ts';

export const whoami: ChatCommand = {
  name: 'whoami',
  async run({ message: { sender, address, chat }, sessionKey }) {
    const lines = [
      `Channel: ${address.channel}`,
      `User id: ${sender.id}`,
      ...(sender.username === undefined ? [] : [`Username: @${label(sender.username)}`]),
      ...(chat.kind === 'direct' ? [] : [`Chat id: ${chat.id}`]),
      `Conversation: ${sessionKey}`,
    ];
    return { text: lines.join('\n') };
  },
};
