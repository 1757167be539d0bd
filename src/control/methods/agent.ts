/** Turns and messages on the owner's behalf: the same lanes, policy and sandbox as everybody else's. */
import * as z from 'zod';
import type { Method, MethodCall } from '../method.ts';
import { runMessage } from '../run.ts';
import { agentIdIn, sessionKeyOf, sessionName } from '../session-key.ts';
import { method, type ControlParts } from './parts.ts';

export function agentMethods({ gateway, settings }: ControlParts): Method[] {
  return [
    method({
      name: 'agent',
      scope: 'write',
      params: z.strictObject({
        message: z.string().min(1).max(100_000),
        sessionKey: sessionName.optional(),
        agentId: z.string().max(64).optional(),
      }),
      handle: async (params, call) => {
        const agentId = params.agentId ?? agentIdIn(params.sessionKey ?? '') ?? settings.routing().defaultAgentId;
        const key = sessionKeyOf(params.sessionKey ?? 'main', agentId);
        const end = await runMessage(gateway, {
          sessionKey: key,
          agentId,
          text: params.message,
          origin: 'openclaw agent',
          signal: call.signal,
          observer: observerOf(call),
        });
        return { sessionKey: key, ...end };
      },
    }),
    method({
      name: 'agent.stop',
      scope: 'write',
      params: z.strictObject({ sessionKey: sessionName }),
      handle: async (params) => ({
        stopped: gateway.stopTurn(sessionKeyOf(params.sessionKey, settings.routing().defaultAgentId)),
      }),
    }),
    method({
      name: 'message.send',
      scope: 'write',
      params: z.strictObject({
        to: z.strictObject({
          channel: z.string(),
          account: z.string().default('default'),
          chatId: z.string(),
          threadId: z.string().optional(),
        }),
        text: z.string().min(1).max(100_000),
      }),
      handle: async ({ to, text }) => {
        const { threadId, ...place } = to;
        await gateway.say({ ...place, ...(threadId === undefined ? {} : { threadId }) }, text);
        return { queued: true };
      },
    }),
  ];
}

function observerOf(call: MethodCall): Parameters<ControlParts['gateway']['observe']>[1] {
  return {
    text: (delta) => call.emit('text', delta),
    restarted: () => call.emit('restarted', null),
    toolStarted: ({ callId, name, input }) => call.emit('tool', { callId, name, input }),
    toolEnded: ({ callId, name }, { isError }) => call.emit('tool-end', { callId, name, isError }),
  };
}
