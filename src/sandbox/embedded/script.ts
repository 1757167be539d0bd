/**
 * Owns the changes to a parsed script that make the interpreter behave like a process: output that leaves as it is written, and
 * loops that let other work through. Must never change what the script does. Runs in the shell's process.
 */
import type { CommandNode, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash';

type Plugin = { name: string; transform(context: { ast: ScriptNode; metadata: Record<string, unknown> }): { ast: ScriptNode } };
type GroupNode = Extract<CommandNode, { type: 'Group' }>;

/** Paths whose appended bytes are the command's output. */
export interface OutputPaths {
  stdout: string;
  stderr: string;
}

interface Streaming extends OutputPaths {
  /** The script redirects its own output (`exec > file`), which a redirection of each command would undo. */
  redirectsItself: boolean;
  /** The script ends at its first error (`set -e`), of which a list (`a || b`) excuses its parts, but no group in it. */
  endsAtError: boolean;
}

/** A command that gives way to other work; its argument is the exit code that it must return. */
export const YIELD_COMMAND = '__openclaw_yield';

/** For one run of one script: scripts that it runs in turn (`bash -c`, `source`) keep their output, which may go into a pipe. */
export function createScriptPlugin(script: string, output: OutputPaths): Plugin {
  let first = true;
  // In a group the interpreter forgives an unset variable; a script that asked for the error gets its output at the end.
  const streams = !/\bnounset\b|\bset\s+-\w*u/.test(script);
  // A trace would show what was put in.
  const yields = !/\bxtrace\b|\bset\s+-\w*x/.test(script);
  const streaming: Streaming = {
    ...output,
    redirectsItself: /\bexec\b/.test(script),
    endsAtError: /\berrexit\b|\bset\s+-\w*e/.test(script),
  };
  return {
    name: 'process',
    transform({ ast }) {
      const statements = first && streams ? ast.statements.map((one) => streamed(one, streaming)) : ast.statements;
      first = false;
      if (yields) addYields(statements);
      return { ast: { ...ast, statements } };
    },
  };
}

/** The statement with its output redirected: as a whole, or part by part where it is a loop or a branch. */
function streamed(statement: StatementNode, output: Streaming): StatementNode {
  const command = onlyCommand(statement);
  if (statement.deferredError || (command && staysBare(command))) return statement;
  const inside = command && insideOf(command, (body) => body.map((one) => streamed(one, output)));
  return inside ? { ...statement, pipelines: [pipelineOf(inside)] } : group(statement, output);
}

/** The command of a statement that is nothing but this command. */
function onlyCommand({ pipelines, background }: StatementNode): CommandNode | undefined {
  const [pipeline] = pipelines;
  if (!pipeline || pipelines.length > 1 || background) return undefined;
  return pipeline.commands.length > 1 || pipeline.negated || pipeline.timed ? undefined : pipeline.commands[0];
}

/** What changes the shell itself, or has no output. */
function staysBare(command: CommandNode): boolean {
  if (command.type === 'FunctionDef') return true;
  if (command.type !== 'SimpleCommand') return false;
  return !command.name || (literalOf(command.name) === 'exec' && command.args.length === 0);
}

function insideOf(command: CommandNode, change: (body: StatementNode[]) => StatementNode[]): CommandNode | undefined {
  if (command.redirections.length > 0) return undefined;
  switch (command.type) {
    case 'For':
    case 'CStyleFor':
    case 'While':
    case 'Until':
    case 'Group':
      return { ...command, body: change(command.body) };
    case 'If':
      return {
        ...command,
        clauses: command.clauses.map((clause) => ({ ...clause, body: change(clause.body) })),
        elseBody: command.elseBody && change(command.elseBody),
      };
    case 'Case':
      return { ...command, items: command.items.map((item) => ({ ...item, body: change(item.body) })) };
    default:
      return undefined;
  }
}

/**
 * Each pipeline in a group of its own, which also makes a redirection that fails an error of this pipeline alone, as in any shell.
 */
function group(statement: StatementNode, output: Streaming): StatementNode {
  const bodies = output.endsAtError ? [statement] : statement.pipelines.map((pipeline) => statementOf(pipeline));
  const pipelines = bodies.map((body) => {
    const line = lineOf(body.pipelines[0]?.commands[0]);
    return pipelineOf({ type: 'Group', body: [withOutput(body, output)], redirections: redirections(output), ...line });
  });
  const [first] = pipelines;
  return output.endsAtError && first ? statementOf(first) : { ...statement, pipelines };
}

/**
 * A group's output is text to the interpreter; so the last command of a pipeline, whose output may be any bytes, is
 * redirected by itself as well.
 */
function withOutput(statement: StatementNode, output: Streaming): StatementNode {
  const pipelines = statement.pipelines.map((pipeline) => ({
    ...pipeline,
    commands: [...pipeline.commands.slice(0, -1), ...pipeline.commands.slice(-1).map((last) => redirected(last, output))],
  }));
  return { ...statement, pipelines };
}

function redirected(command: CommandNode, output: Streaming): CommandNode {
  if (command.type !== 'SimpleCommand' || !command.name || output.redirectsItself) return command;
  // Before its own ones, which so stay in force.
  return { ...command, redirections: [...redirections(output), ...command.redirections] };
}

function redirections({ stdout, stderr }: OutputPaths): GroupNode['redirections'] {
  return [
    { type: 'Redirection', fd: 1, operator: '>>', target: literal(stdout) },
    { type: 'Redirection', fd: 2, operator: '>>', target: literal(stderr) },
  ];
}

/** The interpreter runs a loop of builtins without ever returning to the event loop, so each turn of each loop does. */
function addYields(node: unknown): void {
  if (Array.isArray(node)) return node.forEach(addYields);
  if (typeof node !== 'object' || node === null) return;
  Object.values(node).forEach(addYields);
  if (isLoop(node)) node.body.unshift(yieldStatement());
}

function isLoop(node: object): node is { body: StatementNode[] } {
  return 'type' in node && ['For', 'CStyleFor', 'While', 'Until'].includes(String(node.type));
}

/** `YIELD $? && :` keeps `$?` and, being the left of `&&`, ends no `set -e` script. */
function yieldStatement(): StatementNode {
  const exitCode: WordNode = { type: 'Word', parts: [{ type: 'ParameterExpansion', parameter: '?', operation: null }] };
  const pipelines = [pipelineOf(simpleCommand(YIELD_COMMAND, [exitCode])), pipelineOf(simpleCommand(':', []))];
  return { type: 'Statement', pipelines, operators: ['&&'], background: false };
}

function simpleCommand(name: string, args: WordNode[]): CommandNode {
  return { type: 'SimpleCommand', assignments: [], name: literal(name), args, redirections: [] };
}

function pipelineOf(command: CommandNode): PipelineNode {
  return { type: 'Pipeline', commands: [command], negated: false };
}

function statementOf(pipeline: PipelineNode): StatementNode {
  return { type: 'Statement', pipelines: [pipeline], operators: [], background: false };
}

function lineOf(node: { line?: number } | undefined): { line?: number } {
  return node?.line === undefined ? {} : { line: node.line };
}

export function literal(value: string): WordNode {
  return { type: 'Word', parts: [{ type: 'Literal', value }] };
}

/** A word without expansions, else the empty text. */
export function literalOf(word: WordNode): string {
  const texts = word.parts.map((part) => ('value' in part && typeof part.value === 'string' ? part.value : undefined));
  return texts.includes(undefined) ? '' : texts.join('');
}
