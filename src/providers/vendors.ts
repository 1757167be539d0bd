/**
 * Owns the providers that are known by name: address, wire format, and where people customarily keep the key.
 * Must never hold a model's facts (`model-facts.ts`) or a key.
 */
import type { ProviderPlugin } from '../domain/model.ts';

export interface Vendor {
  id: string;
  baseUrl: string;
  /** Of all its models, except those that `apiOf` names. */
  api: ProviderPlugin['api'];
  /** A few gateways pass each maker's models on in that maker's own format. */
  apiOf?: readonly [models: RegExp, api: ProviderPlugin['api']][];
  /** Environment names, in the order in which they are tried; none for servers that ask for no key. */
  keyNames: readonly string[];
  /** Of `keyNames`: those that hold a bearer token of a login. */
  bearerNames?: readonly string[];
  /** What is used when a key is all that we were given. */
  defaultModel?: string;
}

const CHAT = 'openai-completions';

export const vendors: readonly Vendor[] = [
  {
    id: 'anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    api: 'anthropic-messages',
    keyNames: ['ANTHROPIC_API_KEY', 'ANTHROPIC_OAUTH_TOKEN'],
    bearerNames: ['ANTHROPIC_OAUTH_TOKEN'],
    defaultModel: 'claude-sonnet-5-5',
  },
  {
    id: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    api: 'openai-responses',
    keyNames: ['OPENAI_API_KEY'],
    defaultModel: 'gpt-6.2-sol',
  },
  {
    id: 'google',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    api: 'google-generative-ai',
    keyNames: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    defaultModel: 'gemini-3.8-flash',
  },
  {
    id: 'openrouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    api: CHAT,
    keyNames: ['OPENROUTER_API_KEY'],
    defaultModel: 'anthropic/claude-sonnet-5.5',
  },
  { id: 'xai', baseUrl: 'https://api.x.ai/v1', api: CHAT, keyNames: ['XAI_API_KEY'], defaultModel: 'grok-4.5' },
  {
    id: 'groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    api: CHAT,
    keyNames: ['GROQ_API_KEY'],
    defaultModel: 'openai/gpt-oss-120b',
  },
  {
    id: 'mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    api: CHAT,
    keyNames: ['MISTRAL_API_KEY'],
    defaultModel: 'mistral-large-latest',
  },
  {
    id: 'cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    api: CHAT,
    keyNames: ['CEREBRAS_API_KEY'],
    defaultModel: 'gpt-oss-120b',
  },
  {
    id: 'deepseek',
    baseUrl: 'https://api.deepseek.com/v1',
    api: CHAT,
    keyNames: ['DEEPSEEK_API_KEY'],
    defaultModel: 'deepseek-chat',
  },
  { id: 'zai', baseUrl: 'https://api.z.ai/api/paas/v4', api: CHAT, keyNames: ['ZAI_API_KEY'] },
  { id: 'moonshot', baseUrl: 'https://api.moonshot.ai/v1', api: CHAT, keyNames: ['MOONSHOT_API_KEY'] },
  { id: 'kimi-coding', baseUrl: 'https://api.kimi.com/coding/v1', api: 'anthropic-messages', keyNames: ['KIMI_API_KEY'] },
  { id: 'minimax', baseUrl: 'https://api.minimax.io/anthropic/v1', api: 'anthropic-messages', keyNames: ['MINIMAX_API_KEY'] },
  { id: 'venice', baseUrl: 'https://api.venice.ai/api/v1', api: CHAT, keyNames: ['VENICE_API_KEY'] },
  { id: 'qianfan', baseUrl: 'https://qianfan.baidubce.com/v2', api: CHAT, keyNames: ['QIANFAN_API_KEY'] },
  { id: 'vercel-ai-gateway', baseUrl: 'https://ai-gateway.vercel.sh/v1', api: CHAT, keyNames: ['AI_GATEWAY_API_KEY'] },
  {
    id: 'opencode',
    baseUrl: 'https://opencode.ai/zen/v1',
    api: CHAT,
    apiOf: [
      [/^claude-/, 'anthropic-messages'],
      [/^gpt-/, 'openai-responses'],
      [/^gemini-/, 'google-generative-ai'],
    ],
    keyNames: ['OPENCODE_API_KEY'],
  },
  // The built-in one, which is no language model and needs no server.
  { id: 'offline', baseUrl: 'offline:', api: 'offline', keyNames: [] },
  { id: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1', api: CHAT, keyNames: [] },
  { id: 'lmstudio', baseUrl: 'http://127.0.0.1:1234/v1', api: CHAT, keyNames: [] },
  { id: 'llamacpp', baseUrl: 'http://127.0.0.1:8080/v1', api: CHAT, keyNames: [] },
  { id: 'vllm', baseUrl: 'http://127.0.0.1:8000/v1', api: CHAT, keyNames: [] },
];

export function vendorOf(id: string): Vendor | undefined {
  return vendors.find((vendor) => vendor.id === id);
}

export function apiFor(vendor: Vendor, modelId: string): string {
  return vendor.apiOf?.find(([models]) => models.test(modelId))?.[1] ?? vendor.api;
}
