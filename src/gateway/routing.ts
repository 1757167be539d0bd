/**
 * Which agent answers an event, in which conversation, and where the answer goes. Pure.
 * A session key is a name, never a permission: who may talk was decided before.
 */
import type { Address, InboundEvent } from '../domain/message.ts';
import type { SessionKey } from '../domain/session.ts';
import type { AgentBinding, SessionRouting } from '../domain/settings.ts';

export interface Route {
  agentId: string;
  sessionKey: SessionKey;
  address: Address;
}

/** A binding without an account means the account of this name. */
const DEFAULT_ACCOUNT = 'default';
const ANY_ACCOUNT = '*';

export function routeOf(event: InboundEvent, routing: SessionRouting): Route {
  const agentId = agentOf(event, routing);
  return { agentId, sessionKey: sessionKeyOf(event, agentId, routing), address: addressOf(event) };
}

/** The most specific binding wins: the peer, then the account, then any account of the channel. */
function agentOf(event: InboundEvent, routing: SessionRouting): string {
  let best: AgentBinding | undefined;
  let bestRank = 0;
  for (const binding of routing.bindings) {
    const rank = rankOf(binding, event);
    if (rank > bestRank) [best, bestRank] = [binding, rank];
  }
  return best?.agentId ?? routing.defaultAgentId;
}

function rankOf(binding: AgentBinding, event: InboundEvent): number {
  if (binding.channel !== event.channel) return 0;
  const account = binding.accountId ?? DEFAULT_ACCOUNT;
  const exact = account === event.account;
  if (!exact && account !== ANY_ACCOUNT) return 0;
  if (!binding.peer) return exact ? 2 : 1;
  const { kind, id } = binding.peer;
  if (kind !== event.chat.kind || id !== (kind === 'direct' ? event.sender.id : event.chat.id)) return 0;
  return exact ? 4 : 3;
}

function sessionKeyOf(event: InboundEvent, agentId: string, routing: SessionRouting): SessionKey {
  const agent = `agent:${word(agentId)}`;
  const { chat } = event;
  if (chat.kind === 'direct') {
    const thread = chat.threadId === undefined ? '' : `:thread:${word(chat.threadId)}`;
    return `${agent}:${directPart(event, routing)}${thread}`;
  }
  const topic = chat.threadId === undefined ? '' : `:topic:${word(chat.threadId)}`;
  return `${agent}:${word(event.channel)}:${chat.kind}:${word(chat.id)}${topic}`;
}

function directPart(event: InboundEvent, routing: SessionRouting): string {
  const person = word(linkedName(event, routing) ?? event.sender.id);
  switch (routing.dmScope) {
    case 'main':
      return 'main';
    case 'per-peer':
      return `direct:${person}`;
    case 'per-account-channel-peer':
      return `${word(event.channel)}:${word(event.account)}:direct:${person}`;
    case 'per-channel-peer':
      return `${word(event.channel)}:direct:${person}`;
  }
}

/** The name under which the owner linked this sender's ids, so that one person has one conversation. */
function linkedName(event: InboundEvent, routing: SessionRouting): string | undefined {
  const own = `${event.channel}:${event.sender.id}`;
  for (const [name, ids] of Object.entries(routing.identityLinks)) if (ids.includes(own)) return name;
  return undefined;
}

const PLAIN_WORD = /^[A-Za-z0-9._@+-]{1,32}$/;

/**
 * One component of a key. Platform ids are plain; anything else is replaced by a digest,
 * so that no id can hold a colon and stand for another conversation.
 */
function word(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  // Taken here and not imported: rarely needed, and loading it would delay the first poll.
  const { hash } = process.getBuiltinModule('node:crypto');
  return `x-${hash('sha256', text, 'hex').slice(0, 24)}`;
}

function addressOf(event: InboundEvent): Address {
  const { chat } = event;
  return {
    channel: event.channel,
    account: event.account,
    chatId: chat.id,
    ...(chat.threadId === undefined ? {} : { threadId: chat.threadId }),
    // In a direct chat it is plain what is answered; among many it is not.
    ...(chat.kind === 'direct' || event.messageId === undefined ? {} : { replyToMessageId: event.messageId }),
  };
}
