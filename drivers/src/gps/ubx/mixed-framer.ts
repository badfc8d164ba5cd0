import { crc24q } from "../rtcm3/crc24q.ts";
import { UBX_OVERHEAD_BYTES, UBX_SYNC, type UbxFrame, ubxChecksum } from "./ubx-frame.ts";

/** A stretch of a u-blox receiver's output, in the order in which it came. */
export type StreamPiece =
  | { kind: "ubx"; frame: UbxFrame }
  | { kind: "rtcm" }
  /** Neither UBX nor RTCM 3: NMEA sentences, line ends, garbage. */
  | { kind: "other"; bytes: Uint8Array };

/** RTCM 3: preamble, six zero bits, ten of length, at most 1023 bytes, three of CRC. */
const RTCM_PREAMBLE = 0xd3;
const RTCM_OVERHEAD_BYTES = 6;
const RTCM_MAX_BYTES = 1023 + RTCM_OVERHEAD_BYTES;
const INCOMPLETE = 0;
const NO_FRAME = -1;

/**
 * Takes UBX and RTCM 3 frames out of a stream and hands on the rest.
 *
 * A frame that fails its checksum gives up one byte, and what it covered is searched again, so that a good frame inside
 * of a damaged one is found. Holds at most one frame.
 */
export class MixedFramer {
  /** UBX frames whose checksum failed or whose length was over the cap. */
  badFrames = 0;
  readonly #maxPayloadBytes: number;
  readonly #buffer: Uint8Array;
  #held = 0;

  /** Receivers that track everything on two bands send messages of up to about 4000 bytes (RXM-RAWX). */
  constructor(maxPayloadBytes = 4096) {
    if (!Number.isInteger(maxPayloadBytes) || maxPayloadBytes < 1024 || maxPayloadBytes > 0xffff) {
      throw new RangeError(
        `Longest UBX payload is ${maxPayloadBytes}; allowed are whole numbers 1024 to 65535`,
      );
    }
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#buffer = new Uint8Array(Math.max(maxPayloadBytes + UBX_OVERHEAD_BYTES, RTCM_MAX_BYTES));
  }

  /** Bytes buffered while a frame is incomplete. */
  get heldBytes(): number {
    return this.#held;
  }

  push(bytes: Uint8Array): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#buffer.length - this.#held);
      this.#buffer.set(part, this.#held);
      this.#held += part.length;
      at += part.length;
      this.#search(pieces, false);
    }
    return pieces;
  }

  /** What is buffered when no more bytes will come: good frames behind the beginning of one that never ended. */
  flush(): StreamPiece[] {
    const pieces: StreamPiece[] = [];
    this.#search(pieces, true);
    return pieces;
  }

  #search(pieces: StreamPiece[], isEnd: boolean): void {
    const held = this.#buffer.subarray(0, this.#held);
    let otherFrom = 0;
    let at = 0;
    while (at < held.length) {
      const length = isSync(held[at]) ? this.#frameBytes(held.subarray(at)) : NO_FRAME;
      if (length === INCOMPLETE && !isEnd) break;
      if (length > 0) {
        pushOther(pieces, held.subarray(otherFrom, at));
        pieces.push(pieceOf(held.slice(at, at + length)));
        otherFrom = at + length;
      }
      at += Math.max(1, length);
    }
    pushOther(pieces, held.subarray(otherFrom, at));
    this.#buffer.copyWithin(0, at, this.#held);
    this.#held -= at;
  }

  /** Length of the good frame at the start of `bytes`, `INCOMPLETE` or `NO_FRAME`. */
  #frameBytes(bytes: Uint8Array): number {
    return bytes[0] === RTCM_PREAMBLE ? rtcmFrameBytes(bytes) : this.#ubxFrameBytes(bytes);
  }

  #ubxFrameBytes(bytes: Uint8Array): number {
    if (bytes.length < 2) return INCOMPLETE;
    if (bytes[1] !== UBX_SYNC[1]) return NO_FRAME;
    if (bytes.length < 6) return INCOMPLETE;
    const payloadBytes = uint16(bytes, 4);
    if (payloadBytes > this.#maxPayloadBytes) return this.#refuse();
    const length = payloadBytes + UBX_OVERHEAD_BYTES;
    if (bytes.length < length) return INCOMPLETE;
    const isGood = ubxChecksum(bytes.subarray(2, length - 2)) === uint16(bytes, length - 2);
    return isGood ? length : this.#refuse();
  }

  #refuse(): number {
    this.badFrames += 1;
    return NO_FRAME;
  }
}

function rtcmFrameBytes(bytes: Uint8Array): number {
  const [, high = 0, low] = bytes;
  // Reserved bits.
  if (high > 3) return NO_FRAME;
  if (low === undefined) return INCOMPLETE;
  const length = ((high << 8) | low) + RTCM_OVERHEAD_BYTES;
  if (bytes.length < length) return INCOMPLETE;
  // Over a message and its own CRC, the CRC is zero.
  return crc24q(bytes.subarray(0, length)) === 0 ? length : NO_FRAME;
}

function pieceOf(bytes: Uint8Array): StreamPiece {
  if (bytes[0] === RTCM_PREAMBLE) return { kind: "rtcm" };
  const [messageClass, id] = [bytes[2] ?? 0, bytes[3] ?? 0];
  return { kind: "ubx", frame: { messageClass, id, payload: bytes.subarray(6, -2) } };
}

function pushOther(pieces: StreamPiece[], bytes: Uint8Array): void {
  if (bytes.length > 0) pieces.push({ kind: "other", bytes: bytes.slice() });
}

const isSync = (byte: number | undefined): boolean => byte === UBX_SYNC[0] || byte === RTCM_PREAMBLE;

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0);
