/** `openclaw sandbox build`: makes the sandbox image, from a registry when one answers, else from Debian packages. */
import { defineCommand } from 'citty';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { buildImage } from '../../../sandbox/image/build.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    source: { type: 'enum', options: ['auto', 'registry', 'debian'], default: 'auto', description: 'where from' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const { dockerSocket } = resolveConfig(configModel(), await context.config()).gateway;
    const source = call.args.source as 'auto' | 'registry' | 'debian';
    const built = await buildImage({ source, socketPath: dockerSocket, onProgress: (line) => out.note(line) });
    if (call.args.json) return out.json(built);
    out.line(`Built ${built.image}.`);
  },
});
