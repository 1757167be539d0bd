/** How the parts of the gateway know each other. Nothing here decides or does anything; each part is in its own file. */
import type { Channel } from '../domain/channel.ts';
import type { Address } from '../domain/message.ts';
import type { Delivery, QueuedCommand } from '../domain/store.ts';
import { openBlackBox } from './black-box.ts';
import type { BlackBox } from './black-box.ts';
import type { CommandHouse } from './commands/command.ts';
import { DeliveryLoop } from './delivery.ts';
import { Identities } from './identities.ts';
import { Intake } from './intake.ts';
import { Lanes } from './lanes.ts';
import { LOCAL_CHANNEL, localChannel } from './local.ts';
import type { Engine, GatewayParts } from './parts.ts';
import { Previews } from './preview.ts';
import { showReceipts } from './receipts.ts';
import { Recovery } from './recovery.ts';
import { Settlements } from './settlement.ts';
import { runSideCommand } from './side-commands.ts';
import { Submissions } from './submissions.ts';
import { TurnRunner } from './turns.ts';

type Place = Pick<Address, 'channel' | 'account'>;

export interface Assembly {
  /** The channels that are configured now, by `channelKey`. */
  channels: Map<string, Channel>;
  engine(): Promise<Engine>;
  channelOf(place: Place): Channel | undefined;
  identities: Identities;
  submissions: Submissions;
  settlements: Settlements;
  delivery: DeliveryLoop;
  previews: Previews;
  turns: TurnRunner;
  lanes: Lanes;
  recovery: Recovery;
  blackBox: BlackBox;
  intake: Intake;
  runCommand(command: QueuedCommand): Promise<void>;
}

export function channelKey({ channel, account }: Place): string {
  return `${channel} ${account}`;
}

export function assemble(parts: GatewayParts): Assembly {
  const channels = new Map(
    parts.channels.map((channel) => [channelKey({ channel: channel.id, account: channel.account }), channel]),
  );
  let engine: Promise<Engine> | undefined;
  // The parts know each other in a ring; each looks the others up here when it acts, after all of them are made.
  const ring = {
    channels,
    engine: () => (engine ??= parts.loadEngine()),
    channelOf: (place: Place) => (place.channel === LOCAL_CHANNEL ? localChannel : channels.get(channelKey(place))),
    runCommand: (command: QueuedCommand) => runCommand(ring, parts, command),
  } as Assembly;
  ring.blackBox = openBlackBox(parts.blackBoxFile);
  ring.identities = new Identities(parts.log);
  ring.submissions = new Submissions();
  ring.settlements = new Settlements((channel, account) => ring.channelOf({ channel, account }));
  ring.delivery = deliveryOf(ring, parts);
  ring.previews = previewsOf(ring, parts);
  ring.turns = turnsOf(ring, parts);
  ring.lanes = lanesOf(ring, parts);
  ring.recovery = recoveryOf(ring, parts);
  ring.intake = intakeOf(ring, parts);
  return ring;
}

function deliveryOf(ring: Assembly, { store, clock, log }: GatewayParts): DeliveryLoop {
  return new DeliveryLoop({
    outbox: store.outbox,
    durable: () => store.durable(),
    channelOf: ring.channelOf,
    clock,
    log,
    onEnded: (delivery) => ring.settlements.deliveryEnded(delivery),
  });
}

function previewsOf(ring: Assembly, { store, clock, log }: GatewayParts): Previews {
  const isLimited = (to: Address): boolean => ring.delivery.isLimited(to);
  return new Previews({ outbox: store.outbox, durable: () => store.durable(), isLimited, clock, log });
}

function turnsOf(ring: Assembly, parts: GatewayParts): TurnRunner {
  return new TurnRunner({
    ...parts,
    engine: ring.engine,
    channelOf: ring.channelOf,
    previews: ring.previews,
    blackBox: ring.blackBox,
    send: (toSendNow, stored) => ring.delivery.send(toSendNow, stored),
    ended(turn, end) {
      ring.settlements.turnEnded(turn, end.replies);
      ring.submissions.turnEnded(turn, end);
    },
    left: () => ring.recovery.left(),
    observersOf: (turn) => ring.submissions.observersOf(turn),
  });
}

function lanesOf(ring: Assembly, { store, settings, log }: GatewayParts): Lanes {
  return new Lanes({
    store,
    queue: () => settings.queue(),
    mostRunning: () => settings.gateway().maxConcurrentTurns,
    run: (claimed, lane) => ring.turns.run(claimed, lane),
    log,
  });
}

function recoveryOf(ring: Assembly, { store, log }: GatewayParts): Recovery {
  return new Recovery({
    store,
    resume: (claimed) => ring.lanes.resume(claimed),
    async quarantine(claimed) {
      await ring.turns.quarantine(claimed);
      ring.lanes.wakeAll(claimed.turn.sessionKey);
    },
    runCommand: ring.runCommand,
    send: (deliveries: readonly Delivery[]) => ring.delivery.send(deliveries),
    queued: (rows) => ring.delivery.queued(rows),
    channelOf: ring.channelOf,
    blackBox: ring.blackBox,
    log,
  });
}

function intakeOf(ring: Assembly, { store, settings }: GatewayParts): Intake {
  return new Intake({
    store,
    admission: (channel, account) => settings.admission(channel, account),
    routing: () => settings.routing(),
    ownId: (channel, account) => ring.identities.of({ channel, account })?.id,
    wake: (wake) => ring.lanes.wake(wake),
    runCommand: ring.runCommand,
    repliesQueued: (count) => ring.delivery.queued(count),
    received: (events, result) => ring.settlements.received(events, result),
    heard: (events, result) =>
      showReceipts(events, result, { receipt: () => settings.receipt(), channelOf: (event) => ring.channelOf(event) }),
  });
}

function runCommand(ring: Assembly, parts: GatewayParts, command: QueuedCommand): Promise<void> {
  return runSideCommand(command, {
    store: parts.store,
    house: houseOf(ring, parts),
    agent: (agentId) => parts.settings.agent(agentId),
    channelOf: ring.channelOf,
    send: (toSendNow, stored) => ring.delivery.send(toSendNow, stored),
    ended(traceId, replies, text) {
      ring.settlements.commandEnded(traceId, replies);
      ring.submissions.commandEnded(traceId, text);
    },
    log: parts.log,
  });
}

function houseOf(ring: Assembly, { store, version, clock }: GatewayParts): CommandHouse {
  return {
    store,
    engine: ring.engine,
    stop: (key) => ring.lanes.stop(key),
    isRunning: (key) => ring.lanes.running.has(key),
    dropped(key, message) {
      const running = ring.lanes.running.get(key)?.claimed?.turn;
      ring.settlements.dropped(key, running, message.traceId);
      ring.submissions.dropped(key, running);
    },
    version,
    now: () => clock.now(),
  };
}
