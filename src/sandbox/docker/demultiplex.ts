/**
 * Owns the taking apart of the engine's multiplexed stream: an 8-byte head (stream, three zeros, u32 length, big-endian),
 * then that many bytes, and so on. May be split at any byte. Must never hold more than a head back.
 * Source: Docker Engine API, "Attach to a container", stream format.
 */

export type StreamName = 'stdout' | 'stderr';

const headBytes = 8;

/** Calls `deliver` with views into the pieces that it is given, in their order. */
export function createDemultiplexer(deliver: (stream: StreamName, bytes: Buffer) => void): (piece: Buffer) => void {
  const head = Buffer.alloc(headBytes);
  let headFilled = 0;
  let left = 0;
  return (piece) => {
    let at = 0;
    while (at < piece.length) {
      if (left === 0) {
        const copied = piece.copy(head, headFilled, at, at + headBytes - headFilled);
        headFilled += copied;
        at += copied;
        if (headFilled < headBytes) return;
        headFilled = 0;
        left = head.readUInt32BE(4);
      } else {
        const bytes = piece.subarray(at, at + left);
        left -= bytes.length;
        at += bytes.length;
        // 0 is stdin and 1 stdout; only 2 is stderr.
        deliver(head[0] === 2 ? 'stderr' : 'stdout', bytes);
      }
    }
  };
}
