/**
 * Owns which host directories may be a workspace. Pure, and fails closed: what is not plainly harmless is refused.
 */
import { posix } from 'node:path';
import { AppError } from '../../domain/errors.ts';

/** Nothing at or below these: the system's own, devices, sockets, other containers. */
const systemTrees = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/lost+found',
  '/private/etc',
  '/private/var/run',
  '/proc',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/cache',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/log',
  '/var/run',
  '/var/spool',
];

/** Not these themselves: they hold what belongs to many. A directory below them may be a workspace. */
const sharedParents = new Set([
  '/',
  '/Users',
  '/home',
  '/media',
  '/mnt',
  '/opt',
  '/root',
  '/srv',
  '/tmp',
  '/var',
  '/var/lib',
  '/var/tmp',
]);

/** A path through one of these leads to somebody's credentials. */
const credentialNames = new Set(['.aws', '.azure', '.cargo', '.config', '.docker', '.gnupg', '.kube', '.netrc', '.npm', '.ssh']);

const below = (path: string, tree: string): boolean => path === tree || path.startsWith(tree === '/' ? '/' : `${tree}/`);

/**
 * `protectedPaths`: what no sandbox may see (the home directory, the state directory, the engine's socket).
 * A workspace may lie below one, but must not be one or hold one. Throws AppError `denied` or `invalid`.
 */
export function refuseWorkspace(path: string, protectedPaths: readonly string[]): void {
  refuseOddPath(path, 'workspace');
  const reason = workspaceReason(path, protectedPaths);
  if (reason === undefined) return;
  throw new AppError('denied', `The workspace ${path} cannot be given to a sandbox: ${reason}.`, {
    hint: 'Use a directory of its own, such as ~/.openclaw/workspace.',
  });
}

function workspaceReason(path: string, protectedPaths: readonly string[]): string | undefined {
  if (sharedParents.has(path)) return 'it holds what is not the agent’s';
  const tree = systemTrees.find((candidate) => below(path, candidate));
  if (tree !== undefined) return `${tree} belongs to the system`;
  const name = path.split('/').find((part) => credentialNames.has(part));
  if (name !== undefined) return `${name} holds credentials`;
  const held = protectedPaths.find((candidate) => below(posix.normalize(candidate), path));
  return held === undefined ? undefined : `it holds ${held}`;
}

/** `real` is the path with every link resolved. Throws AppError `denied`. */
export function refuseLink(path: string, real: string | undefined): void {
  if (real === path) return;
  throw new AppError('denied', `The workspace ${path} leads through a link, to ${real ?? 'nowhere'}.`, {
    ...(real === undefined ? {} : { hint: `Configure ${real} itself.` }),
  });
}

/** Inside the container: a directory that hides nothing the image needs. Throws AppError. */
export function refuseWorkdir(path: string): void {
  refuseOddPath(path, 'working directory');
  const taken = [...systemTrees, '/tmp', '/var/tmp'].some((tree) => below(path, tree));
  if (!taken && path !== '/' && path !== '/var' && path !== '/var/lib') return;
  throw new AppError('denied', `${path} cannot be the working directory of a sandbox.`, { hint: 'Use /workspace.' });
}

function refuseOddPath(path: string, what: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is refused
  const plain = path.startsWith('/') && posix.normalize(path) === path && !/[\0-\x1f\x7f]/.test(path) && path.isWellFormed();
  const slashed = path !== '/' && path.endsWith('/');
  if (plain && !slashed) return;
  throw new AppError(
    'invalid',
    `The ${what} must be an absolute path without "..", "//" or a slash at its end: ${JSON.stringify(path)}.`,
  );
}
