/** How a session stands in its row, and how it comes out again. Its address and chat are those of the message claimed last. */
import type { Session, SessionSettings } from '../domain/session.ts';
import { idText } from './ids.ts';
import type { Detail } from './message-rows.ts';

export interface SessionRow {
  number: number;
  key: string;
  agent_id: string;
  head: number | null;
  turn: number | null;
  conversation: number | null;
  settings: string;
  created_at_ms: number;
  updated_at_ms: number;
  input_tokens: number;
  output_tokens: number;
  context_tokens: number;
  cost_usd: number;
  turns: number;
  compactions: number;
}

export const sessionColumns = [
  'number',
  'key',
  'agent_id',
  'head',
  'turn',
  'conversation',
  'settings',
  'created_at_ms',
  'updated_at_ms',
  'input_tokens',
  'output_tokens',
  'context_tokens',
  'cost_usd',
  'turns',
  'compactions',
]
  .map((column) => `sessions.${column}`)
  .join(', ');

export function sessionOf(row: SessionRow, latest: Pick<Detail, 'address' | 'chat'>): Session {
  return {
    key: row.key,
    id: idText('s', row.conversation as number),
    agentId: row.agent_id,
    address: latest.address,
    chat: latest.chat,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    settings: JSON.parse(row.settings) as SessionSettings,
    totals: {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      contextTokens: row.context_tokens,
      costUsd: row.cost_usd,
      turns: row.turns,
      compactions: row.compactions,
    },
  };
}
