/**
 * What a client of the OpenAI API asks, as one message to an agent. Its `model` names an agent, its `user` a conversation.
 * Source: https://platform.openai.com/docs/api-reference/chat/create
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { SessionKey } from '../../domain/session.ts';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart).transform((parts) => parts.map(({ text }) => text).join('\n'))]);

const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: content.nullish(),
});

/** What a client may send along and the agent decides by itself (temperature, max_tokens, ...) is passed over. */
export const chatRequest = z.object({
  model: z.string().max(100),
  messages: z.array(message).min(1).max(1_000),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().min(1).max(256).nullish(),
  n: z.literal(1).nullish(),
  // The agent has its own tools under the gateway's policy; a client's would never be called.
  tools: z.array(z.unknown()).max(0).nullish(),
});

export type ChatRequest = z.output<typeof chatRequest>;

/** AppError `not_found` for a model that is no agent. */
export function agentOf(model: string, agents: { all: readonly string[]; main: string }): string {
  const [, named] = /^(?:openclaw[:/]|agent:)(.+)$/.exec(model) ?? [];
  const agentId = model === 'openclaw' ? agents.main : named;
  if (agentId !== undefined && agents.all.includes(agentId)) return agentId;
  throw new AppError('not_found', 'There is no such model.', {
    hint: 'Use `openclaw` or `openclaw:AGENT`; GET /v1/models lists them.',
  });
}

/** The same `user` comes back to the same conversation; a call without one begins its own. */
export function sessionKeyOf(agentId: string, user: string | null | undefined, fresh: string): SessionKey {
  if (!user) return `agent:${agentId}:openai:${fresh}`;
  // A plain name has no colon, so that no name can be taken for another's digest.
  const name = /^[\w.@+-]{1,64}$/.test(user) ? user : `sha256:${createHash('sha256').update(user).digest('hex')}`;
  return `agent:${agentId}:openai-user:${name}`;
}

/**
 * The text for the agent. A conversation that continues already holds what was said: only what follows the last answer is new.
 * One that begins gets what the client says was said before.
 */
export function textOf({ messages, user }: Pick<ChatRequest, 'messages' | 'user'>): string {
  const said = messages.map(({ role, content: text }) => ({ role, text: (text ?? '').trim() })).filter(({ text }) => text !== '');
  const lastAnswer = said.findLastIndex(({ role }) => role === 'assistant');
  const fresh = said.slice(lastAnswer + 1).filter(({ role }) => role === 'user');
  if (fresh.length === 0) throw new AppError('invalid', 'The last message must be one of the user, with text.');
  const instructions = said.filter(({ role }) => role === 'system' || role === 'developer');
  const before = user ? [] : said.slice(0, lastAnswer + 1).filter(({ role }) => role === 'user' || role === 'assistant');
  const paragraphs = [
    ...instructions.map(({ text }) => `Instructions of the client:\n${text}`),
    ...(before.length > 0 ? [`The conversation so far:\n${before.map(({ role, text }) => `${role}: ${text}`).join('\n')}`] : []),
    ...fresh.map(({ text }) => text),
  ];
  return paragraphs.join('\n\n');
}
