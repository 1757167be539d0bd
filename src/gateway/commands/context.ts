/** /context: what fills the model's window, by what it is. Estimates, and said to be. */
import { sizeOf } from '../../agent/compaction.ts';
import { systemPrompt } from '../../agent/prompt.ts';
import { tokensOf } from '../../agent/tokens.ts';
import { toolsetOf } from '../../agent/toolset.ts';
import type { StoredEntry } from '../../domain/session.ts';
import { short } from '../figures.ts';
import type { ChatCommand } from './command.ts';

export const context: ChatCommand = {
  name: 'context',
  async run({ session, agent, message }, house) {
    const engine = await house.engine();
    const files = await engine.files.read(agent);
    const tools = toolsetOf(engine.tools, agent.tools.policy);
    const facts = { agent, chatKind: message.chat.kind, sandbox: session && engine.sandboxFor(session, agent).facts };
    const bare = tokensOf(systemPrompt({ ...facts, files: [] }));
    const entries = session ? await house.store.sessions.history(session.id) : [];
    const rows = [
      `instructions: ${short(bare)}`,
      ...files.map((file) => `${file.name}: ${short(tokensOf(file.text))}`),
      `${tools.descriptions.length} tools: ${short(tools.tokens)}`,
      `messages and answers: ${short(sizeOf(entries.filter((stored) => !isToolWork(stored))))}`,
      `tool results: ${short(sizeOf(entries.filter(isToolWork)))}`,
    ];
    const summed = entries.some(({ entry }) => entry.kind === 'compaction') ? ['', 'Older messages are summed up.'] : [];
    return {
      text: ['About so many tokens go to the model with each message:', '', ...rows.map((row) => `• ${row}`), ...summed].join(
        '\n',
      ),
    };
  },
};

function isToolWork({ entry }: StoredEntry): boolean {
  return entry.kind === 'tool-result';
}
