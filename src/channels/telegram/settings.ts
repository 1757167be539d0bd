/** Owns the schema of one Telegram account; who may talk is admission's. Light: it is read whenever the configuration is. */
import * as z from 'zod/mini';
import { secretSetting, setting } from '../../domain/setting.ts';
import { SHORTEST_SPLIT_LIMIT } from '../../domain/split.ts';

/** Longest text of one message after entities parsing, in UTF-16 units (https://core.telegram.org/bots/api#sendmessage). */
export const MESSAGE_LIMIT = 4096;

const apiRoot = setting(
  z._default(
    z.pipe(
      z.url({ protocol: /^https?$/ }).check(
        z.refine((value) => {
          const { username, password, search, hash } = new URL(value);
          return username + password + search + hash === '';
        }, 'expected an address without user, query and fragment'),
      ),
      z.transform((value) => value.replace(/\/+$/, '')),
    ),
    'https://api.telegram.org',
  ),
  {
    description:
      'The Bot API server: one of your own, or a proxy in front of it. Over plain http the token can be read on the way.',
    expects: 'an http or https address',
  },
);

const menuCommand = z.strictObject({
  command: setting(z.string().check(z.regex(/^\/?[a-z0-9_]{1,32}$/)), {
    description: 'Its name.',
    expects: 'a to z, 0 to 9 and _, at most 32 of them',
  }),
  description: setting(z.string().check(z.trim(), z.minLength(1), z.maxLength(256)), { description: 'What stands beside it.' }),
});

export const telegramSettings = z.strictObject({
  botToken: z.optional(secretSetting({ description: 'The token that @BotFather gave.' })),
  tokenFile: setting(z.optional(z.string().check(z.minLength(1))), {
    description: 'A file that holds the token and nothing else. It goes before `botToken`.',
    perAccount: true,
  }),
  apiRoot,
  streamMode: setting(z._default(z.enum(['off', 'partial', 'block']), 'partial'), {
    description: 'Live preview of an answer: none, as it grows, or paragraph by paragraph.',
  }),
  replyToMode: setting(z._default(z.enum(['off', 'first', 'all']), 'first'), {
    description: 'Which parts of an answer link to the message that they answer, where such links are shown.',
  }),
  textChunkLimit: setting(z._default(z.int().check(z.gte(SHORTEST_SPLIT_LIMIT), z.lte(MESSAGE_LIMIT)), 4000), {
    description: 'Longest text of one message; a longer answer is cut.',
    unit: 'characters',
  }),
  chunkMode: setting(z._default(z.enum(['length', 'newline']), 'length'), {
    description: 'Where an answer is cut: only where it is too long, or after every paragraph.',
  }),
  linkPreview: setting(z._default(z.boolean(), true), { description: 'Links show a preview.' }),
  mediaMaxMb: setting(z._default(z.number().check(z.positive(), z.lte(2000)), 5), {
    description: 'Largest file that is fetched.',
    unit: 'megabytes',
  }),
  timeoutSeconds: setting(z._default(z.int().check(z.gte(5), z.lte(3600)), 60), {
    description: 'How long one call may take. Uploads get ten times as long, polling has its own time.',
  }),
  markdown: setting(
    z.prefault(
      z.strictObject({
        tables: setting(z._default(z.enum(['off', 'bullets', 'code']), 'code'), {
          description: 'How tables are shown: as written, as lists, or as aligned text.',
        }),
      }),
      {},
    ),
    { description: 'How Markdown is shown.' },
  ),
  commands: setting(
    z.prefault(
      z.strictObject({
        native: setting(z._default(z.union([z.boolean(), z.literal('auto')]), 'auto'), {
          description: 'The chat commands stand in the menu; `auto` is the same as true.',
        }),
      }),
      {},
    ),
    { description: 'The menu of chat commands.' },
  ),
  customCommands: setting(z._default(z.array(menuCommand).check(z.maxLength(50)), []), {
    description: 'Further entries of the menu; they reach the agent as text.',
  }),
});

export type TelegramSettings = z.infer<typeof telegramSettings>;
