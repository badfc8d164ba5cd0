import { createHash } from "node:crypto";
import { equalBytes, fromHex, MAX_MESSAGE_BYTES, sha256 } from "@earshot/protocol/hotspot";
import {
  type Contradiction,
  indexRootMessage,
  type Manifest,
  manifestMessage,
  PacketStream,
  packetsRoot,
} from "@earshot/protocol/omission";
import { parseProof, verifyProofOf } from "@earshot/protocol/tlog";
import { z } from "zod";
import type { ConfirmedReport } from "./confirmed-reports.ts";
import type { GatewayApi } from "./gateway-api.ts";
import type { NetworkFacts } from "./network-facts.ts";

/** What a signed list says of reports that belong into it. */
export type ListCheck =
  /** There is none yet. */
  | { state: "pending" }
  /** The gateway does not show one that can be compared: a sentence. */
  | { state: "unclear"; why: string }
  | { state: "there"; missing: readonly ConfirmedReport[]; contradiction: Contradiction | undefined };

const rootPage = z.object({
  message: z.base64().transform((text) => Uint8Array.fromBase64(text)),
  packetIds: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
});

/** Reports about one index against the root that is signed over it. @throws {Error} when the gateway does not answer */
export async function checkIndexRoot(
  index: number,
  reports: readonly ConfirmedReport[],
  api: GatewayApi,
  { network, keys }: NetworkFacts,
): Promise<ListCheck> {
  const answer = await api.json(`/api/v1/index-roots/${index}`);
  if (answer === undefined) return { state: "pending" };
  const { message, packetIds } = rootPage.parse(answer);
  const proof = parseProof(await api.text(`/log/proof/index-root/${index}`));
  if (proof === undefined || !verifyProofOf(message, proof).ok) {
    return { state: "unclear", why: `the root over index ${index} is not in the network's log` };
  }
  const opened = indexRootMessage.open(message, network, keys);
  if (!opened.ok || opened.value.index !== index) {
    return { state: "unclear", why: `the root over index ${index} is not signed by the network` };
  }
  const ids = packetIds.map((id) => fromHex(id) ?? new Uint8Array());
  if (ids.length !== opened.value.count || !equalBytes(packetsRoot(ids), opened.value.root)) {
    return { state: "unclear", why: `the ids given for index ${index} do not have the root that is signed` };
  }
  const listed = new Set(packetIds);
  const missing = reports.filter(({ id }) => !listed.has(id));
  const contradiction: Contradiction = { kind: "index_root", root: message, packetIds: ids };
  return { state: "there", missing, contradiction: missing.length === 0 ? undefined : contradiction };
}

/** Skipped epochs in a row that are looked behind. */
const MAX_SKIPPED = 1000;
/** As `verify-epoch` takes them. */
const MAX_PACKETS_BYTES = 2 ** 31;

/** Reports of one epoch against its bundle. @throws {Error} when the gateway does not answer */
export async function checkBundle(
  epoch: number,
  reports: readonly ConfirmedReport[],
  newestEpoch: number,
  api: GatewayApi,
  facts: NetworkFacts,
): Promise<ListCheck> {
  if (epoch > newestEpoch) return { state: "pending" };
  const signed = await signedManifest(epoch, api, facts);
  if (signed === undefined) return skippedEpoch(epoch, reports, newestEpoch, api, facts);
  const { message, manifest } = signed;
  const file = manifest.files.find(({ name }) => name === "packets.cbor");
  const path = `/api/v1/epochs/${epoch}/bundle/packets.cbor`;
  const read = await receivedTimes(path, reports, api);
  if (file === undefined || read === undefined || !equalBytes(read.hash, file.sha256)) {
    return { state: "unclear", why: `packets.cbor of epoch ${epoch} is not what its manifest names` };
  }
  const missing = reports.filter((report) => {
    const bundledAtMs = read.receivedAtMs.get(report.id);
    return bundledAtMs === undefined || bundledAtMs > report.receivedAtMs;
  });
  if (missing.length === 0) return { state: "there", missing, contradiction: undefined };
  const packets = await api.bytes(path, file.bytes);
  return packets === undefined || !equalBytes(sha256(packets), file.sha256)
    ? { state: "unclear", why: `packets.cbor of epoch ${epoch} changes from one request to the next` }
    : { state: "there", missing, contradiction: { kind: "bundle", manifest: message, packets } };
}

/** @throws {Error} also when what is there is not signed by the network */
async function signedManifest(
  epoch: number,
  api: GatewayApi,
  { network, keys }: NetworkFacts,
): Promise<{ message: Uint8Array; manifest: Manifest } | undefined> {
  const message = await api.bytes(`/api/v1/epochs/${epoch}/bundle/manifest.cbor`, MAX_MESSAGE_BYTES);
  if (message === undefined) return undefined;
  const opened = manifestMessage.open(message, network, keys);
  if (opened.ok && opened.value.network === network && opened.value.epoch === epoch) {
    return { message, manifest: opened.value };
  }
  throw new Error(`the manifest of epoch ${epoch} is not signed by the network`);
}

/** When those of these reports came that are there. */
async function receivedTimes(
  path: string,
  reports: readonly ConfirmedReport[],
  api: GatewayApi,
): Promise<{ receivedAtMs: Map<string, number>; hash: Uint8Array } | undefined> {
  const own = new Set(reports.map(({ id }) => id));
  const receivedAtMs = new Map<string, number>();
  const hash = createHash("sha256");
  const packets = new PacketStream();
  const isThere = await api.stream(path, MAX_PACKETS_BYTES, (part) => {
    hash.update(part);
    for (const packet of packets.push(part)) {
      const id = sha256(packet.bytes).toHex();
      if (own.has(id)) receivedAtMs.set(id, packet.receivedAtMs);
    }
  });
  return isThere ? { receivedAtMs, hash: new Uint8Array(hash.digest()) } : undefined;
}

/** The next manifest says that there was no such epoch, or the gateway does not show its bundle. */
async function skippedEpoch(
  epoch: number,
  reports: readonly ConfirmedReport[],
  newestEpoch: number,
  api: GatewayApi,
  facts: NetworkFacts,
): Promise<ListCheck> {
  const last = Math.min(newestEpoch, epoch + MAX_SKIPPED);
  for (let later = epoch + 1; later <= last; later++) {
    const signed = await signedManifest(later, api, facts);
    if (signed === undefined) continue;
    const isSkipped = (signed.manifest.previousEpoch ?? -1) < epoch;
    if (!isSkipped) break;
    const contradiction: Contradiction = { kind: "skipped_epoch", manifest: signed.message };
    return { state: "there", missing: reports, contradiction };
  }
  return { state: "unclear", why: `the gateway does not show the bundle of epoch ${epoch}` };
}
