/** `gateway`: the loopback port and who may use it. */
import * as z from 'zod/mini';
import { secretSetting, setting } from '../../domain/setting.ts';
import { group, only } from './field.ts';

const LOOPBACK_ONLY =
  'The port answers on 127.0.0.1 only. To reach it from elsewhere use `tailscale serve --bg 18789` or an SSH tunnel to this host.';

const endpoint = (description: string) =>
  group({
    enabled: setting(z._default(z.boolean(), false), { description }),
  });

export const gatewaySection = group(
  {
    port: setting(z.optional(z.int().check(z.gte(1), z.lte(65535))), {
      description: 'The TCP port on 127.0.0.1.',
      defaultText: '18789',
    }),
    mode: only('local', {
      description: 'The gateway runs on this host.',
      because: 'A gateway on another host is reached through a tunnel to its loopback port.',
    }),
    bind: only('loopback', { description: 'Where the port listens: 127.0.0.1 and nowhere else.', because: LOOPBACK_ONLY }),
    auth: group({
      mode: only('token', {
        description: 'Every request but the health check carries a token.',
        because: 'A token is the only way in: there is no password and no mode without.',
      }),
      token: z.optional(
        secretSetting({
          description: 'The token. `openssl rand -hex 32` makes one.',
          defaultText: 'one that the gateway makes and keeps in `credentials/gateway.token`',
        }),
      ),
    }),
    remote: group({
      token: z.optional(
        secretSetting({
          description: 'The token that the command line of this host presents. It must be the same as `gateway.auth.token`.',
          restart: 'live',
        }),
      ),
    }),
    controlUi: group({
      enabled: setting(z._default(z.boolean(), true), { description: 'Serve the control page on the port.' }),
      allowInsecureAuth: only(false, {
        description: 'Let the page log in without proof of the device.',
        because: 'The page always proves its device.',
      }),
    }),
    tailscale: group({
      mode: only('off', {
        description: 'Let the gateway publish its port through Tailscale.',
        because:
          'The gateway changes nothing at Tailscale. `tailscale serve --bg 18789` publishes the port to your tailnet; Funnel would publish it to everybody.',
      }),
      resetOnExit: only(false, {
        description: 'Undo what was published when the gateway stops.',
        because: 'The gateway publishes nothing, so there is nothing to undo.',
      }),
    }),
    http: group({
      endpoints: group({
        chatCompletions: endpoint('Serve `POST /v1/chat/completions`, as OpenAI does.'),
        responses: endpoint('Serve `POST /v1/responses`, as OpenAI does.'),
      }),
    }),
  },
  { description: 'The loopback port and who may use it.', restart: 'gateway' },
);
