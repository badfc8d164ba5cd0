import {
  type Clock,
  denialsInForce,
  epochOf,
  epochSpanMs,
  type Log,
  type Manifest,
  type NetworkParameters,
  parametersHash,
  type SequenceRange,
  type Signer,
  sha256,
} from "@earshot/protocol";
import { type BundleContent, encodingBundle, MANIFEST_FILE, registryHashOf } from "../bundle/bundle.ts";
import { type KeptBundle, keepOrWrite, removeBundle, removeOthers } from "../bundle/bundle-folder.ts";
import { EMPTY_REGISTRY_HASH, type ShownHotspot } from "../bundle/registry-hash.ts";
import { RULE_SETS } from "../bundle/rule-sets.ts";
import { inTurns } from "../in-turns.ts";
import { chunksOf } from "../store/rows.ts";
import type {
  Store,
  StoredDenial,
  StoredEpoch,
  StoredPacket,
  StoredParameters,
  StoredPayment,
  StoredVerdict,
} from "../store/store.ts";
import { edgesOfStored } from "./edges.ts";
import { entropyOfEpoch } from "./entropy-of-epoch.ts";

/*
 * Closing an epoch turns the verdicts that were reached while it went on into payments, writes the bundle and then
 * records the epoch. Killed in between, it is closed again: a bundle whose epoch is not recorded has not been published.
 *
 * Epochs close in order. An epoch without packets still closes, its whole pool unallocated. An epoch in which the
 * network was down (neither entropy nor packets) is skipped: nothing can have been proven in it, and the next manifest
 * says so, for it names the epoch before it, and its entropy chain has no link in the gap (`verify-epoch` checks both).
 * The pool of a skipped epoch is not minted and not carried over.
 */

export type EpochStore = Pick<
  Store,
  | "rowsOfEpoch"
  | "packetsOfEpoch"
  | "verdictsOfEpoch"
  | "provenOfEpoch"
  | "sequenceRanges"
  | "contactsBefore"
  | "hotspotsById"
  | "registryChanges"
  | "shownSince"
  | "shownAndChanged"
  | "denials"
  | "parametersVersions"
  | "entropyRange"
  | "firstEntropy"
  | "firstFiledEpoch"
  | "latestEpoch"
  | "epoch"
  | "payments"
  | "addEpoch"
  | "checkOwner"
  | "lost"
>;

