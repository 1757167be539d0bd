/**
 * What is wrong with a configuration, in words: where it stands, what was expected, what was probably meant.
 * Must never repeat the value of a secret.
 */
import type * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import { redact } from '../domain/redaction.ts';
import { describePlace, placeAt, type Place } from './json5/place.ts';
import { nodeAt, parseTree, type TreeNode } from './json5/tree.ts';
import { allKeys, childrenOf, expectedOf, knownKey } from './known.ts';
import { nearest } from './nearest.ts';
import { formatPath, valueAt, type ConfigPath } from './path.ts';
import { closedSection, foreignKey } from './unknown.ts';

export interface Problem {
  path: ConfigPath;
  /** Where in the file; absent when the value comes from elsewhere. */
  place?: Place;
  /** A sentence without the path. */
  message: string;
  /** The value comes from here instead of the file, e.g. `the environment variable X`. */
  source?: string;
  /** Two keys that the owner changes one after the other differ for a moment: no reason to refuse an edit. */
  passing?: true;
  /** What it refers to is not here; it may be where the gateway runs. */
  absent?: true;
}

interface ConfigErrorWords {
  title?: string;
  hint?: string;
  cause?: unknown;
}

/** The file cannot be used. One problem or more, all of which are told. */
export class ConfigError extends AppError {
  readonly problems: readonly Problem[];
  readonly configPath: string;

  constructor(configPath: string, found: readonly Problem[], words: ConfigErrorWords = {}) {
    const problems = found.toSorted(byPlace);
    const lines = problems.map((problem) => `  - ${describeProblem(problem)}`);
    super('invalid', [`${words.title ?? 'Config invalid'}: ${configPath}`, ...lines].join('\n'), {
      hint: words.hint ?? 'Mend the file, then: openclaw config validate',
      cause: words.cause,
    });
    this.problems = problems;
    this.configPath = configPath;
  }
}

function byPlace(a: Problem, b: Problem): number {
  const [first, second] = [a.place ?? { line: 0, column: 0 }, b.place ?? { line: 0, column: 0 }];
  return first.line - second.line || first.column - second.column;
}

export function describeProblem({ path, place, source, message }: Problem): string {
  const where = source ? ` (${source})` : place ? ` (${describePlace(place)})` : '';
  return `${path.length > 0 ? formatPath(path) : 'the file'}${where}: ${message}`;
}

/** Where the value of a path stands, else the nearest thing above it. */
export function placeOf(text: string, tree: TreeNode | undefined, path: ConfigPath): Place | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const above = nodeAt(tree, path.slice(0, length - 1));
    const step = path[length - 1];
    if (above?.kind === 'object') {
      const member = above.members.find(({ key }) => key === String(step));
      if (member) return placeAt(text, length === path.length ? member.value.start : member.keySpan.start);
    }
    const item = above?.kind === 'array' ? above.items[Number(step)] : undefined;
    if (item) return placeAt(text, item.start);
  }
  return tree && placeAt(text, tree.start);
}

/** Where a key itself stands, for a key that should not be there. */
export function placeOfKey(text: string, tree: TreeNode | undefined, path: ConfigPath): Place | undefined {
  const above = nodeAt(tree, path.slice(0, -1));
  const member = above?.kind === 'object' ? above.members.find(({ key }) => key === String(path.at(-1))) : undefined;
  return member && placeAt(text, member.keySpan.start);
}

/** zod's findings in our words. */
export function problemsOf(root: z.core.$ZodType, error: z.core.$ZodError, value: unknown): Problem[] {
  const problems = error.issues.flatMap((issue) => fromIssue(root, issue, value));
  const typed = problems.filter(({ together }) => !together);
  // What a key should be comes first; how keys fit together is said once each of them is right.
  return (typed.length > 0 ? typed : problems).map(({ path, message }) => ({ path, message }));
}

/** `together`: several keys that are right by themselves do not fit. */
type Found = Problem & { together?: boolean };

