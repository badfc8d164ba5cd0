import {
  type AcceptedCommitment,
  type Hotspot,
  type RegistryChange,
  sha256,
  u32,
  u64,
} from "@earshot/protocol";

/** One hotspot of the registry, as a bundle shows it. */
export interface ShownHotspot {
  /** With the commitments that count in the epoch, but for those to chains that were over before it. */
  hotspot: Hotspot;
  /** In order; the last made it what it is. */
  changes: readonly RegistryChange[];
  /** Epoch of the first bundle that it is in. */
  sinceEpoch: number;
}

/** The registry before the network's first epoch. */
export const EMPTY_REGISTRY_HASH = new Uint8Array(32);

/**
 * `registryHash` of a manifest: SHA-256 of the one before and of the changes and commitments that this bundle shows for the first time,
 * so that it stands for the whole registry although a bundle holds only those who took part.
 * @param shown all hotspots in the bundle
 */
export function extendRegistryHash(
  before: Uint8Array,
  shown: readonly ShownHotspot[],
  { epoch, previousEpoch }: { epoch: number; previousEpoch: number | null },
): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (const { hotspot, changes, sinceEpoch } of sortedById(shown)) {
    const isNew = ({ fromEpoch }: { fromEpoch: number }) =>
      sinceEpoch === epoch || fromEpoch > (previousEpoch ?? -1);
    for (const change of changes) {
      if (isNew(change)) hashes.push(changeHash(hotspot.publicKey, change));
    }
    for (const commitment of hotspot.commitments) {
      if (isNew(commitment)) hashes.push(commitmentHash(hotspot.publicKey, commitment));
    }
  }
  return sha256(before, new Uint8Array(Buffer.concat(hashes)));
}

export const sortedById = (shown: readonly ShownHotspot[]): ShownHotspot[] =>
  shown.toSorted((a, b) => (a.hotspot.id < b.hotspot.id ? -1 : 1));

const changeHash = (publicKey: Uint8Array, { atMs, fromEpoch, evidence }: RegistryChange): Uint8Array =>
  sha256(publicKey, u64(atMs), u32(fromEpoch), evidence);

const commitmentHash = (
  publicKey: Uint8Array,
  { chain, atMs, fromEpoch, evidence }: AcceptedCommitment,
): Uint8Array => sha256(publicKey, u64(atMs), u32(fromEpoch), u32(chain), evidence);
