import { divideHalfEven, divideUp } from "../math/decimal.ts";

/** One data credit buys 24 bytes, and a packet costs at least one. */
const BYTES_PER_DC = 24;

export const payloadToDc = (bytes: number): number => Math.ceil(Math.max(bytes, BYTES_PER_DC) / BYTES_PER_DC);

/** USD per token is `raw` · 10^-decimals; a token has 10^decimals bones. */
interface TokenPrice {
  raw: bigint;
  decimals: number;
}

/** Decimals of amounts and shares within an epoch's split. */
export const SPLIT_PLACES = 15;

/** 1 DC is $0.00001. */
const DC_PER_USD = 100_000n;

/**
 * What data credits are worth in bones, in units of 10^-15 bone, rounded up.
 * @param dc in units of 10^-15 DC
 * @throws {RangeError} if the price is not positive
 */
export function dcToBones(dc: bigint, { raw, decimals }: TokenPrice): bigint {
  if (raw <= 0n) throw new RangeError(`Price is ${raw}; more than 0 is needed`);
  return divideUp(dc * 10n ** BigInt(2 * decimals), DC_PER_USD * raw);
}

/** What one hotspot has earned in an epoch, each in units of 10^-15 (`fixed(text, SPLIT_PLACES)`). */
export interface HeliumShares {
  /** Sums of scale · reward units. */
  beacon: bigint;
  witness: bigint;
  /** Data credits spent through it. */
  dc: bigint;
}

export interface HeliumAmounts {
  beacon: bigint;
  witness: bigint;
  dc: bigint;
}

interface HeliumSplit {
  /** Of everyone who gets anything, in ascending order of id. */
  amounts: Map<string, HeliumAmounts>;
  /** The sum of all amounts. */
  paid: bigint;
  /** What floors, and sides on which nobody earned, leave of data transfer and proof of coverage. */
  unallocated: bigint;
  operations: bigint;
  /** Written as unallocated. */
  oracles: bigint;
  /** The delegators' 6 % and what the other floors leave; so that all five sum to the emissions. */
  notEmitted: bigint;
}

const SHARE_ONE = 10n ** BigInt(SPLIT_PLACES);
/** One more decimal than shares: a fifth of an amount is then still exact. */
const BUCKET_ONE = SHARE_ONE * 10n;

const percent = (emissions: bigint, percentage: bigint): bigint =>
  (emissions * BUCKET_ONE * percentage) / 100n;

/**
 * Splits an epoch's emissions, in bones: 50 % for data credits at their price, 6 % for beacons, 24 % for witnesses. What
 * the data credits do not use goes 20 : 80 to beacons and witnesses. Exact but for two roundings: what one share is
 * worth is rounded to 15 decimals, half to even, and each amount is floored.
 * @param price may be absent where no data credits were spent
 * @throws {RangeError} if an input is negative, or data credits have no price
 */
export function splitHeliumEpoch(input: {
  emissions: bigint;
  shares: ReadonlyMap<string, HeliumShares>;
  price?: TokenPrice | undefined;
}): HeliumSplit {
  checkSplit(input);
  const { emissions, shares, price } = input;
  const total = totalShares(shares.values());
  const buckets = bucketsOf(emissions, total.dc, price);
  const perShare = {
    beacon: worthOfShare(buckets.beacon, total.beacon),
    witness: worthOfShare(buckets.witness, total.witness),
    dc: worthOfShare(buckets.dc, total.dc),
  };
  const amounts = new Map<string, HeliumAmounts>();
  let paid = 0n;
  for (const [id, own] of [...shares].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const amount = amountsOf(own, perShare);
    const sum = amount.beacon + amount.witness + amount.dc;
    if (sum > 0n) amounts.set(id, amount);
    paid += sum;
  }
  const unallocated = (buckets.beacon + buckets.witness + buckets.dc) / BUCKET_ONE - paid;
  const operations = percent(emissions, 7n) / BUCKET_ONE;
  const oracles = operations;
  const notEmitted = emissions - paid - unallocated - operations - oracles;
  return { amounts, paid, unallocated, operations, oracles, notEmitted };
}

/** In units of 10^-16 bone. */
function bucketsOf(emissions: bigint, dc: bigint, price: TokenPrice | undefined): HeliumShares {
  const cap = percent(emissions, 50n);
  const worth = dc === 0n || price === undefined ? 0n : dcToBones(dc, price) * 10n;
  const used = worth < cap ? worth : cap;
  const unused = cap - used;
  // `cap` and `worth` have 15 decimals, so that a fifth of what is between them has 16.
  return {
    beacon: percent(emissions, 6n) + unused / 5n,
    witness: percent(emissions, 24n) + (unused * 4n) / 5n,
    dc: used,
  };
}

/** Rounded to 15 decimals; 0 on a side on which nobody earned. */
const worthOfShare = (bucket: bigint, shares: bigint): bigint =>
  shares === 0n ? 0n : divideHalfEven(bucket * SHARE_ONE * SHARE_ONE, BUCKET_ONE * shares);

const amountsOf = (own: HeliumShares, perShare: HeliumShares): HeliumAmounts => ({
  beacon: floorProduct(own.beacon, perShare.beacon),
  witness: floorProduct(own.witness, perShare.witness),
  dc: floorProduct(own.dc, perShare.dc),
});

const floorProduct = (a: bigint, b: bigint): bigint => (a * b) / (SHARE_ONE * SHARE_ONE);

function totalShares(all: Iterable<HeliumShares>): HeliumShares {
  const total = { beacon: 0n, witness: 0n, dc: 0n };
  for (const { beacon, witness, dc } of all) {
    total.beacon += beacon;
    total.witness += witness;
    total.dc += dc;
  }
  return total;
}

function checkSplit({ emissions, shares, price }: Parameters<typeof splitHeliumEpoch>[0]): void {
  if (emissions < 0n) throw new RangeError(`Emissions are ${emissions}, must not be negative`);
  for (const [id, { beacon, witness, dc }] of shares) {
    if (beacon < 0n || witness < 0n || dc < 0n)
      throw new RangeError(`Shares of ${id} are ${beacon}, ${witness} and ${dc}, must not be negative`);
    if (dc > 0n && price === undefined) throw new RangeError(`Data credits of ${id} need a price`);
  }
}
