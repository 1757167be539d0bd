/**
 * Owns the configuration that points the product at the peers.
 */
import type { BotApi } from '../bot-api.ts';
import type { ModelApi } from '../model-api.ts';

export const WIRES = ['openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai'] as const;
export type Wire = (typeof WIRES)[number];

export function snippet({ bot, model, wire }: { bot: BotApi; model: ModelApi; wire: Wire }): string {
  const version = wire === 'google-generative-ai' ? 'v1beta' : 'v1';
  const provider = {
    baseUrl: `${model.url}/${version}`,
    ...(model.apiKey !== '' && { apiKey: model.apiKey }),
    api: wire,
    models: [{ id: 'peer-1' }],
  };
  const config = {
    channels: { telegram: { enabled: true, botToken: bot.token, apiRoot: bot.url, dmPolicy: 'pairing' } },
    models: { providers: { peer: provider } },
    agents: { defaults: { model: { primary: 'peer/peer-1' } } },
  };
  return `Bot API   ${bot.url}\nModel API ${model.url}\n\n${JSON.stringify(config, null, 2)}\n\nType as a person; /peers lists the commands.`;
}
