/** The questions of `openclaw onboard`, answered on a real terminal (a pseudo-terminal made by script(1)). */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseTree, valueOf } from '../../src/config/json5/tree.ts';
import { valueAt } from '../../src/config/path.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const hasTerminals = process.platform === 'linux' && existsSync('/usr/bin/script');
const ENTER = '\r';
const CONTROL_C = '\u0003';

interface Dialog {
  child: ChildProcess;
  home: string;
  screen(): string;
  /** Waits until the question stands on the screen, then types. */
  answer(question: string, typed: string): Promise<void>;
  exitCode: Promise<number | null>;
}

function dialog(t: TestContext): Dialog {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-dialog-'));
  const env = { HOME: home, PATH: process.env.PATH, TERM: 'xterm', NODE_COMPILE_CACHE: join(tmpdir(), 'openclaw-test-compiled') };
  // A terminal without a size would break every line after one letter.
  const command = `stty cols 120 rows 50 && exec '${process.execPath}' '${main}' onboard`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: 'pipe' });
  let seen = '';
  let waiting = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    waiting();
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve));
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });
  let from = 0;
  return {
    child,
    home,
    screen: () => seen,
    exitCode,
    async answer(question, typed) {
      while (!seen.slice(from).includes(question)) await new Promise<void>((resolve) => (waiting = resolve));
      from = seen.length;
      child.stdin.write(typed);
    },
  };
}

test(
  'a person is led to a configuration that works, and no secret shows',
  { skip: !hasTerminals, timeout: 30_000 },
  async (t) => {
    const it = dialog(t);
    await it.answer('Go on?', ENTER);
    await it.answer('Which language model?', ENTER);
    await it.answer('Key for anthropic', `sk-ant-typed-key-0123456789${ENTER}`);
    await it.answer('Model', ENTER);
    await it.answer('Where do you want to talk to it?', ENTER);
    await it.answer('Token of the bot', `123456:typed-token-typed-token-typed-token${ENTER}`);
    await it.answer('Your own numeric id', `555${ENTER}`);
    assert.equal(await it.exitCode, 0, it.screen());
    assert.ok(!it.screen().includes('typed-key') && !it.screen().includes('typed-token'), it.screen());

    const state = join(it.home, '.openclaw');
    const text = readFileSync(join(state, 'openclaw.json'), 'utf8');
    const said = valueOf(parseTree(text) ?? assert.fail('an empty file'));
    assert.equal(valueAt(said, ['models', 'providers', 'anthropic', 'apiKey']), 'file:~/.openclaw/credentials/anthropic.key');
    assert.match(String(valueAt(said, ['agents', 'defaults', 'model', 'primary'])), /^anthropic\/claude-/);
    assert.equal(valueAt(said, ['channels', 'telegram', 'botToken']), 'file:~/.openclaw/credentials/telegram.token');
    assert.deepEqual(valueAt(said, ['channels', 'telegram', 'allowFrom']), ['555']);
    assert.equal(valueAt(said, ['channels', 'telegram', 'dmPolicy']), 'pairing');
    assert.match(String(valueAt(said, ['gateway', 'auth', 'token'])), /^[0-9a-f]{48}$/);
    assert.equal(valueAt(said, ['gateway', 'auth', 'token']), valueAt(said, ['gateway', 'remote', 'token']));
    const key = join(state, 'credentials', 'anthropic.key');
    assert.equal(readFileSync(key, 'utf8'), 'sk-ant-typed-key-0123456789\n');
    assert.deepEqual(
      [key, join(state, 'openclaw.json'), state].map((path) => statSync(path).mode & 0o777),
      [0o600, 0o600, 0o700],
    );
  },
);

test('who gives up changes nothing', { skip: !hasTerminals, timeout: 30_000 }, async (t) => {
  const it = dialog(t);
  await it.answer('Go on?', ENTER);
  await it.answer('Which language model?', CONTROL_C);
  await it.exitCode;
  assert.match(it.screen(), /Nothing was changed/);
  assert.ok(!existsSync(join(it.home, '.openclaw')));
});
