import {
  CONTACT_KINDS,
  deadlineMs,
  decodePacket,
  earshot1,
  hotspotId,
  type ReceivedPacket,
  receivedPacket,
  reportIndexAndKey,
  type SequenceRange,
} from "@earshot/protocol";
import { bundleFolder } from "../bundle/bundle-folder.ts";
import type { CloseEpochDeps } from "../epochs/close-epoch.ts";
import { openStore } from "../store/open-store.ts";
import type { StoredContact, StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import {
  entropyChain,
  epochPackets,
  FIRST_EPOCH,
  HOTSPOTS,
  indexesOf,
  networkSigner,
  PARAMETERS,
  type SentPacket,
  signedParameters,
} from "./test-network.ts";

/** A store, in memory unless told where, with the test network's registry and the entropy of these indexes. */
export async function emptyStore(indexes: readonly number[], url = "sqlite://:memory:"): Promise<Store> {
  const store = await openStore(url);
  await store.addParameters(PARAMETERS, signedParameters(PARAMETERS));
  for (const hotspot of HOTSPOTS) {
    await store.putHotspot(hotspot);
    await store.addCommitments(hotspot.id, hotspot.commitments);
  }
  for (const { entropy, message } of entropyChain(indexes)) await store.addEntropy(entropy, message);
  return store;
}

/** A store with `count` judged epochs. */
export async function judgedStore(count: number, url?: string): Promise<Store> {
  const store = await emptyStore(indexesOf(count), url);
  for (let i = 0; i < count; i++) await fillEpoch(store, FIRST_EPOCH + i, epochPackets(FIRST_EPOCH + i));
  return store;
}

/** Files packets under an epoch and stores what judging them gives. */
export async function fillEpoch(store: Store, epoch: number, sent: readonly SentPacket[]): Promise<void> {
  const packets = sent.map(({ bytes, receivedAtMs }) => open(bytes, receivedAtMs));
  const usedSequences = new Map<string, SequenceRange[]>();
  for (const { id } of HOTSPOTS) usedSequences.set(id, await store.sequenceRanges(id, epoch));
  const entropy = (await store.entropyRange(0, 0xffff_ffff)).map((published) => published.entropy);
  const judged = earshot1.judge({
    parameters: PARAMETERS,
    packets,
    epoch,
    hotspots: HOTSPOTS,
    denials: (await store.denials()).map(({ denial }) => denial),
    entropy,
    usedSequences,
    contactsBefore: await store.contactsBefore(
      HOTSPOTS.map(({ id }) => id),
      epoch * PARAMETERS.epochPeriods,
    ),
  });
  const entropyIndex = epoch * PARAMETERS.epochPeriods;
  const filed = { epoch, entropyIndex };
  const made = [...judged.contacts].flatMap(([hotspotId, latest]) =>
    CONTACT_KINDS.flatMap((kind): StoredContact[] => {
      const index = latest[kind];
      return index === null || index < entropyIndex ? [] : [{ hotspotId, kind, index, epoch }];
    }),
  );
  await store.addPackets(packets.map((packet) => stored(packet, epoch)));
  await store.addJudgement(
    entropyIndex,
    judged.verdicts.map((verdict) => ({ ...verdict, ...filed, judgedAtMs: 0 })),
    judged.proven.map((beacon) => ({ ...beacon, ...filed })),
    made,
  );
}

function open(bytes: Uint8Array, receivedAtMs: number): ReceivedPacket {
  const result = decodePacket(bytes);
  if (!result.ok) throw new TypeError(`Test packet cannot be decoded: ${result.code}`);
  return receivedPacket(result.decoded, hotspotId(result.decoded.publicKey), receivedAtMs);
}

function stored(packet: ReceivedPacket, epoch: number): StoredPacket {
  const report = reportIndexAndKey(packet);
  return {
    id: packet.id,
    hotspotId: packet.hotspotId,
    type: packet.packet.type,
    sequence: packet.packet.sequence,
    receivedAtMs: packet.receivedAtMs,
    bytes: packet.bytes,
    entropyIndex: report?.entropyIndex ?? null,
    epoch,
    isLate:
      report !== undefined && packet.receivedAtMs > deadlineMs(report.type, report.entropyIndex, PARAMETERS),
  };
}

/** @param nowMs what the clock shows when the epoch is closed */
export const closeDeps = (
  store: Store,
  bundlesDir: string,
  nowMs = Date.UTC(2026, 0, 2),
): CloseEpochDeps => ({
  store,
  parameters: PARAMETERS,
  signer: networkSigner,
  keyDocuments: () => [],
  clock: { now: () => nowMs },
  bundles: bundleFolder(bundlesDir),
  pause: () => Promise.resolve(),
});
