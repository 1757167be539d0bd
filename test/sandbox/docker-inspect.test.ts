/** What the audit sees of a sandbox alive, on the real engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksFor } from '../../src/checks/index.ts';
import { inspectSandboxes } from '../../src/sandbox/docker/inspect.ts';
import { place } from '../checks/place.ts';
import { dockerBackend, dockerOptions, dockerSpec, patience } from './docker-bed.ts';

test('a sandbox of ours passes every check of running sandboxes', patience, async (t) => {
  const { stateId } = dockerOptions();
  const backend = await dockerBackend({ stateId });
  t.after(() => backend.close());
  const { name } = await backend.acquire('inspected', dockerSpec());
  const containers = await inspectSandboxes({ socketPath: '/var/run/docker.sock', stateId });
  assert.deepEqual(
    containers.map((one) => one.name),
    [name],
  );
  const at = place(t);
  at.instead = { containers: async () => containers };
  const checks = checksFor(await at.edges()).filter(({ id }) => id.startsWith('sandbox.running.'));
  assert.equal(checks.length, 6);
  const seen = await Promise.all(checks.map((check) => check.observe(AbortSignal.timeout(1_000))));
  assert.deepEqual(
    seen.map(({ state }) => state),
    checks.map(() => 'holds'),
    JSON.stringify(seen),
  );
});
