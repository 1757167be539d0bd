/**
 * Finds the command, checks its options, runs it, and turns what it throws into words and an exit code.
 * Must not throw and must not end the process.
 */
import { parseArgs, type ArgsDef } from 'citty';
import { AppError, isAppError } from '../domain/errors.ts';
import { exitCodes, type ExitCode } from '../runtime/exit-codes.ts';
import { commands } from './commands/index.ts';
import { isGroup, type AnyCommand, type CommandGroup, type CommandNode } from './command.ts';
import { createContext, type CliContext } from './context.ts';
import { readGlobalOptions } from './global-options.ts';
import { groupHelp, leafHelp } from './help.ts';
import { nearest } from '../config/nearest.ts';
import { createOutput } from './output.ts';
import { reportBug } from './report-bug.ts';

export async function runCli(argv: readonly string[]): Promise<ExitCode> {
  const { options, rest } = readGlobalOptions(argv);
  const context = createContext(options, createOutput({ colour: options.colour }));
  try {
    return await dispatch(rest, context);
  } catch (error) {
    if (!isAppError(error)) return reportBug(error, context);
    return reportProblem(error, context, rest.includes('--json'));
  } finally {
    await context.close();
  }
}

class UsageError extends AppError {}

function reportProblem(error: AppError, context: CliContext, json: boolean): ExitCode {
  if (json) context.out.json({ ok: false, error: { code: error.code, message: error.message, hint: error.hint } });
  context.out.note(`${context.out.style('red', 'error:')} ${error.message}`);
  if (error.hint) context.out.note(error.hint.replace(/^/gm, '  '));
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

interface Found {
  path: string[];
  node: CommandNode;
  rest: string[];
}

/** Walks down the tree as long as words name a command. */
function find(words: string[]): Found {
  let found: Found = { path: [], node: commands, rest: words };
  while (isGroup(found.node)) {
    const [name, ...rest] = found.rest;
    const next = name === undefined || name.startsWith('-') ? undefined : found.node.commands[name];
    if (!next) return found;
    found = { path: [...found.path, name as string], node: next, rest };
  }
  return found;
}

async function dispatch(words: string[], context: CliContext): Promise<ExitCode> {
  const asksForHelp = words[0] === 'help';
  let { path, node, rest } = find(asksForHelp ? words.slice(1) : words);
  const wantsHelp = asksForHelp || rest.includes('--help') || rest.includes('-h');
  if (isGroup(node)) {
    const stray = rest.find((word) => !word.startsWith('-'));
    if (stray !== undefined) throw unknownCommand(path, stray, node);
    if (wantsHelp || !node.bare) {
      context.out.line(groupHelp(path, node));
      return wantsHelp ? exitCodes.ok : exitCodes.usage;
    }
    path = [...path, node.bare];
    node = node.commands[node.bare] as Exclude<CommandNode, CommandGroup>;
  }
  if (isGroup(node)) throw new Error(`the bare command of ${path.join(' ')} is a group`);
  const command = (await node.load()).default as AnyCommand;
  const definition = ((await resolve(command.args)) ?? {}) as ArgsDef;
  if (wantsHelp) {
    context.out.line(leafHelp(path, node.description, definition));
    return exitCodes.ok;
  }
  return runLeaf(command, { path, definition, rest }, context);
}

interface LeafCall {
  path: string[];
  definition: ArgsDef;
  rest: string[];
}

async function runLeaf(command: AnyCommand, call: LeafCall, context: CliContext): Promise<ExitCode> {
  refuseUnknownOptions(call);
  const args = parse(call);
  refuseStrayWords(call, args._);
  const result: unknown = await command.run?.({ args, rawArgs: call.rest, cmd: command, data: context } as never);
  return typeof result === 'number' ? (result as ExitCode) : exitCodes.ok;
}

function parse(call: LeafCall): ReturnType<typeof parseArgs> {
  try {
    return parseArgs(call.rest, call.definition);
  } catch (error) {
    throw new UsageError('invalid', `${(error as Error).message}.`, {
      hint: `See: openclaw ${call.path.join(' ')} --help`,
      cause: error,
    });
  }
}

async function resolve<T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): Promise<T | undefined> {
  return typeof value === 'function' ? await (value as () => T | Promise<T>)() : value;
}

function unknownCommand(path: string[], word: string, group: CommandGroup): AppError {
  const known = Object.keys(group.commands);
  const guess = nearest(word, known);
  const where = ['openclaw', ...path].join(' ');
  return new UsageError('invalid', `unknown command '${word}'`, {
    hint: guess ? `Did you mean: ${where} ${guess}` : `See: ${where} --help`,
  });
}

/** The option names of a definition, with aliases, in the forms that people type. */
function optionNames(definition: ArgsDef): Set<string> {
  const names = new Set<string>();
  for (const [name, arg] of Object.entries(definition)) {
    if (arg.type === 'positional') continue;
    const aliases = arg.type === undefined || !('alias' in arg) ? [] : [arg.alias ?? []].flat();
    for (const one of [name, ...aliases]) {
      names.add(one.length === 1 ? `-${one}` : `--${one}`);
      if (arg.type === 'boolean' && one.length > 1) names.add(`--no-${one}`);
    }
  }
  return names;
}

function refuseUnknownOptions({ path, definition, rest }: LeafCall): void {
  const known = optionNames(definition);
  const end = rest.indexOf('--');
  const valued = new Set(
    Object.entries(definition).flatMap(([name, arg]) => (arg.type === 'string' || arg.type === 'enum' ? [`--${name}`] : [])),
  );
  for (let at = 0; at < (end < 0 ? rest.length : end); at += 1) {
    const word = rest[at] as string;
    if (valued.has(word)) at += 1;
    if (!word.startsWith('-') || word === '-' || valued.has(word)) continue;
    const name = word.split('=', 1)[0] as string;
    if (known.has(name)) continue;
    const guess = nearest(name, [...known]);
    throw new UsageError('invalid', `unknown option '${name}'`, {
      hint: guess ? `Did you mean ${guess}?` : `See: openclaw ${path.join(' ')} --help`,
    });
  }
}

function refuseStrayWords({ path, definition }: LeafCall, words: string[]): void {
  const places = Object.values(definition).filter((arg) => arg.type === 'positional').length;
  const stray = words[places];
  if (stray === undefined || '_rest' in definition) return;
  throw new UsageError('invalid', `unexpected argument '${stray}'`, { hint: `See: openclaw ${path.join(' ')} --help` });
}
