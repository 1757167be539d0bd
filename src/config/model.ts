/**
 * The schema with everything that the lists of channels and providers add to it. Made once, when it is first needed.
 * Only light modules are imported: no channel's client and no provider's.
 */
import type { ChannelPlugin } from '../domain/channel.ts';
import { channels } from '../channels/index.ts';
import { vendors, type Vendor } from '../providers/vendors.ts';
import { environmentNames, providerKeyNames, type EnvironmentName } from './environment-names.ts';
import { createConfigSchema, type ConfigSchema } from './schema.ts';

export interface ConfigModel {
  schema: ConfigSchema;
  channels: readonly ChannelPlugin<never>[];
  environmentNames: readonly EnvironmentName[];
}

export interface ModelParts {
  channels: readonly ChannelPlugin<never>[];
  vendors: readonly Vendor[];
}

export function createConfigModel(parts: ModelParts): ConfigModel {
  const apis = [...new Set(parts.vendors.map(({ api }) => api))];
  return {
    schema: createConfigSchema({ channels: parts.channels, apis }),
    channels: parts.channels,
    environmentNames: [...environmentNames, ...providerKeyNames(parts.vendors)],
  };
}

let model: ConfigModel | undefined;

export function configModel(): ConfigModel {
  model ??= createConfigModel({ channels, vendors });
  return model;
}
