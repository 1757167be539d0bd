// What is changed in a script before it is interpreted must not change what it does: each one runs plain and changed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Bash } from 'just-bash';
import { ShellFileSystem } from '../../src/sandbox/embedded/file-system.ts';
import type { ShellWorld } from '../../src/sandbox/embedded/protocol.ts';
import { furnish, run } from '../../src/sandbox/embedded/run.ts';
import scripts from './fixtures/scripts.json' with { type: 'json' };

const megabyte = 1_048_576;
const world: ShellWorld = {
  workspace: '/nowhere',
  access: 'none',
  workdir: '/workspace',
  scratchDirs: ['/tmp'],
  readOnlyRoot: true,
  fileBytes: 16 * megabyte,
  liveBytes: 64 * megabyte,
};

interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
}

async function changed(script: string, stdin = ''): Promise<Outcome & { pieces: string[] }> {
  const pieces: string[] = [];
  const text = { stdout: '', stderr: '' };
  const exitCode = await run(
    { kind: 'run', id: 1, command: { shell: script }, cwd: '/tmp', env: {}, stdin: Buffer.from(stdin), openInput: false },
    {
      files: new ShellFileSystem(world, furnish),
      cwd: '/tmp',
      home: '/tmp',
      liveBytes: world.liveBytes,
      signal: new AbortController().signal,
      onOutput: (stream, bytes) => {
        text[stream] += Buffer.from(bytes).toString('latin1');
        pieces.push(Buffer.from(bytes).toString());
      },
    },
  );
  return { ...text, exitCode, pieces };
}

async function plain(script: string, stdin: string): Promise<Outcome> {
  const bash = new Bash({
    fs: new ShellFileSystem(world, furnish),
    cwd: '/tmp',
    env: { HOME: '/tmp', LANG: 'C.UTF-8', USER: 'sandbox' },
  });
  const { stdout, stderr, exitCode } = await bash.exec(script, { stdin, stdinKind: 'bytes', rawScript: true });
  return { stdout: Buffer.from(stdout).toString('latin1'), stderr: Buffer.from(stderr).toString('latin1'), exitCode };
}

describe('scripts as they are changed for the interpreter', () => {
  for (const script of scripts) {
    test(JSON.stringify(script), async () => {
      for (const stdin of ['', 'l1\nl2\nl3\n']) {
        const { stdout, stderr, exitCode } = await changed(script, stdin);
        assert.deepEqual({ stdout, stderr, exitCode }, await plain(script, stdin), `with input ${JSON.stringify(stdin)}`);
      }
    });
  }

  test('output leaves statement by statement, also out of loops and branches', async () => {
    assert.deepEqual((await changed('echo a; for i in 1 2; do if true; then echo $i; fi; done; echo b >&2')).pieces, [
      'a\n',
      '1\n',
      '2\n',
      'b\n',
    ]);
  });

  test('bytes that are no text stay what they are', async () => {
    for (const script of [
      'base64 -d <<< /wA=',
      'printf "x" > /dev/null; base64 -d <<< /wA= | cat',
      'base64 -d <<< /wA= > /tmp/b; cat /tmp/b',
    ]) {
      assert.equal((await changed(script)).stdout, '\xff\0', script);
    }
  });

  test('a redirection that fails ends its statement, not the script', async () => {
    const { stdout, stderr, exitCode } = await changed('echo a > /etc/x || echo refused; echo b > /bin/sh; echo after');
    assert.deepEqual({ stdout, exitCode }, { stdout: 'refused\nafter\n', exitCode: 0 });
    assert.match(stderr, /read-only file system.*\n.*read-only file system/i);
  });
});
