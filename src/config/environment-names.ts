/** Which environment variable stands for which key of the configuration. The one table of them. */
import type { ConfigPath } from './path.ts';

export interface EnvironmentName {
  name: string;
  paths: readonly ConfigPath[];
  kind: 'text' | 'number';
  /** It counts only where this key is there already: a variable of somebody else's must not start a channel. */
  onlyWith?: ConfigPath;
  /** It does not count where the file has all of these: a key beside an address of one's own belongs to that server. */
  notWith?: readonly ConfigPath[];
  /** Keys of the file that say the same in another way: they do not count beside it. */
  insteadOf?: readonly ConfigPath[];
  /** It holds a bearer token of a login, not an API key. */
  bearer?: boolean;
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
    insteadOf: [['channels', 'telegram', 'tokenFile']],
  },
];

/** A provider's customary key names; of several that are set the first counts. */
export function providerKeyNames(
  vendors: readonly { id: string; keyNames: readonly string[]; bearerNames?: readonly string[] }[],
): EnvironmentName[] {
  return vendors.flatMap(({ id, keyNames, bearerNames }) => {
    const at = ['models', 'providers', id];
    return keyNames.map((name) => ({
      name,
      kind: 'text' as const,
      paths: [[...at, 'apiKey']],
      notWith: [
        [...at, 'apiKey'],
        [...at, 'baseUrl'],
      ],
      ...(bearerNames?.includes(name) && { bearer: true }),
    }));
  });
}
