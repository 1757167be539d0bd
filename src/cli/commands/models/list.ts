/** `openclaw models list`: the providers that are known, and which of them have a key. */
import { defineCommand } from 'citty';
import { keysFrom } from '../../../app/keys.ts';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { vendors } from '../../../providers/vendors.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    all: { type: 'boolean', description: 'providers without a key too' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const loaded = await context.config();
    const keys = keysFrom(() => loaded.env);
    const own = resolveConfig(configModel(), loaded).providers;
    const rows = [
      ...own.map((one) => ({
        provider: one.id,
        models: one.models.map(({ id }) => id),
        key: one.apiKey ? 'configuration' : 'none',
        usable: true,
      })),
      ...vendors
        .filter(({ id }) => !own.some((one) => one.id === id))
        .map((vendor) => {
          const name = vendor.keyNames.find((one) => keys.environment(one));
          return {
            provider: vendor.id,
            models: vendor.defaultModel === undefined ? [] : [vendor.defaultModel],
            key: name ?? (vendor.keyNames[0] === undefined ? 'not needed' : `set ${vendor.keyNames[0]}`),
            usable: name !== undefined,
          };
        }),
    ];
    const shown = call.args.all ? rows : rows.filter(({ usable }) => usable);
    if (call.args.json) return out.json({ providers: shown });
    out.table(
      ['PROVIDER', 'KEY', 'MODELS'],
      shown.map((row) => [row.provider, row.key, row.models.join(', ')]),
      'No provider has a key. See all: openclaw models list --all',
    );
  },
});
