/**
 * The configuration as the rooms read it: the settings of `domain/settings.ts`, with every default, path and unit worked out.
 * Pure, but for two questions to the file system: where SOUL.md is, and the host's time zone.
 */
import { existsSync } from 'node:fs';
import type {
  AgentSettings,
  ChannelAccountSettings,
  GatewaySettings,
  ProviderSettings,
  QueueSettings,
  ReceiptSettings,
  SessionRouting,
} from '../domain/settings.ts';
import { dockerHost } from './environment.ts';
import type { LoadedConfig } from './load.ts';
import type { ConfigModel } from './model.ts';
import { resolveAgents } from './resolve-agents.ts';
import { resolveChannels } from './resolve-channels.ts';
import { resolveProviders } from './resolve-providers.ts';
import { hostTimeZone } from './time-zone.ts';

export interface ResolvedConfig {
  gateway: GatewaySettings;
  channels: readonly ChannelAccountSettings[];
  /** The chat commands go into the platforms' own menus. */
  commandMenu: boolean;
  routing: SessionRouting;
  queue: QueueSettings;
  receipt: ReceiptSettings;
  /** At least one; the first is not always the default one: see `routing.defaultAgentId`. */
  agents: readonly AgentSettings[];
  /** Entries of `models.providers` and keys of the environment; the built-in catalogue is not among them. */
  providers: readonly ProviderSettings[];
}

const MANY_TURNS = 2048;
const DOCKER_SOCKET = '/var/run/docker.sock';
const MEGABYTE = 1_000_000;

export function resolveConfig(
  model: ConfigModel,
  loaded: LoadedConfig,
  exists: (path: string) => boolean = existsSync,
): ResolvedConfig {
  const { config, locations } = loaded;
  const agents = resolveAgents(config, { locations, exists, timeZone: () => hostTimeZone(loaded.env) });
  return {
    gateway: gatewayOf(loaded),
    channels: resolveChannels(config, model.channels),
    commandMenu: config.commands.native !== false,
    routing: {
      dmScope: config.session.dmScope,
      identityLinks: config.session.identityLinks,
      defaultAgentId: agents.defaultAgentId,
      bindings: config.bindings.map(({ agentId, match: { channel, accountId, peer } }) => ({
        agentId,
        channel,
        ...(accountId !== undefined && { accountId }),
        ...(peer && { peer }),
      })),
    },
    queue: {
      mode: config.messages.queue.mode,
      modeByChannel: said(config.messages.queue.byChannel),
      debounceMs: config.messages.queue.debounceMs,
      cap: config.messages.queue.cap,
    },
    receipt: { scope: config.messages.ackReactionScope, reaction: config.messages.ackReaction },
    agents: agents.list,
    providers: resolveProviders(config, (id) => loaded.originOf(['models', 'providers', id, 'apiKey']).variable?.bearer === true),
  };
}

/** Without the keys that say nothing. */
function said<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

function gatewayOf({ config, locations, env }: LoadedConfig): GatewaySettings {
  const { gateway, agents } = config;
  const endpoints = gateway.http.endpoints;
  return {
    port: gateway.port ?? locations.defaultPort,
    ...(gateway.auth.token && { token: gateway.auth.token }),
    controlPage: gateway.controlUi.enabled,
    endpoints: { chatCompletions: endpoints.chatCompletions.enabled, responses: endpoints.responses.enabled },
    maxConcurrentTurns: agents.defaults.maxConcurrent ?? MANY_TURNS,
    maxSandboxes: agents.defaults.sandbox.maxConcurrent,
    sandboxBackend: agents.defaults.sandbox.backend,
    dockerSocket: agents.defaults.sandbox.docker.socketPath ?? socketOf(dockerHost(env)),
    mediaMaxBytes: Math.round(agents.defaults.mediaMaxMb * MEGABYTE),
    logLevel: config.logging.level,
  };
}

/** Only a socket of this host will do: an engine over the network would run tools on another machine. */
function socketOf(host: string | undefined): string {
  return host?.startsWith('unix:///') ? host.slice('unix://'.length) : DOCKER_SOCKET;
}
