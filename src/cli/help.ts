/** Help texts, made from the command tree and the arguments' definitions. */
import type { ArgDef, ArgsDef } from 'citty';
import { version } from '../version.ts';
import { isGroup, type CommandGroup } from './command.ts';

export function groupHelp(path: string[], group: CommandGroup): string {
  const width = Math.max(...Object.keys(group.commands).map((name) => name.length));
  const rows = Object.entries(group.commands).map(
    ([name, node]) => `  ${name.padEnd(width)}  ${node.description}${isGroup(node) ? ' …' : ''}`,
  );
  const title = path.length === 0 ? `OpenClaw ${version}: ${group.description}` : group.description;
  const usage = `Usage: openclaw ${[...path, group.bare ? '[COMMAND]' : 'COMMAND'].join(' ')} [OPTIONS]`;
  const everywhere =
    path.length === 0
      ? ['', 'Everywhere: --help, --json where a script might look, --profile NAME, --no-color.', 'Version: openclaw --version']
      : [];
  return [title, '', usage, '', 'Commands:', ...rows, ...everywhere].join('\n');
}

export function leafHelp(path: string[], description: string, definition: ArgsDef): string {
  const entries = Object.entries(definition).filter(([name]) => name !== '_rest');
  const places = entries.filter(([, arg]) => arg.type === 'positional');
  const options = entries.filter(([, arg]) => arg.type !== 'positional');
  const usage = [
    'Usage: openclaw',
    ...path,
    ...places.map(([name, arg]) => placeholder(name, arg)),
    ...(options.length ? ['[OPTIONS]'] : []),
  ];
  const lines = [description, '', usage.join(' ')];
  if (places.length) lines.push('', 'Arguments:', ...rows(places.map(([name, arg]) => [name.toUpperCase(), describe(arg)])));
  if (options.length) lines.push('', 'Options:', ...rows(options.map(([name, arg]) => [optionForm(name, arg), describe(arg)])));
  return lines.join('\n');
}

function placeholder(name: string, arg: ArgDef): string {
  const word = name.toUpperCase();
  return arg.required === false ? `[${word}]` : word;
}

function optionForm(name: string, arg: ArgDef): string {
  const aliases = 'alias' in arg ? [arg.alias ?? []].flat() : [];
  const short = aliases.filter((alias) => alias.length === 1).map((alias) => `-${alias}, `);
  const value = arg.type === 'string' || arg.type === 'enum' ? ` ${arg.valueHint ?? name.toUpperCase()}` : '';
  return `${short.join('')}--${name}${value}`;
}

function describe(arg: ArgDef): string {
  const choices = arg.type === 'enum' && arg.options ? ` (${arg.options.join(', ')})` : '';
  const preset = arg.default === undefined || arg.default === false ? '' : ` [${String(arg.default)}]`;
  return `${arg.description ?? ''}${choices}${preset}`;
}

function rows(pairs: [string, string][]): string[] {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}
