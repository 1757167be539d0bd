/** The OpenAI-compatible routes: any client of that API talks to an agent, in the same lanes, under the same policy, as everybody else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { GatewaySettings } from '../../domain/settings.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { LiveSettings } from '../../gateway/parts.ts';
import { errorAnswer, sendJson } from '../answers.ts';
import type { Route } from '../route.ts';
import { chatCompletions } from './chat-completions.ts';
import { openAiError } from './errors.ts';
import { responses } from './responses.ts';

export interface OpenAiParts {
  gateway: Gateway;
  settings: LiveSettings;
  agentIds: () => readonly string[];
  log: Log;
}

export function openAiRoutes(parts: OpenAiParts): Route[] {
  const served = (): GatewaySettings['endpoints'] => parts.settings.gateway().endpoints;
  const route = (method: Route['method'], path: string, { on, handle }: Endpoint): Route => ({
    method,
    path,
    handle: (...exchange) => answer(parts, exchange, { on, handle }),
  });
  return [
    route('GET', '/v1/models', { on: () => served().chatCompletions || served().responses, handle: models }),
    route('POST', '/v1/chat/completions', { on: () => served().chatCompletions, handle: chatCompletions }),
    route('POST', '/v1/responses', { on: () => served().responses, handle: responses }),
  ];
}

type Exchange = [IncomingMessage, ServerResponse];

interface Endpoint {
  on: () => boolean;
  handle(parts: OpenAiParts, ...exchange: Exchange): Promise<void>;
}

/** Off until the owner switches it on; every error in this API's own shape. */
async function answer(parts: OpenAiParts, [request, response]: Exchange, { on, handle }: Endpoint): Promise<void> {
  try {
    if (!on()) throw switchedOff();
    await handle(parts, request, response);
  } catch (error) {
    const told = errorAnswer(error, parts.log);
    if (!request.complete) response.shouldKeepAlive = false;
    sendJson(response, told.status, openAiError(told));
  }
}

function switchedOff(): AppError {
  return new AppError('not_found', 'This OpenAI-compatible endpoint is switched off.', {
    hint: 'Switch it on: openclaw config set gateway.http.endpoints.chatCompletions.enabled true (or ...responses.enabled)',
  });
}

async function models({ agentIds }: OpenAiParts, _request: IncomingMessage, response: ServerResponse): Promise<void> {
  const names = ['openclaw', ...agentIds().map((id) => `openclaw:${id}`)];
  const data = names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'openclaw' }));
  sendJson(response, 200, { object: 'list', data });
}
