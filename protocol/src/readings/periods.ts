import type { Quantity, ReadingPacket } from "../packet/packet.ts";
import type { QuantityFacts } from "./quantities.ts";

/** One quantity over one period, as integers in units of the finest digit that any period has. */
export interface QuantityPeriod {
  /** End of the period. */
  atMs: number;
  periodMs: number;
  min: bigint;
  mean: bigint;
  max: bigint;
  count: number;
}

/** Plausible values, in the same units. */
export interface Thresholds {
  min: bigint;
  max: bigint;
  isCounter: boolean;
  maxStep: bigint | undefined;
  constantMs: number | undefined;
}

type Reading = Pick<ReadingPacket, "sequence" | "atMs" | "periodMs" | "quantities">;

interface Found extends Pick<Reading, "sequence" | "atMs" | "periodMs"> {
  quantity: Quantity;
}

/**
 * The periods of one quantity in order of time, and the power of ten of their units. Of several packets for the same
 * moment the one with the lowest sequence number counts, so that the order of arrival does not matter.
 * @param exponent power of ten of the last digit of the thresholds
 */
export function periodsOf(
  name: string,
  readings: readonly Reading[],
  exponent: number,
): { periods: QuantityPeriod[]; exponent: number } {
  const found = firstOfEachMoment(readings.flatMap((reading) => foundIn(reading, name)));
  const finest = found.reduce((least, { quantity }) => Math.min(least, quantity.exponent), exponent);
  const periods = found.map(({ atMs, periodMs, quantity }) => ({
    atMs,
    periodMs: Math.max(1, periodMs),
    count: quantity.count,
    min: inUnits(quantity.min, quantity.exponent, finest),
    mean: inUnits(quantity.mean, quantity.exponent, finest),
    max: inUnits(quantity.max, quantity.exponent, finest),
  }));
  return { periods, exponent: finest };
}

/** @param exponent power of ten of the units wanted, at most that of the facts */
export function thresholdsOf(facts: QuantityFacts, exponent: number): Thresholds {
  const toUnits = (value: number) =>
    inUnits(Math.round(value * Number(10n ** BigInt(-facts.exponent))), facts.exponent, exponent);
  return {
    min: toUnits(facts.min),
    max: toUnits(facts.max),
    isCounter: facts.kind === "counter",
    maxStep: facts.maxStep === undefined ? undefined : toUnits(facts.maxStep),
    constantMs: facts.constantMs,
  };
}

const inUnits = (integer: number, exponent: number, unit: number): bigint =>
  exponent === unit ? BigInt(integer) : BigInt(integer) * 10n ** BigInt(exponent - unit);

function foundIn({ sequence, atMs, periodMs, quantities }: Reading, name: string): Found[] {
  const quantity = quantities.find((each) => each.name === name);
  return quantity === undefined ? [] : [{ sequence, atMs, periodMs, quantity }];
}

const orderKeys = ({ atMs, sequence, periodMs, quantity }: Found): number[] => {
  const { exponent, min, mean, max, count } = quantity;
  return [atMs, sequence, periodMs, exponent, min, mean, max, count];
};

function inOrder(a: Found, b: Found): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  const other = orderKeys(b);
  return (
    orderKeys(a)
      .map((key, i) => key - (other[i] as number))
      .find((difference) => difference !== 0) ?? 0
  );
}

const firstOfEachMoment = (found: readonly Found[]): Found[] =>
  found.toSorted(inOrder).filter(({ atMs }, i, all) => i === 0 || all[i - 1]?.atMs !== atMs);
