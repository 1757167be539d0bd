/** The commands as menus show them, those that are done in the lane among them. Light: it is read at every start. */
import type { ChatCommandName } from '../../domain/channel.ts';

export const menu: readonly ChatCommandName[] = [
  { name: 'help', description: 'what you can do here' },
  { name: 'status', description: 'model, context and what is going on' },
  { name: 'new', description: 'start a new conversation' },
  { name: 'reset', description: 'the same as /new' },
  { name: 'stop', description: 'stop what is running and drop what waits' },
  { name: 'retry', description: 'answer my last message again' },
  { name: 'model', description: 'show or choose the model' },
  { name: 'think', description: 'show or choose how long the model thinks' },
  { name: 'usage', description: 'tokens and cost; off, tokens or full under each answer' },
  { name: 'context', description: 'what fills the context' },
  { name: 'compact', description: 'sum up the conversation so far' },
  { name: 'whoami', description: 'who you are to the gateway' },
];
