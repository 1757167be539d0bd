/**
 * The gateway, started and stopped. Starting means: poll at once, take up what was left, and only then load what can wait.
 * Stopping means: take nothing more in, give the running turns their grace, leave the rest for the next start.
 */
import type { TurnObserver } from '../agent/parts.ts';
import type { Channel } from '../domain/channel.ts';
import type { Address } from '../domain/message.ts';
import type { SessionKey } from '../domain/session.ts';
import { assemble, channelKey } from './assembly.ts';
import type { Assembly } from './assembly.ts';
import { runChannel } from './channel-loop.ts';
import { menu } from './commands/menu.ts';
import { LOCAL_ACCOUNT, LOCAL_CHANNEL } from './local.ts';
import type { GatewayParts } from './parts.ts';
import { deliveriesOf } from './replies.ts';
import { statusOf } from './status.ts';
import type { GatewayStatus } from './status.ts';
import type { Submission, SubmissionEnd } from './submissions.ts';

export interface Gateway {
  /** Resolves when every channel has begun to poll; recovery goes on behind it. */
  start(): Promise<void>;
  /** Resolves within about `graceMs` and a second. What has not ended goes on after the next start. */
  stop(options: { graceMs: number }): Promise<void>;
  status(): Promise<GatewayStatus>;
  /** A message that comes from no platform; resolves when its turn has ended. Rejects when it could not be stored. */
  submit(submission: Submission): Promise<SubmissionEnd>;
  /** Sends a text to a chat; resolves when it is durable in the outbox. */
  say(to: Address, text: string): Promise<void>;
  /** Listens to the turns of a session until the returned function is called. */
  observe(sessionKey: SessionKey, observer: TurnObserver): () => void;
  /** Aborts the running turn of a session; false when none runs. */
  stopTurn(sessionKey: SessionKey): boolean;
  /** After a reload: a channel that was added or changed begins, the one before it of the same account ends first. */
  replaceChannel(channel: Channel): Promise<void>;
  removeChannel(channel: Pick<Address, 'channel' | 'account'>): Promise<void>;
}

/** Once the polls are on their way: asking the platforms who we are, telling them our commands. */
const INTRODUCE_AFTER_MS = 1_000;
/** Of the time that stopping may take: the most that sending the last answers gets of it. */
const SENDING_SHARE = 0.25;

interface Loop {
  stop: AbortController;
  done: Promise<void>;
}

export function createGateway(parts: GatewayParts): Gateway {
  const ring = assemble(parts);
  const loops = new Map<string, Loop>();
  const state = { startedAtMs: 0, stopping: false };
  const begin = (channel: Channel): void => void loops.set(keyOf(channel), beginLoop(channel, ring, parts));
  const end = async (key: string): Promise<void> => {
    loops.get(key)?.stop.abort();
    await loops.get(key)?.done;
    loops.delete(key);
  };

  return {
    async start() {
      state.startedAtMs = parts.clock.now();
      for (const channel of ring.channels.values()) begin(channel);
      // Both in this turn of the event loop, in this order: see `Recovery.start`.
      void ring.recovery.start();
      ring.lanes.wakeFromStore();
    },
    async stop({ graceMs }) {
      state.stopping = true;
      await ring.recovery.stop();
      const loopsEnd = Promise.all([...loops.keys()].map(end));
      await ring.lanes.drain(graceMs * (1 - SENDING_SHARE));
      await ring.delivery.drain(graceMs * SENDING_SHARE);
      ring.submissions.close();
      await Promise.race([loopsEnd, pause(graceMs * SENDING_SHARE)]);
    },
    status: () =>
      statusOf(
        {
          store: parts.store,
          channels: [...ring.channels.values()],
          identityOf: (channel) => ring.identities.of({ channel: channel.id, account: channel.account }),
        },
        { ...state, version: parts.version, runningTurns: ring.lanes.running.size },
      ),
    async submit(submission) {
      const { admitted, end: ended } = ring.submissions.open(submission);
      await ring.intake.take({ id: LOCAL_CHANNEL, account: LOCAL_ACCOUNT }, [admitted]);
      return ended;
    },
    say: (to, text) => say(ring, parts, to, text),
    observe: (sessionKey, observer) => ring.submissions.observe(sessionKey, observer),
    stopTurn: (sessionKey) => ring.lanes.stop(sessionKey),
    async replaceChannel(channel) {
      await end(keyOf(channel));
      ring.channels.set(keyOf(channel), channel);
      if (!state.stopping) begin(channel);
    },
    async removeChannel(place) {
      ring.channels.delete(channelKey(place));
      await end(channelKey(place));
    },
  };
}

function keyOf(channel: Channel): string {
  return channelKey({ channel: channel.id, account: channel.account });
}

function beginLoop(channel: Channel, ring: Assembly, parts: GatewayParts): Loop {
  const stop = new AbortController();
  const { store, log, channelFinished } = parts;
  const done = runChannel(
    {
      channel,
      inbox: store.inbox,
      receive: (from, batch) => ring.intake.receive(from, batch),
      log,
      ...(channelFinished && { finished: channelFinished }),
    },
    stop.signal,
  );
  const timer = setTimeout(() => void introduce(channel, ring, parts, stop.signal), INTRODUCE_AFTER_MS);
  timer.unref();
  stop.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return { stop, done };
}

// oxlint-disable-next-line max-params
async function introduce(channel: Channel, ring: Assembly, { settings }: GatewayParts, signal: AbortSignal): Promise<void> {
  await ring.identities.ask(channel, signal);
  if (!signal.aborted) await channel.setCommands?.(settings.commandMenu() ? [...menu] : []);
}

// oxlint-disable-next-line max-params
async function say(ring: Assembly, { store }: GatewayParts, to: Address, text: string): Promise<void> {
  const deliveries = deliveriesOf({ to, text }, ring.channelOf(to));
  const toSendNow = await store.outbox.add(deliveries, true);
  await store.durable();
  ring.delivery.send(toSendNow, deliveries.length);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
