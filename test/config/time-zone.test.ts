// The host's time zone, from the places where C programs look.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostTimeZone } from '../../src/config/time-zone.ts';

const directory = mkdtempSync(join(tmpdir(), 'openclaw-zone-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function linkTo(target: string): string {
  const path = join(directory, `to-${target.replaceAll('/', '-')}`);
  symlinkSync(target, path);
  return path;
}

test('TZ wins, then the link, then what Intl knows', () => {
  const berlin = linkTo('/usr/share/zoneinfo/Europe/Berlin');
  assert.equal(hostTimeZone({ TZ: 'America/New_York' }, berlin), 'America/New_York');
  assert.equal(hostTimeZone({ TZ: ':Asia/Tokyo' }, berlin), 'Asia/Tokyo');
  assert.equal(hostTimeZone({}, berlin), 'Europe/Berlin');
  assert.equal(hostTimeZone({}, linkTo('../usr/share/zoneinfo/America/Argentina/Ushuaia')), 'America/Argentina/Ushuaia');
  const known = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.equal(hostTimeZone({}, linkTo('/var/lib/elsewhere')), known);
  const file = join(directory, 'file');
  writeFileSync(file, 'TZif2');
  assert.equal(hostTimeZone({}, file), known);
});

test('what is no name of a zone is not passed on', () => {
  const berlin = linkTo('/usr/share/zoneinfo/Europe/Berlin-2');
  for (const TZ of ['', 'UTC0; say', '/etc/passwd', '../x', 'a b', '<+03>-3'])
    assert.equal(hostTimeZone({ TZ }, berlin), 'Europe/Berlin-2');
});
