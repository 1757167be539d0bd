/** What a method of the local API is: data, so that help, tests and transports all read the same table. */
import type * as z from 'zod';

/** `read` sees, `write` acts as the owner would in a chat, `admin` changes the gateway itself. */
export type MethodScope = 'read' | 'write' | 'admin';

export interface Method<Params = unknown> {
  name: string;
  scope: MethodScope;
  params: z.ZodType<Params>;
  /** Rejects with AppError for what can be expected. */
  handle(params: Params, call: MethodCall): Promise<unknown>;
}

export interface MethodCall {
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /** Sends a piece of a streamed answer; the result follows. */
  emit(event: string, payload: unknown): void;
  /** A first answer at once, where the result takes long. */
  accepted(payload: unknown): void;
}
