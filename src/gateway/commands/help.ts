/** /help, and /start as the platforms' greeting. */
import { menu } from './menu.ts';
import type { ChatCommand } from './command.ts';

export const help: ChatCommand = {
  name: 'help',
  async run() {
    const lines = menu.map(({ name, description }) => `/${name} – ${description}`);
    return { text: ['Write what you want, in your own words. These commands help:', '', ...lines].join('\n') };
  },
};

export const start: ChatCommand = {
  name: 'start',
  async run({ agent }) {
    return { text: `Hello, I am ${agent.name}. Write what you want, in your own words. /help shows the commands.` };
  },
};
