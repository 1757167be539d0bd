/**
 * Trace ids: 32 hexadecimal digits as in https://www.w3.org/TR/trace-context/. They tell messages apart in logs and
 * are no secret, so that they need no strong randomness, and with it no module that delays the first poll.
 */
export function newTraceId(): string {
  return `${part()}${part()}${part()}${part()}`;
}

/** What a person can read out, and the operator finds in the log. */
export function newReference(): string {
  return part();
}

function part(): string {
  return Math.floor(Math.random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
}