export interface CloseEpochDeps {
  store: EpochStore;
  /** What never changes; the rules in force in an epoch are in the store. */
  parameters: Pick<NetworkParameters, "epochPeriods">;
  /** Holds the network key. */
  signer: Signer;
  clock: Pick<Clock, "now">;
  /** Holds one folder per bundle. */
  bundlesDir: string;
  /** Lets other work have its turn. */
  pause(): Promise<void>;
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
  const { store } = deps;
  const known = await store.epoch(epoch);
  if (known !== undefined) return known;
  const previous = await store.latestEpoch();
  await checkOrder(epoch, previous, deps);
  const content = await contentOf(epoch, previous, deps);
  const { network, edgeWindowEpochs } = content.parameters;
  const { pause } = deps;
  const owner = await store.checkOwner();
  const writing = keepOrWrite(
    deps.bundlesDir,
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
  removeOthers(deps.bundlesDir, epoch, kept.name);
  if (previous !== undefined) removeOthers(deps.bundlesDir, previous.epoch, previous.bundle);
  deps.log?.info("Epoch closed", { epoch, root: stored.root.toHex(), paid: stored.paid.toString() });
  return stored;
}

/** A bundle that was written just as another gateway took the store over, unless it is that one's too. */
async function withdraw(epoch: number, name: string, { store, bundlesDir }: CloseEpochDeps): Promise<void> {
  if (!store.lost.aborted) return;
  const recorded = await store.epoch(epoch);
  if (recorded?.bundle !== name) removeBundle(bundlesDir, name);
}

async function checkOrder(epoch: number, previous: StoredEpoch | undefined, deps: CloseEpochDeps) {
  if (previous === undefined) return;
  if (previous.epoch > epoch) {
    throw new RangeError(`Cannot close epoch ${epoch}: ${previous.epoch} is closed already`);
  }
  const open = await nextEpochToClose(deps.store, deps.parameters, previous.epoch + 1, epoch - 1);
  if (open !== undefined) throw new RangeError(`Cannot close epoch ${epoch}: ${open} comes first`);
}

async function contentOf(
  epoch: number,
  previous: StoredEpoch | undefined,
  deps: CloseEpochDeps,
): Promise<BundleContent> {
  const { store } = deps;
  const { parameters, message: signedParameters } = await inForce(epoch, store);
  const entropy = await entropyOfEpoch(store, epoch, parameters);
  if (entropy === undefined) {
    throw new Error(
      `Cannot close epoch ${epoch}: the entropy that draws its last witnesses is not published`,
    );
  }
  const { packets, verdicts } = await judgedOf(epoch, deps);
  checkJudged(epoch, packets, verdicts);
  const payments = previous === undefined ? [] : await store.payments(previous.epoch);
  const registry = await shownHotspots(epoch, previous, { packets, payments }, deps);
  const hotspots = registry.map(({ hotspot }) => hotspot);
  const before = new Map(payments.map(({ hotspotId, cumulative }) => [hotspotId, cumulative]));
  const proven = await store.provenOfEpoch(epoch);
  return {
    parameters,
    signedParameters,
    epoch,
    previous: previousOf(previous),
    closedAtMs: closingTime({ packets, entropy, registry, previous }, deps.clock.now()),
    packets,
    entropy,
    registry,
    registryHashBefore: previous?.registryHash ?? EMPTY_REGISTRY_HASH,
    denials: await denialsOf(epoch, store),
    usedSequences: await usedSequences(epoch, packets, deps),
    contactsBefore: await store.contactsBefore(
      packets.map(({ hotspotId }) => hotspotId),
      epoch * parameters.epochPeriods,
    ),
    verdicts,
    settlement: RULE_SETS[parameters.ruleSet].settle({ proven, verdicts }, { parameters, hotspots, before }),
  };
}

/** Packets and verdicts that are read at a time. */
const ROWS_A_TURN = 4000;

/** All packets and verdicts of the epoch, hotspot by hotspot, so that no answer of the store is large. */
async function judgedOf(
  epoch: number,
  { pause, store }: Pick<CloseEpochDeps, "pause" | "store">,
): Promise<{ packets: StoredPacket[]; verdicts: StoredVerdict[] }> {
  const packets: StoredPacket[] = [];
  const verdicts: StoredVerdict[] = [];
  let ids: string[] = [];
  let rows = 0;
  const read = async () => {
    for (const packet of await store.packetsOfEpoch(epoch, ids)) packets.push(packet);
    for (const verdict of await store.verdictsOfEpoch(epoch, ids)) verdicts.push(verdict);
    [ids, rows] = [[], 0];
    await pause();
  };
  for (const [id, count] of await store.rowsOfEpoch(epoch)) {
    ids.push(id);
    rows += count;
    if (rows >= ROWS_A_TURN) await read();
  }
  if (ids.length > 0) await read();
  return { packets, verdicts };
}

/**
 * Who took part: hotspots with a packet, those ever paid, and those that an earlier bundle shows and that
 * have changed. Whoever only registered is in no bundle until it reports.
 */
async function shownHotspots(
  epoch: number,
  previous: StoredEpoch | undefined,
  { packets, payments }: { packets: readonly StoredPacket[]; payments: readonly StoredPayment[] },
  { pause, store }: Pick<CloseEpochDeps, "pause" | "store">,
): Promise<ShownHotspot[]> {
  const ids = new Set(await store.shownAndChanged(previous?.epoch ?? -1, epoch));
  for (const { hotspotId } of packets) ids.add(hotspotId);
  for (const { hotspotId } of payments) ids.add(hotspotId);
  const shown: ShownHotspot[] = [];
  for (const chunk of chunksOf(ids)) {
    const hotspots = await store.hotspotsById(chunk, epoch);
    const changes = await store.registryChanges(hotspots.keys(), epoch);
    const since = await store.shownSince(hotspots.keys());
    for (const [id, hotspot] of hotspots) {
      shown.push({ hotspot, changes: changes.get(id) ?? [], sinceEpoch: since.get(id) ?? epoch });
    }
    await pause();
  }
  return shown;
}

/** The rules that the epoch is judged by. */
async function inForce(epoch: number, store: Pick<Store, "parametersVersions">): Promise<StoredParameters> {
  const versions = await store.parametersVersions();
  const found = versions.findLast(({ parameters }) => parameters.activationEpoch <= epoch);
  if (found === undefined) throw new Error(`Cannot close epoch ${epoch}: no parameters are in force in it`);
  return found;
}

/** In order of what they are about. */
async function denialsOf(epoch: number, store: Pick<Store, "denials">): Promise<StoredDenial[]> {
  const stored = await store.denials();
  const messages = new Map(stored.map((one) => [one.denial, one]));
  const holding = denialsInForce([...messages.keys()], epoch);
  return [...holding]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, denial]) => messages.get(denial) ?? []);
}

/** A clock that was set back does not make an epoch close before what it is judged by was known. */
function closingTime(
  {
    packets,
    entropy,
    registry,
    previous,
  }: Pick<BundleContent, "packets" | "entropy" | "registry"> & { previous: StoredEpoch | undefined },
  nowMs: number,
): number {
  let newestMs = Math.max(nowMs, previous?.closedAtMs ?? 0, entropy.at(-1)?.entropy.atMs ?? 0);
  for (const { receivedAtMs } of packets) newestMs = Math.max(newestMs, receivedAtMs);
  for (const { changes } of registry) for (const { atMs } of changes) newestMs = Math.max(newestMs, atMs);
  return newestMs;
}

const previousOf = (
  previous: StoredEpoch | undefined,
): Pick<Manifest, "previousEpoch" | "previousManifestHash"> => ({
  previousEpoch: previous?.epoch ?? null,
  previousManifestHash: previous?.manifestHash ?? new Uint8Array(32),
});

/** One verdict per report and no other, or the bundle could not be verified. */
function checkJudged(
  epoch: number,
  packets: readonly StoredPacket[],
  verdicts: readonly StoredVerdict[],
): void {
  const judged = new Set(verdicts.map(({ packetId }) => packetId));
  const reports = packets.filter(({ entropyIndex }) => entropyIndex !== null);
  const missing = reports.find(({ id }) => !judged.has(id));
  if (missing !== undefined)
    throw new Error(`Cannot close epoch ${epoch}: packet ${missing.id} is not judged`);
  if (judged.size === reports.length) return;
  const ids = new Set(reports.map(({ id }) => id));
  const stray = verdicts.find(({ packetId }) => !ids.has(packetId));
  throw new Error(
    `Cannot close epoch ${epoch}: there is a verdict on packet ${stray?.packetId}, but no packet`,
  );
}

async function usedSequences(
  epoch: number,
  packets: readonly StoredPacket[],
  { pause, store }: Pick<CloseEpochDeps, "pause" | "store">,
): Promise<Map<string, SequenceRange[]>> {
  const used = new Map<string, SequenceRange[]>();
  for (const id of new Set(packets.map(({ hotspotId }) => hotspotId))) {
    used.set(id, await store.sequenceRanges(id, epoch));
    await pause();
  }
  return used;
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
