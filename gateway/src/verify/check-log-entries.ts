import {
  epochOf,
  isReport,
  type Manifest,
  type NetworkParameters,
  packetsRoot,
  type ReceivedPacket,
  sha256,
} from "@earshot/protocol";
import { judgedFromMs } from "@earshot/protocol/omission";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import { type Check, differ, expectEqual } from "./check.ts";
import { isFirstManifest } from "./check-manifest.ts";
import type { LogView } from "./log-view.ts";
import type { Verified } from "./verify-bundle.ts";

/*
 * That the network's log says of an epoch what its bundle says, and nothing else: whatever was signed anew is in only one
 * of them, or the log has two.
 */

/** How much of the log was compared. */
export interface ComparedWithLog {
  origin: string;
  /** Entries from this one up to the checkpoint's size were read. */
  from: number;
  size: number;
}

/** Where the entries stand that a bundle is compared with: what is before its first entropy is of earlier epochs. */
export const neededFrom = ({ entropy }: Pick<Verified, "entropy">): number => entropy[0]?.index ?? 0;

/** @param view read back to `neededFrom` */
export function* checkLogEntries(bundle: Bundle, verified: Verified, view: LogView): Check<ComparedWithLog> {
  const { entropy, manifest, packets, parameters } = verified;
  const indexes = entropy.map(({ index }) => index);
  yield* checkEntropyLogged(bundle, indexes, view, isFirstManifest(manifest));
  yield* checkRoots(packets, manifest, parameters, view);
  yield* checkManifestLogged(sha256(bundle[MANIFEST_FILE]).toHex(), manifest, view);
  return { origin: view.checkpoint.origin, from: view.from, size: view.checkpoint.size };
}

function* checkEntropyLogged(
  bundle: Bundle,
  indexes: readonly number[],
  { entropy }: LogView,
  isFirst: boolean,
): Check<void> {
  const file = "entropy.cbor";
  const read = readByteStrings(bundle[file]);
  const messages = new Map((read.ok ? read.items : []).map((message, i) => [indexes[i], sha256(message)]));
  for (const [index, hash] of messages) {
    const inLog = entropy.get(index ?? 0) ?? new Set();
    yield* expectEqual(file, `index ${index}, SHA-256`, listed(inLog), hash.toHex(), "as in the log");
  }
  const [first = 0, last = 0] = [indexes[0], indexes.at(-1)];
  for (const [index, inLog] of entropy) {
    const isMissing = index > first && index <= last && !messages.has(index);
    if (!isMissing && !(isFirst && index < first)) continue;
    yield* differ(file, `index ${index}`, `${listed(inLog)}, as in the log`, "no item");
  }
}

const listed = (hashes: ReadonlySet<string>): string => [...hashes].join(" and ") || "none";

/** All roots over an index say the same: that of the reports in the bundle that came before it was judged. */
function* checkRoots(
  packets: readonly ReceivedPacket[],
  { epoch }: Manifest,
  parameters: NetworkParameters,
  { roots }: LogView,
): Check<void> {
  const listedIn = packets
    .filter(isReport)
    .filter(({ packet, receivedAtMs }) => receivedAtMs < judgedFromMs(packet, parameters));
  const reports = Map.groupBy(listedIn, ({ packet }) => packet.entropyIndex);
  const logged = [...roots.keys()].filter((index) => epochOf(index, parameters) === epoch);
  for (const index of new Set([...reports.keys(), ...logged])) {
    const at = `reports about index ${index} from before it was judged`;
    const ids = (reports.get(index) ?? []).map(({ id }) => Uint8Array.fromHex(id));
    const found = `root ${packetsRoot(ids).toHex()} over ${ids.length}`;
    const inLog = roots.get(index) ?? [];
    const said = inLog.map(({ root, count }) => `root ${root.toHex()} over ${count}`);
    yield* expectEqual("packets.cbor", at, listed(new Set(said)), found, "as in the log");
  }
}

function* checkManifestLogged(
  hash: string,
  { epoch, previousEpoch }: Manifest,
  { manifests }: LogView,
): Check<void> {
  const why = "as in the log";
  yield* expectEqual(MANIFEST_FILE, "SHA-256", listed(manifests.get(epoch) ?? new Set()), hash, why);
  for (const [other, inLog] of manifests) {
    if (other >= epoch || other <= (previousEpoch ?? -1)) continue;
    const found = `${previousEpoch ?? "none"}`;
    yield* differ(
      MANIFEST_FILE,
      "previousEpoch",
      `${other}, whose manifest ${listed(inLog)} is in the log`,
      found,
    );
  }
}
