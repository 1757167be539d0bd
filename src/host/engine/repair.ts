/** Puts back what `verify` found: first what is written, then what is mended by other means, until nothing is left that can be. */
import { messageOf } from '../../domain/errors.ts';
import { apply, type ApplyOptions } from './apply.ts';
import type { Layer, LayerInput } from './layer.ts';
import { findingsOf, verify, type Verification } from './verify.ts';

export interface Repaired {
  changes: number;
  after: Verification;
}

export async function repair(
  layers: readonly Layer[],
  input: LayerInput,
  options: ApplyOptions & { onMend: (text: string) => void },
): Promise<Repaired> {
  const changes = await apply(layers, input, options);
  const found = await verify(layers, input);
  let mended = 0;
  for (const { id } of findingsOf(found.results)) {
    const mending = found.checks.get(id)?.mending;
    if (!mending) continue;
    options.onMend(await mending.mend().catch(messageOf));
    mended += 1;
  }
  return { changes: changes + mended, after: mended > 0 ? await verify(layers, input) : found };
}
