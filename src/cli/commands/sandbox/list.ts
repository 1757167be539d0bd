/** `openclaw sandbox list`: the sandboxes alive, those of a running gateway and what earlier runs left. */
import { defineCommand } from 'citty';
import type { SandboxListing } from '../../../domain/sandbox.ts';
import { contextOf } from '../../command.ts';
import { dockerOf } from '../../docker.ts';
import { ago } from '../../time.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const containers = (await context.gatewayOr(
      (gateway) => gateway.call('sandboxes.list'),
      async () => (await dockerOf(context)).list(),
    )) as SandboxListing[];
    if (call.args.json) return out.json({ containers, browsers: [] });
    out.table(
      ['NAME', 'BACKEND', 'SCOPE', 'IMAGE', 'MADE', 'RUNNING'],
      containers.map((one) => [
        one.name,
        one.backend,
        one.scopeKey ?? '(waits in the pool)',
        one.image,
        ago(one.createdAtMs),
        one.running ? 'yes' : 'no',
      ]),
      'No sandbox is alive. The first tool call of a session makes one.',
    );
  },
});
