/**
 * Owns what has to be known of an engine before a sandbox is trusted to it. Fails closed: an engine without seccomp is refused.
 */
import { AppError, messageOf } from '../../domain/errors.ts';
import type { SandboxBackendStatus } from '../../domain/sandbox.ts';
import type { Engine } from './engine.ts';

const probeTimeoutMs = 900;

/** Rejects with AppError `denied` for an engine whose containers would run without a seccomp profile. */
export async function refuseUnsafeEngine(engine: Engine): Promise<void> {
  const info = await engine.call<{ SecurityOptions?: string[] | null }>({ method: 'GET', path: '/info' });
  refuseSecurityOptions(info.SecurityOptions ?? []);
}

/** As `GET /info` lists them: `name=seccomp,profile=default`. */
export function refuseSecurityOptions(securityOptions: readonly string[]): void {
  const seccomp = securityOptions.find((option) => option.startsWith('name=seccomp'));
  if (seccomp !== undefined && !seccomp.includes('profile=unconfined')) return;
  throw new AppError('denied', 'The Docker engine has no seccomp profile: a sandbox would be open to the kernel.', {
    hint: 'Use a kernel and an engine with seccomp, and no unconfined profile in /etc/docker/daemon.json.',
  });
}

/** Must not throw. */
export async function probeEngine(engine: Engine, image: string): Promise<SandboxBackendStatus> {
  try {
    const [version] = await Promise.all([
      engine.call<{ Version: string }>({ method: 'GET', path: '/version', timeoutMs: probeTimeoutMs }),
      engine.call({ method: 'GET', path: `/images/${image}/json`, timeoutMs: probeTimeoutMs }),
    ]);
    return { ready: true, detail: `Docker ${version.Version}, image ${image}` };
  } catch (error) {
    const hint = error instanceof AppError ? error.hint : undefined;
    return { ready: false, detail: messageOf(error), ...(hint === undefined ? {} : { hint }) };
  }
}
