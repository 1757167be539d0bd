/** `openclaw sessions show KEY`: the conversation as it is written down. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import type { StoredEntry } from '../../../domain/session.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    key: { type: 'positional', required: true, description: 'a session key, see: openclaw sessions list' },
    limit: { type: 'string', description: 'most entries', default: '50' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const store = await context.store();
    const session = await store.sessions.get(call.args.key);
    if (!session) {
      throw new AppError('not_found', `There is no session ${call.args.key}.`, { hint: 'See: openclaw sessions list' });
    }
    const entries = await store.sessions.transcript(session.id, { limit: Number(call.args.limit) || 50 });
    if (call.args.json) return out.json({ session, entries });
    for (const entry of entries) for (const line of linesOf(entry)) out.line(line);
  },
});

function linesOf({ entry }: StoredEntry): string[] {
  switch (entry.kind) {
    case 'user':
      return [`> ${entry.text.replaceAll('\n', '\n> ')}`];
    case 'assistant':
      return entry.parts.flatMap((part) => {
        if (part.type === 'text') return [part.text];
        return part.type === 'tool-call' ? [`  [${part.name} ${JSON.stringify(part.input)}]`] : [];
      });
    case 'tool-result':
      return [`  [${entry.result.name}: ${entry.result.isError ? 'error, ' : ''}${entry.result.text.length} characters]`];
    case 'compaction':
      return [`  [the conversation so far was summed up]`];
    case 'note':
      return [`  [${entry.text}]`];
    case 'tool-begun':
      return [];
  }
}
