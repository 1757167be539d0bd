/**
 * What a tool call costs in the Docker sandbox, against the floors beside it in the same run: a plain exec of the engine in a
 * running container, and a process on this host. `node bench/sandbox.ts [--quick]` prints medians and the 95th percentiles.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../src/domain/clock.ts';
import { silentLog } from '../src/domain/log.ts';
import type { Sandbox, SandboxSpec } from '../src/domain/sandbox.ts';
import { createContainers } from '../src/sandbox/docker/containers.ts';
import { createEngine, defaultSocketPath } from '../src/sandbox/docker/engine.ts';
import { createDockerBackend } from '../src/sandbox/docker/index.ts';
import type { DockerBackend } from '../src/sandbox/docker/index.ts';
import { sandboxImage } from '../src/sandbox/image/build.ts';
import { median, quantile, render } from './statistics.ts';
import type { Figure } from './statistics.ts';

export interface SandboxSamples {
  /** Each is one container, given to one session. */
  firstCalls: number;
  engineExecs: number;
  calls: number;
  batches: number;
}

type Work = () => Promise<unknown>;
/** Milliseconds of each sample, by what was measured. */
type Times = Map<string, number[]>;

async function timed(work: Work): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Each work in turn, round by round, so that what else this machine does falls on all of them. */
async function interleaved(count: number, works: Record<string, Work>): Promise<Times> {
  const times: Times = new Map(Object.keys(works).map((name) => [name, []]));
  const warmUp = 3;
  for (let round = -warmUp; round < count; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const took = await timed(work);
      if (round >= 0) times.get(name)?.push(took);
    }
  }
  return times;
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

const atOnce = (count: number, work: Work): Promise<unknown> => Promise.all(Array.from({ length: count }, work));

/** An exec without a supervisor: create, start, read to its end, ask for the exit code. */
async function engineExec(containerName: string, ...command: string[]): Promise<void> {
  const containers = createContainers(createEngine(defaultSocketPath));
  const { execId, socket } = await containers.attach(containerName, { command, workdir: '/workspace', input: false });
  socket.resume();
  await new Promise((resolve) => socket.once('end', resolve));
  socket.destroy();
  await containers.inspectExec(execId);
}

/** A session's first call with a container waiting: from acquiring it to the result. */
async function firstCall(backend: DockerBackend, spec: SandboxSpec): Promise<number> {
  const waits = async (): Promise<boolean> =>
    (await backend.list()).some((listing) => listing.name.startsWith('openclaw-pool-') && listing.running);
  while (!(await waits())) await delay(50);
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

async function measure(backend: DockerBackend, spec: SandboxSpec, samples: SandboxSamples): Promise<Times> {
  const sandbox = await backend.acquire('agent:main:bench', spec);
  const execs = await interleaved(samples.engineExecs, { 'exec of the engine': () => engineExec(sandbox.name, 'true') });
  const first: number[] = [];
  for (let call = 0; call < samples.firstCalls; call += 1) first.push(await firstCall(backend, spec));
  const calls = await interleaved(samples.calls, {
    'host true': () => onHost('true'),
    'call true': () => inSandbox(sandbox, 'true'),
    'host sh': () => onHost('sh', '-c', 'true'),
    'call sh': () => inSandbox(sandbox, 'sh', '-c', 'true'),
  });
  const batches = await interleaved(samples.batches, {
    'host 10': () => atOnce(10, () => onHost('true')),
    'call 10': () => atOnce(10, () => inSandbox(sandbox, 'true')),
  });
  return new Map([...execs, ['first call', first], ...calls, ...batches]);
}

const comparisons = [
  { name: 'first tool call of a session', ours: 'first call', floor: 'exec of the engine', limit: 1.2 },
  { name: 'later tool call, true', ours: 'call true', floor: 'host true', limit: 2 },
  { name: 'later tool call, sh -c true', ours: 'call sh', floor: 'host sh', limit: 2 },
  { name: '10 tool calls at once, true', ours: 'call 10', floor: 'host 10', limit: 2 },
];

async function withBackend<Result>(use: (backend: DockerBackend, spec: SandboxSpec) => Promise<Result>): Promise<Result> {
  const workspace = mkdtempSync(join(tmpdir(), 'openclaw-bench-'));
  const stateId = `bench-${randomBytes(6).toString('hex')}`;
  const backend = createDockerBackend({ stateId, poolSize: 1, log: silentLog, clock: systemClock, ownPaths: [tmpdir()] });
  const mebibyte = 1024 * 1024;
  const limits = { memoryBytes: 512 * mebibyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 64 * mebibyte };
  const spec: SandboxSpec = {
    agentId: 'main',
    image: sandboxImage,
    workspace,
    access: 'ro',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits,
  };
  try {
    return await use(backend, spec);
  } finally {
    await backend.close();
    rmSync(workspace, { recursive: true, force: true });
  }
}

function figuresOf(times: Times, of: (values: readonly number[]) => number, suffix = ''): Figure[] {
  return comparisons.map(({ name, ours, floor, limit }) => ({
    name: `${name}${suffix}`,
    ours: of(times.get(ours) ?? []),
    floor: of(times.get(floor) ?? []),
    unit: 'ms',
    limit,
  }));
}

/** The medians. Needs a Docker engine with the sandbox image. */
export function measureSandbox(samples: SandboxSamples): Promise<Figure[]> {
  return withBackend(async (backend, spec) => figuresOf(await measure(backend, spec, samples), median));
}

if (import.meta.main) {
  const few = { firstCalls: 5, engineExecs: 10, calls: 60, batches: 15 };
  const many = { firstCalls: 15, engineExecs: 30, calls: 300, batches: 60 };
  const times = await withBackend((backend, spec) => measure(backend, spec, process.argv.includes('--quick') ? few : many));
  console.log(render([...figuresOf(times, median, ', p50'), ...figuresOf(times, (values) => quantile(values, 0.95), ', p95')]));
}
