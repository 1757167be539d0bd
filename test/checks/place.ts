/** A healthy installation with the document's configuration: real files, and stand-ins for what lies outside of them. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { readSaid } from '../../src/checks/config-file.ts';
import type { CheckEdges, ConfigFacts } from '../../src/checks/edges.ts';
import { checksFor } from '../../src/checks/index.ts';
import { observeAll, type Observed, type Report } from '../../src/checks/run.ts';
import { below, loadConfig } from '../../src/config/load.ts';
import { locate, type Locations } from '../../src/config/locations.ts';
import { configModel } from '../../src/config/model.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { isAppError } from '../../src/domain/errors.ts';

const fixture = join(import.meta.dirname, '..', 'config', 'fixtures', 'guide.json');
export const documentConfig = readFileSync(fixture, 'utf8');
const NOW_MS = Date.UTC(2030, 0, 1);

export interface Place {
  stateDir: string;
  locations: Locations;
  databaseFile: string;
  logFile: string;
  /** Writes the configuration with a part replaced. */
  change(from: string | RegExp, to: string): void;
  edges(): Promise<CheckEdges>;
  /** Stands in for a part of the surroundings. */
  instead: Partial<CheckEdges>;
  observe(report: Report): Promise<Observed[]>;
}

export function place(test: TestContext): Place {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-checks-'));
  test.after(() => rmSync(home, { recursive: true, force: true }));
  const stateDir = join(home, 'state');
  const locations = locate({}, { OPENCLAW_STATE_DIR: stateDir, HOME: home });
  const databaseFile = join(stateDir, 'state', 'openclaw.sqlite');
  const logFile = join(stateDir, 'logs', 'gateway.log');
  for (const directory of ['', 'credentials', 'state', 'logs']) mkdirSync(join(stateDir, directory), { mode: 0o700 });
  const secret = join(locations.credentialsDir, 'gateway.token');
  for (const path of [databaseFile, logFile, secret, locations.dotEnvPath]) writeFileSync(path, '', { mode: 0o600 });
  writeFileSync(locations.configPath, documentConfig, { mode: 0o600 });
  const self: Place = {
    stateDir,
    locations,
    databaseFile,
    logFile,
    instead: {},
    change(from, to) {
      const before = readFileSync(locations.configPath, 'utf8');
      const after = before.replace(from, to);
      if (after === before) throw new Error(`${String(from)} does not stand in the configuration`);
      writeFileSync(locations.configPath, after);
      chmodSync(locations.configPath, 0o600);
    },
    edges: async () => ({ ...healthy(self, await facts(locations)), ...self.instead }),
    async observe(report) {
      const checks = checksFor(await self.edges());
      return observeAll(checks, { report, deep: true, signal: AbortSignal.timeout(10_000) });
    },
  };
  return self;
}

async function facts(locations: Locations): Promise<ConfigFacts> {
  try {
    const env = { HOME: locations.homeDir };
    const loaded = await loadConfig(configModel(), { locations, env, purpose: 'look', follow: below(['gateway']) });
    return { loaded, resolved: resolveConfig(configModel(), loaded), said: loaded.said };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { error, said: saidOrNothing(locations) };
  }
}

function saidOrNothing(locations: Locations): ConfigFacts['said'] {
  try {
    return readSaid(locations);
  } catch {
    return undefined;
  }
}

export const closedContainer = {
  name: 'openclaw-sbx-one',
  running: true,
  network: 'none',
  capAdd: [],
  capDrop: ['ALL'],
  privileged: false,
  readOnlyRoot: true,
  memoryBytes: 1,
  processes: 1,
  noNewPrivileges: true,
  binds: ['/home/somebody/.openclaw/workspace'],
};

function healthy(self: Place, config: ConfigFacts): CheckEdges {
  return {
    locations: self.locations,
    databaseFile: self.databaseFile,
    logFile: self.logFile,
    nodeVersion: '24.0.0',
    clock: { now: () => NOW_MS, monotonic: () => 0 },
    config,
    freeBytes: async () => 1e12,
    listeners: async () => [
      { address: '127.0.0.1', port: 18789 },
      { address: '0.0.0.0', port: 22 },
    ],
    gatewayRuns: async () => true,
    askPort: async () => 401,
    probeChannel: async () => [],
    models: async () => [{ model: 'provider/model' }],
    askModel: async () => {},
    probeSandbox: async () => ({ ready: true, detail: 'engine and image' }),
    containers: async () => [closedContainer],
    sweep: async () => [],
    checkDatabase: async () => [],
    host: async () => ({ applied: true, findings: [] }),
  };
}

export function findingIds(observed: readonly Observed[]): string[] {
  return observed.filter(({ observation }) => observation.state === 'finding').map(({ check }) => check.id);
}
