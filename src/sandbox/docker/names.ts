/** Owns the names that containers have at the engine. A name tells people which scope it serves; it decides nothing. */
import { randomBytes } from 'node:crypto';

export const defaultContainerPrefix = 'openclaw-sbx-';
const poolPrefix = 'openclaw-pool-';
const slugLength = 32;

/** The end is random, not made from the scope: the next one of a scope may begin while the last one is still leaving. */
export function sandboxName(prefix: string, scopeKey: string): string {
  const slug = scopeKey
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, slugLength);
  return `${prefix}${slug}-${randomBytes(4).toString('hex')}`;
}

export function poolName(): string {
  return `${poolPrefix}${randomBytes(6).toString('hex')}`;
}

/** For a container of another run, whose scope is known only by its name. */
export function scopeFromName(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length).replace(/-[0-9a-f]{8}$/, '') : undefined;
}
