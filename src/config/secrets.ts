/**
 * Turns the texts at secret keys into `Secret` values. Whatever it cannot resolve is told as a problem; a secret is never shown.
 */
import type * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { knownKey, secretPaths } from './known.ts';
import { valueAt, type ConfigPath } from './path.ts';
import type { Problem } from './problems.ts';
import { expandVariables, referenceKind, resolveReference, type ReferenceEdges } from './references.ts';

type Plain = Record<string | number, unknown>;

/** Stands for a secret that was not resolved: the schema accepts it, nobody can use it. */
const UNRESOLVED = '';

const PLACEHOLDER =
  /^(?:\s*|undefined|null|none|changeme|change[-_ ]me|todo|secret|password|token|xxx+|\.{3}|…|<.*>|\{\{.*\}\}|your[-_ ].*|managed[-_ ]by[-_ ].*|replace[-_ ].*|redacted|\[redacted\])$/i;

/** A value that somebody put there until the real one comes. */
function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

/** Replaces `${VAR}` in all texts of `value`. A text that cannot be expanded is taken out and told. */
export function expandAll(root: z.core.$ZodType, value: Plain, edges: Pick<ReferenceEdges, 'env'>): Problem[] {
  const problems: Problem[] = [];
  for (const [path, text] of Array.from(texts(value))) {
    if (!text.includes('${')) continue;
    try {
      set(value, path, expandVariables(text, edges.env));
    } catch (error) {
      problems.push(problemOf(path, error));
      if (knownKey(root, path)?.facts.secret) set(value, path, new Secret(UNRESOLVED));
      else unset(value, path);
    }
  }
  return problems;
}

interface ResolvedSecrets {
  problems: Problem[];
  /** References that were not followed. */
  unfollowed: ConfigPath[];
}

/** Resolves the references that `follow` asks for; the others become secrets that nobody can use. */
export async function resolveSecrets(
  root: z.core.$ZodType,
  value: Plain,
  edges: ReferenceEdges,
  follow: (path: ConfigPath) => boolean,
): Promise<ResolvedSecrets> {
  const all = [...secretPaths(root, value)].map((path) => ({ path, text: valueAt(value, path) as string }));
  const unfollowed = all.filter(({ path, text }) => referenceKind(text) !== undefined && !follow(path)).map(({ path }) => path);
  for (const path of unfollowed) set(value, path, new Secret(UNRESOLVED));
  const known = new Map<string, Promise<string>>();
  const resolveOnce = (reference: string): Promise<string> => {
    const pending = known.get(reference) ?? resolveReference(reference, edges);
    known.set(reference, pending);
    return pending;
  };
  const resolveAt = async ({ path, text }: { path: ConfigPath; text: string }): Promise<Problem[]> => {
    // First, so that no placeholder ever becomes a value that is blanked out of all texts.
    set(value, path, new Secret(UNRESOLVED));
    try {
      const found = await resolveOnce(text);
      if (isPlaceholder(found)) return [{ path, message: notASecret(found) }];
      set(value, path, new Secret(found));
      return [];
    } catch (error) {
      return [problemOf(path, error)];
    }
  };
  const problems = await Promise.all(all.filter(({ path }) => !unfollowed.includes(path)).map(resolveAt));
  return { problems: problems.flat(), unfollowed };
}

function notASecret(text: string): string {
  return text.trim() === '' ? 'the secret is blank.' : `${JSON.stringify(text)} stands for a secret, but is none.`;
}

function problemOf(path: ConfigPath, error: unknown): Problem {
  if (!(error instanceof AppError)) throw error;
  const message = [`${error.message}.`, ...(error.hint ? [error.hint] : [])].join(' ');
  return { path, message, ...(error.code === 'not_found' && { absent: true }) };
}

function* texts(value: unknown, path: ConfigPath = []): Generator<[ConfigPath, string]> {
  if (typeof value === 'string') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) yield* texts(below, [...path, Array.isArray(value) ? Number(key) : key]);
}

function set(value: Plain, path: ConfigPath, replacement: unknown): void {
  (valueAt(value, path.slice(0, -1)) as Plain)[path.at(-1) as string] = replacement;
}

function unset(value: Plain, path: ConfigPath): void {
  delete (valueAt(value, path.slice(0, -1)) as Plain)[path.at(-1) as string];
}
