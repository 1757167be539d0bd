/**
 * Owns the wire format `openai-responses` (https://platform.openai.com/docs/api-reference/responses).
 * Nothing is stored at the vendor: reasoning comes encrypted and goes back with the next call.
 */
import type { JSONObject, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelClient, ModelEndpoint, ModelRequest, ProviderPlugin, ThinkingLevel } from '../domain/model.ts';
import { commonCallId } from './call-ids.ts';
import { createLanguageModelClient } from './language-model-client.ts';
import { cacheKeyOf } from './openai-completions.ts';
import { promptOf, toolsOf } from './prompt.ts';
import { baseUrlOf } from './base-url.ts';
import { wireFetch } from './wire.ts';

export const openaiResponses: ProviderPlugin = { api: 'openai-responses', create };

async function create(endpoint: ModelEndpoint): Promise<ModelClient> {
  const baseUrl = baseUrlOf(endpoint, { fallback: 'https://api.openai.com/v1', hasVersion: /\/./, appendWhenMissing: '/v1' });
  const { createOpenAI } = await import('@ai-sdk/openai');
  const vendor = createOpenAI({
    baseURL: baseUrl,
    headers: { ...endpoint.headers },
    fetch: wireFetch,
    // Without a key the package would take OPENAI_API_KEY from the environment and send it to this address.
    apiKey: () => endpoint.apiKey?.reveal() ?? '',
  });
  return createLanguageModelClient({
    providerId: endpoint.providerId,
    baseUrl,
    model: (modelId) => vendor.responses(modelId),
    options: optionsOf,
    // A message's `phase` (commentary or final answer) must come back with it.
    reading: { keepPlainReasoning: false, textMark: { at: 'before-text', vendor: 'openai', fields: ['phase'] } },
  });
}

function optionsOf(request: ModelRequest, from: string): LanguageModelV4CallOptions {
  const tools = toolsOf(request);
  return {
    prompt: promptOf(request, { from, callId: commonCallId, toolImages: 'in-result', reasoning: 'kept' }),
    maxOutputTokens: request.maxOutputTokens,
    providerOptions: {
      openai: {
        store: false,
        promptCacheKey: cacheKeyOf(request),
        reasoningSummary: summary(request),
        ...unknownModelThinks(request),
      },
    },
    ...thinking(request.thinking, request.model),
    ...(tools ? { tools } : {}),
  };
}

/**
 * Summaries are refused to accounts that OpenAI has not verified, so they are asked for only where a model may think for
 * minutes and would not show a sign of life without them.
 */
function summary({ thinking }: ModelRequest): string | null {
  return thinking === 'high' || thinking === 'xhigh' ? 'auto' : null;
}

/** The package sends reasoning settings only for models that it knows. Whoever asks for thinking on another one means it. */
function unknownModelThinks({ thinking, model }: ModelRequest): JSONObject {
  const isKnown = /^(?:o\d|gpt-)/.test(model);
  return isKnown || thinking === 'off' ? {} : { forceReasoning: true };
}

function thinking(level: ThinkingLevel, model: string): Pick<LanguageModelV4CallOptions, 'reasoning'> {
  // The o-series knows three efforts and cannot be silenced; so do the pro, codex and chat variants of GPT-5.
  const isLevelled = /^gpt-(?:5(?:\.\d+)?(?:-(?:mini|nano|sol|luna|terra)[\w-]*|-\d{4}-\d\d-\d\d)?$|[6-9])/.test(model);
  if (isLevelled) return { reasoning: level === 'off' ? 'none' : level };
  if (level === 'off') return {};
  return { reasoning: level === 'minimal' ? 'low' : level === 'xhigh' ? 'high' : level };
}
