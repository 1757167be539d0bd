/**
 * Owns the JSON envelope of an answer, good or bad (https://core.telegram.org/bots/api#making-requests).
 */
/** A refusal. `description` is what the platform says, with its customary prefix. */
export class Refusal extends Error {
  readonly status: number;
  readonly parameters: { retry_after?: number; migrate_to_chat_id?: number } | undefined;

  constructor(status: number, description: string, parameters?: { retry_after?: number; migrate_to_chat_id?: number }) {
    super(description);
    this.status = status;
    this.parameters = parameters;
  }
}

export function badRequest(reason: string): Refusal {
  return new Refusal(400, `Bad Request: ${reason}`);
}

export function refusalBody(refusal: Refusal): string {
  return JSON.stringify({
    ok: false,
    error_code: refusal.status,
    description: refusal.message,
    parameters: refusal.parameters,
  });
}

export function resultBody(result: unknown): string {
  return `{"ok":true,"result":${JSON.stringify(result)}}`;
}

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The customary text for a bare status, as planned faults use it. */
export function plainRefusal(status: number, description?: string, retryAfterSeconds?: number): Refusal {
  const parameters = retryAfterSeconds === undefined ? undefined : { retry_after: retryAfterSeconds };
  const reason = REASONS[status] ?? 'Error';
  const said = status === 429 && retryAfterSeconds !== undefined ? `${reason}: retry after ${retryAfterSeconds}` : reason;
  return new Refusal(status, description ?? said, parameters);
}
