/**
 * Owns the wire format `openai-completions`: Chat Completions as OpenAI made it and as most other servers speak it
 * (https://platform.openai.com/docs/api-reference/chat). How vendors differ stands in `chat-dialects.ts`.
 */
import { createHash } from 'node:crypto';
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelClient, ModelEndpoint, ModelRequest, ProviderPlugin } from '../domain/model.ts';
import { dialectOf, type ChatDialect } from './chat-dialects.ts';
import { createLanguageModelClient } from './language-model-client.ts';
import { promptOf, toolsOf } from './prompt.ts';
import { baseUrlOf } from './base-url.ts';
import { wireFetch } from './wire.ts';

/** The package merges these options into the body as they are. */
const VENDOR = 'vendor';

export const openaiCompletions: ProviderPlugin = { api: 'openai-completions', create };

async function create(endpoint: ModelEndpoint): Promise<ModelClient> {
  const baseUrl = baseUrlOf(endpoint, { hasVersion: /\/./, appendWhenMissing: '/v1' });
  const dialect = dialectOf(endpoint.providerId);
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const { apiKey } = endpoint;
  const vendor = createOpenAICompatible({
    name: VENDOR,
    baseURL: baseUrl,
    headers: { ...endpoint.headers },
    fetch: wireFetch,
    includeUsage: dialect.asksForUsage,
    ...(apiKey ? { apiKey: () => apiKey.reveal() } : {}),
    transformRequestBody: (body) => renamed(body, dialect),
  });
  return createLanguageModelClient({
    providerId: endpoint.providerId,
    baseUrl,
    model: (modelId) => vendor.chatModel(modelId),
    options: (request, from) => optionsOf(request, from, dialect),
    reading: { keepPlainReasoning: dialect.wantsReasoningBack },
  });
}

function renamed(body: Record<string, unknown>, dialect: ChatDialect): Record<string, unknown> {
  if (dialect.maxTokensField === 'max_tokens') return body;
  const { max_tokens: maxTokens, ...rest } = body;
  return { ...rest, [dialect.maxTokensField]: maxTokens };
}

function optionsOf(request: ModelRequest, from: string, dialect: ChatDialect): LanguageModelV4CallOptions {
  const tools = toolsOf(request);
  const extra = { ...dialect.thinking(request.thinking, request.model) };
  if (dialect.takesCacheKey) extra['prompt_cache_key'] = cacheKeyOf(request);
  return {
    prompt: promptOf(request, {
      from,
      callId: dialect.callId,
      toolImages: 'in-message',
      reasoning: dialect.wantsReasoningBack ? 'current-turn' : 'kept',
    }),
    maxOutputTokens: request.maxOutputTokens,
    providerOptions: { [VENDOR]: extra },
    ...(tools ? { tools } : {}),
  };
}

/** OpenAI takes at most 64 characters, and a session's key names a person: only its digest leaves. */
export function cacheKeyOf(request: ModelRequest): string {
  return createHash('sha256').update(request.cacheKey).digest('hex').slice(0, 32);
}
