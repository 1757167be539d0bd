/**
 * What a chat command is. It acts for an admitted person on their own conversation; it never changes the configuration,
 * never sees another conversation, and done twice it does no more than done once.
 */
import type { OutboundPart } from '../../domain/message.ts';
import type { QueuedMessage, Session, SessionKey } from '../../domain/session.ts';
import type { AgentSettings } from '../../domain/settings.ts';
import type { Store } from '../../domain/store.ts';
import type { Engine } from '../parts.ts';

export interface CommandCall {
  /** What stands behind the command's name. */
  rest: string;
  message: QueuedMessage;
  sessionKey: SessionKey;
  /** Undefined while nothing but commands has come. */
  session: Session | undefined;
  agent: AgentSettings;
}

export interface CommandHouse {
  store: Pick<Store, 'sessions' | 'inbox'>;
  engine(): Promise<Engine>;
  /** Aborts the running turn; false when none runs. */
  stop(key: SessionKey): boolean;
  isRunning(key: SessionKey): boolean;
  /** What waits in the lane was dropped from the store. */
  dropped(key: SessionKey, command: QueuedMessage): void;
  version: string;
  now(): number;
}

export interface CommandReply {
  text: string;
  buttons?: NonNullable<OutboundPart['buttons']>;
  /** Done after the reply is stored: nothing whose loss in a crash matters. */
  afterwards?: () => Promise<void>;
}

export interface ChatCommand {
  name: string;
  run(call: CommandCall, house: CommandHouse): Promise<CommandReply>;
}

/** The model that answers this conversation; without a configured one, the first that was found. */
export async function currentModel({ session, agent }: CommandCall, house: CommandHouse): Promise<string> {
  const chosen = session?.settings.model ?? agent.models[0];
  return chosen ?? (await (await house.engine()).modelNames(agent))[0] ?? 'none';
}
