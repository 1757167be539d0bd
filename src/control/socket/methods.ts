/** Methods as clients of the WebSocket protocol know them, beside and instead of those of the shared table. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AppError } from '../../domain/errors.ts';
import { createMethods } from '../methods/index.ts';
import { method, type ControlParts } from '../methods/parts.ts';
import type { Method } from '../method.ts';
import { agentIdIn, mainSessionKey, sessionKeyOf, sessionName } from '../session-key.ts';
import { historyOf } from './history.ts';
import type { ClientRun, RunEnd, Runs } from './runs.ts';

const ORIGIN = 'gateway client';
const MOST_WAIT_MS = 600_000;

const text = z.string().min(1).max(100_000);
const runId = z.string().min(1).max(200);
/** What the gateway does not take yet is refused, not dropped. */
const nothing = z.array(z.unknown()).max(0).optional();

export function socketMethods(parts: ControlParts, runs: Runs): ReadonlyMap<string, Method> {
  const own = [...runMethods(parts, runs), ...conversationMethods(parts), ...gatewayMethods(parts)];
  return new Map([...createMethods(parts), ...own.map((one) => [one.name, one] as const)]);
}

/** The conversation and the agent that a request means. AppError `not_found` for an agent that is none. */
function placeOf(parts: ControlParts, named: { sessionKey?: string | undefined; agentId?: string | undefined }) {
  const agentId = agentIdIn(named.sessionKey ?? '') ?? named.agentId ?? parts.settings.routing().defaultAgentId;
  if (!parts.agentIds().includes(agentId)) throw new AppError('not_found', `unknown agent id "${agentId}"`);
  return { agentId, sessionKey: sessionKeyOf(named.sessionKey ?? 'main', agentId) };
}

function runMethods(parts: ControlParts, runs: Runs): Method[] {
  return [
    method({
      name: 'agent',
      scope: 'write',
      params: z.object({
        message: text,
        idempotencyKey: runId.default(() => randomUUID()),
        sessionKey: sessionName.optional(),
        agentId: z.string().max(64).optional(),
        attachments: nothing,
      }),
      handle: async ({ message, idempotencyKey, ...named }, call) => {
        const run = runs.begin({ ...placeOf(parts, named), runId: idempotencyKey, text: message, origin: ORIGIN });
        call.accepted({ runId: run.runId, status: 'accepted', acceptedAt: run.startedAtMs });
        return answerOf(run, await run.end);
      },
    }),
    method({
      name: 'agent.wait',
      scope: 'write',
      params: z.object({ runId, timeoutMs: z.int().min(0).max(MOST_WAIT_MS).default(30_000) }),
      handle: async (params) => {
        const run = runs.get(params.runId);
        const end = run && (await within(run.end, params.timeoutMs));
        if (!run || !end) return { runId: params.runId, status: 'timeout', ...(run && { startedAt: run.startedAtMs }) };
        const error = end.error === undefined ? {} : { error: end.error };
        const status = end.state === 'error' ? 'error' : 'ok';
        return { runId: run.runId, status, startedAt: run.startedAtMs, endedAt: run.endedAtMs, stopReason: end.state, ...error };
      },
    }),
    method({
      name: 'chat.send',
      scope: 'write',
      params: z.object({
        sessionKey: sessionName,
        message: text,
        idempotencyKey: runId.default(() => randomUUID()),
        attachments: nothing,
      }),
      handle: async ({ message, idempotencyKey, sessionKey }) => {
        const known = runs.get(idempotencyKey);
        if (known) return { runId: idempotencyKey, status: known.endedAtMs === undefined ? 'in_flight' : 'ok' };
        runs.begin({ ...placeOf(parts, { sessionKey }), runId: idempotencyKey, text: message, origin: ORIGIN });
        return { runId: idempotencyKey, status: 'started' };
      },
    }),
    method({
      name: 'chat.abort',
      scope: 'write',
      params: z.object({ sessionKey: sessionName, runId: runId.optional() }),
      handle: async (params) => {
        const { sessionKey } = placeOf(parts, params);
        const runIds = runs.abort(sessionKey, params.runId);
        // Without an id whatever runs there is meant, also what came over a channel.
        const stopped = params.runId === undefined && parts.gateway.stopTurn(sessionKey);
        return { ok: true, aborted: stopped || runIds.length > 0, runIds };
      },
    }),
  ];
}

function conversationMethods(parts: ControlParts): Method[] {
  const { store } = parts;
  return [
    method({
      name: 'chat.history',
      scope: 'read',
      params: z.object({ sessionKey: sessionName, limit: z.int().min(1).max(1_000).default(200) }),
      handle: async (params) => {
        const { sessionKey } = placeOf(parts, params);
        const session = await store.sessions.get(sessionKey);
        const entries = session ? await store.sessions.transcript(session.id, { limit: params.limit }) : [];
        return { sessionKey, sessionId: session?.id, messages: historyOf(entries), thinkingLevel: session?.settings.thinking };
      },
    }),
    method({
      name: 'sessions.list',
      scope: 'read',
      params: z.object({ limit: z.int().min(1).max(1_000).default(50), agentId: z.string().max(64).optional() }),
      handle: async ({ limit, agentId }) => {
        const found = await store.sessions.list({ limit, ...(agentId === undefined ? {} : { agentId }) });
        const sessions = found.map(({ key, id, chat, updatedAtMs, settings, totals }) => ({
          key,
          kind: chat.kind,
          sessionId: id,
          updatedAt: updatedAtMs,
          inputTokens: totals.inputTokens,
          outputTokens: totals.outputTokens,
          totalTokens: totals.inputTokens + totals.outputTokens,
          contextTokens: totals.contextTokens,
          ...(settings.model !== undefined && { model: settings.model }),
        }));
        return { ts: Date.now(), count: sessions.length, sessions };
      },
    }),
  ];
}

function gatewayMethods({ gateway, settings, engine, agentIds }: ControlParts): Method[] {
  return [
    method({
      name: 'health',
      scope: 'read',
      params: z.object({}),
      handle: async () => {
        const { stopping, channels, version } = await gateway.status();
        return {
          ok: !stopping,
          ts: Date.now(),
          version,
          channels: channels.map(({ channel, account, state }) => ({ channel, account, state })),
        };
      },
    }),
    method({
      name: 'models.list',
      scope: 'read',
      params: z.object({}),
      handle: async () => {
        const names = await (await engine()).modelNames(settings.agent(settings.routing().defaultAgentId));
        return { models: names.map((name) => ({ id: name, name, provider: name.split('/', 1)[0] })) };
      },
    }),
    method({
      name: 'agents.list',
      scope: 'read',
      params: z.object({}),
      handle: async () => {
        const defaultId = settings.routing().defaultAgentId;
        const agents = agentIds().map((id) => ({ id, name: settings.agent(id).name, mainSessionKey: mainSessionKey(id) }));
        return { defaultId, mainKey: 'main', agents };
      },
    }),
  ];
}

function answerOf(run: ClientRun, { state, text: said, error, spent }: RunEnd): object {
  if (state === 'error') throw new AppError('unavailable', error ?? 'the run failed');
  const meta = {
    durationMs: (run.endedAtMs ?? run.startedAtMs) - run.startedAtMs,
    ...(spent && { agentMeta: { usage: spent } }),
  };
  const payloads = said === '' ? [] : [{ text: said, mediaUrl: null }];
  return { runId: run.runId, status: 'ok', summary: state === 'aborted' ? 'aborted' : 'completed', result: { payloads, meta } };
}

function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
