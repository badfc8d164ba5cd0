import type { Quantity, ReadingPacket } from "../packet/packet.ts";
import { periodsOf, type QuantityPeriod, type Thresholds, thresholdsOf } from "./periods.ts";
import { type QuantityFacts, quantityFacts } from "./quantities.ts";
import { coverage } from "./time-coverage.ts";

/*
 * How reliable a quantity's readings are, computed from reading packets alone: anybody who has them gets the same numbers,
 * in whatever order and however often they arrived. Integers throughout.
 */

/** The part of a reading packet that is scored; packets of one source belong together. */
export type Reading = Pick<ReadingPacket, "sequence" | "atMs" | "periodMs" | "quantities">;

interface ScoreSpan {
  /** Readings are expected from then on; by default, and at the latest, from the start of the first period. */
  sinceMs?: number;
  /** Readings are expected until two periods before: the newest one is still running and its packet on the way. */
  untilMs: number;
}

/** Periods with one kind of fault. */
export interface FaultCount {
  periods: number;
  /** Of those received. */
  permille: number;
  /** The newest of them; null if there is none. */
  lastAtMs: number | null;
}

export interface QuantityScore {
  /** 0 to 1000: share of the time that is covered × share of periods without fault, rounded down. */
  score: number;
  /** Periods with the quantity; two packets for the same moment are one period. */
  received: number;
  /** Of these, periods without any fault. */
  sound: number;
  /** Smallest or largest value out of bounds, or smallest, mean and largest not in order. */
  outOfBounds: FaultCount;
  /** Mean further than `maxStep` from that of the period just before; a counter that went back without a restart. */
  jump: FaultCount;
  /** The very same value for longer than `constantMs`; all periods of such a run. */
  constantTooLong: FaultCount;
  /** Longest of these runs, ms; 0 without one. */
  longestConstantMs: number;
  /** How often a counter restarted (a rollover or another meter): not a fault. */
  restarts: number;
  /** Share of the time from the first to the last expected period that the periods received cover. */
  availabilityPermille: number;
  /** Gaps of half a period or more, and how long they were in all and at most, ms. */
  gaps: number;
  missingMs: number;
  longestGapMs: number;
}

/** @returns undefined if no packet has the quantity */
export function scoreQuantity(
  name: string,
  readings: readonly Reading[],
  span: ScoreSpan,
  facts: QuantityFacts = quantityFacts(name),
): QuantityScore | undefined {
  const { periods, exponent } = periodsOf(name, readings, facts.exponent);
  if (periods.length === 0) return undefined;
  const thresholds = thresholdsOf(facts, exponent);
  const steps = periods.map((period, i) => stepOf(periods[i - 1], period, thresholds));
  const out = periods.filter((period) => isOutOfBounds(period, thresholds));
  const jumped = periods.filter((_, i) => steps[i] === "jump");
  const { stuck, longestMs } = constantRuns(periods, thresholds.constantMs);
  const faulty = new Set([...out, ...jumped, ...stuck]);
  const received = periods.length;
  const sound = received - faulty.size;
  const { coveredMs, expectedMs, ...gaps } = coverage(periods, span);
  return {
    score: Number((1000n * BigInt(coveredMs) * BigInt(sound)) / (BigInt(expectedMs) * BigInt(received))),
    received,
    sound,
    outOfBounds: counted(out, received),
    jump: counted(jumped, received),
    constantTooLong: counted(stuck, received),
    longestConstantMs: longestMs,
    restarts: steps.filter((step) => step === "restart").length,
    availabilityPermille: Math.floor((1000 * coveredMs) / expectedMs),
    ...gaps,
  };
}

/** Whether a quantity's values are within its bounds and in order. */
export function isPlausible(quantity: Quantity): boolean {
  const { name } = quantity;
  const facts = quantityFacts(name);
  const reading = { sequence: 0, atMs: 0, periodMs: 1, quantities: [quantity] };
  const { periods, exponent } = periodsOf(name, [reading], facts.exponent);
  const thresholds = thresholdsOf(facts, exponent);
  return !periods.some((period) => isOutOfBounds(period, thresholds));
}

const counted = (faulty: readonly QuantityPeriod[], received: number): FaultCount => ({
  periods: faulty.length,
  permille: Math.floor((1000 * faulty.length) / received),
  lastAtMs: faulty.at(-1)?.atMs ?? null,
});

const isOutOfBounds = ({ min, mean, max, count }: QuantityPeriod, bounds: Thresholds): boolean =>
  count === 0 || min > mean || mean > max || min < bounds.min || max > bounds.max;

/** A counter that goes back to less than 1/100 of its value has restarted. */
const RESTART_SHARE = 100n;

type Step = "usual" | "jump" | "restart";

function stepOf(before: QuantityPeriod | undefined, after: QuantityPeriod, thresholds: Thresholds): Step {
  if (before === undefined) return "usual";
  const { isCounter, maxStep } = thresholds;
  if (isCounter && after.min < before.max) {
    return after.min >= 0n && after.min * RESTART_SHARE < before.max ? "restart" : "jump";
  }
  // After a gap a large difference may be real.
  if (maxStep === undefined || !isNext(before, after)) return "usual";
  const step = after.mean - before.mean;
  return step > maxStep || -step > maxStep ? "jump" : "usual";
}

const isNext = (before: QuantityPeriod, after: QuantityPeriod): boolean =>
  2 * (after.atMs - after.periodMs - before.atMs) < after.periodMs;

/** Periods in runs of one and the same value that last longer than `constantMs`. */
function constantRuns(
  periods: readonly QuantityPeriod[],
  constantMs: number | undefined,
): { stuck: QuantityPeriod[]; longestMs: number } {
  const stuck: QuantityPeriod[] = [];
  let longestMs = 0;
  for (const run of constantMs === undefined ? [] : runsOfOneValue(periods)) {
    const [first, last] = [run[0] as QuantityPeriod, run.at(-1) as QuantityPeriod];
    const lengthMs = last.atMs - first.atMs + first.periodMs;
    if (lengthMs <= (constantMs as number)) continue;
    stuck.push(...run);
    longestMs = Math.max(longestMs, lengthMs);
  }
  return { stuck, longestMs };
}

function runsOfOneValue(periods: readonly QuantityPeriod[]): QuantityPeriod[][] {
  const runs: QuantityPeriod[][] = [];
  let run: QuantityPeriod[] = [];
  for (const period of periods) {
    const isConstant = period.min === period.max;
    if (run.length > 0 && (!isConstant || run[0]?.min !== period.min)) run = [];
    if (!isConstant) continue;
    if (run.length === 0) runs.push(run);
    run.push(period);
  }
  return runs;
}
