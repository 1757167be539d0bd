/** Owns where the bot token comes from and whether it can be one. Must never show it. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { Secret } from '../../domain/secret.ts';
import type { TelegramSettings } from './settings.ts';

/** https://core.telegram.org/bots/api#authorizing-your-bot: the bot's numeric id, a colon, the secret part. */
const TOKEN = /^(\d{1,15}):[A-Za-z0-9_-]{1,200}$/;
/** No token file is longer; a device or a log file is. */
const LONGEST_FILE = 4096;

export interface Token {
  secret: Secret;
  botId: number;
}

/** Rejects with AppError `not_found` or `invalid`. */
export async function readToken({ tokenFile, botToken }: Pick<TelegramSettings, 'tokenFile' | 'botToken'>): Promise<Token> {
  const secret = tokenFile === undefined ? botToken : await readTokenFile(tokenFile);
  if (secret === undefined) {
    throw new AppError('not_found', 'Telegram has no bot token', {
      hint: 'Make a bot with @BotFather and set channels.telegram.botToken.',
    });
  }
  const botId = TOKEN.exec(secret.reveal())?.[1];
  if (botId === undefined) {
    throw new AppError('invalid', 'What is set as the Telegram bot token is none', {
      hint: 'Copy the whole token from @BotFather: digits, a colon, letters and digits.',
    });
  }
  return { secret, botId: Number(botId) };
}

async function readTokenFile(tokenFile: string): Promise<Secret> {
  const path = tokenFile.startsWith('~/') ? join(homedir(), tokenFile.slice(2)) : tokenFile;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('not_found', `The token file ${tokenFile} cannot be read (${error.code})`, {
      hint: 'Check channels.telegram.tokenFile, and who may read the file.',
      cause: error,
    });
  });
  return new Secret(text.slice(0, LONGEST_FILE).trim());
}
