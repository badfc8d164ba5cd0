/** `beaconed`: a beacon of the hotspot was validly heard. `witnessed`: it validly heard another's. */
export const CONTACT_KINDS = ["beaconed", "witnessed"] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];

/** One report that counts for reciprocity: valid by every rule except those of reciprocity. */
export interface Contact {
  hotspotId: string;
  kind: ContactKind;
  /** Entropy index of the beacon. */
  index: number;
}

/** A hotspot's latest contacts: the entropy indexes of the beacons, null where there was none. */
export type LatestContacts = Record<ContactKind, number | null>;

export const NO_CONTACTS: LatestContacts = { beaconed: null, witnessed: null };

/** Of each kind the later one. */
export const laterContacts = (one: LatestContacts, other: LatestContacts): LatestContacts => ({
  beaconed: later(one.beaconed, other.beaconed),
  witnessed: later(one.witnessed, other.witnessed),
});

const later = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

interface Entry {
  latest: number;
  /** The latest before `latest`. */
  previous: number | null;
}

/**
 * The latest contacts of all hotspots while beacons are judged in order of index. A contact with one index counts only
 * for later indexes, so that the order within an index does not matter.
 */
export class ContactHistory {
  readonly #entries: Record<ContactKind, Map<string, Entry>> = { beaconed: new Map(), witnessed: new Map() };

  constructor(before: ReadonlyMap<string, LatestContacts> = new Map()) {
    for (const [hotspotId, latest] of before) {
      for (const kind of CONTACT_KINDS) {
        const index = latest[kind];
        if (index !== null) this.add({ hotspotId, kind, index });
      }
    }
  }

  add({ hotspotId, kind, index }: Contact): void {
    const entries = this.#entries[kind];
    const known = entries.get(hotspotId);
    if (known !== undefined && known.latest >= index) return;
    entries.set(hotspotId, { latest: index, previous: known?.latest ?? null });
  }

  /** Index of the latest contact before `index`, which must not be below any index added so far. */
  latestBefore(hotspotId: string, kind: ContactKind, index: number): number | undefined {
    const known = this.#entries[kind].get(hotspotId);
    if (known === undefined || known.latest < index) return known?.latest;
    return known.previous ?? undefined;
  }

  /** Latest contacts of every hotspot that had any, by id. */
  latest(): Map<string, LatestContacts> {
    const { beaconed, witnessed } = this.#entries;
    const ids = new Set([...beaconed.keys(), ...witnessed.keys()]);
    const latestOf = (id: string): LatestContacts => ({
      beaconed: beaconed.get(id)?.latest ?? null,
      witnessed: witnessed.get(id)?.latest ?? null,
    });
    return new Map([...ids].sort().map((id) => [id, latestOf(id)]));
  }
}
