/**
 * Owns the wire format `google-generative-ai`, Google's Gemini API (https://ai.google.dev/api/generate-content).
 */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelClient, ModelEndpoint, ModelRequest, ProviderPlugin } from '../domain/model.ts';
import { commonCallId } from './call-ids.ts';
import { createLanguageModelClient } from './language-model-client.ts';
import { promptOf, toolsOf } from './prompt.ts';
import { baseUrlOf } from './base-url.ts';
import { wireFetch } from './wire.ts';

export const googleGenerativeAi: ProviderPlugin = { api: 'google-generative-ai', create };

async function create(endpoint: ModelEndpoint): Promise<ModelClient> {
  const baseUrl = baseUrlOf(endpoint, {
    fallback: 'https://generativelanguage.googleapis.com/v1beta',
    hasVersion: /\/./,
    appendWhenMissing: '/v1beta',
  });
  const { createGoogle } = await import('@ai-sdk/google');
  const bearer = endpoint.bearer === true ? endpoint.apiKey : undefined;
  const vendor = createGoogle({
    baseURL: baseUrl,
    headers: { ...(bearer ? { authorization: `Bearer ${bearer.reveal()}` } : {}), ...endpoint.headers },
    fetch: wireFetch,
    // Without a key the package would take one from the environment and send it to this address.
    apiKey: () => (bearer ? '' : (endpoint.apiKey?.reveal() ?? '')),
  });
  return createLanguageModelClient({
    providerId: endpoint.providerId,
    baseUrl,
    model: (modelId) => vendor(modelId),
    options: optionsOf,
    // A text may carry a thought signature, which comes with its last piece.
    reading: { keepPlainReasoning: false, textMark: { at: 'after-text', vendor: 'google', fields: ['thoughtSignature'] } },
  });
}

function optionsOf(request: ModelRequest, from: string): LanguageModelV4CallOptions {
  const tools = toolsOf(request);
  return {
    prompt: promptOf(request, { from, callId: commonCallId, toolImages: 'in-result', reasoning: 'kept' }),
    maxOutputTokens: request.maxOutputTokens,
    ...thinking(request),
    ...(tools ? { tools } : {}),
  };
}

/** Models before 2.5 refuse every thinking setting; `off` is each model's lowest, which for Gemini 4 is `low`. */
function thinking({ thinking: level, model }: ModelRequest): Pick<LanguageModelV4CallOptions, 'reasoning' | 'providerOptions'> {
  if (/gemini-(?:1|2\.0)|gemma/.test(model)) return {};
  const isAtLeastLow = /gemini-[4-9]/.test(model);
  if (level === 'off') return { reasoning: isAtLeastLow ? 'low' : 'none' };
  const reasoning = level === 'minimal' && isAtLeastLow ? 'low' : level;
  return { reasoning, providerOptions: { google: { thinkingConfig: { includeThoughts: true } } } };
}
