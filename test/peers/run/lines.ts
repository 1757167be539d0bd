/**
 * Owns what a line of standard input does: a message of the person on stage, or a command for the stage itself.
 * A slash command that is not in the list goes to the bot, for it has commands of its own.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { BotApi, Chat, Fault, Message, Network, Person } from '../bot-api.ts';
import type { ModelApi, Step } from '../model-api.ts';

export const LINE_HELP = `Lines on standard input are messages of a person (id 556) to the bot, and:

  /as ID [TEXT]             be another person
  /group [ID]               speak in a group (-100)
  /private                  speak in private again
  /photo PATH [CAPTION]     send a photo; /file, /voice and /sticker likewise
  /reply MESSAGE TEXT       answer a message by its number
  /edit MESSAGE TEXT        change a message of one's own
  /press MESSAGE DATA       press a button
  /react MESSAGE EMOJI      react to a message
  /block, /unblock          shut the bot out, let it in
  /channel ID TEXT          a post in a channel
  /flood N [PEOPLE]         N messages of that many people
  /fault METHOD WHAT [N]    the next N calls fail: an HTTP status (429:7 waits 7 s), before, after, truncate, silent
  /answer JSON              the steps of the model's next answer, e.g. [{"reasoning":"hm"},{"text":"yes"}]
  /network up|silent|refused
  /revoke [TOKEN]           the token stops working; with TOKEN, that one works
  /pending                  updates that the bot did not confirm
  /stats                    what was counted
  /peers                    this list
  /quit`;

export interface Stage {
  readonly bot: BotApi;
  readonly model: ModelApi;
  person: Person;
}

const FIRST_PERSON = 556;

export function createStage(bot: BotApi, model: ModelApi): Stage {
  return { bot, model, person: bot.person(FIRST_PERSON, { first_name: 'Al', username: 'al' }) };
}

/** One command: what follows its name in, what to tell in return. */
type Command = (stage: Stage, rest: string) => string | Promise<string>;

/** Does what the line says. The result is told to whoever typed it; it is empty when there is nothing to tell. */
export async function perform(stage: Stage, line: string): Promise<string> {
  if (line.trim() === '') return '';
  const [, name = '', rest = ''] = /^\/(\S+)\s*(.*)$/s.exec(line) ?? [];
  const command = COMMANDS.get(name);
  return command === undefined ? told(stage.person.text(line)) : command(stage, rest);
}

function told(message: Message): string {
  const who = message.from?.first_name ?? message.chat.title ?? '';
  const where = message.chat.type === 'private' ? '' : ` in ${message.chat.title ?? message.chat.id}`;
  return `${who}${where} #${message.message_id}`;
}

const COMMANDS = new Map<string, Command>(
  Object.entries({
    as: speakAs,
    group: (stage: Stage, rest: string) => stepInto(stage, stage.bot.group(rest === '' ? -100 : Number(rest))),
    private: (stage: Stage) => speakAs(stage, String(stage.person.user.id)),
    photo: (stage: Stage, rest: string) => sendFile(stage, 'photo', rest),
    file: (stage: Stage, rest: string) => sendFile(stage, 'document', rest),
    voice: (stage: Stage, rest: string) => sendFile(stage, 'voice', rest),
    sticker: (stage: Stage, rest: string) => sendFile(stage, 'sticker', rest),
    reply: (stage: Stage, rest: string) => onMessage(rest, (replyTo, text) => told(stage.person.text(text, { replyTo }))),
    edit: (stage: Stage, rest: string) => onMessage(rest, (id, text) => told(stage.person.edit(id, text))),
    press: (stage: Stage, rest: string) => onMessage(rest, (id, data) => `query ${stage.person.press(id, data)}`),
    react: (stage: Stage, rest: string) =>
      onMessage(rest, (id, emoji) => {
        stage.person.react(id, emoji);
        return '';
      }),
    block: (stage: Stage) => quietly(() => stage.person.block()),
    unblock: (stage: Stage) => quietly(() => stage.person.unblock()),
    channel: (stage: Stage, rest: string) => onMessage(rest, (id, text) => told(stage.bot.channel(id).post(text))),
    flood,
    fault,
    answer,
    network,
    revoke: (stage: Stage, rest: string) => quietly(() => stage.bot.revoke(rest === '' ? undefined : rest)),
    pending: (stage: Stage) =>
      stage.bot
        .pending()
        .map((update) => JSON.stringify(update))
        .join('\n') || 'nothing',
    stats,
    peers: () => LINE_HELP,
  } satisfies Record<string, Command>),
);

