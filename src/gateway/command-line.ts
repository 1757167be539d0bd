/** How a chat command is written: `/name`, `/name@bot`, `/name: rest`, `/name rest`. Knows the names, not what they do. */

export interface CommandLine {
  name: string;
  rest: string;
}

/** Done at once, beside the lane. */
const SIDE_COMMANDS: ReadonlySet<string> = new Set([
  'start',
  'help',
  'status',
  'new',
  'reset',
  'stop',
  'model',
  'think',
  'usage',
  'whoami',
  'context',
]);

/** Done in the lane, in order with the messages: they need the conversation to themselves. */
const LANE_COMMANDS: ReadonlySet<string> = new Set(['compact', 'retry']);

const COMMAND = /^\/([a-z]{2,16})(?:@\w{1,64})?(?::|\s|$)/i;

/** Undefined for anything that is no command of ours: it goes to the model as it is. */
export function commandLineOf(text: string): CommandLine | undefined {
  if (!text.startsWith('/')) return undefined;
  const match = COMMAND.exec(text);
  const name = match?.[1]?.toLowerCase();
  if (!match || name === undefined) return undefined;
  if (!SIDE_COMMANDS.has(name) && !LANE_COMMANDS.has(name)) return undefined;
  return { name, rest: text.slice(match[0].length).trim() };
}

export function isSideCommand(text: string): boolean {
  const line = commandLineOf(text);
  return line !== undefined && SIDE_COMMANDS.has(line.name);
}

export function laneCommandOf(text: string): CommandLine | undefined {
  const line = commandLineOf(text);
  return line !== undefined && LANE_COMMANDS.has(line.name) ? line : undefined;
}
