import { divideUp } from "../math/decimal.ts";

/** One data credit buys 24 bytes, and a packet costs at least one. */
const BYTES_PER_DC = 24;

export const payloadToDc = (bytes: number): number => Math.ceil(Math.max(bytes, BYTES_PER_DC) / BYTES_PER_DC);

/** USD per token is `raw` · 10^-decimals; a token has 10^decimals bones. */
export interface TokenPrice {
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