function fromIssue(root: z.core.$ZodType, issue: z.core.$ZodIssue, value: unknown): Found[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(root, [...path, key]) }));
  if (issue.code === 'invalid_key') {
    const above = knownKey(root, path.slice(0, -1))?.schema;
    return [
      {
        path,
        message: `${JSON.stringify(path.at(-1))} cannot stand here: expected ${above ? expectedOf(above) : 'another name'}.`,
      },
    ];
  }
  if (issue.code === 'custom' && !isGeneric(issue)) return [{ path, message: issue.message, together: true }];
  const union = issue.code === 'invalid_union' ? inside(root, issue, path, value) : undefined;
  return union ?? [{ path, message: wrongValue(root, path, value) }];
}

/** A custom check without words of its own: the schema's facts say what is expected. */
function isGeneric(issue: z.core.$ZodIssueCustom): boolean {
  return issue.message === 'Invalid input';
}

/** An object where one of a choice is an object: its own keys are the matter, not the choice. */
function inside(
  root: z.core.$ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
  path: ConfigPath,
  value: unknown,
): Found[] | undefined {
  const here = valueAt(value, path);
  if (typeof here !== 'object' || here === null || Array.isArray(here)) return undefined;
  const ofObject = issue.errors.find((issues) => issues.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'));
  return ofObject?.flatMap((one) => fromIssue(root, { ...one, path: [...path, ...one.path] } as z.core.$ZodIssue, value));
}

/** So many keys can be told in a sentence. */
const FEW = 6;

export function unknownKey(root: z.core.$ZodType, path: ConfigPath): string {
  const key = String(path.at(-1));
  const exact = foreignKey(path);
  if (exact) return `unknown key. ${exact}`;
  const above = knownKey(root, path.slice(0, -1))?.schema;
  const siblings = above ? Object.keys(childrenOf(above)) : [];
  const sibling = nearest(key, siblings);
  if (sibling) return `unknown key. Did you mean ${formatPath([...path.slice(0, -1), sibling])}?`;
  const why = closedSection(path);
  if (why) return `unknown key. ${why}`;
  const elsewhere = [...allKeys(root)].find(
    ({ path: known }) => known.at(-1) === key && !known.includes('[]') && !known.includes('<name>'),
  );
  if (elsewhere) return `unknown key. There is ${elsewhere.path.join('.')}.`;
  return siblings.length > 0 && siblings.length <= FEW ? `unknown key. There is only ${siblings.join(', ')}.` : 'unknown key.';
}

function wrongValue(root: z.core.$ZodType, path: ConfigPath, value: unknown): string {
  const known = knownKey(root, path);
  if (!known) return 'unexpected.';
  const { facts, schema } = known;
  const here = valueAt(value, path);
  const got = here === undefined ? 'it is missing' : facts.secret ? `this is ${kindOf(here)}` : `this is ${shown(here)}`;
  const guess = typeof here === 'string' ? nearest(here, choicesOf(schema)) : undefined;
  return [
    `expected ${expectedOf(schema)}, but ${got}.`,
    ...(guess === undefined ? [] : [`Did you mean ${JSON.stringify(guess)}?`]),
    ...(facts.because && guess === undefined ? [facts.because] : []),
  ].join(' ');
}

function choicesOf(schema: z.core.$ZodType): string[] {
  return [...expectedOf(schema).matchAll(/"([^"]+)"/g)].map(([, word]) => word as string);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return kindOf(value);
  const text = redact(JSON.stringify(value) ?? String(value));
  // A password or a key may stand in an address.
  if (/:\/\/[^/"]*@|[?&#]\w*(?:key|token|secret|auth)/i.test(text)) return 'an address with a secret in it';
  return text.length > 60 ? `${kindOf(value)} of ${text.length} characters` : text;
}

/** A syntax error or a limit, as the one problem of its file. */
export function readTree(configPath: string, text: string): TreeNode | undefined {
  try {
    return parseTree(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const place = 'place' in error ? (error.place as Place) : undefined;
    const message = place ? error.message.slice(error.message.indexOf(': ') + 2) : error.message;
    throw new ConfigError(configPath, [{ path: [], ...(place && { place }), message: `${message}.` }], { cause: error });
  }
}
