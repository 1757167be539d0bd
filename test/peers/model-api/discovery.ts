/**
 * Owns what model servers on loopback tell about themselves: Ollama, llama.cpp, LM Studio, and the vendors' lists of models.
 * Sources: https://docs.ollama.com/api, https://github.com/ggml-org/llama.cpp/tree/master/tools/server,
 * https://lmstudio.ai/docs/developer/rest.
 */
import type { FormatName } from './types.ts';

export type Discovery = 'ollama' | 'llama.cpp' | 'lm-studio';

export interface DiscoveryAnswer {
  status: number;
  body: unknown;
  type: 'application/json' | 'text/plain';
}

export interface DiscoveryFacts {
  kind: Discovery | undefined;
  models: readonly string[];
  contextTokens: number;
  /** llama.cpp: the model is still being loaded. */
  loading: boolean;
  /** Whose list of models is asked for; undefined for what a server at home tells. */
  format: FormatName | undefined;
}

function json(body: unknown, status = 200): DiscoveryAnswer {
  return { status, body, type: 'application/json' };
}

/** The answer to a GET, or undefined where this kind of server has nothing at that path. */
export function discover(path: string, facts: DiscoveryFacts): DiscoveryAnswer | undefined {
  if (path === '/v1beta/models') return json(googleList(facts));
  if (path === '/v1/models') return json(facts.format === 'anthropic' ? anthropicList(facts) : modelList(facts));
  const one = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
  if (one !== undefined && facts.models.includes(decodeURIComponent(one))) return json(modelEntry(one, facts));
  if (facts.kind === 'ollama') return ollama(path, facts);
  if (facts.kind === 'llama.cpp') return llamaCpp(path, facts);
  if (facts.kind === 'lm-studio') return lmStudio(path, facts);
  return undefined;
}

const OWNERS: Record<Discovery, string> = { ollama: 'library', 'llama.cpp': 'llamacpp', 'lm-studio': 'organization_owner' };

function modelEntry(id: string, { kind }: DiscoveryFacts): unknown {
  return { id, object: 'model', created: 1_760_000_000, owned_by: kind === undefined ? 'peer' : OWNERS[kind] };
}

function modelList(facts: DiscoveryFacts): unknown {
  return { object: 'list', data: facts.models.map((id) => modelEntry(id, facts)) };
}

function anthropicList({ models }: DiscoveryFacts): unknown {
  const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }));
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
}

function googleList({ models, contextTokens }: DiscoveryFacts): unknown {
  const shared = { inputTokenLimit: contextTokens, outputTokenLimit: 8192, supportedGenerationMethods: ['generateContent'] };
  return { models: models.map((id) => ({ name: `models/${id}`, displayName: id, ...shared })) };
}

function ollama(path: string, { models }: DiscoveryFacts): DiscoveryAnswer | undefined {
  if (path === '/') return { status: 200, body: 'Ollama is running', type: 'text/plain' };
  if (path === '/api/version') return json({ version: '0.13.0' });
  if (path !== '/api/tags') return undefined;
  return json({
    models: models.map((name) => ({
      name,
      model: name,
      modified_at: '2026-11-01T10:00:00.000000000Z',
      size: 4_683_087_332,
      digest: '0'.repeat(64),
      details: {
        parent_model: '',
        format: 'gguf',
        family: 'llama',
        families: ['llama'],
        parameter_size: '8B',
        quantization_level: 'Q4_K_M',
      },
    })),
  });
}

function llamaCpp(path: string, { models, contextTokens, loading }: DiscoveryFacts): DiscoveryAnswer | undefined {
  if (path !== '/health' && path !== '/props') return undefined;
  if (loading) return json({ error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }, 503);
  if (path === '/health') return json({ status: 'ok' });
  return json({
    default_generation_settings: { id: 0, n_ctx: contextTokens, is_processing: false },
    total_slots: 4,
    model_path: `/models/${models[0] ?? ''}.gguf`,
    chat_template: '',
    modalities: { vision: false, audio: false },
    build_info: 'b7000-peer',
  });
}

function lmStudio(path: string, { models, contextTokens }: DiscoveryFacts): DiscoveryAnswer | undefined {
  if (path !== '/api/v0/models') return undefined;
  return json({
    object: 'list',
    data: models.map((id) => ({
      id,
      object: 'model',
      type: 'llm',
      publisher: 'peer',
      arch: 'llama',
      compatibility_type: 'gguf',
      quantization: 'Q4_K_M',
      state: 'loaded',
      max_context_length: contextTokens,
      loaded_context_length: contextTokens,
    })),
  });
}
