import type { Hotspot } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { Store } from "../store/store.ts";

/** Hotspots of one epoch that are kept: about 20 MB. */
const MAX_CACHED = 32_768;

/**
 * Hotspots as they are in the epoch being judged, read from the store as they occur. Judging goes epoch by epoch, so
 * one epoch's are kept; those that are not registered too.
 */
export class HotspotCache {
  readonly #store: Pick<Store, "hotspotsById">;
  #epoch = -1;
  #hotspots = new BoundedMap<string, Hotspot | undefined>(MAX_CACHED);

  constructor(store: Pick<Store, "hotspotsById">) {
    this.#store = store;
  }

  async hotspotsById(ids: Iterable<string>, epoch: number): Promise<Map<string, Hotspot>> {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#hotspots = new BoundedMap(MAX_CACHED);
    }
    const hotspots = this.#hotspots;
    const found = new Map<string, Hotspot>();
    const missing: string[] = [];
    for (const id of new Set(ids)) {
      const known = hotspots.get(id);
      if (known !== undefined) found.set(id, known);
      else if (!hotspots.has(id)) missing.push(id);
    }
    if (missing.length === 0) return found;
    const read = await this.#store.hotspotsById(missing, epoch);
    for (const id of missing) hotspots.set(id, read.get(id));
    return new Map([...found, ...read]);
  }

  /** The hotspot is another one from this epoch on. */
  changed(id: string, fromEpoch: number): void {
    if (fromEpoch <= this.#epoch) this.#hotspots.delete(id);
  }
}
