/**
 * Owns the one long-lived connection to a container's supervisor, and who is waiting for what on it.
 * Must never leave anybody waiting: when the connection ends, every job is told.
 */
import type { Socket } from 'node:net';
import { AppError } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { Containers } from './containers.ts';
import { createDemultiplexer } from './demultiplex.ts';
import { createFrameReader, frame } from './frames.ts';
import type { HeardKind, SentKind } from './frames.ts';
import { supervisorCommand, supervisorSource } from './supervisor/source.ts';

export interface Job {
  /** `payload` is valid during the call only. */
  hear(kind: HeardKind, payload: Buffer): void;
  /** The last thing that it hears. */
  lost(error: AppError): void;
}

export interface Link {
  /** Gives the job an id of its own; it hears until `close`. Throws AppError `unavailable` when the link has ended. */
  open(job: Job): number;
  close(id: number): void;
  send(kind: SentKind, id: number, payload?: Uint8Array | string): void;
  /** Ends the connection: the supervisor, and with it the container, end too. */
  end(error: AppError): void;
  /** Resolves, once, with the reason. */
  readonly ended: Promise<AppError>;
}

/** No program of ours answers in this image: there is no Python 3, or too old a one. */
export class NoSupervisor extends AppError {}

/** From the start of the program to its first word; generous, since a hundred may start at once. */
const readyTimeoutMs = 60_000;

export async function openLink(
  containers: Containers,
  containerId: string,
  options: { workdir: string; log: Log },
): Promise<Link> {
  const { execId, socket } = await containers.attach(containerId, {
    command: supervisorCommand,
    workdir: options.workdir,
    input: true,
  });
  socket.write(supervisorSource);
  const link = new SupervisorLink(socket, options.log);
  try {
    await link.ready();
    return link;
  } catch (error) {
    socket.destroy();
    const { running, exitCode } = await containers.inspectExec(execId);
    if (running || exitCode === 0) throw error;
    throw new NoSupervisor('unavailable', `No supervisor runs in this image (exit code ${exitCode}).`, { cause: error });
  }
}

class SupervisorLink implements Link {
  readonly ended: Promise<AppError>;
  readonly #socket: Socket;
  readonly #log: Log;
  readonly #jobs = new Map<number, Job>();
  #lastId = 0;
  #over: AppError | undefined;
  #tellEnded: (error: AppError) => void = () => {};

  constructor(socket: Socket, log: Log) {
    this.#socket = socket;
    this.#log = log;
    this.ended = new Promise((resolve) => (this.#tellEnded = resolve));
    const read = createFrameReader((kind, id, payload) => this.#jobs.get(id)?.hear(kind, payload));
    const split = createDemultiplexer((stream, bytes) => (stream === 'stdout' ? read(bytes) : this.#note(bytes)));
    socket.on('data', (piece: Buffer) => this.#take(() => split(piece)));
    socket.on('error', () => this.end(gone()));
    socket.on('close', () => this.end(gone()));
    // The engine ends its side when the supervisor has ended.
    socket.on('end', () => this.end(gone()));
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new AppError('unavailable', 'The sandbox did not get ready in time.')),
        readyTimeoutMs,
      );
      this.#jobs.set(0, {
        hear: () => {
          clearTimeout(timer);
          this.#jobs.delete(0);
          resolve();
        },
        lost: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  open(job: Job): number {
    if (this.#over) throw this.#over;
    this.#lastId = (this.#lastId % 0xffff_ffff) + 1;
    this.#jobs.set(this.#lastId, job);
    return this.#lastId;
  }

  close(id: number): void {
    this.#jobs.delete(id);
  }

  send(kind: SentKind, id: number, payload?: Uint8Array | string): void {
    if (!this.#over) this.#socket.write(frame(kind, id, payload));
  }

  end(error: AppError): void {
    if (this.#over) return;
    this.#over = error;
    this.#socket.destroy();
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) job.lost(error);
    this.#tellEnded(error);
  }

  #take(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.end(
        error instanceof AppError
          ? error
          : new AppError('unavailable', 'The sandbox sent what cannot be read.', { cause: error }),
      );
    }
  }

  #note(bytes: Buffer): void {
    this.#log.debug({ said: bytes.toString('utf8').slice(0, 500) }, 'sandbox supervisor');
  }
}

function gone(): AppError {
  return new AppError('unavailable', 'The sandbox is gone.', { hint: 'The next tool call gets a new one.' });
}
