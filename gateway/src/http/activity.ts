import type { Clock } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { EventHub } from "../monitoring/events.ts";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { StoredVerdict } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { isPublic } from "./embargo.ts";
import { type Heard, heardIn, sendersOf } from "./links.ts";

/** What one hotspot's newest judged reports came to. */
export interface Activity {
  judged: number;
  paid: number;
  /** Valid, and yet they earned nothing. */
  unpaid: number;
  refusedByReason: Record<string, number>;
  /** One entry for each beaconer that it heard. */
  heard: Heard[];
}

/** How far back the share of paid reports and the map look, per hotspot. */
const RECENT_VERDICTS = 50;

/** Read and summarized in one go; others get a turn in between. */
const BATCH = 16;
const MAX_CACHED = 8192;

interface ActivityDeps {
  store: Pick<Store, "verdictsOfHotspot" | "hotspotsByShortId">;
  clock: Pick<Clock, "now">;
  parameters: FixedParameters;
  events: Pick<EventHub, "listen">;
}

/** Newest verdicts per hotspot, read again only after there are new ones, however many people look. */
export class ActivityBoard {
  readonly #deps: ActivityDeps;
  readonly #cache = new BoundedMap<string, Activity>(MAX_CACHED);
  /** Counts verdict events: what was read before one of them is not kept. */
  #version = 0;

  constructor(deps: ActivityDeps) {
    this.#deps = deps;
    deps.events.listen((event) => {
      if (event.kind !== "verdicts") return;
      this.#version++;
      for (const { hotspotId } of event.verdicts) this.#cache.delete(hotspotId);
    });
  }

  async of(hotspotIds: readonly string[]): Promise<Map<string, Activity>> {
    const found = new Map<string, Activity>();
    const unknown: string[] = [];
    for (const id of hotspotIds) {
      const known = this.#cache.get(id);
      if (known === undefined) unknown.push(id);
      else found.set(id, known);
    }
    for (let i = 0; i < unknown.length; i += BATCH) {
      if (i > 0) await new Promise((resolve) => setImmediate(resolve));
      for (const [id, activity] of await this.#read(unknown.slice(i, i + BATCH))) found.set(id, activity);
    }
    return found;
  }

  async #read(hotspotIds: readonly string[]): Promise<[string, Activity][]> {
    const { store, clock, parameters } = this.#deps;
    const version = this.#version;
    const nowMs = clock.now();
    const page = { limit: RECENT_VERDICTS };
    const verdicts = await Promise.all(hotspotIds.map((id) => store.verdictsOfHotspot(id, page)));
    const visible = verdicts.map((own) =>
      own.filter(({ entropyIndex }) => isPublic(entropyIndex, nowMs, parameters)),
    );
    const witnessed = visible.flat().filter(({ type }) => type === "witness");
    const senders = await sendersOf(witnessed, store);
    return hotspotIds.map((id, i) => {
      const own = visible[i] ?? [];
      const activity = { ...countsOf(own), heard: heardIn(own, senders, parameters) };
      const isWhole = own.length === verdicts[i]?.length;
      if (isWhole && version === this.#version) this.#cache.set(id, activity);
      return [id, activity];
    });
  }
}

function countsOf(verdicts: readonly StoredVerdict[]): Omit<Activity, "heard"> {
  const refusedByReason: Record<string, number> = {};
  for (const { outcome, reason } of verdicts) {
    if (outcome === "refused") refusedByReason[reason] = (refusedByReason[reason] ?? 0) + 1;
  }
  return {
    judged: verdicts.length,
    paid: verdicts.filter(({ outcome }) => outcome === "paid").length,
    unpaid: verdicts.filter(({ outcome }) => outcome === "unpaid").length,
    refusedByReason,
  };
}
