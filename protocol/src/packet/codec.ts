import { BEACON_FRAME_BYTES, decodeBeaconFrame, witnessClaim } from "../beacon/frame.ts";
import {
  type Envelope,
  type EnvelopeRefusal,
  MAX_PACKET_BYTES,
  networkAad,
  openEnvelope,
  sealFields,
  signedBytes,
} from "../cose.ts";
import {
  importKey,
  isAdmissibleKey,
  type Signer,
  type VerifyingKey,
  verifyEd25519,
} from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { type CborValue, decodeCbor } from "../encoding/cbor.ts";
import { type Field, FieldFailure, readVersioned, versioned } from "./fields.ts";
import type { HeardWitness, Packet, PacketToSign, PacketType, WitnessPacket } from "./packet.ts";
import { PACKET_SHAPES, PACKET_TYPE_NUMBERS, PACKET_VERSIONS } from "./shapes.ts";

/** Why bytes are not a packet of this network. Stable identifiers: they appear in verdicts. */
type DecodeRefusal = EnvelopeRefusal | "wrong_network" | "bad_signature" | "inadmissible_key";

/** A well-formed packet. Whether its signature is valid is for the caller to check. */
export interface DecodedPacket extends Envelope {
  /** SHA-256 of the bytes as received. */
  id: Uint8Array;
  bytes: Uint8Array;
  /** Of the payload, as its writer knew it. */
  version: number;
  packet: Packet;
}

export type PacketDecoded = { ok: true; decoded: DecodedPacket } | { ok: false; code: EnvelopeRefusal };

/** A field has a value that may not be sent: names the field, the value and what is allowed. */
export class PacketFieldError extends RangeError {
  override readonly name = "PacketFieldError";
  readonly type: PacketType;
  /** From the outermost inwards: `gnss.integrityFlags`. Empty where the packet as a whole is too long. */
  readonly field: string;
  /** `gnss.integrityFlags is 32; whole numbers from 0 to 31 are allowed` */
  readonly why: string;

  constructor(type: PacketType, field: string, why: string) {
    super(`Cannot encode ${type} packet: ${why}`);
    this.type = type;
    this.field = field;
    this.why = why;
  }
}

const TYPES = Object.entries(PACKET_TYPE_NUMBERS) as [PacketType, number][];

/**
 * The packet's bytes as published: canonical CBOR in COSE_Sign1, signed for `network`.
 * @throws {PacketFieldError} naming the first field that may not be sent as it is, its value and what is allowed
 */
export function encodePacket(packet: PacketToSign, signer: Signer, network: string): Uint8Array {
  const shape = PACKET_SHAPES[packet.type] as Field<Packet>;
  const fields = shape.write("frame" in packet ? claimed(packet, signer.publicKey) : packet);
  const read = shape.read(fields);
  if (read instanceof FieldFailure) {
    const { field, value, allowed } = read;
    throw new PacketFieldError(packet.type, field, `${field} is ${shown(value)}; ${allowed} are allowed`);
  }
  const payload = versioned(PACKET_TYPE_NUMBERS[packet.type], PACKET_VERSIONS[packet.type], fields);
  const bytes = sealFields(payload, signer, network);
  if (bytes.length > MAX_PACKET_BYTES) {
    const why = `it has ${bytes.length} bytes; at most ${MAX_PACKET_BYTES} are allowed`;
    throw new PacketFieldError(packet.type, "", why);
  }
  return bytes;
}

/** What may be told of a frame before the beaconer reveals it. */
function claimed({ frame, ...report }: HeardWitness, publicKey: Uint8Array): WitnessPacket {
  const heard = decodeBeaconFrame(frame);
  if (heard === undefined) {
    const why = `frame is ${shown(frame)}; only the ${BEACON_FRAME_BYTES} bytes of a beacon are allowed`;
    throw new PacketFieldError("witness", "frame", why);
  }
  const { entropyIndex, shortId } = heard;
  return { ...report, entropyIndex, shortId, claim: witnessClaim(frame, publicKey) };
}

const shown = (value: unknown): string =>
  value instanceof Uint8Array
    ? `${value.length} bytes`
    : typeof value === "string"
      ? JSON.stringify(value)
      : String(value);

/** Form only, for bytes whose signature is checked elsewhere: layout, canonical encoding, types, ranges. Never throws. */
export function decodePacket(bytes: Uint8Array): PacketDecoded {
  const opened = openEnvelope(bytes);
  return opened.ok ? readPacket(bytes, opened.envelope) : opened;
}

/** Decodes the payload of an envelope: canonical encoding, types, ranges. Never throws. */
export function readPacket(bytes: Uint8Array, envelope: Envelope): PacketDecoded {
  const body = decodeCbor(envelope.payload);
  if (!body.ok) return body;
  const packet = packetOf(body.value);
  if (packet instanceof FieldFailure) return { ok: false, code: packet.code };
  return { ok: true, decoded: { id: sha256(bytes), bytes, ...packet, ...envelope } };
}

function packetOf(value: CborValue): Pick<DecodedPacket, "version" | "packet"> | FieldFailure {
  const read = readVersioned(value);
  if (read instanceof FieldFailure) return read;
  if (typeof read.type !== "number") return new FieldFailure("wrong_type");
  const type = TYPES.find(([, number]) => number === read.type)?.[0];
  if (type === undefined) return new FieldFailure("out_of_range");
  const shape = PACKET_SHAPES[type] as Field<Omit<Packet, "type">>;
  const body = shape.read(read.fields);
  return body instanceof FieldFailure ? body : { version: read.version, packet: { type, ...body } as Packet };
}

/** `key` must be the envelope's own, imported once from an admissible public key. */
const isSignedFor = (envelope: Envelope, network: string, key: VerifyingKey): boolean =>
  verifyEd25519(key, signedBytes(envelope, networkAad(network)), envelope.signature);

interface VerifyOptions {
  /** Networks to name as the cause (`wrong_network`) where a signature is not valid for ours but is for one of them. */
  otherNetworks?: readonly string[];
}

/**
 * Envelope, key, signature and form of bytes from an unknown sender, in this order: a payload is decoded only when its
 * signature is valid. Admission of the key costs about a millisecond: services that see a key often keep the imported key
 * and call `openEnvelope`, `verifyEd25519` over `signedBytes`, and `readPacket`.
 */
export function verifyPacket(
  bytes: Uint8Array,
  network: string,
  { otherNetworks = [] }: VerifyOptions = {},
): { ok: true; decoded: DecodedPacket } | { ok: false; code: DecodeRefusal } {
  const opened = openEnvelope(bytes);
  if (!opened.ok) return opened;
  const { envelope } = opened;
  if (!isAdmissibleKey(envelope.publicKey)) return { ok: false, code: "inadmissible_key" };
  const key = importKey(envelope.publicKey);
  if (isSignedFor(envelope, network, key)) return readPacket(bytes, envelope);
  const elsewhere = otherNetworks.some((other) => isSignedFor(envelope, other, key));
  return { ok: false, code: elsewhere ? "wrong_network" : "bad_signature" };
}
