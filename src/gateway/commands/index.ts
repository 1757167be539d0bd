/** The list of chat commands that are done beside the lane. Loaded when the first one comes. */
import type { ChatCommand } from './command.ts';
import { context } from './context.ts';
import { help, start } from './help.ts';
import { model } from './model.ts';
import { newConversation, reset } from './new.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { think } from './think.ts';
import { usage } from './usage.ts';
import { whoami } from './whoami.ts';

export const commands: readonly ChatCommand[] = [
  start,
  help,
  status,
  newConversation,
  reset,
  stop,
  model,
  think,
  usage,
  whoami,
  context,
];
