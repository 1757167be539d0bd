/** `openclaw channels add --channel ID`: an account with its token. The token goes into a file of its own; the configuration refers to it. */
import { resolve } from 'node:path';
import { defineCommand } from 'citty';
import { createEditor } from '../../../config/edit.ts';
import { configModel } from '../../../config/model.ts';
import { addChannel, secretKeyOf, type GivenSecret } from '../../../config/onboarding.ts';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';
import { readInput } from '../../input.ts';
import { tellNotes } from '../config/tell-edit.ts';

interface TokenOptions {
  token?: string | undefined;
  'token-stdin'?: boolean | undefined;
  'token-file'?: string | undefined;
  'use-env'?: boolean | undefined;
}

export default defineCommand({
  args: {
    channel: { type: 'string', required: true, description: 'like telegram' },
    account: { type: 'string', description: 'a further account of the channel' },
    name: { type: 'string', description: 'what you call it in lists' },
    'token-stdin': { type: 'boolean', description: 'read the token from standard input, or ask for it' },
    'token-file': { type: 'string', description: 'a file that holds the token and nothing else; it is referred to' },
    'use-env': { type: 'boolean', description: 'the gateway finds the token in its environment' },
    token: { type: 'string', description: 'the token itself; every process of this host can read it meanwhile' },
  },
  async run(call) {
    const { out, paths } = contextOf(call);
    const { channel: id, account, name } = call.args;
    const model = configModel();
    const plugin = model.channels.find((one) => one.id === id);
    const takesSecret = plugin !== undefined && secretKeyOf(plugin) !== undefined;
    const secret = takesSecret ? await secretOf(call.args, id) : undefined;
    const edit = await addChannel(createEditor(model, paths()), {
      id,
      ...(account !== undefined && { account }),
      ...(name !== undefined && { name }),
      ...(secret && { secret }),
    });
    out.line(`Added ${plugin?.title ?? id} account "${account ?? 'default'}". Reload or restart the gateway to apply.`);
    if (call.args.token !== undefined) {
      out.note('The token stood in the process list, and may stand in your shell’s history. Safer: --token-stdin');
    }
    tellNotes(out, edit.notes);
  },
});

/** Exactly one way to give it. */
async function secretOf(options: TokenOptions, channel: string): Promise<GivenSecret | undefined> {
  const given = [options.token, options['token-stdin'], options['token-file'], options['use-env']].filter(Boolean);
  if (given.length !== 1) {
    throw new AppError('invalid', given.length === 0 ? 'there is no token' : 'the token is given in more than one way', {
      hint: `openclaw channels add --channel ${channel} --token-stdin (or --token-file PATH, or --use-env)`,
    });
  }
  if (options['use-env']) return undefined;
  if (options['token-file'] !== undefined) return { reference: `file:${resolve(options['token-file'])}` };
  return { value: (options.token ?? (await readInput('Token: '))).trim() };
}
