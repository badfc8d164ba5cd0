import {
  type Clock,
  chosenRules,
  type Entropy,
  epochIndexes,
  firstChainOf,
  type Manifest,
  type NetworkParameters,
  RULE_SETS,
  type RuleSet,
  type SequenceRange,
} from "@earshot/protocol";
import type { BundleContent } from "../bundle/bundle.ts";
import { EMPTY_REGISTRY_HASH, type ShownHotspot } from "../bundle/registry-hash.ts";
import { denialsOfEpoch } from "../entropy/announced-state.ts";
import { firstCounted } from "../entropy/counted-entropy.ts";
import { contactsOfLineages, lineages } from "../registry/lineage.ts";
import type {
  StoredEpoch,
  StoredPacket,
  StoredParameters,
  StoredPayment,
  StoredVerdict,
} from "../store/records.ts";
import { chunksOf } from "../store/rows.ts";
import type { Store } from "../store/store.ts";

export type ContentStore = Pick<
  Store,
  | "rowsOfEpoch"
  | "packetsOfEpoch"
  | "verdictsOfEpoch"
  | "provenOfEpoch"
  | "sequenceRanges"
  | "contactsBefore"
  | "hotspotsById"
  | "registryChanges"
  | "changeRecords"
  | "shownSince"
  | "shownAndChanged"
  | "denials"
  | "parametersVersions"
  | "entropyRange"
  | "firstEntropy"
  | "payments"
>;

export interface ContentDeps {
  store: ContentStore;
  clock: Pick<Clock, "now">;
  /** That this program has; `RULE_SETS` when absent. */
  ruleSets?: readonly RuleSet[] | undefined;
  /** Lets other work have its turn. */
  pause(): Promise<void>;
}

/** Everything that the epoch's bundle holds, read from the store. */
export async function contentOf(
  epoch: number,
  previous: StoredEpoch | undefined,
  deps: ContentDeps,
): Promise<Omit<BundleContent, "keyDocuments">> {
  const { store } = deps;
  const { parameters, message: signedParameters } = await inForce(epoch, store);
  const chosen = chosenRules(parameters, deps.ruleSets ?? RULE_SETS);
  if (!chosen.ok) throw new Error(`Cannot close epoch ${epoch}: ${chosen.problem}`);
  const entropy = await entropyOfEpoch(store, epoch, parameters);
  if (entropy === undefined) {
    throw new Error(
      `Cannot close epoch ${epoch}: the entropy that draws its last witnesses is not published`,
    );
  }
  const { packets, verdicts } = await judgedOf(epoch, deps);
  checkJudged(epoch, packets, verdicts);
  const payments = previous === undefined ? [] : await store.payments(previous.epoch);
  const fromChain = firstChainOf(epoch, parameters);
  const registry = await shownHotspots(epoch, previous, { packets, payments, fromChain }, deps);
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
    changes: await store.changeRecords(previous?.epoch ?? -1, epoch),
    denials: denialsOfEpoch(await store.denials(), epoch),
    usedSequences: await usedSequences(epoch, packets, deps),
    contactsBefore: await contactsOfLineages(
      packets.map(({ hotspotId }) => hotspotId),
      epoch * parameters.epochPeriods,
      (ids) => store.hotspotsById(ids, epoch),
      store,
    ),
    verdicts,
    settlement: chosen.rules.settle({ proven, verdicts }, { parameters, hotspots, before }),
  };
}

/** Packets and verdicts that are read at a time. */
const ROWS_A_TURN = 4000;

/** All packets and verdicts of the epoch, hotspot by hotspot, so that no answer of the store is large. */
async function judgedOf(
  epoch: number,
  { pause, store }: Pick<ContentDeps, "pause" | "store">,
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
 * Who took part: hotspots with a packet, those ever paid, those that an earlier bundle shows and that have changed, and
 * those whose place one of these took. Whoever only registered is in no bundle until it reports.
 */
async function shownHotspots(
  epoch: number,
  previous: StoredEpoch | undefined,
  {
    packets,
    payments,
    fromChain,
  }: { packets: readonly StoredPacket[]; payments: readonly StoredPayment[]; fromChain: number },
  { pause, store }: Pick<ContentDeps, "pause" | "store">,
): Promise<ShownHotspot[]> {
  const ids = new Set(await store.shownAndChanged(previous?.epoch ?? -1, epoch, fromChain));
  for (const { hotspotId } of packets) ids.add(hotspotId);
  for (const { hotspotId } of payments) ids.add(hotspotId);
  // What a hotspot with a new key is follows from what the one was whose place it took.
  for (const line of await lineages(ids, (some) => store.hotspotsById(some, epoch)))
    for (const id of line) ids.add(id);
  const shown: ShownHotspot[] = [];
  for (const chunk of chunksOf(ids)) {
    const hotspots = await store.hotspotsById(chunk, epoch);
    const changes = await store.registryChanges(hotspots.keys(), epoch);
    const since = await store.shownSince(hotspots.keys());
    for (const [id, all] of hotspots) {
      const hotspot = { ...all, commitments: all.commitments.filter(({ chain }) => chain >= fromChain) };
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

/** Not before the newest of its inputs, even when the clock was set back. */
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
  { pause, store }: Pick<ContentDeps, "pause" | "store">,
): Promise<Map<string, SequenceRange[]>> {
  const used = new Map<string, SequenceRange[]>();
  for (const id of new Set(packets.map(({ hotspotId }) => hotspotId))) {
    used.set(id, await store.sequenceRanges(id, epoch));
    await pause();
  }
  return used;
}

export interface PublishedEntropy {
  entropy: Entropy;
  message: Uint8Array;
}

type EntropyStore = Pick<Store, "entropyRange" | "firstEntropy">;

/**
 * All entropy that judging an epoch may ask for, sorted by index: the last before the epoch (it anchors the chain),
 * the epoch's own, and on until the first that counts and draws for the epoch's last index. `undefined` while that one has not
 * been published.
 */
export async function entropyOfEpoch(
  store: EntropyStore,
  epoch: number,
  parameters: NetworkParameters,
): Promise<PublishedEntropy[] | undefined> {
  const { first, draw } = epochIndexes(epoch, parameters);
  const drawing = await firstCounted(store, draw);
  if (drawing === undefined) return undefined;
  const before = await lastBefore(store, first);
  const own = await store.entropyRange(first, drawing.entropy.index);
  return [...(before === undefined ? [] : [before]), ...own];
}

/** After an outage it may be far away: looks in stretches, each twice as long as the one after it. */
async function lastBefore(store: EntropyStore, index: number): Promise<PublishedEntropy | undefined> {
  for (let to = index - 1, length = 1; to >= 0; to -= length, length *= 2) {
    const found = (await store.entropyRange(Math.max(0, to - length + 1), to)).at(-1);
    if (found !== undefined) return found;
  }
  return undefined;
}
