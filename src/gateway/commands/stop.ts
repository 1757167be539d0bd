/** /stop: ends the running turn at once and drops what waits behind it. */
import type { ChatCommand } from './command.ts';

export const stop: ChatCommand = {
  name: 'stop',
  async run({ sessionKey, message }, house) {
    const stopped = house.stop(sessionKey);
    const dropped = await house.store.inbox.dropQueued(sessionKey, 'dropped by /stop');
    if (dropped > 0) house.dropped(sessionKey, message);
    const waiting =
      dropped === 0 ? '' : ` ${dropped === 1 ? 'One waiting message was' : `${dropped} waiting messages were`} dropped.`;
    return { text: `${stopped ? 'Stopped.' : 'Nothing is running.'}${waiting}` };
  },
};
