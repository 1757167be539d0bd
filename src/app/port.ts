/** Opens the local port. What is behind it (methods, the OpenAI-compatible routes, WebSockets) loads when it is first asked for. */
import type { ControlParts } from '../control/methods/parts.ts';
import { startControl, type ControlOptions, type ControlServer } from '../control/server.ts';
import { version } from '../version.ts';
import type { Settings } from './live-settings.ts';
import { once } from './once.ts';

export interface PortParts
  extends Pick<ControlOptions, 'token' | 'healthy' | 'clock' | 'log'>, Pick<ControlParts, 'gateway' | 'store' | 'engine'> {
  settings: Settings;
}

/** Rejects with AppError `conflict` when the port is taken. */
export function openPort({ gateway, store, settings, engine, ...rest }: PortParts): Promise<ControlServer> {
  const agentIds = (): string[] => settings.current().agents.map(({ id }) => id);
  const control: ControlParts = { gateway, store, settings, agentIds, engine };
  const { token, clock, log } = rest;
  const readiness = once(async () =>
    (await import('../control/readiness.ts')).createReadiness({ status: () => gateway.status(), clock }),
  );
  return startControl({
    ...rest,
    port: settings.gateway().port,
    failing: async () => (await readiness())(),
    methods: once(async () => (await import('../control/methods/index.ts')).createMethods(control)),
    routes: once(async () => (await import('../control/openai/index.ts')).openAiRoutes({ gateway, settings, agentIds, log })),
    sockets: once(async () =>
      (await import('../control/socket/index.ts')).createSockets({ control, token, version, clock, log }),
    ),
  });
}
