/** What a turn needs of the rest of the house, and what it tells while it runs. */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { ModelFacts } from '../domain/model.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Session, UserEntry } from '../domain/session.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { Store } from '../domain/store.ts';
import type { ProcessTable, Tool } from '../domain/tool.ts';
import type { CallModel } from './model-step.ts';
import type { SandboxFacts } from './prompt.ts';
import type { PromptFiles } from './workspace-files.ts';

/** The sandbox of one session, as a turn sees it. Nothing is made before the first tool asks for it. */
export interface SessionSandbox {
  facts: SandboxFacts;
  sandbox(): Promise<Sandbox>;
  processes: ProcessTable;
}

export interface TurnParts {
  store: Pick<Store, 'turns' | 'sessions' | 'durable'>;
  callModel: CallModel;
  /** What is known of the model that is asked first. Rejects with AppError where no model can be used. */
  modelFacts(models: readonly string[]): Promise<ModelFacts>;
  tools: readonly Tool[];
  sandboxFor(session: Session, agent: AgentSettings): SessionSandbox;
  files: PromptFiles;
  clock: Clock;
  log: Log;
}

export interface ToolStart {
  callId: string;
  name: string;
  input: unknown;
}

/** Told while a turn runs, for live preview and for API clients. Must not throw. */
export interface TurnObserver {
  /** The turn begins. An observer that comes later does not hear it. */
  started?(): void;
  /** A model is about to be asked. */
  asked?(): void;
  text?(delta: string): void;
  /** What was streamed of the current step is void: the step begins again. */
  restarted?(): void;
  toolStarted?(call: ToolStart): void;
  toolEnded?(call: ToolStart, result: { text: string; isError: boolean }): void;
}

/** New messages of the conversation that join the running turn; already part of it in the store. */
export type JoinWaiting = () => Promise<UserEntry[]>;

export type AbortKind = 'stop' | 'interrupt' | 'timeout' | 'shutdown';

/** The reason with which a turn's signal is aborted. */
export class TurnAbort extends Error {
  readonly kind: AbortKind;

  constructor(kind: AbortKind) {
    super(`turn aborted: ${kind}`);
    this.name = 'TurnAbort';
    this.kind = kind;
  }
}
