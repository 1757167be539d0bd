/** Runs a shell command in the sandbox; one that takes long goes on in the background. */
import * as z from 'zod/mini';
import { systemClock } from '../domain/clock.ts';
import { isAppError } from '../domain/errors.ts';
import type { ExecResult, Sandbox, SandboxProcess } from '../domain/sandbox.ts';
import type { BackgroundProcess, ToolContext, ToolResult } from '../domain/tool.ts';
import { aboutPath } from './about-path.ts';
import { commandResult, outputText } from './command-result.ts';
import { defineTool } from './define.ts';
import { flagField, numberField, textField, textsField, toolInput } from './input.ts';
import { OutputLog } from './output-log.ts';
import { markShown } from './shown-output.ts';

/** Of one command's output; half from its beginning and half from its end. */
const keptOutputBytes = 8 * 1_048_576;
const defaultBackgroundMs = 10_000;

const input = toolInput(
  {
    command: textField(),
    workdir: z.optional(textField()),
    env: z.optional(textsField()),
    timeout: z.optional(numberField(0.001, 'Seconds')),
    background: z.optional(flagField()),
    yieldMs: z.optional(numberField(0, 'Milliseconds until it goes to the background')),
  },
  { cwd: 'workdir' },
);
type Input = z.output<typeof input>;

export const exec = defineTool<Input>({
  name: 'exec',
  groups: ['runtime'],
  description:
    'Run a shell command in the sandbox. One that runs long goes on in the background; see it with process. Only background: true keeps its input open.',
  input,
  effect: () => 'write',
  async run(given, context) {
    const sandbox = await context.sandbox();
    const running = await startCommand(sandbox, given, context);
    const end = given.background ? undefined : await endInForeground(running, context);
    if (end) return running.finish(end);
    try {
      return await toBackground(running, context);
    } catch (error) {
      // No more room in the background.
      if (!isAppError(error, 'limit') || given.background) {
        await running.process.kill();
        throw error;
      }
      return running.finish(await running.process.result);
    }
  },
});

/** Undefined when it runs longer than one waits for it. */
function endInForeground({ given, timeoutMs, process }: RunningCommand, context: ToolContext): Promise<ExecResult | undefined> {
  const waitMs = given.yieldMs ?? context.backgroundMs ?? defaultBackgroundMs;
  // One that would be killed before it may go to the background stays where it is.
  return waitMs >= timeoutMs ? process.result : endWithin(process.result, waitMs);
}

interface RunningCommand {
  sandbox: Sandbox;
  given: Input;
  timeoutMs: number;
  process: SandboxProcess;
  log: OutputLog;
  /** The turn's end no longer ends it. */
  detach(): void;
  finish(result: ExecResult): Promise<ToolResult>;
}

async function startCommand(sandbox: Sandbox, given: Input, context: ToolContext): Promise<RunningCommand> {
  const log = new OutputLog(keptOutputBytes);
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (context.signal.aborted) onAbort();
  context.signal.addEventListener('abort', onAbort, { once: true });
  const detach = (): void => context.signal.removeEventListener('abort', onAbort);
  const timeoutMs = given.timeout === undefined ? context.timeoutMs : Math.min(given.timeout * 1000, context.timeoutMs);
  const start = sandbox.start({
    command: { shell: given.command },
    ...(given.workdir !== undefined && { cwd: given.workdir }),
    ...(given.env && { env: given.env }),
    timeoutMs,
    maxOutputBytes: 0,
    signal: stop.signal,
    onOutput: (_stream, bytes) => log.add(bytes),
  });
  start.catch(detach);
  const process = await (given.workdir === undefined ? start : aboutPath(given.workdir, start));
  if (!given.background) await process.endInput();
  const finish = (result: ExecResult): Promise<ToolResult> => {
    detach();
    return commandResult(result, log, { sandbox, context });
  };
  return { sandbox, given, timeoutMs, process, log, detach, finish };
}

async function toBackground({ sandbox, given, process, log, detach }: RunningCommand, context: ToolContext): Promise<ToolResult> {
  const entry = context.processes.add({ command: given.command, startedAtMs: systemClock.now(), process, output: log });
  detach();
  noteEnd(entry);
  if (!given.background) markShown(entry, log.bytesSeen());
  const soFar = given.background ? '' : await outputText(log, { sandbox, context });
  const how = `see more with process: action poll, sessionId ${entry.id}`;
  return { text: `${soFar && `${soFar}\n`}[running in the background as ${entry.id}; ${how}]`, isError: false };
}

function noteEnd(entry: BackgroundProcess): void {
  entry.process.result.then(
    ({ exitCode, signal, timedOut }) => {
      entry.exit = { timedOut, ...(exitCode !== undefined && { exitCode }), ...(signal !== undefined && { signal }) };
    },
    // The sandbox ended, and the command with it.
    () => (entry.exit = { signal: 'SIGKILL', timedOut: false }),
  );
}

async function endWithin(result: Promise<ExecResult>, waitMs: number): Promise<ExecResult | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs);
  });
  return Promise.race([result, over]).finally(() => clearTimeout(timer));
}