function quietly(act: () => void): string {
  act();
  return '';
}

function speakAs(stage: Stage, rest: string): string {
  const [, id = '', text = ''] = /^(\d+)\s*(.*)$/s.exec(rest) ?? [];
  if (id === '') throw new TypeError('usage: /as ID [TEXT]');
  stage.person = stage.bot.person(Number(id));
  return text === '' ? `you are ${stage.person.user.first_name}` : told(stage.person.text(text));
}

function stepInto(stage: Stage, chat: Chat): string {
  stage.person = stage.person.in(chat);
  return `you are in ${chat.title ?? chat.id}`;
}

function onMessage(rest: string, act: (id: number, text: string) => string): string {
  const [, id = '', text = ''] = /^(-?\d+)\s+(.+)$/s.exec(rest) ?? [];
  if (id === '') throw new TypeError('usage: a number, then the text');
  return act(Number(id), text);
}

async function sendFile({ person }: Stage, kind: 'photo' | 'document' | 'voice' | 'sticker', rest: string): Promise<string> {
  const [path = '', ...words] = rest.split(' ');
  const bytes = await readFile(path);
  const caption = words.join(' ');
  const options = caption === '' ? {} : { caption };
  if (kind === 'document') return told(person.document(bytes, basename(path), options));
  return told(person[kind](bytes, options));
}

function flood({ bot }: Stage, rest: string): string {
  const [count = 0, people = 1] = rest.split(' ').map(Number);
  for (let index = 0; index < count; index += 1) bot.person(1000 + (index % people)).text(`message ${index + 1}`);
  return `${count} messages of ${people}`;
}

function fault({ bot }: Stage, rest: string): string {
  const [method = '', what = '', times = '1'] = rest.split(' ');
  bot.fault(method, { times: Number(times), ...readFault(what) });
  return '';
}

function readFault(what: string): Fault {
  if (what === 'before' || what === 'after') return { reset: what };
  if (what === 'truncate' || what === 'silent') return { [what]: true };
  const [status, seconds] = what.split(':').map(Number);
  if (status === undefined || !Number.isInteger(status)) throw new TypeError('usage: /fault METHOD WHAT [N]');
  return seconds === undefined ? { status } : { status, retryAfterSeconds: seconds };
}

function answer({ model }: Stage, rest: string): string {
  const steps: unknown = JSON.parse(rest);
  if (!Array.isArray(steps)) throw new TypeError('usage: /answer [{"text":"yes"}]');
  // What a person types is theirs to get right; a step that is none shows in the peer's own failure.
  model.answerNext(steps as Step[]);
  return '';
}

async function network({ bot }: Stage, rest: string): Promise<string> {
  const state = (['up', 'silent', 'refused'] satisfies Network[]).find((name) => name === rest);
  if (state === undefined) throw new TypeError('usage: /network up|silent|refused');
  await bot.network(state);
  return `the network is ${state}`;
}

function stats({ bot, model }: Stage): string {
  const refused = model.refusals.map((refusal) => `\n  ${refusal.status} ${refusal.path} ${refusal.message}`).join('');
  const failures = [...bot.failures, ...model.failures].map((error) => `\n! ${String(error)}`).join('');
  return (
    `bot: ${bot.count()} calls, ${bot.sentCount()} messages sent, ${bot.pending().length} updates not confirmed\n` +
    `model: ${model.count()} calls, ${model.inFlight()} in flight, ${model.abandoned()} given up, ${model.refusals.length} refused` +
    refused +
    failures
  );
}
