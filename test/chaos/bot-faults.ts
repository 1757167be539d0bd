/** The bad days of the Bot API: now and then a call of the gateway suffers. */
import type { BotApi, Fault } from '../peers/bot-api.ts';

const FAULTS: readonly Fault[] = [
  { status: 429, retryAfterSeconds: 1 },
  { status: 500 },
  { status: 502, body: '<html><body>502 Bad Gateway</body></html>' },
  { reset: 'before' },
  { reset: 'after' },
  { delayMs: 300 },
];
const METHODS = ['sendMessage', 'editMessageText', 'getUpdates'];
const EVERY_MS = 100;
/** At most one call of so many suffers: nothing gets through a platform that is broken for good. */
const CALLS_BETWEEN = 5;

/** Plans one fault after the other until it is called off. */
export function plagueBot(bot: BotApi, random: () => number): () => void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const due = new Map(METHODS.map((method) => [method, 0]));
  const timer = setInterval(() => {
    const method = pick(METHODS);
    if (bot.count(method) < (due.get(method) ?? 0)) return;
    due.set(method, bot.count(method) + CALLS_BETWEEN);
    bot.fault(method, pick(FAULTS));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    bot.clearFaults();
  };
}
