/** Owns how the output and the end of a command are put into words for a model: the same words for the same outcome, whatever it took. */
import type { ExecResult, Sandbox } from '../domain/sandbox.ts';
import type { ToolContext, ToolResult } from '../domain/tool.ts';
import type { OutputLog } from './output-log.ts';
import { decodeText, describeBytes, harmlessOutput, looksBinary, shorten } from './text-for-model.ts';

export type CommandEnd = Pick<ExecResult, 'exitCode' | 'signal' | 'timedOut'>;

/** `exit code 1`, `killed: over its time`, `killed by SIGKILL`. */
export function wordsOfEnd({ exitCode, signal, timedOut }: CommandEnd): string {
  if (timedOut) return 'killed: it ran longer than its timeout';
  return exitCode === undefined ? `killed by ${signal ?? 'a signal'}` : `exit code ${exitCode}`;
}

export async function commandResult(end: CommandEnd, log: OutputLog, place: OutputPlace): Promise<ToolResult> {
  const text = await outputText(log, place);
  const failed = end.exitCode !== 0;
  if (text === '') return { text: `[no output; ${wordsOfEnd(end)}]`, isError: failed };
  return { text: failed ? `${text}\n[${wordsOfEnd(end)}]` : text, isError: failed };
}

export interface OutputPlace {
  sandbox: Sandbox;
  context: Pick<ToolContext, 'callId' | 'maxOutputChars'>;
}

/** What the model sees of the output. What it does not see is kept in a file that it can read. */
export async function outputText(log: OutputLog, place: OutputPlace): Promise<string> {
  const bytes = log.bytes();
  if (bytes.length === 0) return '';
  if (looksBinary(bytes)) return `[${describeBytes(bytes, log.bytesSeen())}; ${await keep(bytes, 'bin', place)}]`;
  const text = harmlessOutput(decodeText(bytes)).trimEnd();
  const { maxOutputChars } = place.context;
  return text.length <= maxOutputChars ? text : shorten(text, maxOutputChars, await keep(Buffer.from(text), 'txt', place));
}

/** Where the whole of it is, in words. A scratch directory that is full must not cost the model the result. */
async function keep(bytes: Uint8Array, extension: string, { sandbox, context }: OutputPlace): Promise<string> {
  const name = context.callId.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);
  const path = `${sandbox.scratchDir}/out/${name}.${extension}`;
  try {
    await sandbox.writeFile(path, bytes);
    return `all of it is in ${path}`;
  } catch {
    return 'the rest could not be kept: there is no room for it';
  }
}
