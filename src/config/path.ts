/** Paths into the configuration as people write them: `a.b[0]["c.d"]`, and `a\.b` for a dot in a key. */
import { AppError } from '../domain/errors.ts';

export type ConfigPath = readonly (string | number)[];

const STEP = /\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]|((?:[^.[\]\\]|\\.)+)/y;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const MOST_STEPS = 32;

/** Throws AppError `invalid`. */
export function parsePath(text: string): ConfigPath {
  const steps: (string | number)[] = [];
  let at = 0;
  while (at < text.length) {
    if (steps.length > 0 && text[at] === '.') at += 1;
    else if (steps.length > 0 && text[at] !== '[') throw notAPath(text);
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    if (!match) throw notAPath(text);
    steps.push(stepOf(match, text));
    at = STEP.lastIndex;
  }
  if (steps.length === 0 || steps.length > MOST_STEPS || steps.some((step) => FORBIDDEN.has(String(step)))) throw notAPath(text);
  return steps;
}

function stepOf(match: RegExpExecArray, text: string): string | number {
  const [, index, quoted, plain] = match;
  if (index !== undefined) return Number(index);
  if (plain !== undefined) return plain.replace(/\\(.)/g, '$1');
  try {
    return JSON.parse(quoted as string) as string;
  } catch (cause) {
    throw notAPath(text, cause);
  }
}

function notAPath(text: string, cause?: unknown): AppError {
  return new AppError('invalid', `"${text.slice(0, 200)}" is no path into the configuration`, {
    hint: 'Write it like gateway.port, agents.list[0].id or models.providers["my.server"].baseUrl.',
    cause,
  });
}

/** The shortest text that `parsePath` reads as this path. */
export function formatPath(path: ConfigPath): string {
  return path
    .map((step, place) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[^.[\]\\"\s]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return place === 0 ? step : `.${step}`;
    })
    .join('');
}

export function startsWith(path: ConfigPath, prefix: ConfigPath): boolean {
  return prefix.every((step, place) => String(path[place]) === String(step));
}

/** What stands at a path of a plain value. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}
