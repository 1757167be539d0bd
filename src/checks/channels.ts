/** Who may talk, on every channel that is configured, and whether a channel can work. It decides nothing about a message. */
import { factsOf } from '../config/known.ts';
import { configModel } from '../config/model.ts';
import type { Check } from '../domain/check.ts';
import { messageOf } from '../domain/errors.ts';
import type { ChannelAccountSettings } from '../domain/settings.ts';
import { checkOf, finding, holds, unobserved } from './check-of.ts';
import type { CheckEdges } from './edges.ts';
import { checksOfRules, hasStar, objectAt, withoutStar, type Said, type SettingRule, type Verdict } from './settings.ts';

/** The section of a channel, and of each of its accounts. */
interface Place {
  path: readonly string[];
  values: Readonly<Record<string, unknown>>;
}

type Judge = (place: Place) => Verdict | undefined;

interface ChannelRule extends Omit<SettingRule, 'judge'> {
  judge: Judge;
}

const set = ({ path }: Place, key: string, value: unknown): Verdict['changes'] => [{ path: [...path, key], value }];

/** `<id>` stands for the channel. */
const rules: readonly ChannelRule[] = [
  {
    id: 'channels.<id>.dm.open',
    severity: 'critical',
    title: 'Not everybody may talk in direct chats',
    judge: (place) =>
      place.values.dmPolicy === 'open' && hasStar(place.values.allowFrom)
        ? {
            evidence: `${place.path.join('.')}.dmPolicy is "open"`,
            changes: [...set(place, 'dmPolicy', 'pairing'), ...set(place, 'allowFrom', withoutStar(place.values.allowFrom))],
          }
        : undefined,
  },
  {
    id: 'channels.<id>.dm.open_invalid',
    severity: 'warn',
    title: 'An open channel says so twice',
    judge: (place) =>
      place.values.dmPolicy === 'open' && !hasStar(place.values.allowFrom)
        ? {
            evidence: `${place.path.join('.')}.dmPolicy is "open" without "*" in allowFrom`,
            changes: set(place, 'dmPolicy', 'pairing'),
          }
        : undefined,
  },
  {
    id: 'channels.<id>.dm.disabled',
    severity: 'info',
    title: 'Direct chats are heard',
    judge: (place) =>
      place.values.dmPolicy === 'disabled'
        ? { evidence: `${place.path.join('.')}.dmPolicy is "disabled"`, changes: [], remedy: 'Nothing, if that is meant.' }
        : undefined,
  },
  {
    id: 'channels.<id>.groups.open',
    severity: 'critical',
    title: 'Not every group is heard',
    judge: (place) =>
      place.values.groupPolicy === 'open'
        ? { evidence: `${place.path.join('.')}.groupPolicy is "open"`, changes: set(place, 'groupPolicy', 'allowlist') }
        : undefined,
  },
  {
    id: 'channels.<id>.groups.allowFrom.wildcard',
    severity: 'critical',
    title: 'Not everybody in a group may talk',
    judge: (place) =>
      hasStar(place.values.groupAllowFrom)
        ? {
            evidence: `${place.path.join('.')}.groupAllowFrom holds "*"`,
            changes: set(place, 'groupAllowFrom', withoutStar(place.values.groupAllowFrom)),
          }
        : undefined,
  },
  {
    id: 'channels.<id>.allowFrom.mutable_names',
    severity: 'warn',
    title: 'Senders are named by ids that cannot change hands',
    judge(place) {
      const lists = [place.values.allowFrom, place.values.groupAllowFrom].flatMap((list) => (Array.isArray(list) ? list : []));
      const names = lists.map(String).filter((id) => id !== '*' && !/^(?:[a-z]+:)?-?\d+$/.test(id));
      return names.length === 0
        ? undefined
        : { evidence: `${place.path.join('.')} lists ${names.join(', ')}`, changes: [], remedy: 'Write the numeric id instead.' };
    },
  },
  {
    id: 'channels.<id>.config_writes',
    severity: 'critical',
    title: 'No message changes the configuration',
    judge: (place) =>
      place.values.configWrites === true
        ? { evidence: `${place.path.join('.')}.configWrites is true`, changes: set(place, 'configWrites', false) }
        : undefined,
  },
];

export function channelChecks(edges: CheckEdges): Check[] {
  const said = edges.config.said ?? {};
  const ids = Object.keys(objectAt(said, ['channels']));
  const ofChannels = ids.flatMap((id) => checksOfRules([...rules.map((rule) => forChannel(rule, id)), multiuser(id)], edges));
  return [...ofChannels, configured(edges), tokenValid(edges), privacy(edges)];
}

