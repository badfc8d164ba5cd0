import type { Signer } from "./crypto/ed25519.ts";
import { concatBytes, equalBytes, utf8 } from "./encoding/bytes.ts";
import { type CborRefusal, encodeCbor } from "./encoding/cbor.ts";
import { CborTag, readCbor } from "./encoding/cbor-reader.ts";

/*
 * COSE_Sign1 (RFC 9052 §4.2), the envelope of everything that is signed. It always has the same layout:
 *
 *   D2                       tag 18
 *   84                       array of 4
 *   58 26                    protected header, 38 bytes:
 *      A2 01 27              {1 (alg): -8 (EdDSA),
 *         04 58 20 key[32]    4 (kid): public key}
 *   A0                       unprotected header, empty
 *   40+n | 58 n | 59 nn nn   payload
 *   58 40 signature[64]
 *
 * What is signed: Sig_structure (§4.4) ["Signature1", protected, external_aad, payload] with
 * external_aad = "earshot/1/<network>", so that nothing signed for one network is valid in another.
 */

const HEAD = Uint8Array.fromHex("d2845826a20127045820");
const KEY_OFFSET = HEAD.length;
const PROTECTED_OFFSET = 4;
const PAYLOAD_OFFSET = KEY_OFFSET + 32 + 1;
const SIGNATURE_LENGTH = 64;
/** An empty payload still needs its one-byte header. */
const MIN_LENGTH = PAYLOAD_OFFSET + 1 + 2 + SIGNATURE_LENGTH;
const CONTEXT = utf8("Signature1");

/** Most bytes of a packet, and of any envelope unless the caller allows more. */
export const MAX_PACKET_BYTES = 1024;

export type EnvelopeRefusal = CborRefusal | "too_large" | "wrong_tag" | "wrong_alg" | "out_of_range";

export interface Envelope {
  /** The kid: 32 bytes. */
  publicKey: Uint8Array;
  payload: Uint8Array;
  signature: Uint8Array;
}

type EnvelopeDecoded = { ok: true; envelope: Envelope } | { ok: false; code: EnvelopeRefusal };

/** external_aad for a network, as bytes. */
export const networkAad = (network: string): Uint8Array => utf8(`earshot/1/${network}`);

function byteStringHead(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 | length);
  if (length < 256) return Uint8Array.of(0x58, length);
  if (length < 65_536) return Uint8Array.of(0x59, length >> 8, length & 255);
  throw new RangeError(`COSE payload has ${length} bytes; at most 65535 are allowed`);
}

/** The beginning of every Sig_structure: an array of 4, the context, the protected header up to its kid. */
const SIGNED_HEAD = concatBytes(
  Uint8Array.of(0x84, 0x60 | CONTEXT.length),
  CONTEXT,
  byteStringHead(KEY_OFFSET - PROTECTED_OFFSET + 32),
  HEAD.subarray(PROTECTED_OFFSET),
);

/** The bytes under the signature (RFC 9052 §4.4). */
export function signedBytes(envelope: Pick<Envelope, "publicKey" | "payload">, aad: Uint8Array): Uint8Array {
  const { publicKey, payload } = envelope;
  return concatBytes(
    SIGNED_HEAD,
    publicKey,
    byteStringHead(aad.length),
    aad,
    byteStringHead(payload.length),
    payload,
  );
}

/** Signs `payload` for the network of `aad` (see `networkAad`) and wraps it. */
export function seal(payload: Uint8Array, signer: Signer, aad: Uint8Array): Uint8Array {
  const signature = signer.sign(signedBytes({ publicKey: signer.publicKey, payload }, aad));
  return concatBytes(
    HEAD,
    signer.publicKey,
    Uint8Array.of(0xa0),
    byteStringHead(payload.length),
    payload,
    Uint8Array.of(0x58, SIGNATURE_LENGTH),
    signature,
  );
}

/** Decodes an envelope without checking its signature. Never throws. */
export function openEnvelope(bytes: Uint8Array, maxBytes = MAX_PACKET_BYTES): EnvelopeDecoded {
  if (bytes.length > maxBytes) return { ok: false, code: "too_large" };
  const envelope = bytes.length < MIN_LENGTH ? undefined : readLayout(bytes);
  return envelope === undefined ? { ok: false, code: explain(bytes) } : { ok: true, envelope };
}

function readLayout(bytes: Uint8Array): Envelope | undefined {
  if (!equalBytes(bytes.subarray(0, HEAD.length), HEAD) || bytes[PAYLOAD_OFFSET - 1] !== 0xa0)
    return undefined;
  const payloadEnd = bytes.length - SIGNATURE_LENGTH - 2;
  if (bytes[payloadEnd] !== 0x58 || bytes[payloadEnd + 1] !== SIGNATURE_LENGTH) return undefined;
  const start = payloadStart(bytes, payloadEnd);
  if (start === undefined) return undefined;
  return {
    publicKey: bytes.subarray(KEY_OFFSET, KEY_OFFSET + 32),
    payload: bytes.subarray(start, payloadEnd),
    signature: bytes.subarray(payloadEnd + 2),
  };
}

/** Where the payload begins: after the only CBOR head that its length allows. */
function payloadStart(bytes: Uint8Array, payloadEnd: number): number | undefined {
  const first = bytes[PAYLOAD_OFFSET];
  const start = PAYLOAD_OFFSET + (first === 0x58 ? 2 : first === 0x59 ? 3 : 1);
  if (start > payloadEnd) return undefined;
  return equalBytes(bytes.subarray(PAYLOAD_OFFSET, start), byteStringHead(payloadEnd - start))
    ? start
    : undefined;
}

/** Only for bytes that do not have this layout: names the difference. */
function explain(bytes: Uint8Array): EnvelopeRefusal {
  const decoded = readCbor(bytes);
  if (!decoded.ok) return decoded.code;
  const outer = decoded.value;
  if (!(outer instanceof CborTag) || outer.tag !== 18) return "wrong_tag";
  if (!Array.isArray(outer.value) || outer.value.length !== 4) return "wrong_type";
  const [header, unprotected, payload, signature] = outer.value as unknown[];
  if (!isBytes(header) || !isBytes(payload) || !isBytes(signature)) return "wrong_type";
  if (!(unprotected instanceof Map)) return "wrong_type";
  if (signature.length !== SIGNATURE_LENGTH || unprotected.size !== 0) return "out_of_range";
  return explainHeader(header);
}

function explainHeader(header: Uint8Array): EnvelopeRefusal {
  const decoded = readCbor(header);
  if (!decoded.ok) return decoded.code;
  if (!(decoded.value instanceof Map)) return "wrong_type";
  if (decoded.value.get(1) !== -8) return "wrong_alg";
  const kid: unknown = decoded.value.get(4);
  if (!isBytes(kid)) return "wrong_type";
  return kid.length === 32 && decoded.value.size === 2 ? "non_canonical" : "out_of_range";
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

/** Encodes `fields` canonically and seals them. */
export const sealFields = (
  fields: Parameters<typeof encodeCbor>[0],
  signer: Signer,
  network: string,
): Uint8Array => seal(encodeCbor(fields), signer, networkAad(network));
