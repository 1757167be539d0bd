/** The table of docs/security.md is that of the checks. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksFor } from '../../src/checks/index.ts';
import { damages } from './damages.ts';
import { place } from './place.ts';

const path = join(import.meta.dirname, '..', '..', 'docs', 'security.md');
const part = /(<!-- checks: [^\n]*\n)[\s\S]*?(<!-- end -->)/;

test('docs/security.md lists every check', async (t) => {
  const rows = checksFor(await place(t).edges()).map(({ id, title, severity, reports, deep }) => {
    const mends = damages.find((one) => one.id === id)?.mends ?? '';
    const where = reports.join(', ') + (deep ? ' (`--deep`)' : '');
    return `| \`${id.replace('.telegram.', '.<id>.')}\` | ${severity} | ${title} | ${where} | ${mends} |`;
  });
  const head = ['| check | severity | what should be | looked at by | mends |', '|---|---|---|---|---|'];
  const table = [...head, ...rows].join('\n');
  const text = readFileSync(path, 'utf8');
  const wanted = text.replace(part, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
  if (process.env.ACCEPT_DOCS) writeFileSync(path, wanted);
  else assert.equal(text, wanted, 'run it with ACCEPT_DOCS=1');
});
