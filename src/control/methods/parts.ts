/** What the methods reach: the running gateway and its store. */
import type { z } from 'zod';
import type { Store } from '../../domain/store.ts';
import type { SandboxListing } from '../../domain/sandbox.ts';
import type { AgentSettings } from '../../domain/settings.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { LiveSettings } from '../../gateway/parts.ts';
import type { Method } from '../method.ts';

export interface ControlParts {
  gateway: Gateway;
  store: Store;
  settings: LiveSettings;
  /** Of the agents that are configured. */
  agentIds(): readonly string[];
  /** Loads models, tools and sandboxes when nothing has yet. */
  engine(): Promise<ControlEngine>;
}

export interface ControlEngine {
  /** `provider/model-id` of every model that a person may choose. */
  modelNames(agent: AgentSettings): Promise<readonly string[]>;
  readonly sandboxes: {
    list(): Promise<SandboxListing[]>;
    /** Destroys those of one session, or all; returns how many. */
    end(sessionKey?: string): Promise<number>;
  };
}

/** Keeps a method's parameter type while it is written down, and forgets it for the table. */
export function method<Schema extends z.ZodType>(definition: {
  name: string;
  scope: Method['scope'];
  params: Schema;
  handle: Method<z.output<Schema>>['handle'];
}): Method {
  return definition;
}
