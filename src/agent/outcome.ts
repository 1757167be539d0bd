/** How a turn ends: what is written last, and what the person reads. Plain sentences; no error text of a provider or a program. */
import { isAppError } from '../domain/errors.ts';
import { redact } from '../domain/redaction.ts';
import type { AssistantEntry, Entry, StoredEntry } from '../domain/session.ts';
import { ModelFailure } from './ask.ts';
import { limitSentence, spentOf } from './limits.ts';
import type { LimitKind, Spent } from './limits.ts';
import { TurnAbort } from './parts.ts';
import { NO_REPLY } from './prompt.ts';
import type { Run, TurnInput } from './run.ts';

export interface TurnOutcome {
  state: 'done' | 'failed' | 'stopped';
  reason?: string;
  /** To be written together with the end. */
  entries: Entry[];
  /** Markdown; empty when nothing is to be said. */
  reply: string;
  /** Of the whole turn. */
  spent: Spent & { inputTokens: number; outputTokens: number };
}

export function endOfAnswer(run: Run, answer: AssistantEntry): TurnOutcome {
  const own = [...run.own, { seq: 0, turnId: run.input.turn.id, atMs: 0, entry: answer }];
  return { state: 'done', entries: [answer], reply: replyOf(run, own, answer), spent: spentWith(own) };
}

/** What the person gets: everything that the model said in this turn, in order. */
function replyOf(run: Run, own: readonly StoredEntry[], answer: AssistantEntry): string {
  if (textOf(answer).trim() === NO_REPLY) return '';
  const said = saidIn(own);
  if (answer.finish === 'length') said.push('_(The answer was cut off at the length limit. Write "go on" for the rest.)_');
  if (said.length === 0)
    said.push(answer.finish === 'refused' ? 'The model declined to answer this.' : 'The model gave no answer.');
  return joined([...run.notices.map((line) => `_${line}_`), ...said]);
}

export function endOfLimit(run: Run, kind: LimitKind): TurnOutcome {
  return stoppedAt(kind, run.input, run.own, run.notices);
}

/** Turns an error into an end, or throws it again where the turn must be left to go on later. */
export function endOfError(error: unknown, input: TurnInput, run: Run | undefined): TurnOutcome {
  const own = run?.own ?? input.history.filter((stored) => stored.turnId === input.turn.id);
  if (error instanceof TurnAbort) return endOfAbort(error, input, own);
  const cause = error instanceof ModelFailure ? error.cause : error;
  // Without a run, the failure is that no model can be used; with one, only a ModelFailure is the model's.
  if (!(error instanceof ModelFailure) && (run !== undefined || !isAppError(error))) throw error;
  // Something unforeseen in a provider is a bug: reported as such, with a reference.
  if (!isAppError(cause)) throw cause;
  const said = [...saidIn(own), cause.message, 'Your message is kept: /retry asks again.'];
  const note: Entry = { kind: 'note', text: 'the model could not be reached, so this message has no answer yet' };
  return { state: 'failed', reason: `model: ${cause.code}`, entries: [note], reply: joined(said), spent: spentWith(own) };
}

function endOfAbort(abort: TurnAbort, input: TurnInput, own: readonly StoredEntry[]): TurnOutcome {
  if (abort.kind === 'shutdown') throw abort;
  if (abort.kind === 'timeout') return stoppedAt('time', input, own, []);
  const why = abort.kind === 'stop' ? 'the person stopped this run' : 'a newer message interrupted this run';
  const note: Entry = { kind: 'note', text: `${why} before it was finished` };
  return {
    state: 'stopped',
    reason: abort.kind === 'stop' ? 'stopped' : 'interrupted',
    entries: [note],
    reply: '',
    spent: spentWith(own),
  };
}

function stoppedAt(kind: LimitKind, input: TurnInput, own: readonly StoredEntry[], notices: readonly string[]): TurnOutcome {
  const note: Entry = { kind: 'note', text: `this run was ended at its limit of ${kind}; the person was told` };
  const said = [...notices.map((line) => `_${line}_`), ...saidIn(own), limitSentence(kind, input.agent.limits)];
  return { state: 'stopped', reason: `limit: ${kind}`, entries: [note], reply: joined(said), spent: spentWith(own) };
}

function saidIn(own: readonly StoredEntry[]): string[] {
  return own.flatMap(({ entry }) => (entry.kind === 'assistant' ? [textOf(entry).trim()] : [])).filter((text) => text !== '');
}

function textOf(answer: AssistantEntry): string {
  return answer.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

function joined(paragraphs: readonly string[]): string {
  return redact(paragraphs.join('\n\n').toWellFormed());
}

function spentWith(own: readonly StoredEntry[]): TurnOutcome['spent'] {
  const spent = { ...spentOf(own), inputTokens: 0, outputTokens: 0 };
  for (const { entry } of own) {
    if (entry.kind !== 'assistant') continue;
    spent.inputTokens += entry.usage.inputTokens;
    spent.outputTokens += entry.usage.outputTokens;
  }
  return spent;
}
