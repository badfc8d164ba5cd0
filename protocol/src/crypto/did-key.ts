import { sha256 } from "@noble/hashes/sha2.js";
import { base58 } from "@scure/base";
import animalHash from "angry-purple-tiger";

/**
 * The id of a hotspot: its Ed25519 public key as a multibase `did:key` identifier.
 *
 *     did:key: z 6Mk…            did:key method, W3C CCG "The did:key Method v0.7", section 2
 *              │ └ base58btc( 0xED 0x01 ‖ 32-byte public key )     multicodec ed25519-pub
 *              └ multibase prefix of base58btc
 *
 * The id used in topics, tables and file names is the multibase part only (`z6Mk…`): it has no colon, slash, plus
 * or hash, so it is one MQTT topic level and one path segment everywhere.
 */

const MULTICODEC_ED25519_PUB = [0xed, 0x01] as const;
const KEY_LENGTH = 32;
const DID_METHOD = "did:key:";

/** `0xED 0x01` before 32 bytes always gives "6Mk" and 47 characters in all; the length check refuses long input early. */
const ID_PATTERN = /^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/;

/**
 * The id (`z6Mk…`, 48 characters) of a public key. Any 32 bytes have an id: whether they are an admissible Ed25519
 * key, `isAdmissibleKey` decides.
 * @throws {RangeError} if the key is not 32 bytes long.
 */
export function hotspotId(publicKey: Uint8Array): string {
  const bytes = new Uint8Array(MULTICODEC_ED25519_PUB.length + KEY_LENGTH);
  bytes.set(MULTICODEC_ED25519_PUB);
  bytes.set(checkedKey(publicKey), MULTICODEC_ED25519_PUB.length);
  return `z${base58.encode(bytes)}`;
}

/** The 32-byte public key of an id, or undefined for everything that `hotspotId` would not have written. */
export function publicKeyOf(id: string): Uint8Array | undefined {
  if (!ID_PATTERN.test(id)) return undefined;
  const bytes = base58.decode(id.slice(1));
  const isEd25519 = bytes.length === MULTICODEC_ED25519_PUB.length + KEY_LENGTH;
  if (!isEd25519 || bytes[0] !== MULTICODEC_ED25519_PUB[0] || bytes[1] !== MULTICODEC_ED25519_PUB[1]) {
    return undefined;
  }
  return bytes.subarray(MULTICODEC_ED25519_PUB.length);
}

/** The full decentralized identifier (`did:key:z6Mk…`) of a hotspot id. */
export function didKey(id: string): string {
  return DID_METHOD + id;
}

/**
 * The 8 bytes that identify a hotspot on air: the start of the SHA-256 of its public key.
 * @throws {RangeError} if the key is not 32 bytes long.
 */
export function shortId(publicKey: Uint8Array): Uint8Array {
  return sha256(checkedKey(publicKey)).slice(0, 8);
}

function checkedKey(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== KEY_LENGTH) {
    throw new RangeError(`Public key has ${publicKey.length} bytes, must have ${KEY_LENGTH}`);
  }
  return publicKey;
}

/**
 * A name of three words, such as "angry-purple-tiger", derived from a hotspot's id (`z6Mk…`) as Helium does. For people
 * to recognise a hotspot, never to identify it: there are about 16 million names, so two hotspots may share one, and
 * anybody can search for a key with a given name.
 */
export function hotspotName(id: string): string {
  return animalHash(id, { style: "lowercase", separator: "-" });
}
