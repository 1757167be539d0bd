/**
 * Owns `openclaw sandbox build`: one image, from a registry when it answers and from Debian packages when not.
 * Must never run by itself: a start of the gateway does not wait for a build.
 */
import { stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { AppError, messageOf } from '../../domain/errors.ts';
import { createEngine, engineSocketPath } from '../docker/engine.ts';
import type { Engine } from '../docker/engine.ts';
import { withDebianRoot } from './debian.ts';
import { importChanges, sandboxImage } from './recipe.ts';
import { buildFromRegistry } from './registry.ts';
import { streamProgram } from './run-program.ts';

export { sandboxImage } from './recipe.ts';

/** `rootfs` is a directory, or a tar archive, that holds a whole root file system. */
export type ImageSource = 'auto' | 'registry' | 'debian' | { rootfs: string };

export interface BuildImageOptions {
  /** One line for people at each step. */
  onProgress: (line: string) => void;
  source?: ImageSource;
  socketPath?: string;
  dockerHost?: string;
  /** `name:tag`; the standard sandbox image unless given. */
  image?: string;
  signal?: AbortSignal;
  /** As whom this runs; this process's own user unless given. */
  uid?: number;
}

export interface BuiltImage {
  image: string;
  id: string;
  bytes: number;
}

interface Build {
  engine: Engine;
  image: string;
  onProgress: (line: string) => void;
  uid: number;
  signal?: AbortSignal;
}

const importIdleMs = 120_000;

/** Rejects with AppError; when it is aborted, nothing half-made is left. */
export async function buildImage(options: BuildImageOptions): Promise<BuiltImage> {
  const { onProgress, signal, image = sandboxImage, source = 'auto' } = options;
  const engine = createEngine(engineSocketPath(options));
  const uid = options.uid ?? process.getuid?.() ?? -1;
  const build: Build = { engine, image, onProgress, uid, ...(signal ? { signal } : {}) };
  // First of all, whether an engine answers: nothing is fetched for nobody.
  await engine.call({ method: 'GET', path: '/version', timeoutMs: 5_000 });
  const before = await inspectImage(engine, image).catch(() => undefined);
  await fromSource(build, source);
  const made = await inspectImage(engine, image);
  if (before !== undefined && before.Id !== made.Id) await removeReplaced(engine, before.Id);
  onProgress(`${image} is ready (${Math.round(made.Size / 1_000_000)} MB).`);
  return { image, id: made.Id, bytes: made.Size };
}

interface InspectedImage {
  Id: string;
  Size: number;
  RepoTags: string[] | null;
}

function inspectImage(engine: Engine, image: string): Promise<InspectedImage> {
  return engine.call({ method: 'GET', path: `/images/${image}/json` });
}

/** The image that had the name before, unless it has another one. The engine keeps it while a container uses it. */
async function removeReplaced(engine: Engine, id: string): Promise<void> {
  try {
    const old = await inspectImage(engine, id);
    if ((old.RepoTags ?? []).length === 0) await engine.call({ method: 'DELETE', path: `/images/${id}` });
  } catch {
    // A remnant costs disk, nothing else.
  }
}

async function fromSource(build: Build, source: ImageSource): Promise<void> {
  if (typeof source === 'object') return importRoot(build, source.rootfs);
  if (source === 'registry') return buildFromRegistry(build);
  if (source === 'debian') return fromDebian(build);
  try {
    return await buildFromRegistry(build);
  } catch (error) {
    if (build.signal?.aborted) throw error;
    build.onProgress(`The registry gives no image (${messageOf(error)}).`);
    build.onProgress('Building from Debian packages instead.');
    return fromDebian(build);
  }
}

function fromDebian(build: Build): Promise<void> {
  return withDebianRoot(build, (root) => importRoot(build, root));
}

async function importRoot(build: Build, path: string): Promise<void> {
  build.onProgress(`Importing it as ${build.image}.`);
  const { output, ended } = await archiveOf(path, build.signal);
  const [repo, tag] = splitName(build.image);
  const changes = importChanges.map((change): [string, string] => ['changes', change]);
  const query: [string, string][] = [['fromSrc', '-'], ['repo', repo], ['tag', tag], ...changes];
  const imported = build.engine.follow(
    {
      method: 'POST',
      path: '/images/create',
      query,
      archive: output,
      idleMs: importIdleMs,
      ...(build.signal ? { signal: build.signal } : {}),
    },
    () => {},
  );
  await Promise.all([imported, ended]);
}

async function archiveOf(path: string, signal?: AbortSignal): Promise<{ output: Readable; ended: Promise<void> }> {
  const entry = await stat(path).catch((error: unknown) => {
    throw new AppError('not_found', `There is no root file system at ${path}.`, { cause: error });
  });
  if (!entry.isDirectory()) return { output: createReadStream(path), ended: Promise.resolve() };
  return streamProgram('tar', ['--numeric-owner', '--one-file-system', '-C', path, '-cf', '-', '.'], signal);
}

function splitName(image: string): [string, string] {
  const colon = image.lastIndexOf(':');
  return colon > image.lastIndexOf('/') ? [image.slice(0, colon), image.slice(colon + 1)] : [image, 'latest'];
}
