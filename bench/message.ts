/** The life of plain messages: first poll, idle memory, latency, throughput, CPU. Floor and gateway in turn, in one run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { floor, gateway, startPeers, type Peers, type Running, type Subject } from './subject.ts';
import { median, type Figure } from './statistics.ts';

export interface MessageOptions {
  starts: number;
  latencyMessages: number;
  loadMessages: number;
}

interface Sample {
  firstPollMs: number[];
  idleMb: number[];
  latencyMs: number[];
  perSecond: number[];
  cpuMs: number[];
}

const PEOPLE = 200;

export async function measureMessages(options: MessageOptions): Promise<Figure[]> {
  const samples = { floor: emptySample(), gateway: emptySample() };
  for (let round = 0; round < options.starts; round += 1) {
    for (const subject of round % 2 ? [floor, gateway] : [gateway, floor])
      await measureOnce(subject, samples[subject.name], options, round === 0);
  }
  const pair = (of: (sample: Sample) => number[]): { floor: number; ours: number } => ({
    floor: median(of(samples.floor)),
    ours: median(of(samples.gateway)),
  });
  return [
    { name: 'first poll', ...pair((s) => s.firstPollMs), unit: 'ms', limit: 1.8 },
    { name: 'idle memory', ...pair((s) => s.idleMb), unit: 'MB', limit: 1.45 },
    { name: 'latency p50', ...pair((s) => s.latencyMs), unit: 'ms', limit: 2.5 },
    { name: 'messages a second', ...pair((s) => s.perSecond), unit: '1/s', limit: 0.65, atLeast: true },
    { name: 'CPU a message', ...pair((s) => s.cpuMs), unit: 'ms', limit: 2 },
  ];
}

function emptySample(): Sample {
  return { firstPollMs: [], idleMb: [], latencyMs: [], perSecond: [], cpuMs: [] };
}

async function measureOnce(subject: Subject, sample: Sample, options: MessageOptions, warmUp: boolean): Promise<void> {
  const peers = await startPeers();
  const running = subject.start(peers);
  try {
    await firstPoll(peers);
    const firstPollMs = performance.now() - running.startedAt;
    await sleep(2_500);
    const idleMb = running.residentBytes() / 1_048_576;
    const latencyMs = await latency(peers, options.latencyMessages);
    const load = await throughput(peers, running, options.loadMessages);
    // The first round fills the machine's caches.
    if (warmUp && options.starts > 1) return;
    sample.firstPollMs.push(firstPollMs);
    sample.idleMb.push(idleMb);
    sample.latencyMs.push(latencyMs);
    sample.perSecond.push(load.perSecond);
    sample.cpuMs.push(load.cpuMs);
  } finally {
    await running.stop();
    await peers.close();
  }
}

async function firstPoll(peers: Peers): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!peers.bot.polling()) {
    if (performance.now() > deadline) throw new Error('the program under test never polled');
    await sleep(1);
  }
}

/** Median time from a message's arrival at the platform to its answer, one after the other. */
async function latency(peers: Peers, messages: number): Promise<number> {
  const times: number[] = [];
  const person = peers.bot.person(1_000);
  for (let index = 0; index < messages; index += 1) {
    const before = performance.now();
    const done = peers.sentAfter(1);
    person.text(`ping ${index}`);
    await done;
    times.push(performance.now() - before);
  }
  // The first ones load what is loaded lazily.
  return median(times.slice(Math.floor(messages / 5)));
}

async function throughput(peers: Peers, running: Running, messages: number): Promise<{ perSecond: number; cpuMs: number }> {
  const people = Array.from({ length: PEOPLE }, (_, index) => peers.bot.person(2_000 + index));
  const done = peers.sentAfter(messages);
  const cpuBefore = running.cpuSeconds();
  const before = performance.now();
  for (let index = 0; index < messages; index += 1) {
    people[index % PEOPLE]!.text(`load ${index}`);
    // Arrivals are spread a little, as from many phones.
    if (index % 100 === 99) await sleep(1);
  }
  await done;
  const seconds = (performance.now() - before) / 1_000;
  return { perSecond: messages / seconds, cpuMs: ((running.cpuSeconds() - cpuBefore) * 1_000) / messages };
}
