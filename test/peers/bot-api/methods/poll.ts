/**
 * Owns the reading of getUpdates' parameters.
 */
import type { Json } from '../../wire/body.ts';
import { badRequest } from '../answers.ts';
import { integer, nested } from '../parameters.ts';
import type { Poll } from '../queue.ts';

/** The platform holds a poll for at most this long, whatever is asked. */
const MAX_TIMEOUT_SECONDS = 50;

export function readPoll(parameters: Json): Poll {
  const allowed = nested(parameters, 'allowed_updates');
  if (allowed !== undefined && !Array.isArray(allowed)) throw badRequest("can't parse allowed updates JSON object");
  return {
    offset: integer(parameters, 'offset', 0),
    limit: integer(parameters, 'limit', 100),
    timeoutSeconds: Math.min(Math.max(0, integer(parameters, 'timeout', 0)), MAX_TIMEOUT_SECONDS),
    allowedUpdates: allowed?.map(String),
  };
}
