import {
  changedHotspot,
  equalBytes,
  type Hotspot,
  type RegistryChange,
  readEvidence,
  utf8,
} from "@earshot/protocol";
import type { Bundle, BundleFile } from "../epochs/bundle.ts";
import { readPackets, type SequencePacket } from "../epochs/bundle-sequences.ts";
import { formatRegistry } from "../epochs/bundle-texts.ts";
import { signedAgain } from "../epochs/test-bundle.ts";
import { FIRST_EPOCH, HOTSPOTS, networkSigner, PARAMETERS } from "../epochs/test-network.ts";
import { encodeChunks } from "../epochs/text-chunks.ts";
import { type BundleOutcome, type VerifyOptions, verifyFiles } from "./verify-bundle.ts";

/** Changes to bundles as a dishonest network could make them. */

/** File and place of the difference, or "holds". */
export const where = (outcome: BundleOutcome): string =>
  outcome.ok ? "holds" : `${outcome.difference.file}: ${outcome.difference.at}`;

export const verified = (bundle: Bundle, options?: VerifyOptions) => {
  const outcome = verifyFiles(bundle, options);
  if (!outcome.ok) throw new TypeError(`${where(outcome)}: ${outcome.difference.found}`);
  return outcome.verified;
};

export const textOf = (bundle: Bundle, file: BundleFile): string => new TextDecoder().decode(bundle[file]);

/** A file replaced; `isSigned` says whether the network signs the change. */
export function replaced(bundle: Bundle, file: BundleFile, bytes: Uint8Array, isSigned = true): Bundle {
  if (equalBytes(bytes, bundle[file])) throw new TypeError(`Nothing is changed in ${file}`);
  return isSigned ? signedAgain(bundle, { [file]: bytes }) : { ...bundle, [file]: bytes };
}

export const edited = (bundle: Bundle, file: BundleFile, edit: (text: string) => string, isSigned = true) =>
  replaced(bundle, file, utf8(edit(textOf(bundle, file))), isSigned);

export const editedJson = (
  bundle: Bundle,
  file: BundleFile,
  edit: (value: Record<string, unknown>[]) => unknown,
  isSigned = true,
): Bundle => edited(bundle, file, (text) => `${JSON.stringify(edit(JSON.parse(text)), null, 1)}\n`, isSigned);

export function packetsOf(bundle: Bundle): SequencePacket[] {
  const read = readPackets(bundle["packets.cbor"]);
  if (!read.ok) throw new TypeError("Test packets cannot be read");
  return read.items;
}

/** The registry file of the test network with further changes of one hotspot, and facts that follow from them. */
export function registryWith(id: string, further: readonly RegistryChange[]): Uint8Array {
  const changes = new Map(HOTSPOTS.map((hotspot) => [hotspot.id, [hotspot.change]]));
  for (const change of further) changes.get(id)?.push(change);
  return encodeChunks(
    formatRegistry(
      HOTSPOTS.map((one) => {
        const own = changes.get(one.id) ?? [];
        return { hotspot: afterAll(one, own), changes: own, sinceEpoch: FIRST_EPOCH };
      }),
    ),
  );
}

function afterAll(hotspot: Hotspot, changes: readonly RegistryChange[]): Hotspot {
  let now: Hotspot | undefined;
  for (const change of changes) {
    const evidence = readEvidence(change.evidence, PARAMETERS.network, networkSigner.publicKey);
    if (evidence !== undefined) now = changedHotspot(now, change, evidence);
  }
  return { ...(now ?? hotspot), id: hotspot.id, publicKey: hotspot.publicKey };
}
