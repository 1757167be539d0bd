/** A turn while it runs: what it works with, and its journal. The only place of the agent that appends entries of a turn. */
import { withoutSetAside } from './context.ts';
import type { ModelFacts, ThinkingLevel } from '../domain/model.ts';
import type { AssistantEntry, Entry, Session, StoredEntry, Turn } from '../domain/session.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { JoinWaiting, SessionSandbox, TurnObserver, TurnParts } from './parts.ts';
import { systemPrompt } from './prompt.ts';
import type { PromptFacts } from './prompt.ts';
import { withAttachments } from './sandbox-files.ts';
import { tokensOf } from './tokens.ts';
import { toolsetOf } from './toolset.ts';
import type { Toolset } from './toolset.ts';

export interface TurnInput {
  turn: Turn;
  session: Session;
  agent: AgentSettings;
  /** The session's history with the entries of this turn: at least its messages. */
  history: readonly StoredEntry[];
  /** `provider/model-id` in the order in which they are tried. */
  models: readonly string[];
  thinking: ThinkingLevel;
  /** Aborted with a `TurnAbort`, by the caller or by the turn's own time limit. */
  controller: AbortController;
  observer: TurnObserver;
  /** Present where new messages may join the running turn. */
  joinWaiting?: JoinWaiting;
}

export interface Run {
  readonly input: TurnInput;
  readonly parts: TurnParts;
  readonly signal: AbortSignal;
  readonly facts: ModelFacts;
  readonly sandbox: SessionSandbox;
  readonly tools: Toolset;
  readonly system: string;
  /** Tokens of what every request of the turn begins with. */
  readonly fixedTokens: number;
  /** What the model reads, oldest first. */
  entries: StoredEntry[];
  /** The entries of this turn, also those that a compaction has replaced. */
  readonly own: StoredEntry[];
  /** Lines for the person beside the answer. */
  readonly notices: string[];
}

/** Rejects with AppError where no model can be used. */
export async function openRun(input: TurnInput, parts: TurnParts): Promise<Run> {
  const { agent, session, turn } = input;
  const facts = await parts.modelFacts(input.models);
  const sandbox = withAttachments(parts.sandboxFor(session, agent), input.history);
  const tools = toolsetOf(parts.tools, agent.tools.policy);
  const { text: system, tokens } = promptOf({
    agent,
    chatKind: session.chat.kind,
    sandbox: tools.descriptions.length > 0 ? sandbox.facts : undefined,
    files: await parts.files.read(agent),
  });
  return {
    input,
    parts,
    signal: input.controller.signal,
    facts,
    sandbox,
    tools,
    system,
    fixedTokens: tokens + tools.tokens,
    entries: [...withoutSetAside(input.history)],
    own: input.history.filter((stored) => stored.turnId === turn.id),
    notices: [],
  };
}

interface MadePrompts {
  files: PromptFacts['files'];
  byPlace: Map<string, { text: string; tokens: number }>;
}

const made = new WeakMap<AgentSettings, MadePrompts>();
/** Sessions on the host each have a scratch directory of their own, and so a prompt. */
const MOST_PROMPTS = 100;

/** One string for all turns that begin alike: thousands may run at once. */
function promptOf(facts: PromptFacts): { text: string; tokens: number } {
  let prompts = made.get(facts.agent);
  if (prompts?.files !== facts.files || prompts.byPlace.size > MOST_PROMPTS) {
    prompts = { files: facts.files, byPlace: new Map() };
    made.set(facts.agent, prompts);
  }
  const place = JSON.stringify([facts.chatKind, facts.sandbox]);
  const known = prompts.byPlace.get(place);
  if (known) return known;
  const text = systemPrompt(facts);
  const prompt = { text, tokens: tokensOf(text) };
  prompts.byPlace.set(place, prompt);
  return prompt;
}

/** Appends to the journal. Visible when it resolves; whoever acts on it awaits `durable`. */
export async function write(run: Run, entries: Entry[]): Promise<StoredEntry[]> {
  if (entries.length === 0) return [];
  const { turn } = run.input;
  const seqs = await run.parts.store.turns.append(turn.id, entries);
  const atMs = run.parts.clock.now();
  const stored = entries.map((entry, index) => ({ seq: seqs[index] as number, turnId: turn.id, atMs, entry }));
  run.entries.push(...stored);
  run.own.push(...stored);
  return stored;
}

/** Books what an answer cost to the person who asked. */
export async function bookUsage(run: Run, answer: AssistantEntry): Promise<void> {
  const { turn, session } = run.input;
  await run.parts.store.sessions.addUsage({
    sessionKey: session.key,
    sessionId: turn.sessionId,
    turnId: turn.id,
    senderId: turn.messages.at(-1)?.sender.id ?? '',
    channel: turn.address.channel,
    model: answer.model,
    usage: answer.usage,
    ...(answer.costUsd === undefined ? {} : { costUsd: answer.costUsd }),
    atMs: run.parts.clock.now(),
  });
}
