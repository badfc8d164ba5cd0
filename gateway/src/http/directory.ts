import { type Clock, type Hotspot, shortId } from "@earshot/protocol";
import type { Store } from "../store/store.ts";

/** An unknown short id costs at most one reading of the registry in this time. */
const RELOAD_AFTER_MS = 10_000;

/** Finds who sent a beacon from the short id in the beacon's key. */
export class HotspotDirectory {
  #byShortId = new Map<string, Hotspot>();
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Every registered hotspot, fresh, by ascending id. */
  async all(): Promise<Hotspot[]> {
    const hotspots = await this.#store.hotspots();
    this.#byShortId = new Map(hotspots.map((hotspot) => [shortId(hotspot.publicKey).toHex(), hotspot]));
    this.#loadedAtMs = this.#clock.now();
    return hotspots.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The registered senders of these beacons, by beacon key; strangers are absent. */
  async beaconers(beaconKeys: Iterable<string>): Promise<Map<string, Hotspot>> {
    const keys = new Set(beaconKeys);
    const isStale = this.#clock.now() - this.#loadedAtMs >= RELOAD_AFTER_MS;
    if (isStale && [...keys].some((key) => !this.#byShortId.has(shortIdOf(key)))) await this.all();
    const found = new Map<string, Hotspot>();
    for (const key of keys) {
      const hotspot = this.#byShortId.get(shortIdOf(key));
      if (hotspot !== undefined) found.set(key, hotspot);
    }
    return found;
  }
}

/** `beaconKey`: 8 hex digits of entropy index, then 16 of the short id. */
const shortIdOf = (beaconKey: string): string => beaconKey.slice(8);
