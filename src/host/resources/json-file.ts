/** A JSON file of somebody else's into which ours is merged. What was there before us stays; damage to ours does not. */
import { AppError } from '../../domain/errors.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Throws AppError `invalid` for a file that is not a JSON object. An empty one counts as none. */
export function parseObject(text: string | undefined, path: string): JsonObject {
  if (text === undefined || text.trim() === '') return {};
  try {
    const value = JSON.parse(text) as Json;
    if (isObject(value)) return value;
  } catch (cause) {
    throw notJson(path, cause);
  }
  throw notJson(path, undefined);
}

function notJson(path: string, cause: unknown): AppError {
  return new AppError('invalid', `${path} is not a JSON object, and it is not ours to throw away.`, {
    hint: `Mend or remove it, then run the same command again: python3 -m json.tool ${path}`,
    cause,
  });
}

/** `theirs` wins where both say something. */
export function merge(ours: JsonObject, theirs: JsonObject): JsonObject {
  const result: JsonObject = { ...ours };
  for (const [key, value] of Object.entries(theirs)) {
    const own = result[key];
    result[key] = isObject(own) && isObject(value) ? merge(own, value) : value;
  }
  return result;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
