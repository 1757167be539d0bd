/**
 * Owns what is said when the Docker engine does not answer or says no. Must never lose the hint that mends it.
 */
import { AppError } from '../../domain/errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';

export function connectionError(socketPath: string, error: Error): AppError {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM') {
    return new AppError('denied', `No permission to use the Docker socket ${socketPath}.`, {
      hint: 'Let the user of the gateway use the socket (group docker), then log in again or restart the gateway.',
      cause: error,
    });
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') {
    return new AppError('unavailable', `No Docker engine answers at ${socketPath}.`, {
      hint: 'Install or start Docker (systemctl start docker), or name its socket in DOCKER_HOST=unix:///path.',
      cause: error,
    });
  }
  return new AppError('unavailable', 'The connection to the Docker engine broke.', {
    hint: 'See whether the engine runs: systemctl status docker.',
    cause: error,
  });
}

export function timeoutError(socketPath: string, path: string, timeoutMs: number): AppError {
  return new AppError('unavailable', `The Docker engine at ${socketPath} did not answer ${path} within ${timeoutMs} ms.`, {
    hint: 'See whether the engine is overloaded: systemctl status docker.',
  });
}

const codes: Record<number, ErrorCode> = { 400: 'invalid', 401: 'denied', 403: 'denied', 404: 'not_found', 409: 'conflict' };

/** The engine's own answer to a refused request: JSON with `message`. */
export function refusal(status: number, body: string): AppError {
  const message = engineMessage(body);
  if (status === 404 && /no such image/i.test(message)) return imageMissing(message.replace(/^.*no such image:\s*/i, ''));
  return new AppError(codes[status] ?? 'unavailable', `The Docker engine says: ${message}`);
}

export function imageMissing(image: string): AppError {
  return new AppError('not_found', `The sandbox image ${image} is not there.`, { hint: 'openclaw sandbox build' });
}

function engineMessage(body: string): string {
  try {
    const parsed = JSON.parse(body) as { message?: unknown };
    if (typeof parsed.message === 'string') return parsed.message.trim();
  } catch {
    // Not JSON: some proxies answer in plain text.
  }
  return body.trim().slice(0, 500) || 'no reason given';
}
