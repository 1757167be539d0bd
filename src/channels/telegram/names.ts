/** Owns the cleaning of names that strangers chose. Pure. */

const LONGEST_NAME = 64;

/**
 * One line without control, formatting and private-use characters (which could turn the writing direction or hide words),
 * at most 64 characters.
 */
export function cleanName(name: unknown): string {
  if (typeof name !== 'string') return '';
  if (/^[!-~][ -~]{0,63}$/.test(name)) return name.trimEnd();
  const bare = name
    .slice(0, LONGEST_NAME * 8)
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return Array.from(bare).slice(0, LONGEST_NAME).join('').trim();
}

/** A name without a path in it; empty where nothing is left. */
export function cleanFileName(name: unknown): string {
  const last = typeof name === 'string' ? (name.split(/[/\\]/).at(-1) ?? '') : '';
  return cleanName(last).replace(/^\.+/, '');
}
