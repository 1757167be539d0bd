/** Looks after commands that run in the background. */
import * as z from 'zod/mini';
import { systemClock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { BackgroundProcess, ProcessTable, ToolContext, ToolResult } from '../domain/tool.ts';
import { wordsOfEnd } from './command-result.ts';
import { defineTool } from './define.ts';
import { anyTextField, choiceField, flagField, numberField, textField, toolInput } from './input.ts';
import { markShown, shownUpTo } from './shown-output.ts';
import { harmless, harmlessOutput, shorten } from './text-for-model.ts';

const ACTIONS = ['list', 'poll', 'log', 'write', 'kill', 'remove'] as const;
const READING: readonly string[] = ['list', 'poll', 'log'] satisfies (typeof ACTIONS)[number][];

const input = toolInput({
  action: choiceField(ACTIONS),
  sessionId: z.optional(textField()),
  data: z.optional(anyTextField('To write')),
  eof: z.optional(flagField('End its input')),
  offset: z.optional(numberField(1, 'First line of log')),
  limit: z.optional(numberField(1)),
});
type Input = z.output<typeof input>;

/** How long a poll waits for something new. */
const pollWaitMs = 5000;
const checkMs = 50;
const defaultLogLines = 200;

export const process = defineTool<Input>({
  name: 'process',
  groups: ['runtime'],
  description: 'Background commands of exec: list, poll (waits for new output), log (all output), write to input, kill, remove.',
  input,
  effect: ({ action }) => (READING.includes(action) ? 'read' : 'write'),
  async run(given, context) {
    if (given.action === 'list') return said(listOf(context.processes));
    const entry = entryOf(given, context.processes);
    switch (given.action) {
      case 'poll':
        return poll(entry, context);
      case 'log':
        return said(logOf(entry, given, context));
      case 'write':
        return write(entry, given);
      case 'kill':
        await entry.process.kill();
        return said(`[${entry.id} ${await endOf(entry)}]`);
      case 'remove':
        if (!entry.exit) await entry.process.kill();
        context.processes.remove(entry.id);
        return said(`[${entry.id} removed]`);
    }
  },
});

function said(text: string): ToolResult {
  return { text, isError: false };
}

function listOf(processes: ProcessTable): string {
  const lines = processes.list().map((entry) => `${entry.id}  ${stateOf(entry)}  ${shortCommand(entry)}`);
  return lines.length > 0 ? lines.join('\n') : '[no background commands]';
}

function entryOf({ action, sessionId }: Input, processes: ProcessTable): BackgroundProcess {
  const known = processes.list().map((entry) => entry.id);
  const hint = known.length > 0 ? `There are ${known.join(', ')}.` : 'There are none; start one with exec and background: true.';
  if (sessionId === undefined) throw new AppError('invalid', `process ${action} needs a sessionId.`, { hint });
  const entry = processes.get(sessionId);
  if (!entry) throw new AppError('not_found', `There is no background command ${sessionId}.`, { hint });
  return entry;
}

function stateOf({ exit }: BackgroundProcess): string {
  return exit ? `ended: ${wordsOfEnd(exit)}` : 'running';
}

/** After a kill the table may not have heard of the end yet. */
async function endOf({ process: { result } }: BackgroundProcess): Promise<string> {
  return `ended: ${wordsOfEnd(await result.catch(() => ({ signal: 'SIGKILL', timedOut: false })))}`;
}

function shortCommand({ command }: BackgroundProcess): string {
  const line = harmless(command).replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…`.toWellFormed() : line;
}

async function poll(entry: BackgroundProcess, context: ToolContext): Promise<ToolResult> {
  const from = shownUpTo(entry);
  const giveUpAt = systemClock.monotonic() + pollWaitMs;
  while (!entry.exit && entry.output.bytesSeen() <= from && systemClock.monotonic() < giveUpAt && !context.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, checkMs));
  }
  const { text, position } = entry.output.since(from);
  markShown(entry, position);
  const output = shorten(
    harmlessOutput(text).trimEnd(),
    context.maxOutputChars,
    `see them with process: action log, sessionId ${entry.id}`,
  );
  return said(`${output === '' ? '[nothing new]' : output}\n[${entry.id} ${stateOf(entry)}]`);
}

function logOf(entry: BackgroundProcess, { offset, limit }: Input, context: ToolContext): string {
  const lines = harmlessOutput(entry.output.text()).trimEnd().split('\n');
  const count = Math.floor(limit ?? defaultLogLines);
  const first = offset === undefined ? Math.max(1, lines.length - count + 1) : Math.floor(offset);
  const part = lines.slice(first - 1, first - 1 + count);
  const where = `lines ${first} to ${first - 1 + part.length} of ${lines.length}; ${entry.id} ${stateOf(entry)}`;
  return `${shorten(part.join('\n'), context.maxOutputChars, 'ask for fewer lines with offset and limit')}\n[${where}]`;
}

async function write(entry: BackgroundProcess, { data, eof }: Input): Promise<ToolResult> {
  if (entry.exit)
    throw new AppError('invalid', `${entry.id} has ended: ${wordsOfEnd(entry.exit)}.`, { hint: 'Start it again with exec.' });
  if (data === undefined && !eof)
    throw new AppError('invalid', 'process write needs data or eof.', { hint: 'A line ends with \\n.' });
  if (data !== undefined) await entry.process.write(Buffer.from(data));
  if (eof) await entry.process.endInput();
  return said(`[written to ${entry.id}${eof ? '; its input is ended' : ''}]`);
}
