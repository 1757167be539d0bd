/** Where the keys of model providers are, beside the configuration: the environment. */
import type { Environment } from '../config/environment.ts';
import { Secret } from '../domain/secret.ts';
import type { KeyLookup } from '../providers/catalogue.ts';

export function keysFrom(environment: () => Environment): KeyLookup {
  const known = new Map<string, Secret>();
  return {
    environment(name) {
      const value = environment()[name];
      if (!value) return undefined;
      const secret = known.get(value) ?? new Secret(value);
      known.set(value, secret);
      return secret;
    },
    stored: () => undefined,
  };
}
