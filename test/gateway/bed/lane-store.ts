/** The part of a store that lanes use, in memory: strict order per lane, one turn at a time. For properties over many arrivals. */
import type { QueuedMessage, Session, SessionSettings, Turn } from '../../../src/domain/session.ts';
import type { LaneParts } from '../../../src/gateway/lanes.ts';

export interface LaneStore {
  parts: LaneParts['store'];
  receive(key: string, senderId: string, text: string): void;
  /** The turn ends: its lane may be claimed again. */
  end(turn: Turn): void;
  waiting(): number;
  /** Settings of a session, as patched. */
  settings: Map<string, SessionSettings>;
}

export function createLaneStore(): LaneStore {
  const queued = new Map<string, QueuedMessage[]>();
  const running = new Map<string, Turn>();
  const settings = new Map<string, SessionSettings>();
  let next = 0;
  const sessionOf = (key: string): Session => ({ key, id: key, settings: settings.get(key) ?? {}, address: ADDRESS }) as Session;
  const take = (key: string, most: number): QueuedMessage[] => queued.get(key)?.splice(0, most) ?? [];
  return {
    settings,
    receive(key, senderId, text) {
      next += 1;
      const message = { id: String(next), text, sender: { id: senderId, isBot: false }, receivedAtMs: next } as QueuedMessage;
      queued.set(key, [...(queued.get(key) ?? []), message]);
    },
    end: (turn) => void running.delete(turn.sessionKey),
    waiting: () => [...queued.values()].reduce((sum, messages) => sum + messages.length, 0),
    parts: {
      sessions: { get: async (key) => sessionOf(key) },
      inbox: {
        async claim(key, { all, most }) {
          if (running.has(key)) return undefined;
          const messages = take(key, all ? most : 1);
          if (messages.length === 0) return undefined;
          next += 1;
          const turn = {
            id: `t${next}`,
            sessionKey: key,
            sessionId: key,
            messages,
            deaths: 0,
            address: ADDRESS,
          } as unknown as Turn;
          running.set(key, turn);
          return { turn, session: sessionOf(key) };
        },
        join: async (turnId) => take([...running.values()].find((turn) => turn.id === turnId)?.sessionKey ?? '', 100),
        async readyLanes(limit) {
          const ready = [...queued].filter(([key, messages]) => messages.length > 0 && !running.has(key));
          const oldest = ready.toSorted(([, one], [, other]) => Number(one[0]?.id) - Number(other[0]?.id));
          return oldest.slice(0, limit).map(([sessionKey, messages]) => ({ sessionKey, senderId: messages[0]?.sender.id ?? '' }));
        },
      },
    },
  };
}

const ADDRESS = { channel: 'telegram', account: 'default', chatId: '1' };
