/** One turn without a gateway: the real store on a temporary file, the real provider against the model peer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userEntryOf } from '../../src/agent/envelope.ts';
import { createCallModel } from '../../src/agent/model-call.ts';
import { createModelHealth } from '../../src/agent/model-health.ts';
import type { Timers } from '../../src/agent/model-timers.ts';
import type { TurnObserver, TurnParts } from '../../src/agent/parts.ts';
import type { TurnInput } from '../../src/agent/run.ts';
import { runTurn } from '../../src/agent/turn.ts';
import type { TurnOutcome } from '../../src/agent/outcome.ts';
import { createPromptFiles } from '../../src/agent/workspace-files.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { ModelFacts } from '../../src/domain/model.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Entry, Session, StoredEntry, Turn } from '../../src/domain/session.ts';
import type { AgentSettings } from '../../src/domain/settings.ts';
import type { Store } from '../../src/domain/store.ts';
import type { Tool } from '../../src/domain/tool.ts';
import { createClientLookup } from '../../src/providers/clients.ts';
import { wireFormats } from '../../src/providers/index.ts';
import { openStore } from '../../src/store/index.ts';
import { agentSettings } from '../gateway/bed/settings.ts';
import { noSandbox } from '../gateway/bed/tools.ts';
import { createModelApi } from '../peers/model-api.ts';
import type { ModelApi } from '../peers/model-api.ts';

export interface TurnBed {
  dir: string;
  store: Store;
  modelApi: ModelApi;
  parts: TurnParts;
  /** A message is received, claimed and written; the turn is not yet run. */
  begin(text: string): Promise<{ turn: Turn; session: Session }>;
  /** Runs the turn as it stands in the store, to its end, and ends it there. */
  run(claimed: { turn: Turn; session: Session }, change?: Partial<TurnInput>): Promise<TurnOutcome>;
  /** Both. */
  say(text: string, change?: Partial<TurnInput>): Promise<TurnOutcome>;
  history(session: Session): Promise<StoredEntry[]>;
  close(): Promise<void>;
}

export interface TurnBedOptions {
  agent?: Partial<AgentSettings>;
  facts?: Partial<ModelFacts>;
  tools?: readonly Tool[];
  observer?: TurnObserver;
}

const KEY = 'agent:main:telegram:direct:1';
const ADDRESS = { channel: 'telegram', account: 'default', chatId: '1' };

export async function createTurnBed(options: TurnBedOptions = {}): Promise<TurnBed> {
  const dir = await mkdtemp(join(tmpdir(), 'openclaw-turn-'));
  const modelApi = await createModelApi();
  const store = await openStore({ path: join(dir, 'openclaw.db'), clock: systemClock, log: silentLog });
  const agent = agentSettings(dir, options.agent);
  const parts = partsOf(store, modelApi, options);
  let number = 0;

  const bed: TurnBed = {
    dir,
    store,
    modelApi,
    parts,
    async begin(text) {
      number += 1;
      await store.inbox.receive({ channel: 'telegram', account: 'default', events: [admitted(`e${number}`, text)] });
      const claimed = await store.inbox.claim(KEY, { all: true, most: 10 });
      if (!claimed) throw new Error('nothing to claim');
      await store.turns.append(
        claimed.turn.id,
        claimed.turn.messages.map((message) => userEntryOf(message)),
      );
      return claimed;
    },
    async run({ turn, session }, change = {}) {
      const history = await store.sessions.history(turn.sessionId);
      const input: TurnInput = {
        turn,
        session,
        agent,
        history,
        models: agent.models,
        thinking: 'off',
        controller: new AbortController(),
        observer: options.observer ?? {},
        ...change,
      };
      const outcome = await runTurn(input, parts);
      const end = { state: outcome.state, entries: outcome.entries, deliveries: [] };
      await store.turns.finish(turn.id, outcome.reason === undefined ? end : { ...end, reason: outcome.reason });
      await store.durable();
      return outcome;
    },
    say: async (text, change) => bed.run(await bed.begin(text), change),
    history: (session) => store.sessions.history(session.id),
    async close() {
      await store.close();
      await modelApi.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return bed;
}

function admitted(eventId: string, text: string) {
  const event = {
    channel: 'telegram',
    account: 'default',
    eventId,
    kind: 'message' as const,
    chat: { id: '1', kind: 'direct' as const },
    sender: { id: '1', name: 'Al', isBot: false },
    text,
    attachments: [],
    addressed: true,
    sentAtMs: 0,
  };
  return {
    event,
    admission: { outcome: 'queue' as const, sessionKey: KEY, agentId: 'main', address: ADDRESS, text, traceId: eventId },
  };
}

function partsOf(store: Store, modelApi: ModelApi, options: TurnBedOptions): TurnParts {
  const facts: ModelFacts = {
    providerId: 'peer',
    modelId: 'm1',
    contextTokens: 128_000,
    maxOutputTokens: 4_096,
    images: false,
    reasoning: false,
    price: { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 1 },
    ...options.facts,
  };
  const endpoint = { providerId: 'peer', baseUrl: `${modelApi.url}/v1`, apiKey: new Secret(modelApi.apiKey) };
  const resolve = () => ({ api: 'openai-completions', endpoint, facts });
  // Pauses between tries take no time; the time-out of a silent model never comes.
  const timers: Timers = {
    start(ms, then) {
      if (ms < 60_000) setImmediate(then);
      return { refresh() {}, cancel() {} };
    },
  };
  const client = createClientLookup(wireFormats);
  return {
    store,
    callModel: createCallModel({ resolve, client, health: createModelHealth(systemClock), timers }),
    modelFacts: async () => facts,
    tools: options.tools ?? [],
    sandboxFor: () => noSandbox,
    files: createPromptFiles(systemClock),
    clock: systemClock,
    log: silentLog,
  };
}

/** The kinds of entries, shortly. */
export function kindsOf(entries: readonly StoredEntry[]): string[] {
  return entries.map(({ entry }) => brief(entry));
}

function brief(entry: Entry): string {
  if (entry.kind === 'tool-begun') return `begun ${entry.callId}`;
  if (entry.kind === 'tool-result') return `result ${entry.result.callId}${entry.result.isError ? ' failed' : ''}`;
  return entry.kind;
}
