/**
 * The tool calls of one answer, with their journal: calls that only read run side by side, each that may change something alone
 * and in order, and only after its beginning is durable. After a crash a read is repeated, a change never.
 */
import type { ToolCallPart, ToolResultPart } from '../domain/model.ts';
import type { AssistantEntry, Entry, StoredEntry } from '../domain/session.ts';
import { INTERRUPTED } from './context.ts';
import { NOT_REPEATED, repetitionsOf } from './limits.ts';
import { write } from './run.ts';
import type { Run } from './run.ts';
import { errorResult, isReady, readyCall, runCall } from './tool-calls.ts';
import type { ReadyCall } from './tool-calls.ts';

/** `repeating`: the model keeps making the same call although it was told that nothing changes. */
export type StepEnd = 'goes on' | 'repeating';

export function callsOf(answer: AssistantEntry): ToolCallPart[] {
  return answer.parts.filter((part) => part.type === 'tool-call');
}

/** Runs the calls of an answer that is in the journal. Throws the signal's reason, or what the store throws. */
export async function runCalls(run: Run, calls: readonly ToolCallPart[]): Promise<StepEnd> {
  let repeated = 0;
  const ready: ReadyCall[] = [];
  for (const call of calls) {
    const one = readyCall(call, run.tools);
    const count = repetitionsOf(call, run.own);
    if (count > run.input.agent.limits.sameCall) repeated += 1;
    if (!isReady(one)) await refuse(run, call, one);
    else if (count >= run.input.agent.limits.sameCall) await refuse(run, call, repeatedCall(call, count));
    else ready.push(one);
  }
  for (const group of groupsOf(ready)) await runGroup(run, group);
  return repeated > 0 && repeated === calls.length ? 'repeating' : 'goes on';
}

/** After a restart: the calls of the last answer that have no result yet. */
export async function resumeCalls(run: Run): Promise<void> {
  const last = run.own.findLastIndex(({ entry }) => entry.kind === 'assistant');
  const answer = run.own[last]?.entry;
  if (answer?.kind !== 'assistant') return;
  const since = run.own.slice(last + 1);
  const done = new Set(since.flatMap(({ entry }) => (entry.kind === 'tool-result' ? [entry.result.callId] : [])));
  const open = callsOf(answer).filter((call) => !done.has(call.callId));
  const unknown = open.filter((call) => mayHaveActed(call, since));
  for (const call of unknown) await refuse(run, call, errorResult(call, INTERRUPTED));
  await runCalls(
    run,
    open.filter((call) => !unknown.includes(call)),
  );
}

function mayHaveActed(call: ToolCallPart, since: readonly StoredEntry[]): boolean {
  return since.some(({ entry }) => entry.kind === 'tool-begun' && entry.callId === call.callId && entry.effect === 'write');
}

/** Neighbouring reads together, every other call alone. */
function groupsOf(calls: readonly ReadyCall[]): ReadyCall[][] {
  const groups: ReadyCall[][] = [];
  for (const call of calls) {
    const last = groups.at(-1);
    if (last && call.effect === 'read' && last.every((other) => other.effect === 'read')) last.push(call);
    else groups.push([call]);
  }
  return groups;
}

async function runGroup(run: Run, group: readonly ReadyCall[]): Promise<void> {
  run.signal.throwIfAborted();
  await write(run, begun(run, group));
  if (group.some((one) => one.effect === 'write')) await run.parts.store.durable();
  const ends = await Promise.allSettled(group.map((one) => runOne(run, one)));
  // All have ended before the first failure is passed on, so that none goes on behind the turn's back.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** A repeated read has begun before: a second entry would look like progress. */
function begun(run: Run, group: readonly ReadyCall[]): Entry[] {
  const last = run.own.findLastIndex(({ entry }) => entry.kind === 'assistant');
  const before = new Set(run.own.slice(last + 1).flatMap(({ entry }) => (entry.kind === 'tool-begun' ? [entry.callId] : [])));
  return group
    .filter(({ call }) => !before.has(call.callId))
    .map(({ call, effect }) => ({ kind: 'tool-begun', callId: call.callId, name: call.name, effect }));
}

async function runOne(run: Run, one: ReadyCall): Promise<void> {
  const { agent, observer } = run.input;
  const start = { callId: one.call.callId, name: one.call.name, input: one.input };
  observer.toolStarted?.(start);
  const place = { agent, sandbox: run.sandbox, signal: run.signal, log: run.parts.log };
  const result = await runCall(one, place);
  observer.toolEnded?.(start, result);
  await write(run, [{ kind: 'tool-result', result }]);
}

async function refuse(run: Run, call: ToolCallPart, result: ToolResultPart): Promise<void> {
  const start = { callId: call.callId, name: call.name, input: call.input };
  run.input.observer.toolStarted?.(start);
  run.input.observer.toolEnded?.(start, result);
  await write(run, [{ kind: 'tool-result', result }]);
}

function repeatedCall(call: ToolCallPart, count: number): ToolResultPart {
  const advice = 'Do something else, or answer with what you have.';
  return errorResult(call, `${NOT_REPEATED}, ${count} times, and the result was the same each time. ${advice}`);
}
