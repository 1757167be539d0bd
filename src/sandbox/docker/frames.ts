/**
 * Owns the frames between gateway and supervisor: u32 length of the payload, u8 kind, u32 id, payload; big-endian.
 *
 * To the supervisor:   S start (head, then JSON) · I input or file bytes · E end of them · K kill · R read file · W write file
 * From the supervisor: r ready · s started · o stdout · e stderr · a input bytes taken (u32) · x exit (JSON)
 *                      d file bytes · k done (JSON) · f refused (JSON: code, message)
 */
import { AppError } from '../../domain/errors.ts';

export type SentKind = 'S' | 'I' | 'E' | 'K' | 'R' | 'W';
export type HeardKind = 'r' | 's' | 'o' | 'e' | 'a' | 'x' | 'd' | 'k' | 'f';

const headBytes = 9;
/** The supervisor sends at most 256 KiB in one frame. */
const maxPayloadBytes = 1024 * 1024;

export function frame(kind: SentKind, id: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const whole = Buffer.allocUnsafe(headBytes + bytes.length);
  whole.writeUInt32BE(bytes.length, 0);
  whole.writeUInt8(kind.charCodeAt(0), 4);
  whole.writeUInt32BE(id, 5);
  whole.set(bytes, headBytes);
  return whole;
}

/**
 * Calls `deliver` once per whole frame; the payload is a view that is valid during the call only.
 * Throws AppError `unavailable` for what no supervisor sends: the channel is then of no use any more.
 */
export function createFrameReader(deliver: (kind: HeardKind, id: number, payload: Buffer) => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const length = bytes.readUInt32BE(at);
      if (length > maxPayloadBytes) throw new AppError('unavailable', 'The sandbox speaks no known protocol.');
      const end = at + headBytes + length;
      if (bytes.length < end) break;
      const kind = String.fromCharCode(bytes.readUInt8(at + 4)) as HeardKind;
      deliver(kind, bytes.readUInt32BE(at + 5), bytes.subarray(at + headBytes, end));
      at = end;
    }
    rest = Buffer.from(bytes.subarray(at));
  };
}
