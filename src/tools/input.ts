/** How a tool's input is written down: a strict object of a few kinds of fields, whose errors say in words what was expected. */
import * as z from 'zod/mini';

/**
 * `aliases` (name that is taken too → name in the schema) stay out of what the model is shown. Null counts as left out: some
 * models fill in every field.
 */
export function toolInput<Shape extends z.core.$ZodShape>(
  shape: Shape,
  aliases: Readonly<Record<string, string>> = {},
): z.ZodMiniType<z.output<z.ZodMiniObject<Shape, z.core.$strict>>> {
  const names = Object.keys(shape).join(', ');
  const object = z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown ${issue.keys.join(', ')}; expected ${names}`
        : `expected an object with ${names}`,
  });
  return z.pipe(
    z.transform((value: unknown) => canonical(value, aliases)),
    object as z.ZodMiniType<z.output<typeof object>, unknown>,
  );
}

export const pathAliases = { file_path: 'path' };

/** Text that may be empty. */
export function anyTextField(description?: string): z.ZodMiniString {
  return z.string({ error: 'expected text' }).check(...about(description));
}

export function textField(description?: string): z.ZodMiniString {
  return z
    .string({ error: 'expected text' })
    .check(z.minLength(1, { error: 'expected text that is not empty' }), ...about(description));
}

export function flagField(description?: string): z.ZodMiniBoolean {
  return z.boolean({ error: 'expected true or false' }).check(...about(description));
}

export function numberField(least: number, description?: string): z.ZodMiniNumber {
  return z
    .number({ error: 'expected a number' })
    .check(z.minimum(least, { error: `expected a number of at least ${least}` }), ...about(description));
}

export function choiceField<const Names extends readonly [string, ...string[]]>(
  names: Names,
): z.ZodMiniEnum<{ [Name in Names[number]]: Name }> {
  return z.enum(names, { error: `expected one of ${names.join(', ')}` });
}

/** Names with a text each. */
export function textsField(): z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniString> {
  return z.record(z.string(), anyTextField(), { error: 'expected an object with texts' });
}

function about<T>(description: string | undefined): z.core.$ZodCheck<T>[] {
  return description === undefined ? [] : [z.describe(description)];
}

function canonical(value: unknown, aliases: Readonly<Record<string, string>>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const given = Object.entries(value).filter(([, field]) => field !== null);
  const renamed = given.map(([key, field]) => [Object.hasOwn(aliases, key) ? aliases[key] : key, field] as const);
  return Object.fromEntries(renamed);
}
