/** Each damage breaks one thing: exactly its check finds it, and where mending is promised the finding is gone afterwards. */
import assert from 'node:assert/strict';
import { chmodSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksFor } from '../../src/checks/index.ts';
import { mendAll } from '../../src/checks/run.ts';
import { damages, remarks } from './damages.ts';
import { findingIds, place } from './place.ts';

for (const report of ['doctor', 'audit'] as const) {
  test(`a healthy installation with the document's configuration: ${report} finds nothing but remarks`, async (t) => {
    const observed = await place(t).observe(report);
    const expected = report === 'audit' ? remarks : [];
    assert.deepEqual(findingIds(observed), expected);
    const unseen = observed.filter(({ observation }) => observation.state === 'unobserved').map(({ check }) => check.id);
    assert.deepEqual(unseen, []);
  });
}

for (const { id, also = [], mends, report = 'audit', break: damage } of damages) {
  test(`${id} is found${mends ? `, and mended ${mends}` : ''}`, async (t) => {
    const at = place(t);
    damage(at);
    const observed = await at.observe(report);
    const found = findingIds(observed).filter((one) => !remarks.includes(one) && !also.includes(one));
    assert.deepEqual(found, [id]);
    const check = checksFor(await at.edges()).find((one) => one.id === id);
    const promised = check?.mending ? (check.mending.narrowsOnly ? 'unasked' : 'with a yes') : undefined;
    assert.equal(promised, mends);
    if (!mends) return;
    const mended = await mendAll(observed, (one) => one.id === id);
    assert.deepEqual(
      mended.map(({ ok }) => ok),
      [true],
      JSON.stringify(mended),
    );
    assert.deepEqual(
      findingIds(await at.observe(report)).filter((one) => !remarks.includes(one)),
      [],
    );
  });
}

test('every check has a damage that breaks it', async (t) => {
  const all = checksFor(await place(t).edges()).map(({ id }) => id);
  const damaged = new Set([...damages.map(({ id }) => id), ...remarks]);
  // What a mode of the whole file system would be needed for: root reads and writes everywhere.
  const byRightOfUser = new Set(['state.directory']);
  assert.deepEqual(
    all.filter((id) => !damaged.has(id) && !byRightOfUser.has(id)),
    [],
  );
});

test('what lies behind a link is not changed', async (t) => {
  const at = place(t);
  const elsewhere = join(at.stateDir, '..', 'elsewhere');
  renameSync(at.logFile, elsewhere);
  chmodSync(elsewhere, 0o644);
  symlinkSync(elsewhere, at.logFile);
  const mended = await mendAll(await at.observe('audit'), () => true);
  const link = mended.find(({ id }) => id === 'fs.log_file.perms_readable');
  assert.equal(link?.ok, false);
  assert.equal(statSync(elsewhere).mode & 0o777, 0o644);
});
