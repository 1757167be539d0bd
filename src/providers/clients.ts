/**
 * Owns the clients that are in use: one for each endpoint, made when it is first asked for.
 * Must never hand out a client with another key than the choice carries.
 */
import { AppError } from '../domain/errors.ts';
import type { ModelClient, ModelEndpoint, ProviderPlugin } from '../domain/model.ts';
import type { ModelChoice } from '../domain/settings.ts';

export type ClientLookup = (choice: Pick<ModelChoice, 'api' | 'endpoint'>) => Promise<ModelClient>;

interface Made {
  endpoint: ModelEndpoint;
  client: Promise<ModelClient>;
}

/** More endpoints than anyone has; the map only grows when keys or addresses change. */
const MAX_CLIENTS = 50;

/** Rejects with AppError `invalid` for an unknown format or an address that is none. */
export function createClientLookup(plugins: readonly ProviderPlugin[]): ClientLookup {
  const made = new Map<string, Made>();
  return ({ api, endpoint }) => {
    const plugin = plugins.find((candidate) => candidate.api === api);
    if (!plugin) return Promise.reject(unknownFormat(api, endpoint, plugins));
    const key = JSON.stringify([api, endpoint.providerId, endpoint.baseUrl, endpoint.bearer, endpoint.headers]);
    const known = made.get(key);
    if (known && known.endpoint.apiKey?.reveal() === endpoint.apiKey?.reveal()) return known.client;
    if (made.size >= MAX_CLIENTS) made.clear();
    const client = plugin.create(endpoint);
    made.set(key, { endpoint, client });
    // One that could not be made is tried anew the next time.
    client.catch(() => made.delete(key));
    return client;
  };
}

function unknownFormat(api: string, endpoint: ModelEndpoint, plugins: readonly ProviderPlugin[]): AppError {
  return new AppError('invalid', `The model provider "${endpoint.providerId}" has the unknown format "${api}".`, {
    hint: `Set models.providers.${endpoint.providerId}.api to one of: ${plugins.map((plugin) => plugin.api).join(', ')}.`,
  });
}
