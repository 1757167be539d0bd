/**
 * What the two peers and the driver saw, in order: deaths, what people asked, what the model was asked, what was sent and how
 * that call ended. Written down while the storm runs; judged afterwards.
 */
import type { BotApi, Call, Message } from '../peers/bot-api.ts';
import { errandIdOf, linesIn, type Errand } from './errands.ts';

export interface Sending {
  chatId: number;
  messageId: number;
  atMs: number;
  /** False: the connection was reset after the message was taken. */
  answered: boolean;
}

export interface Ledger {
  readonly errands: Map<string, Errand & { atMs: number }>;
  readonly killsAtMs: number[];
  /** Tool calls whose result said that all went well. */
  readonly claimedEffects: Set<string>;
  /** How the sendings of each message came to the platform. */
  readonly sendings: Map<string, Sending>;
  /** Calls that send or edit and got no answer of the platform's own, by chat. */
  readonly unknownAtMs: Map<number, number[]>;
  /** Milliseconds from a start until an interrupted errand was worked on again. */
  readonly wentOnMs: number[];
  asked(errand: Errand): void;
  died(): void;
  started(atMs: number): void;
  /** The model was asked about it. */
  worked(errandId: string): void;
  isAnswered(errandId: string): boolean;
  open(): number;
}

/** From a proxy on the way, which knows nothing. */
const BAD_GATEWAY = 502;
const MESSAGES = new Set(['sendmessage', 'editmessagetext']);

export function createLedger(bot: BotApi): Ledger {
  const underWay = new Set<string>();
  const answered = new Set<string>();
  let interrupted = new Set<string>();
  let startedAtMs = 0;
  let latest: Message | undefined;
  const goesOn = (id: string): void => {
    if (interrupted.delete(id)) ledger.wentOnMs.push(Date.now() - startedAtMs);
  };
  const ledger: Ledger = {
    errands: new Map(),
    killsAtMs: [],
    claimedEffects: new Set(),
    sendings: new Map(),
    unknownAtMs: new Map(),
    wentOnMs: [],
    asked: (errand) => void ledger.errands.set(errand.id, { ...errand, atMs: Date.now() }),
    died() {
      ledger.killsAtMs.push(Date.now());
      interrupted = new Set(underWay);
    },
    started: (atMs) => void (startedAtMs = atMs),
    worked(id) {
      underWay.add(id);
      goesOn(id);
    },
    isAnswered: (id) => answered.has(id),
    open: () => ledger.errands.size - answered.size,
  };
  bot.onSent((message) => void (latest = message));
  // A message is recorded in the same turn of the event loop in which its call is answered.
  bot.onCall((call) => {
    if (!MESSAGES.has(call.method.toLowerCase())) return;
    const chatId = Number(call.parameters['chat_id']);
    if (latest) record(ledger, latest, call);
    if (call.status === 0 || call.status === BAD_GATEWAY)
      ledger.unknownAtMs.set(chatId, [...(ledger.unknownAtMs.get(chatId) ?? []), call.at]);
    if (latest || call.status === 200) {
      for (const line of linesIn(String(call.parameters['text'] ?? ''))) {
        goesOn(errandIdOf(line));
        if (line.line === line.of) settle(errandIdOf(line));
      }
    }
    latest = undefined;
  });
  function settle(id: string): void {
    underWay.delete(id);
    answered.add(id);
  }
  return ledger;
}

function record(ledger: Ledger, message: Message, call: Call): void {
  const chatId = message.chat.id;
  const sending = { chatId, messageId: message.message_id, atMs: call.at, answered: call.status === 200 };
  ledger.sendings.set(`${chatId}/${message.message_id}`, sending);
}
