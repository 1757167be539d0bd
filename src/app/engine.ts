/** Everything that a turn needs and a poll does not: models, tools, sandboxes, the files of the prompt. Loaded with the first turn. */
import { mkdirSync } from 'node:fs';
import { createPromptFiles } from '../agent/workspace-files.ts';
import type { Environment } from '../config/environment.ts';
import { systemClock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { Engine } from '../gateway/parts.ts';
import { tools } from '../tools/index.ts';
import { keysFrom } from './keys.ts';
import type { Settings } from './live-settings.ts';
import { createModels, type Models } from './models.ts';
import { createSandboxes, type Sandboxes } from './sandboxes.ts';

export interface EngineParts {
  settings: Settings;
  environment: () => Environment;
  stateDir: string;
  log: Log;
}

export interface LoadedEngine extends Engine {
  readonly models: Models;
  readonly sandboxes: Sandboxes;
  close(): Promise<void>;
}

export async function loadEngine({ settings, environment, stateDir, log }: EngineParts): Promise<LoadedEngine> {
  const models = createModels({
    configured: () => settings.current().providers,
    keys: keysFrom(environment),
    clock: systemClock,
    log,
  });
  makeWorkspaces(settings.current().agents);
  const sandboxes = await createSandboxes({ settings, stateDir, log });
  return {
    models,
    sandboxes,
    callModel: models.callModel,
    modelFacts: models.factsOf,
    modelNames: (agent: AgentSettings) => models.namesFor(agent),
    tools,
    files: createPromptFiles(systemClock),
    sandboxFor: (session, agent) => sandboxes.forSession(session, agent),
    releaseSandbox: (session, agent) => sandboxes.release(session, agent),
    close: () => sandboxes.close(),
  };
}

/** What a sandbox shows must exist before it. Others may read it (the state directory around it is closed): a container's user does. */
function makeWorkspaces(agents: readonly AgentSettings[]): void {
  for (const { workspace } of agents) mkdirSync(workspace, { recursive: true, mode: 0o755 });
}
