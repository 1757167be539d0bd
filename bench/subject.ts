/** The two programs that are measured beside each other, started the same way against the same peers. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBotApi, type BotApi } from '../test/peers/bot-api.ts';
import { createModelApi, type ModelApi, type Script } from '../test/peers/model-api.ts';

const root = join(import.meta.dirname, '..');
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

export interface Peers {
  bot: BotApi;
  model: ModelApi;
  /** Resolves when the bot has sent `count` more messages from now on. */
  sentAfter(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startPeers(script?: Script): Promise<Peers> {
  const bot = await createBotApi({ bench: true });
  const model = await createModelApi({ bench: true, pieceCharacters: 1_000, ...(script ? { script } : {}) });
  let waiting: { target: number; resolve: () => void }[] = [];
  bot.onSent(() => {
    const sent = bot.sentCount();
    for (const one of waiting) if (sent >= one.target) one.resolve();
    waiting = waiting.filter((one) => sent < one.target);
  });
  const sentAfter = (count: number): Promise<void> =>
    new Promise((resolve) => void waiting.push({ target: bot.sentCount() + count, resolve }));
  return { bot, model, sentAfter, close: async () => void (await Promise.all([bot.close(), model.close()])) };
}

export interface Subject {
  name: 'floor' | 'gateway';
  /** A fresh state directory is made unless one is given. */
  start(peers: Peers, stateDir?: string): Running;
}

export interface Running {
  process: ChildProcess;
  startedAt: number;
  /** Resident bytes of the process and all its children. */
  residentBytes(): number;
  /** CPU seconds of the process and all its children so far. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export const floor: Subject = {
  name: 'floor',
  start: (peers) =>
    run(process.execPath, [join(root, 'bench', 'floor.mjs')], {
      BOT_URL: `${peers.bot.url}/bot${peers.bot.token}`,
      MODEL_URL: `${peers.model.url}/v1`,
      MODEL_KEY: peers.model.apiKey,
    }),
};

export const gateway: Subject = {
  name: 'gateway',
  start(peers, stateDir = mkdtempSync(join(tmpdir(), 'openclaw-bench-'))) {
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(join(stateDir, 'openclaw.json'), JSON.stringify(configuration(peers), null, 2), { mode: 0o600 });
    const running = run(join(root, 'bin', 'openclaw'), ['gateway', 'run', '--port', String(freePort())], {
      OPENCLAW_STATE_DIR: stateDir,
    });
    return {
      ...running,
      async stop() {
        await running.stop();
        if (stateDir.includes('openclaw-bench-')) rmSync(stateDir, { recursive: true, force: true });
      },
    };
  },
};

/** Below the ephemeral range, so that no outgoing connection takes it meanwhile. */
function freePort(): number {
  return 20_000 + Math.floor(Math.random() * 10_000);
}

function configuration(peers: Peers): unknown {
  return {
    gateway: { mode: 'local', auth: { mode: 'token', token: 'b'.repeat(48) }, remote: { token: 'b'.repeat(48) } },
    agents: { defaults: { model: { primary: 'bench/bench' } } },
    models: {
      providers: {
        bench: {
          baseUrl: `${peers.model.url}/v1`,
          apiKey: peers.model.apiKey,
          api: 'openai-completions',
          models: [{ id: 'bench', name: 'bench', contextWindow: 128_000 }],
        },
      },
    },
    // One answer for each message, as the floor gives.
    messages: { queue: { mode: 'followup' } },
    channels: {
      telegram: { enabled: true, apiRoot: peers.bot.url, botToken: peers.bot.token, dmPolicy: 'open', allowFrom: ['*'] },
    },
  };
}

function run(file: string, args: string[], environment: Record<string, string>): Running {
  const startedAt = performance.now();
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', process.env.BENCH_VERBOSE ? 'inherit' : 'ignore'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...environment },
  });
  const pid = child.pid as number;
  return {
    process: child,
    startedAt,
    residentBytes: () => sum(treeOf(pid), (one) => Number(read(`/proc/${one}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES),
    cpuSeconds: () => sum(treeOf(pid), ticksOf) / TICKS_PER_SECOND,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function ticksOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function treeOf(pid: number): number[] {
  const threads = (() => {
    try {
      return readdirSync(`/proc/${pid}/task`);
    } catch {
      return [];
    }
  })();
  const children = threads.flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(treeOf)];
}

function sum(pids: number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}
