/** Whatever a file says: it loads, or it is refused with an AppError that shows no secret. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { allKeys } from '../../src/config/known.ts';
import { checkText } from '../../src/config/load.ts';
import { AppError } from '../../src/domain/errors.ts';
import type { Locations } from '../../src/config/locations.ts';
import { encodeString } from '../../src/config/json5/scalars.ts';
import { json5Text } from './json5-text.ts';
import { model, place } from './support.ts';

const SECRET = 'Zq7-do-not-show-this-anywhere-Zq7';
const words = [...new Set([...allKeys(model.schema)].flatMap(({ path }) => path))].filter((word) => !/[[<]/.test(word));

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...words) },
  fc.constantFrom('*', '-100', 'a', 'toString', '__proto__', ''),
);
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    'all',
    'off',
    'open',
    '*',
    5,
    -1,
    1e308,
    true,
    null,
    '512m',
    '${HOME}',
    '${NOT_SET}',
    'env:NOT_SET',
    'file:x',
    'op://a',
  ),
  fc.constantFrom('anthropic/m', 'http://127.0.0.1:1/v1', '/srv', 'Europe/Berlin', SECRET, 'changeme', ''),
  fc.double(),
  fc.string(),
);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 7, depthSize: 'large' },
    { weight: 2, arbitrary: scalar },
    { weight: 5, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 5 }) },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
  ),
}));
const config = fc.dictionary(fc.constantFrom(...Object.keys(model.schema.shape), 'hooks'), value, { minKeys: 1, maxKeys: 4 });

/** JSON5 has more numbers than JSON. */
function write(item: unknown): string {
  if (Array.isArray(item)) return `[${item.map(write).join(',')}]`;
  if (typeof item === 'string') return encodeString(item, "'");
  if (typeof item !== 'object' || item === null) return String(item);
  return `{${Object.entries(item)
    .map(([name, below]) => `${encodeString(name, '"')}:${write(below)}`)
    .join(',')}}`;
}

async function outcome(text: string, locations: Locations): Promise<'fine' | 'refused'> {
  try {
    await checkText(model, locations, text, {});
    return 'fine';
  } catch (error) {
    assert.ok(error instanceof AppError, `${text}\n${String(error instanceof Error ? error.stack : error)}`);
    assert.ok(error.hint, error.message);
    return 'refused';
  }
}

test('any configuration-like text loads or is refused with an AppError', async (t) => {
  const { locations } = place(t);
  const seen = { fine: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(config, async (random) => {
      seen[await outcome(write(random), locations)] += 1;
    }),
    { numRuns: 800 },
  );
  assert.ok(seen.fine > 0 && seen.refused > 0, JSON.stringify(seen));
});

test('any JSON5 text loads or is refused with an AppError', async (t) => {
  const { locations } = place(t);
  await fc.assert(
    fc.asyncProperty(fc.oneof(json5Text, fc.string()), async (text) => {
      await outcome(text, locations);
    }),
    { numRuns: 300 },
  );
});

test('a text that is cut off anywhere loads or is refused with an AppError', async (t) => {
  const { locations } = place(t);
  const whole = write({ gateway: { auth: { token: SECRET } }, channels: { telegram: { allowFrom: [1], groups: { '*': {} } } } });
  for (let length = 0; length <= whole.length; length += 1) await outcome(whole.slice(0, length), locations);
});

test('a secret in the wrong place, of the wrong kind or beside a mistake is not repeated', async (t) => {
  const { locations } = place(t);
  const texts = [
    { gateway: { auth: { token: [SECRET] } } },
    { gateway: { auth: { token: { value: SECRET } } } },
    { gateway: { auth: { token: SECRET, mode: 'none' } } },
    { channels: { telegram: { botToken: SECRET, dmPolicy: 'opn' } } },
    { models: { providers: { x: { apiKey: SECRET, headers: { Authorization: SECRET }, api: 'y' } } } },
    { models: { providers: { x: { baseUrl: `https://u:${SECRET}@example.com` } } } },
    { models: { providers: { x: { baseUrl: `https://example.com/?key=${SECRET}` } } } },
    { gateway: { password: SECRET } },
  ];
  for (const random of texts) {
    await assert.rejects(checkText(model, locations, write(random), {}), (error: Error) => {
      assert.ok(!error.message.includes(SECRET), error.message);
      return error instanceof AppError;
    });
  }
});
