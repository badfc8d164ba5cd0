import { type EnvelopeRefusal, networkAad, openEnvelope, sealFields, signedBytes } from "../cose.ts";
import { importKey, isAdmissibleKey, type Signer, verifyEd25519 } from "../crypto/ed25519.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { decodeCbor } from "../encoding/cbor.ts";
import { type Field, FieldFailure, readVersioned, versioned } from "../packet/fields.ts";

/**
 * What a network's keys are for: `entropy` each period's value; `registry` registrations, parameters, denials; `epochs`
 * manifests and index roots; `downlink` verdicts and receipts; `log` the log's checkpoints.
 */
export const KEY_ROLES = ["entropy", "registry", "epochs", "downlink", "log"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** `wrong_signer`: never has the role. `key_not_in_force`: has it in other epochs. `key_revoked`: had it. */
export type SignerRefusal = "wrong_signer" | "key_not_in_force" | "key_revoked";

/** Which keys sign for a network (`NetworkKeys`). */
export interface Signatories {
  /** Why a key may not sign in a role at a time; without one, whether it ever may. */
  refusal(role: KeyRole, publicKey: Uint8Array, atMs?: number): SignerRefusal | undefined;
}

/** Signs for a network, in each role with the key whose turn it is. */
export interface RoleSigners {
  /** @param atMs when the message says that it is signed; where it does not say, now is meant */
  signerFor(role: KeyRole, atMs?: number): Signer;
}

/** In which role a kind of message is signed, and when one was. */
export interface SigningRole<T> {
  role: KeyRole;
  /** `undefined` where it does not say: then any key counts that ever has the role. */
  atMs(value: T): number | undefined;
}

/** Why a signed message that is not a packet was refused. */
export type MessageRefusal = EnvelopeRefusal | SignerRefusal | "bad_signature" | "inadmissible_key";

type MessageOpened<T> = { ok: true; value: T; publicKey: Uint8Array } | { ok: false; code: MessageRefusal };

export interface MessageCodec<T> {
  readonly typeNumber: number;
  /** The newest that this program knows. */
  readonly version: number;
  /** @param signer one that signs everything, or the network's, of which the message's role and time choose one */
  seal(value: T, signer: Signer | RoleSigners, network: string): Uint8Array;
  /**
   * Checks layout, key and signature, then decodes the payload, and whether the key might sign it when it was signed.
   * Never throws.
   *
   * @param signer the one key that may have signed, which must be admissible (`isAdmissibleKey`), or the network's keys;
   *   without it any admissible key may have
   */
  open(bytes: Uint8Array, network: string, signer?: Uint8Array | Signatories): MessageOpened<T>;
}

/** Verdicts and manifests come in lists and may be larger than a packet. */
export const MAX_MESSAGE_BYTES = 65_536;

/**
 * A signed message that is not a packet: same envelope, same canonical CBOR, and a type number of its own,
 * so that no signature can be used for another purpose.
 *
 * @param version raised whenever fields are appended to the shape
 * @param signing of what a network's key signs; a message without it is never the network's
 */
export function messageCodec<T extends object>(
  typeNumber: number,
  shape: Field<T>,
  version = 1,
  signing?: SigningRole<T>,
): MessageCodec<T> {
  return {
    typeNumber,
    version,
    seal(value, signer, network) {
      const fields = versioned(typeNumber, version, shape.write(value));
      return sealFields(fields, signerOf(value, signer, signing), network);
    },
    open(bytes, network, signer) {
      const opened = openEnvelope(bytes, MAX_MESSAGE_BYTES);
      if (!opened.ok) return opened;
      const { envelope } = opened;
      const refusal = keyRefusal(envelope.publicKey, signer, signing);
      if (refusal !== undefined) return { ok: false, code: refusal };
      const isValid = verifyEd25519(
        importKey(envelope.publicKey),
        signedBytes(envelope, networkAad(network)),
        envelope.signature,
      );
      if (!isValid) return { ok: false, code: "bad_signature" };
      const value = readFields(envelope.payload, typeNumber, shape);
      if (!value.ok) return value;
      const late = timeRefusal(value.value, envelope.publicKey, signer, signing);
      return late === undefined ? { ...value, publicKey: envelope.publicKey } : { ok: false, code: late };
    },
  };
}

function signerOf<T>(value: T, signer: Signer | RoleSigners, signing: SigningRole<T> | undefined): Signer {
  if (!("signerFor" in signer)) return signer;
  if (signing === undefined) throw new TypeError("No key of a network signs this kind of message");
  return signer.signerFor(signing.role, signing.atMs(value));
}

/** Before the signature is checked: whether this key may have signed at any time. */
function keyRefusal<T>(
  publicKey: Uint8Array,
  signer: Uint8Array | Signatories | undefined,
  signing: SigningRole<T> | undefined,
): MessageRefusal | undefined {
  if (signer === undefined) return isAdmissibleKey(publicKey) ? undefined : "inadmissible_key";
  if (signer instanceof Uint8Array) return equalBytes(signer, publicKey) ? undefined : "wrong_signer";
  return signing === undefined ? "wrong_signer" : signer.refusal(signing.role, publicKey);
}

/** Whether it was its turn when the message was signed. */
function timeRefusal<T>(
  value: T,
  publicKey: Uint8Array,
  signer: Uint8Array | Signatories | undefined,
  signing: SigningRole<T> | undefined,
): SignerRefusal | undefined {
  if (signer === undefined || signer instanceof Uint8Array || signing === undefined) return undefined;
  const atMs = signing.atMs(value);
  return atMs === undefined ? undefined : signer.refusal(signing.role, publicKey, atMs);
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
