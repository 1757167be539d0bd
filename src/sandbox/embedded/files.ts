/** Owns reading and writing whole files of an embedded shell without a command. Runs in the shell's process. */
import { posix } from 'node:path';
import type { FsStat } from 'just-bash';
import type { ShellFileSystem } from './file-system.ts';
import { ShellFailure } from './failure.ts';

export async function readRange(
  files: ShellFileSystem,
  path: string,
  { offset, maxBytes }: { offset: number; maxBytes: number },
): Promise<{ bytes: Uint8Array; totalBytes: number }> {
  const found = await files.stat(path);
  // Opening a pipe without a writer would wait for ever.
  if (!found.isFile) throw notAFile(found, path);
  const whole = await files.readFileBuffer(path);
  return { bytes: whole.slice(offset, offset + maxBytes), totalBytes: whole.length };
}

let parts = 0;

export async function writeWhole(files: ShellFileSystem, path: string, bytes: Uint8Array): Promise<void> {
  files.checkWrite(path, 'write');
  const before = await files.stat(path).catch(() => undefined);
  if (before && !before.isFile) throw notAFile(before, path);
  const directory = posix.dirname(path);
  await files.mkdir(directory, { recursive: true });
  // A reader sees the old file or the new one, never a part.
  const part = posix.join(directory, `.openclaw-${(parts += 1)}.part`);
  try {
    await files.writeFile(part, bytes);
    if (before) await files.chmod(part, before.mode & 0o777);
    await files.mv(part, path);
  } catch (error) {
    await files.rm(part, { force: true }).catch(() => {});
    throw error;
  }
}

function notAFile(found: FsStat, path: string): ShellFailure {
  return new ShellFailure('invalid', `${path} is ${found.isDirectory ? 'a directory' : 'not a regular file'}.`);
}
