/** docs/configuration.md, made from the schema: every key, what it means, its default and what a change needs. */
import type * as z from 'zod/mini';
import type { RestartScope } from '../domain/setting.ts';
import { childrenOf, defaultOf, entryOf, expectedOf, factsOf, unwrap } from './known.ts';
import type { ConfigModel } from './model.ts';
import { introduction } from './docs-introduction.ts';

interface Row {
  key: string;
  schema: z.core.$ZodType;
  restart: RestartScope;
}

const NEEDS: Record<RestartScope, string> = { live: 'reload', channel: 'channel', gateway: 'restart' };

export function configDocs(model: ConfigModel): string {
  const sections = Object.entries(childrenOf(model.schema)).map(([key, schema]) => sectionText(key, schema));
  return `${[introduction(model), ...sections].join('\n\n')}\n`;
}

function sectionText(key: string, schema: z.core.$ZodType): string {
  const rows = [...rowsBelow(key, schema, factsOf(schema).restart ?? 'gateway')];
  const table = ['| key | meaning | value | default | needs |', '|---|---|---|---|---|', ...rows.map(rowText)];
  return [`## ${key}`, '', factsOf(schema).description ?? '', '', ...table].join('\n');
}

function* rowsBelow(key: string, schema: z.core.$ZodType, above: RestartScope): Generator<Row> {
  const restart = factsOf(schema).restart ?? above;
  const children = Object.entries(childrenOf(schema)).filter(([name]) => !isRepeated(key, name));
  const entry = objectEntryOf(schema);
  if (children.length === 0 || isShort(schema)) yield { key, schema, restart };
  for (const [name, child] of children) yield* rowsBelow(`${key}.${name}`, child, restart);
  // An account has the keys of its channel: they are told once.
  if (entry && !key.endsWith('.accounts')) yield* rowsBelow(`${key}${isList(schema) ? '[]' : '.<name>'}`, entry, restart);
}

/** What the entries of a list or a record are, when they have keys of their own. */
function objectEntryOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const entry = entryOf(schema);
  return entry && Object.keys(childrenOf(entry)).length > 0 ? entry : undefined;
}

/** What an agent's entry takes from `agents.defaults` is told once. */
function isRepeated(key: string, name: string): boolean {
  return (
    key === 'agents.list[]' &&
    ['bootstrapMaxChars', 'timeoutSeconds', 'limits', 'thinkingDefault', 'compaction', 'userTimezone', 'sandbox'].includes(name)
  );
}

/** An object that may also be written as a plain value. */
function isShort(schema: z.core.$ZodType): boolean {
  return unwrap(schema)._zod.def.type === 'union' && Object.keys(childrenOf(schema)).length > 0;
}

function isList(schema: z.core.$ZodType): boolean {
  return unwrap(schema)._zod.def.type === 'array';
}

function rowText({ key, schema, restart }: Row): string {
  const facts = factsOf(schema);
  const because = facts.because && isOnly(schema) ? ` Nothing else is possible: ${lowerFirst(facts.because)}` : '';
  const value = `${expectedOf(schema)}${facts.unit ? ` (${facts.unit})` : ''}`;
  const cells = [`\`${key}\``, `${facts.description ?? ''}${because}`, value, defaultText(schema), NEEDS[restart]];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function isOnly(schema: z.core.$ZodType): boolean {
  return unwrap(schema)._zod.def.type === 'literal';
}

function lowerFirst(text: string): string {
  return text.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}

function defaultText(schema: z.core.$ZodType): string {
  const facts = factsOf(schema);
  if (facts.defaultText) return facts.defaultText;
  const value = defaultOf(schema);
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

/** A pipe would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
