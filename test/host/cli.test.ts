/** The host commands as a person types them, on a tree: exit codes, words, JSON, refusals. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const tree = mkdtempSync(join(tmpdir(), 'openclaw-cli-tree-'));
after(() => rmSync(tree, { recursive: true, force: true }));
const skip =
  process.getuid?.() !== 0
    ? 'only root may give files to others'
    : !existsSync(join(root, 'dist/openclaw.cjs')) && 'the program is not built';

mkdirSync(join(tree, 'etc/openclaw'), { recursive: true });
writeFileSync(join(tree, 'etc/os-release'), 'ID=debian\nVERSION_ID="13"\n');
writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
writeFileSync(join(tree, 'etc/group'), 'root:x:0:\ndocker:x:110:\n');
writeFileSync(join(tree, 'etc/shadow'), 'root:*:1::::::\n');

function host(...args: string[]): { code: number; out: string; err: string } {
  const run = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), 'host', ...args, '--root', tree], {
    encoding: 'utf8',
    input: '',
  });
  return { code: run.status ?? -1, out: run.stdout, err: run.stderr };
}

test('plan, apply, plan, verify, damage, repair: each with its exit code', { skip }, () => {
  const planned = host('plan');
  assert.equal(planned.code, 2, planned.err);
  assert.match(planned.out, /^ufw\n {2}write /m);
  assert.doesNotMatch(planned.out, /"token"/);
  assert.equal(host('apply', '--dry-run').out, planned.out);
  assert.equal(host('apply').code, 1, 'nobody to ask');
  assert.equal(host('apply', '--yes').code, 0);
  assert.deepEqual([host('plan').code, host('plan').out], [0, 'Nothing to change.\n']);
  assert.equal(host('verify').code, 0);
  writeFileSync(join(tree, 'etc/openclaw/SOUL.md'), 'evil');
  const found = host('verify', '--json');
  assert.equal(found.code, 1);
  const results = (JSON.parse(found.out) as { results: { id: string; state: string }[] }).results;
  assert.deepEqual(
    results.map(({ id, state }) => `${id} ${state}`),
    ['file:/etc/openclaw/SOUL.md finding'],
  );
  assert.equal(host('repair').code, 0);
  assert.equal(host('verify').code, 0);
  assert.equal(host('status', '--json').code, 0);
  assert.equal(host('remove', '--yes').code, 0);
  assert.equal(host('plan').code, 2);
});

test('one layer by name; a name that is none', { skip }, () => {
  const one = JSON.parse(host('plan', '--only', 'ufw', '--json').out) as { changes: { layer: string }[] };
  assert.deepEqual([...new Set(one.changes.map(({ layer }) => layer))], ['ufw']);
  const wrong = host('plan', '--only', 'fw');
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /no layer "fw"[\s\S]*docker-user/);
  assert.match(host('plan', '--profile', 'soft').err, /Profiles: hardened, reference/);
});

test('host.json5 with mistakes: all of them, and nothing is done', { skip }, () => {
  writeFileSync(join(tree, 'etc/openclaw/host.json5'), '{ instances: 0, nope: 1 }');
  const refused = host('apply', '--yes');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /instances[\s\S]*nope|nope[\s\S]*instances/);
  rmSync(join(tree, 'etc/openclaw/host.json5'));
});
