/** What was received and what became of it. It gets in through `receive.ts`; lanes take from it in `lanes.ts`. */
import { AppError } from '../domain/errors.ts';
import type { Inbox, MessageState } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { messageStates } from './counters.ts';
import type { Deliveries } from './deliveries.ts';
import { idNumber } from './ids.ts';
import { createLanes } from './lanes.ts';
import { createMessageList } from './message-list.ts';
import { queuedMessageOf } from './message-rows.ts';
import type { QueuedRow } from './message-rows.ts';
import { createReceive } from './receive.ts';

export function createInbox(context: StoreContext, deliveries: Deliveries): Inbox {
  const { commit, counters, sources } = context;
  return {
    receive: createReceive(context, deliveries),
    cursor: (channel, account) => commit.read(() => sources.cursor(channel, account)),
    ...createLanes(context),
    amend: createAmend(context),
    ...createCommands(context, deliveries),
    counts: () =>
      commit.read(() => {
        const values = counters.values();
        return Object.fromEntries(messageStates.map((state) => [state, values[`message.${state}`]])) as Record<
          MessageState,
          number
        >;
      }),
    list: createMessageList(context),
  };
}

function createAmend({ commit, counters, database, sources }: StoreContext): Inbox['amend'] {
  const find = database.statement(
    "SELECT id, session FROM messages WHERE chat_id = ? AND message_id = ? AND state = 'queued' AND command = 0 AND source = ?",
  );
  const edit = database.statement('UPDATE messages SET text = ? WHERE id = ?');
  const refuse = database.statement("UPDATE messages SET state = 'refused', reason = ? WHERE id = ?");
  const moveHead = database.statement(
    `UPDATE sessions SET head = (SELECT min(id) FROM messages INDEXED BY messages_queued WHERE session = ? AND state = 'queued' AND command = 0)
     WHERE number = ?`,
  );

  // oxlint-disable-next-line max-params
  return (channel, account, chatId, messageId, change) =>
    commit.write(() => {
      const source = sources.find(channel, account);
      const row = source === undefined ? undefined : find.get<{ id: number; session: number }>(chatId, messageId, source);
      if (!row) return false;
      if ('text' in change) {
        edit.run(change.text, row.id);
        return true;
      }
      refuse.run('deleted by its sender', row.id);
      moveHead.run(row.session, row.session);
      counters.add('message.queued', -1);
      counters.add('message.refused', 1);
      return true;
    });
}

function createCommands(
  { commit, counters, database }: StoreContext,
  deliveries: Deliveries,
): Pick<Inbox, 'commandDone' | 'unfinishedCommands'> {
  const find = database.statement(
    `SELECT messages.trace_id, sessions.key FROM messages JOIN sessions ON sessions.number = messages.session
     WHERE messages.id = ? AND messages.command = 1`,
  );
  const answer = database.statement("UPDATE messages SET state = 'answered' WHERE id = ? AND state = 'queued'");
  const open = database.statement(
    `SELECT messages.id AS id, trace_id, sent_at_ms, received_at_ms, text, detail, key, agent_id
     FROM messages INDEXED BY messages_commands JOIN sessions ON sessions.number = messages.session
     WHERE state = 'queued' AND command = 1 ORDER BY messages.id`,
  );

  return {
    commandDone: (messageId, replies) =>
      commit.write(() => {
        const id = idNumber('m', messageId);
        const row = find.get<{ trace_id: string; key: string }>(id);
        if (!row) throw new AppError('not_found', 'There is no such command.');
        if (answer.run(id) === 0) return [];
        counters.add('message.queued', -1);
        counters.add('message.answered', 1);
        const origin = { turn: null, sessionKey: row.key, traceId: row.trace_id };
        return deliveries.add(replies, origin, true).filter((delivery) => delivery.state === 'sending');
      }),
    unfinishedCommands: () =>
      commit.read(() =>
        open
          .all<QueuedRow & { key: string; agent_id: string }>()
          .map((row) => ({ message: queuedMessageOf(row), sessionKey: row.key, agentId: row.agent_id })),
      ),
  };
}
