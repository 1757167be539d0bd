/** `models`: servers of one's own, and changes to the built-in providers. */
import * as z from 'zod/mini';
import { secretSetting, setting } from '../../domain/setting.ts';
import { only } from './field.ts';

const price = (what: string) =>
  setting(z._default(z.number().check(z.gte(0)), 0), { description: what, unit: 'US dollars a million tokens' });

const model = (apis: readonly string[]) =>
  z.strictObject({
    id: setting(z.string().check(z.minLength(1), z.maxLength(200)), { description: 'The model’s id at the provider.' }),
    name: setting(z.optional(z.string().check(z.minLength(1), z.maxLength(200))), { description: 'What people call it.' }),
    api: setting(z.optional(z.enum(apis)), { description: 'Its wire format, where it differs from the provider’s.' }),
    contextWindow: setting(z.optional(z.int().check(z.gte(1_000), z.lte(100_000_000))), {
      description: 'Longest input and output together.',
      unit: 'tokens',
      defaultText: 'what is known of the model',
    }),
    maxTokens: setting(z.optional(z.int().check(z.gte(16), z.lte(10_000_000))), {
      description: 'Longest answer.',
      unit: 'tokens',
      defaultText: 'what is known of the model',
    }),
    input: setting(z.optional(z.array(z.enum(['text', 'image']))), {
      description: 'What it understands.',
      defaultText: 'what is known of the model',
    }),
    reasoning: setting(z.optional(z.boolean()), {
      description: 'It can think before it answers.',
      defaultText: 'what is known of the model',
    }),
    cost: setting(
      z.optional(
        z.strictObject({
          input: price('Fresh input.'),
          output: price('Output.'),
          cacheRead: price('Input that the provider had cached.'),
          cacheWrite: price('Input that the provider puts into its cache.'),
        }),
      ),
      { description: 'The price.', defaultText: 'what is known of the model' },
    ),
  });

const isPrivateHost = (host: string): boolean =>
  !host.includes('.') ||
  /\.(?:local|internal|lan|home\.arpa)$/i.test(host) ||
  /^(?:127|10)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(host);

/** A key and people's words must not cross the public net in clear text. */
const isSafeAddress = (text: string): boolean => {
  const url = URL.parse(text);
  if (!url || url.username || url.password || url.search || url.hash) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isPrivateHost(url.hostname));
};

const provider = (apis: readonly string[]) =>
  z.strictObject({
    baseUrl: setting(z.optional(z.string().check(z.refine(isSafeAddress))), {
      description: 'The server’s address.',
      expects: 'an address such as https://api.example.com/v1; http:// only for this host or a private network; no key in it',
      defaultText: 'the built-in provider’s',
    }),
    apiKey: z.optional(secretSetting({ description: 'The key.', defaultText: 'the provider’s customary environment name' })),
    api: setting(z.optional(z.enum(apis)), {
      description: 'The wire format.',
      defaultText: 'the built-in provider’s, else openai-completions',
    }),
    headers: setting(
      z.optional(z.record(z.string().check(z.regex(/^[A-Za-z0-9-]{1,64}$/)), secretSetting({ description: 'One header.' }))),
      {
        description: 'Further headers of each request.',
        expects: 'an object by header name; each entry a secret as text, or a reference to one',
      },
    ),
    models: setting(z._default(z.array(model(apis)), []), { description: 'Its models, as far as they are not known.' }),
  });

export function modelsSection(apis: readonly string[]) {
  return setting(
    z.prefault(
      z.strictObject({
        mode: only('merge', {
          description: 'The providers below are added to the built-in ones.',
          because: 'The built-in providers are always known; without a key they are not used.',
        }),
        providers: setting(z._default(z.record(z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)), provider(apis)), {}), {
          description: 'By the name before the slash in `provider/model-id`.',
          expects: 'an object by provider name (small letters, digits, . _ and -)',
        }),
      }),
      {},
    ),
    { description: 'Servers of language models.', restart: 'live' },
  );
}
