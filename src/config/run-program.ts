/** Runs the one program that the configuration may need: `op`. Never through a shell. */
import type { RunProgram } from './references.ts';

export const runProgram: RunProgram = async (file, args, { timeoutMs, maxBytes, env }) => {
  const { execFile } = await import('node:child_process');
  const options = { timeout: timeoutMs, maxBuffer: maxBytes, env, encoding: 'utf8', killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    execFile(file, [...args], options, (error, stdout) => {
      // The error repeats the program's output, which may be half a secret.
      if (error) reject(Object.assign(new Error(`${file} failed`), { code: error.code, killed: error.killed }));
      else resolve({ stdout });
    });
  });
};
