/**
 * The gateway's own channel: messages that come over its local API or from a schedule, whose answers go to whoever waits for them.
 * Nothing leaves the process through it.
 */
import type { Channel } from '../domain/channel.ts';

export const LOCAL_CHANNEL = 'local';
export const LOCAL_ACCOUNT = 'default';

export const localChannel: Channel = {
  id: LOCAL_CHANNEL,
  account: LOCAL_ACCOUNT,
  capabilities: { textLimit: Number.MAX_SAFE_INTEGER, edits: false, detectsDuplicates: true },
  run: async (_receive, _cursor, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }),
  probe: async () => ({ id: LOCAL_CHANNEL, name: LOCAL_CHANNEL, notes: [] }),
  splitText: (markdown) => [markdown],
  send: async (_to, _part, { dedupeKey }) => dedupeKey,
  status: () => ({ state: 'running' }),
};
