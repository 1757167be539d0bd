/** What the schema knows of a path: its type, its facts, its neighbours. Pure look-ups; the schema itself is elsewhere. */
import * as z from 'zod/mini';
import type { RestartScope, SettingFacts } from '../domain/setting.ts';
import type { ConfigPath } from './path.ts';

interface KnownKey {
  schema: z.core.$ZodType;
  facts: Partial<SettingFacts>;
  /** Of itself or of the nearest key above it that says so. */
  restart: RestartScope;
}

/** The schema without what only says "may be missing" or "is converted afterwards". */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodNullable
  ) {
    return unwrap(schema._zod.def.innerType);
  }
  if (schema instanceof z.core.$ZodLazy) return unwrap(schema._zod.innerType);
  if (schema instanceof z.core.$ZodPipe)
    return schema._zod.def.in instanceof z.core.$ZodTransform ? unwrap(schema._zod.def.out) : unwrap(schema._zod.def.in);
  return schema;
}

/** Facts of the schema and of what it wraps; the outer ones win. */
export function factsOf(schema: z.core.$ZodType): Partial<SettingFacts> {
  const own = (z.globalRegistry.get(schema) ?? {}) as Partial<SettingFacts>;
  const inner = schema instanceof z.core.$ZodPipe ? schema._zod.def.in : (schema as z.core.$ZodOptional)._zod.def.innerType;
  return inner instanceof z.core.$ZodType ? { ...factsOf(inner), ...own } : own;
}

/** The default that stands when the key is left out; undefined where there is none. */
export function defaultOf(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.core.$ZodDefault || schema instanceof z.core.$ZodPrefault) return schema._zod.def.defaultValue;
  if (schema instanceof z.core.$ZodPipe) return defaultOf(schema._zod.def.in);
  return schema instanceof z.core.$ZodOptional ? defaultOf(schema._zod.def.innerType) : undefined;
}

/** The named keys below; empty for a list or a record. */
export function childrenOf(schema: z.core.$ZodType): Record<string, z.core.$ZodType> {
  const bare = unwrap(schema);
  if (bare instanceof z.core.$ZodObject) return bare._zod.def.shape as Record<string, z.core.$ZodType>;
  if (bare instanceof z.core.$ZodUnion)
    return Object.assign({}, ...bare._zod.def.options.map(childrenOf)) as Record<string, z.core.$ZodType>;
  return {};
}

/** What every entry of a list or a record is. */
export function entryOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const bare = unwrap(schema);
  if (bare instanceof z.core.$ZodArray) return bare._zod.def.element;
  return bare instanceof z.core.$ZodRecord ? bare._zod.def.valueType : undefined;
}

export function childOf(schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  const children = childrenOf(schema);
  return Object.hasOwn(children, step) ? children[step] : entryOf(schema);
}

/** Undefined for a path that the schema does not know. */
export function knownKey(root: z.core.$ZodType, path: ConfigPath): KnownKey | undefined {
  let schema: z.core.$ZodType | undefined = root;
  let restart: RestartScope = 'gateway';
  for (const step of path) {
    schema = schema && childOf(schema, step);
    if (!schema) return undefined;
    restart = factsOf(schema).restart ?? restart;
  }
  return { schema: schema as z.core.$ZodType, facts: factsOf(schema as z.core.$ZodType), restart };
}

/** Every key of the schema; a list's entries stand as `[]`, a record's as `<name>`. */
export function* allKeys(
  root: z.core.$ZodType,
  path: readonly string[] = [],
): Generator<{ path: readonly string[]; schema: z.core.$ZodType }> {
  for (const [key, schema] of Object.entries(childrenOf(root))) {
    yield { path: [...path, key], schema };
    yield* allKeys(schema, [...path, key]);
  }
  const entry = entryOf(root);
  if (!entry) return;
  const place = unwrap(root) instanceof z.core.$ZodArray ? '[]' : '<name>';
  yield { path: [...path, place], schema: entry };
  yield* allKeys(entry, [...path, place]);
}

/** Paths of all texts in `value` that the schema says are secrets. */
export function* secretPaths(root: z.core.$ZodType, value: unknown, path: ConfigPath = []): Generator<ConfigPath> {
  if (factsOf(root).secret) {
    if (typeof value === 'string') yield path;
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    const child = childOf(root, key);
    if (child) yield* secretPaths(child, below, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

/** What would be a right value, in words. */
export function expectedOf(schema: z.core.$ZodType): string {
  const facts = factsOf(schema);
  if (facts.expects) return facts.expects;
  if (facts.secret) return 'a secret as text, or a reference to one';
  const bare = unwrap(schema);
  if (bare instanceof z.core.$ZodEnum) return listed(Object.values(bare._zod.def.entries).map((one) => JSON.stringify(one)));
  if (bare instanceof z.core.$ZodLiteral) return listed([...bare._zod.def.values].map((one) => JSON.stringify(one)));
  if (bare instanceof z.core.$ZodUnion) return listed(bare._zod.def.options.map(expectedOf));
  if (bare instanceof z.core.$ZodNumber) return numberWords(bare);
  if (bare instanceof z.core.$ZodString) return 'text';
  if (bare instanceof z.core.$ZodBoolean) return 'true or false';
  const entry = entryOf(bare);
  const kind = bare instanceof z.core.$ZodArray ? 'a list' : 'an object';
  return !entry || Object.keys(childrenOf(entry)).length > 0 ? kind : `${kind}; each entry ${expectedOf(entry)}`;
}

function numberWords(schema: z.core.$ZodNumber): string {
  const { checks = [] } = schema._zod.def;
  const limit = (kind: string): number | undefined => {
    const found = checks.map((check) => check._zod.def as { check: string; value?: number }).find(({ check }) => check === kind);
    return found?.value;
  };
  const kind = 'format' in schema._zod.def ? 'a whole number' : 'a number';
  const [least, most] = [limit('greater_than'), limit('less_than')];
  if (least === undefined) return kind;
  return most === undefined ? `${kind}, at least ${least}` : `${kind} from ${least} to ${most}`;
}

function listed(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
