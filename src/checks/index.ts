/** Every check of an installation, in the order in which it is told and mended: modes first, for settings need them. */
import type { Check } from '../domain/check.ts';
import { channelChecks } from './channels.ts';
import type { CheckEdges } from './edges.ts';
import { gatewayChecks } from './gateway.ts';
import { hostChecks, installationChecks } from './installation.ts';
import { modeChecks } from './modes.ts';
import { sandboxChecks } from './sandbox.ts';
import { settingChecks } from './settings.ts';

export function checksFor(edges: CheckEdges): Check[] {
  return [
    ...modeChecks(edges),
    ...installationChecks(edges),
    ...settingChecks(edges),
    ...channelChecks(edges),
    ...gatewayChecks(edges),
    ...sandboxChecks(edges),
    ...hostChecks(edges),
  ];
}
