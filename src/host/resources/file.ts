/** Files, directories and links as they should be: content, owner, mode. */
import type { Change, Resource, Trigger, Undo } from '../engine/resource.ts';
import type { FileState, Machine, Ownership } from '../engine/machine.ts';
import { ownerName, requireOwner, resolveOwner } from './owner.ts';
import { lineDiff } from './line-diff.ts';

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
  /** The content is a secret: it is never shown in a diff. */
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

function fileChange(machine: Machine, { wish, state, current, wanted, ownership }: FileSituation): Change {
  const label = `${octal(wish.mode)} ${wish.user}:${wish.group}`;
  const same = current?.equals(wanted) ?? false;
  const diff = wish.secret ? ['  (a secret; not shown)'] : lineDiff(current?.toString('utf8') ?? '', wanted.toString('utf8'));
  return {
    summary: same ? `set ${wish.path} to ${label}` : `write ${wish.path} (${label})`,
    diff: same && state ? [`- ${octal(state.mode)} ${ownerName(state)}`, `+ ${label}`] : diff,
    undo: undoOf(wish.path, state, current),
    triggers: wish.triggers ?? [],
    async apply() {
      requireOwner(ownership, wish.path);
      if (state && state.kind !== 'file') await machine.remove(wish.path);
      await machine.write(wish.path, wanted, ownership);
    },
  };
}

function undoOf(path: string, state: FileState | undefined, current: Buffer | undefined): Undo {
  if (state?.kind === 'symlink') return { kind: 'link', path, target: state.target };
  if (!state || !current) return { kind: 'file', path, before: undefined };
  return { kind: 'file', path, before: { base64: current.toString('base64'), mode: state.mode, uid: state.uid, gid: state.gid } };
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
        undo: undoOf(wish.path, state, current),
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
      return {
        summary: `${before ? 'set' : 'make'} directory ${wish.path} (${octal(wish.mode)} ${wish.user}:${wish.group})`,
        diff: [],
        undo: { kind: 'directory', path: wish.path, before },
        triggers: [],
        async apply() {
          requireOwner(ownership, wish.path);
          if (state && state.kind !== 'directory') await machine.remove(wish.path);
          await machine.makeDirectory(wish.path, ownership);
        },
      };
    },
  };
}

export function linkResource(wish: { path: string; target: string }): Resource {
  return {
    id: `link:${wish.path}`,
    async inspect(machine) {
      const state = await machine.state(wish.path);
      if (state?.kind === 'symlink' && state.target === wish.target) return undefined;
      const current = await machine.read(wish.path);
      return {
        summary: `link ${wish.path} to ${wish.target}`,
        diff: state?.kind === 'symlink' ? [`- ${state.target ?? ''}`, `+ ${wish.target}`] : [],
        undo: undoOf(wish.path, state, current),
        triggers: [],
        apply: () => machine.link(wish.path, wish.target),
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
