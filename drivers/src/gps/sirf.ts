import type { DeviceKind } from "../devices/device-kind.ts";
import { BAD_FRAME, type FrameFormat, INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";

/** Start, length, checksum and end around the payload. */
const OVERHEAD_BYTES = 8;
const MAX_PAYLOAD_BYTES = 1023;

/**
 * SiRF binary, recognised so that a receiver can be named that is only read through gpsd (SiRF Binary Protocol
 * Reference Manual, 1040-0041):
 *
 *     A0 A2 | length, 11 bits, high byte first | payload | 15-bit sum of its bytes | B0 B3
 */
const SIRF_FORMAT: FrameFormat = {
  maxBytes: MAX_PAYLOAD_BYTES + OVERHEAD_BYTES,
  measure(bytes) {
    const [first, second = 0xa2, high = 0, low] = bytes;
    if (first !== 0xa0 || second !== 0xa2) return NO_FRAME;
    if (low === undefined) return INCOMPLETE;
    const length = (high << 8) | low;
    if (length < 1 || length > MAX_PAYLOAD_BYTES) return NO_FRAME;
    if (bytes.length < length + OVERHEAD_BYTES) return INCOMPLETE;
    return isWhole(bytes, length) ? length + OVERHEAD_BYTES : BAD_FRAME;
  },
};

function isWhole(bytes: Uint8Array, length: number): boolean {
  let sum = 0;
  for (let at = 4; at < 4 + length; at += 1) sum = (sum + (bytes[at] ?? 0)) & 0x7fff;
  const [high = 0, low = 0, end, last] = bytes.subarray(4 + length);
  return sum === ((high << 8) | low) && end === 0xb0 && last === 0xb3;
}

/** Recognised only: no configuration names it. */
export const sirf: DeviceKind = {
  type: "sirf",
  description: "SiRF receiver in binary: only gpsd reads it",
  sends: { frames: SIRF_FORMAT },
  rows: [],
};
