/**
 * Owns the fake Telegram Bot API as a test sees it: a server on a real socket, and the world behind it.
 * Facts from https://core.telegram.org/bots/api. Needs nothing of the product.
 */
import { createFaults, type Fault } from './wire/faults.ts';
import { listen } from './wire/listen.ts';
import { createNews } from './wire/until.ts';
import { Refusal } from './bot-api/answers.ts';
import { fileMethods, downloadable } from './bot-api/methods/files.ts';
import { mediaMethods } from './bot-api/methods/media.ts';
import { messageMethods } from './bot-api/methods/messages.ts';
import type { Method } from './bot-api/methods/method.ts';
import { profileMethods } from './bot-api/methods/profile.ts';
import { readPoll } from './bot-api/methods/poll.ts';
import { createChannel, createPerson, type Channel, type Person } from './bot-api/people.ts';
import { createUpdateQueue } from './bot-api/queue.ts';
import { createHandler, type Network, type Wire, type WireCall } from './bot-api/server.ts';
import type { Call, Chat, Message, SentMessage, Update, User } from './bot-api/types.ts';
import { roomFor, type World } from './bot-api/world.ts';

export type { Call, Chat, Entity, Message, SentMessage, Update, UploadedFile, User } from './bot-api/types.ts';
export type { Channel, MediaOptions, MessageOptions, Person } from './bot-api/people.ts';
export type { Network } from './bot-api/server.ts';
export type { Fault } from './wire/faults.ts';

export interface BotApiOptions {
  /** 0, the default, picks a free port. */
  port?: number;
  token?: string;
  username?: string;
  /** Keep counts only: no history, no message text, no check against earlier messages. */
  bench?: boolean;
  firstUpdateId?: number;
}

export interface BotApi {
  /** For `apiRoot`: http://127.0.0.1:PORT, no slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly me: User;
  close(): Promise<void>;

  /** A person in a private chat; from now on the bot may write to it. */
  person(id: number, user?: Partial<User>): Person;
  /** A group (id below zero) that the bot is in. Ids from -1000000000000 down are supergroups. */
  group(id: number, title?: string): Chat;
  channel(id: number, title?: string): Channel;
  /** Any update by hand: `push("message", {...})`. Undefined when the bot did not ask for its kind. */
  push(kind: string, payload: unknown): Update | undefined;
  /** The group becomes a supergroup: calls with the old id get `migrate_to_chat_id`. */
  migrate(fromChatId: number, toChatId: number): void;

  /** What the bot sent, in order, of one chat or of all. Empty in bench mode. */
  sent(chatId?: number): readonly SentMessage[];
  /** The visible texts of `sent`, without the deleted ones. */
  texts(chatId?: number): string[];
  /** Resolves with the n-th message (1 is the first) that the bot sends, to one chat or to any. */
  waitForSent(n: number, options?: { chatId?: number; timeoutMs?: number }): Promise<SentMessage>;
  /** Looks again after each call of the bot (and when a long poll begins to wait), until `holds`; rejects after `timeoutMs` (10,000). */
  until(holds: () => boolean, timeoutMs?: number): Promise<void>;
  /** Not confirmed by an offset, oldest first. */
  pending(): Update[];
  /** A long poll is held open now. */
  polling(): boolean;
  /** Calls as they came, of one method or of all. Empty in bench mode. */
  calls(method?: string): readonly Call[];
  /** How often a method was called, or all together. Cheap. */
  count(method?: string): number;
  /** Messages sent by the bot, all chats. Cheap. */
  sentCount(): number;
  /** Called for each message that the bot sends, also in bench mode. */
  onSent(listener: (message: Message, method: string) => void): void;
  /** Called for each answered call, also in bench mode. */
  onCall(listener: (call: Call) => void): void;
  /** What the platform keeps for the bot: menus by scope, typing signs, reactions, answered buttons, files. */
  readonly world: Pick<World, 'commands' | 'chatActions' | 'reactions' | 'answeredCallbacks' | 'files'>;

  /** The next calls of a method ("*": of any, "file": downloads) suffer the fault. */
  fault(method: string, fault: Fault): void;
  clearFaults(): void;
  /** Network loss and return. */
  network(state: Network): Promise<void>;
  /** Every call gets 401 from now on; with a new token, that one works. */
  revoke(newToken?: string): void;
  /** A webhook is set, as if by another program: getUpdates answers 409. */
  setWebhook(url: string): void;
  /** Bugs of this peer itself; a test may assert that there are none. */
  readonly failures: readonly unknown[];
}

const DEFAULT_TOKEN = '123456:TEST-abcdefghijklmnopqrstuvwxyz01234';
const DEFAULT_TIMEOUT_MS = 10_000;

const METHODS = new Map<string, { name: string; run: Method }>(
  Object.entries({ ...profileMethods, ...messageMethods, ...mediaMethods, ...fileMethods }).map(([name, run]) => [
    name.toLowerCase(),
    { name, run },
  ]),
);

