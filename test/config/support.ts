/** A state directory of its own for each test, and the real model: Telegram and the known vendors. */
import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { telegram } from '../../src/channels/telegram/index.ts';
import { loadConfig, type LoadedConfig, type LoadOptions } from '../../src/config/load.ts';
import { locate, type Locations } from '../../src/config/locations.ts';
import { createConfigModel } from '../../src/config/model.ts';
import { vendors } from '../../src/providers/vendors.ts';
import type { ChannelPlugin } from '../../src/domain/channel.ts';

export const model = createConfigModel({ channels: [telegram as ChannelPlugin<never>], vendors });

export interface Place {
  home: string;
  locations: Locations;
  /** Writes a file of the state directory with mode 0600. */
  write(name: string, text: string, mode?: number): string;
  load(options?: Partial<LoadOptions>): Promise<LoadedConfig>;
}

/** `text` is the configuration file; without it there is none. */
export function place(test: TestContext, text?: string): Place {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-config-'));
  test.after(() => rmSync(home, { recursive: true, force: true }));
  const locations = locate({}, { OPENCLAW_STATE_DIR: home, HOME: home });
  const write = (name: string, content: string, mode = 0o600): string => {
    const path = join(home, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  if (text !== undefined) write('openclaw.json', text);
  return {
    home,
    locations,
    write,
    load: (options = {}) => loadConfig(model, { locations, env: { HOME: home }, purpose: 'start', ...options }),
  };
}

/** What a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was expected to fail');
}
