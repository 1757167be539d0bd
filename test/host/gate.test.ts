/** Versions with a published hole; a distribution's revision counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionFindings } from '../../src/host/advisories/gate.ts';

const bad = (name: string, version: string, distribution = false) => versionFindings([{ name, version, distribution }]);

test('upstream packages are judged by their number', () => {
  assert.deepEqual(
    bad('docker-ce', '5:26.1.4-1~debian').bad.map(({ advisory }) => advisory),
    ['CVE-2024-41110', 'CVE-2025-54410'],
  );
  assert.deepEqual(
    bad('docker-ce', '28.3.2').bad.map(({ advisory }) => advisory),
    ['CVE-2025-54388'],
  );
  assert.deepEqual(bad('docker-ce', '5:29.2.1-1~ubuntu').bad, []);
  assert.deepEqual(bad('node', '22.12.0').bad.length, 1);
  assert.deepEqual(bad('node', process.versions.node).bad, []);
});

test('a distribution’s lower number is information, and none at all where its revision has the fix', () => {
  const debian12 = bad('runc', '1.1.5+ds1-1+deb12u1', true);
  assert.deepEqual(debian12.bad, []);
  assert.ok(!debian12.undecided.some(({ advisory }) => advisory === 'CVE-2024-21626'));
  assert.deepEqual(
    bad('runc', '1.1.15+ds1-2+b4', true).undecided.map(({ advisory }) => advisory),
    ['CVE-2025-31133'],
  );
});
