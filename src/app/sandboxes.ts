/**
 * Which sandbox a session gets: Docker where an engine answers and has the image, else the embedded one;
 * the host itself only where the owner has switched the sandbox off.
 */
import { createHash } from 'node:crypto';
import type { SessionSandbox } from '../agent/parts.ts';
import { systemClock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { SandboxBackend, SandboxListing } from '../domain/sandbox.ts';
import type { Session } from '../domain/session.ts';
import type { AgentSettings } from '../domain/settings.ts';
import { createDockerBackend, type DockerBackend } from '../sandbox/docker/index.ts';
import { createSessionSandboxes, type SessionSandboxes } from '../sandbox/session-sandboxes.ts';
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
    protectedPaths: [stateDir],
    log,
    clock: systemClock,
  });
}

interface Chosen {
  backend: SandboxBackend;
  detail: string;
}
