/**
 * A whole gateway in this process: real store on a temporary file, real Telegram channel against the fake Bot API,
 * real provider against the model peer. Tools and the sandbox are the test's choice.
 */
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCallModel } from '../../../src/agent/model-call.ts';
import { createModelHealth } from '../../../src/agent/model-health.ts';
import type { SessionSandbox } from '../../../src/agent/parts.ts';
import { createPromptFiles } from '../../../src/agent/workspace-files.ts';
import { createTelegramChannel } from '../../../src/channels/telegram/channel.ts';
import { telegramSettings } from '../../../src/channels/telegram/settings.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { Log } from '../../../src/domain/log.ts';
import type { ModelFacts } from '../../../src/domain/model.ts';
import { Secret } from '../../../src/domain/secret.ts';
import type {
  AdmissionSettings,
  AgentSettings,
  GatewaySettings,
  QueueSettings,
  SessionRouting,
} from '../../../src/domain/settings.ts';
import type { Store } from '../../../src/domain/store.ts';
import type { Tool } from '../../../src/domain/tool.ts';
import { createGateway } from '../../../src/gateway/gateway.ts';
import type { Gateway } from '../../../src/gateway/gateway.ts';
import type { Engine, GatewayParts } from '../../../src/gateway/parts.ts';
import { createClientLookup } from '../../../src/providers/clients.ts';
import { wireFormats } from '../../../src/providers/index.ts';
import { openStore } from '../../../src/store/index.ts';
import { createBotApi } from '../../peers/bot-api.ts';
import type { BotApi } from '../../peers/bot-api.ts';
import { createModelApi } from '../../peers/model-api.ts';
import type { ModelApi } from '../../peers/model-api.ts';
import { admissionSettings, agentSettings, gatewaySettings, queueSettings, routing } from './settings.ts';
import { noSandbox } from './tools.ts';

export interface BedOptions {
  agent?: Partial<AgentSettings>;
  admission?: Partial<AdmissionSettings>;
  routing?: Partial<SessionRouting>;
  queue?: Partial<QueueSettings>;
  gateway?: Partial<GatewaySettings>;
  facts?: Partial<ModelFacts>;
  tools?: readonly Tool[];
  sandboxFor?: (agent: AgentSettings) => SessionSandbox;
  /** Peers and a directory that outlive one gateway. */
  surroundings?: Surroundings;
  telegram?: Record<string, unknown>;
  /** Stands between the gateway and the real store. */
  wrapStore?: (store: Store) => Store;
  /** Told when a session's sandbox is to go. */
  released?: () => void;
  log?: Log;
}

export interface Surroundings {
  dir: string;
  botApi: BotApi;
  modelApi: ModelApi;
}

/** The same as a process of its own sees them. */
export interface Where {
  dir: string;
  botApi: Pick<BotApi, 'url' | 'token'>;
  modelApi: Pick<ModelApi, 'url' | 'apiKey'>;
}

export interface Bed extends Surroundings {
  gateway: Gateway;
  store: Store;
  agent: AgentSettings;
  /** Stops the gateway and closes the store; the surroundings stay. */
  stop(graceMs?: number): Promise<void>;
  /** All of it. */
  close(): Promise<void>;
}

export async function createSurroundings(where = tmpdir()): Promise<Surroundings> {
  const dir = await mkdtemp(join(where, 'openclaw-bed-'));
  await mkdir(join(dir, 'workspace'));
  const [botApi, modelApi] = await Promise.all([createBotApi(), createModelApi()]);
  return { dir, botApi, modelApi };
}

export async function closeSurroundings({ dir, botApi, modelApi }: Surroundings): Promise<void> {
  await Promise.all([botApi.close(), modelApi.close()]);
  await rm(dir, { recursive: true, force: true });
}

/** A gateway that polls. */
export async function createBed(options: BedOptions = {}): Promise<Bed> {
  const around = options.surroundings ?? (await createSurroundings());
  const log = options.log ?? silentLog;
  const store = await openStore({ path: join(around.dir, 'openclaw.db'), clock: systemClock, log });
  const agent = agentSettings(join(around.dir, 'workspace'), options.agent);
  const gateway = createGateway(await partsOf(around, options.wrapStore?.(store) ?? store, agent, options));
  await gateway.start();
  const stop = async (graceMs = 500): Promise<void> => {
    await gateway.stop({ graceMs });
    await store.close();
  };
  return {
    ...around,
    gateway,
    store,
    agent,
    stop,
    async close() {
      await stop();
      await closeSurroundings(around);
    },
  };
}

// oxlint-disable-next-line max-params
export async function partsOf(around: Where, store: Store, agent: AgentSettings, options: BedOptions): Promise<GatewayParts> {
  const log = options.log ?? silentLog;
  const telegram = await createTelegramChannel(
    'default',
    telegramSettings.parse({ botToken: new Secret(around.botApi.token), apiRoot: around.botApi.url, ...options.telegram }),
    { clock: systemClock, log },
  );
  const admission = admissionSettings(options.admission);
  return {
    store,
    channels: [telegram],
    settings: {
      admission: (channel) => (channel === 'telegram' ? admission : undefined),
      routing: () => routing(options.routing),
      queue: () => queueSettings(options.queue),
      gateway: () => gatewaySettings(options.gateway),
      agent: () => agent,
      commandMenu: () => true,
      receipt: () => ({ scope: 'group-mentions', reaction: '👀' }),
    },
    loadEngine: async () => engineOf(around, options),
    mediaDir: join(around.dir, 'media'),
    artifactsDir: join(around.dir, 'artifacts'),
    blackBoxFile: join(around.dir, 'black-box'),
    version: '0.0.0-test',
    clock: systemClock,
    log,
  };
}

function engineOf({ modelApi }: Where, options: BedOptions): Engine {
  const facts: ModelFacts = {
    providerId: 'peer',
    modelId: 'm1',
    contextTokens: 128_000,
    maxOutputTokens: 4_096,
    images: false,
    reasoning: false,
    price: { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 1 },
    ...options.facts,
  };
  const resolve = (reference: string) => {
    if (!reference.startsWith('peer/')) throw new AppError('not_found', `There is no model ${reference}.`);
    const endpoint = { providerId: 'peer', baseUrl: `${modelApi.url}/v1`, apiKey: new Secret(modelApi.apiKey) };
    return { api: 'openai-completions', endpoint, facts: { ...facts, modelId: reference.slice(5) } };
  };
  return {
    callModel: createCallModel({ resolve, client: createClientLookup(wireFormats), health: createModelHealth(systemClock) }),
    async modelFacts(models) {
      return resolve(models[0] ?? '').facts;
    },
    modelNames: async () => ['peer/m1', 'peer/m2'],
    tools: options.tools ?? [],
    sandboxFor: (_session, agent) => options.sandboxFor?.(agent) ?? noSandbox,
    releaseSandbox: async () => options.released?.(),
    files: createPromptFiles(systemClock),
  };
}
