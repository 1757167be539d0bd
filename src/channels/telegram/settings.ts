/** Owns the schema of one Telegram account; who may talk is admission's. Light: it is read whenever the configuration is. */
import * as z from 'zod';
import { secretSetting, type SettingFacts } from '../../domain/setting.ts';
import { SHORTEST_SPLIT_LIMIT } from '../../domain/split.ts';

/** Longest text of one message after entities parsing, in UTF-16 units (https://core.telegram.org/bots/api#sendmessage). */
export const MESSAGE_LIMIT = 4096;

const facts = <F extends SettingFacts>(given: F): F => given;

const apiRoot = z
  .url({ protocol: /^https?$/ })
  .refine((value) => {
    const { username, password, search, hash } = new URL(value);
    return username + password + search + hash === '';
  }, 'expected an address without user, query and fragment')
  .transform((value) => value.replace(/\/+$/, ''))
  .default('https://api.telegram.org')
  .meta(
    facts({
      description:
        'The Bot API server: one of your own, or a proxy in front of it. Over plain http the token can be read on the way.',
      expects: 'an http or https address',
    }),
  );

const menuCommand = z.strictObject({
  command: z
    .string()
    .regex(/^\/?[a-z0-9_]{1,32}$/)
    .meta(facts({ description: 'Its name.', expects: 'a to z, 0 to 9 and _, at most 32 of them' })),
  description: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .meta(facts({ description: 'What stands beside it.' })),
});

export const telegramSettings = z.strictObject({
  botToken: secretSetting({ description: 'The token that @BotFather gave.' }).optional(),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .meta(facts({ description: 'A file that holds the token and nothing else. It goes before `botToken`.', perAccount: true })),
  apiRoot,
  streamMode: z
    .enum(['off', 'partial', 'block'])
    .default('partial')
    .meta(facts({ description: 'Live preview of an answer: none, as it grows, or paragraph by paragraph.' })),
  replyToMode: z
    .enum(['off', 'first', 'all'])
    .default('first')
    .meta(facts({ description: 'Which parts of an answer link to the message that they answer, where such links are shown.' })),
  textChunkLimit: z
    .int()
    .min(SHORTEST_SPLIT_LIMIT)
    .max(MESSAGE_LIMIT)
    .default(4000)
    .meta(facts({ description: 'Longest text of one message; a longer answer is cut.', unit: 'characters' })),
  chunkMode: z
    .enum(['length', 'newline'])
    .default('length')
    .meta(facts({ description: 'Where an answer is cut: only where it is too long, or after every paragraph.' })),
  linkPreview: z
    .boolean()
    .default(true)
    .meta(facts({ description: 'Links show a preview.' })),
  mediaMaxMb: z
    .number()
    .positive()
    .max(2000)
    .default(5)
    .meta(facts({ description: 'Largest file that is fetched.', unit: 'megabytes' })),
  timeoutSeconds: z
    .int()
    .min(5)
    .max(3600)
    .default(60)
    .meta(facts({ description: 'How long one call may take. Uploads get ten times as long, polling has its own time.' })),
  markdown: z
    .strictObject({
      tables: z
        .enum(['off', 'bullets', 'code'])
        .default('code')
        .meta(facts({ description: 'How tables are shown: as written, as lists, or as aligned text.' })),
    })
    .prefault({})
    .meta(facts({ description: 'How Markdown is shown.' })),
  commands: z
    .strictObject({
      native: z
        .union([z.boolean(), z.literal('auto')])
        .default('auto')
        .meta(facts({ description: 'The chat commands stand in the menu; `auto` is the same as true.' })),
    })
    .prefault({})
    .meta(facts({ description: 'The menu of chat commands.' })),
  customCommands: z
    .array(menuCommand)
    .max(50)
    .default([])
    .meta(facts({ description: 'Further entries of the menu; they reach the agent as text.' })),
});

export type TelegramSettings = z.infer<typeof telegramSettings>;
