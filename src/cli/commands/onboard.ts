/** `openclaw onboard`: makes a real configuration, by questions on a terminal or from options. */
import { defineCommand } from 'citty';
import { createEditor } from '../../config/edit.ts';
import { configModel } from '../../config/model.ts';
import { setUp, type GivenSecret, type Setup, type Wishes } from '../../config/onboarding.ts';
import { AppError } from '../../domain/errors.ts';
import { contextOf } from '../command.ts';
import { readInput } from '../input.ts';
import type { Output } from '../output.ts';
import { tellNotes } from './config/tell-edit.ts';

const args = {
  'non-interactive': { type: 'boolean', description: 'ask nothing' },
  'accept-risk': { type: 'boolean', description: 'say that you know: an agent acts on what it reads' },
  mode: { type: 'string', description: 'local: the gateway runs on this host', valueHint: 'local' },
  workspace: { type: 'string', description: 'the folder of the agent’s files', valueHint: 'DIR' },
  model: { type: 'string', description: 'provider/model-id', valueHint: 'MODEL' },
  'api-key-env': { type: 'string', description: 'the provider’s key is in this environment variable', valueHint: 'NAME' },
  'api-key-stdin': { type: 'boolean', description: 'read the provider’s key from standard input' },
  channel: { type: 'string', description: 'set up this channel, e.g. telegram', valueHint: 'ID' },
  'token-env': { type: 'string', description: 'the channel’s token is in this environment variable', valueHint: 'NAME' },
  'token-stdin': { type: 'boolean', description: 'read the channel’s token from standard input' },
} as const;

export default defineCommand({
  args,
  async run(call) {
    const { out, paths } = contextOf(call);
    const given = call.args as Given;
    if (given.mode !== undefined && given.mode !== 'local') {
      throw new AppError('invalid', `the mode "${given.mode}" is not there`, {
        hint: 'The gateway runs on this host: --mode local',
      });
    }
    const editor = createEditor(configModel(), paths());
    const asks = given['non-interactive'] !== true;
    if (asks && !process.stdin.isTTY) throw cannotAsk();
    if (!asks && given['accept-risk'] !== true) throw riskNotAccepted();
    const wishes = asks ? await (await import('../onboarding/dialog.ts')).askWishes(editor) : await wishesOf(given);
    if (wishes) tell(out, await setUp(editor, wishes), wishes);
  },
});

interface Given {
  mode?: string;
  workspace?: string;
  model?: string;
  channel?: string;
  'non-interactive'?: boolean;
  'accept-risk'?: boolean;
  'api-key-env'?: string;
  'api-key-stdin'?: boolean;
  'token-env'?: string;
  'token-stdin'?: boolean;
}

function cannotAsk(): AppError {
  return new AppError('invalid', 'this is no terminal to ask on', {
    hint: 'Without questions: openclaw onboard --non-interactive --accept-risk --mode local',
  });
}

function riskNotAccepted(): AppError {
  return new AppError('denied', 'an agent acts on what it reads, and can be misled by it; say that you accept that', {
    hint: 'openclaw onboard --non-interactive --accept-risk --mode local',
  });
}

async function wishesOf(given: Given): Promise<Wishes> {
  if (given['api-key-stdin'] && given['token-stdin']) {
    throw new AppError('invalid', 'standard input is one secret, not two', {
      hint: 'Give the other one with --api-key-env or --token-env.',
    });
  }
  return {
    ...(given.workspace !== undefined && { workspace: given.workspace }),
    ...(given.model !== undefined && { model: given.model }),
    ...(await providerOf(given)),
    ...(await channelOf(given)),
  };
}

async function providerOf(given: Given): Promise<Pick<Wishes, 'provider'>> {
  const key = await secretOf('key', given['api-key-env'], given['api-key-stdin']);
  if (!key) return {};
  const id = given.model?.split('/', 1)[0];
  if (id === undefined) throw new AppError('invalid', 'a key for which provider?', { hint: 'Add --model provider/model-id.' });
  return { provider: { id, key } };
}

async function channelOf(given: Given): Promise<Pick<Wishes, 'channel'>> {
  const secret = await secretOf('token', given['token-env'], given['token-stdin']);
  if (given.channel !== undefined) return { channel: { id: given.channel, ...(secret && { secret }) } };
  if (secret) throw new AppError('invalid', 'a token for which channel?', { hint: 'Add --channel telegram.' });
  return {};
}

async function secretOf(
  what: string,
  variable: string | undefined,
  fromInput: boolean | undefined,
): Promise<GivenSecret | undefined> {
  if (variable !== undefined) {
    if (!/^[A-Z_][A-Z0-9_]*$/.test(variable)) {
      throw new AppError('invalid', `that is no name of an environment variable`, {
        hint: `Name the variable that holds the ${what}, not the ${what} itself.`,
      });
    }
    return { reference: `env:${variable}` };
  }
  return fromInput ? { value: await readInput(`The ${what}`) } : undefined;
}

function tell(out: Output, setup: Setup, { channel }: Wishes): void {
  out.line(setup.changed ? `Updated ${setup.configPath}` : `Config OK: ${setup.configPath}`);
  for (const path of setup.made) out.line(`Made ${path}`);
  out.line(`Workspace OK: ${setup.workspace}`);
  tellNotes(out, setup.notes);
  out.line();
  out.line('Next:');
  out.line('  openclaw gateway run              start it (under systemd: systemctl restart openclaw)');
  if (channel) out.line(`  openclaw pairing list             once you have written to the bot: your code`);
  else out.line('  openclaw onboard                  again, to set up a channel');
}
