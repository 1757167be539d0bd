/**
 * Owns the peers by hand: starts both on fixed ports, says how to point the product at them, shows what goes by,
 * and takes lines of standard input as messages of a person. Must never decide anything about an answer.
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createBotApi, type BotApi } from './bot-api.ts';
import { createModelApi, type Discovery, type ModelApi } from './model-api.ts';
import { createStage, LINE_HELP, perform } from './run/lines.ts';
import { snippet, WIRES, type Wire } from './run/snippet.ts';
import { showTraffic } from './run/traffic.ts';

const HELP = `Usage: npm run peers -- [options]

Plays the messaging platform's and the model vendors' clouds on this machine, for trying things by hand.

  --bot-port N     Bot API (18081; 0 picks a free one)
  --model-port N   model API (18082; 0 picks a free one)
  --token TOKEN    the bot's token
  --wire NAME      in the snippet: ${WIRES.join(', ')} (openai-completions)
  --discovery NAME also play ollama, llama.cpp or lm-studio, without a key
  --context N      refuse prompts above N tokens
  --quiet          do not show the traffic
  --help           this text

${LINE_HELP}`;

interface Options {
  botPort: number;
  modelPort: number;
  token: string | undefined;
  wire: Wire;
  discovery: Discovery | undefined;
  contextTokens: number | undefined;
  quiet: boolean;
}

function readOptions(): Options | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      'bot-port': text,
      'model-port': text,
      token: text,
      wire: text,
      discovery: text,
      context: text,
      quiet: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  return {
    botPort: port(values['bot-port'], 18_081),
    modelPort: port(values['model-port'], 18_082),
    token: values.token,
    wire: oneOf(values.wire ?? 'openai-completions', WIRES),
    discovery:
      values.discovery === undefined ? undefined : oneOf(values.discovery, ['ollama', 'llama.cpp', 'lm-studio'] as const),
    contextTokens: values.context === undefined ? undefined : Number(values.context),
    quiet: values.quiet ?? false,
  };
}

function port(given: string | undefined, otherwise: number): number {
  const number = given === undefined ? otherwise : Number(given);
  if (Number.isInteger(number) && number >= 0 && number < 65_536) return number;
  throw new TypeError(`not a port: ${given}`);
}

function oneOf<T extends string>(given: string, names: readonly T[]): T {
  const found = names.find((name) => name === given);
  if (found === undefined) throw new TypeError(`not one of ${names.join(', ')}: ${given}`);
  return found;
}

async function start(options: Options): Promise<{ bot: BotApi; model: ModelApi }> {
  const { token, discovery, contextTokens } = options;
  const bot = await createBotApi({ port: options.botPort, ...(token !== undefined && { token }) });
  const model = await createModelApi({
    port: options.modelPort,
    ...(contextTokens !== undefined && { contextTokens }),
    ...(discovery !== undefined && { discovery, apiKey: null }),
  });
  return { bot, model };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === 'help') return say(HELP);
  const { bot, model } = await start(options);
  const stage = createStage(bot, model);
  const stop = (): void => {
    lines.close();
    process.stdin.destroy();
    void Promise.all([bot.close(), model.close()]);
  };
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.trim() === '/quit') return stop();
    perform(stage, line).then(
      (said) => said !== '' && say(said),
      (error: unknown) => say(`! ${error instanceof Error ? error.message : String(error)}`),
    );
  });
  // The end of standard input does not end the peers: a script may feed some lines and watch.
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  say(snippet({ bot, model, wire: options.wire }));
  if (!options.quiet) showTraffic(bot, model, say);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`);
  process.exitCode = 1;
}
