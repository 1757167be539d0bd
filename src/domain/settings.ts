/**
 * What the rooms read of the configuration: resolved, defaults filled in, units in the names.
 * `config/` makes these from the file; nobody else knows the file's shape.
 */
import type { ModelFacts, ModelEndpoint, ModelPrice, ThinkingLevel } from './model.ts';
import type { ToolPolicy } from './policy.ts';
import type { SandboxSpec } from './sandbox.ts';
import type { Secret } from './secret.ts';
import type { QueueMode } from './session.ts';

export type DmPolicy = 'pairing' | 'allowlist' | 'open' | 'disabled';
export type GroupPolicy = 'disabled' | 'allowlist' | 'open';

/** One account of a channel, as the configuration has it. */
export interface ChannelAccountSettings {
  channel: string;
  account: string;
  /** What the owner calls it. */
  name?: string;
  enabled: boolean;
  admission: AdmissionSettings;
  /** What the channel's own schema made of the rest; undefined when something is missing or wrong. */
  settings: unknown;
  /** What is missing or wrong, for the owner. */
  problem?: string;
}

/** Who may talk on one channel account. Ids are the platform's immutable ids; names never count. */
export interface AdmissionSettings {
  dmPolicy: DmPolicy;
  allowFrom: readonly string[];
  groupPolicy: GroupPolicy;
  groupAllowFrom: readonly string[];
  /** By chat id, `*` for all others. */
  groups: Readonly<Record<string, GroupSettings>>;
  /** Bots other than ours are heard too. */
  allowBots: boolean;
}

export interface GroupSettings {
  enabled: boolean;
  requireMention: boolean;
  allowFrom?: readonly string[];
}

export type DmScope = 'main' | 'per-peer' | 'per-channel-peer' | 'per-account-channel-peer';

export interface SessionRouting {
  dmScope: DmScope;
  /** One person under several channel ids: canonical name → `channel:senderId` list. */
  identityLinks: Readonly<Record<string, readonly string[]>>;
  defaultAgentId: string;
  bindings: readonly AgentBinding[];
}

export interface AgentBinding {
  agentId: string;
  channel: string;
  accountId?: string;
  peer?: { kind: 'direct' | 'group' | 'channel'; id: string };
}

export interface QueueSettings {
  mode: QueueMode;
  modeByChannel: Readonly<Record<string, QueueMode>>;
  /** Waits this long for more before a collected turn starts, milliseconds. */
  debounceMs: number;
  /** Most messages that one collected turn takes. */
  cap: number;
}

export interface TurnLimits {
  /** Model calls of one turn. */
  steps: number;
  /** Wall time of one turn, milliseconds. */
  timeoutMs: number;
  /** Input and output tokens of all its calls. */
  tokens: number;
  /** US dollars; undefined means no limit. */
  costUsd?: number;
  /** How often the very same tool call may be repeated in a turn. */
  sameCall: number;
}

export interface ModelChoice {
  facts: ModelFacts;
  endpoint: ModelEndpoint;
  /** Wire format: a `ProviderPlugin.api`. */
  api: string;
}

/** One entry of `models.providers`, resolved: a server of one's own, or changes to a built-in provider. */
export interface ProviderSettings {
  /** The entry's name, the part of `provider/model-id` before the slash. */
  id: string;
  baseUrl?: string;
  /** Wire format of its models: a `ProviderPlugin.api`. */
  api?: string;
  apiKey?: Secret;
  /** Send the key as a bearer token (an OAuth login). */
  bearer?: boolean;
  headers?: Readonly<Record<string, string>>;
  models: readonly ModelSettings[];
}

/** What is known of one model of a provider; what is missing comes from the catalogue. */
export interface ModelSettings {
  id: string;
  api?: string;
  contextTokens?: number;
  maxOutputTokens?: number;
  images?: boolean;
  reasoning?: boolean;
  price?: ModelPrice;
}

export interface AgentSettings {
  id: string;
  name: string;
  /** Absolute path. */
  workspace: string;
  /** Absolute path of SOUL.md; the workspace's own when that is where it is. */
  soulPath: string;
  /** Characters of each file that reach the prompt. */
  bootstrapMaxChars: number;
  /** `provider/model-id`, in the order in which they are tried. */
  models: readonly string[];
  thinking: ThinkingLevel;
  limits: TurnLimits;
  tools: { policy: readonly ToolPolicy[]; timeoutMs: number; maxOutputChars: number; backgroundMs: number };
  sandbox: AgentSandboxSettings;
  compaction: { reserveTokens: number; keepRecentTokens: number };
  /** IANA name. */
  timeZone: string;
}

export interface AgentSandboxSettings {
  mode: 'off' | 'non-main' | 'all';
  scope: 'session' | 'agent' | 'shared';
  spec: SandboxSpec;
  /** Destroyed after this long without a tool call, milliseconds. */
  idleMs: number;
  /** Containers that wait unassigned. */
  poolSize: number;
}

export interface GatewaySettings {
  port: number;
  /** Without one nothing but the health check answers. */
  token?: Secret;
  /** Serve the control page. */
  controlPage: boolean;
  /** Which OpenAI-compatible endpoints are served. */
  endpoints: { chatCompletions: boolean; responses: boolean };
  /** Turns that run at once, over all lanes. */
  maxConcurrentTurns: number;
  /** Sandboxes alive at once. */
  maxSandboxes: number;
  /** `auto`: Docker where an engine answers at the start and has the image, else the embedded one. */
  sandboxBackend: 'auto' | 'docker' | 'embedded';
  /** Absolute path of the Docker Engine's socket. */
  dockerSocket: string;
  mediaMaxBytes: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** How the gateway shows that it has heard, before it answers. */
export interface ReceiptSettings {
  /** Which messages get a reaction. */
  scope: 'off' | 'group-mentions' | 'group-all' | 'direct' | 'all';
  reaction: string;
}
