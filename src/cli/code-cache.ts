/**
 * V8's compiled form of the bundle, kept from one start to the next: a third of a start goes into compiling.
 * Only where nobody else can write, because what lies there runs as this user; and never within a release, whose tree is sealed.
 */
import { existsSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WRITABLE_BY_OTHERS = 0o022;

/** @param serviceDirectory as systemd made it for us (`CacheDirectory=`). Must not throw. */
export function keepCompiledCode(serviceDirectory: string | undefined): void {
  const place = placeForCompiledCode(serviceDirectory, dirname(fileURLToPath(import.meta.url)));
  if (place !== undefined) enableCompileCache(place);
}

/** @param bundle the bundle's folder. */
export function placeForCompiledCode(serviceDirectory: string | undefined, bundle: string): string | undefined {
  // A build leaves its stamp beside the bundle; a release carries none.
  const places = [serviceDirectory, existsSync(join(bundle, 'stamp')) ? bundle : undefined];
  const place = places.find((one) => one !== undefined && isOursAlone(one));
  return place === undefined ? undefined : join(place, 'compiled');
}

function isOursAlone(directory: string): boolean {
  const stats = statSync(directory, { throwIfNoEntry: false });
  return stats !== undefined && stats.uid === process.geteuid?.() && (stats.mode & WRITABLE_BY_OTHERS) === 0;
}
