/** Settings as a fresh configuration has them, for tests that change one or two. */
import type {
  AdmissionSettings,
  AgentSettings,
  GatewaySettings,
  QueueSettings,
  SessionRouting,
} from '../../../src/domain/settings.ts';

export function admissionSettings(change: Partial<AdmissionSettings> = {}): AdmissionSettings {
  return {
    dmPolicy: 'pairing',
    allowFrom: [],
    groupPolicy: 'disabled',
    groupAllowFrom: [],
    groups: {},
    allowBots: false,
    ...change,
  };
}

export function routing(change: Partial<SessionRouting> = {}): SessionRouting {
  return { dmScope: 'per-channel-peer', identityLinks: {}, defaultAgentId: 'main', bindings: [], ...change };
}

export function queueSettings(change: Partial<QueueSettings> = {}): QueueSettings {
  return { mode: 'collect', modeByChannel: {}, debounceMs: 0, cap: 20, ...change };
}

export function gatewaySettings(change: Partial<GatewaySettings> = {}): GatewaySettings {
  return {
    port: 0,
    controlPage: false,
    endpoints: { chatCompletions: false, responses: false },
    maxConcurrentTurns: 2048,
    maxSandboxes: 8,
    sandboxBackend: 'auto',
    dockerSocket: '/var/run/docker.sock',
    mediaMaxBytes: 5_000_000,
    logLevel: 'silent',
    ...change,
  };
}

export function agentSettings(workspace: string, change: Partial<AgentSettings> = {}): AgentSettings {
  return {
    id: 'main',
    name: 'Claw',
    workspace,
    soulPath: `${workspace}/SOUL.md`,
    bootstrapMaxChars: 20_000,
    models: ['peer/m1'],
    thinking: 'low',
    limits: { steps: 50, timeoutMs: 600_000, tokens: 2_000_000, sameCall: 4 },
    tools: { policy: [{ deny: ['gateway', 'nodes'] }], timeoutMs: 30_000, maxOutputChars: 20_000, backgroundMs: 10_000 },
    sandbox: {
      mode: 'all',
      scope: 'session',
      spec: {
        agentId: 'main',
        image: 'openclaw-sandbox:bookworm-slim',
        workspace,
        access: 'ro',
        workdir: '/workspace',
        readOnlyRoot: true,
        network: 'none',
        limits: { memoryBytes: 268_435_456, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 67_108_864 },
      },
      idleMs: 600_000,
      poolSize: 0,
    },
    compaction: { reserveTokens: 20_000, keepRecentTokens: 20_000 },
    timeZone: 'UTC',
    ...change,
  };
}
