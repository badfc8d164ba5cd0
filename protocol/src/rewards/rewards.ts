import { divideHalfEven } from "../math/decimal.ts";

/**
 * What beacons and witnesses earn. Money and reward units are BigInt; every division rounds down, and the remainders, with
 * the share of a side on which nobody earned, are `unallocated`, so that paid + unallocated = pool, exactly.
 *
 * The curve is that of Helium's HIP 15 with the values of its last verifier, N = 4 and r = 0.8: each of the first four
 * witnesses adds a full share, every further one less, so that many hotspots in one place do not earn more.
 */

/** Witnesses of one beacon that earn in full (N). */
const REDUNDANCY = 4;

/** The decay r = 8/10 of each witness beyond the redundancy. */
const DECAY_NUMERATOR = 8n;
const DECAY_DENOMINATOR = 10n;

/** Reward units are counted in steps of 1e-4. */
export const UNIT_SCALE = 10_000n;

const BASIS_POINTS = 10_000n;

/** Limits the exponents of the curve, which is flat long before. */
const MAX_WITNESSES = 1000;

/** Reward units (of 1e-4, or 1e-8 once scaled by density) that one epoch's work has earned a hotspot on each side. */
export interface RewardUnits {
  beaconerUnits: bigint;
  witnessUnits: bigint;
}

interface PoolSplit {
  /** Every entry's amount, zero included, in ascending order of id (by code unit). */
  amounts: Map<string, bigint>;
  /** The sum of all amounts. */
  paid: bigint;
  /** Remainders of the divisions, and the whole share of a side on which nobody earned units. */
  unallocated: bigint;
}

/**
 * Units (of 1e-4) of the beaconer whose beacon n selected valid witnesses heard: n/4 up to four, then 2 − 0.8^(n−4),
 * rounded half to even. Approaches 2 and never exceeds it.
 * @throws {RangeError} if n is not an integer from 0 to 1000.
 */
export function beaconerUnits(witnessCount: number): bigint {
  checkWitnessCount(witnessCount);
  if (witnessCount <= REDUNDANCY) return (BigInt(witnessCount) * UNIT_SCALE) / BigInt(REDUNDANCY);
  const { numerator, denominator } = decay(witnessCount);
  return divideHalfEven((2n * denominator - numerator) * UNIT_SCALE, denominator);
}

/**
 * Units (of 1e-4) of each of the n selected valid witnesses of one beacon: 1 up to four, then (3 + 0.8^(n−4)) / n,
 * rounded half to even. 0 when there is no witness.
 * @throws {RangeError} if n is not an integer from 0 to 1000.
 */
export function witnessUnits(witnessCount: number): bigint {
  checkWitnessCount(witnessCount);
  if (witnessCount === 0) return 0n;
  if (witnessCount <= REDUNDANCY) return UNIT_SCALE;
  const { numerator, denominator } = decay(witnessCount);
  const shared = BigInt(REDUNDANCY - 1) * denominator + numerator;
  return divideHalfEven(shared * UNIT_SCALE, denominator * BigInt(witnessCount));
}

/**
 * Splits a pool in proportion to the units on each side. The beaconers' side is `beaconerShareBp` of the pool, floored;
 * the witnesses' side is the rest. The order of the entries does not matter.
 * @throws {RangeError} if pool or units are negative, or the share is not an integer from 0 to 10 000 basis points.
 */
export function splitPool(input: {
  pool: bigint;
  beaconerShareBp: number;
  entries: ReadonlyMap<string, RewardUnits>;
}): PoolSplit {
  checkSplit(input);
  const beaconerPool = (input.pool * BigInt(input.beaconerShareBp)) / BASIS_POINTS;
  const witnessPool = input.pool - beaconerPool;
  const total = totalUnits(input.entries.values());
  const amounts = new Map<string, bigint>();
  let paid = 0n;
  for (const [id, units] of sortedById(input.entries)) {
    const amount =
      share(beaconerPool, units.beaconerUnits, total.beaconerUnits) +
      share(witnessPool, units.witnessUnits, total.witnessUnits);
    amounts.set(id, amount);
    paid += amount;
  }
  return { amounts, paid, unallocated: input.pool - paid };
}

/** 0.8^(n − 4) as an exact fraction. */
function decay(witnessCount: number): { numerator: bigint; denominator: bigint } {
  const exponent = BigInt(witnessCount - REDUNDANCY);
  return { numerator: DECAY_NUMERATOR ** exponent, denominator: DECAY_DENOMINATOR ** exponent };
}

function share(pool: bigint, units: bigint, total: bigint): bigint {
  return total === 0n ? 0n : (pool * units) / total;
}

function totalUnits(entries: Iterable<RewardUnits>): RewardUnits {
  const total = { beaconerUnits: 0n, witnessUnits: 0n };
  for (const units of entries) {
    total.beaconerUnits += units.beaconerUnits;
    total.witnessUnits += units.witnessUnits;
  }
  return total;
}

function sortedById(entries: ReadonlyMap<string, RewardUnits>): [string, RewardUnits][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

function checkWitnessCount(count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_WITNESSES) return;
  throw new RangeError(`Witness count is ${count}, must be an integer from 0 to ${MAX_WITNESSES}`);
}

function checkSplit({ pool, beaconerShareBp, entries }: Parameters<typeof splitPool>[0]): void {
  if (pool < 0n) throw new RangeError(`Pool is ${pool}, must not be negative`);
  if (
    !(Number.isInteger(beaconerShareBp) && beaconerShareBp >= 0 && beaconerShareBp <= Number(BASIS_POINTS))
  ) {
    throw new RangeError(
      `beaconerShareBp is ${beaconerShareBp}, must be an integer from 0 to ${BASIS_POINTS}`,
    );
  }
  for (const [id, units] of entries) {
    if (units.beaconerUnits >= 0n && units.witnessUnits >= 0n) continue;
    throw new RangeError(
      `Units of ${id} are ${units.beaconerUnits} and ${units.witnessUnits}, must not be negative`,
    );
  }
}
