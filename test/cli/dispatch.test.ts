/** The command line as people meet it: help, mistakes, exit codes. Real processes, run from the sources. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commands } from '../../src/cli/commands/index.ts';
import { isGroup, type CommandNode } from '../../src/cli/command.ts';
import { exitCodes } from '../../src/runtime/exit-codes.ts';

const root = join(import.meta.dirname, '..', '..');
const home = mkdtempSync(join(tmpdir(), 'openclaw-cli-'));
after(() => rmSync(home, { recursive: true, force: true }));

function openclaw(...args: string[]): { code: number | null; out: string; err: string } {
  const run = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'src', 'cli', 'main.ts'), ...args],
    {
      encoding: 'utf8',
      env: { HOME: home, PATH: process.env.PATH },
    },
  );
  return { code: run.status, out: run.stdout, err: run.stderr };
}

test('--version prints the calendar version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.match(version, /^20\d\d\.\d{1,2}\.\d+$/);
  for (const flag of ['--version', '-V']) assert.deepEqual(openclaw(flag), { code: 0, out: `${version}\n`, err: '' });
});

test('a wrong word gets a guess and exit code 2', () => {
  const cases: [args: string[], message: RegExp][] = [
    [['gatewy'], /unknown command 'gatewy'\n {2}Did you mean: openclaw gateway\n/],
    [['gateway', 'rum'], /unknown command 'rum'\n {2}Did you mean: openclaw gateway run\n/],
    [['pairing', 'list', '--jsn'], /unknown option '--jsn'\n {2}Did you mean --json\?\n/],
    [['config', 'file', 'stray'], /unexpected argument 'stray'/],
    [['pairing', 'approve', 'telegram'], /CODE/i],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = openclaw(...args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(out, '');
    assert.match(err, message);
    assert.doesNotMatch(err, /\n\s+at /, 'a stack trace');
  }
});

test('a bad profile name is refused', () => {
  const { code, err } = openclaw('--profile', '../x', 'config', 'file');
  assert.equal(code, 1);
  assert.match(err, /is no profile name/);
});

function* leaves(node: CommandNode, path: string[]): Generator<string[]> {
  if (!isGroup(node)) return yield path;
  for (const [name, child] of Object.entries(node.commands)) yield* leaves(child, [...path, name]);
}

for (const path of leaves(commands, [])) {
  test(`openclaw ${path.join(' ')} --help says how it is used`, () => {
    const { code, out } = openclaw(...path, '--help');
    assert.equal(code, 0);
    assert.ok(out.includes(`Usage: openclaw ${path.join(' ')}`), out);
  });
}

test('the exit codes are those of docs/cli.md', () => {
  const documented = [...readFileSync(join(root, 'docs', 'cli.md'), 'utf8').matchAll(/^\| (\d+) \|/gm)].map((match) =>
    Number(match[1]),
  );
  assert.deepEqual(documented, Object.values(exitCodes));
});
