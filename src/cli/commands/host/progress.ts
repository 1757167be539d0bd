/** One line for each change while it is made. */
import type { PlannedChange } from '../../../host/engine/apply.ts';
import type { Trigger } from '../../../host/engine/resource.ts';
import type { Output } from '../../output.ts';

export interface Progress {
  onChange: (change: PlannedChange) => void;
  onTrigger: (trigger: Trigger) => void;
  onMend: (text: string) => void;
}

export function progressOf(out: Output): Progress {
  return {
    onChange: ({ layer, summary }) => out.note(`${layer}: ${summary}`),
    onTrigger: ({ name }) => out.note(`  ${name}`),
    onMend: (text) => out.note(text),
  };
}