function forChannel({ judge, ...rule }: ChannelRule, channel: string): SettingRule {
  return {
    ...rule,
    id: rule.id.replace('<id>', channel),
    judge(said) {
      const found = placesOf(said, channel).flatMap((place) => judge(place) ?? []);
      const [first] = found;
      if (!first) return undefined;
      const changes = found.flatMap((one) => one.changes);
      return {
        evidence: found.map(({ evidence }) => evidence).join('; '),
        changes,
        ...(first.remedy && { remedy: first.remedy }),
      };
    },
  };
}

function placesOf(said: Said, channel: string): Place[] {
  const top = { path: ['channels', channel], values: objectAt(said, ['channels', channel]) };
  const accounts = Object.keys(objectAt(said, ['channels', channel, 'accounts'])).map((account) => {
    const path = ['channels', channel, 'accounts', account];
    return { path, values: objectAt(said, path) };
  });
  return [top, ...accounts];
}

function multiuserId(channel: string): string {
  return `channels.${channel}.dm.scope_main_multiuser`;
}

function multiuser(channel: string): SettingRule {
  return {
    id: multiuserId(channel),
    severity: 'warn',
    title: 'People do not read what others said',
    judge(said) {
      if (objectAt(said, ['session']).dmScope !== 'main') return undefined;
      const senders = placesOf(said, channel).flatMap(({ values }) => (Array.isArray(values.allowFrom) ? values.allowFrom : []));
      if (senders.length < 2 && !hasStar(senders)) return undefined;
      return {
        evidence: `session.dmScope is "main", and ${senders.length} senders share one conversation`,
        changes: [{ path: ['session', 'dmScope'], value: 'per-channel-peer' }],
      };
    },
  };
}

/** No channel is a state, not a problem; one that lacks something is. */
function configured({ config }: CheckEdges): Check {
  return checkOf({
    id: 'channels.configured',
    title: 'Channels have what they need',
    severity: 'warn',
    reports: ['doctor'],
    dependsOn: ['config.valid'],
    async observe() {
      const accounts = config.resolved?.channels.filter(({ enabled }) => enabled) ?? [];
      const broken = accounts.flatMap((account) => account.problem ?? missingCredential(account) ?? []);
      if (broken.length > 0) return finding(broken.join('; '), 'openclaw channels add --channel ID --token-stdin');
      return holds(accounts.map(({ channel, account }) => `${channel}/${account}`).join(', ') || 'none is configured');
    },
  });
}

/** What belongs to one account alone are its credentials: a platform that has such keys works with none of them left out. */
function missingCredential({ channel, account, settings }: ChannelAccountSettings): string | undefined {
  const shape = configModel().channels.find(({ id }) => id === channel)?.settings.shape ?? {};
  const own = Object.entries(shape as Record<string, Parameters<typeof factsOf>[0]>)
    .filter(([, schema]) => factsOf(schema).secret || factsOf(schema).perAccount)
    .map(([key]) => key);
  const has = own.some((key) => (settings as Record<string, unknown>)[key] !== undefined);
  return own.length === 0 || has ? undefined : `${channel}/${account} has none of ${own.join(', ')}`;
}

function tokenValid(edges: CheckEdges): Check {
  return checkOf({
    id: 'channels.token_valid',
    title: 'Every platform accepts its bot',
    severity: 'critical',
    reports: ['doctor'],
    deep: true,
    dependsOn: ['config.valid', 'channels.configured'],
    async observe(signal) {
      const accounts = probeable(edges);
      const failed = (
        await Promise.all(
          accounts.map((account) =>
            edges.probeChannel(account, signal).then(
              () => [],
              (error: unknown) => [`${account.channel}/${account.account}: ${messageOf(error)}`],
            ),
          ),
        )
      ).flat();
      if (failed.length > 0)
        return finding(failed.join('; '), 'Get a new token, then: openclaw channels add --channel ID --token-stdin');
      return holds(`${accounts.length} asked`);
    },
  });
}

/** Telegram calls it privacy mode: a bot without it reads every message of its groups. */
function privacy(edges: CheckEdges): Check {
  return checkOf({
    id: 'channels.reads_all_group_messages',
    title: 'The bot reads only what is meant for it',
    severity: 'info',
    reports: ['audit'],
    deep: true,
    dependsOn: ['config.valid'],
    async observe(signal) {
      const accounts = probeable(edges);
      if (accounts.length === 0) return unobserved('no channel is enabled');
      const notes = (await Promise.all(accounts.map((account) => edges.probeChannel(account, signal)))).flat();
      return notes.length > 0
        ? finding(notes.join('; '), 'In BotFather: /setprivacy, Enable')
        : holds('the platform remarks nothing');
    },
  });
}

function probeable({ config }: CheckEdges) {
  return config.resolved?.channels.filter(({ enabled, problem }) => enabled && problem === undefined) ?? [];
}
