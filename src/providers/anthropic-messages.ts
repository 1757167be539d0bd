/**
 * Owns the wire format `anthropic-messages` (https://platform.claude.com/docs/en/api/messages).
 */
import type { LanguageModelV4CallOptions, LanguageModelV4Message, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { ModelClient, ModelEndpoint, ModelRequest, ProviderPlugin } from '../domain/model.ts';
import { anthropicThinking } from './anthropic-thinking.ts';
import { commonCallId } from './call-ids.ts';
import { createLanguageModelClient } from './language-model-client.ts';
import { promptOf, toolsOf } from './prompt.ts';
import { baseUrlOf } from './base-url.ts';
import { wireFetch } from './wire.ts';

/** Everything up to such a mark is cached for five minutes. Four marks are allowed in a request. */
const CACHED: SharedV4ProviderOptions = { anthropic: { cacheControl: { type: 'ephemeral' } } };

/** The last two, so that the answer to the previous call is still found when new messages follow. */
const CACHED_MESSAGES = 2;

/** Bearer tokens are refused without it. */
const OAUTH_BETA = 'oauth-2025-04-20';

const KNOWN_EVENTS = new Set(
  'message_start message_delta message_stop content_block_start content_block_delta content_block_stop ping error'.split(' '),
);

export const anthropicMessages: ProviderPlugin = { api: 'anthropic-messages', create };

async function create(endpoint: ModelEndpoint): Promise<ModelClient> {
  const baseUrl = baseUrlOf(endpoint, {
    fallback: 'https://api.anthropic.com/v1',
    hasVersion: /\/v\d+\/?$/,
    appendWhenMissing: '/v1',
  });
  const { createAnthropic } = await import('@ai-sdk/anthropic');
  const { apiKey, bearer } = endpoint;
  const vendor = createAnthropic({
    baseURL: baseUrl,
    headers: { ...(bearer === true ? { 'anthropic-beta': OAUTH_BETA } : {}), ...endpoint.headers },
    fetch: wireFetch,
    // Without a key the package would take ANTHROPIC_API_KEY from the environment and send it to this address.
    ...(bearer === true && apiKey ? { authToken: () => apiKey.reveal() } : { apiKey: apiKey?.reveal() ?? '' }),
  });
  return createLanguageModelClient({
    providerId: endpoint.providerId,
    baseUrl,
    model: (modelId) => vendor.messages(modelId),
    options: (request, from) => optionsOf(request, from, endpoint.providerId),
    reading: { keepPlainReasoning: false, mayIgnore: isUnknownEvent },
  });
}

/** New kinds of events may be added at any time and must be skipped (docs: streaming). */
function isUnknownEvent(error: unknown): boolean {
  const value = (error as { value?: { type?: unknown } } | undefined)?.value;
  return typeof value?.type === 'string' && !KNOWN_EVENTS.has(value.type);
}

function optionsOf(request: ModelRequest, from: string, providerId: string): LanguageModelV4CallOptions {
  const prompt = promptOf(request, { from, callId: commonCallId, toolImages: 'in-result', reasoning: 'kept' });
  markForCache(prompt);
  const tools = toolsOf(request);
  const last = tools?.at(-1);
  if (last?.type === 'function') last.providerOptions = CACHED;
  const { reasoning, anthropic } = anthropicThinking(request, from);
  return {
    prompt,
    maxOutputTokens: request.maxOutputTokens,
    // Other servers of this format do not know tools whose arguments are streamed unchecked.
    providerOptions: { anthropic: { includePings: true, toolStreaming: providerId === 'anthropic', ...anthropic } },
    ...(reasoning ? { reasoning } : {}),
    ...(tools ? { tools } : {}),
  };
}

function markForCache(prompt: LanguageModelV4Message[]): void {
  const marked = prompt.filter((message) => message.role === 'user' || message.role === 'tool').slice(-CACHED_MESSAGES);
  for (const message of marked) message.providerOptions = CACHED;
  if (prompt[0]?.role === 'system') prompt[0].providerOptions = CACHED;
}
