/** The OpenAI-compatible routes: any client of that API talks to an agent, in the same lanes, under the same policy, as everybody else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { LiveSettings } from '../../gateway/parts.ts';
import { errorAnswer, sendJson } from '../answers.ts';
import type { Route } from '../route.ts';
import { chatCompletions } from './chat-completions.ts';
import { openAiError } from './errors.ts';

export interface OpenAiParts {
  gateway: Gateway;
  settings: LiveSettings;
  agentIds: () => readonly string[];
  log: Log;
}

export function openAiRoutes(parts: OpenAiParts): Route[] {
  return [
    { method: 'GET', path: '/v1/models', handle: (...exchange) => answer(parts, exchange, models) },
    { method: 'POST', path: '/v1/chat/completions', handle: (...exchange) => answer(parts, exchange, chatCompletions) },
  ];
}

type Exchange = [IncomingMessage, ServerResponse];
type Handle = (parts: OpenAiParts, ...exchange: Exchange) => Promise<void>;

/** Off until the owner switches it on; every error in this API's own shape. */
async function answer(parts: OpenAiParts, [request, response]: Exchange, handle: Handle): Promise<void> {
  try {
    if (!parts.settings.gateway().endpoints.chatCompletions) throw switchedOff();
    await handle(parts, request, response);
  } catch (error) {
    const told = errorAnswer(error, parts.log);
    if (!request.complete) response.shouldKeepAlive = false;
    sendJson(response, told.status, openAiError(told));
  }
}

function switchedOff(): AppError {
  return new AppError('not_found', 'The OpenAI-compatible API is switched off.', {
    hint: 'Switch it on: openclaw config set gateway.http.endpoints.chatCompletions.enabled true',
  });
}

async function models({ agentIds }: OpenAiParts, _request: IncomingMessage, response: ServerResponse): Promise<void> {
  const names = ['openclaw', ...agentIds().map((id) => `openclaw:${id}`)];
  const data = names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'openclaw' }));
  sendJson(response, 200, { object: 'list', data });
}
