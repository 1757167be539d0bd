/**
 * Verifies layers: what is written is as it was written, and what is promised is observed. A difference is a finding even while
 * the running system still holds.
 */
import type { Check, Observation, Severity } from '../../domain/check.ts';
import { messageOf } from '../../domain/errors.ts';
import { plan } from './apply.ts';
import type { Layer, LayerInput } from './layer.ts';
import { finding, unobserved } from './observations.ts';

export interface Verified {
  layer: string;
  id: string;
  title: string;
  rows: readonly number[];
  severity: Severity;
  observation: Observation;
}

/** A check of a layer that can be mended beyond writing its resources anew. */
export interface Verification {
  results: Verified[];
  /** By check id, for `repair`. */
  checks: ReadonlyMap<string, Check>;
}

const SLOWEST_MS = 30_000;

/** All layers and all checks side by side. Nothing is changed but what a check makes for itself and takes away again. */
export async function verify(layers: readonly Layer[], input: LayerInput): Promise<Verification> {
  const checks = new Map<string, Check>();
  const perLayer = await Promise.all(
    layers.map(async (layer) => {
      const own = input.machine.live ? layer.checks(input) : [];
      for (const check of own) checks.set(check.id, check);
      return [...(await drift(layer, input)), ...(await observeAll(layer, own, input))];
    }),
  );
  return { results: perLayer.flat(), checks };
}

/** Each resource that is not as it should be. */
async function drift(layer: Layer, input: LayerInput): Promise<Verified[]> {
  const told = (id: string, observation: Observation): Verified => ({
    layer: layer.id,
    id,
    title: id,
    rows: layer.rows,
    severity: 'critical',
    observation,
  });
  try {
    const remedy = `openclaw host repair --only ${layer.id}`;
    const planned = await plan([layer], input);
    return planned.map(({ resource, summary }) => told(resource, finding(`it differs; ${summary}`, remedy)));
  } catch (error) {
    return [told(`host.${layer.id}`, finding(messageOf(error), 'Mend what it says'))];
  }
}

function observeAll(layer: Layer, checks: readonly Check[], { settings }: LayerInput): Promise<Verified[]> {
  return Promise.all(
    checks.map(async (check) => {
      const seen = await check.observe(AbortSignal.timeout(SLOWEST_MS)).catch((error: unknown) => unobserved(messageOf(error)));
      const observation = seen.state === 'unobserved' && isRequired(check.id, settings.require) ? demanded(seen) : seen;
      return { layer: layer.id, id: check.id, title: check.title, rows: check.rows, severity: check.severity, observation };
    }),
  );
}

/** Which checks `require` in host.json5 speaks of. */
const required: Readonly<Record<string, RegExp>> = {
  tailscale: /^host\.tailscale\./,
  backup: /^host\.backup\./,
  cgroups: /^host\.systemd\.limits$/,
  channel: /^channels\./,
  model: /^models\./,
};

function isRequired(id: string, wanted: readonly string[]): boolean {
  return wanted.some((name) => required[name]?.test(id));
}

function demanded(seen: Extract<Observation, { state: 'unobserved' }>): Observation {
  return finding(`${seen.evidence}; host.json5 requires it`, seen.settle ?? 'See host.json5');
}

export function findingsOf(results: readonly Verified[]): Verified[] {
  return results.filter(({ observation }) => observation.state === 'finding');
}
