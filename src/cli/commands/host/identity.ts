/** `openclaw host identity`: takes the agent's files as they are now for the right ones, after an owner has changed them. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { apply } from '../../../host/engine/apply.ts';
import { identityFiles } from '../../../host/identity/files.ts';
import { layers } from '../../../host/layers/index.ts';
import { layoutsOf } from '../../../host/layout.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { journalId } from './apply.ts';
import { confirm } from './confirm.ts';
import { hostArgs, prepareHost } from './options.ts';
import { progressOf } from './progress.ts';

const { root } = hostArgs;

export default defineCommand({
  args: {
    root,
    from: { type: 'string', required: true, description: 'the new file; its name says which one it is, e.g. ./SOUL.md' },
    yes: { type: 'boolean', description: 'do not ask' },
  },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { input } = await prepareHost(call.args, context, 'identity');
    const name = basename(call.args.from);
    const targets = layoutsOf(input.settings)
      .flatMap(identityFiles)
      .filter(({ path }) => basename(path) === name);
    if (targets.length === 0)
      throw new AppError('not_found', `${name} is no file of the agent's identity.`, {
        hint: 'SOUL.md, AGENTS.md, TOOLS.md, IDENTITY.md, USER.md or MEMORY.md',
      });
    const text = await readFile(call.args.from, 'utf8');
    if (!call.args.yes) await confirm(`Make this the agent's ${name}?`);
    for (const { original } of targets) await input.machine.write(original, text, { mode: 0o600, uid: 0, gid: 0 });
    await apply(
      layers.filter(({ id }) => id === 'identity'),
      input,
      { id: journalId(), ...progressOf(context.out) },
    );
    context.out.line(`${name} is the new one. The gateway reads it with the next message.`);
    return 0;
  },
});
