/**
 * Owns finding model servers on this machine, for people who gave no key: Ollama, llama.cpp, LM Studio, vLLM.
 * Must never look beyond loopback, and never take an open port for a model server: each answers for itself by its own API.
 */
import type { ModelSettings, ProviderSettings } from '../domain/settings.ts';

export interface LocalServer {
  providerId: string;
  /** With the version, as the catalogue takes it. */
  baseUrl: string;
  /** Models that can chat, the most sensible first. Never empty. */
  models: readonly ModelSettings[];
}

export interface DiscoveryOptions {
  fetch: typeof fetch;
  signal: AbortSignal;
  /** By provider id, where a server does not listen on its usual port. */
  ports?: Partial<Record<LocalProviderId, number>>;
}

export type LocalProviderId = 'ollama' | 'llamacpp' | 'lmstudio' | 'vllm';

/** For all servers together: it stands between a person and the first line. */
const TIMEOUT_MS = 300;

type Get = (path: string) => Promise<unknown>;

interface LocalKind {
  id: LocalProviderId;
  port: number;
  /** Its models in its own order; undefined when it is some other server. */
  models(get: Get): Promise<ModelSettings[] | undefined>;
}

const KINDS: readonly LocalKind[] = [
  { id: 'ollama', port: 11434, models: ollamaModels },
  { id: 'lmstudio', port: 1234, models: lmStudioModels },
  { id: 'llamacpp', port: 8080, models: llamaCppModels },
  { id: 'vllm', port: 8000, models: vllmModels },
];

/** The servers that answered in time, in the order of `KINDS`. Never rejects: nothing found is an empty list. */
export async function findLocalModels(options: DiscoveryOptions): Promise<LocalServer[]> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const found = await Promise.all(KINDS.map((kind) => ask(kind, options, signal)));
  return found.filter((server) => server !== undefined);
}

/** What `resolveModel` takes, so that the windows that the server told are known. */
export function providerOf(server: LocalServer): ProviderSettings {
  return { id: server.providerId, baseUrl: server.baseUrl, models: server.models };
}

async function ask(kind: LocalKind, options: DiscoveryOptions, signal: AbortSignal): Promise<LocalServer | undefined> {
  const origin = `http://127.0.0.1:${options.ports?.[kind.id] ?? kind.port}`;
  const get: Get = async (path) => {
    const response = await options.fetch(origin + path, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.json();
  };
  try {
    const models = (await kind.models(get))?.filter(({ id }) => !NOT_FOR_CHAT.test(id));
    if (!models || models.length === 0) return undefined;
    return { providerId: kind.id, baseUrl: `${origin}/v1`, models: models.toSorted((a, b) => rank(a.id) - rank(b.id)) };
  } catch {
    // Nothing listens, it is slow, or it is another program: for the caller all the same.
    return undefined;
  }
}

const NOT_FOR_CHAT = /embed|minilm|\bbge\b|bge-|\be5-|\bgte-|rerank|whisper|\btts\b|clip\b|stable-diffusion|flux/i;

/** Families that are known to call tools well, best first; the server's own order decides among the rest. */
const GOOD_WITH_TOOLS = [
  /gpt-oss/i,
  /qwen-?3|qwen[4-9]/i,
  /glm-?[4-9]/i,
  /llama-?(?:3\.[1-9]|[4-9])/i,
  /mistral|ministral|devstral/i,
  /qwen-?2\.5/i,
];

function rank(modelId: string): number {
  const found = GOOD_WITH_TOOLS.findIndex((family) => family.test(modelId));
  return found === -1 ? GOOD_WITH_TOOLS.length : found;
}

type Json = Record<string, unknown>;

function list(value: unknown, key: string): Json[] {
  const items = typeof value === 'object' && value !== null ? (value as Json)[key] : undefined;
  return Array.isArray(items) ? items.filter((item): item is Json => typeof item === 'object' && item !== null) : [];
}

function model(id: unknown, contextTokens: unknown): ModelSettings[] {
  if (typeof id !== 'string' || id === '') return [];
  return [{ id, ...(typeof contextTokens === 'number' && contextTokens > 0 ? { contextTokens } : {}) }];
}

/** https://docs.ollama.com/api: `/api/tags` names what is installed, `/api/ps` the windows of what is loaded. */
async function ollamaModels(get: Get): Promise<ModelSettings[] | undefined> {
  const loaded = get('/api/ps').catch(() => ({}));
  const tags = await get('/api/tags');
  if (!Array.isArray((tags as Json)['models'])) return undefined;
  const windows = new Map(list(await loaded, 'models').map((entry) => [entry['name'], entry['context_length']]));
  return list(tags, 'models').flatMap((entry) => (isEncoder(entry) ? [] : model(entry['name'], windows.get(entry['name']))));
}

function isEncoder(entry: Json): boolean {
  const details = entry['details'];
  const family = typeof details === 'object' && details !== null ? (details as Json)['family'] : undefined;
  return typeof family === 'string' && /bert/i.test(family);
}

/** https://lmstudio.ai/docs/developer/rest: types are llm, vlm and embeddings; loaded ones answer at once. */
async function lmStudioModels(get: Get): Promise<ModelSettings[] | undefined> {
  const models = list(await get('/api/v0/models'), 'data').filter(({ type }) => type === 'llm' || type === 'vlm');
  const isLoaded = (entry: Json): boolean => entry['state'] === 'loaded';
  const inOrder = [...models.filter(isLoaded), ...models.filter((entry) => !isLoaded(entry))];
  return inOrder.flatMap((entry) => model(entry['id'], entry['loaded_context_length'] ?? entry['max_context_length']));
}

/** https://github.com/ggml-org/llama.cpp/tree/master/tools/server: `/props` is its own; while it loads it says 503. */
async function llamaCppModels(get: Get): Promise<ModelSettings[] | undefined> {
  const [props, models] = await Promise.all([get('/props'), get('/v1/models')]);
  const settings = (props as Json)['default_generation_settings'];
  if (typeof settings !== 'object' || settings === null) return undefined;
  return list(models, 'data').flatMap((entry) => model(entry['id'], (settings as Json)['n_ctx']));
}

/** https://docs.vllm.ai: an OpenAI server that signs its models with its name. */
async function vllmModels(get: Get): Promise<ModelSettings[] | undefined> {
  const models = list(await get('/v1/models'), 'data').filter((entry) => entry['owned_by'] === 'vllm');
  return models.flatMap((entry) => model(entry['id'], entry['max_model_len']));
}
