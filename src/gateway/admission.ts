/**
 * The one place where it is decided who may talk. Every event of every kind passes here before anything is done with it.
 * It looks only at the platform's immutable ids, never at names, and fails closed: what it does not know, or cannot find out, is refused.
 */
import type { InboundEvent } from '../domain/message.ts';
import type { AdmissionSettings, GroupSettings } from '../domain/settings.ts';

/** Why an event goes no further. Stored with it, shown by `openclaw messages`. */
export type RefusalReason =
  | 'malformed event'
  | 'admission failed'
  | 'own message'
  | 'bot'
  | 'direct messages disabled'
  | 'sender not allowed'
  | 'sender not paired'
  | 'groups disabled'
  | 'group not listed'
  | 'group disabled'
  | 'not addressed';

export type Verdict =
  | { outcome: 'admit' }
  /** A stranger in a direct chat under `pairing`: gets one answer with a code. */
  | { outcome: 'pair' }
  | { outcome: 'refuse'; reason: RefusalReason };

export interface Acquaintance {
  /** Whether the owner approved this sender. Asked for direct chats only: a pairing never opens a group. */
  isAllowed(channel: string, account: string, senderId: string): Promise<boolean>;
  /** The bot's own id on the platform, once known. */
  ownId?: string | undefined;
}

const ADMIT: Verdict = { outcome: 'admit' };
const EVERYONE = '*';

/** Must not throw: a failure refuses. Changes nothing. */
export async function admit(event: InboundEvent, settings: AdmissionSettings | undefined, known: Acquaintance): Promise<Verdict> {
  try {
    if (!settings) return refuse('admission failed');
    return await decide(event, settings, known);
  } catch {
    return refuse('admission failed');
  }
}

async function decide(event: InboundEvent, settings: AdmissionSettings, known: Acquaintance): Promise<Verdict> {
  if (!isId(event.sender.id) || !isId(event.chat.id) || !isId(event.eventId)) return refuse('malformed event');
  if (event.sender.id === known.ownId) return refuse('own message');
  if (event.sender.isBot !== false) {
    // Without our own id a bot could be ourselves, and we would answer our own answers.
    if (!settings.allowBots || known.ownId === undefined) return refuse('bot');
  }
  switch (event.chat.kind) {
    case 'direct':
      return decideDirect(event, settings, known);
    case 'group':
    case 'channel':
      return decideGroup(event, settings);
    default:
      return refuse('malformed event');
  }
}

async function decideDirect(event: InboundEvent, settings: AdmissionSettings, known: Acquaintance): Promise<Verdict> {
  const listed = lists(settings.allowFrom, event);
  switch (settings.dmPolicy) {
    case 'disabled':
      return refuse('direct messages disabled');
    case 'open':
      return listed || settings.allowFrom.includes(EVERYONE) ? ADMIT : refuse('sender not allowed');
    case 'allowlist':
      return listed ? ADMIT : refuse('sender not allowed');
    case 'pairing':
      if (listed || (await known.isAllowed(event.channel, event.account, event.sender.id)) === true) return ADMIT;
      // Only something that a person wrote is worth an answer; a bot, a reaction or an edit is not.
      return event.kind === 'message' && !event.sender.isBot ? { outcome: 'pair' } : refuse('sender not paired');
    default:
      return refuse('admission failed');
  }
}

function decideGroup(event: InboundEvent, settings: AdmissionSettings): Verdict {
  if (settings.groupPolicy !== 'allowlist' && settings.groupPolicy !== 'open') return refuse('groups disabled');
  const group = groupOf(event, settings);
  if (!group) return refuse('group not listed');
  if (!group.enabled) return refuse('group disabled');
  if (!mayTalkInGroup(event, settings, group)) return refuse('sender not allowed');
  const mustBeAddressed = group.requireMention !== false && event.kind === 'message';
  return mustBeAddressed && event.addressed !== true ? refuse('not addressed') : ADMIT;
}

/** A broadcast channel must be named by its id: neither `*` nor an open policy makes the agent answer the posts of strangers. */
function groupOf(event: InboundEvent, settings: AdmissionSettings): GroupSettings | undefined {
  if (Object.hasOwn(settings.groups, event.chat.id)) return settings.groups[event.chat.id];
  if (event.chat.kind === 'channel') return undefined;
  if (Object.hasOwn(settings.groups, EVERYONE)) return settings.groups[EVERYONE];
  return settings.groupPolicy === 'open' ? { enabled: true, requireMention: true } : undefined;
}

function mayTalkInGroup(event: InboundEvent, settings: AdmissionSettings, group: GroupSettings): boolean {
  if (group.allowFrom) return lists(group.allowFrom, event) || group.allowFrom.includes(EVERYONE);
  if (settings.groupPolicy === 'open') return true;
  return lists(settings.groupAllowFrom, event) || settings.groupAllowFrom.includes(EVERYONE);
}

/** An entry is the id itself, or the id behind the channel's name: `telegram:555`. */
function lists(list: readonly string[], event: InboundEvent): boolean {
  const id = event.sender.id;
  // `*` is a wildcard of some lists, never somebody's id.
  return id !== EVERYONE && (list.includes(id) || list.includes(`${event.channel}:${id}`));
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200;
}

function refuse(reason: RefusalReason): Verdict {
  return { outcome: 'refuse', reason };
}
