/** One step's question to the model and its answer. What a provider refuses as too long is asked once more with less. */
import { readFile } from 'node:fs/promises';
import { isContextOverflow } from '../domain/model.ts';
import type { AssistantEntry, StoredEntry } from '../domain/session.ts';
import { sizeOf } from './compaction.ts';
import { modelMessagesOf } from './context.ts';
import { budgetOf, compactRun, fitContext } from './fit.ts';
import { answerOf } from './model-step.ts';
import type { ModelQuestion } from './model-step.ts';
import type { Run } from './run.ts';

/** The model did not answer, after all retries; the store and the turn itself are well. */
export class ModelFailure extends Error {
  constructor(cause: unknown) {
    super('the model did not answer', { cause });
    this.name = 'ModelFailure';
  }
}

/** After an overflow, the conversation must come out this much smaller than our estimate of it was. */
const SHRINK_TO = 0.6;
const LEAST_OUTPUT_TOKENS = 1_024;

/** Throws ModelFailure, the signal's reason, or what the store throws. */
export async function ask(run: Run): Promise<AssistantEntry> {
  const entries = await fitContext(run);
  try {
    return await answerTo(run, entries);
  } catch (error) {
    if (!(error instanceof ModelFailure) || !isContextOverflow(error.cause)) throw error;
    run.parts.log.info({ estimatedTokens: sizeOf(entries) }, 'the provider counts more tokens than estimated');
    return answerTo(run, await compactRun(run, Math.min(budgetOf(run), sizeOf(entries)) * SHRINK_TO));
  }
}

async function answerTo(run: Run, entries: readonly StoredEntry[]): Promise<AssistantEntry> {
  const question = await questionOf(run, entries);
  try {
    return await answerOf(run.parts.callModel(run.input.models, question, run.signal), run.input.observer);
  } catch (error) {
    run.signal.throwIfAborted();
    throw new ModelFailure(error);
  }
}

async function questionOf(run: Run, entries: readonly StoredEntry[]): Promise<ModelQuestion> {
  const { facts, input } = run;
  const left = facts.contextTokens - run.fixedTokens - sizeOf(entries);
  return {
    system: run.system,
    messages: await modelMessagesOf(entries, { images: facts.images, loadImage }),
    tools: run.tools.descriptions,
    maxOutputTokens: Math.min(facts.maxOutputTokens, Math.max(LEAST_OUTPUT_TOKENS, left)),
    thinking: input.thinking,
    cacheKey: input.session.id,
  };
}

async function loadImage(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path)).toString('base64');
  } catch {
    return undefined;
  }
}
