/** The place of a storm: the peers, a state directory with a real configuration, and the ends of both. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBotApi, type BotApi } from '../peers/bot-api.ts';
import { createModelApi, type ModelApi } from '../peers/model-api.ts';
import type { Place } from './gateway-process.ts';

export interface BedOptions {
  sandbox: 'docker' | 'embedded';
  queue: 'followup' | 'collect' | 'steer';
}

export interface Bed extends Place {
  bot: BotApi;
  model: ModelApi;
  workspace: string;
  /** @param keep leaves the state directory for somebody to look at. */
  close(keep: boolean): Promise<void>;
}

const TOKEN = 'c'.repeat(48);

export async function createBed(options: BedOptions): Promise<Bed> {
  const dir = mkdtempSync(join(tmpdir(), 'openclaw-chaos-'));
  const stateDir = join(dir, 'state');
  const workspace = join(stateDir, 'workspace');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, 'notes.txt'), 'the cat is on the roof\n');
  const [bot, model] = await Promise.all([createBotApi(), createModelApi()]);
  const configuration = JSON.stringify(configurationOf({ bot, model, workspace }, options), null, 2);
  writeFileSync(join(stateDir, 'openclaw.json'), configuration, { mode: 0o600 });
  return {
    stateDir,
    workspace,
    logFile: join(dir, 'gateway.log'),
    port: await freePort(),
    bot,
    model,
    async close(keep) {
      await Promise.all([bot.close(), model.close()]);
      if (!keep) rmSync(dir, { recursive: true, force: true });
    },
  };
}

function configurationOf({ bot, model, workspace }: Pick<Bed, 'bot' | 'model' | 'workspace'>, { sandbox, queue }: BedOptions) {
  const peer = {
    baseUrl: `${model.url}/v1`,
    apiKey: model.apiKey,
    api: 'openai-completions',
    // Small, so that conversations are summed up during the storm too.
    models: [{ id: 'peer-1', name: 'peer', contextWindow: 32_000, maxTokens: 4_000 }],
  };
  return {
    gateway: { mode: 'local', auth: { mode: 'token', token: TOKEN }, remote: { token: TOKEN } },
    agents: {
      defaults: {
        workspace,
        model: { primary: 'peer/peer-1' },
        sandbox: { mode: 'all', scope: 'session', workspaceAccess: 'rw', backend: sandbox },
        compaction: { reserveTokensFloor: 8_000, keepRecentTokens: 6_000 },
      },
    },
    models: { providers: { peer } },
    messages: { queue: { mode: queue } },
    channels: {
      telegram: { enabled: true, apiRoot: bot.url, botToken: bot.token, dmPolicy: 'open', allowFrom: ['*'] },
    },
  };
}

/** Below the ports that the system gives to outgoing connections, so that it is still free after a death. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}
