/**
 * Settings that give rights away. The gateway refuses most of them at its start; here they are told as what they are,
 * also where the file does not load. Mending sets the narrow value.
 */
import { valueAt, formatPath, type ConfigPath } from '../config/path.ts';
import type { Check, Severity } from '../domain/check.ts';
import { checkOf, finding, holds, unobserved } from './check-of.ts';
import { mendConfig, type Change } from './config-file.ts';
import type { CheckEdges } from './edges.ts';

export type Said = Readonly<Record<string, unknown>>;

export interface SettingRule {
  id: string;
  title: string;
  severity: Severity;
  /** What is wrong, in words, and what puts it right; undefined when it holds. */
  judge: (said: Said) => Verdict | undefined;
}

export interface Verdict {
  evidence: string;
  changes: readonly Change[];
  /** Where no change can be made without a person. */
  remedy?: string;
}

/** A key that may be absent, and that must be `right` where it is said. */
function only(
  id: string,
  severity: Severity,
  rule: { path: string; right: unknown; title: string; wrong?: unknown },
): SettingRule {
  const path = rule.path.split('.');
  return {
    id,
    severity,
    title: rule.title,
    judge(said) {
      const value = valueAt(said, path);
      const isWrong = rule.wrong === undefined ? value !== undefined && value !== rule.right : value === rule.wrong;
      return isWrong
        ? { evidence: `${rule.path} is ${JSON.stringify(value)}`, changes: [{ path, value: rule.right }] }
        : undefined;
    },
  };
}

const general: readonly SettingRule[] = [
  only('gateway.bind', 'critical', { path: 'gateway.bind', right: 'loopback', title: 'The gateway listens on loopback only' }),
  only('gateway.loopback_no_auth', 'critical', {
    path: 'gateway.auth.mode',
    right: 'token',
    title: 'The gateway asks for a token',
  }),
  only('gateway.control_ui.insecure_auth', 'critical', {
    path: 'gateway.controlUi.allowInsecureAuth',
    right: false,
    title: 'The control page asks for proof of the device',
  }),
  only('gateway.tailscale_funnel', 'critical', {
    path: 'gateway.tailscale.mode',
    right: 'off',
    wrong: 'funnel',
    title: 'The gateway is not published to everybody',
  }),
  only('gateway.tailscale_serve', 'info', {
    path: 'gateway.tailscale.mode',
    right: 'off',
    wrong: 'serve',
    title: 'The gateway does not publish itself',
  }),
  only('logging.redact_off', 'warn', {
    path: 'logging.redactSensitive',
    right: 'tools',
    title: 'Secrets are removed from the log',
  }),
  only('discovery.mdns', 'warn', {
    path: 'discovery.mdns.mode',
    right: 'off',
    title: 'The gateway announces itself to nobody',
  }),
  only('tools.elevated.enabled', 'critical', {
    path: 'tools.elevated.enabled',
    right: false,
    title: 'No conversation leaves its sandbox',
  }),
  {
    id: 'tools.elevated.allowFrom.wildcard',
    severity: 'critical',
    title: 'Nobody is let out of the sandbox by a star',
    judge(said) {
      const lists = Object.entries(objectAt(said, ['tools', 'elevated', 'allowFrom'])).filter(([, ids]) => hasStar(ids));
      if (lists.length === 0) return undefined;
      const changes = lists.map(([id, ids]) => ({ path: ['tools', 'elevated', 'allowFrom', id], value: withoutStar(ids) }));
      return { evidence: changes.map(({ path }) => `${formatPath(path)} holds "*"`).join('; '), changes };
    },
  },
  sandboxRule('sandbox.mode_off', 'critical', {
    key: ['mode'],
    isWrong: (value) => value === 'off',
    right: 'all',
    title: 'Tools run in a sandbox',
  }),
  sandboxRule('sandbox.mode_non_main', 'warn', {
    key: ['mode'],
    isWrong: (value) => value === 'non-main',
    right: 'all',
    title: 'The main conversation is sandboxed too',
  }),
  sandboxRule('sandbox.scope_shared', 'warn', {
    key: ['scope'],
    isWrong: (value) => value === 'shared',
    right: 'session',
    title: 'People do not share a sandbox',
  }),
  sandboxRule('sandbox.workspace_writable', 'info', {
    key: ['workspaceAccess'],
    isWrong: (value) => value === 'rw',
    right: 'ro',
    title: 'Sandboxes cannot write the workspace',
  }),
  sandboxRule('sandbox.network', 'critical', {
    key: ['docker', 'network'],
    isWrong: (value) => value !== undefined && value !== 'none',
    right: 'none',
    title: 'Sandboxes have no network',
  }),
  sandboxRule('sandbox.root_writable', 'warn', {
    key: ['docker', 'readOnlyRoot'],
    isWrong: (value) => value === false,
    right: true,
    title: 'The root of a sandbox is read-only',
  }),
];

interface SandboxRule {
  key: ConfigPath;
  isWrong: (value: unknown) => boolean;
  right: unknown;
  title: string;
}

/** In the defaults and in each agent's own section. */
function sandboxRule(id: string, severity: Severity, { key, isWrong, right, title }: SandboxRule): SettingRule {
  return {
    id,
    severity,
    title,
    judge(said) {
      const agents = valueAt(said, ['agents', 'list']);
      const own = Array.isArray(agents) ? agents.map((_, at) => ['agents', 'list', at, 'sandbox', ...key]) : [];
      const wrong = [['agents', 'defaults', 'sandbox', ...key], ...own].filter((path) => isWrong(valueAt(said, path)));
      if (wrong.length === 0) return undefined;
      return {
        evidence: wrong.map((path) => `${formatPath(path)} is ${JSON.stringify(valueAt(said, path))}`).join('; '),
        changes: wrong.map((path) => ({ path, value: right })),
      };
    },
  };
}

export function settingChecks(edges: CheckEdges): Check[] {
  return checksOfRules(general, edges);
}

export function checksOfRules(rules: readonly SettingRule[], { config: { said }, locations }: CheckEdges): Check[] {
  return rules.map(({ id, title, severity, judge }) => {
    const now = said && judge(said);
    return checkOf({
      id,
      title,
      severity,
      reports: ['audit'],
      async observe() {
        if (!said) return unobserved('the configuration cannot be read');
        return now ? finding(now.evidence, now.remedy ?? remedyOf(now.changes)) : holds('as it should be');
      },
      ...(now &&
        now.changes.length > 0 && {
          mending: { changes: sentence(now.changes), narrowsOnly: true, mend: async () => mendConfig(locations, now.changes) },
        }),
    });
  });
}

function remedyOf(changes: readonly Change[]): string {
  return changes
    .map(({ path, value }) =>
      value === undefined
        ? `openclaw config unset ${formatPath(path)}`
        : `openclaw config set ${formatPath(path)} ${typeof value === 'string' ? value : `'${JSON.stringify(value)}'`}`,
    )
    .join('; ');
}

function sentence(changes: readonly Change[]): string {
  return `${changes.map(({ path, value }) => `${formatPath(path)} becomes ${value === undefined ? 'absent' : JSON.stringify(value)}`).join('; ')}.`;
}

export function objectAt(said: Said, path: ConfigPath): Record<string, unknown> {
  const value = valueAt(said, path);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function hasStar(list: unknown): boolean {
  return Array.isArray(list) && list.includes('*');
}

export function withoutStar(list: unknown): unknown[] {
  return Array.isArray(list) ? list.filter((id) => id !== '*') : [];
}
