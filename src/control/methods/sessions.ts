/** Conversations, as they are written down. */
import * as z from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Method } from '../method.ts';
import { sessionKeyOf } from '../session-key.ts';
import { method, type ControlParts } from './parts.ts';

const key = z.string().min(1).max(200);

export function sessionMethods({ gateway, store, settings, engine }: ControlParts): Method[] {
  return [
    method({
      name: 'sessions.list',
      scope: 'read',
      params: z.strictObject({ limit: z.int().min(1).max(1_000).default(50) }),
      handle: ({ limit }) => store.sessions.list({ limit }),
    }),
    method({
      name: 'sessions.reset',
      scope: 'write',
      params: z.strictObject({ key }),
      handle: async (params) => {
        const name = sessionKeyOf(params.key, settings.routing().defaultAgentId);
        gateway.stopTurn(name);
        const session = await store.sessions.reset(name);
        if (!session) throw new AppError('not_found', `There is no session ${name}.`, { hint: 'See: openclaw sessions list' });
        await store.durable();
        await (await engine()).sandboxes.end(name);
        return { ok: true, key: name };
      },
    }),
  ];
}
