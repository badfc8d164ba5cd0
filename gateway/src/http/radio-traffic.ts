import type { Clock, LossCount, NetworkParameters, RadioSummary, StatusPacket } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { Store } from "../store/store.ts";

/** What the radio counted between two status packets. */
export interface RadioTraffic {
  fromMs: number;
  untilMs: number;
  received: number;
  /** Heard with a bad checksum. */
  garbled: number;
  transmitted: number;
}

/** What a hotspot counted, as of a status packet of which no beacon's deadline is still to come. */
export interface SettledCounts {
  /** `undefined` until there are two such statuses. */
  traffic: RadioTraffic | undefined;
  /** Since its agent started; `undefined` until there is one. */
  losses: { atMs: number; counts: LossCount[] } | undefined;
}

/** About an hour, at one a minute. */
const MAX_STATUSES = 61;
const COUNTS = ["rxOk", "rxBad", "transmitted"] as const;

/** How long a count is cached, ms: it covers an hour, and a hotspot reports once a minute. */
const KEEP_MS = 60_000;
const MAX_KEPT = 4096;

interface TrafficDeps {
  store: Pick<Store, "statusesUntil">;
  clock: Pick<Clock, "now" | "elapsedMs">;
  parameters: Pick<NetworkParameters, "revealDeadlineMs">;
}

/**
 * Counts of frames reveal who beacons and who hears it, so they are published only as of a status packet so old that the
 * deadlines of every beacon before it have passed: a beacon's run from the start of its entropy period, which lies before
 * it. The same goes for losses, some of which are frames.
 */
export class RadioTrafficBoard {
  readonly #deps: TrafficDeps;
  readonly #kept = new BoundedMap<string, { counts: SettledCounts; elapsedMs: number }>(MAX_KEPT);

  constructor(deps: TrafficDeps) {
    this.#deps = deps;
  }

  async of(hotspotId: string): Promise<SettledCounts> {
    const { store, clock, parameters } = this.#deps;
    const elapsedMs = clock.elapsedMs();
    const kept = this.#kept.get(hotspotId);
    if (kept !== undefined && elapsedMs - kept.elapsedMs < KEEP_MS) return kept.counts;
    const beforeMs = clock.now() - parameters.revealDeadlineMs;
    const settled = await store.statusesUntil(hotspotId, beforeMs - 1, MAX_STATUSES);
    const newest = settled.at(-1)?.status;
    const counts = {
      traffic: trafficOf(settled.map(({ status }) => status)),
      losses: newest && { atMs: newest.atMs, counts: newest.losses ?? [] },
    };
    this.#kept.set(hotspotId, { counts, elapsedMs });
    return counts;
  }
}

/** @param statuses in order of number; a restarted agent counts from 0 again */
export function trafficOf(statuses: readonly StatusPacket[]): RadioTraffic | undefined {
  const counted = statuses.flatMap(({ atMs, radio }) => (radio === null ? [] : [{ atMs, radio }]));
  const [first, ...others] = counted;
  const last = others.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const sums = { rxOk: 0, rxBad: 0, transmitted: 0 };
  let before: RadioSummary = first.radio;
  for (const { radio } of others) {
    const isRestart = COUNTS.some((name) => radio[name] < before[name]);
    for (const name of COUNTS) sums[name] += radio[name] - (isRestart ? 0 : before[name]);
    before = radio;
  }
  const { rxOk: received, rxBad: garbled, transmitted } = sums;
  return { fromMs: first.atMs, untilMs: last.atMs, received, garbled, transmitted };
}
