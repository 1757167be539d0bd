/**
 * Is the gateway ready: does the store answer, does every channel receive? Answered without a token, so it tells names and no reasons,
 * and asks at most once in a while.
 */
import type { Clock } from '../domain/clock.ts';
import type { GatewayStatus } from '../gateway/status.ts';

/** Nobody without a token may keep the store busy by asking. */
const KEPT_MS = 1_000;
/** A store that does not answer is not ready. */
const PATIENCE_MS = 2_000;

export interface ReadinessParts {
  status: () => Promise<GatewayStatus>;
  clock: Clock;
  patienceMs?: number;
}

/** The names of what fails: `gateway` (it stops), `store`, `channel:ID/ACCOUNT`. Must not reject. */
export function createReadiness({ status, clock, patienceMs = PATIENCE_MS }: ReadinessParts): () => Promise<string[]> {
  let kept: { atMs: number; failing: Promise<string[]> } | undefined;
  return () => {
    const now = clock.monotonic();
    if (!kept || now - kept.atMs >= KEPT_MS) kept = { atMs: now, failing: ask(status, patienceMs) };
    return kept.failing;
  };
}

async function ask(status: ReadinessParts['status'], patienceMs: number): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
    timer.unref();
  });
  try {
    const answer = await Promise.race([status(), late]);
    if (!answer) return ['store'];
    const { stopping, channels } = answer;
    const deaf = channels.filter(({ state }) => state !== 'running');
    return [...(stopping ? ['gateway'] : []), ...deaf.map(({ channel, account }) => `channel:${channel}/${account}`)];
  } catch {
    return ['store'];
  } finally {
    clearTimeout(timer);
  }
}
