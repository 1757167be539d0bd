/** What the port answers beside its methods: data, so that the server and the tests walk the same list. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Asked with the token only. */
export interface Route {
  method: 'GET' | 'POST';
  path: string;
  /** Rejects with AppError for what can be expected, as long as nothing was sent. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}
