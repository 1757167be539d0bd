/** /status: one look at the conversation. */
import type { ModelFacts } from '../../domain/model.ts';
import type { SessionTotals } from '../../domain/session.ts';
import type { AgentSettings } from '../../domain/settings.ts';
import { short } from '../figures.ts';
import { currentModel } from './command.ts';
import type { ChatCommand, CommandHouse } from './command.ts';

export const status: ChatCommand = {
  name: 'status',
  async run(call, house) {
    const { session, sessionKey, agent } = call;
    const settings = { thinking: agent.thinking, ...session?.settings, model: await currentModel(call, house) };
    const totals = session?.totals ?? NOTHING_YET;
    const facts = await factsOf(settings.model, house);
    const window = facts === undefined ? '' : ` of ${short(facts.contextTokens)}`;
    const lines = [
      `OpenClaw ${house.version}`,
      `Model: ${settings.model} · thinking: ${settings.thinking}`,
      `Tokens: ${short(totals.inputTokens)} in / ${short(totals.outputTokens)} out`,
      `Context: ${short(totals.contextTokens)}${window} · compactions: ${totals.compactions}`,
      `Conversation: ${sessionKey} · ${totals.turns} turns`,
      `Tools: ${sandboxLine(agent)}`,
      `Now: ${house.isRunning(sessionKey) ? 'an answer is being worked on' : 'nothing is running'}`,
    ];
    return { text: lines.join('\n') };
  },
};

const NOTHING_YET: SessionTotals = { inputTokens: 0, outputTokens: 0, contextTokens: 0, costUsd: 0, turns: 0, compactions: 0 };

function sandboxLine({ sandbox }: AgentSettings): string {
  const where =
    sandbox.mode === 'off' ? 'on the host, without a sandbox' : `in a sandbox (${sandbox.mode}, one per ${sandbox.scope})`;
  return `${where}, workspace ${sandbox.spec.access}`;
}

async function factsOf(model: string, house: CommandHouse): Promise<ModelFacts | undefined> {
  try {
    return await (await house.engine()).modelFacts([model]);
  } catch {
    return undefined;
  }
}
