/**
 * Which sandbox a session gets: Docker where an engine answers and has the image, else the embedded one;
 * the host itself only where the owner has switched the sandbox off.
 */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import type { SessionSandbox } from '../agent/parts.ts';
import { systemClock } from '../domain/clock.ts';
import { childEnvironment } from '../config/environment.ts';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { SandboxBackend, SandboxListing } from '../domain/sandbox.ts';
import type { Session } from '../domain/session.ts';
import type { AgentSettings } from '../domain/settings.ts';
import { createDockerBackend, type DockerBackend } from '../sandbox/docker/index.ts';
import { createHostBackend } from '../sandbox/host.ts';
import { createSessionSandboxes } from '../sandbox/session-sandboxes.ts';
import type { Settings } from './live-settings.ts';

export interface SandboxParts {
  settings: Settings;
  stateDir: string;
  log: Log;
}

export interface Sandboxes {
  forSession(session: Session, agent: AgentSettings): SessionSandbox;
  release(session: Session, agent: AgentSettings): Promise<void>;
  list(): Promise<SandboxListing[]>;
  end(sessionKey?: string): Promise<number>;
  /** One line for people: which sandbox, and why not the better one. */
  describe(): Promise<string>;
  close(): Promise<void>;
}

/** Tells our containers from those of another state directory. */
export function stateIdOf(stateDir: string): string {
  return createHash('sha256').update(stateDir).digest('hex').slice(0, 16);
}

export function dockerBackendFor({ settings, stateDir, log }: SandboxParts): DockerBackend {
  const agent = settings.agent(settings.routing().defaultAgentId);
  return createDockerBackend({
    socketPath: settings.gateway().dockerSocket,
    stateId: stateIdOf(stateDir),
    poolSize: agent.sandbox.poolSize,
    image: agent.sandbox.spec.image,
    protectedPaths: [stateDir, homedir()],
    ownPaths: [stateDir],
    log,
    clock: systemClock,
  });
}

interface Chosen {
  backend: SandboxBackend;
  /** For people. */
  detail: string;
}

/** Asks the engine once; sweeps what earlier runs left, in the background. */
async function choose(parts: SandboxParts): Promise<Chosen> {
  const wanted = parts.settings.gateway().sandboxBackend;
  if (wanted === 'embedded') return embedded('embedded');
  const docker = dockerBackendFor(parts);
  const status = await docker.probe();
  if (!status.ready && wanted === 'auto') return embedded(`embedded (${status.detail}${status.hint ? `; ${status.hint}` : ''})`);
  if (status.ready) {
    docker.sweep().catch((error: unknown) => parts.log.warn({ error: messageOf(error) }, 'left-over sandboxes were not removed'));
    const agent = parts.settings.agent(parts.settings.routing().defaultAgentId);
    if (agent.sandbox.poolSize > 0) void docker.warm(agent.sandbox.spec);
  }
  return { backend: docker, detail: `docker (${status.detail})` };
}

async function embedded(detail: string): Promise<Chosen> {
  const { createEmbeddedBackend } = await import('../sandbox/embedded/backend.ts');
  return { backend: createEmbeddedBackend(), detail };
}

export async function createSandboxes(parts: SandboxParts): Promise<Sandboxes> {
  let chosen: Promise<Chosen> | undefined;
  const choice = (): Promise<Chosen> => (chosen ??= choose(parts));
  const host = createHostBackend({ environment: childEnvironment() });
  const sessions = createSessionSandboxes({
    backend: async () => (await choice()).backend,
    host,
    maxSandboxes: () => parts.settings.gateway().maxSandboxes,
    clock: systemClock,
    log: parts.log,
  });
  return {
    forSession: (session, agent) => sessions.forSession({ sessionKey: session.key, agent }),
    release: (session, agent) => sessions.end({ sessionKey: session.key, agent }),
    list: async () => (await choice()).backend.list(),
    end: (sessionKey) => sessions.endAll(sessionKey),
    describe: async () => (await choice()).detail,
    async close() {
      await sessions.close();
      await host.close();
      if (chosen) await (await chosen).backend.close();
    },
  };
}
