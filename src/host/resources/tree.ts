/** A folder of ours that holds exactly the files of a release: content by hash, root's, writable by nobody else, and nothing besides. */
import { dirname, join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { Machine } from '../engine/machine.ts';
import type { Resource } from '../engine/resource.ts';
import type { ReleaseFile } from '../program/release.ts';
import { makeParents, undoParents } from './parents.ts';

export interface TreeWish {
  folder: string;
  files: readonly ReleaseFile[];
  /** Other copies of the same release on the machine: what is damaged is taken from the first whose hash is right. */
  copies: readonly string[];
}

export function treeResource(wish: TreeWish): Resource {
  return {
    id: `tree:${wish.folder}`,
    async inspect(machine) {
      const present = (await machine.state(wish.folder)) !== undefined;
      const wrong = (await Promise.all(wish.files.map((file) => isWrong(machine, wish.folder, file)))).filter(
        (file) => file !== undefined,
      );
      const strangers = present ? await strangersIn(machine, wish) : [];
      if (wrong.length === 0 && strangers.length === 0) return undefined;
      const lines = [...wrong.map((file) => `+ ${file.path}`), ...strangers.map((path) => `- ${path}`)];
      return {
        summary: present ? `restore ${lines.length} files in ${wish.folder}` : `install ${wrong.length} files to ${wish.folder}`,
        diff: lines.length > 20 ? [...lines.slice(0, 20), `  and ${lines.length - 20} more`] : lines,
        undo: present
          ? { kind: 'nothing', why: `${wish.folder} had been changed; it keeps the release` }
          : await undoParents(machine, wish.folder, { kind: 'tree', path: wish.folder }),
        triggers: [],
        apply: () => restore(machine, wish, { wrong, strangers }),
      };
    },
  };
}

async function isWrong(machine: Machine, folder: string, file: ReleaseFile): Promise<ReleaseFile | undefined> {
  const path = join(folder, file.path);
  const state = await machine.state(path);
  const owned = state?.kind === 'file' && state.mode === file.mode && state.uid === 0 && state.gid === 0;
  return owned && (await machine.digest(path)) === file.sha256 ? undefined : file;
}

/** Files and folders that are not of the release, and folders that somebody else could write. */
async function strangersIn(machine: Machine, wish: TreeWish): Promise<string[]> {
  const known = new Set(wish.files.map((file) => file.path));
  const folders = new Set(wish.files.flatMap((file) => foldersOf(file.path)));
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const name of await machine.list(join(wish.folder, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (folders.has(path)) await walk(path);
      else if (!known.has(path)) found.push(path);
    }
  };
  await walk('');
  for (const folder of ['', ...folders]) {
    const state = await machine.state(join(wish.folder, folder));
    if (state && (state.mode !== 0o755 || state.uid !== 0 || state.gid !== 0)) found.push(`${folder}/`);
  }
  return found;
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

interface Wrong {
  wrong: readonly ReleaseFile[];
  strangers: readonly string[];
}

async function restore(machine: Machine, wish: TreeWish, { wrong, strangers }: Wrong): Promise<void> {
  for (const path of strangers.filter((one) => !one.endsWith('/'))) await machine.removeTree(join(wish.folder, path));
  for (const path of strangers.filter((one) => one.endsWith('/'))) {
    await machine.setOwnership(join(wish.folder, path), { mode: 0o755, uid: 0, gid: 0 });
  }
  for (const file of wrong) {
    const source = await soundSource(machine, wish, file);
    const target = join(wish.folder, file.path);
    await makeParents(machine, target);
    if ((await machine.state(target))?.kind === 'directory') await machine.removeTree(target);
    await machine.copy(source, target, { mode: file.mode, uid: 0, gid: 0 });
    if ((await machine.digest(target)) !== file.sha256) throw damaged(file, dirname(source));
  }
}

/** The running program's own file, else a copy on the machine, whichever has the right hash. */
async function soundSource(machine: Machine, wish: TreeWish, file: ReleaseFile): Promise<string> {
  for (const copy of wish.copies) {
    const path = join(copy, file.path);
    if (machine.live && (await machine.digest(path)) === file.sha256) return path;
  }
  return file.source;
}

function damaged(file: ReleaseFile, where: string): AppError {
  return new AppError('unavailable', `${file.path} in ${where} is not what the release holds, and no other copy is whole.`, {
    hint: 'Unpack the release again and run its own ./openclaw host repair.',
  });
}
