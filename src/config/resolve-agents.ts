/** Agents with everything that `agents.defaults`, their own entry and the place of the installation say. */
import { dirname, join } from 'node:path';
import type { ToolPolicy } from '../domain/policy.ts';
import type { AgentSandboxSettings, AgentSettings } from '../domain/settings.ts';
import { expandHome, type Locations } from './locations.ts';
import type { Config } from './schema.ts';
import type { Overrides } from './sections/overrides.ts';

type Defaults = Config['agents']['defaults'];
type Agent = Config['agents']['list'][number];

const MAIN: Agent = { id: 'main' };
const SOUL = 'SOUL.md';
const HOUR_MS = 3_600_000;

interface ResolvedAgents {
  list: AgentSettings[];
  /** Answers whatever no binding gives to another. */
  defaultAgentId: string;
}

export function resolveAgents(config: Config, surroundings: Omit<Surroundings, 'isDefault'>): ResolvedAgents {
  const agents = config.agents.list.length > 0 ? config.agents.list : [MAIN];
  const defaultAgentId = (agents.find((one) => one.default) ?? (agents[0] as Agent)).id;
  const list = agents.map((agent) => agentOf(config, agent, { ...surroundings, isDefault: agent.id === defaultAgentId }));
  return { list, defaultAgentId };
}

interface Surroundings {
  locations: Locations;
  exists: (path: string) => boolean;
  /** Of the host. */
  timeZone: () => string;
  isDefault: boolean;
}

function agentOf({ agents: { defaults }, tools }: Config, agent: Agent, around: Surroundings): AgentSettings {
  const workspace = workspaceOf(defaults, agent, around);
  const limits = over(defaults.limits, agent.limits);
  const compaction = over(defaults.compaction, agent.compaction);
  const model = agent.model ?? defaults.model;
  return {
    id: agent.id,
    name: agent.name ?? agent.id,
    workspace,
    soulPath: soulPath(around.locations, workspace, around.exists),
    bootstrapMaxChars: agent.bootstrapMaxChars ?? defaults.bootstrapMaxChars,
    models: model ? [...(model.primary === undefined ? [] : [model.primary]), ...model.fallbacks] : [],
    thinking: agent.thinkingDefault ?? defaults.thinkingDefault,
    limits: {
      steps: limits.steps,
      timeoutMs: (agent.timeoutSeconds ?? defaults.timeoutSeconds) * 1_000,
      tokens: limits.tokens,
      ...(limits.costUsd !== undefined && { costUsd: limits.costUsd }),
      sameCall: limits.sameCall,
    },
    tools: {
      policy: [policyOf(tools), ...(agent.tools ? [policyOf(agent.tools)] : [])],
      timeoutMs: tools.exec.timeoutSec * 1_000,
      maxOutputChars: tools.maxOutputChars,
      backgroundMs: tools.exec.backgroundMs,
    },
    sandbox: sandboxOf(defaults.sandbox, agent, workspace),
    compaction: { reserveTokens: compaction.reserveTokensFloor, keepRecentTokens: compaction.keepRecentTokens },
    timeZone: agent.userTimezone ?? defaults.userTimezone ?? around.timeZone(),
  };
}

/** The default agent's is the one that the document names; each further agent has one beside it. */
function workspaceOf(defaults: Defaults, agent: Agent, { locations, isDefault }: Surroundings): string {
  const home = (path: string): string => expandHome(path, () => locations.homeDir);
  if (agent.workspace !== undefined) return home(agent.workspace);
  const shared = defaults.workspace === undefined ? join(locations.stateDir, 'workspace') : home(defaults.workspace);
  return isDefault ? shared : `${shared}-${agent.id}`;
}

/**
 * The SOUL.md beside the configuration file (on a hardened host only root writes there), else the one in the state directory
 * (`~/.openclaw/SOUL.md`), else the workspace's own. It is the same for every agent: its rules bind them all.
 */
export function soulPath(locations: Locations, workspace: string, exists: (path: string) => boolean): string {
  const shared = [join(dirname(locations.configPath), SOUL), join(locations.stateDir, SOUL)];
  return shared.find(exists) ?? join(workspace, SOUL);
}

function policyOf(policy: Pick<Config['tools'], 'profile' | 'allow' | 'alsoAllow' | 'deny'>): ToolPolicy {
  return {
    ...(policy.profile !== undefined && { profile: policy.profile }),
    ...(policy.allow && { allow: policy.allow }),
    ...(policy.alsoAllow && { alsoAllow: policy.alsoAllow }),
    ...(policy.deny && { deny: policy.deny }),
  };
}

function sandboxOf(defaults: Defaults['sandbox'], agent: Agent, workspace: string): AgentSandboxSettings {
  const { docker: ownDocker, prune: ownPrune, ...own } = agent.sandbox ?? {};
  const sandbox = over(defaults, own);
  const { ulimits: ownUlimits, ...ownRest } = ownDocker ?? {};
  const docker = over(defaults.docker, ownRest);
  return {
    mode: sandbox.mode,
    scope: sandbox.scope,
    spec: {
      agentId: agent.id,
      image: docker.image,
      workspace,
      access: sandbox.workspaceAccess,
      workdir: docker.workdir,
      readOnlyRoot: docker.readOnlyRoot,
      network: docker.network,
      limits: {
        memoryBytes: docker.memory,
        cpus: docker.cpus,
        processes: docker.pidsLimit,
        openFiles: over(defaults.docker.ulimits, ownUlimits).nofile,
        scratchBytes: docker.tmpfsSize,
      },
    },
    idleMs: Math.round(over(defaults.prune, ownPrune).idleHours * HOUR_MS),
    poolSize: sandbox.poolSize,
  };
}

/** `own` where it says something, else `defaults`; one level deep. */
function over<T extends object>(defaults: T, own: Overrides<NoInfer<T>> | undefined): T {
  const said = Object.entries(own ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(said) };
}
