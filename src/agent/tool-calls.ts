/**
 * One tool call: policy, input, run, result. Whatever goes wrong becomes a result that the model reads; nothing is thrown
 * but the signal's reason. The journal is written by the turn.
 */
import { redact } from '../domain/redaction.ts';
import { isAppError } from '../domain/errors.ts';
import type { ToolCallPart, ToolResultPart } from '../domain/model.ts';
import type { Log } from '../domain/log.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { Tool, ToolContext, ToolEffect, ToolResult } from '../domain/tool.ts';
import type { SessionSandbox } from './parts.ts';
import type { Toolset } from './toolset.ts';

/** A call that may run. */
export interface ReadyCall {
  call: ToolCallPart;
  tool: Tool;
  input: unknown;
  effect: ToolEffect;
}

/** Checked at the moment of the call, whatever the model was shown. */
export function readyCall(call: ToolCallPart, tools: Toolset): ReadyCall | ToolResultPart {
  const tool = tools.find(call.name);
  if (!tool) return errorResult(call, `There is no tool "${call.name.slice(0, 64)}" that you may call.`);
  const parsed = tool.input.safeParse(call.input);
  if (!parsed.success) return errorResult(call, `The input does not fit: ${issuesOf(parsed.error)}`);
  try {
    return { call, tool, input: parsed.data, effect: tool.effect(parsed.data) };
  } catch (error) {
    return errorResult(call, sentenceOf(error));
  }
}

export function isReady(one: ReadyCall | ToolResultPart): one is ReadyCall {
  return 'tool' in one;
}

export interface CallPlace {
  agent: AgentSettings;
  sandbox: SessionSandbox;
  signal: AbortSignal;
  log: Log;
}

/** Throws only the signal's reason. */
export async function runCall({ call, tool, input }: ReadyCall, place: CallPlace): Promise<ToolResultPart> {
  const { maxOutputChars, timeoutMs, backgroundMs } = place.agent.tools;
  const context: ToolContext = {
    sandbox: () => place.sandbox.sandbox(),
    processes: place.sandbox.processes,
    callId: call.callId,
    signal: place.signal,
    maxOutputChars,
    timeoutMs,
    backgroundMs,
  };
  try {
    return resultOf(call, await orAborted(tool.run(input, context), place.signal));
  } catch (error) {
    place.signal.throwIfAborted();
    if (!isAppError(error)) place.log.error({ error, tool: call.name }, 'a tool failed in a way that was not foreseen');
    return errorResult(call, sentenceOf(error));
  }
}

/** A tool that does not heed its signal must not hold up the end of its turn. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function resultOf(call: ToolCallPart, result: ToolResult): ToolResultPart {
  const text = redact(result.text.toWellFormed());
  const part: ToolResultPart = { type: 'tool-result', callId: call.callId, name: call.name, text, isError: result.isError };
  if (result.images?.length) part.images = result.images;
  return part;
}

export function errorResult(call: ToolCallPart, text: string): ToolResultPart {
  return { type: 'tool-result', callId: call.callId, name: call.name, text: redact(text), isError: true };
}

function sentenceOf(error: unknown): string {
  if (!isAppError(error)) return 'The tool failed because of an internal error. Trying again may not help.';
  return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
}

function issuesOf(error: { issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const lines = error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length ? `${path.map(String).join('.')}: ${message}` : message));
  return lines.join('; ');
}
