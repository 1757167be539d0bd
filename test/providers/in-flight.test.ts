// Two thousand calls in flight in one process: what each costs in memory, and that all end when they are told to.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { wireFormats } from '../../src/providers/index.ts';
import { createModelApi } from '../peers/model-api.ts';
import { wireFactsOf } from './wire-facts.ts';

const CALLS = 2000;
/** Of resident memory for a call, its socket, its stream and 9 KB of request included. Measured: 70 to 120 KB. */
const MOST_KB = 220;

describe('calls in flight', { timeout: 120_000 }, () => {
  for (const { api } of wireFormats) {
    test(`${api}: ${CALLS} at once`, async () => {
      const peer = await createModelApi({ bench: true, script: () => [{ text: 'first words' }, { silent: true }] });
      const { path, model } = wireFactsOf(api);
      const child = spawn(
        process.execPath,
        [
          '--expose-gc',
          `${import.meta.dirname}/in-flight-child.ts`,
          JSON.stringify({ api, baseUrl: peer.url + path, apiKey: peer.apiKey, model, calls: CALLS }),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 0, output);
      const { kbPerCall, aborted } = JSON.parse(output) as { kbPerCall: number; aborted: number };
      assert.equal(peer.highestInFlight(), CALLS);
      assert.equal(aborted, CALLS);
      assert.ok(kbPerCall < MOST_KB, `${kbPerCall} KB a call`);
      await peer.close();
    });
  }
});
