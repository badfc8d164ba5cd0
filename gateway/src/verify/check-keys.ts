import {
  equalBytes,
  hotspotId,
  isAdmissibleKey,
  type KeyRole,
  MAX_MESSAGE_BYTES,
  type MessageRefusal,
  NetworkKeys,
  type NetworkParameters,
  openEnvelope,
} from "@earshot/protocol";
import { type Bundle, KEYS_FILE, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import { type Check, differ, expectEqual } from "./check.ts";

/** What an auditor knows of the network's keys beforehand. */
export interface KnownKeys {
  /** The root key that is pinned; must be admissible. */
  networkKey?: Uint8Array | undefined;
  /** As the bundle before had them. */
  previous?: NetworkKeys | undefined;
}

/**
 * Who signs for the network: every key document up to the bundle, chained, each signed by the root. The root is the one that
 * is pinned, else that of the bundle before; without either, the bundle is believed who its network is.
 */
export function* checkKeys(
  bundle: Pick<Bundle, typeof KEYS_FILE | typeof MANIFEST_FILE>,
  parameters: NetworkParameters,
  { networkKey, previous }: KnownKeys,
): Check<NetworkKeys> {
  const documents = yield* documentsIn(bundle[KEYS_FILE]);
  const root =
    networkKey ?? previous?.root ?? (yield* signerOf(documents[0] ?? bundle[MANIFEST_FILE], documents));
  const read = NetworkKeys.read(parameters.network, root, documents);
  if (!read.ok) {
    return yield* differ(
      KEYS_FILE,
      "documents",
      `a chain signed by ${hotspotId(root)}`,
      `${read.code}: ${read.why}`,
    );
  }
  yield* checkClockwork(read.keys, parameters);
  if (previous !== undefined) yield* checkContinues(read.keys, previous);
  return read.keys;
}

function* documentsIn(bytes: Uint8Array): Check<Uint8Array[]> {
  const read = readByteStrings(bytes);
  if (read.ok) return read.items;
  return yield* differ(KEYS_FILE, `item ${read.item + 1}`, "a message", `unreadable bytes at ${read.offset}`);
}

/** Nobody has said who the network is: it says so itself, by its first document or, without one, its manifest. */
function* signerOf(message: Uint8Array, documents: readonly Uint8Array[]): Check<Uint8Array> {
  const file = documents.length > 0 ? KEYS_FILE : MANIFEST_FILE;
  const opened = openEnvelope(message, MAX_MESSAGE_BYTES);
  if (!opened.ok) return yield* differ(file, "signature", "a signed message", opened.code);
  const { publicKey } = opened.envelope;
  if (!isAdmissibleKey(publicKey)) {
    return yield* differ(file, "signature", "an admissible key", "inadmissible_key");
  }
  return Uint8Array.from(publicKey);
}

function* checkClockwork({ newest }: NetworkKeys, parameters: NetworkParameters): Check<void> {
  if (newest === undefined) return;
  for (const name of ["entropyPeriodMs", "epochPeriods"] as const) {
    yield* expectEqual(
      KEYS_FILE,
      name,
      `${parameters[name]}`,
      `${newest.document[name]}`,
      "as in the parameters",
    );
  }
}

/**
 * With documents that the auditor knows from elsewhere, from the first on. None takes back what counted before it: an honest
 * bundle holds by the later ones too.
 */
export function* withLater(keys: NetworkKeys, known: readonly Uint8Array[]): Check<NetworkKeys> {
  const read = NetworkKeys.read(keys.network, keys.root, known);
  if (!read.ok) return yield* differ(KEYS_FILE, "documents given", "a chain of this network", read.why);
  const [longer, shorter] = read.keys.version > keys.version ? [read.keys, keys] : [keys, read.keys];
  yield* checkContinues(longer, shorter, "as in the documents given");
  return longer;
}

/** Documents are only ever added. */
function* checkContinues(
  keys: NetworkKeys,
  previous: NetworkKeys,
  why = "as in the bundle before",
): Check<void> {
  for (const [i, { hash }] of previous.documents.entries()) {
    const found = keys.documents[i]?.hash;
    if (found !== undefined && equalBytes(found, hash)) continue;
    const wanted = `${hash.toHex()}, ${why}`;
    yield* differ(KEYS_FILE, `document ${i + 1}, SHA-256`, wanted, found?.toHex() ?? "none");
  }
}

/** What was wanted of a signature, and what was found: for `differ`. */
export const signedBy = (keys: NetworkKeys, role: KeyRole): string => `signed by ${keys.describe(role)}`;

/** The refusal, and of a key that is refused its name. */
export function refusedSignature(message: Uint8Array, code: MessageRefusal): string {
  if (code !== "wrong_signer" && code !== "key_revoked" && code !== "key_not_in_force") return code;
  const opened = openEnvelope(message, MAX_MESSAGE_BYTES);
  return opened.ok ? `${code}: ${hotspotId(opened.envelope.publicKey)}` : code;
}
