/** The configuration as checks read and mend it. Mending changes single values; the rest of the text stays byte for byte. */
import { removeValue, setValue } from '../config/json5/splice.ts';
import { LARGEST_TEXT, valueOf } from '../config/json5/tree.ts';
import type { Locations } from '../config/locations.ts';
import { formatPath, type ConfigPath } from '../config/path.ts';
import { readTree } from '../config/problems.ts';
import { readSafeFile } from '../config/safe-file.ts';
import { writeConfigFile } from '../config/write.ts';
import { AppError } from '../domain/errors.ts';

export interface Change {
  path: ConfigPath;
  /** Undefined removes it. */
  value: unknown;
}

/** What stands in the file, without environment and defaults. Throws as loading does. */
export function readSaid(locations: Locations): Record<string, unknown> {
  const text = textOf(locations);
  const tree = readTree(locations.configPath, text);
  return ((tree && valueOf(tree)) ?? {}) as Record<string, unknown>;
}

/**
 * Unlike `config set` it does not ask that the whole file be valid: each value that is put right brings it nearer,
 * and several wrong ones could otherwise never be mended. The values come from a check, never from outside.
 */
export function mendConfig(locations: Locations, changes: readonly Change[]): string {
  const before = textOf(locations);
  readTree(locations.configPath, before);
  const after = changes.reduce(
    (text, { path, value }) => (value === undefined ? (removeValue(text, path) ?? text) : setValue(text, path, value)),
    before,
  );
  readTree(locations.configPath, after);
  if (after !== before) writeConfigFile(locations.configPath, before, after);
  const names = changes.map(({ path, value }) => `${formatPath(path)}${value === undefined ? ' is removed' : ''}`);
  return `${names.join(', ')} in ${locations.configPath}`;
}

function textOf({ configPath }: Locations): string {
  const file = readSafeFile(configPath, { maxBytes: LARGEST_TEXT, readableByOthers: 'warn' });
  if (!file) throw new AppError('not_found', `there is no ${configPath}`, { hint: 'Make one: openclaw onboard' });
  return file.text;
}
