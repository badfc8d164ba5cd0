/*
 * `packets.cbor` of a bundle: a CBOR sequence (RFC 8742), read directly instead of as a tree of values, since it is large.
 *
 *   packet   82               array of 2
 *              1B ms[8]         receivedAtMs
 *              58 n | 59 n n    packet
 */

const ARRAY_OF_2 = 0x82;
const UINT_OF_8 = 0x1b;
const TIME_LENGTH = 10;
const MIN_EIGHT_BYTE_UINT = 2 ** 32;

export interface SequencePacket {
  receivedAtMs: number;
  bytes: Uint8Array;
}

/** The packet that begins at `offset`, and where the next one does; `undefined` for anything else, also for a part of one. */
export function readPacketAt(
  bytes: Uint8Array,
  offset: number,
): { item: SequencePacket; next: number } | undefined {
  if (bytes[offset] !== ARRAY_OF_2 || bytes[offset + 1] !== UINT_OF_8) return undefined;
  if (bytes.length < offset + TIME_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const receivedAtMs = Number(view.getBigUint64(offset + 2));
  if (!Number.isSafeInteger(receivedAtMs) || receivedAtMs < MIN_EIGHT_BYTE_UINT) return undefined;
  const string = readByteStringAt(bytes, offset + TIME_LENGTH);
  return string && { item: { receivedAtMs, bytes: string.item }, next: string.next };
}

/** The same of a byte string of 24 to 65535 bytes. */
export function readByteStringAt(
  bytes: Uint8Array,
  offset: number,
): { item: Uint8Array; next: number } | undefined {
  const [kind, high = 0, low = 0] = bytes.subarray(offset, offset + 3);
  const isLong = kind === 0x59;
  if (!isLong && kind !== 0x58) return undefined;
  const length = isLong ? (high << 8) | low : high;
  if (length < (isLong ? 256 : 24)) return undefined;
  const start = offset + (isLong ? 3 : 2);
  const item = bytes.subarray(start, start + length);
  return item.length === length ? { item, next: start + length } : undefined;
}

/** More bytes than the longest item has. */
const MAX_ITEM_BYTES = 70_000;

/** Reads `packets.cbor` as it comes. */
export class PacketStream {
  #rest = new Uint8Array(0);

  /** The packets that are whole by now. @throws {RangeError} for what is no such file */
  *push(part: Uint8Array): Iterable<SequencePacket> {
    const bytes = new Uint8Array(this.#rest.length + part.length);
    bytes.set(this.#rest);
    bytes.set(part, this.#rest.length);
    let offset = 0;
    for (let read = readPacketAt(bytes, 0); read !== undefined; read = readPacketAt(bytes, offset)) {
      offset = read.next;
      yield read.item;
    }
    this.#rest = bytes.slice(offset);
    if (this.#rest.length > MAX_ITEM_BYTES) throw new RangeError("It is no packets.cbor");
  }

  /** @throws {RangeError} when it ends within a packet */
  end(): void {
    if (this.#rest.length > 0) throw new RangeError("packets.cbor ends within a packet");
  }
}
