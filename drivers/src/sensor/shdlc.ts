import { BAD_FRAME, type FrameFormat, INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";

/*
 * Sensirion's SHDLC (SPS30 datasheet, section 5):
 *
 *     7E | address | command | (answers: state) | length | data … | checksum | 7E
 *
 * Between the two 7E, the bytes 7E, 7D, 11 and 13 are sent as 7D and the byte with bit 5 flipped. The checksum is the
 * inverse of the low byte of the sum of all before it.
 */

const FLAG = 0x7e;
const ESCAPE = 0x7d;
const STUFFED = [FLAG, ESCAPE, 0x11, 0x13];
const MAX_DATA_BYTES = 255;

export interface ShdlcAnswer {
  command: number;
  /** 0 done, else the device's error code; bit 7 says that a device fault is pending. */
  state: number;
  data: Uint8Array;
}

export function encodeShdlc(command: number, data: readonly number[]): Uint8Array {
  const body = [0, command, data.length, ...data];
  return framed([...body, checksum(body)]);
}

/** What the device sends: for tests and simulated devices. */
export function encodeShdlcAnswer({ command, state, data }: ShdlcAnswer): Uint8Array {
  const body = [0, command, state, data.length, ...data];
  return framed([...body, checksum(body)]);
}

const framed = (bytes: readonly number[]): Uint8Array =>
  Uint8Array.of(
    FLAG,
    ...bytes.flatMap((byte) => (STUFFED.includes(byte) ? [ESCAPE, byte ^ 0x20] : [byte])),
    FLAG,
  );

const checksum = (bytes: Iterable<number>): number => {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return ~sum & 0xff;
};

/** One 7E may end a frame and begin the next: two in a row are an empty frame, which is skipped. */
export const SHDLC_FORMAT: FrameFormat = {
  maxBytes: 2 * (MAX_DATA_BYTES + 5) + 2,
  measure(bytes) {
    if (bytes[0] !== FLAG) return NO_FRAME;
    const end = bytes.indexOf(FLAG, 1);
    if (end < 0) return INCOMPLETE;
    if (end === 1) return NO_FRAME;
    return decodeShdlcAnswer(bytes.subarray(0, end + 1)) === undefined ? BAD_FRAME : end + 1;
  },
};

/** @param frame from 7E to 7E */
export function decodeShdlcAnswer(frame: Uint8Array): ShdlcAnswer | undefined {
  const body = unstuffed(frame.subarray(1, -1));
  if (body === undefined || body.length < 5) return undefined;
  const [, command = 0, state = 0, length] = body;
  const data = body.slice(4, -1);
  if (data.length !== length || checksum(body.subarray(0, -1)) !== body.at(-1)) return undefined;
  return { command, state, data };
}

function unstuffed(bytes: Uint8Array): Uint8Array | undefined {
  const plain: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte !== ESCAPE) {
      plain.push(byte);
      continue;
    }
    const original = (bytes[++i] ?? 0) ^ 0x20;
    if (!STUFFED.includes(original)) return undefined;
    plain.push(original);
  }
  return Uint8Array.from(plain);
}
