/** How a tool's input is written down: a strict object whose errors say what was expected. */
import * as z from 'zod';

/**
 * `aliases` (name that is taken too → name in the schema) stay out of what the model is shown. Null counts as left out: some
 * models fill in every field.
 */
export function toolInput<Shape extends z.ZodRawShape>(
  shape: Shape,
  aliases: Readonly<Record<string, string>> = {},
): z.ZodType<z.output<z.ZodObject<Shape>>> {
  const names = Object.keys(shape).join(', ');
  const object = z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `unknown ${issue.keys.join(', ')}; expected ${names}` : undefined),
  });
  return z.preprocess((value) => canonical(value, aliases), object) as unknown as z.ZodType<z.output<z.ZodObject<Shape>>>;
}

function canonical(value: unknown, aliases: Readonly<Record<string, string>>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const given = Object.entries(value).filter(([, field]) => field !== null);
  const renamed = given.map(([key, field]) => [Object.hasOwn(aliases, key) ? aliases[key] : key, field] as const);
  return Object.fromEntries(renamed);
}

export const pathAliases = { file_path: 'path' };
