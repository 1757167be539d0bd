/** Owns where each wire format's API lies at the fake vendors, and what is particular about it. */
import type { WireFacts } from '../contracts/provider.ts';

export const wireFacts: Readonly<Record<string, WireFacts>> = {
  'openai-completions': { path: '/v1', model: 'peer-1', rawArguments: true, signsThoughts: false, countsCacheWrites: false },
  'openai-responses': { path: '/v1', model: 'gpt-5', rawArguments: true, signsThoughts: true, countsCacheWrites: false },
  'anthropic-messages': {
    path: '/v1',
    model: 'claude-sonnet-4-6',
    rawArguments: true,
    signsThoughts: true,
    countsCacheWrites: true,
  },
  // Thoughts themselves are not signed, but what follows them is.
  'google-generative-ai': {
    path: '/v1beta',
    model: 'gemini-3.8-flash',
    rawArguments: false,
    signsThoughts: false,
    countsCacheWrites: false,
  },
};

export function wireFactsOf(api: string): WireFacts {
  const facts = wireFacts[api];
  if (!facts) throw new Error(`say in wire-facts.ts where the fake vendor of ${api} is`);
  return facts;
}
