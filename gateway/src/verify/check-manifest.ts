import {
  epochSpanMs,
  type Manifest,
  type ManifestFile,
  manifestMessage,
  type NetworkKeys,
  type NetworkParameters,
  parametersHash,
  sha256,
} from "@earshot/protocol";
import { BUNDLE_FILES, type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readParametersFile, readText, type TextRead } from "../bundle/json-readers.ts";
import { type Check, differ, expectEqual } from "./check.ts";
import { refusedSignature, signedBy } from "./check-keys.ts";

/** A manifest with a valid signature. */
export interface SignedManifest {
  manifest: Manifest;
  /** SHA-256 of its bytes, hex: what the next manifest must name. */
  hash: string;
}

/** What the auditor knows of the network from another source. */
export interface Pins {
  /** Its root key; must be admissible (`isAdmissibleKey`). */
  networkKey?: Uint8Array;
  /** Every key document so far, as signed: an older bundle does not tell which keys have been revoked since. */
  keyDocuments?: readonly Uint8Array[];
  /** Hex. */
  parametersHash?: string;
}

const NO_HASH = "0".repeat(64);

/** The text of a file in a form that `read` understands. */
export function* readFileAs<T, F extends keyof Bundle>(
  bundle: Pick<Bundle, F>,
  file: F,
  read: (text: string) => TextRead<T>,
): Check<T> {
  const text = readText((bundle as Bundle)[file]);
  const value = text.ok ? read(text.value) : text;
  return value.ok ? value.value : yield* differ(file, "content", "a well-formed file", value.problem);
}

export const readParameters = (bundle: Pick<Bundle, "parameters.json">): Check<NetworkParameters> =>
  readFileAs(bundle, "parameters.json", readParametersFile);

/** Signature and signer. What the manifest says is compared later, with what is computed. */
export function* openManifest(
  bundle: Pick<Bundle, typeof MANIFEST_FILE>,
  keys: NetworkKeys,
): Check<SignedManifest> {
  const bytes = bundle[MANIFEST_FILE];
  const opened = manifestMessage.open(bytes, keys.network, keys);
  if (opened.ok) return { manifest: opened.value, hash: sha256(bytes).toHex() };
  const wanted = `a manifest of network "${keys.network}" ${signedBy(keys, "epochs")}`;
  return yield* differ(MANIFEST_FILE, "signature", wanted, refusedSignature(bytes, opened.code));
}

/** All fields that do not depend on the packets. */
export function* checkManifest(
  { manifest }: SignedManifest,
  parameters: NetworkParameters,
  pins: Pins,
): Check<void> {
  const { fromMs, toMs } = epochSpanMs(manifest.epoch, parameters);
  const expect = (field: keyof Manifest, expected: unknown, found: unknown) =>
    expectEqual(MANIFEST_FILE, field, String(expected), String(found));
  yield* expect("network", parameters.network, manifest.network);
  yield* expect("parametersHash", parametersHash(parameters).toHex(), manifest.parametersHash.toHex());
  if (pins.parametersHash !== undefined) {
    yield* expect("parametersHash", pins.parametersHash, manifest.parametersHash.toHex());
  }
  yield* expect("fromMs", fromMs, manifest.fromMs);
  yield* expect("toMs", toMs, manifest.toMs);
  yield* checkFiles(manifest);
  yield* checkFirst(manifest);
}

/**
 * Every file that this program knows, and maybe others, which a later one wrote, sorted. What those mean for the judgement
 * is said by the rule set, not by them.
 */
export function* checkFiles({ files }: Manifest): Check<void> {
  const names = files.map(({ name }) => name);
  const known = names.filter((name) => !isUnknownFile(name));
  yield* expectEqual(MANIFEST_FILE, "files", BUNDLE_FILES.join(" "), known.join(" "));
  yield* expectEqual(MANIFEST_FILE, "files, order", [...new Set(names)].sort().join(" "), names.join(" "));
}

export const isUnknownFile = (name: string): boolean => !BUNDLE_FILES.some((known) => known === name);

/** Only the network's first manifest has no predecessor, in number and in hash. */
function* checkFirst({ epoch, previousEpoch, previousManifestHash }: Manifest): Check<void> {
  const isFirst = previousManifestHash.toHex() === NO_HASH;
  if (isFirst === (previousEpoch === null) && (previousEpoch ?? -1) < epoch) return;
  yield* differ(
    MANIFEST_FILE,
    "previousEpoch",
    isFirst ? "none, as previousManifestHash is zero" : `an epoch before ${epoch}`,
    String(previousEpoch ?? "none"),
  );
}

export const isFirstManifest = ({ previousEpoch }: Manifest): boolean => previousEpoch === null;

/** The first file whose length or SHA-256 is not the manifest's. */
export function* checkHashes(bundle: Bundle, { manifest }: SignedManifest): Check<void> {
  for (const file of manifest.files.filter(({ name }) => !isUnknownFile(name)))
    yield* checkFile(bundle[file.name as keyof Bundle], file);
}

export function* checkFile(
  content: Uint8Array,
  { name, bytes, sha256: expected }: ManifestFile,
): Check<void> {
  yield* expectEqual(name, "SHA-256", expected.toHex(), sha256(content).toHex());
  yield* expectEqual(name, "bytes", String(bytes), String(content.length));
}

/** That a manifest follows another. @param previous the bundle before it in the folder */
export function* checkFollows(current: SignedManifest, previous: SignedManifest): Check<void> {
  const expect = (field: keyof Manifest, expected: string, found: string) =>
    expectEqual(MANIFEST_FILE, field, expected, found);
  const { manifest } = current;
  yield* expect("previousEpoch", `${previous.manifest.epoch}`, `${manifest.previousEpoch ?? "none"}`);
  yield* expect("previousManifestHash", previous.hash, manifest.previousManifestHash.toHex());
}
