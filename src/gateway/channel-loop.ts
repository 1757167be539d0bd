/**
 * Keeps one channel running: from the stored cursor on, begun again with growing pauses when it ends unasked. A refused credential
 * is reported and that channel stays down; no other is touched.
 */
import type { Channel, ReceivedBatch } from '../domain/channel.ts';
import { isAppError, messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Inbox } from '../domain/store.ts';

export interface ChannelLoopParts {
  channel: Channel;
  inbox: Pick<Inbox, 'cursor'>;
  receive(channel: Channel, batch: ReceivedBatch): Promise<void>;
  /** The channel came to its end by itself, such as a pipe. Must not throw. */
  finished?(channel: Channel): void;
  log: Log;
  /** First and longest pause before a new beginning, milliseconds. */
  pauses?: { firstMs: number; mostMs: number };
}

const PAUSES = { firstMs: 1_000, mostMs: 60_000 };
/** Who ran for so long has recovered: the next pause is the first again. */
const WELL_AFTER_MS = 60_000;

/** Resolves when `signal` aborts or the channel stays down. Must not reject. */
export async function runChannel(parts: ChannelLoopParts, signal: AbortSignal): Promise<void> {
  const { firstMs, mostMs } = parts.pauses ?? PAUSES;
  let pauseMs = firstMs;
  while (!signal.aborted) {
    const since = performance.now();
    if (!(await runOnce(parts, signal))) return;
    if (performance.now() - since > WELL_AFTER_MS) pauseMs = firstMs;
    await pause(pauseMs, signal);
    pauseMs = Math.min(mostMs, pauseMs * 2);
  }
}

/** False when it must not begin again. */
async function runOnce({ channel, inbox, receive, finished, log }: ChannelLoopParts, signal: AbortSignal): Promise<boolean> {
  const named = { channel: channel.id, account: channel.account };
  try {
    const cursor = await inbox.cursor(channel.id, channel.account);
    await channel.run((batch) => receive(channel, batch), cursor, signal);
    if (!signal.aborted) {
      log.info(named, 'a channel came to its end');
      finished?.(channel);
    }
  } catch (error) {
    if (signal.aborted) return false;
    if (isAppError(error, 'denied')) {
      log.error({ ...named, reason: error.message, hint: error.hint }, 'a channel stays down: its credential is refused');
      return false;
    }
    log.error({ ...named, error, reason: messageOf(error) }, 'a channel ended unexpectedly; it begins again');
  }
  return true;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
