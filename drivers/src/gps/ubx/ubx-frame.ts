/** One UBX message as it travels: which it is, and what it carries. */
export interface UbxFrame {
  messageClass: number;
  id: number;
  payload: Uint8Array;
}

/** Two sync bytes, class, id, two of length, and two of checksum. */
export const UBX_OVERHEAD_BYTES = 8;
export const UBX_SYNC = [0xb5, 0x62] as const;

/**
 * The 8-bit Fletcher checksum over class, id, length and payload (M8: "UBX Checksum"): first byte
 * in the low eight bits, second in the high ones, as `getUint16` reads them.
 */
export function ubxChecksum(bytes: Uint8Array): number {
  let first = 0;
  let second = 0;
  // Indexed: an iterator takes many times as long, and a flood of false headers runs this again and again.
  for (let at = 0; at < bytes.length; at += 1) {
    first = (first + (bytes[at] ?? 0)) & 0xff;
    second = (second + first) & 0xff;
  }
  return (second << 8) | first;
}

/**
 * Writes a frame.
 *
 *     B5 62 | class | id | length, little endian | payload | checksum
 *
 * @throws {RangeError} when the payload is longer than the length field can express.
 */
export function encodeUbxFrame({ messageClass, id, payload }: UbxFrame): Uint8Array {
  if (payload.length > 0xffff) throw new RangeError(`UBX payload is ${payload.length} bytes; at most 65535`);
  const bytes = new Uint8Array(payload.length + UBX_OVERHEAD_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([...UBX_SYNC, messageClass, id]);
  view.setUint16(4, payload.length, true);
  bytes.set(payload, 6);
  view.setUint16(6 + payload.length, ubxChecksum(bytes.subarray(2, 6 + payload.length)), true);
  return bytes;
}
