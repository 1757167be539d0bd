/**
 * Owns the Docker backend: who gets which container, what waits ready, what is removed. Must never give a container to a
 * second scope, and never run a command again because a container died.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { AppError, messageOf } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { Sandbox, SandboxBackend, SandboxBackendStatus, SandboxListing, SandboxSpec } from '../../domain/sandbox.ts';
import { sandboxImage } from '../image/recipe.ts';
import { atMost } from './at-most.ts';
import { makeContainer } from './container.ts';
import type { Container } from './container.ts';
import { createContainers } from './containers.ts';
import type { ContainerSummary } from './containers.ts';
import { probeEngine, refuseUnsafeEngine } from './engine-facts.ts';
import { createEngine, engineSocketPath } from './engine.ts';
import { defaultContainerPrefix, poolName, sandboxName, scopeFromName } from './names.ts';
import { createPool } from './pool.ts';
import { DockerSandbox } from './sandbox.ts';
import { configHash, labelNames, specToContainer, withLabels } from './spec-to-container.ts';
import type { ContainerSettings, ContainerUser } from './spec-to-container.ts';
import { resolveWorkspace } from './workspace.ts';

export interface DockerBackendOptions {
  /** The engine's unix socket; wins over `dockerHost`. */
  socketPath?: string;
  /** The value of DOCKER_HOST; only unix:///... is spoken to. */
  dockerHost?: string;
  /** Tells the containers of one state directory from those of another, e.g. a hash of its path. */
  stateId: string;
  /** Containers that wait unassigned, for each kind of spec in use. */
  poolSize: number;
  log: Log;
  clock: Clock;
  /** Whose presence `probe` looks for. */
  image?: string;
  containerPrefix?: string;
  /** No workspace may be one of these or hold one: home directory, state directory, ... The engine's socket always counts. */
  protectedPaths?: readonly string[];
  /**
   * Directories that belong to the gateway alone, e.g. its state directory. For a gateway that is root: a workspace of root's
   * below one of them is handed to the sandbox user; one elsewhere is refused, with the command that mends it.
   */
  ownPaths?: readonly string[];
  /** As whom the gateway runs; this process unless given. */
  gatewayUser?: ContainerUser;
}

export interface DockerBackend extends SandboxBackend {
  /** Has containers of this spec made ready in the background, before anybody asks. Must not throw. */
  warm(spec: SandboxSpec): Promise<void>;
}

/** Specs that are kept warm at once; the one that was used longest ago goes first. */
const maxWarmSpecs = 4;
/** More at once only makes an engine slower. */
const maxStartsAtOnce = 6;
const maxRemovalsAtOnce = 8;

/** Throws AppError `invalid` for a DOCKER_HOST that is no unix socket. Asks the engine nothing yet. */
export function createDockerBackend(options: DockerBackendOptions): DockerBackend {
  return new Backend(options);
}

interface Plan {
  body: ContainerSettings;
  key: string;
  workdir: string;
}

type Waiting = Container & { readonly ended: Promise<unknown> };

class Backend implements DockerBackend {
  readonly id = 'docker';
  readonly #options: DockerBackendOptions;
  readonly #engine;
  readonly #containers;
  readonly #runId = randomBytes(8).toString('hex');
  readonly #prefix: string;
  readonly #plainImages = new Set<string>();
  readonly #sandboxes = new Map<string, DockerSandbox>();
  readonly #making = new Set<Promise<unknown>>();
  readonly #startSlots = atMost(maxStartsAtOnce);
  readonly #removalSlots = atMost(maxRemovalsAtOnce);
  readonly #pool;
  #trusted: Promise<void> | undefined;
  #closed = false;

