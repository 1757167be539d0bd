/** Bounded waiting for something that only looking shows, such as the end of a foreign process. */
import { setTimeout as delay } from 'node:timers/promises';

export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += 20) {
    if (waitedMs >= timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain`);
    await delay(20);
  }
}
