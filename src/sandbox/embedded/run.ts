/**
 * Owns one command from its message to its end. Runs in the shell's process; the gateway watches its time and memory.
 */
import { Bash, defineCommand } from 'just-bash';
import type { BashExecResult, BashOptions, CommandName, CustomCommand } from 'just-bash';
import type { ShellFileSystem } from './file-system.ts';
import type { RunMessage } from './protocol.ts';
import { createScriptPlugin, YIELD_COMMAND } from './script.ts';

/**
 * All of just-bash but what brings a heavy part of its own (a database, WebAssembly, an HTTP client); the build leaves those out.
 */
const COMMANDS = (
  'alias awk base64 basename bash cat chmod clear column comm cp cut date diff dirname du echo egrep env ' +
  'expand expr false fgrep file find fold grep gunzip gzip head help history hostname join jq ln ls md5sum ' +
  'mkdir mv nl od paste printenv printf pwd readlink rev rg rm rmdir sed seq sh sha1sum sha256sum sleep sort ' +
  'split stat strings tac tail tar tee time timeout touch tr tree true unalias unexpand uniq wc which whoami ' +
  'xargs yq zcat'
).split(' ') as CommandName[];

/** The interpreter has words of its own for these, which would puzzle here. */
const MISSING = ['python3', 'python', 'node', 'js-exec', 'sqlite3', 'xan', 'html-to-markdown', 'curl'].map((name) =>
  defineCommand(name, async () => ({
    stdout: '',
    stderr: `${name}: not found: the embedded sandbox does not have it\n`,
    exitCode: 127,
  })),
);

/** Longer than a turn of the event loop costs, shorter than anybody waits. */
const SLICE_MS = 10;
const now = performance.now.bind(performance);
const nextTurn = setImmediate;
let sliceStart = 0;

const yieldCommand = defineCommand(YIELD_COMMAND, async ([exitCode]) => {
  if (now() - sliceStart > SLICE_MS) {
    await new Promise<void>((resolve) => nextTurn(resolve));
    sliceStart = now();
  }
  return { stdout: '', stderr: '', exitCode: Number(exitCode) };
});

const CUSTOM: CustomCommand[] = [yieldCommand, ...MISSING];

export interface RunPlace {
  files: ShellFileSystem;
  cwd: string;
  home: string;
  liveBytes: number;
  onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  signal: AbortSignal;
}

/** Puts /bin, /dev and /proc where they are looked for. */
export function furnish(files: NonNullable<BashOptions['fs']>): Bash {
  return new Bash({ fs: files, cwd: '/', commands: COMMANDS, customCommands: CUSTOM });
}

/** The exit code; undefined when the signal ended it. Never rejects because of what the command did. */
export async function run(message: RunMessage, place: RunPlace): Promise<number | undefined> {
  const { script, args } = scriptOf(message.command);
  const output = { stdout: `/dev/.output/${message.id}/1`, stderr: `/dev/.output/${message.id}/2` };
  const removeSinks = [
    place.files.addSink(output.stdout, (bytes) => place.onOutput('stdout', bytes)),
    place.files.addSink(output.stderr, (bytes) => place.onOutput('stderr', bytes)),
  ];
  const bash = new Bash(optionsOf(message, place));
  bash.registerTransformPlugin(createScriptPlugin(script, output));
  try {
    const stdin = Buffer.from(message.stdin).toString('latin1');
    const result = await bash.exec(script, { args, stdin, stdinKind: 'bytes', rawScript: true, signal: place.signal });
    return report(result, place);
  } catch (error) {
    if (place.signal.aborted) return undefined;
    place.onOutput('stderr', Buffer.from(`bash: ${error instanceof Error ? error.message : String(error)}\n`));
    return 1;
  } finally {
    for (const remove of removeSinks) remove();
  }
}

function optionsOf(message: RunMessage, { files, cwd, home, liveBytes }: RunPlace): BashOptions {
  return {
    fs: files,
    cwd,
    env: { HOME: home, LANG: 'C.UTF-8', USER: 'sandbox', ...message.env },
    commands: COMMANDS,
    customCommands: CUSTOM,
    executionLimits: {
      // Time ends a loop here; counts are only for what does not give way to other work.
      maxExecutionTimeMs: Infinity,
      maxCommandCount: 20_000_000,
      maxLoopIterations: 20_000_000,
      maxWorkUnits: 100_000_000,
      maxAwkIterations: 2_000_000,
      maxLiveBytes: liveBytes,
      maxInputBytes: liveBytes,
      maxOutputSize: liveBytes,
      maxStringLength: Math.ceil(liveBytes / 4),
      maxHeredocSize: Math.ceil(liveBytes / 4),
      maxArchiveBytes: liveBytes,
      maxArchiveCompressedBytes: liveBytes,
      maxArchiveEntryBytes: liveBytes,
    },
  };
}

function scriptOf(command: RunMessage['command']): { script: string; args: string[] } {
  if ('shell' in command) return { script: command.shell, args: [] };
  const [program = '', ...args] = command.argv;
  return { script: `'${program.replaceAll("'", `'\\''`)}'`, args };
}

/** What did not leave through the sinks: output of scripts that are not streamed, syntax errors, the end of a limit. */
function report(result: BashExecResult, { onOutput, signal }: RunPlace): number | undefined {
  const stdout = Buffer.from(
    result.stdout,
    result.stdoutKind === 'bytes' || result.stdoutEncoding === 'binary' ? 'latin1' : 'utf8',
  );
  const stderr = Buffer.from(signal.aborted ? result.stderr.replace(/bash: execution aborted\n$/, '') : result.stderr);
  if (stdout.length > 0) onOutput('stdout', stdout);
  if (stderr.length > 0) onOutput('stderr', stderr);
  return signal.aborted ? undefined : result.exitCode;
}
