/**
 * Owns one container from its making to its removal, with the runner inside. Must never leave a container behind that
 * nobody knows: whatever fails on the way, it is removed.
 */
import { AppError, messageOf } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { Containers } from './containers.ts';
import { NoSupervisor, openLink } from './link.ts';
import { createPlainRunner } from './plain.ts';
import type { Runner } from './runner.ts';
import type { ContainerBody } from './spec-to-container.ts';
import { createSupervisedRunner } from './supervised.ts';

export interface Container {
  readonly id: string;
  /** Its name at the engine, at this moment. */
  readonly name: string;
  readonly image: string;
  readonly createdAtMs: number;
  readonly runner: Runner;
  rename(name: string): Promise<void>;
  /** Removes it and ends what runs in it. Idempotent; must not throw. */
  remove(): Promise<void>;
}

export interface ContainerPlan {
  name: string;
  body: ContainerBody;
  workdir: string;
  createdAtMs: number;
}

/** Images that are known to have no Python; learned once. */
export type PlainImages = Set<string>;

export async function makeContainer(
  containers: Containers,
  plan: ContainerPlan,
  options: { log: Log; plainImages: PlainImages },
): Promise<Container> {
  const id = await containers.create(plan.name, plan.body);
  try {
    await containers.start(id);
    const runner = await openRunner(containers, id, plan, options).catch(async (error: unknown) => {
      const running = await containers.isRunning(id).catch(() => false);
      throw running ? error : endedAtOnce(plan.body.Image, error);
    });
    return new RunningContainer({ containers, plan, id, runner, log: options.log });
  } catch (error) {
    await containers.remove(id).catch(() => {});
    throw error;
  }
}

/** The engine only says that the container is not running any more. */
function endedAtOnce(image: string, cause: unknown): AppError {
  return new AppError('unavailable', `The sandbox ended as soon as it began: the image ${image} cannot run "sleep infinity".`, {
    hint: 'Use an image with a shell and sleep, such as the one that openclaw sandbox build makes.',
    cause,
  });
}

async function openRunner(
  containers: Containers,
  id: string,
  plan: ContainerPlan,
  { log, plainImages }: { log: Log; plainImages: PlainImages },
): Promise<Runner> {
  const image = plan.body.Image;
  try {
    if (!plainImages.has(image))
      return createSupervisedRunner(await openLink(containers, id, { workdir: plan.workdir, log }), plan.workdir);
  } catch (error) {
    if (!(error instanceof NoSupervisor)) throw error;
    log.warn(
      { image, reason: messageOf(error) },
      'the sandbox image has no usable Python 3: every tool call starts a process of the engine',
    );
    plainImages.add(image);
  }
  return createPlainRunner(containers, id, plan.workdir);
}

interface Parts {
  containers: Containers;
  plan: ContainerPlan;
  id: string;
  runner: Runner;
  log: Log;
}

class RunningContainer implements Container {
  readonly id: string;
  readonly image: string;
  readonly createdAtMs: number;
  readonly runner: Runner;
  name: string;
  readonly #parts: Parts;
  #removal: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.id = parts.id;
    this.name = parts.plan.name;
    this.image = parts.plan.body.Image;
    this.createdAtMs = parts.plan.createdAtMs;
    this.runner = parts.runner;
    // One in which nothing can run any more is not kept.
    void parts.runner.ended.then(() => this.remove());
  }

  async rename(name: string): Promise<void> {
    await this.#parts.containers.rename(this.id, name);
    this.name = name;
  }

  remove(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    this.runner.end(new AppError('unavailable', 'The sandbox is gone.', { hint: 'The next tool call gets a new one.' }));
    try {
      await this.#parts.containers.remove(this.id);
    } catch (error) {
      this.#parts.log.error({ container: this.name, error: messageOf(error) }, 'a sandbox could not be removed');
    }
  }
}
