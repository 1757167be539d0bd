/** The Docker engine of this installation, for commands that look at sandboxes or tidy up without a gateway. */
import { dockerBackendFor } from '../app/sandboxes.ts';
import { createSettings } from '../app/live-settings.ts';
import { configModel } from '../config/model.ts';
import { resolveConfig } from '../config/resolve.ts';
import { AppError } from '../domain/errors.ts';
import { silentLog } from '../domain/log.ts';
import type { DockerBackend } from '../sandbox/docker/index.ts';
import type { CliContext } from './context.ts';

/** Rejects with AppError `unavailable` when no engine answers. A missing image is no obstacle here. */
export async function dockerOf(context: Pick<CliContext, 'config' | 'paths'>): Promise<DockerBackend> {
  const settings = createSettings(resolveConfig(configModel(), await context.config()));
  const backend = dockerBackendFor({ settings, stateDir: context.paths().stateDir, log: silentLog });
  const status = await backend.probe();
  if (!status.ready && !/image/i.test(status.detail)) {
    throw new AppError('unavailable', status.detail, status.hint ? { hint: status.hint } : {});
  }
  return backend;
}
