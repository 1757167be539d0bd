/**
 * What `openclaw onboard` does once it knows what the person wants: directories, workspace, secrets, configuration.
 * Safe to run again: what is there stays as it is. Secrets of people go into files of their own; the configuration refers to them.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ChannelPlugin } from '../domain/channel.ts';
import { AppError } from '../domain/errors.ts';
import { changeFile, type Change, type Edit, type Editor } from './edit.ts';
import { factsOf } from './known.ts';
import { loadConfig } from './load.ts';
import { expandHome, type Locations } from './locations.ts';
import { valueAt, type ConfigPath } from './path.ts';
import type { Problem } from './problems.ts';
import { soulPath } from './resolve-agents.ts';
import { NAME, NAME_WORDS } from './sections/field.ts';
import { workspaceTemplates } from './workspace-templates.ts';
import { writeSecretFile } from './write.ts';

/** A secret of the person: where it is, or itself. */
export type GivenSecret = { reference: string } | { value: string };

export interface Wishes {
  workspace?: string;
  /** `provider/model-id`. */
  model?: string;
  provider?: { id: string; key: GivenSecret };
  channel?: ChannelWish;
}

export interface ChannelWish {
  id: string;
  /** A further account; without it the channel's own section. */
  account?: string;
  name?: string;
  secret?: GivenSecret;
  allowFrom?: string;
}

export interface Setup {
  configPath: string;
  workspace: string;
  /** The configuration was changed or made. */
  changed: boolean;
  /** Files that were made, besides the configuration. */
  made: string[];
  /** What would still keep the gateway from starting. */
  notes: readonly Problem[];
}

const TOKEN_BYTES = 24;

/** Throws ConfigError when the configuration that is there is wrong, and what the file system refuses as AppError. */
export async function setUp(editor: Editor, wishes: Wishes): Promise<Setup> {
  const { locations } = editor;
  for (const directory of [locations.stateDir, locations.credentialsDir]) makePrivate(directory);
  let workspace = join(locations.stateDir, 'workspace');
  const edit = await changeFile(editor, (said) => {
    const known = wishes.workspace ?? valueAt(said, ['agents', 'defaults', 'workspace']);
    if (typeof known === 'string' && !known.includes('${')) workspace = expandHome(known, () => locations.homeDir);
    return [...gatewayChanges(editor, said), ...modelChanges(locations, wishes), ...channelChanges(editor, wishes, said)];
  });
  const made = fillWorkspace(locations, workspace);
  const { notes } = await loadConfig(editor.model, { locations, env: editor.env, purpose: 'look', follow: () => true });
  return { configPath: locations.configPath, workspace, changed: edit.changed, made, notes };
}

/** One account of a channel, switched on. Throws as `setUp` does, and AppError `not_found` for a channel that there is not. */
export async function addChannel(editor: Editor, channel: ChannelWish): Promise<Edit> {
  // It becomes part of a file's name, and that is written before the configuration is checked.
  if (channel.account !== undefined && !NAME.test(channel.account)) {
    throw new AppError('invalid', `"${channel.account}" is no name of an account`, { hint: `It is ${NAME_WORDS}.` });
  }
  for (const directory of [editor.locations.stateDir, editor.locations.credentialsDir]) makePrivate(directory);
  return changeFile(editor, (said) => [
    ...channelChanges(editor, { channel }, said),
    { path: channelPath(channel), value: true },
  ]);
}

function channelPath({ id, account }: ChannelWish): ConfigPath {
  return ['channels', id, ...(account === undefined ? [] : ['accounts', account]), 'enabled'];
}

function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if ((statSync(directory).mode & 0o077) !== 0) chmodSync(directory, 0o700);
}

