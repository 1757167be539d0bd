/**
 * Owns what a person is told when no model answered: which ones, what happened, when to try again.
 * Must never show a vendor's words, a status or an address: those are in the cause, for the log.
 */
import { AppError } from '../domain/errors.ts';
import { isQuotaSpent } from '../domain/model.ts';

export interface ModelFailed {
  /** `provider/model-id`. */
  reference: string;
  error: AppError;
}

export function noModelSetUp(): AppError {
  return new AppError('invalid', 'No model is set up.', {
    hint: 'Run openclaw onboard, or set a key such as ANTHROPIC_API_KEY.',
  });
}

/** @param failures one for each model that was tried, at least one. */
export function allModelsFailed(failures: readonly ModelFailed[]): AppError {
  const passing = failures.filter(mayPass);
  const [first] = passing.length > 0 ? passing : failures;
  const waits = passing.flatMap(({ error }) => error.retryAfterMs ?? []);
  const retryAfterMs = waits.length > 0 ? Math.min(...waits) : undefined;
  const told = failures.map(({ reference, error }) => `${reference} ${whatHappened(error)}`).join('; ');
  const opening = failures.length === 1 ? 'The model did not answer' : 'None of the models answered';
  const when = passing.length > 0 ? `Please try again ${inWords(retryAfterMs)}.` : 'Whoever runs this gateway has to mend that.';
  return new AppError(first?.error.code ?? 'unavailable', `${opening}: ${told}. ${when}`, {
    ...(first?.error.hint === undefined ? {} : { hint: first.error.hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: new AggregateError(
      failures.map(({ error }) => error),
      'what each model said',
    ),
  });
}

function mayPass({ error }: ModelFailed): boolean {
  return error.code === 'unavailable' || (error.code === 'limit' && !isQuotaSpent(error));
}

function whatHappened(error: AppError): string {
  switch (error.code) {
    case 'unavailable':
      return 'cannot be reached at the moment';
    case 'limit':
      return isQuotaSpent(error) ? 'has no quota or money left' : 'gets too many requests at the moment';
    case 'denied':
      return 'does not accept its key';
    case 'not_found':
      return 'is not known to its provider';
    default:
      return 'refused the request';
  }
}

function inWords(ms: number | undefined): string {
  if (ms === undefined) return 'in a few minutes';
  const minutes = Math.ceil(ms / 60_000);
  if (minutes <= 1) return 'in a minute';
  return minutes < 90 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}
