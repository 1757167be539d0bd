/** The questions of `openclaw onboard`. It asks and returns what was wished; it changes nothing. */
import { cancel, confirm, intro, isCancel, note, password, select, spinner, text } from '@clack/prompts';
import type { Editor } from '../../config/edit.ts';
import { secretKeyOf, type Wishes } from '../../config/onboarding.ts';
import { findLocalModels, type LocalServer } from '../../providers/discovery.ts';
import { vendors, type Vendor } from '../../providers/vendors.ts';

const RISK = [
  'The agent acts on what it reads: a message, a file, the output of a command.',
  'Somebody can try to mislead it with such a text. Its tools therefore run in a sandbox',
  'without a network, and only people whom you let in can talk to it. Give it nothing to see',
  'that you would not lose.',
].join('\n');

/** Thrown inside, when the person gives up at a question. */
const GIVEN_UP = Symbol('given up');

/** Undefined when the person gave up. */
export async function askWishes(editor: Editor): Promise<Wishes | undefined> {
  intro('OpenClaw');
  note(RISK, 'Before you start');
  try {
    if (!answered(await confirm({ message: 'Go on?' }))) throw GIVEN_UP;
    return { ...(await askModel(editor)), ...(await askChannel(editor)) };
  } catch (error) {
    if (error !== GIVEN_UP) throw error;
    cancel('Nothing was changed.');
    return undefined;
  }
}

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw GIVEN_UP;
  return answer as Exclude<T, symbol>;
}

type ModelChoice =
  | { kind: 'automatic' }
  | { kind: 'local'; model: string }
  | { kind: 'vendor'; vendor: Vendor; variable?: string };

async function askModel({ env }: Editor): Promise<Pick<Wishes, 'model' | 'provider'>> {
  const found = spinner();
  found.start('Looking for models on this machine');
  const servers = await findLocalModels({ fetch, signal: new AbortController().signal });
  found.stop(
    servers.length > 0 ? `Found ${servers.map(({ providerId }) => providerId).join(', ')}` : 'No model server on this machine',
  );
  const choices = modelChoices(env, servers);
  const place = answered(
    await select({
      message: 'Which language model?',
      options: choices.map(({ label, hint }, value) => ({ value, label, hint })),
    }),
  );
  const { choice } = choices[place] as OfferedModel;
  if (choice.kind === 'automatic') return {};
  if (choice.kind === 'local') return { model: choice.model };
  const { vendor, variable } = choice;
  const key = variable === undefined ? { value: await askSecret(`Key for ${vendor.id}`) } : { reference: `env:${variable}` };
  const model = answered(
    await text({
      message: 'Model',
      initialValue: vendor.defaultModel ?? '',
      validate: (value) => (value?.trim() ? undefined : 'Name a model.'),
    }),
  );
  return { model: `${vendor.id}/${model.trim()}`, provider: { id: vendor.id, key } };
}

interface OfferedModel {
  choice: ModelChoice;
  label: string;
  hint: string;
}

/** First what is there already, then what needs a key. */
function modelChoices(env: Editor['env'], servers: readonly LocalServer[]): OfferedModel[] {
  const offered: OfferedModel[] = servers.map(({ providerId, models }) => {
    const model = `${providerId}/${models[0]?.id ?? ''}`;
    return { choice: { kind: 'local', model }, label: model, hint: 'on this machine' };
  });
  for (const vendor of vendors) {
    const variable = vendor.keyNames.find((name) => env[name]);
    const label = vendor.id;
    if (variable !== undefined)
      offered.unshift({ choice: { kind: 'vendor', vendor, variable }, label, hint: `key in ${variable}` });
    else if (vendor.keyNames.length > 0 && vendor.defaultModel !== undefined)
      offered.push({ choice: { kind: 'vendor', vendor }, label, hint: 'paste a key' });
  }
  const hint = 'a key, a local server, or the built-in offline model';
  return [...offered, { choice: { kind: 'automatic' }, label: 'Decide at each start', hint }];
}

async function askSecret(message: string): Promise<string> {
  const answer = await password({
    message,
    validate: (value) => (value?.trim() ? undefined : 'Paste it here; it is not shown.'),
  });
  return answered(answer).trim();
}

async function askChannel({ model, env }: Editor): Promise<Pick<Wishes, 'channel'>> {
  const withSecret = model.channels.filter((plugin) => secretKeyOf(plugin) !== undefined);
  const options = [
    ...withSecret.map(({ id, title }) => ({ value: id, label: title })),
    { value: '', label: 'None yet', hint: 'talk in this terminal: openclaw chat' },
  ];
  const id = answered(await select({ message: 'Where do you want to talk to it?', options }));
  if (id === '') return {};
  const variable = `${id.toUpperCase()}_BOT_TOKEN`;
  const secret = env[variable] ? { reference: `env:${variable}` } : { value: await askSecret('Token of the bot') };
  const allowFrom = answered(
    await text({
      message: 'Your own numeric id there (empty: you are paired with a code)',
      defaultValue: '',
      validate: (value) =>
        !value || /^\d{1,20}$/.test(value) ? undefined : 'Digits only: a @name can be taken by somebody else.',
    }),
  );
  return { channel: { id, secret, ...(allowFrom && { allowFrom }) } };
}