/** Both tokens, equal; and for a new file what every reader of it wants to see. */
function gatewayChanges({ env }: Editor, said: unknown): Change[] {
  const has = (path: ConfigPath): boolean => valueAt(said, path) !== undefined;
  const wanted: [path: ConfigPath, value: unknown][] = [
    [['gateway', 'mode'], 'local'],
    [['gateway', 'bind'], 'loopback'],
    [['gateway', 'auth', 'mode'], 'token'],
  ];
  const [auth, remote] = [
    ['gateway', 'auth', 'token'],
    ['gateway', 'remote', 'token'],
  ] as const;
  const token = valueAt(said, auth) ?? valueAt(said, remote) ?? newToken(env.OPENCLAW_GATEWAY_TOKEN);
  return [...wanted, [auth, token] as const, [remote, token] as const]
    .filter(([path]) => !has(path))
    .map(([path, value]) => ({ path, value }));
}

function newToken(inEnvironment: string | undefined): string {
  return inEnvironment ? 'env:OPENCLAW_GATEWAY_TOKEN' : randomBytes(TOKEN_BYTES).toString('hex');
}

function modelChanges(locations: Locations, { workspace, model, provider }: Wishes): Change[] {
  return [
    ...(workspace === undefined ? [] : [{ path: ['agents', 'defaults', 'workspace'], value: workspace }]),
    ...(model === undefined ? [] : [{ path: ['agents', 'defaults', 'model', 'primary'], value: model }]),
    ...(provider
      ? [{ path: ['models', 'providers', provider.id, 'apiKey'], value: keep(locations, `${provider.id}.key`, provider.key) }]
      : []),
  ];
}

function channelChanges({ model, locations }: Editor, { channel }: Wishes, said: unknown): Change[] {
  if (!channel) return [];
  const plugin = model.channels.find(({ id }) => id === channel.id);
  if (!plugin) {
    throw new AppError('not_found', `there is no channel "${channel.id}"`, {
      hint: `There is ${model.channels.map(({ id }) => id).join(', ')}.`,
    });
  }
  const { account } = channel;
  const at = ['channels', plugin.id, ...(account === undefined ? [] : ['accounts', account])];
  const key = secretKeyOf(plugin);
  const wanted: Change[] = [
    { path: [...at, 'enabled'], value: true },
    { path: [...at, 'dmPolicy'], value: 'pairing' },
    { path: [...at, 'groupPolicy'], value: 'disabled' },
    { path: [...at, 'configWrites'], value: false },
  ];
  const missing = wanted.filter(({ path }) => valueAt(said, path) === undefined);
  if (channel.secret && key !== undefined)
    missing.push({ path: [...at, key], value: keep(locations, tokenName(plugin.id, account), channel.secret) });
  if (channel.name !== undefined) missing.push({ path: [...at, 'name'], value: channel.name });
  if (channel.allowFrom !== undefined) missing.push({ path: [...at, 'allowFrom'], value: [channel.allowFrom] });
  return missing;
}

/** The file in the credentials directory that holds the secret of an account. */
export function tokenName(channel: string, account: string | undefined): string {
  return account === undefined ? `${channel}.token` : `${channel}-${account}.token`;
}

/** The setting of a channel that holds its secret, if it has one. */
export function secretKeyOf(plugin: ChannelPlugin<never>): string | undefined {
  return Object.entries(plugin.settings.shape).find(([, schema]) => factsOf(schema).secret)?.[0];
}

/** What the configuration says of a secret: a reference, to a file where it was given itself. */
function keep(locations: Locations, name: string, secret: GivenSecret): string {
  if ('reference' in secret) return secret.reference;
  const path = join(locations.credentialsDir, name);
  writeSecretFile(path, secret.value);
  const fromHome = relative(locations.homeDir, path);
  return fromHome.startsWith('..') ? `file:${path}` : `file:~/${fromHome}`;
}

/** Others must be able to read it: a sandbox mounts it for a user of its own. */
function fillWorkspace(locations: Locations, workspace: string): string[] {
  mkdirSync(workspace, { recursive: true, mode: 0o755 });
  const made: string[] = [];
  for (const [name, text] of Object.entries(workspaceTemplates)) {
    // A SOUL.md of the whole installation counts already.
    const path = name === 'SOUL.md' ? soulPath(locations, workspace, existsSync) : join(workspace, name);
    if (existsSync(path)) continue;
    writeFileSync(path, text, { mode: 0o644, flag: 'wx' });
    made.push(path);
  }
  return made;
}
