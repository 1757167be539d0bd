/**
 * Owns what is known of well-known models: window, longest answer, images, reasoning, price. Families, not a catalogue:
 * a new version of a family gets its facts until somebody corrects them here or in the configuration.
 * Sources, read in November 2026: platform.claude.com/docs/models, developers.openai.com/api/docs/models,
 * ai.google.dev/gemini-api/docs/models and their price lists; docs.x.ai/docs/models.
 */
import type { ModelFacts, ModelPrice } from '../domain/model.ts';

type Facts = Pick<ModelFacts, 'contextTokens' | 'maxOutputTokens' | 'images' | 'reasoning'>;

/** What is assumed of a model that nobody described, as people's configurations have it. */
const UNKNOWN: Facts = { contextTokens: 200_000, maxOutputTokens: 8192, images: false, reasoning: false };

/** Model servers at home load models with small windows, and the largest of them cuts what is longer without a word. */
const UNKNOWN_AT_HOME: Facts = { contextTokens: 16_384, maxOutputTokens: 4096, images: false, reasoning: false };

const HOME = new Set(['ollama', 'lmstudio', 'llamacpp', 'vllm', 'offline']);

function facts(contextTokens: number, maxOutputTokens: number, can: { images?: boolean; reasoning?: boolean } = {}): Facts {
  return { contextTokens, maxOutputTokens, images: can.images ?? true, reasoning: can.reasoning ?? true };
}

/** The first that matches counts. Gateways write dots where the makers write dashes, so that both are taken. */
const FAMILIES: readonly [family: RegExp, facts: Facts][] = [
  [/claude-(?:fable|mythos|opus|sonnet|haiku)-[5-9]|claude-(?:opus|sonnet)-4[-.][678]/, facts(1_000_000, 128_000)],
  [/claude-(?:opus|sonnet|haiku)-4[-.]5/, facts(200_000, 64_000)],
  [/claude-opus-4/, facts(200_000, 32_000)],
  [/claude-(?:sonnet-4|3[-.]7)/, facts(200_000, 64_000)],
  [/claude-3/, facts(200_000, 4096, { reasoning: false })],
  [/claude-/, facts(200_000, 64_000)],
  [/gpt-5(?:[-.]\d)?-chat/, facts(128_000, 16_384, { reasoning: false })],
  [/gpt-(?:5\.[4-9]|[6-9])/, facts(1_050_000, 128_000)],
  [/gpt-5/, facts(400_000, 128_000)],
  [/gpt-4\.1/, facts(1_047_576, 32_768, { reasoning: false })],
  [/gpt-4o/, facts(128_000, 16_384, { reasoning: false })],
  [/gpt-oss/, facts(131_072, 32_768, { images: false })],
  [/(?:^|\/)o[134](?:-|$)/, facts(200_000, 100_000)],
  [/gemini-2\.0/, facts(1_048_576, 8192, { reasoning: false })],
  [/gemini-/, facts(1_048_576, 65_536)],
  [/grok-4[-.]?(?:1-)?fast/, facts(2_000_000, 30_000)],
  [/grok-4\.[3-9]|grok-[5-9]/, facts(500_000, 64_000)],
  [/grok-4/, facts(256_000, 64_000)],
  [/deepseek-v[4-9]/, facts(1_000_000, 65_536, { images: false })],
  [/deepseek-(?:reasoner|r\d)/, facts(128_000, 32_768, { images: false })],
  [/deepseek/, facts(128_000, 8192, { images: false, reasoning: false })],
  [/glm-(?:4\.[5-9]|[5-9])/, facts(200_000, 65_536, { images: false })],
  [/kimi-k(?:2\.[5-9]|[3-9])/, facts(256_000, 32_768)],
  [/kimi/, facts(256_000, 16_384, { images: false, reasoning: false })],
  [/minimax-m/i, facts(200_000, 65_536, { images: false })],
  [/mistral-(?:large|medium|small)/, facts(128_000, 16_384, { reasoning: false })],
];

function price(input: number, output: number, cacheRead: number, cacheWrite = input): ModelPrice {
  return { input, output, cacheRead, cacheWrite };
}

/**
 * The makers' own list prices, for requests of usual length. Some charge more for very long ones (OpenAI above 272,000
 * tokens, Claude Haiku 5.5 above 100,000), which is not counted. Other providers' prices are not known here.
 */
const PRICES: Readonly<Record<string, readonly [models: RegExp, price: ModelPrice][]>> = {
  anthropic: [
    [/^claude-opus-5-5/, price(4, 20, 0.2, 5)],
    [/^claude-opus-(?:5|4-[5678])/, price(5, 25, 0.5, 6.25)],
    [/^claude-opus-4/, price(15, 75, 1.5, 18.75)],
    [/^claude-sonnet-5-5/, price(2, 10, 0.1, 2.5)],
    [/^claude-sonnet-5/, price(2, 10, 0.2, 2.5)],
    [/^claude-sonnet-4/, price(3, 15, 0.3, 3.75)],
    [/^claude-haiku-5-5/, price(0.1, 0.5, 0.01, 0.125)],
    [/^claude-haiku-4-5/, price(1, 5, 0.1, 1.25)],
  ],
  openai: [
    [/^gpt-6-astra/, price(10, 50, 1, 12.5)],
    [/^gpt-6\.[12]-sol/, price(2, 10, 0.1, 2.5)],
    [/^gpt-6-sol/, price(2, 10, 0.2, 2.5)],
    [/^gpt-6\.1-terra/, price(1, 5, 0.05, 1.25)],
    [/^gpt-6-luna/, price(0.1, 0.5, 0.01, 0.125)],
    [/^gpt-5-mini/, price(0.25, 2, 0.025)],
    [/^gpt-5(?:\.1)?(?:-\d{4}|$)/, price(1.25, 10, 0.125)],
    [/^gpt-4\.1(?:-\d{4}|$)/, price(2, 8, 0.5)],
    [/^gpt-4o(?:-\d{4}|$)/, price(2.5, 10, 1.25)],
  ],
  google: [
    // The price from December 2026; until then it is half of this.
    [/^gemini-4-argon/, price(4, 20, 0.2)],
    [/^gemini-3\.[678]-flash/, price(0.75, 3.75, 0.075)],
    [/^gemini-2\.5-pro/, price(1.25, 10, 0.125)],
    [/^gemini-2\.5-flash(?!-lite)/, price(0.3, 2.5, 0.03)],
  ],
};

/** Never throws: an unknown model gets what is true of most. */
export function factsOf(providerId: string, modelId: string): ModelFacts {
  const isHome = HOME.has(providerId);
  // What a server at home can hold depends on its memory, not on the model.
  const known = isHome ? UNKNOWN_AT_HOME : FAMILIES.find(([family]) => family.test(modelId.toLowerCase()))?.[1];
  const cost = Object.hasOwn(PRICES, providerId) ? PRICES[providerId]?.find(([models]) => models.test(modelId))?.[1] : undefined;
  return { providerId, modelId, ...(known ?? UNKNOWN), ...(cost ? { price: cost } : isHome ? { price: price(0, 0, 0) } : {}) };
}
