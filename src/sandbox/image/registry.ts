/**
 * Owns the making of the sandbox image on top of the registry's Debian image, by the engine's own builder.
 */
import { Readable } from 'node:stream';
import type { Engine, ProgressLine } from '../docker/engine.ts';
import { baseImage, dockerfile } from './recipe.ts';
import { tarOfFile } from './tar.ts';

export interface RegistryBuild {
  engine: Engine;
  image: string;
  onProgress: (line: string) => void;
  signal?: AbortSignal;
}

/** A registry that says nothing for this long does not answer. */
const registryIdleMs = 10_000;
const buildIdleMs = 120_000;

export async function buildFromRegistry(build: RegistryBuild): Promise<void> {
  const signal = build.signal ? { signal: build.signal } : {};
  const [name, tag] = baseImage.split(':') as [string, string];
  build.onProgress(`Fetching ${baseImage} from the registry.`);
  const pull = { method: 'POST', path: '/images/create', query: { fromImage: name, tag } } as const;
  await build.engine.follow({ ...pull, idleMs: registryIdleMs, ...signal }, tellLayers(build.onProgress));
  build.onProgress('Installing the packages in it.');
  const query = { t: build.image, rm: '1', forcerm: '1', version: '1' };
  const archive = Readable.from([tarOfFile('Dockerfile', Buffer.from(dockerfile))]);
  await build.engine.follow({ method: 'POST', path: '/build', query, archive, idleMs: buildIdleMs, ...signal }, (line) => {
    if (line.stream?.startsWith('Step ')) build.onProgress(line.stream.trim());
  });
}

/** Only what is new of a layer, not each step of its bar. */
function tellLayers(onProgress: (line: string) => void): (line: ProgressLine) => void {
  return (line) => {
    if (line.status === 'Pull complete' || line.id === undefined) onProgress(`${line.id ?? ''} ${line.status ?? ''}`.trim());
  };
}
