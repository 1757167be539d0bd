/** A whole gateway with its local port, in this process: real store, real methods and routes; the model is the peer's. */
import { createMethods } from '../../../src/control/methods/index.ts';
import type { Method } from '../../../src/control/method.ts';
import { openAiRoutes } from '../../../src/control/openai/index.ts';
import { createReadiness } from '../../../src/control/readiness.ts';
import type { Route } from '../../../src/control/route.ts';
import { startControl, type ControlServer } from '../../../src/control/server.ts';
import { createSockets, type SocketParts } from '../../../src/control/socket/index.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { socketMethods } from '../../../src/control/socket/methods.ts';
import { Runs } from '../../../src/control/socket/runs.ts';
import { createBed, type Bed, type BedOptions } from '../../gateway/bed/bed.ts';
import { agentSettings, gatewaySettings, queueSettings, routing } from '../../gateway/bed/settings.ts';

export interface ControlBed extends Bed {
  control: ControlServer;
  token: Secret;
  methods: ReadonlyMap<string, Method>;
  /** Those of the WebSocket. */
  socketMethods: ReadonlyMap<string, Method>;
  routes: readonly Route[];
  /** The gateway's token is another one from now on. */
  rotateToken(): void;
  /** As the clock of the port goes. */
  clock: { now: () => number; monotonic: () => number; forward(ms: number): void };
}

export interface ControlBedOptions extends BedOptions {
  sockets?: Pick<SocketParts, 'handshakeMs' | 'tickMs'>;
}

export async function createControlBed(options: ControlBedOptions = {}): Promise<ControlBed> {
  const gateway = { endpoints: { chatCompletions: true, responses: true }, ...options.gateway };
  const bed = await createBed({ ...options, gateway });
  const settings = {
    admission: () => undefined,
    routing: () => routing(options.routing),
    queue: () => queueSettings(options.queue),
    gateway: () => gatewaySettings(gateway),
    agent: () => agentSettings(bed.dir, options.agent),
    commandMenu: () => false,
    receipt: () => ({ scope: 'off' as const, reaction: '👀' }),
  };
  let aheadMs = 0;
  const clock = {
    now: () => systemClock.now() + aheadMs,
    monotonic: () => systemClock.monotonic() + aheadMs,
    forward: (ms: number) => void (aheadMs += ms),
  };
  const token = new Secret('d'.repeat(48));
  const engine = async () => ({
    modelNames: async () => ['peer/m1', 'peer/m2'],
    sandboxes: { list: async () => [], end: async () => 0 },
  });
  const parts = { gateway: bed.gateway, store: bed.store, settings, agentIds: () => ['main'], engine };
  const methods = createMethods(parts);
  const key = { token };
  const runs = new Runs({ gateway: bed.gateway, clock, broadcast: () => {} });
  const routes = openAiRoutes({ gateway: bed.gateway, settings, agentIds: () => ['main'], log: silentLog });
  const control = await startControl({
    port: 0,
    token: () => key.token,
    healthy: () => true,
    failing: createReadiness({ status: () => bed.gateway.status(), clock }),
    methods: async () => methods,
    routes: async () => routes,
    sockets: async () =>
      createSockets({ control: parts, token: () => key.token, version: '0.0.0-test', clock, log: silentLog, ...options.sockets }),
    clock,
    log: silentLog,
  });
  return {
    ...bed,
    control,
    token,
    methods,
    socketMethods: socketMethods(parts, runs),
    routes,
    clock,
    rotateToken: () => void (key.token = new Secret('f'.repeat(48))),
    async close() {
      await control.close();
      await bed.close();
    },
  };
}
