import { importKey, isAdmissibleKey, type Signer, verifyEd25519 } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { concatBytes, equalBytes, u64, utf8 } from "../encoding/bytes.ts";

/*
 * Signed notes (c2sp.org/signed-note): a text, and below a blank line one signature a line. Two kinds of signature are
 * known: a log's own, over the text, and a witness's cosignature with its time (c2sp.org/tlog-cosignature).
 */

/** Number of a kind of signature, as in verifier keys. */
export const SIGNATURE_TYPES = { log: 1, cosignature: 4 } as const;
type SignatureType = (typeof SIGNATURE_TYPES)[keyof typeof SIGNATURE_TYPES];

/** Whose signature may stand below a note. */
export interface NoteKey {
  /** Without spaces and `+`; usually an address without scheme. */
  name: string;
  type: SignatureType;
  /** 32 bytes, Ed25519. */
  publicKey: Uint8Array;
}

export interface NoteSignature {
  name: string;
  /** First 4 bytes of the key's hash: with the name it says which key this is. */
  keyId: Uint8Array;
  /** 64 bytes; a cosignature has 8 bytes of time before them. */
  bytes: Uint8Array;
}

export interface SignedNote {
  /** Ends with a newline. */
  text: string;
  signatures: NoteSignature[];
}

const MAX_SIGNATURES = 64;
/** Signatures of other kinds may be long. */
const MAX_NOTE_CHARACTERS = 65_536;
const NAME = /^[^\s+\p{White_Space}]+$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not contain
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE_LINE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u;

export const isKeyName = (name: string): boolean => NAME.test(name) && name.isWellFormed();

const keyId = ({ name, type, publicKey }: NoteKey): Uint8Array =>
  sha256(utf8(`${name}\n`), Uint8Array.of(type), publicKey).slice(0, 4);

/** `name+8 hex digits+base64`, as verifier keys are written everywhere. */
export const formatNoteKey = (key: NoteKey): string =>
  `${key.name}+${keyId(key).toHex()}+${concatBytes(Uint8Array.of(key.type), key.publicKey).toBase64()}`;

/** `undefined` unless it is the verifier key of an admissible Ed25519 key, of a log or a witness. */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [, name = "", base64 = ""] = /^([^+]+)\+[0-9a-f]{8}\+(\S+)$/.exec(text) ?? [];
  const bytes = fromBase64(base64);
  const type = bytes?.[0];
  if (bytes === undefined || !isKeyName(name) || !isSignatureType(type)) return undefined;
  const key: NoteKey = { name, type, publicKey: bytes.slice(1) };
  return isAdmissibleKey(key.publicKey) && formatNoteKey(key) === text ? key : undefined;
}

const isSignatureType = (value: number | undefined): value is SignatureType =>
  Object.values<number | undefined>(SIGNATURE_TYPES).includes(value);

/** Strict: no spaces, padded, and nothing left over in the last digit. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text);
    return bytes.toBase64() === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function parseNote(note: string): SignedNote | undefined {
  if (note.length > MAX_NOTE_CHARACTERS || CONTROL.test(note) || !note.isWellFormed()) return undefined;
  const split = note.lastIndexOf("\n\n");
  if (split < 0) return undefined;
  const signatures = parseSignatures(note.slice(split + 2));
  return signatures?.length ? { text: note.slice(0, split + 1), signatures } : undefined;
}

/** Lines of signatures, each with its newline; none in an empty text. */
export function parseSignatures(lines: string): NoteSignature[] | undefined {
  if (lines === "") return [];
  if (!lines.endsWith("\n")) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines.slice(0, -1).split("\n")) {
    const [, name = "", base64 = ""] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = fromBase64(base64);
    const isFull = signatures.length === MAX_SIGNATURES;
    if (bytes === undefined || bytes.length < 5 || !isKeyName(name) || isFull) return undefined;
    signatures.push({ name, keyId: bytes.slice(0, 4), bytes: bytes.slice(4) });
  }
  return signatures;
}

export const formatNote = ({ text, signatures }: SignedNote): string =>
  `${text}\n${formatSignatures(signatures)}`;

export const formatSignatures = (signatures: readonly NoteSignature[]): string =>
  signatures.map(({ name, keyId, bytes }) => `— ${name} ${concatBytes(keyId, bytes).toBase64()}\n`).join("");

/** What a log signs. */
export function signNote(text: string, name: string, signer: Signer): NoteSignature {
  const key: NoteKey = { name, type: SIGNATURE_TYPES.log, publicKey: signer.publicKey };
  return { name, keyId: keyId(key), bytes: signer.sign(utf8(text)) };
}

const cosigned = (text: string, atS: number): Uint8Array => utf8(`cosignature/v1\ntime ${atS}\n${text}`);

/** What a witness signs: that it has seen this checkpoint, and no other. @param atS seconds since the Unix epoch */
export function cosign(text: string, name: string, signer: Signer, atS: number): NoteSignature {
  const key: NoteKey = { name, type: SIGNATURE_TYPES.cosignature, publicKey: signer.publicKey };
  return { name, keyId: keyId(key), bytes: concatBytes(u64(atS), signer.sign(cosigned(text, atS))) };
}

/** What a key says of a note: nothing when it did not sign it, "bad" when a signature in its name is wrong. */
export function signatureOf(
  { text, signatures }: SignedNote,
  key: NoteKey,
): NoteSignature | "bad" | undefined {
  const id = keyId(key);
  const own = signatures.filter(({ name, keyId }) => name === key.name && equalBytes(keyId, id));
  const bad = own.find((signature) => !isValid(text, signature, key));
  return bad === undefined ? own[0] : "bad";
}

function isValid(text: string, { bytes }: NoteSignature, { type, publicKey }: NoteKey): boolean {
  const key = importKey(publicKey);
  if (type === SIGNATURE_TYPES.log) return verifyEd25519(key, utf8(text), bytes);
  const atS = cosignedAtS(bytes);
  return atS !== undefined && verifyEd25519(key, cosigned(text, atS), bytes.subarray(8));
}

/** When a witness says that it cosigned, seconds since the Unix epoch; of a cosignature's bytes. */
function cosignedAtS(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 72) return undefined;
  const atS = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
  return Number.isSafeInteger(atS) ? atS : undefined;
}
