/** What the gateway is made of. `app.ts` puts it together; everything that can wait is behind a promise. */
import type { SessionSandbox, TurnParts } from '../agent/parts.ts';
import type { Channel } from '../domain/channel.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { Session } from '../domain/session.ts';
import type {
  AdmissionSettings,
  AgentSettings,
  GatewaySettings,
  QueueSettings,
  ReceiptSettings,
  SessionRouting,
} from '../domain/settings.ts';
import type { Store } from '../domain/store.ts';

/** The settings as they are now: asked at each use, so that a reload takes effect without a restart. */
export interface LiveSettings {
  /** Undefined where the channel is not configured: then nobody is admitted. */
  admission(channel: string, account: string): AdmissionSettings | undefined;
  routing(): SessionRouting;
  queue(): QueueSettings;
  gateway(): GatewaySettings;
  /** The agent of this id, else the default one. */
  agent(agentId: string): AgentSettings;
  /** The chat commands go into the platforms' own menus. */
  commandMenu(): boolean;
  /** How it is shown that a message was heard. */
  receipt(): ReceiptSettings;
}

/** Models, tools and sandboxes. Loaded with the first turn, not with the first poll. */
export interface Engine extends Omit<TurnParts, 'store' | 'clock' | 'log'> {
  sandboxFor(session: Session, agent: AgentSettings): SessionSandbox;
  /** The conversation begins anew: what its sandbox holds must be gone. Must not throw. */
  releaseSandbox(session: Session, agent: AgentSettings): Promise<void>;
  /** `provider/model-id` of every model that a person may choose. */
  modelNames(agent: AgentSettings): Promise<readonly string[]>;
}

export interface GatewayParts {
  store: Store;
  channels: readonly Channel[];
  settings: LiveSettings;
  /** Called once, when the first turn or command needs it. */
  loadEngine(): Promise<Engine>;
  /** Absolute path: files that came with messages. Made where missing. */
  mediaDir: string;
  /** Absolute path: files on their way out. Made where missing. */
  artifactsDir: string;
  /** Absolute path in an existing directory: what was being done when the process died. */
  blackBoxFile: string;
  version: string;
  /** A channel came to its end by itself, as a pipe does. Must not throw. */
  channelFinished?(channel: Channel): void;
  clock: Clock;
  log: Log;
}
