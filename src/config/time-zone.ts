/** The host's time zone, without `Intl`: asking that costs a start a quarter of its time and ten megabytes. */
import { readlinkSync } from 'node:fs';
import type { Environment } from './environment.ts';

const ZONES = '/zoneinfo/';
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

/** A name such as `Europe/Berlin`. As C programs find it: `TZ`, else what /etc/localtime links to; `Intl` where neither says. */
export function hostTimeZone(env: Environment, localtime = '/etc/localtime'): string {
  const named = env.TZ?.replace(/^:/, '') ?? '';
  if (ZONE_NAME.test(named)) return named;
  return linkedZone(localtime) ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function linkedZone(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    const name = target.slice(target.lastIndexOf(ZONES) + ZONES.length);
    return target.includes(ZONES) && ZONE_NAME.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
