/** Every package inside has its row and its reason; no row is left over. Reads what the build wrote. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8');
const [inside = '', outside = ''] = text.split('## To build and to test');

function firstColumn(part: string): string[] {
  const rows = part.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
}

test('the packages inside the bundle are those of docs/dependencies.md', () => {
  const built = JSON.parse(readFileSync(join(root, 'dist', 'packages.json'), 'utf8')) as { name: string }[];
  assert.deepEqual(firstColumn(inside).toSorted(), built.map(({ name }) => name).toSorted());
});

test('every package that is declared is explained', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
  const types = (name: string): boolean => name.startsWith('@types/');
  const declared = Object.keys(manifest.devDependencies ?? {}).filter((name) => !types(name));
  const explained = new Set([...firstColumn(inside), ...firstColumn(outside)]);
  assert.deepEqual(
    declared.filter((name) => !explained.has(name)),
    [],
  );
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), []);
  for (const name of Object.keys(manifest.optionalDependencies ?? {})) assert.ok(text.includes(`\`${name}\``), name);
});
