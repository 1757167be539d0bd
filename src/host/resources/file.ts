/** Files, directories and links as they should be: content, owner, mode. A missing parent directory is made and taken back with them. */
import type { Change, Resource, Trigger, Undo } from '../engine/resource.ts';
import type { FileState, Machine, Ownership } from '../engine/machine.ts';
import { ownerName, requireOwner, resolveOwner } from './owner.ts';
import { lineDiff } from './line-diff.ts';
import { makeParents, undoParents } from './parents.ts';

export interface Owned {
  /** User and group names. */
  user: string;
  group: string;
  mode: number;
}

export const rootOwned = (mode: number): Owned => ({ user: 'root', group: 'root', mode });

export interface FileWish extends Owned {
  path: string;
  /** The whole content, or a function of what is there (undefined when nothing is). */
  content: string | ((current: string | undefined) => string);
  /** The content is a secret: never shown in a diff, never in the journal. */
  secret?: boolean;
  /** Keep what is there: only owner and mode are seen to. */
  keepContent?: boolean;
  triggers?: readonly Trigger[];
}

export function fileResource(wish: FileWish): Resource {
  return {
    id: `file:${wish.path}`,
    async inspect(machine) {
      const state = await machine.state(wish.path);
      const current = await machine.read(wish.path);
      const wanted = wantedContent(wish, current);
      const ownership = await resolveOwner(machine, wish);
      if (state?.kind === 'file' && current?.equals(wanted) && sameOwnership(state, ownership)) return undefined;
      return fileChange(machine, { wish, state, current, wanted, ownership });
    },
  };
}

interface FileSituation {
  wish: FileWish;
  state: FileState | undefined;
  current: Buffer | undefined;
  wanted: Buffer;
  ownership: Ownership;
}

function wantedContent(wish: FileWish, current: Buffer | undefined): Buffer {
  if (wish.keepContent && current) return current;
  const text = typeof wish.content === 'string' ? wish.content : wish.content(current?.toString('utf8'));
  return Buffer.from(text);
}

async function fileChange(machine: Machine, { wish, state, current, wanted, ownership }: FileSituation): Promise<Change> {
  const label = `${octal(wish.mode)} ${wish.user}:${wish.group}`;
  const same = state?.kind === 'file' && (current?.equals(wanted) ?? false);
  return {
    summary: same ? `set ${wish.path} to ${label}` : `write ${wish.path} (${label})`,
    diff: same && state ? [`- ${octal(state.mode)} ${ownerName(state)}`, `+ ${label}`] : contentDiff(wish, current, wanted),
    undo: await undoFile(machine, { path: wish.path, state, current, secret: wish.secret === true, same }),
    triggers: wish.triggers ?? [],
    async apply() {
      requireOwner(ownership, wish.path);
      if (same) return machine.setOwnership(wish.path, ownership);
      await makeParents(machine, wish.path);
      if (state && state.kind !== 'file') await clear(machine, wish.path, state);
      await machine.write(wish.path, wanted, ownership);
    },
  };
}

/** What lies in the place of a file. A directory goes only when it is empty: what is in it may be somebody's. */
async function clear(machine: Machine, path: string, state: FileState): Promise<void> {
  if (state.kind === 'directory') await machine.removeDirectory(path);
  else await machine.remove(path);
}

function contentDiff(wish: FileWish, current: Buffer | undefined, wanted: Buffer): string[] {
  if (wish.secret) return ['  (a secret; not shown)'];
  return lineDiff(current?.toString('utf8') ?? '', wanted.toString('utf8'));
}

interface Before {
  path: string;
  state: FileState | undefined;
  current: Buffer | undefined;
  secret: boolean;
  /** Only owner and mode will change. */
  same: boolean;
}

async function undoFile(machine: Machine, before: Before): Promise<Undo> {
  const { path, state, current } = before;
  if (state?.kind === 'symlink') return { kind: 'link', path, target: state.target };
  if (!state || !current) return undoParents(machine, path, { kind: 'file', path, before: undefined });
  const owned = { mode: state.mode, uid: state.uid, gid: state.gid };
  if (before.same) return { kind: 'ownership', path, before: owned };
  if (before.secret) return { kind: 'nothing', why: `${path} holds a secret: its former content was not kept` };
  return { kind: 'file', path, before: { base64: current.toString('base64'), ...owned } };
}

export interface AbsentWish {
  path: string;
  triggers?: readonly Trigger[];
}

/** A file or link that must not be there. */
export function absentResource(wish: AbsentWish): Resource {
  return {
    id: `absent:${wish.path}`,
    async inspect(machine) {
      const state = await machine.state(wish.path);
      if (!state || state.kind === 'directory') return undefined;
      const current = await machine.read(wish.path);
      return {
        summary: `remove ${wish.path}`,
        diff: lineDiff(current?.toString('utf8') ?? '', ''),
        undo: await undoFile(machine, { path: wish.path, state, current, secret: false, same: false }),
        triggers: wish.triggers ?? [],
        apply: () => machine.remove(wish.path),
      };
    },
  };
}

export function directoryResource(wish: Owned & { path: string }): Resource {
  return {
    id: `directory:${wish.path}`,
    async inspect(machine) {
      const state = await machine.state(wish.path);
      const ownership = await resolveOwner(machine, wish);
      if (state?.kind === 'directory' && sameOwnership(state, ownership)) return undefined;
      const before = state?.kind === 'directory' ? { mode: state.mode, uid: state.uid, gid: state.gid } : undefined;
      const label = `${octal(wish.mode)} ${wish.user}:${wish.group}`;
      const undo: Undo = { kind: 'directory', path: wish.path, before };
      return {
        summary: `${before ? 'set' : 'make'} directory ${wish.path} (${label})`,
        diff: before ? [`- ${octal(before.mode)} ${ownerName(before)}`, `+ ${label}`] : [],
        undo: before ? undo : await undoParents(machine, wish.path, undo),
        triggers: [],
        async apply() {
          requireOwner(ownership, wish.path);
          await makeParents(machine, wish.path);
          if (state && state.kind !== 'directory') await machine.remove(wish.path);
          await machine.makeDirectory(wish.path, ownership);
        },
      };
    },
  };
}

export function linkResource(wish: { path: string; target: string; triggers?: readonly Trigger[] }): Resource {
  return {
    id: `link:${wish.path}`,
    async inspect(machine) {
      const state = await machine.state(wish.path);
      if (state?.kind === 'symlink' && state.target === wish.target) return undefined;
      const current = await machine.read(wish.path);
      return {
        summary: `link ${wish.path} to ${wish.target}`,
        diff: [...(state?.kind === 'symlink' ? [`- ${state.target ?? ''}`] : []), `+ ${wish.target}`],
        undo: await undoFile(machine, { path: wish.path, state, current, secret: false, same: false }),
        triggers: wish.triggers ?? [],
        async apply() {
          await makeParents(machine, wish.path);
          await machine.link(wish.path, wish.target);
        },
      };
    },
  };
}

function sameOwnership(state: FileState, wanted: Ownership): boolean {
  return state.mode === wanted.mode && state.uid === wanted.uid && state.gid === wanted.gid;
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
