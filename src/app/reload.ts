/** Brings a changed configuration into effect: settings at once, and only the channels that the change touches begin anew. */
import type { LoadedConfig } from '../config/load.ts';
import { configModel } from '../config/model.ts';
import { planReload, type ReloadPlan } from '../config/reload.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { ChannelEdges } from '../domain/channel.ts';
import type { ChannelAccountSettings } from '../domain/settings.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { createChannel } from './channels.ts';
import type { Settings } from './live-settings.ts';

export interface Reload {
  before: LoadedConfig;
  next: LoadedConfig;
  gateway: Gateway;
  settings: Settings;
  edges: ChannelEdges;
  /** The new configuration counts from here on. */
  taken: () => void;
}

/** Returns the keys that only a restart of the gateway brings into effect. */
export async function reload({ before, next, gateway, settings, edges, taken }: Reload): Promise<string[]> {
  const plan = planReload(configModel().schema, before.config, next.config);
  const old = settings.current().channels;
  settings.replace(resolveConfig(configModel(), next));
  taken();
  const now = settings.current().channels.filter(({ enabled }) => enabled);
  for (const account of now.filter((one) => isTouched(plan, one))) {
    const channel = await createChannel(account, edges);
    if (channel) await gateway.replaceChannel(channel);
  }
  for (const gone of old.filter((one) => one.enabled && !now.some((other) => isSame(one, other))))
    await gateway.removeChannel(gone);
  edges.log.info({ changed: plan.changed, restart: plan.gateway }, 'the configuration was read again');
  return plan.gateway;
}

function isTouched({ channels }: ReloadPlan, { channel, account }: ChannelAccountSettings): boolean {
  return channels.some(
    (one) => (one.channel === '*' || one.channel === channel) && (one.account === undefined || one.account === account),
  );
}

function isSame(a: ChannelAccountSettings, b: ChannelAccountSettings): boolean {
  return a.channel === b.channel && a.account === b.account;
}
