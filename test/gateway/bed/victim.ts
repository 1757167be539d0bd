/** Starts a gateway in a process of its own, kills it, starts it again. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Surroundings } from './bed.ts';
import type { ChildOptions } from './child.ts';

export interface Victim {
  process: ChildProcess;
  /** Resolves when the process has ended, with its signal or exit code. */
  ended: Promise<string>;
  kill(signal?: NodeJS.Signals): Promise<string>;
}

const CHILD = join(import.meta.dirname, 'child.ts');

export function startVictim(around: Surroundings, options: ChildOptions['options'] = {}): Victim {
  const { dir, botApi, modelApi } = around;
  const given: ChildOptions = {
    dir,
    botApi: { url: botApi.url, token: botApi.token },
    modelApi: { url: modelApi.url, apiKey: modelApi.apiKey },
    options: { admission: { dmPolicy: 'open', allowFrom: ['*'] }, ...options },
    loud: process.env['LOUD'] !== undefined,
  };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(given)], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))));
  return {
    process: child,
    ended,
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      return ended;
    },
  };
}

/** What the tools of all its lives have done, in order. */
export async function effectsOf({ dir }: Surroundings): Promise<string[]> {
  const text = await readFile(join(dir, 'effects.txt'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
