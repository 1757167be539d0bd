/**
 * Owns what this host says of a workspace: its real path, and as whom a sandbox must run to use it.
 * Must never go on with a path that leads through a link.
 */
import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { AppError } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { SandboxSpec } from '../../domain/sandbox.ts';
import type { ContainerUser } from './spec-to-container.ts';
import { handOver } from './hand-over.ts';
import { refuseLink, refuseWorkspace } from './workspace-rules.ts';

export interface WorkspaceFacts {
  realWorkspace: string | undefined;
  user: ContainerUser;
}

export interface WorkspaceSettings {
  /** As whom the gateway runs. */
  gatewayUser: ContainerUser;
  protectedPaths: readonly string[];
  /** Directories that belong to the gateway alone; only below them a workspace of root's is handed to the sandbox user. */
  ownPaths: readonly string[];
  log: Log;
}

/** The user of the sandbox image, for a gateway that is root. */
const imageUser: ContainerUser = { uid: 1000, gid: 1000 };

/**
 * The user inside is the gateway's own when that is not root, else the workspace's owner when that is not root, else the
 * image's. A workspace that belongs to root, and that this user could not use, is handed over when it is the gateway's own.
 */
export async function resolveWorkspace(spec: SandboxSpec, settings: WorkspaceSettings): Promise<WorkspaceFacts> {
  const gateway = notRoot(settings.gatewayUser);
  if (spec.access === 'none') return { realWorkspace: undefined, user: gateway ?? imageUser };
  refuseWorkspace(spec.workspace, settings.protectedPaths);
  const { real, entry } = await look(spec.workspace);
  // Before anything else is done with it: what a link leads to is somebody else's.
  refuseLink(spec.workspace, real);
  const user = gateway ?? notRoot({ uid: entry.uid, gid: entry.gid }) ?? imageUser;
  if (!mayUse(entry, user, spec.access)) {
    if (gateway !== undefined || entry.uid !== 0) throw cannotUse(spec, user);
    if (!(await handOver(real, user, settings.ownPaths))) throw cannotUse(spec, user);
    settings.log.info({ workspace: real, uid: user.uid }, 'the workspace belonged to root and was handed to the sandbox user');
  }
  return { realWorkspace: real, user };
}

async function look(path: string): Promise<{ real: string; entry: Stats }> {
  try {
    const real = await realpath(path);
    const entry = await lstat(real);
    if (!entry.isDirectory()) throw new AppError('invalid', `The workspace ${path} is no directory.`);
    return { real, entry };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('not_found', `The workspace ${path} cannot be reached.`, {
      hint: 'Make the directory, or mend its permissions.',
      cause: error,
    });
  }
}

/** With a group of root's replaced: a sandbox has no part of root. */
function notRoot(user: ContainerUser): ContainerUser | undefined {
  if (user.uid === 0) return undefined;
  return { uid: user.uid, gid: user.gid === 0 ? user.uid : user.gid };
}

function mayUse(entry: Stats, user: ContainerUser, access: 'ro' | 'rw'): boolean {
  const needed = access === 'rw' ? 0o7 : 0o5;
  const shift = entry.uid === user.uid ? 6 : entry.gid === user.gid ? 3 : 0;
  return ((entry.mode >> shift) & needed) === needed;
}

function cannotUse(spec: SandboxSpec, user: ContainerUser): AppError {
  const use = spec.access === 'rw' ? 'write' : 'read';
  return new AppError(
    'denied',
    `The sandbox runs as ${user.uid}:${user.gid}, which cannot ${use} the workspace ${spec.workspace}.`,
    {
      hint: `chown -R ${user.uid}:${user.gid} ${spec.workspace}`,
    },
  );
}
