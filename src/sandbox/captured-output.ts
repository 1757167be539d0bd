/** Owns what a command wrote as its result shows it: the first bytes of each stream, and how many there were. */
import type { ExecRequest, ExecResult } from '../domain/sandbox.ts';

type Stream = 'stdout' | 'stderr';

export class CapturedOutput {
  readonly #kept: Record<Stream, Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #seen: Record<Stream, number> = { stdout: 0, stderr: 0 };
  readonly #maxBytes: number;
  readonly #onOutput: ExecRequest['onOutput'];

  constructor({ maxOutputBytes, onOutput }: Pick<ExecRequest, 'maxOutputBytes' | 'onOutput'>) {
    this.#maxBytes = maxOutputBytes;
    this.#onOutput = onOutput;
  }

  add(stream: Stream, bytes: Uint8Array): void {
    const room = Math.max(0, this.#maxBytes - this.#seen[stream]);
    this.#seen[stream] += bytes.length;
    // A copy: the piece may be a view of a buffer that is much larger or that is used again.
    if (room > 0) this.#kept[stream].push(bytes.slice(0, room));
    try {
      this.#onOutput?.(stream, bytes);
    } catch {
      // A listener's bug must not change what the command did.
    }
  }

  result(): Pick<ExecResult, 'stdout' | 'stderr' | 'stdoutBytes' | 'stderrBytes'> {
    return {
      stdout: Buffer.concat(this.#kept.stdout),
      stderr: Buffer.concat(this.#kept.stderr),
      stdoutBytes: this.#seen.stdout,
      stderrBytes: this.#seen.stderr,
    };
  }
}
