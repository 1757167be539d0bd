/**
 * Owns the way from `provider/model-id` to everything that a call needs: address, wire format, key, facts.
 * Must never read the environment or a file: keys come through a lookup.
 */
import { AppError } from '../domain/errors.ts';
import type { ModelEndpoint, ModelFacts } from '../domain/model.ts';
import type { Secret } from '../domain/secret.ts';
import type { ModelChoice, ModelSettings, ProviderSettings } from '../domain/settings.ts';
import { factsOf } from './model-facts.ts';
import { apiFor, vendorOf, vendors, type Vendor } from './vendors.ts';

export interface ModelKey {
  secret: Secret;
  /** Sent as a bearer token. */
  bearer: boolean;
}

/** Where keys are, beside `models.providers.<id>.apiKey`. Both give undefined for an absent or empty one. */
export interface KeyLookup {
  /** By environment name. */
  environment(name: string): Secret | undefined;
  /** What `openclaw models auth add` stored, by provider id. */
  stored(providerId: string): ModelKey | undefined;
}

export interface ModelReference {
  providerId: string;
  modelId: string;
}

/** Splits at the first slash: model ids have slashes of their own. Throws AppError `invalid`. */
export function parseModelReference(reference: string): ModelReference {
  const at = reference.indexOf('/');
  const [providerId, modelId] = [reference.slice(0, at).trim().toLowerCase(), reference.slice(at + 1).trim()];
  if (at < 1 || modelId === '' || /\s/.test(providerId + modelId)) {
    throw new AppError('invalid', `"${reference}" is not a model.`, {
      hint: 'A model is written provider/model-id, such as anthropic/claude-sonnet-5-5.',
    });
  }
  return { providerId, modelId };
}

/**
 * Throws AppError: `invalid` for what is no `provider/model-id` or lacks a setting, `not_found` for an unknown provider,
 * `denied` where the key is missing. Each hint says how to give what is missing.
 */
export function resolveModel(reference: string, providers: readonly ProviderSettings[], keys: KeyLookup): ModelChoice {
  const { providerId, modelId } = parseModelReference(reference);
  const vendor = vendorOf(providerId);
  const custom = providers.find((provider) => provider.id.toLowerCase() === providerId);
  if (!vendor && !custom) throw unknownProvider(providerId, providers);
  const settings = custom?.models.find((model) => model.id === modelId);
  return {
    facts: withSettings(factsOf(providerId, modelId), settings),
    endpoint: endpointOf({ providerId, vendor, custom, keys }),
    api: settings?.api ?? custom?.api ?? (vendor ? apiFor(vendor, modelId) : 'openai-completions'),
  };
}

function withSettings(facts: ModelFacts, settings: ModelSettings | undefined): ModelFacts {
  if (!settings) return facts;
  const { id: _id, api: _api, ...told } = settings;
  const merged = { ...facts, ...told };
  return { ...merged, maxOutputTokens: Math.min(merged.maxOutputTokens, merged.contextTokens) };
}

interface EndpointSources {
  providerId: string;
  vendor: Vendor | undefined;
  custom: ProviderSettings | undefined;
  keys: KeyLookup;
}

function endpointOf(sources: EndpointSources): ModelEndpoint {
  const { providerId, vendor, custom } = sources;
  const baseUrl = custom?.baseUrl ?? vendor?.baseUrl;
  if (baseUrl === undefined) {
    throw new AppError('invalid', `The model provider "${providerId}" has no address.`, {
      hint: `Set models.providers.${providerId}.baseUrl.`,
    });
  }
  const endpoint: ModelEndpoint = { providerId, baseUrl };
  const key = keyOf(sources);
  if (key) Object.assign(endpoint, { apiKey: key.secret, bearer: key.bearer });
  else if (vendor && needsKey(vendor, custom)) throw missingKey(vendor);
  if (custom?.headers) endpoint.headers = { ...custom.headers };
  return endpoint;
}

/** A server of one's own may ask for no key; a vendor's always does, unless its address was changed. */
function needsKey(vendor: Vendor, custom: ProviderSettings | undefined): boolean {
  return vendor.keyNames.length > 0 && custom?.baseUrl === undefined;
}

/** The configuration counts before what was stored, and that before the environment. */
function keyOf({ providerId, vendor, custom, keys }: EndpointSources): ModelKey | undefined {
  if (custom?.apiKey) return { secret: custom.apiKey, bearer: custom.bearer ?? false };
  return keys.stored(providerId) ?? (vendor ? environmentKey(vendor, keys) : undefined);
}

function environmentKey(vendor: Vendor, keys: KeyLookup): ModelKey | undefined {
  for (const name of vendor.keyNames) {
    const secret = keys.environment(name);
    if (secret) return { secret, bearer: vendor.bearerNames?.includes(name) ?? false };
  }
  return undefined;
}

/**
 * The models that can be used with the keys that are there, the best known vendors first: what is used when the
 * configuration names none. Empty when there is no key.
 */
export function modelsWithKeys(keys: KeyLookup): string[] {
  return vendors.flatMap((vendor) => {
    const hasKey = keys.stored(vendor.id) ?? environmentKey(vendor, keys);
    return hasKey && vendor.defaultModel !== undefined ? [`${vendor.id}/${vendor.defaultModel}`] : [];
  });
}

function missingKey(vendor: Vendor): AppError {
  return new AppError('denied', `There is no key for the model provider "${vendor.id}".`, {
    hint: `Set ${vendor.keyNames[0]}, or run: openclaw models auth add ${vendor.id}`,
  });
}

function unknownProvider(providerId: string, providers: readonly ProviderSettings[]): AppError {
  const known = [...new Set([...providers.map(({ id }) => id), ...vendors.map(({ id }) => id)])];
  const near = known.filter((id) => id.startsWith(providerId.slice(0, 3)));
  return new AppError('not_found', `There is no model provider "${providerId}".`, {
    hint: `Known are ${(near.length > 0 ? near : known).join(', ')}; a server of your own is set up as models.providers.${providerId}.`,
  });
}
