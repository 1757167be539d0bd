/**
 * Owns what the offline model does about one wish: the tool that it calls, or the words that it says.
 * Must never call a tool that was not offered, and never claim what a tool did not say.
 */
import type { ModelRequest, ToolDescription, ToolResultPart } from '../../domain/model.ts';
import { calculate, formatNumber } from './arithmetic.ts';
import { memoryOf, scratchFolder, type Saying } from './conversation.ts';
import type { Wish } from './wishes.ts';

export type Step = { say: string } | { call: { name: string; input: Record<string, unknown> } };

/** A wish with what came of it so far: one result for each attempt. */
export interface Task {
  wish: Wish;
  saying: Saying;
  results: readonly ToolResultPart[];
}

const MAX_QUOTED = 3000;

const ABOUT = "I am OpenClaw's built-in offline model. I am no language model: I only match a few plain requests.";
const CAN =
  'I can: `list files`, `read notes.txt`, `write "hello" to notes.txt`, `replace "a" with "b" in notes.txt`, `search for hello`, ' +
  '`calculate 2*(3+4)`, `remember that …`, `what do you remember`, `what time is it`, and `run: COMMAND` in the sandbox.';
const CONNECT =
  'For a real model, set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY (or start Ollama, llama.cpp or LM Studio) and start again, or run `openclaw onboard`.';

export function nextStep(task: Task, request: ModelRequest): Step {
  const { wish } = task;
  switch (wish.kind) {
    case 'list':
    case 'read':
    case 'write':
    case 'edit':
    case 'search':
    case 'run':
      return toolStep(wish, task, request);
    case 'time':
      return timeStep(task, request);
    default:
      return { say: words(wish, request) };
  }
}

function words(wish: Wish, request: ModelRequest): string {
  switch (wish.kind) {
    case 'calculate':
      return sumOf(wish.expression);
    case 'remember':
      return `I will remember that ${wish.fact}. It is kept in this conversation, until you start a new one.`;
    case 'recall':
      return recall(memoryOf(request));
    case 'greeting':
      return `Hello! ${ABOUT} ${CAN}`;
    case 'thanks':
      return 'You are welcome.';
    default:
      return `${ABOUT} ${CAN}\n\n${CONNECT}`;
  }
}

function sumOf(expression: string): string {
  const value = calculate(expression);
  return value === undefined ? `I cannot calculate ${expression.trim()}.` : `${expression.trim()} = ${formatNumber(value)}`;
}

function recall(facts: readonly string[]): string {
  if (facts.length === 0) return 'Nothing so far in this conversation. Say `remember that …`.';
  return `You asked me to remember:\n${facts.map((fact) => `- ${fact}`).join('\n')}`;
}

function timeStep(task: Task, request: ModelRequest): Step {
  const sent =
    /(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w* )?\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?: ?(?:UTC|Z|[+-]\d\d:?\d\d))?/.exec(
      task.saying.envelope,
    )?.[0];
  if (sent !== undefined) return { say: `Your message was sent at ${sent}. I have no clock of my own.` };
  return toolStep({ kind: 'run', command: 'date' }, task, request);
}

type ToolWish = Extract<Wish, { kind: 'list' | 'read' | 'write' | 'edit' | 'search' | 'run' }>;

/** What each argument may be called, and its value. The first name that the tool's schema has is used. */
type Arguments = readonly [names: readonly string[], value: string][];

const PATHS = ['path', 'file_path', 'file', 'directory'];

const TOOLS: { [Kind in ToolWish['kind']]: { tool: string; arguments(wish: Extract<ToolWish, { kind: Kind }>): Arguments } } = {
  list: { tool: 'list', arguments: (wish) => [[PATHS, wish.path]] },
  read: { tool: 'read', arguments: (wish) => [[PATHS, wish.path]] },
  write: {
    tool: 'write',
    arguments: (wish) => [
      [PATHS, wish.path],
      [['content', 'text'], wish.content],
    ],
  },
  edit: {
    tool: 'edit',
    arguments: (wish) => [
      [PATHS, wish.path],
      [['oldText', 'old_text', 'old_string', 'before'], wish.before],
      [['newText', 'new_text', 'new_string', 'after'], wish.after],
    ],
  },
  search: {
    tool: 'search',
    arguments: (wish) => [
      [['pattern', 'query', 'regex', 'text'], wish.words],
      [PATHS, wish.path],
    ],
  },
  run: { tool: 'exec', arguments: (wish) => [[['command', 'cmd'], wish.command]] },
};

function toolStep(wish: ToolWish, task: Task, request: ModelRequest): Step {
  const { tool: name, arguments: argumentsOf } = TOOLS[wish.kind] as { tool: string; arguments(wish: ToolWish): Arguments };
  const tool = request.tools.find((offered) => offered.name === name);
  if (!tool) return { say: `I have no tool \`${name}\` here, so I cannot do that.` };
  const call = (wanted: ToolWish): Step => ({ call: { name, input: inputFor(tool, argumentsOf(wanted)) } });
  const last = task.results.at(-1);
  if (!last) return call(wish);
  const moved = movedToScratch(wish, last, request);
  if (moved && task.results.length === 1) return call(moved);
  const isMoved = task.results.length > 1;
  return { say: outcome(isMoved ? (movedToScratch(wish, task.results[0], request) ?? wish) : wish, last, isMoved) };
}

function inputFor(tool: ToolDescription, values: Arguments): Record<string, unknown> {
  const properties = Object.keys((tool.inputSchema['properties'] ?? {}) as object);
  const known = values.map(([names, value]) => [names.find((name) => properties.includes(name)), value] as const);
  return Object.fromEntries(known.filter((entry): entry is [string, string] => entry[0] !== undefined));
}

/** The same wish under the folder that may be written, after it was refused where it was asked for. */
function movedToScratch(wish: ToolWish, result: ToolResultPart | undefined, request: ModelRequest): ToolWish | undefined {
  if (!result?.isError || (wish.kind !== 'write' && wish.kind !== 'read')) return undefined;
  const folder = scratchFolder(result.text, request.system);
  if (folder === undefined || wish.path.startsWith(`${folder}/`)) return undefined;
  return { ...wish, path: `${folder}/${wish.path.split('/').at(-1)}` };
}

function outcome(wish: ToolWish, result: ToolResultPart, isMoved: boolean): string {
  if (result.isError) return `That did not work. The tool \`${result.name}\` says: ${shortened(result.text)}`;
  if (wish.kind === 'write')
    return isMoved ? `I may not write there, so I wrote it to ${wish.path}.` : `I wrote it to ${wish.path}.`;
  if (wish.kind === 'edit') return `I replaced it in ${wish.path}.`;
  const text = result.text.trim();
  return text === '' ? nothing(wish) : `${heading(wish)}${fenced(text)}`;
}

type LookingWish = Exclude<ToolWish, { kind: 'write' | 'edit' }>;

function nothing(wish: LookingWish): string {
  if (wish.kind === 'list') return `There is nothing in ${wish.path}.`;
  if (wish.kind === 'read') return `${wish.path} is empty.`;
  return wish.kind === 'search' ? `I found no "${wish.words}".` : 'The command ended without output.';
}

function heading(wish: LookingWish): string {
  if (wish.kind === 'run') return '';
  if (wish.kind === 'search') return 'Found:\n';
  return wish.kind === 'list' ? `In ${wish.path}:\n` : `${wish.path}:\n`;
}

/** With a fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${shortened(text)}\n${fence}`;
}

function shortened(text: string): string {
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}\n… (${text.length - MAX_QUOTED} more characters)`;
}
