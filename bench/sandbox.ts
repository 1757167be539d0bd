// What a tool call costs in the Docker sandbox, against the floor beside it in the same run: a plain exec of the engine in a
// running container, and a process on this host. Prints milliseconds and ratios; asserts nothing.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/domain/clock.ts';
import { silentLog } from '../src/domain/log.ts';
import type { Sandbox, SandboxSpec } from '../src/domain/sandbox.ts';
import { createContainers } from '../src/sandbox/docker/containers.ts';
import { createEngine, defaultSocketPath } from '../src/sandbox/docker/engine.ts';
import { createDockerBackend } from '../src/sandbox/docker/index.ts';
import { sandboxImage } from '../src/sandbox/image/build.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '300' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const firstCalls = Math.max(5, Math.round(rounds / 20));
const engineExecs = Math.max(10, Math.round(rounds / 10));

interface Row {
  what: string;
  p50: number;
  p95: number;
  floor?: { what: string; p50: number; ratio: number };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Each work in turn, round by round, so that what else this machine does falls on all of them. */
async function interleaved(count: number, works: Record<string, () => Promise<unknown>>): Promise<Map<string, number[]>> {
  const times = new Map(Object.keys(works).map((name): [string, number[]] => [name, []]));
  for (let round = -3; round < count; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const took = await timed(work);
      if (round >= 0) times.get(name)?.push(took);
    }
  }
  for (const list of times.values()) list.sort((left, right) => left - right);
  return times;
}

function rowsOf(times: Map<string, number[]>, floors: Record<string, string>): Row[] {
  return [...times].map(([what, sorted]) => {
    const p50 = quantile(sorted, 0.5);
    const floor = floors[what];
    const floorP50 = quantile(times.get(floor ?? '') ?? [], 0.5);
    return {
      what,
      p50,
      p95: quantile(sorted, 0.95),
      ...(floor ? { floor: { what: floor, p50: floorP50, ratio: p50 / floorP50 } } : {}),
    };
  });
}

function onHost(file: string, ...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}

const inSandbox = (sandbox: Sandbox, ...argv: string[]): Promise<unknown> =>
  sandbox.exec({ command: { argv }, timeoutMs: 30_000, maxOutputBytes: 10_000 });

const atOnce = (count: number, work: () => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, work));

const engine = createEngine(defaultSocketPath);
const containers = createContainers(engine);

/** What an exec costs without a supervisor: create, start, read to its end, ask for the exit code. */
async function engineExec(containerName: string, ...command: string[]): Promise<void> {
  const { execId, socket } = await containers.attach(containerName, { command, workdir: '/workspace', input: false });
  socket.resume();
  await new Promise((resolve) => socket.once('end', resolve));
  socket.destroy();
  await containers.inspectExec(execId);
}

const workspace = mkdtempSync(join(tmpdir(), 'openclaw-bench-'));
const spec: SandboxSpec = {
  agentId: 'main',
  image: sandboxImage,
  workspace,
  access: 'ro',
  workdir: '/workspace',
  readOnlyRoot: true,
  network: 'none',
  limits: { memoryBytes: 512 * 1024 * 1024, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 64 * 1024 * 1024 },
};
const backend = createDockerBackend({
  stateId: `bench-${randomBytes(6).toString('hex')}`,
  poolSize: 1,
  log: silentLog,
  clock: systemClock,
  protectedPaths: [],
});

/** A session's first call with a container waiting: from acquiring it to the result. */
async function firstCall(): Promise<number> {
  while (!(await backend.list()).some((listing) => listing.name.startsWith('openclaw-pool-') && listing.running)) await delay(50);
  // The container runs a moment before its supervisor answers.
  await delay(1_500);
  let sandbox: Sandbox | undefined;
  const took = await timed(async () => {
    sandbox = await backend.acquire('agent:main:bench:first', spec);
    await inSandbox(sandbox, 'true');
  });
  await sandbox?.destroy();
  return took;
}

try {
  const sandbox = await backend.acquire('agent:main:bench', spec);
  const execs = await interleaved(engineExecs, { 'exec of the engine, true': () => engineExec(sandbox.name, 'true') });
  const firsts: number[] = [];
  for (let call = 0; call < firstCalls; call += 1) firsts.push(await firstCall());
  execs.set(
    'first call of a session, true',
    firsts.toSorted((left, right) => left - right),
  );

  const later = await interleaved(rounds, {
    'host process, true': () => onHost('true'),
    'tool call, true': () => inSandbox(sandbox, 'true'),
    'host process, sh -c true': () => onHost('sh', '-c', 'true'),
    'tool call, sh -c true': () => inSandbox(sandbox, 'sh', '-c', 'true'),
  });
  const parallel = await interleaved(Math.round(rounds / 5), {
    '10 host processes at once, true': () => atOnce(10, () => onHost('true')),
    '10 tool calls at once, true': () => atOnce(10, () => inSandbox(sandbox, 'true')),
  });
  const rows = [
    ...rowsOf(execs, { 'first call of a session, true': 'exec of the engine, true' }),
    ...rowsOf(later, { 'tool call, true': 'host process, true', 'tool call, sh -c true': 'host process, sh -c true' }),
    ...rowsOf(parallel, { '10 tool calls at once, true': '10 host processes at once, true' }),
  ];
  if (values.json) console.log(JSON.stringify(rows));
  else {
    console.log(`${'what'.padEnd(36)}${'p50 ms'.padStart(9)}${'p95 ms'.padStart(9)}${'ratio of p50'.padStart(14)}`);
    for (const { what, p50, p95, floor } of rows) {
      console.log(
        `${what.padEnd(36)}${p50.toFixed(2).padStart(9)}${p95.toFixed(2).padStart(9)}${(floor ? floor.ratio.toFixed(2) : '').padStart(14)}`,
      );
    }
  }
} finally {
  await backend.close();
  rmSync(workspace, { recursive: true, force: true });
}
