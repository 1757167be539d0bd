/** The configuration's schema with what the lists of channels and providers add to it. */
import { channels } from '../channels/index.ts';
import { providers } from '../providers/index.ts';
import { vendors } from '../providers/vendors.ts';
import { environmentNames, providerKeyNames } from './environment-names.ts';
import type { ConfigModel } from './load.ts';
import { createConfigSchema } from './schema.ts';

export function createConfigModel(): ConfigModel {
  return {
    schema: createConfigSchema({ channels, apis: providers.map(({ api }) => api) }),
    environmentNames: [...environmentNames, ...providerKeyNames(vendors.map(({ id, keyNames }) => ({ id, keyNames })))],
  };
}
