import { type Denial, denialSubject } from "../network/denial.ts";
import type { Hotspot } from "../registry/registry.ts";

type Named = Pick<Hotspot, "id" | "publicKey" | "predecessor">;

/**
 * Denials in force, by subject, with the hotspots that took a denied one's place: another key does not end a denial. Of
 * several that hold for one subject the one that ends last counts.
 * @param hotspots those that are asked about, and all whose places they took
 */
export function denialsWithSuccessors(
  inForce: ReadonlyMap<string, Denial>,
  hotspots: ReadonlyMap<string, Named>,
): ReadonlyMap<string, Denial> {
  if (inForce.size === 0) return inForce;
  const later = successorsOf(hotspots);
  if (later.size === 0) return inForce;
  const lineOf = (key: Uint8Array) => [key, ...(later.get(key.toHex()) ?? [])];
  const all = new Map(inForce);
  for (const denial of inForce.values()) {
    for (const hotspot of lineOf(denial.hotspot)) {
      for (const peer of denial.peer === null ? [null] : lineOf(denial.peer)) {
        const subject = denialSubject({ hotspot, peer });
        if ((all.get(subject)?.untilEpoch ?? 0) < denial.untilEpoch) all.set(subject, denial);
      }
    }
  }
  return all;
}

/** By key the keys that took its place, also at second hand. */
function successorsOf(hotspots: ReadonlyMap<string, Named>): Map<string, Uint8Array[]> {
  const later = new Map<string, Uint8Array[]>();
  for (const { publicKey, predecessor } of hotspots.values()) {
    for (let id = predecessor; id !== null; ) {
      const before = hotspots.get(id);
      if (before === undefined) break;
      const key = before.publicKey.toHex();
      later.set(key, [...(later.get(key) ?? []), publicKey]);
      id = before.predecessor;
    }
  }
  return later;
}
