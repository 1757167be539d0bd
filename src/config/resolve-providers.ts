/** `models.providers`, resolved. Pure. */
import type { ModelSettings, ProviderSettings } from '../domain/settings.ts';
import type { Config } from './schema.ts';

type Provider = Config['models']['providers'][string];

/** `isBearer`: the entry's key is a token of a login. */
export function resolveProviders(config: Config, isBearer: (providerId: string) => boolean): ProviderSettings[] {
  return Object.entries(config.models.providers).map(([id, provider]) => ({
    id,
    ...(provider.baseUrl !== undefined && { baseUrl: provider.baseUrl }),
    ...(provider.api !== undefined && { api: provider.api }),
    ...(provider.apiKey && { apiKey: provider.apiKey, bearer: isBearer(id) }),
    ...(provider.headers && { headers: headersOf(provider.headers) }),
    models: provider.models.map(modelOf),
  }));
}

function headersOf(headers: NonNullable<Provider['headers']>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
}

function modelOf(model: Provider['models'][number]): ModelSettings {
  return {
    id: model.id,
    ...(model.api !== undefined && { api: model.api }),
    ...(model.contextWindow !== undefined && { contextTokens: model.contextWindow }),
    ...(model.maxTokens !== undefined && { maxOutputTokens: model.maxTokens }),
    ...(model.input && { images: model.input.includes('image') }),
    ...(model.reasoning !== undefined && { reasoning: model.reasoning }),
    ...(model.cost && { price: model.cost }),
  };
}
