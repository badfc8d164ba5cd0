import { type EnvelopeRefusal, networkAad, openEnvelope, sealFields, signedBytes } from "../cose.ts";
import { importKey, isAdmissibleKey, type Signer, verifyEd25519 } from "../crypto/ed25519.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { decodeCbor } from "../encoding/cbor.ts";
import { type Field, FieldFailure, readVersioned, versioned } from "../packet/fields.ts";

/** Why a signed message that is not a packet was refused. */
export type MessageRefusal = EnvelopeRefusal | "bad_signature" | "wrong_signer" | "inadmissible_key";

type MessageOpened<T> = { ok: true; value: T; publicKey: Uint8Array } | { ok: false; code: MessageRefusal };

export interface MessageCodec<T> {
  seal(value: T, signer: Signer, network: string): Uint8Array;
  /**
   * Checks layout, key and signature, then decodes the payload. `signer`, when given, must be the key that signed,
   * and admissible (`isAdmissibleKey`); without it any admissible key may have signed. Never throws.
   */
  open(bytes: Uint8Array, network: string, signer?: Uint8Array): MessageOpened<T>;
}

/** Verdicts and manifests come in lists and may be larger than a packet. */
export const MAX_MESSAGE_BYTES = 65_536;

/**
 * A signed message that is not a packet: same envelope, same canonical CBOR, and a type number of its own,
 * so that no signature can be used for another purpose.
 *
 * @param version raised whenever fields are appended to the shape
 */
export function messageCodec<T extends object>(
  typeNumber: number,
  shape: Field<T>,
  version = 1,
): MessageCodec<T> {
  return {
    seal(value, signer, network) {
      return sealFields(versioned(typeNumber, version, shape.write(value)), signer, network);
    },
    open(bytes, network, signer) {
      const opened = openEnvelope(bytes, MAX_MESSAGE_BYTES);
      if (!opened.ok) return opened;
      const { envelope } = opened;
      if (signer !== undefined && !equalBytes(signer, envelope.publicKey)) {
        return { ok: false, code: "wrong_signer" };
      }
      if (signer === undefined && !isAdmissibleKey(envelope.publicKey)) {
        return { ok: false, code: "inadmissible_key" };
      }
      const isValid = verifyEd25519(
        importKey(envelope.publicKey),
        signedBytes(envelope, networkAad(network)),
        envelope.signature,
      );
      if (!isValid) return { ok: false, code: "bad_signature" };
      const value = readFields(envelope.payload, typeNumber, shape);
      return value.ok ? { ...value, publicKey: envelope.publicKey } : value;
    },
  };
}

function readFields<T>(
  payload: Uint8Array,
  typeNumber: number,
  shape: Field<T>,
): { ok: true; value: T } | { ok: false; code: MessageRefusal } {
  const body = decodeCbor(payload);
  if (!body.ok) return body;
  const read = readVersioned(body.value);
  if (read instanceof FieldFailure) return { ok: false, code: read.code };
  if (read.type !== typeNumber) return { ok: false, code: "wrong_type" };
  const value = shape.read(read.fields);
  return value instanceof FieldFailure ? { ok: false, code: value.code } : { ok: true, value };
}
