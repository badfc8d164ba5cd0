import { type Clock, type QuantityScore, scoreQuantity } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { StoredReading } from "../store/records.ts";
import type { ReadingSource, Store } from "../store/store.ts";

/** How far back quality is looked at: longer than any quantity may rightly stay constant. */
export const QUALITY_WINDOW_MS = 48 * 3_600_000;
/** How far a hotspot's clock may be ahead: readings from later on are not looked at. */
export const CLOCK_AHEAD_MS = 10 * 60_000;
/** Newest readings of a source that are scored: the whole window at one a minute. */
const MAX_READINGS = 3000;
/** Bounds the answer for a hotspot that makes up names. */
const MAX_SOURCES = 32;
export const MAX_QUANTITIES = 32;
/** Silence grows without any packet, so scores are made anew this often. */
const FRESH_MS = 60_000;
const CACHED_SOURCES = 4096;

export interface QuantityQuality {
  name: string;
  /** The newest reading that has it. */
  latest: StoredReading;
  score: QuantityScore;
}

export interface SourceQuality extends ReadingSource {
  /** Of the newest reading. */
  periodMs: number;
  /** 0 to 1000: that of its worst quantity; null when its newest readings hold no quantity. */
  score: number | null;
  quantities: QuantityQuality[];
}

interface Scored {
  latestAtMs: number;
  /** When it was scored, by the monotonic clock. */
  elapsedMs: number;
  quality: SourceQuality;
}

/** What each device of a hotspot measured last, and how far that can be relied on. */
export class QualityBoard {
  readonly #store: Pick<Store, "readingSources" | "readingsOf">;
  readonly #clock: Pick<Clock, "now" | "elapsedMs">;
  readonly #scored = new BoundedMap<string, Scored>(CACHED_SOURCES);
  /** By hotspot: many who ask at the same time share one answer. */
  readonly #asked = new Map<string, Promise<SourceQuality[]>>();

  constructor(deps: {
    store: Pick<Store, "readingSources" | "readingsOf">;
    clock: Pick<Clock, "now" | "elapsedMs">;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** In order of name; at most 32 sources. */
  of(hotspotId: string): Promise<SourceQuality[]> {
    const running = this.#asked.get(hotspotId);
    if (running !== undefined) return running;
    const answer = this.#of(hotspotId).finally(() => this.#asked.delete(hotspotId));
    this.#asked.set(hotspotId, answer);
    return answer;
  }

  /** One after the other, with a pause for others: a source may take 120 ms and hold 50,000 values. */
  async #of(hotspotId: string): Promise<SourceQuality[]> {
    const nowMs = this.#clock.now();
    const sources = await this.#store.readingSources(hotspotId, nowMs + CLOCK_AHEAD_MS, MAX_SOURCES);
    const scored: SourceQuality[] = [];
    for (const source of sources) {
      await new Promise((resolve) => setImmediate(resolve));
      scored.push(await this.#scoredSource(hotspotId, source, nowMs));
    }
    return scored;
  }

  async #scoredSource(hotspotId: string, source: ReadingSource, nowMs: number): Promise<SourceQuality> {
    const key = `${hotspotId} ${source.source}`;
    const before = this.#scored.get(key);
    const elapsedMs = this.#clock.elapsedMs();
    const isFresh = before?.latestAtMs === source.latestAtMs && elapsedMs - before.elapsedMs < FRESH_MS;
    if (before !== undefined && isFresh) return before.quality;
    const fromMs = Math.min(nowMs - QUALITY_WINDOW_MS, source.latestAtMs);
    const range = { fromMs, toMs: nowMs + CLOCK_AHEAD_MS, limit: MAX_READINGS };
    const readings = await this.#store.readingsOf(hotspotId, source.source, range);
    const isWhole = readings.length < MAX_READINGS;
    // A device that reported before the window began is expected since its beginning.
    const sinceMs = isWhole && source.firstAtMs < fromMs ? nowMs - QUALITY_WINDOW_MS : undefined;
    const quality = qualityOf(source, readings, {
      untilMs: nowMs,
      ...(sinceMs !== undefined && { sinceMs }),
    });
    this.#scored.set(key, { latestAtMs: source.latestAtMs, elapsedMs, quality });
    return quality;
  }
}

/** @param readings in order of time */
function qualityOf(
  source: ReadingSource,
  readings: readonly StoredReading[],
  span: Parameters<typeof scoreQuantity>[2],
): SourceQuality {
  const quantities = [...newestOfEach(readings)].flatMap(([name, latest]) => {
    const score = scoreQuantity(name, readings, span);
    return score === undefined ? [] : [{ name, latest, score }];
  });
  const scores = quantities.map(({ score }) => score.score);
  return {
    ...source,
    periodMs: readings.at(-1)?.periodMs ?? 0,
    score: scores.length === 0 ? null : Math.min(...scores),
    quantities,
  };
}

/** Quantities as the newest reading lists them, then those that only older ones have. */
function newestOfEach(readings: readonly StoredReading[]): Map<string, StoredReading> {
  const newest = new Map<string, StoredReading>();
  for (const reading of readings.toReversed()) {
    for (const { name } of reading.quantities) {
      if (newest.size < MAX_QUANTITIES && !newest.has(name)) newest.set(name, reading);
    }
  }
  return newest;
}
