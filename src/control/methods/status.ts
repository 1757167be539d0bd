/** How the gateway is. */
import * as z from 'zod';
import type { Method } from '../method.ts';
import { method, type ControlParts } from './parts.ts';

export function statusMethods({ gateway, engine }: ControlParts): Method[] {
  return [
    method({ name: 'status', scope: 'read', params: z.strictObject({}), handle: () => gateway.status() }),
    method({
      name: 'sandboxes.list',
      scope: 'read',
      params: z.strictObject({}),
      handle: async () => (await engine()).sandboxes.list(),
    }),
    method({
      name: 'sandboxes.end',
      scope: 'admin',
      params: z.strictObject({ sessionKey: z.string().max(200).optional() }),
      handle: async ({ sessionKey }) => ({ ended: await (await engine()).sandboxes.end(sessionKey) }),
    }),
  ];
}
