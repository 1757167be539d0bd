/**
 * The one place that knows where the embedded shell's program lies and what its process may touch.
 * Two builds of it exist: `worker.ts` beside this file when run from the sources, `embedded-worker.mjs` beside the bundle.
 * Must never give the process an environment, a shell, or a path that the sandbox does not need.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkspaceAccess } from '../../domain/sandbox.ts';

const here = fileURLToPath(import.meta.url);
const fromSources = here.endsWith('.ts');

export const workerFile = fromSources ? join(dirname(here), 'worker.ts') : join(dirname(here), 'embedded-worker.mjs');

export function workerExists(): boolean {
  return existsSync(workerFile);
}

export interface WorkerAccess {
  workspace: string;
  access: WorkspaceAccess;
  /** Of the JavaScript heap. */
  heapBytes: number;
}

/**
 * Arguments of the Node process. The interpreter's own file system already keeps to the workspace; Node's permission model is
 * the second wall behind it: no child processes, no threads, no native code, no other files.
 */
export function workerArguments({ workspace, access, heapBytes }: WorkerAccess): string[] {
  const readable = [...programFiles(), ...(access === 'none' ? [] : [workspace])];
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...(access === 'rw' ? [`--allow-fs-write=${workspace}`] : []),
    `--max-old-space-size=${Math.ceil(heapBytes / 1_048_576)}`,
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    workerFile,
  ];
}

/**
 * Node wants to read the program, what it imports, and the package file that says which kind of module each is: by the paths
 * that it is given, and by the real ones where those are links.
 */
function programFiles(): string[] {
  const root = join(dirname(here), '..', '..', '..');
  const paths = fromSources ? ['src', 'node_modules', 'package.json'].map((name) => join(root, name)) : [dirname(workerFile)];
  return [...new Set(paths.flatMap((path) => [path, realpathSync(path)]))];
}
