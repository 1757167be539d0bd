/** /think: how long the model thinks before it answers. */
import { thinkingLevels } from '../../domain/model.ts';
import type { ChatCommand } from './command.ts';

export const think: ChatCommand = {
  name: 'think',
  async run({ rest, sessionKey, session, agent }, house) {
    const wanted = rest.toLowerCase();
    if (wanted === '') {
      const text = `Thinking: ${session?.settings.thinking ?? agent.thinking}. Choose ${thinkingLevels.join(', ')}, or default.`;
      return { text, buttons: thinkingLevels.map((level) => ({ label: level, command: `/think ${level}` })) };
    }
    if (wanted === 'default') {
      await house.store.sessions.patch(sessionKey, { thinking: null });
      return { text: `Thinking: ${agent.thinking} (the default).` };
    }
    const level = thinkingLevels.find((one) => one === wanted);
    if (!level) return { text: `"${rest.slice(0, 40)}" is no level. Choose ${thinkingLevels.join(', ')}, or default.` };
    await house.store.sessions.patch(sessionKey, { thinking: level });
    return { text: `Thinking: ${level}, from your next message on.` };
  },
};
