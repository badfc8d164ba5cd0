import {
  decodePacket,
  type EdgeEvidence,
  edgesOfEpoch,
  epochOf,
  epochSpanMs,
  isReport,
  type Log,
  type NetworkParameters,
  parametersHash,
  type ReceivedReport,
  type RoleSigners,
  receivedPacket,
  type Signer,
  sha256,
  type Verdict,
} from "@earshot/protocol";
import {
  type BundleContent,
  type BundlePacket,
  encodingBundle,
  MANIFEST_FILE,
  registryHashOf,
} from "../bundle/bundle.ts";
import type { BundleStore, KeptBundle } from "../bundle/bundle-store.ts";
import { type InTurns, inTurns } from "../bundle/in-turns.ts";
import type { StoredEpoch } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { type ContentDeps, type ContentStore, contentOf } from "./epoch-content.ts";

/*
 * Closing an epoch turns the verdicts that were reached while it went on into payments, writes the bundle and then
 * records the epoch. Killed in between, it is closed again: a bundle whose epoch is not recorded has not been published.
 *
 * Epochs close in order. An epoch without packets still closes, its whole pool unallocated. An epoch in which the
 * network was down (neither entropy nor packets) is skipped: nothing can have been proven in it, and the next manifest
 * says so, for it names the epoch before it, and its entropy chain has no link in the gap (`verify-epoch` checks both).
 * The pool of a skipped epoch is not minted and not carried over.
 */

type EpochStore = ContentStore &
  Pick<Store, "firstFiledEpoch" | "latestEpoch" | "epoch" | "addEpoch" | "checkOwner" | "lost">;

export interface CloseEpochDeps extends ContentDeps {
  store: EpochStore;
  /** What never changes; the rules in force in an epoch are in the store. */
  parameters: Pick<NetworkParameters, "epochPeriods">;
  signer: Signer | RoleSigners;
  /** Every key document so far, as signed. */
  keyDocuments(): readonly Uint8Array[];
  bundles: Pick<BundleStore, "keepOrWrite" | "removeOthers" | "remove">;
  log?: Log;
}

/**
 * The next epoch to close, from `first` (the one after the last closed, or the network's first) to `last`, the last
 * that is judged through; skips epochs in which the network was down.
 */
export async function nextEpochToClose(
  store: Pick<Store, "firstEntropy" | "firstFiledEpoch">,
  { epochPeriods }: Pick<NetworkParameters, "epochPeriods">,
  first: number,
  last: number,
): Promise<number | undefined> {
  const published = await store.firstEntropy(first * epochPeriods);
  const firstEpochWithEntropy = published && epochOf(published.entropy.index, { epochPeriods });
  const filed = await store.firstFiledEpoch(first - 1);
  const next = Math.min(firstEpochWithEntropy ?? Number.POSITIVE_INFINITY, filed ?? Number.POSITIVE_INFINITY);
  return next <= last ? next : undefined;
}

/**
 * Closes an epoch all of whose indexes are judged; returns what is recorded if that has been done. Until it resolves,
 * no packet may be filed under the epoch.
 * @throws {RangeError} if a later epoch is closed already, or an earlier one that was not down is still open
 * @throws {Error} if not all is judged yet
 */
export async function closeEpoch(epoch: number, deps: CloseEpochDeps): Promise<StoredEpoch> {
  const { bundles, store } = deps;
  const known = await store.epoch(epoch);
  if (known !== undefined) return known;
  const previous = await store.latestEpoch();
  await checkOrder(epoch, previous, deps);
  const content = { ...(await contentOf(epoch, previous, deps)), keyDocuments: deps.keyDocuments() };
  const { network, edgeWindowEpochs } = content.parameters;
  const { pause } = deps;
  const owner = await store.checkOwner();
  const writing = bundles.keepOrWrite(
    { epoch, network, closedAtMs: content.closedAtMs, owner },
    (closedAtMs) => encodingBundle({ ...content, closedAtMs }, deps.signer),
  );
  const kept = await inTurns(writing, pause);
  const stored = storedEpoch(content, kept);
  try {
    await store.addEpoch(
      stored,
      content.settlement.payments.map((payment) => ({ epoch, ...payment })),
      await inTurns(edgesOfStored(content.packets, content.verdicts), pause),
      epoch - edgeWindowEpochs + 1,
      content.registry.map(({ hotspot }) => hotspot.id),
    );
  } catch (error) {
    if (kept.isNew) await withdraw(epoch, kept.name, deps);
    throw error;
  }
  // Only now is it certain that this is the owner. What a killed run left of the epoch before goes too.
  bundles.removeOthers(epoch, kept.name);
  if (previous !== undefined) bundles.removeOthers(previous.epoch, previous.bundle);
  deps.log?.info("Epoch closed", { epoch, root: stored.root.toHex(), paid: stored.paid.toString() });
  return stored;
}

/** A bundle that was written just as another gateway took the store over, unless it is that one's too. */
async function withdraw(epoch: number, name: string, { store, bundles }: CloseEpochDeps): Promise<void> {
  if (!store.lost.aborted) return;
  const recorded = await store.epoch(epoch);
  if (recorded?.bundle !== name) bundles.remove(name);
}

async function checkOrder(epoch: number, previous: StoredEpoch | undefined, deps: CloseEpochDeps) {
  if (previous === undefined) return;
  if (previous.epoch > epoch) {
    throw new RangeError(`Cannot close epoch ${epoch}: ${previous.epoch} is closed already`);
  }
  const open = await nextEpochToClose(deps.store, deps.parameters, previous.epoch + 1, epoch - 1);
  if (open !== undefined) throw new RangeError(`Cannot close epoch ${epoch}: ${open} comes first`);
}

const storedEpoch = (content: BundleContent, { bundle, closedAtMs, name }: KeptBundle): StoredEpoch => {
  const { epoch, parameters, settlement } = content;
  return {
    epoch,
    ...epochSpanMs(epoch, parameters),
    closedAtMs,
    pool: settlement.pool,
    paid: settlement.paid,
    unallocated: settlement.unallocated,
    root: settlement.tree.root,
    manifestHash: sha256(bundle[MANIFEST_FILE]),
    parametersHash: parametersHash(parameters),
    registryHash: registryHashOf(content),
    bundle: name,
  };
};

const PACKETS_A_TURN = 512;

/** Who validly heard whom, from packets as they are stored. */
function* edgesOfStored(
  packets: readonly BundlePacket[],
  verdicts: readonly Verdict[],
): InTurns<EdgeEvidence[]> {
  const hotspots = new Map(verdicts.map(({ packetId, hotspotId }) => [packetId, hotspotId]));
  const reports: ReceivedReport[] = [];
  for (const [i, { id, bytes, receivedAtMs }] of packets.entries()) {
    if (i % PACKETS_A_TURN === PACKETS_A_TURN - 1) yield;
    const hotspotId = hotspots.get(id);
    const result = hotspotId === undefined ? undefined : decodePacket(bytes);
    if (hotspotId === undefined || !result?.ok) continue;
    const packet = receivedPacket(result.decoded, hotspotId, receivedAtMs);
    if (isReport(packet)) reports.push(packet);
  }
  return edgesOfEpoch(reports, verdicts);
}
