/** What the `tailscale` program says, from its JSON. Text for people is never parsed. Source: `tailscale status --json`, `debug prefs`, `serve status --json`. */
import type { Machine } from '../engine/machine.ts';

export interface TailnetState {
  installed: boolean;
  /** Joined and up. */
  running: boolean;
  ssh: boolean;
  addresses: readonly string[];
  tags: readonly string[];
  /** `host:port` that Funnel publishes to everybody. Undefined: it could not be asked. */
  funnel: readonly string[] | undefined;
}

interface StatusJson {
  BackendState?: string;
  Self?: { TailscaleIPs?: string[]; Tags?: string[] };
}
interface ServeJson {
  AllowFunnel?: Record<string, boolean>;
  Foreground?: Record<string, { AllowFunnel?: Record<string, boolean> }>;
}

export const notInstalled: TailnetState = { installed: false, running: false, ssh: false, addresses: [], tags: [], funnel: [] };

export async function tailnetState(machine: Machine): Promise<TailnetState> {
  if (!machine.live) return notInstalled;
  const status = await ask<StatusJson>(machine, ['status', '--json']);
  if (status === 'no program') return notInstalled;
  const prefs = await ask<{ RunSSH?: boolean }>(machine, ['debug', 'prefs']);
  const serve = await ask<ServeJson>(machine, ['serve', 'status', '--json']);
  return {
    installed: true,
    running: typeof status === 'object' && status.BackendState === 'Running',
    ssh: typeof prefs === 'object' && prefs.RunSSH === true,
    addresses: typeof status === 'object' ? (status.Self?.TailscaleIPs ?? []) : [],
    tags: typeof status === 'object' ? (status.Self?.Tags ?? []) : [],
    funnel: typeof serve === 'object' ? published(serve) : undefined,
  };
}

/** In the background and, while a terminal holds it, in the foreground. */
function published(serve: ServeJson): string[] {
  const all = [serve.AllowFunnel, ...Object.values(serve.Foreground ?? {}).map((one) => one.AllowFunnel)];
  return all.flatMap((one) => Object.entries(one ?? {}).flatMap(([host, on]) => (on ? [host] : [])));
}

async function ask<T extends object>(machine: Machine, args: string[]): Promise<T | 'no program' | 'no answer'> {
  const result = await machine.run('tailscale', args, { timeoutMs: 8_000 });
  if (result.code === 127) return 'no program';
  try {
    const value = JSON.parse(result.stdout.trim() || '{}') as T | null;
    return result.code === 0 || args[0] === 'status' ? (value ?? ({} as T)) : 'no answer';
  } catch {
    return 'no answer';
  }
}
