/**
 * Which models answer, and through which clients. Where the configuration names none: a vendor whose key is there,
 * else a model server on loopback, else the built-in offline model.
 */
import { createCallModel } from '../agent/model-call.ts';
import { createModelHealth } from '../agent/model-health.ts';
import type { CallModel } from '../agent/model-step.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { ModelFacts } from '../domain/model.ts';
import type { AgentSettings, ModelChoice, ProviderSettings } from '../domain/settings.ts';
import { modelsWithKeys, resolveModel, type KeyLookup } from '../providers/catalogue.ts';
import { createClientLookup } from '../providers/clients.ts';
import { findLocalModels, providerOf } from '../providers/discovery.ts';
import { providers } from '../providers/index.ts';
import { offlineModelReference } from '../providers/offline.ts';

export interface ModelParts {
  /** Entries of `models.providers`, as they are now. */
  configured(): readonly ProviderSettings[];
  keys: KeyLookup;
  clock: Clock;
  log: Log;
}

export interface Models {
  callModel: CallModel;
  /** Of the first model that can be used. */
  factsOf(models: readonly string[]): Promise<ModelFacts>;
  /** What is used when the configuration names no model. Looked for once. */
  automatic(): Promise<readonly string[]>;
  /** `provider/model-id` of what a person may choose. */
  namesFor(agent: AgentSettings): Promise<readonly string[]>;
}

export function createModels(parts: ModelParts): Models {
  const health = createModelHealth(parts.clock);
  const found: ProviderSettings[] = [];
  const resolve = (reference: string): ModelChoice => resolveModel(reference, [...parts.configured(), ...found], parts.keys);
  let automatic: Promise<readonly string[]> | undefined;
  const chosen = async (models: readonly string[]): Promise<readonly string[]> =>
    models.length > 0 ? models : (automatic ??= chooseAutomatically(parts, found));
  const ask = createCallModel({ resolve, client: createClientLookup(providers), health, log: parts.log });
  return {
    async *callModel(models, question, signal) {
      yield* ask(await chosen(models), question, signal);
    },
    async factsOf(models) {
      return firstThatResolves(await chosen(models), resolve).facts;
    },
    automatic: () => chosen([]),
    async namesFor(agent) {
      const own = parts.configured().flatMap(({ id, models }) => models.map((model) => `${id}/${model.id}`));
      return [...new Set([...(await chosen(agent.models)), ...own])];
    },
  };
}

async function chooseAutomatically(parts: ModelParts, found: ProviderSettings[]): Promise<readonly string[]> {
  const withKeys = modelsWithKeys(parts.keys);
  if (withKeys.length > 0) return withKeys;
  const [server] = await findLocalModels({ fetch, signal: new AbortController().signal });
  if (!server?.models[0]) return [offlineModelReference];
  found.push(providerOf(server));
  return [`${server.providerId}/${server.models[0].id}`];
}

function firstThatResolves(models: readonly string[], resolve: (reference: string) => ModelChoice): ModelChoice {
  let problem: unknown;
  for (const reference of models) {
    try {
      return resolve(reference);
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}
