/**
 * Makes the entry that replaces the older part of a conversation by a summary. The summary is the model's;
 * what it must not lose, the request that is being worked on, is put in word for word.
 */
import { AppError } from '../domain/errors.ts';
import type { ModelFacts } from '../domain/model.ts';
import type { Entry, StoredEntry, Turn } from '../domain/session.ts';
import { sizeOf, SUMMARY_SYSTEM, transcriptOf } from './compaction.ts';
import type { CallModel } from './model-step.ts';
import { answerOf } from './model-step.ts';

const SUMMARY_TOKENS = 4_000;
/** Of the window, for one piece of the transcript; the rest is for the summary so far and the answer. */
const PIECE_SHARE = 0.5;
const CHARS_PER_TOKEN = 3;
const REQUEST_CHARS = 4_000;

export interface SummaryRequest {
  entries: readonly StoredEntry[];
  /** Entries before this index go. Must be above 0. */
  cut: number;
  models: readonly string[];
  facts: ModelFacts;
  cacheKey: string;
  /** The turn that runs. Where the cut goes through it, what it was asked is put in word for word. */
  turn: Turn;
  /** What the person wants kept above all. */
  instructions?: string;
  signal: AbortSignal;
}

export type CompactionEntry = Extract<Entry, { kind: 'compaction' }>;

/** Throws AppError when the model gives no summary, and the signal's reason when aborted. */
export async function compactionOf(request: SummaryRequest, callModel: CallModel): Promise<CompactionEntry> {
  const { entries, cut } = request;
  const pieceChars = Math.max(4_000, Math.floor(request.facts.contextTokens * PIECE_SHARE * CHARS_PER_TOKEN));
  let summary = '';
  for (const piece of transcriptOf(entries.slice(0, cut), pieceChars)) {
    summary = await summaryOf(piece, summary, request, callModel);
  }
  const first = entries[cut] as StoredEntry;
  return {
    kind: 'compaction',
    summary: summary + cutRequest(first, request.turn),
    keepFromSeq: first.seq,
    tokensBefore: sizeOf(entries),
  };
}

async function summaryOf(piece: string, before: string, request: SummaryRequest, callModel: CallModel): Promise<string> {
  const text = [
    ...(before === '' ? [] : [`<summary-so-far>\n${before}\n</summary-so-far>`]),
    `<conversation>\n${piece}</conversation>`,
    ...(request.instructions ? [`The person asks for this to be kept above all: ${request.instructions}`] : []),
    'Write the summary of all of it now.',
  ].join('\n\n');
  const question = {
    system: SUMMARY_SYSTEM,
    messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text }] }],
    tools: [],
    maxOutputTokens: Math.min(SUMMARY_TOKENS, request.facts.maxOutputTokens),
    thinking: 'off' as const,
    cacheKey: `${request.cacheKey}:summary`,
  };
  const answer = await answerOf(callModel(request.models, question, request.signal), {});
  const summary = answer.parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('')
    .trim();
  if (summary === '') throw new AppError('unavailable', 'The model wrote no summary.', { hint: 'Try /compact again, or /new.' });
  return summary;
}

/** Taken from the turn and not from the entries: an earlier summary of the same turn may have replaced those. */
function cutRequest(first: StoredEntry, turn: Turn): string {
  if (first.turnId !== turn.id || first.entry.kind === 'user') return '';
  const words = turn.messages.map((message) => message.text).join('\n\n');
  return `\n\n## The request being worked on, word for word\n${words.slice(0, REQUEST_CHARS).toWellFormed()}`;
}
