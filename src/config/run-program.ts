/** Runs the one program that the configuration may need: `op`. Never through a shell. */
import { execFile } from 'node:child_process';
import type { RunProgram } from './references.ts';

export const runProgram: RunProgram = (file, args, { timeoutMs, maxBytes, env }) =>
  new Promise((resolve, reject) => {
    execFile(
      file,
      [...args],
      { timeout: timeoutMs, maxBuffer: maxBytes, env, encoding: 'utf8', killSignal: 'SIGKILL' },
      (error, stdout) => {
        // The error repeats the program's output, which may be half a secret.
        if (error) reject(Object.assign(new Error(`${file} failed`), { code: error.code, killed: error.killed }));
        else resolve({ stdout });
      },
    );
  });