  constructor(options: DockerBackendOptions) {
    this.#options = options;
    this.#engine = createEngine(engineSocketPath(options));
    this.#containers = createContainers(this.#engine);
    this.#prefix = options.containerPrefix ?? defaultContainerPrefix;
    this.#pool = createPool<Waiting>({
      size: options.poolSize,
      maxKeys: maxWarmSpecs,
      onFailure: (error) => options.log.warn({ error: messageOf(error) }, 'no sandbox could be made ready'),
    });
  }

  probe(): Promise<SandboxBackendStatus> {
    return probeEngine(this.#engine, this.#options.image ?? sandboxImage);
  }

  async warm(spec: SandboxSpec): Promise<void> {
    try {
      this.#fill(await this.#plan(spec));
    } catch (error) {
      this.#options.log.warn({ error: messageOf(error) }, 'no sandbox could be made ready');
    }
  }

  async acquire(scopeKey: string, spec: SandboxSpec): Promise<Sandbox> {
    this.#refuseWhenClosed();
    const plan = await this.#plan(spec);
    const name = sandboxName(this.#prefix, scopeKey);
    const container = (await this.#fromPool(plan, name)) ?? (await this.#make(plan, name, scopeKey));
    this.#fill(plan);
    if (this.#closed) {
      await container.remove();
      this.#refuseWhenClosed();
    }
    const sandbox = new DockerSandbox({ scopeKey, spec, container, clock: this.#options.clock });
    this.#sandboxes.set(container.id, sandbox);
    void container.runner.ended.then(() => this.#sandboxes.delete(container.id));
    return sandbox;
  }

  async list(): Promise<SandboxListing[]> {
    const found = await this.#containers.list(this.#labels());
    return found.map((container) => this.#listing(container));
  }

  async sweep(): Promise<string[]> {
    const found = await this.#containers.list(this.#labels());
    return this.#removeAll(found.filter((container) => container.labels[labelNames.run] !== this.#runId));
  }

  async close(): Promise<void> {
    this.#closed = true;
    try {
      await Promise.allSettled(this.#making);
      await Promise.all([
        this.#pool.close(),
        ...[...this.#sandboxes.values()].map((sandbox) => this.#removalSlots(() => sandbox.destroy())),
      ]);
      await this.#removeAll(await this.#containers.list([...this.#labels(), `${labelNames.run}=${this.#runId}`]));
    } catch (error) {
      this.#options.log.error({ error: messageOf(error) }, 'sandboxes may be left at the engine; the next start removes them');
    }
  }

  async #plan(spec: SandboxSpec): Promise<Plan> {
    this.#trusted ??= refuseUnsafeEngine(this.#engine);
    await this.#trusted.catch((error: unknown) => {
      this.#trusted = undefined;
      throw error;
    });
    const protectedPaths = [this.#engine.socketPath, ...(this.#options.protectedPaths ?? [])];
    const gatewayUser = this.#options.gatewayUser ?? thisUser();
    const { log, ownPaths = [] } = this.#options;
    const workspace = await resolveWorkspace(spec, { gatewayUser, protectedPaths, ownPaths, log });
    const body = specToContainer(spec, { ...workspace, protectedPaths });
    return { body, key: configHash(body), workdir: spec.workdir };
  }

  async #fromPool(plan: Plan, name: string): Promise<Container | undefined> {
    const container = await this.#pool.take(plan.key)?.catch(() => undefined);
    // The name is for people; a container that keeps its old one serves as well.
    await container?.rename(name).catch((error: unknown) => {
      this.#options.log.warn({ error: messageOf(error) }, 'a sandbox could not be renamed');
    });
    return container;
  }

  #fill(plan: Plan): void {
    this.#pool.fill(plan.key, async () => {
      const container = await this.#make(plan, poolName());
      return Object.assign(container, { ended: container.runner.ended });
    });
  }

  #make(plan: Plan, name: string, scopeKey?: string): Promise<Container> {
    const made = this.#startSlots(() => {
      this.#refuseWhenClosed();
      const createdAtMs = this.#options.clock.now();
      const owner = {
        stateId: this.#options.stateId,
        runId: this.#runId,
        createdAtMs,
        ...(scopeKey === undefined ? {} : { scopeKey }),
      };
      const body = withLabels(plan.body, owner);
      const { log } = this.#options;
      return makeContainer(
        this.#containers,
        { name, body, workdir: plan.workdir, createdAtMs },
        { log, plainImages: this.#plainImages },
      );
    });
    this.#making.add(made);
    const forget = (): void => void this.#making.delete(made);
    void made.then(forget, forget);
    return made;
  }

  #listing(container: ContainerSummary): SandboxListing {
    const mine = this.#sandboxes.get(container.id)?.facts();
    const scopeKey = mine?.scopeKey ?? container.labels[labelNames.scopeKey] ?? scopeFromName(this.#prefix, container.name);
    return {
      name: container.name,
      backend: this.id,
      image: container.image,
      createdAtMs: Number(container.labels[labelNames.createdAtMs]) || container.createdAtMs,
      running: container.running,
      ...(scopeKey === undefined ? {} : { scopeKey }),
      ...(mine?.lastUsedAtMs === undefined ? {} : { lastUsedAtMs: mine.lastUsedAtMs }),
    };
  }

  async #removeAll(found: readonly ContainerSummary[]): Promise<string[]> {
    const removed = await Promise.all(
      found.map((container) =>
        this.#removalSlots(() => this.#containers.remove(container.id)).then(
          () => [container.name],
          (error: unknown) => {
            this.#options.log.warn({ container: container.name, error: messageOf(error) }, 'a sandbox could not be removed');
            return [];
          },
        ),
      ),
    );
    return removed.flat();
  }

  #labels(): string[] {
    return [`${labelNames.sandbox}=1`, `${labelNames.state}=${this.#options.stateId}`];
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new AppError('unavailable', 'The gateway is stopping: no new sandbox begins.');
  }
}

/** Where there are no user ids (not Linux) the image's own user is used. */
function thisUser(): ContainerUser {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
