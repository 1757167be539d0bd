/** Owns looking at the sandboxes of one state directory as the engine has them. Must never change one. */
import { createContainers } from './containers.ts';
import { createEngine } from './engine.ts';
import { labelNames } from './spec-to-container.ts';

export interface InspectedContainer {
  name: string;
  running: boolean;
  network: string;
  capAdd: readonly string[];
  capDrop: readonly string[];
  privileged: boolean;
  readOnlyRoot: boolean;
  memoryBytes: number;
  processes: number;
  noNewPrivileges: boolean;
  /** Host paths that are mounted. */
  binds: readonly string[];
}

/** The part of the engine's answer that is read; Docker Engine API v1.41, ContainerInspect. */
interface Inspection {
  Name: string;
  State: { Running: boolean };
  HostConfig: {
    NetworkMode: string;
    CapAdd: string[] | null;
    CapDrop: string[] | null;
    Privileged: boolean;
    ReadonlyRootfs: boolean;
    Memory: number;
    PidsLimit: number | null;
    SecurityOpt: string[] | null;
  };
  Mounts: { Type: string; Source?: string }[];
}

/** Rejects with AppError `unavailable` or `denied` where no engine answers. */
export async function inspectSandboxes(options: { socketPath: string; stateId: string }): Promise<InspectedContainer[]> {
  const engine = createEngine(options.socketPath);
  const listed = await createContainers(engine).list([`${labelNames.sandbox}=1`, `${labelNames.state}=${options.stateId}`]);
  return Promise.all(
    listed.map(async ({ id }) => factsOf(await engine.call<Inspection>({ method: 'GET', path: `/containers/${id}/json` }))),
  );
}

function factsOf({ Name, State, HostConfig: host, Mounts }: Inspection): InspectedContainer {
  return {
    name: Name.replace(/^\//, ''),
    running: State.Running,
    network: host.NetworkMode,
    capAdd: host.CapAdd ?? [],
    capDrop: host.CapDrop ?? [],
    privileged: host.Privileged,
    readOnlyRoot: host.ReadonlyRootfs,
    memoryBytes: host.Memory,
    processes: host.PidsLimit ?? 0,
    noNewPrivileges: (host.SecurityOpt ?? []).some((one) => /^no-new-privileges(?:[:=]true)?$/.test(one)),
    binds: Mounts.flatMap(({ Type, Source }) => (Type === 'bind' && Source ? [Source] : [])),
  };
}
