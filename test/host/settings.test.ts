/** host.json5: an empty file works, and every problem is told with its path and place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import { loadHostSettings } from '../../src/host/settings/load.ts';
import { releaseOf, supportedReleases } from '../../src/host/settings/supported.ts';
import { bareDebian } from './fake/host.ts';

const path = '/etc/openclaw/host.json5';

test('no file, an empty file and an empty object mean the defaults', async () => {
  const none = await loadHostSettings(bareDebian());
  assert.equal(none.profile, 'hardened');
  assert.equal(none.egress.policy, 'permissive');
  for (const text of ['', '// nothing yet\n', '{}']) assert.deepEqual(await loadHostSettings(bareDebian({ [path]: text })), none);
});

test('every problem is named: its path, its place, what was expected', async () => {
  const text = '{\n  profil: "hardened",\n  egress: { policy: "open" },\n  instances: 0,\n  firewall: { keep: ["ssh"] },\n}\n';
  const error = await loadHostSettings(bareDebian({ [path]: text })).catch((caught: unknown) => caught);
  assert.ok(isAppError(error, 'invalid'));
  for (const part of [
    'Did you mean profile',
    'egress.policy (line 3',
    'instances (line 4',
    'firewall.keep[0] (line 5',
    'a port as 443/tcp',
  ])
    assert.ok(error.message.includes(part), `${part} in\n${error.message}`);
  assert.ok(error.hint?.includes('openclaw host plan'));
});

test('a syntax error names the line', async () => {
  await assert.rejects(loadHostSettings(bareDebian({ [path]: '{\n  profile: \n}' })), /line 3/);
});

test('a name that could leave its place in a command or a path is refused', async () => {
  for (const name of ['root; rm', '../x', 'A', '-x', 'a\nb', 'a%b']) {
    await assert.rejects(loadHostSettings(bareDebian({ [path]: JSON.stringify({ serviceUser: name }) })), /serviceUser/);
  }
});

test('the five releases are known, others are not', () => {
  assert.equal(supportedReleases.length, 5);
  assert.equal(releaseOf({ id: 'ubuntu', version: '24.04' })?.codename, 'noble');
  assert.equal(releaseOf({ id: 'fedora', version: '44' }), undefined);
});
