/**
 * Owns what is kept of a command's output, and its counting. Must never keep more than was asked for.
 */
import type { ExecRequest, ExecResult } from '../../domain/sandbox.ts';
import type { StreamName } from './demultiplex.ts';

interface Kept {
  pieces: Buffer[];
  bytes: number;
  seen: number;
}

export class CommandOutput {
  readonly #request: ExecRequest;
  readonly #kept: Record<StreamName, Kept> = {
    stdout: { pieces: [], bytes: 0, seen: 0 },
    stderr: { pieces: [], bytes: 0, seen: 0 },
  };

  constructor(request: ExecRequest) {
    this.#request = request;
  }

  /** `piece` may be a view that is valid during the call only. */
  add(stream: StreamName, piece: Buffer): void {
    const kept = this.#kept[stream];
    const copy = Buffer.from(piece);
    kept.seen += copy.length;
    const wanted = copy.subarray(0, Math.max(0, this.#request.maxOutputBytes - kept.bytes));
    if (wanted.length > 0) kept.pieces.push(wanted);
    kept.bytes += wanted.length;
    try {
      this.#request.onOutput?.(stream, copy);
    } catch {
      // The listener's own bug: the command and its result do not suffer from it.
    }
  }

  /** `counted` where the sandbox has counted what it did not send. */
  result(
    end: Pick<ExecResult, 'exitCode' | 'signal' | 'timedOut'>,
    counted?: { stdoutBytes: number; stderrBytes: number },
  ): ExecResult {
    return {
      ...end,
      stdout: Buffer.concat(this.#kept.stdout.pieces),
      stderr: Buffer.concat(this.#kept.stderr.pieces),
      stdoutBytes: counted?.stdoutBytes ?? this.#kept.stdout.seen,
      stderrBytes: counted?.stderrBytes ?? this.#kept.stderr.seen,
    };
  }
}
