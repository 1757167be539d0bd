/**
 * Transcripts of the real program: each file is what a person types and sees, from top to bottom, in a home of its own.
 * A line `$ openclaw …` is run; `<<< text` is its standard input; `rc N` stands behind one that fails.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

const folder = join(import.meta.dirname, 'golden', 'cli');
const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

interface Ran {
  text: string;
  code: number;
}

/** Words as a shell splits them, as far as the transcripts need it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain ?? '');
}

function run(home: string, line: string): Promise<Ran> {
  const [command = '', input] = line.split(' <<< ');
  const [program, ...words] = wordsOf(command);
  if (program === 'cat') return Promise.resolve({ text: readFileSync(join(home, '.openclaw', words[0] ?? ''), 'utf8'), code: 0 });
  // Compiled once for all of them: a start costs a third then.
  const NODE_COMPILE_CACHE = join(tmpdir(), 'openclaw-test-compiled');
  const env = { HOME: home, PATH: process.env.PATH, NO_COLOR: '1', NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...words], { env, cwd: home, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ text: stdout + stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    );
    child.stdin?.end(input === undefined ? '' : `${input}\n`);
  });
}

async function transcript(home: string, commands: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const command of commands) {
    lines.push(command);
    if (!command.startsWith('$ ')) continue;
    const { text, code } = await run(home, command.slice(2));
    const shown = text.replaceAll(home, '~').replace(/\n$/, '');
    if (shown) lines.push(shown);
    if (code !== 0) lines.push(`rc ${code}`);
  }
  return `${lines.join('\n')}\n`;
}

suite('openclaw config, as typed', { concurrency: 3 }, () => {
  for (const file of readdirSync(folder)) {
    test(file, { timeout: 300_000 }, async (t) => {
      const home = mkdtempSync(join(tmpdir(), 'openclaw-cli-'));
      t.after(() => rmSync(home, { recursive: true, force: true }));
      const expected = readFileSync(join(folder, file), 'utf8');
      const commands = expected.split('\n').filter((line) => line.startsWith('$ ') || line.startsWith('# '));
      const seen = await transcript(home, commands);
      if (process.env.ACCEPT_TRANSCRIPTS) writeFileSync(join(folder, file), seen);
      else assert.equal(seen, expected);
    });
  }
});
