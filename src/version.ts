/** The version of this program: a calendar version, from package.json; the build puts it in. */
import { readFileSync } from 'node:fs';

declare const __OPENCLAW_VERSION__: string | undefined;

function fromManifest(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}

export const version: string = typeof __OPENCLAW_VERSION__ === 'string' ? __OPENCLAW_VERSION__ : fromManifest();
