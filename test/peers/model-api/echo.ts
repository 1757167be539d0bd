/**
 * Owns the script that plays when a test gives none: an echo that understands a few words, each on a line of its own.
 *
 *   call TOOL {json}   answers with that tool call (several lines: calls in parallel)
 *   then TOOL {json}   answers with that call after the results of the round before, one line a round
 *   slow MS            waits first
 *   fail STATUS [N]    that HTTP status, N times for this text (always, unless told)
 *   think [TEXT]       reasons before it answers
 *   long N             N words
 *   size               how many bytes the request had
 */
import type { ModelCall, Script, Step } from './types.ts';

/** A script with its own memory of what failed how often. */
export function createEcho(): Script {
  const failures = new Map<string, number>();
  return (call) => {
    const failure = wantedFailure(call.lastUserText, failures);
    if (failure !== undefined) return [failure];
    const steps = preamble(call.lastUserText);
    if (call.results.length > 0) return [...steps, ...afterResults(call)];
    const calls = lines(call.lastUserText, /^call (\S+)[ \t]*(\{.*\})?$/gm).map(toolCall);
    return calls.length > 0 ? [...steps, ...calls] : [...steps, ...answer(call)];
  };
}

function lines(text: string, pattern: RegExp): RegExpMatchArray[] {
  return [...text.matchAll(pattern)];
}

function wantedFailure(text: string, failures: Map<string, number>): Step | undefined {
  const wanted = /^fail (\d{3})(?: (\d+))?$/m.exec(text);
  if (wanted === null) return undefined;
  const before = failures.get(text) ?? 0;
  if (wanted[2] !== undefined && before >= Number(wanted[2])) return undefined;
  failures.set(text, before + 1);
  return { status: Number(wanted[1]), message: 'as asked' };
}

function preamble(text: string): Step[] {
  const steps: Step[] = [];
  const slow = /^slow (\d+)$/m.exec(text);
  if (slow !== null) steps.push({ waitMs: Number(slow[1]) });
  const think = /^think(?: (.*))?$/m.exec(text);
  if (think !== null) steps.push({ reasoning: think[1] ?? 'Let me see what was said.' });
  return steps;
}

function toolCall([, name = '', json]: RegExpMatchArray): Step {
  return json === undefined ? { call: name, input: {} } : { call: name, rawInput: json };
}

function afterResults(call: ModelCall): Step[] {
  const planned = lines(call.lastUserText, /^then (\S+)[ \t]*(\{.*\})?$/gm);
  const next = planned[roundsSincePerson(call) - 1];
  if (next !== undefined) return [toolCall(next)];
  return [{ text: `tool said: ${call.results.map((result) => result.text).join('\n')}` }];
}

function roundsSincePerson(call: ModelCall): number {
  const person = call.messages.findLastIndex((turn) => turn.role === 'user');
  const later = call.messages.slice(person + 1);
  return later.filter((turn) => turn.parts.some((part) => part.type === 'call')).length;
}

function answer(call: ModelCall): Step[] {
  const long = /^long (\d+)$/m.exec(call.lastUserText);
  if (long !== null) return [{ text: Array.from({ length: Number(long[1]) }, (_, index) => `word${index + 1}`).join(' ') }];
  if (/^size$/m.test(call.lastUserText)) return [{ text: `${call.bytes} bytes` }];
  return [{ text: call.lastUserText === '' ? 'You said nothing.' : call.lastUserText }];
}
