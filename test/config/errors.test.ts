/** Every error text as a transcript: `NAME.json5` is refused with exactly the words of `NAME.txt`. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../src/config/problems.ts';
import { errorOf, place } from './support.ts';

const folder = join(import.meta.dirname, 'golden', 'errors');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json5'))) {
  const name = file.slice(0, -'.json5'.length);
  test(`what is said of ${name}`, async (t) => {
    const here = place(t, readFileSync(join(folder, file), 'utf8'));
    const error = await errorOf(here.load({ env: {} }));
    assert.ok(error instanceof ConfigError, error.stack);
    assert.ok(error.hint !== undefined);
    const told = `${error.message.replace(here.locations.configPath, 'openclaw.json')}\n`;
    assert.equal(told, readFileSync(join(folder, `${name}.txt`), 'utf8'));
  });
}
