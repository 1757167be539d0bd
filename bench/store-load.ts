/** The way of a message through the store, as a gateway takes it: two commits before the reply leaves. */
import type { Entry } from '../src/domain/session.ts';
import type { AdmittedEvent, Store } from '../src/domain/store.ts';

const answer: Entry = {
  kind: 'assistant',
  parts: [{ type: 'text', text: 'Here is what I found. '.repeat(12) }],
  model: 'anthropic/claude',
  finish: 'stop',
  usage: { inputTokens: 1800, outputTokens: 70, cacheReadTokens: 1500, cacheWriteTokens: 0, reasoningTokens: 0 },
};

function eventOf(n: number, sessions: number): AdmittedEvent {
  const person = String(100_000 + (n % sessions));
  const address = { channel: 'telegram', account: 'default', chatId: person };
  const chat = { id: person, kind: 'direct' as const };
  const text = `Message ${n}: please look into the notes and tell me what is open today.`;
  return {
    event: {
      channel: 'telegram',
      account: 'default',
      eventId: String(7_000_000_000 + n),
      kind: 'message',
      messageId: String(n),
      chat,
      sender: { id: person, name: 'Ada Lovelace', username: 'ada', isBot: false },
      text,
      attachments: [],
      addressed: true,
      sentAtMs: Date.now(),
    },
    admission: {
      outcome: 'queue',
      sessionKey: `agent:main:telegram:default:direct:${person}`,
      agentId: 'main',
      address,
      text,
      traceId: `trace-${n}`,
    },
  };
}

/** The part of a message after its receipt; resolves when its reply has been sent. */
async function answerOne(store: Store, sessionKey: string, history: boolean): Promise<void> {
  const claimed = await store.inbox.claim(sessionKey, { all: false, most: 1 });
  if (!claimed) throw new Error(`nothing waits in ${sessionKey}`);
  const { turn, session } = claimed;
  const [message] = turn.messages;
  if (!message) throw new Error('a turn without a message');
  const envelope = `[telegram direct, Ada Lovelace, 2026-11-01 12:00]`;
  const user: Entry = {
    kind: 'user',
    messageIds: [message.id],
    envelope,
    text: message.text,
    attachments: [],
    senderId: message.sender.id,
  };
  if (history) await store.sessions.history(session.id);
  await store.turns.append(turn.id, [user]);
  await store.durable();
  await store.turns.append(turn.id, [answer]);
  const replies = await store.turns.finish(turn.id, {
    state: 'done',
    entries: [],
    deliveries: [{ to: turn.address, part: { text: 'Here is what I found. '.repeat(12) }, index: 0 }],
  });
  await store.durable();
  for (const reply of replies) await store.outbox.sent(reply.id, `9${reply.id}`);
}

export interface Load {
  /** Receives `count` messages as one poll does, and answers them all at once. */
  receive(store: Store, from: number, count: number): Promise<void>;
  /** Receives only. */
  wait(store: Store, from: number, count: number): Promise<void>;
}

/** People who write in turn, `sessions` of them; `history` reads what was said before in each turn. */
export function createLoad({ sessions, history }: { sessions: number; history: boolean }): Load {
  const poll = (store: Store, from: number, count: number): ReturnType<Store['inbox']['receive']> => {
    const events = Array.from({ length: count }, (_, at) => eventOf(from + at, sessions));
    return store.inbox.receive({ channel: 'telegram', account: 'default', cursor: String(from + count), events });
  };
  return {
    receive: async (store, from, count) => {
      const { queued } = await poll(store, from, count);
      await Promise.all(queued.map(({ sessionKey }) => answerOne(store, sessionKey, history)));
    },
    wait: async (store, from, count) => {
      await poll(store, from, count);
      await store.durable();
    },
  };
}
