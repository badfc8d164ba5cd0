import { sha256 } from "../crypto/sha256.ts";
import { concatBytes, readU32, u32 } from "../encoding/bytes.ts";

/*
 * On air: a LoRaWAN frame of type Proprietary (MHDR 0xE0, LoRaWAN 1.0.4 §4.2), 31 bytes.
 *
 *    0     E0           MHDR: Proprietary, LoRaWAN R1
 *    1     EA 01        magic, version
 *    3     4 bytes      entropy index, most significant byte first
 *    7     8 bytes      short id: SHA-256(public key)[0..8]
 *   15    16 bytes      tag: from the hotspot's value and the entropy (`derive.ts`)
 */
export const BEACON_FRAME_BYTES = 31;
const PREFIX = Uint8Array.of(0xe0, 0xea, 0x01);
const INDEX_OFFSET = PREFIX.length;
const SHORT_ID_OFFSET = INDEX_OFFSET + 4;
const TAG_OFFSET = SHORT_ID_OFFSET + 8;

export interface BeaconFrame {
  entropyIndex: number;
  shortId: Uint8Array;
  tag: Uint8Array;
}

export const encodeBeaconFrame = ({ entropyIndex, shortId, tag }: BeaconFrame): Uint8Array =>
  concatBytes(PREFIX, u32(entropyIndex), shortId, tag);

/** `undefined` when the bytes are not an Earshot beacon. */
export function decodeBeaconFrame(frame: Uint8Array): BeaconFrame | undefined {
  if (!isBeaconFrame(frame)) return undefined;
  return {
    entropyIndex: readU32(frame, INDEX_OFFSET),
    // Copies, also of a Buffer, whose own `slice` would share its memory.
    shortId: new Uint8Array(frame.subarray(SHORT_ID_OFFSET, TAG_OFFSET)),
    tag: new Uint8Array(frame.subarray(TAG_OFFSET)),
  };
}

/** Entropy index and short id in hex: identifies the beacon that a frame claims to be. */
export const beaconKey = (entropyIndex: number, shortId: Uint8Array): string =>
  u32(entropyIndex).toHex() + shortId.toHex();

/** What a witness reports in place of the frame. */
export const CLAIM_BYTES = 16;

/**
 * SHA-256(frame ‖ public key of the witness)[0..16]: shows that the witness knew the frame, and tells nobody what it was.
 * @param frame the 31 bytes heard
 */
export const witnessClaim = (frame: Uint8Array, publicKey: Uint8Array): Uint8Array =>
  sha256(frame, publicKey).slice(0, CLAIM_BYTES);

const isBeaconFrame = (frame: Uint8Array): boolean =>
  frame.length === BEACON_FRAME_BYTES && PREFIX.every((byte, i) => frame[i] === byte);
