/** What this program's exit code says. Documented in docs/cli.md; a test holds both together. */
export const exitCodes = {
  ok: 0,
  /** It did not work; the message says why. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A bug: an internal error with a reference. */
  internal: 70,
  /** Another gateway holds this state directory or port. */
  taken: 75,
  /** The configuration is invalid: starting again will not help. */
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
