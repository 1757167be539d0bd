/** Golden files: `NAME.before.json5`, the commands of `NAME.edits.txt`, and what they must leave in `NAME.after.json5`. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setInFile, unsetInFile, valueOfArgument } from '../../src/config/edit.ts';
import { parsePath } from '../../src/config/path.ts';
import { model, place } from './support.ts';

const folder = join(import.meta.dirname, 'golden', 'edit');
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.edits.txt') ? [file.slice(0, -'.edits.txt'.length)] : []));

for (const name of names) {
  test(`edits leave everything else as it is: ${name}`, async (t) => {
    const read = (kind: string): string => readFileSync(join(folder, `${name}.${kind}`), 'utf8');
    const here = place(t, read('before.json5'));
    const editor = { model, locations: here.locations, env: {} };
    for (const line of read('edits.txt').trim().split('\n')) {
      const [, verb, pathText = '', value = ''] = /^(\w+) (\S+)(?: (.*))?$/.exec(line) ?? [];
      const path = parsePath(pathText);
      if (verb === 'set') await setInFile(editor, path, valueOfArgument(model, path, value, false));
      else await unsetInFile(editor, path);
    }
    const after = readFileSync(here.locations.configPath, 'utf8');
    if (process.env.SHOW) console.log(after);
    assert.equal(after, read('after.json5'));
  });
}
