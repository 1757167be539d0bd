// Where compiled code may be kept: it runs as whoever loads it.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { placeForCompiledCode } from '../../src/cli/code-cache.ts';

const directory = mkdtempSync(join(tmpdir(), 'openclaw-code-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function folder(name: string, mode = 0o755): string {
  const path = join(directory, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

test("beside a build of one's own, and nowhere within a release", () => {
  const [build, release] = [folder('build'), folder('release')];
  writeFileSync(join(build, 'stamp'), 'x');
  assert.equal(placeForCompiledCode(undefined, build), join(build, 'compiled'));
  assert.equal(placeForCompiledCode(undefined, release), undefined);
});

test("the service's own folder comes first, for a release too", () => {
  const [service, release] = [folder('service'), folder('other-release')];
  assert.equal(placeForCompiledCode(service, release), join(service, 'compiled'));
  assert.equal(placeForCompiledCode(join(directory, 'gone'), release), undefined);
});

test('never where others can write', () => {
  const release = folder('third-release');
  assert.equal(placeForCompiledCode(folder('group', 0o775), release), undefined);
  assert.equal(placeForCompiledCode(folder('everybody', 0o1777), release), undefined);
});

test("never in somebody else's folder", { skip: process.geteuid?.() !== 0 && 'only root can give a folder away' }, () => {
  const foreign = folder('foreign');
  chownSync(foreign, 1000, 1000);
  assert.equal(placeForCompiledCode(foreign, folder('fourth-release')), undefined);
});