/** Starts the peer. Rejects when the port is taken. */
export async function createBotApi(options: BotApiOptions = {}): Promise<BotApi> {
  const world = createWorld(options);
  const calls: Call[] = [];
  const counts = new Map<string, number>();
  const failures: unknown[] = [];
  let onCall: ((call: Call) => void) | undefined;
  let total = 0;
  const wire: Wire = {
    token: options.token ?? DEFAULT_TOKEN,
    revoked: false,
    network: 'up',
    faults: createFaults(),
    call: (call) => dispatch(world, call),
    download: (path) => downloadable(world, path),
    record(call) {
      total += 1;
      counts.set(call.method, (counts.get(call.method) ?? 0) + 1);
      if (!world.bench) calls.push(call);
      onCall?.(call);
      world.news.tell();
    },
    failed: (error) => failures.push(error),
  };
  const listener = await listen(options.port ?? 0, createHandler(wire));
  const until = (holds: () => boolean, what: () => string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> =>
    world.news.until(holds, what, timeoutMs);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    get token() {
      return wire.token;
    },
    me: world.me,
    async close() {
      world.queue.abandon();
      await listener.close();
    },
    ...peopleOf(world),
    sent: (chatId) => sentIn(world, chatId),
    texts: (chatId) =>
      sentIn(world, chatId)
        .filter((message) => !message.deleted)
        .map((message) => message.text),
    async waitForSent(n, { chatId, timeoutMs } = {}) {
      const seen = (): readonly SentMessage[] => sentIn(world, chatId);
      const what = (): string =>
        `sent message ${n}${chatId === undefined ? '' : ` in chat ${chatId}`}; there are ${seen().length}`;
      await until(() => seen().length >= n, what, timeoutMs);
      return seen()[n - 1] as SentMessage;
    },
    until: (holds, timeoutMs) => until(holds, () => 'the condition of the test', timeoutMs),
    pending: () => world.queue.pending(),
    polling: () => world.queue.polling(),
    calls: (method) => (method === undefined ? calls : calls.filter((call) => call.method === method)),
    count: (method) => (method === undefined ? total : (counts.get(method) ?? 0)),
    sentCount: () => world.sentCount,
    onSent(listener_) {
      world.onSent = listener_;
    },
    onCall(listener_) {
      onCall = listener_;
    },
    world,
    fault: (method, fault) => wire.faults.plan(method, fault),
    clearFaults: () => wire.faults.clear(),
    async network(state) {
      wire.network = state;
      if (state !== 'up') world.queue.abandon();
      if (state === 'silent') return;
      // Coming back: what hung before hangs no longer, its connection is gone.
      await listener.refuse();
      if (state === 'up') await listener.accept();
    },
    revoke(newToken) {
      wire.revoked = newToken === undefined;
      if (newToken !== undefined) wire.token = newToken;
    },
    setWebhook(url) {
      world.webhookUrl = url;
    },
    failures,
  };
}

function createWorld(options: BotApiOptions): World {
  const id = Number((options.token ?? DEFAULT_TOKEN).split(':')[0]) || 123456;
  const username = options.username ?? 'peer_bot';
  return {
    me: { id, is_bot: true, first_name: 'Peer Bot', username },
    bench: options.bench ?? false,
    queue: createUpdateQueue(options.firstUpdateId ?? 700_000_001),
    news: createNews(),
    rooms: new Map(),
    people: new Map(),
    files: new Map(),
    commands: new Map(),
    openCallbacks: new Set(),
    answeredCallbacks: new Map(),
    chatActions: [],
    reactions: [],
    sent: [],
    sentCount: 0,
    webhookUrl: '',
    onSent: undefined,
  };
}

function dispatch(world: World, { method, input, answer, onCancel }: WireCall): void {
  if (method.toLowerCase() === 'getupdates') {
    if (world.webhookUrl !== '') throw new Refusal(409, WEBHOOK_ACTIVE);
    onCancel(world.queue.poll(readPoll(input.parameters), answer));
    world.news.tell();
    return;
  }
  const found = METHODS.get(method.toLowerCase());
  if (found === undefined) throw new Refusal(404, 'Not Found');
  answer(found.run(world, { method: found.name, parameters: input.parameters, files: input.files }));
}

const WEBHOOK_ACTIVE =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

function sentIn(world: World, chatId: number | undefined): readonly SentMessage[] {
  return chatId === undefined ? world.sent : (world.rooms.get(chatId)?.sent ?? []);
}

function peopleOf(world: World): Pick<BotApi, 'person' | 'group' | 'channel' | 'push' | 'migrate'> {
  const groupChat = (id: number, title = `Group ${-id}`): Chat => ({
    id,
    type: id <= -1_000_000_000_000 ? 'supergroup' : 'group',
    title,
  });
  return {
    person(id, given = {}) {
      const known = world.people.get(id);
      const user: User = { first_name: `Person${id}`, language_code: 'en', is_bot: false, ...known, ...given, id };
      const chat: Chat = { id, type: 'private', first_name: user.first_name };
      if (user.username !== undefined) chat.username = user.username;
      return createPerson(world, user, world.rooms.get(id)?.chat ?? chat);
    },
    group: (id, title) => roomFor(world, groupChat(id, title)).chat,
    channel: (id, title) => createChannel(world, roomFor(world, { id, type: 'channel', title: title ?? `Channel ${-id}` }).chat),
    push: (kind, payload) => world.queue.push(kind, payload),
    migrate(fromChatId, toChatId) {
      const room = roomFor(world, groupChat(fromChatId));
      room.migratedTo = toChatId;
      const title = room.chat.title;
      roomFor(world, groupChat(toChatId, title));
      const from = { message_id: room.nextMessageId, date: Math.floor(Date.now() / 1000), chat: room.chat };
      world.queue.push('message', { ...from, migrate_to_chat_id: toChatId });
    },
  };
}
