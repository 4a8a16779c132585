/** Frames of RFC 6455, as they lie one after the other in what a socket brought. */

export interface Frame {
  /** The opcode. */
  kind: number;
  /** The payload, unmasked. */
  body: Buffer;
}

/** The first frame in `waiting` and what follows it; `undefined` while it is not whole. */
export function cutFrame(waiting: Buffer): [Frame, Buffer] | undefined {
  const isMasked = ((waiting[1] ?? 0) & 0x80) !== 0;
  const short = (waiting[1] ?? 0) & 0x7f;
  const keyAt = short === 126 ? 4 : short === 127 ? 10 : 2;
  const bodyAt = keyAt + (isMasked ? 4 : 0);
  if (waiting.length < bodyAt) return undefined;
  const length = short === 126 ? waiting.readUInt16BE(2) : short === 127 ? Number(waiting.readBigUInt64BE(2)) : short;
  if (waiting.length < bodyAt + length) return undefined;
  const key = waiting.subarray(keyAt, bodyAt);
  const masked = waiting.subarray(bodyAt, bodyAt + length);
  const body = isMasked ? (masked.map((byte, place) => byte ^ key[place % 4]!) as Buffer) : masked;
  return [{ kind: waiting[0]! & 0x0f, body }, waiting.subarray(bodyAt + length)];
}
