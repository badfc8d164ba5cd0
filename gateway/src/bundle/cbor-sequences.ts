import { readByteStringAt, readPacketAt, type SequencePacket } from "@earshot/protocol/omission";
import { atOnce, type InTurns } from "./in-turns.ts";

/*
 * CBOR sequences (RFC 8742) of the two shapes that bundles hold. They are large, so they are written and read here
 * directly instead of as trees of values:
 *
 *   packets   82               array of 2
 *               1B ms[8]         receivedAtMs
 *               58 n | 59 n n    packet
 *   messages  58 n | 59 n n    byte string
 */

const ARRAY_OF_2 = 0x82;
const UINT_OF_8 = 0x1b;
const MIN_EIGHT_BYTE_UINT = 2 ** 32;
const TIME_LENGTH = 10;
const PACKETS_A_TURN = 4096;

type SequenceRead<T> =
  | { ok: true; items: T[] }
  | {
      ok: false;
      /** Place of the item that cannot be read, from 0. */
      item: number;
      /** Where it starts in the file. */
      offset: number;
    };

/** @throws {RangeError} on a receive time that is not a whole number of ms after January 1970, or an oversized packet */
export const writePackets = (packets: readonly SequencePacket[]): Uint8Array =>
  atOnce(writingPackets(packets));

/** `writePackets` that lets other work have its turn. */
export function* writingPackets(packets: readonly SequencePacket[]): InTurns<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const [i, { receivedAtMs, bytes }] of packets.entries()) {
    if (i % PACKETS_A_TURN === PACKETS_A_TURN - 1) yield;
    parts.push(timeHead(receivedAtMs), byteStringHead(bytes), bytes);
  }
  return join(parts);
}

export const writeByteStrings = (strings: readonly Uint8Array[]): Uint8Array =>
  join(strings.flatMap((bytes) => [byteStringHead(bytes), bytes]));

/** Not `concatBytes`: an epoch has more packets than a call may have arguments. */
const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Items are views into `bytes`. Only what `writePackets` writes is read. */
export const readPackets = (bytes: Uint8Array): SequenceRead<SequencePacket> =>
  readSequence(bytes, (offset) => readPacketAt(bytes, offset));

export const readByteStrings = (bytes: Uint8Array): SequenceRead<Uint8Array> =>
  readSequence(bytes, (offset) => readByteStringAt(bytes, offset));

function readSequence<T>(
  bytes: Uint8Array,
  readAt: (offset: number) => { item: T; next: number } | undefined,
): SequenceRead<T> {
  const items: T[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const read = readAt(offset);
    if (read === undefined) return { ok: false, item: items.length, offset };
    items.push(read.item);
    offset = read.next;
  }
  return { ok: true, items };
}

function timeHead(ms: number): Uint8Array {
  if (!Number.isSafeInteger(ms) || ms < MIN_EIGHT_BYTE_UINT) {
    throw new RangeError(`Receive time is ${ms}; whole milliseconds from ${MIN_EIGHT_BYTE_UINT} are allowed`);
  }
  const head = new Uint8Array(TIME_LENGTH);
  head[0] = ARRAY_OF_2;
  head[1] = UINT_OF_8;
  new DataView(head.buffer).setBigUint64(2, BigInt(ms));
  return head;
}

/** Shortest form (RFC 8949 §4.2.1); strings of fewer than 24 bytes are neither packets nor messages. */
function byteStringHead({ length }: Uint8Array): Uint8Array {
  if (length >= 24 && length < 256) return Uint8Array.of(0x58, length);
  if (length >= 256 && length < 65_536) return Uint8Array.of(0x59, length >> 8, length & 255);
  throw new RangeError(`Byte string has ${length} bytes; 24 to 65535 are allowed`);
}
