import { QUANTITIES, type Quantity, quantityFacts } from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import { faultsOf } from "../readings/faults.ts";
import { MAX_QUANTITIES, type QuantityQuality, type SourceQuality } from "../readings/quality-board.ts";
import type { StoredReading } from "../store/records.ts";
import type { readingSeriesSchema, readingSourcesSchema } from "./schemas/reading.ts";

type SourceView = z.infer<typeof readingSourcesSchema>["sources"][number];
type SeriesView = z.infer<typeof readingSeriesSchema>["quantities"][number];

export const sourceView = (source: SourceQuality, nowMs: number): SourceView => ({
  source: source.source,
  score: source.score,
  firstAtMs: source.firstAtMs,
  latestAtMs: source.latestAtMs,
  ageMs: Math.max(0, nowMs - source.latestAtMs),
  periodMs: source.periodMs,
  quantities: source.quantities.map(quantityView),
});

function quantityView({ name, latest, score }: QuantityQuality): SourceView["quantities"][number] {
  const quantity = latest.quantities.find((each) => each.name === name) as Quantity;
  const { received, sound, availabilityPermille, restarts } = score;
  return {
    name,
    unit: quantityFacts(name).unit,
    plausible: plausibleOf(name),
    atMs: latest.atMs,
    ...values(quantity),
    quality: {
      score: score.score,
      received,
      sound,
      availabilityPermille,
      restarts,
      faults: faultsOf(name, score, latest.atMs),
    },
  };
}

const plausibleOf = (name: string): SourceView["quantities"][number]["plausible"] => {
  if (!Object.hasOwn(QUANTITIES, name)) return null;
  const { min, max } = quantityFacts(name);
  return { min, max };
};

/** Readings as one series for each quantity, each in order of time. */
export function seriesViews(readings: readonly StoredReading[]): SeriesView[] {
  const series = new Map<string, SeriesView>();
  for (const { atMs, periodMs, quantities } of readings) {
    for (const quantity of quantities) {
      const { name } = quantity;
      const one = series.get(name) ?? { name, unit: quantityFacts(name).unit, points: [] };
      if (!series.has(name) && series.size >= MAX_QUANTITIES) continue;
      series.set(name, one);
      one.points.push({ atMs, periodMs, ...values(quantity) });
    }
  }
  return [...series.values()];
}

const values = ({ exponent, min, mean, max, count }: Quantity) => ({
  min: scaled(min, exponent),
  mean: scaled(mean, exponent),
  max: scaled(max, exponent),
  count,
});

/** Decimal digits, not binary fractions: 237 · 10^-1 is 23.7. */
const scaled = (integer: number, exponent: number): number => Number(`${integer}e${exponent}`);
