/** The terminal plugin: a light value; what it needs is loaded when it is created. */
import * as z from 'zod/mini';
import type { ChannelPlugin } from '../domain/channel.ts';

const settings = z.strictObject({});

export const terminal: ChannelPlugin<z.infer<typeof settings>> = {
  id: 'terminal',
  title: 'Terminal',
  settings,
  async create(account, _settings, edges) {
    const { createTerminalChannel } = await import('./terminal/channel.ts');
    return createTerminalChannel(account, { input: process.stdin, output: process.stdout }, edges);
  },
};
