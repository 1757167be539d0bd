/**
 * Whether a script reads its standard input. The interpreter takes all input before it starts, so a command that is started with
 * open input waits for its end only if it reads any. A guess from the script's text; a wrong one means empty input. Runs in
 * the shell's process.
 */
import { parse } from 'just-bash';
import type { SimpleCommandNode, StatementNode } from 'just-bash';
import { literalOf } from './script.ts';

/** Programs that read their input when they have at most so many operands. */
const READERS = new Map<string, number>([
  ...['read', 'mapfile', 'readarray', 'tr', 'tee', 'xargs'].map((name) => [name, Infinity] as const),
  ...['grep', 'egrep', 'fgrep', 'sed', 'awk', 'jq', 'yq'].map((name) => [name, 1] as const),
  ...['cat', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'nl', 'rev', 'tac', 'od', 'fold', 'column', 'strings'].map(
    (name) => [name, 0] as const,
  ),
  ...['base64', 'md5sum', 'sha1sum', 'sha256sum', 'gzip', 'gunzip', 'zcat', 'bash', 'sh'].map((name) => [name, 0] as const),
]);

const INPUT_OPERATORS = new Set(['<', '<<', '<<-', '<<<', '<>', '<&']);

export function takesInput(command: { argv: string[] } | { shell: string }): boolean {
  if ('argv' in command) return readsWith(command.argv);
  try {
    return parse(command.shell).statements.some(statementReads);
  } catch {
    // A script that cannot be parsed fails at once, whatever its input.
    return false;
  }
}

function statementReads(statement: StatementNode): boolean {
  // Only the first command of a pipeline reads what the script was given.
  return statement.pipelines.some(({ commands: [first] }) => nodeReads(first));
}

function nodeReads(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(nodeReads);
  if (typeof node !== 'object' || node === null) return false;
  if ('redirections' in node && hasInput(node.redirections)) return false;
  if (isA<SimpleCommandNode>(node, 'SimpleCommand') && commandReads(node)) return true;
  if (isA<StatementNode>(node, 'Statement')) return statementReads(node);
  return Object.values(node).some(nodeReads);
}

function isA<Node extends { type: string }>(node: object, type: Node['type']): node is Node {
  return 'type' in node && node.type === type;
}

function commandReads({ name, args }: SimpleCommandNode): boolean {
  return name !== null && readsWith([literalOf(name), ...args.map(literalOf)]);
}

function readsWith([name = '', ...args]: string[]): boolean {
  const most = READERS.get(name.slice(name.lastIndexOf('/') + 1));
  return most !== undefined && args.filter((text) => !text.startsWith('-')).length <= most;
}

function hasInput(redirections: unknown): boolean {
  return Array.isArray(redirections) && redirections.some(({ operator, fd }) => INPUT_OPERATORS.has(operator) && (fd ?? 0) === 0);
}
