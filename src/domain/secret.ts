/**
 * A value that must not be seen. It prints as `[redacted]` wherever text is made of it,
 * and its value is known to the redaction of this process from the moment it exists.
 */
import { registerSecretValue } from './redaction.ts';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    registerSecretValue(value);
  }

  /** The value itself. Call it only where it leaves for the peer that it belongs to. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}
