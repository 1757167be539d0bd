/**
 * Owns the one change of ownership that a sandbox needs: a workspace that a gateway running as root has made for an agent
 * becomes the sandbox user's, who is not root. Must never touch anything outside of the gateway's own directories, anything
 * behind a link, or anything that others than root could have put there: an owner once changed is a door opened.
 */
import type { Stats } from 'node:fs';
import { lchown, lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContainerUser } from './spec-to-container.ts';

/** False when it must not, or cannot, be done; then nothing is changed. */
export async function handOver(directory: string, user: ContainerUser, ownPaths: readonly string[]): Promise<boolean> {
  const own = ownPaths.find((path) => directory.startsWith(`${path}/`));
  if (own === undefined || user.uid === 0 || (await realpath(directory)) !== directory) return false;
  for (let parent = dirname(directory); parent.length >= own.length; parent = dirname(parent)) {
    if (!isRootsAlone(await lstat(parent), { stickyToo: true })) return false;
  }
  if (!isRootsAlone(await lstat(directory))) return false;
  await give(directory, user);
  return true;
}

async function give(directory: string, user: ContainerUser): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const entry = await lstat(path);
    if (entry.isDirectory() && isRootsAlone(entry)) await give(path, user);
    else if (isPlainFileOfRoot(entry)) await lchown(path, user.uid, user.gid);
  }
  // The directory last: until then nobody but root can write in it.
  await lchown(directory, user.uid, user.gid);
}

/** A directory in which nobody but root can make or replace an entry; with the sticky bit, none that is root's. */
function isRootsAlone(entry: Stats, { stickyToo = false } = {}): boolean {
  const others = (entry.mode & 0o002) !== 0 || ((entry.mode & 0o020) !== 0 && entry.gid !== 0);
  const sticky = stickyToo && (entry.mode & 0o1000) !== 0;
  return entry.isDirectory() && entry.uid === 0 && (!others || sticky);
}

/** Not one with a second name, which may be elsewhere; not one that even its owner may not write: that is protected on purpose. */
function isPlainFileOfRoot(entry: Stats): boolean {
  return entry.isFile() && entry.uid === 0 && entry.nlink === 1 && (entry.mode & 0o200) !== 0;
}
