/** Owns the address of a model server: what may stand in `baseUrl`, and the version that people leave out. */
import { AppError } from '../domain/errors.ts';
import type { ModelEndpoint } from '../domain/model.ts';

export interface BaseUrlRule {
  /** The vendor's own address, for an endpoint that names none. */
  fallback?: string;
  /** Matches paths that already name the version. */
  hasVersion: RegExp;
  appendWhenMissing: string;
}

/** Without a trailing slash. Throws AppError `invalid`, whose text never holds the address itself: it may hold a key. */
export function baseUrlOf(endpoint: ModelEndpoint, rule: BaseUrlRule): string {
  const key = `models.providers.${endpoint.providerId}`;
  const text = endpoint.baseUrl ?? rule.fallback;
  if (text === undefined) {
    throw new AppError('invalid', `The model provider "${endpoint.providerId}" has no address.`, { hint: `Set ${key}.baseUrl.` });
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AppError('invalid', `${key}.baseUrl is not an http or https address.`, {
      hint: `Set ${key}.baseUrl to something like https://host/v1.`,
    });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw new AppError('invalid', `${key}.baseUrl must not carry a password or a query.`, {
      hint: `Give the key as ${key}.apiKey.`,
    });
  }
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return rule.hasVersion.test(url.pathname) ? base : base + rule.appendWhenMissing;
}

/** `host:port` of an address, for messages. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : 'the model server';
}
