/** Which environment variable stands for which key of the configuration. The one table of them. */
import type { ConfigPath } from './path.ts';

export interface EnvironmentName {
  name: string;
  paths: readonly ConfigPath[];
  kind: 'text' | 'number';
  /** It counts only where this key is there already: a variable of somebody else's must not start a channel. */
  onlyWith?: ConfigPath;
}

export const environmentNames: readonly EnvironmentName[] = [
  {
    name: 'OPENCLAW_GATEWAY_TOKEN',
    kind: 'text',
    paths: [
      ['gateway', 'auth', 'token'],
      ['gateway', 'remote', 'token'],
    ],
  },
  { name: 'OPENCLAW_GATEWAY_PORT', kind: 'number', paths: [['gateway', 'port']] },
  {
    name: 'TELEGRAM_BOT_TOKEN',
    kind: 'text',
    paths: [['channels', 'telegram', 'botToken']],
    onlyWith: ['channels', 'telegram'],
  },
];

/** Names that only say where things lie; they are read before there is a configuration. */
export const locationNames = [
  'OPENCLAW_CONFIG_PATH',
  'OPENCLAW_STATE_DIR',
  'OPENCLAW_HOME',
  'HOME',
  'CREDENTIALS_DIRECTORY',
] as const;

/** A provider's customary key names, the first that is set counts. */
export function providerKeyNames(providers: readonly { id: string; keyNames: readonly string[] }[]): EnvironmentName[] {
  return providers.flatMap(({ id, keyNames }) =>
    keyNames.map((name) => ({ name, kind: 'text' as const, paths: [['models', 'providers', id, 'apiKey']] })),
  );
}
