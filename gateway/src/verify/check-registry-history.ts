import type { Hotspot, Manifest, RegistryChange } from "@earshot/protocol";
import type { ShownHotspot } from "../bundle/registry-hash.ts";
import { type Check, differ, expectEqual } from "./check.ts";
import { commitmentText } from "./check-commitments.ts";
import type { SignedManifest } from "./check-manifest.ts";

/* What bundles in a row say of the registry: each shows only who took part in its epoch. */

const FILE = "registry.json";

/** What bundles have shown of a hotspot so far. */
type KnownHotspot = Pick<ShownHotspot, "changes" | "sinceEpoch"> & Pick<Hotspot, "commitments">;

/** What is known of the registry after the bundles so far, by hotspot id. */
export interface KnownRegistry {
  shown: ReadonlyMap<string, KnownHotspot>;
  /** Hotspots that had a packet and no entry: the last epoch in which they were not registered. */
  absent: ReadonlyMap<string, number>;
}

export const EMPTY_REGISTRY: KnownRegistry = { shown: new Map(), absent: new Map() };

interface Before {
  known: KnownRegistry;
  manifest: Manifest;
  isComplete: boolean;
}

/**
 * Compares with the bundles before: what counted then counts now, what is new counts from after then, and who was shown
 * before and reports now is not left out.
 * @param fromChain commitments to earlier chains are in no bundle any more
 */
export function* checkSameRegistry(
  shown: readonly ShownHotspot[],
  reporting: ReadonlySet<string>,
  { manifest }: SignedManifest,
  before: Before,
  fromChain: number,
): Check<void> {
  const { known, manifest: previous, isComplete } = before;
  for (const { hotspot, ...rest } of shown) {
    const entry = { ...rest, commitments: hotspot.commitments };
    const other = known.shown.get(hotspot.id);
    if (other !== undefined) yield* checkSameHotspot(hotspot.id, entry, other, previous.epoch, fromChain);
    else yield* checkNewcomer(hotspot.id, entry, { manifest, known, isComplete });
  }
  const present = new Set(shown.map(({ hotspot }) => hotspot.id));
  for (const id of reporting) {
    const sinceEpoch = known.shown.get(id)?.sinceEpoch;
    if (sinceEpoch === undefined || present.has(id)) continue;
    yield* differ(FILE, `hotspot ${id}`, `an entry, as in epoch ${sinceEpoch}`, "none");
  }
}

function* checkSameHotspot(
  id: string,
  entry: KnownHotspot,
  other: KnownHotspot,
  epoch: number,
  fromChain: number,
): Check<void> {
  yield* expectEqual(FILE, `hotspot ${id}, sinceEpoch`, String(other.sinceEpoch), String(entry.sinceEpoch));
  const known = entry.changes.filter(({ fromEpoch }) => fromEpoch <= epoch);
  for (let i = 0; i < Math.max(other.changes.length, known.length); i++) {
    const [expected, found] = [changeText(other.changes[i]), changeText(known[i])];
    yield* expectEqual(FILE, `hotspot ${id}, change ${i + 1}`, expected, found, "as in bundles before");
  }
  // Of two commitments to one chain the first counts: what was accepted stays.
  const committed = other.commitments.filter(({ chain }) => chain >= fromChain);
  const now = entry.commitments.filter(({ fromEpoch }) => fromEpoch <= epoch);
  for (let i = 0; i < Math.max(committed.length, now.length); i++) {
    const [expected, found] = [commitmentText(committed[i]), commitmentText(now[i])];
    yield* expectEqual(FILE, `hotspot ${id}, commitment ${i + 1}`, expected, found, "as in bundles before");
  }
}

/** It may have registered long ago, but not before an epoch in which it reported and was unknown. */
function* checkNewcomer(
  id: string,
  { changes, sinceEpoch }: KnownHotspot,
  { manifest, known, isComplete }: { manifest: Manifest; known: KnownRegistry; isComplete: boolean },
): Check<void> {
  const absent = known.absent.get(id);
  const first = changes[0]?.fromEpoch ?? 0;
  if (absent !== undefined && first <= absent) {
    const expected = `an epoch after ${absent}: it was not registered then`;
    yield* differ(FILE, `hotspot ${id}, change 1: fromEpoch`, expected, String(first));
  }
  if (!isComplete || sinceEpoch === manifest.epoch) return;
  const expected = `${manifest.epoch}: no bundle before has it`;
  yield* differ(FILE, `hotspot ${id}, sinceEpoch`, expected, String(sinceEpoch));
}

/** In the network's first bundle everything is new. */
export function* checkFirstRegistry(
  shown: readonly ShownHotspot[],
  { manifest }: SignedManifest,
): Check<void> {
  const earlier = shown.find(({ sinceEpoch }) => sinceEpoch !== manifest.epoch);
  if (earlier === undefined) return;
  const at = `hotspot ${earlier.hotspot.id}, sinceEpoch`;
  yield* differ(FILE, at, `${manifest.epoch}, the network's first`, String(earlier.sinceEpoch));
}

/** What is known after an epoch. */
export function registryAfter(
  before: KnownRegistry,
  shown: readonly ShownHotspot[],
  reporting: Iterable<string>,
  epoch: number,
): KnownRegistry {
  const all = new Map(before.shown);
  const absent = new Map(before.absent);
  for (const { hotspot, ...entry } of shown) {
    all.set(hotspot.id, { ...entry, commitments: hotspot.commitments });
    absent.delete(hotspot.id);
  }
  for (const id of reporting) if (!all.has(id)) absent.set(id, epoch);
  return { shown: all, absent };
}

const changeText = (change: RegistryChange | undefined): string =>
  change === undefined
    ? "no change"
    : `from epoch ${change.fromEpoch}, at ${change.atMs}, evidence ${change.evidence.toHex()}`;
