/** Does the work of one job. Must not throw for what it finds: a finding is a result that says so. */
import { messageOf } from '../../domain/errors.ts';
import type { LayerInput } from '../engine/layer.ts';
import { identityFiles } from '../identity/files.ts';
import { commandPath, layoutsOf, type Layout } from '../layout.ts';
import { resolveOwner } from '../resources/owner.ts';
import { tailnetState } from '../tailnet/cli.ts';
import type { JobName } from './list.ts';

export interface Outcome {
  ok: boolean;
  summary: string;
}

const DAY_MS = 86_400_000;
/** The document's 8.5: gateway token and model keys quarterly. */
const OLDEST_CREDENTIAL_DAYS = 92;

const work: Record<JobName, (input: LayerInput) => Promise<Outcome>> = {
  audit: forEachInstance(audit),
  identity: forEachInstance(restoreIdentity),
  funnel,
  credentials: forEachInstance(credentialAge),
  backup: forEachInstance((input) => asRoot(input, ['backup', 'create'])),
};

export function runJob(name: JobName, input: LayerInput): Promise<Outcome> {
  return work[name](input).catch((error: unknown) => ({ ok: false, summary: messageOf(error) }));
}

function forEachInstance(act: (input: LayerInput, layout: Layout) => Promise<Outcome>): (input: LayerInput) => Promise<Outcome> {
  return async (input) => {
    const outcomes: Outcome[] = [];
    for (const layout of layoutsOf(input.settings)) outcomes.push(await act(input, layout));
    return { ok: outcomes.every(({ ok }) => ok), summary: outcomes.map(({ summary }) => summary).join('; ') };
  };
}

/** As the service itself, by an absolute path: cron's PATH knows nothing of ours. */
async function audit({ machine }: LayerInput, { user, home, stateDir, configFile }: Layout): Promise<Outcome> {
  const env = { HOME: home, OPENCLAW_STATE_DIR: stateDir, OPENCLAW_CONFIG_PATH: configFile };
  const ran = await machine.run('runuser', ['-u', user, '--', commandPath, 'security', 'audit', '--deep'], {
    env,
    timeoutMs: 300_000,
  });
  const report = `${ran.stdout}\n${ran.stderr}`.trim();
  if (report === '') return { ok: false, summary: 'the audit printed nothing' };
  return { ok: ran.code === 0, summary: (/^Summary: .*$/m.exec(report)?.[0] ?? report.split('\n').at(-1) ?? '').slice(0, 200) };
}

async function asRoot({ machine }: LayerInput, args: readonly string[]): Promise<Outcome> {
  const ran = await machine.run(commandPath, args, { timeoutMs: 3_600_000 });
  const said = `${ran.stdout}\n${ran.stderr}`.trim().split('\n').at(-1) ?? '';
  return { ok: ran.code === 0, summary: said.slice(0, 200) };
}

/** Puts back what differs from root's own copy. A difference is told even though it is mended. */
async function restoreIdentity({ machine }: LayerInput, layout: Layout): Promise<Outcome> {
  const restored: string[] = [];
  for (const file of identityFiles(layout)) {
    const original = await machine.read(file.original);
    if (!original || (await machine.read(file.path))?.equals(original)) continue;
    const ownership = await resolveOwner(machine, { user: 'root', group: layout.user, mode: 0o444 });
    if ((await machine.state(file.path))?.kind === 'directory') await machine.removeTree(file.path);
    await machine.write(file.path, original, ownership);
    restored.push(file.path);
  }
  if (restored.length === 0) return { ok: true, summary: 'every file is as it was' };
  return { ok: false, summary: `changed, and restored: ${restored.join(', ')}` };
}

async function funnel({ machine }: LayerInput): Promise<Outcome> {
  const state = await tailnetState(machine);
  if (!state.installed) return { ok: true, summary: 'Tailscale is not installed' };
  if (!state.funnel) return { ok: false, summary: 'tailscale does not say what it serves' };
  return state.funnel.length
    ? { ok: false, summary: `Funnel publishes ${state.funnel.join(', ')}` }
    : { ok: true, summary: 'Funnel is off' };
}

/** By the age of the files that hold them; the configuration holds the gateway's token. */
async function credentialAge({ machine }: LayerInput, { configFile, credentialsDir }: Layout): Promise<Outcome> {
  const found = await machine.run('find', [configFile, credentialsDir, '-type', 'f', '-printf', '%T@ %p\n']);
  const old = found.stdout
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [seconds = '0', ...path] = line.split(' ');
      const days = Math.floor((Date.now() - Number(seconds) * 1_000) / DAY_MS);
      return days > OLDEST_CREDENTIAL_DAYS ? [`${path.join(' ')} (${days} days)`] : [];
    });
  return old.length
    ? { ok: false, summary: `older than a quarter: ${old.join(', ')}` }
    : { ok: true, summary: 'no credential is older than a quarter' };
}
