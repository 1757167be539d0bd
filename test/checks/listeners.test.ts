/** Listeners as the kernel tells them: a real socket, and the forms of addresses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isLoopback, parseListeners, readListeners } from '../../src/checks/listeners.ts';

test('a socket that listens is seen with its address', { skip: process.platform !== 'linux' }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const found = (await readListeners()).filter((one) => one.port === port);
  assert.deepEqual(found, [{ address: '127.0.0.1', port }]);
});

test('addresses of both families are read, and only those that listen', () => {
  const line = (address: string, state: string): string => `   0: ${address} 00000000:0000 ${state} 00000000:00000000`;
  const text = [
    '  sl  local_address rem_address   st tx_queue',
    line('0100007F:4965', '0A'),
    line('00000000:0016', '0A'),
    line('0100007F:1F90', '01'),
    line('00000000000000000000000001000000:4965', '0A'),
    line('00000000000000000000000000000000:4965', '0A'),
    line('0000000000000000FFFF00000100007F:4965', '0A'),
  ].join('\n');
  const found = parseListeners(text);
  assert.deepEqual(
    found.map(({ address, port }) => `${address} ${port}`),
    ['127.0.0.1 18789', '0.0.0.0 22', '::1 18789', ':: 18789', '127.0.0.1 18789'],
  );
  assert.deepEqual(found.map(isLoopback), [true, false, true, false, true]);
});
