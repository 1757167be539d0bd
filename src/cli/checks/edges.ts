/** What checks see of this installation, from the real parts. Nothing is opened before a check asks for it. */
import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { request } from 'node:http';
import { readSaid } from '../../checks/config-file.ts';
import type { CheckEdges, ConfigFacts, HostFacts } from '../../checks/edges.ts';
import { portOf } from '../../checks/gateway.ts';
import { readListeners } from '../../checks/listeners.ts';
import { below, loadConfig } from '../../config/load.ts';
import { configModel } from '../../config/model.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { systemClock } from '../../domain/clock.ts';
import { AppError, isAppError } from '../../domain/errors.ts';
import { silentLog } from '../../domain/log.ts';
import type { CliContext, Paths } from '../context.ts';

const ANSWER_MS = 3_000;
const HOST_STATE = '/var/lib/openclaw-host';

/** `deep`: references to secrets are followed too. Must not reject for what is wrong with the installation: that is for the checks to say. */
export async function checkEdges(context: Pick<CliContext, 'paths'>, deep: boolean): Promise<CheckEdges> {
  const locations = context.paths();
  const config = await configFacts(locations, deep);
  const port = portOf({ config, locations });
  return {
    locations,
    databaseFile: locations.databaseFile,
    logFile: locations.logFile,
    nodeVersion: process.versions.node,
    clock: systemClock,
    config,
    freeBytes: async (path) => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    listeners: () => readListeners(),
    gatewayRuns: async () => (await askPort(port, '/healthz', {})) === 200,
    askPort: (path, headers) => askPort(port, path, headers),
    checkDatabase: (thorough) => checkDatabase(locations.databaseFile, thorough),
    host: hostFacts,
    ...modelEdges(config),
    ...sandboxEdges(config, locations.stateDir),
    async probeChannel(account, signal) {
      const { createChannel } = await import('../../app/channels.ts');
      const channel = await createChannel(account, { clock: systemClock, log: silentLog });
      if (!channel) throw new AppError('unavailable', 'the channel cannot be made');
      return (await channel.probe(signal)).notes ?? [];
    },
  };
}

async function configFacts(locations: Paths, deep: boolean): Promise<ConfigFacts> {
  try {
    const follow = deep ? () => true : below(['gateway']);
    const loaded = await loadConfig(configModel(), { locations, purpose: 'look', follow });
    return { loaded, resolved: resolveConfig(configModel(), loaded), said: loaded.said };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { error, said: saidOrNothing(locations) };
  }
}

function saidOrNothing(locations: Paths): ConfigFacts['said'] {
  try {
    return readSaid(locations);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

function askPort(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const method = path.startsWith('/rpc/') ? 'POST' : 'GET';
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { ...headers }, timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('timeout', () => asked.destroy(new Error(`127.0.0.1:${port} does not answer`)));
    asked.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNREFUSED' ? resolve(undefined) : reject(error)));
    asked.end();
  });
}

async function checkDatabase(path: string, thorough: boolean): Promise<readonly string[] | undefined> {
  const { quickCheck } = await import('../../store/quick-check.ts');
  if (!thorough || !existsSync(path)) return quickCheck(path);
  const { openStore } = await import('../../store/index.ts');
  const store = await openStore({ path, clock: systemClock, log: silentLog });
  try {
    return (await store.check()).problems;
  } finally {
    await store.close();
  }
}

type ModelEdges = Pick<CheckEdges, 'models' | 'askModel'>;

function modelEdges({ loaded, resolved }: ConfigFacts): ModelEdges {
  const prepare = async () => {
    if (!loaded || !resolved) throw new AppError('invalid', 'the configuration does not load');
    const { createModels } = await import('../../app/models.ts');
    const { keysFrom } = await import('../../app/keys.ts');
    const keys = keysFrom(() => loaded.env);
    const models = createModels({ configured: () => resolved.providers, keys, clock: systemClock, log: silentLog });
    const agent = resolved.agents.find(({ id }) => id === resolved.routing.defaultAgentId);
    const order = agent && agent.models.length > 0 ? agent.models : await models.automatic();
    return { models, order };
  };
  return {
    async models() {
      const { models, order } = await prepare();
      return Promise.all(order.map(async (model) => ({ model, ...(await problemWith(models.factsOf([model]))) })));
    },
    async askModel(signal) {
      const { models, order } = await prepare();
      const messages = [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'Say OK.' }] }];
      const question = { system: '', messages, tools: [], maxOutputTokens: 1, thinking: 'off' as const, cacheKey: 'doctor' };
      for await (const event of models.callModel(order, question, signal)) if (event.type === 'finish') return;
    },
  };
}

async function problemWith(facts: Promise<unknown>): Promise<{ problem?: string }> {
  try {
    await facts;
    return {};
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { problem: [error.message, error.hint].filter(Boolean).join(' ') };
  }
}

function sandboxEdges({ resolved }: ConfigFacts, stateDir: string): Pick<CheckEdges, 'probeSandbox' | 'containers' | 'sweep'> {
  const backend = async () => {
    if (!resolved) throw new AppError('invalid', 'the configuration does not load');
    const { dockerBackendFor } = await import('../../app/sandboxes.ts');
    const { createSettings } = await import('../../app/live-settings.ts');
    return dockerBackendFor({ settings: createSettings(resolved), stateDir, log: silentLog });
  };
  return {
    probeSandbox: async () => (await backend()).probe(),
    sweep: async () => (await backend()).sweep(),
    async containers() {
      if (!resolved) throw new AppError('invalid', 'the configuration does not load');
      const { inspectSandboxes } = await import('../../sandbox/docker/inspect.ts');
      const { stateIdOf } = await import('../../app/sandboxes.ts');
      return inspectSandboxes({ socketPath: resolved.gateway.dockerSocket, stateId: stateIdOf(stateDir) });
    },
  };
}

async function hostFacts(): Promise<HostFacts> {
  if (!existsSync(HOST_STATE)) return { applied: false };
  try {
    const text = await readFile(`${HOST_STATE}/verified.json`, 'utf8');
    const { findingsOf } = await import('../../host/engine/verify.ts');
    const { results } = JSON.parse(text) as { results: Parameters<typeof findingsOf>[0] };
    return { applied: true, findings: findingsOf(results).map(({ id, observation }) => `${id}: ${observation.evidence}`) };
  } catch {
    // Only root may read it; what cannot be read counts as never verified, and the check says so.
    return { applied: true };
  }
}
