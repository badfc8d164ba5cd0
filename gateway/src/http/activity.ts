import type { Clock } from "@earshot/protocol";
import type { Clockwork } from "../parameters/clockwork.ts";
import type { Store, StoredVerdict } from "../store/store.ts";
import { isPublic } from "./silence.ts";

/** What one hotspot's newest judged reports came to. */
export interface Activity {
  judged: number;
  paid: number;
  /** Valid, and yet they earned nothing. */
  unpaid: number;
  refusedByReason: Record<string, number>;
  /** Verdicts on what it heard, newest first. */
  witnessed: StoredVerdict[];
}

/** How far back the share of paid reports and the map look, per hotspot. */
export const RECENT_VERDICTS = 50;

const BATCH = 64;

/** Newest verdicts per hotspot, read once per judging run however many people look. */
export class ActivityBoard {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #parameters: Clockwork;
  #judgedThrough: number | undefined;
  #cache = new Map<string, Activity>();

  constructor(deps: { store: Store; clock: Clock; parameters: Clockwork }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#parameters = deps.parameters;
  }

  async of(hotspotIds: readonly string[]): Promise<Map<string, Activity>> {
    await this.#dropStale();
    const cache = this.#cache;
    const unknown = hotspotIds.filter((id) => !cache.has(id));
    for (let i = 0; i < unknown.length; i += BATCH) {
      await Promise.all(
        unknown.slice(i, i + BATCH).map(async (id) => {
          const verdicts = await this.#store.verdictsOfHotspot(id, { limit: RECENT_VERDICTS });
          cache.set(id, this.#summarize(verdicts));
        }),
      );
    }
    return new Map(hotspotIds.map((id) => [id, cache.get(id) ?? this.#summarize([])]));
  }

  async #dropStale(): Promise<void> {
    const judgedThrough = await this.#store.judgedThrough();
    if (judgedThrough === this.#judgedThrough) return;
    this.#judgedThrough = judgedThrough;
    this.#cache = new Map();
  }

  #summarize(verdicts: readonly StoredVerdict[]): Activity {
    const nowMs = this.#clock.now();
    const told = verdicts.filter(({ entropyIndex }) => isPublic(entropyIndex, nowMs, this.#parameters));
    const refusedByReason: Record<string, number> = {};
    for (const { outcome, reason } of told) {
      if (outcome === "refused") refusedByReason[reason] = (refusedByReason[reason] ?? 0) + 1;
    }
    return {
      judged: told.length,
      paid: told.filter(({ outcome }) => outcome === "paid").length,
      unpaid: told.filter(({ outcome }) => outcome === "unpaid").length,
      refusedByReason,
      witnessed: told.filter(({ type }) => type === "witness"),
    };
  }
}
