/** /model: shows the model of the conversation, or chooses one of those that are configured. */
import type { AgentSettings } from '../../domain/settings.ts';
import type { ChatCommand, CommandCall, CommandHouse, CommandReply } from './command.ts';

/** Buttons beyond this are a wall; the rest can be typed. */
const MOST_BUTTONS = 12;

export const model: ChatCommand = {
  name: 'model',
  async run(call, house) {
    const names = await (await house.engine()).modelNames(call.agent);
    return call.rest === '' ? show(call, names) : choose(call, house, names);
  },
};

function show({ session, agent }: CommandCall, names: readonly string[]): CommandReply {
  const own = session?.settings.model;
  const current = own ?? defaultOf(agent, names);
  const buttons = names.slice(0, MOST_BUTTONS).map((name) => ({ label: name, command: `/model ${name}` }));
  const text = [
    `Model: ${current}${own === undefined ? '' : ' (chosen for this conversation)'}`,
    '',
    names.length === 0
      ? 'No other models are configured.'
      : 'To choose another: /model NAME. To go back to the default: /model default.',
    ...names.map((name) => `• ${name}`),
  ].join('\n');
  return buttons.length > 0 ? { text, buttons } : { text };
}

async function choose(
  { rest, sessionKey, agent }: CommandCall,
  house: CommandHouse,
  names: readonly string[],
): Promise<CommandReply> {
  if (rest.toLowerCase() === 'default') {
    await house.store.sessions.patch(sessionKey, { model: null });
    return { text: `Model: ${defaultOf(agent, names)} (the default).` };
  }
  const wanted = rest.toLowerCase();
  const found =
    names.find((name) => name.toLowerCase() === wanted) ??
    onlyOne(names.filter((name) => name.toLowerCase().endsWith(`/${wanted}`)));
  if (found === undefined)
    return { text: `There is no model "${rest.slice(0, 80)}" here. /model lists those that can be chosen.` };
  await house.store.sessions.patch(sessionKey, { model: found });
  return { text: `Model: ${found}, from your next message on.` };
}

function defaultOf(agent: AgentSettings, names: readonly string[]): string {
  return agent.models[0] ?? names[0] ?? 'none';
}

function onlyOne(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
