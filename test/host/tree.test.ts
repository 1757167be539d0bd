/** `--root DIR`: layers written into a tree, by nothing but files. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { apply } from '../../src/host/engine/apply.ts';
import { createMachine } from '../../src/host/engine/machine.ts';
import { rollback } from '../../src/host/engine/rollback.ts';
import { findingsOf, verify } from '../../src/host/engine/verify.ts';
import { layers } from '../../src/host/layers/index.ts';
import { inputFor, smallRelease } from './fake/host.ts';

const release = smallRelease();
const tree = mkdtempSync(join(tmpdir(), 'openclaw-tree-'));
after(() => [release, tree].forEach((path) => rmSync(path, { recursive: true, force: true })));
const notRoot = process.getuid?.() !== 0;

mkdirSync(join(tree, 'etc'));
writeFileSync(join(tree, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
writeFileSync(join(tree, 'etc/group'), 'root:x:0:\ndocker:x:110:\n');
writeFileSync(join(tree, 'etc/shadow'), 'root:*:1::::::\n', { mode: 0o640 });

test(
  'a tree gets every file with its owner and mode, and is left as it was by a rollback',
  { skip: notRoot && 'only root may give files to others' },
  async () => {
    const machine = createMachine(tree);
    const input = await inputFor(machine, release);
    const options = { id: '2026-01-01', onChange: () => {} };
    assert.ok((await apply(layers, input, options)) > 40);
    const uid = Number(/^openclaw-svc:x:(\d+)/m.exec(readFileSync(join(tree, 'etc/passwd'), 'utf8'))?.[1]);
    const soul = statSync(join(tree, 'etc/openclaw/SOUL.md'));
    assert.deepEqual([soul.mode & 0o7777, soul.uid], [0o444, 0]);
    assert.equal(statSync(join(tree, 'var/lib/openclaw')).uid, uid);
    assert.equal(
      readlinkSync(join(tree, 'etc/systemd/system/multi-user.target.wants/openclaw.service')),
      '/etc/systemd/system/openclaw.service',
    );
    assert.match(readFileSync(join(tree, 'etc/shadow'), 'utf8'), /^openclaw-svc:!:/m);
    assert.equal(await apply(layers, await inputFor(machine, release), { ...options, id: '2026-01-02' }), 0);
    assert.deepEqual(findingsOf((await verify(layers, input)).results), []);

    writeFileSync(join(tree, 'etc/openclaw/SOUL.md'), 'evil');
    assert.equal(findingsOf((await verify(layers, input)).results)[0]?.id, 'file:/etc/openclaw/SOUL.md');

    assert.deepEqual(
      (await rollback(machine, { all: true })).filter(({ problem, summary }) => problem && !summary.includes('openclaw-host')),
      [],
    );
    assert.equal(readFileSync(join(tree, 'etc/passwd'), 'utf8'), 'root:x:0:0:root:/root:/bin/bash\n');
    assert.equal(statSync(join(tree, 'etc/shadow')).mode & 0o777, 0o640);
  },
);

test('nothing is ever executed for a tree', async () => {
  await assert.rejects(createMachine(tree).run('true', []), /Nothing is executed/);
});
