import { openEnvelope } from "../cose.ts";
import { importKey, isAdmissibleKey, type Signer, verifyEd25519 } from "../crypto/ed25519.ts";
import { concatBytes, u64, utf8 } from "../encoding/bytes.ts";
import { decodeCbor } from "../encoding/cbor.ts";
import { bytes, nullable, record } from "../packet/fields.ts";
import { timeMs } from "../packet/shapes.ts";
import { type MessageRefusal, messageCodec } from "./message.ts";

/** A hotspot's own statement about its key, which signs it: another takes its place, or, when it is revoked, none does. */
interface SignedKeyChange {
  /** By the clock of whoever signed it, maybe long before it is sent: a revocation may be kept beside a backup. */
  atMs: number;
  /** The key that takes the hotspot's place; null in a revocation. */
  newKey: Uint8Array | null;
  /** The new key's signature over `acceptanceOf`: a hotspot is not pushed on a key whose owner does not want it. */
  acceptance: Uint8Array | null;
}

const TYPE_NUMBER = 15;

/** Layout and the old key's signature; `openKeyChange` checks the new key's too. */
export const keyChangeMessage = messageCodec<SignedKeyChange>(
  TYPE_NUMBER,
  record<SignedKeyChange>({ atMs: timeMs, newKey: nullable(bytes(32)), acceptance: nullable(bytes(64)) }),
);

const acceptanceOf = (network: string, oldKey: Uint8Array, newKey: Uint8Array, atMs: number): Uint8Array =>
  concatBytes(
    ...[utf8("earshot-key-acceptance"), utf8(network), Uint8Array.of(0), oldKey, newKey, u64(atMs)],
  );

/** Says, signed by both, that `next` takes the place of `old`. */
export function sealRotation(old: Signer, next: Signer, network: string, atMs: number): Uint8Array {
  const acceptance = next.sign(acceptanceOf(network, old.publicKey, next.publicKey, atMs));
  return keyChangeMessage.seal({ atMs, newKey: next.publicKey, acceptance }, old, network);
}

/** Says that a key counts no more. */
export const sealRevocation = (key: Signer, network: string, atMs: number): Uint8Array =>
  keyChangeMessage.seal({ atMs, newKey: null, acceptance: null }, key, network);

/** What a valid one says. */
export interface KeyChange {
  oldKey: Uint8Array;
  /** Null when the old one is revoked and none takes its place. */
  newKey: Uint8Array | null;
  /** When it was signed, by the signer's clock. */
  atMs: number;
}

/** Whose key a message says that it is about, before anything of it is checked. */
export function keyChangeSigner(message: Uint8Array): Uint8Array | undefined {
  const opened = openEnvelope(message);
  return opened.ok ? opened.envelope.publicKey : undefined;
}

/** By its type alone: of a message that was checked when it came. */
export function isKeyChange(message: Uint8Array): boolean {
  const opened = openEnvelope(message);
  const payload = opened.ok ? decodeCbor(opened.envelope.payload) : opened;
  return payload.ok && Array.isArray(payload.value) && payload.value[0] === TYPE_NUMBER;
}

/** `not_accepted`: the new key did not sign, is the old one, or is not admissible. */
export type KeyChangeRefusal = MessageRefusal | "not_accepted";

/** Checks both signatures. Never throws. */
export function openKeyChange(
  message: Uint8Array,
  network: string,
): { ok: true; change: KeyChange } | { ok: false; code: KeyChangeRefusal } {
  const opened = keyChangeMessage.open(message, network);
  if (!opened.ok) return opened;
  const { publicKey: oldKey, value } = opened;
  const { atMs, newKey, acceptance } = value;
  const change = { oldKey, newKey, atMs };
  if (newKey === null && acceptance === null) return { ok: true, change };
  const isAccepted =
    newKey !== null &&
    acceptance !== null &&
    isAdmissibleKey(newKey) &&
    verifyEd25519(importKey(newKey), acceptanceOf(network, oldKey, newKey, atMs), acceptance);
  return isAccepted ? { ok: true, change } : { ok: false, code: "not_accepted" };
}
