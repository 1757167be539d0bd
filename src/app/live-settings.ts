/** The resolved configuration as it is now. A reload puts a new one in its place; whoever asks gets the newest. */
import type { ResolvedConfig } from '../config/resolve.ts';
import type { AgentSettings, ChannelAccountSettings } from '../domain/settings.ts';
import type { LiveSettings } from '../gateway/parts.ts';

export interface Settings extends LiveSettings {
  current(): ResolvedConfig;
  replace(next: ResolvedConfig): void;
}

export function createSettings(first: ResolvedConfig): Settings {
  let config = first;
  let accounts = byAccount(first.channels);
  return {
    current: () => config,
    replace(next) {
      config = next;
      accounts = byAccount(next.channels);
    },
    admission: (channel, account) => accounts.get(`${channel}\n${account}`)?.admission,
    routing: () => config.routing,
    queue: () => config.queue,
    gateway: () => config.gateway,
    agent: (agentId) => agentOf(config, agentId),
    commandMenu: () => config.commandMenu,
    receipt: () => config.receipt,
  };
}

function byAccount(channels: readonly ChannelAccountSettings[]): Map<string, ChannelAccountSettings> {
  return new Map(channels.map((one) => [`${one.channel}\n${one.account}`, one]));
}

function agentOf({ agents, routing }: ResolvedConfig, agentId: string): AgentSettings {
  const found = agents.find(({ id }) => id === agentId) ?? agents.find(({ id }) => id === routing.defaultAgentId) ?? agents[0];
  if (!found) throw new Error('the configuration resolved to no agent');
  return found;
}
