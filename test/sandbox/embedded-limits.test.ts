// An embedded shell can neither block nor end the gateway, whatever it is asked; and says so when it was restarted.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ExecRequest, ExecResult, Sandbox, SandboxSpec } from '../../src/domain/sandbox.ts';
import { createEmbeddedBackend } from '../../src/sandbox/embedded/backend.ts';

const megabyte = 1_048_576;
const backend = createEmbeddedBackend();
let spec: SandboxSpec;

before(async () => {
  spec = {
    agentId: 'main',
    image: 'embedded',
    workspace: await mkdtemp(join(tmpdir(), 'openclaw-embedded-')),
    access: 'none',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits: { memoryBytes: 256 * megabyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 16 * megabyte },
  };
});
after(async () => {
  await backend.close();
  await rm(spec.workspace, { recursive: true });
});

const patience = { timeout: 90_000 };

function run(sandbox: Sandbox, shell: string, more: Partial<ExecRequest> = {}): Promise<ExecResult> {
  return sandbox.exec({ command: { shell }, timeoutMs: 800, maxOutputBytes: 10_000, ...more });
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The gateway's event loop, which nothing here may stop. */
async function whileTurning<T>(work: Promise<T>): Promise<{ value: T; turns: number }> {
  let turns = 0;
  const counter = setInterval(() => (turns += 1), 5);
  const value = await work.finally(() => clearInterval(counter));
  return { value, turns };
}

describe('embedded shell, endless work', () => {
  for (const script of [
    'while :; do :; done',
    'echo one; while true; do echo more; done',
    'f() { while :; do :; done; }; f',
    'bash -c "while :; do :; done"',
  ]) {
    test(`${script}: is stopped, and the shell lives on`, patience, async () => {
      const sandbox = await backend.acquire('agent:main:loop', spec);
      await run(sandbox, 'echo kept > kept.txt');
      const { value, turns } = await whileTurning(run(sandbox, script));
      assert.equal(value.timedOut, true);
      assert.equal(value.exitCode, undefined);
      assert.ok(turns > 10);
      assert.equal(text((await run(sandbox, 'cat kept.txt')).stdout), 'kept\n');
      await sandbox.destroy();
    });
  }

  test('other commands of the same shell go on meanwhile', patience, async () => {
    const sandbox = await backend.acquire('agent:main:beside', spec);
    const busy = await sandbox.start({ command: { shell: 'while :; do :; done' }, timeoutMs: 60_000, maxOutputBytes: 100 });
    assert.equal(text((await run(sandbox, 'echo beside')).stdout), 'beside\n');
    await sandbox.writeFile('file.txt', Buffer.from('beside'));
    await busy.kill();
    assert.equal((await busy.result).exitCode, undefined);
    await sandbox.destroy();
  });

  test('one that does not give way is killed with the shell; the next call gets a fresh one and is told', patience, async () => {
    const sandbox = await backend.acquire('agent:main:stuck', spec);
    await run(sandbox, 'echo lost > lost.txt');
    const beside = await sandbox.start({ command: { shell: 'sleep 600' }, timeoutMs: 600_000, maxOutputBytes: 10_000 });
    // One sort of a large input is one piece of work for the interpreter.
    const stuck = await run(sandbox, 'seq 900000 | sort -r | sort | sort -r | sort | sort -r | sort | sort -r | tail -1', {
      timeoutMs: 50,
    });
    assert.equal(stuck.timedOut, true);
    assert.equal(stuck.exitCode, undefined);
    const killed = await beside.result;
    assert.equal(killed.signal, 'SIGKILL');
    assert.equal(killed.timedOut, false);
    assert.match(text(killed.stderr), /shell was restarted/);
    const next = await run(sandbox, 'ls; echo alive');
    assert.equal(text(next.stdout), 'alive\n');
    assert.match(text(next.stderr), /shell was restarted because .*; what was in \/workspace and \/tmp is gone/);
    assert.equal((await run(sandbox, 'echo again')).stderrBytes, 0);
    await sandbox.destroy();
  });
});

describe('embedded shell, memory', () => {
  test('one that goes past it is killed with the shell, told so, and the gateway is untouched', patience, async () => {
    const small = { ...spec, limits: { ...spec.limits, memoryBytes: 0 } };
    const sandbox = await backend.acquire('agent:main:memory', small);
    const hog = 'seq 900000 > /tmp/s; while :; do cat /tmp/s /tmp/s /tmp/s | sort -r | sort | tail -1; done';
    const { value, turns } = await whileTurning(run(sandbox, hog, { timeoutMs: 60_000 }));
    assert.deepEqual([value.exitCode, value.signal, value.timedOut], [undefined, 'SIGKILL', false]);
    assert.match(
      text(value.stderr),
      /the shell was restarted because it (used more memory than it may|ran out of memory or failed)/,
    );
    assert.ok(turns > 10);
    const next = await run(sandbox, 'echo alive; ls /tmp', { timeoutMs: 20_000 });
    assert.equal(text(next.stdout), 'alive\n');
    await sandbox.destroy();
  });
});

describe('embedded shell, hogs', () => {
  const hogs = {
    'a variable that doubles': 'x=a; while :; do x=$x$x; done',
    'many variables': 'i=0; while :; do eval "v$i=$(printf %1000s x)"; i=$((i+1)); done',
    'an array': 'while :; do a+=(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx); done',
    'large files': 'for i in $(seq 1000); do printf "%1000000s" x > /tmp/f$i; done',
    'many files': 'i=0; while :; do : > /tmp/f$i; i=$((i+1)); done',
    'a large sort': 'seq 1000000 > /tmp/s; cat /tmp/s /tmp/s /tmp/s /tmp/s | sort -r | sort | sort -r | tail -1',
    'a large string': 'printf "%500000000s" x | rev | rev | wc -c',
    awk: 'awk "BEGIN { while (1) { a[i++] = \\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\" i } }"',
    'awk, one string': 'awk "BEGIN { s = \\"x\\"; while (1) s = s s }"',
    jq: 'jq -n "[range(100000000)] | map(tostring) | add | length"',
    sed: 'echo a | sed ":a; s/a/aaaa/g; ta"',
    'a compressed bomb':
      'printf "%10000000s" x | gzip | gzip > /tmp/z; for i in 1 2 3 4 5 6 7 8; do cat /tmp/z; done | gunzip | gunzip | wc -c',
    'brace expansion': 'echo {1..9999999} | wc -c',
    recursion: 'f() { f; f; }; f',
    'a fork bomb': ':(){ :|:& };:',
    'nested substitution': 'f() { echo $(f); }; f',
    'a regular expression': 'echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | grep -E "^(a+)+$"',
    'endless output': 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
    'large output': 'printf "%9000000s" x; printf "%9000000s" y; printf "%9000000s" z',
  };
  for (const [name, script] of Object.entries(hogs)) {
    test(`${name}: ends, and the sandbox answers again`, patience, async () => {
      const sandbox = await backend.acquire(`agent:main:hog ${name}`, spec);
      const { value } = await whileTurning(run(sandbox, script, { timeoutMs: 2500 }));
      assert.ok(value.stdout.length <= 10_000);
      const next = await run(sandbox, 'echo alive', { timeoutMs: 20_000 });
      assert.equal(text(next.stdout), 'alive\n');
      await sandbox.destroy();
    });
  }
});
