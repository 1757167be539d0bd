/**
 * The accounts after a storm: every message answered exactly once, no side effect twice, no repeat without its mark, order kept.
 * Judges what was written down and changes nothing.
 */
import type { SentMessage } from '../peers/bot-api.ts';
import { answerTo, errandIdOf, linesIn, type AnswerLine, type Errand } from './errands.ts';
import type { Ledger } from './ledger.ts';

export interface Evidence {
  ledger: Ledger;
  /** All that the bot sent, in order, as it stands at the end. */
  sent: readonly SentMessage[];
  /** Lines of the file that the tools write to. */
  effects: readonly string[];
}

export interface Accounts {
  figures: Record<string, number>;
  /** One sentence each; none when all is well. */
  violations: string[];
}

/** As the gateway marks what may be a repeat. */
const MARK = '(may be a repeat)';
/** So long after its answer, what was sent must be known to be sent. */
const KNOWN_AFTER_MS = 500;

interface Showing {
  line: AnswerLine;
  message: SentMessage;
  marked: boolean;
}

export function judge({ ledger, sent, effects }: Evidence): Accounts {
  const showings = sent.filter((message) => !message.deleted).flatMap(showingsOf);
  const byLine = Map.groupBy(showings, ({ line }) => `${errandIdOf(line)}:${line.line}`);
  const lost = lostOf(ledger, byLine);
  const duplicates = [...byLine].filter(([, shown]) => shown.filter(({ marked }) => !marked).length > 1);
  const known = [...byLine.values()].filter((shown) => isKnownRepeat(shown, ledger));
  const marked = sent.filter(isMarked);
  const needless = marked.filter((message) => !isMarkDue(message, ledger));
  const repeated = [...Map.groupBy(effects, (effect) => effect)].filter(([, times]) => times.length > 1);
  const missing = [...ledger.claimedEffects].filter((effect) => !effects.includes(effect));
  const disorder = disorderOf(showings);
  const faults: [string, string[]][] = [
    ['lost or incomplete', lost],
    ['unmarked duplicate', duplicates.map(([line, shown]) => `${line} in ${shown.map(placeOf).join(', ')}`)],
    ['repeated although it had arrived', known.map((shown) => shown.map(placeOf).join(', '))],
    ['marked as a repeat without need', needless.map(({ chatId, messageId }) => `${chatId}/${messageId}`)],
    ['side effect done twice', repeated.map(([effect]) => effect)],
    ['side effect reported but not done', missing],
    ['out of order', disorder],
  ];
  return {
    figures: {
      messages: ledger.errands.size,
      'reply parts sent': sent.length,
      'marked repeats': marked.length,
      'side effects': effects.length,
    },
    violations: faults.flatMap(([what, list]) => (list.length === 0 ? [] : [`${list.length} ${what}: ${shorten(list)}`])),
  };
}

function showingsOf(message: SentMessage): Showing[] {
  const marked = isMarked(message);
  return linesIn(message.text).map((line) => ({ line, message, marked }));
}

function isMarked({ text }: SentMessage): boolean {
  return text.startsWith(MARK);
}

function lostOf({ errands }: Ledger, byLine: ReadonlyMap<string, Showing[]>): string[] {
  return [...errands.values()].filter((errand) => !isWhole(errand, byLine)).map(({ id, kind }) => `${id} (${kind})`);
}

function isWhole(errand: Errand, byLine: ReadonlyMap<string, Showing[]>): boolean {
  return answerTo(errand).every((_, index) => byLine.has(`${errand.id}:${index + 1}`));
}

/** The platform's answer was there long before the process died, and yet it was sent again. */
function isKnownRepeat(shown: readonly Showing[], { sendings, killsAtMs }: Ledger): boolean {
  return shown.slice(0, -1).some(({ message }) => {
    const sending = sendings.get(`${message.chatId}/${message.messageId}`);
    if (!sending?.answered) return false;
    const diedAtMs = killsAtMs.find((atMs) => atMs >= sending.atMs) ?? Infinity;
    return diedAtMs - sending.atMs > KNOWN_AFTER_MS;
  });
}

/** Since the person wrote, the process died or a connection broke: somebody could not know. */
function isMarkDue(message: SentMessage, { errands, killsAtMs, unknownAtMs }: Ledger): boolean {
  const [line] = linesIn(message.text);
  const askedAtMs = (line && errands.get(errandIdOf(line))?.atMs) ?? 0;
  const doubts = [...killsAtMs, ...(unknownAtMs.get(message.chatId) ?? [])];
  return doubts.some((atMs) => atMs >= askedAtMs && atMs <= message.at);
}

/** By chat: what is shown for the first time must come after what was shown before. */
function disorderOf(showings: readonly Showing[]): string[] {
  const seen = new Set<string>();
  const latest = new Map<number, AnswerLine>();
  return showings.flatMap(({ line, message }) => {
    const key = `${errandIdOf(line)}:${line.line}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const before = latest.get(message.chatId);
    latest.set(message.chatId, line);
    const inOrder = !before || before.number < line.number || (before.number === line.number && before.line < line.line);
    return inOrder ? [] : [`${key} after ${errandIdOf(before)}:${before.line}`];
  });
}

function placeOf({ message, marked }: Showing): string {
  return `${message.chatId}/${message.messageId}${marked ? ' (marked)' : ''}`;
}

function shorten(list: readonly string[]): string {
  const most = 5;
  return list.length <= most ? list.join('; ') : `${list.slice(0, most).join('; ')}; ...`;
}
