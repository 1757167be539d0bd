/** Sandboxes: whether the engine is there, what earlier runs left, and whether those alive are as closed as they should be. */
import type { Check, Severity } from '../domain/check.ts';
import { checkOf, finding, holds, unobserved } from './check-of.ts';
import type { CheckEdges, ContainerFacts } from './edges.ts';

interface ContainerRule {
  id: string;
  title: string;
  severity: Severity;
  /** What is wrong with it, in words. */
  wrong: (container: ContainerFacts) => string | undefined;
}

const rules: readonly ContainerRule[] = [
  {
    id: 'sandbox.running.network',
    title: 'Sandboxes alive have no network',
    severity: 'critical',
    wrong: ({ network }) => (network === 'none' ? undefined : `network ${network}`),
  },
  {
    id: 'sandbox.running.capabilities',
    title: 'Sandboxes alive have no capabilities',
    severity: 'critical',
    wrong: ({ capAdd, capDrop, privileged }) => {
      if (privileged) return 'privileged';
      if (capAdd.length > 0) return `added ${capAdd.join(', ')}`;
      return capDrop.includes('ALL') ? undefined : 'capabilities are kept';
    },
  },
  {
    id: 'sandbox.running.privileges',
    title: 'Sandboxes alive cannot gain rights',
    severity: 'critical',
    wrong: ({ noNewPrivileges }) => (noNewPrivileges ? undefined : 'without no-new-privileges'),
  },
  {
    id: 'sandbox.running.root',
    title: 'The root of sandboxes alive is read-only',
    severity: 'warn',
    wrong: ({ readOnlyRoot }) => (readOnlyRoot ? undefined : 'its root can be written'),
  },
  {
    id: 'sandbox.running.limits',
    title: 'Sandboxes alive have limits',
    severity: 'warn',
    wrong: ({ memoryBytes, processes }) => (memoryBytes > 0 && processes > 0 ? undefined : 'memory or processes without a limit'),
  },
  {
    id: 'sandbox.running.mounts',
    title: 'Sandboxes alive see neither Docker nor the system',
    severity: 'critical',
    wrong: ({ binds }) => {
      const forbidden = binds.filter((path) => /docker\.sock$|^\/$|^\/(?:etc|proc|sys|dev|run|root|boot)(?:\/|$)/.test(path));
      return forbidden.length > 0 ? `mounts ${forbidden.join(', ')}` : undefined;
    },
  },
];

export function sandboxChecks(edges: CheckEdges): Check[] {
  return [engine(edges), leftovers(edges), ...rules.map((rule) => running(rule, edges))];
}

function engine({ config, probeSandbox }: CheckEdges): Check {
  return checkOf({
    id: 'sandbox.engine',
    title: 'Sandboxes can be made',
    severity: 'critical',
    reports: ['doctor'],
    dependsOn: ['config.valid'],
    async observe() {
      const backend = config.resolved?.gateway.sandboxBackend ?? 'auto';
      if (backend === 'embedded') return holds('the embedded sandbox');
      const status = await probeSandbox();
      if (status.ready) return holds(status.detail);
      const isDemanded = backend === 'docker';
      const words = isDemanded ? status.detail : `${status.detail}; the embedded sandbox is used`;
      return finding(words, status.hint ?? 'openclaw sandbox build', isDemanded ? 'critical' : 'info');
    },
  });
}

function leftovers({ containers, gatewayRuns, sweep }: CheckEdges): Check {
  return checkOf({
    id: 'sandbox.leftovers',
    title: 'No sandbox of an earlier run is left',
    severity: 'warn',
    reports: ['doctor'],
    async observe() {
      if (await gatewayRuns()) return holds('a gateway runs, and removes them by itself');
      const found = await containers();
      if (found.length === 0) return holds('none');
      return finding(found.map(({ name }) => name).join(', '), 'openclaw sandbox prune');
    },
    mending: {
      changes: 'Containers of earlier runs are removed.',
      narrowsOnly: false,
      mend: async () => `removed ${(await sweep()).join(', ')}`,
    },
  });
}

function running({ wrong, ...rule }: ContainerRule, edges: CheckEdges): Check {
  return checkOf({
    ...rule,
    reports: ['audit'],
    deep: true,
    rows: [9],
    async observe() {
      const alive = (await edges.containers()).filter((one) => one.running);
      if (alive.length === 0) return unobserved('no sandbox is alive', 'openclaw agent --message "run: true"');
      const found = alive.flatMap((one) => wrong(one)?.replace(/^/, `${one.name}: `) ?? []);
      return found.length > 0 ? finding(found.join('; '), 'openclaw sandbox recreate --all') : holds(`${alive.length} inspected`);
    },
  });
}
